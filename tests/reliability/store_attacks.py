"""What somebody with the database's file could do to it, and whether it is noticed."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from overdue_factory import make_record

from delinquency.casebook.case_store import Store
from delinquency.casebook.database import sqlite_url
from delinquency.casebook.overdue_records import put_records
from delinquency.casebook.pseudonyms import Key
from delinquency.errors import DelinquencyError

KEY = Key(bytes(range(32)))
NOW = datetime(2026, 10, 31, tzinfo=UTC)
NAME = "records.db"
STATEMENTS = {
    "an amount is raised": "UPDATE overdue_buckets SET overdue_cents = overdue_cents + 1",
    "a dispute is taken back": "UPDATE overdue_records SET disputed = 1 - disputed",
    "consent is turned": "UPDATE overdue_records SET consent = 1 - consent",
    "the days are changed": "UPDATE overdue_buckets SET days_past_due = days_past_due + 30",
    "a month is moved": "UPDATE overdue_buckets SET month = '2019-' || substr(month, 6)",
    "a month is removed": "DELETE FROM overdue_buckets WHERE month = '2026-01'",
    "a record is removed": "DELETE FROM overdue_records WHERE account_id = 'A1'",
    "a record changes hands": "UPDATE overdue_records SET account_id = 'A9' "
    "WHERE account_id = 'A1'",
    "a record is backdated": "UPDATE overdue_records SET received_on = '2020-01-01'",
    "all records are removed": "DELETE FROM overdue_records",
    "an entry of the log is changed": "UPDATE audit_log SET action = 'x' WHERE sequence = 1",
    "an entry of the log is removed": "DELETE FROM audit_log WHERE sequence = 1",
    "the last entry of the log is removed": "DELETE FROM audit_log WHERE sequence = 2",
    "the end of the log is moved": "UPDATE audit_head SET sequence = 1",
    "the log is emptied": "DELETE FROM audit_log",
    "the store gets another number": "UPDATE store_identity SET store_id = 'x'",
    "the store loses its number": "DELETE FROM store_identity",
}


def write(path: Path, *accounts: str) -> None:
    store = Store(sqlite_url(path), KEY)
    try:
        with store.writing(NOW) as journal:
            put_records(journal, [make_record(a) for a in accounts], own_lender="bank-a")
    finally:
        store.close()


def noticed(path: Path, key: Key = KEY) -> bool:
    try:
        store = Store(sqlite_url(path), key)
    except DelinquencyError:
        return True
    try:
        return store.verify() is not None
    except DelinquencyError:
        return True
    finally:
        store.close()


def by_statement(statement: str) -> Callable[[Path], bool]:
    def attack(folder: Path) -> bool:
        path = folder / NAME
        write(path, "A1", "A2")
        assert not noticed(path)
        connection = sqlite3.connect(path)
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='trigger'"):
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)
        connection.commit()
        connection.close()
        return noticed(path)

    return attack


def older_copy(folder: Path) -> bool:
    path = folder / NAME
    write(path, "A1")
    shutil.copy(path, folder / "old")
    write(path, "A2")
    shutil.copy(folder / "old", path)
    return noticed(path)


def removed(folder: Path) -> bool:
    path = folder / NAME
    write(path, "A1")
    path.unlink()
    return noticed(path)


def other_key(folder: Path) -> bool:
    path = folder / NAME
    write(path, "A1")
    return noticed(path, Key(bytes(range(1, 33))))


def cut_off(folder: Path) -> bool:
    path = folder / NAME
    write(path, "A1")
    path.write_bytes(path.read_bytes()[:-4096])
    try:
        return noticed(path)
    except Exception as error:  # SQLite's own word for a damaged file
        return "malformed" in str(error) or "not a database" in str(error)


def edited_witness(folder: Path) -> bool:
    path = folder / NAME
    write(path, "A1", "A2")
    witness = folder / f"{NAME}.witness"
    witness.write_text(witness.read_text().replace('"entries": 2', '"entries": 1'))
    return noticed(path)


def attacks() -> Iterator[tuple[str, Callable[[Path], bool]]]:
    """Yield the name of each attack, and what makes it in a folder and says if it is noticed."""
    for name, statement in STATEMENTS.items():
        yield name, by_statement(statement)
    for attack in (older_copy, removed, other_key, cut_off, edited_witness):
        yield attack.__name__, attack
