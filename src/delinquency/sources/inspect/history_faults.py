"""Months of an account that cannot follow each other, and amounts that do not fit its others."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import pandas as pd

from delinquency.sources.reading.contract_options import (
    HistoryContract,
    TableContract,
    table_and_column,
)

ABOVE_BOUND, ABOVE_ALL = 3.0, 80.0
"""A balance this many times its bound, and a bound this many times the highest balances of its
account, are of another unit: cents for whole amounts. The second is near a hundred, as whoever
uses little of a line has a bound that is far above all balances too."""
HIGH = 0.9


class TextTable(Protocol):
    """The cells of a file, as ``row_faults.Cells`` reads them."""

    frame: pd.DataFrame
    contract: TableContract

    @property
    def row_key(self) -> pd.Series:
        """The key of each row as one text."""

    def numbers(self, column: str) -> pd.Series:
        """Return a column as numbers."""

    def days(self, column: str) -> pd.Series:
        """Return a column as days."""

    def codes(self, column: str) -> pd.Series:
        """Return a column's codes."""


def history_faults(
    own: TextTable, promised: HistoryContract, cells: Mapping[str, TextTable], key: pd.Series
) -> pd.DataFrame:
    """Return the rows of a table of months that cannot follow those before.

    Parameters
    ----------
    own : TextTable
        The table of months.
    promised : HistoryContract
    cells : mapping of str to TextTable
        All tables, for bounds and reasons.
    key : Series of str
        The key of each row.

    Returns
    -------
    DataFrame
        As of ``row_faults``; ``table`` is missing where it is the table of months itself.
    """
    day = own.days(promised.month)
    number = day.dt.year * 12 + day.dt.month
    frame = pd.DataFrame(
        {"row": np.arange(len(day)) + 1, "key": key, "account": own.frame[promised.account],
         "month": number}
    ).dropna()  # fmt: skip
    if promised.stage:
        order = {code: at for at, code in enumerate(own.contract.codes.get(promised.stage, []))}
        frame["stage"] = own.codes(promised.stage).map(order)
    if promised.paid:
        frame["paid"] = own.numbers(promised.paid)
    if promised.state:
        frame["state"] = own.codes(promised.state)
    if promised.balance:
        frame["balance"] = own.numbers(promised.balance)
    frame = frame.drop_duplicates(["account", "month"])
    frame = frame.sort_values(["account", "month"], kind="stable", ignore_index=True)
    before = frame.groupby("account", sort=False).shift()
    follows = before["month"] == frame["month"] - 1
    found = [_gaps(frame, before, own, promised)]

    def add(column: str, wrong: pd.Series, fault: str) -> None:
        rows = frame[wrong.fillna(False).astype(bool)]
        value = own.frame[column].iloc[rows["row"].to_numpy() - 1].fillna("").to_numpy()
        found.append(
            pd.DataFrame({"row": rows["row"], "row_key": rows["key"], "column": column,
                          "fault": fault, "value": value})
        )  # fmt: skip

    ended = pd.Series(False, index=frame.index)
    if promised.state:
        ended = before["state"].isin(promised.last_states)
        add(promised.state, ended, "follows a month after which none can")
    if promised.stage:
        rise = (frame["stage"] - before["stage"]).where(follows & ~ended)
        add(promised.stage, rise > 1, "is further behind than a month can bring")
        if promised.paid:
            add(promised.paid, (rise == 1) & (frame["paid"] > 0), "was paid while it fell behind")
    if promised.balance and promised.bounds:
        found += _of_another_unit(frame, own, promised, cells)
    if promised.reason and promised.state:
        found.append(_other_reason(frame, promised, cells))
    return pd.concat(found, ignore_index=True)


def _gaps(
    frame: pd.DataFrame, before: pd.DataFrame, own: TextTable, promised: HistoryContract
) -> pd.DataFrame:
    """Return the months that are missing between two of an account, by the key they would have."""
    apart = frame["month"] - before["month"] - 1
    missing = apart.fillna(0).clip(lower=0).to_numpy().astype(np.intp)
    at = np.repeat(frame.index.to_numpy(), missing)
    place = np.arange(len(at)) - np.repeat(np.cumsum(missing) - missing, missing) + 1
    month = before["month"].to_numpy()[at].astype(int) + place - 1
    key = own.contract.key
    values = {promised.account: frame["account"].to_numpy()[at],
              promised.month: [f"{m // 12}-{m % 12 + 1:02d}-01" for m in month]}  # fmt: skip
    known = pd.DataFrame({name: values.get(name, "") for name in key}, index=range(len(at)))
    row_key = known.astype(str).agg("|".join, axis=1) if len(known) else []
    return pd.DataFrame(
        {"row": 0, "row_key": row_key, "column": "", "fault": "is missing between two months",
         "value": ""}
    )  # fmt: skip


def _of_another_unit(
    frame: pd.DataFrame,
    own: TextTable,
    promised: HistoryContract,
    cells: Mapping[str, TextTable],
) -> list[pd.DataFrame]:
    """Return balances far above their bound, and bounds far above all balances."""
    owed = frame[frame["balance"] > 0].groupby("account")["balance"].quantile(HIGH)
    bound = pd.Series(np.nan, index=pd.Index(frame["account"].unique(), name="account"))
    found = []
    for place in promised.bounds:
        table, column = table_and_column(place)
        other = cells[table]
        account = other.frame[other.contract.key[0]]
        amount = other.numbers(column)
        times = amount / account.map(owed)
        wrong = np.flatnonzero((times > ABOVE_ALL) & account.notna())
        found.append(
            pd.DataFrame({"table": table, "row": wrong + 1,
                          "row_key": other.row_key.iloc[wrong].to_numpy(), "column": column,
                          "fault": "is far above all balances of its account",
                          "value": other.frame[column].iloc[wrong].to_numpy()})
        )  # fmt: skip
        amount = amount.where(~(times > ABOVE_ALL))
        first = pd.Series(amount.to_numpy(), index=account.to_numpy())
        first = first[first.notna() & ~first.index.duplicated() & first.index.notna()]
        bound = bound.fillna(first.reindex(bound.index))
    wrong = frame["balance"] > ABOVE_BOUND * frame["account"].map(bound)
    rows = frame[wrong]
    value = own.frame[promised.balance].iloc[rows["row"].to_numpy() - 1].to_numpy()
    found.append(
        pd.DataFrame({"row": rows["row"], "row_key": rows["key"], "column": promised.balance,
                      "fault": f"is far above {' or '.join(promised.bounds)}", "value": value})
    )  # fmt: skip
    return found


def _other_reason(
    frame: pd.DataFrame, promised: HistoryContract, cells: Mapping[str, TextTable]
) -> pd.DataFrame:
    """Return accounts whose reason for ending contradicts the last state that months show."""
    table, column = table_and_column(promised.reason)
    other = cells[table]
    ends = frame[frame["state"].isin(promised.last_states)].drop_duplicates("account")
    last = other.frame[other.contract.key[0]].map(ends.set_index("account")["state"])
    told = other.codes(column).map(promised.reasons)
    wrong = np.flatnonzero((told.notna() & last.notna() & (told != last)).to_numpy())
    return pd.DataFrame(
        {"table": table, "row": wrong + 1, "row_key": other.row_key.iloc[wrong].to_numpy(),
         "column": column, "fault": "contradicts the last state in the months",
         "value": other.frame[column].iloc[wrong].to_numpy()}
    )  # fmt: skip
