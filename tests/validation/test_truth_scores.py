"""Two traits and a handful of accounts, so that every figure can be counted."""

import numpy as np
import pytest
from scipy import stats

from delinquency.errors import ChoiceError, DataError
from delinquency.validation.audit_options import AuditOptions
from delinquency.validation.truth_scores import (
    attribution_slope,
    ceiling,
    compare,
    constant_traits,
    correlation,
    effect_found,
    false_blame,
    leakage,
    random_traits,
    rank_correlation,
    score,
    sign_agreement,
    sum_by_trait,
    top_frequencies,
    top_hit,
    top_two_recall,
)

TRAITS = ("debt", "record", "ability")


def test_top_hit_counts_accounts_whose_first_trait_is_right():
    phi = np.array([[3.0, 1.0], [1.0, 2.0], [5.0, 4.0], [0.0, 1.0]])
    tau = np.array([[9.0, 0.0], [2.0, 1.0], [1.0, 0.5], [-1.0, 0.0]])
    assert top_hit(phi, tau) == 3 / 4  # all but the second


def test_top_two_recall_counts_the_overlap():
    phi = np.array([[3.0, 2.0, 1.0], [3.0, 2.0, 1.0]])
    tau = np.array([[1.0, 5.0, 4.0], [5.0, 4.0, 0.0]])
    # First: ours {0, 1}, truth {1, 2}: one of two. Second: both.
    assert top_two_recall(phi, tau) == (0.5 + 1.0) / 2


def test_signs_count_only_where_the_effect_is_clear():
    phi = np.array([[0.5, -0.5], [-0.1, 0.2]])
    tau = np.array([[0.3, 0.05], [0.4, 0.2]])
    # Clear: 0.3 (agrees), 0.4 (does not), 0.2 (agrees).
    assert sign_agreement(phi, tau, threshold=0.1) == pytest.approx(2 / 3)
    assert np.isnan(sign_agreement(phi, tau * 0, threshold=0.1))


def test_correlations_agree_with_scipy_ties_included():
    rng = np.random.default_rng(0)
    a, b = np.round(rng.normal(size=200), 1), np.round(rng.normal(size=200), 1)
    assert correlation(a, b) == pytest.approx(stats.pearsonr(a, b).statistic)
    assert rank_correlation(a, b) == pytest.approx(stats.spearmanr(a, b).statistic)
    assert np.isnan(correlation(a, np.ones(200)))


def test_an_explanation_that_overstates_twice_has_slope_one_half():
    tau = np.array([0.1, 0.5, -0.4, 0.2])
    assert attribution_slope(2.0 * tau + 7.0, tau) == pytest.approx(0.5)
    assert np.isnan(attribution_slope(np.ones(4), tau))


def test_leakage_is_zero_for_the_truth_with_noise_and_not_for_a_mixture():
    rng = np.random.default_rng(1)
    tau = rng.normal(size=(20_000, 2))
    tau[:, 1] += 0.5 * tau[:, 0]  # correlated causes alone are no leakage
    honest = tau + 0.5 * rng.normal(size=tau.shape)
    assert np.abs(leakage(honest, tau)[[0, 1], [1, 0]]).max() < 0.03
    mixed = honest.copy()
    mixed[:, 0] += 0.5 * tau[:, 1]
    found = leakage(mixed, tau)
    # phi_0 = tau_0 + tau_1 / 2 + noise; with tau_0 fixed, tau_1 varies with sd 1:
    # 0.5 / sqrt(0.25 + 0.25) = 0.71
    assert found[0, 1] == pytest.approx(0.707, abs=0.02)
    assert abs(found[1, 0]) < 0.03


def test_a_placebo_trait_shows_how_much_it_is_blamed():
    phi = np.array([[0.0, 1.0, 2.0], [0.3, 0.2, 0.1]])
    # mean sizes 0.15, 0.6, 1.05: 0.15 / 0.825; first in one of two accounts
    blame = false_blame(phi, trait=0)
    assert blame["size"] == pytest.approx(0.15 / 0.825)
    assert blame["top"] == 0.5


def test_the_truth_itself_scores_full_marks():
    tau = np.random.default_rng(2).normal(size=(100, 3))
    figures = score(tau, tau, risky=np.ones(100, bool), traits=TRAITS, sign_threshold=0.1)
    for name in ("top_hit", "top_two_recall", "sign_agreement", "pearson", "spearman", "slope"):
        assert figures[name] == pytest.approx(1.0)
    assert figures["slope/record"] == pytest.approx(1.0)


def test_a_near_tie_costs_little_effect_and_a_helpful_trait_costs_more_than_all():
    tau = np.array([[1.0, 0.9, 0.0], [0.2, 2.0, -0.5]])
    # named: 0.9 and 2.0 of the largest 1.0 and 2.0; then 1.0 and -0.5
    assert effect_found(np.array([[0, 1, 0], [0, 1, 0.0]]), tau) == pytest.approx(2.9 / 3)
    assert effect_found(np.array([[1, 0, 0], [0, 0, 1.0]]), tau) == pytest.approx(0.5 / 3)
    assert np.isnan(effect_found(tau[:0], tau[:0]))


def test_the_slope_of_the_whole_score_is_told_apart_from_the_traits_shares():
    tau = np.random.default_rng(2).normal(size=(100, 3))

    def slopes(phi):
        found = score(phi, tau, risky=np.ones(100, bool), traits=TRAITS, sign_threshold=0.1)
        return found["slope"], found["slope_of_sum"]

    # all effects understated alike: the score is too narrow, the shares are right
    assert slopes(tau / 2) == pytest.approx((2.0, 2.0))
    # the first two traits' effects exchanged: the score is right, the shares are not
    slope, whole = slopes(tau[:, [1, 0, 2]])
    assert whole == pytest.approx(1.0)
    assert slope < 0.6


def test_hits_are_counted_above_the_cut_off_only():
    phi = np.array([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    tau = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    figures = score(phi, tau, risky=np.array([True, False]), traits=TRAITS, sign_threshold=0.1)
    assert figures["top_hit"] == 1.0


def test_the_better_explanation_is_ahead_with_an_interval():
    rng = np.random.default_rng(3)
    tau = rng.normal(size=(600, 3))
    near, far = tau + 0.3 * rng.normal(size=tau.shape), tau + 3 * rng.normal(size=tau.shape)
    found = compare(
        {"ours": near, "theirs": far}, tau, pd_hat=np.full(600, 0.2), traits=TRAITS,
        options=AuditOptions(resamples=100), seed=1,
    )  # fmt: skip
    ahead = found["theirs"]["difference"]["top_hit"]
    assert ahead.low > 0 and ahead.low <= ahead.value <= ahead.high
    assert ahead.value == pytest.approx(top_hit(near, tau) - top_hit(far, tau))
    assert "difference" not in found["ours"]
    assert found["theirs"]["ratio"]["pearson"].value > 1


def test_an_explanation_of_some_accounts_is_scored_and_compared_on_these_alone():
    # Theirs explains the risky half only, and there as well as ours: no account that it was not
    # asked about may count against it.
    rng = np.random.default_rng(5)
    tau = rng.normal(size=(200, 3))
    ours = tau + 0.5 * rng.normal(size=tau.shape)
    risky = np.arange(200) < 100
    theirs = np.where(risky[:, None], ours, np.nan)
    found = compare(
        {"ours": ours, "theirs": theirs}, tau, pd_hat=np.where(risky, 0.2, 0.01), traits=TRAITS,
        options=AuditOptions(resamples=20), seed=1,
    )["theirs"]  # fmt: skip
    for figure in ("top_hit", "sign_agreement", "pearson"):
        difference = found["difference"][figure]
        assert (difference.value, difference.low, difference.high) == (0.0, 0.0, 0.0)
    half = score(
        ours[risky], tau[risky], risky=risky[risky], traits=TRAITS, sign_threshold=0.1
    )  # fmt: skip
    assert found["score"]["pearson"].value == pytest.approx(half["pearson"])


def test_the_bootstrap_is_seeded():
    rng = np.random.default_rng(3)
    tau = rng.normal(size=(50, 3))
    runs = [
        compare({"ours": tau * 2}, tau, pd_hat=np.full(50, 0.2), traits=TRAITS,
                options=AuditOptions(resamples=20), seed=seed)["ours"]["score"]["pearson"]
        for seed in (1, 1)
    ]  # fmt: skip
    assert runs[0] == runs[1]


def test_the_ceiling_is_high_for_features_that_tell_and_low_for_noise():
    rng = np.random.default_rng(4)
    telling = rng.normal(size=(800, 2))
    tau = np.column_stack([telling[:, 0], np.abs(telling[:, 1])])
    good = ceiling(telling, tau, folds=4, seed=0)
    poor = ceiling(rng.normal(size=(800, 2)), tau, folds=4, seed=0)
    assert correlation(good[:, 0], tau[:, 0]) > 0.95
    assert correlation(good[:, 1], tau[:, 1]) > 0.9
    assert abs(correlation(poor[:, 0], tau[:, 0])) < 0.2  # cross-fitted: noise cannot be learnt


def test_baselines_blame_by_chance_or_always_the_same():
    tau = np.array([[1.0, 0.0], [0.0, 2.0], [0.0, 1.0], [0.0, 1.0]])
    assert top_frequencies(tau).tolist() == [0.25, 0.75]
    always = constant_traits(top_frequencies(tau), 4)
    assert top_hit(always, tau) == 0.75
    chance = random_traits(4_000, 4, seed=0)
    assert top_hit(chance, random_traits(4_000, 4, seed=1)) == pytest.approx(0.25, abs=0.03)


def test_contributions_are_summed_by_trait():
    values = np.array([[1.0, 2.0, 4.0]])
    assert sum_by_trait(values, np.array([1, 0, 1]), n_traits=3).tolist() == [[2.0, 5.0, 0.0]]


def test_wrong_input_is_told():
    tau = np.zeros((5, 3))
    options = AuditOptions()
    with pytest.raises(DataError, match="shape"):
        compare({"a": np.zeros((5, 2))}, tau, pd_hat=np.ones(5), traits=TRAITS,
                options=options, seed=0)  # fmt: skip
    partly = np.where(np.eye(5, 3) == 1, np.nan, 0.0)
    with pytest.raises(DataError, match="every account. Got 3 without"):
        compare({"a": partly}, tau, pd_hat=np.ones(5), traits=TRAITS, options=options, seed=0)
    with pytest.raises(DataError, match="every account above the cut-off. Got 1 without"):
        some = np.where(np.arange(5)[:, None] > 2, np.nan, tau)
        compare({"a": tau, "b": some}, tau, pd_hat=0.1 * (np.arange(5) < 4), traits=TRAITS,
                options=options, seed=0)  # fmt: skip
    with pytest.raises(DataError, match="cut_off"):
        compare({"a": tau}, tau, pd_hat=np.zeros(5), traits=TRAITS, options=options, seed=0)
    for wrong in ({"cut_off": 1.0}, {"folds": 1}, {"resamples": 1}, {"confidence": 1.0}):
        with pytest.raises(ChoiceError):
            AuditOptions(**wrong)
