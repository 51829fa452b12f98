"""Tables of the treelets: what every state adds to every value.

A state's row in the table holds what it adds to each of the treelet's values, and no more.

A leaf with many players has a treelet of its own. Its values need but two numbers a state,
whatever their number: ``with_[state] - without[state but for the player]`` (see ``leaf_shapley``).
So its table holds those two, and each value is two look-ups, the second one's ``keep`` leaving
the player's bit out.
"""

import numpy as np

from delinquency.compiled import njit
from delinquency.shapley.leaf_shapley import (
    ORDERED,
    OWEN,
    PAIRS,
    leaf_outputs,
    ordered_values,
    owen_sums,
    owen_values,
    pair_values,
)
from delinquency.shapley.subtrees import count_states, cut, inner_splits, path_splits, treelet_top
from delinquency.shapley.views import view_tree

_TWO_NUMBERS_FROM = 2048
"""States of one leaf from which a table of two numbers a state replaces one of its values."""

_ALL_BITS = 65_535


@njit(cache=True, nogil=True)
def compile_view(paths, met, node_split, column_local, view_of, game, costs):  # type: ignore[no-untyped-def]
    """Write the comparisons, look-ups and tables of one view of a tree.

    Parameters
    ----------
    paths, met : tuple
        See ``tree_paths`` and ``path_players``.
    node_split : tuple of ndarray
        Column, rank and player of each node.
    column_local : ndarray of shape (n_columns,)
        Scratch.
    view_of : tuple
        Group of each player, the own group, and the most players a tabulated leaf may have.
    game : tuple
        Kind of values, leaf values, population (see ``set_shares``), Shapley weights, and those
        under an order.
    costs : tuple
        See ``cut``.

    Returns
    -------
    treelets : ndarray of shape (n_treelets, 6)
        Plain steps, steps, terms, look-ups, numbers in the table, and states of each.
    terms : ndarray of shape (n_terms, 4)
        Start, adding steps, and path steps to the right and to the left of each.
    steps : ndarray of shape (n_steps, 3)
        Column, rank and weight of each.
    sums : ndarray of shape (n_sums, 3)
        Output, bits kept, and offset within the treelet's table.
    table : ndarray of float64
    left_out : ndarray
        Leaves with too many players, see ``view_tree``.
    """
    player_group, own, max_players = view_of
    kind = game[0]
    view = view_tree(paths, met, node_split, player_group, own, max_players)
    if view[1].shape[0] == 0:
        return (
            np.zeros((0, 6), np.int64),
            np.zeros((0, 4), np.int64),
            np.zeros((0, 3), np.int64),
            np.zeros((0, 3), np.int64),
            np.zeros(0),
            view[9],
        )
    node_local, n_locals = view[7], view[8]
    for node in range(node_local.shape[0]):
        column_local[node_split[0][node]] = node_local[node]
    n_players = player_group.shape[0]
    outputs = leaf_outputs(view, kind, n_players)
    n_values = n_players * (n_players + 1) // 2 if kind == PAIRS else n_players
    runs = cut(view, outputs, n_values, node_split, column_local, costs)
    n_treelets = runs.shape[0] - 1
    sizes = np.zeros((n_treelets, n_locals), np.int64)
    strides = np.zeros((n_treelets, n_locals), np.int64)
    run_outputs, widths = _run_outputs(runs, outputs)
    treelets, terms, steps = _write_steps(
        view, runs, node_split, column_local, kind, widths, sizes, strides
    )
    sums = _write_sums(view, runs, treelets, run_outputs, widths, strides, outputs)
    size = 0
    for run in range(n_treelets):
        size += treelets[run, 4]
    table = np.zeros(size)
    layout = (run_outputs, widths, treelets, sizes, strides)
    _fill(view, runs, node_split, column_local, own, game, outputs, layout, table)
    return treelets, terms, steps, sums, table, view[9]


@njit(cache=True, nogil=True)
def _run_outputs(runs, outputs):  # type: ignore[no-untyped-def]
    """Return which values each run adds to, and how many."""
    counts, output = outputs
    n_runs = runs.shape[0] - 1
    most = 0
    for run in range(n_runs):
        here = 0
        for leaf in range(runs[run], runs[run + 1]):
            here += counts[leaf]
        most = max(most, here)
    found = np.zeros((n_runs, most), np.int64)
    widths = np.zeros(n_runs, np.int64)
    for run in range(n_runs):
        for leaf in range(runs[run], runs[run + 1]):
            for one in range(counts[leaf]):
                place = 0
                while place < widths[run] and found[run, place] != output[leaf, one]:
                    place += 1
                found[run, place] = output[leaf, one]
                widths[run] = max(widths[run], place + 1)
    return found, widths


@njit(cache=True, nogil=True)
def has_two_numbers(kind, n_leaves, states, width):  # type: ignore[no-untyped-def]
    """Tell whether a treelet's table holds two numbers a state in the place of its values."""
    large = width > 2 and states >= _TWO_NUMBERS_FROM
    return kind == OWEN and n_leaves == 1 and (large or states * width > _ALL_BITS + 1)


@njit(cache=True, nogil=True)
def _write_steps(view, runs, node_split, column_local, kind, widths, sizes, strides):  # type: ignore[no-untyped-def]
    """Write the comparisons of each treelet, and the states and strides of its players."""
    column, rank = node_split[0], node_split[1]
    paths, node_local, n_locals = view[0], view[7], view[8]
    _, depths, nodes, sides = paths
    n_treelets = runs.shape[0] - 1
    treelets = np.zeros((n_treelets, 6), np.int64)
    most = 0
    for run in range(n_treelets):
        for at in range(runs[run], runs[run + 1]):
            most += depths[at]
        most += depths[runs[run]]
    terms = np.zeros((most, 4), np.int64)
    steps = np.zeros((most, 3), np.int64)
    splits = np.empty(column.shape[0] + 1, np.int64)
    outer = np.empty(nodes.shape[1] + 1, np.int64)
    on_path = np.zeros(n_locals, np.bool_)
    n_terms = 0
    n_steps = 0
    for run in range(n_treelets):
        first, last = runs[run], runs[run + 1] - 1
        top = treelet_top(paths, first, last)
        n_splits = inner_splits(paths, first, last, top, column, rank, splits)
        n_outer = path_splits(paths, first, top, column, rank, outer)
        on_path[:] = False
        for at in range(n_outer):
            on_path[node_local[nodes[first, outer[at]]]] = True
        states, _ = count_states(splits, n_splits, column_local, on_path, sizes[run])
        two = has_two_numbers(kind, last - first + 1, states, widths[run])
        treelets[run, 4] = states * (2 if two else widths[run])
        treelets[run, 5] = states
        before = n_steps
        # First the players that need no path: their steps add to the place as they are.
        stride = 1 if two else widths[run]
        for with_path in range(2):
            for local in range(n_locals):
                size = sizes[run, local]
                if size == 0 or on_path[local] != (with_path == 1):
                    continue
                strides[run, local] = stride
                start = n_steps
                n_steps = _adding_steps(
                    splits, n_splits, column_local, local, stride, steps, n_steps
                )
                if with_path:
                    terms[n_terms, 0] = stride
                    terms[n_terms, 1] = n_steps - start
                    for side in range(2):
                        for at in range(n_outer):
                            node = nodes[first, outer[at]]
                            if node_local[node] == local and sides[first, outer[at]] == 1 - side:
                                steps[n_steps, 0] = column[node]
                                steps[n_steps, 1] = rank[node]
                                n_steps += 1
                                terms[n_terms, 2 + side] += 1
                    n_terms += 1
                    treelets[run, 2] += 1
                stride *= size
            if with_path == 0:
                treelets[run, 0] = n_steps - before
        treelets[run, 1] = n_steps - before
    return treelets, terms[:n_terms], steps[:n_steps]


@njit(cache=True, nogil=True)
def _adding_steps(splits, n_splits, column_local, local, stride, steps, n_steps):  # type: ignore[no-untyped-def]
    """Write the comparisons of one player's inner splits; return the new number of steps."""
    weight = stride
    at = 0
    while at < n_splits:
        one = splits[at] // 256
        ranks = 1
        while at < n_splits and splits[at] // 256 == one:
            if column_local[one] == local:
                steps[n_steps, 0] = one
                steps[n_steps, 1] = splits[at] % 256
                steps[n_steps, 2] = weight
                n_steps += 1
            ranks += 1
            at += 1
        if column_local[one] == local:
            weight *= ranks
    return n_steps


@njit(cache=True, nogil=True)
def _write_sums(view, runs, treelets, run_outputs, widths, strides, outputs):  # type: ignore[no-untyped-def]
    """Write the look-ups of each treelet."""
    n_treelets = runs.shape[0] - 1
    most = 0
    for run in range(n_treelets):
        most += 2 * widths[run]
    sums = np.zeros((most, 3), np.int64)
    n_sums = 0
    for run in range(n_treelets):
        before = n_sums
        states = treelets[run, 5]
        leaf = runs[run]
        two = treelets[run, 4] != states * widths[run]
        for one in range(widths[run]):
            sums[n_sums, 0] = run_outputs[run, one]
            sums[n_sums, 1] = _ALL_BITS
            sums[n_sums, 2] = 0 if two else one
            n_sums += 1
            if two:
                local = _local_of(view, leaf, one)
                sums[n_sums, 0] = run_outputs[run, one]
                sums[n_sums, 1] = _ALL_BITS ^ strides[run, local]
                sums[n_sums, 2] = states
                n_sums += 1
        treelets[run, 3] = n_sums - before
    return sums[:n_sums]


@njit(cache=True, nogil=True)
def _local_of(view, leaf, player):  # type: ignore[no-untyped-def]
    """Return the number within the view of a leaf's player."""
    nodes, bit, node_local = view[0][2], view[6], view[7]
    step = 0
    while bit[leaf, step] != player:
        step += 1
    return node_local[nodes[leaf, step]]


@njit(cache=True, nogil=True)
def _fill(view, runs, node_split, column_local, own, game, outputs, layout, table):  # type: ignore[no-untyped-def]
    """Write the sums over the leaves of each treelet, for each of its states."""
    column, rank = node_split[0], node_split[1]
    kind, values, population, weights, ordered = game
    run_outputs, widths, treelets, sizes, strides = layout
    paths, n_all, bit, node_local, n_locals = view[0], view[3], view[6], view[7], view[8]
    leaves, depths, nodes, sides = paths
    counts, output = outputs
    splits = np.empty(column.shape[0] + 1, np.int64)
    slot = np.empty(column.shape[0] + 1, np.int64)
    below = np.empty(column.shape[0] + 1, np.int64)
    taken = np.empty(n_locals, np.bool_)
    on_path = np.empty(n_locals, np.bool_)
    start = 0
    for run in range(runs.shape[0] - 1):
        first, n_leaves = runs[run], runs[run + 1] - runs[run]
        width, states = widths[run], treelets[run, 5]
        if treelets[run, 4] != states * width:
            leaf = first
            with_ = np.empty(states)
            without = np.empty(states)
            owen_sums(
                view, leaf, values[leaves[leaf]], own, population, weights, ordered, with_, without
            )
            for mask in range(states):
                place = 0
                for player in range(n_all[leaf]):
                    if (mask >> player) & 1:
                        place += strides[run, _local_of(view, leaf, player)]
                table[start + place] = with_[mask]
                table[start + states + place] = -without[mask]
            start += treelets[run, 4]
            continue
        top = treelet_top(paths, first, first + n_leaves - 1)
        n_splits = inner_splits(paths, first, first + n_leaves - 1, top, column, rank, splits)
        on_path[:] = False
        for step in range(top):
            on_path[node_local[nodes[first, step]]] = True
        n_slots = 0
        for at in range(n_splits):
            if at and splits[at] // 256 != splits[at - 1] // 256:
                n_slots += 1
            slot[at] = n_slots
        most, widest = 0, 0
        for leaf in range(first, first + n_leaves):
            most, widest = max(most, n_all[leaf]), max(widest, counts[leaf])
        worth = np.empty((n_leaves, 1 << most, widest))
        place_of = np.empty((n_leaves, nodes.shape[1]), np.int64)
        order_of = np.empty((n_leaves, nodes.shape[1]), np.int64)
        target = np.empty((n_leaves, widest), np.int64)
        for here in range(n_leaves):
            leaf = first + here
            value = values[leaves[leaf]]
            if kind == OWEN:
                owen_values(view, leaf, value, own, population, weights, ordered, worth[here])
            elif kind == ORDERED:
                ordered_values(view, leaf, value, population, ordered, worth[here])
            else:
                pair_values(view, leaf, value, population, weights, ordered, worth[here])
            for one in range(counts[leaf]):
                find = 0
                while run_outputs[run, find] != output[leaf, one]:
                    find += 1
                target[here, one] = find
            for step in range(top, depths[leaf]):
                key = column[nodes[leaf, step]] * 256 + rank[nodes[leaf, step]]
                find = 0
                while splits[find] != key:
                    find += 1
                place_of[here, step] = slot[find]
                back = find
                while back > 0 and slot[back - 1] == slot[find]:
                    back -= 1
                order_of[here, step] = find - back
        for state in range(states):
            _decode(
                state * width,
                width,
                sizes[run],
                strides[run],
                on_path,
                splits,
                n_splits,
                column_local,
                below,
                taken,
            )
            row = start + state * width
            for here in range(n_leaves):
                leaf = first + here
                mask = (1 << n_all[leaf]) - 1
                for step in range(depths[leaf]):
                    if step < top:
                        passes = taken[node_local[nodes[leaf, step]]]
                    else:
                        goes_right = below[place_of[here, step]] > order_of[here, step]
                        passes = goes_right == (sides[leaf, step] == 1)
                        # Above the treelet the player may have left the path already.
                        passes = passes and taken[node_local[nodes[leaf, step]]]
                    if not passes:
                        mask &= ~(1 << bit[leaf, step])
                for one in range(counts[leaf]):
                    table[row + target[here, one]] += worth[here, mask, one]
        start += treelets[run, 4]


@njit(cache=True, nogil=True)
def _decode(place, width, sizes, strides, on_path, splits, n_splits, column_local, below, taken):  # type: ignore[no-untyped-def]
    """Undo the place: write how many thresholds lie below the code of each inner column, and
    whether the path above is taken by each player.
    """  # noqa: D205
    for local in range(sizes.shape[0]):
        taken[local] = True
        if sizes[local] == 0:
            continue
        own = (place // strides[local]) % sizes[local]
        if on_path[local]:
            if own == 0:
                taken[local] = False
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
            if column_local[one] == local:
                below[n_slots] = own % ranks
                own //= ranks
            n_slots += 1
