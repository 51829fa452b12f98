"""Is the level of the PDs right? What to say when it is not, beside any figure of rank."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from delinquency.metrics.intervals import Interval
from delinquency.metrics.metric import Outcomes

TINY = 1e-9


def level_p_value(
    y_true: ArrayLike, pd_hat: ArrayLike, *, groups: ArrayLike | None = None
) -> float:
    """Return how often chance alone puts bads as far from what a right model expects.

    Parameters
    ----------
    y_true : array of shape (n_rows,), 0 (good) or 1 (bad)
    pd_hat : array of shape (n_rows,), in [0, 1]
    groups : array of shape (n_rows,), optional
        Rows of one group fall bad together; each row is its own when not given.

    Returns
    -------
    float
        Two-sided; 1 where every PD is 0 or 1 and holds.

    Notes
    -----
    ``(bads - expected) / sd`` against the normal; sd^2 is ``sum(p (1 - p))``, what the PDs
    themselves say, times the design effect of the groups where that is above 1: the squares of
    every group's bads less expected over those of every row's.

    References
    ----------
    Spiegelhalter (1986), Statistics in Medicine 5, 421-433, on the variance under the model; Kish
    (1965), Survey Sampling, on the design effect.

    Examples
    --------
    >>> round(level_p_value([1, 0, 0, 0], [0.25, 0.25, 0.25, 0.25]), 3)
    1.0
    """
    outcomes = Outcomes.of(y_true, pd_hat)
    missed = outcomes.bad - outcomes.pd_hat
    variance = float((outcomes.pd_hat * (1 - outcomes.pd_hat)).sum())
    if groups is not None:
        codes = np.unique(np.asarray(groups), return_inverse=True)[1][outcomes.order]
        apart = float((missed**2).sum())
        together = float((np.bincount(codes, missed) ** 2).sum())
        variance *= max(together / apart, 1.0) if apart else 1.0
    total = float(missed.sum())
    if variance <= 0:
        return 1.0 if abs(total) < TINY else 0.0
    return float(2 * norm.sf(abs(total) / np.sqrt(variance)))


def level_in_words(ratio: Interval, *, n: int, bads: float) -> str:
    """Return in words how the PDs' level is off, or "" where the interval includes 1.

    Parameters
    ----------
    ratio : Interval
        Bads over expected.
    n : int
        Rows.
    bads : float
        Bads that were seen.

    Returns
    -------
    str

    Examples
    --------
    >>> level_in_words(Interval(0.8, 0.7, 0.9), n=1000, bads=40)
    'The level is off: 5.00 % bad were expected, 4.00 % were seen (bads over expected 0.80 [0.70, \
0.90]). The order of risk does not suffer; a PD taken as a probability does: it is too high.'
    >>> level_in_words(Interval(1.02, 0.95, 1.1), n=1000, bads=40)
    ''
    """
    if not (ratio.low > 1 or ratio.high < 1) or not n or not ratio.estimate > 0:
        return ""
    seen = bads / n
    way = "high" if ratio.high < 1 else "low"
    digits = 2
    while digits < 12 and f"{ratio.estimate:.{digits}f}" == f"{1:.{digits}f}":
        digits += 1
    figures = ", ".join(f"{end:.{digits}f}" for end in (ratio.low, ratio.high))
    return (
        f"The level is off: {seen / ratio.estimate:.2%} bad were expected, {seen:.2%} were seen "
        f"(bads over expected {ratio.estimate:.{digits}f} [{figures}]). The order of risk does "
        f"not suffer; a PD taken as a probability does: it is too {way}."
    ).replace("%", " %")
