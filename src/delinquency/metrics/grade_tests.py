"""Predicted against observed bad rates: by grade of a master scale, and by tenths."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import beta, binom, chi2, norm

from delinquency.errors import ModelError
from delinquency.metrics.decile_tables import decile_table
from delinquency.metrics.metric import Outcomes

FACTOR_STEPS = 1_001
"""Years of the one-factor model over which a tail is averaged."""


def grades(pd_hat: ArrayLike, bounds: Sequence[float]) -> np.ndarray:
    """Return the grade of every PD on a master scale, 1 = safest.

    Parameters
    ----------
    pd_hat : array of shape (n_rows,), in [0, 1]
    bounds : sequence of float, rising
        Largest PD of every grade; the last one is 1.

    Returns
    -------
    ndarray of int, shape (n_rows,)

    Raises
    ------
    ModelError
        If the bounds do not rise to 1.
    """
    ends = np.asarray(bounds, dtype=np.float64)
    if ends.size < 2 or (np.diff(ends) <= 0).any() or ends[0] <= 0 or ends[-1] != 1.0:
        raise ModelError(
            f"A master scale's bounds must rise from above 0 to 1. Got {list(bounds)}."
        )
    return np.searchsorted(ends, np.asarray(pd_hat, dtype=np.float64), side="left") + 1


def grade_table(
    y_true: ArrayLike,
    pd_hat: ArrayLike,
    bounds: Sequence[float],
    *,
    level: float = 0.95,
    correlation: float = 0.0,
) -> pd.DataFrame:
    """Return predicted and observed bad rates by grade, with the tests that regulators ask for.

    Parameters
    ----------
    y_true : array of shape (n_rows,), 0 (good) or 1 (bad)
    pd_hat : array of shape (n_rows,), in [0, 1]
    bounds : sequence of float
        As in ``grades``.
    level : float
        Of the Jeffreys interval around the observed bad rate.
    correlation : float, in [0, 1)
        Default correlation of the one-factor model, for ``p_with_correlation``.

    Returns
    -------
    DataFrame, one row a grade that has rows
        ``grade, up_to, accounts, bads, pd_mean, bad_rate, bad_rate_low, bad_rate_high``;
        ``p_too_low``, the Jeffreys p-value of "the PD is not below the true rate" (small: the PD
        is too low); ``p_too_high``, its mirror; ``p_binomial``, the exact binomial tail of as many
        bads or more; ``p_with_correlation``, the same tail when all accounts share one bad year
        as the correlation says.

    Notes
    -----
    With d bads among n accounts the Jeffreys posterior is Beta(d + 1/2, n - d + 1/2);
    ``p_too_low`` is its mass below the PD. With correlation rho the PD of a year whose common
    factor is z is ``N((N^-1(PD) - sqrt(rho) z) / sqrt(1 - rho))``, and the binomial tail is
    averaged over z: a grade of few accounts keeps its own chance.

    References
    ----------
    ECB (2019), Instructions for reporting the validation results of internal models, 2.5.3.1.
    Vasicek (2002), Loan portfolio value, Risk 15(12).
    """
    outcomes = Outcomes.of(y_true, pd_hat)
    frame = pd.DataFrame(
        {"grade": grades(outcomes.pd_hat, bounds), "bad": outcomes.bad, "pd_hat": outcomes.pd_hat}
    )
    table = (
        frame.groupby("grade")
        .agg(accounts=("bad", "size"), bads=("bad", "sum"), pd_mean=("pd_hat", "mean"))
        .astype({"bads": "int64"})
        .reset_index()
    )
    table.insert(1, "up_to", np.asarray(bounds, dtype=np.float64)[table["grade"] - 1])
    n, d, p = (table[name].to_numpy(np.float64) for name in ("accounts", "bads", "pd_mean"))
    tail = (1 - level) / 2
    table["bad_rate"] = d / n
    table["bad_rate_low"] = beta.ppf(tail, d + 0.5, n - d + 0.5)
    table["bad_rate_high"] = beta.ppf(1 - tail, d + 0.5, n - d + 0.5)
    table["p_too_low"] = beta.cdf(p, d + 0.5, n - d + 0.5)
    table["p_too_high"] = beta.sf(p, d + 0.5, n - d + 0.5)
    table["p_binomial"] = binom.sf(d - 1, n, p)
    table["p_with_correlation"] = _with_correlation(d, n, p, correlation, table["p_binomial"])
    return table


def _with_correlation(
    bads: np.ndarray, n: np.ndarray, p: np.ndarray, correlation: float, plain: pd.Series
) -> np.ndarray:
    """Return the chance of as many bads or more when the accounts of a grade share one factor."""
    if not correlation:
        return plain.to_numpy()
    factor = np.linspace(-8.0, 8.0, FACTOR_STEPS)[:, None]
    weight = norm.pdf(factor)
    year = norm.cdf((norm.ppf(p) - np.sqrt(correlation) * factor) / np.sqrt(1 - correlation))
    return np.asarray((weight * binom.sf(bads - 1, n, year)).sum(axis=0) / weight.sum())


def hosmer_lemeshow(
    y_true: ArrayLike, pd_hat: ArrayLike, *, n_bins: int = 10
) -> tuple[float, float, int]:
    """Return the Hosmer-Lemeshow statistic on rows the model never saw, its p-value and bins.

    Parameters
    ----------
    y_true : array of shape (n_rows,), 0 (good) or 1 (bad)
    pd_hat : array of shape (n_rows,), in [0, 1]
    n_bins : int

    Returns
    -------
    tuple of float, float, int

    Notes
    -----
    ``sum((bads - expected)^2 / sum(p (1 - p)))`` over bins, against chi-squared with as many
    degrees of freedom as bins, since nothing was fitted on these rows. The variance is that of
    the rows' own PDs, not of their mean.

    References
    ----------
    Hosmer, Lemeshow and Sturdivant (2013), Applied Logistic Regression, 3rd ed., 5.2.2.
    """
    outcomes = Outcomes.of(y_true, pd_hat)
    bins = outcomes.bins(n_bins)
    spread = np.bincount(bins, outcomes.pd_hat * (1 - outcomes.pd_hat), minlength=n_bins)
    missed = np.bincount(bins, outcomes.bad - outcomes.pd_hat, minlength=n_bins)
    filled = spread > 0
    statistic = float((missed[filled] ** 2 / spread[filled]).sum())
    return statistic, float(chi2.sf(statistic, int(filled.sum()))), int(filled.sum())


def rank_inversions(
    y_true: ArrayLike, pd_hat: ArrayLike, *, n_bins: int = 10
) -> tuple[int, float, pd.DataFrame]:
    """Return how often the bad rate rises from one tenth to a safer one, and how surely.

    Parameters
    ----------
    y_true : array of shape (n_rows,), 0 (good) or 1 (bad)
    pd_hat : array of shape (n_rows,), in [0, 1]
    n_bins : int

    Returns
    -------
    tuple of int, float, DataFrame
        Inversions between neighbours; the smallest one-sided p-value of "the riskier tenth is at
        least as bad", corrected for the number of pairs (Bonferroni); the decile table.
    """
    table = decile_table(y_true, pd_hat, n_bins=n_bins)
    n, d = table["accounts"].to_numpy(np.float64), table["bads"].to_numpy(np.float64)
    if len(table) < 2:
        return 0, 1.0, table
    rate = d / n
    # A tenth without bads has no spread of its own: half a bad keeps the test from certainty.
    smooth = (d + 0.5) / (n + 1)
    spread = np.sqrt(
        smooth[:-1] * (1 - smooth[:-1]) / n[:-1] + smooth[1:] * (1 - smooth[1:]) / n[1:]
    )
    p = norm.sf((rate[1:] - rate[:-1]) / spread)
    return int((rate[1:] > rate[:-1]).sum()), float(min(1.0, p.min() * len(p))), table
