"""Logistic regression with a ridge penalty, by Newton's method: exact, quick, never silent."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from delinquency.errors import ModelError

Array = NDArray[np.float64]
STEPS = 100
CLOSE = 1e-8
HALVINGS = 30


def fit_logistic(columns: ArrayLike, y: ArrayLike, *, l2: float = 1e-6) -> Array:
    """Return intercept and coefficients of a logistic regression.

    Parameters
    ----------
    columns : array of shape (n_rows, n_columns), finite
    y : array of shape (n_rows,), 0 or 1
    l2 : float, >= 0
        Penalty ``l2 / 2 * sum(coefficient ** 2)`` on the summed log loss; not on the intercept.

    Returns
    -------
    ndarray of shape (1 + n_columns,)

    Raises
    ------
    ModelError
        If the labels are all equal, or the search does not end.

    References
    ----------
    Hastie, Tibshirani and Friedman (2009), The Elements of Statistical Learning, 4.4.1.
    """
    x, target = np.asarray(columns, dtype=np.float64), np.asarray(y, dtype=np.float64)
    rate = target.mean()
    if rate in (0.0, 1.0):
        raise ModelError(
            f"A logistic regression needs both outcomes. All {len(target):,} labels are {rate:g}."
        )
    x = np.column_stack([np.ones(len(x)), x])
    penalty = np.full(x.shape[1], l2)
    penalty[0] = 0.0
    beta = np.zeros(x.shape[1])
    beta[0] = np.log(rate / (1 - rate))

    def loss(at: Array) -> float:
        score = x @ at
        return float((np.logaddexp(0, score) - target * score).sum() + penalty @ at**2 / 2)

    before = loss(beta)
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -500, 500)))
        slope = x.T @ (p - target) + penalty * beta
        curvature = (x.T * (p * (1 - p))) @ x + np.diag(penalty + CLOSE)
        step = np.linalg.solve(curvature, slope)
        # Half steps until the loss falls: Newton may overshoot far from the optimum.
        for _ in range(HALVINGS):
            after = loss(beta - step)
            if after <= before:
                break
            step /= 2
        if before - after < CLOSE * (1 + abs(before)) or not np.isfinite(after):
            break
        beta, before = beta - step, after
    else:
        raise ModelError(f"The logistic regression did not settle within {STEPS} steps.")
    return beta
