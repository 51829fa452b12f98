"""The loops behind ``statistics``, compiled: months outside, accounts inside.

Every function takes values of shape (n_months, n_rows), so that the months of many accounts are
added up side by side, each account in the order of its months. A statistic is therefore the same
to the last bit for one account and for ten million, whatever part it was read in. A loop over
months alone cannot be left to the processor's own order, as NumPy's sums are: their order
depends on how an array lies in memory.
"""

import numpy as np

from delinquency.compiled import njit

EXACT_BELOW = 4096.0
"""Values up to which twelve decimals fit into a float: 2**52 / 10**12."""
DECIMALS = 1e12


@njit(cache=True, nogil=True)
def last(months):  # type: ignore[no-untyped-def]
    """Return the latest finite value, or NaN."""
    out = np.full(months.shape[1], np.nan)
    for month in range(months.shape[0]):
        row = months[month]
        for i in range(row.shape[0]):
            out[i] = row[i] if np.isfinite(row[i]) else out[i]
    return out


@njit(cache=True, nogil=True)
def count(months):  # type: ignore[no-untyped-def]
    """Return the number of finite values."""
    out = np.zeros(months.shape[1])
    for month in range(months.shape[0]):
        row = months[month]
        for i in range(row.shape[0]):
            out[i] += 1.0 if np.isfinite(row[i]) else 0.0
    return out


@njit(cache=True, nogil=True)
def total(months):  # type: ignore[no-untyped-def]
    """Return the sum of the finite values, or NaN."""
    out = np.zeros(months.shape[1])
    n = np.zeros(months.shape[1])
    for month in range(months.shape[0]):
        row = months[month]
        for i in range(row.shape[0]):
            known = np.isfinite(row[i])
            out[i] += row[i] if known else 0.0
            n[i] += 1.0 if known else 0.0
    for i in range(out.shape[0]):
        out[i] = out[i] if n[i] > 0 else np.nan
    return out


@njit(cache=True, nogil=True)
def mean(months):  # type: ignore[no-untyped-def]
    """Return the mean of the finite values, or NaN."""
    out = np.zeros(months.shape[1])
    n = np.zeros(months.shape[1])
    for month in range(months.shape[0]):
        row = months[month]
        for i in range(row.shape[0]):
            known = np.isfinite(row[i])
            out[i] += row[i] if known else 0.0
            n[i] += 1.0 if known else 0.0
    for i in range(out.shape[0]):
        out[i] = out[i] / n[i] if n[i] > 0 else np.nan
    return out


@njit(cache=True, nogil=True)
def maximum(months):  # type: ignore[no-untyped-def]
    """Return the largest finite value, or NaN."""
    out = np.full(months.shape[1], -np.inf)
    for month in range(months.shape[0]):
        row = months[month]
        for i in range(row.shape[0]):
            out[i] = row[i] if row[i] > out[i] and row[i] < np.inf else out[i]
    for i in range(out.shape[0]):
        out[i] = out[i] if out[i] > -np.inf else np.nan
    return out


@njit(cache=True, nogil=True)
def minimum(months):  # type: ignore[no-untyped-def]
    """Return the smallest finite value, or NaN."""
    out = np.full(months.shape[1], np.inf)
    for month in range(months.shape[0]):
        row = months[month]
        for i in range(row.shape[0]):
            out[i] = row[i] if row[i] < out[i] and row[i] > -np.inf else out[i]
    for i in range(out.shape[0]):
        out[i] = out[i] if out[i] < np.inf else np.nan
    return out


@njit(cache=True, nogil=True)
def deviation(months):  # type: ignore[no-untyped-def]
    """Return the standard deviation (n - 1) of the finite values; NaN below two of them."""
    n_rows = months.shape[1]
    sums, n, squares = np.zeros(n_rows), np.zeros(n_rows), np.zeros(n_rows)
    for month in range(months.shape[0]):
        row = months[month]
        for i in range(n_rows):
            known = np.isfinite(row[i])
            sums[i] += row[i] if known else 0.0
            n[i] += 1.0 if known else 0.0
    for i in range(n_rows):
        sums[i] /= max(n[i], 1.0)
    for month in range(months.shape[0]):
        row = months[month]
        for i in range(n_rows):
            away = row[i] - sums[i] if np.isfinite(row[i]) else 0.0
            squares[i] += away * away
    for i in range(n_rows):
        squares[i] = np.sqrt(squares[i] / max(n[i] - 1.0, 1.0)) if n[i] > 1 else np.nan
    return squares


@njit(cache=True, nogil=True)
def trend(months):  # type: ignore[no-untyped-def]
    """Return the slope per month, rounded to twelve decimals; NaN below two finite values."""
    n_rows = months.shape[1]
    sums, n, times = np.zeros(n_rows), np.zeros(n_rows), np.zeros(n_rows)
    spread, out = np.zeros(n_rows), np.zeros(n_rows)
    for month in range(months.shape[0]):
        row = months[month]
        for i in range(n_rows):
            known = np.isfinite(row[i])
            sums[i] += row[i] if known else 0.0
            n[i] += 1.0 if known else 0.0
            times[i] += month if known else 0.0
    for i in range(n_rows):
        sums[i] /= max(n[i], 1.0)
        times[i] /= max(n[i], 1.0)
    for month in range(months.shape[0]):
        row = months[month]
        for i in range(n_rows):
            known = np.isfinite(row[i])
            late = month - times[i] if known else 0.0
            out[i] += late * (row[i] - sums[i]) if known else 0.0
            spread[i] += late * late
    for i in range(n_rows):
        slope = out[i] / spread[i] if spread[i] > 0 else 0.0
        if abs(slope) < EXACT_BELOW:
            slope = np.rint(slope * DECIMALS) / DECIMALS
        out[i] = slope + 0.0 if n[i] > 1 else np.nan
    return out


@njit(cache=True, nogil=True)
def months_with(held):  # type: ignore[no-untyped-def]
    """Return the number of months in which a condition held."""
    out = np.zeros(held.shape[1])
    for month in range(held.shape[0]):
        row = held[month]
        for i in range(row.shape[0]):
            out[i] += row[i]
    return out


@njit(cache=True, nogil=True)
def streak(held):  # type: ignore[no-untyped-def]
    """Return the length of the run that ends with the last month."""
    out = np.zeros(held.shape[1])
    for month in range(held.shape[0]):
        row = held[month]
        for i in range(row.shape[0]):
            out[i] = out[i] + 1.0 if row[i] else 0.0
    return out


@njit(cache=True, nogil=True)
def longest_streak(held):  # type: ignore[no-untyped-def]
    """Return the length of the longest run."""
    run, best = np.zeros(held.shape[1]), np.zeros(held.shape[1])
    for month in range(held.shape[0]):
        row = held[month]
        for i in range(row.shape[0]):
            run[i] = run[i] + 1.0 if row[i] else 0.0
            best[i] = max(best[i], run[i])
    return best


@njit(cache=True, nogil=True)
def months_since(held):  # type: ignore[no-untyped-def]
    """Return the months since a condition last held; the number of months if it never did."""
    n_months = held.shape[0]
    out = np.full(held.shape[1], float(n_months))
    for month in range(n_months):
        row = held[month]
        for i in range(row.shape[0]):
            out[i] = n_months - 1.0 - month if row[i] else out[i]
    return out


@njit(cache=True, nogil=True)
def share(held, eligible):  # type: ignore[no-untyped-def]
    """Return the share of eligible months in which a condition held; NaN without any."""
    both, n = np.zeros(held.shape[1]), np.zeros(held.shape[1])
    for month in range(held.shape[0]):
        for i in range(held.shape[1]):
            n[i] += eligible[month, i]
            both[i] += held[month, i] and eligible[month, i]
    for i in range(n.shape[0]):
        both[i] = both[i] / n[i] if n[i] > 0 else np.nan
    return both


@njit(cache=True, nogil=True)
def carried(months):  # type: ignore[no-untyped-def]
    """Return the values with each gap filled by the latest finite value before it."""
    out = np.empty(months.shape)
    for month in range(months.shape[0]):
        for i in range(months.shape[1]):
            value = months[month, i]
            if np.isfinite(value):
                out[month, i] = value
            else:
                out[month, i] = out[month - 1, i] if month > 0 else np.nan
    return out


@njit(cache=True, nogil=True)
def ratio(numerator, denominator, ceiling, out):  # type: ignore[no-untyped-def]
    """Write numerator / denominator, clipped, where the denominator is above 0; NaN elsewhere."""
    for i in range(out.shape[0]):
        value = numerator[i] / denominator[i] if denominator[i] > 0 else np.nan
        value = ceiling if value > ceiling else value
        out[i] = -ceiling if value < -ceiling else value
