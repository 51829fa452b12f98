import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from delinquency.casebook.case_store import Store
from delinquency.casebook.casebook import Casebook
from delinquency.casebook.moments import Moment
from delinquency.casebook.recorded_actions import fact_of
from delinquency.casebook.role_views import HIDDEN, case_view
from delinquency.casework.actions import (
    Call,
    Charge,
    Decline,
    Message,
    OfferHelp,
    ShareRecord,
    TakeLegalStep,
)
from delinquency.casework.case_file import Case
from delinquency.casework.events import (
    CaseClosed,
    ContactAttempted,
    ContactStopped,
    ConversationHeld,
    LegalStepTaken,
    PromiseMade,
    QuestionAsked,
    WentOverdue,
    event_from_dict,
)
from delinquency.errors import CaseworkError, ChoiceError
from delinquency.policy import Policy

WRITER = Path(__file__).with_name("writer.py")
POLICY = Path(__file__).parents[2] / "conf" / "policy" / "seed_2021.yaml"
# Ten in the morning in Shanghai, on a Tuesday.
MORNING = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)


def _moment(name: str, minutes: float = 0) -> Moment:
    return Moment(MORNING + timedelta(minutes=minutes), "agent-7f3a", name)


@pytest.fixture
def casebook(store: Store, seed_policy: Policy) -> Casebook:
    return Casebook(store, {"seed_2021": seed_policy})


@pytest.fixture
def case_id(casebook: Casebook) -> str:
    """A case that was opened yesterday and is eight days past due."""
    opened = Moment(MORNING - timedelta(days=1), "system", "open")
    number = casebook.open("A1", opened, policy="seed_2021", time_zone="Asia/Shanghai")
    overdue = WentOverdue(
        at=opened.at, actor="system", amount=Decimal("200.00"), due=date(2026, 10, 26)
    )
    casebook.record(number, overdue, now=MORNING, idempotency_key="overdue")
    return number


def _kinds(casebook: Casebook, case_id: str) -> list[str]:
    return [event.kind for event in casebook.case(case_id).events]


def test_an_allowed_action_is_recorded_as_it_was_checked(casebook: Casebook, case_id: str) -> None:
    attempt = casebook.attempt(case_id, Call(number_id="mobile"), _moment("call-1"))
    assert attempt.allowed
    last = casebook.case(case_id).events[-1]
    assert last == ContactAttempted(
        at=MORNING, actor="agent-7f3a", channel="phone", number_id="mobile", purpose="reminder"
    )


def test_a_refusal_is_recorded_with_its_rule_and_source(
    casebook: Casebook, case_id: str, seed_policy: Policy
) -> None:
    # 10:00 + 13 hours is 23:00 in Shanghai; the hours end at 22:00 and begin at 08:00.
    late = _moment("call-1", minutes=13 * 60)
    attempt = casebook.attempt(case_id, Call(), late)
    assert not attempt.allowed
    assert attempt.decision is not None
    assert attempt.decision.next_allowed_at == datetime(2026, 11, 4, 0, 0, tzinfo=UTC)
    assert attempt.event.kind == "action_refused"
    assert attempt.event.body["payload"]["rule"] == "contact.hours"
    assert attempt.event.body["payload"]["rule_source"] == seed_policy.contact.hours.cited


def test_a_decline_is_recorded_only_with_the_reason_that_a_person_gave(
    casebook: Casebook, case_id: str
) -> None:
    silent = casebook.attempt(case_id, Decline("higher limit"), _moment("decline-1"))
    assert (silent.allowed, silent.event.kind) == (False, "action_refused")
    reasoned = Decline("higher limit", "No income since August; asked on the phone.")
    told = casebook.attempt(case_id, reasoned, _moment("decline-2"))
    assert told.allowed
    assert told.event.body["payload"] == {
        "decision": "higher limit",
        "human_reason": "No income since August; asked on the phone.",
    }
    with pytest.raises(CaseworkError, match=r"Casebook\.attempt"):
        fact = event_from_dict(told.event.body)
        casebook.record(case_id, fact, now=MORNING, idempotency_key="slip")


def test_the_reason_for_a_legal_step_is_kept_with_it() -> None:
    step = TakeLegalStep("letter", "Two plans refused; income unchanged.", "so-1", "strong")
    case = Case("K1", "A1", "Asia/Shanghai")
    fact = fact_of(step, case, _moment("law"), "ref")
    assert fact == LegalStepTaken(
        at=MORNING,
        actor="agent-7f3a",
        legal_step="letter",
        sign_off_id="so-1",
        human_reason="Two plans refused; income unchanged.",
    )


def test_asking_changes_nothing(casebook: Casebook, case_id: str) -> None:
    before = _kinds(casebook, case_id)
    decision = casebook.ask(case_id, TakeLegalStep("letter"), at=MORNING)
    assert not decision.allowed
    assert _kinds(casebook, case_id) == before


def test_a_repeated_attempt_repeats_nothing(casebook: Casebook, case_id: str) -> None:
    first = casebook.attempt(case_id, Call(), _moment("call-1"))
    again = casebook.attempt(case_id, Call(), _moment("call-1", minutes=5))
    assert (again.allowed, again.event, again.decision) == (True, first.event, None)
    assert _kinds(casebook, case_id).count("contact_attempted") == 1


def test_a_key_belongs_to_one_action(casebook: Casebook, case_id: str) -> None:
    casebook.attempt(case_id, Call(), _moment("key-1"))
    for other in (Call(number_id="mobile"), OfferHelp("autopay"), Call(purpose="help")):
        with pytest.raises(CaseworkError, match="needs a key of its own"):
            casebook.attempt(case_id, other, _moment("key-1", minutes=5))
    assert _kinds(casebook, case_id).count("contact_attempted") == 1


def test_a_second_case_of_an_account_joins_the_open_one(casebook: Casebook, case_id: str) -> None:
    again = casebook.open("A1", _moment("open-2"), policy="seed_2021", time_zone="Asia/Shanghai")
    assert again == case_id
    closed = CaseClosed(at=MORNING, actor="agent-7f3a", reason="settled")
    casebook.record(case_id, closed, now=MORNING, idempotency_key="close")
    later = casebook.open(
        "A1", _moment("open-3", minutes=1), policy="seed_2021", time_zone="Asia/Shanghai"
    )
    assert later != case_id
    # What the customer said once holds for the account: here, not to be called.
    stop = ContactStopped(at=MORNING, actor="customer", channel="phone")
    casebook.record(case_id, stop, now=MORNING, idempotency_key="stop")
    asked = casebook.ask(later, Call(), at=MORNING + timedelta(minutes=5))
    assert "contact.stopped" in [refusal.rule for refusal in asked.refusals]


def test_nothing_is_written_for_the_future_and_the_log_has_its_own_time(
    casebook: Casebook, case_id: str
) -> None:
    clock = MORNING + timedelta(days=2)
    early = Moment(clock + timedelta(minutes=1), "agent-7f3a", "early", clock)
    with pytest.raises(CaseworkError, match="before it happens"):
        casebook.attempt(case_id, Call(), early)
    late = casebook.attempt(case_id, Call(), Moment(MORNING, "agent-7f3a", "late", clock))
    assert (late.event.occurred_at, late.event.recorded_at) == (MORNING, clock)
    view = case_view(casebook.store, case_id, role="manager")
    assert view["events"][-1]["late_entry"] is True


def test_what_the_lender_does_cannot_be_slipped_in_as_a_fact(
    casebook: Casebook, case_id: str
) -> None:
    fact = ContactAttempted(at=MORNING, actor="agent-7f3a", channel="phone")
    with pytest.raises(CaseworkError, match=r"Casebook\.attempt"):
        casebook.record(case_id, fact, now=MORNING, idempotency_key="x")


def test_an_action_cannot_be_dated_back_before_what_would_forbid_it(
    casebook: Casebook, case_id: str
) -> None:
    casebook.attempt(case_id, Call(), _moment("call-1"))
    with pytest.raises(CaseworkError, match="after the last event"):
        casebook.attempt(case_id, Call(), _moment("call-2", minutes=-30))


def test_a_fact_cannot_be_recorded_before_it_happens(casebook: Casebook, case_id: str) -> None:
    fact = QuestionAsked(at=MORNING, actor="agent-7f3a", question_id="q1")
    with pytest.raises(CaseworkError, match="must have happened"):
        casebook.record(case_id, fact, now=MORNING - timedelta(1), idempotency_key="q")


def test_a_conversation_stops_the_next_call(casebook: Casebook, case_id: str) -> None:
    casebook.attempt(case_id, Call(), _moment("call-1"))
    spoke = ConversationHeld(
        at=MORNING + timedelta(minutes=1), actor="agent-7f3a", channel="phone"
    )
    casebook.record(case_id, spoke, now=spoke.at, idempotency_key="talk-1")
    attempt = casebook.attempt(case_id, Call(), _moment("call-2", minutes=60))
    assert not attempt.allowed
    assert attempt.event.body["payload"]["rule"].startswith("contact.")


def test_every_kind_of_action_leaves_its_fact(casebook: Casebook, case_id: str) -> None:
    text = "Your payment of 200.00 is overdue. Is there a difficulty? We are glad to help."
    actions = [
        Message(channel="letter", text=text),
        OfferHelp("autopay"),
        Charge("late_fee", Decimal("2.00"), Decimal("200.00")),
    ]
    kinds = []
    for number, action in enumerate(actions):
        attempt = casebook.attempt(case_id, action, _moment(f"do-{number}", number))
        assert attempt.decision is not None
        kinds.append((attempt.event.kind, attempt.decision.rule))
    assert [kind for kind, _ in kinds] == ["message_sent", "help_offered", "charge_made"], kinds


def test_an_action_without_a_fact_can_be_asked_but_not_done(
    casebook: Casebook, case_id: str
) -> None:
    casebook.ask(case_id, ShareRecord(consent=True), at=MORNING)
    with pytest.raises(ChoiceError, match="share_record"):
        casebook.attempt(case_id, ShareRecord(consent=True), _moment("share"))


def test_an_unknown_policy_is_refused(casebook: Casebook) -> None:
    with pytest.raises(ChoiceError, match="policy 'seed_2012'. Did you mean 'seed_2021'"):
        casebook.open("A1", _moment("open"), policy="seed_2012", time_zone="Asia/Shanghai")


def test_managers_who_act_at_once_cannot_break_a_cap_together(
    url: str, casebook: Casebook, case_id: str, seed_policy: Policy
) -> None:
    # Eight processes each ask for three calls at one moment.
    command = [sys.executable, str(WRITER), "call", url, case_id, "8", "3"]
    subprocess.run([*command, str(POLICY), MORNING.isoformat()], check=True, timeout=120)
    kinds = _kinds(casebook, case_id)
    rules = seed_policy.contact
    caps = (rules.dials_per_number_per_day_max.value, rules.calls_per_7_days_max.value)
    allowed = kinds.count("contact_attempted")
    assert allowed == min(cap for cap in caps if cap is not None)
    assert allowed + kinds.count("action_refused") == 24
    assert casebook.store.verify() is None


@pytest.fixture
def told(casebook: Casebook, case_id: str) -> Iterator[tuple[Store, str]]:
    """A case with an amount, a typed text and a reference."""
    facts: list[Any] = [
        PromiseMade(
            at=MORNING, actor="agent-7f3a", promise_id="pr-1", amount=Decimal("512.40"),
            due=date(2026, 11, 20),
        ),
        QuestionAsked(
            at=MORNING, actor="agent-7f3a", question_id="q-1", about="lost work in August"
        ),
    ]  # fmt: skip
    for number, fact in enumerate(facts):
        casebook.record(case_id, fact, now=MORNING, idempotency_key=f"fact-{number}")
    yield casebook.store, case_id


@pytest.mark.parametrize(
    ("role", "seen", "unseen"),
    [
        ("manager", ["A1", "agent-7f3a", "512.40", "lost work", "pr-1", "T02:00"], ["fact-0"]),
        ("auditor", ["A1", "agent-7f3a", "512.40", "pr-1", "fact-0"], ["lost work"]),
        ("analyst", ["promise_made", "2026-11-03", "2026-11-20"],
         ["\"A1\"", "agent-7f3a", "512.40", "lost work", "pr-1", "fact-0", "T02:00"]),
    ],
)  # fmt: skip
def test_a_role_sees_what_its_work_needs(
    told: tuple[Store, str], role: str, seen: list[str], unseen: list[str]
) -> None:
    store, case_id = told
    text = json.dumps(case_view(store, case_id, role=role))
    assert [word for word in seen if word not in text] == []
    assert [word for word in unseen if word in text] == []


def test_an_analysts_numbers_cannot_be_joined(told: tuple[Store, str]) -> None:
    store, case_id = told
    view = case_view(store, case_id, role="analyst")
    assert case_id not in json.dumps(view)
    assert view["events"][-1]["payload"]["about"] == HIDDEN


def test_an_unknown_role_sees_nothing(told: tuple[Store, str]) -> None:
    with pytest.raises(ChoiceError, match="role 'owner'"):
        case_view(told[0], told[1], role="owner")
