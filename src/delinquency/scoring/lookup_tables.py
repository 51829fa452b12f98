"""Exported trees as lookups in tables of whole numbers, for any language to add up.

The leaves of a tree share their splits. Where a few splits decide all, one table by their outcomes
takes the place of all leaves: a lookup a trait and tree, whatever the number of leaves. The
numbers are whole multiples of a unit so small that no score moves by what is allowed, so that
their sum is the same in any order, in any language.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from delinquency.scoring.exported_trees import ExportedTree, Leaf, Split

UNITS = 1e13
"""Units of a table in one of log-odds: rounding 10,000 trees moves no sum by more than 5e-10."""
JOINED_SPLITS = 8
"""The most splits that share a table: it has 2**8 rows, and their outcomes fit into a byte."""

Conditions = tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]


@dataclass(frozen=True)
class LookupTable:
    """Some leaves of a tree as one table.

    Attributes
    ----------
    splits : tuple of Split
        The splits of the tree.
    conditions : tuple of tuple
        For each bit of the row's number, the splits (position in the tree) that must go left, and
        those that must go right.
    traits : tuple of int
    values : ndarray of shape (2**n_conditions, n_traits), int64
        By the conditions that hold (bit i for the i-th): what is added to each trait, in units.
    """

    splits: tuple[Split, ...]
    conditions: Conditions
    traits: tuple[int, ...]
    values: NDArray[np.int64]


def lookup_tables(trees: Sequence[ExportedTree]) -> list[LookupTable]:
    """Return tables that add up to the trait values of the trees.

    Parameters
    ----------
    trees : sequence of ExportedTree

    Returns
    -------
    list of LookupTable
        Leaves that stand side by side share a table while at most eight splits lead to them; a
        leaf that more lead to has its own, by the traits that agree.
    """
    return [_table(tree, splits, leaves) for tree in trees for splits, leaves in _neighbours(tree)]


def _neighbours(tree: ExportedTree) -> Iterator[tuple[tuple[int, ...], list[Leaf]]]:
    """Give the leaves in groups, each with the splits that lead to it."""
    group: list[Leaf] = []
    shared: set[int] = set()
    for leaf in tree.leaves:
        own = {number for sides in leaf.conditions for side in sides for number in side}
        if group and len(shared | own) > JOINED_SPLITS:
            yield tuple(sorted(shared)), group
            group, shared = [], set()
        group.append(leaf)
        shared |= own
    if group:
        yield tuple(sorted(shared)), group


def _table(tree: ExportedTree, shared: tuple[int, ...], leaves: list[Leaf]) -> LookupTable:
    if len(leaves) == 1:
        (leaf,) = leaves
        return LookupTable(tree.splits, leaf.conditions, leaf.traits, _in_units(leaf.values))
    traits = tuple(sorted({trait for leaf in leaves for trait in leaf.traits}))
    rows = np.arange(1 << len(shared))
    went_left = {number: (rows >> bit & 1).astype(bool) for bit, number in enumerate(shared)}
    values = np.zeros((len(rows), len(traits)))
    for leaf in leaves:
        agreeing = np.zeros(len(rows), dtype=np.int64)
        for bit, (left, right) in enumerate(leaf.conditions):
            sides = [went_left[number] for number in left]
            sides += [~went_left[number] for number in right]
            agreeing |= np.logical_and.reduce(sides).astype(np.int64) << bit
        for column, trait in enumerate(leaf.traits):
            values[:, traits.index(trait)] += leaf.values[agreeing, column]
    conditions = tuple(((number,), ()) for number in shared)
    return LookupTable(tree.splits, conditions, traits, _in_units(values))


def _in_units(values: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.rint(values * UNITS).astype(np.int64)
