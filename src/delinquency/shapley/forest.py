"""The trees of a LightGBM booster as flat arrays, read from its model text.

Only what a trait value depends on is kept: the splits, the leaves, and how many training rows
reached each of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delinquency.errors import ModelError, UnsupportedModelError

# Bits of LightGBM's `decision_type` (include/LightGBM/tree.h).
_CATEGORICAL_BIT = 1
_DEFAULT_LEFT_BIT = 2
_MISSING_SHIFT = 2

MISSING_NONE, MISSING_ZERO, MISSING_NAN, CATEGORICAL = range(4)
"""What a split does with a missing value: LightGBM's three types, then the category splits."""


@dataclass(frozen=True)
class Forest:
    """The trees that make one output of a booster.

    Internal nodes of all trees lie one after another, tree by tree, and so do the leaves.

    Attributes
    ----------
    feature_names : tuple of str
        The booster's features, in its order.
    pandas_categories : list of list
        Categories of each categorical frame column at training, in column order.
    node_start, leaf_start : ndarray of shape (n_trees + 1,)
        Where each tree's nodes and leaves begin.
    feature : ndarray of shape (n_nodes,)
        Index of the feature a node splits on.
    threshold : ndarray of shape (n_nodes,), float64
        A row goes left when its value is at most this.
    kind : ndarray of shape (n_nodes,)
        ``MISSING_NONE``, ``MISSING_ZERO``, ``MISSING_NAN`` or ``CATEGORICAL``.
    default_left : ndarray of shape (n_nodes,), bool
        Whether a missing value goes left.
    left, right : ndarray of shape (n_nodes,)
        Child within the tree: a node index, or ``~leaf`` for a leaf.
    node_count, leaf_count : ndarray, float64
        Training rows that reached the node or leaf.
    leaf_value : ndarray of shape (n_leaves,), float64
        What the leaf adds to the raw score.
    bitsets : mapping of int to ndarray of uint32
        For a categorical node, the categories that go left, 32 a word.
    """

    feature_names: tuple[str, ...]
    pandas_categories: list[list[Any]]
    node_start: NDArray[np.int64]
    leaf_start: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    kind: NDArray[np.int64]
    default_left: NDArray[np.bool_]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    node_count: NDArray[np.float64]
    leaf_count: NDArray[np.float64]
    leaf_value: NDArray[np.float64]
    bitsets: Mapping[int, NDArray[np.uint32]]

    @property
    def n_trees(self) -> int:
        """Number of trees."""
        return len(self.node_start) - 1


def read_forest(booster: Any, *, class_index: int | None = None) -> Forest:
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
        If the trees are linear or averaged (``boosting=rf``).
    ModelError
        If ``class_index`` does not fit the booster.
    """
    header, blocks = _sections(booster.model_to_string())
    if "average_output" in header:
        raise UnsupportedModelError(
            "Expected a booster that sums its trees. Got a random forest (boosting=rf), which "
            "averages them. Mend: train with boosting=gbdt."
        )
    stride = int(header["num_tree_per_iteration"])
    first = _class_offset(class_index, stride)
    trees = [_read_tree(block) for block in blocks[first::stride]]
    return _join(tuple(header["feature_names"].split()), _categories(booster), trees)


def _class_offset(class_index: int | None, stride: int) -> int:
    if stride == 1 and class_index in (None, 0):
        return 0
    if class_index is None or not 0 <= class_index < stride:
        raise ModelError(
            f"class_index must be 0..{stride - 1} for a booster with {stride} outputs. "
            f"Got {class_index}."
        )
    return class_index


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
            "Mend: train with linear_tree=false."
        )
    decision = _numbers(block, "decision_type").astype(np.int64)
    if int(block["num_leaves"]) == 1:
        decision = decision[:0]
    categorical = (decision & _CATEGORICAL_BIT) > 0
    tree: dict[str, Any] = {
        "kind": np.where(categorical, CATEGORICAL, (decision >> _MISSING_SHIFT) & 3),
        "default_left": (decision & _DEFAULT_LEFT_BIT) > 0,
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


def _join(names: tuple[str, ...], categories: list[list[Any]], trees: list[Any]) -> Forest:
    """Lay the trees one after another."""

    def joined(key: str, dtype: Any) -> NDArray[Any]:
        return np.concatenate([np.empty(0, dtype), *(tree[key] for tree in trees)]).astype(dtype)

    node_start = np.cumsum([0, *(len(tree["feature"]) for tree in trees)])
    leaf_start = np.cumsum([0, *(len(tree["leaf_value"]) for tree in trees)])
    counts = [
        tree["leaf_count"] if len(tree["leaf_count"]) else np.zeros(len(tree["leaf_value"]))
        for tree in trees
    ]
    return Forest(
        feature_names=names,
        pandas_categories=categories,
        node_start=node_start,
        leaf_start=leaf_start,
        feature=joined("feature", np.int64),
        threshold=joined("threshold", np.float64),
        kind=joined("kind", np.int64),
        default_left=joined("default_left", np.bool_),
        left=joined("left", np.int64),
        right=joined("right", np.int64),
        node_count=joined("node_count", np.float64),
        leaf_count=np.concatenate([np.empty(0), *counts]),
        leaf_value=joined("leaf_value", np.float64),
        bitsets={
            int(start) + node: words
            for start, tree in zip(node_start, trees, strict=False)
            for node, words in tree["bitsets"].items()
        },
    )
