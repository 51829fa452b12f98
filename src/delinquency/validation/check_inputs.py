"""All that the checks look at, gathered once: rows, scores, explanations, refits, challengers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.features.feature_description import FeatureMeaning

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Rows:
    """Scored and explained rows of one part of the split.

    Attributes
    ----------
    X : DataFrame of shape (n_rows, n_features)
    bad, pd_hat, raw_score : ndarray of shape (n_rows,)
    accounts, groups : ndarray of str, shape (n_rows,)
        ``groups``: rows that are one person's stay together.
    months : ndarray of datetime64[M], shape (n_rows,)
    phi : ndarray of shape (n_rows, 6)
        Trait values in log-odds.
    base_value : float
    """

    X: pd.DataFrame
    bad: Array
    pd_hat: Array
    raw_score: Array
    accounts: NDArray[Any]
    groups: NDArray[Any]
    months: NDArray[np.datetime64]
    phi: Array
    base_value: float

    def __len__(self) -> int:
        return len(self.bad)

    @property
    def n_groups(self) -> int:
        """Number of independent groups of rows."""
        return len(np.unique(self.groups))


@dataclass(frozen=True, eq=False)
class Refits:
    """What models fitted again on random halves of the accounts say.

    Attributes
    ----------
    pd_hat : ndarray of shape (n_refits, n_sample)
        PD of the sample rows.
    phi : ndarray of shape (n_refits, n_sample, 6)
    sample : ndarray of int
        Rows of the test part that were scored.
    auc_left_out : ndarray of shape (n_refits,)
        AUC on the development accounts that a refit left out.
    auc_test : ndarray of shape (n_refits,)
        AUC of the same refit on the test part.
    rows : int
        Rows of one refit.
    fitted_rows : int
        Rows of the model itself.
    learnt : ndarray of bool
        Development rows that the first refit learnt from.
    pd_test : ndarray of float
        PD of the whole test part by the first refit.
    """

    pd_hat: Array
    phi: Array
    sample: NDArray[np.intp]
    auc_left_out: Array
    auc_test: Array
    rows: int
    fitted_rows: int
    learnt: NDArray[np.bool_]
    pd_test: Array


@dataclass(frozen=True, eq=False)
class PanelFacts:
    """What the monthly tables themselves say.

    Attributes
    ----------
    roll_rates : DataFrame
        As of ``panel.roll_rates.roll_rates``.
    worse_later : DataFrame
        As of ``panel.roll_rates.worse_later``.
    vintages : DataFrame
        As of ``panel.roll_rates.vintages``; empty where accounts have no opening month.
    late_steps : int
        Monthly rises of days past due that were looked at.
    impossible_steps : int
        Those of more days than lie between two statements.
    months : int
        Months of data.
    mark : float
        Days past due that make an account bad, as ``data.label`` has it.
    """

    roll_rates: pd.DataFrame
    worse_later: pd.DataFrame
    vintages: pd.DataFrame
    late_steps: int
    impossible_steps: int
    months: int
    mark: float = 60.0


@dataclass(frozen=True, eq=False)
class Evidence:
    """What a validation looks at.

    Attributes
    ----------
    data : str
        Title and kind of the data.
    how : str
        How the test part was set apart.
    train, test : Rows
    split : DataFrame
        ``account_id, observation_month, group_id, part`` of every row.
    split_by : str
        "account", "time" or "account_and_time".
    performance_months : int or None
        None where the outcome came with the data.
    meanings : dict of str to FeatureMeaning
    importance : Series
        Gain by feature.
    score : callable
        From features to raw scores in log-odds, by the library that fitted the model.
    probability : callable
        From raw scores to PDs.
    explain : callable
        From features to trait values.
    protected, segments : DataFrame
        Row-aligned with ``test``; categories as text.
    challengers : dict of str to ndarray
        PD of the test rows by other methods.
    compared : tuple of ndarray and int, or None
        PD of the test rows by the recipe, learnt from the same rows as the challengers, and how
        many these were; None for the model itself.
    scorecard : DataFrame
        Points of the challenging scorecard by feature and bin; empty where none was fitted.
    placebo_auc : tuple of float or None
        AUC on the test of a model of permuted labels, with its standard error.
    shift_auc : tuple of three floats or None
        AUC at the observation month, a month earlier with the same outcomes, and the standard
        error of the difference.
    refits : Refits or None
    panel : PanelFacts or None
    exclusions : DataFrame or None
        As of ``panel.outcomes``.
    tables : dict of str to tuple of str
        Table -> features that cannot be made without it.
    truth : DataFrame or None
        Rows of the test (``row``) with their true effects, one column a trait.
    truth_slope : tuple of three floats or None
        Mean slope with traits exchanged, and its interval.
    overrides : DataFrame or None
    record : dict
        Digests, seed, run id, commit: what a rerun needs.
    seed : int
        Of every draw that a check makes.
    cannot : dict of str to str
        What the data cannot support, and why.
    quick_score : callable or None
        The same scores to 1e-12 by the explainer, which is quicker; None where there is none.
    shap_gap : tuple of float, int and int, or None
        Largest distance of feature values from those of ``shap.TreeExplainer`` against the same
        background, and the numbers of rows and of background rows; None where it was not asked.
    shap_cannot : str
        Why shap cannot explain this model, in its own words; "" where it can.
    cross_validated : DataFrame
        Metric, mean and interval over folds, where the data are one cohort; else empty.
    """

    data: str
    how: str
    train: Rows
    test: Rows
    split: pd.DataFrame
    split_by: str
    performance_months: int | None
    meanings: Mapping[str, FeatureMeaning]
    importance: pd.Series
    score: Callable[[pd.DataFrame], Array]
    probability: Callable[[Array], Array]
    explain: Callable[[pd.DataFrame], Array]
    protected: pd.DataFrame
    segments: pd.DataFrame
    challengers: Mapping[str, Array]
    compared: tuple[Array, int] | None = None
    scorecard: pd.DataFrame = field(default_factory=pd.DataFrame)
    placebo_auc: tuple[float, float] | None = None
    shift_auc: tuple[float, float, float] | None = None
    refits: Refits | None = None
    panel: PanelFacts | None = None
    exclusions: pd.DataFrame | None = None
    tables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    truth: pd.DataFrame | None = None
    truth_slope: tuple[float, float, float] | None = None
    overrides: pd.DataFrame | None = None
    record: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    cannot: Mapping[str, str] = field(default_factory=dict)
    cross_validated: pd.DataFrame = field(default_factory=pd.DataFrame)
    quick_score: Callable[[pd.DataFrame], Array] | None = None
    shap_gap: tuple[float, int, int] | None = None
    shap_cannot: str = ""

    def pd_of(self, X: pd.DataFrame) -> Array:
        """Return the PDs of many rows, by the quicker of two equal scores."""
        return self.probability((self.quick_score or self.score)(X))
