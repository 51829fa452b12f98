"""Reads the trees of a CatBoost model with numeric features from its JSON form.

CatBoost compares float32 numbers and goes right *above* a border. Its symmetric trees are unfolded
with the last split at the root, which is how its own ShapValues read them. Leaf weights are the
row counts of the path-dependent game; where a leaf has none, only a background gives one.
"""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delinquency.errors import UnsupportedModelError
from delinquency.shapley.forest import MISSING_NAN, Forest, join_trees
from delinquency.shapley.model_outputs import class_offset


def read_catboost(model: Any, *, class_index: int | None = None) -> Forest:
    """Read the trees of one output of a CatBoost model.

    Parameters
    ----------
    model : catboost.CatBoost, CatBoostClassifier or CatBoostRegressor
    class_index : int or None
        Which class of a multiclass model; None for a model with one output.

    Returns
    -------
    Forest

    Raises
    ------
    UnsupportedModelError
        If the model splits on categories or texts.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        model.save_model(str(path), format="json")
        stored = json.loads(path.read_text())
    features = stored["features_info"]["float_features"]
    flat = np.array([one["flat_feature_index"] for one in features], np.int64)
    # Only "AsTrue" makes a missing value pass a border; else the comparison is false.
    missing_left = np.array([one.get("nan_value_treatment") != "AsTrue" for one in features])
    scale, bias = stored["scale_and_bias"]
    biases = np.atleast_1d(np.array(bias, np.float64))
    own = class_offset(class_index, len(biases))
    read = _Reader(flat, missing_left, float(scale), own, len(biases))
    if "oblivious_trees" in stored:
        trees = [read.symmetric(tree) for tree in stored["oblivious_trees"]]
    else:
        trees = [read.nested(tree) for tree in stored["trees"]]
    loss = str(model.get_all_params().get("loss_function", ""))
    return join_trees(
        tuple(str(name) for name in model.feature_names_),
        trees,
        base=float(biases[own]),
        scale="log-odds" if loss in ("Logloss", "CrossEntropy") else "raw score",
        single_precision=True,
    )


class _Reader:
    """Turns trees into arrays."""

    def __init__(
        self,
        flat: NDArray[np.int64],
        missing_left: NDArray[np.bool_],
        scale: float,
        output: int,
        n_outputs: int,
    ):
        self._flat, self._missing_left = flat, missing_left
        self._scale, self._output, self._n_outputs = scale, output, n_outputs

    def symmetric(self, tree: Mapping[str, Any]) -> dict[str, Any]:
        """Unfold a symmetric tree, its last split at the root: level after level."""
        splits = list(reversed(tree["splits"] or []))
        depth = len(splits)
        weight = np.array(tree["leaf_weights"], np.float64)
        # The nodes of a level are the leaves' numbers without the bits of the levels below.
        levels = [weight.reshape(1 << level, -1).sum(axis=1) for level in range(depth)]
        n_nodes = (1 << depth) - 1
        node = np.arange(n_nodes)
        left, right = 2 * node + 1, 2 * node + 2
        inner = left < n_nodes
        level_of = np.repeat(np.arange(depth), [1 << level for level in range(depth)])
        return {
            **self._splits([splits[level] for level in level_of]),
            "left": np.where(inner, left, ~(left - n_nodes)),
            "right": np.where(inner, right, ~(right - n_nodes)),
            "node_count": np.concatenate([np.empty(0), *levels]),
            "leaf_count": weight,
            "leaf_value": self._values(np.array(tree["leaf_values"], np.float64)),
        }

    def nested(self, tree: Mapping[str, Any]) -> dict[str, Any]:
        """Lay out a tree of any shape, depth first."""
        splits: list[Mapping[str, Any]] = []
        left: list[int] = []
        right: list[int] = []
        counts: list[float] = []
        values: list[Any] = []
        weights: list[float] = []

        def lay(node: Mapping[str, Any]) -> tuple[int, float]:
            if "split" not in node:
                values.append(node["value"])
                weights.append(float(node["weight"]))
                return ~(len(values) - 1), weights[-1]
            place = len(splits)
            splits.append(node["split"])
            for store in (left, right):
                store.append(0)
            counts.append(0.0)
            left[place], low = lay(node["left"])
            right[place], high = lay(node["right"])
            counts[place] = low + high
            return place, low + high

        lay(tree)
        return {
            **self._splits(splits),
            "left": np.array(left, np.int64),
            "right": np.array(right, np.int64),
            "node_count": np.array(counts),
            "leaf_count": np.array(weights),
            "leaf_value": self._values(np.array(values, np.float64).ravel()),
        }

    def _values(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the explained output's leaf values: a leaf's outputs lie side by side."""
        return values.reshape(-1, self._n_outputs)[:, self._output] * self._scale

    def _splits(self, splits: list[Mapping[str, Any]]) -> dict[str, Any]:
        other = sorted({str(one.get("split_type")) for one in splits} - {"FloatFeature"})
        if other:
            raise UnsupportedModelError(
                f"Expected CatBoost splits of numbers. Got {', '.join(other)}. "
                "Give categories and texts as numbers of your own and fit again."
            )
        feature = np.array([one["float_feature_index"] for one in splits], np.int64)
        border = np.array([one["border"] for one in splits], np.float32)
        return {
            "kind": np.full(len(splits), MISSING_NAN),
            "default_left": self._missing_left[feature],
            "feature": self._flat[feature],
            "threshold": border.astype(np.float64),
            "bitsets": {},
        }
