import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from delinquency.errors import ChoiceError, DataError
from delinquency.modeling.splits import TEST, TRAIN, out_of_time
from delinquency.panel.label_options import LabelOptions
from delinquency.panel.outcomes import (
    CHARGED_OFF,
    INCOMPLETE,
    INDETERMINATE,
    KEPT_BAD,
    KEPT_GOOD,
    NO_STATEMENT,
    SHORT_HISTORY,
    TOO_LATE,
    account_order,
    join_labels,
    label_outcomes,
    month_span,
)

NONE = None


def panel(rows, charged_off=()):
    """Days past due by account, months from 2020-01; None for a month without a statement."""
    months = pd.date_range("2020-01-01", periods=max(map(len, rows.values())), freq="MS")
    records = [
        (name, month, float(days), float((name, i) in charged_off))
        for name, values in rows.items()
        for i, (month, days) in enumerate(zip(months, values, strict=False))
        if days is not NONE
    ]
    return pd.DataFrame(
        records, columns=["account_id", "month", "days_past_due", "charged_off"]
    ).astype({"month": "datetime64[ms]"})


def options(**choices):
    return LabelOptions(**({"performance_months": 3, "history_months": 2} | choices))


def reasons(labels):
    table = labels.exclusions.set_index("reason")["rows"]
    return {name: int(n) for name, n in table.items() if n}


def test_bad_is_the_worst_of_the_window_and_nothing_outside_it():
    # Observed in 2020-02; the window is March to May.
    labels = label_outcomes(
        panel(
            {
                "before": [65, 0, 0, 0, 0],
                "never": [0, 0, 5, 35, 0],
                "within": [0, 0, 5, 35, 65],
                "at_59": [0, 0, 0, 0, 59],
                "at_60": [0, 0, 60, 0, 0],
            }
        ),
        None,
        options(),
    )
    outcome = labels.frame.set_index("account_id")["bad"].to_dict()
    assert outcome == {"before": 0, "never": 0, "within": 1, "at_59": 0, "at_60": 1}
    assert (labels.frame["observation_month"] == pd.Timestamp("2020-02-01")).all()
    assert list(labels.frame.columns) == [
        "account_id", "observation_month", "bad", "group_id", "late_now", "late_spells"
    ]  # fmt: skip


def test_late_spells_are_those_that_began_in_time_up_to_the_one_that_turned_bad():
    # Observed in the second month; 60 days take two months more, so that a spell of the last two
    # months of the window of six cannot turn bad any more.
    rows = {
        "none": ([9, 0, 0, 0, 0, 0, 0, 0], 0, 0),
        "under_way": ([0, 9, 9, 0, 0, 0, 0, 0], 1, 0),
        "two": ([0, 0, 9, 0, 9, 9, 0, 0], 0, 2),
        "too_late": ([0, 0, 0, 0, 0, 0, 9, 9], 0, 0),
        "in_time": ([0, 0, 0, 0, 0, 9, 35, 65], 0, 1),
        "turned_bad_first": ([0, 9, 35, 65, 0, 9, 0, 0], 1, 0),
        "cured_then_bad": ([0, 9, 0, 9, 35, 65, 0, 0], 1, 1),
        "bad_at_once": ([0, 0, 65, 0, 9, 0, 0, 0], 0, 1),
    }
    labels = label_outcomes(
        panel({name: days for name, (days, _, _) in rows.items()}),
        None,
        options(performance_months=6),
    )
    found = labels.frame.set_index("account_id")
    assert found["late_now"].to_dict() == {name: now for name, (_, now, _) in rows.items()}
    assert found["late_spells"].to_dict() == {name: n for name, (_, _, n) in rows.items()}


def test_thirty_and_ninety_days_are_selectable():
    rows = panel({"a": [0, 0, 5, 35, 65], "b": [0, 0, 0, 5, 0]})
    for mark, expected in ((30, [1, 0]), (60, [1, 0]), (90, [0, 0])):
        labels = label_outcomes(rows, None, options(bad_days_past_due=mark))
        assert labels.frame["bad"].tolist() == expected


def test_every_account_left_out_is_counted_under_one_reason():
    rows = panel(
        {
            "good": [0, 0, 0, 0, 0],
            "bad": [0, 29, 45, 75, 75],
            "late": [5, 35, 65, 95, 125],
            "late_cured": [5, 35, 0, 0, 0],
            "gone": [185, 185, 185, NONE, NONE],
            "gone_before": [185, NONE, NONE, NONE, NONE],
            "gap": [0, NONE, 0, 0, 0],
            "new": [NONE, 0, 0, 0, 0],
            "closed": [0, 0, 0, NONE, NONE],
            "closed_bad": [0, 0, 65, NONE, NONE],
            "between": [0, 0, 5, 35, 0],
            "later": [NONE, NONE, 0, 0, 0],
        },
        charged_off={("gone", 0)},
    )
    labels = label_outcomes(rows, None, options(indeterminate_days_past_due=30))
    assert reasons(labels) == {
        CHARGED_OFF: 1,
        NO_STATEMENT: 1,
        TOO_LATE: 2,
        SHORT_HISTORY: 1,
        INCOMPLETE: 1,
        INDETERMINATE: 1,
        KEPT_GOOD: 1,
        KEPT_BAD: 2,
    }
    table = labels.exclusions.set_index("reason")
    # One of the two that were too late at the observation month got to 60 days: 1/2.
    assert table.loc[TOO_LATE, "bad_rate"] == 0.5
    assert np.isnan(table.loc[INCOMPLETE, "bad_rate"])
    # "later" opened after the observation month and "gone_before" ended before it: neither was
    # there to be observed. 10 rows in all.
    assert table["rows"].sum() == 10
    assert table["share"].sum() == pytest.approx(1.0)


def test_a_charge_off_is_bad_even_when_the_days_are_few():
    rows = panel({"a": [0, 0, 10, 10, 10]}, charged_off={("a", 3)})
    assert label_outcomes(rows, None, options()).frame["bad"].tolist() == [1]


def test_a_charge_off_completes_the_window():
    rows = panel({"a": [0, 0, 185, NONE, NONE], "b": [0] * 5}, charged_off={("a", 2)})
    assert label_outcomes(rows, None, options()).frame["bad"].tolist() == [1, 0]


def test_observation_months_are_counted_back_from_the_last_complete_one():
    rows = panel({"a": [0] * 12})
    labels = label_outcomes(rows, None, options(observation_every=3))
    # 12 months less 3 of performance: September, then June and March; December before is too
    # early for two months of history.
    months = labels.frame["observation_month"].dt.month.tolist()
    assert months == [3, 6, 9]


def test_months_that_no_model_tested_in_the_last_may_learn_from_can_be_left_out():
    rows = panel({"a": [0] * 12})
    labels = label_outcomes(rows, None, options(known_by_last=True))
    # The last is September; three months follow an observation, so May's outcome is known in
    # August and June's in September only, when the last has been observed.
    months = labels.frame["observation_month"]
    assert months.dt.month.tolist() == [2, 3, 4, 5, 9]
    parts = out_of_time(labels.frame, test_months=1, performance_months=3)
    assert parts.tolist() == [TRAIN] * 4 + [TEST]


def test_a_month_without_a_full_window_is_refused():
    rows = panel({"a": [0] * 12})
    with pytest.raises(ChoiceError, match="between 2020-01 and 2020-09"):
        label_outcomes(rows, None, options(observation_months=["2020-10"]))
    with pytest.raises(ChoiceError, match="cover 12 months"):
        label_outcomes(rows, None, options(performance_months=11))


def test_a_panel_without_days_past_due_is_refused():
    with pytest.raises(DataError, match="days_past_due"):
        label_outcomes(panel({"a": [0] * 5}).drop(columns="days_past_due"), None, options())


def test_accounts_of_one_person_form_one_group():
    accounts = pd.DataFrame({"account_id": ["a", "b", "c"], "person_id": ["p", "p", None]})
    rows = panel({name: [0] * 5 for name in "abc"})
    assert label_outcomes(rows, accounts, options()).frame["group_id"].tolist() == ["p", "p", "c"]


def test_what_comes_after_the_window_changes_no_label():
    rows = {"a": [0, 0, 0, 0, 0, 65], "b": [0, 0, 65, 0, 0, 0]}
    fixed = options(observation_months=["2020-02"])
    longer = label_outcomes(panel(rows), None, fixed).frame
    shorter = label_outcomes(panel({k: v[:5] for k, v in rows.items()}), None, fixed).frame
    pd.testing.assert_frame_equal(longer, shorter)


def test_parts_of_a_panel_join_to_the_whole():
    random = np.random.default_rng(3)
    rows = panel(
        {
            f"a{i:02d}": list(random.choice([0, 5, 35, 65], 8, p=[0.7, 0.1, 0.1, 0.1]))
            for i in range(40)
        }
    )
    rows = rows[~((rows["account_id"] < "a20") & (rows["month"] > "2020-07-01"))]
    whole = label_outcomes(rows, None, options())
    names = rows["account_id"]
    parts = [
        label_outcomes(rows[chosen], None, options(), span=month_span(rows))
        for chosen in (names < "a20", names >= "a20")
    ]
    joined = join_labels(parts)
    pd.testing.assert_frame_equal(joined.frame, whole.frame)
    pd.testing.assert_frame_equal(joined.exclusions, whole.exclusions, check_dtype=False)


def test_row_order_changes_nothing():
    rows = panel({"a": [0, 0, 5, 35, 65], "b": [0] * 5, "c": [0, 5, 0, 5, 0]})
    shuffled = rows.sample(frac=1.0, random_state=1)
    pd.testing.assert_frame_equal(
        label_outcomes(rows, None, options()).frame,
        label_outcomes(shuffled, None, options()).frame,
    )


@given(st.lists(st.integers(1, 10**20).map(str), min_size=1, max_size=30))
def test_numbered_accounts_keep_the_order_of_their_numbers(names):
    ids = pd.Series(names, dtype="str")
    assert ids.iloc[account_order(ids)].tolist() == sorted(names, key=int)


def test_other_accounts_are_ordered_by_text_and_rows_of_one_keep_their_order():
    ids = pd.Series(["b", "10", "a", "b", "2"], dtype="str", index=[5, 6, 7, 8, 9])
    assert account_order(ids).tolist() == [1, 4, 2, 0, 3]
