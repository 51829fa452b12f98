"""Fit the model, calibrate it, save it, and compare it with its peers."""

from delinquency.modeling.boosting import fit_model
from delinquency.modeling.comparison import (
    Comparison,
    Recipe,
    cross_validate,
    guard_against_leakage,
    model_recipe,
    peer_recipes,
    variant_recipes,
)
from delinquency.modeling.familiarity import TwoViews, score_twice
from delinquency.modeling.peers import PEERS
from delinquency.modeling.record import DelinquencyModel, load_model
from delinquency.modeling.roll_rates import Spells

__all__ = [
    "PEERS",
    "Comparison",
    "DelinquencyModel",
    "Recipe",
    "Spells",
    "TwoViews",
    "cross_validate",
    "fit_model",
    "guard_against_leakage",
    "load_model",
    "model_recipe",
    "peer_recipes",
    "score_twice",
    "variant_recipes",
]
