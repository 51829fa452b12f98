"""The model as a scikit-learn estimator: what `make train` fits, for anybody's own pipeline."""

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted, validate_data

from delinquency.errors import ModelError
from delinquency.modeling.boosting import Progress, fit_model
from delinquency.modeling.fitted_model import EXPLAINER_FILE, load_model
from delinquency.modeling.lightgbm_options import LightGBMOptions
from delinquency.modeling.roll_rate_target import Spells
from delinquency.shapley import Explanation, TraitExplainer
from delinquency.traits import TRAITS

Array = NDArray[np.float64]
UNGROUPED = "all features"
"""The one trait of a classifier that was not told any."""
_RECORD = "classifier"


class DelinquencyClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A strongly regularised, monotone LightGBM classifier that explains itself by traits.

    Parameters
    ----------
    traits : mapping of str to str, optional
        Feature -> trait, for every column; None fits all the same, and cannot explain by trait.
    directions : mapping of str to int, optional
        Feature -> +1 where risk can only rise with it, -1 where it can only fall; others are free.
    target, shape, n_estimators, learning_rate, num_leaves, min_child_samples, colsample_bytree, \
subsample, lambda_l2, extra_trees, max_bin, monotone, calibration, calibration_folds : optional
        As in ``LightGBMOptions``, whose defaults hold where None is given.
    random_state : int, RandomState or None
    n_jobs : int
        Threads; they change the time, not the model.

    Attributes
    ----------
    model_ : DelinquencyModel
    classes_ : ndarray of shape (2,)
        Good, then bad.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only where ``X`` had column names.

    Notes
    -----
    The recipe is ``delinquency.modeling.boosting.fit_model``; this class adds scikit-learn's
    contract to it and decides nothing.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from delinquency import DelinquencyClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame(rng.normal(size=(400, 2)), columns=["late_days", "income"])
    >>> y = X["late_days"] - X["income"] + rng.normal(size=400) > 1
    >>> traits = {"late_days": "credit_record", "income": "economic_condition"}
    >>> model = DelinquencyClassifier(traits, {"late_days": 1, "income": -1}, n_estimators=50)
    >>> pd_hat = model.fit(X, y).predict_proba(X)[:, 1]
    >>> model.explain(X).to_frame().columns.tolist()
    ['economic_condition', 'credit_record']
    """

    def __init__(
        self,
        traits: Mapping[str, str] | None = None,
        directions: Mapping[str, int] | None = None,
        *,
        target: str | None = None,
        shape: str | None = None,
        n_estimators: int | None = None,
        learning_rate: float | None = None,
        num_leaves: int | None = None,
        min_child_samples: int | None = None,
        colsample_bytree: float | None = None,
        subsample: float | None = None,
        lambda_l2: float | None = None,
        extra_trees: bool | None = None,
        max_bin: int | None = None,
        monotone: bool | None = None,
        calibration: str | None = None,
        calibration_folds: int | None = None,
        random_state: Any = 0,
        n_jobs: int = 1,
    ):
        self.traits = traits
        self.directions = directions
        self.target = target
        self.shape = shape
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.num_leaves = num_leaves
        self.min_child_samples = min_child_samples
        self.colsample_bytree = colsample_bytree
        self.subsample = subsample
        self.lambda_l2 = lambda_l2
        self.extra_trees = extra_trees
        self.max_bin = max_bin
        self.monotone = monotone
        self.calibration = calibration
        self.calibration_folds = calibration_folds
        self.random_state = random_state
        self.n_jobs = n_jobs

    @classmethod
    def of_options(cls, options: LightGBMOptions, **choices: Any) -> Self:
        """Return a classifier with the recipe's options; ``choices`` are its other parameters."""
        return cls(**asdict(options), **choices)

    @property
    def options(self) -> LightGBMOptions:
        """The recipe's options: those given, and the defaults of ``LightGBMOptions``.

        Raises
        ------
        ChoiceError
            If one of them does not fit.
        """
        given = {name.name: self.get_params()[name.name] for name in fields(LightGBMOptions)}
        return LightGBMOptions(**{name: v for name, v in given.items() if v is not None})

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        *,
        groups: ArrayLike | None = None,
        spells: Spells | None = None,
        stand_for: ArrayLike | None = None,
        categories: Mapping[str, int] = MappingProxyType({}),
        progress: Progress | None = None,
    ) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : DataFrame or ndarray of shape (n_rows, n_features)
            Numbers; NaN where a value cannot be known.
        y : array of shape (n_rows,)
            Two classes; the second in sorted order is bad.
        groups : array of shape (n_rows,), optional
            Rows of one group, such as one person's, stay together where rows are held out.
        spells : Spells, optional
            The late payments that followed each row.
        stand_for : array of shape (n_rows,), optional
            How many rows of the portfolio each row stands for, where the rows are a sample that
            was drawn by outcome: all bad rows and a tenth of the good ones stand for 1 and 10.
        categories : mapping of str to int
            Column of names -> how many there are; its values are their codes, 0 and up.
        progress : callable, optional

        Returns
        -------
        DelinquencyClassifier
            Itself.

        Raises
        ------
        ModelError
            If a column has no trait, or the outcomes are all equal.
        ValueError
            If X or y is not what a binary scikit-learn classifier takes.
        """
        matrix, y = validate_data(
            self, X, y, dtype=np.float64, ensure_all_finite="allow-nan", ensure_min_samples=2
        )
        check_classification_targets(y)
        kind = type_of_target(y, input_name="y")
        if kind != "binary":
            raise ValueError(
                f"Only binary classification is supported. The type of the target is {kind}."
            )
        self.classes_, outcome = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                "A model needs good and bad accounts to learn from: two classes. Got one class, "
                f"{self.classes_[0]!r}."
            )
        names = [str(name) for name in _check_feature_names_in(self)]
        self.model_ = fit_model(
            pd.DataFrame(matrix, columns=names, copy=False),
            outcome,
            options=self.options,
            traits=dict.fromkeys(names, UNGROUPED) if self.traits is None else self.traits,
            directions=self.directions or {},
            groups=groups,
            spells=spells,
            stand_for=stand_for,
            categories=categories,
            seed=_seed(self.random_state),
            n_threads=self.n_jobs,
            progress=progress,
        )
        self._background: Array | None = matrix[_alike(stand_for, self.random_state)]
        self._explainer: TraitExplainer | None = None
        return self

    @property
    def booster_(self) -> Any:
        """The fitted ``lightgbm.Booster``; its raw score is in log-odds before calibration."""
        check_is_fitted(self, "model_")
        return self.model_.booster

    def decision_function(self, X: Any) -> Array:
        """Return the calibrated log-odds of bad, shape (n_rows,)."""
        raw_score = self._raw_score(X)
        return self.model_.calibration.log_odds(raw_score)

    def predict_proba(self, X: Any) -> Array:
        """Return the probabilities of good and bad.

        Parameters
        ----------
        X : DataFrame or ndarray of shape (n_rows, n_features)

        Returns
        -------
        ndarray of shape (n_rows, 2)
        """
        raw_score = self._raw_score(X)
        bad = self.model_.probability(raw_score)
        return np.column_stack([1.0 - bad, bad])

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the likelier class of each row: a probability of bad above one half."""
        bad = self.decision_function(X) > 0
        return self.classes_[bad.astype(np.intp)]

    def explain(self, X: Any) -> Explanation:
        """Return what each trait adds to each row's raw score, against the training rows.

        Parameters
        ----------
        X : DataFrame or ndarray of shape (n_rows, n_features)

        Returns
        -------
        Explanation

        Raises
        ------
        ModelError
            If the classifier was not told the traits of its features.
        """
        explanation = self._compiled().explain(self._matrix(X))
        return replace(explanation, index=X.index if isinstance(X, pd.DataFrame) else None)

    def save(self, folder: str | Path) -> None:
        """Write the classifier into a folder, without pickle: model, traits, compiled explainer.

        Parameters
        ----------
        folder : path
            Made if it does not exist.

        Raises
        ------
        ModelError
            If a parameter or class is no plain value.
        """
        check_is_fitted(self, "model_")
        folder = Path(folder)
        record = {
            "params": {
                name: dict(value) if isinstance(value, Mapping) else value
                for name, value in self.get_params(deep=False).items()
            },
            "classes": self.classes_.tolist(),
            "named": hasattr(self, "feature_names_in_"),
        }
        try:
            self.model_.with_metadata(**{_RECORD: record}).save(folder)
        except TypeError as error:
            raise ModelError(
                f"Only plain parameters and classes can be saved without pickle: {error}."
            ) from None
        if self.traits is not None:
            self._compiled().save(folder / EXPLAINER_FILE)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Return the classifier that was saved in a folder.

        Raises
        ------
        MissingArtifactError
            If there is none.
        ModelError
            If a file is damaged, or the folder holds a model that another class has saved.
        """
        folder = Path(folder)
        model = load_model(folder)
        if _RECORD not in model.metadata:
            raise ModelError(
                f"{folder} holds a model, but no saved DelinquencyClassifier. Read it with "
                "delinquency.load_model."
            )
        record = model.metadata[_RECORD]
        loaded = cls(**record["params"])
        loaded.model_ = model
        loaded.classes_ = np.array(record["classes"])
        loaded.n_features_in_ = len(model.features)
        if record["named"]:
            loaded.feature_names_in_ = np.array(model.features, dtype=object)
        loaded._background = None
        loaded._explainer = None
        if loaded.traits is not None:
            loaded._explainer = TraitExplainer.load(folder / EXPLAINER_FILE, loaded.n_jobs)
        return loaded

    def _compiled(self) -> TraitExplainer:
        """Return the compiled explainer, made when it is first asked for."""
        if self.traits is None:
            raise ModelError(
                "To explain by trait, every feature needs one. Make the classifier with "
                "traits={feature: trait, ...} and fit it again."
            )
        if self._explainer is None:
            present = dict.fromkeys(self.traits.values())
            known = tuple(TRAITS) if present.keys() <= TRAITS.keys() else tuple(present)
            self._explainer = TraitExplainer(
                self.booster_,
                self.model_.booster_traits,
                background=self._background,
                order=[trait for trait in known if trait in present],
                n_threads=self.n_jobs,
            )
        return self._explainer

    def _raw_score(self, X: Any) -> Array:
        matrix = self._matrix(X)
        return np.asarray(self.booster_.predict(matrix, raw_score=True, num_threads=self.n_jobs))

    def _matrix(self, X: Any) -> Array:
        check_is_fitted(self, "model_")
        return np.asarray(
            validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        )

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        if state.get("_background") is not None:
            # To compile again is quicker than to copy the tables between processes.
            state["_explainer"] = None
        return state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        return tags


def _alike(stand_for: ArrayLike | None, random_state: Any) -> slice | NDArray[np.bool_]:
    """Return which rows stand for the portfolio without weights: all, or drawn by what they do."""
    if stand_for is None:
        return slice(None)
    chance = np.asarray(stand_for, dtype=np.float64)
    draws = np.random.default_rng(_seed(random_state)).random(len(chance))
    return draws * chance.max() < chance


def _seed(random_state: Any) -> int:
    if isinstance(random_state, (int, np.integer)):
        return int(random_state)
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))
