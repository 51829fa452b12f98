"""The level moves by one shift, found by what is known, and nothing else moves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from delinquency.errors import DataError
from delinquency.log_odds import log_odds, probability
from delinquency.modeling.level_shift import (
    chain_level,
    from_matured_month,
    from_published_rate,
    from_roll_rates,
    shift_to,
)
from delinquency.panel.label_options import LabelOptions
from delinquency.panel.outcomes import Panel


def scores(n=500, seed=0):
    return np.random.default_rng(seed).normal(-2.5, 1.0, n)


@given(st.floats(0.001, 0.9), st.integers(0, 20))
def test_after_the_shift_the_mean_pd_is_the_level_wanted(wanted, seed):
    before = scores(seed=seed)
    assert probability(before + shift_to(before, wanted)).mean() == pytest.approx(wanted, rel=1e-9)


def test_a_known_miss_of_the_level_is_found_from_a_matured_month():
    before = scores(200_000)
    bad = (np.random.default_rng(1).random(len(before)) < probability(before + 0.4)).astype(float)
    found = from_matured_month(before, bad)
    assert found.low < 0.4 < found.high
    assert found.shift == pytest.approx(0.4, abs=0.03)
    assert found.wanted == bad.mean()


def test_the_shift_is_the_likeliest_intercept_with_the_scores_as_offset():
    before = scores(3_000)
    bad = (np.random.default_rng(2).random(len(before)) < probability(before - 0.3)).astype(float)

    def loss(shift):
        return np.logaddexp(0, before + shift).sum() - bad @ (before + shift)

    likeliest = minimize_scalar(loss, bracket=(-1.0, 1.0), tol=1e-10).x
    assert from_matured_month(before, bad).shift == pytest.approx(likeliest, abs=1e-5)


def test_a_month_with_few_bads_tells_no_level():
    with pytest.raises(DataError, match="at least 20 bad"):
        from_matured_month(scores(100), np.r_[np.ones(19), np.zeros(81)])


def test_a_level_far_from_the_models_is_no_matter_of_level():
    with pytest.raises(DataError, match="within 3 log-odds"):
        from_matured_month(np.full(1_000, -6.0), np.r_[np.ones(300), np.zeros(700)])


def chained(later=()):
    """Two months of moves: of four current accounts one is late a month later, of two late one
    turns bad and one recovers."""
    days = np.array([[0, 0], [0, 0], [0, 0], [0, 30], [30, 60], [30, 0]], float)
    days = np.hstack([days, np.array(later, float).reshape(6, -1)]) if len(later) else days
    return Panel(np.arange(6), 0, days, np.ones(days.shape, bool))


def test_the_chain_by_hand(monkeypatch):
    monkeypatch.setattr("delinquency.modeling.level_shift.RECENT", 1)
    everyone = np.array([True, True, True, False, False, True])
    two_months = LabelOptions(performance_months=2)
    # From current: a quarter is late after a month, and half of these bad after two.
    assert chain_level(chained(), 1, two_months, eligible=everyone) == pytest.approx(1 / 8)


def test_the_chain_looks_at_no_later_month(monkeypatch):
    monkeypatch.setattr("delinquency.modeling.level_shift.RECENT", 1)
    options = LabelOptions(performance_months=2)
    everyone = np.ones(6, bool)
    later = [[60, 90]] * 6
    assert chain_level(chained(), 1, options, eligible=everyone) == chain_level(
        chained(later), 1, options, eligible=everyone
    )


def test_a_chain_that_is_always_off_by_the_same_odds_tells_the_level():
    before = scores()
    then, seen = [0.05, 0.06], probability(log_odds(np.array([0.05, 0.06])) + 0.5)
    found = from_roll_rates(before, 0.08, then, list(seen))
    assert found.wanted == pytest.approx(float(probability(log_odds(np.array([0.08])) + 0.5)[0]))


def test_the_published_rate_is_read_on_the_line_and_not_beyond_what_was_seen():
    before = np.full(400, -2.0)
    for rate, miss in ((5.0, 0.1), (6.0, 0.2), (9.0, 0.2)):
        found = from_published_rate(before, rate, [4.0, 5.0, 6.0], [0.0, 0.1, 0.2])
        assert found.shift == pytest.approx(miss)
    assert from_published_rate(before, 7.0, [5.0, 5.0], [0.1, 0.3]).shift == pytest.approx(0.2)
