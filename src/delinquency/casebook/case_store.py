"""The store: a database, the key of its digests, and transactions that leave an audit entry."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, insert, select

from delinquency.casebook.audit_chain import (
    BrokenLink,
    End,
    Journal,
    find_altered_content,
    find_broken_link,
)
from delinquency.casebook.database import Database
from delinquency.casebook.database_schema import AUDIT, CASES, IDENTITY
from delinquency.casebook.overdue_records import find_altered_record
from delinquency.casebook.pseudonyms import Key
from delinquency.casebook.store_witness import Witness, end_of, witness_file
from delinquency.errors import CaseworkError, ChoiceError

RESTORED = "restored"
"""Action of the entry that says that an older state of the store was accepted."""


class Store:
    """An open store of cases and overdue records, bound to its key.

    Parameters
    ----------
    url : str
        ``sqlite:///FILE`` or ``postgresql://USER@HOST/NAME``; brought to the newest schema.
    key : Key
        Key of the pseudonyms and digests: the one that the store was first opened with.
    witness : Path, optional
        File that remembers the end of the audit log; beside the database where none is named.

    Raises
    ------
    ChoiceError
        If the store belongs to another key.
    """

    def __init__(self, url: str, key: Key, *, witness: Path | None = None):
        self.database = Database(url)
        self.key = key
        try:
            store_id, self._records_since = self._bind()
        except ChoiceError:
            self.database.close()
            raise
        path = witness or witness_file(url)
        self.witness = None if path is None else Witness(path, store_id, key)
        self._is_current = False

    @contextmanager
    def writing(self, now: datetime) -> Iterator[Journal]:
        """Give a journal that alone may write; all of it is kept at the end, or nothing."""
        known = self._remembered()
        with self.database.writing() as connection:
            self._require_current(connection, known)
            journal = Journal(connection, self.key, now)
            yield journal
            end = journal.close()
        if self.witness is not None:
            self.witness.write(end)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the store throughout."""
        known = self._remembered()
        with self.database.reading() as connection:
            self._require_current(connection, known)
            yield connection

    def verify(self) -> BrokenLink | None:
        """Return the first place where the audit log or what it speaks of does not hold."""
        known = self._remembered()
        with self.database.reading() as connection:
            return (
                find_broken_link(connection)
                or (self.witness.find_loss(connection, known) if self.witness else None)
                or find_altered_content(connection, self.key)
                or find_altered_record(connection, self.key, since=self._records_since)
            )

    def end(self) -> End:
        """Return the number and the hash of the last entry of the audit log."""
        with self.database.reading() as connection:
            return end_of(connection)

    def accept_restored(self, now: datetime) -> End:
        """Take the store as it is for the newest, and leave an entry that says so.

        For a backup that was put back on purpose: what was written after it is lost, and cases
        must be gone through again.
        """
        with self.database.writing() as connection:
            journal = Journal(connection, self.key, now)
            known = self.witness.read() if self.witness else None
            journal.note(RESTORED, subject="store", content=(str(known),))
            end = journal.close()
        if self.witness is not None:
            self.witness.write(end, back=True)
        self._is_current = False
        return end

    def close(self) -> None:
        """Give back every connection."""
        self.database.close()

    def _remembered(self) -> End | BrokenLink | None:
        """Return what the witness says; to be asked before a transaction begins."""
        return None if self.witness is None else self.witness.read()

    def _require_current(self, connection: Connection, known: End | BrokenLink | None) -> None:
        """Raise when an older store stands where the newest should."""
        if self._is_current or self.witness is None:
            return
        lost = self.witness.find_loss(connection, known)
        if lost is not None:
            raise CaseworkError(
                f"This is not the store that was written last: {lost.reason}. Put the newest "
                "backup back. If an older one was put back on purpose, accept it with "
                "python -m delinquency stage=case case.do=restored"
            )
        self._is_current = True

    def _bind(self) -> tuple[str, int]:
        """Return the store's number, and since which entry the log speaks of single records."""
        with self.database.reading() as connection:
            known = _identity(connection)
        if known is None:
            with self.database.writing() as connection:
                known = _identity(connection) or self._name(connection)
        store_id, key_check, since = known
        if key_check != self.key.digest("store", store_id):
            raise _another_key()
        return store_id, since

    def _name(self, connection: Connection) -> tuple[str, str, int]:
        """Give the store its number, and bind it to the key."""
        self._refuse_foreign_content(connection)
        number = secrets.token_hex(16)
        values = (number, self.key.digest("store", number), end_of(connection).entries)
        names = ("store_id", "key_check", "records_since")
        row = dict(zip(names, values, strict=True))
        connection.execute(insert(IDENTITY).values(id=1, **row))
        return values

    def _refuse_foreign_content(self, connection: Connection) -> None:
        """Raise when a store from before it was bound to a key was written with another one."""
        first = connection.execute(select(CASES).order_by(CASES.c.case_id).limit(1)).one_or_none()
        if first is None:
            return
        content = self.key.digest("case", *(str(value) for value in first))
        known = select(AUDIT.c.sequence).where(AUDIT.c.content_hash == content)
        if connection.execute(known).first() is None:
            raise _another_key()


def _identity(connection: Connection) -> tuple[str, str, int] | None:
    """Return a store's number, its check of the key, and since when records are in the log."""
    chosen = select(IDENTITY.c.store_id, IDENTITY.c.key_check, IDENTITY.c.records_since)
    row = connection.execute(chosen).one_or_none()
    return None if row is None else (str(row[0]), str(row[1]), int(row[2]))


def _another_key() -> ChoiceError:
    return ChoiceError(
        "The casework store belongs to another pseudonym key than the one given: no digest in it "
        "could be matched. Give the key that it was made with (DELINQUENCY_KEY, "
        "DELINQUENCY_KEY_FILE or case.key_file), or another store with case.database."
    )
