"""Predict card delinquency, explain it by six human traits, and turn it into lawful help.

Every public name is imported from here, and only when it is first used::

    from delinquency import ReasonExplainer, TraitExplainer
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

__all__ = [
    "TRAITS",
    "Call",
    "Case",
    "Casebook",
    "DelinquencyClassifier",
    "Explanation",
    "FeatureMeaning",
    "LabelOptions",
    "Moment",
    "ReasonExplainer",
    "SyntheticData",
    "TraitExplainer",
    "build_features",
    "build_windows",
    "check",
    "generate_portfolio",
    "inspect_file",
    "label_outcomes",
    "load_model",
    "load_policy",
]

_HOMES = {
    "TRAITS": "traits",
    "Call": "casework.actions",
    "Case": "casework.case_file",
    "Casebook": "casebook.casebook",
    "DelinquencyClassifier": "modeling.delinquency_classifier",
    "Explanation": "shapley",
    "FeatureMeaning": "features.feature_description",
    "LabelOptions": "panel.label_options",
    "Moment": "casebook.moments",
    "ReasonExplainer": "reasons.reason_explainer",
    "SyntheticData": "synthetic.portfolio_options",
    "TraitExplainer": "shapley",
    "build_features": "features.feature_matrix",
    "build_windows": "panel.windows",
    "check": "casework.check",
    "generate_portfolio": "synthetic.generator",
    "inspect_file": "sources.inspect.inspected_files",
    "label_outcomes": "panel.outcomes",
    "load_model": "modeling.fitted_model",
    "load_policy": "pipeline.policies",
}

if TYPE_CHECKING:
    from delinquency.casebook.casebook import Casebook
    from delinquency.casebook.moments import Moment
    from delinquency.casework.actions import Call
    from delinquency.casework.case_file import Case
    from delinquency.casework.check import check
    from delinquency.features.feature_description import FeatureMeaning
    from delinquency.features.feature_matrix import build_features
    from delinquency.modeling.delinquency_classifier import DelinquencyClassifier
    from delinquency.modeling.fitted_model import load_model
    from delinquency.panel.label_options import LabelOptions
    from delinquency.panel.outcomes import label_outcomes
    from delinquency.panel.windows import build_windows
    from delinquency.pipeline.policies import load_policy
    from delinquency.reasons.reason_explainer import ReasonExplainer
    from delinquency.shapley import Explanation, TraitExplainer
    from delinquency.sources.inspect.inspected_files import inspect_file
    from delinquency.synthetic.generator import generate_portfolio
    from delinquency.synthetic.portfolio_options import SyntheticData
    from delinquency.traits import TRAITS


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(
            f"module 'delinquency' has no public name {name!r}. It has: {', '.join(__all__)}."
        )
    value = getattr(import_module(f"delinquency.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
