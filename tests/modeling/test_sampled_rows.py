"""A fit on rows that stand for several: as if each were there as often as it stands for."""

import numpy as np
import pandas as pd
import pytest

from delinquency.errors import ModelError
from delinquency.modeling.boosting import fit_model
from delinquency.modeling.calibrations import CALIBRATORS
from delinquency.modeling.category_codes import name_rates
from delinquency.modeling.contradicted_directions import direction_costs
from delinquency.modeling.lightgbm_options import LightGBMOptions
from delinquency.modeling.recipes import Rows
from delinquency.modeling.roll_rate_target import Spells, expected_outcomes

N = 4_000


@pytest.fixture(scope="module")
def made():
    rng = np.random.default_rng(8)
    X = pd.DataFrame(rng.normal(size=(N, 3)), columns=["a", "b", "c"])
    chance = 1 / (1 + np.exp(2.6 - X["a"] - 0.6 * X["b"]))
    return X, (rng.random(N) < chance).astype(int).to_numpy()


def fitted(X, y, **chosen):
    options = LightGBMOptions(n_estimators=60, learning_rate=0.1, min_child_samples=20)
    return fit_model(X, y, options=options, traits=dict.fromkeys(X, "debt_burden"),
                     directions={}, seed=2, **chosen)  # fmt: skip


def test_rows_that_stand_for_one_each_give_the_very_same_model(made):
    X, y = made
    plain = fitted(X, y, groups=np.arange(N))
    weighted = fitted(X, y, groups=np.arange(N), stand_for=np.ones(N))
    assert plain.booster.model_to_string() == weighted.booster.model_to_string()
    assert plain.calibration == weighted.calibration


def test_a_sample_by_outcome_has_the_level_of_the_whole(made):
    X, y = made
    kept = (y == 1) | (np.random.default_rng(1).random(N) < 0.2)
    sampled = fitted(X[kept].reset_index(drop=True), y[kept],
                     stand_for=np.where(y[kept] == 1, 1.0, 5.0))  # fmt: skip
    unweighted = fitted(X[kept].reset_index(drop=True), y[kept])
    # The bad rate of all rows, whose standard error here is 0.005; without weights it is tripled.
    assert sampled.pd_hat(X).mean() == pytest.approx(y.mean(), abs=0.02)
    assert unweighted.pd_hat(X).mean() > 2 * y.mean()


@pytest.mark.parametrize("kind", ["sigmoid", "beta", "isotonic"])
def test_a_calibration_counts_a_row_as_often_as_it_stands_for(kind):
    rng = np.random.default_rng(4)
    raw = rng.normal(size=600)
    y = (rng.random(600) < 1 / (1 + np.exp(-raw))).astype(float)
    times = rng.integers(1, 4, 600)
    weighted = CALIBRATORS[kind](raw, y, times.astype(float))
    repeated = CALIBRATORS[kind](np.repeat(raw, times), np.repeat(y, times))
    grid = np.linspace(-1.5, 1.5, 7)
    assert weighted.log_odds(grid) == pytest.approx(repeated.log_odds(grid), abs=1e-4)


def test_roll_rates_count_a_row_as_often_as_it_stands_for():
    rng = np.random.default_rng(5)
    score = rng.normal(size=500)
    begun = rng.integers(0, 3, 500).astype(float)
    y = ((rng.random(500) < 0.3) & (begun > 0)).astype(float)
    times = rng.integers(1, 4, 500)
    spells = Spells(np.zeros(500), begun)
    weighted = expected_outcomes(y, score, spells, times.astype(float))
    many = Spells(np.zeros(times.sum()), np.repeat(begun, times))
    repeated = expected_outcomes(np.repeat(y, times), np.repeat(score, times), many)
    assert np.repeat(weighted, times) == pytest.approx(repeated, abs=1e-6)


def test_the_mean_that_names_are_drawn_to_is_that_of_the_whole():
    codes, y = np.array([0.0, 0.0, 1.0, 1.0]), np.array([1.0, 0.0, 0.0, 0.0])
    # 1 bad row, and good rows that stand for 9 in all: every name is drawn to 1 / 10.
    rates = name_rates(codes, y, 2, np.array([1.0, 3.0, 3.0, 3.0]))
    assert rates.missing == pytest.approx(0.1)


def test_what_a_direction_costs_counts_a_row_as_often_as_it_stands_for():
    rng = np.random.default_rng(6)
    x = rng.normal(size=3_000)
    y = (rng.random(3_000) < 1 / (1 + np.exp(2 - x))).astype(float)
    groups, score = np.arange(3_000), np.full(3_000, -2.0)
    plain = direction_costs(Rows(x[:, None], y, y, groups), score, {0: -1}, seed=1)[0]
    twice = Rows(x[:, None], y, y, groups, weights=np.full(3_000, 2.0))
    assert direction_costs(twice, score, {0: -1}, seed=1)[0].gain == pytest.approx(plain.gain)


@pytest.mark.parametrize("wrong", [np.zeros(N), np.ones(N - 1), np.full(N, np.nan)])
def test_what_rows_stand_for_must_be_a_number_above_0(made, wrong):
    with pytest.raises(ModelError, match="What rows stand for must be a number above 0"):
        fitted(*made, stand_for=wrong)
