"""Sixteen cases of ordinary life, played under every policy: what is proposed, said and refused.

``python -m delinquency stage=life_cases`` writes the table into ``docs/treatment.md``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from delinquency.casework.account_facts import AccountFacts
from delinquency.casework.actions import Call, Charge, TakeLegalStep
from delinquency.casework.case_file import Case, zone_of
from delinquency.casework.case_view import view_of
from delinquency.casework.check import check
from delinquency.casework.decision import Decision
from delinquency.casework.events import EVENTS, Event
from delinquency.casework.proposals import ProposalTerms, propose_one
from delinquency.policy import Policy
from delinquency.traits import TRAITS

NOON = "2026-11-16T11:00"
"""A Monday without a holiday, at the customer's place."""
ZONES: Mapping[str, str] = {
    "US": "America/New_York",
    "EU": "Europe/Berlin",
    "UK": "Europe/London",
}
"""Where the customer of a policy lives; elsewhere Shanghai."""
REASON = "Two plans were refused although the income covers them."
Told = tuple[str, int, dict[str, Any]]
"""An event: its kind, how many days ago, and its fields."""


@dataclass(frozen=True)
class LifeCase:
    """One case of ordinary life.

    Attributes
    ----------
    name : str
    words : str
        What happened, in a sentence.
    trait : str
        What the model names.
    events : tuple of Told
    residual_income : str or None
        Left each month; None while unknown.
    text : str
        The approved text that is said.
    call : mapping
        Fields of the call that is asked for.
    owed : str
        Balance of the account.
    """

    name: str
    words: str
    trait: str
    events: tuple[Told, ...]
    residual_income: str | None = "900"
    text: str = "reminder"
    call: Mapping[str, str] = field(default_factory=dict)
    owed: str = "6000"


def _overdue(days: int, amount: str = "600") -> Told:
    """Return a missed payment whose due day was so many days ago."""
    return "went_overdue", days, {"amount": Decimal(amount), "due_days_ago": days + 1}


LIFE_CASES: tuple[LifeCase, ...] = (
    LifeCase(
        "job loss",
        "Work was lost; 150 is left each month.",
        "economic_condition",
        (
            _overdue(30),
            ("hardship_declared", 10, {"reason": "loss of work"}),
            ("cause_confirmed", 10, {"trait": "economic_condition", "answer": "confirmed"}),
        ),
        residual_income="150",
        text="plan_offer",
    ),
    LifeCase(
        "illness",
        "The customer is in hospital; nothing is left each month.",
        "repayment_capacity",
        (_overdue(30), ("illness_reported", 5, {}), ("vulnerability_flagged", 5, {})),
        residual_income="0",
        text="relief_offer",
    ),
    LifeCase(
        "death",
        "The customer has died.",
        "repayment_capacity",
        (_overdue(30), ("customer_died", 3, {})),
        text="bereavement",
    ),
    LifeCase(
        "fraud",
        "The customer says that somebody else used the card.",
        "spending_behavior",
        (_overdue(30), ("fraud_reported", 3, {"report_id": "f-1"})),
        text="fraud_received",
    ),
    LifeCase(
        "bankruptcy",
        "A bankruptcy was opened.",
        "debt_burden",
        (_overdue(100), ("insolvency_opened", 3, {"proceeding": "bankruptcy"})),
        text="insolvency_received",
    ),
    LifeCase(
        "work calls",
        "The customer asked not to be called at work; the call would ring there.",
        "credit_record",
        (_overdue(30), ("contact_stopped", 3, {"channel": "work"})),
        call={"place": "work"},
        text="contact_stopped",
    ),
    LifeCase(
        "lawyer",
        "A lawyer acts for the customer.",
        "repayment_willingness",
        (_overdue(30), ("representative_appointed", 3, {"representative_id": "office-1"})),
    ),
    LifeCase(
        "willing, unable",
        "The payment is more than what is left; a plan fits.",
        "credit_record",
        (_overdue(30),),
        residual_income="200",
        text="plan_offer",
    ),
    LifeCase(
        "able, unwilling",
        "The income covers the payment; two plans were refused, a person assessed the case.",
        "repayment_willingness",
        (
            _overdue(110),
            ("plan_offered", 100, {"plan_id": "p-1"}),
            ("plan_refused", 95, {"plan_id": "p-1"}),
            ("message_sent", 90, {"channel": "letter", "text_id": "t"}),
            ("message_sent", 40, {"channel": "letter", "text_id": "t"}),
            ("willingness_assessed", 9, {"evidence": "strong", "reason": REASON}),
            ("sign_off_given", 8, {"sign_off_id": "s-1", "actor": "legal-1"}),
        ),
        residual_income="4000",
        text="legal_consequences",
    ),
    LifeCase(
        "several banks",
        "Debts elsewhere take what is left.",
        "debt_burden",
        (
            _overdue(30),
            (
                "budget_stated",
                3,
                {
                    "income": Decimal(3000),
                    "essentials": Decimal(1800),
                    "other_debts": Decimal(1180),
                },
            ),
        ),
        text="relief_offer",
    ),
    LifeCase(
        "bank holiday",
        "The due day was yesterday, a Sunday: a payment is on time today.",
        "credit_record",
        (("went_overdue", 0, {"amount": Decimal(600), "due_days_ago": 1}),),
    ),
    LifeCase(
        "broken promises",
        "Two promised payments did not come.",
        "repayment_willingness",
        (
            _overdue(60),
            ("promise_made", 40, {"promise_id": "a", "amount": Decimal(300), "due_in": 10}),
            ("promise_made", 20, {"promise_id": "b", "amount": Decimal(300), "due_in": 10}),
        ),
        text="promise_missed",
    ),
    LifeCase(
        "relapse",
        "Earlier arrears had opened the gate and were paid; these are new.",
        "repayment_willingness",
        (
            _overdue(400),
            ("plan_offered", 390, {"plan_id": "p-1"}),
            ("plan_refused", 380, {"plan_id": "p-1"}),
            ("conversation_held", 370, {"channel": "phone"}),
            ("conversation_held", 330, {"channel": "phone"}),
            ("willingness_assessed", 320, {"evidence": "strong", "reason": REASON}),
            ("sign_off_given", 319, {"sign_off_id": "s-1", "actor": "legal-1"}),
            ("cured", 300, {"on_days_ago": 300}),
            _overdue(100),
        ),
        residual_income="4000",
    ),
    LifeCase(
        "overpaid",
        "More was paid than was overdue.",
        "credit_record",
        (_overdue(30), ("payment_received", 3, {"amount": Decimal(900)})),
        owed="-300",
        text="overpaid",
    ),
    LifeCase(
        "charge-off",
        "The debt was charged off; the customer still owes it.",
        "repayment_capacity",
        (_overdue(200), ("charged_off", 3, {"amount": Decimal(6000)})),
        residual_income="200",
        text="plan_offer",
    ),
    LifeCase(
        "guarantor",
        "Somebody guarantees the debt; the call would go there.",
        "repayment_capacity",
        (_overdue(100), ("guarantor_named", 90, {"guarantor_id": "g-1"})),
        residual_income="200",
        call={"party": "guarantor"},
        text="guarantor_notice",
    ),
)
"""The life cases, in the order of the table."""


@dataclass(frozen=True)
class Played:
    """What came of one life case under one policy.

    Attributes
    ----------
    life : LifeCase
    policy : str
    proposed : str
        Action that is offered first, with plan or relief.
    said : str
        Approved text.
    call, fee, legal : Decision
        On a reminder call, a late fee on the missed payment, and a legal letter.
    """

    life: LifeCase
    policy: str
    proposed: str
    said: str
    call: Decision
    fee: Decision
    legal: Decision


def case_of_life(life: LifeCase, policy: Policy) -> tuple[Case, datetime]:
    """Return the case of a life case at the customer's place, and the moment."""
    zone = ZONES.get(policy.jurisdiction, "Asia/Shanghai")
    at = datetime.fromisoformat(NOON).replace(tzinfo=zone_of(zone))
    events = tuple(_event(told, at) for told in life.events)
    return Case("life", "C-1", zone, events=events), at


def _event(told: Told, at: datetime) -> Event:
    """Return an event so many days ago."""
    kind, days, fields = told
    moment = at - timedelta(days=days)
    values = dict(fields)
    actor = values.pop("actor", "agent-1")
    for name, key in (("due_days_ago", "due"), ("on_days_ago", "on")):
        if name in values:
            values[key] = (at - timedelta(days=values.pop(name))).date()
    if "due_in" in values:
        values["due"] = moment.date() + timedelta(days=values.pop("due_in"))
    if kind == "plan_offered":
        values |= {
            "plan_kind": "instalments",
            "months": 12,
            "instalment": Decimal(500),
            "total": Decimal(6000),
        }
    return EVENTS[kind](at=moment, actor=actor, **values)


def play(life: LifeCase, policy: Policy) -> Played:
    """Return what is proposed, said and refused in a life case under a policy."""
    case, at = case_of_life(life, policy)
    view = view_of(case, policy, at)
    overdue = view.overdue
    facts = AccountFacts(
        account_id="C-1",
        pd_hat=0.4,
        contributions={key: 0.8 if key == life.trait else 0.05 for key in TRAITS},
        evidence=dict.fromkeys(TRAITS, "strong"),
        balance=Decimal(life.owed),
        overdue=overdue,
        payment_due=overdue,
        days_past_due=view.days_overdue,
        residual_income=None if life.residual_income is None else Decimal(life.residual_income),
        time_zone=case.time_zone,
    )
    proposal = propose_one(facts, policy, at, ProposalTerms(), case=case)
    offered = proposal.action.replace("_", " ")
    if proposal.plan is not None and proposal.plan.plan is not None:
        plan = proposal.plan.plan
        offered += f" {plan.months} x {plan.largest}"
    if proposal.relief is not None:
        offered = f"{proposal.relief.kind.replace('_', ' ')} until {proposal.relief.until}"
    fee = Decimal("5.00")
    legal = TakeLegalStep("letter", REASON, "s-1", asked_by="agent-1")
    return Played(
        life,
        policy.name,
        offered,
        life.text,
        check(Call(**dict(life.call)), case, policy, at),
        check(Charge("late_fee", fee, max(overdue, fee)), case, policy, at),
        check(legal, case, policy, at),
    )


def life_table(policies: Mapping[str, Policy]) -> str:
    """Return the table of all life cases under all policies, as Markdown.

    Notes
    -----
    Policies under which everything comes out the same share a row.
    """
    titles = (
        "Life case",
        "Policy",
        "Proposed",
        "Said",
        "Reminder call",
        "Late fee",
        "Legal letter",
    )
    lines = [f"| {' | '.join(titles)} |", "|---" * len(titles) + "|"]
    for life in LIFE_CASES:
        rows: dict[tuple[str, ...], list[str]] = {}
        for name, policy in sorted(policies.items()):
            played = play(life, policy)
            cells: tuple[str, ...] = (
                played.proposed,
                f"`{played.said}`",
                _answer(played.call),
                _answer(played.fee),
                _answer(played.legal),
            )
            rows.setdefault(cells, []).append(name)
        first = f"**{life.name}**: {life.words}"
        for cells, names in rows.items():
            under = "all" if len(names) == len(policies) else ", ".join(names)
            lines.append(f"| {first} | {under} | {' | '.join(cells)} |")
            first = ""
    return "\n".join(lines)


@dataclass(frozen=True)
class LifeChange:
    """One answer in a life case that differs between two policies.

    Attributes
    ----------
    life : str
    what : str
        "proposed", "reminder call", "late fee" or "legal letter".
    first, second : str
        The answer under each.
    """

    life: str
    what: str
    first: str
    second: str


def life_changes(first: Policy, second: Policy) -> tuple[LifeChange, ...]:
    """Return every answer in the life cases that differs between two policies."""
    found = []
    for life in LIFE_CASES:
        one, other = play(life, first), play(life, second)
        answers = {
            "proposed": (one.proposed, other.proposed),
            "reminder call": (_answer(one.call), _answer(other.call)),
            "late fee": (_answer(one.fee), _answer(other.fee)),
            "legal letter": (_answer(one.legal), _answer(other.legal)),
        }
        found += [
            LifeChange(life.name, what, mine, theirs)
            for what, (mine, theirs) in answers.items()
            if mine != theirs
        ]
    return tuple(found)


BEGIN, END = "<!-- life cases: begin -->", "<!-- life cases: end -->"
"""Marks in a page between which the table stands."""


def with_table(page: str, table: str) -> str:
    """Return a page with the table between its marks; a page without marks as it is."""
    if BEGIN not in page or END not in page:
        return page
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"


def _answer(decision: Decision) -> str:
    """Return a decision in a cell: allowed, or every rule that refuses, at most three."""
    if decision.allowed:
        return "allowed"
    rules = list(dict.fromkeys(refusal.rule for refusal in decision.refusals))
    more = f" and {len(rules) - 3} more" if len(rules) > 3 else ""
    return "no: " + ", ".join(f"`{rule}`" for rule in rules[:3]) + more
