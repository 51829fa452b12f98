"""The loops that explain rows: encode, find each treelet's state, add up what it adds.

Both paths add the same numbers in the same order, so a row's values do not depend, to the
last bit, on the rows beside it, on the path taken, or on the number of threads.
"""

import numpy as np

from delinquency.compiled import njit
from delinquency.shapley.encoding import compare_row, encode_block
from delinquency.shapley.simd import (
    BLOCK,
    WIDTH,
    add_above,
    add_gathered,
    fetch,
    index_lanes,
    join_lanes,
    keep_above,
    keep_below,
    load_row,
    store_index,
    store_row,
)

SPAN = 16
"""Blocks handled chunk by chunk, so that a chunk's tables are read once for all of them."""


@njit(cache=True, nogil=True)
def encode_rows(rows, encoding):  # type: ignore[no-untyped-def]
    """Return the codes of rows of shape (n_rows, n_features), as (n_blocks, n_columns * BLOCK)."""
    n_blocks = (rows.shape[0] + BLOCK - 1) // BLOCK
    codes = np.zeros((n_blocks, encoding[0].shape[0] * BLOCK), np.uint8)
    for block in range(n_blocks):
        encode_block(rows[block * BLOCK : (block + 1) * BLOCK], encoding, codes[block])
    return codes


@njit(cache=True, nogil=True)
def explain_blocks(rows, encoding, program, chunk_start, sums, table, column, scratch, out):  # type: ignore[no-untyped-def]
    """Add the values of many rows to ``out``.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float64
    encoding, program, sums : tuple of ndarray
        The fields of ``Encoding``, of ``Program`` but its table, and of ``Sums``.
    chunk_start : ndarray, see ``chunk_starts``
    table : ndarray
    column : ndarray of shape (n_values,)
        Column of ``out`` that each value belongs to.
    scratch : ndarray of shape (at least blocks of a span * n_values * BLOCK,), aligned
    out : ndarray of shape (n_rows, n_columns)
    """
    cell_start, cell_output, cell_sum, treelet, keep, offset = sums
    n_values = column.shape[0]
    widest = 0
    for chunk in range(chunk_start.shape[0] - 1):
        widest = max(widest, chunk_start[chunk + 1] - chunk_start[chunk])
    states = np.empty(widest * BLOCK, np.uint16)
    codes = np.zeros((SPAN, encoding[0].shape[0] * BLOCK), np.uint8)
    n_rows = rows.shape[0]
    for span in range(0, n_rows, SPAN * BLOCK):
        filled = min(SPAN * BLOCK, n_rows - span)
        n_blocks = (filled + BLOCK - 1) // BLOCK
        for block in range(n_blocks):
            at = span + block * BLOCK
            encode_block(rows[at : min(at + BLOCK, n_rows)], encoding, codes[block])
        scratch[: n_blocks * n_values * BLOCK] = 0.0
        for chunk in range(chunk_start.shape[0] - 1):
            first, last = chunk_start[chunk], chunk_start[chunk + 1]
            for block in range(n_blocks):
                _block_states(codes[block], program, first, last, states)
                end = min(BLOCK, filled - block * BLOCK)
                for cell in range(cell_start[chunk], cell_start[chunk + 1]):
                    at = (block * n_values + cell_output[cell]) * BLOCK
                    begin, stop = cell_sum[cell], cell_sum[cell + 1]
                    # Two vectors at a time: what says where to look is read once for both.
                    for lane in range(0, end, 2 * WIDTH):
                        one = load_row(scratch, at + lane)
                        two = load_row(scratch, at + lane + WIDTH)
                        for look in range(begin, stop):
                            place = treelet[look] * BLOCK + lane
                            start, bits = offset[look], keep[look]
                            one = add_gathered(one, table, start, bits, states, place)
                            two = add_gathered(two, table, start, bits, states, place + WIDTH)
                        store_row(one, scratch, at + lane)
                        store_row(two, scratch, at + lane + WIDTH)
        # Turned in tiles: a line of either side is read or written whole.
        for block in range(n_blocks):
            end = min(BLOCK, filled - block * BLOCK)
            for lane in range(0, end, WIDTH):
                for value in range(0, n_values, WIDTH):
                    for row in range(lane, min(lane + WIDTH, end)):
                        at = span + block * BLOCK + row
                        for own in range(value, min(value + WIDTH, n_values)):
                            found = scratch[(block * n_values + own) * BLOCK + row]
                            out[at, column[own]] += found


@njit(cache=True, nogil=True)
def _block_states(codes, program, first, last, states):  # type: ignore[no-untyped-def]
    """Write the states of a block's rows in the treelets of one chunk."""
    _, step_start, plain_end, term_start, term_init = program[:5]
    term_adds, term_above, term_below, step_column, step_rank, step_weight = program[5:11]
    for treelet in range(first, last):
        index = index_lanes(np.uint16(0))
        step = step_start[treelet]
        while step < plain_end[treelet]:
            at = step_column[step] * BLOCK
            index = add_above(index, step_rank[step], step_weight[step], codes, at)
            step += 1
        for term in range(term_start[treelet], term_start[treelet + 1]):
            part = index_lanes(term_init[term])
            while step < term_adds[term]:
                at = step_column[step] * BLOCK
                part = add_above(part, step_rank[step], step_weight[step], codes, at)
                step += 1
            while step < term_above[term]:
                part = keep_above(part, step_rank[step], codes, step_column[step] * BLOCK)
                step += 1
            while step < term_below[term]:
                part = keep_below(part, step_rank[step], codes, step_column[step] * BLOCK)
                step += 1
            index = join_lanes(index, part)
        store_index(index, states, (treelet - first) * BLOCK)


@njit(cache=True, nogil=True)
def explain_rows(rows, encoding, program, table, column, out):  # type: ignore[no-untyped-def]
    """Add the values of a few rows to ``out``, one at a time, without a block's layout.

    A loop for each term would be left at a step that the processor cannot guess, some ten
    thousand times a row. Flat loops of running sums have nothing to guess.

    Parameters
    ----------
    rows, encoding, table, column, out
        See ``explain_blocks``.
    program : tuple of ndarray
        The fields of ``RowProgram``.
    """
    treelet_term, treelet_table, term_step, term_init = program[:4]
    step_split, step_left, step_turn, sum_treelet, sum_output, sum_keep, sum_offset = program[4:]
    above = np.zeros(encoding[4].shape[0] + encoding[0].shape[0], np.int32)
    step_sums = np.zeros(step_split.shape[0] + 1, np.int32)
    term_sums = np.zeros(term_init.shape[0] + 1, np.int64)
    states = np.empty(treelet_term.shape[0] - 1, np.int64)
    totals = np.empty(column.shape[0])
    for row in range(rows.shape[0]):
        compare_row(rows[row], encoding, above)
        running = np.int32(0)
        for step in range(step_split.shape[0]):
            running += step_left[step] ^ (step_turn[step] & above[step_split[step]])
            step_sums[step + 1] = running
        running_term = np.int64(0)
        for term in range(term_init.shape[0]):
            # The running sum may wrap; a difference of 32 bits is right all the same.
            part = np.int32(step_sums[term_step[term + 1]] - step_sums[term_step[term]])
            running_term += max(part + term_init[term], 0)
            term_sums[term + 1] = running_term
        for treelet in range(states.shape[0]):
            first, last = treelet_term[treelet], treelet_term[treelet + 1]
            states[treelet] = term_sums[last] - term_sums[first]
            fetch(table, treelet_table[treelet] + states[treelet])
        totals[:] = 0.0
        for look in range(sum_output.shape[0]):
            place = states[sum_treelet[look]] & np.int64(sum_keep[look])
            totals[sum_output[look]] += table[sum_offset[look] + place]
        for value in range(column.shape[0]):
            out[row, column[value]] += totals[value]


@njit(cache=True, nogil=True)
def add_up(values, group, out):  # type: ignore[no-untyped-def]
    """Add each row's values up within their groups, always in the same order.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_values)
    group : ndarray of shape (n_values,)
    out : ndarray of shape (n_rows, n_groups)
    """
    # Some rows at a time: a sum need not wait for the addition before it, which is another row's.
    for first in range(0, values.shape[0], WIDTH):
        last = min(first + WIDTH, values.shape[0])
        for value in range(values.shape[1]):
            to = group[value]
            for row in range(first, last):
                out[row, to] += values[row, value]
