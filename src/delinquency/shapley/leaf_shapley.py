"""The games that leaves play, and the values of their players.

A leaf with value ``w`` adds, for a set ``S`` of the players on its path, ::

    v(S) = w * [x takes the path's side at every split of every player in S] * share(path - S)

where ``share(T)`` is the part of the reference population that takes the path's side at every
split of the players in ``T`` (see ``population``). A leaf's values depend on a row only through
one bit a player, "the row takes the path's side", so there are at most ``2**players`` of them.

Sums over all subsets are taken player by player (``n * 2**n`` additions, not ``3**n``).
"""

import math

import numpy as np
from numpy.typing import NDArray

from delinquency.compiled import njit
from delinquency.shapley.population import set_shares

OWEN, ORDERED, PAIRS = range(3)
"""Owen values (with one group over all: Shapley values), values under an order, and pairs."""


def shapley_weights(most: int) -> NDArray[np.float64]:
    """Return ``s! (k - 1 - s)! / k!`` for ``k`` players and coalitions of size ``s``.

    Parameters
    ----------
    most : int
        Largest number of players.

    Returns
    -------
    ndarray of shape (most + 1, most + 1)
        0 where ``s >= k``.
    """
    weights = np.zeros((most + 1, most + 1))
    for players in range(1, most + 1):
        for size in range(players):
            weights[players, size] = (
                math.factorial(size) * math.factorial(players - 1 - size) / math.factorial(players)
            )
    return weights


@njit(cache=True, nogil=True)
def bit_count(mask):  # type: ignore[no-untyped-def]
    """Return how many bits are set."""
    found = 0
    while mask:
        mask &= mask - 1
        found += 1
    return found


@njit(cache=True, nogil=True)
def add_subsets(numbers, n_players, first, last):  # type: ignore[no-untyped-def]
    """Turn each number into the sum over its set's subsets, in the players first to last - 1."""
    for player in range(first, last):
        bit = 1 << player
        for subset in range(1 << n_players):
            if subset & bit:
                numbers[subset] += numbers[subset ^ bit]


@njit(cache=True, nogil=True)
def coalition_weight(view, leaf, coalition, own, weights, ordered):  # type: ignore[no-untyped-def]
    """Return the weight of a coalition of other groups, where the own group comes next.

    Parameters
    ----------
    view : tuple, see ``view_tree``
    leaf : int
    coalition : int
        Mask over the merged players, the lowest bit the first of them.
    own : int
        The own group.
    weights : ndarray, see ``shapley_weights``
    ordered : ndarray
        Weights under an order, see ``precedence``; empty without one.
    """
    n_own, n_all, name = view[2][leaf], view[3][leaf], view[4][leaf]
    if ordered.shape[0] == 0:
        return weights[n_all - n_own + 1, bit_count(coalition)]
    present = 1 << own
    before = 0
    for player in range(n_own, n_all):
        present |= 1 << name[player]
        if (coalition >> (player - n_own)) & 1:
            before |= 1 << name[player]
    return ordered[present, own, before]


@njit(cache=True, nogil=True)
def owen_sums(view, leaf, leaf_value, own, population, weights, ordered, with_, without):  # type: ignore[no-untyped-def]
    """Write the two sums that a leaf's Owen values are made of.

    With the row on the path's side for the players in ``u``, the value of own player ``i`` is
    ``with_[u] - without[u - i]``.

    Parameters
    ----------
    view, leaf, own, weights, ordered
        See ``coalition_weight``.
    leaf_value : float
    population : tuple, see ``set_shares``
    with_, without : ndarray of shape (>= 2**n_all,), written
    """
    n_own, n_all = view[2][leaf], view[3][leaf]
    set_shares(view[1][leaf], view[5][leaf], n_all, population, without)
    every = (1 << n_all) - 1
    inside = (1 << n_own) - 1
    for coalition in range(1 << (n_all - n_own)):
        outer = leaf_value * coalition_weight(view, leaf, coalition, own, weights, ordered)
        for subset in range(inside + 1):
            known = coalition << n_own | subset
            with_[known] = outer * without[every ^ known]
    for known in range(every + 1):
        size = bit_count(known & inside)
        worth = with_[known]
        joined = weights[n_own, size - 1] * worth if size else 0.0
        with_[known] = joined
        without[known] = joined + weights[n_own, size] * worth
    add_subsets(with_, n_all, 0, n_all)
    add_subsets(without, n_all, 0, n_all)


@njit(cache=True, nogil=True)
def owen_values(view, leaf, leaf_value, own, population, weights, ordered, out):  # type: ignore[no-untyped-def]
    """Write a leaf's Owen values for every mask of players, to ``out[mask, own player]``."""
    n_own, n_all = view[2][leaf], view[3][leaf]
    with_ = np.empty(1 << n_all)
    without = np.empty(1 << n_all)
    owen_sums(view, leaf, leaf_value, own, population, weights, ordered, with_, without)
    for mask in range(1 << n_all):
        for player in range(n_own):
            out[mask, player] = with_[mask] - without[mask & ~(1 << player)]


@njit(cache=True, nogil=True)
def ordered_values(view, leaf, leaf_value, population, ordered, out):  # type: ignore[no-untyped-def]
    """Write a leaf's values under an order for every mask, to ``out[mask, player]``."""
    n_all, name = view[3][leaf], view[4][leaf]
    size = 1 << n_all
    share = np.empty(size)
    worth = np.empty(size)
    set_shares(view[1][leaf], view[5][leaf], n_all, population, share)
    present = 0
    for player in range(n_all):
        present |= 1 << name[player]
    for player in range(n_all):
        for known in range(size):
            before = 0
            for other in range(n_all):
                if other != player and (known >> other) & 1:
                    before |= 1 << name[other]
            weight = ordered[present, name[player], before] * leaf_value
            joins = (known >> player) & 1
            worth[known] = (weight if joins else -weight) * share[size - 1 - known]
        add_subsets(worth, n_all, 0, n_all)
        # One by one: the check of two slices' lengths takes seconds to compile.
        for known in range(size):
            out[known, player] = worth[known]


@njit(cache=True, nogil=True)
def pair_values(view, leaf, leaf_value, population, weights, ordered, out):  # type: ignore[no-untyped-def]
    """Write a leaf's mains and pairs for every mask: the players' mains, then pair by pair.

    ``I_ab = sum_S W(k - 1, s) (v(S+a+b) - v(S+a) - v(S+b) + v(S))`` is the interaction of two
    players, and ``main_a = value_a - sum_b I_ab / 2``. Pairs know no order: ``ordered`` is empty.
    """
    n_all = view[3][leaf]
    size = 1 << n_all
    with_ = np.empty(size)
    without = np.empty(size)
    owen_sums(view, leaf, leaf_value, 0, population, weights, ordered, with_, without)
    for mask in range(size):
        for player in range(n_all):
            out[mask, player] = with_[mask] - without[mask & ~(1 << player)]
    share = np.empty(size)
    set_shares(view[1][leaf], view[5][leaf], n_all, population, share)
    both = np.zeros(size)
    one = np.zeros(size)
    none = np.zeros(size)
    for known in range(size):
        worth = leaf_value * share[size - 1 - known]
        count = bit_count(known)
        if count >= 2:
            both[known] = weights[n_all - 1, count - 2] * worth
        if count >= 1:
            one[known] = weights[n_all - 1, count - 1] * worth
        none[known] = weights[n_all - 1, count] * worth
    add_subsets(both, n_all, 0, n_all)
    add_subsets(one, n_all, 0, n_all)
    add_subsets(none, n_all, 0, n_all)
    for mask in range(size):
        place = n_all
        for a in range(n_all):
            for b in range(a + 1, n_all):
                lacks_a, lacks_b = mask & ~(1 << a), mask & ~(1 << b)
                neither = lacks_a & lacks_b
                # Subsets with both, with one of the two, and with neither.
                found = both[mask] - both[lacks_a] - both[lacks_b] + both[neither]
                found -= one[lacks_a] + one[lacks_b] - 2.0 * one[neither]
                found += none[neither]
                out[mask, place] = found
                out[mask, a] -= found / 2.0
                out[mask, b] -= found / 2.0
                place += 1


@njit(cache=True, nogil=True)
def leaf_outputs(view, kind, n_players):  # type: ignore[no-untyped-def]
    """Return how many values each leaf adds to, and which.

    Values are numbered by player; those of pairs follow, the pairs in lexical order.
    """
    n_own, name = view[2], view[4]
    n_leaves = n_own.shape[0]
    counts = np.empty(n_leaves, np.int64)
    most = 0
    for leaf in range(n_leaves):
        counts[leaf] = n_own[leaf] * (n_own[leaf] + 1) // 2 if kind == PAIRS else n_own[leaf]
        most = max(most, counts[leaf])
    output = np.zeros((n_leaves, most), np.int64)
    for leaf in range(n_leaves):
        place = 0
        for player in range(n_own[leaf]):
            output[leaf, place] = name[leaf, player]
            place += 1
        if kind == PAIRS:
            for a in range(n_own[leaf]):
                for b in range(a + 1, n_own[leaf]):
                    low = min(name[leaf, a], name[leaf, b])
                    high = max(name[leaf, a], name[leaf, b])
                    before = low * (2 * n_players - low - 1) // 2
                    output[leaf, place] = n_players + before + high - low - 1
                    place += 1
    return counts, output
