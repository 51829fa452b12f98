"""How sure a metric is: bootstrap by account, and the corrected t interval over folds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.stats import beta
from scipy.stats import norm as normal
from scipy.stats import t as student
from threadpoolctl import threadpool_limits

from delinquency.errors import ModelError
from delinquency.metrics.metric import METRICS, Array, Outcomes

FEW_BADS = 10
"""Rows of the rarer outcome below which a bootstrap's interval of a rank measure is too narrow."""
WIDENED = MappingProxyType({"roc_auc": (1.0, 0.0), "gini": (2.0, -1.0)})
"""Rank measure -> scale and shift that make it of the AUC."""
LEVEL = "observed_expected"
TINY = 1e-9


@dataclass(frozen=True)
class Interval:
    """An estimate with the interval around it.

    Attributes
    ----------
    estimate : float
        The value on the sample itself, or the mean over folds.
    low, high : float
        Ends of the interval; NaN where too little was seen to give one.
    """

    estimate: float
    low: float
    high: float

    def to_dict(self) -> dict[str, float]:
        """Return ``mean``, ``low`` and ``high``, the keys of the reports."""
        return {"mean": self.estimate, "low": self.low, "high": self.high}


def bootstrap_intervals(
    y_true: ArrayLike,
    pd_hat: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    names: Sequence[str] | None = None,
    resampling: "Resampling | None" = None,
) -> dict[str, Interval]:
    """Return every metric with its percentile bootstrap interval, resampling whole groups.

    Parameters
    ----------
    y_true : array of shape (n_rows,), 0 (good) or 1 (bad)
    pd_hat : array of shape (n_rows,), in [0, 1]
    groups : array of shape (n_rows,), optional
        Rows of one group (one account's months, one person) are drawn together; each row is its
        own when not given.
    names : sequence of str, optional
        All metrics when not given.
    resampling : Resampling, optional
        How often, from which seed, at which level.

    Returns
    -------
    dict of str to Interval
        A replicate in which a metric is not defined is left out of its quantiles. Ends are NaN
        where all rows are one group.

    References
    ----------
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, ch. 13; Field and Welsh (2007),
    JRSS B 69(3), 369-390, on resampling clusters.
    """
    plan = resampling or Resampling()
    chosen = list(names or METRICS)
    outcomes = Outcomes.of(y_true, pd_hat)
    draws = {name: np.full(plan.n_boot, np.nan) for name in chosen}
    with one_blas_thread():
        for k, weights in enumerate(plan.weights(len(outcomes.bad), groups)):
            replicate = outcomes.reweighted(weights)
            for name in chosen:
                draws[name][k] = METRICS[name].compute(replicate)
        own = {name: METRICS[name].compute(outcomes) for name in chosen}
    found = {name: Interval(own[name], *plan.ends(draws[name])) for name in chosen}
    if groups is not None and np.unique(np.asarray(groups)).size == 1:
        return found
    n_bad = int(outcomes.bads)
    n_good = len(outcomes.bad) - n_bad
    if n_bad < FEW_BADS and LEVEL in found:
        found[LEVEL] = _level_widened(found[LEVEL], outcomes, level=plan.level)
    if 0 < min(n_bad, n_good) < FEW_BADS:
        for name in set(WIDENED) & set(chosen):
            found[name] = _widened(name, found[name], n_bad, n_good, level=plan.level)
    return found


def one_blas_thread() -> threadpool_limits:
    """Return a context in which sums of products run on one thread.

    Tens of thousands of short sums gain nothing from threads, which wait for each other by
    spinning (twelve times the CPU on a busy machine), and the last bits of a sum would depend on
    their number.
    """
    return threadpool_limits(1, user_api="blas")


def _level_widened(found: "Interval", outcomes: Outcomes, *, level: float) -> "Interval":
    """Return the interval of bads over expected that no draw of a handful of bads can give.

    Without a bad row every draw is without one too: the exact ends of the bad rate (Clopper and
    Pearson 1934), over the rate that was expected, are at least so far apart.
    """
    n_bad, n, expected = int(outcomes.bads), len(outcomes.bad), float(outcomes.pd_hat.sum())
    if not expected or np.isnan(found.estimate):
        return found
    tail = (1 - level) / 2
    low = float(beta.ppf(tail, n_bad, n - n_bad + 1)) if n_bad else 0.0
    high = float(beta.ppf(1 - tail, n_bad + 1, n - n_bad)) if n_bad < n else 1.0
    low, high = low * n / expected, high * n / expected
    return Interval(
        found.estimate,
        low if np.isnan(found.low) else min(found.low, low),
        high if np.isnan(found.high) else max(found.high, high),
    )


def _widened(name: str, found: "Interval", n_bad: int, n_good: int, *, level: float) -> "Interval":
    """Return an interval that a handful of bad rows cannot make too narrow."""
    scale, shift = WIDENED[name]
    low, high = newcombe_ends((found.estimate - shift) / scale, n_bad, n_good, level=level)
    low, high = scale * low + shift, scale * high + shift
    return Interval(
        found.estimate,
        low if np.isnan(found.low) else min(found.low, low),
        high if np.isnan(found.high) else max(found.high, high),
    )


def newcombe_ends(
    auc: float, n_bad: int, n_good: int, *, level: float = 0.95
) -> tuple[float, float]:
    """Return the ends of an AUC's interval that hold also where one outcome is rare.

    Parameters
    ----------
    auc : float, in [0, 1]
    n_bad, n_good : int
    level : float

    Returns
    -------
    tuple of float

    Notes
    -----
    The ends are the values t that lie ``z`` standard errors away, where the error is taken at t
    itself, so that an AUC of 1 from a few rows has an interval with a width::

        var(t) = t (1 - t) (1 + (N - 1) ((1 - t) / (2 - t) + t / (1 + t))) / (n_bad n_good)

    with N the mean of both numbers.

    References
    ----------
    Newcombe (2006), Statistics in Medicine 25, 559-573, method 5.

    Examples
    --------
    >>> low, high = newcombe_ends(1.0, 1, 99)
    >>> 0.3 < low < 0.6 and high == 1.0
    True
    """
    z = float(normal.ppf((1 + level) / 2))
    mean = (n_bad + n_good) / 2

    def distance(t: float) -> float:
        spread = (1 - t) / (2 - t) + t / (1 + t)
        variance = t * (1 - t) * (1 + (mean - 1) * spread) / (n_bad * n_good)
        return abs(t - auc) - z * variance**0.5

    # At 0 and 1 the error is 0: a root is looked for from a little inside.
    inside = min(max(auc, TINY), 1 - TINY)
    low = 0.0 if auc <= 0 else brentq(distance, 0.0, inside)
    high = 1.0 if auc >= 1 else brentq(distance, inside, 1.0)
    return float(low), float(high)


def bootstrap_differences(
    y_true: ArrayLike,
    predictions: tuple[ArrayLike, ArrayLike],
    *,
    groups: ArrayLike | None = None,
    names: Sequence[str] | None = None,
    resampling: "Resampling | None" = None,
) -> dict[str, Interval]:
    """Return first less second prediction in every metric, both on the same replicates.

    Parameters
    ----------
    y_true : array of shape (n_rows,), 0 (good) or 1 (bad)
    predictions : tuple of two arrays of shape (n_rows,), in [0, 1]
    groups, names, resampling
        As in ``bootstrap_intervals``.

    Returns
    -------
    dict of str to Interval
    """
    plan = resampling or Resampling()
    chosen = list(names or METRICS)
    first, second = (Outcomes.of(y_true, each) for each in predictions)
    draws = {name: np.full(plan.n_boot, np.nan) for name in chosen}
    with one_blas_thread():
        for k, weights in enumerate(plan.weights(len(first.bad), groups)):
            one, other = first.reweighted(weights), second.reweighted(weights)
            for name in chosen:
                draws[name][k] = METRICS[name].compute(one) - METRICS[name].compute(other)
        own = {
            name: METRICS[name].compute(first) - METRICS[name].compute(second) for name in chosen
        }
    return {name: Interval(own[name], *plan.ends(draws[name])) for name in chosen}


@dataclass(frozen=True)
class Resampling:
    """How a bootstrap draws.

    Attributes
    ----------
    n_boot : int
        Number of replicates.
    seed : int
    level : float
        Share of replicates inside the interval.
    """

    n_boot: int = 500
    seed: int = 0
    level: float = 0.95

    def weights(self, n_rows: int, groups: ArrayLike | None) -> Iterator[Array]:
        """Yield how often every row counts in each replicate; nothing where all are one group.

        One group is the sample itself in every draw: it tells nothing of how sure a figure is.
        """
        codes = np.arange(n_rows)
        if groups is not None:
            names = np.asarray(groups)
            if names.shape != (n_rows,):
                raise ModelError(
                    f"groups must name one group a row: expected {n_rows:,}, got {names.shape}."
                )
            codes = np.unique(names, return_inverse=True)[1]
        n_groups = int(codes.max()) + 1
        if n_groups == 1:
            return
        rng = np.random.default_rng(self.seed)
        for _ in range(self.n_boot):
            drawn = rng.integers(0, n_groups, n_groups)
            counts = np.bincount(drawn, minlength=n_groups).astype(np.float64)
            yield counts if groups is None else counts[codes]

    def ends(self, draws: Array) -> tuple[float, float]:
        """Return the quantiles that hold ``level`` of the draws between them.

        Of B draws the one at rank ``q (B + 1)`` is taken (Efron and Tibshirani 1993, 12.5): ranks
        of ``q (B - 1)`` leave 93 % between the ends of 100 draws that should hold 95 %.
        """
        known = draws[~np.isnan(draws)]
        if known.size < 2:
            return float("nan"), float("nan")
        tail = (1 - self.level) / 2
        low, high = np.quantile(known, [tail, 1 - tail], method="weibull")
        return float(low), float(high)


def corrected_interval(values: ArrayLike, *, test_share: float, level: float = 0.95) -> Interval:
    """Return the mean over folds with the corrected resampled t interval.

    Parameters
    ----------
    values : array of shape (n_folds,)
        A metric, or the paired difference of two models, on each fold.
    test_share : float, in (0, 1)
        Share of the rows that each fold tests on: 1/3 for three splits.
    level : float

    Returns
    -------
    Interval
        Ends are NaN for a single fold.

    Notes
    -----
    Training parts overlap, so fold values are not independent and a plain t interval is too
    narrow. ``variance = s^2 * (1 / n_folds + n_test / n_train)``, with n_folds - 1 degrees of
    freedom.

    References
    ----------
    Nadeau and Bengio (2003), Inference for the generalization error, Machine Learning 52,
    239-281.

    Examples
    --------
    >>> corrected_interval([0.5, 0.5, 0.5], test_share=1 / 3)
    Interval(estimate=0.5, low=0.5, high=0.5)
    """
    folds = np.asarray(values, dtype=np.float64)
    mean = float(folds.mean())
    if folds.size < 2:
        return Interval(mean, float("nan"), float("nan"))
    scale = np.sqrt(folds.var(ddof=1) * (1 / folds.size + test_share / (1 - test_share)))
    reach = float(scale * student.ppf((1 + level) / 2, folds.size - 1))
    return Interval(mean, mean - reach, mean + reach)
