"""The months before an observation, as dense arrays: what features may see, and nothing later.

A window is cut once per observation month from cubes of shape (n_accounts, all months). A row
counts when its month lies in the window *and* it had arrived at the lender by the observation
month, so that rows about the future and rows that arrive late change nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.errors import DataError, Fault
from delinquency.panel.event_sums import EVENT_SUMS
from delinquency.panel.observations import Observations
from delinquency.panel.plain_columns import TableColumns
from delinquency.panel.schema import ACCOUNTS, BUREAU, CASHFLOWS, STATEMENTS, TABLES
from delinquency.panel.window_axis import Axis, Ids, TableRows, axis_of
from delinquency.panel.window_cells import NEVER, month_number, positions

Array = NDArray[np.float64]
"""Float array; (n_rows, n_months) for monthly values, (n_rows,) for features."""

MONTHLY_TABLES = (STATEMENTS, CASHFLOWS, BUREAU)
_NOT_VALUES = ("account_id", "month", "arrival_month")

MONTHS_PER_YEAR = 12
DAYS_BEFORE_MONTH_END = "_days_before_month_end"
"""What the name of a date becomes when its windows hold days instead."""


@dataclass(frozen=True, eq=False)
class Windows:
    """The months up to each observation, as dense arrays.

    Attributes
    ----------
    observed : Observations
        Account and observation month, one row per observation; ``keys`` is their frame.
    n_months : int
        Length of the window; the last column is the observation month.
    monthly : mapping of str to ndarray of shape (n_rows, n_months)
        Values by canonical column or event sum, oldest month first; NaN where nothing was known.
    static : mapping of str to ndarray of shape (n_rows,)
        Values of the accounts table that do not change.
    tables : frozenset of str
        The tables that were given.
    """

    observed: Observations
    n_months: int
    monthly: Mapping[str, Array]
    static: Mapping[str, Array]
    tables: frozenset[str]
    _derived: dict[str, Array] = field(default_factory=dict, repr=False)
    _calendar: dict[str, NDArray[np.int64]] = field(default_factory=dict, init=False, repr=False)

    def __len__(self) -> int:
        return len(self.observed)

    @property
    def keys(self) -> pd.DataFrame:
        """``account_id`` and ``observation_month``, one row per observation."""
        return self.observed.frame

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
        if "calendar_month" not in self._calendar:
            last = month_number(self.observed.observation_month).astype(np.int64)[:, None]
            months = (last - np.arange(self.n_months)[::-1]) % MONTHS_PER_YEAR + 1
            self._calendar["calendar_month"] = months
        return self._calendar["calendar_month"]

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


def build_windows(
    tables: Mapping[str, pd.DataFrame | TableColumns],
    observations: pd.DataFrame | Observations,
    *,
    n_months: int,
) -> Windows:
    """Cut the windows of all observations from the canonical tables.

    Parameters
    ----------
    tables : mapping of str to DataFrame or TableColumns
        Canonical tables by name, at least ``statements``. They are not changed.
    observations : DataFrame or Observations
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

    Examples
    --------
    >>> import pandas as pd
    >>> from delinquency import build_windows
    >>> months = pd.to_datetime(["2024-01", "2024-02", "2024-03"])
    >>> statements = pd.DataFrame({"account_id": "a", "month": months, "balance": [9.0, 8.0, 7.0]})
    >>> statements["arrival_month"] = months
    >>> observed = pd.DataFrame({"account_id": ["a"], "observation_month": months[[1]]})
    >>> windows = build_windows({"statements": statements}, observed, n_months=2)
    >>> windows["balance"]
    array([[9., 8.]])
    """
    observed = Observations.of(observations)
    axis = axis_of(observed, n_months)
    plain = {name: TableColumns.of(table) for name, table in tables.items()}
    cells = {
        table.name: axis.rows(plain[table.name], "month")
        for table in MONTHLY_TABLES
        if table.name in plain
    }
    _require_statements(cells[STATEMENTS.name], axis.accounts)
    monthly: dict[str, Array] = {}
    for name, rows in cells.items():
        monthly.update(_cut_monthly(plain[name], rows))
    statement = cells[STATEMENTS.name]
    seen = np.isfinite(statement.windows_of(np.ones(len(statement.cells))))
    for name in ("transactions", "contacts"):
        if name in tables:
            cut = _cut_events(name, plain[name], plain.get("accounts"), axis)
            monthly.update({sums: np.where(seen, cut[sums], np.nan) for sums in cut})
    static: dict[str, Array] = {}
    if "accounts" in tables:
        table = plain["accounts"]
        position = positions(axis.accounts, table.held["account_id"])[axis.row_account]
        for column in ACCOUNTS:
            known = column.name in table and not column.protected
            if known and column.kind in ("number", "integer", "flag"):
                values = np.append(table.numbers(column.name), np.nan)
                static[column.name] = values[position]
        if "opened_month" in table:
            opened = np.append(table.months("opened_month").astype(np.float64), np.nan)
            opened[opened == NEVER] = np.nan
            static["months_on_book"] = axis.row_month - opened[position]
    return Windows(observed, n_months, monthly, static, frozenset(tables))


def _require_statements(statements: TableRows, accounts: Ids) -> None:
    known = np.zeros(len(accounts), np.bool_)
    known[statements.account[statements.account >= 0]] = True
    missing = accounts[~known]
    if len(missing):
        examples = tuple(str(a) for a in missing[:3])
        raise DataError(
            Fault(
                "statements", "account_id", "a statement for every observed account",
                len(missing), examples, "Leave these observations out, or add their statements.",
            )
        )  # fmt: skip


def _cut_monthly(table: TableColumns, rows: TableRows) -> dict[str, Array]:
    """Return the windows of every value column of a table with one row per account and month."""
    out: dict[str, Array] = {}
    for name in table.columns:
        if name in _NOT_VALUES:
            continue
        if table.is_time(name):
            # A day is kept as days before the end of its row's month: comparable across months.
            values = table.days_before(name, rows.number)
            out[f"{name}{DAYS_BEFORE_MONTH_END}"] = rows.windows_of(values)
        elif table.is_number(name):
            out[name] = rows.windows_of(table.numbers(name))
    return out


def _cut_events(
    table: str, events: TableColumns, accounts: TableColumns | None, axis: Axis
) -> dict[str, Array]:
    """Return the windows of every monthly sum that an event table has the columns for."""
    sums = {name: one for name, one in EVENT_SUMS.items() if one.table == table}
    events = _beside_events(
        events, accounts, [need for one in sums.values() for need in one.needs]
    )
    out: dict[str, Array] = {}
    for booked_in in dict.fromkeys(one.month for one in sums.values()):
        if booked_in not in events:
            continue
        rows = axis.rows(events, booked_in)
        for name, one in sums.items():
            if one.month == booked_in and set(one.needs) <= set(events.columns):
                out[name] = rows.sums_of(one.amount(events))
    return out


def _beside_events(
    events: TableColumns, accounts: TableColumns | None, needs: list[str]
) -> TableColumns:
    """Return the events with the columns of their accounts that a sum needs."""
    if accounts is None:
        return events
    borrowed = [n for n in dict.fromkeys(needs) if n not in events and n in accounts]
    if not borrowed:
        return events
    position = positions(events.held["account_id"], accounts.held["account_id"])
    return events.beside({n: np.append(accounts.numbers(n), np.nan)[position] for n in borrowed})


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
