"""Exact values of groups of features, and of the features within them, of models of trees."""

from delinquency.shapley.explainer import TraitExplainer
from delinquency.shapley.explanation import FEATURES, PAIRS, Explanation

__all__ = [
    "FEATURES",
    "PAIRS",
    "Explanation",
    "TraitExplainer",
]
