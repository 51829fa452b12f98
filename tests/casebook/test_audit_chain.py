import hashlib
import json
from datetime import datetime

import pytest
from sqlalchemy import text

from delinquency.casebook.audit_chain import GENESIS, BrokenLink, find_broken_link, moment_text
from delinquency.casebook.case_store import Store
from delinquency.casebook.pseudonyms import Key
from delinquency.casebook.stored_cases import append_event, open_case
from delinquency.errors import CaseworkError


@pytest.fixture
def filled(sqlite_store: Store, now: datetime) -> Store:
    """A store of one case and four events: entries 1 to 5."""
    with sqlite_store.writing(now) as journal:
        case = open_case(journal, "A1", policy="seed_2021", idempotency_key="1")
    for number in range(1, 5):
        with sqlite_store.writing(now) as journal:
            body = {"kind": "note", "at": now.isoformat(), "number": number}
            append_event(journal, case.case_id, body, idempotency_key=str(number))
    return sqlite_store


def _tamper(store: Store, *statements: str) -> BrokenLink | None:
    """Do what an intruder with full rights would do, then verify."""
    with store.database.engine.begin() as connection:
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
        for name in names.scalars().all():
            connection.execute(text(f"DROP TRIGGER {name}"))
        for statement in statements:
            connection.execute(text(statement))
    return store.verify()


def test_an_untouched_chain_holds(filled: Store) -> None:
    assert filled.verify() is None


def test_the_first_entry_hashes_its_six_fields_after_the_genesis(filled: Store) -> None:
    with filled.reading() as connection:
        row = connection.execute(text("SELECT * FROM audit_log WHERE sequence = 1")).one()
    assert row.previous_hash == GENESIS == 64 * "0"
    fields = [1, row.recorded_at, "case", row.subject_hash, row.content_hash, GENESIS]
    by_hand = hashlib.sha256(json.dumps(fields, separators=(",", ":")).encode()).hexdigest()
    assert row.entry_hash == by_hand


@pytest.mark.parametrize(
    ("statements", "sequence"),
    [
        (["UPDATE audit_log SET action = 'x' WHERE sequence = 3"], 3),
        (["DELETE FROM audit_log WHERE sequence = 3"], 3),
        (["UPDATE audit_log SET previous_hash = entry_hash WHERE sequence = 4"], 4),
        (["DELETE FROM audit_log WHERE sequence = 5"], 5),
        (["UPDATE audit_head SET sequence = 4"], 4),
        (["UPDATE audit_log SET sequence = 9 WHERE sequence = 5"], 5),
        (["DELETE FROM audit_head"], 0),
    ],
)
def test_the_first_broken_link_is_found(
    filled: Store, statements: list[str], sequence: int
) -> None:
    broken = _tamper(filled, *statements)
    assert broken is not None
    assert broken.sequence == sequence


def test_an_event_changed_behind_the_log_is_found(filled: Store) -> None:
    broken = _tamper(filled, "UPDATE events SET body = '{}' WHERE sequence = 2")
    assert broken is not None
    assert "2 is not what the audit log saw" in broken.reason


def test_an_event_removed_behind_the_log_is_found(filled: Store) -> None:
    # Events 1 to 4 are entries 2 to 5.
    broken = _tamper(filled, "DELETE FROM events WHERE sequence = 4")
    assert broken == BrokenLink(5, "what it speaks of is no longer in the store")


def test_a_chain_rewritten_whole_needs_the_key_to_pass(filled: Store) -> None:
    with filled.reading() as connection:
        assert find_broken_link(connection) is None
    filled.key = Key(bytes(32))
    broken = filled.verify()
    assert broken is not None
    assert "is not what the audit log saw" in broken.reason


def test_the_log_holds_no_account_number(filled: Store) -> None:
    with filled.reading() as connection:
        rows = connection.execute(text("SELECT * FROM audit_log")).all()
    assert "A1" not in {value for row in rows for value in row}


def test_a_moment_without_time_zone_is_refused() -> None:
    with pytest.raises(CaseworkError, match="must have a time zone"):
        moment_text(datetime(2026, 10, 31))
