"""Statistics of one account's months, over dense arrays with gaps.

Every function takes values of shape (n_rows, n_months), oldest month first, NaN where nothing was
known, and returns shape (n_rows,): NaN where no month was known. The loops are compiled
(``month_loops``): a row's result does not depend on the rows it stands among.
"""

import numpy as np
from numpy.typing import NDArray

from delinquency.features import month_loops
from delinquency.panel.windows import Array


def _by_month(values: Array) -> Array:
    """Return float values month by month; without a copy where windows lie so already."""
    by_month = values.T
    if by_month.flags.c_contiguous and by_month.dtype == np.float64:
        return by_month  # asking numpy to see to it takes longer, where one account is scored
    return np.ascontiguousarray(by_month, np.float64)


def _held_by_month(condition: NDArray[np.bool_]) -> NDArray[np.bool_]:
    by_month = condition.T
    return by_month if by_month.flags.c_contiguous else np.ascontiguousarray(by_month)


def known_or_zero(values: Array) -> Array:
    """Return the values, 0 where nothing was known; the same shape."""
    return np.where(np.isnan(values), 0.0, values)


def last(values: Array) -> Array:
    """Return the latest known value."""
    return month_loops.last(_by_month(values))


def first(values: Array) -> Array:
    """Return the earliest known value."""
    return last(values[:, ::-1])


def count(values: Array) -> Array:
    """Return the number of known months."""
    return month_loops.count(_by_month(values))


def total(values: Array) -> Array:
    """Return the sum of the known values."""
    return month_loops.total(_by_month(values))


def mean(values: Array) -> Array:
    """Return the mean of the known values."""
    return month_loops.mean(_by_month(values))


def maximum(values: Array) -> Array:
    """Return the largest known value."""
    return month_loops.maximum(_by_month(values))


def minimum(values: Array) -> Array:
    """Return the smallest known value."""
    return month_loops.minimum(_by_month(values))


def deviation(values: Array) -> Array:
    """Return the standard deviation (n - 1) of the known values; NaN below two of them."""
    return month_loops.deviation(_by_month(values))


def trend(values: Array) -> Array:
    """Return the least-squares slope per month; NaN below two known values.

    Notes
    -----
    sum((t - mean t)(v - mean v)) / sum((t - mean t)^2) over the known months, rounded to twelve
    decimals. Slopes of whole months or days repeat the same few numbers, and two orders of
    summation give them two last digits: without the rounding a tree may split between the two.
    """
    return month_loops.trend(_by_month(values))


def change(values: Array) -> Array:
    """Return the latest known value less the mean."""
    return last(values) - mean(values)


def step(values: Array) -> Array:
    """Return the latest month less the month before it."""
    if values.shape[1] < 2:
        return np.full(len(values), np.nan)
    return values[:, -1] - values[:, -2]


def before(values: Array, months: int) -> Array:
    """Return the value so many months before the last; NaN beyond the window."""
    if months >= values.shape[1]:
        return np.full(len(values), np.nan)
    return values[:, -1 - months].copy()


def months_with(condition: NDArray[np.bool_]) -> Array:
    """Return the number of months in which the condition held."""
    return month_loops.months_with(_held_by_month(condition))


def streak(condition: NDArray[np.bool_]) -> Array:
    """Return how many months in a row the condition has held, up to and with the last.

    Parameters
    ----------
    condition : ndarray of shape (n_rows, n_months), bool
    """
    return month_loops.streak(_held_by_month(condition))


def longest_streak(condition: NDArray[np.bool_]) -> Array:
    """Return the longest run of months in which the condition held."""
    return month_loops.longest_streak(_held_by_month(condition))


def months_since(condition: NDArray[np.bool_]) -> Array:
    """Return the months since the condition last held; the window's length if it never did."""
    return month_loops.months_since(_held_by_month(condition))


def carried(values: Array) -> Array:
    """Return the values with each gap filled by the latest known value before it.

    Returns
    -------
    ndarray of shape (n_rows, n_months)
        NaN before the first known month.
    """
    return month_loops.carried(_by_month(values)).T


def ratio(numerator: Array, denominator: Array, *, ceiling: float) -> Array:
    """Return the ratio where the denominator is above 0, clipped to +-ceiling; NaN elsewhere."""
    above, below = np.asarray(numerator, np.float64), np.asarray(denominator, np.float64)
    if above.shape != below.shape:
        above, below = np.broadcast_arrays(above, below)
    out = np.empty(above.shape[::-1])
    month_loops.ratio(
        _by_month(above).reshape(-1), _by_month(below).reshape(-1), float(ceiling), out.reshape(-1)
    )
    return out.T


def share(condition: NDArray[np.bool_], eligible: NDArray[np.bool_]) -> Array:
    """Return the share of eligible months in which the condition held; NaN without any."""
    return month_loops.share(_held_by_month(condition), _held_by_month(eligible))
