"""Overdue records for tests: one by hand, and any by hypothesis."""

from datetime import date
from typing import Any

from hypothesis import strategies as st

from delinquency.casebook.overdue_records import CENTS_MAX, Bucket, OverdueRecord
from delinquency.casework.identifier_masking import find_identifiers, is_pseudonym


def make_record(account_id: str = "A1", **changes: Any) -> OverdueRecord:
    """Return a record of two months, cured on 20 March 2026, with some values otherwise."""
    values: dict[str, Any] = {
        "account_id": account_id,
        "lender": "bank-a",
        "currency": "CNY",
        "opened_on": date(2026, 1, 15),
        "closed_on": date(2026, 3, 20),
        "buckets": (
            Bucket("2026-01", 16, 20_000, 400_000),
            Bucket("2026-02", 44, 41_050, 410_000),
        ),
        "disputed": False,
        "dispute_note": "",
        "consent": True,
        "source_name": "core",
        "source_id": "",
        "received_on": date(2026, 3, 31),
    }
    return OverdueRecord(**{**values, **changes})


def _months(start: int, length: int) -> list[str]:
    return [f"{n // 12:04d}-{n % 12 + 1:02d}" for n in range(start, start + length)]


DAYS = st.dates(date(2000, 1, 1), date(2050, 12, 31))
CENTS = st.integers(0, CENTS_MAX)
NAMES = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=20)
NAMES = NAMES.filter(str.isprintable)
NOTES = st.one_of(
    st.text(st.sampled_from("=+-@'\"<>&,;\n\t ab1é逾"), max_size=20),
    st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=40),
).filter(lambda t: not find_identifiers(t) and all(m.isprintable() or m in "\n\t" for m in t))
REFERENCES = st.from_regex(r"\A[a-z][a-z0-9_.:-]{0,30}\Z").filter(is_pseudonym)
BUCKETS = st.builds(
    lambda start, rows: tuple(
        Bucket(month, *row) for month, row in zip(_months(start, len(rows)), rows, strict=True)
    ),
    st.integers(2000 * 12, 2040 * 12),
    st.lists(st.tuples(st.integers(1, 36_500), CENTS, CENTS), min_size=1, max_size=4),
)


@st.composite
def overdue_records(draw: st.DrawFn) -> OverdueRecord:
    """Draw any record that fits."""
    buckets = draw(BUCKETS)
    first, last = (date.fromisoformat(f"{buckets[k].month}-01") for k in (0, -1))
    # It was open in every month that it tells of.
    opened = draw(st.dates(date(1999, 1, 1), first.replace(day=28)))
    closed = draw(st.none() | st.dates(max(opened, last), date(2051, 12, 31)))
    return OverdueRecord(
        account_id=draw(REFERENCES),
        lender=draw(NAMES),
        currency=draw(st.sampled_from(["CNY", "USD", "EUR"])),
        opened_on=opened,
        closed_on=closed,
        buckets=buckets,
        disputed=draw(st.booleans()),
        dispute_note=draw(NOTES),
        consent=draw(st.booleans()),
        source_name=draw(NAMES),
        source_id=draw(st.just("") | REFERENCES),
        received_on=draw(DAYS),
        record_id=draw(st.just("") | REFERENCES),
    )
