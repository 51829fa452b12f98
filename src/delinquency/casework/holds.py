"""What holds in a case and stops something: since when, until when, and who may lift it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from delinquency.casework.history import History


@dataclass(frozen=True)
class HoldFacts:
    """What is the same in every case where something holds.

    Attributes
    ----------
    words : str
        As a refusal says it.
    lifted_by : str
        Who may lift it, and how.
    everything : bool
        Whether it stops every contact that the customer did not ask for; otherwise reminders
        only.
    always : bool
        Whether it stops reminders whatever the policy says.
    """

    words: str
    lifted_by: str
    everything: bool = False
    always: bool = False


HOLD_FACTS: Mapping[str, HoldFacts] = MappingProxyType(
    {
        "death": HoldFacts(
            "the customer has died", "nobody, unless the report was a mistake", True, True
        ),
        "insolvency": HoldFacts(
            "an insolvency proceeding is open", "the court or the administrator", True, True
        ),
        "moratorium": HoldFacts(
            "a moratorium or breathing space runs", "its end, or the debt adviser", True, True
        ),
        "representation": HoldFacts(
            "somebody acts for the customer", "the customer or the representative", True, True
        ),
        "minor": HoldFacts("the customer is under age", "coming of age", True, True),
        "dispute": HoldFacts(
            "a dispute is open", "whoever settles it, with an explanation", True, True
        ),
        "fraud": HoldFacts("a report of fraud is open", "whoever examined it", True, True),
        "complaint": HoldFacts("a complaint is open", "whoever answers it"),
        "illness": HoldFacts("the customer is seriously ill", "the customer's own word"),
        "vulnerability": HoldFacts("the customer needs special care", "a person who knows"),
        "hardship": HoldFacts("hardship was declared", "the customer's own word"),
        "military_service": HoldFacts("the customer is on military service", "its end"),
        "running_plan": HoldFacts("a plan runs", "its end, or breaking it"),
        "promise": HoldFacts("a promised payment is not due yet", "its day", False, True),
        "charge_off": HoldFacts("the debt was charged off", "nobody"),
        "transfer": HoldFacts(
            "the debt was sold or handed over", "its return to the lender", True, True
        ),
        "paid": HoldFacts("nothing is overdue", "the next missed payment", False, True),
    }
)
"""The facts of everything that can hold, by its name in the policy."""


@dataclass(frozen=True)
class Hold:
    """Something that holds in one case.

    Attributes
    ----------
    name : str
    since : datetime or None
    until : date or None
        Last day on which it holds; None when time alone does not end it.
    facts : HoldFacts
    """

    name: str
    since: datetime | None
    until: date | None
    facts: HoldFacts


def holds_of(history: History, today: date, *, overdue: bool) -> dict[str, Hold]:
    """Return everything that holds on a day.

    Parameters
    ----------
    history : History
    today : date
        The customer's calendar day.
    overdue : bool
        Whether anything is overdue, as the policy counts it.

    Returns
    -------
    dict of name to Hold
    """
    out: dict[str, Hold] = {}

    def add(name: str, since: datetime | None, until: date | None = None) -> None:
        if until is None or today <= until:
            out[name] = Hold(name, since, until, HOLD_FACTS[name])

    for name, (since, until) in history.circumstances.items():
        # Expected ends of hardship are no ends: the customer says when it is over.
        add(name, since, None if name == "hardship" else until)
    if history.running_plan is not None:
        record = history.plan_records[history.running_plan]
        add("running_plan", record.since)
    promises = [one for one in history.promises if one.state == "open" and today <= one.due]
    if promises:
        last = max(promises, key=lambda one: one.due)
        add("promise", last.made_at, last.due)
    if history.arrears.known and not overdue:
        add("paid", history.arrears.ended)
    return out
