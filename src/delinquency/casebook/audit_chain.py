"""The audit log: a hash chain in which every write leaves one entry, and nothing but digests.

Each entry's hash covers the entry before it, so no entry can be changed, removed or put in between
without breaking every later link; the end of the chain is kept apart, so none can be cut off
unseen. Subjects and contents appear as keyed digests only: the log outlives what it speaks of, and
whoever reads it without the key learns that something happened, not to whom.

References
----------
Haber & Stornetta (1991), "How to time-stamp a digital document", J. Cryptology 3(2): linking.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select, update

from delinquency.casebook.database_schema import AUDIT, AUDIT_HEAD, CASES, EVENTS
from delinquency.casebook.pseudonyms import Key
from delinquency.errors import CaseworkError

GENESIS = "0" * 64
"""What the first entry takes for the hash before it."""
PAGE = 1_000
"""Rows fetched at a time while the chain is walked."""


@dataclass(frozen=True)
class BrokenLink:
    """The first place where the audit log does not hold.

    Attributes
    ----------
    sequence : int
        Number of the entry; 0 when no single entry is at fault.
    reason : str
        What was expected and what came.
    """

    sequence: int
    reason: str


@dataclass(frozen=True)
class End:
    """The end of an audit log.

    Attributes
    ----------
    entries : int
        How many entries it has.
    last_hash : str
        Hash of the last one.
    """

    entries: int
    last_hash: str


class Journal:
    """An open write transaction, the moment it happens, and the entries it adds to the log.

    Parameters
    ----------
    connection : Connection
        A connection that holds the writer's lock.
    key : Key
        Key of the digests.
    now : datetime
        With time zone.
    """

    def __init__(self, connection: Connection, key: Key, now: datetime):
        self.connection = connection
        self.key = key
        self.recorded_at = moment_text(now)
        head = connection.execute(select(AUDIT_HEAD.c.sequence, AUDIT_HEAD.c.entry_hash)).one()
        self._sequence, self._hash = int(head[0]), str(head[1])
        self._entries: list[dict[str, object]] = []

    @property
    def sequence(self) -> int:
        """Number of the last entry, those of this transaction included."""
        return self._sequence

    def note(self, action: str, *, subject: str, content: tuple[str, ...] = ()) -> int:
        """Add an entry and return its number.

        Parameters
        ----------
        action : str
            What was done: "event", "clear".
        subject : str
            To whom or what; only its keyed digest is kept.
        content : tuple of str
            What was written; only its keyed digest is kept.
        """
        self._sequence += 1
        entry: dict[str, object] = {
            "sequence": self._sequence,
            "recorded_at": self.recorded_at,
            "action": action,
            "subject_hash": self.key.digest("subject", subject),
            "content_hash": self.key.digest(action, *content),
            "previous_hash": self._hash,
        }
        self._hash = entry_hash(entry)
        self._entries.append({**entry, "entry_hash": self._hash})
        return self._sequence

    def close(self) -> End:
        """Write the entries and move the end of the chain; the transaction then commits both."""
        if not self._entries:
            return End(self._sequence, self._hash)
        self.connection.execute(insert(AUDIT), self._entries)
        self.connection.execute(
            update(AUDIT_HEAD).values(sequence=self._sequence, entry_hash=self._hash)
        )
        self._entries = []
        return End(self._sequence, self._hash)


def entry_hash(entry: dict[str, object]) -> str:
    """Return the SHA-256 of an entry's fields, the previous hash among them."""
    names = (
        "sequence",
        "recorded_at",
        "action",
        "subject_hash",
        "content_hash",
        "previous_hash",
    )
    text = json.dumps([entry[name] for name in names], ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def find_broken_link(connection: Connection) -> BrokenLink | None:
    """Return the first broken link of the chain, or None when it holds from end to end."""
    expected, previous = 1, GENESIS
    rows = connection.execution_options(yield_per=PAGE).execute(
        select(AUDIT).order_by(AUDIT.c.sequence)
    )
    for row in rows.mappings():
        number = int(row["sequence"])
        if number != expected:
            return BrokenLink(expected, f"entry {expected} was expected; {number} came instead")
        if row["previous_hash"] != previous:
            return BrokenLink(number, "it does not continue from the entry before it")
        if row["entry_hash"] != entry_hash(dict(row)):
            return BrokenLink(number, "its fields do not give its hash: it was changed")
        expected, previous = number + 1, str(row["entry_hash"])
    head = connection.execute(select(AUDIT_HEAD.c.sequence, AUDIT_HEAD.c.entry_hash)).one_or_none()
    if head is None:
        return BrokenLink(0, "the end of the chain is not on record")
    if (int(head[0]), str(head[1])) != (expected - 1, previous):
        return BrokenLink(
            min(expected, int(head[0])),
            f"the chain ends at entry {expected - 1}; its end was recorded as entry {head[0]}",
        )
    return None


def find_altered_content(connection: Connection, key: Key) -> BrokenLink | None:
    """Return the first case or event that is not what the audit log saw, or None.

    Notes
    -----
    The chain shows that the log is whole; this shows that what it speaks of is whole too.
    """
    logged = {
        str(row.content_hash): int(row.sequence)
        for row in connection.execute(
            select(AUDIT.c.content_hash, AUDIT.c.sequence).where(
                AUDIT.c.action.in_(("case", "event"))
            )
        )
    }
    for table, action in ((CASES, "case"), (EVENTS, "event")):
        rows = connection.execution_options(yield_per=PAGE).execute(
            select(table).order_by(*table.primary_key.columns)
        )
        for row in rows:
            content = tuple(str(value) for value in row)
            if logged.pop(key.digest(action, *content), None) is None:
                place = " ".join(str(value) for value in row[:2] if action == "event" or value)
                shown = place if action == "event" else str(row[0])
                return BrokenLink(0, f"{action} {shown} is not what the audit log saw")
    if logged:
        number = min(logged.values())
        return BrokenLink(number, "what it speaks of is no longer in the store")
    return None


def moment_text(moment: datetime) -> str:
    """Return a moment as 32 characters that sort in time: UTC, microseconds.

    Raises
    ------
    CaseworkError
        When the moment has no time zone.

    Examples
    --------
    >>> moment_text(datetime(2026, 10, 31, 9, 30, tzinfo=UTC))
    '2026-10-31T09:30:00.000000+00:00'
    """
    if moment.tzinfo is None:
        raise CaseworkError(
            f"A moment must have a time zone. Got {moment.isoformat()}. "
            "Mend: datetime(..., tzinfo=UTC)."
        )
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
