"""Leaves with too many players for a table: their values are computed row by row, as exactly.

Path-dependent, a leaf's worth is a product over its players. The value of own player ``i`` is ::

    A[others that pass] * (o_i - r_i) * integral_0^1 prod_{j != i} (t o_j + (1 - t) r_j) dt

with ``o`` whether the row passes and ``r`` the player's ratio. The integrand is a polynomial of
degree ``n - 1``: Gauss and Legendre's rule with ``ceil(n / 2)`` nodes is exact.

Interventional, each pattern of background rows is one game of its own: a player for whom the row
passes and the background does not must join, one the other way round must not, and the weights of
the coalitions that have all the former and none of the latter are known numbers.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delinquency.compiled import njit
from delinquency.shapley.encoding import Encoding, compare_row
from delinquency.shapley.forest import CATEGORICAL
from delinquency.shapley.leaf_shapley import add_subsets, coalition_weight
from delinquency.shapley.population import merged_pattern, merged_ratio
from delinquency.shapley.views import MAX_PLAYERS, view_tree


@dataclass(frozen=True)
class DeepLeaves:
    """Leaves of views whose values are not tabulated.

    Attributes
    ----------
    value : ndarray of shape (n_leaves,)
        Leaf value.
    interventional : ndarray of shape (1,), bool
    n_own : ndarray of shape (n_leaves,)
        Own players; the others follow them.
    player_start : ndarray of shape (n_leaves + 1,)
        A leaf's first player.
    player_output, player_ratio : ndarray of shape (n_players,)
        Which value an own player has, and its ratio (path-dependent).
    step_start : ndarray of shape (n_players + 1,)
        A player's first comparison.
    step_split, step_side : ndarray of shape (n_steps,)
        Which comparison, see ``compare_row``, and -1 where the path goes right, else 0.
    outer_start : ndarray of shape (n_leaves + 1,)
    outer : ndarray
        Weight of each coalition of the others; path-dependent, what it is worth summed over the
        coalitions within.
    pattern_start : ndarray of shape (n_leaves + 1,)
    pattern, pattern_share : ndarray
        Patterns of the background and their shares.
    """

    value: NDArray[np.float64]
    interventional: NDArray[np.bool_]
    n_own: NDArray[np.int64]
    player_start: NDArray[np.int64]
    player_output: NDArray[np.int64]
    player_ratio: NDArray[np.float64]
    step_start: NDArray[np.int64]
    step_split: NDArray[np.int64]
    step_side: NDArray[np.int64]
    outer_start: NDArray[np.int64]
    outer: NDArray[np.float64]
    pattern_start: NDArray[np.int64]
    pattern: NDArray[np.int64]
    pattern_share: NDArray[np.float64]


class DeepLeavesBuilder:
    """Collects deep leaves, view by view.

    Parameters
    ----------
    interventional : bool
    """

    def __init__(self, interventional: bool):
        self._interventional = interventional
        self._parts: dict[str, list[Any]] = {field.name: [] for field in fields(DeepLeaves)}
        self._steps: list[tuple[int, int, int, int]] = []
        self._n_players = 0

    def add(
        self,
        paths: Any,
        met: Any,
        node_split: Any,
        view_of: tuple[NDArray[np.int64], int],
        game: Any,
        left_out: NDArray[np.int64],
    ) -> None:
        """Take the leaves that a view left out.

        Parameters
        ----------
        paths, met, node_split, game
            As for ``compile_view``.
        view_of : tuple
            Group of each player, and the own group.
        left_out : ndarray
            Their places among the tree's leaves.
        """
        _, values, population, weights, ordered = game
        view = view_tree(paths, met, node_split, *view_of, MAX_PLAYERS)
        place = {int(at): leaf for leaf, at in enumerate(view[1])}
        parts = self._parts
        for at in left_out:
            leaf = place[int(at)]
            n_own, n_all = int(view[2][leaf]), int(view[3][leaf])
            reach = view[5][leaf]
            value = values[view[0][0][leaf]]
            parts["value"].append(value)
            parts["n_own"].append(n_own)
            parts["player_start"].append(n_all)
            for player in range(n_all):
                parts["player_output"].append(view[4][leaf, player] if player < n_own else -1)
                ratio = (
                    1.0 if self._interventional else merged_ratio(population[1][at], reach[player])
                )
                parts["player_ratio"].append(ratio)
            for step in range(int(view[0][1][leaf])):
                node = view[0][2][leaf, step]
                player = self._n_players + int(view[6][leaf, step])
                side = -int(view[0][3][leaf, step])
                self._steps.append(
                    (player, int(node_split[0][node]), int(node_split[1][node]), side)
                )
            self._n_players += n_all
            parts["outer"].append(
                _outer(
                    view,
                    leaf,
                    view_of[1],
                    weights,
                    ordered,
                    np.array(parts["player_ratio"][-n_all:]),
                    self._interventional,
                )
            )
            patterns: NDArray[np.int64] = np.zeros(0, np.int64)
            shares: NDArray[np.float64] = np.zeros(0)
            if self._interventional:
                _, _, start, pattern, part = population
                own = slice(int(start[at]), int(start[at + 1]))
                merged = [merged_pattern(one, reach, n_all) for one in pattern[own]]
                patterns, member = np.unique(np.array(merged, np.int64), return_inverse=True)
                shares = np.bincount(member, part[own], len(patterns)).astype(np.float64)
            parts["pattern"].append(patterns)
            parts["pattern_share"].append(shares)

    def build(self, encoding: Encoding) -> DeepLeaves:
        """Return what was collected.

        Parameters
        ----------
        encoding : Encoding
        """
        parts = self._parts
        steps = np.array(sorted(self._steps), np.int64).reshape(-1, 4)
        column, rank = steps[:, 1], steps[:, 2]
        split = np.where(
            encoding.kind[column] == CATEGORICAL,
            len(encoding.threshold) + column,
            encoding.threshold_start[column] + rank,
        )
        return DeepLeaves(
            value=np.array(parts["value"], np.float64),
            interventional=np.array([self._interventional]),
            n_own=np.array(parts["n_own"], np.int64),
            player_start=_starts(parts["player_start"]),
            player_output=np.array(parts["player_output"], np.int64),
            player_ratio=np.array(parts["player_ratio"], np.float64),
            step_start=_starts(np.bincount(steps[:, 0], minlength=self._n_players)),
            step_split=split.astype(np.int64),
            step_side=np.ascontiguousarray(steps[:, 3]),
            outer_start=_starts([len(one) for one in parts["outer"]]),
            outer=np.concatenate([np.empty(0), *parts["outer"]]),
            pattern_start=_starts([len(one) for one in parts["pattern"]]),
            pattern=np.concatenate([np.empty(0, np.int64), *parts["pattern"]]),
            pattern_share=np.concatenate([np.empty(0), *parts["pattern_share"]]),
        )


def _starts(lengths: Any) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


@njit(cache=True, nogil=True)
def _outer(view, leaf, own, weights, ordered, ratios, interventional):  # type: ignore[no-untyped-def]
    """Return the weight of each coalition of the others; path-dependent, with their ratios."""
    n_own, n_all = view[2][leaf], view[3][leaf]
    n_others = n_all - n_own
    out = np.empty(1 << n_others)
    for coalition in range(1 << n_others):
        out[coalition] = coalition_weight(view, leaf, coalition, own, weights, ordered)
        if not interventional:
            for other in range(n_others):
                if not (coalition >> other) & 1:
                    out[coalition] *= ratios[n_own + other]
    if not interventional:
        add_subsets(out, n_others, 0, n_others)
    return out


def quadrature(most: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return nodes and weights on [0, 1] that are exact for up to ``most`` players.

    Parameters
    ----------
    most : int
    """
    node, weight = np.polynomial.legendre.leggauss(max((most + 1) // 2, 1))
    return (node + 1.0) / 2.0, weight / 2.0


@njit(cache=True, nogil=True)
def _add_deep_leaves(above, deep, rule, weights, out):  # type: ignore[no-untyped-def]
    """Add the values of the deep leaves to one row.

    Parameters
    ----------
    above : ndarray, see ``compare_row``
    deep : tuple of ndarray
        The fields of ``DeepLeaves``.
    rule : tuple of ndarray, see ``quadrature``
    weights : ndarray, see ``shapley_weights``
    out : ndarray of shape (n_values,)
    """
    (
        value,
        interventional,
        n_own,
        player_start,
        player_output,
        player_ratio,
        step_start,
        step_split,
        step_side,
        outer_start,
        outer,
        pattern_start,
        pattern,
        pattern_share,
    ) = deep
    node, node_weight = rule
    before = np.empty(MAX_PLAYERS + 1)
    found = np.empty(MAX_PLAYERS)
    for leaf in range(value.shape[0]):
        start, own = player_start[leaf], n_own[leaf]
        n_all = player_start[leaf + 1] - start
        passes = np.int64(0)
        for player in range(n_all):
            through = True
            for step in range(step_start[start + player], step_start[start + player + 1]):
                through = through and above[step_split[step]] == step_side[step]
            if through:
                passes |= np.int64(1) << player
        found[:own] = 0.0
        weight_of = outer[outer_start[leaf] : outer_start[leaf + 1]]
        if interventional[0]:
            for one in range(pattern_start[leaf], pattern_start[leaf + 1]):
                _add_pattern(
                    passes, pattern[one], pattern_share[one], own, n_all, weight_of, weights, found
                )
        else:
            for at in range(node.shape[0]):
                t = node[at]
                before[0] = node_weight[at] * weight_of[passes >> own]
                for player in range(own):
                    passed = np.float64((passes >> player) & 1)
                    ratio = player_ratio[start + player]
                    before[player + 1] = before[player] * (t * passed + (1.0 - t) * ratio)
                after = 1.0
                for player in range(own - 1, -1, -1):
                    passed = np.float64((passes >> player) & 1)
                    ratio = player_ratio[start + player]
                    found[player] += (passed - ratio) * before[player] * after
                    after *= t * passed + (1.0 - t) * ratio
        for player in range(own):
            out[player_output[start + player]] += value[leaf] * found[player]


@njit(cache=True, nogil=True)
def _add_pattern(passes, pattern, share, n_own, n_all, outer, weights, found):  # type: ignore[no-untyped-def]
    """Add what one pattern of the background gives each own player."""
    every = (np.int64(1) << n_all) - 1
    if (passes | pattern) & every != every:
        return  # a player for whom neither passes: no coalition reaches the leaf
    joins, stays = passes & ~pattern, pattern & ~passes
    plus, minus = 0, 0
    for player in range(n_own):
        plus += (joins >> player) & 1
        minus += (stays >> player) & 1
    if plus + minus == 0:
        return
    # Coalitions of the others that have all who must join and none who must not.
    must, may_not = joins >> n_own, stays >> n_own
    free = (every >> n_own) & ~must & ~may_not
    total = 0.0
    subset = free
    while True:
        total += outer[must | subset]
        if subset == 0:
            break
        subset = (subset - 1) & free
    total *= share
    # (a - 1)! c! / (a + c)! and a! (c - 1)! / (a + c)!
    for player in range(n_own):
        if (joins >> player) & 1:
            found[player] += total * weights[plus + minus, plus - 1]
        elif (stays >> player) & 1:
            found[player] -= total * weights[plus + minus, plus]


@njit(cache=True, nogil=True)
def explain_deep_leaves(rows, encoding, deep, rule, weights, out):  # type: ignore[no-untyped-def]
    """Add the values of the deep leaves to every row of ``out``."""
    above = np.zeros(encoding[4].shape[0] + encoding[0].shape[0], np.int32)
    for row in range(rows.shape[0]):
        compare_row(rows[row], encoding, above)
        _add_deep_leaves(above, deep, rule, weights, out[row])
