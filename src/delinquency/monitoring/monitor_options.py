"""Choices about monitoring: what to look at, and from where on to warn."""

from dataclasses import dataclass


@dataclass
class MonitorOptions:
    """What a month is held against, and when it is amber or red.

    A light needs two things: a shift that is large enough to matter, and one that neither chance
    at this number of accounts explains, nor what stable months differ by (season, cycle, ageing).
    """

    # Folder of canonical tables in Parquet (or of parts); empty for the data set's own.
    input: str = ""
    # Month to look at, YYYY-MM; empty for the last one.
    month: str = ""
    # Population stability index of score and features (Siddiqi 2017).
    psi_amber: float = 0.10
    psi_red: float = 0.25
    # Share of a table's features that must have moved for the table to be red.
    share_of_features: float = 0.25
    # Change of the mean PD through one trait, as a share of the reference's mean PD.
    trait_amber: float = 0.10
    trait_red: float = 0.25
    # Rows an account and accounts a month, against the reference: outside 1/x to x.
    volume_amber: float = 1.25
    volume_red: float = 2.0
    # Change of the share of rows that arrive late.
    delay_amber: float = 0.10
    delay_red: float = 0.25
    # Shift of the level of a table's column, as of a logarithm: 0.4 is about half as much again,
    # or half.
    level_amber: float = 0.2
    level_red: float = 0.4
    # Change of the share of rows in which a column has no value.
    missing_amber: float = 0.10
    missing_red: float = 0.25
    # Share of rows with a name never seen in training.
    unseen_red: float = 0.01
    # Largest chance that anything lights up without a cause in a year of monthly looks, all checks
    # together.
    false_alarm: float = 0.02
    # Observed bads over expected, outside 1/x to x beyond chance.
    calibration_red: float = 1.25
    # Fall of the AUC from the test, beyond chance.
    auc_red: float = 0.03
    # Leave with exit code 4 when something is red, for schedulers.
    fail_on_red: bool = True
