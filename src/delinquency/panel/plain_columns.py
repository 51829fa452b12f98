"""A canonical table as plain columns: what windows are cut from, out of a frame or a request.

A frame costs more than everything else where one account is scored; its columns alone do not.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.panel.window_cells import Array, days_before_month_end, month_number, positions

Values: TypeAlias = pd.Series | NDArray[Any]


@dataclass(frozen=True, eq=False)
class TableColumns:
    """The columns of one canonical table.

    Attributes
    ----------
    held : mapping of str to Series or ndarray of shape (n_rows,)
        Numbers, times of ``datetime64[ms]``, or text.
    n_rows : int
    """

    held: Mapping[str, Values]
    n_rows: int

    @classmethod
    def of(cls, table: "pd.DataFrame | TableColumns") -> "TableColumns":
        """Return the columns of a frame; plain columns as they are."""
        if isinstance(table, TableColumns):
            return table
        return cls({str(name): table[name] for name in table.columns}, len(table))

    def __len__(self) -> int:
        return self.n_rows

    def __contains__(self, name: object) -> bool:
        return name in self.held

    @property
    def columns(self) -> Collection[str]:
        """The names."""
        return self.held.keys()

    def numbers(self, name: str) -> Array:
        """Return a column of numbers as floats."""
        values = self.held[name]
        if isinstance(values, pd.Series):
            return values.to_numpy(np.float64)
        return np.asarray(values, np.float64)

    def months(self, name: str) -> NDArray[np.int32]:
        """Return a column of months or days as months since 1970-01."""
        return month_number(self.held[name])

    def days_before(self, name: str, months: NDArray[np.int32]) -> Array:
        """Return the days from a column of days to the ends of the rows' months."""
        return days_before_month_end(self.held[name], months)

    def is_time(self, name: str) -> bool:
        """Whether a column holds months or days."""
        return self.held[name].dtype.kind == "M"

    def is_number(self, name: str) -> bool:
        """Whether a column holds numbers."""
        return self.held[name].dtype.kind in "biuf"

    def places(self, accounts: pd.Index | NDArray[np.object_]) -> NDArray[np.intp]:
        """Return where each row's account stands among some, -1 where it does not."""
        return positions(self.held["account_id"], accounts)

    def is_in(self, name: str, known: Collection[str]) -> NDArray[np.bool_]:
        """Return which rows hold one of some names."""
        values = self.held[name]
        if isinstance(values, pd.Series):
            return np.asarray(values.isin(known).to_numpy(), np.bool_)
        return np.fromiter((value in known for value in values), np.bool_, len(values))

    def only(self, names: Collection[str]) -> "TableColumns":
        """Return the table without other columns than these."""
        return TableColumns({n: v for n, v in self.held.items() if n in names}, self.n_rows)

    def beside(self, more: Mapping[str, Values]) -> "TableColumns":
        """Return the table with further columns."""
        return TableColumns({**self.held, **more}, self.n_rows)
