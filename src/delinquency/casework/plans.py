"""H3 and R5: repayment plans, exact to the cent, whose instalments add up to the last one.

Amounts are whole cents inside. Interest of a month is rounded down and the regular instalment
up to the cent, so the last instalment is never larger than the others and no limit is broken by
rounding.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from delinquency.casework.money import ceil_cents, floor_cents, from_units, to_units
from delinquency.errors import CaseworkError

MONTHS_IN_YEAR = 12
LONGEST = 600
"""No plan is longer than fifty years, whatever a policy says: an amount typed wrongly shows."""


@dataclass(frozen=True)
class Instalment:
    """One payment of a plan.

    Attributes
    ----------
    month : int
        Months from the start of the plan, from 1.
    due : date
    amount, interest, principal, remaining : Decimal
        Account currency; amount = interest + principal; remaining is what is owed after it.
    """

    month: int
    due: date
    amount: Decimal
    interest: Decimal
    principal: Decimal
    remaining: Decimal


@dataclass(frozen=True)
class Plan:
    """A repayment plan with its whole schedule.

    Attributes
    ----------
    treatment : str
        "instalments", "extension" or "hardship_reduction".
    balance : Decimal
        What is put into the plan, without the fee.
    fee : Decimal
        Set-up fee, paid over the plan.
    annual_rate : Decimal
        Nominal rate a year on what remains.
    instalments : tuple of Instalment
    reduced_months : int
        How many of the first instalments are reduced for hardship.
    """

    treatment: str
    balance: Decimal
    fee: Decimal
    annual_rate: Decimal
    instalments: tuple[Instalment, ...]
    reduced_months: int = 0

    @property
    def months(self) -> int:
        """Months from the start to the last instalment."""
        return self.instalments[-1].month

    @property
    def instalment(self) -> Decimal:
        """The regular instalment: the first after any reduction."""
        return self.instalments[min(self.reduced_months, len(self.instalments) - 1)].amount

    @property
    def largest(self) -> Decimal:
        """The largest instalment."""
        return max(item.amount for item in self.instalments)

    @property
    def last_instalment(self) -> Decimal:
        """The last instalment, which takes up what rounding left."""
        return self.instalments[-1].amount

    @property
    def total(self) -> Decimal:
        """Everything the customer pays."""
        return sum((item.amount for item in self.instalments), Decimal(0))

    @property
    def cost(self) -> Decimal:
        """What the plan costs beyond the balance: interest and fee."""
        return self.total - self.balance

    @property
    def end_date(self) -> date:
        """Day of the last instalment."""
        return self.instalments[-1].due

    @property
    def reconciles(self) -> bool:
        """Whether the schedule pays off balance and fee to the cent, step by step."""
        owed = self.balance + self.fee
        for item in self.instalments:
            owed -= item.principal
            if item.amount != item.interest + item.principal or item.remaining != owed:
                return False
            if item.amount <= 0 or item.interest < 0:
                return False
        return owed == 0


def add_months(day: date, months: int) -> date:
    """Return the same day so many months on, or the month's last day where it is shorter.

    Examples
    --------
    >>> add_months(date(2028, 1, 31), 1), add_months(date(2027, 1, 31), 1)
    (datetime.date(2028, 2, 29), datetime.date(2027, 2, 28))
    """
    year, month = divmod(day.year * MONTHS_IN_YEAR + day.month - 1 + months, MONTHS_IN_YEAR)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def monthly_rate(annual_rate: Decimal) -> Fraction:
    """Return a nominal yearly rate as an exact monthly one."""
    if not annual_rate.is_finite() or annual_rate < 0:
        raise CaseworkError(f"annual_rate must be a rate of at least 0. Got {annual_rate}.")
    return Fraction(annual_rate) / MONTHS_IN_YEAR


@lru_cache(maxsize=4096)
def annuity_factor(rate: Fraction, months: int) -> Fraction:
    """Return the instalment for one unit of balance: r / (1 - (1 + r) ** -n), exactly.

    Parameters
    ----------
    rate : Fraction
        Monthly; at 0 the factor is 1 / n.
    months : int
        At least 1.
    """
    if months < 1:
        raise CaseworkError(f"A plan has at least one month. Got {months}.")
    if rate == 0:
        return Fraction(1, months)
    growth = (1 + rate) ** months
    return rate * growth / (growth - 1)


def instalment_cents(balance: int, rate: Fraction, months: int) -> int:
    """Return the regular instalment in whole cents, rounded up."""
    return ceil_cents(balance * annuity_factor(rate, months))


def instalment_plan(
    balance: Decimal,
    *,
    months: int,
    annual_rate: Decimal,
    first_due: date,
    fee: Decimal = Decimal(0),
    digits: int = 2,
) -> Plan:
    """Return a plan of equal monthly instalments.

    Parameters
    ----------
    balance, fee : Decimal
        Account currency; the balance is above 0. The fee is paid over the plan.
    months : int
        Number of instalments asked for; fewer where the cents run out before (five cents cannot
        be paid in sixty instalments).
    annual_rate : Decimal
    first_due : date
        Day of the first instalment; the others follow on that day of the month.
    digits : int
        Decimals of the currency, from ``money.digits_of``.

    Returns
    -------
    Plan

    Raises
    ------
    CaseworkError
        If the balance is 0 or less (nothing to repay), or months or rate make no sense.
    """
    owed = to_units(balance, digits) + to_units(fee, digits)
    _require_debt(balance, months, digits)
    rate = monthly_rate(annual_rate)
    regular = instalment_cents(owed, rate, months)
    return Plan(
        treatment="instalments",
        balance=balance,
        fee=fee,
        annual_rate=annual_rate,
        instalments=_schedule(owed, regular, rate, first_due, digits=digits),
    )


def shortest_plan(
    balance: Decimal,
    *,
    most: Decimal,
    months_max: int,
    annual_rate: Decimal,
    first_due: date,
    fee: Decimal = Decimal(0),
    digits: int = 2,
) -> Plan | None:
    """Return the shortest plan whose instalment is at most ``most``, or None if there is none.

    Parameters
    ----------
    most : Decimal
        The largest instalment that can be afforded, account currency.
    months_max : int
        The longest plan allowed.
    digits : int
        Decimals of the currency.

    Notes
    -----
    The instalment falls as the plan gets longer, and the interest paid rises: the shortest one
    that can be afforded costs the customer least.
    """
    _require_debt(balance, months_max, digits)
    rate, owed, limit = (
        monthly_rate(annual_rate),
        to_units(balance, digits) + to_units(fee, digits),
        to_units(most, digits),
    )
    for months in range(1, months_max + 1):
        if instalment_cents(owed, rate, months) <= limit:
            return instalment_plan(
                balance,
                months=months,
                annual_rate=annual_rate,
                first_due=first_due,
                fee=fee,
                digits=digits,
            )
    return None


def extension_plan(
    balance: Decimal, *, months: int, annual_rate: Decimal, first_due: date, digits: int = 2
) -> Plan:
    """Return one later payment of an amount that is due now.

    Parameters
    ----------
    balance : Decimal
        What is due, account currency, above 0.
    months : int
        How many months later it is paid.
    annual_rate : Decimal
        Simple interest for those months.
    first_due : date
        The day a month from now: an extension of one month is paid then.
    digits : int
        Decimals of the currency.
    """
    _require_debt(balance, months, digits)
    owed = to_units(balance, digits)
    interest = floor_cents(owed * monthly_rate(annual_rate) * months)
    payment = Instalment(
        month=months,
        due=add_months(first_due, months - 1),
        amount=from_units(owed + interest, digits),
        interest=from_units(interest, digits),
        principal=from_units(owed, digits),
        remaining=from_units(0, digits),
    )
    return Plan("extension", balance, Decimal(0), annual_rate, (payment,))


def hardship_plan(
    balance: Decimal,
    *,
    reduced_to: Decimal,
    reduced_months: int,
    months: int,
    annual_rate: Decimal,
    first_due: date,
    digits: int = 2,
) -> Plan:
    """Return a plan whose first instalments are reduced and free of interest.

    Parameters
    ----------
    balance : Decimal
        Account currency, above 0.
    reduced_to : Decimal
        The reduced instalment; 0 is a pause.
    reduced_months : int
        Months of reduction; fewer than ``months``.
    months : int
        Of the whole plan.
    annual_rate : Decimal
        From the end of the reduction on.
    first_due : date
    digits : int
        Decimals of the currency.

    Notes
    -----
    Without interest in the reduced months the debt never grows while the customer struggles.
    """
    _require_debt(balance, months, digits)
    if not 0 < reduced_months < months:
        raise CaseworkError(
            f"reduced_months must be from 1 to {months - 1}. Got {reduced_months}."
        )
    owed, step = to_units(balance, digits), to_units(reduced_to, digits)
    if step < 0 or step * reduced_months >= owed:
        raise CaseworkError(
            f"reduced_to must be from 0 to less than what is owed over the reduced months."
            f" Got {reduced_to} a month over {reduced_months} months of {balance}."
        )
    reduced = []
    for month in range(1, reduced_months + 1):
        owed -= step
        if step:
            amounts = (0, step, owed)
            reduced.append(_instalment(month, first_due, amounts, digits))
    rate = monthly_rate(annual_rate)
    regular = instalment_cents(owed, rate, months - reduced_months)
    rest = _schedule(owed, regular, rate, first_due, start=reduced_months, digits=digits)
    return Plan(
        "hardship_reduction",
        balance,
        Decimal(0),
        annual_rate,
        (*reduced, *rest),
        reduced_months=len(reduced),
    )


def _require_debt(balance: Decimal, months: int, digits: int) -> None:
    """Raise when there is nothing to repay, or no sensible time to do it in."""
    if to_units(balance, digits) <= 0:
        raise CaseworkError(f"A plan needs an amount above 0. Got {balance}: nothing to repay.")
    if not 1 <= months <= LONGEST:
        raise CaseworkError(f"months must be from 1 to {LONGEST}. Got {months}.")


def _instalment(
    month: int, first_due: date, amounts: tuple[int, int, int], digits: int
) -> Instalment:
    """Return an instalment from interest, principal and what is owed then, in whole units."""
    interest, principal, owed = amounts
    return Instalment(
        month=month,
        due=add_months(first_due, month - 1),
        amount=from_units(interest + principal, digits),
        interest=from_units(interest, digits),
        principal=from_units(principal, digits),
        remaining=from_units(owed, digits),
    )


def _schedule(
    owed: int, regular: int, rate: Fraction, first_due: date, *, digits: int, start: int = 0
) -> tuple[Instalment, ...]:
    """Return equal instalments until nothing is owed, in whole cents, after month ``start``."""
    out = []
    month = start
    while owed > 0:
        month += 1
        interest = floor_cents(owed * rate)
        principal = min(regular - interest, owed)
        owed -= principal
        out.append(_instalment(month, first_due, (interest, principal, owed), digits))
    return tuple(out)
