"""Reads the trees of scikit-learn's histogram boosting, forests and single trees.

Histogram boosting compares float64 numbers and adds its trees up to a raw score. Forests compare
float32 numbers and average: their score is the mean or, for a classifier, the chance of one class,
and so are the values, which are then no log-odds.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delinquency.errors import UnsupportedModelError
from delinquency.shapley.forest import (
    CATEGORICAL,
    MISSING_NAN,
    Forest,
    join_trees,
    split_numbering,
)
from delinquency.shapley.model_outputs import class_offset


def read_histogram_boosting(model: Any, *, class_index: int | None = None) -> Forest:
    """Read the trees of one output of a HistGradientBoosting model.

    Parameters
    ----------
    model : HistGradientBoostingClassifier or HistGradientBoostingRegressor
    class_index : int or None
        Which class of a multiclass model; None for a model with one output.

    Returns
    -------
    Forest

    Raises
    ------
    UnsupportedModelError
        If the model has categorical features: it puts them into another order inside.
    """
    if getattr(model, "is_categorical_", None) is not None:
        raise UnsupportedModelError(
            "Expected a HistGradientBoosting model without categorical features. Got some. "
            "Encode them yourself and fit with categorical_features=None."
        )
    own = class_offset(class_index, int(model.n_trees_per_iteration_))
    base = np.asarray(model._baseline_prediction, np.float64).ravel()
    loss = type(model._loss).__name__
    return join_trees(
        _names(model),
        [_histogram_tree(iteration[own]) for iteration in model._predictors],
        base=float(base[own]),
        scale=_LINKS.get(loss, "raw score"),
    )


_LINKS = {
    "HalfBinomialLoss": "log-odds",
    "HalfPoissonLoss": "log of the mean",
    "HalfGammaLoss": "log of the mean",
}


def _histogram_tree(predictor: Any) -> dict[str, Any]:
    nodes = predictor.nodes
    is_leaf = nodes["is_leaf"].astype(bool)
    splits, leaves, left, right = split_numbering(
        is_leaf, nodes["left"].astype(np.int64), nodes["right"].astype(np.int64)
    )
    categorical = nodes["is_categorical"][splits].astype(bool)
    return {
        "kind": np.where(categorical, CATEGORICAL, MISSING_NAN),
        "default_left": nodes["missing_go_to_left"][splits].astype(bool),
        "feature": nodes["feature_idx"][splits].astype(np.int64),
        "threshold": nodes["num_threshold"][splits].astype(np.float64),
        "left": left,
        "right": right,
        "node_count": nodes["count"][splits].astype(np.float64),
        "leaf_count": nodes["count"][leaves].astype(np.float64),
        "leaf_value": nodes["value"][leaves].astype(np.float64),
        "bitsets": {},
    }


def read_averaged_trees(model: Any, *, class_index: int | None = None) -> Forest:
    """Read the trees of one output of a forest or a single tree.

    Parameters
    ----------
    model : RandomForest, ExtraTrees or DecisionTree, classifier or regressor
    class_index : int or None
        Which class a classifier gives the chance of; None for the second of two.

    Returns
    -------
    Forest

    Raises
    ------
    UnsupportedModelError
        If the model has several targets.
    """
    trees = list(getattr(model, "estimators_", [model]))
    if int(model.n_outputs_) != 1:
        raise UnsupportedModelError(f"Expected a forest with one target. Got {model.n_outputs_}.")
    own, scale = 0, "mean of the target"
    if hasattr(model, "classes_"):
        n_classes = len(model.classes_)
        own = 1 if class_index is None and n_classes == 2 else class_offset(class_index, n_classes)
        scale = f"chance of class {model.classes_[own]!s}"
    else:
        class_offset(class_index, 1)
    return join_trees(
        _names(model),
        [_averaged_tree(one.tree_, own, len(trees)) for one in trees],
        scale=scale,
        single_precision=True,
    )


def _averaged_tree(tree: Any, output: int, n_trees: int) -> Mapping[str, Any]:
    left, right = (
        np.asarray(side, np.int64) for side in (tree.children_left, tree.children_right)
    )
    splits, leaves, lower, upper = split_numbering(left == -1, left, right)
    value = np.asarray(tree.value, np.float64)[leaves, 0, :]
    if value.shape[1] > 1:  # a classifier: parts of the classes
        value = value / value.sum(axis=1, keepdims=True)
    missing: NDArray[Any] = np.asarray(tree.missing_go_to_left)
    weight = np.asarray(tree.weighted_n_node_samples, np.float64)
    return {
        "kind": np.full(len(splits), MISSING_NAN),
        "default_left": missing[splits].astype(bool),
        "feature": np.asarray(tree.feature, np.int64)[splits],
        "threshold": np.asarray(tree.threshold, np.float64)[splits],
        "left": lower,
        "right": upper,
        "node_count": weight[splits],
        "leaf_count": weight[leaves],
        "leaf_value": value[:, output] / n_trees,
        "bitsets": {},
    }


def _names(model: Any) -> tuple[str, ...]:
    names = getattr(model, "feature_names_in_", None)
    if names is not None:
        return tuple(str(name) for name in names)
    return tuple(f"x{at}" for at in range(int(model.n_features_in_)))
