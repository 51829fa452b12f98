"""Choices about which rows train a model and which test it."""

from dataclasses import dataclass

from delinquency.errors import ChoiceError, unknown_name

KINDS = ("auto", "account", "time", "account_and_time")


@dataclass(kw_only=True)
class SplitOptions:
    """How rows are told apart into training, calibration and test."""

    # What the test is out of: "account" (other accounts), "time" (later observation months), or
    # "account_and_time" (other accounts in later months); "auto" for time where there are several
    # observation months, else account.
    by: str = "auto"
    # Share of the accounts held out for the test, when accounts are held out.
    test_share: float = 0.3
    # Share of the accounts left from training for a calibration part of its own; 0 for none.
    calibration_share: float = 0.0
    # Observation months of the test, counted back from the last, when it is out of time.
    test_months: int = 1
    # Months to leave free between the end of training outcomes and the first test month.
    gap_months: int = 0

    def __post_init__(self) -> None:
        if self.by not in KINDS:
            raise unknown_name("split.by", self.by, KINDS)
        if not 0 < self.test_share < 1:
            raise ChoiceError(
                f"split.test_share must lie between 0 and 1. Got {self.test_share:g}."
            )
        if not 0 <= self.calibration_share < 1:
            raise ChoiceError(
                f"split.calibration_share must be 0 or more and below 1. "
                f"Got {self.calibration_share:g}."
            )
        if self.test_months < 1:
            raise ChoiceError(f"split.test_months must be at least 1. Got {self.test_months}.")
        if self.gap_months < 0:
            raise ChoiceError(f"split.gap_months must be 0 or more. Got {self.gap_months}.")
