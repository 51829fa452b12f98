"""Where a row of a table falls in the windows, and the compiled loops that put it there.

A cell is a month and an account: cell = month * n_accounts + account. Months lie outside, so that
the months of many accounts stand side by side in memory, as the statistics read them.
"""

from functools import cache
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow
from numpy.typing import NDArray
from pyarrow import compute

from delinquency.compiled import njit

Array = NDArray[np.float64]
Ids: TypeAlias = pd.Series | pd.Index | NDArray[Any]
NEVER = np.iinfo(np.int32).max
"""Month number of a missing month: a far future."""
_MS_PER_DAY = 86_400_000
_FIRST_YEAR, _LAST_YEAR = 1900, 2200
"""Years that the table of months by day covers; other days are worked out one by one."""
_NOT_A_TIME = np.iinfo(np.int64).min


def month_number(months: pd.Series | NDArray[Any]) -> NDArray[np.int32]:
    """Return months as whole numbers (months since 1970-01); missing ones as a far future.

    Parameters
    ----------
    months : Series or ndarray of datetime

    Returns
    -------
    ndarray of shape (n,), int32
    """
    values = np.asarray(months).astype("datetime64[ms]", copy=False).view(np.int64)
    first_day, table = _months_by_day()
    out = np.empty(len(values), np.int32)
    if _number_months(values, first_day, table, out):
        return out
    slow = values.view("datetime64[ms]").astype("datetime64[M]")
    return np.where(np.isnat(slow), NEVER, slow.astype(np.int64)).astype(np.int32)


def days_before_month_end(dates: pd.Series | NDArray[Any], numbers: NDArray[np.int32]) -> Array:
    """Return the days from each date to the end of its row's month; NaN without a date.

    Parameters
    ----------
    dates : Series or ndarray of datetime
    numbers : ndarray of shape (n,), int32
        The rows' months, as ``month_number`` returns them.
    """
    values = np.asarray(dates).astype("datetime64[ms]", copy=False).view(np.int64)
    ends = ((numbers.astype(np.int64) + 1).astype("datetime64[M]")).astype("datetime64[D]")
    days = ((ends.astype(np.int64) - 1) * _MS_PER_DAY - values) // _MS_PER_DAY
    return np.where((values == _NOT_A_TIME) | (numbers == NEVER), np.nan, days)


def positions(
    ids: pd.Series | pd.Index | NDArray[Any], among: pd.Series | pd.Index | NDArray[Any]
) -> NDArray[np.intp]:
    """Return where each id stands among others, -1 where it does not.

    Arrow compares the bytes of the strings: a tenth of the time of an index of Python objects,
    and other threads run meanwhile. Of categorical ids only the distinct ones are looked up.
    """
    if not isinstance(ids, np.ndarray) and isinstance(ids.dtype, pd.CategoricalDtype):
        codes = ids.cat.codes if isinstance(ids, pd.Series) else ids.codes
        known = positions(ids.dtype.categories, among)
        return np.append(known, -1)[np.asarray(codes)]
    if isinstance(ids, np.ndarray):  # the few rows of a request
        place = {account: at for at, account in enumerate(among)}
        return np.array([place.get(account, -1) for account in ids], np.intp)
    text = pyarrow.large_string()
    found = compute.index_in(
        pyarrow.array(ids, type=text), value_set=pyarrow.array(among, type=text)
    )
    return compute.fill_null(found, -1).to_numpy().astype(np.intp)


@cache
def _months_by_day() -> tuple[int, NDArray[np.int32]]:
    """Return the first day of the table, and the month of it and of every day after it."""
    first, last = np.datetime64(f"{_FIRST_YEAR}-01-01"), np.datetime64(f"{_LAST_YEAR}-01-01")
    days = np.arange(first, last)
    return int(first.astype(np.int64)), days.astype("datetime64[M]").astype(np.int32)


@njit(cache=True, nogil=True)
def _number_months(values, first_day, table, out):  # type: ignore[no-untyped-def]
    """Write the month of each time; return whether the table covers all of them."""
    for i in range(values.shape[0]):
        if values[i] == _NOT_A_TIME:
            out[i] = NEVER
            continue
        day = values[i] // _MS_PER_DAY - first_day
        if day < 0 or day >= table.shape[0]:
            return False
        out[i] = table[day]
    return True


@njit(cache=True, nogil=True)
def locate(account, number, arrival, first, observed, length, cells, late):  # type: ignore[no-untyped-def]
    """Write the cell of every row, -1 outside; and whether a row arrived after its own month.

    Parameters
    ----------
    account : ndarray of shape (n_rows,), int
        Position among the accounts, -1 for others.
    number, arrival : ndarray of shape (n_rows,), int32
        Month of the row, and the month by whose end it was known.
    first, observed : ndarray of shape (n_accounts,), int32
        First month of each account's cells; month after which nothing may be seen.
    length : int
        Months of cells an account.
    cells : ndarray of shape (n_rows,), int64, written
    late : ndarray of shape (n_rows,), bool, written

    Returns
    -------
    bool
        Whether any row within the cells arrived late.
    """
    n_accounts = first.shape[0]
    any_late = False
    for i in range(account.shape[0]):
        cells[i] = -1
        late[i] = False
        if account[i] < 0 or number[i] == NEVER:
            continue
        offset = number[i] - first[account[i]]
        if offset < 0 or offset >= length or arrival[i] > observed[account[i]]:
            continue
        cells[i] = offset * n_accounts + account[i]
        if arrival[i] > number[i]:
            late[i] = True
            any_late = True
    return any_late


@njit(cache=True, nogil=True)
def place(cells, values, out):  # type: ignore[no-untyped-def]
    """Write each row's value into its cell of the flat ``out``."""
    for i in range(cells.shape[0]):
        if cells[i] >= 0:
            out[cells[i]] = values[i]


@njit(cache=True, nogil=True)
def add(cells, amounts, out):  # type: ignore[no-untyped-def]
    """Add each row's amount to its cell of the flat ``out``, in row order; NaN adds nothing."""
    for i in range(cells.shape[0]):
        if cells[i] >= 0 and amounts[i] == amounts[i]:
            out[cells[i]] += amounts[i]
