"""How near the portfolio is to published figures, measured on its tables and its truth."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from delinquency.panel.outcomes import label_outcomes
from delinquency.panel.roll_rates import roll_rates, vintages, worse_later
from delinquency.synthetic.hidden_truth import KEYS, PROXIMATE
from delinquency.synthetic.portfolio_options import SyntheticData
from delinquency.synthetic.published_figures import (
    RISKIEST,
    Figure,
    cycle_figures,
    determination_figures,
    dominant_trait,
    outcome_figures,
    roll_figures,
    stock_figures,
    use_figures,
)
from delinquency.traits import TRAITS


@dataclass(frozen=True)
class Sample:
    """What part of a portfolio was measured.

    Attributes
    ----------
    n_places : int
        Accounts alive in any month: the first ones of the portfolio.
    determined : int
        Accounts on which it was estimated how much of a trait the features determine.
    determined_month : str
        Their observation month, YYYY-MM; empty when it was not estimated.
    """

    n_places: int
    determined: int = 0
    determined_month: str = ""


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
        As of ``delinquency.panel.roll_rates``.
    by_month : DataFrame
        ``month``, ``missed`` (share of current accounts that miss), ``late_30`` (share of
        accounts 30 days and more past due).
    exclusions : DataFrame
        As of ``delinquency.panel.outcomes``.
    settings : dict
        Options of the portfolio, and what part of it was measured.
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
    sample: Sample | None = None,
) -> Calibration:
    """Measure a portfolio, or a part of it, against public figures.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Canonical tables; ``statements`` and ``accounts`` are used.
    hidden : DataFrame
        Rows of ``truth.hidden_lives`` for the same accounts.
    options : SyntheticData
    determination : DataFrame, optional
        As of ``determination.latent_determination``.
    sample : Sample, optional
        What part of the portfolio the tables are; all of it when not given.

    Returns
    -------
    Calibration
    """
    statements = tables["statements"]
    labels = label_outcomes(statements, tables["accounts"], options.label)
    observed = labels.frame.merge(hidden, on=list(KEYS), how="left", validate="one_to_one")
    by_month = _by_month(statements)
    rolls = roll_rates(statements)
    figures = (
        *roll_figures(rolls),
        *stock_figures(statements),
        *use_figures(statements),
        *cycle_figures(by_month),
        *outcome_figures(tables, observed, options.label),
    )
    traits = _trait_table(observed)
    if determination is not None:
        traits = traits.merge(determination, on="trait", how="left")
        figures += determination_figures(determination)
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
        | {"weights": dict(options.weights), "accounts_measured": len(tables["accounts"])}
        | asdict(sample or Sample(options.n_accounts)),
    )


def _by_month(statements: pd.DataFrame) -> pd.DataFrame:
    """Return the misses of current accounts and the stock of late ones by month."""
    rows = statements[["account_id", "month", "days_past_due", "charged_off"]]
    before = rows.groupby("account_id", sort=False)["days_past_due"].shift(1)
    current = rows[before == 0]
    missed = (current["days_past_due"] > 0).groupby(current["month"]).mean()
    alive = rows[rows["charged_off"] == 0]
    late = (alive["days_past_due"] >= 30).groupby(alive["month"]).mean()
    return pd.DataFrame({"missed": missed, "late_30": late}).rename_axis("month").reset_index()


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
