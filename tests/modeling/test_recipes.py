"""A chosen recipe is kept with the model, and another fit by it is the same model."""

import numpy as np
import pandas as pd
import pytest

from delinquency.errors import ModelError
from delinquency.modeling.boosting import fit_model
from delinquency.modeling.comparison import model_recipe
from delinquency.modeling.fitted_model import load_model
from delinquency.modeling.lightgbm_options import LightGBMOptions
from delinquency.modeling.recipes import Chosen, Recipe

KNOWN = {"directions": {"a": 1}, "categories": {"name": 40}}


def named_table(seed):
    """Return 40 names whose bad rates differ much, and a column."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"a": rng.normal(size=1500), "name": rng.integers(0, 40, 1500) * 1.0})
    effect = np.random.default_rng(8).permutation(np.linspace(-2, 2, 40))
    chance = 1 / (1 + np.exp(1 - effect[X["name"].astype(int)] - 0.5 * X["a"]))
    return X, (rng.random(1500) < chance).astype(int)


@pytest.fixture(scope="module")
def searched():
    X, y = named_table(1)
    traits = {"a": "debt_burden", "name": "credit_record"}
    return X, y, fit_model(X, y, options=LightGBMOptions(), traits=traits, seed=3, **KNOWN)


def test_a_refit_by_the_kept_recipe_is_the_model_itself(searched, tmp_path):
    X, y, model = searched
    assert "names ordered" in model.metadata["shape"]
    model.save(tmp_path)
    kept = load_model(tmp_path).metadata
    again = model_recipe(LightGBMOptions(**kept["options"]), chosen=Chosen.of(kept), **KNOWN)
    assert np.array_equal(again.fit(X, y, 3)(X), model.pd_hat(X))


def test_a_refit_on_other_rows_keeps_trees_steps_and_reading_of_names(searched):
    X, y = named_table(2)
    model = searched[2]
    traits = model.traits
    chosen = Chosen.of(model.metadata)
    half = fit_model(X[:700], y[:700], options=LightGBMOptions(), traits=traits, chosen=chosen,
                     seed=4, **KNOWN)  # fmt: skip
    assert half.metadata["recipe"] == model.metadata["recipe"]
    # LightGBM ends sooner where no leaf can be split any more.
    assert half.booster.current_iteration() <= chosen.n_trees
    assert half.metadata["size"]["learning_rate"] == model.metadata["size"]["learning_rate"]
    # A split by a set of names is LightGBM's decision type 1.
    assert half.booster.model_to_string().count("cat_threshold") > 0


def test_the_size_told_is_that_of_the_recipe_taken():
    X, y = named_table(3)
    small = Chosen(
        Recipe("smaller leaves", LightGBMOptions(min_child_samples=5, lambda_l2=1.0)), 3
    )
    model = fit_model(X, y, options=LightGBMOptions(), traits=dict.fromkeys(X, "debt_burden"),
                      chosen=small, **KNOWN)  # fmt: skip
    assert model.metadata["size"]["min_child_samples"] == 5
    assert model.booster.current_iteration() == 3


def test_longer_steps_take_as_many_fewer_trees():
    one = Chosen(Recipe("larger trees", LightGBMOptions(learning_rate=0.05, num_leaves=15)), 301)
    two = one.in_steps(2, min_child_samples=33)
    assert (two.n_trees, two.recipe.options.learning_rate) == (150, 0.1)
    assert (two.recipe.options.num_leaves, two.recipe.options.min_child_samples) == (15, 33)
    assert two.recipe.title == "larger trees"


def test_a_model_from_before_is_known_only_where_nothing_was_chosen():
    size = {"n_estimators": 7, "learning_rate": 0.03}
    options = {"num_leaves": 6}
    found = Chosen.of({"shape": "as given", "size": size, "options": options})
    assert (found.n_trees, found.recipe.options.learning_rate) == (7, 0.03)
    assert (found.recipe.options.num_leaves, found.recipe.by_rates) == (6, False)
    with pytest.raises(ModelError, match="Train it again"):
        Chosen.of({"shape": "smaller leaves", "size": size, "options": options})
