import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from delinquency.errors import ModelError
from delinquency.log_odds import probability
from delinquency.modeling.calibrations import (
    CALIBRATORS,
    BetaCalibration,
    SigmoidCalibration,
    calibration_from_dict,
)
from delinquency.modeling.logistic import fit_logistic


@pytest.fixture(scope="module")
def scores():
    rng = np.random.default_rng(1)
    raw = rng.normal(-1, 1.5, 20_000)
    # The truth is a line over the raw scores: -0.5 + 0.7 * raw.
    y = (rng.random(20_000) < probability(-0.5 + 0.7 * raw)).astype(float)
    return raw, y


def test_sigmoid_calibration_finds_the_line(scores):
    found = CALIBRATORS["sigmoid"](*scores)
    assert found.intercept == pytest.approx(-0.5, abs=0.06)
    assert found.slope == pytest.approx(0.7, abs=0.04)
    assert found.log_odds_slope == found.slope


def test_beta_calibration_with_equal_factors_is_a_line():
    # 0.7 ln p - 0.7 ln(1 - p) - 0.5 = 0.7 logit p - 0.5.
    raw = np.array([-2.0, 0.0, 3.0])
    beta = BetaCalibration(0.7, 0.7, -0.5)
    assert beta.log_odds(raw) == pytest.approx(SigmoidCalibration(-0.5, 0.7).log_odds(raw))


def test_beta_calibration_comes_near_the_line_that_made_the_data(scores):
    raw = np.array([-3.0, -1.0, 1.0])
    found = CALIBRATORS["beta"](*scores)
    assert found.log_odds(raw) == pytest.approx(-0.5 + 0.7 * raw, abs=0.15)


@pytest.mark.parametrize("kind", list(CALIBRATORS))
def test_calibrations_never_turn_the_ranking_round_and_come_back_from_a_record(scores, kind):
    found = CALIBRATORS[kind](*scores)
    grid = np.linspace(-9, 9, 200)
    steps = np.diff(found.log_odds(grid))
    assert (steps >= 0).all()
    assert (steps > 0).all() == found.keeps_ranks
    assert calibration_from_dict(found.to_dict()) == found
    p = probability(found.log_odds(grid))
    assert (p > 0).all()
    assert (p < 1).all()


def test_isotonic_calibration_gives_the_bad_rate_of_its_steps():
    raw = np.array([0.0, 0.0, 0.0, 0.0, 1.0, 1.0])
    y = np.array([0.0, 0.0, 0.0, 1.0, 1.0, 0.0])
    found = CALIBRATORS["isotonic"](raw, y)
    # 1 of 4, then 1 of 2.
    assert probability(found.log_odds(np.array([-5.0, 0.0, 1.0, 5.0]))) == pytest.approx(
        [0.25, 0.25, 0.5, 0.5]
    )


@pytest.mark.parametrize("kind", ["sigmoid", "beta"])
def test_scores_that_fall_with_risk_cannot_be_calibrated(scores, kind):
    raw, y = scores
    with pytest.raises(ModelError, match="model.calibration=none"):
        CALIBRATORS[kind](-raw, y)


def test_an_unknown_record_is_refused():
    with pytest.raises(ModelError, match="must be one of"):
        calibration_from_dict({"kind": "magic"})
    with pytest.raises(ModelError, match="other fields"):
        calibration_from_dict({"kind": "sigmoid", "slope": 1.0})


def test_a_logistic_regression_by_hand():
    # Two groups with bad rates 1/4 and 3/4: intercept ln(1/3), coefficient 2 ln 3.
    x = np.repeat([0.0, 1.0], 4)[:, None]
    y = np.array([1, 0, 0, 0, 1, 1, 1, 0])
    assert fit_logistic(x, y, l2=0.0) == pytest.approx([np.log(1 / 3), 2 * np.log(3)], abs=1e-4)


@given(st.floats(0.1, 100))
def test_a_ridge_penalty_shrinks_and_separated_outcomes_end(l2):
    x = np.array([[-1.0], [-0.5], [0.5], [1.0]])
    beta = fit_logistic(x, [0, 0, 1, 1], l2=l2)
    assert np.isfinite(beta).all()
    # At the optimum the penalty balances the slope of the loss: l2 * b = sum x * (y - p).
    p = probability(beta[0] + x[:, 0] * beta[1])
    assert l2 * beta[1] == pytest.approx(x[:, 0] @ (np.array([0, 0, 1, 1]) - p), abs=1e-3)


def test_labels_that_are_all_equal_are_refused():
    with pytest.raises(ModelError, match="both outcomes"):
        fit_logistic([[1.0], [2.0]], [1, 1])
