"""Shared overdue records: one for each time an account was past due, with a bucket a month.

Amounts are whole cents. Account numbers are pseudonyms, and a dispute note is refused when it
holds a direct identifier. A record says where it came from, when it was received, and whether the
customer agreed to its being shared.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from delinquency.casebook.audit_chain import BrokenLink, Journal
from delinquency.casebook.database_schema import AUDIT, BUCKETS, ERASED, OVERDUE
from delinquency.casebook.pseudonyms import Key, letters
from delinquency.casework.identifier_masking import find_identifiers, is_pseudonym
from delinquency.errors import CaseworkError
from delinquency.panel.cleared_history import Spell

CENTS = 100
CENTS_MAX = 10**15
"""Largest amount: ten thousand thousand millions, well inside 64 bits."""
NOTE_LIMIT = 2_000
NAME_LIMIT = 64
SOURCE_LIMIT = 128
PAGE = 500
"""Records looked up at a time: SQLite allows 999 values in a statement of old builds."""
_MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])")
_CURRENCY = re.compile(r"[A-Z]{3}")
_BANDS = ((30, "1-29"), (60, "30-59"), (90, "60-89"), (120, "90-119"))
_LAST_BAND = "120+"


@dataclass(frozen=True, order=True)
class Bucket:
    """One month of a record.

    Attributes
    ----------
    month : str
        YYYY-MM.
    days_past_due : int
        Days since the earliest unpaid minimum fell due; at least 1.
    overdue_cents : int
        Overdue amount.
    balance_cents : int
        Whole balance.
    """

    month: str
    days_past_due: int
    overdue_cents: int
    balance_cents: int

    @property
    def band(self) -> str:
        """The days past due as bureaus band them: "1-29", "30-59", ... "120+"."""
        return next((band for end, band in _BANDS if self.days_past_due < end), _LAST_BAND)


@dataclass(frozen=True)
class OverdueRecord:
    """One time of being past due with one lender.

    Attributes
    ----------
    account_id : str
        Pseudonym.
    lender : str
        Code of the lender that reports it.
    currency : str
        ISO 4217 code.
    opened_on, closed_on : date, date or None
        First day past due; day of the cure, or None while it lasts.
    buckets : tuple of Bucket
        At least one, a month each, oldest first.
    disputed : bool
    dispute_note : str
        The customer's statement; without direct identifiers.
    consent : bool
        Whether the customer agreed to its being shared.
    source_name, source_id : str
        Lineage: the system or bureau it came from, and its number there.
    received_on : date
        Lineage: when it was received; a later one replaces an earlier one.
    record_id : str
        Number in the store; given when it is first put there.

    Raises
    ------
    CaseworkError
        With every fault.
    """

    account_id: str
    lender: str
    currency: str
    opened_on: date
    closed_on: date | None
    buckets: tuple[Bucket, ...]
    disputed: bool
    dispute_note: str
    consent: bool
    source_name: str
    source_id: str
    received_on: date
    record_id: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "buckets", tuple(sorted(self.buckets)))
        faults = [*self._faults(), *_bucket_faults(self.buckets)]
        if faults:
            raise CaseworkError("An overdue record does not fit. " + " ".join(faults))

    def _faults(self) -> Iterator[str]:
        """Yield what is wrong with the record; an account number is never shown."""
        if not is_pseudonym(self.account_id):
            yield "account_id: expected a pseudonym (what came is not shown)."
        for name, limit in (("lender", NAME_LIMIT), ("source_name", SOURCE_LIMIT)):
            text = getattr(self, name)
            if not 0 < len(text) <= limit or not text.isprintable():
                yield f"{name}: expected 1 to {limit} printable characters."
        for name in ("source_id", "record_id"):
            text = getattr(self, name)
            if text and (not is_pseudonym(text) or len(text) > NAME_LIMIT):
                yield f"{name}: expected a reference without personal data (not shown)."
        if not _CURRENCY.fullmatch(self.currency):
            yield f"currency: expected a code such as CNY. Got {self.currency!r}."
        if self.closed_on is not None and self.closed_on < self.opened_on:
            yield f"closed_on: expected {self.opened_on} or later. Got {self.closed_on}."
        if len(self.dispute_note) > NOTE_LIMIT:
            yield f"dispute_note: expected at most {NOTE_LIMIT} characters."
        if not all(mark.isprintable() or mark in "\n\t" for mark in self.dispute_note):
            yield "dispute_note: expected printable characters, line ends and tabs only."
        if find_identifiers(self.dispute_note):
            yield "dispute_note: expected no personal identifier (not shown)."

    @property
    def overdue_max(self) -> Decimal:
        """Largest overdue amount, in units of the currency."""
        return Decimal(max(bucket.overdue_cents for bucket in self.buckets)) / CENTS

    @property
    def spell(self) -> Spell:
        """The record as the clearing rule sees it."""
        return Spell(self.opened_on, self.closed_on, self.overdue_max, self.currency)


@dataclass(frozen=True)
class PutCount:
    """What became of records that were put into the store.

    Attributes
    ----------
    new, changed, same : int
        Added; replaced; already there as they are.
    stale : int
        Older than what is there, and left out.
    erased : int
        Cleared before, and left out: erasure survives a second delivery.
    """

    new: int = 0
    changed: int = 0
    same: int = 0
    stale: int = 0
    erased: int = 0


def natural_id(key: Key, record: OverdueRecord) -> str:
    """Return the number that a record has by what it is about: account, lender, first day."""
    return "r_" + letters(
        key.digest("record", record.account_id, record.lender, record.opened_on.isoformat())
    )


def put_records(
    journal: Journal, records: Iterable[OverdueRecord], *, own_lender: str
) -> PutCount:
    """Put records into the store; the same record twice is the same record.

    Parameters
    ----------
    journal : Journal
    records : iterable of OverdueRecord
    own_lender : str
        Code of the lender whose store this is: its records concern the statements, those of
        others the bureau table.

    Returns
    -------
    PutCount

    Notes
    -----
    A record is about (account, lender, first day past due). Of two deliveries the one received
    later stands.
    """
    counts = dict.fromkeys(PutCount.__dataclass_fields__, 0)
    for record in records:
        counts[_put(journal, record, own_lender)] += 1
    return PutCount(**counts)


def _put(journal: Journal, record: OverdueRecord, own_lender: str) -> str:
    """Put one record, and return which count it belongs to."""
    connection = journal.connection
    identity = natural_id(journal.key, record)
    record = record if record.record_id else replace(record, record_id=identity)
    gone = connection.execute(
        select(ERASED.c.digest).where(
            ERASED.c.digest.in_({identity, record.record_id}), ERASED.c.kind == "record"
        )
    ).first()
    if gone is not None:
        return "erased"
    same = (
        (OVERDUE.c.account_id == record.account_id)
        & (OVERDUE.c.lender == record.lender)
        & (OVERDUE.c.opened_on == record.opened_on.isoformat())
    )
    known = next(_read(connection, select(OVERDUE).where(same)), None)
    row = _row(record, own_lender)
    if known is None:
        connection.execute(insert(OVERDUE), row)
        verdict = "new"
    else:
        # The number of the first delivery stays: what was exported under it can be withdrawn.
        record = replace(record, record_id=known.record_id)
        if record == known:
            return "same"
        if record.received_on < known.received_on:
            return "stale"
        row["record_id"] = known.record_id
        connection.execute(update(OVERDUE).where(same), row)
        connection.execute(delete(BUCKETS).where(BUCKETS.c.record_id == known.record_id))
        verdict = "changed"
    connection.execute(
        insert(BUCKETS), [{"record_id": record.record_id, **vars(b)} for b in record.buckets]
    )
    journal.note(
        "record", subject=subject_of(record), content=_content(record, str(row["origin"]))
    )
    return verdict


def subject_of(record: OverdueRecord) -> str:
    """Return what the audit log calls a record; only a keyed digest of it is kept there."""
    return f"record {record.record_id}"


def _content(record: OverdueRecord, origin: str) -> tuple[str, ...]:
    """Return all that a record says, as the audit log digests it."""
    row = {**vars(record), "origin": origin}
    return tuple(f"{name}={row[name]}" for name in sorted(row))


def find_altered_record(connection: Connection, key: Key, *, since: int) -> BrokenLink | None:
    """Return the first overdue record that is not what the audit log saw last, or None.

    Parameters
    ----------
    connection : Connection
    key : Key
    since : int
        Entries up to this one are older than the log's speaking of single records.
    """
    last: dict[str, tuple[str, str, int]] = {}
    entries = select(
        AUDIT.c.subject_hash, AUDIT.c.action, AUDIT.c.content_hash, AUDIT.c.sequence
    ).where(AUDIT.c.action.in_(("record", "clear")), AUDIT.c.sequence > since)
    for row in connection.execute(entries.order_by(AUDIT.c.sequence)):
        last[str(row[0])] = (str(row[1]), str(row[2]), int(row[3]))
    origins = dict(connection.execute(select(OVERDUE.c.record_id, OVERDUE.c.origin)).all())
    for record in all_records(connection):
        known = last.pop(key.digest("subject", subject_of(record)), None)
        if known is None and since:
            continue  # from before
        content = key.digest("record", *_content(record, str(origins[record.record_id])))
        if known is None or known[:2] != ("record", content):
            return BrokenLink(
                known[2] if known else 0,
                f"overdue record {record.record_id} is not what the audit log saw",
            )
    gone = [number for action, _, number in last.values() if action == "record"]
    if gone:
        return BrokenLink(min(gone), "an overdue record is no longer in the store, uncleared")
    return None


def records_of(connection: Connection, account_id: str) -> tuple[OverdueRecord, ...]:
    """Return the records of an account, oldest first."""
    chosen = select(OVERDUE).where(OVERDUE.c.account_id == account_id)
    return tuple(_read(connection, chosen.order_by(OVERDUE.c.opened_on, OVERDUE.c.lender)))


def all_records(connection: Connection, *, shared_only: bool = False) -> Iterator[OverdueRecord]:
    """Yield every record, by account, first day and lender.

    Parameters
    ----------
    connection : Connection
    shared_only : bool
        Leave out what the customer did not agree to share.
    """
    chosen = select(OVERDUE)
    if shared_only:
        chosen = chosen.where(OVERDUE.c.consent)
    yield from _read(
        connection,
        chosen.order_by(OVERDUE.c.account_id, OVERDUE.c.opened_on, OVERDUE.c.lender),
    )


def _read(connection: Connection, chosen: Any) -> Iterator[OverdueRecord]:
    """Yield the records of a selection of rows, in its order."""
    buckets = select(BUCKETS).where(BUCKETS.c.record_id.in_(bindparam("ids", expanding=True)))
    for page in _pages(connection.execute(chosen).all(), PAGE):
        held: dict[str, list[Bucket]] = {row.record_id: [] for row in page}
        for row in connection.execute(buckets, {"ids": list(held)}):
            held[row.record_id].append(
                Bucket(row.month, row.days_past_due, row.overdue_cents, row.balance_cents)
            )
        for row in page:
            yield _record(row, tuple(held[row.record_id]))


def _record(row: Row[Any], buckets: tuple[Bucket, ...]) -> OverdueRecord:
    """Return a row and its buckets as a record."""
    return OverdueRecord(
        account_id=row.account_id,
        lender=row.lender,
        currency=row.currency,
        opened_on=date.fromisoformat(row.opened_on),
        closed_on=None if row.closed_on is None else date.fromisoformat(row.closed_on),
        buckets=buckets,
        disputed=row.disputed,
        dispute_note=row.dispute_note,
        consent=row.consent,
        source_name=row.source_name,
        source_id=row.source_id,
        received_on=date.fromisoformat(row.received_on),
        record_id=row.record_id,
    )


def _row(record: OverdueRecord, own_lender: str) -> dict[str, Any]:
    """Return a record as a row, without its buckets."""
    row = {name: value for name, value in vars(record).items() if name != "buckets"}
    return {
        **row,
        "origin": "own" if record.lender == own_lender else "elsewhere",
        "opened_on": record.opened_on.isoformat(),
        "closed_on": None if record.closed_on is None else record.closed_on.isoformat(),
        "received_on": record.received_on.isoformat(),
    }


def _bucket_faults(buckets: Sequence[Bucket]) -> Iterator[str]:
    """Yield what is wrong with the buckets of a record."""
    if not buckets:
        yield "buckets: expected at least one month."
    months = [bucket.month for bucket in buckets]
    if len(set(months)) != len(months):
        yield f"buckets: expected each month once. Got {', '.join(months)}."
    for bucket in buckets:
        if not _MONTH.fullmatch(bucket.month):
            yield f"month: expected YYYY-MM. Got {bucket.month!r}."
        if not 1 <= bucket.days_past_due <= 36_500:
            yield f"days_past_due: expected 1 to 36500. Got {bucket.days_past_due}."
        for name in ("overdue_cents", "balance_cents"):
            amount = getattr(bucket, name)
            if not 0 <= amount <= CENTS_MAX:
                yield f"{name}: expected 0 to {CENTS_MAX}. Got {amount}."


def _pages(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """Yield the items, so many at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
