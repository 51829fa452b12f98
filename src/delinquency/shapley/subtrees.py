"""Trees cut into treelets, each one table look-up.

A treelet is a run of the leaves of a view (see ``views``), left to right. What its leaves add to
the values of the own players depends on a row only through

- for each player split above the treelet's top: whether the row takes the path there, and
- for each code column split inside it: how many of the column's thresholds lie below the code.

Those are few states, so the sums over the leaves are tabulated (see ``program``).
The runs are chosen by dynamic programming: the cheapest way to cut the leaves, each value that
is looked up having one cost, a comparison and a number of the table theirs.
"""

from dataclasses import dataclass

import numpy as np

from delinquency.compiled import njit

MAX_ENTRIES = 65_535
"""Numbers in a treelet's table: a place in it has 16 bits."""


@dataclass(frozen=True)
class Costs:
    """What the cutting weighs, in values looked up.

    Attributes
    ----------
    comparison : float
        Cost of one comparison.
    state : float
        Cost of one number in a table: cache space.
    max_states : int
        States a treelet of several leaves may have.
    max_leaves : int
        Leaves a treelet may have.
    max_bytes : int
        Memory that the tables of one kind of values may take. Where they would be larger,
        treelets become smaller, and leaves with many players are computed row by row.
    """

    comparison: float = 0.04
    state: float = 0.002
    max_states: int = 2048
    max_leaves: int = 24
    max_bytes: int = 512 * 2**20


@njit(cache=True, nogil=True)
def treelet_top(paths, first, last):  # type: ignore[no-untyped-def]
    """Return how deep the lowest common ancestor of a run of leaves lies."""
    _, depths, nodes, sides = paths
    top = depths[first]
    for at in range(first + 1, last + 1):
        top = min(top, shared_depth(nodes, sides, at, top))
    return top


@njit(cache=True, nogil=True)
def shared_depth(nodes, sides, at, most):  # type: ignore[no-untyped-def]
    """Return how many steps a leaf shares with the leaf before it, up to ``most``."""
    shared = 0
    while (
        shared < most
        and nodes[at, shared] == nodes[at - 1, shared]
        and sides[at, shared] == sides[at - 1, shared]
    ):
        shared += 1
    return shared


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
    """Write the steps above a run of leaves that decide, the tightest of each column and side."""
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
def count_states(splits, n_splits, column_local, on_path, sizes):  # type: ignore[no-untyped-def]
    """Write how many states each player has (0: not involved); return the product, and the one
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
        local = column_local[column]
        sizes[local] = ranks * max(sizes[local], 1)
    states = 1
    inner = 1
    for local in range(sizes.shape[0]):
        if sizes[local]:
            inner *= sizes[local]
        if on_path[local]:
            sizes[local] = max(sizes[local], 1) + 1
        if sizes[local]:
            states *= sizes[local]
        if states > 1 << 30:
            break
    return states, inner


@njit(cache=True, nogil=True)
def cut(view, outputs, n_values, node_split, column_local, costs):  # type: ignore[no-untyped-def]
    """Cut a view's leaves into runs at the least cost.

    Parameters
    ----------
    view : tuple, see ``view_tree``
    outputs : tuple of ndarray
        How many values each leaf adds to, and which.
    n_values : int
        Values in all.
    node_split : tuple of ndarray
        Column, rank and player of each node.
    column_local : ndarray of shape (n_columns,)
        Player of each column within the view.
    costs : tuple of comparison, state, max_states, max_leaves

    Returns
    -------
    ndarray of shape (n_treelets + 1,)
        Where each run begins.
    """
    column, rank = node_split[0], node_split[1]
    comparison, state, max_states, max_leaves = costs
    paths, node_local, n_locals = view[0], view[7], view[8]
    _, depths, nodes, sides = paths
    n_outputs, output = outputs
    n_leaves = depths.shape[0]
    splits = np.empty(column.shape[0] + 1, np.int64)
    outer = np.empty(nodes.shape[1] + 1, np.int64)
    sizes = np.empty(n_locals, np.int64)
    on_path = np.zeros(n_locals, np.bool_)
    seen = np.zeros(n_values, np.int64)
    best = np.zeros(n_leaves + 1)
    begin = np.zeros(n_leaves + 1, np.int64)
    for last in range(n_leaves):
        top = depths[last]
        width = 0
        best[last + 1] = np.inf
        for first in range(last, max(-1, last - max_leaves), -1):
            if first < last:
                top = min(top, shared_depth(nodes, sides, first + 1, top))
            for one in range(n_outputs[first]):
                if seen[output[first, one]] != last + 1:
                    seen[output[first, one]] = last + 1
                    width += 1
            n_splits = inner_splits(paths, first, last, top, column, rank, splits)
            n_outer = path_splits(paths, first, top, column, rank, outer)
            on_path[:] = False
            for at in range(n_outer):
                on_path[node_local[nodes[first, outer[at]]]] = True
            states, inner = count_states(splits, n_splits, column_local, on_path, sizes)
            if first < last and inner > max_states:
                break
            if first < last and (states > max_states or states * width > MAX_ENTRIES):
                continue
            cost = best[first] + width + comparison * (n_splits + n_outer) + state * states * width
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
