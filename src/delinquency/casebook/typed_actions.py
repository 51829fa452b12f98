"""An action as it is typed on the command line, read as what may be asked for."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import get_type_hints

from delinquency.casework.actions import (
    Action,
    Call,
    Charge,
    Decline,
    Message,
    OfferHelp,
    OfferPlan,
    ShareRecord,
    TakeLegalStep,
    TransferDebt,
    Visit,
)
from delinquency.casework.event import read_amount
from delinquency.casework.plans import Plan, extension_plan, hardship_plan, instalment_plan
from delinquency.errors import CaseworkError, ChoiceError, unknown_name

ACTIONS: Mapping[str, type[Action]] = {
    kind.name: kind
    for kind in (
        Call,
        Visit,
        Message,
        Charge,
        OfferPlan,
        OfferHelp,
        TakeLegalStep,
        Decline,
        ShareRecord,
        TransferDebt,
    )
}
"""What may be asked for, by name."""
_PLAN_NEEDS = ("balance", "months", "annual_rate", "first_due")


def parse_action(raw: Mapping[str, object]) -> Action:
    """Return the action that a mapping describes.

    Parameters
    ----------
    raw : mapping
        ``name`` and the action's fields; amounts are best given as text. A plan is described by
        balance, months, annual_rate and first_due.

    Raises
    ------
    ChoiceError
        With the nearest name, or the fields that are missing or unknown.

    Examples
    --------
    >>> parse_action({"name": "offer_help", "treatment": "autopay"})
    OfferHelp(treatment='autopay', willingness_evidence=None)
    """
    values = {str(key): value for key, value in raw.items()}
    name = str(values.pop("name", ""))
    if name not in ACTIONS:
        raise unknown_name("action", name, list(ACTIONS))
    cls = ACTIONS[name]
    known = [item.name for item in fields(cls)]
    unknown = sorted(set(values) - set(known))
    if unknown:
        listed = ", ".join(known) or "none"
        raise ChoiceError(f"case.action: {name} has no {', '.join(unknown)}. Known: {listed}.")
    hints = get_type_hints(cls, localns={"Plan": Plan})
    try:
        read = {key: _read(value, hints[key]) for key, value in values.items()}
        return cls(**read)
    except (TypeError, ValueError, InvalidOperation, KeyError, CaseworkError) as error:
        raise ChoiceError(
            f"case.action: {name} needs {', '.join(known)} in the right form. Got: {error}."
        ) from None


def _read(value: object, hint: object) -> object:
    """Return a value of the command line as the type of a field."""
    if value is None:
        return None
    if hint in (Decimal, Decimal | None):
        return read_amount(str(value) if isinstance(value, float) else value)
    if hint is Plan:
        return _read_plan(value)
    if hint in (date, date | None):
        return date.fromisoformat(str(value))
    if hint is bool and not isinstance(value, bool):
        raise ValueError(f"expected true or false, got {value!r}")
    return value


_PLAN_FORMS: Mapping[str, tuple[Callable[..., Plan], tuple[str, ...]]] = {
    "instalments": (instalment_plan, ("fee",)),
    "extension": (extension_plan, ()),
    "hardship_reduction": (hardship_plan, ("reduced_to", "reduced_months")),
}
"""How each kind of plan is drawn up, and what it takes beside the four parts of all."""


def _read_plan(raw: object) -> Plan:
    """Return the plan that a mapping describes; an unknown key is never left out in silence."""
    if not isinstance(raw, Mapping):
        raise ValueError(f"a plan as a mapping, not {raw!r}")
    kind = str(raw.get("treatment", "instalments"))
    if kind not in _PLAN_FORMS:
        raise unknown_name("plan", kind, list(_PLAN_FORMS))
    draw_up, more = _PLAN_FORMS[kind]
    known = ("treatment", *_PLAN_NEEDS, *more)
    unknown = sorted(set(map(str, raw)) - set(known))
    if unknown:
        raise ValueError(f"a plan of {kind} with {', '.join(unknown)}; known: {', '.join(known)}")
    needed = [*_PLAN_NEEDS, *(name for name in more if name != "fee")]
    missing = [name for name in needed if name not in raw]
    if missing:
        raise ValueError(f"a plan of {kind} without {', '.join(missing)}")
    values: dict[str, object] = {}
    for name, value in raw.items():
        if name in ("months", "reduced_months"):
            values[name] = int(value)
        elif name == "first_due":
            values[name] = date.fromisoformat(str(value))
        elif name not in ("treatment", "balance"):
            values[str(name)] = read_amount(str(value))
    return draw_up(read_amount(str(raw["balance"])), **values)
