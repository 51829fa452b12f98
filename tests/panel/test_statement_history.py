"""Counts over all statements up to each: by hand, and never from a row of the future."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from delinquency.features.feature_matrix import build_features
from delinquency.panel.cleared_history import CLEARANCE_COLUMNS, erase_history, forget
from delinquency.panel.statement_history import HISTORY_COLUMNS, LATENESS_SO_FAR, with_history
from delinquency.panel.windows import build_windows

FEATURES = ("history_months", "history_past_due_months", "history_late_months",
            "history_late_months_60", "history_late_share", "history_worst",
            "months_since_worst")  # fmt: skip


def statements(days, *, account="a", first="2023-01", arrival=None) -> pd.DataFrame:
    """Return one account's statements, None for a month without one."""
    months = pd.date_range(first, periods=len(days), freq="MS").astype("datetime64[ms]")
    frame = pd.DataFrame({"account_id": account, "month": months, "days_past_due": days})
    frame["arrival_month"] = frame["month"]
    for place, month in (arrival or {}).items():
        frame.loc[place, "arrival_month"] = pd.Timestamp(month)
    return frame[[one is not None for one in days]].reset_index(drop=True)


def features(frame: pd.DataFrame, month: str, n_months: int = 3) -> dict[str, float]:
    observed = pd.DataFrame({"account_id": frame["account_id"].unique(),
                             "observation_month": pd.Timestamp(month)})  # fmt: skip
    matrix = build_features(
        build_windows({"statements": with_history(frame)}, observed, n_months=n_months)
    )
    return matrix[list(FEATURES)].iloc[0].to_dict()


def test_counts_reach_back_to_the_first_statement_and_ages_go_on_through_a_gap():
    frame = statements([0.0, 95.0, 95.0, 10.0, 0.0, 40.0, 0.0, 0.0, None])
    found = features(frame, "2023-09")
    # Nine months after January, less one: the last statement is of August, the observation of
    # September. Past due in four of eight, a payment behind in three, two payments in two.
    assert found == {
        "history_months": 8, "history_past_due_months": 4, "history_late_months": 3,
        "history_late_months_60": 2, "history_late_share": 3 / 8, "history_worst": 95 / 30,
        "months_since_worst": 6,
    }  # fmt: skip
    # Two months earlier none of that was known.
    assert features(frame, "2023-02")["history_late_months"] == 1
    assert features(frame, "2023-01")["history_worst"] == 0


def test_who_was_never_past_due_has_no_age_of_the_worst_and_unknown_months_count_nowhere():
    found = features(statements([0.0, np.nan, 0.0, np.nan]), "2023-04")
    assert np.isnan(found["months_since_worst"]) and found["history_worst"] == 0
    assert found["history_late_share"] == 0 and found["history_months"] == 3
    unknown = features(statements([np.nan, np.nan]), "2023-02")
    assert np.isnan(unknown["history_worst"]) and np.isnan(unknown["history_late_share"])


def test_a_statement_that_came_late_counts_from_when_it_came():
    frame = statements([0.0, 70.0, 0.0, 0.0, 0.0], arrival={1: "2023-04-01"})
    assert features(frame, "2023-03")["history_late_months_60"] == 0
    assert features(frame, "2023-04")["history_late_months_60"] == 1
    assert features(frame, "2023-05")["months_since_worst"] == 3


lateness = st.one_of(
    st.none(), st.just(float("nan")), st.sampled_from([0.0, 5.0, 35.0, 65.0, 95.0])
)


@settings(max_examples=60, deadline=None)
@given(
    accounts=st.lists(st.lists(lateness, min_size=1, max_size=9), min_size=1, max_size=3),
    delays=st.lists(st.integers(0, 4), min_size=27, max_size=27),
    cut=st.integers(1, 9),
)
def test_the_future_changes_nothing_and_every_row_equals_a_plain_count(accounts, delays, cut):
    frames = [statements(days, account=f"a{k}") for k, days in enumerate(accounts)]
    frame = pd.concat(frames, ignore_index=True)
    if frame.empty:
        return
    late = np.array(delays[: len(frame)])
    month = frame["month"].dt.to_period("M")
    frame["arrival_month"] = (month + late).dt.to_timestamp().astype("datetime64[ms]")
    found = with_history(frame)
    for _, row in found.iterrows():
        own = frame[(frame["account_id"] == row["account_id"]) & (frame["month"] <= row["month"])]
        own = own[(own["arrival_month"] <= row["month"]) | (own["month"] == row["month"])]
        days = own["days_past_due"].dropna()
        assert row["months_known_so_far"] == len(days)
        assert row["past_due_months_so_far"] == (days >= 1).sum()
        assert row["late_months_so_far"] == (days >= 30).sum()
        assert row["late_months_60_so_far"] == (days >= 60).sum()
        worst = days.max() if len(days) else np.nan
        assert row["worst_months_behind_so_far"] == worst / 30 or np.isnan(worst)
        if len(days) and worst > 0:
            at = own.loc[days[days == worst].index[-1], "month"]
            age = (row["month"].year - at.year) * 12 + row["month"].month - at.month
            assert row["worst_so_far_age"] == age
        else:
            assert np.isnan(row["worst_so_far_age"])
    until = pd.Timestamp("2023-01-01") + pd.DateOffset(months=cut)
    known = (frame["month"] < until) & (frame["arrival_month"] < until)
    before = with_history(frame[known])
    same = found.merge(before[["account_id", "month"]], on=["account_id", "month"])
    pd.testing.assert_frame_equal(same, before)


def test_what_was_cleared_is_counted_no_longer():
    frame = statements([0.0, 95.0, 0.0, 0.0, 0.0])
    gone = pd.DataFrame(
        {"account_id": ["a"], "month": [pd.Timestamp("2023-02-01")], "part": ["spell"],
         "origin": ["own"]}
    ).reindex(columns=list(CLEARANCE_COLUMNS))  # fmt: skip
    kept = erase_history({"statements": with_history(frame)}, gone)["statements"]
    assert set(HISTORY_COLUMNS) <= set(kept.columns)
    assert kept["late_months_so_far"].max() == 0
    assert kept["worst_months_behind_so_far"].max() == 0
    # Windows that a policy has cleared cannot tell what such counts held: they are missing.
    observed = pd.DataFrame({"account_id": ["a"], "observation_month": [pd.Timestamp("2023-05")]})
    windows = build_windows({"statements": with_history(frame)}, observed, n_months=3)
    cleared = forget(windows, 1)
    assert all(np.isnan(cleared[name]).all() for name in LATENESS_SO_FAR)
    assert np.isfinite(cleared["first_statement_age"]).all()
