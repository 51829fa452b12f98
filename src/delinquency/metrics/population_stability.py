"""How far a distribution has moved from its reference: the population stability index."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import chi2

from delinquency.errors import ModelError
from delinquency.metrics.metric import Array


def stability_table(reference: ArrayLike, current: ArrayLike, *, n_bins: int = 10) -> pd.DataFrame:
    """Return the shares of two samples by bin of the reference, and what each bin adds to PSI.

    Parameters
    ----------
    reference : array of shape (n_reference,)
        Values that the bins are cut from; NaN is a bin of its own.
    current : array of shape (n_current,)
        Values to compare.
    n_bins : int
        Number of quantile bins of the reference; fewer where its values repeat.

    Returns
    -------
    DataFrame, one row per bin
        ``above``, ``up_to`` (the bin holds above < value <= up_to; NaN for missing values),
        ``reference_share``, ``current_share``, ``psi``.

    Raises
    ------
    ModelError
        If either sample is empty.

    Notes
    -----
    ``psi = (c - r) * ln(c / r)`` for shares r and c. A bin that one sample never reaches has
    share 0 and would make the index infinite: inside the formula it counts as half a row. A bin
    that neither reaches adds nothing.

    References
    ----------
    Siddiqi (2017), Intelligent Credit Scoring, 2nd ed., on the index and its bands 0.10 and 0.25;
    the bands ignore the sample size: Yurdakul and Naranjo (2020), Journal of Risk Model
    Validation 14(4).
    """
    old, new = np.asarray(reference, dtype=np.float64), np.asarray(current, dtype=np.float64)
    if not (old.size and new.size):
        raise ModelError(
            "PSI compares two samples of at least one value each. "
            f"Got {old.size} reference and {new.size} current values."
        )
    known = old[~np.isnan(old)]
    # "lower" keeps every edge a value that occurs, so equal values never straddle two bins.
    steps = np.linspace(0, 1, n_bins + 1)[1:-1]
    inner = np.unique(np.quantile(known, steps, method="lower")) if known.size else known
    # The last edge would cut off an empty bin when it is the reference's own maximum.
    if known.size and known.min() == known.max():
        # All of the reference is one value: what lies below or above it is another.
        inner = np.array([np.nextafter(known[0], -np.inf), known[0]])
    elif known.size:
        inner = inner[inner < known.max()]
    edges = np.concatenate(([-np.inf], inner, [np.inf]))
    r_count, c_count = _counts(old, inner), _counts(new, inner)
    r, c = np.maximum(r_count, 0.5) / old.size, np.maximum(c_count, 0.5) / new.size
    psi = np.where((r_count == 0) & (c_count == 0), 0.0, (c - r) * np.log(c / r))
    return pd.DataFrame(
        {
            "above": np.append(edges[:-1], np.nan),
            "up_to": np.append(edges[1:], np.nan),
            "reference_share": r_count / old.size,
            "current_share": c_count / new.size,
            "psi": psi,
        }
    )


def population_stability(reference: ArrayLike, current: ArrayLike, *, n_bins: int = 10) -> float:
    """Return the population stability index of two samples: 0 when equally distributed.

    Parameters
    ----------
    reference, current : array
        As in ``stability_table``.
    n_bins : int

    Returns
    -------
    float, >= 0

    Examples
    --------
    >>> population_stability([1.0, 2.0, 3.0, 4.0], [4.0, 3.0, 2.0, 1.0], n_bins=2)
    0.0
    """
    return float(stability_table(reference, current, n_bins=n_bins)["psi"].sum())


def stability_p_value(table: pd.DataFrame, *, n_reference: float, n_current: float) -> float:
    """Return the chance of so large an index, or larger, when nothing has moved.

    Parameters
    ----------
    table : DataFrame
        As of ``stability_table``.
    n_reference, n_current : float
        Independent observations of either sample: accounts, where an account has several rows.

    Returns
    -------
    float, in [0, 1]

    Notes
    -----
    With B bins that either sample reaches, the index of two samples of the same distribution is
    distributed as ``(1 / n_reference + 1 / n_current)`` times chi-squared with B - 1 degrees of
    freedom. Bands such as 0.10 and 0.25 ignore the sizes; this does not.

    References
    ----------
    Yurdakul and Naranjo (2020), Statistical properties of the population stability index, Journal
    of Risk Model Validation 14(4).
    """
    filled = int(((table["reference_share"] > 0) | (table["current_share"] > 0)).sum())
    if filled < 2:
        return 1.0
    scale = 1 / n_reference + 1 / n_current
    return float(chi2.sf(table["psi"].sum() / scale, filled - 1))


def _counts(values: Array, inner: Array) -> Array:
    """Return the number of values in every bin, missing values last."""
    missing = np.isnan(values)
    bins = np.where(missing, len(inner) + 1, np.searchsorted(inner, values, side="left"))
    return np.bincount(bins, minlength=len(inner) + 2).astype(np.float64)
