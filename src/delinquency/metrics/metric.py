"""What a metric is, and the sorted outcomes that all metrics are computed from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from delinquency.errors import ModelError
from delinquency.log_odds import log_odds
from delinquency.named_choices import Registry

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Outcomes:
    """Labels and predictions sorted by risk, riskiest first, with runs of equal predictions.

    All metrics start from one sort: a bootstrap replicate only changes the weights.

    Attributes
    ----------
    bad : ndarray of shape (n_rows,), 0 or 1
    pd_hat : ndarray of shape (n_rows,), in [0, 1], descending
    weights : ndarray of shape (n_rows,), >= 0
        How often each row counts; ones for the sample itself.
    ends : ndarray of int
        Place of the last row of every run of equal predictions.
    order : ndarray of int, shape (n_rows,)
        Place in the caller's arrays of every sorted row.
    """

    bad: Array
    pd_hat: Array
    weights: Array
    ends: NDArray[np.intp]
    order: NDArray[np.intp]

    @classmethod
    def of(cls, y_true: ArrayLike, pd_hat: ArrayLike) -> "Outcomes":
        """Return the sorted outcomes of labels and predictions in any order.

        Parameters
        ----------
        y_true : array of shape (n_rows,), 0 (good) or 1 (bad)
        pd_hat : array of shape (n_rows,), in [0, 1]

        Returns
        -------
        Outcomes

        Raises
        ------
        ModelError
            If lengths differ, no row came, a label is not 0 or 1, or a prediction is missing or
            outside [0, 1].
        """
        y, p = np.asarray(y_true, dtype=np.float64), np.asarray(pd_hat, dtype=np.float64)
        if y.ndim != 1 or y.shape != p.shape or y.size == 0:
            raise ModelError(
                "Metrics need one prediction for each label, and at least one. "
                f"Got labels of shape {y.shape} and predictions of shape {p.shape}."
            )
        if not np.isin(y, (0.0, 1.0)).all():
            wrong = y[~np.isin(y, (0.0, 1.0))]
            raise ModelError(f"Labels must be 0 or 1. Got {wrong[0]} in {len(wrong):,} rows.")
        outside = ~((p >= 0) & (p <= 1))
        if outside.any():
            raise ModelError(
                "Predictions must be probabilities in [0, 1]. "
                f"Got {p[outside][0]} in {outside.sum():,} rows."
            )
        order = np.argsort(-p, kind="stable")
        p = p[order]
        ends = np.append(np.flatnonzero(np.diff(p)), p.size - 1)
        return cls(y[order], p, np.ones_like(p), ends, order)

    def reweighted(self, weights: Array) -> "Outcomes":
        """Return the same rows with other weights, given in the caller's row order."""
        other = replace(self, weights=weights[self.order])
        # A bootstrap asks hundreds of replicates for them, and they know nothing of weights.
        other.__dict__["logits"] = self.logits
        return other

    @cached_property
    def logits(self) -> Array:
        """Log-odds of the predictions, shape (n_rows,)."""
        return log_odds(self.pd_hat)

    @property
    def total(self) -> float:
        """Sum of the weights."""
        return float(self.weights.sum())

    @property
    def bads(self) -> float:
        """Weighted number of bad rows."""
        return float(self.weights @ self.bad)

    @cached_property
    def curve(self) -> tuple[Array, Array]:
        """Weighted bads and goods caught at every distinct prediction, from 0 upward."""
        bads = np.cumsum(self.weights * self.bad)[self.ends]
        rows = np.cumsum(self.weights)[self.ends]
        return np.append(0.0, bads), np.append(0.0, rows - bads)

    def bins(self, n_bins: int) -> NDArray[np.intp]:
        """Return every row's bin of equal mass, 0 = riskiest; equal predictions share a bin.

        A run of equal predictions goes to the bin in which its middle lies, so bins differ in
        size, and may be empty, where predictions repeat.
        """
        rows = np.append(0.0, np.cumsum(self.weights)[self.ends])
        middle = (rows[:-1] + rows[1:]) / 2
        run_bin = np.minimum((n_bins * middle / rows[-1]).astype(np.intp), n_bins - 1)
        return np.repeat(run_bin, np.diff(self.ends, prepend=-1))


Compute = Callable[[Outcomes], float]


@dataclass(frozen=True)
class Metric:
    """One measure of how good predictions are.

    Attributes
    ----------
    name : str
        Key in every report, table and run.
    compute : callable from Outcomes to float
        NaN where the value is not defined, e.g. the AUC of rows that are all good.
    greater_is_better : bool or None
        None when the best value lies inside the scale: see ``ideal``.
    ideal : float
        The value of a perfect prediction.
    title : str
        Words for a table's head.
    """

    name: str
    compute: Compute
    greater_is_better: bool | None
    ideal: float
    title: str

    def __call__(self, y_true: ArrayLike, pd_hat: ArrayLike) -> float:
        """Return the value for labels and predictions in any row order."""
        return self.compute(Outcomes.of(y_true, pd_hat))


METRICS: Registry[Metric] = Registry("metric")
"""Every metric by name."""


def metric(
    name: str, *, greater_is_better: bool | None, ideal: float, title: str
) -> Callable[[Compute], Metric]:
    """Return a decorator that makes a function of outcomes a registered metric.

    Parameters
    ----------
    name : str
    greater_is_better : bool or None
    ideal : float
    title : str

    Returns
    -------
    callable
    """

    def register(compute: Compute) -> Metric:
        made = Metric(name, compute, greater_is_better, ideal, title)
        made.__dict__["__doc__"] = compute.__doc__
        return METRICS.add(name, made)

    return register


def metric_table(
    y_true: ArrayLike, pd_hat: ArrayLike, names: Sequence[str] | None = None
) -> dict[str, float]:
    """Return the value of every named metric.

    Parameters
    ----------
    y_true : array of shape (n_rows,), 0 (good) or 1 (bad)
    pd_hat : array of shape (n_rows,), in [0, 1]
    names : sequence of str, optional
        All metrics when not given.

    Returns
    -------
    dict of str to float
        In the order of ``names``; NaN where a metric is not defined.

    Raises
    ------
    ChoiceError
        If a name is not a metric's.
    ModelError
        If labels or predictions are not usable.

    Examples
    --------
    >>> metric_table([0, 1, 0, 1], [0.1, 0.4, 0.2, 0.3], ["roc_auc", "gini"])
    {'roc_auc': 1.0, 'gini': 1.0}
    """
    outcomes = Outcomes.of(y_true, pd_hat)
    return {name: METRICS[name].compute(outcomes) for name in (names or METRICS)}
