"""R2: whether one may contact a customer now, and if not, when next.

Every rule is a small function that says whether it stands against a contact at a moment, and
until when; the next allowed moment is found by going from refusal to refusal.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from delinquency.casework.actions import Call, Message, Visit
from delinquency.casework.case_file import Case
from delinquency.casework.decision import PRIVACY_SOURCE, Refusal, refuse
from delinquency.casework.events import Event
from delinquency.casework.history import History, history_of, local_day
from delinquency.policy import Hours, Policy, Rule

Contact = Call | Visit | Message

WEEK = timedelta(days=7)
MINUTE = timedelta(minutes=1)

_STEPS_MAX = 1000
"""Refusals followed in search of the next moment: years of holidays; then there is none."""


@dataclass(frozen=True)
class View:
    """A case as it is seen at a moment under a policy.

    Attributes
    ----------
    case : Case
    policy : Policy
    at : datetime
        The moment of the contact, in UTC.
    history : History
        What was known when the question was asked.
    """

    case: Case
    policy: Policy
    at: datetime
    history: History

    @property
    def days_overdue(self) -> int:
        """Days past due: from the event that says since when, else as the case was given."""
        since = self.history.overdue_since
        if since is None:
            return self.case.days_past_due
        return max((local_day(self.at, self.case) - since).days, 0)


ContactRule = Callable[[View, Contact], Refusal | None]
_RULES: list[ContactRule] = []


def _rule(function: ContactRule) -> ContactRule:
    """Add a rule to those that every contact passes."""
    _RULES.append(function)
    return function


def view_of(case: Case, policy: Policy, at: datetime) -> View:
    """Return the view of a case at a moment."""
    return View(case, policy, at.astimezone(UTC), history_of(case, at))


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


def _answers(view: View, contact: Contact) -> bool:
    """Return whether a contact answers an open question of the customer."""
    return contact.purpose == "reply" and bool(view.history.questions)


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
    if rule.value or day not in view.policy.communication.holidays.value:
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
def with_the_customer_alone(view: View, contact: Contact) -> Refusal | None:
    """Leave third parties alone, but to find a customer again where the policy allows it."""
    rule = view.policy.contact.third_party
    if contact.party == "customer":
        number = contact.number_id if isinstance(contact, Call) else ""
        if number and number in view.history.invalid_numbers:
            return refuse(rule, "The number is not the customer's: somebody else would answer.")
        return None
    if rule.value == "never":
        return refuse(rule, "Nobody but the customer is contacted.")
    if contact.purpose != "locate" or isinstance(contact, Message):
        return Refusal(
            rule.key,
            PRIVACY_SOURCE,
            "A third party may only be asked, by word of mouth, how the customer can be reached.",
        )
    if rule.value == "lost_contact_only" and not contact_is_lost(view):
        dials, days = _lost(view)
        return refuse(
            rule,
            f"Contact is not lost: {dials} failed dials on {days} days;"
            f" {view.policy.contact.lost_contact_dials.value} on"
            f" {view.policy.contact.lost_contact_days.value} are needed, or an invalid number.",
        )
    return None


def _lost(view: View) -> tuple[int, int]:
    """Return failed dials to the customer, and on how many days, since the last conversation."""
    talks = [t.at for t in view.history.conversations if t.party == "customer"]
    since = max(talks, default=None)
    failed = [
        attempt
        for attempt in view.history.attempts
        if attempt.party == "customer"
        and attempt.channel == "phone"
        and (since is None or attempt.at > since)
    ]
    return len(failed), len({local_day(attempt.at, view.case) for attempt in failed})


def contact_is_lost(view: View) -> bool:
    """Return whether the customer can no longer be reached, as the policy counts it."""
    if view.history.invalid_numbers:
        return True
    dials, days = _lost(view)
    rules = view.policy.contact
    return dials >= rules.lost_contact_dials.value and days >= rules.lost_contact_days.value


@_rule
def with_enough_staff(view: View, contact: Contact) -> Refusal | None:
    """Visit only with as many staff as the policy asks for."""
    rule = view.policy.contact.visit_staff_min
    if not isinstance(contact, Visit) or contact.staff >= rule.value:
        return None
    return refuse(rule, f"A visit needs {rule.value} staff. Got {contact.staff}.")


@_rule
def not_while_a_plan_runs(view: View, contact: Contact) -> Refusal | None:
    """Send no reminders while a plan is kept."""
    rule = view.policy.plan.stops_collection
    if contact.purpose not in ("reminder", "locate") or not rule.value:
        return None
    plan = view.history.running_plan
    return refuse(rule, f"Plan {plan} runs: reminders stop until it ends.") if plan else None


@_rule
def after_cooling_off(view: View, contact: Contact) -> Refusal | None:
    """Leave the rest after a conversation, and the longer one after a heated conversation."""
    if isinstance(contact, Message) or _answers(view, contact):
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
    """Hold at most so many conversations a day: a call may become one."""
    if isinstance(contact, Message) or _answers(view, contact):
        return None
    rule = view.policy.contact.conversations_per_day_max
    return _day_cap(view, rule, view.history.conversations, "conversations were held")


@_rule
def not_too_many_calls(view: View, contact: Contact) -> Refusal | None:
    """Call at most so many times in any seven days."""
    if isinstance(contact, Message) or _answers(view, contact):
        return None
    rule = view.policy.contact.calls_per_7_days_max
    return _week_cap(view, rule, view.history.calls(), "calls were made")


@_rule
def not_too_many_dials(view: View, contact: Contact) -> Refusal | None:
    """Dial one number without answer at most so many times a day."""
    if not isinstance(contact, Call) or _answers(view, contact):
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
    if not isinstance(contact, Message) or _answers(view, contact):
        return None
    rule = view.policy.contact.messages_per_day_max
    return _day_cap(view, rule, view.history.messages, "messages were sent")


@_rule
def not_too_many_messages_a_week(view: View, contact: Contact) -> Refusal | None:
    """Send at most so many messages in any seven days."""
    if not isinstance(contact, Message) or _answers(view, contact):
        return None
    rule = view.policy.contact.messages_per_7_days_max
    return _week_cap(view, rule, view.history.messages, "messages were sent")
