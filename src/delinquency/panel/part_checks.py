"""A fast look at canonical tables: whether they are whole, in bounds and in order.

pandera finds every fault and words it, at a cost that counts where millions of accounts are
scored, and where one account is asked for. What passes here would pass there; ``table_checks``
asks it only for the words of what does not.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.compiled import njit
from delinquency.panel.plain_columns import Values
from delinquency.panel.schema import FIRST_MONTH, LAST_MONTH, MONTH_DTYPE, TABLES, Column
from delinquency.panel.window_cells import month_number

NUMBERS = ("number", "integer", "flag")
"""Kinds of columns that hold numbers."""
_FIRST, _LAST = (int(one.astype("datetime64[ms]").astype(np.int64))
                 for one in (FIRST_MONTH, LAST_MONTH))  # fmt: skip


def passes(name: str, frame: pd.DataFrame) -> bool:
    """Return whether a table is canonical: types, bounds, required values, keys in order.

    Parameters
    ----------
    name : str
    frame : DataFrame

    Returns
    -------
    bool
        False also where only a conversion or another order of rows is needed.
    """
    table = TABLES[name]
    columns = {column.name: column for column in table}
    given = set(frame.columns)
    if given - set(columns) or any(c.required and c.name not in given for c in table):
        return False
    if not all(column_passes(frame[name], column) for name, column in columns.items()
               if name in given):  # fmt: skip
        return False
    if not table.key:
        return True
    ids = frame[table.key[0]]
    if not isinstance(ids.dtype, pd.CategoricalDtype):
        ids = ids.astype("category")
    return keys_rise(ids.cat.codes.to_numpy(), frame, table.key)


def column_passes(values: Values, column: Column) -> bool:
    """Return whether one column is canonical: its type, its bounds, no required value missing."""
    if column.kind == "text":
        return _text_passes(values, column)
    if column.kind in ("month", "date"):
        if values.dtype != MONTH_DTYPE:
            return False
        times = np.asarray(values).view(np.int64)
        if not _times_within(times, _FIRST, _LAST, not column.required):
            return False
        return column.kind == "date" or _first_days(times, month_number(values))
    if values.dtype != np.float64:
        return False
    return bool(_numbers_within(np.asarray(values), *_bounds(column)))


def numbers_pass(block: NDArray[np.float64], columns: Sequence[Column]) -> bool:
    """Return whether columns of numbers are canonical, as ``column_passes``.

    Parameters
    ----------
    block : ndarray of shape (n_columns, n_rows)
    columns : sequence of Column
        Of ``NUMBERS``.
    """
    if not columns:
        return True
    low, high, whole, missing_allowed = (
        np.array(one) for one in zip(*map(_bounds, columns), strict=True)
    )
    return bool(_block_within(block, low, high, whole, missing_allowed))


@cache
def _bounds(column: Column) -> tuple[float, float, bool, bool]:
    """Return least and largest value, whether they are whole, and whether one may be missing."""
    low = -np.inf if column.minimum is None else float(column.minimum)
    high = np.inf if column.maximum is None else float(column.maximum)
    return low, high, column.kind in ("integer", "flag"), not column.required


def _text_passes(values: Values, column: Column) -> bool:
    if isinstance(values, np.ndarray):
        given = {value for value in values if value is not None}
        whole = not column.required or all(value is not None for value in values)
        return whole and (not column.choices or given <= set(column.choices))
    if isinstance(values.dtype, pd.CategoricalDtype):
        if column.required and (values.cat.codes.to_numpy() < 0).any():
            return False
        known = values.cat.categories
    elif column.required and values.isna().any():
        return False
    else:
        known = values.unique() if column.choices else []
    return not column.choices or set(known) <= set(column.choices)


def keys_rise(
    codes: NDArray[Any], columns: Mapping[str, Values] | pd.DataFrame, key: tuple[str, ...]
) -> bool:
    """Return whether the keys rise strictly from row to row.

    Parameters
    ----------
    codes : ndarray of shape (n_rows,), int
        Of the accounts, in their order.
    columns : mapping of str to Series or ndarray
    key : tuple of str
        Account, and month if there is one.
    """
    months = np.zeros(len(codes), np.int32) if len(key) == 1 else month_number(columns[key[1]])
    return bool(_rise(codes.astype(np.int64), months))


@njit(cache=True, nogil=True)
def _numbers_within(values, low, high, whole, missing_allowed):  # type: ignore[no-untyped-def]
    for i in range(values.shape[0]):
        value = values[i]
        if value != value:
            if not missing_allowed:
                return False
        elif not (low <= value <= high) or np.isinf(value) or (whole and value != np.floor(value)):
            return False
    return True


@njit(cache=True, nogil=True)
def _block_within(block, low, high, whole, missing_allowed):  # type: ignore[no-untyped-def]
    for i in range(block.shape[0]):
        if not _numbers_within(block[i], low[i], high[i], whole[i], missing_allowed[i]):
            return False
    return True


@njit(cache=True, nogil=True)
def _times_within(times, first, last, missing_allowed):  # type: ignore[no-untyped-def]
    missing = np.iinfo(np.int64).min
    for i in range(times.shape[0]):
        if times[i] == missing:
            if not missing_allowed:
                return False
        elif times[i] < first or times[i] > last:
            return False
    return True


def _first_days(times: NDArray[np.int64], numbers: NDArray[np.int32]) -> bool:
    """Return whether every known month is written as its first moment: just before is another."""
    missing = times == np.iinfo(np.int64).min
    before = month_number((times - ~missing).view("datetime64[ms]"))
    return bool((missing | (before != numbers)).all())


@njit(cache=True, nogil=True)
def _rise(codes, months):  # type: ignore[no-untyped-def]
    for i in range(1, codes.shape[0]):
        if codes[i] < codes[i - 1] or (codes[i] == codes[i - 1] and months[i] <= months[i - 1]):
            return False
    return True
