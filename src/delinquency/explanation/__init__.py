"""Why a model gives an account its score: trait values, reasons in words, what-if."""

from delinquency.explanation.contributions import (
    FeatureContributions,
    feature_contributions,
    interaction_gap,
)
from delinquency.explanation.explainer import Explanation, TraitExplainer

__all__ = [
    "Explanation",
    "FeatureContributions",
    "TraitExplainer",
    "feature_contributions",
    "interaction_gap",
]
