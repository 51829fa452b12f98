"""The models that ours is measured against, fitted in the same folds."""

from collections.abc import Callable
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.log_odds import probability
from delinquency.modeling.fitted_model import booster_names, feature_matrix
from delinquency.modeling.logistic import fit_logistic
from delinquency.modeling.scorecard import fit_scorecard
from delinquency.named_choices import Registry

Array = NDArray[np.float64]
Predict = Callable[[pd.DataFrame], Array]
Fit = Callable[[pd.DataFrame, Array, int], Predict]
"""Fits features and labels under a seed, and returns what predicts PD for other rows."""

DEFAULT_TREES = 100
LOGISTIC_L2 = 10.0
OUTLIERS = (0.01, 0.99)
"""Quantiles of the training part that values are clipped to before they are scaled."""


@dataclass(frozen=True)
class Baseline:
    """One model to compare with.

    Attributes
    ----------
    name : str
    matrix : str
        "features" (the same as our model's) or "raw" (the columns as they came).
    fit : callable
    title : str
        Words for a table.
    """

    name: str
    matrix: str
    fit: Fit
    title: str


BASELINES: Registry[Baseline] = Registry("peer")
"""Every peer by name."""


def peer(name: str, *, matrix: str, title: str) -> Callable[[Fit], Fit]:
    """Return a decorator that registers a fitting function as a peer."""

    def register(fit: Fit) -> Fit:
        BASELINES.add(name, Baseline(name, matrix, fit, title))
        return fit

    return register


@peer("logistic_regression", matrix="features", title="Logistic regression")
def fit_logistic_regression(X: pd.DataFrame, y: Array, seed: int) -> Predict:
    """Return a ridge logistic regression on clipped, imputed and scaled features.

    Missing values take the training median, and a column says where they were.
    """
    names = list(X.columns)
    matrix = feature_matrix(X, names)
    known = np.where(np.isnan(matrix).all(axis=0), 0.0, matrix)
    low, middle, high = np.nanquantile(known, [OUTLIERS[0], 0.5, OUTLIERS[1]], axis=0)
    gaps = np.isnan(matrix).any(axis=0)

    def prepare(values: Array) -> Array:
        missing = np.isnan(values)
        filled = np.where(missing, middle, np.clip(values, low, high))
        return np.hstack([filled, missing[:, gaps].astype(np.float64)])

    columns = prepare(matrix)
    mean, spread = columns.mean(axis=0), columns.std(axis=0)
    spread[spread == 0] = 1.0
    beta = fit_logistic((columns - mean) / spread, y, l2=LOGISTIC_L2)

    def predict(other: pd.DataFrame) -> Array:
        scaled = (prepare(feature_matrix(other, names)) - mean) / spread
        return probability(beta[0] + scaled @ beta[1:])

    return predict


@peer("scorecard", matrix="features", title="WoE scorecard")
def fit_woe_scorecard(X: pd.DataFrame, y: Array, seed: int) -> Predict:
    """Return the scorecard of ``modeling.scorecard``, which has points too."""
    return fit_scorecard(X, y).pd_hat


@peer("lightgbm_default_raw", matrix="raw", title="LightGBM, default, raw columns")
def fit_default_lightgbm(X: pd.DataFrame, y: Array, seed: int) -> Predict:
    """Return LightGBM with its own defaults: 100 trees of 31 leaves at rate 0.1."""
    return _fit_lightgbm(X, y, {"seed": seed}, n_trees=DEFAULT_TREES)


@peer("lightgbm_raw", matrix="raw", title="LightGBM, regularised, raw columns")
def fit_regularised_lightgbm(X: pd.DataFrame, y: Array, seed: int) -> Predict:
    """Return LightGBM with fixed strong regularisation: 500 trees of 15 leaves at rate 0.02."""
    params = {
        "seed": seed,
        "learning_rate": 0.02,
        "num_leaves": 15,
        "min_data_in_leaf": 60,
        "feature_fraction": 0.4,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "lambda_l2": 10.0,
        "max_bin": 127,
    }
    return _fit_lightgbm(X, y, params, n_trees=500)


def default_booster(X: pd.DataFrame, y: Array, *, seed: int) -> lgb.Booster:
    """Return the booster of LightGBM's own defaults, whose contributions people sum today.

    Parameters
    ----------
    X : DataFrame of shape (n_rows, n_features)
    y : ndarray of shape (n_rows,), 0 or 1
    seed : int
    """
    return _booster(X, y, {"seed": seed}, n_trees=DEFAULT_TREES)


def _booster(X: pd.DataFrame, y: Array, params: dict[str, float], *, n_trees: int) -> lgb.Booster:
    names = list(X.columns)
    settings = {
        "objective": "binary",
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbosity": -1,
        **params,
    }
    data = lgb.Dataset(
        feature_matrix(X, names), y, feature_name=booster_names(names), params=settings
    )
    return lgb.train(settings, data, num_boost_round=n_trees)


def _fit_lightgbm(X: pd.DataFrame, y: Array, params: dict[str, float], *, n_trees: int) -> Predict:
    names = list(X.columns)
    booster = _booster(X, y, params, n_trees=n_trees)

    def predict(other: pd.DataFrame) -> Array:
        return np.asarray(booster.predict(feature_matrix(other, names), num_threads=1))

    return predict
