"""Reads the trees of an XGBoost model from its JSON form.

XGBoost compares float32 numbers and goes left *below* a threshold: values are rounded to float32,
and the threshold is the next number below it. Missing values go to a split's default side. Row
counts are sums of Hessians, as in XGBoost's own contributions. Its scores are float32, so values
add up to them to about 1e-6 of their size.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from delinquency.errors import ModelError, UnsupportedModelError
from delinquency.shapley.forest import (
    CATEGORICAL,
    MISSING_NAN,
    Forest,
    join_trees,
    split_numbering,
    words_of,
)
from delinquency.shapley.model_outputs import class_offset

_LOG_ODDS = ("binary:logistic", "binary:logitraw", "reg:logistic")
_LOGS = ("count:poisson", "reg:gamma", "reg:tweedie", "survival:cox", "survival:aft")


def read_xgboost(model: Any, *, class_index: int | None = None) -> Forest:
    """Read the trees of one output of an XGBoost model.

    Parameters
    ----------
    model : xgboost.Booster, XGBClassifier, XGBRegressor, XGBRFClassifier or XGBRFRegressor
        The trees are those that its ``predict`` uses: of an estimator with early stopping, up
        to the best iteration; of a Booster, all.
    class_index : int or None
        Which class of a multiclass model; None for a model with one output.

    Returns
    -------
    Forest

    Raises
    ------
    UnsupportedModelError
        For linear boosters, leaves with several values, and a missing value that is not NaN.
    """
    booster = model.get_booster() if hasattr(model, "get_booster") else model
    missing = getattr(model, "missing", np.nan)
    if missing is not None and not np.isnan(missing):
        raise UnsupportedModelError(
            f"Expected an XGBoost model whose missing value is NaN. Got missing={missing}. "
            "Replace it by NaN in the rows and fit again."
        )
    learner = json.loads(bytes(booster.save_raw("json")).decode())["learner"]
    gradient = learner["gradient_booster"]
    if "gbtree" in gradient:  # dart
        scales = [float(one) for one in gradient["weight_drop"]]
        stored = gradient["gbtree"]["model"]
    elif "model" in gradient and "trees" in gradient["model"]:
        stored = gradient["model"]
        scales = [1.0] * len(stored["trees"])
    else:
        raise UnsupportedModelError(
            f"Expected an XGBoost model of trees. Got booster={gradient.get('name')!r}."
        )
    outputs = max(int(learner["learner_model_param"].get("num_class", "0")), 1)
    if int(learner["learner_model_param"].get("num_target", "1")) > 1:
        raise UnsupportedModelError("Expected an XGBoost model with one target. Got several.")
    own = class_offset(class_index, outputs)
    n_used = _n_trees_used(model, stored)
    trees = [
        _read_tree(tree, scale)
        for tree, scale, output in list(
            zip(stored["trees"], scales, stored["tree_info"], strict=True)
        )[:n_used]
        if int(output) == own
    ]
    names = booster.feature_names or [f"f{at}" for at in range(booster.num_features())]
    objective = learner["objective"]["name"]
    return join_trees(
        tuple(str(name) for name in names),
        trees,
        base=_base(learner["learner_model_param"]["base_score"], objective, own),
        scale=(
            "log-odds"
            if objective in _LOG_ODDS
            else "log of the mean"
            if objective in _LOGS
            else "raw score (margin)"
        ),
        single_precision=True,
    )


def _n_trees_used(model: Any, stored: Mapping[str, Any]) -> int:
    """Return how many trees prediction uses."""
    if not hasattr(model, "get_booster"):
        return len(stored["trees"])
    try:
        best = int(model.best_iteration)
    except AttributeError:  # no early stopping
        return len(stored["trees"])
    return int(stored["iteration_indptr"][best + 1])


def _base(text: str, objective: str, output: int) -> float:
    """Return the base score on the scale of the trees' sum; it is stored on the output's."""
    numbers = np.array(json.loads(text if text.startswith("[") else f"[{text}]"), np.float32)
    score = float(numbers[output] if len(numbers) > 1 else numbers[0])
    if objective in _LOG_ODDS:
        return float(logit(score))
    return float(np.log(score)) if objective in _LOGS else score


def _read_tree(tree: Mapping[str, Any], scale: float) -> dict[str, Any]:
    """Turn one tree into arrays."""
    if int(tree["tree_param"].get("size_leaf_vector", "1")) > 1:
        raise UnsupportedModelError(
            "Expected XGBoost trees with one value a leaf. Got vector leaves. "
            "Fit with multi_strategy='one_output_per_tree'."
        )
    left, right = (np.array(tree[side], np.int64) for side in ("left_children", "right_children"))
    splits, leaves, lower, upper = split_numbering(left == -1, left, right)
    condition = np.array(tree["split_conditions"], np.float32)
    hessian = np.array(tree["sum_hessian"], np.float64)
    default_left = np.array(tree["default_left"], np.int64)[splits] == 1
    categorical = np.array(tree.get("split_type", np.zeros(len(left))), np.int64)[splits] == 1
    bitsets: dict[int, NDArray[np.uint32]] = {}
    for node, begin, size in zip(
        tree.get("categories_nodes", ()),
        tree.get("categories_segments", ()),
        tree.get("categories_sizes", ()),
        strict=True,
    ):
        categories = np.array(tree["categories"][begin : begin + size], np.int64)
        if (categories < 0).any():
            raise ModelError(f"Categories must be >= 0. Got {categories.min()}.")
        bitsets[int(np.searchsorted(splits, node))] = words_of(categories)
    # XGBoost sends a set's categories right: the children are exchanged, and so is the side.
    lower, upper = np.where(categorical, upper, lower), np.where(categorical, lower, upper)
    return {
        "kind": np.where(categorical, CATEGORICAL, MISSING_NAN),
        "default_left": default_left ^ categorical,
        "feature": np.array(tree["split_indices"], np.int64)[splits],
        "threshold": np.nextafter(condition[splits], np.float32(-np.inf)).astype(np.float64),
        "left": lower,
        "right": upper,
        "node_count": hessian[splits],
        "leaf_count": hessian[leaves],
        "leaf_value": condition[leaves].astype(np.float64) * scale,
        "bitsets": bitsets,
    }
