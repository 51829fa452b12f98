"""The months before an observation, as dense arrays: what features may see, and nothing later.

A window is cut once per observation month from cubes of shape (n_accounts, all months). A row
counts when its month lies in the window *and* it had arrived at the lender by the observation
month, so that rows about the future and rows that arrive late change nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow
from numpy.typing import NDArray
from pyarrow import compute

from delinquency.errors import DataError, Fault
from delinquency.panel.event_sums import EVENT_SUMS
from delinquency.panel.schema import ACCOUNTS, BUREAU, CASHFLOWS, STATEMENTS, TABLES

Array = NDArray[np.float64]
"""Float array; (n_rows, n_months) for monthly values, (n_rows,) for features."""

MONTHLY_TABLES = (STATEMENTS, CASHFLOWS, BUREAU)
_NOT_VALUES = ("account_id", "month", "arrival_month")
_NEVER = np.iinfo(np.int32).max

MONTHS_PER_YEAR = 12
DAYS_BEFORE_MONTH_END = "_days_before_month_end"
"""What the name of a date becomes when its windows hold days instead."""


@dataclass(frozen=True, eq=False)
class Windows:
    """The months up to each observation, as dense arrays.

    Attributes
    ----------
    keys : DataFrame of shape (n_rows, 2)
        ``account_id`` and ``observation_month``, one row per observation.
    n_months : int
        Length of the window; the last column is the observation month.
    monthly : mapping of str to ndarray of shape (n_rows, n_months)
        Values by canonical column or event sum, oldest month first; NaN where nothing was known.
    static : mapping of str to ndarray of shape (n_rows,)
        Values of the accounts table that do not change.
    tables : frozenset of str
        The tables that were given.
    """

    keys: pd.DataFrame
    n_months: int
    monthly: Mapping[str, Array]
    static: Mapping[str, Array]
    tables: frozenset[str]
    _derived: dict[str, Array] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.keys)

    def __contains__(self, name: object) -> bool:
        return name in self.monthly or name in self.static

    def __getitem__(self, name: str) -> Array:
        """Return the values of a column: monthly ones of (n_rows, n_months), static (n_rows,)."""
        values = self.monthly.get(name)
        return self.static[name] if values is None else values

    def calendar_month(self) -> NDArray[np.int64]:
        """Return the calendar month, 1 to 12, of every month of the windows.

        Returns
        -------
        ndarray of shape (n_rows, n_months), int
        """
        last = month_number(self.keys["observation_month"]).astype(np.int64)[:, None]
        return (last - np.arange(self.n_months)[::-1]) % MONTHS_PER_YEAR + 1

    def derive(self, name: str, compute: Callable[["Windows"], Array]) -> Array:
        """Return ``compute(self)``, computed once and remembered under ``name``."""
        if name not in self._derived:
            self._derived[name] = compute(self)
        return self._derived[name]


def tables_of(need: str) -> frozenset[str]:
    """Return the tables that a column of the windows is cut from.

    Parameters
    ----------
    need : str
        A canonical column, an event sum, or one of the derived ``months_on_book`` and
        ``<date>_days_before_month_end``.

    Returns
    -------
    frozenset of str
        Two for an event sum that needs a column of the accounts.

    Raises
    ------
    KeyError
        If no table gives it.

    Examples
    --------
    >>> sorted(tables_of("high_ticket_spend"))
    ['accounts', 'transactions']
    """
    if one := EVENT_SUMS.get(need):
        own = set(TABLES[one.table].column_names)
        borrowed = [tables_of(column) for column in one.needs if column not in own]
        return frozenset({one.table}.union(*borrowed))
    column = need.removesuffix(DAYS_BEFORE_MONTH_END)
    column = "opened_month" if column == "months_on_book" else column
    for name in ("accounts", *(table.name for table in MONTHLY_TABLES)):
        if column in TABLES[name].column_names:
            return frozenset({name})
    raise KeyError(need)


def month_number(months: pd.Series) -> NDArray[np.int32]:
    """Return months as whole numbers (months since 1970-01); missing ones as a far future.

    Parameters
    ----------
    months : Series of datetime

    Returns
    -------
    ndarray of shape (n,), int32
    """
    values = months.to_numpy().astype("datetime64[M]")
    numbers = values.astype(np.int64)
    return np.where(np.isnat(values), _NEVER, numbers).astype(np.int32)


def build_windows(
    tables: Mapping[str, pd.DataFrame], observations: pd.DataFrame, *, n_months: int
) -> Windows:
    """Cut the windows of all observations from the canonical tables.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Canonical tables by name, at least ``statements``. They are not changed.
    observations : DataFrame
        One row per observation: ``account_id`` and ``observation_month``.
    n_months : int
        Length of the window in months.

    Returns
    -------
    Windows
        In the row order of ``observations``.

    Raises
    ------
    DataError
        If an observed account has no statement at all.

    Notes
    -----
    A value is visible at observation month o when month <= o and arrival_month <= o. Event sums
    of a table that is present are 0, not missing, in months in which the account had a statement.
    """
    accounts = pd.Index(observations["account_id"].unique())
    row_account = _positions(observations["account_id"], accounts)
    row_month = month_number(observations["observation_month"])
    _require_statements(tables["statements"], accounts)
    if not len(row_month):
        first, last = 0, n_months - 1
    else:
        first, last = int(row_month.min()) - n_months + 1, int(row_month.max())
    axis = _Axis(accounts, row_account, row_month, first, last - first + 1, n_months)
    monthly: dict[str, Array] = {}
    for table in MONTHLY_TABLES:
        if table.name in tables:
            monthly.update(_cut_monthly(tables[table.name], axis))
    seen = np.isfinite(_cut_presence(tables["statements"], axis))
    for name in ("transactions", "contacts"):
        if name in tables:
            cut = _cut_events(name, tables[name], tables.get("accounts"), axis)
            monthly.update({sums: np.where(seen, cut[sums], np.nan) for sums in cut})
    static: dict[str, Array] = {}
    if "accounts" in tables:
        table = tables["accounts"]
        position = _positions(accounts, table["account_id"])
        for column in ACCOUNTS:
            known = column.name in table.columns and not column.protected
            if known and column.kind in ("number", "integer", "flag"):
                values = np.append(table[column.name].to_numpy(np.float64), np.nan)
                static[column.name] = values[position][row_account]
        if "opened_month" in table.columns:
            opened = np.append(month_number(table["opened_month"]).astype(np.float64), np.nan)
            opened[opened == _NEVER] = np.nan
            static["months_on_book"] = row_month - opened[position][row_account]
    keys = observations[["account_id", "observation_month"]].reset_index(drop=True)
    return Windows(keys, n_months, monthly, static, frozenset(tables))


@dataclass(frozen=True)
class _Axis:
    """Where accounts and months lie in the cubes, and which slice each observation takes."""

    accounts: pd.Index
    row_account: NDArray[np.intp]
    row_month: NDArray[np.int32]
    first: int
    length: int
    n_months: int

    def locate(
        self, frame: pd.DataFrame, month: str
    ) -> tuple[NDArray[np.intp], NDArray[np.int32], NDArray[np.int32], NDArray[np.bool_]]:
        """Return account index, month offset, arrival month, and which rows lie in the cube."""
        account = _positions(frame["account_id"], self.accounts)
        number = month_number(frame[month])
        arrival = number
        if "arrival_month" in frame.columns:
            given = month_number(frame["arrival_month"])
            arrival = np.where(given == _NEVER, number, np.maximum(given, number))
        offset = (number - self.first).astype(np.int32)
        inside = (account >= 0) & (offset >= 0) & (offset < self.length)
        arrival = arrival.astype(np.int32)
        return account[inside], offset[inside], arrival[inside], inside

    def slices(self) -> list[tuple[NDArray[np.intp], int, slice]]:
        """Return for each observation month: its rows, its number, its slice of the cube."""
        out = []
        for month in np.unique(self.row_month):
            end = int(month) - self.first + 1
            rows = np.flatnonzero(self.row_month == month)
            out.append((rows, int(month), slice(end - self.n_months, end)))
        return out


def _positions(ids: pd.Series | pd.Index, among: pd.Series | pd.Index) -> NDArray[np.intp]:
    """Return where each id stands among others, -1 where it does not.

    Arrow compares the bytes of the strings: a tenth of the time of an index of Python objects,
    and other threads run meanwhile.
    """
    text = pyarrow.large_string()
    known = pyarrow.array(among, type=text)
    found = compute.index_in(pyarrow.array(ids, type=text), value_set=known)
    return compute.fill_null(found, -1).to_numpy().astype(np.intp)


def _require_statements(statements: pd.DataFrame, accounts: pd.Index) -> None:
    missing = accounts[~accounts.isin(statements["account_id"].unique())]
    if len(missing):
        examples = tuple(str(a) for a in missing[:3])
        raise DataError(
            Fault(
                "statements", "account_id", "a statement for every observed account",
                len(missing), examples, "Leave these observations out, or add their statements.",
            )
        )  # fmt: skip


def _cut_monthly(frame: pd.DataFrame, axis: _Axis) -> dict[str, Array]:
    """Return the windows of every value column of a table with one row per account and month."""
    account, offset, arrival, inside = axis.locate(frame, "month")
    shape = (len(axis.accounts), axis.length)
    arrivals = np.full(shape, _NEVER, np.int32)
    arrivals[account, offset] = arrival
    late = bool((arrival > offset + axis.first).any())
    slices = axis.slices()
    out: dict[str, Array] = {}
    for name in frame.columns:
        if name in _NOT_VALUES:
            continue
        column = frame[name]
        if pd.api.types.is_datetime64_any_dtype(column):
            # A day is kept as days before the end of its row's month: comparable across months.
            month_end = frame["month"] + pd.offsets.MonthEnd(0)
            values = (month_end - column).dt.days.to_numpy(np.float64)[inside]
            name = f"{name}{DAYS_BEFORE_MONTH_END}"
        elif pd.api.types.is_numeric_dtype(column):
            values = column.to_numpy(np.float64)[inside]
        else:
            continue
        cube = np.full(shape, np.nan)
        cube[account, offset] = values
        out[name] = _take(cube, arrivals if late else None, axis, slices)
    return out


def _cut_presence(statements: pd.DataFrame, axis: _Axis) -> Array:
    """Return 1 where a statement was known, NaN elsewhere."""
    columns = [c for c in _NOT_VALUES if c in statements.columns]
    return _cut_monthly(statements[columns].assign(present=1.0), axis)["present"]


def _take(
    cube: Array,
    arrivals: NDArray[np.int32] | None,
    axis: _Axis,
    slices: list[tuple[NDArray[np.intp], int, slice]],
) -> Array:
    """Return the windows of one cube, hiding what had not arrived."""
    out = np.empty((len(axis.row_month), axis.n_months))
    for rows, month, window in slices:
        values = cube[axis.row_account[rows], window]
        if arrivals is not None:
            values[arrivals[axis.row_account[rows], window] > month] = np.nan
        out[rows] = values
    return out


def _cut_events(
    table: str, frame: pd.DataFrame, accounts: pd.DataFrame | None, axis: _Axis
) -> dict[str, Array]:
    """Return the windows of every monthly sum that an event table has the columns for."""
    sums = {name: one for name, one in EVENT_SUMS.items() if one.table == table}
    frame = _beside_events(frame, accounts, [need for one in sums.values() for need in one.needs])
    out: dict[str, Array] = {}
    for booked_in in dict.fromkeys(one.month for one in sums.values()):
        if booked_in not in frame.columns:
            continue
        events = _Events(axis, *axis.locate(frame, booked_in))
        rows = frame[events.inside]
        for name, one in sums.items():
            if one.month == booked_in and set(one.needs) <= set(frame.columns):
                out[name] = events.windows_of(np.nan_to_num(one.amount(rows)))
    return out


def _beside_events(
    frame: pd.DataFrame, accounts: pd.DataFrame | None, needs: list[str]
) -> pd.DataFrame:
    """Return the events with the columns of their accounts that a sum needs."""
    if accounts is None:
        return frame
    borrowed = [n for n in dict.fromkeys(needs) if n not in frame and n in accounts.columns]
    if not borrowed:
        return frame
    position = _positions(frame["account_id"], accounts["account_id"])
    values = {n: np.append(accounts[n].to_numpy(np.float64), np.nan)[position] for n in borrowed}
    return frame.assign(**values)


@dataclass(frozen=True)
class _Events:
    """Event rows and the cell of the cube that each falls in."""

    axis: _Axis
    account: NDArray[np.intp]
    offset: NDArray[np.int32]
    arrival: NDArray[np.int32]
    inside: NDArray[np.bool_]

    def windows_of(self, amount: Array) -> Array:
        """Return the windows of the monthly sums of one amount an event."""
        slices = self.axis.slices()
        late = self.arrival > self.offset + self.axis.first
        out = _take(self._cube(~late, amount), None, self.axis, slices)
        if late.any():
            for rows, month, window in slices:
                arrived = self._cube(late & (self.arrival <= month), amount)
                out[rows] += arrived[self.axis.row_account[rows], window]
        return out

    def _cube(self, chosen: NDArray[np.bool_], amount: Array) -> Array:
        shape = (len(self.axis.accounts), self.axis.length)
        cell = self.account[chosen] * shape[1] + self.offset[chosen]
        sums = np.bincount(cell, weights=amount[chosen], minlength=shape[0] * shape[1])
        return np.asarray(sums, np.float64).reshape(shape)


def wide_frame(windows: Windows) -> pd.DataFrame:
    """Return the monthly and static columns side by side, without any engineering.

    Parameters
    ----------
    windows : Windows

    Returns
    -------
    DataFrame of shape (n_rows, n_columns)
        ``<column>_<months before the observation>`` for monthly columns, in float64.
    """
    last = windows.n_months - 1
    columns = {
        f"{name}_{last - month}": values[:, month]
        for name, values in windows.monthly.items()
        for month in range(last, -1, -1)
    }
    return pd.DataFrame({**columns, **windows.static}, index=windows.keys.index)
