"""A case as it is seen at a moment under a policy: what every rule looks at."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property

from delinquency.casework.arrears import MissedPayment
from delinquency.casework.business_calendar import last_day_on_time
from delinquency.casework.case_file import Case
from delinquency.casework.history import History, local_day
from delinquency.casework.history_reading import history_of
from delinquency.casework.holds import Hold, holds_of
from delinquency.policy import Policy


@dataclass(frozen=True)
class View:
    """A case as it is seen at a moment under a policy.

    Attributes
    ----------
    case : Case
    policy : Policy
    at : datetime
        The moment of the action, in UTC.
    history : History
        What was known when the question was asked.
    """

    case: Case
    policy: Policy
    at: datetime
    history: History

    @property
    def today(self) -> date:
        """The customer's calendar day."""
        return local_day(self.at, self.case)

    @cached_property
    def late(self) -> tuple[MissedPayment, ...]:
        """The missed payments that are late: beyond grace, holidays counted; oldest first."""
        rest = self.policy.charges.grace_amount.value
        return tuple(
            one
            for one in self.history.arrears.open(rest)
            if self.today > last_day_on_time(one.due, self.policy)
        )

    @property
    def overdue(self) -> Decimal:
        """What is overdue, derived from due amounts and payments."""
        return sum((one.unpaid for one in self.late), Decimal(0))

    @property
    def days_overdue(self) -> int:
        """Days past due: since the oldest unpaid due day; else as the case was given."""
        if not self.history.arrears.known:
            return self.case.days_past_due
        return (self.today - self.late[0].due).days if self.late else 0

    @cached_property
    def holds(self) -> dict[str, Hold]:
        """What holds now and stops something, by its name in the policy."""
        return holds_of(self.history, self.today, overdue=bool(self.late))

    def end_of(self, hold: Hold) -> datetime | None:
        """Return when something no longer holds: the beginning of the next day, in UTC."""
        if hold.until is None:
            return None
        day = hold.until + timedelta(days=1)
        return datetime(day.year, day.month, day.day, tzinfo=self.case.zone).astimezone(UTC)


def view_of(case: Case, policy: Policy, at: datetime) -> View:
    """Return the view of a case at a moment."""
    return View(case, policy, at.astimezone(UTC), history_of(case, at, policy))
