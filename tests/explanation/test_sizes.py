"""Chances that share a hidden cause: what a size can be right about, and what it cannot."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from delinquency.explanation.sizes import effects_among_alike, sizes
from delinquency.explanation.truth import attribution_slope
from delinquency.options.audit import AuditOptions

OPTIONS = AuditOptions(resamples=20)
TWO_ALONE = np.array([[-1.0, -1.0], [1.0, 0.0], [0.0, 1.0]])
"""Coalitions nobody, the first, the second, of two traits that add up: their own effects."""


def made(n, *, hidden, seed=0):
    """Return two traits' effects, and worths with a hidden cause that no value knows."""
    rng = np.random.default_rng(seed)
    effects = rng.normal(size=(n, 2)) * [1.0, 0.6]
    unseen = hidden * rng.normal(size=n)
    worth = np.column_stack([unseen, unseen + effects[:, 0], unseen + effects[:, 1]]) - 1.0
    return effects, worth


def test_without_anything_hidden_the_effects_are_the_accounts_own():
    effects, worth = made(300, hidden=0.0)
    found = effects_among_alike(effects, worth, TWO_ALONE)
    assert found == pytest.approx(effects, abs=1e-7)


def test_what_is_hidden_narrows_the_effects_as_theory_says():
    # Averaged over a hidden normal cause of spread s, log-odds shrink by about
    # 1 / sqrt(1 + s^2 * (16 sqrt(3) / (15 pi))^2): Zeger, Liang and Albert (1988), Biometrics 44.
    effects, worth = made(40_000, hidden=2.0)
    expected = 1 / np.sqrt(1 + 4.0 * (16 * np.sqrt(3) / (15 * np.pi)) ** 2)
    found = effects_among_alike(effects, worth, TWO_ALONE)
    for k in range(2):
        assert attribution_slope(effects[:, k], worth[:, k + 1] - worth[:, 0]) == pytest.approx(1)
        assert attribution_slope(effects[:, k], found[:, k]) == pytest.approx(expected, abs=0.03)


def test_a_model_that_is_right_on_average_has_slope_one_though_single_accounts_have_not():
    # A logistic regression of outcomes on what can be seen: calibrated, and narrower than truth.
    effects, worth = made(60_000, hidden=2.0)
    whole = worth[:, 0] + effects.sum(axis=1)
    bad = np.random.default_rng(1).random(len(whole)) < 1 / (1 + np.exp(-whole))
    model = LogisticRegression(C=1e6).fit(effects, bad)
    phi = effects * model.coef_[0]
    worths = np.column_stack([worth, whole])
    weights = np.array([[-0.5, -0.5], [0.5, -0.5], [-0.5, 0.5], [0.5, 0.5]])  # two-player Shapley
    found = sizes(phi, worths, weights, traits=("a", "b"), options=OPTIONS, seed=0)
    assert attribution_slope(phi[:, 0], effects[:, 0]) > 1.4
    assert found["slope_among_alike"].value == pytest.approx(1.0, abs=0.05)
    assert found["slope_among_alike_of_sum"].value == pytest.approx(1.0, abs=0.05)


def test_twice_the_size_has_half_the_slope_and_a_value_that_never_varies_has_none():
    effects, worth = made(400, hidden=0.0)
    doubled = np.column_stack([2 * effects[:, 0], np.zeros(400)])
    found = sizes(doubled, worth, TWO_ALONE, traits=("a", "b"), options=OPTIONS, seed=0)
    half = found["slope_among_alike/a"]
    assert half.value == pytest.approx(0.5, abs=0.02)
    assert half.low <= half.value <= half.high
    assert np.isnan(found["slope_among_alike/b"].value)
    assert found["slope_among_alike"].value == pytest.approx(half.value)  # of those that have one


def test_the_intervals_are_seeded():
    effects, worth = made(100, hidden=1.0)
    first, second = (
        sizes(effects, worth, TWO_ALONE, traits=("a", "b"), options=OPTIONS, seed=3)
        for _ in range(2)
    )
    assert first == second
