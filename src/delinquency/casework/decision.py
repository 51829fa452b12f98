"""The answer to every proposed action: allowed or not, by which rule, and from when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from delinquency.policy import Rule


@dataclass(frozen=True)
class Refusal:
    """One rule that stands against an action.

    Attributes
    ----------
    rule : str
        Key of the rule: "contact.hours".
    rule_source : str
        Law, standard or decision behind it, and whether it was verified.
    reason : str
        What the rule says and what came, in plain words.
    until : datetime or None
        When this rule no longer stands against the action, in UTC; None when time alone does
        not help.
    """

    rule: str
    rule_source: str
    reason: str
    until: datetime | None = None


@dataclass(frozen=True)
class Decision:
    """Whether an action is allowed now, and why not.

    Attributes
    ----------
    action : str
        Name of the action.
    allowed : bool
    rule, rule_source, reason : str
        Of the first rule that refuses; of an allowed action, the name of the policy as the
        source and what was checked.
    next_allowed_at : datetime or None
        The next moment at which the action is allowed if nothing else happens, in UTC; the
        asked moment itself when allowed; None when time alone does not help.
    refusals : tuple of Refusal
        Every rule that refuses.
    flags : tuple of str
        What a person should look at before or after the action; flags refuse nothing.
    """

    action: str
    allowed: bool
    rule: str
    rule_source: str
    reason: str
    next_allowed_at: datetime | None = None
    refusals: tuple[Refusal, ...] = ()
    flags: tuple[str, ...] = ()


def refuse(rule: Rule[Any], reason: str, *, until: datetime | None = None) -> Refusal:
    """Return a refusal that cites a rule of the policy."""
    return Refusal(rule.key, rule.cited, reason, until)


# Rules that no policy can switch off: they are the article's cautions C2 and C3.
TONE_SOURCE = "Source article, step 2 and caution (iii): friendly, patient, no threats"
PRIVACY_SOURCE = "Source article, caution (ii): no leaks of personal information"
HELP_SOURCE = "Source article, step 2 and new rules, last point: ask, and offer help"
ORDER_SOURCE = "Source article, steps 1 to 5: help comes before legal means"
CASE_SOURCE = "Our rule, not law: what a case is about ends with it"
STOP_SOURCE = "Our rule, not law: people are left in peace while something else comes first"
OPT_OUT_SOURCE = (
    "Our rule everywhere, and the law in many places (12 CFR 1006.6(e), 1006.14(h)): a customer"
    " who says stop is heard"
)
MONEY_SOURCE = "Our rule, not law: money limits rest on what the case says, never on a claim"
PLAN_SOURCE = "Design of this project (2026-11-24): an offer is exact, affordable and complete"
