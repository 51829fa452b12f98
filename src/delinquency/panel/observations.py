"""Accounts, each in a month that it is observed in: a frame only where somebody wants one."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.panel.plain_columns import Values
from delinquency.panel.schema import MONTH_DTYPE

KEYS = ("account_id", "observation_month")


@dataclass(frozen=True, eq=False)
class Observations:
    """One row an observation.

    Attributes
    ----------
    account_id : Series or ndarray of shape (n_rows,)
        Text; an array of objects for the few rows of a request, where a Series costs more than
        everything that is done with it.
    observation_month : Series or ndarray of shape (n_rows,), datetime64[ms]
    """

    account_id: Values
    observation_month: Values

    @classmethod
    def of(cls, given: "pd.DataFrame | Observations") -> "Observations":
        """Return the observations of a frame's two columns; observations as they are."""
        if isinstance(given, Observations):
            return given
        plain = given.reset_index(drop=True)
        return cls(*(plain[name] for name in KEYS))

    @classmethod
    def of_lists(cls, ids: Sequence[str], months: NDArray[Any]) -> "Observations":
        """Return the observations of a few accounts, their months as any kind of datetime64."""
        plain = np.empty(len(ids), object)
        plain[:] = ids
        return cls(plain, months.astype(MONTH_DTYPE))

    def __len__(self) -> int:
        return len(self.account_id)

    def __getitem__(self, rows: slice) -> "Observations":
        return Observations(self.account_id[rows], self.observation_month[rows])

    @cached_property
    def frame(self) -> pd.DataFrame:
        """``account_id``, ``observation_month``, one row an observation."""
        return pd.DataFrame(
            {"account_id": self.account_id, "observation_month": self.observation_month}
        )
