"""How well the data support each trait's value: strong, partial, weak or none, row by row.

The rules:

1. A trait without a single feature has evidence ``none``.
2. With all tables of ``Trait.sources[0]`` it is ``strong``, with all of ``sources[1]``
   ``partial``, otherwise ``weak``: what the source has no table for can only be guessed at.
   A table of ready-made features says nothing of its origin: ``partial``.
3. A row in which fewer than half of the trait's features are known goes one level down, and one
   in which none is known has ``none``.
4. An account that says nothing (no bill and no payment in any month) goes one level down.
"""

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from delinquency.features.feature_description import FeatureMeaning
from delinquency.panel.windows import Array
from delinquency.traits import EVIDENCE_LEVELS, TRAITS, Trait

NONE, WEAK, PARTIAL, STRONG = range(len(EVIDENCE_LEVELS))
READY_MADE: tuple[str, ...] = ()
"""Stands for the tables of a source that comes with its features made."""
ENOUGH_KNOWN = 0.5


def source_levels(
    meanings: Mapping[str, FeatureMeaning], tables: Collection[str]
) -> dict[str, str]:
    """Return each trait's level by rules 1 and 2, before any row is looked at.

    Parameters
    ----------
    meanings : mapping of str to FeatureMeaning
        The features of the model.
    tables : collection of str
        Canonical tables of the source; ``READY_MADE`` for features made elsewhere.

    Returns
    -------
    dict of str to str
        Level by trait key, in trait order.
    """
    with_features = {one.trait_key for one in meanings.values()}
    return {
        key: EVIDENCE_LEVELS[_of_sources(trait, tables) if key in with_features else NONE]
        for key, trait in TRAITS.items()
    }


def evidence_levels(
    features: Array,
    meanings: Mapping[str, FeatureMeaning],
    tables: Collection[str],
    *,
    silent: NDArray[np.bool_],
) -> NDArray[np.int8]:
    """Return the level of every row and trait.

    Parameters
    ----------
    features : ndarray of shape (n_rows, n_features)
        Columns in the order of ``meanings``; NaN where a value is not known.
    meanings : mapping of str to FeatureMeaning
    tables : collection of str
    silent : ndarray of shape (n_rows,), bool
        Accounts that say nothing (rule 4).

    Returns
    -------
    ndarray of shape (n_rows, n_traits), int8
        Positions in ``EVIDENCE_LEVELS``, traits in their order.
    """
    known = np.isfinite(features)
    of_trait = np.array([one.trait_key for one in meanings.values()], dtype=object)
    levels = np.zeros((len(features), len(TRAITS)), np.int8)
    for column, (key, level) in enumerate(source_levels(meanings, tables).items()):
        mine = of_trait == key
        if not mine.any():
            continue
        share = known[:, mine].mean(axis=1)
        lowered = EVIDENCE_LEVELS.index(level) - (share < ENOUGH_KNOWN) - silent
        levels[:, column] = np.where(share > 0, np.maximum(lowered, NONE), NONE)
    return levels


def _of_sources(trait: Trait, tables: Collection[str]) -> int:
    """Return the level that a trait's tables allow."""
    if not tables:
        return PARTIAL
    best, second = (set(names) for names in trait.sources)
    if best <= set(tables):
        return STRONG
    return PARTIAL if second <= set(tables) else WEAK
