"""Which accounts are observed in a month, and what they look like once scored."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from delinquency.monitoring.month_profile import MonthProfile, profile_of
from delinquency.monitoring.table_profile import table_profiles
from delinquency.panel.label_options import LabelOptions
from delinquency.panel.schema import MONTH_DTYPE
from delinquency.panel.window_cells import month_number
from delinquency.scoring.account_scorer import AccountScorer


def observed_profile(
    tables: Mapping[str, pd.DataFrame],
    observed: pd.DataFrame,
    *,
    label: LabelOptions,
    scorer: AccountScorer,
    reference: MonthProfile,
) -> MonthProfile:
    """Return what a month of some accounts looks like, with the month before of the same.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Canonical tables, with nothing of a later month.
    observed : DataFrame
        As ``accounts_of`` returns them; not empty.
    label : LabelOptions
        Which of them training would take: only those are scored.
    scorer : AccountScorer
    reference : MonthProfile
        Whose bins and scales are used.
    """
    scored = scorer.score(tables, observed=eligible_of(tables["statements"], observed, label))
    month = int(month_number(observed["observation_month"])[0])
    ids = observed["account_id"]
    this, before = (
        table_profiles(tables, month=at, observed=ids, scales=reference.scales)
        for at in (month, month - 1)
    )
    return profile_of(
        scored.features,
        scorer.model.features,
        scored.pd_hat,
        scored.raw_score,
        scored.trait_values,
        traits=scorer.context.reference.traits,
        edges=reference.edges,
    ).with_tables(this, previous=before, accounts_per_month=float(len(observed)))


def accounts_of(statements: pd.DataFrame, month: int) -> pd.DataFrame:
    """Return the accounts with a statement in a month, as observations."""
    rows = statements[month_number(statements["month"]) == month]
    moment = np.datetime64(month, "M").astype(MONTH_DTYPE)
    ids = np.sort(rows["account_id"].astype("str").to_numpy(object))
    return pd.DataFrame(
        {
            "account_id": pd.Series(ids, dtype="str"),
            "observation_month": np.full(len(ids), moment),
        }
    )


def eligible_of(
    statements: pd.DataFrame, observed: pd.DataFrame, options: LabelOptions
) -> pd.DataFrame:
    """Return the observations that training would take: not late yet, and long enough known."""
    months = month_number(statements["month"])
    last = int(month_number(observed["observation_month"])[0])
    ids = statements["account_id"].astype("str")
    kept = observed["account_id"].isin(set(ids[months == last - options.history_months + 1]))
    if "days_past_due" in statements.columns:
        late = (months == last) & ~(
            statements["days_past_due"].to_numpy() < options.eligible_below_days_past_due
        )
        kept &= ~observed["account_id"].isin(set(ids[late]))
    return observed[kept].reset_index(drop=True)
