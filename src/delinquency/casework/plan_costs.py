"""What a plan costs in all: the statement that goes with it, each charge with method and rate."""

from dataclasses import dataclass
from decimal import Decimal

from delinquency.casework.plans import MONTHS_IN_YEAR, Plan

DOCUMENT = "cost_statement"
"""Name under which the statement is noted as handed over (event documents_provided)."""
_RATE_MAX, _HALVINGS = 10.0, 60


@dataclass(frozen=True)
class PlanCosts:
    """Everything that a plan costs.

    Attributes
    ----------
    principal, interest, fee, total : Decimal
        Account currency; total = principal + interest + fee.
    nominal_rate : Decimal
        Yearly rate on what remains.
    annualised : float
        Twelve times the monthly rate at which the instalments are worth the principal: interest
        and fee together.
    """

    principal: Decimal
    interest: Decimal
    fee: Decimal
    total: Decimal
    nominal_rate: Decimal
    annualised: float

    def lines(self) -> tuple[str, ...]:
        """Return the statement line by line: charge, how it is worked out, who takes it."""
        return (
            f"principal {self.principal}",
            f"interest {self.interest}: {self.nominal_rate} a year on what remains, monthly,"
            " taken by the lender",
            f"set-up fee {self.fee}: once, spread over the instalments, taken by the lender",
            f"total {self.total}",
            f"all-in cost a year {self.annualised:.4f}",
            "if an instalment is missed: late fee and interest as the policy and the contract say",
            "nothing else is charged",
        )


def costs_of(plan: Plan) -> PlanCosts:
    """Return everything that a plan costs.

    Notes
    -----
    The annualised rate is 12 i with sum of A_m / (1 + i) ** m = principal, found by halving; 0
    where nothing is charged. A float: it is told, and no money rests on it.
    """
    fee = plan.fee
    return PlanCosts(
        principal=plan.balance,
        interest=plan.cost - fee,
        fee=fee,
        total=plan.total,
        nominal_rate=plan.annual_rate,
        annualised=_annualised(plan),
    )


def _annualised(plan: Plan) -> float:
    """Return twelve times the monthly internal rate of a plan."""
    if plan.cost <= 0 or plan.balance <= 0:
        return 0.0
    low, high = 0.0, _RATE_MAX
    for _ in range(_HALVINGS):
        rate = (low + high) / 2
        worth = sum(float(one.amount) * (1 + rate) ** -one.month for one in plan.instalments)
        low, high = (rate, high) if worth > float(plan.balance) else (low, rate)
    return low * MONTHS_IN_YEAR
