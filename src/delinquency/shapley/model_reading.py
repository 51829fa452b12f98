"""From what a user has fitted to the trees inside it: libraries, estimators and pipelines.

A model is known by the library that its class comes from, so that none is imported which the
user's model has not imported before.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from delinquency.errors import ModelError, UnsupportedModelError
from delinquency.shapley.forest import Forest

SUPPORTED = (
    "a model of LightGBM (such as a lightgbm.Booster), XGBoost or CatBoost, a "
    "HistGradientBoosting, RandomForest, ExtraTrees or DecisionTree of scikit-learn, a "
    "DelinquencyClassifier, or a scikit-learn Pipeline that ends in one of them"
)

_READERS = {
    "lightgbm": "lightgbm_forest:read_lightgbm",
    "xgboost": "xgboost_forest:read_xgboost",
    "catboost": "catboost_forest:read_catboost",
    "sklearn.ensemble._hist_gradient_boosting": "sklearn_forest:read_histogram_boosting",
    "sklearn.ensemble._forest": "sklearn_forest:read_averaged_trees",
    "sklearn.tree": "sklearn_forest:read_averaged_trees",
}
"""Reader of each library's models, by the beginning of the module that their class lies in."""


@dataclass(frozen=True)
class LastStep:
    """The model of trees inside a fitted model, and what happens to rows before they reach it.

    Attributes
    ----------
    model : Booster or estimator
    prepare : callable or None
        The pipeline's steps before the model; None where rows reach it as they are.
    feature_names : tuple of str or None
        What the columns that reach the model are called outside, where it knows only their
        positions; None where its own names hold.
    """

    model: Any
    prepare: Callable[[Any], Any] | None = None
    feature_names: tuple[str, ...] | None = None

    @property
    def booster(self) -> Any:
        """The LightGBM booster that the model is or keeps.

        Raises
        ------
        UnsupportedModelError
            If it is a model of another library.
        """
        if _library_of(self.model) != "lightgbm":
            raise _unsupported(self.model, "a model of LightGBM")
        return getattr(self.model, "booster_", self.model)


def last_step(model: Any) -> LastStep:
    """Return the model of trees inside a fitted model.

    Parameters
    ----------
    model : Booster, estimator, or Pipeline that ends in one

    Returns
    -------
    LastStep

    Raises
    ------
    UnsupportedModelError
        If there are no trees in the model that can be read.
    ModelError
        If the model is not fitted yet.
    """
    from sklearn.pipeline import Pipeline

    if isinstance(model, Pipeline):
        last = last_step(model.steps[-1][1])
        steps = model[:-1]
        if not len(steps):
            return last
        return LastStep(last.model, _chained(steps.transform, last.prepare), _names_after(steps))
    library = _library_of(model)
    if library is None:
        raise _unsupported(model, SUPPORTED)
    _check_fitted(model, library)
    return LastStep(model)


def read_trees(model: Any, *, class_index: int | None = None) -> Forest:
    """Return the trees of one output of a model, see ``last_step``.

    Parameters
    ----------
    model : Booster or estimator
    class_index : int or None
        Which class of a multiclass model.

    Returns
    -------
    Forest
    """
    library = _library_of(model)
    assert library is not None
    file, _, reader = _READERS[library].partition(":")
    read = getattr(import_module(f"delinquency.shapley.{file}"), reader)
    inside = LastStep(model).booster if library == "lightgbm" else model
    found: Forest = read(inside, class_index=class_index)
    return found


def _library_of(model: Any) -> str | None:
    """Return the key of a model's reader; subclasses count, and estimators that keep a booster."""
    for kind in type(model).__mro__:
        for prefix in _READERS:
            if kind.__module__ == prefix or kind.__module__.startswith(f"{prefix}."):
                return prefix
    return "lightgbm" if hasattr(type(model), "booster_") else None


def _unsupported(model: Any, expected: str) -> UnsupportedModelError:
    kind = type(model)
    return UnsupportedModelError(
        f"Expected {expected}. Got {kind.__module__}.{kind.__qualname__}. "
        "Values are exact for these trees only: give the model of trees itself."
    )


def _check_fitted(model: Any, library: str) -> None:
    from sklearn.base import BaseEstimator
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    fitted = True
    if library == "catboost":
        fitted = model.is_fitted()
    elif isinstance(model, BaseEstimator):
        try:
            check_is_fitted(model)
        except NotFittedError:
            fitted = False
    if not fitted:
        raise ModelError(
            f"The model must be fitted before it can be explained. Got a {type(model).__name__} "
            "that is not: call fit(X, y) first."
        )


def _chained(
    first: Callable[[Any], Any], second: Callable[[Any], Any] | None
) -> Callable[[Any], Any]:
    return first if second is None else lambda rows: second(first(rows))


def _names_after(steps: Any) -> tuple[str, ...] | None:
    """Return what the steps call the columns that they give out; None where they cannot say."""
    try:
        return tuple(str(name) for name in steps.get_feature_names_out())
    except (AttributeError, ValueError):  # a step that keeps no names
        return None
