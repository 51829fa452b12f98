from datetime import datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from delinquency.casebook.case_store import Store
from delinquency.casebook.database import Database, sqlite_url
from delinquency.casebook.database_schema import APPEND_ONLY, METADATA
from delinquency.casebook.pseudonyms import Key
from delinquency.casebook.stored_cases import append_event, open_case
from delinquency.errors import ChoiceError


def _fill(store: Store, now: datetime) -> str:
    """Put one case with one event into the store, and a tombstone."""
    with store.writing(now) as journal:
        case = open_case(journal, "A1", policy="seed_2021", idempotency_key="1")
        body = {"kind": "note", "at": now.isoformat()}
        append_event(journal, case.case_id, body, idempotency_key="1")
        journal.connection.execute(
            text("INSERT INTO erased VALUES ('d', 'account', '2026-10-31', 'seed_2021')")
        )
    return case.case_id


def test_the_migrated_schema_is_the_declared_one(store: Store) -> None:
    with store.database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_opening_a_second_time_keeps_what_is_there(url: str, key: Key, now: datetime) -> None:
    first = Store(url, key)
    case_id = _fill(first, now)
    first.close()
    second = Store(url, key)
    with second.reading() as connection:
        found = connection.execute(text("SELECT case_id FROM cases")).scalars().all()
    second.close()
    assert found == [case_id]


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("verb", ["update", "delete"])
def test_an_append_only_row_can_be_neither_changed_nor_removed(
    store: Store, now: datetime, table: str, verb: str
) -> None:
    _fill(store, now)
    column = METADATA.tables[table].columns.keys()[-1]
    statement = (
        f"UPDATE {table} SET {column} = {column}" if verb == "update" else f"DELETE FROM {table}"
    )
    with (
        pytest.raises(DBAPIError, match=f"{table} is append-only"),
        store.database.engine.begin() as connection,
    ):
        connection.execute(text(statement))
    assert store.verify() is None


def test_an_overdue_record_leaves_only_with_a_tombstone(store: Store) -> None:
    row = "('r1','A1','L','own','CNY','2026-01-01',NULL,FALSE,'',TRUE,'core','1','2026-01-01')"
    with store.database.engine.begin() as connection:
        connection.execute(text(f"INSERT INTO overdue_records VALUES {row}"))
    with (
        pytest.raises(DBAPIError, match="leave by clearing only"),
        store.database.engine.begin() as connection,
    ):
        connection.execute(text("DELETE FROM overdue_records"))
    with store.database.engine.begin() as connection:
        connection.execute(text("INSERT INTO erased VALUES ('r1','record','2026-02-01','p')"))
        assert connection.execute(text("DELETE FROM overdue_records")).rowcount == 1


def test_a_write_that_fails_leaves_no_trace(store: Store, now: datetime) -> None:
    with pytest.raises(RuntimeError, match="stop"), store.writing(now) as journal:
        open_case(journal, "A1", policy="seed_2021", idempotency_key="1")
        raise RuntimeError("stop")
    with store.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM cases")).scalar() == 0
        assert connection.execute(text("SELECT count(*) FROM audit_log")).scalar() == 0
    assert store.verify() is None


@pytest.mark.parametrize("url", ["mysql://h/d", "nonsense", "sqlite://", "sqlite:///:memory:"])
def test_another_kind_of_database_is_refused(url: str) -> None:
    with pytest.raises(ChoiceError, match="records database must be"):
        Database(url)


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(ChoiceError) as caught:
        Database("postgresql://u:hush@127.0.0.1:1/d")
    assert "127.0.0.1:1" in str(caught.value)
    assert "hush" not in str(caught.value)


def test_sqlite_keeps_what_was_acknowledged_through_a_power_cut(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "new" / "records.db"))
    with database.reading() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    # 2 is FULL: a commit returns after the data are on disk.
    assert pragmas == {
        "journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 60_000,
    }  # fmt: skip
