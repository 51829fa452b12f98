"""Group Shapley values by adding up all coalitions: slow, and written apart from the kernel.

It reads LightGBM's JSON dump (the kernel reads the model text), applies LightGBM's decision rules
to the raw doubles (the kernel compares codes), and evaluates each coalition by walking the trees.
"""

import math
from itertools import combinations

import numpy as np

ZERO = float(np.float32(1e-35))


def goes_left(node, value):
    """LightGBM's Tree::Decision on one raw value."""
    if node["decision_type"] == "==":
        if math.isnan(value) or value <= -1 or abs(value) > 2**31:
            return False
        return str(math.trunc(value)) in node["threshold"].split("||")
    missing = node["missing_type"]
    if math.isnan(value) and missing != "NaN":
        value = 0.0
    if missing == "NaN" and math.isnan(value) or missing == "Zero" and abs(value) <= ZERO:
        return node["default_left"]
    # A split of missing values from all others has the threshold infinity: 1e+300 in the dump.
    return value <= node["threshold"] or node["threshold"] >= 1e300


def trees_of(booster, class_index=0):
    dump = booster.dump_model()
    stride = dump["num_tree_per_iteration"]
    return [tree["tree_structure"] for tree in dump["tree_info"]][class_index::stride]


def known_parts(tree, row, known, groups):
    """Expected leaf value when the features of the groups in `known` have the row's values."""
    if "split_feature" not in tree:
        return tree["leaf_value"]
    left, right = tree["left_child"], tree["right_child"]
    if groups[tree["split_feature"]] in known:
        side = left if goes_left(tree, row[tree["split_feature"]]) else right
        return known_parts(side, row, known, groups)
    share = count(left) / tree["internal_count"]
    return share * known_parts(left, row, known, groups) + (
        count(right) / tree["internal_count"]
    ) * known_parts(right, row, known, groups)


def count(node):
    return node["internal_count"] if "split_feature" in node else node["leaf_count"]


def leaf_of(tree, row):
    while "split_feature" in tree:
        side = "left_child" if goes_left(tree, row[tree["split_feature"]]) else "right_child"
        tree = tree[side]
    return tree["leaf_value"]


def worth(trees, row, known, groups, background):
    """The value of a coalition of groups."""
    if background is None:
        return sum(known_parts(tree, row, known, groups) for tree in trees)
    member = np.array([group in known for group in groups])
    mixed = np.where(member, row, background)
    return float(np.mean([sum(leaf_of(tree, other) for tree in trees) for other in mixed]))


def shapley(trees, row, groups, n_groups, background=None):
    """Shapley values of shape (n_groups,) and the value of the empty coalition."""
    players = range(n_groups)
    value = {
        frozenset(known): worth(trees, row, frozenset(known), groups, background)
        for size in range(n_groups + 1)
        for known in combinations(players, size)
    }
    out = np.zeros(n_groups)
    for player in players:
        for known, before in value.items():
            if player not in known:
                size = len(known)
                weight = (
                    math.factorial(size)
                    * math.factorial(n_groups - 1 - size)
                    / math.factorial(n_groups)
                )
                out[player] += weight * (value[known | {player}] - before)
    return out, value[frozenset()]
