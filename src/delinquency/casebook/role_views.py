"""What each role may see of a case: the least that its work needs.

The fields of an event are of four kinds, and the kind follows from the event's own declaration: a
*reference* (a pseudonym), a *text* that a person typed, an *amount*, and a *code* (all else: words
of a list, days, flags, counts).
"""

import types
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from decimal import Decimal
from typing import Any, get_type_hints

from delinquency.casebook import stored_cases
from delinquency.casebook.case_store import Store
from delinquency.casebook.pseudonyms import pseudonym
from delinquency.casebook.stored_cases import StoredEvent
from delinquency.casework.event import EVENTS, Event
from delinquency.errors import unknown_name

HIDDEN = "[hidden]"
_CODED = (
    *("rule", "rule_source", "treatment", "plan_kind", "time_zone", "start", "end"),
    *("digest", "text_digest"),
)
"""Text fields whose words come from a list or a rule, not from a person."""


@dataclass(frozen=True)
class Role:
    """What a role may see.

    Attributes
    ----------
    purpose : str
        What the role is for.
    sees : frozenset of str
        Of: "account" (the account's own pseudonym), "actor", "moment" (to the second; else the
        day), "reference", "text", "amount", "write" (number, key and moment of the write).
    """

    purpose: str
    sees: frozenset[str]


ROLES: Mapping[str, Role] = types.MappingProxyType(
    {
        "analyst": Role("studies what works, never whom", frozenset()),
        "manager": Role(
            "handles the case",
            frozenset({"account", "actor", "moment", "reference", "text", "amount"}),
        ),
        "auditor": Role(
            "examines how it was handled",
            frozenset({"account", "actor", "moment", "reference", "amount", "write"}),
        ),
    }
)
"""The roles by name. An analyst's pseudonyms cannot be joined with any other without the key."""


def case_view(store: Store, case_id: str, *, role: str) -> dict[str, Any]:
    """Return a case as a role may see it, in JSON's types.

    Parameters
    ----------
    store : Store
    case_id : str
    role : str
        A name of ``ROLES``.

    Returns
    -------
    dict
        ``role``, ``case_id``, ``account_id``, ``policy``, ``opened_at``, and ``events``, oldest
        first.

    Raises
    ------
    ChoiceError
        If there is no such role.
    """
    if role not in ROLES:
        raise unknown_name("role", role, list(ROLES))
    sees = ROLES[role].sees
    with store.reading() as connection:
        case = stored_cases.require_case(connection, case_id)
        events = stored_cases.events_of(connection, case_id)
    whole = "account" in sees
    return {
        "role": role,
        "case_id": case.case_id if whole else pseudonym(store.key, case_id, purpose=role),
        "account_id": (
            case.account_id if whole else pseudonym(store.key, case.account_id, purpose=role)
        ),
        "policy": case.policy,
        "opened_at": _moment(case.opened_at.isoformat(), sees),
        "events": [_event_view(stored, sees) for stored in events],
    }


LATE_AFTER = timedelta(hours=1)
"""An event written down later than this is a late entry, and shows as one."""


def is_late_entry(stored: StoredEvent) -> bool:
    """Return whether an event was written down long after it is said to have happened."""
    return stored.recorded_at - stored.occurred_at > LATE_AFTER


def _event_view(stored: StoredEvent, sees: frozenset[str]) -> dict[str, Any]:
    """Return one event as a role may see it."""
    view: dict[str, Any] = {
        "kind": stored.kind,
        "at": _moment(stored.occurred_at.isoformat(), sees),
    }
    if "actor" in sees:
        view["actor"] = stored.body.get("actor")
    if "write" in sees:
        view["sequence"] = stored.sequence
        view["idempotency_key"] = stored.idempotency_key
        view["recorded_at"] = stored.recorded_at.isoformat()
    if is_late_entry(stored):
        view["late_entry"] = True
    kinds = field_kinds(EVENTS[stored.kind])
    payload = stored.body.get("payload") or {}
    view["payload"] = {
        name: value if not value or _visible(name, kinds[name], sees) else HIDDEN
        for name, value in payload.items()
    }
    return view


def field_kinds(event: type[Event]) -> dict[str, str]:
    """Return for each field of an event whether it is a reference, text, amount or code."""
    hints = get_type_hints(event)
    kinds = {}
    for item in fields(event):
        if item.name in ("at", "actor"):
            continue
        if item.name in event.pseudonyms:
            kinds[item.name] = "reference"
        elif hints[item.name] in (Decimal, Decimal | None):
            kinds[item.name] = "amount"
        elif item.name in event.choices or item.name in _CODED:
            kinds[item.name] = "code"
        else:
            kinds[item.name] = "text" if hints[item.name] in (str, str | None) else "code"
    return kinds


def _visible(name: str, kind: str, sees: frozenset[str]) -> bool:
    """Whether a field of a kind is seen; the account's number is of its own kind."""
    return kind == "code" or (("account" if name == "account_id" else kind) in sees)


def _moment(text: str, sees: frozenset[str]) -> str:
    """Return a moment to the second, or its day."""
    return text if "moment" in sees else text[:10]
