import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delinquency.errors import DataError
from delinquency.panel.event_sums import EVENT_SUMS
from delinquency.panel.window_cells import month_number
from delinquency.panel.windows import build_windows

NAN = np.nan
N_MONTHS = 6


def _observed(month: str, *accounts: str) -> pd.DataFrame:
    return pd.DataFrame({"account_id": list(accounts), "observation_month": pd.Timestamp(month)})


def test_months_are_counted_from_1970_and_a_missing_one_lies_in_the_far_future():
    months = pd.Series(pd.to_datetime(["1970-01-01", "1971-03-01", None]))
    # 12 months of 1970 + January and February 1971 = 14
    assert month_number(months).tolist() == [0, 14, np.iinfo(np.int32).max]


def test_windows_run_oldest_month_first_and_end_at_the_observation(five_accounts):
    windows = build_windows(five_accounts, _observed("2024-05", "revolver"), n_months=3)
    assert windows["balance"].tolist() == [[700.0, 800.0, 900.0]]
    assert windows.keys["account_id"].tolist() == ["revolver"]


def test_months_without_a_statement_are_missing_and_not_zero(five_accounts):
    windows = build_windows(five_accounts, _observed("2024-06", "gap"), n_months=6)
    np.testing.assert_array_equal(windows["balance"], [[NAN, 100, 300, NAN, 250, 400]])
    np.testing.assert_array_equal(windows["payment"], [[NAN, 0, 20, NAN, 100, 250]])


def test_a_window_longer_than_the_history_starts_with_missing_months(five_accounts):
    windows = build_windows(five_accounts, _observed("2024-02", "full"), n_months=4)
    np.testing.assert_array_equal(windows["balance"], [[NAN, NAN, 200, 200]])


def test_a_row_counts_from_the_month_in_which_it_arrived():
    month = pd.to_datetime(["2024-01-01", "2024-02-01", "2024-03-01"])
    statements = pd.DataFrame(
        {
            "account_id": "a",
            "month": month,
            "arrival_month": pd.to_datetime(["2024-01-01", "2024-04-01", "2024-03-01"]),
            "balance": [1.0, 2.0, 3.0],
        }
    )
    observed = pd.concat([_observed("2024-03", "a"), _observed("2024-04", "a")])
    windows = build_windows({"statements": statements}, observed, n_months=4)
    np.testing.assert_array_equal(windows["balance"], [[NAN, 1, NAN, 3], [1, 2, 3, NAN]])


def test_a_missing_arrival_month_is_the_rows_own_month():
    statements = pd.DataFrame(
        {
            "account_id": "a",
            "month": pd.to_datetime(["2024-01-01", "2024-02-01"]),
            "arrival_month": pd.to_datetime([None, "2023-01-01"]),
            "balance": [1.0, 2.0],
        }
    )
    windows = build_windows({"statements": statements}, _observed("2024-02", "a"), n_months=2)
    assert windows["balance"].tolist() == [[1.0, 2.0]]


def test_a_day_becomes_days_before_the_end_of_its_rows_month():
    statements = pd.DataFrame(
        {
            "account_id": "a",
            "month": pd.to_datetime(["2024-02-01", "2024-03-01"]),
            "balance": 0.0,
            "payment_date": pd.to_datetime(["2024-02-20", None]),
        }
    )
    windows = build_windows({"statements": statements}, _observed("2024-03", "a"), n_months=2)
    # February 2024 ends on the 29th: 29 - 20 = 9
    np.testing.assert_array_equal(windows["payment_date_days_before_month_end"], [[9, NAN]])


def test_event_sums_are_made_by_month_and_are_zero_in_months_with_a_statement(five_accounts):
    transactions = pd.DataFrame(
        {
            "account_id": ["gap", "gap", "gap", "full"],
            "date": pd.to_datetime(["2024-05-02", "2024-05-30", "2024-06-01", "2024-06-30"]),
            "amount": [10.0, 5.0, 7.0, 100.0],
            "category": ["luxury", "groceries", "travel", "dining"],
            "promotion": [1.0, np.nan, 0.0, 1.0],
            "cash_advance": [0.0, 0.0, 1.0, 0.0],
        }
    )
    tables = {**five_accounts, "transactions": transactions}
    windows = build_windows(tables, _observed("2024-06", "gap", "full"), n_months=3)
    # gap has no statement in April; May 10 + 5 = 15; June 7 was a cash advance, no purchase
    np.testing.assert_array_equal(windows["card_spend"], [[NAN, 15, 0], [0, 0, 100]])
    np.testing.assert_array_equal(windows["promotion_spend"], [[NAN, 10, 0], [0, 0, 100]])
    np.testing.assert_array_equal(windows["cash_advance_spend"], [[NAN, 0, 7], [0, 0, 0]])
    # luxury 10 in May, travel 7 in June
    np.testing.assert_array_equal(windows["luxury_spend"], [[NAN, 10, 7], [0, 0, 0]])
    assert "instalment_spend" not in windows


def test_a_late_transaction_is_added_only_once_it_has_arrived(five_accounts):
    transactions = pd.DataFrame(
        {
            "account_id": "full",
            "date": pd.to_datetime(["2024-04-02", "2024-04-03"]),
            "arrival_month": pd.to_datetime(["2024-04-01", "2024-06-01"]),
            "amount": [1.0, 2.0],
            "category": "dining",
        }
    )
    tables = {**five_accounts, "transactions": transactions}
    observed = pd.concat([_observed(m, "full") for m in ("2024-04", "2024-05", "2024-06")])
    windows = build_windows(tables, observed, n_months=3)
    # known in April and May: 1; known in June: 1 + 2
    assert windows["card_spend"].tolist() == [[0, 0, 1], [0, 1, 0], [3, 0, 0]]


def test_promises_count_when_they_are_resolved_and_not_when_they_are_made(five_accounts):
    contacts = pd.DataFrame(
        {
            "account_id": "late",
            "date": pd.to_datetime(["2024-04-10", "2024-05-10", "2024-05-20"]),
            "channel": "phone",
            "inbound": [0.0, 0.0, 1.0],
            "right_party": [1.0, 0.0, 1.0],
            "promise": [1.0, 0.0, 1.0],
            "promise_kept": [0.0, np.nan, 1.0],
            "promise_resolved_month": pd.to_datetime(["2024-05-01", None, "2024-06-01"]),
        }
    )
    tables = {**five_accounts, "contacts": contacts}
    may = build_windows(tables, _observed("2024-05", "late"), n_months=2)
    june = build_windows(tables, _observed("2024-06", "late"), n_months=3)
    assert may["promises_broken"].tolist() == [[0, 1]]
    assert may["promises_kept"].tolist() == [[0, 0]]
    assert june["promises_kept"].tolist() == [[0, 0, 1]]
    # attempts are the lender's own contacts: one in April, one in May
    assert june["contact_attempts"].tolist() == [[1, 1, 0]]
    assert june["right_party_contacts"].tolist() == [[1, 0, 0]]
    assert june["inbound_contacts"].tolist() == [[0, 1, 0]]


def test_no_event_sum_reads_disputes_or_complaints():
    assert not [name for name, one in EVENT_SUMS.items() if "dispute" in one.needs]


def test_accounts_give_their_numbers_but_never_a_protected_attribute(five_accounts):
    accounts = pd.DataFrame(
        {
            "account_id": ["late", "full"],
            "opened_month": pd.to_datetime(["2024-01-01", None]),
            "application_income": [3000.0, 4000.0],
            "age": [30.0, 40.0],
            "sex": ["f", "m"],
        }
    )
    tables = {**five_accounts, "accounts": accounts}
    windows = build_windows(tables, _observed("2024-06", "full", "late", "gap"), n_months=2)
    np.testing.assert_array_equal(windows["application_income"], [4000, 3000, NAN])
    # January to June: 5 months on book
    np.testing.assert_array_equal(windows["months_on_book"], [NAN, 5, NAN])
    assert "age" not in windows and "sex" not in windows


def test_an_observed_account_without_any_statement_is_an_error_that_names_it(five_accounts):
    with pytest.raises(DataError, match=r"1 row does not fit, e\.g\. nobody"):
        build_windows(five_accounts, _observed("2024-06", "full", "nobody"), n_months=2)


def test_no_observations_give_empty_windows(five_accounts):
    windows = build_windows(five_accounts, _observed("2024-06"), n_months=3)
    assert len(windows) == 0
    assert windows["balance"].shape == (0, 3)


def test_inputs_are_not_changed(random_tables):
    tables = random_tables(1)
    observed = _observed("2024-03", "a0", "a1")
    before = {name: frame.copy(deep=True) for name, frame in tables.items()}
    kept = observed.copy(deep=True)
    build_windows(tables, observed, n_months=N_MONTHS)
    for name, frame in tables.items():
        pd.testing.assert_frame_equal(frame, before[name])
    pd.testing.assert_frame_equal(observed, kept)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_order_of_rows_and_of_observations_changes_nothing(random_tables, seed):
    rng = np.random.default_rng(seed)
    tables = random_tables(seed)
    observed = pd.concat(
        [_observed(m, *(f"a{k}" for k in range(6))) for m in ("2023-11", "2024-02")],
        ignore_index=True,
    )
    mixed = {n: f.iloc[rng.permutation(len(f))] for n, f in tables.items()}
    order = rng.permutation(len(observed))
    straight = build_windows(tables, observed, n_months=N_MONTHS)
    shuffled = build_windows(mixed, observed.iloc[order], n_months=N_MONTHS)
    for name in [*straight.monthly, *straight.static]:
        np.testing.assert_allclose(
            shuffled[name], straight[name][order], rtol=1e-12, atol=1e-9, err_msg=name
        )


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_stacked_observation_months_equal_single_ones(random_tables, seed):
    tables = random_tables(seed)
    accounts = [f"a{k}" for k in range(6)]
    single = [_observed(month, *accounts) for month in ("2023-04", "2023-10", "2024-05")]
    stacked = build_windows(tables, pd.concat(single, ignore_index=True), n_months=N_MONTHS)
    for number, observed in enumerate(single):
        alone = build_windows(tables, observed, n_months=N_MONTHS)
        rows = slice(6 * number, 6 * number + 6)
        for name in [*alone.monthly, *alone.static]:
            np.testing.assert_array_equal(stacked[name][rows], alone[name], err_msg=name)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_a_part_of_the_accounts_gives_the_same_windows_as_all_of_them(random_tables, seed):
    tables = random_tables(seed)
    some = {n: f[f["account_id"].isin(["a1", "a4"])] for n, f in tables.items()}
    observed = _observed("2024-04", "a1", "a4")
    part = build_windows(some, observed, n_months=N_MONTHS)
    whole = build_windows(tables, observed, n_months=N_MONTHS)
    assert part.keys["account_id"].tolist() == ["a1", "a4"]
    assert list(part.monthly) == list(whole.monthly) != []
    assert list(part.static) == list(whole.static)
    for name in [*part.monthly, *part.static]:
        np.testing.assert_array_equal(part[name], whole[name], err_msg=name)


def test_a_derived_value_is_computed_once(five_accounts):
    windows = build_windows(five_accounts, _observed("2024-06", "full"), n_months=2)
    calls = []

    def compute(w):
        calls.append(w)
        return w["balance"] * 2

    assert windows.derive("double", compute) is windows.derive("double", compute)
    assert len(calls) == 1


def test_a_large_purchase_is_half_the_stated_monthly_income_and_more(five_accounts):
    accounts = pd.DataFrame(
        {"account_id": ["full", "late"], "application_income": [1000.0, np.nan]}
    )
    transactions = pd.DataFrame(
        {
            "account_id": ["full", "full", "full", "late"],
            "date": pd.Timestamp("2024-06-03"),
            "amount": [499.0, 500.0, 800.0, 9000.0],
            "category": "dining",
            "instalment": [1.0, 1.0, 0.0, 1.0],
        }
    )
    tables = {**five_accounts, "transactions": transactions, "accounts": accounts}
    windows = build_windows(tables, _observed("2024-06", "full", "late"), n_months=1)
    # full: 500 + 800, of which 500 on instalments; late: no income is known, so none is large
    assert windows["high_ticket_spend"].tolist() == [[1300], [0]]
    assert windows["high_ticket_instalment_spend"].tolist() == [[500], [0]]
    without = build_windows(
        {**five_accounts, "transactions": transactions}, _observed("2024-06", "full"), n_months=1
    )
    assert "high_ticket_spend" not in without


def test_calendar_months_are_counted_back_from_each_observation(five_accounts):
    observed = pd.concat([_observed("2024-02", "full"), _observed("2024-06", "full")])
    windows = build_windows(five_accounts, observed, n_months=4)
    assert windows.calendar_month().tolist() == [[11, 12, 1, 2], [3, 4, 5, 6]]


def _late_portfolio(seed: int) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Return statements and transactions of eight accounts, a third of them arriving late."""
    rng = np.random.default_rng(seed)
    accounts = [f"a{number}" for number in range(8)]
    month = pd.to_datetime([f"2023-{m:02d}-01" for m in range(1, 13)])
    frame = pd.MultiIndex.from_product([accounts, month], names=["account_id", "month"])
    statements = frame.to_frame(index=False)
    statements = statements[rng.random(len(statements)) < 0.9].reset_index(drop=True)
    n = len(statements)
    delay = np.where(rng.random(n) < 0.3, rng.integers(1, 4, n), 0)
    statements["arrival_month"] = [
        m + pd.DateOffset(months=int(d)) for m, d in zip(statements["month"], delay, strict=True)
    ]
    statements["balance"] = rng.normal(size=n)
    events = statements.loc[rng.integers(0, n, 400), ["account_id", "month"]]
    days = pd.to_timedelta(rng.integers(0, 28, len(events)), unit="D")
    late = [m + pd.DateOffset(months=int(d)) for m, d in
            zip(events["month"], rng.integers(0, 3, len(events)), strict=True)]  # fmt: skip
    transactions = pd.DataFrame(
        {
            "account_id": events["account_id"].to_numpy(),
            "date": (events["month"] + days).to_numpy(),
            "arrival_month": late,
            "amount": rng.lognormal(3, 1, len(events)),
        }
    )
    observed = statements[["account_id", "month"]].rename(columns={"month": "observation_month"})
    observed = observed[observed["observation_month"] >= "2023-04-01"].reset_index(drop=True)
    return {"statements": statements, "transactions": transactions}, observed


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_an_account_observed_once_has_the_bits_of_one_observed_in_many_months(seed):
    tables, observed = _late_portfolio(seed)
    together = build_windows(tables, observed, n_months=5)
    for month, rows in observed.groupby("observation_month").groups.items():
        once = observed.loc[rows]
        assert once["account_id"].is_unique
        apart = build_windows(tables, once, n_months=5)
        for name, values in together.monthly.items():
            np.testing.assert_array_equal(values[rows], apart[name], err_msg=f"{name} {month}")


def test_categorical_ids_give_the_windows_of_text_ids():
    tables, observed = _late_portfolio(3)
    coded = {n: t.astype({"account_id": "category"}) for n, t in tables.items()}
    once = observed.drop_duplicates("account_id", keep="last").iloc[::-1]
    for rows in (observed, once):
        plain = build_windows(tables, rows, n_months=5)
        others = build_windows(coded, rows.astype({"account_id": "category"}), n_months=5)
        for name, values in plain.monthly.items():
            np.testing.assert_array_equal(values, others[name], err_msg=name)


def test_a_month_before_1900_is_numbered_like_any_other():
    months = pd.Series(pd.to_datetime(["1890-12-01", "1970-02-01"]))
    # 79 years and one month before 1970-01: -(79 * 12 + 1)
    assert month_number(months).tolist() == [-949, 1]


def test_windows_of_other_rows_have_their_own_calendar():
    from dataclasses import replace

    months = np.array(["2024-01", "2024-02", "2024-03"], "datetime64[ms]")
    statements = pd.DataFrame({"account_id": "a", "month": months, "balance": [9.0, 8.0, 7.0]})
    observed = pd.DataFrame({"account_id": ["a", "a"], "observation_month": months[[1, 2]]})
    windows = build_windows({"statements": statements}, observed, n_months=2)
    assert windows.calendar_month().tolist() == [[1, 2], [2, 3]]
    other = replace(windows, observed=windows.observed[1:], monthly={}, _derived={})
    assert other.calendar_month().tolist() == [[2, 3]]
