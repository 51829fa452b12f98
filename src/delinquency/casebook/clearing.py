"""Clears overdue records once a policy's delay after the cure is over (R4).

In one transaction the record and its buckets leave the store, tombstones of keyed digests take
their place, and one audit entry of digests stays. The tombstones keep erasure alive: a record
delivered again is left out, and ``clearances`` tells ``erasure.erase_history`` which months to
take out of tables rebuilt from raw. Without the key a tombstone says nothing about anyone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import product

import numpy as np
import pandas as pd
from sqlalchemy import Connection, bindparam, delete, func, select, text

from delinquency.casebook.audit_chain import Journal
from delinquency.casebook.case_store import Store
from delinquency.casebook.database_schema import BUCKETS, ERASED, OVERDUE
from delinquency.casebook.overdue_records import OverdueRecord, all_records, natural_id, subject_of
from delinquency.casebook.pseudonyms import Key
from delinquency.casebook.stored_cases import append_event, cases_of
from delinquency.casework.events import RecordCleared
from delinquency.panel.cleared_history import CLEARANCE_COLUMNS, clearing_day
from delinquency.panel.schema import MONTH_DTYPE
from delinquency.policy import Policy

PARTS = ("spell", "cure")
ORIGINS = ("own", "elsewhere")
_TOMBSTONE = text(
    "INSERT INTO erased (digest, kind, cleared_on, policy) "
    "VALUES (:digest, :kind, :cleared_on, :policy) ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True)
class Cleared:
    """What a clearing did.

    Attributes
    ----------
    n_records : int
        Records that left the store.
    n_kept : int
        Records that stay: open, or not yet due.
    record_ids : tuple of str
        Numbers of the cleared records, to be withdrawn by those who were sent them.
    """

    n_records: int
    n_kept: int
    record_ids: tuple[str, ...]


def clear_records(store: Store, *, as_of: date, policy: Policy, now: datetime) -> Cleared:
    """Clear every record whose clearing day has come.

    Parameters
    ----------
    store : Store
    as_of : date
        The day; records due on it are cleared.
    policy : Policy
        Whose delay applies.
    now : datetime
        Moment of the audit entries.

    Returns
    -------
    Cleared

    Notes
    -----
    Repeating it does nothing more. Export files written before are stale afterwards:
    ``exchange.refresh_exports`` writes them anew.
    """
    with store.writing(now) as journal:
        connection = journal.connection
        origins = dict(connection.execute(select(OVERDUE.c.record_id, OVERDUE.c.origin)).all())
        due: list[OverdueRecord] = []
        kept: list[OverdueRecord] = []
        for record in all_records(connection):
            day = clearing_day(record.spell, policy)
            (due if day is not None and day <= as_of else kept).append(record)
        # A month in which another lender's record still stands is not blank elsewhere.
        standing = {
            (record.account_id, month)
            for record in kept
            if origins[record.record_id] == "elsewhere"
            for month in spell_months(record)[0]
        }
        for record in due:
            origin = origins[record.record_id]
            stones = _tombstones(journal.key, record, origin, standing)
            head = {"cleared_on": as_of.isoformat(), "policy": policy.name}
            connection.execute(
                _TOMBSTONE, [{"digest": d, "kind": kind, **head} for d, kind in stones]
            )
            journal.note("clear", subject=subject_of(record), content=(str(record),))
            _tell_the_case(journal, record, policy, now)
        gone = [{"gone": record.record_id} for record in due]
        if gone:
            connection.execute(
                delete(BUCKETS).where(BUCKETS.c.record_id == bindparam("gone")), gone
            )
            connection.execute(
                delete(OVERDUE).where(OVERDUE.c.record_id == bindparam("gone")), gone
            )
    store.database.scrub()
    return Cleared(len(due), len(kept), tuple(record.record_id for record in due))


def _tell_the_case(journal: Journal, record: OverdueRecord, policy: Policy, now: datetime) -> None:
    """Note in the account's newest case, if it has one, that its record was cleared."""
    cases = cases_of(journal.connection, record.account_id)
    if not cases:
        return
    cleared = RecordCleared(
        at=now,
        actor="system",
        digest=journal.key.digest("record", record.record_id),
        rule=policy.records.clear_mode.key,
    )
    append_event(
        journal,
        cases[-1].case_id,
        cleared.to_dict(),
        idempotency_key=f"cleared-{record.record_id}",
    )


def spell_months(record: OverdueRecord) -> tuple[tuple[str, ...], str]:
    """Return the months of a record from first to last bucket, and the month of its cure after.

    Examples
    --------
    Buckets of November and January give November, December, January, and the cure in February.
    """
    first, last = _number(record.buckets[0].month), _number(record.buckets[-1].month)
    return tuple(_name(number) for number in range(first, last + 1)), _name(last + 1)


def clearances(
    connection: Connection, key: Key, tables: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """Return which months of which accounts were cleared, for the accounts of some tables.

    Parameters
    ----------
    connection : Connection
    key : Key
        The key under which they were cleared.
    tables : mapping of str to DataFrame
        Canonical tables, possibly rebuilt from raw.

    Returns
    -------
    DataFrame
        Columns ``CLEARANCE_COLUMNS``, as ``erasure.erase_history`` takes them.

    Notes
    -----
    The store holds digests, so the question is asked for each account and month that the tables
    have: first by account, and by month only for accounts that were ever cleared.
    """
    monthly = [frame for frame in tables.values() if "month" in frame.columns]
    rows: list[tuple[str, str, str, str]] = []
    if monthly:
        erased = _digests(connection, ("account", *PARTS))
        months = _months_between(monthly)
        accounts = {str(a) for frame in monthly for a in frame["account_id"].unique()}
        for account in sorted(accounts) if erased else ():
            if key.digest("erased account", account) in erased:
                rows += [
                    (account, month, origin, part)
                    for month, origin, part in product(months, ORIGINS, PARTS)
                    if _month_digest(key, account, month, origin, part) in erased
                ]
    frame = pd.DataFrame(rows, columns=list(CLEARANCE_COLUMNS), dtype="str")
    return frame.assign(month=pd.to_datetime(frame["month"]).astype(MONTH_DTYPE))


def count_erased(connection: Connection) -> int:
    """Return how many tombstones there are; they only ever grow in number."""
    return int(connection.execute(select(func.count()).select_from(ERASED)).scalar_one())


def _tombstones(
    key: Key, record: OverdueRecord, origin: str, standing: set[tuple[str, str]]
) -> Iterable[tuple[str, str]]:
    """Yield the digests that stay in a record's place, each with its kind."""
    yield record.record_id, "record"
    if natural_id(key, record) != record.record_id:
        yield natural_id(key, record), "record"
    account = record.account_id
    yield key.digest("erased account", account), "account"
    months, cure = spell_months(record)
    for month in months:
        if origin == "own" or (account, month) not in standing:
            yield _month_digest(key, account, month, origin, "spell"), "spell"
    yield _month_digest(key, account, cure, origin, "cure"), "cure"


def _month_digest(key: Key, account: str, month: str, origin: str, part: str) -> str:
    """Return the digest that says that a month of an account was cleared."""
    return key.digest("erased month", account, month, origin, part)


def _digests(connection: Connection, kinds: Sequence[str]) -> set[str]:
    """Return the tombstones of some kinds."""
    return set(
        connection.execute(select(ERASED.c.digest).where(ERASED.c.kind.in_(kinds))).scalars()
    )


def _months_between(frames: Sequence[pd.DataFrame]) -> list[str]:
    """Return every month from the first to the last of some tables, as YYYY-MM."""
    found = [frame["month"].dropna().to_numpy().astype("datetime64[M]") for frame in frames]
    months = np.concatenate(found)
    if not len(months):
        return []
    return [str(month) for month in np.arange(months.min(), months.max() + 1)]


def _number(month: str) -> int:
    """Return YYYY-MM as months since year 0."""
    return int(month[:4]) * 12 + int(month[5:7]) - 1


def _name(number: int) -> str:
    """Return months since year 0 as YYYY-MM."""
    return f"{number // 12:04d}-{number % 12 + 1:02d}"
