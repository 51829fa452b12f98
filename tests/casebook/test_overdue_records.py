from datetime import date, datetime
from typing import Any

import pandas as pd
import pytest
from overdue_factory import make_record

from delinquency.casebook.case_store import Store
from delinquency.casebook.overdue_records import (
    Bucket,
    OverdueRecord,
    PutCount,
    all_records,
    put_records,
    records_of,
)
from delinquency.casebook.panel_records import Reporter, bureau_rows, records_from_statements
from delinquency.errors import CaseworkError, DataError
from delinquency.panel.table_checks import validate


def _put(store: Store, now: datetime, *records: OverdueRecord) -> PutCount:
    with store.writing(now) as journal:
        return put_records(journal, records, own_lender="bank-a")


def _all(store: Store) -> list[OverdueRecord]:
    with store.reading() as connection:
        return list(all_records(connection))


def test_a_record_comes_back_as_it_was_put(store: Store, now: datetime) -> None:
    record = make_record(disputed=True, dispute_note="=paid, says 客户\n", closed_on=None)
    assert _put(store, now, record) == PutCount(new=1)
    (kept,) = _all(store)
    assert kept.record_id.startswith("r_")
    assert {**vars(kept), "record_id": ""} == vars(record)


def test_the_same_record_twice_is_one(store: Store, now: datetime) -> None:
    record = make_record()
    assert _put(store, now, record, record) == PutCount(new=1, same=1)
    assert len(_all(store)) == 1


def test_of_two_deliveries_the_later_stands(store: Store, now: datetime) -> None:
    early = make_record(closed_on=None, received_on=date(2026, 2, 28))
    late = make_record(buckets=(Bucket("2026-01", 16, 20_000, 400_000),))
    assert _put(store, now, early) == PutCount(new=1)
    assert _put(store, now, late) == PutCount(changed=1)
    assert _put(store, now, early) == PutCount(stale=1)
    (kept,) = _all(store)
    assert (kept.closed_on, len(kept.buckets)) == (date(2026, 3, 20), 1)
    assert store.verify() is None


def test_records_are_read_by_account_and_by_consent(store: Store, now: datetime) -> None:
    open_one = make_record("A1", opened_on=date(2026, 1, 10))
    _put(store, now, make_record("A2", consent=False), make_record("A1"), open_one)
    with store.reading() as connection:
        assert [r.opened_on.day for r in records_of(connection, "A1")] == [10, 15]
        shared = list(all_records(connection, shared_only=True))
    assert {record.account_id for record in shared} == {"A1"}


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"account_id": "13812345678"}, "account_id: expected a pseudonym"),
        ({"dispute_note": "call 13812345678"}, "no personal identifier"),
        ({"dispute_note": "a\x00b"}, "printable characters"),
        ({"currency": "yuan"}, "currency: expected a code"),
        ({"closed_on": date(2026, 1, 14)}, "closed_on: expected 2026-01-15 or later"),
        ({"buckets": ()}, "at least one month"),
        ({"buckets": (Bucket("2026-01", 1, 0, 0), Bucket("2026-01", 2, 0, 0))}, "each month once"),
        ({"buckets": (Bucket("2026-13", 1, 0, 0),)}, "expected YYYY-MM"),
        ({"buckets": (Bucket("2026-01", 0, 0, 0),)}, "days_past_due: expected 1"),
        ({"buckets": (Bucket("2026-01", 1, -1, 0),)}, "overdue_cents: expected 0"),
        ({"lender": ""}, "lender: expected 1 to 64"),
    ],
)
def test_a_record_that_does_not_fit_is_refused(changes: dict[str, Any], fault: str) -> None:
    with pytest.raises(CaseworkError, match=fault) as caught:
        make_record(**changes)
    assert "13812345678" not in str(caught.value)


@pytest.mark.parametrize(
    ("days", "band"),
    [(1, "1-29"), (29, "1-29"), (30, "30-59"), (59, "30-59"), (60, "60-89"), (90, "90-119"),
     (119, "90-119"), (120, "120+")],
)  # fmt: skip
def test_days_past_due_fall_into_bands(days: int, band: str) -> None:
    assert Bucket("2026-01", days, 0, 0).band == band


REPORTER = Reporter("bank-a", "CNY", "panel", date(2024, 7, 1), consent=True)


def test_each_run_of_late_months_is_a_record() -> None:
    statements = pd.DataFrame(
        {
            "account_id": ["A"] * 5 + ["B"] * 2,
            "month": pd.to_datetime([f"2024-0{m}-01" for m in (1, 2, 3, 4, 5, 1, 2)]),
            "days_past_due": [10.0, 0.0, 20.0, 50.5, 0.0, 0.0, 5.0],
            "minimum_due": [100.1, 1, 200.005, 300.0, 1, 1, 7],
            "balance": [1000.0, 1, 2000.0, 3000.0, 1, 1, -9],
        }
    )
    records = records_from_statements(statements.sample(frac=1.0, random_state=1), REPORTER)
    told = [(r.account_id, str(r.opened_on), str(r.closed_on), r.buckets) for r in records]
    # Cents: 100.1 is 10010; 200.005 is 20000.5, rounded to the even 20000; -9 is no debt.
    assert told == [
        ("A", "2024-01-01", "2024-02-01", (Bucket("2024-01", 10, 10_010, 100_000),)),
        (
            "A", "2024-03-01", "2024-05-01",
            (Bucket("2024-03", 20, 20_000, 200_000), Bucket("2024-04", 51, 30_000, 300_000)),
        ),
        ("B", "2024-02-01", "None", (Bucket("2024-02", 5, 700, 0),)),
    ]  # fmt: skip


def test_a_late_month_without_an_amount_is_a_fault() -> None:
    statements = pd.DataFrame(
        {
            "account_id": ["A"], "month": pd.to_datetime(["2024-01-01"]),
            "days_past_due": [10.0], "minimum_due": [float("nan")], "balance": [1.0],
        }
    )  # fmt: skip
    with pytest.raises(DataError, match="account_id=A, 2024-01"):
        records_from_statements(statements, REPORTER)


def test_a_portfolio_without_arrears_has_no_records() -> None:
    columns = ["account_id", "month", "days_past_due", "minimum_due", "balance"]
    assert records_from_statements(pd.DataFrame(columns=columns), REPORTER) == ()


def test_the_bureau_shows_the_worst_record_from_when_it_was_received() -> None:
    worse = make_record(
        lender="bank-c", buckets=(Bucket("2026-02", 61, 1, 1),), received_on=date(2026, 4, 2)
    )
    rows = validate("bureau", bureau_rows([make_record(lender="bank-b"), worse]), where="test")
    # 16 days are 1 month behind, 61 days 3; February waits for April's delivery.
    assert rows["worst_status_elsewhere"].tolist() == [1.0, 3.0]
    assert rows["arrival_month"].dt.strftime("%Y-%m").tolist() == ["2026-03", "2026-04"]


def test_no_records_are_an_empty_bureau() -> None:
    assert len(validate("bureau", bureau_rows([]), where="test")) == 0
