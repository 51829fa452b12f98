"""What each feature adds at each of its values: feature contributions at the price of a look-up.

Exact feature contributions cost milliseconds per account. To choose *which* fact of a trait to
state, a table per feature is enough: the mean contribution of a sample of accounts in each bin
of the feature's values. For a model that adds its features up the table is exact; otherwise the
difference is the interaction of features, and ``agreement`` measures how often it changes the
choice. The size of a trait's contribution never comes from these tables.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delinquency.errors import ModelError
from delinquency.panel.windows import Array

MAX_BINS = 48
"""Bins of a feature at most: with 2,000 accounts about 40 a bin."""


@dataclass(frozen=True, eq=False)
class ContributionCurves:
    """A table per feature from the bins of its values to its mean contribution.

    Attributes
    ----------
    names : tuple of str
        Features in column order.
    edges : tuple of ndarray
        Upper edges of the bins (inclusive), ascending; a bin more than edges.
    heights : tuple of ndarray
        Mean contribution in each bin, log-odds; the last entry is for missing values.
    """

    names: tuple[str, ...]
    edges: tuple[Array, ...]
    heights: tuple[Array, ...]

    def contributions(self, features: Array) -> Array:
        """Return the contribution that each value carries on average.

        Parameters
        ----------
        features : ndarray of shape (n_rows, n_features)

        Returns
        -------
        ndarray of shape (n_rows, n_features), log-odds
        """
        _require_width(features, len(self.names))
        out = np.empty(features.shape)
        for column, (edges, heights) in enumerate(zip(self.edges, self.heights, strict=True)):
            values = features[:, column]
            bins = np.searchsorted(edges, values, side="left")
            bins[np.isnan(values)] = len(edges) + 1
            out[:, column] = heights[bins]
        return out

    def to_plain(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "names": list(self.names),
            "edges": [edges.tolist() for edges in self.edges],
            "heights": [heights.tolist() for heights in self.heights],
        }

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> "ContributionCurves":
        """Return the curves that ``to_plain`` was called on."""
        return cls(
            tuple(plain["names"]),
            tuple(np.asarray(edges, np.float64) for edges in plain["edges"]),
            tuple(np.asarray(heights, np.float64) for heights in plain["heights"]),
        )


def fit_curves(
    features: Array, contributions: Array, *, names: Sequence[str], max_bins: int = MAX_BINS
) -> ContributionCurves:
    """Return the curves of a sample of accounts.

    Parameters
    ----------
    features : ndarray of shape (n_sample, n_features)
    contributions : ndarray of shape (n_sample, n_features)
        Exact contributions of the same accounts, log-odds (``explain(rows, features=True)``).
    names : sequence of str
    max_bins : int

    Returns
    -------
    ContributionCurves

    Raises
    ------
    ModelError
        If the shapes do not fit each other or the names.

    Notes
    -----
    Edges lie between neighbouring values of the sample: all of them when there are few, else at
    equal shares. A missing value that the sample never showed takes the mean, which is 0 by the
    law of contributions up to the sample.
    """
    _require_width(features, len(names))
    if contributions.shape != features.shape:
        raise ModelError(
            f"Contributions must have the shape of the features, {features.shape}. "
            f"Got {contributions.shape}. Leave out the base value's column."
        )
    edges = tuple(_edges(features[:, j], max_bins) for j in range(len(names)))
    heights = tuple(
        _heights(features[:, j], contributions[:, j], edges[j]) for j in range(len(names))
    )
    return ContributionCurves(tuple(names), edges, heights)


def agreement(curves: Array, exact: Array, *, traits: NDArray[np.intp]) -> float:
    """Return how often both contributions choose the same strongest fact of a trait.

    Parameters
    ----------
    curves, exact : ndarray of shape (n_rows, n_features)
    traits : ndarray of shape (n_features,), int
        Trait of each feature.

    Returns
    -------
    float in [0, 1]
        Over all rows and traits with two features and more.
    """
    same = []
    for trait in np.unique(traits):
        columns = np.flatnonzero(traits == trait)
        if len(columns) > 1:
            chosen = curves[:, columns].argmax(axis=1)
            same.append(chosen == exact[:, columns].argmax(axis=1))
    return float(np.mean(same)) if same else 1.0


def _edges(values: Array, max_bins: int) -> Array:
    known = np.unique(values[np.isfinite(values)])
    if len(known) > max_bins:
        shares = np.linspace(0.0, 1.0, max_bins + 1)[1:-1]
        known = np.unique(np.quantile(values[np.isfinite(values)], shares))
        return known
    return (known[:-1] + known[1:]) / 2.0


def _heights(values: Array, contributions: Array, edges: Array) -> Array:
    n_bins = len(edges) + 2
    bins = np.searchsorted(edges, values, side="left")
    bins[np.isnan(values)] = n_bins - 1
    counts = np.bincount(bins, minlength=n_bins)
    sums = np.bincount(bins, weights=contributions, minlength=n_bins)
    overall = float(contributions.mean()) if len(contributions) else 0.0
    return np.where(counts > 0, sums / np.maximum(counts, 1), overall)


def _require_width(features: Array, width: int) -> None:
    if features.ndim != 2 or features.shape[1] != width:
        raise ModelError(
            f"Expected features of {width} columns, as the curves were made. "
            f"Got shape {features.shape}."
        )
