"""Statistics of one account's months, over dense arrays with gaps.

Every function takes values of shape (n_rows, n_months), oldest month first, NaN where nothing was
known, and returns shape (n_rows,): NaN where no month was known.
"""

import numpy as np
from numpy.typing import NDArray

from delinquency.panel.windows import Array


def last(values: Array) -> Array:
    """Return the latest known value."""
    known = np.isfinite(values)
    position = values.shape[1] - 1 - np.argmax(known[:, ::-1], axis=1)
    found = values[np.arange(len(values)), position]
    return np.where(known.any(axis=1), found, np.nan)


def count(values: Array) -> Array:
    """Return the number of known months."""
    return np.isfinite(values).sum(axis=1).astype(np.float64)


def total(values: Array) -> Array:
    """Return the sum of the known values."""
    return np.where(np.isfinite(values).any(axis=1), np.nansum(values, axis=1), np.nan)


def mean(values: Array) -> Array:
    """Return the mean of the known values."""
    n = count(values)
    with np.errstate(invalid="ignore"):
        return np.where(n > 0, np.nansum(values, axis=1) / np.maximum(n, 1), np.nan)


def maximum(values: Array) -> Array:
    """Return the largest known value."""
    filled = np.where(np.isfinite(values), values, -np.inf).max(axis=1)
    return np.where(np.isfinite(filled), filled, np.nan)


def minimum(values: Array) -> Array:
    """Return the smallest known value."""
    filled = np.where(np.isfinite(values), values, np.inf).min(axis=1)
    return np.where(np.isfinite(filled), filled, np.nan)


def deviation(values: Array) -> Array:
    """Return the standard deviation (n - 1) of the known values; NaN below two of them."""
    n = count(values)
    centred = np.where(np.isfinite(values), values - mean(values)[:, None], 0.0)
    return np.where(n > 1, np.sqrt((centred**2).sum(axis=1) / np.maximum(n - 1, 1)), np.nan)


def trend(values: Array) -> Array:
    """Return the least-squares slope per month; NaN below two known values.

    Notes
    -----
    sum((t - mean t)(v - mean v)) / sum((t - mean t)^2) over the known months.
    """
    known = np.isfinite(values)
    n = count(values)
    month = np.where(known, np.arange(values.shape[1], dtype=np.float64), 0.0)
    month = np.where(known, month - (month.sum(axis=1) / np.maximum(n, 1))[:, None], 0.0)
    centred = np.where(known, values - mean(values)[:, None], 0.0)
    spread = (month**2).sum(axis=1)
    return np.where(n > 1, (month * centred).sum(axis=1) / np.where(spread > 0, spread, 1), np.nan)


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
    return np.asarray(condition.sum(axis=1), np.float64)


def streak(condition: NDArray[np.bool_]) -> Array:
    """Return how many months in a row the condition has held, up to and with the last.

    Parameters
    ----------
    condition : ndarray of shape (n_rows, n_months), bool
    """
    broken = ~condition[:, ::-1]
    first = np.where(broken.any(axis=1), np.argmax(broken, axis=1), condition.shape[1])
    return first.astype(np.float64)


def longest_streak(condition: NDArray[np.bool_]) -> Array:
    """Return the longest run of months in which the condition held."""
    run = np.zeros(len(condition))
    best = np.zeros(len(condition))
    for month in range(condition.shape[1]):
        run = np.where(condition[:, month], run + 1, 0.0)
        best = np.maximum(best, run)
    return best


def months_since(condition: NDArray[np.bool_]) -> Array:
    """Return the months since the condition last held; the window's length if it never did."""
    recent = condition[:, ::-1]
    never = float(condition.shape[1])
    return np.where(recent.any(axis=1), np.argmax(recent, axis=1), never).astype(np.float64)


def carried(values: Array) -> Array:
    """Return the values with each gap filled by the latest known value before it.

    Returns
    -------
    ndarray of shape (n_rows, n_months)
        NaN before the first known month.
    """
    position = np.where(np.isfinite(values), np.arange(values.shape[1]), 0)
    position = np.maximum.accumulate(position, axis=1)
    return np.take_along_axis(values, position, axis=1)


def ratio(numerator: Array, denominator: Array, *, ceiling: float) -> Array:
    """Return the ratio where the denominator is above 0, clipped to +-ceiling; NaN elsewhere."""
    with np.errstate(divide="ignore", invalid="ignore"):
        out = np.where(denominator > 0, numerator / denominator, np.nan)
    return np.clip(out, -ceiling, ceiling)


def share(condition: NDArray[np.bool_], eligible: NDArray[np.bool_]) -> Array:
    """Return the share of eligible months in which the condition held; NaN without any."""
    n = eligible.sum(axis=1)
    return np.where(n > 0, (condition & eligible).sum(axis=1) / np.maximum(n, 1), np.nan)
