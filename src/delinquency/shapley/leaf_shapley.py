"""The games that leaves play, and their Shapley values.

The players are the groups of features. A leaf with value ``w`` adds, for a coalition ``S`` of
the ``k`` groups on its path, ::

    v(S) = w * [x takes the path's side at every split of every group in S] * share(path - S)

where ``share(T)`` is the part of the reference population that takes the path's side at every
split of the groups in ``T``. The two games differ in the share only:

- path-dependent: the product over the groups of ``T`` and their splits of
  ``count(child taken) / count(node)``, TreeSHAP's conditional expectation;
- interventional: counted over the rows of an explicit background.

Either way a leaf's values depend on a row only through one bit a group, so there are at most
``2**k`` of them.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from delinquency.shapley.simd import BLOCK, WIDTH


def shapley_weights() -> NDArray[np.float64]:
    """Return ``s! (k - 1 - s)! / k!`` for ``k`` players and coalitions of size ``s``.

    Returns
    -------
    ndarray of shape (9, 8)
    """
    weights = np.zeros((WIDTH + 1, WIDTH))
    for players in range(1, WIDTH + 1):
        for size in range(players):
            weights[players, size] = (
                math.factorial(size) * math.factorial(players - 1 - size) / math.factorial(players)
            )
    return weights


@njit(cache=True, nogil=True)
def leaf_values(leaf_value, share, n_players, weights, out):  # type: ignore[no-untyped-def]
    """Write the Shapley values of one leaf, for every mask of satisfied groups.

    Parameters
    ----------
    leaf_value : float
    share : ndarray of shape (2**k,), the share of the population by set of groups
    n_players : int, k
    weights : ndarray, see ``shapley_weights``
    out : ndarray of shape (>= 2**k, >= k)
    """
    full = (1 << n_players) - 1
    for mask in range(full + 1):
        for player in range(n_players):
            out[mask, player] = 0.0
        coalition = mask
        while True:
            worth = leaf_value * share[full ^ coalition]
            size = 0
            for player in range(n_players):
                size += (coalition >> player) & 1
            for player in range(n_players):
                if (coalition >> player) & 1:
                    out[mask, player] += weights[n_players, size - 1] * worth
                else:
                    out[mask, player] -= weights[n_players, size] * worth
            if coalition == 0:
                break
            coalition = (coalition - 1) & mask


@njit(cache=True, nogil=True)
def path_shares(node_group, node_count, leaf_count, paths, players, share):  # type: ignore[no-untyped-def]
    """Write each leaf's path-dependent share by set of groups.

    Parameters
    ----------
    node_group : ndarray of shape (n_nodes,), group of a node's feature
    node_count, leaf_count : ndarray, training rows
    paths : tuple of the leaves in depth-first order, their depths, nodes and directions
    players : ndarray of shape (n_leaves,), bits of the groups on each leaf's path
    share : ndarray of shape (n_leaves, 2**k_max), written
    """
    leaves, depths, nodes, _ = paths
    part = np.empty(WIDTH)
    for at in range(leaves.shape[0]):
        part[:] = 1.0
        for step in range(depths[at]):
            node = nodes[at, step]
            if step + 1 < depths[at]:
                below = node_count[nodes[at, step + 1]]
            else:
                below = leaf_count[leaves[at]]
            part[node_group[node]] *= below / node_count[node]
        share[at, 0] = 1.0
        n_players = 0
        for group in range(WIDTH):
            if (players[at] >> group) & 1:
                for subset in range(1 << n_players):
                    share[at, subset + (1 << n_players)] = share[at, subset] * part[group]
                n_players += 1


@njit(cache=True, nogil=True)
def background_shares(codes, n_rows, node_split, paths, players, share):  # type: ignore[no-untyped-def]
    """Write each leaf's share of the background rows by set of groups.

    Parameters
    ----------
    codes : ndarray of shape (n_blocks, n_columns * BLOCK), uint8
    n_rows : int
        Background rows; the last block may be part empty.
    node_split : tuple of ndarray
        Column, rank, group, left and right child of each node.
    paths, players, share
        See ``path_shares``.
    """
    column, rank, group, left, right = node_split
    leaves, _, _, _ = paths
    n_leaves = leaves.shape[0]
    masks = np.empty((column.shape[0] + n_leaves, BLOCK), np.uint8)
    counts = np.zeros((n_leaves, 1 << WIDTH), np.int64)
    for block in range(codes.shape[0]):
        filled = min(BLOCK, n_rows - block * BLOCK)
        _mask_block(codes[block], column, rank, group, left, right, masks)
        for leaf in range(n_leaves):
            for row in range(filled):
                counts[leaf, masks[column.shape[0] + leaf, row]] += 1
    compact = np.empty(1 << WIDTH, np.float64)
    for at in range(n_leaves):
        n_players = 0
        for player in range(WIDTH):
            n_players += (players[at] >> player) & 1
        compact[:] = 0.0
        for mask in range(1 << WIDTH):
            compact[compress(mask, players[at])] += counts[leaves[at], mask]
        for player in range(n_players):
            bit = 1 << player
            for subset in range(1 << n_players):
                if not subset & bit:
                    compact[subset] += compact[subset | bit]
        for subset in range(1 << n_players):
            share[at, subset] = compact[subset] / n_rows


@njit(cache=True, nogil=True)
def compress(mask, players):  # type: ignore[no-untyped-def]
    """Gather the bits of ``mask`` at the places of ``players``, lowest first."""
    out = 0
    place = 0
    for group in range(WIDTH):
        if (players >> group) & 1:
            out |= ((mask >> group) & 1) << place
            place += 1
    return out


@njit(cache=True, nogil=True)
def _mask_block(codes, column, rank, group, left, right, masks):  # type: ignore[no-untyped-def]
    """Write, for each node and leaf, the bits of the groups a row satisfies on the way there."""
    n_nodes = column.shape[0]
    masks[0, :] = 255
    stack = np.empty(n_nodes + 1, np.int64)
    stack[0] = 0
    height = 1
    while height:
        height -= 1
        node = stack[height]
        at = column[node] * BLOCK
        threshold = np.uint8(rank[node])
        kept = np.uint8(255)
        lost = np.uint8(255 ^ (1 << group[node]))
        low, high = left[node], right[node]
        to_left = low if low >= 0 else n_nodes + ~low
        to_right = high if high >= 0 else n_nodes + ~high
        # Two plain passes over rows of bytes, which turn into vector instructions.
        own, one, two = masks[node], masks[to_left], masks[to_right]
        taken = codes[at : at + BLOCK]
        for row in range(BLOCK):
            one[row] = own[row] & (lost if taken[row] > threshold else kept)
        for row in range(BLOCK):
            two[row] = own[row] & (kept if taken[row] > threshold else lost)
        if low >= 0:
            stack[height] = low
            height += 1
        if high >= 0:
            stack[height] = high
            height += 1
