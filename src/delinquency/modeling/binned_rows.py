"""Training rows sorted into bins once for all the trees that are grown on them.

Sorting 139,000 rows of 292 features into bins takes as long as 150 trees. A model is fitted some
six times on parts of the same rows: to tell roll rates apart, to find the number of trees, to try
another recipe, and at last on all of them. Bins depend on the values of the features alone, never
on what is learnt, so one sorting serves all.
"""

from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
SORTED_BY = ("max_bin", "min_data_in_leaf")
"""LightGBM's parameters that bins depend on; by the second it drops features that cannot split."""


class BinnedRows:
    """A matrix in bins, from which parts are taken with labels of their own.

    Parameters
    ----------
    matrix : ndarray of shape (n_rows, n_features)
    feature_names : list of str
        As LightGBM takes them.
    weights : ndarray of shape (n_rows,), optional
        How many rows of the portfolio each row stands for; every part has its own of them.
    """

    def __init__(self, matrix: Array, feature_names: list[str], weights: Array | None = None):
        self.matrix, self.feature_names, self.weights = matrix, feature_names, weights
        self._sorted: dict[tuple[Any, ...], lgb.Dataset] = {}

    def learning(
        self, learnt: Array, params: dict[str, Any], places: NDArray[np.intp] | None = None
    ) -> lgb.Dataset:
        """Return all rows or some of them, to grow trees on.

        Parameters
        ----------
        learnt : ndarray of shape (n_rows,)
            What the trees learn from, for all rows; it is taken as it is now.
        params : dict
            LightGBM's parameters.
        places : ndarray of int, optional
            The rows to take, in ascending order; all by default.
        """
        whole = self._whole(params).set_label(learnt)
        if places is None:
            return whole
        return whole.subset(places, params=params).construct()

    def judging(
        self, happened: Array, params: dict[str, Any], places: NDArray[np.intp]
    ) -> lgb.Dataset:
        """Return some rows to judge trees by, in the bins of those they are grown on.

        Parameters are as of ``learning``, but for ``happened``: the outcomes of all rows.
        """
        held = self._whole(params).subset(places, params=params).construct()
        return held.set_label(happened[places])

    def _whole(self, params: dict[str, Any]) -> lgb.Dataset:
        key = tuple(params.get(name) for name in SORTED_BY)
        if key not in self._sorted:
            self._sorted[key] = lgb.Dataset(
                self.matrix,
                np.zeros(len(self.matrix)),
                weight=self.weights,
                feature_name=self.feature_names,
                params=params,
                free_raw_data=True,
            ).construct()
        return self._sorted[key]
