"""Sixteen cases of ordinary life, played under every policy: what is proposed, said and refused.

``python -m delinquency stage=life_cases`` writes the table into ``docs/treatment.md``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from delinquency.casework.account_facts import AccountFacts
from delinquency.casework.actions import Call, Charge, TakeLegalStep
from delinquency.casework.case_file import Case, home_zone, zone_of
from delinquency.casework.case_view import view_of
from delinquency.casework.check import check
from delinquency.casework.decision import Decision
from delinquency.casework.events import EVENTS, Event
from delinquency.casework.life_stories import LIFE_CASES, REASON, LifeCase, Told
from delinquency.casework.proposals import ProposalTerms, propose_one
from delinquency.policy import Policy
from delinquency.traits import TRAITS

NOON = "2026-11-16T11:00"
"""A Monday without a holiday, at the customer's place."""


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
    zone = home_zone(policy)
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
