"""No false blame: a trait that is given no effect gets next to none of the explanation."""

import numpy as np
import pytest

from delinquency.config import load
from delinquency.modeling.boosting import fit_model
from delinquency.modeling.roll_rate_target import Spells
from delinquency.pipeline.prepared_features import prepare
from delinquency.shapley import TraitExplainer
from delinquency.traits import TRAITS

pytestmark = pytest.mark.slow
SMALL = [
    "stage=features", "data.n_accounts=2500", "data.seed=11", "model.n_estimators=120",
    "model.learning_rate=0.05", "model.num_leaves=6",
]  # fmt: skip
TRAIT = "spending_behavior"


def share_of_blame(root, *overrides):
    """Return the share of all mean absolute trait values that falls on the trait."""
    config = load([*SMALL, f"paths.root={root}", *overrides])
    prepared = prepare(config)
    model = fit_model(
        prepared.X,
        prepared.labels["bad"].to_numpy(),
        options=config.model,
        traits={name: one.trait_key for name, one in prepared.meanings.items()},
        directions={name: one.direction for name, one in prepared.meanings.items()},
        groups=prepared.labels["group_id"].to_numpy(),
        spells=Spells.of(prepared.labels),
    )
    matrix = model.matrix(prepared.X)
    explainer = TraitExplainer(
        model.booster, model.booster_traits, background=matrix[::10], order=tuple(TRAITS)
    )
    size = np.abs(explainer.explain(matrix).values).mean(axis=0)
    return size[list(TRAITS).index(TRAIT)] / size.sum()


def test_a_trait_without_effect_is_hardly_blamed_and_one_with_a_strong_effect_is(tmp_path):
    # One sixth would be an equal share. What is left without any effect is what 2,500 accounts
    # cannot tell from chance, and what the trait shares with those that it is correlated with.
    placebo = share_of_blame(tmp_path / "placebo", f"data.placebo={TRAIT}")
    strong = share_of_blame(tmp_path / "strong", f"+data.weights.{TRAIT}=2.5")
    assert placebo < 1 / 12
    assert strong > 2 * placebo
