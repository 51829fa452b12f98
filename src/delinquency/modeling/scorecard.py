"""A scorecard: bins, weights of evidence, and points that a clerk can add up.

Scikit-learn's pieces and numpy serve here: the kept scorecard libraries choose bins by a solver
of their own, which the comparison with the model has no need of.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.errors import ChoiceError
from delinquency.log_odds import probability
from delinquency.modeling.fitted_model import feature_matrix
from delinquency.modeling.logistic import fit_logistic

Array = NDArray[np.float64]
BINS = 10
L2 = 10.0
WOE_PRIOR = 0.5
"""Accounts of each outcome that every bin is given in advance, so that no ratio is infinite."""


@dataclass(frozen=True, kw_only=True)
class PointScale:
    """What points mean.

    Attributes
    ----------
    points : float
        Points of an account whose odds of staying good are ``odds``.
    odds : float
        Good accounts for one bad at that many points.
    to_double : float
        Points that double the odds of staying good.

    Examples
    --------
    >>> PointScale().factor * np.log(2)
    20.0
    """

    points: float = 600.0
    odds: float = 30.0
    to_double: float = 20.0

    def __post_init__(self) -> None:
        if self.to_double <= 0 or self.odds <= 0:
            raise ChoiceError(
                "A point scale needs odds and points to double them above 0. Got "
                f"odds={self.odds:g} and to_double={self.to_double:g}."
            )

    @property
    def factor(self) -> float:
        """Points for one unit of log-odds."""
        return float(self.to_double / np.log(2.0))

    @property
    def offset(self) -> float:
        """Points at even odds."""
        return float(self.points - self.factor * np.log(self.odds))


@dataclass(frozen=True, eq=False)
class Scorecard:
    """Bins, weights of evidence and weights of a logistic regression on them.

    Attributes
    ----------
    names : tuple of str
        Features.
    cuts : tuple of ndarray
        Upper ends of every feature's bins but the last, which has none.
    evidence : tuple of ndarray
        Weight of evidence by bin; the last is of missing values.
    intercept : float
    weights : ndarray of shape (n_features,)

    References
    ----------
    Siddiqi (2017), Intelligent Credit Scoring, 2nd ed., ch. 10.
    """

    names: tuple[str, ...]
    cuts: tuple[Array, ...]
    evidence: tuple[Array, ...]
    intercept: float
    weights: Array

    def pd_hat(self, X: pd.DataFrame) -> Array:
        """Return the PD of every row."""
        return probability(self.intercept + self._parts(X).sum(axis=1))

    def points(self, X: pd.DataFrame, scale: PointScale | None = None) -> pd.DataFrame:
        """Return every feature's points: a row's total is the sum; more points are safer.

        Parameters
        ----------
        X : DataFrame of shape (n_rows, n_features)
        scale : PointScale, optional

        Returns
        -------
        DataFrame of shape (n_rows, n_features)
            Not rounded. Offset and intercept are shared out evenly, so that the sum is
            ``offset - factor * log-odds of bad``.
        """
        scale = scale or PointScale()
        shared = (scale.offset - scale.factor * self.intercept) / len(self.names)
        return pd.DataFrame(shared - scale.factor * self._parts(X), X.index, list(self.names))

    def table(self, scale: PointScale | None = None) -> pd.DataFrame:
        """Return the card itself: feature, bin, weight of evidence, points to the whole point.

        Returns
        -------
        DataFrame
            ``feature, above, up_to, evidence, points``; both ends are NaN for missing values.
        """
        scale = scale or PointScale()
        shared = (scale.offset - scale.factor * self.intercept) / len(self.names)
        parts = []
        for name, cut, woe, weight in zip(
            self.names, self.cuts, self.evidence, self.weights, strict=True
        ):
            parts.append(
                pd.DataFrame(
                    {
                        "feature": name,
                        "above": np.concatenate([[-np.inf], cut, [np.nan]]),
                        "up_to": np.concatenate([cut, [np.inf], [np.nan]]),
                        "evidence": woe,
                        "points": np.round(shared - scale.factor * weight * woe).astype(np.int64),
                    }
                )
            )
        return pd.concat(parts, ignore_index=True)

    def reason_points(
        self, X: pd.DataFrame, *, most: int = 4, scale: PointScale | None = None
    ) -> pd.DataFrame:
        """Return the features that cost each row most points, against the best bin of each.

        Parameters
        ----------
        X : DataFrame
        most : int
            Reasons a row.
        scale : PointScale, optional

        Returns
        -------
        DataFrame
            ``row, rank, feature, points_lost``; features that cost nothing are left out.

        Notes
        -----
        Points lost are those of the feature's best bin less those that the row has: the method
        that reason codes of scorecards are commonly found by.
        """
        scale = scale or PointScale()
        best = np.array([(w * e).min() for w, e in zip(self.weights, self.evidence, strict=True)])
        lost = scale.factor * (self._parts(X) - best)
        order = np.argsort(-lost, axis=1, kind="stable")[:, :most]
        taken = np.take_along_axis(lost, order, axis=1)
        n = len(X)
        frame = pd.DataFrame(
            {
                "row": np.repeat(np.arange(n), order.shape[1]),
                "rank": np.tile(np.arange(1, order.shape[1] + 1), n),
                "feature": np.array(self.names)[order].ravel(),
                "points_lost": taken.ravel(),
            }
        )
        return frame[frame["points_lost"] > 0].reset_index(drop=True)

    def _parts(self, X: pd.DataFrame) -> Array:
        """Return every feature's part of the log-odds."""
        values = feature_matrix(X, self.names)
        columns = zip(values.T, self.cuts, self.evidence, strict=True)
        woe = np.column_stack([woe[_bin(column, cut)] for column, cut, woe in columns])
        return np.asarray(woe * self.weights)


def fit_scorecard(X: pd.DataFrame, y: Array) -> Scorecard:
    """Return a scorecard: quantile bins, weight of evidence, and a ridge logistic regression.

    Parameters
    ----------
    X : DataFrame of shape (n_rows, n_features)
        Numbers; missing values have a bin of their own.
    y : ndarray of shape (n_rows,), 0 or 1

    Returns
    -------
    Scorecard

    Notes
    -----
    ``WoE = ln(share of bads in the bin / share of goods in the bin)``: high is risky.
    """
    names = tuple(str(name) for name in X.columns)
    matrix = feature_matrix(X, names)
    steps = np.linspace(0, 1, BINS + 1)[1:-1]
    cuts, evidence = [], []
    for column in matrix.T:
        known = column[~np.isnan(column)]
        cut = np.unique(np.quantile(known, steps, method="lower")) if known.size else known
        cuts.append(cut)
        evidence.append(_weight_of_evidence(_bin(column, cut), y, len(cut) + 2))
    encoded = np.column_stack(
        [woe[_bin(column, cut)] for column, cut, woe in zip(matrix.T, cuts, evidence, strict=True)]
    )
    beta = fit_logistic(encoded, y, l2=L2)
    return Scorecard(names, tuple(cuts), tuple(evidence), float(beta[0]), np.asarray(beta[1:]))


def _bin(column: Array, cut: Array) -> NDArray[np.intp]:
    """Return the bin of every value: up to each cut, above the last, missing."""
    return np.where(np.isnan(column), len(cut) + 1, np.searchsorted(cut, column, side="left"))


def _weight_of_evidence(bins: NDArray[np.intp], y: Array, n_bins: int) -> Array:
    rows = np.bincount(bins, minlength=n_bins)
    bads = np.bincount(bins, y, minlength=n_bins)
    # The prior has the overall odds, so an empty bin says nothing.
    prior = 2 * WOE_PRIOR * y.mean()
    share_bad = (bads + prior) / y.sum()
    share_good = (rows - bads + 2 * WOE_PRIOR - prior) / (len(y) - y.sum())
    return np.asarray(np.log(share_bad / share_good))
