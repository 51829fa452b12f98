"""The commands of ``stage=case`` that work on one case: questions, plans, texts, timeline."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from delinquency.casebook.command_context import (
    COMMANDS,
    CommandContext,
    amount_of,
    answer_of,
    in_plain_types,
    require_keys,
)
from delinquency.casebook.role_views import is_late_entry
from delinquency.casebook.store_commands import chances_so_far
from delinquency.casebook.stored_cases import events_of, require_case
from delinquency.casework.account_facts import (
    AccountFacts,
    facts_with_case,
    first_due_after,
)
from delinquency.casework.actions import Message
from delinquency.casework.case_file import Case
from delinquency.casework.case_view import View, view_of
from delinquency.casework.causes import hypotheses
from delinquency.casework.communication import open_questions, timeline
from delinquency.casework.events import PromiseMade
from delinquency.casework.measured_chances import (
    value_words,
    with_measured,
)
from delinquency.casework.plan_costs import costs_of
from delinquency.casework.plan_options import PlanOption, Situation, plan_options
from delinquency.casework.plan_progress import Promise
from delinquency.casework.proposals import propose_one
from delinquency.casework.relief import relief_options
from delinquency.casework.reminders import ReminderFacts, Text, approved_texts, text_for
from delinquency.errors import CaseworkError, ChoiceError
from delinquency.policy import Policy
from delinquency.traits import EVIDENCE_LEVELS, TRAITS

_MESSAGE_KEYS = ("template", "channel", "amount", "due", "months", "total", "deadline", "relief")
_PROMISE_KEYS = ("promise_id", "amount", "due")
_DEBT_KEYS = ("months", "annual_rate", "debts")
_ONE_DEBT = ("balance", "instalment", "annual_rate")


def _case(context: CommandContext) -> tuple[Case, Policy, View]:
    """Return the case that a command is about, its policy, and its view."""
    number = context.need("case_id")
    with context.casebook.store.reading() as connection:
        name = require_case(connection, number).policy
    policy = context.casebook.policies[name]
    case = context.casebook.case(number)
    return case, policy, view_of(case, policy, context.now)


def _facts(context: CommandContext, case: Case, policy: Policy) -> AccountFacts:
    """Return what is known of the account: by data and model where there are, and by the case."""
    known = context.knowledge.facts_of(case.account_id)
    if known is None:
        view = view_of(case, policy, context.now)
        known = AccountFacts(
            account_id=case.account_id,
            pd_hat=float("nan"),
            contributions={},
            evidence=dict.fromkeys(TRAITS, EVIDENCE_LEVELS[0]),
            balance=view.overdue,
            overdue=view.overdue,
            payment_due=view.overdue,
            days_past_due=view.days_overdue,
            residual_income=None,
            time_zone=case.time_zone,
        )
    return facts_with_case(known, case, policy, context.now)


@COMMANDS.named("questions")
def _questions(context: CommandContext) -> object:
    """List the likely causes, most likely first, with what to ask."""
    case, policy, _ = _case(context)
    facts = _facts(context, case, policy)
    events = case.until(context.now)
    found = hypotheses(facts.contributions, facts.evidence, events=events)
    asked = {one.trait for one in found}
    zh = case.language == "zh"
    causes = [
        {
            "cause": one.headline_zh if zh else one.headline,
            "trait": one.trait,
            "share": round(one.share, 3),
            "evidence": one.evidence,
            "answer": one.answer or "not asked yet",
            "ask": list(one.questions_zh if zh else one.questions),
        }
        for one in found
    ]
    others = [
        {"trait": key, "ask": list(trait.questions_zh if zh else trait.questions)}
        for key, trait in TRAITS.items()
        if key not in asked
    ]
    return {
        "causes": causes,
        "also_possible": others,
        "then": "Record the answer: case.do=record case.event={kind: cause_confirmed, trait: ...,"
        " answer: confirmed}",
    }


@COMMANDS.named("propose")
def _propose(context: CommandContext) -> object:
    """Say what to offer first under the case's policy, and what may not be done."""
    case, policy, view = _case(context)
    facts = _facts(context, case, policy)
    choices = context.knowledge.choices
    proposal = propose_one(facts, policy, context.now, choices, case=case)
    option = proposal.plan
    return {
        "policy": policy.name,
        "step": proposal.step,
        "action": proposal.action,
        "dominant_trait": proposal.dominant_trait,
        "overdue": str(view.overdue),
        "days_past_due": view.days_overdue,
        "income_known": proposal.facts.residual_income is not None,
        "plan": None if option is None else _plan(option),
        "relief": None if proposal.relief is None else in_plain_types(asdict(proposal.relief)),
        "then": list(proposal.then),
        "not_allowed": list(proposal.refused),
        "contact": answer_of(proposal.contact),
    }


@COMMANDS.named("plans")
def _plans(context: CommandContext) -> object:
    """Weigh every plan and relief: cost and end for the customer, present value for the bank."""
    case, policy, view = _case(context)
    facts = _facts(context, case, policy)
    budget = view.history.budget
    situation = Situation(
        balance=facts.balance,
        payment_due=facts.payment_due,
        residual_income=facts.residual_income,
        first_due=first_due_after(context.now, case.time_zone),
        residual_after=None if budget is None else budget.left_later,
        hardship=facts.hardship,
    )
    guessed = context.knowledge.choices.terms
    terms = with_measured(guessed, chances_so_far(context, guessed.recovery_months))
    answer: dict[str, Any] = {
        "residual_income": None if facts.residual_income is None else str(facts.residual_income),
        "plans": [_plan(one) for one in plan_options(situation, policy, terms)],
        "relief": [
            in_plain_types(asdict(one)) for one in relief_options(situation, policy, terms)
        ],
        "costs_are_handed_over": policy.plan.cost_statement.value,
        "values_are": value_words(terms),
    }
    if facts.residual_income is None:
        answer["ask_first"] = (
            "case.do=record case.event={kind: budget_stated, income: '...', essentials: '...',"
            " other_debts: '...'}"
        )
    return answer


def _plan(option: PlanOption) -> dict[str, Any]:
    """Return a plan with both sides, in JSON's types."""
    plan = option.plan
    out: dict[str, Any] = {
        "treatment": option.treatment,
        "fits": option.affordable,
        "missing_each_month": str(option.shortfall),
        "why": option.reason,
    }
    if plan is None:
        return out
    costs = costs_of(plan)
    return {
        **out,
        "customer": {
            "instalments": plan.months,
            "largest": str(plan.largest),
            "total": str(plan.total),
            "cost": str(plan.cost),
            "ends": plan.end_date.isoformat(),
        },
        "bank": {
            "present_value": str(option.present_value),
            "gain_over_no_plan": str(option.gain),
            "chance_of_completion": round(option.completion_probability, 4),
        },
        "all_in_cost": {
            "principal": str(costs.principal),
            "fee": str(costs.fee),
            "interest": str(costs.interest),
            "annual_rate": str(costs.nominal_rate),
            "annualised_all_in": round(costs.annualised, 4),
            "other_charges": "none",
            "statement": list(costs.lines()),
        },
    }


@COMMANDS.named("message")
def _message(context: CommandContext) -> object:
    """Fill in an approved text, and say whether it may go out now; ``send: true`` sends it."""
    case, policy, view = _case(context)
    wanted = dict(context.options.message or {})
    send = wanted.pop("send", False)
    if not wanted:
        return {"texts": sorted({name for name, _, _ in approved_texts()})}
    if not isinstance(send, bool):
        raise ChoiceError(f"case.message.send must be true or false. Got {send!r}.")
    require_keys("message", wanted, (*_MESSAGE_KEYS, "send"))
    text = _text(context, case, policy, view, wanted)
    action = Message(
        channel=text.channel,
        text=text.body,
        step=text.step,
        purpose=text.purpose,
        template=text.template,
    )
    shown = {"template": text.template, "subject": text.subject, "body": text.body}
    if not send:
        decision = context.casebook.ask(
            case.case_id, action, at=context.now, actor=context.options.actor
        )
        return {**shown, "decision": answer_of(decision)}
    attempt = context.casebook.attempt(case.case_id, action, context.moment(wanted))
    decided = {} if attempt.decision is None else answer_of(attempt.decision)
    return {**shown, "sent": attempt.allowed, "decision": decided}


def _text(
    context: CommandContext, case: Case, policy: Policy, view: View, wanted: Mapping[str, object]
) -> Text:
    """Return an approved text filled in from the case, and from what was given."""
    today = view.today
    given = {name: wanted[name] for name in _MESSAGE_KEYS if name in wanted}
    channel = str(given.get("channel", "letter"))
    if channel == "phone":
        raise ChoiceError("case.message.channel must be a written one: sms, email, letter, app.")
    facts = ReminderFacts(
        amount=amount_of("message.amount", given.get("amount", view.overdue)),
        currency=policy.currency,
        due=_day("message.due", given.get("due"), view.late[0].due if view.late else today),
        lender=context.options.lender_name,
        months=_whole_months(given.get("months", 0)),
        total=amount_of("message.total", given.get("total", 0)),
        reminders_stop=policy.plan.stops_collection.value,
        deadline=_day("message.deadline", given.get("deadline"), today),
        relief=str(given.get("relief", "")),
    )
    return text_for(str(given.get("template", "reminder")), channel, case.language, facts)


def _day(what: str, raw: object, default: date) -> date:
    """Return a day that was given, or the default."""
    try:
        return default if raw is None else date.fromisoformat(str(raw))
    except ValueError:
        raise ChoiceError(f"case.{what} must be a day such as 2026-12-09. Got {raw!r}.") from None


def _whole_months(raw: object) -> int:
    """Return a number of months that was given."""
    text = str(raw)
    if not text.isdecimal():
        raise ChoiceError(f"case.message.months must be a whole number. Got {raw!r}.")
    return int(text)


@COMMANDS.named("timeline")
def _timeline(context: CommandContext) -> object:
    """Show what happened, what holds now and until when, and which answers are due."""
    case, policy, view = _case(context)
    with context.casebook.store.reading() as connection:
        stored = events_of(connection, case.case_id)
    late = {one.occurred_at: one.recorded_at for one in stored if is_late_entry(one)}
    entries = []
    for one in timeline(case, context.now):
        entry = {"at": one.at.isoformat(), "kind": one.kind, "by": one.actor}
        if one.details:
            entry["details"] = one.details
        written = late.get(one.at)
        if written is not None:
            entry["late_entry_of"] = written.isoformat()
        entries.append(entry)
    holds = [
        {
            "what": name,
            "since": None if hold.since is None else hold.since.isoformat(),
            "until": None if hold.until is None else hold.until.isoformat(),
            "means": hold.facts.words,
            "lifted_by": hold.facts.lifted_by,
        }
        for name, hold in view.holds.items()
    ]
    try:
        clocks = [
            {"question": c.question_id, "due": c.due_at.isoformat(), "late": c.late}
            for c in open_questions(case, policy, context.now)
        ]
    except CaseworkError as error:
        clocks = [{"question": "all", "due": str(error), "late": True}]
    days = policy.contact.recording_retention_days.value
    return {
        "policy": policy.name,
        "overdue": str(view.overdue),
        "days_past_due": view.days_overdue,
        "holds": holds,
        "answers_due": clocks,
        "promises": [_promise_row(one) for one in view.history.promises],
        "plans": view.history.plans,
        "records_kept_days": days,
        "events": entries,
    }


def _promise_row(promise: Promise) -> dict[str, Any]:
    """Return a promise in JSON's types."""
    return {
        "promise_id": promise.promise_id,
        "amount": str(promise.amount),
        "due": promise.due.isoformat(),
        "state": promise.state,
        "paid_in_time": str(promise.paid),
    }


@COMMANDS.named("promise")
def _promise(context: CommandContext) -> object:
    """Note a promised payment, or show what became of the promises."""
    case, policy, view = _case(context)
    wanted = context.options.promise
    if wanted:
        require_keys("promise", wanted, _PROMISE_KEYS)
        missing = [name for name in ("amount", "due") if name not in wanted]
        if missing:
            raise ChoiceError(f"case.promise needs {', '.join(missing)}.")
        due = _day("promise.due", wanted["due"], view.today)
        if due < view.today:
            raise ChoiceError(f"case.promise.due must not be past. Got {due}; it is {view.today}.")
        moment, count = context.moment(wanted), len(view.history.promises) + 1
        promise = PromiseMade(
            at=context.now,
            actor=context.options.actor,
            promise_id=str(wanted.get("promise_id", f"pr-{due:%Y%m%d}-{count}")),
            amount=amount_of("promise.amount", wanted["amount"]),
            due=due,
        )
        context.casebook.record(
            case.case_id, promise, now=context.clock, idempotency_key=moment.idempotency_key
        )
        case, policy, view = _case(context)
    return {"promises": [_promise_row(one) for one in view.history.promises]}
