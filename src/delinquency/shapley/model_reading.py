"""From what a user has fitted to the LightGBM booster inside it: estimators and pipelines."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from delinquency.errors import ModelError, UnsupportedModelError
from delinquency.shapley.booster_matrix import booster_name

SUPPORTED = (
    "a lightgbm.Booster, a fitted LGBMClassifier or LGBMRegressor, a DelinquencyClassifier, or a "
    "scikit-learn Pipeline that ends in one of them"
)


@dataclass(frozen=True)
class BoosterInside:
    """The booster of a fitted model, and what happens to rows before they reach it.

    Attributes
    ----------
    booster : lightgbm.Booster
    prepare : callable or None
        The pipeline's steps before the model; None where rows reach the booster as they are.
    feature_names : tuple of str or None
        What the columns that reach the booster are called outside, where the booster itself
        knows only their positions; None where its own names hold.
    """

    booster: Any
    prepare: Callable[[Any], Any] | None = None
    feature_names: tuple[str, ...] | None = None


def booster_inside(model: Any) -> BoosterInside:
    """Return the booster inside a fitted model.

    Parameters
    ----------
    model : Booster, estimator with a fitted ``booster_``, or Pipeline that ends in one

    Returns
    -------
    BoosterInside

    Raises
    ------
    UnsupportedModelError
        If there is no LightGBM booster in the model, or more than the model's last step.
    ModelError
        If the model is not fitted yet.
    """
    from lightgbm import Booster, LGBMModel
    from sklearn.exceptions import NotFittedError
    from sklearn.pipeline import Pipeline
    from sklearn.utils.validation import check_is_fitted

    if isinstance(model, Booster):
        return BoosterInside(model)
    if isinstance(model, Pipeline):
        last = booster_inside(model.steps[-1][1])
        steps = model[:-1]
        if not len(steps):
            return last
        return BoosterInside(
            last.booster, _chained(steps.transform, last.prepare), _names_after(steps)
        )
    fitted_by = type(model)
    if not isinstance(model, LGBMModel) and not hasattr(fitted_by, "booster_"):
        raise UnsupportedModelError(
            f"Expected {SUPPORTED}. Got {fitted_by.__module__}.{fitted_by.__qualname__}. "
            "Trait values are exact for LightGBM's trees only: give the LightGBM model itself."
        )
    try:
        check_is_fitted(model)
    except NotFittedError:
        raise ModelError(
            f"The model must be fitted before it can be explained. Got a {fitted_by.__name__} "
            "that is not: call fit(X, y) first."
        ) from None
    return BoosterInside(model.booster_)


def _chained(
    first: Callable[[Any], Any], second: Callable[[Any], Any] | None
) -> Callable[[Any], Any]:
    return first if second is None else lambda rows: second(first(rows))


def _names_after(steps: Any) -> tuple[str, ...] | None:
    """Return what the steps call the columns that they give out; None where they cannot say."""
    try:
        return tuple(booster_name(name) for name in steps.get_feature_names_out())
    except (AttributeError, ValueError):  # a step that keeps no names
        return None
