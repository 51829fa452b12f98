"""What single features add, for an account that a person opens, and the interaction left over."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delinquency.errors import ModelError
from delinquency.shapley.booster_matrix import booster_name
from delinquency.shapley.explainer import PATH_DEPENDENT, Explanation


@dataclass(frozen=True)
class FeatureContributions:
    """TreeSHAP values of single features.

    Attributes
    ----------
    values : ndarray of shape (n_rows, n_features), float64
        On the scale of the raw score.
    feature_names : tuple of str
        The booster's features, in the order of the columns.
    base_value : float
        Expected raw score when nothing is known of a row.
    """

    values: NDArray[np.float64]
    feature_names: tuple[str, ...]
    base_value: float


def feature_contributions(
    booster: Any, rows: Any, *, class_index: int | None = None
) -> FeatureContributions:
    """Return LightGBM's own path-dependent value of every feature: slow, for opened accounts.

    Parameters
    ----------
    booster : lightgbm.Booster
    rows : DataFrame or ndarray of shape (n_rows, n_features)
        Columns in the booster's order.
    class_index : int or None
        Which class of a multiclass booster.

    Returns
    -------
    FeatureContributions
    """
    names = tuple(booster.feature_name())
    width = len(names) + 1
    found = np.asarray(booster.predict(rows, pred_contrib=True), dtype=np.float64)
    n_outputs = found.shape[1] // width
    if n_outputs > 1 and class_index is None:
        raise ModelError(
            f"class_index must be 0..{n_outputs - 1} for a booster with {n_outputs} outputs. "
            "Got None."
        )
    first = (class_index or 0) * width
    own = found[:, first : first + width]
    return FeatureContributions(own[:, :-1], names, float(own[0, -1]) if len(own) else np.nan)


def interaction_gap(
    explanation: Explanation, contributions: FeatureContributions, traits: Mapping[str, str]
) -> NDArray[np.float64]:
    """Return what each trait's value is above the sum of its features' values.

    Both add up to the raw score, so a row's gaps sum to zero. A gap is zero where the trait's
    features do not interact with those of other traits: it measures how far the two ways of
    sharing out cross-trait interaction differ.

    Parameters
    ----------
    explanation : Explanation
        Of the path-dependent game, which the feature values are of.
    contributions : FeatureContributions
        Of the same rows.
    traits : mapping of str to str
        The group of each feature.

    Returns
    -------
    ndarray of shape (n_rows, n_groups)

    Raises
    ------
    ModelError
        If the explanation is of another game: its difference would not be interaction alone.
    """
    if explanation.game != PATH_DEPENDENT:
        raise ModelError(
            f"The gap needs an explanation of the {PATH_DEPENDENT} game, as the features' values "
            f"are. Got the {explanation.game} one. Mend: build a TraitExplainer without a "
            "background for the opened accounts."
        )
    named = {booster_name(feature): group for feature, group in traits.items()}
    place = {group: at for at, group in enumerate(explanation.traits)}
    gap = explanation.values.copy()
    for at, feature in enumerate(contributions.feature_names):
        gap[:, place[named[feature]]] -= contributions.values[:, at]
    return gap
