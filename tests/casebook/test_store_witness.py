"""A store is bound to its key; an older, emptied or edited one does not pass for the newest."""

import shutil
import sqlite3
import stat
from datetime import timedelta

import pytest
from overdue_factory import make_record

from delinquency.casebook.case_store import Store
from delinquency.casebook.database import sqlite_url
from delinquency.casebook.overdue_records import put_records
from delinquency.casebook.pseudonyms import Key
from delinquency.casebook.store_witness import SUFFIX
from delinquency.errors import CaseworkError, ChoiceError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "records.db"


@pytest.fixture
def opened(path, key, now):
    """Give a function that opens the store, writes records into it, and closes it."""

    def write(*accounts):
        store = Store(sqlite_url(path), key)
        with store.writing(now) as journal:
            put_records(journal, [make_record(a) for a in accounts], own_lender="bank-a")
        store.close()

    return write


def verified(path, key):
    store = Store(sqlite_url(path), key)
    try:
        return store.verify()
    finally:
        store.close()


def harm(path, *statements):
    """Change a database as somebody would who knows SQLite: its guards are dropped first."""
    connection = sqlite3.connect(path)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='trigger'"):
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_another_key_is_refused(path, opened):
    opened("A1")
    with pytest.raises(ChoiceError, match="another pseudonym key"):
        Store(sqlite_url(path), Key(bytes(range(1, 33))))


def test_what_was_written_holds_and_its_end_is_outside(path, opened, key):
    opened("A1", "A2")
    assert verified(path, key) is None
    assert path.with_name(path.name + SUFFIX).exists()


def test_only_the_owner_can_read_the_files(path, opened):
    opened("A1")
    for file in path.parent.glob("records.db*"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


def test_an_older_copy_is_noticed_and_nothing_is_written_to_it(path, opened, key, now):
    opened("A1")
    shutil.copy(path, path.with_name("backup"))
    opened("A2")
    shutil.copy(path.with_name("backup"), path)
    assert "entry 2 was written" in verified(path, key).reason
    with pytest.raises(CaseworkError, match=r"not the store that was written last.*restored"):
        opened("A3")
    store = Store(sqlite_url(path), key)
    with pytest.raises(CaseworkError, match="not the store"), store.reading():
        pass
    # Put back on purpose, it is accepted, and the log says so for ever.
    assert store.accept_restored(now + timedelta(days=1)).entries == 2
    assert store.verify() is None
    store.close()
    opened("A3")
    assert verified(path, key) is None


@pytest.mark.parametrize("how", ["gone", "emptied"])
def test_an_empty_store_does_not_pass_for_a_full_one(path, opened, key, how):
    opened("A1")
    if how == "gone":
        path.unlink()
    else:
        harm(path, "DELETE FROM audit_log", "DELETE FROM overdue_buckets",
             "DELETE FROM overdue_records",
             f"UPDATE audit_head SET sequence = 0, entry_hash = '{'0' * 64}'")  # fmt: skip
    assert verified(path, key) is not None


def test_a_log_cut_off_together_with_its_end_is_noticed(path, opened, key):
    opened("A1", "A2")
    first = "(SELECT entry_hash FROM audit_log WHERE sequence = 1)"
    harm(path, f"UPDATE audit_head SET sequence = 1, entry_hash = {first}",
         "DELETE FROM audit_log WHERE sequence = 2")  # fmt: skip
    assert "the log ends at entry 1; entry 2 was written" in verified(path, key).reason


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE overdue_buckets SET overdue_cents = overdue_cents + 1",
        "UPDATE overdue_records SET disputed = 1 - disputed",
        "UPDATE overdue_records SET origin = CASE origin WHEN 'own' THEN 'elsewhere' "
        "ELSE 'own' END",
        "UPDATE overdue_records SET opened_on = '2020-01-01'",
        "DELETE FROM overdue_buckets",
        "DELETE FROM overdue_records",
    ],
)
def test_an_overdue_record_that_was_changed_or_taken_away_is_noticed(path, opened, key, statement):
    opened("A1")
    assert verified(path, key) is None
    harm(path, statement)
    try:
        broken = verified(path, key)
    except CaseworkError:  # a record that no longer fits is named when it is read
        return
    assert broken is not None


def test_an_older_text_of_a_record_does_not_pass_for_its_last(path, opened, key, now):
    opened("A1")
    store = Store(sqlite_url(path), key)
    first = sqlite3.connect(path).execute("SELECT consent FROM overdue_records").fetchone()[0]
    changed = make_record("A1", consent=not first)
    with store.writing(now) as journal:
        assert put_records(journal, [changed], own_lender="bank-a").changed == 1
    assert store.verify() is None
    store.close()
    harm(path, f"UPDATE overdue_records SET consent = {first}")
    assert "is not what the audit log saw" in verified(path, key).reason


def test_a_witness_that_was_edited_or_removed_is_noticed(path, opened, key):
    opened("A1")
    witness = path.with_name(path.name + SUFFIX)
    text = witness.read_text()
    witness.write_text(text.replace('"entries": 1', '"entries": 0'))
    assert "was changed" in verified(path, key).reason
    witness.write_text("{")
    assert "cannot be read" in verified(path, key).reason
    witness.unlink()
    assert "is missing" in verified(path, key).reason
