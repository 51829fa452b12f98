"""Business days under a policy: holidays, rest days, exchange workdays, missing years."""

from datetime import date, timedelta

from delinquency.errors import CaseworkError
from delinquency.policy import WEEKDAYS, Policy


def has_calendar(day: date, policy: Policy) -> bool:
    """Return whether the policy lists the holidays of a day's year."""
    return day.year in policy.communication.calendar_years.value


def missing_calendar(day: date, policy: Policy) -> str:
    """Return the sentence that names the year without a calendar, and what to do."""
    known = ", ".join(map(str, policy.communication.calendar_years.value)) or "none"
    return (
        f"The policy {policy.name} lists no holidays for {day.year} (years listed: {known})."
        " Add them to communication.holidays and communication.calendar_years."
    )


def is_business_day(day: date, policy: Policy) -> bool:
    """Return whether a day is a business day under a policy.

    Raises
    ------
    CaseworkError
        If the policy lists no holidays for that year.
    """
    if not has_calendar(day, policy):
        raise CaseworkError(missing_calendar(day, policy))
    return _works(day, policy)


def _works(day: date, policy: Policy) -> bool:
    """Return whether a day is worked, as far as it is listed."""
    rules = policy.communication
    if day in rules.holidays.value:
        return False
    if day in rules.exchange_workdays.value:
        return True
    return WEEKDAYS[day.weekday()] not in rules.rest_days.value


def business_days_after(day: date, count: int, policy: Policy) -> date:
    """Return the day that is so many business days after another, which itself never counts.

    Raises
    ------
    CaseworkError
        If the days run into a year whose holidays are not listed.

    Examples
    --------
    Two business days after a Friday are the next Tuesday, if Monday is no holiday.
    """
    while count > 0:
        day += timedelta(days=1)
        if is_business_day(day, policy):
            count -= 1
    return day


def last_day_on_time(due: date, policy: Policy) -> date:
    """Return the last day on which a payment is on time: the due day moved on, and the grace.

    Notes
    -----
    Of a year without a listed calendar only the weekly rest days are known.
    """
    rules = policy.charges
    if rules.due_on_business_day.value:
        while not _works(due, policy):
            due += timedelta(days=1)
    return due + timedelta(days=rules.grace_days.value)
