"""The comparisons and tables that treelets become, and how they are laid out to be run.

Player by player, the place of a treelet's state in its table is built of comparisons: ::

    term  = start + sum of weight[t] over the thresholds t below the code, if the path is taken
    place = sum of the terms

``start`` leaves room for the one state "path not taken", whose term is 0. A value is looked up at
``table[offset + (place & keep)]``.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from delinquency.shapley.encoding import Encoding
from delinquency.shapley.forest import CATEGORICAL


@dataclass(frozen=True)
class Program:
    """The comparisons and tables of all treelets.

    Attributes
    ----------
    tree_start : ndarray of shape (n_trees + 1,)
        First treelet of a tree, or of a tree as one group sees it.
    step_start, plain_end : ndarray of shape (n_treelets + 1,) and (n_treelets,)
        A treelet's first comparison, and the end of those that add to its place as they are.
    term_start : ndarray of shape (n_treelets + 1,)
        A treelet's first term that depends on a path.
    term_init, term_adds, term_above, term_below : ndarray of shape (n_terms,)
        A term's start, and the ends of its adding comparisons, of those of a path that goes
        right (code above rank), and of those of a path that goes left.
    step_column, step_rank, step_weight : ndarray of shape (n_steps,)
        A comparison: column, rank, and what it adds when the code is above the rank.
    sum_start : ndarray of shape (n_treelets + 1,)
        A treelet's first look-up.
    sum_output, sum_keep, sum_offset : ndarray of shape (n_sums,)
        A look-up: which value it adds to, the bits of the place that count, and where in the
        table the state 0 lies.
    table : ndarray of float64
    """

    tree_start: NDArray[np.int64]
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
    sum_start: NDArray[np.int64]
    sum_output: NDArray[np.int64]
    sum_keep: NDArray[np.uint16]
    sum_offset: NDArray[np.int64]
    table: NDArray[np.float64]


@dataclass(frozen=True)
class Sums:
    """The look-ups of a program once more, value by value: the order of a block.

    Attributes
    ----------
    cell_start : ndarray of shape (n_chunks + 1,)
        A chunk's first cell: one value that the chunk adds to.
    cell_output : ndarray of shape (n_cells,)
        Which value.
    cell_sum : ndarray of shape (n_cells + 1,)
        A cell's first look-up.
    treelet : ndarray of shape (n_sums,)
        A look-up's treelet, counted within its chunk.
    keep, offset : ndarray of shape (n_sums,)
        As in ``Program``.
    """

    cell_start: NDArray[np.int64]
    cell_output: NDArray[np.int64]
    cell_sum: NDArray[np.int64]
    treelet: NDArray[np.int64]
    keep: NDArray[np.uint16]
    offset: NDArray[np.int64]


_CHUNK_BYTES = 32_000
_CHUNK_TREELETS = 64
"""What is run together: as much as the nearest cache holds (measured: 8 to 64 kB, 12 to 128)."""


def chunk_starts(program: Program) -> NDArray[np.int64]:
    """Gather trees that follow one another into chunks, which are run together.

    A value's sum is read and written once a chunk, so small trees gain most.

    Parameters
    ----------
    program : Program

    Returns
    -------
    ndarray of shape (n_chunks + 1,)
        A chunk's first treelet.
    """
    size = np.append(program.sum_offset, len(program.table))[program.sum_start] * 8
    starts = program.tree_start[:1].tolist()
    for first, last in pairwise(program.tree_start.tolist()):
        begin = starts[-1]
        too_large = size[last] - size[begin] > _CHUNK_BYTES or last - begin > _CHUNK_TREELETS
        if first > begin and too_large:
            starts.append(first)
    return np.array([*starts, program.tree_start[-1]], np.int64)


def block_sums(program: Program, chunk_start: NDArray[np.int64]) -> Sums:
    """Sort a program's look-ups by chunk, value and treelet.

    Parameters
    ----------
    program : Program
    chunk_start : ndarray, see ``chunk_starts``

    Returns
    -------
    Sums
    """
    n_treelets, n_chunks = len(program.plain_end), len(chunk_start) - 1
    treelet = np.repeat(np.arange(n_treelets), np.diff(program.sum_start))
    chunk_of = np.repeat(np.arange(n_chunks), np.diff(chunk_start))
    chunk = chunk_of[treelet]
    # A stable sort: the look-ups of a value stay in the order in which single rows add them.
    order = np.lexsort((program.sum_output, chunk))
    chunk, output = chunk[order], program.sum_output[order]
    fresh = np.ones(len(order), bool)
    fresh[1:] = (chunk[1:] != chunk[:-1]) | (output[1:] != output[:-1])
    cells = np.flatnonzero(fresh)
    return Sums(
        cell_start=np.searchsorted(chunk[cells], np.arange(n_chunks + 1)).astype(np.int64),
        cell_output=output[cells],
        cell_sum=np.append(cells, len(order)).astype(np.int64),
        treelet=(treelet[order] - chunk_start[chunk]).astype(np.int64),
        keep=program.sum_keep[order],
        offset=program.sum_offset[order],
    )


@dataclass(frozen=True)
class RowProgram:
    """A program for single rows: every comparison adds, and a path not taken adds below zero.

    Attributes
    ----------
    treelet_term : ndarray of shape (n_treelets + 1,)
        A treelet's first term; the comparisons without a path are one more term.
    treelet_table : ndarray of shape (n_treelets,)
        Where in the table a treelet's first value lies in the state 0.
    term_step : ndarray of shape (n_terms + 1,)
        A term's first comparison.
    term_init : ndarray of shape (n_terms,)
        A term is the larger of 0 and this plus the sum of its comparisons.
    step_split : ndarray of shape (n_steps,)
        Which of the row's comparisons, see ``compare_row``.
    step_left, step_turn : ndarray of shape (n_steps,)
        What it adds when the row goes left, and that, exclusive-or what it adds when right.
    sum_treelet : ndarray of shape (n_sums,)
        A look-up's treelet.
    sum_output, sum_keep, sum_offset
        As in ``Program``.
    """

    treelet_term: NDArray[np.int64]
    treelet_table: NDArray[np.int64]
    term_step: NDArray[np.int64]
    term_init: NDArray[np.int32]
    step_split: NDArray[np.uint32]
    step_left: NDArray[np.int32]
    step_turn: NDArray[np.int32]
    sum_treelet: NDArray[np.uint32]
    sum_output: NDArray[np.uint32]
    sum_keep: NDArray[np.uint16]
    sum_offset: NDArray[np.int64]


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
        treelet_term=treelet_term,
        treelet_table=program.sum_offset[program.sum_start[:-1]],
        term_step=term_step,
        term_init=term_init,
        step_split=np.where(
            encoding.kind[program.step_column] == CATEGORICAL,
            len(encoding.threshold) + program.step_column,
            encoding.threshold_start[program.step_column] + program.step_rank,
        ).astype(np.uint32),
        step_left=left,
        step_turn=left ^ right,
        sum_treelet=np.repeat(np.arange(n_treelets), np.diff(program.sum_start)).astype(np.uint32),
        sum_output=program.sum_output.astype(np.uint32),
        sum_keep=program.sum_keep,
        sum_offset=program.sum_offset,
    )
