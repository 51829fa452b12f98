"""The trees of a model as flat arrays, whatever library fitted it.

Only what a trait value depends on is kept: the splits, the leaves, and how many training rows
reached each of them. Each library has a reader of its own (``model_reading`` lists them).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MISSING_NONE, MISSING_ZERO, MISSING_NAN, CATEGORICAL = range(4)
"""What a split takes for missing: nothing (NaN is zero), zero and NaN, or NaN alone; then the
splits of categories, for which NaN is missing."""


@dataclass(frozen=True)
class Forest:
    """The trees that make one output of a model.

    Internal nodes of all trees lie one after another, tree by tree, and so do the leaves.

    Attributes
    ----------
    feature_names : tuple of str
        The model's features, in its order.
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
        Training rows, or their weights, that reached the node or leaf.
    leaf_value : ndarray of shape (n_leaves,), float64
        What the leaf adds to the score.
    bitsets : mapping of int to ndarray of uint32
        For a categorical node, the categories that go left, 32 a word.
    base : float
        What is added to the sum of the trees.
    scale : str
        What the score is, in words.
    single_precision : bool
        Whether the library compares values as float32.
    renames_blanks : bool
        Whether the library has put underscores for the blanks of its features' names.
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
    base: float = 0.0
    scale: str = "raw score"
    single_precision: bool = False
    renames_blanks: bool = False

    @property
    def n_trees(self) -> int:
        """Number of trees."""
        return len(self.node_start) - 1


def join_trees(
    feature_names: tuple[str, ...], trees: Sequence[Mapping[str, Any]], **facts: Any
) -> Forest:
    """Lay trees one after another.

    Parameters
    ----------
    feature_names : tuple of str
    trees : sequence of mapping
        Of each tree, the fields of ``Forest`` that go by node or leaf, by name; ``bitsets`` by
        the tree's own nodes.
    facts
        The other fields of ``Forest``.

    Returns
    -------
    Forest
    """

    def joined(key: str, dtype: Any) -> NDArray[Any]:
        return np.concatenate([np.empty(0, dtype), *(tree[key] for tree in trees)]).astype(dtype)

    node_start = np.cumsum([0, *(len(tree["feature"]) for tree in trees)])
    leaf_start = np.cumsum([0, *(len(tree["leaf_value"]) for tree in trees)])
    counts = [
        tree["leaf_count"] if len(tree["leaf_count"]) else np.zeros(len(tree["leaf_value"]))
        for tree in trees
    ]
    return Forest(
        feature_names=feature_names,
        pandas_categories=facts.pop("pandas_categories", []),
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
        **facts,
    )


def split_numbering(
    is_leaf: NDArray[np.bool_], left: NDArray[np.int64], right: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Give the splits and leaves of a tree numbers apart, where its library counts them together.

    Parameters
    ----------
    is_leaf : ndarray of shape (n,), bool
    left, right : ndarray of shape (n,)
        Children; not read for a leaf.

    Returns
    -------
    splits, leaves : ndarray
        Their places among all.
    left, right : ndarray of shape (n_splits,)
        Children within the tree: a split's number, or ``~leaf``.
    """
    splits, leaves = np.flatnonzero(~is_leaf), np.flatnonzero(is_leaf)
    number = np.empty(len(is_leaf), np.int64)
    number[splits] = np.arange(len(splits))
    number[leaves] = ~np.arange(len(leaves))
    return splits, leaves, number[left[splits]], number[right[splits]]


def words_of(categories: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Return a set of categories as bits, 32 a word."""
    words = np.zeros(int(categories.max(initial=-1)) // 32 + 1, np.uint32)
    for category in categories:
        words[category // 32] |= np.uint32(1) << np.uint32(category % 32)
    return words
