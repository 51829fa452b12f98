"""How far the tables of a panel speak of the same accounts and months as its statements."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from delinquency.errors import DataError, Fault
from delinquency.sources.reading.account_ids import no_match_cause
from delinquency.sources.reading.raw_table import RawTable

MOMENTS = ("month", "date", "observation_month")
"""Columns that say of which month a row speaks; a table has one of them at most."""


def matched_counts(
    tables: Mapping[str, pd.DataFrame], raws: Mapping[str, RawTable]
) -> dict[str, int]:
    """Return how many accounts, and how many rows, of the statements each table speaks of.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Canonical tables by name.
    raws : mapping of str to RawTable
        What they were read from, for error texts.

    Returns
    -------
    dict of str to int

    Raises
    ------
    DataError
        If a table speaks of no account of the statements, or of no month of theirs: it would be
        all gaps, in silence. The cause is named.
    """
    statements = tables["statements"]
    ours = pd.Index(statements["account_id"].unique())
    counts: dict[str, int] = {}
    faults = []
    for name, table in tables.items():
        if name == "statements":
            continue
        theirs = pd.Index(table["account_id"].unique())
        matched = int(theirs.isin(ours).sum())
        counts[f"accounts_of_statements_in_{name}"] = matched
        if not matched:
            expected = f"accounts of {raws['statements'].where}"
            got = (f"{len(theirs):,} accounts, none of which is among its {len(ours):,}",)
            mend = no_match_cause(list(ours), list(theirs))
            faults.append(Fault(raws[name].where, "account_id", expected, 0, got, mend))
            continue
        moment = next((one for one in MOMENTS if one in table), None)
        if moment is None:
            continue
        n_rows = _rows_spoken_of(statements, ours, table, moment)
        counts[f"statements_with_a_row_in_{name}"] = n_rows
        if not n_rows:
            faults.append(_other_months(statements, table, name, moment, raws))
    if faults:
        raise DataError(faults)
    return counts


def _rows_spoken_of(
    statements: pd.DataFrame, accounts: pd.Index, table: pd.DataFrame, moment: str
) -> int:
    """Return how many statements have a row of a table for their account and month."""
    theirs = _keys(table["account_id"], table[moment], accounts)
    return int(np.isin(_keys(statements["account_id"], statements["month"], accounts),
                       theirs[theirs >= 0]).sum())  # fmt: skip


def _keys(account: pd.Series, moment: pd.Series, accounts: pd.Index) -> np.ndarray:
    """Return a number for each account and month; -1 for another account."""
    month = moment.to_numpy().astype("datetime64[M]").astype(np.int64)
    place = accounts.get_indexer(pd.Index(account)).astype(np.int64)
    return np.where(place < 0, -1, place * 100_000 + month)


def _other_months(
    statements: pd.DataFrame,
    table: pd.DataFrame,
    name: str,
    moment: str,
    raws: Mapping[str, RawTable],
) -> Fault:
    """Return the fault of a table that speaks of no account in a month of its statements."""
    expected = f"months of its accounts' statements ({_span(statements['month'])})"
    got = (f"no such month; {_span(table[moment])}",)
    mend = f"Is it the right file, and are its months written so (data.tables.{name}.formats)?"
    if moment == "observation_month":
        mend = (
            "It is the last month that was known, and so has a statement, not the outcome's own."
        )
    return Fault(raws[name].where, moment, expected, 0, got, mend)


def _span(moments: pd.Series) -> str:
    return f"{moments.min():%Y-%m} to {moments.max():%Y-%m}"
