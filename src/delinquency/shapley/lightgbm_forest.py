"""Reads the trees of a LightGBM booster from its model text.

A random forest (``boosting=rf``) is the mean of its trees: its leaves are divided by their number,
as ``predict`` does it. LightGBM's own ``predict(raw_score=True)`` leaves the sum.
Linear trees are refused: their leaves are no constants, so that a row's values are not sums over
the leaves that it may reach.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delinquency.errors import UnsupportedModelError
from delinquency.shapley.forest import CATEGORICAL, Forest, join_trees
from delinquency.shapley.model_outputs import class_offset

# Bits of LightGBM's `decision_type` (include/LightGBM/tree.h).
_CATEGORICAL_BIT = 1
_DEFAULT_LEFT_BIT = 2
_MISSING_SHIFT = 2


def read_lightgbm(booster: Any, *, class_index: int | None = None) -> Forest:
    """Read the trees of one output of a booster, up to its best iteration.

    Parameters
    ----------
    booster : lightgbm.Booster
    class_index : int or None
        Which class of a multiclass booster; None for a booster with one output.

    Returns
    -------
    Forest

    Raises
    ------
    UnsupportedModelError
        If the trees are linear.
    ModelError
        If ``class_index`` does not fit the booster.
    """
    header, blocks = _sections(booster.model_to_string())
    stride = int(header["num_tree_per_iteration"])
    first = class_offset(class_index, stride)
    trees = [_read_tree(block) for block in blocks[first::stride]]
    if "average_output" in header:
        for tree in trees:
            tree["leaf_value"] = tree["leaf_value"] / len(trees)
    objective = header.get("objective", "").split(" ")[0]
    return join_trees(
        tuple(header["feature_names"].split()),
        trees,
        pandas_categories=_categories(booster),
        renames_blanks=True,
        scale=_SCALES.get(objective, "raw score"),
    )


_SCALES = {
    "binary": "log-odds",
    "cross_entropy": "log-odds",
    "poisson": "log of the mean",
    "gamma": "log of the mean",
    "tweedie": "log of the mean",
}


def _categories(booster: Any) -> list[list[Any]]:
    return [list(values) for values in getattr(booster, "pandas_categorical", None) or []]


def _sections(text: str) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Split a model text into its header and one mapping a tree."""
    head, _, rest = text.partition("\nTree=")
    body = rest.partition("\nend of trees")[0]
    blocks = body.split("\nTree=") if body else []
    return _entries(head), [_entries(block) for block in blocks]


def _entries(text: str) -> dict[str, str]:
    return {key: value for key, _, value in (line.partition("=") for line in text.splitlines())}


def _numbers(block: Mapping[str, str], key: str) -> NDArray[np.float64]:
    return np.array([float(word) for word in block.get(key, "").split()], dtype=np.float64)


def _read_tree(block: Mapping[str, str]) -> dict[str, Any]:
    """Turn one tree's text into arrays."""
    if block.get("is_linear", "0") != "0":
        raise UnsupportedModelError(
            "Expected trees with a constant in each leaf. Got a linear tree. "
            "Train with linear_tree=false."
        )
    decision = _numbers(block, "decision_type").astype(np.int64)
    if int(block["num_leaves"]) == 1:
        decision = decision[:0]
    categorical = (decision & _CATEGORICAL_BIT) > 0
    tree: dict[str, Any] = {
        "kind": np.where(categorical, CATEGORICAL, (decision >> _MISSING_SHIFT) & 3),
        # A missing category goes right, whatever the bit says.
        "default_left": ((decision & _DEFAULT_LEFT_BIT) > 0) & ~categorical,
        "leaf_value": _numbers(block, "leaf_value"),
        "leaf_count": _numbers(block, "leaf_count"),
        "threshold": _numbers(block, "threshold"),
        "node_count": _numbers(block, "internal_count"),
        "feature": _numbers(block, "split_feature").astype(np.int64),
        "left": _numbers(block, "left_child").astype(np.int64),
        "right": _numbers(block, "right_child").astype(np.int64),
        "bitsets": {},
    }
    if categorical.any():
        bounds = _numbers(block, "cat_boundaries").astype(np.int64)
        words = _numbers(block, "cat_threshold").astype(np.uint32)
        for node in np.flatnonzero(categorical):
            at = int(tree["threshold"][node])
            tree["bitsets"][int(node)] = words[bounds[at] : bounds[at + 1]]
    return tree
