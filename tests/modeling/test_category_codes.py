"""Names by their bad rates: the rates by hand, and trees that read names as they read rates."""

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

from delinquency.modeling.boosting import fit_model
from delinquency.modeling.category_codes import cross_fitted_rates, name_rates, split_by_names
from delinquency.modeling.comparison import model_recipe
from delinquency.modeling.lightgbm_options import LightGBMOptions


def test_rates_are_drawn_to_the_mean_by_the_spread_between_names():
    codes = np.repeat([0.0, 1.0], [40, 60])
    y = np.r_[np.ones(20), np.zeros(20), np.ones(12), np.zeros(48)]
    found = name_rates(codes, y, 3)
    # p = 32/100 = 0.32; rates 0.5 and 0.2; sum n (r - p)^2 = 40 * 0.0324 + 60 * 0.0144 = 2.16;
    # noise = 0.32 * 0.68 = 0.2176; one degree: 2.16 - 0.2176 = 1.9424; weight = 100 - 5200/100 =
    # 48; tau^2 = 1.9424 / 48 = 0.0404667; K = 0.2176 / 0.0404667 = 5.377265.
    k = 5.377265
    assert found.by_code[0] == pytest.approx((20 + k * 0.32) / (40 + k), abs=1e-6)
    assert found.by_code[1] == pytest.approx((12 + k * 0.32) / (60 + k), abs=1e-6)
    # A name that was not seen, and a missing one where none was, have the mean.
    assert found.by_code[2] == pytest.approx(0.32) and found.missing == pytest.approx(0.32)


def test_names_that_differ_by_chance_share_one_rate():
    rng = np.random.default_rng(0)
    found = name_rates(rng.integers(0, 50, 5000).astype(float), (rng.random(5000) < 0.2) * 1.0, 50)
    assert np.ptp(found.by_code) < 0.02


def test_a_row_has_no_part_in_its_own_rate():
    rng = np.random.default_rng(1)
    codes, y = rng.integers(0, 5, 300).astype(float), (rng.random(300) < 0.3) * 1.0
    groups = np.arange(300) // 2
    before = cross_fitted_rates(codes, y, groups, 5, seed=3)
    changed = y.copy()
    changed[10] = 1 - changed[10]
    after = cross_fitted_rates(codes, changed, groups, 5, seed=3)
    assert before[10] == after[10] and before[11] == after[11]
    assert (before != after).any()


@pytest.mark.parametrize("missing_rate", [0.02, 0.9])
def test_trees_read_names_as_they_read_their_rates(missing_rate):
    rng = np.random.default_rng(2)
    n, n_names = 3000, 70
    codes = rng.integers(0, n_names, n).astype(float)
    codes[rng.random(n) < 0.1] = np.nan
    size = rng.random(n_names)
    chance = np.where(np.isnan(codes), missing_rate, size[np.nan_to_num(codes).astype(int)])
    y = (rng.random(n) < chance) * 1.0
    rates = name_rates(codes, y, n_names)
    other = rng.normal(size=n)
    params = {"objective": "binary", "verbosity": -1, "num_leaves": 12, "min_data_in_leaf": 20}
    learnt = np.column_stack([other, rates.of(codes)])
    booster = lgb.train(params, lgb.Dataset(learnt, y), num_boost_round=25)
    names = split_by_names(booster, {1: rates})
    read = np.column_stack([other, codes])
    assert np.array_equal(names.predict(read), booster.predict(learnt))
    # A name beyond those of training counts as missing.
    read[:, 1] = 10 * n_names
    learnt[:, 1] = rates.missing
    assert np.array_equal(names.predict(read), booster.predict(learnt))


def test_names_that_tell_are_ordered_by_their_rates_and_explained_exactly():
    rng = np.random.default_rng(3)
    n, n_names = 2500, 60
    X = pd.DataFrame({"a": rng.normal(size=n), "name": rng.integers(0, n_names, n) * 1.0})
    effect = rng.permutation(np.linspace(-2, 2, n_names))
    log_odds = effect[X["name"].astype(int)] - 1
    y = (rng.random(n) < 1 / (1 + np.exp(-log_odds))).astype(int)
    model = fit_model(
        X, y, options=LightGBMOptions(), traits={"a": "debt_burden", "name": "credit_record"},
        directions={"a": 1}, categories={"name": n_names}, seed=1,
    )  # fmt: skip
    assert "names ordered" in model.metadata["shape"]
    assert model.metadata["tried"]["names ordered by their bad rates"] > 1.5
    matrix = model.matrix(X)
    parts = model.booster.predict(matrix, pred_contrib=True)
    assert np.allclose(parts.sum(axis=1), model.raw_score(X))
    # A fold of the cross-validation fits by the same rules as the training.
    recipe = model_recipe(LightGBMOptions(), directions={"a": 1}, categories={"name": n_names})
    assert np.array_equal(recipe.fit(X, y, 1)(X), model.pd_hat(X))
