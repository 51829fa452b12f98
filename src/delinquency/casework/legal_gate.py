"""H4: the gate before any legal step, and before a debt is sold. Help first; a person decides.

Everything is read from the case, and from the present arrears only: what somebody claims opens
nothing, and what happened in earlier arrears opens nothing either.
"""

import re
from datetime import date, datetime, timedelta
from typing import Any

from delinquency.casework.actions import TakeLegalStep, TransferDebt
from delinquency.casework.case_view import View
from delinquency.casework.charge_gate import claim_refusals
from delinquency.casework.decision import CASE_SOURCE, ORDER_SOURCE, Refusal, refuse
from delinquency.casework.plans import MONTHS_IN_YEAR, add_months
from delinquency.policy import Rule
from delinquency.traits import EVIDENCE_LEVELS

NOTICE_TEMPLATE = "legal_notice"
"""Name of the approved text that gives notice of a legal step."""
NOBODY = ("", "unnamed", "system", "table", "bank", "batch")
"""Actors that are no known person."""
_WORD = re.compile(r"[^\W\d_]+")
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_EMPTY_PHRASES = frozenset(
    {
        "reason",
        "human reason",
        "see file",
        "see case file",
        "as discussed",
        "does not pay",
        "customer does not want to pay",
        "customer does not pay",
        "the customer does not pay",
        "the reason in the words of the person who asks",
        "the reason in the person's own words",
        "in the person's own words",
        "客户不还款",
        "拒不还款",
        "见档案",
    }
)


def legal_refusals(view: View, step: TakeLegalStep) -> tuple[Refusal, ...]:
    """Return everything that stands between a case and a legal step.

    Parameters
    ----------
    view : View
    step : TakeLegalStep

    Returns
    -------
    tuple of Refusal
        Empty when the gate is open.
    """
    found = [
        _closed(view),
        _days_past_due(view),
        _not_time_barred(view),
        _help_first(view),
        _plan_tried(view),
        _contacts(view),
        *_blocks(view, view.policy.legal.blocked_by),
        _evidence(view),
        _noticed(view),
        *claim_refusals(view),
        _signed(view, step),
        reason_refusal(view, step.human_reason, view.policy.legal.human_reason_required),
    ]
    return tuple(refusal for refusal in found if refusal is not None)


def transfer_refusals(view: View, transfer: TransferDebt) -> tuple[Refusal, ...]:
    """Return everything that stands against selling a debt or handing it over."""
    rule = view.policy.legal.transfer_blocked_by
    found = [
        _closed(view),
        *_blocks(view, rule),
        reason_refusal(view, transfer.human_reason, view.policy.legal.human_reason_required),
    ]
    if "transfer" in view.holds:
        found.append(Refusal("case.closed", CASE_SOURCE, "The debt was sold already."))
    return tuple(refusal for refusal in found if refusal is not None)


def counted_contacts(view: View) -> tuple[datetime, ...]:
    """Return the documented contacts that count: the lender's own, with the customer, spaced.

    Notes
    -----
    Of the present arrears only. From the oldest on, each that is at least the policy's gap after
    the last one counted: no choice of contacts gives more.
    """
    gap = timedelta(days=view.policy.legal.contact_gap_days_min.value)
    history = view.history
    contacts = [m.at for m in history.messages if m.party == "customer"]
    contacts += [
        talk.at for talk in history.conversations if talk.party == "customer" and not talk.inbound
    ]
    counted: list[datetime] = []
    for moment in sorted(contacts):
        if history.started is not None and moment < history.started:
            continue
        if not counted or moment - counted[-1] >= gap:
            counted.append(moment)
    return tuple(counted)


def _closed(view: View) -> Refusal | None:
    """Do nothing in a case that is closed."""
    if view.history.closed_at is None:
        return None
    return Refusal("case.closed", CASE_SOURCE, "The case is closed.")


def _days_past_due(view: View) -> Refusal | None:
    """Wait until the debt is old enough."""
    rule = view.policy.legal.days_past_due_min
    days = view.days_overdue
    if days >= rule.value:
        return None
    until = view.at + timedelta(days=rule.value - days) if days else None
    return refuse(rule, f"{days} days past due; {rule.value} are needed.", until=until)


def _not_time_barred(view: View) -> Refusal | None:
    """Refuse a step for a debt that is too old to be sued for."""
    rule = view.policy.legal.time_barred_years
    if rule.value is None or not view.late:
        return None
    last = add_months(view.late[0].due, rule.value * MONTHS_IN_YEAR)
    if view.today <= last:
        return None
    return refuse(rule, f"The oldest payment was due on {view.late[0].due}: too old since {last}.")


def _help_first(view: View) -> Refusal | None:
    """Ask for an offer of help before anything else; no policy can switch this off."""
    if view.history.help_offered:
        return None
    return Refusal("order.help_first", ORDER_SOURCE, "No help was offered in these arrears yet.")


def _plan_tried(view: View) -> Refusal | None:
    """Ask for a plan that was offered, and refused or broken."""
    rule = view.policy.legal.plan_refused_or_broken
    if not rule.value or view.history.plan_tried:
        return None
    return refuse(rule, "No plan was offered in these arrears and then refused or broken.")


def _contacts(view: View) -> Refusal | None:
    """Ask for documented contacts, spaced."""
    rule = view.policy.legal.contacts_min
    counted = len(counted_contacts(view))
    if counted >= rule.value:
        return None
    gap = view.policy.legal.contact_gap_days_min
    return refuse(
        rule if rule.value else gap,
        f"{counted} documented contacts of the lender's own at least {gap.value} days apart in"
        f" these arrears; {rule.value} are needed.",
    )


def _blocks(view: View, rule: Rule[tuple[str, ...]]) -> list[Refusal]:
    """Hold back while anything holds that the rule names, and whenever nothing is overdue."""
    return [
        refuse(rule, f"Not while {hold.facts.words}.", until=view.end_of(hold))
        for name, hold in view.holds.items()
        if name in rule.value
    ]


def _evidence(view: View) -> Refusal | None:
    """Ask for strong evidence, assessed by a person in these arrears, that the customer can pay.

    Notes
    -----
    How many tables the model saw says nothing of what a customer wants.
    """
    rule, history = view.policy.legal.willingness_evidence_min, view.history
    level = history.willingness_evidence
    if EVIDENCE_LEVELS.index(level) < EVIDENCE_LEVELS.index(rule.value):
        return refuse(
            rule,
            f"The evidence on willingness that a person assessed in these arrears is {level};"
            f" {rule.value} is needed.",
        )
    if history.assessment is None:
        return None
    fault = reason_fault(history.assessment.reason, view.policy.legal.reason_words_min.value)
    return refuse(rule, f"The assessment of willingness has no reason: {fault}") if fault else None


def last_notice(view: View) -> date | None:
    """Return the day of the last written notice of a legal step in these arrears."""
    start = view.history.started
    days = [
        message.at.astimezone(view.case.zone).date()
        for message in view.history.messages
        if message.template.partition(":")[0] == NOTICE_TEMPLATE
        and (start is None or message.at >= start)
    ]
    return max(days, default=None)


def _noticed(view: View) -> Refusal | None:
    """Ask for a written notice before the step, where the policy does."""
    rule = view.policy.legal.prior_notice_days
    if not rule.value:
        return None
    noticed = last_notice(view)
    if noticed is None:
        return refuse(rule, f"No written notice was given; {rule.value} days of it are needed.")
    passed = (view.today - noticed).days
    if passed >= rule.value:
        return None
    until = view.at + timedelta(days=rule.value - passed)
    reason = f"Notice was given {passed} days ago; {rule.value} are needed."
    return refuse(rule, reason, until=until)


def _signed(view: View, step: TakeLegalStep) -> Refusal | None:
    """Ask for a signature in the case, of these arrears, by another known person."""
    rule = view.policy.legal.sign_off_required
    if not rule.value:
        return None
    name = step.sign_off_id.strip()
    if not name:
        return refuse(rule, "The legal department has not signed (no sign-off id).")
    signed = view.history.sign_offs.get(name)
    if signed is None:
        reason = f"The case holds no signature {name} of these arrears (event sign_off_given)."
        return refuse(rule, reason)
    if signed.legal_step != step.legal_step:
        reason = f"Signature {name} is for a {signed.legal_step}, not for a {step.legal_step}."
        return refuse(rule, reason)
    if signed.actor.lower() in NOBODY:
        return refuse(rule, f"Signature {name} is by nobody known ({signed.actor}).")
    others = {step.asked_by}
    if view.history.assessment is not None:
        others.add(view.history.assessment.actor)
    if signed.actor in others:
        reason = (
            f"Signature {name} is by {signed.actor}, who also asks or assessed: another signs."
        )
        return refuse(rule, reason)
    return None


def reason_refusal(view: View, reason: str, rule: Rule[Any]) -> Refusal | None:
    """Ask for a reason that a person gave, a sentence of their own."""
    if not rule.value:
        return None
    if not reason.strip():
        return refuse(rule, "No person has recorded a reason.")
    fault = reason_fault(reason, view.policy.legal.reason_words_min.value)
    return refuse(rule, f"The reason is no sentence of a person's own: {fault}") if fault else None


def reason_fault(reason: str, words_min: int) -> str:
    """Return why a reason is no sentence of a person's own; "" when it is one.

    Examples
    --------
    >>> reason_fault("Two plans refused; income unchanged.", 4)
    ''
    >>> reason_fault("x x x x", 4)
    'it repeats the same word.'
    """
    plain = " ".join(reason.split()).rstrip(" .!。").lower()
    if plain in _EMPTY_PHRASES:
        return "it is a phrase for any case."
    chinese = len(_CHINESE.findall(plain))
    words = _WORD.findall(_CHINESE.sub(" ", plain))
    count = len(words) + chinese // 2
    if count < words_min:
        return f"{count} words; at least {words_min} are needed."
    if not chinese and len(set(words)) < min(3, words_min):
        return "it repeats the same word."
    return ""
