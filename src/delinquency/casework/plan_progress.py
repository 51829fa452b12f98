"""Whether a running plan and a promise are kept: from the days they name and the payments."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from delinquency.casework.events import PlanOffered
from delinquency.casework.plans import add_months

ZERO = Decimal(0)
PROMISE_STATES = ("open", "kept", "part_kept", "broken")
"""What can have become of a promise."""


@dataclass(frozen=True)
class Payment:
    """A payment on the customer's calendar.

    Attributes
    ----------
    at : datetime
    day : date
    amount : Decimal
        Less than 0 when it was taken back.
    plan_id : str
    """

    at: datetime
    day: date
    amount: Decimal
    plan_id: str = ""


@dataclass(frozen=True)
class Promise:
    """A promised payment.

    Attributes
    ----------
    promise_id : str
    made_at : datetime
    amount : Decimal
    due : date
    state : str
        A word of ``PROMISE_STATES``.
    paid : Decimal
        What came in time.
    """

    promise_id: str
    made_at: datetime
    amount: Decimal
    due: date
    state: str = "open"
    paid: Decimal = ZERO


@dataclass(frozen=True)
class PlanRecord:
    """A plan that was offered, and what became of it.

    Attributes
    ----------
    offer : PlanOffered or None
        None for a plan of which only the acceptance is known.
    state : str
        Offered, running, refused, broken or completed.
    since : datetime
        Of the state.
    accepted_at : datetime or None
    """

    offer: PlanOffered | None
    state: str
    since: datetime
    accepted_at: datetime | None = None


def instalments_of(offer: PlanOffered) -> tuple[tuple[date, Decimal], ...]:
    """Return day and amount of each instalment, from the schedule or from its regular form."""
    if offer.schedule:
        parts = (entry.split(" ") for entry in offer.schedule)
        return tuple((date.fromisoformat(day), Decimal(amount)) for day, amount in parts)
    if offer.first_due is None or offer.months < 1:
        return ()
    out, rest = [], offer.total
    for month in range(offer.months):
        amount = min(offer.instalment, rest)
        out.append((add_months(offer.first_due, month), amount))
        rest -= amount
    return tuple(out)


def missed_instalments(
    record: PlanRecord, payments: Iterable[Payment], *, on: date
) -> tuple[int, bool]:
    """Return how many instalments before a day are not covered, and whether days are known.

    Notes
    -----
    Instalments are covered in order by all that was paid since the plan was accepted: somebody
    who paid ahead has missed nothing.
    """
    offer = record.offer
    schedule = instalments_of(offer) if offer is not None else ()
    if not schedule or record.accepted_at is None:
        return 0, False
    paid = sum((p.amount for p in payments if p.at >= record.accepted_at), ZERO)
    missed = 0
    for due, amount in schedule:
        if due >= on:
            break
        paid -= amount
        if paid < 0:
            missed += 1
    return missed, True


def promise_state(promise: Promise, payments: Iterable[Payment], *, today: date) -> Promise:
    """Return a promise with what became of it by a day, from the payments alone."""
    paid = sum(
        (p.amount for p in payments if p.at >= promise.made_at and p.day <= promise.due), ZERO
    )
    if paid >= promise.amount:
        state = "kept"
    elif today <= promise.due:
        state = "open"
    else:
        state = "part_kept" if paid > 0 else "broken"
    return Promise(
        promise.promise_id, promise.made_at, promise.amount, promise.due, state, max(paid, ZERO)
    )
