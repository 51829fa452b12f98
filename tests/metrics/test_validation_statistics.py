"""DeLong, Jeffreys, Hosmer-Lemeshow and the p-value of PSI, each recomputed another way."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import binom
from sklearn.metrics import roc_auc_score

from delinquency.errors import ModelError
from delinquency.metrics import (
    delong,
    grade_table,
    grades,
    hosmer_lemeshow,
    rank_inversions,
    stability_p_value,
    stability_table,
)


def drawn(n, seed, *, ties=False):
    rng = np.random.default_rng(seed)
    pd_hat = rng.uniform(0.02, 0.7, n)
    if ties:
        pd_hat = pd_hat.round(1)
    return (rng.random(n) < pd_hat).astype(float), pd_hat


def placements(bad, score):
    """Return DeLong's structural components by comparing every pair."""
    b, g = score[bad == 1], score[bad == 0]
    pairs = (b[:, None] > g[None]) + 0.5 * (b[:, None] == g[None])
    return pairs.mean(axis=1), pairs.mean(axis=0)


@pytest.mark.parametrize("ties", [False, True])
def test_delong_equals_the_sum_over_all_pairs(ties):
    bad, pd_hat = drawn(300, 1, ties=ties)
    other = np.clip(pd_hat + np.random.default_rng(2).normal(0, 0.2, 300), 0, 1).round(1)
    found = delong(bad, [pd_hat, other])
    v10, v01 = zip(placements(bad, pd_hat), placements(bad, other), strict=True)
    by_hand = np.cov(np.array(v10)) / bad.sum() + np.cov(np.array(v01)) / (1 - bad).sum()
    assert found.value == pytest.approx([roc_auc_score(bad, p) for p in (pd_hat, other)])
    assert found.covariance == pytest.approx(by_hand)
    gap = found.difference(0, 1)
    spread = np.sqrt(by_hand[0, 0] + by_hand[1, 1] - 2 * by_hand[0, 1])
    assert gap.high - gap.low == pytest.approx(2 * 1.959964 * spread, rel=1e-6)


def test_delong_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(400):
        bad = np.repeat([1.0, 0.0], [60, 240])
        score = rng.normal(size=300) + bad  # AUC = N(1 / sqrt 2) = 0.7602
        one = delong(bad, [score]).interval()
        covered += one.low <= 0.76025 <= one.high
    assert 0.92 <= covered / 400 <= 0.98


def test_rows_counted_twice_do_not_make_delong_surer_when_they_are_one_group():
    bad, pd_hat = drawn(200, 7)
    once = delong(bad, [pd_hat], groups=np.arange(200))
    twice = delong(np.tile(bad, 2), [np.tile(pd_hat, 2)], groups=np.tile(np.arange(200), 2))
    assert twice.covariance[0, 0] == pytest.approx(once.covariance[0, 0])
    assert once.covariance[0, 0] == pytest.approx(delong(bad, [pd_hat]).covariance[0, 0], rel=0.02)


def test_delong_without_two_of_each_is_refused():
    with pytest.raises(ModelError, match="Got 1 and 3"):
        delong([1, 0, 0, 0], [[0.4, 0.1, 0.2, 0.3]])


def test_a_grade_holds_up_to_its_bound():
    assert grades([0.0, 0.01, 0.0100001, 0.5, 1.0], [0.01, 0.5, 1.0]).tolist() == [1, 1, 2, 2, 3]
    with pytest.raises(ModelError, match="rise"):
        grades([0.1], [0.5, 0.4, 1.0])


def test_jeffreys_p_value_is_the_posterior_mass_below_the_pd():
    # 3 bads of 40 at a PD of 0.05: the mass of x^2.5 (1 - x)^36.5 below 0.05, by quadrature.
    bad = np.repeat([1.0, 0.0], [3, 37])
    row = grade_table(bad, np.full(40, 0.05), [0.1, 1.0]).iloc[0]

    def density(x):
        return x**2.5 * (1 - x) ** 36.5

    mass = quad(density, 0, 0.05)[0] / quad(density, 0, 1)[0]
    assert row["p_too_low"] == pytest.approx(mass, rel=1e-6)
    assert row["p_too_high"] == pytest.approx(1 - mass, rel=1e-6)
    assert row["p_binomial"] == pytest.approx(sum(binom.pmf(k, 40, 0.05) for k in range(3, 41)))


def test_a_shared_bad_year_makes_a_high_rate_less_surprising():
    bad = np.repeat([1.0, 0.0], [40, 960])
    alone = grade_table(bad, np.full(1000, 0.02), [0.1, 1.0]).iloc[0]
    shared = grade_table(bad, np.full(1000, 0.02), [0.1, 1.0], correlation=0.03).iloc[0]
    assert alone["p_with_correlation"] < 0.001 < shared["p_with_correlation"]
    assert shared["p_with_correlation"] == pytest.approx(shared_year(0.02, 1000, 40), abs=0.002)


def shared_year(pd_hat, accounts, bads):
    """Return the chance of so many bads or more, by drawing years and then accounts."""
    from scipy.stats import norm

    rng = np.random.default_rng(1)
    factor = rng.normal(size=400_000)
    rate = norm.cdf((norm.ppf(pd_hat) - np.sqrt(0.03) * factor) / np.sqrt(0.97))
    return (rng.binomial(accounts, rate) >= bads).mean()


def test_a_small_grade_in_a_shared_bad_year_keeps_its_own_chance():
    # 2 bads of 22 at a PD of 5.79 %: alone likely, and in a shared year no less so.
    bad = np.repeat([1.0, 0.0], [2, 20])
    row = grade_table(bad, np.full(22, 0.0579), [0.1, 1.0], correlation=0.03).iloc[0]
    assert row["p_with_correlation"] == pytest.approx(shared_year(0.0579, 22, 2), abs=0.003)
    assert row["p_with_correlation"] > 0.3


def test_hosmer_lemeshow_by_hand():
    # Two bins of four: expected 0.4 and 2.0, seen 1 and 2; (1-.4)^2/(4*.1*.9) + 0 = 1.
    statistic, p, bins = hosmer_lemeshow(
        [0, 0, 0, 1, 1, 1, 0, 0], [0.1, 0.1, 0.1, 0.1, 0.5, 0.5, 0.5, 0.5], n_bins=2
    )
    assert (statistic, bins) == (pytest.approx(1.0), 2)
    assert p == pytest.approx(np.exp(-0.5))  # chi-squared with two degrees of freedom


def test_an_inversion_is_counted_and_tested():
    # Tenths of 100 with 30 and 10 bads in the wrong order.
    bad = np.concatenate([np.repeat([1.0, 0.0], [10, 90]), np.repeat([1.0, 0.0], [30, 70])])
    pd_hat = np.repeat([0.3, 0.1], 100)
    count, p, _ = rank_inversions(bad, pd_hat, n_bins=2)
    assert count == 1
    assert p < 0.001
    count, p, _ = rank_inversions(bad, pd_hat[::-1], n_bins=2)
    assert (count, p > 0.99) == (0, True)


def test_the_p_value_of_psi_is_even_when_nothing_moved():
    rng = np.random.default_rng(11)
    p = []
    for _ in range(300):
        table = stability_table(rng.normal(size=1500), rng.normal(size=900))
        p.append(stability_p_value(table, n_reference=1500, n_current=900))
    assert 0.01 <= np.mean(np.array(p) < 0.05) <= 0.09
    moved = stability_table(rng.normal(size=1500), rng.normal(0.3, 1, 900))
    assert stability_p_value(moved, n_reference=1500, n_current=900) < 1e-6


def test_the_p_value_of_psi_with_an_empty_bin_by_hand():
    table = stability_table([1.0, 2.0, 3.0, 4.0], [1.0, 1.0, 2.0, 2.0], n_bins=2)
    # Shares 1/2, 1/2 against 1, 0 (half a row: 1/8); two bins, one degree of freedom.
    psi = 0.5 * np.log(2) + (0.125 - 0.5) * np.log(0.25)
    assert table["psi"].sum() == pytest.approx(psi)
    from scipy.stats import norm

    by_hand = 2 * norm.sf(np.sqrt(psi / (1 / 4 + 1 / 4)))
    assert stability_p_value(table, n_reference=4, n_current=4) == pytest.approx(by_hand)
