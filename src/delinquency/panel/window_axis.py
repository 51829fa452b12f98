"""The cells of accounts and months that rows of tables fall in, and windows cut from them."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.panel import window_cells
from delinquency.panel.observations import Observations
from delinquency.panel.plain_columns import TableColumns
from delinquency.panel.window_cells import NEVER, Array, month_number, positions

Ids: TypeAlias = pd.Index | NDArray[np.object_]
"""Distinct accounts; an array for the few of a request."""


@dataclass(frozen=True)
class Axis:
    """Which months of which account have a cell, and which cells each observation takes.

    Where every account is observed once, its cells are its window. Otherwise all accounts have
    the months of all observations, and each observation month takes a slice of them.
    """

    accounts: Ids
    row_account: NDArray[np.intp]
    row_month: NDArray[np.int32]
    first: NDArray[np.int32]
    observed: NDArray[np.int32]
    length: int
    n_months: int

    @property
    def once(self) -> bool:
        """Whether every account is observed once."""
        return len(self.accounts) == len(self.row_month)

    def rows(self, table: TableColumns, month: str) -> "TableRows":
        """Return where the rows of a table fall, by one of its month or date columns."""
        account = table.places(self.accounts)
        number = table.months(month)
        arrival = number
        if "arrival_month" in table:
            given = table.months("arrival_month")
            arrival = np.where(given == NEVER, number, np.maximum(given, number))
        cells = np.empty(len(table), np.int64)
        late = np.empty(len(table), np.bool_)
        any_late = window_cells.locate(
            account, number, arrival, self.first, self.observed, self.length, cells, late
        )
        return TableRows(self, account, number, arrival, cells, late if any_late else None)

    def slices(self) -> list[tuple[NDArray[np.intp], int, slice]]:
        """Return for each observation month: its rows, its number, its slice of the cells."""
        out = []
        for month in np.unique(self.row_month):
            end = int(month) - int(self.first[0]) + 1
            rows = np.flatnonzero(self.row_month == month)
            out.append((rows, int(month), slice(end - self.n_months, end)))
        return out


def axis_of(observed: Observations, n_months: int) -> Axis:
    """Return the axis of some observations, in their order."""
    ids = observed.account_id
    accounts: Ids
    if isinstance(ids, pd.Series):
        accounts = pd.Index(ids.unique())
    else:
        accounts = np.array(list(dict.fromkeys(ids)), object)
    row_account = positions(ids, accounts)
    row_month = month_number(observed.observation_month)
    if len(accounts) == len(row_month):
        first = (row_month - n_months + 1).astype(np.int32)
        return Axis(accounts, row_account, row_month, first, row_month, n_months, n_months)
    earliest, last = int(row_month.min()) - n_months + 1, int(row_month.max())
    first = np.full(len(accounts), earliest, np.int32)
    never = np.full(len(accounts), NEVER, np.int32)
    length = last - earliest + 1
    return Axis(accounts, row_account, row_month, first, never, length, n_months)


@dataclass(frozen=True)
class TableRows:
    """The rows of a table and the cell that each falls in; -1 for those that fall in none.

    ``late`` marks the rows that arrived after their own month; None where there is no such row.
    """

    axis: Axis
    account: NDArray[np.intp]
    number: NDArray[np.int32]
    arrival: NDArray[np.int32]
    cells: NDArray[np.int64]
    late: NDArray[np.bool_] | None

    def windows_of(self, values: Array) -> Array:
        """Return the windows of one value a row, at most one row a cell; NaN where there is none.

        Returns
        -------
        ndarray of shape (n_observations, n_months)
            Month by month in memory.
        """
        cube = np.full((self.axis.length, len(self.axis.accounts)), np.nan)
        window_cells.place(self.cells, values, cube.ravel())
        if self.axis.once or self.late is None:
            return self._take(cube)
        arrivals = np.full(cube.shape, NEVER, np.int32)
        window_cells.place(self.cells, self.arrival, arrivals.ravel())
        return self._take(cube, arrivals)

    def sums_of(self, amounts: Array) -> Array:
        """Return the windows of the sums of one amount a row, 0 where there is none.

        What arrived late is added up apart and last, whichever way the accounts are observed.
        """
        if self.late is None:
            return self._take(self._sums(self.cells, amounts))
        out = self._take(self._sums(np.where(self.late, -1, self.cells), amounts))
        late = np.where(self.late, self.cells, -1)
        if self.axis.once:
            return out + self._take(self._sums(late, amounts))
        for rows, month, window in self.axis.slices():
            arrived = self._sums(np.where(self.arrival <= month, late, -1), amounts)
            out[rows] += arrived[window, self.axis.row_account[rows]].T
        return out

    def _sums(self, cells: NDArray[np.int64], amounts: Array) -> Array:
        cube = np.zeros((self.axis.length, len(self.axis.accounts)))
        window_cells.add(cells, amounts, cube.ravel())
        return cube

    def _take(self, cube: Array, arrivals: NDArray[np.int32] | None = None) -> Array:
        """Return the windows out of the cells, hiding what had not arrived."""
        axis = self.axis
        if axis.once:  # accounts stand in the order of their observations
            return cube.T
        out = np.empty((axis.n_months, len(axis.row_month)))
        for rows, month, window in axis.slices():
            account = axis.row_account[rows]
            values = cube[window, account]
            if arrivals is not None:
                values[arrivals[window, account] > month] = np.nan
            out[:, rows] = values
        return out.T
