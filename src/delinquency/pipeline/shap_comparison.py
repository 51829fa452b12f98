"""Hold our feature values against those of ``shap.TreeExplainer`` on a sample of rows."""

import numpy as np
import pandas as pd

from delinquency.modeling.fitted_model import DelinquencyModel
from delinquency.shapley import TraitExplainer

ROWS, BACKGROUND = 20, 100
"""shap's time and memory grow with the product of the two and the trees."""
ADDS_UP = 1e-4
"""Log-odds within which shap's values add up to the score in single precision."""


def against_shap(
    model: DelinquencyModel, development: pd.DataFrame, test: pd.DataFrame, *, seed: int
) -> tuple[tuple[float, int, int] | None, str]:
    """Return how far our feature values lie from shap's, both against the same rows.

    Parameters
    ----------
    model : DelinquencyModel
    development, test : DataFrame
        Features; the background is drawn from the first, the rows from the second.
    seed : int

    Returns
    -------
    tuple
        Largest distance in log-odds, rows and background rows; and "" or, with None, why shap
        cannot explain this model.

    Notes
    -----
    With one trait over all features our values are ordinary interventional Shapley values, which
    is what shap computes; shap sums in single precision, so that 1e-6 is as near as it comes.
    It reads a split on names (categories) as one on numbers, without a word: where its own values
    do not add up to the model's score they are no measure of ours.
    """
    import shap

    rng = np.random.default_rng(seed)
    background, rows = (
        model.matrix(X.iloc[np.sort(rng.choice(len(X), min(n, len(X)), replace=False))])
        for X, n in ((development, BACKGROUND), (test, ROWS))
    )
    try:
        peer = shap.TreeExplainer(
            model.booster, data=background, feature_perturbation="interventional"
        )
        theirs = np.asarray(peer.shap_values(rows, check_additivity=False))
    except (ValueError, TypeError, NotImplementedError, AssertionError) as error:
        return None, str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    score = model.booster.predict(rows, raw_score=True)
    missed = np.abs(theirs.sum(axis=1) + peer.expected_value - score).max()
    if missed > ADDS_UP:
        return None, f"its values miss the model's score by {missed:.2g}, as with splits on names."
    names = model.booster.feature_name()
    ours = TraitExplainer(
        model.booster, dict.fromkeys(names, "all"), background=background
    ).explain(rows, features=True)
    gap = float(np.abs(ours.feature_values - theirs).max())
    return (gap, len(rows), len(background)), ""
