"""The casebook over random actions, events, policies and crashes: no limit breaks, all is kept."""

import os
import tempfile
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import event as sql_event

from delinquency.casebook.case_store import Store
from delinquency.casebook.casebook import Casebook
from delinquency.casebook.moments import Moment
from delinquency.casebook.pseudonyms import Key
from delinquency.casework.actions import (
    Action,
    Call,
    Charge,
    Message,
    OfferHelp,
    TakeLegalStep,
    Visit,
)
from delinquency.casework.events import (
    ConsentGiven,
    ConversationHeld,
    Cured,
    DisputeOpened,
    Event,
    HardshipDeclared,
    WentOverdue,
)
from delinquency.policy import policy_from_dict

FOLDER = Path(__file__).parents[2] / "conf" / "policy"
POLICIES = {
    file.stem: policy_from_dict(yaml.safe_load(file.read_text("utf-8")), file.name)
    for file in sorted(FOLDER.glob("*.yaml"))
}
START = datetime(2026, 10, 30, 0, 0, tzinfo=UTC)
TEXT = "Your payment is overdue. Is there a difficulty? We are glad to help."


actions = st.one_of(
    st.builds(Call, number_id=st.sampled_from(["main", "work"])),
    st.just(Visit()),
    st.builds(Message, channel=st.sampled_from(["letter", "sms", "email"]), text=st.just(TEXT)),
    st.builds(
        Charge, charge=st.just("late_fee"), amount=st.sampled_from([Decimal("1.99"), Decimal(9)]),
        overdue_principal=st.sampled_from([Decimal(200), Decimal(900)]),
    ),
    st.builds(OfferHelp, treatment=st.sampled_from(["autopay", "friendly_talk"])),
    st.builds(
        TakeLegalStep, legal_step=st.just("letter"), human_reason=st.just("no answer at all"),
        sign_off_id=st.sampled_from(["", "so-1"]), willingness_evidence=st.just("strong"),
    ),
)  # fmt: skip
minutes = st.integers(1, 60 * 30)
zones = st.sampled_from(["Asia/Shanghai", "America/New_York", "Europe/Berlin"])


class Crash(Exception):
    """The process dies here."""


class CasebookMachine(RuleBasedStateMachine):
    """One case under a policy; time only moves forward."""

    @initialize(policy=st.sampled_from(sorted(POLICIES)), zone=zones)
    def begin(self, policy: str, zone: str) -> None:
        self.folder = tempfile.TemporaryDirectory()
        url = f"sqlite:///{Path(self.folder.name) / 'records.db'}"
        self.book = Casebook(Store(url, Key(bytes(range(32)))), POLICIES)
        self.policy, self.zone = POLICIES[policy], ZoneInfo(zone)
        self.now, self.writes = START, 0
        self.kept: list[str] = []
        self.number = self.book.open("A1", self._moment(), policy=policy, time_zone=zone)
        self.kept.append("case_opened")
        self._record(
            WentOverdue(at=START, actor="system", amount=Decimal(200), due=date(2026, 10, 1))
        )

    def _moment(self) -> Moment:
        self.writes += 1
        return Moment(self.now, "agent-7f3a", f"write-{self.writes}")

    def _record(self, fact: Event) -> None:
        moment = self._moment()
        for _ in range(2):  # The answer to the first is lost; the writer writes again.
            self.book.record(
                self.number, fact, now=self.now, idempotency_key=moment.idempotency_key
            )
        self.kept.append(fact.kind)

    @rule(passed=minutes)
    def wait(self, passed: int) -> None:
        self.now += timedelta(minutes=passed)

    @rule(action=actions, passed=minutes, crash_at=st.none() | st.integers(0, 15))
    def attempt(self, action: Action, passed: int, crash_at: int | None) -> None:
        self.now += timedelta(minutes=passed)
        moment, seen = self._moment(), 0

        def die(*_: Any) -> None:
            nonlocal seen
            seen += 1
            if crash_at is not None and seen > crash_at:
                raise Crash

        engine = self.book.store.database.engine
        sql_event.listen(engine, "before_cursor_execute", die)
        try:
            self.book.attempt(self.number, action, moment)
        except Crash:
            pass
        finally:
            sql_event.remove(engine, "before_cursor_execute", die)
        # Whatever became of it, the writer asks again under the same name.
        attempt = self.book.attempt(self.number, action, moment)
        self.kept.append(attempt.event.kind)
        if not attempt.allowed:
            payload = attempt.event.body["payload"]
            assert payload["rule"]
            assert payload["rule_source"]

    @rule(heated=st.booleans(), inbound=st.booleans())
    def talk(self, heated: bool, inbound: bool) -> None:
        self._record(
            ConversationHeld(
                at=self.now, actor="agent-7f3a", channel="phone", heated=heated, inbound=inbound
            )
        )

    @rule(what=st.sampled_from(["hardship", "dispute", "consent", "cured"]))
    def happen(self, what: str) -> None:
        head: dict[str, Any] = {"at": self.now, "actor": "agent-7f3a"}
        facts: dict[str, Event] = {
            "hardship": HardshipDeclared(**head),
            "dispute": DisputeOpened(**head, dispute_id="d-1"),
            "consent": ConsentGiven(**head, channel="sms"),
            "cured": Cured(**head, on=self.now.date()),
        }
        self._record(facts[what])

    @invariant()
    def everything_is_kept_once_and_no_limit_is_broken(self) -> None:
        if not hasattr(self, "book"):
            return
        events = self.book.case(self.number).events
        assert Counter(event.kind for event in events) == Counter(self.kept)
        assert self.book.store.verify() is None
        rules = self.policy.contact
        dialled: Counter[tuple[date, str]] = Counter()
        calls: list[datetime] = []
        talked: datetime | None = None
        fees = Decimal(0)
        for event in events:
            local = event.at.astimezone(self.zone)
            if event.kind == "conversation_held":
                talked = event.at
            if event.kind == "contact_attempted":
                assert rules.hours.value.start <= local.time() < rules.hours.value.end
                rest = rules.cool_off_after_conversation_days.value
                assert talked is None or local.date() - talked.astimezone(
                    self.zone
                ).date() >= timedelta(rest)
                if event.channel == "phone":  # type: ignore[attr-defined]
                    dialled[local.date(), event.number_id] += 1  # type: ignore[attr-defined]
                    calls.append(event.at)
            if event.kind == "charge_made":
                fees += event.amount  # type: ignore[attr-defined]
            if event.kind == "cured":
                fees = Decimal(0)
        cap = rules.dials_per_number_per_day_max.value
        assert cap is None or max(dialled.values(), default=0) <= cap
        week = rules.calls_per_7_days_max.value
        for first in calls:
            within = [at for at in calls if first <= at < first + timedelta(days=7)]
            assert week is None or len(within) <= week
        share = self.policy.charges.late_fee_rate_max.value
        # Fees of one event together stay within the share of the largest principal asked, 900.
        assert share is None or fees <= share * 900
        assert "legal_step_taken" not in self.kept  # No plan was ever offered in these cases.

    def teardown(self) -> None:
        if hasattr(self, "book"):
            self.book.store.close()
            self.folder.cleanup()


TestCasebookMachine = CasebookMachine.TestCase
# ``make torture`` plays many more.
TestCasebookMachine.settings = settings(
    max_examples=40 if "DELINQUENCY_TORTURE" in os.environ else 7,
    stateful_step_count=15,
    deadline=None,
)
