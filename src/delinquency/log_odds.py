"""Between probabilities and log-odds, both ways, without an infinity at the ends."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

Array = NDArray[np.float64]
STEEPEST = 35.0
"""Log-odds beyond which a probability can no longer be told from 0 or 1."""


def probability(log_odds: ArrayLike) -> Array:
    """Return the probability of log-odds, strictly between 0 and 1.

    Examples
    --------
    >>> probability([0.0, 1000.0])
    array([0.5, 1. ])
    """
    return np.asarray(expit(np.clip(log_odds, -STEEPEST, STEEPEST)), dtype=np.float64)


def log_odds(probabilities: ArrayLike) -> Array:
    """Return the log-odds of probabilities, at most 35 away from 0.

    Examples
    --------
    >>> log_odds([0.5, 0.0, 1.0])
    array([  0., -35.,  35.])
    """
    found = logit(np.asarray(probabilities, dtype=np.float64))
    return np.asarray(np.clip(found, -STEEPEST, STEEPEST), dtype=np.float64)


def signed_text(log_odds: float) -> str:
    """Return log-odds to two decimals with their sign; "0.00" for what rounds to nothing.

    Examples
    --------
    >>> signed_text(0.584), signed_text(-0.111), signed_text(-0.004)
    ('+0.58', '-0.11', '0.00')
    """
    text = f"{log_odds:+.2f}"
    return "0.00" if text in ("+0.00", "-0.00") else text
