"""The overdue record that a case's own events open and close."""

from dataclasses import replace
from datetime import date

from delinquency.casebook.audit_chain import Journal
from delinquency.casebook.overdue_records import Bucket, OverdueRecord, put_records, records_of
from delinquency.casework.case_file import Case
from delinquency.casework.case_view import view_of
from delinquency.casework.events import (
    CaseClosed,
    Cured,
    DisputeClosed,
    Event,
    FraudClosed,
    PaymentReceived,
    WentOverdue,
)
from delinquency.casework.history import local_day
from delinquency.casework.money import digits_of, to_units
from delinquency.policy import Policy

SOURCE = "casework"
"""Lineage of records that cases made."""
ARREARS_MOVE = (WentOverdue, Cured, PaymentReceived, CaseClosed, FraudClosed, DisputeClosed)
"""Events after which the overdue record of a case is opened, goes on, or is closed."""


def put_case_record(
    journal: Journal,
    case: Case,
    policy: Policy,
    event: Event,
    *,
    received_on: date,
    lender: str,
) -> None:
    """Open, go on with, or close the overdue record of a case after one of its events.

    Parameters
    ----------
    journal : Journal
    case : Case
        With the event in it.
    policy : Policy
    event : Event
        What was just recorded.
    received_on : date
    lender : str

    Notes
    -----
    The record is that of the oldest unpaid due day, as statements would report it; where
    statements reported it before, both are one record. Amounts are in the smallest units of the
    policy's currency; the balance is not known to a case, and counts as what is overdue.
    """
    arrears = view_of(case, policy, event.at).history.arrears
    open_records = [
        record
        for record in records_of(journal.connection, case.account_id)
        if record.lender == lender and record.closed_on is None
    ]
    if arrears.began is None:
        day = event.on if isinstance(event, Cured) else local_day(event.at, case)
        closed = [_closed(one, max(day, one.opened_on)) for one in open_records]
        _put(journal, closed, received_on, lender)
        return
    first = arrears.missed[0].due
    today = max(local_day(event.at, case), first)
    cents = to_units(arrears.overdue, digits_of(policy.currency))
    if cents == 0:
        return
    known = next((one for one in open_records if one.opened_on == first), None)
    bucket = Bucket(f"{today:%Y-%m}", max((today - first).days, 1), cents, cents)
    buckets = () if known is None else known.buckets
    kept = tuple(one for one in buckets if one.month != bucket.month)
    record = OverdueRecord(
        account_id=case.account_id,
        lender=lender,
        currency=policy.currency,
        opened_on=first,
        closed_on=None,
        buckets=(*kept, bucket),
        disputed=known.disputed if known else False,
        dispute_note=known.dispute_note if known else "",
        consent=known.consent if known else False,
        source_name=known.source_name if known else SOURCE,
        source_id=known.source_id if known else "",
        received_on=received_on,
        record_id=known.record_id if known else "",
    )
    _put(journal, [record], received_on, lender)


def _closed(record: OverdueRecord, day: date) -> OverdueRecord:
    """Return a record closed on a day, without what was noted of the time after it.

    A cure may be entered late: months in which the account was thought to be past due, and was
    not, go; the month of the cure keeps the days until then.
    """
    last = f"{day:%Y-%m}"
    days = max((day - record.opened_on).days, 1)
    kept = tuple(one for one in record.buckets if one.month < last)
    then = [one for one in record.buckets if one.month == last]
    if then and record.source_name == SOURCE:
        then = [replace(then[0], days_past_due=min(then[0].days_past_due, days))]
    if not kept and not then:
        then = [replace(record.buckets[0], month=last, days_past_due=days)]
    return replace(record, closed_on=day, buckets=(*kept, *then))


def _put(journal: Journal, records: list[OverdueRecord], received_on: date, lender: str) -> None:
    """Put records with the day on which they were received, never an earlier one."""
    dated = [replace(one, received_on=max(received_on, one.received_on)) for one in records]
    put_records(journal, dated, own_lender=lender)
