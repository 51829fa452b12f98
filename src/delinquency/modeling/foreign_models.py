"""A LightGBM model that was fitted elsewhere, as a ``DelinquencyModel``."""

import re
from collections.abc import Mapping
from typing import Any

from sklearn.utils.validation import check_is_fitted

from delinquency.errors import ModelError, UnsupportedModelError
from delinquency.modeling.calibrations import Calibration, NoCalibration, SigmoidCalibration
from delinquency.modeling.delinquency_classifier import DelinquencyClassifier
from delinquency.modeling.fitted_model import DelinquencyModel
from delinquency.shapley.booster_matrix import booster_name
from delinquency.shapley.model_reading import last_step


def delinquency_model(
    model: Any, traits: Mapping[str, str], *, directions: Mapping[str, int] | None = None
) -> DelinquencyModel:
    """Return a fitted LightGBM classifier as a model that scores features by name.

    Parameters
    ----------
    model : DelinquencyModel, DelinquencyClassifier, Booster or LGBMClassifier
        A ``DelinquencyModel`` is returned as it is, and a classifier's own from the classifier.
    traits : mapping of str to str
        Feature -> trait key, for every feature of the model.
    directions : mapping of str to int, optional
        Feature -> +1, -1 or 0 where known.

    Returns
    -------
    DelinquencyModel
        Not recalibrated: its probabilities are the model's own.

    Raises
    ------
    UnsupportedModelError
        If it is no LightGBM model of a probability, or a Pipeline, whose features are no longer in
        the units that words could name.
    ModelError
        If a feature has no trait.
    """
    if isinstance(model, DelinquencyModel):
        return model
    if isinstance(model, DelinquencyClassifier):
        check_is_fitted(model, "model_")
        return model.model_
    inside = last_step(model)
    if inside.prepare is not None:
        raise UnsupportedModelError(
            "Reasons name the values that the model sees, and the steps of a Pipeline change "
            "them. Give its last step, and rows that the other steps have transformed."
        )
    called = {booster_name(feature): feature for feature in traits}
    names = inside.booster.feature_name()
    missing = [name for name in names if name not in called]
    if missing:
        raise ModelError(
            f"Every feature of the model needs a trait. {len(missing)} have none: "
            f"{', '.join(missing[:3])}."
        )
    features = tuple(called[name] for name in names)
    return DelinquencyModel(
        booster=inside.booster,
        features=features,
        traits={name: traits[name] for name in features},
        directions={name: int((directions or {}).get(name, 0)) for name in features},
        calibration=_own_link(inside.booster),
    )


def _own_link(booster: Any) -> Calibration:
    """Return how a booster itself turns raw scores into probabilities."""
    header = booster.model_to_string(num_iteration=1)
    objective = re.search(r"^objective=(.*)$", header, re.MULTILINE)
    kind, *settings = objective.group(1).split() if objective else ("unknown",)
    if kind == "cross_entropy":
        return NoCalibration()
    if kind == "binary":
        steepness = next((float(s[8:]) for s in settings if s.startswith("sigmoid:")), 1.0)
        return NoCalibration() if steepness == 1.0 else SigmoidCalibration(0.0, steepness)
    raise UnsupportedModelError(
        "Reasons explain a probability: expected a model of objective binary or cross_entropy. "
        f"Got {kind}. TraitExplainer explains raw scores of any objective."
    )
