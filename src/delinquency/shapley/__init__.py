"""Exact values of groups of features, and of the features within them, of models of trees."""

from pathlib import Path

from delinquency.shapley.compile_cache import use_own_cache

use_own_cache(Path(__file__).parent)  # before any compiled function is imported

from delinquency.shapley.explainer import TraitExplainer  # noqa: E402
from delinquency.shapley.explanation import FEATURES, PAIRS, Explanation  # noqa: E402

__all__ = [
    "FEATURES",
    "PAIRS",
    "Explanation",
    "TraitExplainer",
]
