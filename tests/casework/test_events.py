import json
from dataclasses import MISSING, fields
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import get_type_hints

import pytest

from delinquency.casework import events as vocabulary
from delinquency.casework.case_file import Case
from delinquency.casework.events import (
    EVENTS,
    CaseOpened,
    CauseConfirmed,
    DocumentsProvided,
    PaymentReceived,
    PromiseMade,
    event_from_dict,
)
from delinquency.errors import CaseworkError, ChoiceError

AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def sample(cls):
    """Build an event of a kind from its field types."""
    hints = get_type_hints(cls)
    values = {}
    for item in fields(cls):
        if item.name in ("at", "actor") or item.default is not MISSING:
            continue
        plain = {str: "x1", int: 3, Decimal: Decimal("10.50"), date: date(2026, 4, 1)}
        value = plain.get(hints[item.name], ("statement", "plan"))
        values[item.name] = cls.choices.get(item.name, (value,))[0]
    if cls is vocabulary.HoursAgreed:
        values = {"start": "09:00", "end": "20:30"}
    return cls(at=AT, actor="agent-7f3a", **values)


@pytest.mark.parametrize("kind", list(EVENTS))
def test_every_event_survives_the_way_through_json(kind):
    event = sample(EVENTS[kind])
    again = event_from_dict(json.loads(json.dumps(event.to_dict())))
    assert again == event
    assert type(again) is EVENTS[kind]


def test_every_event_is_exported_and_documented():
    assert {cls.__name__ for cls in EVENTS.values()} <= set(vocabulary.__all__)
    for cls in EVENTS.values():
        assert cls.__doc__ and not cls.__doc__.startswith(f"{cls.__name__}(")


def test_amounts_keep_their_cents_exactly():
    event = PaymentReceived(at=AT, actor="bank", amount=Decimal("0.10"))
    assert event.payload == {"amount": "0.10", "plan_id": ""}


def test_moments_are_kept_in_utc_and_must_have_a_zone():
    shanghai = datetime(2026, 3, 1, 17, 30, tzinfo=timezone(timedelta(hours=8)))
    assert PaymentReceived(at=shanghai, actor="bank", amount=Decimal(1)).at == AT
    with pytest.raises(CaseworkError, match="at: expected a moment with time zone"):
        PaymentReceived(at=datetime(2026, 3, 1), actor="bank", amount=Decimal(1))


@pytest.mark.parametrize("actor", ["Li Na", "li.na@bank.example", "13812345678", ""])
def test_an_actor_is_a_pseudonym(actor):
    with pytest.raises(CaseworkError, match="actor: expected a pseudonym"):
        PaymentReceived(at=AT, actor=actor, amount=Decimal(1))


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("call 138-1234-5678 or 13812345678", "phone number"),
        ("mail me at a.b@example.org", "e-mail address"),
        ("card 6222 0212 3456 7890 123", "card number"),
        ("id 11010519491231002X", "identity number"),
    ],
)
def test_free_text_with_a_personal_identifier_is_refused_and_not_repeated(words, kind):
    with pytest.raises(CaseworkError) as caught:
        CauseConfirmed(
            at=AT,
            actor="agent-1",
            trait="debt_burden",
            answer="confirmed",
            account_of_facts=words,
        )
    assert kind in str(caught.value)
    assert words not in str(caught.value)


def test_negative_amounts_and_unknown_choices_are_refused():
    with pytest.raises(CaseworkError, match="amount: expected an amount of at least 0"):
        PaymentReceived(at=AT, actor="bank", amount=Decimal("-0.01"))
    with pytest.raises(CaseworkError, match="answer: expected one of confirmed"):
        CauseConfirmed(at=AT, actor="agent-1", trait="debt_burden", answer="guilty")
    with pytest.raises(CaseworkError, match="trait: expected one of economic_condition"):
        CauseConfirmed(at=AT, actor="agent-1", trait="lazy", answer="unclear")


def test_an_unknown_kind_or_field_is_named():
    with pytest.raises(ChoiceError, match="Did you mean 'promise_made'"):
        event_from_dict({"kind": "promise_mad", "at": AT.isoformat(), "actor": "a"})
    with pytest.raises(CaseworkError, match="no such field: colour"):
        event_from_dict(
            {
                "kind": "hardship_ended",
                "at": AT.isoformat(),
                "actor": "a",
                "payload": {"colour": 1},
            }
        )
    with pytest.raises(CaseworkError, match="Missing: actor"):
        event_from_dict({"kind": "hardship_ended", "at": AT.isoformat()})
    with pytest.raises(CaseworkError, match="expected an amount as text"):
        event_from_dict(
            {
                "kind": "payment_received",
                "at": AT.isoformat(),
                "actor": "a",
                "payload": {"amount": 0.1},
            }
        )


def test_lists_come_back_as_tuples():
    event = DocumentsProvided(at=AT, actor="agent-1", documents=("statement", "plan"))
    assert event_from_dict(event.to_dict()).documents == ("statement", "plan")


def test_a_case_keeps_its_events_in_order_and_knows_nothing_of_the_future():
    opened = CaseOpened(at=AT, actor="a", account_id="C-1", time_zone="Asia/Shanghai")
    promise = PromiseMade(
        at=AT + timedelta(days=1),
        actor="a",
        promise_id="p1",
        amount=Decimal(5),
        due=date(2026, 3, 9),
    )
    case = Case("K-1", "C-1", "Asia/Shanghai", events=(promise, opened))
    assert case.events == (opened, promise)
    assert case.until(AT) == (opened,)
    assert case.with_event(promise).events == (opened, promise, promise)
    assert case.events == (opened, promise)


def test_a_case_needs_a_real_time_zone_and_a_pseudonym():
    with pytest.raises(CaseworkError, match="Unknown time zone 'Mars/Olympus'"):
        Case("K-1", "C-1", "Mars/Olympus")
    with pytest.raises(CaseworkError, match="account_id: expected a pseudonym"):
        Case("K-1", "6222021234567890123", "Asia/Shanghai")


def test_a_digest_is_not_mistaken_for_a_phone_number():
    digest = "ab13812345678cd" + "0" * 49
    event = vocabulary.RecordCleared(at=AT, actor="clearing", digest=digest, rule="records")
    assert event.digest == digest


@pytest.mark.parametrize("hours", [("9:61", "20:00"), ("20:00", "09:00"), ("nine", "ten")])
def test_agreed_hours_are_hours_of_one_day(hours):
    with pytest.raises(CaseworkError, match="hours_agreed"):
        vocabulary.HoursAgreed(at=AT, actor="a", start=hours[0], end=hours[1])
