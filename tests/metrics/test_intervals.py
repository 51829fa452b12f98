import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from delinquency.errors import ModelError
from delinquency.metrics import (
    Resampling,
    bootstrap_differences,
    bootstrap_intervals,
    corrected_interval,
    delong,
    metric_table,
)


@pytest.fixture
def sample():
    rng = np.random.default_rng(3)
    pd_hat = rng.uniform(0.02, 0.6, 400)
    return (rng.random(400) < pd_hat).astype(int), pd_hat


def test_the_estimate_is_the_metric_on_the_sample_itself(sample):
    bad, pd_hat = sample
    intervals = bootstrap_intervals(bad, pd_hat, resampling=Resampling(n_boot=50, seed=1))
    for name, value in metric_table(bad, pd_hat).items():
        assert intervals[name].estimate == value
        # The ECE of a replicate is biased upward, so its interval may start above the estimate.
        assert intervals[name].low < intervals[name].high


def test_a_seed_gives_the_same_interval_and_another_a_different_one(sample):
    def low(seed):
        plan = Resampling(n_boot=30, seed=seed)
        return bootstrap_intervals(*sample, names=["roc_auc"], resampling=plan)["roc_auc"].low

    assert low(1) == low(1) != low(2)


def test_the_interval_of_a_share_is_as_wide_as_theory_says(sample):
    # observed/expected with constant predictions is the bad rate over p: its standard error is
    # sqrt(rate * (1 - rate) / n) / p, and 95 % reach 1.96 of them to each side.
    bad, _ = sample
    plan = Resampling(n_boot=2000, seed=1)
    got = bootstrap_intervals(
        bad, np.full(400, 0.3), names=["observed_expected"], resampling=plan
    )["observed_expected"]
    rate = bad.mean()
    expected = 2 * 1.96 * np.sqrt(rate * (1 - rate) / 400) / 0.3
    assert got.high - got.low == pytest.approx(expected, rel=0.1)


def test_the_ends_are_the_draws_at_the_ranks_that_leave_the_level_between_them():
    draws = np.random.default_rng(0).permutation(np.arange(1.0, 200.0))
    # Ranks 0.025 (199 + 1) = 5 and 0.975 (199 + 1) = 195 of 199 draws.
    assert Resampling().ends(draws) == pytest.approx((5.0, 195.0))
    # Of 39 draws the next one lies outside of all in 1 of 40 cases on each side.
    assert Resampling().ends(draws[draws < 40]) == pytest.approx((1.0, 39.0))


def test_rows_of_a_single_group_have_no_interval(sample):
    y, p = sample
    found = bootstrap_intervals(
        y, p, groups=["a"] * len(y), names=["roc_auc", "observed_expected"]
    )
    for one in found.values():
        assert np.isfinite(one.estimate) and np.isnan(one.low) and np.isnan(one.high)
    area = delong(y, [p, p**2], groups=["a"] * len(y))
    assert np.isnan(area.interval().low) and np.isnan(area.difference(0, 1).high)
    gap = bootstrap_differences(y, (p, p / 2), groups=["a"] * len(y), names=["brier"])["brier"]
    assert np.isfinite(gap.estimate) and np.isnan(gap.low)


def test_rows_of_one_account_are_drawn_together(sample):
    # Every row four times: with rows drawn alone the interval would halve, drawn by account it
    # stays that of the 400 accounts.
    bad, pd_hat = sample
    plan = Resampling(n_boot=400, seed=2)
    account = np.tile([f"a{k}" for k in range(400)], 4)
    many = np.tile(bad, 4), np.tile(pd_hat, 4)
    names = ["roc_auc"]

    def width(*args, **kwargs):
        interval = bootstrap_intervals(*args, names=names, resampling=plan, **kwargs)["roc_auc"]
        return interval.high - interval.low

    single = width(bad, pd_hat)
    assert width(*many, groups=account) == pytest.approx(single, rel=0.15)
    assert width(*many) == pytest.approx(single / 2, rel=0.15)


def test_groups_of_another_length_are_refused(sample):
    with pytest.raises(ModelError, match="one group a row"):
        bootstrap_intervals(*sample, groups=["a"], names=["brier"])


def test_differences_are_paired(sample):
    # The second model is the first with half of the log-odds: the same ranking, so every
    # replicate's AUC difference is exactly 0, though the AUC itself moves.
    bad, pd_hat = sample
    odds = np.sqrt(pd_hat / (1 - pd_hat))
    plan = Resampling(n_boot=50, seed=1)
    got = bootstrap_differences(
        bad, (pd_hat, odds / (1 + odds)), names=["roc_auc", "brier"], resampling=plan
    )
    assert (got["roc_auc"].estimate, got["roc_auc"].low, got["roc_auc"].high) == (0, 0, 0)
    halved = metric_table(bad, odds / (1 + odds), ["brier"])["brier"]
    assert got["brier"].estimate == metric_table(bad, pd_hat, ["brier"])["brier"] - halved
    assert got["brier"].low < got["brier"].high


def test_replicates_without_a_bad_account_are_left_out():
    # One bad among three: over a quarter of the replicates have none, and no AUC.
    plan = Resampling(n_boot=100, seed=1)
    got = bootstrap_intervals([1, 0, 0], [0.6, 0.5, 0.1], names=["ks"], resampling=plan)
    assert got["ks"].low == got["ks"].high == 1.0


def test_the_corrected_interval_by_hand():
    # Three folds 0.01, 0.02, 0.03: mean 0.02, s^2 = 0.0001; n_test / n_train = (1/3)/(2/3) = 1/2,
    # variance 0.0001 * (1/3 + 1/2), t(0.975, 2) = 4.302653.
    got = corrected_interval([0.01, 0.02, 0.03], test_share=1 / 3)
    reach = 4.302653 * np.sqrt(0.0001 * (1 / 3 + 1 / 2))
    assert got.estimate == pytest.approx(0.02)
    assert got.low == pytest.approx(0.02 - reach, rel=1e-6)
    assert got.high == pytest.approx(0.02 + reach, rel=1e-6)
    assert got.to_dict() == {"mean": got.estimate, "low": got.low, "high": got.high}


def test_one_fold_has_no_interval():
    got = corrected_interval([0.7], test_share=0.5)
    assert got.estimate == 0.7
    assert np.isnan(got.low)
    assert np.isnan(got.high)


def test_intervals_have_the_same_bits_for_any_number_of_threads():
    rng = np.random.default_rng(3)
    pd_hat = rng.random(40_000)
    bad = (rng.random(40_000) < pd_hat).astype(int)
    found = []
    for threads in (1, 4):
        with threadpool_limits(threads, user_api="blas"):
            found.append(bootstrap_intervals(bad, pd_hat, resampling=Resampling(n_boot=3)))
    assert found[0] == found[1]
