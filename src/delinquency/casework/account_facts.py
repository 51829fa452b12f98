"""What a proposal rests on for one account, and the case that it stands for."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from delinquency.casework.case_file import Case, zone_of
from delinquency.casework.case_view import view_of
from delinquency.casework.events import (
    ContactAttempted,
    ConversationHeld,
    DisputeOpened,
    Event,
    HardshipDeclared,
    MessageSent,
    PlanAccepted,
    PlanOffered,
    PlanRefused,
    VulnerabilityFlagged,
)
from delinquency.casework.plans import add_months
from delinquency.errors import CaseworkError
from delinquency.policy import Policy

CONTACT_KINDS = ("attempt", "conversation", "heated", "message")
"""Words for recent contacts: "2026-10-30 attempt; 2026-10-31 conversation"."""


@dataclass(frozen=True)
class AccountFacts:
    """What a proposal rests on, for one account.

    Attributes
    ----------
    account_id : str
        Pseudonym.
    pd_hat : float
        Probability of falling behind, in [0, 1].
    contributions : mapping of trait key to float
        Log-odds above the reference.
    evidence : mapping of trait key to str
    balance, overdue, payment_due : Decimal
        Account currency: all that is owed, what is overdue, and what must be paid now.
    days_past_due : int
    residual_income : Decimal or None
        Left each month after essentials; None while unknown.
    time_zone : str
    hardship, dispute, vulnerability, running_plan, plan_refused : bool
    stated_trait : str
        Dominant trait that the explanation states, a trait or ``NO_TRAIT``; "" to find it here.
    confirmed_cause : str
        Trait that the customer confirmed, "" without an answer.
    tried : str
        Treatments offered before without success: "instalments;autopay".
    recent_contacts : str
        Day and kind of each contact of the last days, with ";" between.
    autopay : bool
        Whether payments are collected by autopay already.
    stopped_by : str
        What of the store stops every offer: a name of ``HOLDS``, "" without.
    promised : bool
        Whether a promised payment is not due yet.
    """

    account_id: str
    pd_hat: float
    contributions: Mapping[str, float]
    evidence: Mapping[str, str]
    balance: Decimal
    overdue: Decimal
    payment_due: Decimal
    days_past_due: int
    residual_income: Decimal | None
    time_zone: str
    hardship: bool = False
    dispute: bool = False
    vulnerability: bool = False
    running_plan: bool = False
    plan_refused: bool = False
    stated_trait: str = ""
    confirmed_cause: str = ""
    tried: str = ""
    recent_contacts: str = ""
    autopay: bool = False
    stopped_by: str = ""
    promised: bool = False


STOPPING = ("death", "insolvency", "moratorium", "transfer", "minor", "fraud")
"""What stops every offer, the gravest first."""


def facts_with_case(facts: AccountFacts, case: Case, policy: Policy, at: datetime) -> AccountFacts:
    """Return the facts of a table with what the store knows of the account, which goes before.

    Parameters
    ----------
    facts : AccountFacts
    case : Case
        With the events of the account's other cases.
    policy : Policy
    at : datetime

    Returns
    -------
    AccountFacts
        Circumstances, plans, help that was tried, the confirmed cause, the zone where the customer
        lives, and arrears and income as far as the case says them.
    """
    view = view_of(case, policy, at)
    history, holds = view.history, view.holds
    changes: dict[str, Any] = {
        "hardship": facts.hardship or "hardship" in holds,
        "dispute": facts.dispute or "dispute" in holds,
        "vulnerability": facts.vulnerability or "vulnerability" in holds or "illness" in holds,
        "running_plan": facts.running_plan or history.running_plan is not None,
        "plan_refused": facts.plan_refused or history.plan_tried,
        "confirmed_cause": history.confirmed_cause or facts.confirmed_cause,
        "tried": ";".join(dict.fromkeys([*filter(None, facts.tried.split(";")), *history.tried])),
        "stopped_by": next((name for name in STOPPING if name in holds), facts.stopped_by),
        "promised": facts.promised or "promise" in holds,
        "time_zone": case.time_zone,
    }
    if history.arrears.known:
        changes["overdue"], changes["days_past_due"] = view.overdue, view.days_overdue
        changes["payment_due"] = max(view.overdue, facts.payment_due - facts.overdue)
    if history.budget is not None:
        changes["residual_income"] = history.budget.left
    return replace(facts, **changes)


def first_due_after(at: datetime, zone: str) -> date:
    """Return the day of a first instalment: a month from now, on the customer's calendar."""
    return add_months(at.astimezone(zone_of(zone)).date(), 1)


def case_of(facts: AccountFacts, at: datetime) -> Case:
    """Return the case that the facts of a table stand for.

    Notes
    -----
    Flags become events long past; of a contact only the day is known, and it is taken to have
    been at its last minute, so that every rest is counted in the customer's favour.
    """
    long_ago = at - timedelta(days=400)
    common: dict[str, Any] = {"at": long_ago, "actor": "table"}
    events: list[Event] = []
    if facts.hardship:
        events.append(HardshipDeclared(**common))
    if facts.dispute:
        events.append(DisputeOpened(dispute_id="table", **common))
    if facts.vulnerability:
        events.append(VulnerabilityFlagged(**common))
    for holds, plan_id in ((facts.plan_refused, "refused"), (facts.running_plan, "running")):
        if holds:
            amount = Decimal("0.01")
            events.append(
                PlanOffered(
                    plan_id=plan_id,
                    plan_kind="instalments",
                    months=1,
                    instalment=amount,
                    total=amount,
                    **common,
                )
            )
    if facts.plan_refused:
        events.append(PlanRefused(plan_id="refused", **common))
    if facts.running_plan:
        events.append(PlanAccepted(plan_id="running", **common))
    events += _recent_contacts(facts, at)
    return Case(
        case_id="table",
        account_id=facts.account_id,
        time_zone=facts.time_zone,
        days_past_due=facts.days_past_due,
        events=tuple(events),
    )


def _recent_contacts(facts: AccountFacts, at: datetime) -> list[Event]:
    """Return the contacts of the last days as events."""
    events: list[Event] = []
    for entry in filter(None, (part.strip() for part in facts.recent_contacts.split(";"))):
        day, _, kind = entry.partition(" ")
        try:
            moment = datetime.combine(
                date.fromisoformat(day), time(23, 59), tzinfo=zone_of(facts.time_zone)
            )
        except ValueError as error:
            raise CaseworkError(f"recent_contacts: expected a day. Got {entry!r}.") from error
        common: dict[str, Any] = {"at": min(moment, at), "actor": "table"}
        if kind == "attempt":
            events.append(ContactAttempted(channel="phone", **common))
        elif kind in ("conversation", "heated"):
            events.append(ConversationHeld(channel="phone", heated=kind == "heated", **common))
        elif kind == "message":
            events.append(MessageSent(channel="letter", text_id="table", **common))
        else:
            raise CaseworkError(
                f"recent_contacts: expected one of {', '.join(CONTACT_KINDS)}. Got {entry!r}."
            )
    return events
