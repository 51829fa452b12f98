"""What part of the reference population takes a leaf's path, for every set of players.

The two games differ in this alone. Path-dependent: each player on a path has a ratio, the product
over its splits of ``count(child taken) / count(node)``, and a set's share is the product of its
players' ratios: TreeSHAP's conditional expectation. Interventional: the rows of a background are
counted by the set of players whose splits they pass, all of them, once for each leaf.
"""

import numpy as np
from numpy.typing import NDArray

from delinquency.compiled import njit
from delinquency.shapley.simd import BLOCK

SMALL_PATTERNS = 16
"""Players up to which background rows are counted in an array of all their sets."""


@njit(cache=True, nogil=True)
def path_ratios(node_count, leaf_count, paths, met):  # type: ignore[no-untyped-def]
    """Return each leaf's ratio of every player met on its path, path-dependent.

    Parameters
    ----------
    node_count, leaf_count : ndarray, training rows
    paths : tuple, see ``tree_paths``
    met : tuple, see ``path_players``

    Returns
    -------
    ndarray of shape (n_leaves, max_depth)
    """
    leaves, depths, nodes, _ = paths
    node_place = met[2]
    ratios = np.ones(nodes.shape)
    for at in range(leaves.shape[0]):
        for step in range(depths[at]):
            node = nodes[at, step]
            if step + 1 < depths[at]:
                below = node_count[nodes[at, step + 1]]
            else:
                below = leaf_count[leaves[at]]
            ratios[at, node_place[node]] *= below / node_count[node]
    return ratios


@njit(cache=True, nogil=True)
def count_patterns(codes, n_rows, node_split, children, paths, met, masks):  # type: ignore[no-untyped-def]
    """Count the background rows by the set of players whose splits they pass, for each leaf.

    Parameters
    ----------
    codes : ndarray of shape (n_blocks, n_columns * BLOCK), uint8
    n_rows : int
        Background rows; the last block may be part empty.
    node_split : tuple of ndarray
        Column, rank and player of each node.
    children : tuple of ndarray
        Left and right child of each node.
    paths : tuple, see ``tree_paths``
    met : tuple, see ``path_players``
    masks : ndarray of shape (n_nodes + n_leaves, BLOCK), unsigned
        Scratch; as many bits as the longest path has players.

    Returns
    -------
    first, numbers : ndarray
        Where the counts of each leaf begin, and the counts by pattern.
    held, rows : ndarray
        Of the leaves with many players instead: where their rows begin, and each row's pattern.
    """
    column, rank = node_split[0], node_split[1]
    leaves = paths[0]
    counts, _, node_place = met
    n_leaves, n_nodes = leaves.shape[0], column.shape[0]
    first = np.zeros(n_leaves + 1, np.int64)
    held = np.zeros(n_leaves + 1, np.int64)
    for at in range(n_leaves):
        small = counts[at] <= SMALL_PATTERNS
        first[at + 1] = first[at] + ((1 << counts[at]) if small else 0)
        held[at + 1] = held[at] + (0 if small else n_rows)
    numbers = np.zeros(first[n_leaves], np.int64)
    rows = np.zeros(held[n_leaves], np.int64)
    for block in range(codes.shape[0]):
        filled = min(BLOCK, n_rows - block * BLOCK)
        _mask_block(codes[block], column, rank, node_place, children, masks)
        for at in range(n_leaves):
            own = masks[n_nodes + leaves[at]]
            every = (np.int64(1) << counts[at]) - 1
            if counts[at] <= SMALL_PATTERNS:
                numbered = numbers[first[at] : first[at + 1]]
                for row in range(filled):
                    numbered[np.int64(own[row]) & every] += 1
            else:
                for row in range(filled):
                    rows[held[at] + block * BLOCK + row] = np.int64(own[row]) & every
    return first, numbers, held, rows


def gather_patterns(
    counted: tuple[NDArray[np.int64], ...], n_rows: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return the patterns that occur, leaf by leaf, and their shares.

    Parameters
    ----------
    counted : tuple of ndarray, see ``count_patterns``
    n_rows : int
        Background rows.

    Returns
    -------
    start : ndarray of shape (n_leaves + 1,)
        Where the patterns of each leaf begin.
    pattern : ndarray of int64
        Bit ``j``: the row passes all splits of the path's player ``j``.
    share : ndarray of float64
        Part of the background with that pattern.
    """
    first, numbers, held, rows = counted
    found = np.flatnonzero(numbers)
    leaf = np.searchsorted(first, found, side="right") - 1
    pattern, number = found - first[leaf], numbers[found]
    for at in np.flatnonzero(np.diff(held)):
        many, times = np.unique(rows[held[at] : held[at + 1]], return_counts=True)
        leaf = np.append(leaf, np.full(len(many), at))
        pattern, number = np.append(pattern, many), np.append(number, times)
    order = np.argsort(leaf, kind="stable")
    start = np.searchsorted(leaf[order], np.arange(len(first)))
    return start.astype(np.int64), pattern[order].astype(np.int64), number[order] / n_rows


@njit(cache=True, nogil=True)
def _mask_block(codes, column, rank, node_place, children, masks):  # type: ignore[no-untyped-def]
    """Write, for each node and leaf, the players whose splits the rows of a block pass."""
    left, right = children
    n_nodes = column.shape[0]
    one = masks.dtype.type(1)
    kept = masks.dtype.type(0) - one
    masks[0] = kept
    stack = np.empty(n_nodes + 1, np.int64)
    stack[0] = 0
    height = 1
    while height:
        height -= 1
        node = stack[height]
        at = column[node] * BLOCK
        threshold = np.uint8(rank[node])
        lost = kept ^ (one << masks.dtype.type(node_place[node]))
        low, high = left[node], right[node]
        to_left = low if low >= 0 else n_nodes + ~low
        to_right = high if high >= 0 else n_nodes + ~high
        # Two plain passes over rows, which turn into vector instructions.
        own, lefts, rights = masks[node], masks[to_left], masks[to_right]
        taken = codes[at : at + BLOCK]
        for row in range(BLOCK):
            lefts[row] = own[row] & (lost if taken[row] > threshold else kept)
        for row in range(BLOCK):
            rights[row] = own[row] & (kept if taken[row] > threshold else lost)
        if low >= 0:
            stack[height] = low
            height += 1
        if high >= 0:
            stack[height] = high
            height += 1


@njit(cache=True, nogil=True)
def set_shares(at, reach, n_players, population, share):  # type: ignore[no-untyped-def]
    """Write the share of the population for every set of a leaf's merged players.

    Parameters
    ----------
    at : int
        Place of the leaf among all leaves of the tree.
    reach : ndarray of shape (>= n_players,)
        What each merged player stands for, as a mask over the players met on the path.
    n_players : int
    population : tuple
        Whether the game is interventional, the ratios, and the patterns.
    share : ndarray of shape (>= 2**n_players,), written
    """
    interventional, ratios, start, pattern, part = population
    size = 1 << n_players
    if not interventional:
        share[0] = 1.0
        for player in range(n_players):
            ratio = merged_ratio(ratios[at], reach[player])
            for subset in range(1 << player):
                share[subset | (1 << player)] = share[subset] * ratio
        return
    share[:size] = 0.0
    for one in range(start[at], start[at + 1]):
        share[merged_pattern(pattern[one], reach, n_players)] += part[one]
    for player in range(n_players):
        bit = 1 << player
        for subset in range(size):
            if not subset & bit:
                share[subset] += share[subset | bit]


@njit(cache=True, nogil=True)
def merged_ratio(ratios, reach):  # type: ignore[no-untyped-def]
    """Return the product of the ratios of the players in ``reach``."""
    ratio = 1.0
    place = 0
    while (reach >> place) > 0:
        if (reach >> place) & 1:
            ratio *= ratios[place]
        place += 1
    return ratio


@njit(cache=True, nogil=True)
def merged_pattern(pattern, reach, n_players):  # type: ignore[no-untyped-def]
    """Return the merged players all of whose splits a pattern passes."""
    merged = np.int64(0)
    for player in range(n_players):
        if pattern & reach[player] == reach[player]:
            merged |= np.int64(1) << player
    return merged
