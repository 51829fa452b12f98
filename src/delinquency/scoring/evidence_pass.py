"""The evidence levels of ``reasons.evidence`` in one compiled pass over the features."""

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from delinquency.compiled import njit
from delinquency.features.feature_description import FeatureMeaning
from delinquency.panel.windows import Array
from delinquency.reasons.evidence import ENOUGH_KNOWN, source_levels
from delinquency.traits import EVIDENCE_LEVELS, TRAITS


def evidence_pass(
    features: Array,
    meanings: Mapping[str, FeatureMeaning],
    tables: Collection[str],
    *,
    silent: NDArray[np.bool_],
) -> NDArray[np.int8]:
    """Return the evidence level of every row and trait, as ``evidence_levels`` does.

    Parameters
    ----------
    features : ndarray of shape (n_features, n_rows)
        A feature after the other, in the order of ``meanings``.
    meanings : mapping of str to FeatureMeaning
    tables : collection of str
    silent : ndarray of shape (n_rows,), bool

    Returns
    -------
    ndarray of shape (n_rows, n_traits), int8
    """
    order = {key: place for place, key in enumerate(TRAITS)}
    trait = np.array([order[one.trait_key] for one in meanings.values()], np.int64)
    given = source_levels(meanings, tables)
    start = np.array([EVIDENCE_LEVELS.index(given[key]) for key in TRAITS], np.int64)
    return _levels(features, trait, start, silent, ENOUGH_KNOWN)


@njit(cache=True, nogil=True)
def _levels(features, trait, start, silent, enough):  # type: ignore[no-untyped-def]
    n_traits, n_rows = start.shape[0], features.shape[1]
    known = np.zeros((n_traits, n_rows), np.int32)
    n = np.zeros(n_traits, np.int64)
    for feature in range(features.shape[0]):
        n[trait[feature]] += 1
        counts, values = known[trait[feature]], features[feature]
        for row in range(n_rows):
            counts[row] += 1 if np.isfinite(values[row]) else 0
    levels = np.zeros((n_rows, n_traits), np.int8)
    for own in range(n_traits):
        for row in range(n_rows):
            if known[own, row]:
                level = start[own] - silent[row]
                level -= known[own, row] / n[own] < enough
                levels[row, own] = max(level, 0)
    return levels
