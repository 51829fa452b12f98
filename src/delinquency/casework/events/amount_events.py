"""Events of money: what fell overdue, was charged, paid, and cured."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from delinquency.casework.event import Event, event


@event("charge_made")
@dataclass(frozen=True, kw_only=True)
class ChargeMade(Event):
    """A late fee or interest was charged.

    Attributes
    ----------
    charge : str
        Late_fee or interest.
    amount : Decimal
        Account currency.
    overdue_principal : Decimal
        What it was charged on.
    days : int
        Days of overdue interest.
    repeated : bool
        Whether it is a repeated late fee.
    due : date | None
        Due day of the missed payment that a late fee is for.
    """

    choices = MappingProxyType({"charge": ("late_fee", "interest")})

    charge: str
    amount: Decimal
    overdue_principal: Decimal
    days: int = 0
    repeated: bool = False
    due: date | None = None


@event("charge_refunded")
@dataclass(frozen=True, kw_only=True)
class ChargeRefunded(Event):
    """A charge was given back.

    Attributes
    ----------
    charge : str
        Late_fee or interest.
    amount : Decimal
        Account currency.
    reason : str
        Why.
    due : date | None
        Due day of the missed payment whose late fee it is.
    """

    choices = MappingProxyType({"charge": ("late_fee", "interest")})

    charge: str
    amount: Decimal
    reason: str = ""
    due: date | None = None


@event("payment_received")
@dataclass(frozen=True, kw_only=True)
class PaymentReceived(Event):
    """A payment came in.

    Attributes
    ----------
    amount : Decimal
        Account currency.
    plan_id : str
        Reference of the plan it belongs to, if any.
    """

    amount: Decimal
    plan_id: str = ""


@event("payment_reversed")
@dataclass(frozen=True, kw_only=True)
class PaymentReversed(Event):
    """A payment was taken back: a direct debit returned, a transfer recalled.

    Attributes
    ----------
    amount : Decimal
        Account currency.
    """

    amount: Decimal


@event("refund_made")
@dataclass(frozen=True, kw_only=True)
class RefundMade(Event):
    """Money that was paid beyond what is owed went back to the customer.

    Attributes
    ----------
    amount : Decimal
        Account currency.
    """

    amount: Decimal


@event("charged_off")
@dataclass(frozen=True, kw_only=True)
class ChargedOff(Event):
    """The lender took the debt off its books; the customer still owes it.

    Attributes
    ----------
    amount : Decimal
        Account currency.
    """

    amount: Decimal


@event("debt_transferred")
@dataclass(frozen=True, kw_only=True)
class DebtTransferred(Event):
    """The debt was sold or handed over: it is no longer this lender's to ask for.

    Attributes
    ----------
    buyer_id : str
        Pseudonym of who owns it now.
    """

    pseudonyms = ("buyer_id",)

    buyer_id: str


@event("debt_returned")
@dataclass(frozen=True, kw_only=True)
class DebtReturned(Event):
    """A debt that was sold or handed over came back."""


@event("budget_stated")
@dataclass(frozen=True, kw_only=True)
class BudgetStated(Event):
    """The customer's income-and-outgoings form: what is left each month is derived from it.

    Attributes
    ----------
    income : Decimal
        Net income a month, all sources.
    essentials : Decimal
        Rent, food, energy, care, travel to work and the like, a month.
    other_debts : Decimal
        Instalments and minimum payments elsewhere, a month.
    income_later : Decimal | None
        Net income a month that is expected once the difficulty is over.
    """

    income: Decimal
    essentials: Decimal
    other_debts: Decimal = Decimal(0)
    income_later: Decimal | None = None

    @property
    def left(self) -> Decimal:
        """What is left each month."""
        return self.income - self.essentials - self.other_debts

    @property
    def left_later(self) -> Decimal | None:
        """What will be left each month once the difficulty is over, where that is expected."""
        if self.income_later is None:
            return None
        return self.income_later - self.essentials - self.other_debts


@event("went_overdue")
@dataclass(frozen=True, kw_only=True)
class WentOverdue(Event):
    """An amount became overdue.

    Attributes
    ----------
    amount : Decimal
        Overdue amount, account currency.
    due : date
        The day it was due.
    """

    amount: Decimal
    due: date


@event("cured")
@dataclass(frozen=True, kw_only=True)
class Cured(Event):
    """Nothing is overdue any more.

    Attributes
    ----------
    on : date
        The day of the cure.
    """

    on: date
