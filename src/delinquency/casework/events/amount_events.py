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
    """

    choices = MappingProxyType({"charge": ("late_fee", "interest")})

    charge: str
    amount: Decimal
    overdue_principal: Decimal
    days: int = 0
    repeated: bool = False


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
    """

    choices = MappingProxyType({"charge": ("late_fee", "interest")})

    charge: str
    amount: Decimal
    reason: str = ""


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
