"""Moves overdue records in and out for a bureau: CSV, Parquet, JSON lines (``formats``).

Only what the customer agreed to share goes out, under policies that ask for consent; nothing but
pseudonyms goes out under any. The place of every file that went out is kept, so that a clearing
can have it written anew. An import is all or nothing, and names every fault.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import delete, insert, select, update

from delinquency.atomic_files import PRIVATE, write_bytes
from delinquency.casebook.audit_chain import Journal
from delinquency.casebook.case_store import Store
from delinquency.casebook.database_schema import AUDIT, EXPORTS
from delinquency.casebook.overdue_records import (
    Bucket,
    OverdueRecord,
    PutCount,
    all_records,
    put_records,
)
from delinquency.casebook.pseudonyms import Key, pseudonym
from delinquency.casebook.record_formats import COLUMNS, SCHEMA_VERSION, FileRow, format_of, suffix
from delinquency.casework.identifier_masking import find_identifiers
from delinquency.errors import CaseworkError, DataError, Fault
from delinquency.policy import Policy

_BUCKET = ("month", "days_past_due", "band", "overdue_cents", "balance_cents")
_RECORD = tuple(name for name in COLUMNS if name not in _BUCKET)
MASK = "[removed]"
EXAMPLES = 3


@dataclass(frozen=True)
class Imported:
    """What an import did.

    Attributes
    ----------
    put : PutCount
        What became of the records.
    n_masked : int
        Dispute notes in which a direct identifier was replaced.
    """

    put: PutCount
    n_masked: int


def export_records(store: Store, path: Path, *, policy: Policy, as_of: date, now: datetime) -> int:
    """Write the records that may be shared to a file, and return how many.

    Parameters
    ----------
    store : Store
    path : Path
        Its suffix names the format: .csv, .jsonl, .parquet. Readable by its owner only.
    policy : Policy
        Says whether sharing needs the customer's consent.
    as_of : date
        Day of the export, kept with its place.
    now : datetime
        Moment of the audit entry.

    Notes
    -----
    The place is kept before the file is written: a crash between the two leaves a place to be
    refreshed, never a file that no clearing knows of.
    """
    format_of(path)
    place = str(path.resolve())
    row = {
        "path": place,
        "format": suffix(path),
        "as_of": as_of.isoformat(),
        "needs_consent": bool(policy.records.share_needs_consent.value),
        "n_records": 0,
        "audit_sequence": 0,
    }
    with store.writing(now) as journal:
        journal.note("export", subject=place, content=tuple(map(str, row.values())))
        journal.connection.execute(delete(EXPORTS).where(EXPORTS.c.path == place))
        journal.connection.execute(insert(EXPORTS), row)
    with store.writing(now) as journal:
        return _write_file(journal, path, needs_consent=bool(row["needs_consent"]))


def refresh_exports(store: Store, *, now: datetime) -> tuple[Path, ...]:
    """Write anew every export file that a clearing has made stale, and return which.

    Notes
    -----
    A file that is no longer there is not made again. Repeating it, after a crash too, completes
    what is left.
    """
    refreshed = []
    with store.writing(now) as journal:
        connection = journal.connection
        last = connection.execute(
            select(AUDIT.c.sequence)
            .where(AUDIT.c.action == "clear")
            .order_by(AUDIT.c.sequence.desc())
            .limit(1)
        ).scalar()
        stale = connection.execute(select(EXPORTS).where(EXPORTS.c.audit_sequence < (last or 0)))
        for row in stale.all():
            path = Path(row.path)
            if path.is_file():
                journal.note("refresh", subject=row.path)
                _write_file(journal, path, needs_consent=row.needs_consent)
                refreshed.append(path)
            else:
                connection.execute(delete(EXPORTS).where(EXPORTS.c.path == row.path))
    return tuple(refreshed)


def import_records(
    store: Store,
    path: Path,
    *,
    own_lender: str,
    now: datetime,
    account_key: Key | None = None,
) -> Imported:
    """Read a file of records into the store: all of it, or nothing.

    Parameters
    ----------
    store : Store
    path : Path
        Its suffix names the format.
    own_lender : str
        Code of the lender whose store this is.
    now : datetime
        Moment of the audit entries.
    account_key : Key, optional
        When the file has direct account numbers: the key under which they become pseudonyms, so
        that none enters the store.

    Returns
    -------
    Imported

    Raises
    ------
    DataError
        With every fault, by row. Values of account numbers and notes are never shown.
    """
    rows = _read_rows(path)
    if account_key is not None:
        rows = [
            {**row, "account_id": pseudonym(account_key, row["account_id"])}
            if isinstance(row.get("account_id"), str)
            else row
            for row in rows
        ]
    rows, n_masked = _mask_notes(rows)
    records = parse_rows(rows, where=path.name)
    with store.writing(now) as journal:
        put = put_records(journal, records, own_lender=own_lender)
        journal.note("import", subject=str(path.resolve()), content=(str(put),))
    return Imported(put, n_masked)


def record_rows(records: Iterable[OverdueRecord]) -> Iterator[FileRow]:
    """Yield the rows of a file: one for each record and month."""
    for record in records:
        head = {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in vars(record).items()
            if name != "buckets"
        }
        for bucket in record.buckets:
            yield {
                "schema_version": SCHEMA_VERSION,
                **head,
                **vars(bucket),
                "band": bucket.band,
            }


def parse_rows(rows: Sequence[FileRow], *, where: str) -> tuple[OverdueRecord, ...]:
    """Return the records that the rows of a file describe; in any order.

    Raises
    ------
    DataError
        With every fault.
    """
    faults = list(_row_faults(rows, where))
    if faults:
        raise DataError(faults)
    records = []
    groups: dict[tuple[Any, ...], list[int]] = {}
    for number, row in enumerate(rows):
        groups.setdefault(tuple(row[name] for name in _RECORD), []).append(number)
    for head, members in groups.items():
        try:
            record = _parse(head, [rows[number] for number in members])
            faults += _contradictions(record, {n + 1: rows[n] for n in members}, where)
            records.append(record)
        except (CaseworkError, ValueError) as error:
            place = f"row {members[0] + 1}"
            faults.append(
                Fault(where, "", "an overdue record", len(members), (place,), str(error))
            )
    if faults:
        raise DataError(faults)
    return tuple(records)


def _contradictions(
    record: OverdueRecord, rows: Mapping[int, FileRow], where: str
) -> Iterator[Fault]:
    """Yield where a record of a file contradicts itself: its months, and its bands of days.

    Parameters
    ----------
    record : OverdueRecord
    rows : mapping of int to FileRow
        Its rows, by their number in the file.
    where : str
    """
    first = f"{record.opened_on:%Y-%m}"
    last = None if record.closed_on is None else f"{record.closed_on:%Y-%m}"
    between = f"a month from {first} on" if last is None else f"a month from {first} to {last}"
    for number, row in rows.items():
        month, days = row["month"], row["days_past_due"]
        if month < first or (last is not None and month > last):
            wanted = f"{between}, in which the record was open"
            yield Fault(where, "month", wanted, 1, (f"row {number}: {month}",))
        band = Bucket(month, days, 0, 0).band
        if row["band"] != band:
            wanted = f"{band}, the band of {days} days past due"
            yield Fault(where, "band", wanted, 1, (f"row {number}: {str(row['band'])[:20]!r}",))


def _parse(head: tuple[Any, ...], rows: Sequence[FileRow]) -> OverdueRecord:
    """Return one record."""
    known = dict(zip(_RECORD, head, strict=True))
    names = {one.name for one in fields(OverdueRecord)}
    values = {name: value for name, value in known.items() if name in names}
    for name in ("opened_on", "received_on", "closed_on"):
        values[name] = None if known[name] is None else date.fromisoformat(known[name])
    buckets = tuple(
        Bucket(
            row["month"],
            row["days_past_due"],
            row["overdue_cents"],
            row["balance_cents"],
        )
        for row in rows
    )
    return OverdueRecord(**values, buckets=buckets)


def _row_faults(rows: Sequence[FileRow], where: str) -> Iterator[Fault]:
    """Yield missing and unknown columns, values of the wrong type, and another version."""
    types = {pa.string(): str, pa.int64(): int, pa.bool_(): bool}
    names = set().union(*rows) if rows else set(COLUMNS)
    for name in [name for name in COLUMNS if name not in names]:
        yield Fault(where, name, "a column", mend="It is missing.")
    for name in sorted(names - set(COLUMNS)):
        yield Fault(where, name, f"only the columns {', '.join(COLUMNS)}", mend="Leave it out.")
    for name, kind in COLUMNS.items():
        if name not in names:
            continue
        wrong = [
            number
            for number, row in enumerate(rows, start=1)
            if type(row.get(name)) is not types[kind]
            and not (name == "closed_on" and row.get(name) is None)
        ]
        if wrong:
            examples = tuple(f"row {number}" for number in wrong[:EXAMPLES])
            yield Fault(where, name, f"a value of type {kind}", len(wrong), examples)
    versions = {row.get("schema_version") for row in rows} - {SCHEMA_VERSION}
    if versions and "schema_version" in names:
        shown = tuple(repr(version) for version in sorted(map(str, versions))[:EXAMPLES])
        yield Fault(where, "schema_version", f"version {SCHEMA_VERSION}", 0, shown)


def _mask_notes(rows: Sequence[FileRow]) -> tuple[list[FileRow], int]:
    """Return the rows with direct identifiers taken out of the notes, and in how many."""
    out, n_masked = [], 0
    for row in rows:
        note = row.get("dispute_note")
        found = find_identifiers(note) if isinstance(note, str) else ()
        if isinstance(note, str) and found:
            for _, words in found:
                note = note.replace(words, MASK)
            row = {**row, "dispute_note": note}
            n_masked += 1
        out.append(row)
    return out, n_masked


def _read_rows(path: Path) -> list[FileRow]:
    """Return the rows of a file.

    Raises
    ------
    DataError
        When the file is not there, or is not of the format that its suffix names.
    """
    form = format_of(path)
    try:
        return form.read(path.read_bytes())
    except OSError as error:
        raise DataError(
            Fault(path.name, "", "a file that can be read", 0, (str(error.strerror),))
        ) from None
    except (ValueError, csv.Error, pa.ArrowException) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(Fault(path.name, "", f"a {suffix(path)} file", 0, (first,))) from None


def _write_file(journal: Journal, path: Path, *, needs_consent: bool) -> int:
    """Write a file whole or not at all, and return how many records it holds.

    The journal's lock is held meanwhile: no clearing can come between reading and writing.
    """
    records = tuple(all_records(journal.connection, shared_only=needs_consent))
    data = format_of(path).write(list(record_rows(records)))
    write_bytes(data, path, mode=PRIVATE, durable=True)
    journal.connection.execute(
        update(EXPORTS)
        .where(EXPORTS.c.path == str(path.resolve()))
        .values(n_records=len(records), audit_sequence=journal.sequence)
    )
    return len(records)
