"""H4: the gate before any legal step. Help comes first, and a person decides."""

from datetime import datetime, timedelta

from delinquency.casework.actions import TakeLegalStep
from delinquency.casework.contact import View
from delinquency.casework.decision import ORDER_SOURCE, Refusal, refuse
from delinquency.casework.events import ConversationHeld
from delinquency.traits import EVIDENCE_LEVELS


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
        _days_past_due(view),
        _help_first(view),
        _plan_tried(view),
        _contacts(view),
        *_blocks(view),
        _evidence(view, step),
        _signed(view, step),
        _reasoned(view, step),
    ]
    return tuple(refusal for refusal in found if refusal is not None)


def counted_contacts(view: View) -> tuple[datetime, ...]:
    """Return the documented contacts that count: with the customer, far enough apart.

    Notes
    -----
    From the oldest on, each that is at least the policy's gap after the last one counted: no
    choice of contacts gives more.
    """
    gap = timedelta(days=view.policy.legal.contact_gap_days_min.value)
    contacts: list[datetime] = [m.at for m in view.history.messages if m.party == "customer"]
    contacts += [talk.at for talk in view.history.conversations if _is_with_customer(talk)]
    counted: list[datetime] = []
    for moment in sorted(contacts):
        if not counted or moment - counted[-1] >= gap:
            counted.append(moment)
    return tuple(counted)


def _is_with_customer(talk: ConversationHeld) -> bool:
    """Return whether a conversation was with the customer."""
    return talk.party == "customer"


def _days_past_due(view: View) -> Refusal | None:
    """Wait until the debt is old enough."""
    rule = view.policy.legal.days_past_due_min
    days = view.days_overdue
    if days >= rule.value:
        return None
    until = view.at + timedelta(days=rule.value - days)
    return refuse(rule, f"{days} days past due; {rule.value} are needed.", until=until)


def _help_first(view: View) -> Refusal | None:
    """Ask for an offer of help before anything else; no policy can switch this off."""
    if view.history.help_offered:
        return None
    return Refusal("order.help_first", ORDER_SOURCE, "No help was offered in this case yet.")


def _plan_tried(view: View) -> Refusal | None:
    """Ask for a plan that was offered, and refused or broken."""
    rule = view.policy.legal.plan_refused_or_broken
    if not rule.value or view.history.plan_refused_or_broken:
        return None
    return refuse(rule, "No plan was offered and then refused or broken.")


def _contacts(view: View) -> Refusal | None:
    """Ask for documented contacts, spaced."""
    rule = view.policy.legal.contacts_min
    counted = len(counted_contacts(view))
    if counted >= rule.value:
        return None
    gap = view.policy.legal.contact_gap_days_min
    return refuse(
        rule if rule.value else gap,
        f"{counted} documented contacts at least {gap.value} days apart; {rule.value} are needed.",
    )


def _blocks(view: View) -> list[Refusal]:
    """Hold back while hardship, a dispute, vulnerability or a running plan lasts."""
    rule = view.policy.legal.blocked_by
    history = view.history
    states = {
        "hardship": (history.hardship, "hardship was declared"),
        "dispute": (bool(history.disputes), "a dispute is open"),
        "vulnerability": (history.vulnerability, "the customer needs special care"),
        "running_plan": (history.running_plan is not None, "a plan runs"),
    }
    return [
        refuse(rule, f"Not while {words}.")
        for name, (holds, words) in states.items()
        if holds and name in rule.value
    ]


def _evidence(view: View, step: TakeLegalStep) -> Refusal | None:
    """Ask for strong evidence that the customer can pay and will not."""
    rule = view.policy.legal.willingness_evidence_min
    levels = [view.history.willingness_evidence, step.willingness_evidence or "none"]
    best = max(EVIDENCE_LEVELS.index(level) for level in levels)
    if best >= EVIDENCE_LEVELS.index(rule.value):
        return None
    return refuse(
        rule,
        f"The evidence on willingness is {EVIDENCE_LEVELS[best]}; {rule.value} is needed.",
    )


def _signed(view: View, step: TakeLegalStep) -> Refusal | None:
    """Ask for the legal department's signature."""
    rule = view.policy.legal.sign_off_required
    if not rule.value or step.sign_off_id.strip():
        return None
    return refuse(rule, "The legal department has not signed (no sign-off id).")


def _reasoned(view: View, step: TakeLegalStep) -> Refusal | None:
    """Ask for a reason that a person gave."""
    rule = view.policy.legal.human_reason_required
    if not rule.value or step.human_reason.strip():
        return None
    return refuse(rule, "No person has recorded a reason.")
