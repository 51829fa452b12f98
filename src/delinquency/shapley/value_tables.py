"""The tables of one kind of values, and the loops that look rows up in them."""

import threading
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from delinquency.shapley.compiling import Compiled, aligned, record_fields
from delinquency.shapley.deep_leaves import explain_deep_leaves, quadrature
from delinquency.shapley.encoding import Encoding
from delinquency.shapley.kernel import SPAN, explain_blocks, explain_rows
from delinquency.shapley.leaf_shapley import shapley_weights
from delinquency.shapley.program import block_sums, chunk_starts, row_program
from delinquency.shapley.simd import BLOCK
from delinquency.shapley.views import MAX_PLAYERS

SMALL_BATCH = 10
"""Rows up to which one at a time is faster than a block (measured)."""


class _Kept(threading.local):
    """A thread's scratch: fresh memory costs a batch of many features as much as its sums."""

    numbers = aligned(0)

    def scratch(self, size: int) -> NDArray[np.float64]:
        """Return ``size`` numbers, whatever they hold, that begin on a cache line."""
        if len(self.numbers) < size:
            self.numbers = aligned(size)
        return self.numbers[:size]


_KEPT = _Kept()


class ValueTables:
    """Looks rows up in compiled tables.

    Parameters
    ----------
    compiled : Compiled
    encoding : Encoding
    n_values : int
        Values of a row.
    """

    def __init__(self, compiled: Compiled, encoding: Encoding, n_values: int):
        self.compiled = compiled
        self.n_values = n_values
        program, deep = compiled.program, compiled.deep
        # Values that no tree adds to take no room in the scratch.
        used, place = np.unique(program.sum_output, return_inverse=True)
        packed = replace(program, sum_output=place.astype(np.int64))
        self._column = used.astype(np.int64)
        self._encoding = record_fields(encoding)
        self._program = record_fields(packed)[:11]
        self._chunks = chunk_starts(packed)
        self._sums = record_fields(block_sums(packed, self._chunks))
        self._row_program = record_fields(row_program(packed, encoding))
        self._deep = record_fields(deep)
        self._rule = quadrature(int(deep.n_own.max(initial=1)))

    def add(self, matrix: NDArray[np.float64], out: NDArray[np.float64]) -> None:
        """Add the values of every row to ``out``, in this thread.

        Parameters
        ----------
        matrix : ndarray of shape (n_rows, n_features)
        out : ndarray of shape (n_rows, n_values)
        """
        table = self.compiled.program.table
        if len(matrix) <= SMALL_BATCH:
            explain_rows(matrix, self._encoding, self._row_program, table, self._column, out)
        else:
            n_blocks = min(SPAN, -(-len(matrix) // BLOCK))
            scratch = _KEPT.scratch(n_blocks * BLOCK * len(self._column))
            explain_blocks(
                matrix,
                self._encoding,
                self._program,
                self._chunks,
                self._sums,
                table,
                self._column,
                scratch,
                out,
            )
        if len(self.compiled.deep.value):
            explain_deep_leaves(matrix, self._encoding, self._deep, self._rule, _WEIGHTS, out)

    @property
    def table_bytes(self) -> int:
        """Memory of the tables."""
        return int(self.compiled.program.table.nbytes)

    @property
    def n_lookups(self) -> int:
        """Numbers looked up and added for one row."""
        return len(self.compiled.program.sum_output)


_WEIGHTS = shapley_weights(MAX_PLAYERS)
