"""A store for practice: marked so from its first entry on and for ever, its clock may be set.

A real store takes the machine's clock for every write. Notebooks, tests and training need to
play a case through a year in a minute: they do so in a store whose first audit entry says that
it is a rehearsal. The mark stands in the audit chain, so it can be neither added nor removed.
"""

from datetime import datetime

from sqlalchemy import Connection, select

from delinquency.casebook.case_store import Store
from delinquency.casebook.database_schema import AUDIT
from delinquency.errors import CaseworkError

MARK = "rehearsal"
"""Action of the first audit entry of a rehearsal."""


def is_rehearsal(connection: Connection) -> bool:
    """Return whether a store was opened as a rehearsal."""
    first = connection.execute(select(AUDIT.c.action).where(AUDIT.c.sequence == 1)).scalar()
    return bool(first == MARK)


def mark_rehearsal(store: Store, now: datetime) -> None:
    """Mark an empty store as a rehearsal; one that is marked stays as it is.

    Raises
    ------
    CaseworkError
        If the store holds entries of real work.
    """
    with store.writing(now) as journal:
        if is_rehearsal(journal.connection):
            return
        if journal.sequence:
            raise CaseworkError(
                "case.rehearsal=true needs a store of its own; this one holds real work."
                " Choose another with case.database=sqlite:///rehearsal.db"
            )
        journal.note(MARK, subject="store", content=("clock may be set",))
