"""What is overdue, since when, and what was paid: from due amounts and payments, oldest first.

Nothing here is claimed by whoever asks for a charge or a step: every money limit and every count
of days rests on this ledger.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(frozen=True)
class MissedPayment:
    """One payment that was not made in time.

    Attributes
    ----------
    due : date
    amount : Decimal
        What was missed, account currency.
    payments : tuple of (date, Decimal)
        What was paid towards it later, on the customer's calendar.
    """

    due: date
    amount: Decimal
    payments: tuple[tuple[date, Decimal], ...] = ()

    @property
    def unpaid(self) -> Decimal:
        """What of it is still open."""
        return max(self.amount - sum((paid for _, paid in self.payments), ZERO), ZERO)

    def amount_days(self, until: date) -> Decimal:
        """Return the sum over days of what was open, from the due day until a day.

        Notes
        -----
        amount * days - sum of payment * (days since the payment): simple interest for a year's
        rate r is r / 365 times this.
        """
        days = max((until - self.due).days, 0)
        later = sum(
            (paid * max((until - max(day, self.due)).days, 0) for day, paid in self.payments), ZERO
        )
        return self.amount * days - later


@dataclass(frozen=True)
class Arrears:
    """The arrears of a case at a moment.

    Attributes
    ----------
    known : bool
        Whether the case says anything about amounts due: without it nothing can be derived.
    missed : tuple of MissedPayment
        Of the present arrears, oldest due day first; paid ones included.
    began : datetime or None
        When the present arrears began; None when nothing is overdue.
    ended : datetime or None
        When the last arrears ended; None when there were none, or they last.
    beyond : Decimal
        What was paid beyond everything that was overdue, less refunds.
    """

    known: bool = False
    missed: tuple[MissedPayment, ...] = ()
    began: datetime | None = None
    ended: datetime | None = None
    beyond: Decimal = ZERO

    def open(self, grace_amount: Decimal = ZERO) -> tuple[MissedPayment, ...]:
        """Return the missed payments of which more than a rest is unpaid, oldest first."""
        return tuple(one for one in self.missed if one.unpaid > grace_amount)

    @property
    def overdue(self) -> Decimal:
        """All that is overdue, to the last cent."""
        return sum((one.unpaid for one in self.missed), ZERO)

    def amount_days(self, until: date) -> Decimal:
        """Return the sum over days of everything that was overdue in the present arrears."""
        return sum((one.amount_days(until) for one in self.missed), ZERO)


@dataclass
class Ledger:
    """The arrears while the events are read, in the order in which they happened."""

    known: bool = False
    missed: dict[date, MissedPayment] = field(default_factory=dict)
    began: datetime | None = None
    ended: datetime | None = None
    beyond: Decimal = ZERO
    began_before: datetime | None = None

    def fall_overdue(self, at: datetime, due: date, amount: Decimal, midnight: datetime) -> None:
        """Add a missed payment; the same due day again corrects its amount.

        Parameters
        ----------
        midnight : datetime
            Beginning of the due day: help that was offered from then on belongs to these arrears.
        """
        self.known = True
        if self.began is None:
            self.missed = {}
            start = min(at, midnight)
            self.began = start if self.ended is None else max(start, self.ended)
        known = self.missed.get(due)
        self.missed[due] = MissedPayment(due, amount, known.payments if known else ())
        self._settle(at)

    def pay(self, at: datetime, day: date, amount: Decimal) -> None:
        """Put a payment towards the oldest missed payments; the rest goes beyond them."""
        self.known = True
        rest = amount
        for due in sorted(self.missed):
            one = self.missed[due]
            part = min(one.unpaid, rest)
            if part > 0:
                self.missed[due] = MissedPayment(due, one.amount, (*one.payments, (day, part)))
                rest -= part
        self.beyond += rest
        self._settle(at)

    def take_back(self, at: datetime, amount: Decimal) -> None:
        """Undo a payment that was taken back: first what went beyond, then the newest."""
        part = min(self.beyond, amount)
        self.beyond -= part
        rest = amount - part
        for due in sorted(self.missed, reverse=True):
            one = self.missed[due]
            payments = list(one.payments)
            while payments and rest > 0:
                day, paid = payments.pop()
                if paid > rest:
                    payments.append((day, paid - rest))
                rest -= min(paid, rest)
            self.missed[due] = MissedPayment(due, one.amount, tuple(payments))
        if self.began is None and any(one.unpaid for one in self.missed.values()):
            # What looked paid was not: the arrears go on, and are no new ones.
            self.began, self.ended = self.began_before or at, None

    def refund(self, amount: Decimal) -> None:
        """Give back what was paid beyond what was overdue."""
        self.beyond = max(self.beyond - amount, ZERO)

    def end(self, at: datetime) -> None:
        """End the arrears: cured, closed, or settled otherwise."""
        self.known = True
        self.missed = {}
        self.began, self.ended = None, at

    def _settle(self, at: datetime) -> None:
        """End the arrears when nothing is unpaid any more."""
        if self.began is not None and not any(one.unpaid for one in self.missed.values()):
            self.began_before = self.began
            self.began, self.ended = None, at

    def arrears(self) -> Arrears:
        """Return what has been read so far."""
        missed = tuple(self.missed[due] for due in sorted(self.missed))
        return Arrears(self.known, missed, self.began, self.ended, self.beyond)
