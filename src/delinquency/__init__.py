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
    "Charge",
    "DelinquencyClassifier",
    "Explanation",
    "FeatureMeaning",
    "LabelOptions",
    "Message",
    "Moment",
    "OfferHelp",
    "OfferPlan",
    "ReasonExplainer",
    "ReminderFacts",
    "Situation",
    "SyntheticData",
    "TakeLegalStep",
    "Terms",
    "TraitExplainer",
    "build_features",
    "build_windows",
    "check",
    "document_pack",
    "events",
    "generate_portfolio",
    "hypotheses",
    "inspect_file",
    "label_outcomes",
    "load_model",
    "load_policy",
    "open_questions",
    "plan_options",
    "render_document_pack",
    "text_for",
    "timeline",
]

_HOMES = {
    "TRAITS": "traits",
    "Call": "casework.actions",
    "Case": "casework.case_file",
    "Casebook": "casebook.casebook",
    "Charge": "casework.actions",
    "DelinquencyClassifier": "modeling.delinquency_classifier",
    "Explanation": "shapley",
    "FeatureMeaning": "features.feature_description",
    "LabelOptions": "panel.label_options",
    "Message": "casework.actions",
    "Moment": "casebook.moments",
    "OfferHelp": "casework.actions",
    "OfferPlan": "casework.actions",
    "ReasonExplainer": "reasons.reason_explainer",
    "ReminderFacts": "casework.reminders",
    "Situation": "casework.plan_options",
    "SyntheticData": "synthetic.portfolio_options",
    "TakeLegalStep": "casework.actions",
    "Terms": "casework.plan_options",
    "TraitExplainer": "shapley",
    "build_features": "features.feature_matrix",
    "build_windows": "panel.windows",
    "check": "casework.check",
    "document_pack": "casework.communication",
    "events": "casework.events",
    "generate_portfolio": "synthetic.generator",
    "hypotheses": "casework.causes",
    "inspect_file": "sources.inspect.inspected_files",
    "label_outcomes": "panel.outcomes",
    "load_model": "modeling.fitted_model",
    "load_policy": "pipeline.policies",
    "open_questions": "casework.communication",
    "plan_options": "casework.plan_options",
    "render_document_pack": "reporting.document_pack",
    "text_for": "casework.reminders",
    "timeline": "casework.communication",
}

if TYPE_CHECKING:
    from delinquency.casebook.casebook import Casebook
    from delinquency.casebook.moments import Moment
    from delinquency.casework import events
    from delinquency.casework.actions import (
        Call,
        Charge,
        Message,
        OfferHelp,
        OfferPlan,
        TakeLegalStep,
    )
    from delinquency.casework.case_file import Case
    from delinquency.casework.causes import hypotheses
    from delinquency.casework.check import check
    from delinquency.casework.communication import document_pack, open_questions, timeline
    from delinquency.casework.plan_options import Situation, Terms, plan_options
    from delinquency.casework.reminders import ReminderFacts, text_for
    from delinquency.features.feature_description import FeatureMeaning
    from delinquency.features.feature_matrix import build_features
    from delinquency.modeling.delinquency_classifier import DelinquencyClassifier
    from delinquency.modeling.fitted_model import load_model
    from delinquency.panel.label_options import LabelOptions
    from delinquency.panel.outcomes import label_outcomes
    from delinquency.panel.windows import build_windows
    from delinquency.pipeline.policies import load_policy
    from delinquency.reasons.reason_explainer import ReasonExplainer
    from delinquency.reporting.document_pack import render_document_pack
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
    home = import_module(f"delinquency.{_HOMES[name]}")
    value = home if name == "events" else getattr(home, name)  # the one name of a module
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
