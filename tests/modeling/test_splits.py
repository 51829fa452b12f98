import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import RepeatedStratifiedKFold

from delinquency.errors import ChoiceError
from delinquency.modeling.split_options import SplitOptions
from delinquency.modeling.splits import (
    hold_out,
    how_apart,
    out_of_time,
    repeated_stratified_folds,
    split_rows,
)


def labels_of(months, n_accounts=40, bad_every=4):
    """Return one row per account and month; every bad_every-th account is always bad."""
    rows = [
        {
            "account_id": f"a{k:03d}",
            "observation_month": pd.Timestamp(month),
            "bad": int(k % bad_every == 0),
            "group_id": f"g{k:03d}",
        }
        for k in range(n_accounts)
        for month in months
    ]
    frame = pd.DataFrame(rows)
    frame["observation_month"] = frame["observation_month"].astype("datetime64[ms]")
    return frame


ONE = ["2024-01-01"]
YEAR = [f"2024-{k:02d}-01" for k in range(1, 13)]


def test_a_hold_out_takes_its_share_of_good_and_of_bad_accounts():
    # 10 bad and 30 good accounts; a fifth of each: 2 and 6. Of the rest a quarter: 2 and 6.
    labels = labels_of(ONE)
    parts = hold_out(labels, test_share=0.2, calibration_share=0.25, seed=1)
    counts = pd.crosstab(parts, labels["bad"])
    assert counts.loc["test"].tolist() == [6, 2]
    assert counts.loc["calibration"].tolist() == [6, 2]
    assert counts.loc["train"].tolist() == [18, 6]


@given(st.integers(0, 50), st.randoms(use_true_random=False))
def test_a_hold_out_keeps_groups_whole_and_ignores_the_row_order(seed, random):
    labels = labels_of(YEAR[:3], n_accounts=20)
    parts = hold_out(labels, test_share=0.3, seed=seed)
    assert pd.Series(parts).groupby(labels["group_id"]).nunique().max() == 1
    order = list(range(len(labels)))
    random.shuffle(order)
    shuffled = hold_out(labels.iloc[order], test_share=0.3, seed=seed)
    assert shuffled.tolist() == parts[order].tolist()


def test_another_seed_holds_out_other_accounts():
    labels = labels_of(ONE)
    first, second = (hold_out(labels, test_share=0.3, seed=seed) for seed in (1, 2))
    assert (first != second).any()


def test_too_few_accounts_to_split_are_refused():
    with pytest.raises(ChoiceError, match="test part would be empty: 2 groups"):
        hold_out(labels_of(ONE, n_accounts=2), test_share=0.2, seed=1)


def test_training_outcomes_end_before_the_first_test_month():
    # Test: November, December. Outcomes of 3 months and a gap of 1: training months m with
    # m + 3 + 1 < 11, so up to June; July to October are purged.
    labels = labels_of(YEAR, n_accounts=2, bad_every=2)
    parts = out_of_time(labels, test_months=2, performance_months=3, gap_months=1)
    months = labels["observation_month"].dt.month
    assert sorted(set(months[parts == "train"])) == [1, 2, 3, 4, 5, 6]
    assert sorted(set(months[parts == "purged"])) == [7, 8, 9, 10]
    assert sorted(set(months[parts == "test"])) == [11, 12]


def test_one_cohort_has_no_out_of_time_test_and_the_error_says_why():
    options = SplitOptions(by="time")
    with pytest.raises(ChoiceError, match="one cohort, observed in 2024-01.*split.by=account"):
        split_rows(labels_of(ONE), options, performance_months=1, seed=1)


def test_a_window_too_long_to_train_on_is_refused_with_the_months():
    with pytest.raises(ChoiceError, match="begins in 2024-12.*up to 2023-11.*first is 2024-01"):
        out_of_time(labels_of(YEAR), test_months=1, performance_months=12)
    with pytest.raises(ChoiceError, match="12 observation months"):
        out_of_time(labels_of(YEAR), test_months=12, performance_months=1)


def test_by_account_and_time_no_account_and_no_month_is_on_both_sides():
    labels = labels_of(YEAR)
    options = SplitOptions(by="account_and_time", test_share=0.3, calibration_share=0.2)
    parts = split_rows(labels, options, performance_months=2, seed=3)
    rows = {part: labels[parts == part] for part in ("train", "calibration", "test")}
    assert all(len(each) for each in rows.values())
    assert not set(rows["train"]["account_id"]) & set(rows["test"]["account_id"])
    assert not set(rows["calibration"]["account_id"]) & set(rows["test"]["account_id"])
    assert not set(rows["calibration"]["account_id"]) & set(rows["train"]["account_id"])
    assert rows["train"]["observation_month"].max() < rows["test"]["observation_month"].min()
    assert (
        rows["calibration"]["observation_month"].max() == rows["train"]["observation_month"].max()
    )


def test_left_to_itself_the_split_is_by_time_where_there_are_months_and_by_account_where_not():
    options = SplitOptions()
    by_time = split_rows(labels_of(YEAR), options, performance_months=2, seed=3)
    same = split_rows(labels_of(YEAR), SplitOptions(by="time"), performance_months=2, seed=3)
    assert by_time.tolist() == same.tolist()
    one_cohort = labels_of(ONE)
    parts = split_rows(one_cohort, options, performance_months=2, seed=3)
    held = hold_out(one_cohort, test_share=options.test_share, seed=3)
    assert parts.tolist() == held.tolist()


def test_out_of_time_alone_tests_every_account_of_the_late_months():
    labels = labels_of(YEAR)
    options = SplitOptions(by="time", calibration_share=0.25)
    parts = split_rows(labels, options, performance_months=2, seed=3)
    assert labels[parts == "test"]["account_id"].nunique() == 40
    assert labels[parts == "calibration"]["account_id"].nunique() == 10


def test_folds_of_single_rows_equal_those_of_scikit_learn():
    labels = labels_of(ONE, n_accounts=50)
    reference = RepeatedStratifiedKFold(n_splits=3, n_repeats=3, random_state=42)
    ours = repeated_stratified_folds(labels, n_splits=3, n_repeats=3, seed=42)
    for (train, test), (train_too, test_too) in zip(
        reference.split(labels, labels["bad"]), ours, strict=True
    ):
        assert train.tolist() == train_too.tolist()
        assert test.tolist() == test_too.tolist()


def test_folds_keep_groups_whole_and_test_every_row_once_a_repeat():
    labels = labels_of(YEAR[:2], n_accounts=30)
    pairs = labels["account_id"].str[1:].astype(int) // 2
    labels["group_id"] = "pair" + pairs.astype(str)
    folds = repeated_stratified_folds(labels, n_splits=3, n_repeats=2, seed=1)
    group = labels["group_id"].to_numpy()
    tested = np.concatenate([test for _, test in folds])
    assert np.bincount(tested).tolist() == [2] * len(labels)
    for train, test in folds:
        assert not set(group[train]) & set(group[test])


def test_more_folds_than_bad_accounts_are_refused():
    with pytest.raises(ChoiceError, match="at least 5 bad accounts. Got 2"):
        labels = labels_of(ONE, n_accounts=8)
        repeated_stratified_folds(labels, n_splits=5, n_repeats=1, seed=1)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"by": "acount"}, "Did you mean 'account'"),
        ({"test_share": 0.0}, "test_share"),
        ({"calibration_share": 1.0}, "calibration_share"),
        ({"test_months": 0}, "test_months"),
        ({"gap_months": -1}, "gap_months"),
    ],
)
def test_impossible_splits_are_refused(wrong, words):
    with pytest.raises(ChoiceError, match=words):
        SplitOptions(**wrong)


def test_a_test_part_is_out_of_time_only_when_all_of_it_is_later():
    months = pd.to_datetime(["2024-01", "2024-02", "2024-03", "2024-02", "2024-03"])
    rows = pd.DataFrame({"observation_month": months, "group_id": ["a", "b", "a", "c", "c"]})
    train = np.array([True, True, False, False, False])

    def how(*test):
        return how_apart(rows, train=train, test=np.isin(np.arange(5), test))

    assert how(2) == how(2, 4) == "out of time"
    assert how(4) == "out of time, accounts held out"
    assert how(2, 3) == how(3) == "accounts held out"
