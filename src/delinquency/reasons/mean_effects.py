"""How each feature moves the risk over its range: for pictures, never for a reason."""

import numpy as np

from delinquency.panel.windows import Array

MOST_ROWS, MOST_BINS = 2_000, 24
"""Rows whose exact values a picture is drawn from, and its columns: about 80 rows each."""


def spread_rows(n_rows: int) -> np.ndarray:
    """Return the places of at most ``MOST_ROWS`` rows, spread over all."""
    if not n_rows:
        return np.empty(0, np.int64)
    return np.unique(np.linspace(0, n_rows - 1, min(n_rows, MOST_ROWS)).astype(np.int64))


def mean_effect(values: Array, exact: Array) -> list[float]:
    """Return the mean exact value of a feature in each bin of its values, lowest values first.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        The feature; rows in which it is missing are left out.
    exact : ndarray of shape (n_rows,), log-odds
        What it adds in each row.

    Returns
    -------
    list of float
        One number for each value where there are few, else for bins of about as many rows.
    """
    known = np.isfinite(values)
    values, exact = values[known], exact[known]
    distinct = np.unique(values)
    if len(distinct) > MOST_BINS:
        distinct = np.unique(
            np.quantile(values, np.arange(1, MOST_BINS + 1) / MOST_BINS, method="higher")
        )
    bins = np.searchsorted(distinct, values, side="left")
    counts = np.bincount(bins, minlength=len(distinct))
    sums = np.bincount(bins, weights=exact, minlength=len(distinct))
    return [float(one) for one in (sums[counts > 0] / counts[counts > 0])]
