"""The store: a database, the key of its digests, and transactions that leave an audit entry."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection

from delinquency.casebook.audit_chain import (
    BrokenLink,
    Journal,
    find_altered_content,
    find_broken_link,
)
from delinquency.casebook.database import Database
from delinquency.casebook.pseudonyms import Key


class Store:
    """An open store of cases and overdue records.

    Parameters
    ----------
    url : str
        ``sqlite:///FILE`` or ``postgresql://USER@HOST/NAME``; brought to the newest schema.
    key : Key
        Key of the pseudonyms and digests.
    """

    def __init__(self, url: str, key: Key):
        self.database = Database(url)
        self.key = key

    @contextmanager
    def writing(self, now: datetime) -> Iterator[Journal]:
        """Give a journal that alone may write; all of it is kept at the end, or nothing."""
        with self.database.writing() as connection:
            journal = Journal(connection, self.key, now)
            yield journal
            journal.close()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the store throughout."""
        with self.database.reading() as connection:
            yield connection

    def verify(self) -> BrokenLink | None:
        """Return the first place where the audit log or what it speaks of does not hold."""
        with self.reading() as connection:
            return find_broken_link(connection) or find_altered_content(connection, self.key)

    def close(self) -> None:
        """Give back every connection."""
        self.database.close()
