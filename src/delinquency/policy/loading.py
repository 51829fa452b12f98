"""Build a policy from the plain mapping of its file, naming every fault at once."""

import hashlib
import json
import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import fields
from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

from delinquency.errors import PolicyError
from delinquency.policy.rule import ORIGINS, Rule, Specification, plain, read_date
from delinquency.policy.rule_groups import GROUPS, Policy

HEAD = ("name", "version", "title", "title_zh", "jurisdiction", "currency")
"""The keys of a policy file that are not rules."""

RULE_KEYS = (
    "value",
    "unit",
    "basis",
    "source",
    "verified",
    "effective_from",
    "effective_to",
    "note",
    "origin",
)
"""What a rule may say; ``unit``, ``effective_to`` and ``note`` may be left out."""


@lru_cache(maxsize=1)
def _base_rules() -> dict[str, Any]:
    """Return the base file as it was read; callers get copies."""
    text = files("delinquency.policy").joinpath("base.yaml").read_text(encoding="utf-8")
    rules: dict[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return rules


def base_rules() -> dict[str, Any]:
    """Return the rules that hold where a policy file says nothing else, as a plain mapping."""
    return deepcopy(_base_rules())


def _on_base(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Return a policy file's differences laid over the base; what fits nowhere stays as it is.

    Notes
    -----
    A rule that gives a value of its own takes nothing of the base's source, dates or note: a
    limit never stands under the source of another.
    """
    out: dict[str, Any] = dict(mapping)
    for group, rules in base_rules().items():
        given = mapping.get(group, {})
        if not isinstance(given, Mapping):
            continue
        merged: dict[str, Any] = {**rules, **given}
        for name, rule in rules.items():
            own = given.get(name)
            if isinstance(own, Mapping):
                kept = {key: rule[key] for key in ("unit", "basis")}
                # A value alone (from the command line) stays under the base's head.
                merged[name] = {**(rule if set(own) == {"value"} else kept), **own}
        out[group] = merged
    return out


def policy_from_dict(mapping: Mapping[str, Any], where: str) -> Policy:
    """Return the typed policy that a mapping describes.

    Parameters
    ----------
    mapping : mapping
        A policy file as read: the keys of ``HEAD``, and the rules that are not the base's.
    where : str
        Name of the file, for error texts.

    Returns
    -------
    Policy

    Raises
    ------
    PolicyError
        With every fault: its key, what was expected, what came.
    """
    faults: list[str] = []
    if not isinstance(mapping, Mapping):
        raise PolicyError(f"{where}: expected a mapping of rules. Got {mapping!r}.")
    mapping = _on_base(mapping)
    _report_unknown(mapping, (*HEAD, *GROUPS), "", faults)
    head: dict[str, Any] = {key: _text(mapping.get(key), key, faults) for key in HEAD}
    if head["currency"] and not re.fullmatch(r"[A-Z]{3}", head["currency"]):
        faults.append(_fault("currency", "a code such as CNY", head["currency"]))
    groups: dict[str, Any] = {}
    for group, record in GROUPS.items():
        raw = mapping.get(group)
        if not isinstance(raw, Mapping):
            faults.append(_fault(group, "a mapping of rules", raw))
            continue
        _report_unknown(raw, [item.name for item in fields(record)], f"{group}.", faults)
        rules = {
            item.name: _rule(
                raw.get(item.name), f"{group}.{item.name}", item.metadata["specification"], faults
            )
            for item in fields(record)
        }
        groups[group] = record(**rules)
    if not faults:
        policy = Policy(**head, **groups)
        faults += _contradictions(policy)
    if faults:
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        lines = "\n".join(f"  {fault}" for fault in faults)
        raise PolicyError(f"{where}: {count} in the policy.\n{lines}\nSee docs/policy.md.")
    return policy


def policy_to_dict(policy: Policy) -> dict[str, Any]:
    """Return the policy in JSON's types; ``policy_from_dict`` reads it back to an equal one."""
    out: dict[str, Any] = {key: getattr(policy, key) for key in HEAD}
    for group, record in GROUPS.items():
        rules = getattr(policy, group)
        out[group] = {}
        for item in fields(record):
            rule = getattr(rules, item.name)
            out[group][item.name] = {key: plain(getattr(rule, key)) for key in RULE_KEYS}
    return out


def policy_digest(policy: Policy) -> str:
    """Return the SHA-256 of a policy's content, to be noted beside what it decided."""
    text = json.dumps(policy_to_dict(policy), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def rules_out_of_date(policy: Policy, on: date) -> tuple[Rule[Any], ...]:
    """Return the rules whose source is not in force on a day.

    Notes
    -----
    A policy that has been chosen is applied whole, whatever the day: a limit that is not yet law
    protects the customer all the same. The reader is told instead.
    """
    return tuple(rule for rule in policy.rules if not rule.in_force(on))


def _fault(key: str, expected: str, came: object, mend: str = "") -> str:
    """Return one fault as a line."""
    return f"{key}: expected {expected}. Got {came!r}. {mend}".rstrip()


def _text(raw: object, key: str, faults: list[str]) -> str:
    """Read a text that may not be empty; a version may be typed as a number."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        raw = str(raw)
    if not isinstance(raw, str) or not raw.strip():
        faults.append(_fault(key, "a text", raw))
        return ""
    return raw


def _report_unknown(
    mapping: Mapping[Any, Any], known: Any, prefix: str, faults: list[str]
) -> None:
    """Report keys that do not exist, with the nearest that does."""
    for key in mapping:
        if key not in known:
            near = get_close_matches(str(key), list(known), n=1)
            mend = f"Did you mean {near[0]!r}?" if near else "Take it out."
            faults.append(f"{prefix}{key}: no such key. {mend}")


def _rule(raw: object, key: str, specification: Specification, faults: list[str]) -> Rule[Any]:
    """Read one rule; what cannot be read is reported and stands as None for the moment."""
    if not isinstance(raw, Mapping):
        wanted = "a rule with value, unit, basis, source, verified, effective_from"
        faults.append(_fault(key, wanted, raw, f"It means: {specification.meaning}"))
        raw = None
    entry: Mapping[Any, Any] = {} if raw is None else raw
    if raw is not None:
        _report_unknown(entry, RULE_KEYS, f"{key}.", faults)
    read: dict[str, Any] = {}

    def attempt(part: str, reader: Any, default: Any = ...) -> None:
        read[part] = None
        if raw is None:
            return
        if part not in entry and default is ...:
            faults.append(f"{key}.{part}: expected, but it is missing.")
            return
        try:
            read[part] = reader(entry.get(part, default))
        except ValueError as error:
            faults.append(_fault(f"{key}.{part}", str(error), entry.get(part, default)))

    attempt("value", specification.read)
    attempt("unit", lambda unit: _same(unit, specification.unit))
    attempt("basis", _words)
    attempt("source", _words)
    attempt("verified", _true_or_false)
    attempt("effective_from", read_date)
    attempt("effective_to", lambda day: None if day is None else read_date(day), None)
    attempt("note", lambda note: "" if note is None else str(note), "")
    attempt("origin", _origin)
    start, end = read["effective_from"], read["effective_to"]
    if start and end and end < start:
        faults.append(_fault(f"{key}.effective_to", f"a date from {start} on", end.isoformat()))
    return Rule(key=key, **read)


def _same(unit: object, wanted: str) -> str:
    """Read a unit, which must be the one the code counts in."""
    if unit != wanted:
        raise ValueError(f"the unit {wanted!r}")
    return wanted


def _words(raw: object) -> str:
    """Read a text that may not be empty."""
    if not isinstance(raw, str) or not raw.strip():
        raise ValueError("a text")
    return raw


def _origin(raw: object) -> str:
    """Read where a rule comes from."""
    if raw not in ORIGINS:
        raise ValueError(f"one of {', '.join(ORIGINS)}")
    return str(raw)


def _true_or_false(raw: object) -> bool:
    """Read true or false."""
    if not isinstance(raw, bool):
        raise ValueError("true or false")
    return raw


def _contradictions(policy: Policy) -> list[str]:
    """Return where two rules of a policy cannot both hold."""
    faults = []
    records, contact, charges = policy.records, policy.contact, policy.charges
    if records.clear_mode.value == "after_years" and records.clear_years.value is None:
        faults.append(_fault("records.clear_years", "years, as clear_mode is after_years", None))
    repair = [
        records.repair_amount_max.value,
        records.repair_overdue_from.value,
        records.repair_overdue_to.value,
        records.repair_repaid_by.value,
    ]
    if None in repair and any(part is not None for part in repair):
        given = [plain(part) for part in repair]
        faults.append(_fault("records.repair_*", "all four values or none of them", given))
    elif records.repair_overdue_from.value and records.repair_overdue_to.value:
        start, end = records.repair_overdue_from.value, records.repair_overdue_to.value
        if end < start:
            wanted = f"a date from {start} on"
            faults.append(_fault("records.repair_overdue_to", wanted, end.isoformat()))
    unused = set(contact.consent_channels.value) - set(contact.channels.value)
    if unused:
        wanted = f"channels among {', '.join(contact.channels.value)}"
        faults.append(_fault("contact.consent_channels", wanted, sorted(unused)))
    heated = contact.cool_off_after_heated_days.value
    calm = contact.cool_off_after_conversation_days.value
    if heated < calm:
        wanted = f"at least the {calm} days after any conversation"
        faults.append(_fault("contact.cool_off_after_heated_days", wanted, heated))
    first, repeat = charges.late_fee_first_max.value, charges.late_fee_repeat_max.value
    if (first is None) != (repeat is None):
        wanted = "a value exactly when late_fee_first_max has one"
        faults.append(_fault("charges.late_fee_repeat_max", wanted, plain(repeat)))
    return faults
