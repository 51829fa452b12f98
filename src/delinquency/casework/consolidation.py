"""H3: whether one loan over several debts would help. Advice, never a sale."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from delinquency.casework.money import floor_cents, from_cents, to_cents
from delinquency.casework.plans import instalment_plan, monthly_rate


@dataclass(frozen=True)
class Debt:
    """One debt elsewhere.

    Attributes
    ----------
    balance, instalment : Decimal
        Account currency; the instalment is monthly.
    annual_rate : Decimal
    """

    balance: Decimal
    instalment: Decimal
    annual_rate: Decimal


@dataclass(frozen=True)
class Consolidation:
    """Advice on putting several debts into one.

    Attributes
    ----------
    worth_advising : bool
        Whether it costs less in all and each month, without new credit beyond the debts.
    instalment_now, instalment_then, cost_now, cost_then : Decimal
    months : int
    reason : str
    """

    worth_advising: bool
    instalment_now: Decimal
    instalment_then: Decimal
    cost_now: Decimal
    cost_then: Decimal
    months: int
    reason: str


def weigh_consolidation(
    debts: tuple[Debt, ...], *, annual_rate: Decimal, months: int, first_due: date
) -> Consolidation:
    """Return whether one loan over all debts would help; advice, never a sale.

    Parameters
    ----------
    debts : tuple of Debt
    annual_rate : Decimal
        Of the one loan.
    months : int
    first_due : date

    Notes
    -----
    The cost of a debt as it stands is counted until its own instalment pays it off; a debt whose
    instalment does not even cover its interest never ends, and its cost counts as without bound.
    """
    balance = sum((debt.balance for debt in debts), Decimal(0))
    now = sum((debt.instalment for debt in debts), Decimal(0))
    if len(debts) < 2 or balance <= 0:
        zero = Decimal(0)
        return Consolidation(False, now, now, zero, zero, 0, "Fewer than two debts.")
    plan = instalment_plan(balance, months=months, annual_rate=annual_rate, first_due=first_due)
    cost_now = sum((_cost_to_the_end(debt) for debt in debts), Decimal(0))
    better = plan.largest < now and plan.cost <= cost_now
    reason = (
        f"{plan.largest} a month instead of {now}; cost {plan.cost} instead of {cost_now}."
        " No new credit beyond these debts."
    )
    return Consolidation(better, now, plan.largest, cost_now, plan.cost, plan.months, reason)


def _cost_to_the_end(debt: Debt) -> Decimal:
    """Return the interest that a debt still costs when it is paid as now."""
    owed, step, rate = (
        to_cents(debt.balance),
        to_cents(debt.instalment),
        monthly_rate(debt.annual_rate),
    )
    cost = 0
    while owed > 0:
        interest = floor_cents(owed * rate)
        if step <= interest:
            return Decimal("Infinity")
        cost += interest
        owed -= min(step - interest, owed)
    return from_cents(cost)
