"""R2: how often, when and by which way one may contact, and if not now, when next.

Every rule is a small function that says whether it stands against a contact at a moment, and
until when; the next allowed moment is found by going from refusal to refusal. Who may be
contacted at all, and what stops contacts, is in ``contact_stops``.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from delinquency.casework.actions import Call, Contact, Message, Visit
from delinquency.casework.business_calendar import has_calendar, missing_calendar
from delinquency.casework.case_view import View
from delinquency.casework.contact_stops import STOPS, answers
from delinquency.casework.decision import Refusal, refuse
from delinquency.casework.events import Event
from delinquency.casework.history import local_day
from delinquency.policy import Hours, Rule

WEEK = timedelta(days=7)
MINUTE = timedelta(minutes=1)

_STEPS_MAX = 1000
"""Refusals followed in search of the next moment: years of holidays; then there is none."""


ContactRule = Callable[[View, Contact], Refusal | None]
_RULES: list[ContactRule] = [*STOPS]


def _rule(function: ContactRule) -> ContactRule:
    """Add a rule to those that every contact passes."""
    _RULES.append(function)
    return function


def contact_refusals(view: View, contact: Contact) -> tuple[Refusal, ...]:
    """Return every rule that stands against a contact at the moment of the view."""
    found = (rule(view, contact) for rule in _RULES)
    return tuple(refusal for refusal in found if refusal is not None)


def next_contact(view: View, contact: Contact) -> datetime | None:
    """Return the next moment at which a contact is allowed if nothing else happens.

    Returns
    -------
    datetime or None
        In UTC; the moment of the view when allowed; None when time alone does not help.
    """
    moment = view.at
    for _ in range(_STEPS_MAX):
        refusals = contact_refusals(replace(view, at=moment), contact)
        if not refusals:
            return moment
        ends = [refusal.until for refusal in refusals]
        if None in ends:
            return None
        later = max(end for end in ends if end is not None)
        # Where clocks are set back an hour comes twice; the search goes on all the same.
        moment = max(later, moment + MINUTE)
    return None


def _start_of_day(view: View, days: int, at: time) -> datetime:
    """Return a time of day so many days on, in the customer's zone, as UTC."""
    day = local_day(view.at, view.case) + timedelta(days=days)
    return datetime.combine(day, at, tzinfo=view.case.zone).astimezone(UTC)


def _released(times: Iterable[datetime], most: int) -> datetime:
    """Return when enough of the contacts counted in seven days have left the count."""
    ordered = sorted(times)
    return ordered[len(ordered) - most] + WEEK if most > 0 else ordered[-1] + WEEK


@_rule
def within_hours(view: View, contact: Contact) -> Refusal | None:
    """Contact only within the hours, in the customer's zone, daylight saving included."""
    rule = view.policy.contact.hours
    agreed = view.history.agreed_hours
    windows: tuple[Hours, ...] = (rule.value,)
    if agreed is not None:
        by_agreement = view.policy.contact.hours_by_agreement.value
        windows = (agreed,) if by_agreement else (rule.value, agreed)
    start, end = max(w.start for w in windows), min(w.end for w in windows)
    local = view.at.astimezone(view.case.zone)
    now = local.time()
    if start <= now < end:
        return None
    reason = (
        f"It is {now:%H:%M} for the customer ({view.case.time_zone}); contact is allowed"
        f" {start:%H:%M}-{end:%H:%M}."
    )
    if start >= end:
        return refuse(rule, reason)
    return refuse(rule, reason, until=_start_of_day(view, 0 if now < start else 1, start))


@_rule
def not_on_holidays(view: View, contact: Contact) -> Refusal | None:
    """Leave customers in peace on public holidays where the policy says so."""
    rule = view.policy.contact.holidays_allowed
    day = local_day(view.at, view.case)
    if rule.value:
        return None
    if not has_calendar(day, view.policy):
        # A day that might be a holiday is not taken for a working day in silence.
        years = view.policy.communication.calendar_years
        return refuse(years, missing_calendar(day, view.policy))
    if day not in view.policy.communication.holidays.value:
        return None
    reason = f"{day} is a public holiday."
    return refuse(rule, reason, until=_start_of_day(view, 1, time(0)))


@_rule
def by_allowed_channel(view: View, contact: Contact) -> Refusal | None:
    """Use only the channels that the policy names."""
    rule = view.policy.contact.channels
    if contact.channel in rule.value:
        return None
    return refuse(rule, f"The channel {contact.channel} is not among {', '.join(rule.value)}.")


@_rule
def with_consent(view: View, contact: Contact) -> Refusal | None:
    """Use a channel that needs consent only with the customer's consent."""
    rule = view.policy.contact.consent_channels
    if contact.channel not in rule.value or contact.channel in view.history.consents:
        return None
    return refuse(rule, f"The customer has not agreed to {contact.channel}, or no longer does.")


@_rule
def with_enough_staff(view: View, contact: Contact) -> Refusal | None:
    """Visit only with as many staff as the policy asks for."""
    rule = view.policy.contact.visit_staff_min
    if not isinstance(contact, Visit) or contact.staff >= rule.value:
        return None
    return refuse(rule, f"A visit needs {rule.value} staff. Got {contact.staff}.")


@_rule
def after_cooling_off(view: View, contact: Contact) -> Refusal | None:
    """Leave the rest after a conversation, and the longer one after a heated conversation."""
    if isinstance(contact, Message) or answers(view, contact):
        return None
    rules = view.policy.contact
    worst: Refusal | None = None
    for talk in view.history.conversations:
        rest = (
            rules.cool_off_after_heated_days
            if talk.heated
            else rules.cool_off_after_conversation_days
        )
        until = talk.at + timedelta(days=rest.value)
        if view.at < until and (worst is None or worst.until is None or until > worst.until):
            kind = "heated conversation" if talk.heated else "conversation"
            worst = refuse(
                rule=rest, reason=f"{rest.value} days of rest after a {kind}.", until=until
            )
    return worst


def _day_cap(
    view: View, rule: Rule[int | None], events: Iterable[Event], words: str
) -> Refusal | None:
    """Return the refusal of a cap a day on the customer's calendar, where it is reached."""
    today = local_day(view.at, view.case)
    count = sum(local_day(event.at, view.case) == today for event in events)
    if rule.value is None or count < rule.value:
        return None
    reason = f"{count} of {rule.value} {words} on {today}."
    return refuse(rule, reason, until=_start_of_day(view, 1, time(0)))


def _week_cap(
    view: View, rule: Rule[int | None], events: Iterable[Event], words: str
) -> Refusal | None:
    """Return the refusal of a cap in any seven days, where it is reached."""
    times = [event.at for event in events if event.at > view.at - WEEK]
    if rule.value is None or len(times) < rule.value:
        return None
    reason = f"{len(times)} of {rule.value} {words} in seven days."
    return refuse(rule, reason, until=_released(times, rule.value) if times else None)


@_rule
def not_too_many_conversations(view: View, contact: Contact) -> Refusal | None:
    """Hold at most so many conversations a day: a call may become one; the customer's are free."""
    if isinstance(contact, Message) or answers(view, contact):
        return None
    rule = view.policy.contact.conversations_per_day_max
    own = [talk for talk in view.history.conversations if not talk.inbound]
    return _day_cap(view, rule, own, "conversations were held")


@_rule
def not_too_many_calls(view: View, contact: Contact) -> Refusal | None:
    """Call at most so many times in any seven days."""
    if isinstance(contact, Message) or answers(view, contact):
        return None
    rule = view.policy.contact.calls_per_7_days_max
    return _week_cap(view, rule, view.history.calls(), "calls were made")


@_rule
def not_too_many_dials(view: View, contact: Contact) -> Refusal | None:
    """Dial one number without answer at most so many times a day."""
    if not isinstance(contact, Call) or answers(view, contact):
        return None
    dials = [
        attempt
        for attempt in view.history.attempts
        if attempt.channel == "phone" and attempt.number_id == contact.number_id
    ]
    rule = view.policy.contact.dials_per_number_per_day_max
    return _day_cap(view, rule, dials, "dials of this number went unanswered")


@_rule
def not_too_many_messages_a_day(view: View, contact: Contact) -> Refusal | None:
    """Send at most so many messages a day."""
    if not isinstance(contact, Message) or answers(view, contact):
        return None
    rule = view.policy.contact.messages_per_day_max
    return _day_cap(view, rule, view.history.messages, "messages were sent")


@_rule
def not_too_many_messages_a_week(view: View, contact: Contact) -> Refusal | None:
    """Send at most so many messages in any seven days."""
    if not isinstance(contact, Message) or answers(view, contact):
        return None
    rule = view.policy.contact.messages_per_7_days_max
    return _week_cap(view, rule, view.history.messages, "messages were sent")
