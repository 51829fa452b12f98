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

from delinquency.panel.part_checks import NUMBERS, column_passes, keys_rise, numbers_pass
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
    n_rows = len(next(iter(lists.values())))
    given = [column for column in table if column.name in lists]
    numbers = [column for column in given if column.kind in NUMBERS]
    block = _numbers([lists[column.name] for column in numbers], n_rows)
    if block is None:
        return None
    read: dict[str, Values] = {c.name: values for c, values in zip(numbers, block, strict=True)}
    for column in given:
        if column.kind not in NUMBERS:
            values = _plain(lists[column.name], column)
            if values is None:
                return None
            read[column.name] = values
    held = {column.name: read[column.name] for column in given}
    order = _order(held, table.key or tuple(held))
    held = {column: values[order] for column, values in held.items()}
    others = (c for c in given if c.kind not in NUMBERS)
    if not (numbers_pass(block, numbers) and all(column_passes(held[c.name], c) for c in others)):
        return None
    if table.key and not keys_rise(_codes(held[table.key[0]]), held, table.key):
        return None
    return TableColumns(held, n_rows)


def _numbers(lists: list[list[Any]], n_rows: int) -> NDArray[np.float64] | None:
    """Return columns of numbers below each other; None where one would have to be converted."""
    if not {type(value) for values in lists for value in values} <= {float, int, NoneType}:
        return None
    try:
        return np.array(lists, np.float64).reshape(len(lists), n_rows)
    except (TypeError, ValueError, OverflowError):
        return None


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
    """Return a column of texts or days in its canonical type; None where one is neither."""
    if column.kind == "text":
        if not {*map(type, values)} <= {str, NoneType}:
            return None
        out = np.empty(len(values), object)
        out[:] = values
        return out
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


def _order(held: Mapping[str, Values], by: Sequence[str]) -> NDArray[np.intp]:
    """Return the rows in the order of some columns, the first one first; missing values last."""
    keys = [_codes(held[name]) if held[name].dtype == object else held[name] for name in by]
    return np.lexsort(keys[::-1])


def _codes(values: Values) -> NDArray[np.intp]:
    """Return texts as the places of their order; missing ones after all others."""
    known = sorted({value for value in values if value is not None})
    place = {value: at for at, value in enumerate(known)}
    return np.array([place.get(value, len(known)) for value in values], np.intp)
