"""The one place where every proposed action is checked against the policy."""

from datetime import datetime
from decimal import Decimal
from functools import singledispatch

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
from delinquency.casework.case_file import Case
from delinquency.casework.case_view import View, view_of
from delinquency.casework.charge_gate import charge_refusals
from delinquency.casework.contact import contact_refusals, next_contact
from delinquency.casework.decision import (
    CASE_SOURCE,
    PLAN_SOURCE,
    STOP_SOURCE,
    Decision,
    Refusal,
    refuse,
)
from delinquency.casework.legal_gate import legal_refusals, reason_refusal, transfer_refusals
from delinquency.casework.message_texts import text_flags, text_refusals
from delinquency.casework.plan_costs import costs_of
from delinquency.casework.plan_options import affordable_instalment
from delinquency.casework.plans import LONGEST
from delinquency.errors import CaseworkError, unknown_name
from delinquency.policy import Policy


@singledispatch
def refusals_of(action: Action, view: View) -> tuple[Refusal, ...]:
    """Return every rule that stands against an action, the first to be cited; none if allowed.

    Parameters
    ----------
    action : Action
    view : View
        The case at the moment of asking, under its policy.

    Raises
    ------
    ChoiceError
        For an action without a check: nothing is allowed that no rule was asked about.
    """
    known = [kind.name for kind in refusals_of.registry if issubclass(kind, Action)]
    raise unknown_name("action", action.name, sorted(name for name in known if name))


def check(action: Action, case: Case, policy: Policy, at: datetime) -> Decision:
    """Return whether an action is allowed in a case at a moment, and why not.

    Parameters
    ----------
    action : Action
        What is asked for; asking changes nothing.
    case : Case
        With its events; those after ``at`` are not seen.
    policy : Policy
    at : datetime
        With time zone.

    Returns
    -------
    Decision
        A refusal cites the rule and its source.

    Raises
    ------
    CaseworkError
        If ``at`` has no time zone, or amounts make no sense.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from delinquency import Call, Case, check, load_policy
    >>> case = Case("case-1", "C-004217", time_zone="Asia/Shanghai")
    >>> at_night = datetime(2026, 3, 9, 15, 0, tzinfo=UTC)  # 23:00 where the customer lives
    >>> decision = check(Call(), case, load_policy("seed_2021"), at_night)
    >>> decision.allowed, decision.rule
    (False, 'contact.hours')
    """
    if at.tzinfo is None or at.utcoffset() is None:
        raise CaseworkError(f"at: expected a moment with time zone. Got {at.isoformat()!r}.")
    view = view_of(case, policy, at)
    refusals = refusals_of(action, view)
    flags = text_flags(view, action) if isinstance(action, Message) else ()
    if not refusals:
        return Decision(
            action=action.name,
            allowed=True,
            rule=f"{policy.name}@{policy.version}",
            rule_source=policy.title,
            reason="Every rule of the policy for this action holds.",
            next_allowed_at=view.at,
            flags=flags,
        )
    first = refusals[0]
    return Decision(
        action=action.name,
        allowed=False,
        rule=first.rule,
        rule_source=first.rule_source,
        reason=first.reason,
        next_allowed_at=_next(view, action, refusals),
        refusals=refusals,
        flags=flags,
    )


def _next(view: View, action: Action, refusals: tuple[Refusal, ...]) -> datetime | None:
    """Return when an action that is refused now will be allowed if nothing else happens."""
    ends = [refusal.until for refusal in refusals]
    if None in ends:
        return None
    if isinstance(action, Call | Visit | Message):
        return next_contact(view, action)
    return max(end for end in ends if end is not None)


@refusals_of.register
def _(contact: Call | Visit, view: View) -> tuple[Refusal, ...]:
    """Check a call or visit."""
    return contact_refusals(view, contact)


@refusals_of.register
def _(message: Message, view: View) -> tuple[Refusal, ...]:
    """Check a message: the contact, and its text."""
    return (*contact_refusals(view, message), *text_refusals(view, message))


@refusals_of.register
def _(charge: Charge, view: View) -> tuple[Refusal, ...]:
    """Check a charge against the case's own facts."""
    return charge_refusals(view, charge)


RATE_ROUNDING = 1e-4
"""Instalments are whole cents: a rate worked out from them may lie this much above the agreed."""


@refusals_of.register
def _(offer: OfferPlan, view: View) -> tuple[Refusal, ...]:
    """Check a plan: its length, rate, fee, sums, that it can be afforded, and who may have it."""
    rules, plan = view.policy.plan, offer.plan
    refusals = []
    longest = LONGEST if rules.months_max.value is None else rules.months_max.value
    if plan.treatment == "extension":
        limit = rules.extension_months_max
        if plan.months > limit.value:
            reason = f"An extension of {plan.months} months; at most {limit.value} are allowed."
            refusals.append(refuse(limit, reason))
    elif plan.months > longest:
        reason = f"A plan of {plan.months} months; at most {longest} are allowed."
        refusals.append(refuse(rules.months_max, reason))
    most_rate = rules.annual_rate_max.value
    if most_rate is not None and plan.annual_rate > most_rate:
        reason = f"A rate of {plan.annual_rate} a year; at most {most_rate} is allowed."
        refusals.append(refuse(rules.annual_rate_max, reason))
    service_rate = view.policy.charges.military_rate_max
    if (
        service_rate.value is not None
        and "military_service" in view.holds
        and costs_of(plan).annualised > float(service_rate.value) + RATE_ROUNDING
    ):
        reason = f"During military service a plan costs at most {service_rate.value} a year."
        refusals.append(refuse(service_rate, reason))
    if plan.fee > rules.fee_rate_max.value * plan.balance:
        reason = f"A fee of {plan.fee} is more than {rules.fee_rate_max.value} of the balance."
        refusals.append(refuse(rules.fee_rate_max, reason))
    if plan.reduced_months > rules.hardship_months_max.value:
        reason = f"{plan.reduced_months} reduced months are more than allowed."
        refusals.append(refuse(rules.hardship_months_max, reason))
    if not plan.reconciles:
        refusals.append(
            Refusal("plan.exact", PLAN_SOURCE, "The instalments do not add up to what is owed.")
        )
    refusals += _affordability(view, offer)
    refusals += _conditions(view, offer)
    return tuple(refusals)


def _affordability(view: View, offer: OfferPlan) -> list[Refusal]:
    """Check that a plan can be kept: month by month for an extension, each instalment else."""
    rule, plan = view.policy.plan.affordability_share, offer.plan
    left, left_later = _income(view, offer)
    most = affordable_instalment(left, view.policy)
    if most is None:
        reason = "The residual income is not known: ask what is left each month first."
        return [refuse(rule, reason)]
    if plan.treatment == "extension":
        missing = plan.total - most * plan.months
    else:
        now = plan.instalments[: plan.reduced_months] or plan.instalments
        missing = max(item.amount for item in now) - most
        later = affordable_instalment(left_later, view.policy)
        if plan.treatment == "hardship_reduction":
            after = plan.largest - (most if later is None else later)
            missing = max(missing, after)
    if missing <= 0:
        return []
    return [refuse(rule, f"{most} a month is affordable; {missing} is missing.")]


def _income(view: View, offer: OfferPlan) -> tuple[Decimal | None, Decimal | None]:
    """Return what is left each month, now and later: the customer's own form before any claim."""
    budget = view.history.budget
    if budget is None:
        return offer.residual_income, offer.residual_after
    return budget.left, budget.left_later


def _conditions(view: View, offer: OfferPlan) -> list[Refusal]:
    """Check who may have a plan, and that none runs yet."""
    rule, history = view.policy.plan.requires, view.history
    refusals = []
    most = affordable_instalment(_income(view, offer)[0], view.policy)
    if "unable" in rule.value and most is not None and offer.payment_due <= most:
        reason = f"What is due now, {offer.payment_due}, can be paid out of the {most} affordable."
        refusals.append(refuse(rule, reason))
    if "willing" in rule.value and history.willingness_evidence == "strong":
        reason = "A person has recorded strong evidence that the customer does not want to pay."
        refusals.append(refuse(rule, reason))
    refusals += _held_offers(view)
    if history.running_plan is not None:
        stops = view.policy.plan.stops_collection
        refusals.append(refuse(stops, f"Plan {history.running_plan} runs already."))
    return refusals


@refusals_of.register
def _(offer: OfferHelp, view: View) -> tuple[Refusal, ...]:
    """Check help without amounts: nearly always allowed, written terms only on strong evidence."""
    rules, rules_legal = view.policy.plan, view.policy.legal
    if offer.treatment == "due_date_move" and rules.due_date_move_days_max.value == 0:
        return (refuse(rules.due_date_move_days_max, "The due date may not be moved."),)
    found = _held_offers(view) if offer.treatment not in ANSWERS else []
    if offer.treatment == "written_terms":
        evidence = rules_legal.willingness_evidence_min
        if view.history.willingness_evidence != "strong":
            reason = (
                "Written terms need strong evidence, assessed by a person in these arrears, that"
                " the customer can pay and will not."
            )
            found.append(refuse(evidence, reason))
        if view.history.disputes:
            found.append(refuse(rules_legal.blocked_by, "A dispute is open: it is settled first."))
    if offer.treatment == "autopay" and offer.until is not None:
        found.append(Refusal("help.form", PLAN_SOURCE, "Autopay has no end."))
    return tuple(found)


ANSWERS = ("grievance_resolution", "document_pack", "debt_advice")
"""Help that is an answer to the customer: nothing that holds stops it."""


def _held_offers(view: View) -> list[Refusal]:
    """Offer nothing to the dead, the bankrupt or the closed; what is disputed is settled first."""
    found = []
    if view.history.closed_at is not None:
        found.append(Refusal("case.closed", CASE_SOURCE, "The case is closed."))
    for name in ("death", "insolvency", "transfer", "fraud"):
        hold = view.holds.get(name)
        if hold is not None:
            reason = f"No offer while {hold.facts.words}; it may be lifted by:"
            found.append(Refusal(f"hold.{name}", STOP_SOURCE, f"{reason} {hold.facts.lifted_by}."))
    return found


@refusals_of.register
def _(step: TakeLegalStep, view: View) -> tuple[Refusal, ...]:
    """Check a legal step at the gate."""
    return legal_refusals(view, step)


@refusals_of.register
def _(decline: Decline, view: View) -> tuple[Refusal, ...]:
    """Check that a person gave a reason for a decline."""
    rule = view.policy.review.decline_needs_reason
    found = reason_refusal(view, decline.human_reason, rule)
    return () if found is None else (found,)


@refusals_of.register
def _(share: ShareRecord, view: View) -> tuple[Refusal, ...]:
    """Check that a record leaves the house only with consent."""
    rules = view.policy.records
    found = []
    if rules.share_needs_consent.value and not share.consent:
        reason = "The customer's consent to sharing is not recorded."
        found.append(refuse(rules.share_needs_consent, reason))
    told = any(
        message.template.partition(":")[0] == "report_notice" for message in view.history.messages
    )
    if rules.notice_before_report.value and not told:
        reason = "The customer was not told before: send the approved text report_notice first."
        found.append(refuse(rules.notice_before_report, reason))
    return tuple(found)


@refusals_of.register
def _(transfer: TransferDebt, view: View) -> tuple[Refusal, ...]:
    """Check that a debt may be sold."""
    return transfer_refusals(view, transfer)
