"""The one place where every proposed action is checked against the policy."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

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
    Visit,
)
from delinquency.casework.case_file import Case
from delinquency.casework.charges import check_charges
from delinquency.casework.contact import View, contact_refusals, next_contact, view_of
from delinquency.casework.decision import (
    HELP_SOURCE,
    ORDER_SOURCE,
    PLAN_SOURCE,
    TONE_SOURCE,
    Decision,
    Refusal,
    refuse,
)
from delinquency.casework.legal_gate import legal_refusals
from delinquency.casework.plan_options import affordable_instalment
from delinquency.casework.plans import LONGEST
from delinquency.casework.tone import tone_faults
from delinquency.errors import CaseworkError
from delinquency.policy import Policy

Checker = Callable[[View, Any], tuple[Refusal, ...]]
_CHECKERS: dict[type[Action], Checker] = {}


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
    refusals = _CHECKERS[type(action)](view, action)
    if not refusals:
        return Decision(
            action=action.name,
            allowed=True,
            rule=f"{policy.name}@{policy.version}",
            rule_source=policy.title,
            reason="Every rule of the policy for this action holds.",
            next_allowed_at=view.at,
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
    )


def _next(view: View, action: Action, refusals: tuple[Refusal, ...]) -> datetime | None:
    """Return when an action that is refused now will be allowed if nothing else happens."""
    ends = [refusal.until for refusal in refusals]
    if None in ends:
        return None
    if isinstance(action, Call | Visit | Message):
        return next_contact(view, action)
    return max(end for end in ends if end is not None)


def _checks(kind: type[Action]) -> Callable[[Checker], Checker]:
    """Return a decorator that makes a function the checker of one kind of action."""

    def register(checker: Checker) -> Checker:
        _CHECKERS[kind] = checker
        return checker

    return register


@_checks(Call)
@_checks(Visit)
def _contact(view: View, contact: Call | Visit) -> tuple[Refusal, ...]:
    """Check a call or visit."""
    return contact_refusals(view, contact)


@_checks(Message)
def _message(view: View, message: Message) -> tuple[Refusal, ...]:
    """Check a message: the contact, its tone, and that it offers help."""
    refusals = list(contact_refusals(view, message))
    legal = view.history.legal_started and message.step in ("H4", "H5")
    if message.step == "H4" and not legal:
        refusals.append(
            Refusal("order.help_first", ORDER_SOURCE, "No legal step was taken in this case.")
        )
    needed = message.purpose in ("reminder", "help") and message.step in ("H1", "H2", "H3")
    for fault in tone_faults(message.text, legal_words_allowed=legal, help_needed=needed):
        source = HELP_SOURCE if fault.kind == "no offer of help" else TONE_SOURCE
        words = f' "{fault.words}"' if fault.words else ""
        refusals.append(Refusal("tone", source, f"{fault.kind}:{words}. {fault.mend}"))
    if not message.text.strip():
        refusals.append(Refusal("tone", TONE_SOURCE, "There is no text."))
    return tuple(refusals)


@_checks(Charge)
def _charge(view: View, charge: Charge) -> tuple[Refusal, ...]:
    """Check a charge together with all that was charged since the amount became overdue.

    Notes
    -----
    Late fees of one event are added up and held against its largest principal; interest is held
    against its own days, which may not be charged twice; all-in, both are held against the sum
    of principal times days, whose principal is what one day of it would be charged on.
    """
    history, policy = view.history, view.policy
    before = history.charges
    largest = max([charge.overdue_principal, *(c.overdue_principal for c in before)])
    elapsed = view.days_overdue
    charged_days = sum(c.days for c in before if c.charge == "interest")
    none = Decimal(0)
    refusals: list[Refusal] = []
    if charge.charge == "late_fee":
        fee, interest = history.charged("late_fee") + charge.amount, history.charged("interest")
        result = check_charges(
            largest,
            late_fee=fee,
            interest=none,
            days=elapsed,
            policy=policy,
            repeated=charge.repeated,
        )
        refusals += [r for r in result.refusals if r.rule.startswith("charges.late_fee")]
    else:
        fee, interest = history.charged("late_fee"), history.charged("interest") + charge.amount
        annual = policy.charges.interest_basis.value == "annual"
        principal = charge.overdue_principal if annual else largest
        result = check_charges(
            principal,
            late_fee=none,
            interest=charge.amount if annual else interest,
            days=charge.days,
            policy=policy,
            repeated=charge.repeated,
        )
        refusals += [r for r in result.refusals if r.rule == "charges.interest_rate_max"]
        if charged_days + charge.days > elapsed:
            rule = policy.charges.interest_rate_max
            reason = (
                f"Interest for {charged_days + charge.days} days in all, but only {elapsed} days"
                " are overdue: no day is charged twice."
            )
            refusals.append(refuse(rule, reason))
    time = sum((c.overdue_principal * c.days for c in before if c.charge == "interest"), none)
    time += max(charge.overdue_principal, none) * max(elapsed - charged_days, 0)
    together = check_charges(
        time, late_fee=fee, interest=interest, days=1, policy=policy, repeated=charge.repeated
    )
    refusals += [r for r in together.refusals if r.rule == "charges.all_in_rate_max"]
    return tuple(refusals)


@_checks(OfferPlan)
def _plan(view: View, offer: OfferPlan) -> tuple[Refusal, ...]:
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
    most = affordable_instalment(offer.residual_income, view.policy)
    if most is None:
        reason = "The residual income is not known: ask what is left each month first."
        return [refuse(rule, reason)]
    if plan.treatment == "extension":
        missing = plan.total - most * plan.months
    else:
        now = plan.instalments[: plan.reduced_months] or plan.instalments
        missing = max(item.amount for item in now) - most
        later = affordable_instalment(offer.residual_after, view.policy)
        if plan.treatment == "hardship_reduction":
            after = plan.largest - (most if later is None else later)
            missing = max(missing, after)
    if missing <= 0:
        return []
    return [refuse(rule, f"{most} a month is affordable; {missing} is missing.")]


def _conditions(view: View, offer: OfferPlan) -> list[Refusal]:
    """Check who may have a plan, and that none runs yet."""
    rule, history = view.policy.plan.requires, view.history
    refusals = []
    most = affordable_instalment(offer.residual_income, view.policy)
    if "unable" in rule.value and most is not None and offer.payment_due <= most:
        reason = f"What is due now, {offer.payment_due}, can be paid out of the {most} affordable."
        refusals.append(refuse(rule, reason))
    if "willing" in rule.value and history.willingness_evidence == "strong":
        reason = "A person has recorded strong evidence that the customer does not want to pay."
        refusals.append(refuse(rule, reason))
    if history.running_plan is not None:
        stops = view.policy.plan.stops_collection
        refusals.append(refuse(stops, f"Plan {history.running_plan} runs already."))
    return refusals


@_checks(OfferHelp)
def _help(view: View, offer: OfferHelp) -> tuple[Refusal, ...]:
    """Check help without amounts: nearly always allowed, written terms only on strong evidence."""
    rules = view.policy.plan
    if offer.treatment == "due_date_move" and rules.due_date_move_days_max.value == 0:
        return (refuse(rules.due_date_move_days_max, "The due date may not be moved."),)
    if offer.treatment == "written_terms":
        refusals = []
        evidence = view.policy.legal.willingness_evidence_min
        if "strong" not in (offer.willingness_evidence, view.history.willingness_evidence):
            reason = "Written terms need strong evidence that the customer can pay and will not."
            refusals.append(refuse(evidence, reason))
        if view.history.disputes:
            reason = "A dispute is open: it is settled first."
            refusals.append(refuse(view.policy.legal.blocked_by, reason))
        return tuple(refusals)
    return ()


@_checks(TakeLegalStep)
def _legal(view: View, step: TakeLegalStep) -> tuple[Refusal, ...]:
    """Check a legal step at the gate."""
    return legal_refusals(view, step)


@_checks(Decline)
def _decline(view: View, decline: Decline) -> tuple[Refusal, ...]:
    """Check that a person gave a reason for a decline."""
    rule = view.policy.review.decline_needs_reason
    if not rule.value or decline.human_reason.strip():
        return ()
    return (refuse(rule, "A decline needs a reason that a person recorded."),)


@_checks(ShareRecord)
def _share(view: View, share: ShareRecord) -> tuple[Refusal, ...]:
    """Check that a record leaves the house only with consent."""
    rule = view.policy.records.share_needs_consent
    if not rule.value or share.consent:
        return ()
    return (refuse(rule, "The customer's consent to sharing is not recorded."),)
