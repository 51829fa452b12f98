import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics as reference

from delinquency.errors import ChoiceError, ModelError
from delinquency.metrics import METRICS, Outcomes, metric_table

RANKING = ("roc_auc", "pr_auc", "gini", "ks", "capture_top_decile", "lift_top_decile")

# Grades instead of raw floats: many ties, and exact under a rising transform.
grades = st.integers(2, 60).flatmap(
    lambda n: st.tuples(
        arrays(np.int64, n, elements=st.integers(0, 1)).filter(lambda y: 0 < y.sum() < len(y)),
        arrays(np.int64, n, elements=st.integers(1, 8)),
    )
)


def test_auc_counts_the_pairs_in_which_the_bad_account_is_ranked_higher():
    # Bads 0.8, 0.3, goods 0.5, 0.1: of 4 pairs, all but (0.3, 0.5) are right.
    assert METRICS["roc_auc"]([1, 0, 1, 0], [0.8, 0.5, 0.3, 0.1]) == 3 / 4
    assert METRICS["gini"]([1, 0, 1, 0], [0.8, 0.5, 0.3, 0.1]) == 2 * 3 / 4 - 1


def test_equal_predictions_count_half_a_pair():
    # Bad 0.5, goods 0.5 and 0.2: (1/2 + 1) / 2 pairs.
    assert METRICS["roc_auc"]([1, 0, 0], [0.5, 0.5, 0.2]) == 0.75


def test_ks_is_taken_only_where_the_prediction_changes():
    # Down the list: after 0.9 1/2 of bads, 0 goods; the tie at 0.5 is passed as a whole:
    # 2/2 of bads, 1/2 of goods. Inside the tie the bad row first would make 2/2 - 0 = 1.
    assert METRICS["ks"]([1, 1, 0, 0], [0.9, 0.5, 0.5, 0.1]) == 0.5


def test_pr_auc_weights_precision_by_the_recall_it_adds():
    # Bads at ranks 1 and 3: precision 1/1 adds recall 1/2, precision 2/3 adds recall 1/2.
    expected = 1 / 1 * 1 / 2 + 2 / 3 * 1 / 2
    assert METRICS["pr_auc"]([1, 0, 1, 0], [0.8, 0.5, 0.3, 0.1]) == pytest.approx(expected)


def test_top_decile_catches_the_bads_of_the_riskiest_tenth():
    # 20 rows, the riskiest 2 hold 2 of 4 bads: capture 1/2, lift 0.5 / 0.1 = 5.
    pd_hat = np.linspace(0.99, 0.01, 20)
    bad = np.array([1, 1, 0, 1, 0, 1] + [0] * 14)
    assert METRICS["capture_top_decile"](bad, pd_hat) == pytest.approx(0.5)
    assert METRICS["lift_top_decile"](bad, pd_hat) == pytest.approx(5.0)


def test_a_tie_across_the_decile_is_cut_pro_rata():
    # 10 rows, all equal, 4 bad: a tenth of them holds 1 row with 0.4 bads: 0.4 / 4.
    bad = np.array([1] * 4 + [0] * 6)
    assert METRICS["capture_top_decile"](bad, np.full(10, 0.3)) == pytest.approx(0.1)


@given(grades)
def test_ranking_metrics_do_not_move_under_a_rising_transform(sample):
    bad, grade = sample
    before = metric_table(bad, grade / 10, RANKING)
    after = metric_table(bad, (grade / 10) ** 3, RANKING)
    assert before == pytest.approx(after, abs=1e-12)


@given(grades)
def test_ranking_metrics_agree_with_scikit_learn(sample):
    bad, grade = sample
    p = grade / 10
    false_rate, true_rate, _ = reference.roc_curve(bad, p)
    ours = metric_table(bad, p, RANKING)
    assert ours["roc_auc"] == pytest.approx(reference.roc_auc_score(bad, p))
    assert ours["pr_auc"] == pytest.approx(reference.average_precision_score(bad, p))
    assert ours["ks"] == pytest.approx(max(true_rate - false_rate))


@given(grades, st.randoms(use_true_random=False))
def test_row_order_changes_nothing(sample, random):
    bad, grade = sample
    order = list(range(len(bad)))
    random.shuffle(order)
    before, after = metric_table(bad, grade / 10), metric_table(bad[order], grade[order] / 10)
    for name, value in before.items():
        assert after[name] == pytest.approx(value, abs=1e-6, nan_ok=True), name


@given(grades)
def test_integer_weights_count_like_repeated_rows(sample):
    bad, grade = sample
    times = np.arange(len(bad)) % 3 + 1.0
    p = grade / 10
    weighted = Outcomes.of(bad, p).reweighted(times)
    repeated = Outcomes.of(np.repeat(bad, times.astype(int)), np.repeat(p, times.astype(int)))
    for name, each in METRICS.items():
        expected = pytest.approx(each.compute(repeated), abs=1e-6, nan_ok=True)
        assert each.compute(weighted) == expected, name


@given(grades)
def test_turning_the_ranking_round_mirrors_the_auc(sample):
    bad, grade = sample
    auc = METRICS["roc_auc"]
    assert auc(bad, grade / 10) + auc(bad, 1 - grade / 10) == pytest.approx(1.0)


def test_metrics_that_need_both_outcomes_are_missing_without_them():
    table = metric_table([0, 0], [0.1, 0.2])
    for name in (*RANKING, "brier_skill", "calibration_slope", "calibration_intercept"):
        assert np.isnan(table[name]), name
    assert table["brier"] == pytest.approx((0.01 + 0.04) / 2)


def test_an_unknown_metric_is_refused_with_the_nearest_name():
    with pytest.raises(ChoiceError, match="Unknown metric 'roc_auk'. Did you mean 'roc_auc'"):
        metric_table([0, 1], [0.1, 0.2], ["roc_auk"])


@pytest.mark.parametrize(
    ("y_true", "pd_hat", "words"),
    [
        ([0, 1], [0.1], "one prediction for each label"),
        ([], [], "at least one"),
        ([0, 2], [0.1, 0.2], "must be 0 or 1. Got 2.0 in 1 rows"),
        ([0, 1], [0.1, 1.2], "probabilities in .* Got 1.2 in 1 rows"),
        ([0, 1], [0.1, np.nan], "probabilities in .* Got nan in 1 rows"),
    ],
)
def test_unusable_labels_and_predictions_are_refused(y_true, pd_hat, words):
    with pytest.raises(ModelError, match=words):
        metric_table(y_true, pd_hat)
