"""From a forest and a grouping of its features to the tables that explain rows."""

from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delinquency.errors import UnsupportedModelError
from delinquency.shapley import leaf_shapley, subtrees
from delinquency.shapley.encoding import Encoding, build_encoding
from delinquency.shapley.forest import Forest
from delinquency.shapley.kernel import encode_rows
from delinquency.shapley.program import Program, RowProgram, compile_tree
from delinquency.shapley.simd import WIDTH
from delinquency.shapley.subtrees import Costs

_LINE_BYTES = 64


@dataclass(frozen=True)
class Compiled:
    """Everything that explaining a row needs.

    Attributes
    ----------
    encoding : Encoding
    program : Program
    base_value : float
        Value of the empty coalition, summed over the trees.
    """

    encoding: Encoding
    program: Program
    base_value: float

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name, as they are stored."""
        parts: dict[str, Any] = {"encoding": self.encoding, "program": self.program}
        return {
            f"{part}.{field.name}": getattr(record, field.name)
            for part, record in parts.items()
            for field in fields(record)
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]], base_value: float) -> "Compiled":
        """Build the record again from its stored arrays."""
        encoding, program = (
            {field.name: arrays[f"{part}.{field.name}"] for field in fields(kind)}
            for part, kind in (("encoding", Encoding), ("program", Program))
        )
        program["table"] = aligned_copy(program["table"])
        return cls(Encoding(**encoding), Program(**program), base_value)


def aligned(size: int) -> NDArray[np.float64]:
    """Return float64 zeros that begin on a cache line, so that a table row fills just one."""
    store = np.zeros(size + _LINE_BYTES // 8)
    skip = -(store.ctypes.data // 8) % (_LINE_BYTES // 8)
    return store[skip : skip + size]


def aligned_copy(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a copy that begins on a cache line."""
    copy = aligned(values.size)
    copy[:] = values.ravel()
    return copy


def compile_forest(
    forest: Forest,
    groups: NDArray[np.int64],
    *,
    background: NDArray[np.float64] | None,
    costs: Costs,
) -> Compiled:
    """Tabulate the group values of every tree.

    Parameters
    ----------
    forest : Forest
    groups : ndarray of shape (n_features,)
        Group of each feature, 0..7.
    background : ndarray of shape (n_background, n_features) or None
        Rows of the reference population; None for the path-dependent game.
    costs : Costs

    Returns
    -------
    Compiled

    Raises
    ------
    UnsupportedModelError
        If the path-dependent game is asked of a model without row counts.
    """
    encoding, column, rank = build_encoding(forest)
    if background is None and not (forest.node_count > 0).all():
        raise UnsupportedModelError(
            "Expected a row count above 0 at every split. Got a model without them. "
            "Mend: give a background, whose rows are counted instead."
        )
    codes, n_background = None, 0
    if background is not None:
        codes, n_background = encode_rows(background, record_fields(encoding)), len(background)
    column_group = groups[encoding.feature].astype(np.int64)
    pieces = []
    base = 0.0
    for tree in range(forest.n_trees):
        nodes = slice(int(forest.node_start[tree]), int(forest.node_start[tree + 1]))
        leaves = slice(int(forest.leaf_start[tree]), int(forest.leaf_start[tree + 1]))
        values = forest.leaf_value[leaves]
        if nodes.start == nodes.stop:
            base += float(values[0])
            continue
        split = (
            column[nodes],
            rank[nodes],
            groups[forest.feature[nodes]].astype(np.int64),
            forest.left[nodes],
            forest.right[nodes],
        )
        paths = subtrees.tree_paths(forest.left[nodes], forest.right[nodes])
        players = subtrees.path_players(paths, split[2])
        n_players = np.bitwise_count(players)
        share = np.zeros((len(values), 1 << int(n_players.max())))
        if codes is None:
            counts = (forest.node_count[nodes], forest.leaf_count[leaves])
            leaf_shapley.path_shares(split[2], *counts, paths, players, share)
        else:
            leaf_shapley.background_shares(codes, n_background, split, paths, players, share)
        reached = share[np.arange(len(values)), (1 << n_players) - 1]
        base += float(np.sum(values[paths[0]] * reached))
        runs = subtrees.cut(paths, split, column_group, tuple(asdict(costs).values()))
        game = (values, share, leaf_shapley.shapley_weights())
        pieces.append(compile_tree(paths, players, runs, split, column_group, game))
    return Compiled(encoding, _join(pieces), base)


def record_fields(record: Encoding | Program | RowProgram) -> tuple[NDArray[Any], ...]:
    """Return a record's arrays, the table excepted, as compiled code takes them."""
    return tuple(getattr(record, field.name) for field in fields(record) if field.name != "table")


def _join(pieces: list[tuple[NDArray[Any], ...]]) -> Program:
    """Lay the trees' programs one after another."""
    empty = (np.empty((0, 4), np.int64), np.empty((0, 4), np.int64), np.empty((0, 3), np.int64))
    found, terms, steps = (
        np.concatenate([start, *(piece[part] for piece in pieces)])
        for part, start in enumerate(empty)
    )
    starts = [np.concatenate([[0], np.cumsum(found[:, part])]) for part in range(4)]
    step_start = starts[2].astype(np.int64)
    plain_end = step_start[:-1] + found[:, 1]
    # A term's steps follow those of the term before it, or the treelet's plain ones.
    ends = np.cumsum(terms[:, 1:], axis=1)
    lengths = ends[:, -1]
    plain = np.repeat(np.cumsum(found[:, 1]), found[:, 3])
    begin = np.cumsum(lengths) - lengths + plain
    n_rows = int(starts[0][-1])
    table = aligned(n_rows * WIDTH)
    at = 0
    for piece in pieces:
        table[at : at + piece[3].size] = piece[3].ravel()
        at += piece[3].size
    return Program(
        tree_start=np.cumsum([0, *(len(piece[0]) for piece in pieces)]).astype(np.int64),
        row_start=starts[0].astype(np.int64),
        step_start=step_start,
        plain_end=plain_end.astype(np.int64),
        term_start=starts[3].astype(np.int64),
        term_init=terms[:, 0].astype(np.uint16),
        term_adds=begin + ends[:, 0],
        term_above=begin + ends[:, 1],
        term_below=begin + ends[:, 2],
        step_column=np.ascontiguousarray(steps[:, 0]),
        step_rank=steps[:, 1].astype(np.uint8),
        step_weight=steps[:, 2].astype(np.uint16),
        table=table,
    )
