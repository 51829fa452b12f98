"""A request's plain columns are what the tables' own check makes of the same rows."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delinquency.errors import ModelError
from delinquency.panel.schema import MONTH_DTYPE, TABLES
from delinquency.panel.table_checks import validate
from delinquency.panel.windows import build_windows
from delinquency.scoring.part_tables import require_columns
from delinquency.scoring.request_columns import lists_of_records, plain_table, with_columns
from delinquency.scoring.request_rows import (
    asked_of_frame,
    asked_of_records,
    score_records,
    score_request,
    tables_of_request,
)

MONTHS = [f"2024-{month:02d}-01" for month in range(1, 7)]
money = st.one_of(st.none(), st.floats(0, 1e6), st.integers(0, 10_000), st.just(0.0))
statement = st.fixed_dictionaries(
    {
        "account_id": st.sampled_from(["b", "a", "c é"]),
        "month": st.sampled_from(MONTHS),
        "balance": money,
        "payment": money,
        "days_past_due": st.sampled_from([None, 0, 5.5, 31]),
    },
    optional={"autopay": st.sampled_from([0, 1, None])},
)
purchase = st.fixed_dictionaries(
    {
        "account_id": st.sampled_from(["b", "a"]),
        "date": st.sampled_from(["2024-03-31", "2024-02-29", "2024-04-01"]),
        "amount": st.sampled_from([1, 0.1, 0.2, 0.3, 700.25]),
        "category": st.sampled_from(["groceries", "travel"]),
    },
    optional={"promotion": st.sampled_from([0, 1, None]), "arrival_month": st.just("2024-04-01")},
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(statement, min_size=1, max_size=8, unique_by=lambda r: (r["account_id"], r["month"]))
)
def test_statements_are_the_same_as_checked_ones(rows):
    _require_same("statements", rows)


@settings(max_examples=60, deadline=None)
@given(st.lists(purchase, min_size=1, max_size=8))
def test_events_are_the_same_in_the_same_order(rows):
    _require_same("transactions", rows)


def _require_same(name, rows):
    lists = lists_of_records(rows)
    plain = plain_table(name, lists)
    frame = pd.DataFrame({n: pd.Series(v, dtype=None if any(x is not None for x in v) else float)
                          for n, v in lists.items()})  # fmt: skip
    expected = validate(name, frame, where="here")
    assert plain is not None and list(plain.columns) == list(expected.columns)
    for column in expected:
        want, got = expected[column], plain.held[column]
        if got.dtype == object:
            assert list(got) == [None if pd.isna(one) else one for one in want]
        else:
            assert got.dtype == want.dtype
            np.testing.assert_array_equal(got, want.to_numpy())


@pytest.mark.parametrize(
    "changed",
    [
        {"month": "2024-01"}, {"month": "01/02/2024"}, {"month": None}, {"balance": "12"},
        {"balance": True}, {"balance": float("inf")}, {"payment": -1.0}, {"account_id": 7},
        {"account_id": None}, {"autopay": 0.5}, {"month": "2024-01-15"},
    ],
    ids=str,
)  # fmt: skip
def test_what_needs_a_conversion_or_words_is_left_to_the_check(changed):
    row = {"account_id": "a", "month": "2024-01-01", "balance": 1.0, "payment": 2.0, "autopay": 1}
    plain = plain_table("statements", lists_of_records([{**row, **changed}]))
    if changed == {"month": "2024-01-15"}:  # a month is its first day, here as there
        assert plain is not None and plain.held["month"][0] == np.datetime64("2024-01-01")
    else:
        assert plain is None


def test_a_month_twice_is_refused_in_two_lines():
    row = {"account_id": "a", "month": "2024-01-01", "balance": 1.0}
    with pytest.raises(ModelError, match="one row for each key") as refused:
        tables_of_request({"statements": lists_of_records([row, row])})
    assert len(str(refused.value).splitlines()) == 2


@pytest.mark.parametrize("month", [202401, 1704067200000, 45292.0, True])
def test_a_number_is_no_month(month):
    # Read as nanoseconds it would be January 1970, without a word.
    rows = lists_of_records([{"account_id": "a", "month": month, "balance": 1.0}])
    with pytest.raises(ModelError, match="statements: month: expected a day as text") as refused:
        tables_of_request({"statements": rows})
    assert len(str(refused.value).splitlines()) == 2


def _features_with(**keys):
    scorer = SimpleNamespace(model=SimpleNamespace(features=("f1",)))
    asked = asked_of_records([{"f1": 1.0, **keys}, {"f1": 2.0}], scorer)
    frame = pd.DataFrame([{"f1": 1.0, **keys}, {"f1": 2.0}])
    assert asked_of_frame(frame, scorer).observed.frame.equals(asked.observed.frame)
    return asked.observed


@pytest.mark.parametrize("month", ["2024-01", "2024-01-31", "2024-01-31T10:00:00", None, ""])
def test_features_may_name_their_account_and_month(month):
    observed = _features_with(account_id="a", observation_month=month)
    assert list(observed.account_id) == ["a", ""]  # not "None"
    expected = "2024-01-01" if month else "NaT"
    assert observed.observation_month.astype("datetime64[D]").astype(str)[0] == expected
    assert np.isnat(observed.observation_month[1])


@pytest.mark.parametrize("month", [202401, 45292.0, True, "01/02/2024", "2024-13", "soon"])
def test_what_is_no_month_of_features_is_refused_in_two_lines(month):
    with pytest.raises(ModelError, match="observation_month: expected a month") as refused:
        _features_with(observation_month=month)
    assert len(str(refused.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ([], "holds no row"),
        ([{"table": ["x"], "account_id": "a"}], "names the table of each row"),
        ([{"f1": 1.0, "f2": 2.0}, {"f1": 1.0}], "1 are missing: f2"),  # not unknown: not sent
        ([{}], "2 are missing: f1, f2"),
    ],
)
def test_rows_that_are_none_are_refused_in_two_lines(records, words):
    scorer = SimpleNamespace(model=SimpleNamespace(features=("f1", "f2")))
    with pytest.raises(ModelError, match=words) as refused:
        score_records(records, scorer)
    assert len(str(refused.value).splitlines()) == 2
    if not records:
        with pytest.raises(ModelError, match=words):
            score_request(pd.DataFrame(records), scorer)


def test_a_table_that_is_not_sent_is_named_in_two_lines():
    with pytest.raises(ModelError, match=r"lack: bureau \(the whole table\)") as refused:
        require_columns({"bureau": {"account_id", "month", "open_trades"}}, {})
    assert len(str(refused.value).splitlines()) == 2


def test_windows_of_plain_columns_are_those_of_frames():
    months = [{"account_id": a, "month": m, "balance": 10.0 * k, "payment_date": m}
              for a in ("a", "b") for k, m in enumerate(MONTHS)]  # fmt: skip
    bought = [{"account_id": "a", "date": "2024-06-10", "amount": amount, "category": "travel",
               "arrival_month": "2024-06-01"} for amount in (0.1, 0.2, 0.3)]  # fmt: skip
    known = [{"account_id": "b", "opened_month": "2020-05-01", "application_income": 900.0}]
    given_rows = {"statements": months, "transactions": bought, "accounts": known}
    plain = tables_of_request({n: lists_of_records(rows) for n, rows in given_rows.items()})
    frames = {n: validate(n, pd.DataFrame(rows), where="") for n, rows in given_rows.items()}
    observed = pd.DataFrame(
        {"account_id": ["a", "b"],
         "observation_month": np.full(2, np.datetime64("2024-06-01", "ms"), MONTH_DTYPE)}
    )  # fmt: skip
    one, other = (build_windows(t, observed, n_months=4) for t in (plain, frames))
    assert one.monthly.keys() == other.monthly.keys() and "luxury_spend" in one
    for name in one.monthly:
        np.testing.assert_array_equal(one[name], other[name])
    for name in other.static:
        np.testing.assert_array_equal(one[name], other[name])


def test_a_table_without_a_row_has_every_column_that_is_needed():
    statements = plain_table("statements", {"account_id": ["a"], "month": ["2024-01-01"]})
    empty = with_columns(None, TABLES["contacts"], statements)
    assert set(empty.columns) == set(TABLES["contacts"].column_names) and len(empty) == 0
