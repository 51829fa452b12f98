import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select

from delinquency.casebook.case_store import Store
from delinquency.casebook.database_schema import AUDIT
from delinquency.casebook.pseudonyms import Key
from delinquency.casebook.stored_cases import append_event, cases_of, events_of, open_case
from delinquency.errors import CaseworkError

WRITER = Path(__file__).with_name("writer.py")
N_WRITERS = 8
N_EVENTS = 12


class Crash(Exception):
    """The process dies here."""


def _open(store: Store, now: datetime, account: str = "A1") -> str:
    with store.writing(now) as journal:
        return open_case(journal, account, policy="seed_2021", idempotency_key="1").case_id


def _append(store: Store, now: datetime, case_id: str, number: int, **extra: Any) -> int:
    body = {"kind": "note", "at": now.isoformat(), "number": number, **extra}
    with store.writing(now) as journal:
        return append_event(journal, case_id, body, idempotency_key=str(number)).sequence


def test_events_are_numbered_without_a_gap_in_each_case(store: Store, now: datetime) -> None:
    first, second = _open(store, now, "A1"), _open(store, now, "A2")
    numbers = [_append(store, now, case_id, k) for k, case_id in enumerate([first, second, first])]
    assert numbers == [1, 1, 2]


def test_an_event_comes_back_as_it_was_written(store: Store, now: datetime) -> None:
    case_id = _open(store, now)
    _append(store, now, case_id, 7, text="问候 é", amount="512.40")
    with store.reading() as connection:
        (stored,) = events_of(connection, case_id)
    assert stored.body == {
        "kind": "note", "at": now.isoformat(), "number": 7, "text": "问候 é", "amount": "512.40",
    }  # fmt: skip
    assert (stored.sequence, stored.kind, stored.occurred_at) == (1, "note", now)


def test_the_same_key_adds_an_event_once(store: Store, now: datetime) -> None:
    case_id = _open(store, now)
    assert [_append(store, now, case_id, 1) for _ in range(3)] == [1, 1, 1]
    with store.reading() as connection:
        assert len(events_of(connection, case_id)) == 1
        # One entry for the case, one for the event; a repetition leaves none.
        assert connection.execute(select(func.count()).select_from(AUDIT)).scalar() == 2


def test_the_same_key_with_another_content_is_refused(store: Store, now: datetime) -> None:
    case_id = _open(store, now)
    _append(store, now, case_id, 1)
    with pytest.raises(CaseworkError, match="with another content"):
        _append(store, now, case_id, 1, more=True)


def test_a_case_is_opened_once_for_a_key(store: Store, now: datetime) -> None:
    assert _open(store, now) == _open(store, now)
    with store.reading() as connection:
        assert len(cases_of(connection, "A1")) == 1


def test_a_case_is_not_opened_again_under_another_policy(store: Store, now: datetime) -> None:
    _open(store, now)
    with pytest.raises(CaseworkError, match="under policy"), store.writing(now) as journal:
        open_case(journal, "A1", policy="cn_2026", idempotency_key="1")


@pytest.mark.parametrize("account", ["13812345678", "li@bank.example", "Li Na", ""])
def test_a_direct_identifier_is_no_account_number(
    sqlite_store: Store, now: datetime, account: str
) -> None:
    with pytest.raises(CaseworkError) as caught:
        _open(sqlite_store, now, account)
    assert not account or account not in str(caught.value)


def test_an_event_of_no_case_is_refused(sqlite_store: Store, now: datetime) -> None:
    with pytest.raises(CaseworkError, match="there is none"):
        _append(sqlite_store, now, "c_x", 1)


def test_a_crash_between_any_two_statements_loses_and_repeats_nothing(
    store: Store, now: datetime
) -> None:
    case_id = _open(store, now)
    acknowledged: list[int] = []
    crash_at = 0
    while not acknowledged:
        # Die before the crash_at-th statement of the write, then look at what is left.
        seen = 0

        def die(*_: Any, limit: int = crash_at) -> None:
            nonlocal seen
            seen += 1
            if seen > limit:
                raise Crash

        event.listen(store.database.engine, "before_cursor_execute", die)
        try:
            acknowledged.append(_append(store, now, case_id, 1))
        except Crash:
            pass
        finally:
            event.remove(store.database.engine, "before_cursor_execute", die)
        with store.reading() as connection:
            assert len(events_of(connection, case_id)) == len(acknowledged)
        assert store.verify() is None
        crash_at += 1
    # Reads of head, case, key, last number; writes of event, entry, head: at least seven places.
    assert crash_at >= 7
    assert _append(store, now, case_id, 1) == 1


def test_a_killed_writer_loses_nothing_acknowledged_and_a_retry_repeats_nothing(
    store: Store, url: str, now: datetime
) -> None:
    case_id = _open(store, now)
    command = [sys.executable, str(WRITER), "write", url, case_id, "0"]
    acknowledged = []
    with subprocess.Popen([*command, "100000"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            acknowledged.append(int(line))
            if len(acknowledged) == 9:
                process.send_signal(signal.SIGKILL)
                break
    with store.reading() as connection:
        kept = [stored.body["number"] for stored in events_of(connection, case_id)]
    assert kept[:9] == acknowledged == list(range(9))
    assert store.verify() is None
    # The next writer starts over from the first number, with the same keys.
    last = len(kept) + 3
    subprocess.run([*command, str(last)], check=True, capture_output=True)
    with store.reading() as connection:
        numbers = [stored.body["number"] for stored in events_of(connection, case_id)]
    assert numbers == list(range(last))
    assert store.verify() is None


def test_eight_processes_at_once_lose_and_double_no_event(
    store: Store, url: str, now: datetime
) -> None:
    case_id = _open(store, now)
    command = [sys.executable, str(WRITER), "crowd", url, case_id, str(N_WRITERS), str(N_EVENTS)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=120)
    with store.reading() as connection:
        events = events_of(connection, case_id)
        entries = connection.execute(select(func.count()).select_from(AUDIT)).scalar()
    assert [stored.sequence for stored in events] == list(range(1, N_WRITERS * N_EVENTS + 1))
    assert {(stored.body["writer"], stored.body["number"]) for stored in events} == {
        (f"w{k}", number) for k in range(N_WRITERS) for number in range(N_EVENTS)
    }
    assert entries == 1 + N_WRITERS * N_EVENTS
    assert store.verify() is None


def test_eight_processes_may_make_the_database_at_once(url: str, key: Key) -> None:
    command = [sys.executable, str(WRITER), "make", url, str(N_WRITERS)]
    assert subprocess.run(command, check=False, timeout=120).returncode == 0
    made = Store(url, key)
    try:
        assert made.verify() is None
        with made.reading() as connection:
            assert connection.execute(select(func.count()).select_from(AUDIT)).scalar() == 0
    finally:
        made.close()
