"""Metrics that see only the order of the predictions: any rising transform leaves them alone."""

import numpy as np

from delinquency.metrics.metric import Outcomes, metric

TOP_SHARE = 0.1
"""Share of the riskiest accounts of which the top-decile metrics speak."""


def bads_among_riskiest(outcomes: Outcomes, n: float) -> float:
    """Return how many bads the ``n`` riskiest rows hold; a run of equal predictions pro rata.

    Within such a run the order of the file would decide, which may tell the outcome.
    """
    bads, goods = outcomes.curve
    return float(np.interp(n, bads + goods, bads))


@metric("roc_auc", greater_is_better=True, ideal=1.0, title="ROC AUC")
def roc_auc(outcomes: Outcomes) -> float:
    """Chance that a bad account is ranked above a good one; equal predictions count half.

    References
    ----------
    Hanley and McNeil (1982), Radiology 143(1), 29-36.
    """
    bads, goods = outcomes.curve
    pairs = bads[-1] * goods[-1]
    if pairs == 0:
        return float("nan")
    return float(np.diff(goods) @ (bads[1:] + bads[:-1]) / 2 / pairs)


@metric("pr_auc", greater_is_better=True, ideal=1.0, title="PR AUC")
def pr_auc(outcomes: Outcomes) -> float:
    """Average precision: precision at every distinct prediction, weighted by the recall it adds.

    References
    ----------
    Davis and Goadrich (2006), ICML, 233-240, on why the curve is not interpolated linearly.
    """
    bads, goods = outcomes.curve
    if bads[-1] == 0:
        return float("nan")
    caught = bads[1:] + goods[1:]
    precision = np.divide(bads[1:], caught, out=np.zeros_like(caught), where=caught > 0)
    return float(np.diff(bads) @ precision / bads[-1])


@metric("gini", greater_is_better=True, ideal=1.0, title="Gini")
def gini(outcomes: Outcomes) -> float:
    """Twice the ROC AUC less one: 0 for chance, 1 for a perfect ranking."""
    return 2 * roc_auc.compute(outcomes) - 1


@metric("ks", greater_is_better=True, ideal=1.0, title="KS")
def ks(outcomes: Outcomes) -> float:
    """Largest distance by which the share of bads caught runs ahead of the share of goods.

    Notes
    -----
    Looked for only where the prediction changes: inside a run of equal predictions no cut-off
    exists, and the order of its rows would be an accident.
    """
    bads, goods = outcomes.curve
    if bads[-1] * goods[-1] == 0:
        return float("nan")
    return float(np.max(bads / bads[-1] - goods / goods[-1]))


@metric("capture_top_decile", greater_is_better=True, ideal=1.0, title="Capture, top decile")
def capture_top_decile(outcomes: Outcomes) -> float:
    """Share of all bads among the riskiest tenth; a run of equal predictions is cut pro rata.

    Notes
    -----
    The best possible value is ``min(1, 0.1 / bad rate)``.
    """
    bads, goods = outcomes.curve
    if bads[-1] == 0:
        return float("nan")
    return bads_among_riskiest(outcomes, TOP_SHARE * (bads[-1] + goods[-1])) / float(bads[-1])


@metric("lift_top_decile", greater_is_better=True, ideal=10.0, title="Lift, top decile")
def lift_top_decile(outcomes: Outcomes) -> float:
    """Bad rate of the riskiest tenth over the bad rate of all."""
    return capture_top_decile.compute(outcomes) / TOP_SHARE
