"""LIME, a baseline of the audit: a linear model fitted to samples around one account.

It runs where the ``lime`` package is installed (``make bench-setup``) and nowhere else.
"""

import importlib
import importlib.util
from collections.abc import Callable

import numpy as np

from delinquency.panel.windows import Array

SAMPLES = 3000
"""Points drawn around an account; with a few hundred features fewer give mostly noise."""


def is_installed() -> bool:
    """Return whether LIME can be run here."""
    return importlib.util.find_spec("lime") is not None


def surrogate_contributions(
    predict: Callable[[Array], Array],
    background: Array,
    rows: Array,
    *,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> Array:
    """Return LIME's contributions of every feature, one account at a time.

    Parameters
    ----------
    predict : callable
        Matrix of shape (n, n_features) -> probabilities of shape (n,).
    background : ndarray of shape (n_background, n_features)
        Accounts that give centre, spread and the medians that stand for missing values: LIME
        knows no missing value.
    rows : ndarray of shape (n_rows, n_features)
    seed : int
    progress : callable, optional
        Called with the accounts done and those there will be.

    Returns
    -------
    ndarray of shape (n_rows, n_features)
        Slope of the surrogate times the distance from the centre, on probabilities.

    References
    ----------
    Ribeiro, Singh and Guestrin (KDD 2016), "Why should I trust you?".
    """
    tabular = importlib.import_module("lime.lime_tabular")
    medians = np.nanmedian(background, axis=0)
    medians = np.where(np.isfinite(medians), medians, 0.0)
    known = np.where(np.isfinite(background), background, medians)
    explainer = tabular.LimeTabularExplainer(
        known, discretize_continuous=False, feature_selection="none", random_state=seed
    )
    centre, spread = explainer.scaler.mean_, explainer.scaler.scale_
    points = np.where(np.isfinite(rows), rows, medians)

    def both_classes(matrix: Array) -> Array:
        bad = predict(matrix)
        return np.column_stack([1.0 - bad, bad])

    out = np.zeros(rows.shape)
    for number, point in enumerate(points):
        found = explainer.explain_instance(
            point, both_classes, num_features=rows.shape[1], num_samples=SAMPLES
        )
        for feature, slope in found.local_exp[1]:
            out[number, feature] = slope * (point[feature] - centre[feature]) / spread[feature]
        if progress is not None:
            progress(number + 1, len(points))
    return out
