"""Couples of accounts exchange traits: what a size can be right about, and what it cannot."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from delinquency.validation.attribution_slope import TraitSwaps, sizes
from delinquency.validation.audit_options import AuditOptions
from delinquency.validation.truth_scores import attribution_slope

OPTIONS = AuditOptions(resamples=20)
BASE = -1.0
OWN = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], np.bool_)
"""The coalitions of two traits that the first account keeps."""
TWO_PLAYERS = np.array([[-0.5, -0.5], [0.5, -0.5], [-0.5, 0.5], [0.5, 0.5]])


def sigmoid(log_odds):
    return 1 / (1 + np.exp(-log_odds))


def made(n, *, hidden=0.0, together=0.0, seed=0):
    """Return what is known and what is hidden of two traits' effects; the known may correlate."""
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(2, n))
    known = np.column_stack([first, together * first + np.sqrt(1 - together**2) * second])
    return known * [1.0, 0.6], hidden * rng.normal(size=(n, 2))


def sized(phi, effects, options=OPTIONS, seed=0):
    """Return the sizes in a world whose effects add up."""
    half = np.arange(len(effects)) // 2 * 2 == np.arange(len(effects))
    one, other = np.flatnonzero(half), np.flatnonzero(~half)
    first, second = np.concatenate([one, other]), np.concatenate([other, one])
    worth = BASE + np.column_stack(
        [np.where(own, effects[first], effects[second]).sum(axis=1) for own in OWN]
    )
    couples = TraitSwaps(first, second, worth, TWO_PLAYERS)
    return sizes(phi, couples, traits=("a", "b"), options=options, seed=seed)


def values(found):
    names = ("slope_exchanged/a", "slope_exchanged/b", "slope_exchanged", "calibration_slope")
    return [found[name].value for name in names]


def test_where_nothing_is_hidden_the_effects_themselves_have_slope_one():
    known, _ = made(300)
    assert values(sized(known, known)) == pytest.approx([1.0] * 4, abs=1e-6)


def test_what_is_hidden_narrows_the_effects_as_theory_says():
    # Averaged over a hidden normal cause of spread s, log-odds shrink by about
    # 1 / sqrt(1 + s^2 * (16 sqrt(3) / (15 pi))^2): Zeger, Liang and Albert (1988), Biometrics 44.
    known, hidden = made(40_000, hidden=1.5)
    expected = 1 / np.sqrt(1 + 2 * 1.5**2 * (16 * np.sqrt(3) / (15 * np.pi)) ** 2)
    assert values(sized(known, known + hidden)) == pytest.approx([expected] * 4, abs=0.03)


def test_a_model_that_is_right_on_average_has_slope_one_though_single_accounts_have_not():
    # A logistic regression of outcomes on what can be seen, where each trait holds a part that
    # cannot: calibrated, and narrower than the truth.
    known, hidden = made(60_000, hidden=1.5, together=0.4)
    effects = known + hidden
    bad = np.random.default_rng(2).random(len(known)) < sigmoid(BASE + effects.sum(axis=1))
    phi = known * LogisticRegression(C=1e6).fit(known, bad).coef_[0]
    assert attribution_slope(phi[:, 0], effects[:, 0]) > 1.4
    assert values(sized(phi, effects)) == pytest.approx([1.0] * 4, abs=0.05)


def test_a_trait_that_takes_the_credit_of_one_it_comes_along_with_is_found_out():
    known, _ = made(20_000, together=0.8)
    # The second trait's effect as the first one tells it, by least squares.
    taken = known[:, 0] * (known[:, 0] @ known[:, 1]) / (known[:, 0] @ known[:, 0])
    phi = np.column_stack([known[:, 0] + taken / 2, known[:, 1] - taken / 2])
    first, second, _, score = values(sized(phi, known))
    assert score == pytest.approx(1.0, abs=1e-6)  # the same sum: the score cannot tell
    assert first < 0.9
    assert second > 1.1


def test_a_trait_without_effect_has_slope_zero_though_it_tells_of_another():
    # The second trait does nothing, but what is known of it tells what is hidden of the first; a
    # model that is right on average blames it, and its score is calibrated.
    rng = np.random.default_rng(0)
    known, signal, noise = rng.normal(size=(3, 20_000))
    effects = np.column_stack([known + signal + noise, np.zeros(len(known))])
    features = np.column_stack([known, signal])
    bad = rng.random(len(known)) < sigmoid(BASE + effects.sum(axis=1))
    phi = features * LogisticRegression(C=1e6).fit(features, bad).coef_[0]
    assert phi[:, 1].std() > 0.5
    first, second, mean, score = values(sized(phi, effects))
    assert score == pytest.approx(1.0, abs=0.05)
    assert first == pytest.approx(1.0, abs=0.05)
    assert second == pytest.approx(0.0, abs=0.05)
    assert mean == pytest.approx(first, abs=1e-12)  # of the traits that have an effect


def test_twice_the_size_has_half_the_slope_and_a_value_that_never_varies_has_none():
    known, _ = made(400)
    known[:, 1] = 0.0
    found = sized(2 * known, known)
    half = found["slope_exchanged/a"]
    assert half.value == pytest.approx(0.5, abs=1e-6)
    assert half.low <= half.value <= half.high
    assert np.isnan(found["slope_exchanged/b"].value)
    assert found["slope_exchanged"].value == pytest.approx(half.value)  # of those that have one


def test_values_that_are_the_same_for_everybody_have_no_slope_however_large():
    known, _ = made(50)
    found = sized(np.tile([26_000.0, 31_000.0], (50, 1)), known)
    assert np.isnan([one.value for one in found.values()]).all()


def test_the_intervals_are_as_wide_as_other_accounts_make_the_slope_vary():
    found = []
    for seed in range(30):
        known, hidden = made(300, hidden=1.0, seed=seed)
        found.append(sized(known, known + hidden, AuditOptions(resamples=60), seed))
    drawn = np.array([one["slope_exchanged/a"].value for one in found])
    widths = [one["slope_exchanged/a"].high - one["slope_exchanged/a"].low for one in found]
    # The ends of 60 draws lie 2.12 standard deviations out on average: order statistics of normal
    # draws at ranks 1.525 and 59.475. 30 draws know a standard deviation to an eighth.
    assert 0.7 < np.mean(widths) / (2 * 2.12 * drawn.std(ddof=1)) < 1.4


def test_the_intervals_are_seeded():
    known, hidden = made(100, hidden=1.0)
    first, second = (sized(known, known + hidden, seed=3) for _ in range(2))
    assert first == second
