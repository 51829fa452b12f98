"""Roll rates in the place of outcomes: the same mean, less noise, and never a look elsewhere."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from delinquency.errors import ChoiceError
from delinquency.modeling.boosting import fit_model
from delinquency.modeling.lightgbm_options import LightGBMOptions
from delinquency.modeling.roll_rate_target import FEWEST, Spells, expected_outcomes


def spells(late_now, begun):
    return Spells(np.asarray(late_now, float), np.asarray(begun, float))


def lives(n, seed=0, rare=3.6):
    """Accounts whose spells begin by chance and roll on by chance, both more often with x."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    begins, rolls = 1 / (1 + np.exp(rare - 0.6 * x)), 1 / (1 + np.exp(1.5 - 0.5 * x))
    begun, bad = np.zeros(n), np.zeros(n)
    for _ in range(10):
        start = (rng.random(n) < begins) & (bad == 0)
        begun += start
        bad = np.where(start & (rng.random(n) < rolls), 1.0, bad)
    return x, bad, spells(np.zeros(n), begun)


def test_with_one_score_for_all_the_roll_rate_is_spells_turned_bad_over_spells():
    # Under way: 2 spells, 1 turned bad: 1/2. Begun later: 1 + 2 + 1 = 4 spells, 1 bad: 1/4.
    y = np.array([1, 0, 0, 1, 0, 0])
    chance = expected_outcomes(y, np.zeros(6), spells([1, 1, 0, 0, 0, 0], [0, 0, 1, 2, 1, 0]))
    assert chance == pytest.approx([0.5, 0.5, 0.25, 0.5, 0.25, 0.0], abs=1e-3)


def test_a_spell_under_way_did_not_turn_bad_where_a_later_one_did():
    # Row 0 was late, cured, and turned bad in a second spell: 0 of 2 under way, 1 of 1 begun.
    y = np.array([1, 0])
    assert expected_outcomes(y, np.zeros(2), spells([1, 1], [1, 0])) == pytest.approx([1.0, 0.0])


def test_an_outcome_without_any_spell_stays_what_it_was():
    y = np.array([1, 0, 1, 0, 0, 0])
    chance = expected_outcomes(y, np.arange(6.0), spells([0] * 6, [0, 0, 1, 1, 1, 0]))
    assert chance[[0, 1, 5]].tolist() == [1, 0, 0]


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_the_chances_add_up_to_the_bad_outcomes_and_stay_between_0_and_1(seed):
    x, bad, seen = lives(2_000, seed, rare=4.2)
    chance = expected_outcomes(bad, x, seen)
    assert ((chance >= 0) & (chance <= 1)).all()
    # rates that add up to more than 1 are cut off
    assert 0.95 * bad.sum() <= chance.sum() <= bad.sum() + 0.1


def test_where_spells_come_so_often_that_their_rates_exceed_one_nothing_is_put_in_their_place():
    # Everybody has three spells, two of three turn bad in the last: rates of 2/9 add up to 2/3.
    # With 1, 1 and 10 spells, 2 of 12 turn bad: 1/6, 1/6 and 10/6, cut at 1: 4/3 in place of 2.
    y = np.array([1, 1, 0] * 40)
    fine = expected_outcomes(y, np.zeros(120), spells(np.zeros(120), np.full(120, 3)))
    assert fine == pytest.approx(np.full(120, 2 / 3), abs=1e-3)
    uneven = spells(np.zeros(120), np.tile([1, 1, 10], 40))
    assert expected_outcomes(y, np.zeros(120), uneven) is None


def test_chances_have_the_outcomes_mean_given_the_features_and_less_noise():
    x, bad, seen = lives(60_000)
    chance = expected_outcomes(bad, x, seen)
    by = np.digitize(x, [-1, 0, 1])
    for one in range(4):
        rows = by == one
        error = bad[rows].std() / np.sqrt(rows.sum())
        assert abs(chance[rows].mean() - bad[rows].mean()) < 4 * error
        assert chance[rows].var() < 0.5 * bad[rows].var()


def test_what_is_learnt_from_chances_parts_an_effect_among_its_causes_more_surely():
    """Two causes of equal effect: over sixty samples their slopes differ less, and by no more."""
    hard, soft = [], []
    for seed in range(60):
        x, bad, seen = lives(2_000, seed)
        other = np.random.default_rng(seed + 1_000).normal(size=len(x))
        causes = np.column_stack([x + other, x - other]) / 2  # their sum is x: slopes are equal
        chance = expected_outcomes(bad, x, seen)
        for target, gaps in ((bad, hard), (chance, soft)):
            fit = LogisticRegression(C=np.inf).fit(
                np.concatenate([causes, causes]),
                np.repeat([1, 0], len(x)),
                sample_weight=np.concatenate([target, 1 - target]),
            )
            gaps.append(fit.coef_[0, 0] - fit.coef_[0, 1])
    assert np.std(soft) < 0.8 * np.std(hard)
    assert abs(np.mean(soft)) < 3 * np.std(soft) / np.sqrt(len(soft))


def test_labels_without_the_months_after_the_observation_tell_no_spells():
    assert Spells.of(pd.DataFrame({"bad": [0, 1]})) is None
    known = Spells.of(pd.DataFrame({"late_now": [0, 1], "late_spells": [2, 0]}))
    assert known.late_now.tolist() == [0, 1]
    assert known.begun.tolist() == [2, 0]
    # two begun by the first account and one under way; the second account's turned bad
    assert known.counts(np.array([0, 1])) == (3, 1)


def test_the_model_learns_from_spells_and_says_so():
    x, bad, seen = lives(4_000)
    X = pd.DataFrame({"x": x, "noise": np.random.default_rng(1).normal(size=len(x))})
    options = LightGBMOptions(n_estimators=60, learning_rate=0.1)

    def fitted(spells, **changes):
        return fit_model(
            X, bad, options=replace(options, **changes), traits=dict.fromkeys(X, "debt_burden"),
            directions={}, spells=spells, seed=3,
        )  # fmt: skip

    smooth, plain = fitted(seen), fitted(None)
    assert f"roll rates of {int(seen.begun.sum()):,} late spells" in smooth.metadata["target"]
    assert plain.metadata["target"] == "bad or not, as observed"
    assert not np.array_equal(smooth.raw_score(X), plain.raw_score(X))
    assert smooth.pd_hat(X).mean() == pytest.approx(bad.mean(), rel=0.05)
    # as asked, or because too few spells are known, the outcome itself is learnt from
    assert np.array_equal(fitted(seen, target="observed").raw_score(X), plain.raw_score(X))
    few = seen.begun * (np.cumsum((bad == 1) & (seen.begun > 0)) < FEWEST)
    unknown = fitted(spells(np.zeros(len(x)), few))
    assert "too few late payments" in unknown.metadata["target"]
    assert np.array_equal(unknown.raw_score(X), plain.raw_score(X))


def test_an_unknown_target_is_refused_with_the_known_ones():
    with pytest.raises(ChoiceError, match="observed"):
        LightGBMOptions(target="soft")
