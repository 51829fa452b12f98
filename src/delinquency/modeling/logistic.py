"""Logistic regression with a ridge penalty: scikit-learn's solver, never silent."""

import warnings

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import LinAlgWarning
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from delinquency.errors import ModelError

Array = NDArray[np.float64]
STEPS = 1_000
CLOSE = 1e-9


def fit_logistic(
    columns: ArrayLike, y: ArrayLike, *, l2: float = 1e-6, weights: Array | None = None
) -> Array:
    """Return intercept and coefficients of a logistic regression.

    Parameters
    ----------
    columns : array of shape (n_rows, n_columns), finite
    y : array of shape (n_rows,), 0 or 1
    l2 : float, >= 0
        Penalty ``l2 / 2 * sum(coefficient ** 2)`` on the summed log loss; not on the intercept.
    weights : array of shape (n_rows,), >= 0, or None
        How many rows each row stands for; None for one each.

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
    rate = np.average(target, weights=weights)
    if rate in (0.0, 1.0):
        raise ModelError(
            f"A logistic regression needs both outcomes. All {len(target):,} labels are {rate:g}."
        )
    regression = LogisticRegression(
        C=1 / l2 if l2 > 0 else np.inf, solver="newton-cholesky", tol=CLOSE, max_iter=STEPS
    )
    with warnings.catch_warnings():
        # At this tolerance the search may end because no step lowers the loss any more in double
        # precision, which scikit-learn reports as a failure though it is the optimum.
        warnings.simplefilter("ignore", ConvergenceWarning)
        # Columns that say the same leave it to L-BFGS, which ends at one of the equal optima.
        warnings.simplefilter("ignore", LinAlgWarning)
        regression.fit(x, target.astype(np.int64), sample_weight=weights)
    if regression.n_iter_.max() >= STEPS:
        raise ModelError(f"The logistic regression did not settle within {STEPS:,} steps.")
    return np.concatenate([regression.intercept_, regression.coef_[0]])
