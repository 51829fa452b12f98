import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from delinquency.metrics import METRICS
from delinquency.metrics.metric import Outcomes


def test_log_loss_is_the_mean_surprise():
    # Bad at 0.8: -ln 0.8; good at 0.4: -ln 0.6.
    expected = -(np.log(0.8) + np.log(0.6)) / 2
    assert METRICS["log_loss"]([1, 0], [0.8, 0.4]) == pytest.approx(expected)


def test_log_loss_of_a_certain_mistake_is_large_and_finite():
    assert 30 < METRICS["log_loss"]([1, 1], [0.0, 0.0]) < 40


def test_brier_is_the_mean_squared_distance():
    # (1 - 0.8)^2 = 0.04, 0.4^2 = 0.16.
    assert METRICS["brier"]([1, 0], [0.8, 0.4]) == pytest.approx((0.04 + 0.16) / 2)


def test_brier_skill_compares_with_the_bad_rate_for_everybody():
    # Bad rate 1/2: Brier of the constant 0.25; ours 0.1.
    assert METRICS["brier_skill"]([1, 0], [0.8, 0.4]) == pytest.approx(1 - 0.1 / 0.25)
    assert METRICS["brier_skill"]([1, 0], [0.5, 0.5]) == pytest.approx(0.0)


def test_ece_is_the_mean_gap_over_fifteen_bins_of_equal_size():
    # 30 rows, 2 to a bin, one of each pair bad. Predicted 0.7 in the riskier 14 rows (a run of
    # equal predictions: one bin, 7 bads of 14), 0.1 in the other 16 (8 bads of 16).
    bad = np.array([1, 0] * 15)
    p = np.array([0.7] * 14 + [0.1] * 16)
    expected = (14 * abs(0.7 - 0.5) + 16 * abs(0.1 - 0.5)) / 30
    assert METRICS["ece"](bad, p) == pytest.approx(expected)


def test_ece_bins_without_ties_hold_equal_numbers():
    # 15 rows, one to a bin: the mean of |p - bad| itself.
    p = np.linspace(0.9, 0.1, 15)
    bad = np.array([1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0])
    assert METRICS["ece"](bad, p) == pytest.approx(np.abs(p - bad).mean())


def test_a_recalibration_line_is_found_by_hand():
    # Two levels with bad rates 1/5 and 4/5, predicted at odds 1:2 and 2:1. On the logit scale the
    # truth is -ln 4 and ln 4, the predictions -ln 2 and ln 2: slope ln 4 / ln 2 = 2, level 0.
    bad = np.array([1, 0, 0, 0, 0, 1, 1, 1, 1, 0])
    p = np.array([1 / 3] * 5 + [2 / 3] * 5)
    assert METRICS["calibration_slope"](bad, p) == pytest.approx(2.0)
    assert METRICS["calibration_intercept"](bad, p) == pytest.approx(0.0, abs=1e-9)


def test_the_intercept_is_the_shift_of_all_log_odds():
    # One level predicted at odds 1:1, seen at 1:3: a shift of -ln 3; two levels would differ only
    # by the slope, which is held at 1.
    bad = np.array([1, 0, 0, 0])
    assert METRICS["calibration_intercept"](bad, np.full(4, 0.5)) == pytest.approx(-np.log(3))


@given(st.floats(0.3, 3.0), st.floats(-1.0, 1.0))
def test_undoing_the_recalibration_line_leaves_slope_one(slope, level):
    rng = np.random.default_rng(5)
    logit = rng.normal(-1, 1, 4000)
    bad = rng.random(4000) < 1 / (1 + np.exp(-logit))
    distorted = 1 / (1 + np.exp(-(level + slope * logit)))
    plain = METRICS["calibration_slope"](bad, 1 / (1 + np.exp(-logit)))
    assert METRICS["calibration_slope"](bad, distorted) == pytest.approx(plain / slope, rel=1e-4)


def test_no_finite_slope_exists_when_the_outcomes_are_separated():
    assert np.isnan(METRICS["calibration_slope"]([0, 0, 1, 1], [0.1, 0.2, 0.6, 0.7]))
    assert np.isnan(METRICS["calibration_slope"]([0, 1, 0, 1], [0.3] * 4))


def test_observed_over_expected_counts_bads():
    # 2 bads, 0.5 + 0.3 + 0.2 = 1 expected.
    assert METRICS["observed_expected"]([1, 1, 0], [0.5, 0.3, 0.2]) == pytest.approx(2.0)
    assert np.isnan(METRICS["observed_expected"]([1, 0], [0.0, 0.0]))


@given(st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), min_size=1, max_size=50))
def test_losses_are_bounded(rows):
    bad, p = np.array(rows).T
    assert 0 <= METRICS["brier"](bad, p) <= 1
    assert 0 <= METRICS["ece"](bad, p) <= 1
    assert METRICS["log_loss"](bad, p) >= 0


def test_the_recalibration_line_is_scikit_learns():
    rng = np.random.default_rng(8)
    logit, weights = rng.normal(-2, 1.2, 3000), rng.poisson(1.0, 3000).astype(float)
    bad = (rng.random(3000) < 1 / (1 + np.exp(-0.8 * logit))).astype(float)
    line = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10)
    line.fit(logit[:, None], bad, sample_weight=weights)
    pd_hat = 1 / (1 + np.exp(-logit))
    outcomes = Outcomes.of(bad, pd_hat)
    outcomes = outcomes.reweighted(weights)
    slope = METRICS["calibration_slope"].compute(outcomes)
    assert slope == pytest.approx(float(line.coef_[0, 0]), abs=1e-8)
