"""Metrics that take the predictions at their word, as probabilities."""

import numpy as np

from delinquency.log_odds import probability
from delinquency.metrics.metric import Array, Outcomes, metric

SMALLEST = 1e-15
"""Predictions of exactly 0 and 1 are moved inward by this much before a logarithm is taken."""
ECE_BINS = 15
NEWTON_STEPS = 30
FLAT = 1e-9
"""A step, or a curvature, smaller than this ends the search for a recalibration line."""


@metric("log_loss", greater_is_better=False, ideal=0.0, title="Log loss")
def log_loss(outcomes: Outcomes) -> float:
    """Mean of minus the log of the probability that was given to what happened."""
    p = np.clip(outcomes.pd_hat, SMALLEST, 1 - SMALLEST)
    losses = -np.where(outcomes.bad == 1, np.log(p), np.log1p(-p))
    return float(outcomes.weights @ losses / outcomes.total)


@metric("brier", greater_is_better=False, ideal=0.0, title="Brier score")
def brier(outcomes: Outcomes) -> float:
    """Mean squared distance between prediction and outcome.

    References
    ----------
    Brier (1950), Monthly Weather Review 78(1), 1-3.
    """
    return float(outcomes.weights @ (outcomes.pd_hat - outcomes.bad) ** 2 / outcomes.total)


@metric("brier_skill", greater_is_better=True, ideal=1.0, title="Brier skill")
def brier_skill(outcomes: Outcomes) -> float:
    """One less the Brier score over that of predicting the bad rate for everybody."""
    rate = outcomes.bads / outcomes.total
    if rate in (0.0, 1.0):
        return float("nan")
    return 1 - brier.compute(outcomes) / (rate * (1 - rate))


@metric("ece", greater_is_better=False, ideal=0.0, title="ECE, 15 equal-mass bins")
def ece(outcomes: Outcomes) -> float:
    """Mean distance of prediction and bad rate over 15 bins: expected calibration error.

    Notes
    -----
    Bins hold equal numbers of rows, and the mean is weighted by them. Chance alone gives a value
    above 0: about 0.01 for 10,000 rows with 22 % bads.

    References
    ----------
    Nixon et al. (2019), Measuring calibration in deep learning, CVPR workshops.
    """
    gap = outcomes.weights * (outcomes.pd_hat - outcomes.bad)
    return float(np.abs(np.bincount(outcomes.bins(ECE_BINS), gap)).sum() / outcomes.total)


@metric("calibration_slope", greater_is_better=None, ideal=1.0, title="Calibration slope")
def calibration_slope(outcomes: Outcomes) -> float:
    """Slope b of the recalibration ``logit P(bad) = a + b * logit(pd_hat)``.

    Below 1 the predictions are too far apart (overfitted), above 1 too close together.

    References
    ----------
    Cox (1958), Biometrika 45(3/4), 562-565; Van Calster et al. (2019), BMC Medicine 17:230.
    """
    return _recalibration_line(outcomes)[1]


@metric("calibration_intercept", greater_is_better=None, ideal=0.0, title="Calibration intercept")
def calibration_intercept(outcomes: Outcomes) -> float:
    """Intercept a of ``logit P(bad) = a + logit(pd_hat)``: calibration in the large.

    Above 0 the predictions are too low on the whole. The slope is held at 1, so that the figure
    speaks of the level alone.

    References
    ----------
    Van Calster et al. (2019), BMC Medicine 17:230.
    """
    if outcomes.bads in (0.0, outcomes.total):
        return float("nan")
    logits, bad, weights = _counting(outcomes)
    shift = 0.0
    for _ in range(NEWTON_STEPS):
        p = probability(shift + logits)
        curvature = weights @ (p * (1 - p))
        if curvature < FLAT:
            return float("nan")
        step = float(np.clip(weights @ (bad - p) / curvature, -2.0, 2.0))
        shift += step
        if abs(step) < FLAT:
            return shift
    return float("nan")


@metric("observed_expected", greater_is_better=None, ideal=1.0, title="Observed / expected")
def observed_expected(outcomes: Outcomes) -> float:
    """Bads over the number of them that was predicted."""
    expected = outcomes.weights @ outcomes.pd_hat
    return float(outcomes.bads / expected) if expected > 0 else float("nan")


def _counting(outcomes: Outcomes) -> tuple[Array, Array, Array]:
    """Return logits, outcomes and weights of the rows that count; a replicate lacks a third."""
    rows = outcomes.weights > 0
    if rows.all():
        return outcomes.logits, outcomes.bad, outcomes.weights
    return outcomes.logits[rows], outcomes.bad[rows], outcomes.weights[rows]


def _recalibration_line(outcomes: Outcomes) -> tuple[float, float]:
    """Return intercept and slope by Newton's method; NaN where no finite line is best.

    The bootstrap asks for it hundreds of times, and scikit-learn's solver needs thirty times as
    long for one column (a test holds the two against each other).
    """
    missing = float("nan"), float("nan")
    if outcomes.bads in (0.0, outcomes.total) or len(outcomes.ends) == 1:
        return missing
    x, bad, w = _counting(outcomes)
    # Around its middle the two parameters hardly depend on each other, and Newton is stable.
    middle = float(w @ x / outcomes.total)
    x = x - middle
    level, slope = middle, 1.0
    for _ in range(NEWTON_STEPS):
        p = probability(level + slope * x)
        curve = w * p * (1 - p)
        missed = w * (bad - p)
        h00, h01, h11 = curve.sum(), curve @ x, curve @ x**2
        determinant = h00 * h11 - h01**2
        if determinant < FLAT or abs(slope) > 1e4:
            return missing
        g0, g1 = missed.sum(), missed @ x
        steps = np.array([h11 * g0 - h01 * g1, h00 * g1 - h01 * g0]) / determinant
        steps /= max(1.0, np.abs(steps).max() / 2)
        level, slope = level + float(steps[0]), slope + float(steps[1])
        if np.abs(steps).max() < FLAT:
            return level - slope * middle, slope
    return missing
