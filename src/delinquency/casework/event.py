"""The form of an event: a moment, who acted, and a payload that a store keeps and reads back.

The events themselves are in ``events``. Events are facts: whether an action is allowed is asked
before it is done, in ``check``.
"""

import re
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, TypeVar, Union, get_args, get_origin, get_type_hints

from delinquency.casework.identifier_masking import find_identifiers, is_pseudonym
from delinquency.errors import CaseworkError
from delinquency.named_choices import Registry

TEXT_LIMIT = 4000
"""Longest free text of an event or a message, in characters."""

DIGITS_MAX = 15
"""Most digits of an amount: more is a slip of the hand, and beyond what a table holds exactly."""

_HEAD = ("at", "actor")
_PLAIN_AMOUNT = re.compile(r"[+-]?\d{1,24}(?:\.\d{1,24})?", re.ASCII)

Kind = TypeVar("Kind", bound="Event")


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened in a case.

    Attributes
    ----------
    kind : str
        Name of the event in the store: "promise_made".
    at : datetime
        When, with time zone; kept in UTC.
    actor : str
        Pseudonym of the person or process that acted.
    """

    kind: ClassVar[str] = ""
    pseudonyms: ClassVar[tuple[str, ...]] = ()
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = types.MappingProxyType({})

    at: datetime
    actor: str

    def __post_init__(self) -> None:
        faults = []
        if self.at.tzinfo is None or self.at.utcoffset() is None:
            faults.append(f"at: expected a moment with time zone. Got {self.at.isoformat()!r}.")
        else:
            object.__setattr__(self, "at", self.at.astimezone(UTC))
        if not is_pseudonym(self.actor):
            faults.append(
                "actor: expected a pseudonym such as 'agent-7f3a', not a name or number."
            )
        for item in fields(self):
            if item.name in _HEAD:
                continue
            faults += self._faults_of(item.name, getattr(self, item.name))
        if faults:
            raise CaseworkError(f"{self.kind}: " + " ".join(faults))

    def _faults_of(self, name: str, value: object) -> list[str]:
        """Return what is wrong with one field of the payload."""
        if value is None:
            return []
        if isinstance(value, Decimal):
            fault = amount_fault(value)
            return [f"{name}: {fault}"] if fault else []
        if isinstance(value, int) and not isinstance(value, bool) and value < 0:
            return [f"{name}: expected at least 0. Got {value}."]
        if name in self.choices and value not in self.choices[name]:
            known = ", ".join(self.choices[name])
            return [f"{name}: expected one of {known}. Got {value!r}."]
        if name in self.pseudonyms:
            optional = any(item.name == name and item.default == "" for item in fields(self))
            if (optional and value == "") or is_pseudonym(str(value)):
                return []
            return [f"{name}: expected a pseudonym or reference id without personal data."]
        if isinstance(value, str):
            if len(value) > TEXT_LIMIT:
                return [f"{name}: expected at most {TEXT_LIMIT} characters. Got {len(value)}."]
            found = sorted({kind for kind, _ in find_identifiers(value)})
            if found:
                return [f"{name}: expected no personal identifier. Got a {', a '.join(found)}."]
        return []

    @property
    def payload(self) -> dict[str, Any]:
        """The event's own fields in JSON's types."""
        return {
            item.name: _plain(getattr(self, item.name))
            for item in fields(self)
            if item.name not in _HEAD
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the event in JSON's types; ``event_from_dict`` reads it back to an equal one."""
        return {
            "kind": self.kind,
            "at": self.at.isoformat(),
            "actor": self.actor,
            "payload": self.payload,
        }


def amount_fault(value: Decimal, *, negative_allowed: bool = False) -> str:
    """Return what is wrong with an amount of money, in words; "" when nothing is."""
    if not value.is_finite() or (value < 0 and not negative_allowed):
        return f"expected an amount of at least 0. Got {value}."
    if len(value.as_tuple().digits) > DIGITS_MAX or value.adjusted() >= DIGITS_MAX:
        return f"expected an amount of at most {DIGITS_MAX} digits."
    return ""


def read_amount(raw: object) -> Decimal:
    """Return an amount that came as text or whole number.

    Raises
    ------
    ValueError
        If it is no plain decimal: no exponent, no NaN, no float, at most ``DIGITS_MAX`` digits.
    """
    if isinstance(raw, bool) or not isinstance(raw, str | int | Decimal):
        raise ValueError(f"expected an amount as text, got {raw!r}")
    text = str(raw).strip()
    if not _PLAIN_AMOUNT.fullmatch(text):
        raise ValueError(f"expected a plain amount such as '1250.00', got {text[:40]!r}")
    value = Decimal(text)
    fault = amount_fault(value, negative_allowed=True)
    if fault:
        raise ValueError(fault.rstrip("."))
    return value


EVENTS: Registry[type[Event]] = Registry("event")
"""Every kind of event by its name in the store."""


def event(kind: str) -> Callable[[type[Kind]], type[Kind]]:
    """Return a decorator that registers a class of events under its name in the store."""

    def register(cls: type[Kind]) -> type[Kind]:
        cls.kind = kind
        EVENTS.add(kind, cls)
        return cls

    return register


def event_from_dict(mapping: Mapping[str, Any]) -> Event:
    """Return the event that ``Event.to_dict`` wrote.

    Parameters
    ----------
    mapping : mapping
        With kind, at (ISO 8601), actor and payload.

    Raises
    ------
    CaseworkError
        If a part is missing, unknown, or of the wrong type.
    ChoiceError
        If there is no such kind of event; the nearest name is given.
    """
    missing = [key for key in ("kind", "at", "actor") if key not in mapping]
    if missing:
        raise CaseworkError(f"An event needs kind, at, actor. Missing: {', '.join(missing)}.")
    cls = EVENTS[str(mapping["kind"])]
    payload = dict(mapping.get("payload") or {})
    hints = get_type_hints(cls)
    names = [item.name for item in fields(cls) if item.name not in _HEAD]
    unknown = sorted(set(payload) - set(names))
    if unknown:
        known = ", ".join(names) or "none"
        raise CaseworkError(f"{cls.kind}: no such field: {', '.join(unknown)}. Known: {known}.")
    try:
        values = {name: _read(payload[name], hints[name]) for name in payload}
        moment = mapping["at"]
        at = moment if isinstance(moment, datetime) else datetime.fromisoformat(str(moment))
        return cls(at=at, actor=str(mapping["actor"]), **values)
    except (ValueError, InvalidOperation) as error:
        raise CaseworkError(f"{cls.kind}: a field has the wrong form: {error}.") from error
    except TypeError as error:
        raise CaseworkError(f"{cls.kind}: a field is missing: {error}.") from error


def _plain(value: object) -> object:
    """Return a value in JSON's types."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _read(raw: object, hint: Any) -> Any:
    """Return a JSON value as the type that the field declares."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        if raw is None:
            return None
        return _read(raw, next(part for part in get_args(hint) if part is not type(None)))
    if origin is tuple:
        if not isinstance(raw, list | tuple):
            raise ValueError(f"expected a list, got {raw!r}")
        return tuple(_read(item, get_args(hint)[0]) for item in raw)
    if hint is Decimal:
        return read_amount(raw)
    if hint is date:
        return raw if isinstance(raw, date) else date.fromisoformat(str(raw))
    if type(raw) is not hint:
        raise ValueError(f"expected {hint.__name__}, got {raw!r}")
    return raw
