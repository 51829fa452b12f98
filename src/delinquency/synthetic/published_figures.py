"""Figures of a portfolio beside their targets: what is measured, what is published, and where.

Targets come from public statistics of real cards. Where none exists, the figure is marked as an
assumption of the generator. Nothing here is tuned on the outcomes of the out-of-time test.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from delinquency.panel.label_options import LabelOptions
from delinquency.synthetic.hidden_truth import PROXIMATE
from delinquency.traits import TRAITS

Basis = Literal["public", "derived", "assumption"]

FED = "Federal Reserve, large bank card data (FRED"
PBOC = "People's Bank of China, payment system report 2022 Q1"
PHILADELPHIA = "Federal Reserve Bank of Philadelphia, large bank credit card data, 2024 Q4"
STEADY_STATE = "steady state implied by FRED stocks and charge-offs of 2025 Q4"
PROTOTYPE = "no public figure: the design's own target"
RISKIEST = 0.90
"""Quantile of the true log-odds above which an account counts as among the riskiest tenth."""
AT_MINIMUM = 0.011
"""Payments within a cent of the minimum count as the minimum."""


@dataclass(frozen=True)
class Figure:
    """One measured figure beside its target.

    Attributes
    ----------
    name : str
    measured : float
        NaN when the portfolio is too small to say.
    low, high : float
        Range of the target; equal for a single published value.
    tolerance : float
        How far outside still counts as near; relative to the nearer end.
    unit : {"share", "ratio", "money", "auc"}
    basis : {"public", "derived", "assumption"}
    source : str
    note : str
        How the measure differs from the published one.
    """

    name: str
    measured: float
    low: float
    high: float
    unit: str
    basis: Basis
    source: str
    note: str = ""
    tolerance: float = 0.15

    @property
    def near(self) -> bool | None:
        """Whether the figure lies within its range, give or take the tolerance."""
        if np.isnan(self.measured):
            return None
        low, high = self.low * (1 - self.tolerance), self.high * (1 + self.tolerance)
        return bool(low <= self.measured <= high)


def roll_figures(rolls: pd.DataFrame) -> tuple[Figure, ...]:
    """Return the figures about moves from one month to the next."""
    worse = [
        ("1-29", "30-59", 0.20, 0.20, "public", "Prove.com glossary: 'one in five'"),
        ("30-59", "60-89", 0.70, 0.78, "derived", STEADY_STATE),
        ("60-89", "90-119", 0.85, 0.85, "derived", STEADY_STATE),
        ("90-119", "120-149", 0.90, 0.90, "derived", STEADY_STATE),
        ("120-149", "150-179", 0.92, 0.95, "derived", STEADY_STATE),
        ("150-179", "180+", 0.92, 0.95, "derived", STEADY_STATE),
    ]
    missed = 1.0 - float(rolls.loc["current", "current"])
    first = Figure(
        "Current accounts that miss a payment, per month",
        missed, 0.03, 0.032, "share", "assumption", PROTOTYPE,
    )  # fmt: skip
    return first, *(
        Figure(f"Roll {a} to {b}", float(rolls.loc[a, b]), low, high, "share", basis, source)  # type: ignore[arg-type]
        for a, b, low, high, basis, source in worse
    )


def stock_figures(statements: pd.DataFrame) -> tuple[Figure, ...]:
    """Return the figures about late balances and charge-offs."""
    owed = statements["balance"].clip(lower=0)
    alive = statements["charged_off"] == 0
    days, total = statements["days_past_due"], float(owed[alive].sum())
    gone = float(owed[~alive].sum()) * 12 / total
    higher = "balances of people in trouble are above average here; no recoveries are simulated"
    return (
        Figure(
            "Balances 30 days and more past due", float(owed[alive & (days >= 30)].sum()) / total,
            0.016, 0.036, "share", "public", f"{FED} RCCCBBALDPD30P), 2012-2025", higher,
        ),
        Figure(
            "Balances 60 days and more past due", float(owed[alive & (days >= 60)].sum()) / total,
            0.011, 0.026, "share", "public", f"{FED} RCCCBBALDPD60P), 2012-2025", higher,
        ),
        Figure(
            "Balances charged off, per year", gone,
            0.019, 0.060, "share", "public", f"{FED} RCCCBNCOPCT), 2012-2025",
            "gross here, net of recoveries there",
        ),
        Figure(
            "Accounts 30 days and more past due",
            float((days[alive] >= 30).mean()), 0.031, 0.031, "share", "assumption", PROTOTYPE,
        ),
    )  # fmt: skip


def use_figures(statements: pd.DataFrame) -> tuple[Figure, ...]:
    """Return the figures about limits, utilization and payments."""
    rows = statements[statements["charged_off"] == 0]
    used = (rows["balance"] / rows["credit_limit"]).clip(lower=0)
    before = rows.groupby("account_id", sort=False)[["minimum_due", "balance"]].shift(1)
    known = before["balance"] > 0
    payment = rows.loc[known, "payment"]
    minimum, bill = before.loc[known, "minimum_due"], before.loc[known, "balance"]
    only_minimum = ((payment - minimum).abs() < AT_MINIMUM) & (payment < bill - AT_MINIMUM)
    return (
        Figure(
            "Balances over limits", float(rows["balance"].sum() / rows["credit_limit"].sum()),
            0.393, 0.393, "share", "public", PBOC, tolerance=0.2,
        ),
        Figure(
            "Utilization of the 90th percentile account", float(used.quantile(0.9)),
            0.94, 0.94, "share", "public", f"{FED} large bank series), active accounts",
        ),
        Figure(
            "Mean credit limit", float(rows["credit_limit"].mean()),
            27_000, 27_000, "money", "public", f"{PBOC}, CNY per card",
        ),
        Figure(
            "Bills on which only the minimum is paid", float(only_minimum.mean()),
            0.10, 0.11, "share", "public", PHILADELPHIA, "the highest of that series", 0.3,
        ),
    )  # fmt: skip


def cycle_figures(by_month: pd.DataFrame) -> tuple[Figure, ...]:
    """Return the figures about seasons and the business cycle."""
    calendar = by_month["month"].dt.month
    feast = by_month.loc[calendar.isin([1, 2]), "missed"].mean()
    rest = by_month.loc[calendar.between(3, 11), "missed"].mean()
    yearly = by_month["late_30"].rolling(12).mean().dropna()
    span = float(yearly.max() / yearly.min()) if len(yearly) else np.nan
    return (
        Figure(
            "Misses in January and February over March to November", float(feast / rest),
            1.10, 1.18, "ratio", "assumption", "the generator's season: +0.10 and +0.12 log-odds",
        ),
        Figure(
            "Late accounts, worst over best 12 months", span,
            3.5, 3.8, "ratio", "public",
            "NY Fed Consumer Credit Panel, card delinquency 1.9 % (2021 Q3) to 7.2 % (2009 Q2)",
            "the panel holds four years of one mild cycle, not a great recession",
        ),
    )  # fmt: skip


def outcome_figures(
    tables: Mapping[str, pd.DataFrame], observed: pd.DataFrame, label: LabelOptions
) -> tuple[Figure, ...]:
    """Return the figures about outcomes and how well the truth itself predicts them."""
    bad = observed["bad"].to_numpy()
    known = 0 < bad.sum() < len(bad)
    auc = float(roc_auc_score(bad, observed["true_log_odds"])) if known else np.nan
    risky = observed[observed["true_log_odds"] >= observed["true_log_odds"].quantile(RISKIEST)]
    unwilling = float((dominant_trait(risky) == "repayment_willingness").mean())
    return (
        Figure(
            f"Bad within {label.performance_months} months "
            f"({label.bad_days_past_due:g} days past due and more)",
            float(bad.mean()), 0.05, 0.051, "share", "assumption", PROTOTYPE,
        ),
        Figure(
            "AUC of the true log-odds: the ceiling of any model", auc,
            0.887, 0.887, "auc", "assumption", PROTOTYPE, "", 0.02,
        ),
        Figure(
            "Willingness dominant among the riskiest tenth", unwilling,
            0.06, 0.15, "share", "derived",
            "Ganong and Noel (2023): few can pay and do not; Gerardi et al. (2018)", "", 0.0,
        ),
    )  # fmt: skip


def determination_figures(determination: pd.DataFrame) -> tuple[Figure, ...]:
    """Return the figures about how visible each trait is."""
    return tuple(
        Figure(
            f"R-squared of the latent {TRAITS[key].label.lower()} from all features", float(value),
            0.2, 0.6, "ratio", "assumption", "neither invisible nor copied", "", 0.05,
        )
        for key, value in zip(
            determination["trait"], determination["r_squared_all"], strict=True
        )
    )  # fmt: skip


def dominant_trait(hidden: pd.DataFrame) -> pd.Series:
    """Return for every row the trait whose true contribution to the risk is largest."""
    columns = [PROXIMATE + key for key in TRAITS]
    return hidden[columns].idxmax(axis=1).str.removeprefix(PROXIMATE)
