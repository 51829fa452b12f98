"""Lay two policies side by side, rule by rule."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from delinquency.policy.rule import Rule, Specification, plain
from delinquency.policy.rule_groups import Policy, specifications


@dataclass(frozen=True)
class Difference:
    """One rule in which two policies differ.

    Attributes
    ----------
    key, unit, meaning : str
        The rule.
    first, second : object
        The two values, in JSON's types; None where a policy sets no limit.
    stricter : str
        Name of the policy that protects the customer more, or "" when that cannot be said.
    first_source, second_source : str
        The sources, each with whether it was verified.
    """

    key: str
    unit: str
    meaning: str
    first: object
    second: object
    stricter: str
    first_source: str
    second_source: str


def compare(first: Policy, second: Policy) -> tuple[Difference, ...]:
    """Return the rules whose values differ between two policies, in the order of the file.

    Parameters
    ----------
    first, second : Policy

    Returns
    -------
    tuple of Difference

    Notes
    -----
    Money amounts in different currencies are never ordered.
    """
    differences = []
    for key, specification in specifications().items():
        one, other = first.rule(key), second.rule(key)
        if one.value == other.value:
            continue
        comparable = specification.unit != "currency" or first.currency == second.currency
        side = _stricter(one, other, specification) if comparable else 0
        differences.append(
            Difference(
                key=key,
                unit=specification.unit,
                meaning=specification.meaning,
                first=plain(one.value),
                second=plain(other.value),
                stricter={1: first.name, 2: second.name}.get(side, ""),
                first_source=one.cited,
                second_source=other.cited,
            )
        )
    return tuple(differences)


def _stricter(one: Rule[Any], other: Rule[Any], specification: Specification) -> int:
    """Return 1 or 2 for the side that protects the customer more, 0 when neither can be said."""
    if not specification.protects:
        return 0
    unlimited = Decimal("Infinity") if specification.protects == "low" else Decimal("-Infinity")
    left = unlimited if one.value is None else Decimal(one.value)
    right = unlimited if other.value is None else Decimal(other.value)
    first_is_lower = left < right
    return 1 if first_is_lower == (specification.protects == "low") else 2
