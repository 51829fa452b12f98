"""The store against a plain model in memory, over random sequences of writes and crashes."""

import os
import tempfile
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from overdue_factory import make_record
from sqlalchemy import event

from delinquency.casebook.case_store import Store
from delinquency.casebook.clearing import clear_records
from delinquency.casebook.overdue_records import all_records, put_records
from delinquency.casebook.pseudonyms import Key
from delinquency.casebook.stored_cases import append_event, events_of, open_case
from delinquency.errors import CaseworkError
from delinquency.policy import policy_from_dict

POLICY = Path(__file__).parents[2] / "conf" / "policy" / "seed_2021.yaml"
START = datetime(2026, 10, 31, 9, 30, tzinfo=UTC)
FIRST_DAY = date(2026, 1, 1)

accounts = st.sampled_from(["A1", "A2", "A3"])
keys = st.sampled_from(["k1", "k2", "k3", "k4"])
contents = st.integers(0, 2)
days = st.integers(0, 60)
statements = st.integers(0, 12)


class Crash(Exception):
    """The process dies here."""


class StoreMachine(RuleBasedStateMachine):
    """Events by case and records by account and day, as dictionaries would keep them."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.url = f"sqlite:///{Path(self.folder.name) / 'records.db'}"
        self.store = Store(self.url, Key(bytes(range(32))))
        self.policy = policy_from_dict(yaml.safe_load(POLICY.read_text("utf-8")), "seed_2021")
        self.now = START
        self.events: dict[str, dict[str, int]] = {}
        self.cases: dict[str, str] = {}
        self.records: dict[tuple[str, date], date | None] = {}
        self.erased: set[tuple[str, date]] = set()
        self.told: Counter[str] = Counter()

    def _tick(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now

    def _append(self, account: str, key: str, content: int) -> None:
        body = {"kind": "note", "at": START.isoformat(), "content": content}
        with self.store.writing(self._tick()) as journal:
            append_event(journal, self.cases[account], body, idempotency_key=key)

    @rule(account=accounts)
    def open(self, account: str) -> None:
        with self.store.writing(self._tick()) as journal:
            case = open_case(journal, account, policy="seed_2021", idempotency_key="1")
        assert self.cases.setdefault(account, case.case_id) == case.case_id
        self.events.setdefault(account, {})

    @rule(account=accounts, key=keys, content=contents)
    def append(self, account: str, key: str, content: int) -> None:
        if account not in self.cases:
            return
        if self.events[account].get(key, content) != content:
            with pytest.raises(CaseworkError, match="another content"):
                self._append(account, key, content)
            return
        self._append(account, key, content)
        self.events[account].setdefault(key, content)

    @rule(account=accounts, key=keys, content=contents, limit=statements)
    def append_and_crash(self, account: str, key: str, content: int, limit: int) -> None:
        if account not in self.cases or key in self.events[account]:
            return
        seen = 0

        def die(*_: Any) -> None:
            nonlocal seen
            seen += 1
            if seen > limit:
                raise Crash

        engine = self.store.database.engine
        event.listen(engine, "before_cursor_execute", die)
        try:
            self._append(account, key, content)
            self.events[account][key] = content
        except Crash:
            pass
        finally:
            event.remove(engine, "before_cursor_execute", die)

    @rule(account=accounts, opened=days, length=st.none() | days)
    def deliver(self, account: str, opened: int, length: int | None) -> None:
        first = FIRST_DAY + timedelta(opened)
        closed = None if length is None else first + timedelta(length)
        record = make_record(account, opened_on=first, closed_on=closed)
        with self.store.writing(self._tick()) as journal:
            count = put_records(journal, [record], own_lender="bank-a")
        place = (account, first)
        if place in self.erased:
            assert count.erased == 1
        else:
            assert count.new == (place not in self.records)
            self.records[place] = closed

    @rule(day=days)
    def clear(self, day: int) -> None:
        as_of = FIRST_DAY + timedelta(day)
        due = {p for p, closed in self.records.items() if closed is not None and closed <= as_of}
        cleared = clear_records(self.store, as_of=as_of, policy=self.policy, now=self._tick())
        assert cleared.n_records == len(due)
        self.erased |= due
        for place in due:
            del self.records[place]
            # A case is told that a record of its account was cleared.
            self.told[place[0]] += place[0] in self.cases

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = Store(self.url, Key(bytes(range(32))))

    @invariant()
    def holds_what_the_model_holds(self) -> None:
        if not hasattr(self, "store"):
            return
        with self.store.reading() as connection:
            for account, case_id in self.cases.items():
                kept = events_of(connection, case_id)
                assert [one.sequence for one in kept] == list(range(1, len(kept) + 1))
                told = [one for one in kept if one.body["kind"] == "record_cleared"]
                assert len(told) == self.told[account]
                written = {
                    one.idempotency_key: one.body["content"] for one in kept if one not in told
                }
                assert written == self.events[account]
            found = {(r.account_id, r.opened_on): r.closed_on for r in all_records(connection)}
        assert found == self.records
        assert self.store.verify() is None

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            self.folder.cleanup()


TestStoreMachine = StoreMachine.TestCase
# ``make torture`` plays many more.
TestStoreMachine.settings = settings(
    max_examples=60 if "DELINQUENCY_TORTURE" in os.environ else 8,
    stateful_step_count=20,
    deadline=None,
)
