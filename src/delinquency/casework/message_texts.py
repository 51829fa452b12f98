"""What may be written to a customer: approved texts as they are, own texts with care.

An approved text that is filled in passes, whatever word the tone check would flag in it: required
notices must name courts and debts. A text of its own is held against the tone, compared with the
nearest approved text, and flagged for a person who reads it.
"""

import hashlib
from datetime import timedelta

from delinquency.casework.actions import Message
from delinquency.casework.case_view import View
from delinquency.casework.contact_stops import answers
from delinquency.casework.decision import HELP_SOURCE, ORDER_SOURCE, TONE_SOURCE, Refusal
from delinquency.casework.reminders import (
    approved_text,
    find_approved,
    is_approved,
    nearest_approved,
    words_unread,
)
from delinquency.casework.tone import ToneFault, tone_faults

NEAR = 0.8
"""Likeness from which a text of its own says little else than an approved one."""


def text_digest(text: str) -> str:
    """Return the SHA-256 of a text, by which a review is tied to it."""
    return hashlib.sha256(text.encode()).hexdigest()


def text_refusals(view: View, message: Message) -> tuple[Refusal, ...]:
    """Return what stands against the text of a message."""
    if not message.text.strip():
        return (Refusal("tone", TONE_SOURCE, "There is no text."),)
    if message.template:
        return tuple(_template_refusals(view, message))
    if _is_filled_in(message):
        return ()
    found = []
    if message.step == "H4" and not view.history.legal_started:
        reason = "No legal step was taken in these arrears; notice of one is an approved text."
        found.append(Refusal("order.help_first", ORDER_SOURCE, reason))
    reviewed = _review(view, message)
    for fault in _faults(view, message):
        if reviewed == "approved" and fault.kind != "personal identifier":
            continue
        if not fault.hard and _is_answer(view, message):
            continue
        source = HELP_SOURCE if fault.kind == "no offer of help" else TONE_SOURCE
        words = f' "{fault.words}"' if fault.words else ""
        found.append(Refusal("tone", source, f"{fault.kind}:{words}. {fault.mend}"))
    unread = words_unread(message.text)
    if not found and not reviewed and unread and not _is_answer(view, message):
        shown = ", ".join(unread[:6])
        reason = (
            f"The text says what no approved text says ({shown}): a person reads it first"
            f" (event text_reviewed, text_digest {text_digest(message.text)}), or use an approved"
            " one."
        )
        found.append(Refusal("tone.review", TONE_SOURCE, reason))
    if reviewed == "rejected":
        reason = "A person read this text and rejected it."
        found.append(Refusal("tone.review", TONE_SOURCE, reason))
    return tuple(found)


def text_flags(view: View, message: Message) -> tuple[str, ...]:
    """Return what a person should look at in the text of a message; nothing here refuses it."""
    if message.template or _is_filled_in(message):
        return ()
    flags = [
        f"tone: {fault.kind}{f' ({fault.words})' if fault.words else ''}"
        for fault in _faults(view, message)
    ]
    if _review(view, message) == "approved":
        return tuple(flags)
    nearest = nearest_approved(message.text, message.channel)
    if nearest is None:
        return (*flags, "own text: no approved text for this channel; a person reads it")
    text, score = nearest
    if score < NEAR:
        flags.append(
            f"own text: {score:.0%} like {text.reference}, the nearest approved text; a person"
            " reads it before it goes out (event text_reviewed)"
        )
    return tuple(flags)


def _faults(view: View, message: Message) -> tuple[ToneFault, ...]:
    """Return what the tone check says of a text of its own."""
    legal = view.history.legal_started and message.step in ("H4", "H5")
    needed = message.purpose in ("reminder", "help") and message.step in ("H1", "H2", "H3")
    return tone_faults(message.text, legal_words_allowed=legal, help_needed=needed)


def _is_filled_in(message: Message) -> bool:
    """Return whether a text is an approved one of its step, though it does not say so."""
    found = find_approved(message.text, message.channel)
    return found is not None and found.step == message.step and found.purpose != "notice"


def _is_answer(view: View, message: Message) -> bool:
    """Return whether a text answers the customer, or stands in step 5."""
    return answers(view, message) or (message.step in ("H4", "H5") and message.purpose == "reply")


def _review(view: View, message: Message) -> str:
    """Return what a person found who read exactly this text; "" without a review."""
    review = view.history.reviews.get(text_digest(message.text))
    return "" if review is None else review.outcome


def _template_refusals(view: View, message: Message) -> list[Refusal]:
    """Return what stands against a text that cites an approved one."""
    language = view.case.language
    approved = approved_text(message.template, message.channel, language)
    if approved is None:
        reason = (
            f"There is no approved text {message.template} for {message.channel} in {language}."
        )
        return [Refusal("text.approved", TONE_SOURCE, reason)]
    found = []
    if not is_approved(message.text, approved):
        reason = (
            f"The text is not {approved.reference} as it was approved, places filled in and"
            " notices included: send it without template=..., and have a person read it."
        )
        found.append(Refusal("text.approved", TONE_SOURCE, reason))
    if message.purpose != approved.purpose or message.step != approved.step:
        reason = (
            f"{approved.reference} is for step {approved.step}, purpose {approved.purpose}; not"
            f" for {message.step}, {message.purpose}."
        )
        found.append(Refusal("text.approved", TONE_SOURCE, reason))
    if approved.name == "legal_notice":
        found += _notice_of_law(view)
    return found


def _notice_of_law(view: View) -> list[Refusal]:
    """Give notice of a legal step only once help was offered and the debt is old enough."""
    legal, history, found = view.policy.legal, view.history, []
    if not history.help_offered:
        reason = "Help comes first: none was offered in these arrears."
        found.append(Refusal("order.help_first", ORDER_SOURCE, reason))
    early = legal.days_past_due_min.value - legal.prior_notice_days.value
    if view.days_overdue < early:
        until = view.at + timedelta(days=early - view.days_overdue)
        reason = f"{view.days_overdue} days past due; notice is given from day {early} on."
        found.append(
            Refusal(legal.days_past_due_min.key, legal.days_past_due_min.cited, reason, until)
        )
    blocked = [h.facts.words for n, h in view.holds.items() if n in legal.blocked_by.value]
    if blocked:
        reason = f"No notice of a legal step while {blocked[0]}."
        found.append(Refusal(legal.blocked_by.key, legal.blocked_by.cited, reason))
    return found
