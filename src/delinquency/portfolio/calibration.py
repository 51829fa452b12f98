"""How near the portfolio is to published figures: each figure beside its target and its source.

Targets come from public statistics of real cards. Where none exists, the figure is marked as an
assumption of the generator. Nothing here is tuned on the outcomes of the out-of-time test.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from lightgbm import LGBMRegressor
from numpy.typing import NDArray
from sklearn.metrics import r2_score, roc_auc_score

from delinquency.labels import label_outcomes
from delinquency.options.data import LabelOptions, SyntheticData
from delinquency.portfolio.truth import LATENT, PROXIMATE
from delinquency.rolls import roll_rates, vintages, worse_later
from delinquency.traits import TRAITS

Basis = Literal["public", "derived", "assumption"]
KEYS = ["account_id", "observation_month"]

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


@dataclass(frozen=True, eq=False)
class Calibration:
    """The calibration of one portfolio.

    Attributes
    ----------
    figures : tuple of Figure
    traits : DataFrame
        One row per trait: ``trait``, ``dominant_share`` among the riskiest tenth,
        ``contribution_spread``, and, when features were given, ``r_squared_own`` and
        ``r_squared_all``.
    rolls, recovery, vintages : DataFrame
        As of ``delinquency.rolls``.
    by_month : DataFrame
        ``month``, ``missed`` (share of current accounts that miss), ``late_30`` (share of
        accounts 30 days and more past due).
    exclusions : DataFrame
        As of ``delinquency.labels``.
    settings : dict
        Options of the portfolio.
    """

    figures: tuple[Figure, ...]
    traits: pd.DataFrame
    rolls: pd.DataFrame
    recovery: pd.DataFrame
    vintages: pd.DataFrame
    by_month: pd.DataFrame
    exclusions: pd.DataFrame
    settings: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return the calibration as plain values for JSON; NaN becomes None."""
        figures = [asdict(figure) | {"near": figure.near} for figure in self.figures]
        frames = {
            "traits": self.traits,
            "rolls": self.rolls.reset_index(),
            "recovery": self.recovery,
            "vintages": self.vintages,
            "by_month": self.by_month,
            "exclusions": self.exclusions,
        }
        tables = {name: _plain(frame) for name, frame in frames.items()}
        return {"settings": self.settings, "figures": _clean(figures), **tables}


def calibrate(
    tables: Mapping[str, pd.DataFrame],
    hidden: pd.DataFrame,
    options: SyntheticData,
    *,
    determination: pd.DataFrame | None = None,
) -> Calibration:
    """Measure a portfolio, or a part of it, against public figures.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Canonical tables; ``statements`` and ``accounts`` are used.
    hidden : DataFrame
        Rows of ``truth.iter_truth`` for the same accounts.
    options : SyntheticData
    determination : DataFrame, optional
        As of ``latent_determination``.

    Returns
    -------
    Calibration
    """
    statements = tables["statements"]
    labels = label_outcomes(statements, tables["accounts"], options.label)
    observed = labels.frame.merge(hidden, on=KEYS, how="left", validate="one_to_one")
    by_month = _by_month(statements)
    rolls = roll_rates(statements)
    figures = (
        *_roll_figures(rolls),
        *_stock_figures(statements),
        *_use_figures(statements),
        *_cycle_figures(by_month),
        *_outcome_figures(tables, observed, options.label),
    )
    traits = _trait_table(observed)
    if determination is not None:
        traits = traits.merge(determination, on="trait", how="left")
        figures += _determination_figures(determination)
    settings = {
        name: getattr(options, name)
        for name in ("name", "n_accounts", "n_months", "last_month", "seed", "stress", "placebo")
    }
    return Calibration(
        figures=figures,
        traits=traits,
        rolls=rolls,
        recovery=worse_later(statements),
        vintages=vintages(statements, tables["accounts"]),
        by_month=by_month,
        exclusions=labels.exclusions,
        settings=settings
        | {"weights": dict(options.weights), "accounts_measured": len(tables["accounts"])},
    )


def latent_determination(
    features: pd.DataFrame, hidden: pd.DataFrame, traits: Mapping[str, str], *, seed: int
) -> pd.DataFrame:
    """Return how much of each latent trait the observable features determine.

    Parameters
    ----------
    features : DataFrame
        ``account_id, observation_month`` and numeric features.
    hidden : DataFrame
        Rows of ``truth.iter_truth``.
    traits : mapping of str to str
        Feature name -> trait key.
    seed : int

    Returns
    -------
    DataFrame
        ``trait``, ``r_squared_own`` from the trait's own features, ``r_squared_all`` from all:
        out of sample, on the half of the accounts that was not fitted.

    Notes
    -----
    0.2 to 0.6 is wanted: below it a trait is invisible, above it the exercise is circular.
    """
    rows = features[KEYS].merge(hidden, on=KEYS, how="left", validate="many_to_one")
    codes, names = pd.factorize(features["account_id"], sort=True)
    fitted = np.random.default_rng(seed).random(len(names))[codes] < 0.5
    records = []
    for key in TRAITS:
        own = [name for name in features.columns if traits.get(name) == key]
        everything = [name for name in features.columns if name in traits]
        target = rows[LATENT + key].to_numpy()
        records.append(
            {
                "trait": key,
                "r_squared_own": _determination(features, own, target, fitted, seed),
                "r_squared_all": _determination(features, everything, target, fitted, seed),
            }
        )
    return pd.DataFrame(records)


def _determination(
    features: pd.DataFrame,
    names: list[str],
    target: NDArray[np.float64],
    fitted: NDArray[np.bool_],
    seed: int,
) -> float:
    """Return the out-of-sample R-squared of a regression on some features."""
    if not names:
        return float("nan")
    model = LGBMRegressor(
        n_estimators=120, learning_rate=0.08, num_leaves=15, min_child_samples=50,
        colsample_bytree=0.3, random_state=seed, n_jobs=1, verbose=-1, deterministic=True,
    )  # fmt: skip
    values = features[names]
    model.fit(values[fitted], target[fitted])
    return float(r2_score(target[~fitted], model.predict(values[~fitted])))


def _by_month(statements: pd.DataFrame) -> pd.DataFrame:
    """Return the misses of current accounts and the stock of late ones by month."""
    rows = statements[["account_id", "month", "days_past_due", "charged_off"]]
    before = rows.groupby("account_id", sort=False)["days_past_due"].shift(1)
    current = rows[before == 0]
    missed = (current["days_past_due"] > 0).groupby(current["month"]).mean()
    alive = rows[rows["charged_off"] == 0]
    late = (alive["days_past_due"] >= 30).groupby(alive["month"]).mean()
    return pd.DataFrame({"missed": missed, "late_30": late}).rename_axis("month").reset_index()


def _roll_figures(rolls: pd.DataFrame) -> tuple[Figure, ...]:
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


def _stock_figures(statements: pd.DataFrame) -> tuple[Figure, ...]:
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


def _use_figures(statements: pd.DataFrame) -> tuple[Figure, ...]:
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


def _cycle_figures(by_month: pd.DataFrame) -> tuple[Figure, ...]:
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


def _outcome_figures(
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


def dominant_trait(hidden: pd.DataFrame) -> pd.Series:
    """Return for every row the trait whose true contribution to the risk is largest."""
    columns = [PROXIMATE + key for key in TRAITS]
    return hidden[columns].idxmax(axis=1).str.removeprefix(PROXIMATE)


def _trait_table(observed: pd.DataFrame) -> pd.DataFrame:
    """Return one row per trait: how often it dominates, and how much it varies."""
    edge = observed["true_log_odds"].quantile(RISKIEST)
    shares = dominant_trait(observed[observed["true_log_odds"] >= edge]).value_counts(
        normalize=True
    )
    return pd.DataFrame(
        {
            "trait": list(TRAITS),
            "dominant_share": [float(shares.get(key, 0.0)) for key in TRAITS],
            "contribution_spread": [float(observed[PROXIMATE + key].std()) for key in TRAITS],
        }
    )


def _determination_figures(determination: pd.DataFrame) -> tuple[Figure, ...]:
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


def _plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a frame with dates as text and NaN as None."""
    out = frame.copy()
    for name in out.columns:
        if pd.api.types.is_datetime64_any_dtype(out[name]):
            out[name] = out[name].dt.strftime("%Y-%m")
    rows: list[dict[str, Any]] = _clean(out.to_dict("records"))
    return rows


def _clean(value: Any) -> Any:
    """Return nested plain values with NaN as None and NumPy scalars as Python's."""
    if isinstance(value, dict):
        return {str(name): _clean(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and np.isnan(value) else value
