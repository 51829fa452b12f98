"""Who may be contacted at all, and what stops a contact while it lasts.

What the customer asked for, an answer or a notice that must be given, is stopped by nothing but
the hours; so that nobody can dress a reminder as one, an answer needs an open question and a
notice needs an approved text.
"""

from collections.abc import Callable

from delinquency.casework.actions import Call, Contact, Message, Visit
from delinquency.casework.case_view import View
from delinquency.casework.decision import (
    CASE_SOURCE,
    OPT_OUT_SOURCE,
    PRIVACY_SOURCE,
    STOP_SOURCE,
    Refusal,
    refuse,
)
from delinquency.casework.events import ContactAttempted, ConversationHeld
from delinquency.casework.history import local_day

REMINDING = ("reminder", "locate")
"""Purposes that press for payment, or look for somebody who owes it."""
ASKED_FOR = ("reply", "notice")
"""Purposes that the customer asked for, or that the law does."""


def answers(view: View, contact: Contact) -> bool:
    """Return whether a contact answers an open question, complaint or dispute of the customer."""
    history = view.history
    waiting = (
        history.questions
        or history.complaints
        or history.disputes
        or "fraud" in history.circumstances
    )
    return contact.purpose == "reply" and bool(waiting)


def is_notice(contact: Contact) -> bool:
    """Return whether a contact is a notice that must be given, by an approved text."""
    return isinstance(contact, Message) and contact.purpose == "notice" and bool(contact.template)


def _free(view: View, contact: Contact) -> bool:
    """Return whether nothing but hours and ways stands against a contact."""
    return answers(view, contact) or is_notice(contact)


def asked_for_indeed(view: View, contact: Contact) -> Refusal | None:
    """Let nobody call a reminder an answer or a notice."""
    if contact.purpose not in ASKED_FOR or _free(view, contact):
        return None
    if contact.purpose == "reply" and not _held(view) and not view.history.closed_at:
        # Where nothing is stopped an answer without an open question counts as any contact.
        return None
    what = (
        "No question or complaint of the customer is open: there is nothing to answer."
        if contact.purpose == "reply"
        else "A notice goes out in writing, by an approved text (template=...)."
    )
    return Refusal("contact.asked_for", STOP_SOURCE, what)


def _held(view: View) -> bool:
    """Return whether anything holds that stops contacts."""
    return any(hold.facts.everything for hold in view.holds.values())


def not_after_closing(view: View, contact: Contact) -> Refusal | None:
    """Leave a customer in peace once the case is closed."""
    closed = view.history.closed_at
    if closed is None or _free(view, contact):
        return None
    return Refusal(
        "case.closed",
        CASE_SOURCE,
        f"The case was closed on {local_day(closed, view.case)}: only answers and notices go out.",
    )


def not_while_held(view: View, contact: Contact) -> Refusal | None:
    """Stop reminders and offers while something holds: the longest hold is named."""
    if _free(view, contact):
        return None
    rule = view.policy.contact.reminders_stopped_by
    plan_rule = view.policy.plan.stops_collection
    worst: Refusal | None = None
    for name, hold in view.holds.items():
        if name == "running_plan":
            stops = plan_rule.value and contact.purpose in REMINDING
        elif hold.facts.everything:
            stops = name in rule.value or hold.facts.always
        else:
            stops = (name in rule.value or hold.facts.always) and contact.purpose in REMINDING
        if name in ("representation", "minor") and contact.party == "representative":
            continue
        if not stops:
            continue
        until = view.end_of(hold)
        words = f"{hold.facts.words[0].upper()}{hold.facts.words[1:]}"
        if name == "running_plan":
            reason = f"Plan {view.history.running_plan} runs: reminders stop until it ends."
        else:
            reason = f"{words}: contacts stop. It may be lifted by: {hold.facts.lifted_by}."
        if name == "running_plan":
            found = refuse(plan_rule, reason, until=until)
        elif name in rule.value:
            found = refuse(rule, reason, until=until)
        else:
            found = Refusal(f"hold.{name}", STOP_SOURCE, reason, until)
        if worst is None or (
            worst.until is not None and (found.until is None or found.until > worst.until)
        ):
            worst = found
    return worst


def not_where_the_customer_said_stop(view: View, contact: Contact) -> Refusal | None:
    """Respect a channel, the place of work, or all contact that the customer stopped."""
    stopped = view.history.stopped
    if "all" in stopped and contact.party == "third_party":
        reason = "The customer asked not to be contacted: nobody is asked about the customer."
        return Refusal("contact.stopped", OPT_OUT_SOURCE, reason)
    if contact.party != "customer" or answers(view, contact):
        return None
    if "all" in stopped and not (is_notice(contact) and contact.channel == "letter"):
        reason = "The customer asked not to be contacted; only required notices go by letter."
        return Refusal("contact.stopped", OPT_OUT_SOURCE, reason)
    if contact.channel in stopped:
        reason = f"The customer asked not to be contacted by {contact.channel}."
        return Refusal("contact.stopped", OPT_OUT_SOURCE, reason)
    if "work" in stopped and at_work(view, contact):
        reason = "The customer asked not to be contacted at the place of work."
        return Refusal("contact.stopped", OPT_OUT_SOURCE, reason)
    return None


def at_work(view: View, contact: Contact) -> bool:
    """Return whether a contact would reach the customer at the place of work."""
    if isinstance(contact, Visit):
        return contact.place == "work"
    if isinstance(contact, Call):
        return contact.place == "work" or contact.number_id in view.history.work_numbers
    return False


def not_at_work(view: View, contact: Contact) -> Refusal | None:
    """Leave the place of work alone where the policy says so."""
    rule = view.policy.contact.work_allowed
    if rule.value or not at_work(view, contact):
        return None
    return refuse(rule, "The customer is not contacted at the place of work.")


def with_the_right_person(view: View, contact: Contact) -> Refusal | None:
    """Speak with the customer, or with whoever acts or guarantees for the customer."""
    history = view.history
    if contact.party == "representative" and not history.representatives:
        reason = "Nobody is recorded who acts for the customer."
        return Refusal("contact.party", PRIVACY_SOURCE, reason)
    if contact.party == "guarantor":
        if not history.guarantors:
            return Refusal("contact.party", PRIVACY_SOURCE, "No guarantor is recorded.")
        if not is_notice(contact):
            reason = "A guarantor is told of the guarantee by an approved notice, nothing else."
            return Refusal("contact.party", PRIVACY_SOURCE, reason)
    number = contact.number_id if isinstance(contact, Call) else ""
    if contact.party == "customer" and number and number in history.invalid_numbers:
        rule = view.policy.contact.third_party
        return refuse(rule, "The number is not the customer's: somebody else would answer.")
    return None


def third_parties_only_to_find_again(view: View, contact: Contact) -> Refusal | None:
    """Leave third parties alone, but to find a customer again where the policy allows it."""
    if contact.party != "third_party":
        return None
    rules, history = view.policy.contact, view.history
    rule = rules.third_party
    if rule.value == "never":
        return refuse(rule, "Nobody but the customer is contacted.")
    if contact.purpose != "locate" or isinstance(contact, Message):
        return Refusal(
            rule.key,
            PRIVACY_SOURCE,
            "A third party may only be asked, by word of mouth, how the customer can be reached.",
        )
    number = contact.number_id if isinstance(contact, Call) else ""
    if number in history.refusing_numbers:
        return refuse(rule, "This person does not want to be asked, and is left alone for good.")
    kind = contact.relation
    if kind not in rules.third_party_kinds.value:
        return refuse(rules.third_party_kinds, f"A third person who is {kind} is left alone.")
    asked = [
        one for one in _spoken(view) if one.party == "third_party" and one.number_id == number
    ]
    most = rules.third_party_calls_max
    if most.value is not None and len(asked) >= most.value:
        return refuse(most, f"This person was asked {len(asked)} of {most.value} times.")
    if rule.value == "lost_contact_only" and not contact_is_lost(view):
        dials, days = _lost(view)
        return refuse(
            rule,
            f"Contact is not lost: {dials} failed dials on {days} days;"
            f" {rules.lost_contact_dials.value} on"
            f" {rules.lost_contact_days.value} are needed since the customer was last heard,"
            " or every number of the customer's is invalid.",
        )
    return None


def _spoken(view: View) -> list[ContactAttempted | ConversationHeld]:
    """Return every dial and conversation."""
    found: list[ContactAttempted | ConversationHeld] = [*view.history.attempts]
    return [*found, *view.history.conversations]


def _lost(view: View) -> tuple[int, int]:
    """Return failed dials to the customer, and on how many days, since the customer was heard."""
    since = view.history.heard_at
    failed = [
        attempt
        for attempt in view.history.attempts
        if attempt.party == "customer"
        and attempt.channel == "phone"
        and (since is None or attempt.at > since)
    ]
    return len(failed), len({local_day(attempt.at, view.case) for attempt in failed})


def contact_is_lost(view: View) -> bool:
    """Return whether the customer can no longer be reached, as the policy counts it.

    Notes
    -----
    One number that is not in use says nothing while another answers: every number that was used
    must be invalid, and found so after the customer was last heard.
    """
    history = view.history
    used = {
        one.number_id
        for one in _spoken(view)
        if one.party == "customer" and one.channel == "phone"
    } | {"main"}
    invalid = {
        number
        for number, at in history.invalid_numbers.items()
        if history.heard_at is None or at > history.heard_at
    }
    if used <= invalid:
        return True
    dials, days = _lost(view)
    rules = view.policy.contact
    return dials >= rules.lost_contact_dials.value and days >= rules.lost_contact_days.value


STOPS: tuple[Callable[[View, Contact], Refusal | None], ...] = (
    not_after_closing,
    not_while_held,
    asked_for_indeed,
    not_where_the_customer_said_stop,
    not_at_work,
    with_the_right_person,
    third_parties_only_to_find_again,
)
"""The rules on whom one may contact at all, in the order in which they are cited."""
