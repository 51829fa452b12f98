"""Whether a file is a monthly panel, whatever its columns are called."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from delinquency.sources.guesses import is_account_name
from delinquency.sources.inspect.column_profile import ColumnProfile, ColumnValues

LEAST_MONTHS, MOST_MONTHS = 3, 400
LEAST_FILLED = 0.2
"""Share of all pairs of account and month that are in the file; chance repeats some of so many."""
LEAST_ROWS = 30


def panel_key(
    columns: Sequence[ColumnProfile], values: Mapping[str, ColumnValues], n_rows: int
) -> tuple[str, str]:
    """Return the columns that may be account and month; ("", "") where the file is no panel.

    Together they name each row once, neither does alone, and a good part of all their pairs is
    there.

    Parameters
    ----------
    columns : sequence of ColumnProfile
    values : mapping of str to ColumnValues
    n_rows : int
    """
    if n_rows < LEAST_ROWS:
        return "", ""
    dated = [
        c for c in columns
        if c.month_style and LEAST_MONTHS <= c.n_distinct <= MOST_MONTHS and not c.n_missing
    ]  # fmt: skip
    for month in dated:
        others = [
            c for c in columns
            if c.name != month.name and not c.n_missing and _counts(values[c.name])
            and n_rows <= c.n_distinct * month.n_distinct <= n_rows / LEAST_FILLED
        ]  # fmt: skip
        others.sort(key=lambda c: (not is_account_name(c.name), c.kind != "text"))
        for account in others:
            pair = values[account.name].ids.astype(np.int64) * month.n_distinct
            if pd.Series(pair + values[month.name].ids).is_unique:
                return account.name, month.name
    return "", ""


def _counts(values: ColumnValues) -> bool:
    """Return whether a column may hold accounts: text, or whole numbers."""
    numbers = values.numbers
    return numbers is None or bool(np.all(np.nan_to_num(numbers) % 1 == 0))
