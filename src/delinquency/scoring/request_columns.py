"""The rows of a request as plain, checked columns: one account without a data frame.

Only what needs no conversion passes: numbers, whole text, days as YYYY-MM-DD, in bounds. All else
goes to ``table_checks.validate``, which converts what it can and words what it cannot; what passes
here comes out of it in the same bits and the same order.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import NoneType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delinquency.panel.part_checks import column_passes, keys_rise
from delinquency.panel.plain_columns import TableColumns, Values
from delinquency.panel.schema import MONTH_DTYPE, TABLES, Column

Lists = dict[str, list[Any]]
"""Values by column, row by row; None or NaN where there is none."""
_DAY_LETTERS = 10


def lists_of_records(rows: Sequence[Mapping[str, Any]]) -> Lists:
    """Return the columns of rows that need not have the same ones."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def plain_table(name: str, lists: Lists) -> TableColumns | None:
    """Return a request's rows of one canonical table, or None where they need a closer look.

    Parameters
    ----------
    name : str
    lists : dict of str to list
        Canonical columns only.

    Returns
    -------
    TableColumns or None
        In canonical order, rows as ``validate`` orders them.
    """
    table = TABLES[name]
    if any(c.required and c.name not in lists for c in table):
        return None
    held: dict[str, Values] = {}
    for column in table:
        if column.name in lists:
            values = _plain(lists[column.name], column)
            if values is None:
                return None
            held[column.name] = values
    n_rows = len(next(iter(lists.values())))
    order = _order(held, table.key or tuple(held))
    held = {column: values[order] for column, values in held.items()}
    if not all(column_passes(held[c.name], c) for c in table if c.name in held):
        return None
    if table.key and not keys_rise(_codes(held[table.key[0]]), held, table.key):
        return None
    return TableColumns(held, n_rows)


def with_columns(
    table: TableColumns | None, columns: Iterable[Column], accounts: TableColumns
) -> TableColumns:
    """Return a table with every one of some columns, empty where it lacks one.

    Parameters
    ----------
    table : TableColumns or None
        None for a table without a row.
    columns : iterable of Column
    accounts : TableColumns
        Some table with ids, for the type of theirs.
    """
    rows = table or TableColumns({"account_id": accounts.held["account_id"][:0]}, 0)
    kinds = {"text": object, "month": MONTH_DTYPE, "date": MONTH_DTYPE}
    nothing = {"text": None, "month": np.datetime64("NaT"), "date": np.datetime64("NaT")}
    return rows.beside(
        {
            c.name: np.full(len(rows), nothing.get(c.kind, np.nan), kinds.get(c.kind, np.float64))
            for c in columns
            if c.name not in rows
        }
    )


def _plain(values: list[Any], column: Column) -> NDArray[Any] | None:
    """Return a column in its canonical type; None where a value would have to be converted."""
    if column.kind == "text":
        if not {*map(type, values)} <= {str, NoneType}:
            return None
        out = np.empty(len(values), object)
        out[:] = values
        return out
    if column.kind in ("month", "date"):
        days = [None if value is None or value != value else value for value in values]
        if not {*map(type, days)} <= {str, NoneType}:
            return None
        if not {len(day) for day in days if day is not None} <= {_DAY_LETTERS}:
            return None
        try:
            times = np.array(days, "datetime64[D]")
        except ValueError:
            return None
        if column.kind == "month":
            times = times.astype("datetime64[M]")
        return times.astype(MONTH_DTYPE)
    if not {*map(type, values)} <= {float, int, NoneType}:
        return None
    try:
        return np.array(values, np.float64)
    except (TypeError, ValueError, OverflowError):
        return None


def _order(held: Mapping[str, Values], by: Sequence[str]) -> NDArray[np.intp]:
    """Return the rows in the order of some columns, the first one first; missing values last."""
    keys = [_codes(held[name]) if held[name].dtype == object else held[name] for name in by]
    return np.lexsort(keys[::-1])


def _codes(values: Values) -> NDArray[np.intp]:
    """Return texts as the places of their order; missing ones after all others."""
    known = sorted({value for value in values if value is not None})
    place = {value: at for at, value in enumerate(known)}
    return np.array([place.get(value, len(known)) for value in values], np.intp)
