"""The comparisons and tables that treelets become.

Group by group, the index of a treelet's state is built of comparisons: ::

    term  = start + sum of weight[t] over the thresholds t below the code, if the path is taken
    index = sum of the terms

``start`` leaves room for the one state "path not taken", whose term is 0. What a state adds to
each group is a row of the treelet's table.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from delinquency.shapley.encoding import Encoding
from delinquency.shapley.forest import CATEGORICAL
from delinquency.shapley.leaf_shapley import compress, leaf_values
from delinquency.shapley.simd import WIDTH
from delinquency.shapley.subtrees import count_states, inner_splits, path_splits, treelet_top


@dataclass(frozen=True)
class Program:
    """The comparisons and tables of all treelets.

    Attributes
    ----------
    tree_start : ndarray of shape (n_trees + 1,)
        A tree's first treelet.
    row_start : ndarray of shape (n_treelets + 1,)
        A treelet's first table row.
    step_start, plain_end : ndarray of shape (n_treelets + 1,) and (n_treelets,)
        A treelet's first comparison, and the end of those that add to its index as they are.
    term_start : ndarray of shape (n_treelets + 1,)
        A treelet's first term that depends on a path.
    term_init, term_adds, term_above, term_below : ndarray of shape (n_terms,)
        A term's start, and the ends of its adding comparisons, of those of a path that goes
        right (code above rank), and of those of a path that goes left.
    step_column, step_rank, step_weight : ndarray of shape (n_steps,)
        A comparison: column, rank, and what it adds when the code is above the rank.
    table : ndarray of shape (n_rows * 8,), float64
        What a state adds to each group.
    """

    tree_start: NDArray[np.int64]
    row_start: NDArray[np.int64]
    step_start: NDArray[np.int64]
    plain_end: NDArray[np.int64]
    term_start: NDArray[np.int64]
    term_init: NDArray[np.uint16]
    term_adds: NDArray[np.int64]
    term_above: NDArray[np.int64]
    term_below: NDArray[np.int64]
    step_column: NDArray[np.int64]
    step_rank: NDArray[np.uint8]
    step_weight: NDArray[np.uint16]
    table: NDArray[np.float64]


@dataclass(frozen=True)
class RowProgram:
    """A program for single rows: every comparison adds, and a path not taken adds below zero.

    Attributes
    ----------
    row_start : ndarray of shape (n_treelets + 1,)
        A treelet's first table row.
    treelet_term : ndarray of shape (n_treelets + 1,)
        A treelet's first term; the comparisons without a path are one more term.
    term_step : ndarray of shape (n_terms + 1,)
        A term's first comparison.
    term_init : ndarray of shape (n_terms,)
        A term is the larger of 0 and this plus the sum of its comparisons.
    step_split : ndarray of shape (n_steps,)
        Which of the row's comparisons, see ``compare_row``.
    step_left, step_turn : ndarray of shape (n_steps,)
        What it adds when the row goes left, and that, exclusive-or what it adds when right.
    """

    row_start: NDArray[np.int64]
    treelet_term: NDArray[np.int64]
    term_step: NDArray[np.int64]
    term_init: NDArray[np.int32]
    step_split: NDArray[np.uint32]
    step_left: NDArray[np.int32]
    step_turn: NDArray[np.int32]


_NOT_TAKEN = -(1 << 20)
"""Less than any term's greatest sum, which fits 16 bits."""


def row_program(program: Program, encoding: Encoding) -> RowProgram:
    """Recast a program for single rows.

    Parameters
    ----------
    program : Program
    encoding : Encoding

    Returns
    -------
    RowProgram
    """
    n_steps = len(program.step_column)
    right = program.step_weight.astype(np.int32)
    left = np.zeros(n_steps, np.int32)
    # Steps follow one another: plain, then term by term adding, going right, going left.
    kind = np.zeros(n_steps + 1, np.int64)
    np.add.at(kind, program.term_adds, 1)
    np.add.at(kind, program.term_above, 1)
    np.add.at(kind, program.term_below, -2)
    kind = np.cumsum(kind)[:-1]
    left[kind == 1] = _NOT_TAKEN
    right[kind == 2] = _NOT_TAKEN
    n_treelets = len(program.plain_end)
    owner = np.repeat(np.arange(n_treelets), np.diff(program.term_start))
    place = np.arange(len(owner)) + owner + 1
    term_step = np.zeros(n_treelets + len(owner) + 1, np.int64)
    term_init = np.zeros(n_treelets + len(owner), np.int32)
    treelet_term = program.term_start + np.arange(n_treelets + 1)
    # The plain term of a treelet ends where its first other term begins.
    term_step[treelet_term[:-1]] = program.step_start[:-1]
    ends = np.concatenate([program.plain_end, program.term_below])
    term_step[np.concatenate([treelet_term[:-1], place]) + 1] = ends
    term_init[place] = program.term_init
    return RowProgram(
        row_start=program.row_start,
        treelet_term=treelet_term,
        term_step=term_step,
        term_init=term_init,
        step_split=np.where(
            encoding.kind[program.step_column] == CATEGORICAL,
            len(encoding.threshold) + program.step_column,
            encoding.threshold_start[program.step_column] + program.step_rank,
        ).astype(np.uint32),
        step_left=left,
        step_turn=left ^ right,
    )


@njit(cache=True, nogil=True)
def compile_tree(paths, players, runs, node_split, column_group, game):  # type: ignore[no-untyped-def]
    """Write the comparisons and tables of one tree's treelets.

    Parameters
    ----------
    paths, players, runs, node_split, column_group
        See ``tree_paths``, ``path_players`` and ``cut`` of the treelets.
    game : tuple
        Leaf values (n_leaves,), shares (n_leaves, 2**k_max) in depth-first order, Shapley
        weights.

    Returns
    -------
    treelets : ndarray of shape (n_treelets, 4)
        Rows, plain steps, steps and terms of each.
    terms : ndarray of shape (n_terms, 4)
        Start, adding steps, and path steps to the right and to the left of each.
    steps : ndarray of shape (n_steps, 3)
        Column, rank and weight of each.
    table : ndarray of shape (n_rows, 8)
    """
    column, rank, group = node_split[0], node_split[1], node_split[2]
    leaves, depths, nodes, sides = paths
    n_treelets = runs.shape[0] - 1
    treelets = np.zeros((n_treelets, 4), np.int64)
    most = 0
    for run in range(n_treelets):
        for at in range(runs[run], runs[run + 1]):
            most += depths[at]
        most += depths[runs[run]]
    terms = np.zeros((n_treelets * WIDTH, 4), np.int64)
    steps = np.zeros((most, 3), np.int64)
    splits = np.empty(column.shape[0] + 1, np.int64)
    outer = np.empty(nodes.shape[1] + 1, np.int64)
    sizes = np.empty((n_treelets, WIDTH), np.int64)
    n_rows = 0
    n_terms = 0
    n_steps = 0
    for run in range(n_treelets):
        first, last = runs[run], runs[run + 1] - 1
        top = treelet_top(paths, first, last)
        n_splits = inner_splits(paths, first, last, top, column, rank, splits)
        n_outer = path_splits(paths, first, top, column, rank, outer)
        path_groups = 0
        for at in range(n_outer):
            path_groups |= 1 << group[nodes[first, outer[at]]]
        states, _ = count_states(splits, n_splits, column_group, path_groups, sizes[run])
        treelets[run, 0] = states
        n_rows += states
        before = n_steps
        # First the groups that need no path: their steps add to the index as they are.
        for with_path in range(2):
            stride = 1
            for g in range(WIDTH):
                size = sizes[run, g]
                if size == 0:
                    continue
                has_path = (path_groups >> g) & 1
                if has_path == with_path:
                    start = n_steps
                    weight = stride
                    at = 0
                    while at < n_splits:
                        one = splits[at] // 256
                        ranks = 1
                        while at < n_splits and splits[at] // 256 == one:
                            if column_group[one] == g:
                                steps[n_steps, 0] = one
                                steps[n_steps, 1] = splits[at] % 256
                                steps[n_steps, 2] = weight
                                n_steps += 1
                            ranks += 1
                            at += 1
                        if column_group[one] == g:
                            weight *= ranks
                    if has_path:
                        terms[n_terms, 0] = stride
                        terms[n_terms, 1] = n_steps - start
                        for side in range(2):
                            for at in range(n_outer):
                                node = nodes[first, outer[at]]
                                if group[node] == g and sides[first, outer[at]] == 1 - side:
                                    steps[n_steps, 0] = column[node]
                                    steps[n_steps, 1] = rank[node]
                                    n_steps += 1
                                    terms[n_terms, 2 + side] += 1
                        n_terms += 1
                        treelets[run, 3] += 1
                stride *= size
            if with_path == 0:
                treelets[run, 1] = n_steps - before
        treelets[run, 2] = n_steps - before
    table = np.zeros((n_rows, WIDTH))
    _fill(paths, players, runs, node_split, column_group, game, sizes, table)
    return treelets, terms[:n_terms], steps[:n_steps], table


@njit(cache=True, nogil=True)
def _fill(paths, players, runs, node_split, column_group, game, sizes, table):  # type: ignore[no-untyped-def]
    """Write the sums over the leaves of each treelet, for each of its states."""
    column, rank, group = node_split[0], node_split[1], node_split[2]
    values, shares, weights = game
    leaves, depths, nodes, sides = paths
    longest = 0
    for run in range(runs.shape[0] - 1):
        longest = max(longest, runs[run + 1] - runs[run])
    splits = np.empty(column.shape[0] + 1, np.int64)
    slot = np.empty(column.shape[0] + 1, np.int64)
    below = np.empty(column.shape[0] + 1, np.int64)
    worth = np.empty((longest, shares.shape[1], WIDTH))
    place = np.empty((longest, nodes.shape[1]), np.int64)
    order = np.empty((longest, nodes.shape[1]), np.int64)
    row_start = 0
    for run in range(runs.shape[0] - 1):
        first, n_leaves = runs[run], runs[run + 1] - runs[run]
        top = treelet_top(paths, first, first + n_leaves - 1)
        n_splits = inner_splits(paths, first, first + n_leaves - 1, top, column, rank, splits)
        path_groups = 0
        for step in range(top):
            path_groups |= 1 << group[nodes[first, step]]
        n_slots = 0
        for at in range(n_splits):
            if at and splits[at] // 256 != splits[at - 1] // 256:
                n_slots += 1
            slot[at] = n_slots
        states = 1
        for g in range(WIDTH):
            states *= max(sizes[run, g], 1)
        for own in range(n_leaves):
            at = first + own
            n_players = 0
            for g in range(WIDTH):
                n_players += (players[at] >> g) & 1
            leaf_values(values[leaves[at]], shares[at], n_players, weights, worth[own])
            for step in range(top, depths[at]):
                key = column[nodes[at, step]] * 256 + rank[nodes[at, step]]
                find = 0
                while splits[find] != key:
                    find += 1
                place[own, step] = slot[find]
                back = find
                while back > 0 and slot[back - 1] == slot[find]:
                    back -= 1
                order[own, step] = find - back
        for state in range(states):
            taken = _decode(state, sizes[run], path_groups, splits, n_splits, column_group, below)
            for own in range(n_leaves):
                at = first + own
                mask = taken
                for step in range(top, depths[at]):
                    goes_right = below[place[own, step]] > order[own, step]
                    if goes_right != (sides[at, step] == 1):
                        mask &= ~(1 << group[nodes[at, step]])
                small = compress(mask, players[at])
                player = 0
                for g in range(WIDTH):
                    if (players[at] >> g) & 1:
                        table[row_start + state, g] += worth[own, small, player]
                        player += 1
        row_start += states


@njit(cache=True, nogil=True)
def _decode(state, sizes, path_groups, splits, n_splits, column_group, below):  # type: ignore[no-untyped-def]
    """Undo the index: write how many thresholds lie below the code of each inner column, and
    return the bits of the groups whose path is taken.
    """  # noqa: D205
    taken = 255
    for g in range(WIDTH):
        if sizes[g] == 0:
            continue
        own = state % sizes[g]
        state //= sizes[g]
        if (path_groups >> g) & 1:
            if own == 0:
                taken &= ~(1 << g)
            else:
                own -= 1
        at = 0
        n_slots = 0
        while at < n_splits:
            one = splits[at] // 256
            ranks = 1
            while at < n_splits and splits[at] // 256 == one:
                ranks += 1
                at += 1
            if column_group[one] == g:
                below[n_slots] = own % ranks
                own //= ranks
            n_slots += 1
    return taken
