"""Which group each feature of a model belongs to."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from delinquency.errors import ModelError

MAX_GROUPS = 8
"""Groups of features: their coalitions are numbered in a byte."""


def group_features(
    feature_names: Sequence[str], traits: Mapping[str, str], order: Sequence[str] | None
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Return the groups in order, and each feature's place among them.

    Parameters
    ----------
    feature_names : sequence of str
    traits : mapping of str to str
        Group of each feature.
    order : sequence of str or None
        None for the order of first appearance.

    Raises
    ------
    ModelError
        If a feature has no group, a group no place in ``order``, or the groups are too many.
    """
    missing = [name for name in feature_names if name not in traits]
    if missing:
        raise ModelError(
            f"Every feature of the model needs a group. {len(missing)} have none: "
            f"{', '.join(missing[:3])}."
        )
    groups = tuple(dict.fromkeys(traits.values() if order is None else order))
    if not 1 <= len(groups) <= MAX_GROUPS:
        raise ModelError(f"Expected 1 to {MAX_GROUPS} groups of features. Got {len(groups)}.")
    place = {group: at for at, group in enumerate(groups)}
    unplaced = sorted({traits[name] for name in feature_names} - set(groups))
    if unplaced:
        raise ModelError(f"`order` must name every group. Missing: {', '.join(unplaced)}.")
    return groups, np.array([place[traits[name]] for name in feature_names], np.int64)
