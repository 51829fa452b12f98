"""Why a model gives an account its score: trait values, reasons in words, what-if."""

from pathlib import Path

from delinquency.shapley.compile_cache import use_own_cache

use_own_cache(Path(__file__).parent)  # before any compiled function is imported

from delinquency.shapley.explainer import Explanation, TraitExplainer  # noqa: E402

__all__ = [
    "Explanation",
    "TraitExplainer",
]
