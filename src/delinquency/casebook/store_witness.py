"""A witness of the end of the audit log outside the database: an older store does not pass for it.

The chain shows that no entry was changed, and its recorded end that none was cut off. Whoever puts
back a copy of the whole database, or an empty one, takes both back with it. So the number and the
hash of the last entry are also kept in a file beside the database, or where the choices say, and
are written after every write. The entry they speak of must still be in the log.

A file beside the database can be taken back together with it: for that, keep the file on another
disk (``case.witness``), or write down the number and the hash that ``case.do=verify`` prints.
"""

import json
from pathlib import Path

from sqlalchemy import Connection, select
from sqlalchemy.engine import make_url

from delinquency.atomic_files import PRIVATE, faults_in_words, write_bytes
from delinquency.casebook.audit_chain import GENESIS, BrokenLink, End
from delinquency.casebook.database_schema import AUDIT, AUDIT_HEAD
from delinquency.casebook.pseudonyms import Key

SUFFIX = ".witness"


class Witness:
    """The file that remembers the end of one store's audit log.

    Parameters
    ----------
    path : Path
    store_id : str or None
        Which store it speaks of; None where any is taken.
    key : Key or None
        Signs the file: without the key nobody can make it speak of an older store. None where
        the signature cannot be looked at; such a witness is only read.
    """

    def __init__(self, path: Path, store_id: str | None, key: Key | None):
        self.path, self._store_id, self._key = path, store_id, key

    def read(self) -> End | BrokenLink | None:
        """Return what was remembered; what is wrong with the file; or None where there is none."""
        if not self.path.exists():
            return None
        try:
            with faults_in_words(self.path):
                content = json.loads(self.path.read_text(encoding="utf-8"))
            end = End(int(content["entries"]), str(content["last_hash"]))
            store, mark = str(content["store"]), str(content["mark"])
        except (ValueError, KeyError, TypeError):
            return BrokenLink(0, f"the witness {self.path} cannot be read")
        if self._store_id is not None and store != self._store_id:
            return BrokenLink(0, f"the witness {self.path} is of another store")
        if self._key is not None and mark != self._mark(end):
            return BrokenLink(0, f"the witness {self.path} was changed")
        return end

    def write(self, end: End, *, back: bool = False) -> None:
        """Remember an end; an earlier one than is remembered only when told so."""
        known = self.read()
        if isinstance(known, End) and known.entries >= end.entries and not back:
            return
        content = {
            "store": self._store_id,
            "entries": end.entries,
            "last_hash": end.last_hash,
            "mark": self._mark(end),
        }
        text = json.dumps(content, indent=2) + "\n"
        write_bytes(text.encode(), self.path, mode=PRIVATE)

    def find_loss(
        self, connection: Connection, known: End | BrokenLink | None
    ) -> BrokenLink | None:
        """Return why the store is not the one that was written last, or None when it is.

        Parameters
        ----------
        connection : Connection
        known : End, BrokenLink or None
            What ``read`` gave *before* the connection's transaction began: what another process
            writes meanwhile is not in it.
        """
        if known is None:
            now = end_of(connection)
            if now.entries == 0:
                return None
            return BrokenLink(
                0, f"the witness {self.path} is missing; the log has {now.entries} entries"
            )
        if isinstance(known, BrokenLink):
            return known
        if known.entries == 0:
            return None
        found = connection.execute(
            select(AUDIT.c.entry_hash).where(AUDIT.c.sequence == known.entries)
        ).scalar()
        if found == known.last_hash:
            return None
        now = end_of(connection)
        if found is None:
            reason = f"the log ends at entry {now.entries}; entry {known.entries} was written"
        else:
            reason = f"entry {known.entries} is not the one that was written"
        return BrokenLink(known.entries, f"{reason} (witness {self.path})")

    def _mark(self, end: End) -> str:
        assert self._key is not None and self._store_id is not None, "only read without a key"
        return self._key.digest("witness", self._store_id, str(end.entries), end.last_hash)


def end_of(connection: Connection) -> End:
    """Return the end of the log as the database records it."""
    row = connection.execute(select(AUDIT_HEAD.c.sequence, AUDIT_HEAD.c.entry_hash)).one_or_none()
    return End(0, GENESIS) if row is None else End(int(row[0]), str(row[1]))


def witness_file(url: str) -> Path | None:
    """Return the usual place of the witness: beside a SQLite database; None for a server."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    path = Path(parsed.database)
    return path.with_name(path.name + SUFFIX)
