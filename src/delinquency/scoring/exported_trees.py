"""A model's trees with the exact trait values of every leaf, for any language to add up.

A leaf of a tree is reached when every split on its path goes its way. Its path belongs to a few
traits; which of these *agree*, that is send the account the leaf's way, is all that matters to the
interventional Shapley values of the leaf. So a leaf is a small table: a row for each set of
agreeing traits, a number for each trait of the path.
"""

from dataclasses import dataclass
from math import factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delinquency.errors import UnsupportedModelError

Array = NDArray[np.float64]
ZERO_THRESHOLD = 1.0000000180025095e-35
"""LightGBM's kZeroThreshold: a value this near to zero is missing under zero_as_missing."""


@dataclass(frozen=True)
class Split:
    """One comparison of a tree.

    Attributes
    ----------
    feature : int
    threshold : float
        The row goes left at or below it; not used for categories.
    categories : tuple of int
        Codes that go left; empty for numbers.
    missing_left : bool
        Where a missing value goes.
    zero_missing : bool
        Whether zero counts as missing.
    """

    feature: int
    threshold: float
    categories: tuple[int, ...]
    missing_left: bool
    zero_missing: bool

    def left(self, values: Array) -> NDArray[np.bool_]:
        """Return which values go left."""
        missing = np.isnan(values)
        if self.categories:
            codes = np.where(missing, -1, np.trunc(np.nan_to_num(values))).astype(np.int64)
            return np.isin(codes, self.categories)
        if self.zero_missing:
            missing = missing | (np.abs(values) <= ZERO_THRESHOLD)
        return np.where(missing, self.missing_left, values <= self.threshold)


@dataclass(frozen=True)
class Leaf:
    """One leaf.

    Attributes
    ----------
    conditions : tuple of tuple
        For each trait of the path, the splits (position in the tree) that must go left, and
        those that must go right.
    traits : tuple of int
        Traits of the path, in the order of the conditions.
    values : ndarray of shape (2**n_traits, n_traits)
        By the set of agreeing traits (bit i for the i-th): what the leaf adds to each of them.
    """

    conditions: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]
    traits: tuple[int, ...]
    values: Array


@dataclass(frozen=True)
class ExportedTree:
    """One tree: its splits, and its leaves that more than a constant depends on."""

    splits: tuple[Split, ...]
    leaves: tuple[Leaf, ...]


def exported_trees(
    booster: Any, groups: NDArray[np.int64], background: Array
) -> tuple[float, list[ExportedTree]]:
    """Return base value and trees of a booster.

    Parameters
    ----------
    booster : lightgbm.Booster
        Its raw output is a sum of trees.
    groups : ndarray of shape (n_features,)
        Trait of each feature.
    background : ndarray of shape (n_background, n_features)
        The population of the explanation, every row counted.

    Returns
    -------
    base_value : float
        Mean raw score of the background.
    trees : list of ExportedTree

    Raises
    ------
    UnsupportedModelError
        For linear trees, and boosters whose output is an average.

    Notes
    -----
    For a leaf of value v with traits P, and the set A of P that the account agrees with, the worth
    of a coalition S is v * share of the background that agrees with P without S, if S lies in A,
    else 0. The values are the Shapley values of that game.
    """
    model = booster.dump_model()
    if model.get("average_output"):
        raise UnsupportedModelError("Only a sum of trees can be exported. Got an average.")
    base, trees = 0.0, []
    for info in model["tree_info"]:
        mean, tree = _tree(info["tree_structure"], groups, background)
        base += mean
        if tree is not None:
            trees.append(tree)
    return base, trees


def _tree(
    root: dict[str, Any], groups: NDArray[np.int64], background: Array
) -> tuple[float, ExportedTree | None]:
    if "leaf_value" in root and "split_feature" not in root:
        return float(root["leaf_value"]), None
    splits: list[Split] = []
    paths: list[tuple[float, list[tuple[int, bool]]]] = []
    stack: list[tuple[dict[str, Any], list[tuple[int, bool]]]] = [(root, [])]
    while stack:
        node, path = stack.pop()
        if "split_feature" not in node:
            if "leaf_coeff" in node:
                raise UnsupportedModelError("Linear trees cannot be exported: use plain ones.")
            paths.append((float(node["leaf_value"]), path))
            continue
        splits.append(_split(node))
        number = len(splits) - 1
        stack.append((node["right_child"], [*path, (number, False)]))
        stack.append((node["left_child"], [*path, (number, True)]))
    went_left = [split.left(background[:, split.feature]) for split in splits]
    base, leaves = 0.0, []
    for value, path in paths:
        mean, leaf = _leaf(value, path, splits, groups, went_left)
        base += mean
        leaves.append(leaf)
    return base, ExportedTree(tuple(splits), tuple(leaves))


def _split(node: dict[str, Any]) -> Split:
    kind, missing = node["decision_type"], node["missing_type"]
    if kind == "==":
        codes = tuple(int(code) for code in str(node["threshold"]).split("||"))
        return Split(int(node["split_feature"]), 0.0, codes, False, False)
    threshold = float(node["threshold"])
    # Without a missing type a missing value counts as zero.
    left = bool(node["default_left"]) if missing in ("NaN", "Zero") else threshold >= 0.0
    return Split(int(node["split_feature"]), threshold, (), left, missing == "Zero")


def _leaf(
    value: float,
    path: list[tuple[int, bool]],
    splits: list[Split],
    groups: NDArray[np.int64],
    went_left: list[NDArray[np.bool_]],
) -> tuple[float, Leaf]:
    """Return what a leaf adds to the base value, and its table."""
    traits = tuple(dict.fromkeys(int(groups[splits[number].feature]) for number, _ in path))
    conditions, agrees = [], []
    for trait in traits:
        mine = [(n, left) for n, left in path if groups[splits[n].feature] == trait]
        conditions.append(
            (tuple(n for n, left in mine if left), tuple(n for n, left in mine if not left))
        )
        agrees.append(
            np.logical_and.reduce([went_left[n] if left else ~went_left[n] for n, left in mine])
        )
    n_traits = len(traits)
    pattern = sum((one.astype(np.int64) << bit for bit, one in enumerate(agrees)))
    counts = np.bincount(pattern, minlength=1 << n_traits) / len(agrees[0])
    sets = np.arange(1 << n_traits)
    share = np.array([counts[(sets & one) == one].sum() for one in sets])
    full = (1 << n_traits) - 1
    values = np.zeros((1 << n_traits, n_traits))
    for agreeing in sets:
        worth = np.array([share[full & ~s] if s & ~agreeing == 0 else 0.0 for s in sets])
        values[agreeing] = _shapley(worth, n_traits)
    return value * float(share[full]), Leaf(tuple(conditions), traits, value * values)


def _shapley(worth: Array, n: int) -> Array:
    """Return the Shapley values of a game given as the worth of every set of players."""
    out = np.zeros(n)
    for player in range(n):
        for coalition in range(1 << n):
            if coalition >> player & 1:
                continue
            size = coalition.bit_count()
            weight = factorial(size) * factorial(n - size - 1) / factorial(n)
            out[player] += weight * (worth[coalition | 1 << player] - worth[coalition])
    return out
