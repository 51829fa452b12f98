"""Trees cut into treelets, each one table look-up.

A treelet is a run of a tree's leaves, left to right. What its leaves add to the groups' values
depends on a row only through

- for each group split above the treelet's top: whether the row takes the path there, and
- for each code column split inside it: how many of the column's thresholds lie below the code.

Those are few states, so the sums over the leaves are tabulated (see ``program``).
The runs are chosen by dynamic programming: the cheapest way to cut the leaves, a look-up having
one cost, a comparison and a table row theirs.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit

from delinquency.shapley.simd import WIDTH


@dataclass(frozen=True)
class Costs:
    """What the cutting weighs, in look-ups.

    Attributes
    ----------
    comparison : float
        Cost of one comparison.
    state : float
        Cost of one table row: cache space.
    max_states : int
        Table rows a treelet may have.
    max_leaves : int
        Leaves a treelet may have.
    """

    comparison: float = 0.05
    state: float = 0.001
    max_states: int = 512
    max_leaves: int = 24


@njit(cache=True, nogil=True)
def tree_paths(left, right):  # type: ignore[no-untyped-def]
    """List the leaves of a tree depth first, with the way to each.

    Parameters
    ----------
    left, right : ndarray of shape (n_nodes,)
        Children; ``~leaf`` for a leaf. At least one node.

    Returns
    -------
    leaves : ndarray of shape (n_leaves,)
    depths : ndarray of shape (n_leaves,)
    nodes : ndarray of shape (n_leaves, max_depth)
        The nodes on the way, root first.
    sides : ndarray of shape (n_leaves, max_depth)
        1 where the way goes right.
    """
    n_nodes = left.shape[0]
    stack = np.empty(n_nodes + 1, np.int64)
    level = np.empty(n_nodes + 1, np.int64)
    deepest = 0
    for fill in range(2):
        n_leaves = 0
        if fill:
            leaves = np.empty(n_nodes + 1, np.int64)
            depths = np.empty(n_nodes + 1, np.int64)
            nodes = np.zeros((n_nodes + 1, deepest), np.int64)
            sides = np.zeros((n_nodes + 1, deepest), np.int64)
            way = np.empty(deepest, np.int64)
            turn = np.empty(deepest, np.int64)
        stack[0] = 0
        level[0] = 0
        height = 1
        while height:
            height -= 1
            at, depth = stack[height], level[height]
            if fill and depth:
                # The parent is still in `way`: children are taken up right after it.
                turn[depth - 1] = 0 if left[way[depth - 1]] == at else 1
            if at < 0:
                deepest = max(deepest, depth)
                if fill:
                    leaves[n_leaves] = ~at
                    depths[n_leaves] = depth
                    nodes[n_leaves, :depth] = way[:depth]
                    sides[n_leaves, :depth] = turn[:depth]
                n_leaves += 1
                continue
            if fill:
                way[depth] = at
            stack[height] = right[at]
            level[height] = depth + 1
            stack[height + 1] = left[at]
            level[height + 1] = depth + 1
            height += 2
    return leaves, depths, nodes, sides


@njit(cache=True, nogil=True)
def path_players(paths, group):  # type: ignore[no-untyped-def]
    """Return, for each leaf, the bits of the groups on its path."""
    leaves, depths, nodes, _ = paths
    players = np.zeros(leaves.shape[0], np.int64)
    for at in range(leaves.shape[0]):
        for step in range(depths[at]):
            players[at] |= 1 << group[nodes[at, step]]
    return players


@njit(cache=True, nogil=True)
def treelet_top(paths, first, last):  # type: ignore[no-untyped-def]
    """Return how deep the lowest common ancestor of a run of leaves lies."""
    _, depths, _, sides = paths
    nodes = paths[2]
    top = depths[first]
    for at in range(first + 1, last + 1):
        shared = 0
        while (
            shared < top
            and nodes[at, shared] == nodes[at - 1, shared]
            and sides[at, shared] == sides[at - 1, shared]
        ):
            shared += 1
        top = min(top, shared)
    return top


@njit(cache=True, nogil=True)
def inner_splits(paths, first, last, top, column, rank, out):  # type: ignore[no-untyped-def]
    """Write the distinct (column, rank) pairs split inside a run of leaves, in order."""
    _, depths, nodes, _ = paths
    n_splits = 0
    for at in range(first, last + 1):
        for step in range(top, depths[at]):
            node = nodes[at, step]
            key = column[node] * 256 + rank[node]
            place = n_splits
            while place > 0 and out[place - 1] > key:
                place -= 1
            if place > 0 and out[place - 1] == key:
                continue
            for move in range(n_splits, place, -1):
                out[move] = out[move - 1]
            out[place] = key
            n_splits += 1
    return n_splits


@njit(cache=True, nogil=True)
def path_splits(paths, first, top, column, rank, out):  # type: ignore[no-untyped-def]
    """Write the nodes above a run of leaves that decide, the tightest of each column and side."""
    _, _, nodes, sides = paths
    n_splits = 0
    for step in range(top):
        node, side = nodes[first, step], sides[first, step]
        place = 0
        while place < n_splits:
            other = nodes[first, out[place]]
            if column[other] == column[node] and sides[first, out[place]] == side:
                break
            place += 1
        if place == n_splits:
            n_splits += 1
            out[place] = step
        else:
            tighter = rank[node] > rank[other] if side else rank[node] < rank[other]
            if tighter:
                out[place] = step
    return n_splits


@njit(cache=True, nogil=True)
def count_states(splits, n_splits, column_group, path_groups, sizes):  # type: ignore[no-untyped-def]
    """Write how many states each group has (0: not involved); return the product, and the one
    of the inner splits alone, which only grows with the run.
    """  # noqa: D205
    sizes[:] = 0
    at = 0
    while at < n_splits:
        column = splits[at] // 256
        ranks = 1
        while at < n_splits and splits[at] // 256 == column:
            ranks += 1
            at += 1
        group = column_group[column]
        sizes[group] = ranks * max(sizes[group], 1)
    states = 1
    inner = 1
    for group in range(WIDTH):
        if sizes[group]:
            inner *= sizes[group]
        if (path_groups >> group) & 1:
            sizes[group] = max(sizes[group], 1) + 1
        if sizes[group]:
            states *= sizes[group]
        if inner > 1 << 20:
            break
    return states, inner


@njit(cache=True, nogil=True)
def cut(paths, node_split, column_group, costs):  # type: ignore[no-untyped-def]
    """Cut a tree's leaves into runs at the least cost.

    Parameters
    ----------
    paths : tuple, see ``tree_paths``
    node_split : tuple of ndarray
        Column, rank and group of each node (further entries are not read).
    column_group : ndarray of shape (n_columns,)
    costs : tuple of comparison, state, max_states, max_leaves

    Returns
    -------
    ndarray of shape (n_treelets + 1,)
        Where each run begins.
    """
    column, rank, group = node_split[0], node_split[1], node_split[2]
    comparison, state, max_states, max_leaves = costs
    leaves, depths, nodes, _ = paths
    n_leaves = leaves.shape[0]
    splits = np.empty(column.shape[0] + 1, np.int64)
    outer = np.empty(nodes.shape[1] + 1, np.int64)
    sizes = np.empty(WIDTH, np.int64)
    best = np.full(n_leaves + 1, np.inf)
    best[0] = 0.0
    begin = np.zeros(n_leaves + 1, np.int64)
    for last in range(n_leaves):
        for first in range(last, max(-1, last - max_leaves), -1):
            top = treelet_top(paths, first, last)
            n_splits = inner_splits(paths, first, last, top, column, rank, splits)
            n_outer = path_splits(paths, first, top, column, rank, outer)
            path_groups = 0
            for at in range(n_outer):
                path_groups |= 1 << group[nodes[first, outer[at]]]
            states, inner = count_states(splits, n_splits, column_group, path_groups, sizes)
            if first < last and inner > max_states:
                break
            if first < last and states > max_states:
                continue
            cost = best[first] + 1.0 + comparison * (n_splits + n_outer) + state * states
            if cost < best[last + 1]:
                best[last + 1] = cost
                begin[last + 1] = first
    n_runs = 0
    at = n_leaves
    while at > 0:
        at = begin[at]
        n_runs += 1
    runs = np.empty(n_runs + 1, np.int64)
    runs[n_runs] = n_leaves
    for place in range(n_runs - 1, -1, -1):
        runs[place] = begin[runs[place + 1]]
    return runs
