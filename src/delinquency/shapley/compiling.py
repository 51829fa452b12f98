"""From a forest and a grouping of its features to the tables that explain rows."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delinquency.errors import UnsupportedModelError
from delinquency.shapley.deep_leaves import DeepLeaves, DeepLeavesBuilder
from delinquency.shapley.encoding import Encoding, build_encoding
from delinquency.shapley.forest import Forest
from delinquency.shapley.kernel import encode_rows
from delinquency.shapley.leaf_shapley import ORDERED, OWEN, PAIRS, shapley_weights
from delinquency.shapley.population import count_patterns, gather_patterns, path_ratios
from delinquency.shapley.program import Program
from delinquency.shapley.simd import BLOCK
from delinquency.shapley.subtrees import Costs
from delinquency.shapley.tabulating import compile_view
from delinquency.shapley.views import MAX_PLAYERS, path_players, tree_paths

_MOST_PLAYERS = 16
"""Players of a leaf that is tabulated: the bits of a place in its table."""

_TREES_FOR_THREADS = 16
"""Trees below which threads cost more than they save."""
_LINE_BYTES = 64


@dataclass(frozen=True)
class Players:
    """Who plays: the finest players, and how they are merged.

    Attributes
    ----------
    kind : int
        ``OWEN``, ``ORDERED`` or ``PAIRS``.
    of_feature : ndarray of shape (n_features,)
        Player that each feature belongs to.
    group : ndarray of shape (n_players,)
        Group that each player belongs to.
    order : ndarray
        Weights of coalitions of groups, see ``precedence.order_weights``; empty for all orders.
    """

    kind: int
    of_feature: NDArray[np.int64]
    group: NDArray[np.int64]
    order: NDArray[np.float64]

    @property
    def n_values(self) -> int:
        """Number of values of a row."""
        n_players = len(self.group)
        return n_players * (n_players + 1) // 2 if self.kind == PAIRS else n_players


def trait_players(groups: NDArray[np.int64], n_groups: int, order: NDArray[np.float64]) -> Players:
    """Return the players of the traits' values.

    Parameters
    ----------
    groups : ndarray of shape (n_features,)
        Trait of each feature.
    n_groups : int
    order : ndarray
        See ``Players``.
    """
    kind = ORDERED if order.size else OWEN
    return Players(kind, groups, np.zeros(n_groups, np.int64), order)


def pair_players(groups: NDArray[np.int64], n_groups: int) -> Players:
    """Return the players of the traits' mains and pairs."""
    return Players(PAIRS, groups, np.zeros(n_groups, np.int64), np.empty((0, 0, 0)))


def feature_players(groups: NDArray[np.int64], order: NDArray[np.float64]) -> Players:
    """Return the players of the features' values within their traits."""
    return Players(OWEN, np.arange(len(groups)), groups, order)


@dataclass(frozen=True)
class Source:
    """A forest and its reference population, ready to be tabulated.

    Attributes
    ----------
    forest : Forest
    encoding : Encoding
    column, rank : ndarray of shape (n_nodes,)
        Code column and rank that each node compares.
    background : ndarray or None
        Codes of the background rows.
    n_background : int
    """

    forest: Forest
    encoding: Encoding
    column: NDArray[np.int64]
    rank: NDArray[np.int64]
    background: NDArray[np.uint8] | None
    n_background: int


def encode_source(forest: Forest, background: NDArray[np.float64] | None) -> Source:
    """Turn the splits and the background into codes.

    Parameters
    ----------
    forest : Forest
    background : ndarray of shape (n_background, n_features) or None
        Rows of the reference population; None for the path-dependent game.

    Raises
    ------
    UnsupportedModelError
        If the path-dependent game is asked of a model without row counts.
    """
    encoding, column, rank = build_encoding(forest)
    if background is None and not (forest.node_count > 0).all():
        raise UnsupportedModelError(
            "Expected a row count above 0 at every split. Got a model without them. "
            "Give a background, whose rows are counted instead."
        )
    codes, n_background = None, 0
    if background is not None:
        codes, n_background = encode_rows(background, record_fields(encoding)), len(background)
    return Source(forest, encoding, column, rank, codes, n_background)


@dataclass(frozen=True)
class Compiled:
    """What one kind of values needs, the encoding apart.

    Attributes
    ----------
    program : Program
    deep : DeepLeaves
        Leaves whose values are not tabulated.
    base_value : float
        Value of the empty coalition, summed over the trees.
    """

    program: Program
    deep: DeepLeaves
    base_value: float

    def arrays(self, prefix: str) -> dict[str, NDArray[Any]]:
        """Return the arrays by name, as they are stored."""
        parts: dict[str, Any] = {"program": self.program, "deep": self.deep}
        return {
            f"{prefix}.{part}.{field.name}": getattr(record, field.name)
            for part, record in parts.items()
            for field in fields(record)
        }

    @classmethod
    def from_arrays(
        cls, arrays: dict[str, NDArray[Any]], prefix: str, base_value: float
    ) -> "Compiled":
        """Build the record again from its stored arrays."""
        program, deep = (
            {field.name: arrays[f"{prefix}.{part}.{field.name}"] for field in fields(kind)}
            for part, kind in (("program", Program), ("deep", DeepLeaves))
        )
        program["table"] = aligned_copy(program["table"])
        return cls(Program(**program), DeepLeaves(**deep), base_value)


def aligned(size: int) -> NDArray[np.float64]:
    """Return float64 zeros that begin on a cache line."""
    store = np.zeros(size + _LINE_BYTES // 8)
    skip = -(store.ctypes.data // 8) % (_LINE_BYTES // 8)
    return store[skip : skip + size]


def aligned_copy(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a copy that begins on a cache line."""
    copy = aligned(values.size)
    copy[:] = values.ravel()
    return copy


class _TooLargeError(Exception):
    """Tables that grew beyond their bound."""


def compile_values(
    source: Source, players: Players, costs: Costs, *, n_threads: int = 1
) -> Compiled:
    """Tabulate one kind of values of every tree.

    Parameters
    ----------
    source : Source
    players : Players
    costs : Costs
    n_threads : int
        Threads that count the reference population; the tables are the same for any number.

    Returns
    -------
    Compiled
    """
    most = _MOST_PLAYERS
    while True:
        try:
            return _compile(source, players, costs, most, n_threads)
        except _TooLargeError:
            # First the few leaves with many players, which take most of the room.
            if most > 12 or costs.max_states <= 64:
                most -= 1
            else:
                costs = replace(costs, max_states=costs.max_states // 2, state=costs.state * 2)


@dataclass(frozen=True)
class _CountedTree:
    """A tree's leaf values, splits, paths, players met, and reference population."""

    values: NDArray[np.float64]
    split: Any
    paths: Any
    met: Any
    population: Any


def _counted_tree(source: Source, players: Players, tree: int) -> _CountedTree:
    """Return a tree that is ready to be tabulated; one of a single leaf has its value alone."""
    forest = source.forest
    nodes = slice(int(forest.node_start[tree]), int(forest.node_start[tree + 1]))
    leaves = slice(int(forest.leaf_start[tree]), int(forest.leaf_start[tree + 1]))
    values = forest.leaf_value[leaves]
    if nodes.start == nodes.stop:
        return _CountedTree(values, None, None, None, None)
    split = (source.column[nodes], source.rank[nodes], players.of_feature[forest.feature[nodes]])
    children = (forest.left[nodes], forest.right[nodes])
    paths = tree_paths(*children)
    met = path_players(paths, split[2])
    if met[0].max() > MAX_PLAYERS:
        raise UnsupportedModelError(
            f"Expected at most {MAX_PLAYERS} different features on the way to a leaf. "
            f"Got {met[0].max()} in tree {tree}."
        )
    population = _population(source, nodes, leaves, split, children, paths, met)
    return _CountedTree(values, split, paths, met, population)


def _counted_trees(source: Source, players: Players, n_threads: int) -> Iterator[_CountedTree]:
    """Yield every tree in order; the rows that take each path are counted some trees ahead."""
    count = partial(_counted_tree, source, players)
    trees = range(source.forest.n_trees)
    if n_threads <= 1 or len(trees) < _TREES_FOR_THREADS:
        yield from map(count, trees)
        return
    pool = ThreadPoolExecutor(n_threads)
    try:
        yield from pool.map(count, trees)
    finally:
        pool.shutdown(cancel_futures=True)


def _compile(
    source: Source, players: Players, costs: Costs, most: int, n_threads: int
) -> Compiled:
    forest = source.forest
    column_local = np.zeros(source.encoding.n_columns, np.int64)
    deep = DeepLeavesBuilder(source.background is not None)
    pieces: list[tuple[int, tuple[NDArray[Any], ...]]] = []
    cutting = (costs.comparison, costs.state, costs.max_states, costs.max_leaves)
    numbers = 0
    base = forest.base
    for tree in _counted_trees(source, players, n_threads):
        split, paths, met = tree.split, tree.paths, tree.met
        if paths is None:
            base += float(tree.values[0])
            continue
        base += _base_value(tree.values[paths[0]], met[0], tree.population)
        game = (players.kind, tree.values, tree.population, _WEIGHTS, players.order)
        for group in np.unique(players.group[split[2]]):
            view_of = (players.group, int(group), most)
            piece = compile_view(paths, met, split, column_local, view_of, game, cutting)
            if len(piece[5]):
                deep.add(paths, met, split, view_of[:2], game, piece[5])
            pieces.append((int(group), piece))
            numbers += len(piece[4])
            if numbers * 8 > costs.max_bytes:
                raise _TooLargeError
    # Group after group: its few values stay near the processor while its trees are run.
    pieces.sort(key=lambda one: one[0])
    return Compiled(_join([piece for _, piece in pieces]), deep.build(source.encoding), base)


_WEIGHTS = shapley_weights(MAX_PLAYERS)
_NO_ROWS = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))


def _population(
    source: Source, nodes: slice, leaves: slice, split: Any, children: Any, paths: Any, met: Any
) -> tuple[Any, ...]:
    """Return the reference population of one tree, see ``population.set_shares``."""
    forest = source.forest
    if source.background is None:
        counts = (forest.node_count[nodes], forest.leaf_count[leaves])
        return (False, path_ratios(*counts, paths, met), *_NO_ROWS)
    bits = int(met[0].max())
    kind = np.uint16 if bits <= 16 else np.uint64
    masks = np.empty((len(split[0]) + len(paths[0]), BLOCK), kind)
    counted = count_patterns(
        source.background, source.n_background, split, children, paths, met, masks
    )
    return (True, np.zeros((0, 0)), *gather_patterns(counted, source.n_background))


def _base_value(values: NDArray[np.float64], n_players: Any, population: Any) -> float:
    """Return what a tree's leaves are worth when nothing is known."""
    interventional, ratios, start, pattern, share = population
    if not interventional:
        return float(np.sum(values * ratios.prod(axis=1)))
    leaf = np.repeat(np.arange(len(values)), np.diff(start))
    reached = pattern == (1 << n_players[leaf]) - 1
    return float(np.sum(values[leaf[reached]] * share[reached]))


def record_fields(record: Any) -> tuple[NDArray[Any], ...]:
    """Return a record's arrays, the table excepted, as compiled code takes them."""
    return tuple(getattr(record, field.name) for field in fields(record) if field.name != "table")


def _join(pieces: list[tuple[NDArray[Any], ...]]) -> Program:
    """Lay the trees' programs one after another."""
    widths = (6, 4, 3, 3)
    found, terms, steps, sums = (
        np.concatenate([np.empty((0, width), np.int64), *(piece[part] for piece in pieces)])
        for part, width in enumerate(widths)
    )
    starts = [np.concatenate([[0], np.cumsum(found[:, part])]) for part in range(5)]
    step_start = starts[1].astype(np.int64)
    # A term's steps follow those of the term before it, or the treelet's plain ones.
    ends = np.cumsum(terms[:, 1:], axis=1)
    lengths = ends[:, -1]
    plain = np.repeat(np.cumsum(found[:, 0]), found[:, 2])
    begin = np.cumsum(lengths) - lengths + plain
    table = aligned(int(starts[4][-1]))
    at = 0
    for piece in pieces:
        table[at : at + piece[4].size] = piece[4]
        at += piece[4].size
    return Program(
        tree_start=np.cumsum([0, *(len(piece[0]) for piece in pieces)]).astype(np.int64),
        step_start=step_start,
        plain_end=(step_start[:-1] + found[:, 0]).astype(np.int64),
        term_start=starts[2].astype(np.int64),
        term_init=terms[:, 0].astype(np.uint16),
        term_adds=begin + ends[:, 0],
        term_above=begin + ends[:, 1],
        term_below=begin + ends[:, 2],
        step_column=np.ascontiguousarray(steps[:, 0]),
        step_rank=steps[:, 1].astype(np.uint8),
        step_weight=steps[:, 2].astype(np.uint16),
        sum_start=starts[3].astype(np.int64),
        sum_output=np.ascontiguousarray(sums[:, 0]),
        sum_keep=sums[:, 1].astype(np.uint16),
        sum_offset=sums[:, 2] + np.repeat(starts[4][:-1], found[:, 3]),
        table=table,
    )
