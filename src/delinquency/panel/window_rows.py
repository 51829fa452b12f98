"""Rows of windows: some of them, or those of several parts together."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.panel.observations import Observations
from delinquency.panel.windows import Windows


def take_rows(windows: Windows, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Windows:
    """Return the windows of some rows.

    Parameters
    ----------
    windows : Windows
    rows : ndarray of int, or of bool with one value a row
        Numbers give the order; a row may occur more than once.
    """
    places = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
    return replace(
        windows,
        observed=Observations.of(windows.keys.iloc[places]),
        monthly={name: values[places] for name, values in windows.monthly.items()},
        static={name: values[places] for name, values in windows.static.items()},
        _derived={},
    )


def join_windows(parts: Sequence[Windows]) -> Windows:
    """Return the windows of all parts as one, with the columns that every part has.

    Parameters
    ----------
    parts : sequence of Windows
        At least one, all of one length.
    """
    first = parts[0]
    return replace(
        first,
        observed=Observations.of(pd.concat([one.keys for one in parts])),
        monthly={
            name: np.concatenate([one.monthly[name] for one in parts])
            for name in first.monthly
            if all(name in one.monthly for one in parts)
        },
        static={
            name: np.concatenate([one.static[name] for one in parts])
            for name in first.static
            if all(name in one.static for one in parts)
        },
        _derived={},
    )
