"""Steps that grow: how long each is, and that a fit's own seed matters less for it."""

import re

import lightgbm as lgb
import numpy as np
import pytest

from delinquency.modeling.learning_rate_warmup import (
    GROWING,
    warmup_learning_rates,
    warmup_trees,
    with_warmup,
)

QUIET = {
    "objective": "binary",
    "num_leaves": 3,
    "extra_trees": True,
    "feature_fraction": 0.33,
    "monotone_constraints": [1, 1] + [0] * 38,
    "lambda_l2": 5.0,
    "verbosity": -1,
    "num_threads": 1,
}


def rows(n=800, seed=0):
    """Two twins that tell alike, and 38 columns of chance."""
    rng = np.random.default_rng(seed)
    cause = rng.normal(size=n)
    twins = cause[:, None] + 0.1 * rng.normal(size=(n, 2))
    X = np.hstack([twins, rng.normal(size=(n, 38))])
    return X, (rng.random(n) < 1 / (1 + np.exp(-2 * cause))).astype(float)


def fitted(X, y, n_trees, rate=0.2, seed=3, growing=True):
    steps = [warmup_learning_rates(rate, n_trees, seed=seed)] if growing else []
    params = QUIET | {"learning_rate": rate, "seed": seed}
    return lgb.train(params, lgb.Dataset(X, y), num_boost_round=n_trees, callbacks=steps)


def test_steps_grow_in_proportion_over_a_quarter_of_the_trees():
    booster = fitted(*rows(), n_trees=20)
    # 5 trees grow: 1/6, 2/6, ... 5/6 of 0.2, and the other 15 have all of it.
    steps = [
        float(found) for found in re.findall(r"^shrinkage=(.+)$", booster.model_to_string(), re.M)
    ]
    # LightGBM writes 1 for the first tree, as it holds the mean as well.
    assert steps[1:5] == pytest.approx([0.2 * k / 6 for k in (2, 3, 4, 5)], rel=1e-5)
    assert steps[5:] == pytest.approx([0.2] * 15)


@pytest.mark.parametrize("n_full", [1, 4, 30, 700, 1399, 1400, 1401, 3000, 5000])
def test_growing_steps_come_as_far_as_full_ones_with_the_trees_that_are_added(n_full):
    n_trees = with_warmup(n_full)
    n_growing = warmup_trees(n_trees)
    assert n_growing <= GROWING
    far = n_trees - n_growing / 2  # the mean of a growing step is a half
    assert far == pytest.approx(n_full, abs=1)


def test_cut_offs_differ_from_tree_to_tree_while_steps_grow():
    X, y = rows()
    booster = fitted(X, y, n_trees=80, rate=0.01)
    first = [tree["tree_structure"] for tree in booster.dump_model()["tree_info"][:20]]
    places = {(tree["split_feature"], tree["threshold"]) for tree in first if "threshold" in tree}
    assert len(places) > 15


def test_the_seed_of_a_fit_moves_the_credit_of_twins_less():
    # Twins are equally good; how their effect parts between them is up to the draws.
    X, y = rows()

    def spread(growing):
        shares = []
        for seed in range(12):
            booster = fitted(
                X, y, n_trees=with_warmup(300) if growing else 300, seed=seed, growing=growing
            )
            first, second = np.std(booster.predict(X, pred_contrib=True)[:, :2], axis=0)
            shares.append(first / (first + second))
        return np.std(shares)

    assert spread(growing=True) < 0.8 * spread(growing=False)
