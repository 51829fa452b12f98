"""H3: every plan that could help one customer, side by side: its cost, and the bank's recovery."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from delinquency.casework.money import (
    ceil_cents,
    digits_of,
    floor_cents,
    from_cents,
    from_units,
    to_units,
)
from delinquency.casework.plans import (
    MONTHS_IN_YEAR,
    Plan,
    extension_plan,
    hardship_plan,
    instalment_cents,
    instalment_plan,
    monthly_rate,
    shortest_plan,
)
from delinquency.policy import Policy


@dataclass(frozen=True)
class Situation:
    """What is known of a customer's means and debts when plans are weighed.

    Attributes
    ----------
    balance : Decimal
        Everything owed on the account.
    payment_due : Decimal
        What would have to be paid now: the overdue amount and the present minimum.
    residual_income : Decimal or None
        Left each month after essentials; None while unknown.
    residual_after : Decimal or None
        What the customer expects to be left once the hardship is over.
    first_due : date
        Day of a first instalment.
    hardship : bool
        Whether the customer declared hardship.

    Examples
    --------
    >>> from datetime import date
    >>> from decimal import Decimal
    >>> from delinquency import Situation
    >>> owed, due, left = Decimal("6000.00"), Decimal("900.00"), Decimal("1000.00")
    >>> Situation(owed, due, left, first_due=date(2026, 4, 15)).hardship
    False
    """

    balance: Decimal
    payment_due: Decimal
    residual_income: Decimal | None
    first_due: date
    residual_after: Decimal | None = None
    hardship: bool = False


@dataclass(frozen=True)
class Terms:
    """The lender's choices for plans; the policy bounds them.

    Attributes
    ----------
    annual_rate, fee_rate : Decimal
        Asked during a plan. 0 by default: an affordable plan that is kept recovers more.
    months_max : int
        Longest plan where the policy sets no limit.
    discount_rate : float
        Yearly, for the present value to the bank.
    keep_probability : float
        Chance that an affordable instalment is paid, each month.
    recovery_without_plan : float
        Share of the balance recovered without any plan.
    recovery_months : int
        When that comes in, on average.
    contract_rate : Decimal
        Yearly rate that the account bears without relief: what a freeze gives up.
    measured : tuple of str
        Which of the chances come from outcomes of a store; the others are guesses.

    Examples
    --------
    >>> from delinquency import Terms
    >>> Terms(months_max=24).annual_rate
    Decimal('0')
    """

    annual_rate: Decimal = Decimal(0)
    fee_rate: Decimal = Decimal(0)
    months_max: int = 60
    discount_rate: float = 0.08
    keep_probability: float = 0.985
    recovery_without_plan: float = 0.35
    recovery_months: int = 18
    contract_rate: Decimal = Decimal("0.1825")
    measured: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlanOption:
    """One plan that was weighed.

    Attributes
    ----------
    treatment : str
    plan : Plan or None
        The schedule that is offered, or that would be needed; None when none can be drawn up.
    affordable : bool
    shortfall : Decimal
        What is missing each month when it cannot be afforded.
    reason : str
        Why it fits or not.
    present_value, gain : Decimal
        To the bank: expected present value of the plan, and how much that is above the expected
        value without one. Estimates from ``Terms``, not promises.
    completion_probability : float
        Chance that the plan is paid to its end.
    """

    treatment: str
    plan: Plan | None
    affordable: bool
    shortfall: Decimal = Decimal(0)
    reason: str = ""
    present_value: Decimal = Decimal(0)
    gain: Decimal = Decimal(0)
    completion_probability: float = 0.0


def affordable_instalment(residual_income: Decimal | None, policy: Policy) -> Decimal | None:
    """Return the largest monthly instalment that the policy lets a customer take on.

    Notes
    -----
    share * residual income, rounded down to the cent; 0 when nothing is left; None while the
    residual income is unknown.
    """
    if residual_income is None:
        return None
    share = Fraction(policy.plan.affordability_share.value)
    digits = digits_of(policy.currency)
    return from_units(max(floor_cents(share * to_units(residual_income, digits)), 0), digits)


def longest_plan(policy: Policy, terms: Terms) -> int:
    """Return the most months that a plan may have."""
    limit = policy.plan.months_max.value
    return terms.months_max if limit is None else min(limit, terms.months_max)


def plan_options(situation: Situation, policy: Policy, terms: Terms) -> tuple[PlanOption, ...]:
    """Return every plan that could be weighed, affordable ones first, cheapest first.

    Parameters
    ----------
    situation : Situation
    policy : Policy
    terms : Terms

    Returns
    -------
    tuple of PlanOption
        Empty when nothing is owed. While the residual income is unknown each option says so and
        none is affordable: a plan is not drawn up on a guess.

    Examples
    --------
    Of the 1,000.00 left each month 80 % may go into a plan: 800.00, so 6,000.00 take 8 months.

    >>> from datetime import date
    >>> from decimal import Decimal
    >>> from delinquency import Situation, Terms, load_policy, plan_options
    >>> owed, due, left = Decimal("6000.00"), Decimal("900.00"), Decimal("1000.00")
    >>> situation = Situation(owed, due, left, first_due=date(2026, 4, 15))
    >>> best = plan_options(situation, load_policy("seed_2021"), Terms())[0]
    >>> best.treatment, best.affordable, best.plan.months, str(best.plan.instalment)
    ('instalments', True, 8, '750.00')
    """
    if situation.balance <= 0:
        return ()
    options = [
        instalments_option(situation, policy, terms),
        extension_option(situation, policy, terms),
    ]
    if situation.hardship:
        options.append(hardship_option(situation, policy, terms))
    options = [_valued(option, situation.balance, terms) for option in options]
    return tuple(
        sorted(
            options,
            key=lambda o: (not o.affordable, o.plan.cost if o.plan else Decimal("Infinity")),
        )
    )


_UNKNOWN = (
    "The residual income is not known: ask what is left each month before drawing up a plan."
)


def instalments_option(situation: Situation, policy: Policy, terms: Terms) -> PlanOption:
    """Return the shortest affordable plan, or the longest allowed one with its shortfall."""
    most = affordable_instalment(situation.residual_income, policy)
    longest = longest_plan(policy, terms)
    digits = digits_of(policy.currency)
    owed = to_units(situation.balance, digits)
    fee = from_units(floor_cents(Fraction(terms.fee_rate) * owed), digits)
    if most is None:
        return PlanOption("instalments", None, False, reason=_UNKNOWN)
    plan = shortest_plan(
        situation.balance,
        most=most,
        months_max=longest,
        annual_rate=terms.annual_rate,
        first_due=situation.first_due,
        fee=fee,
        digits=digits,
    )
    if plan is not None:
        reason = f"{plan.months} instalments of up to {plan.largest} fit the {most} affordable."
        return PlanOption("instalments", plan, True, reason=reason)
    plan = instalment_plan(
        situation.balance,
        months=longest,
        annual_rate=terms.annual_rate,
        first_due=situation.first_due,
        fee=fee,
        digits=digits,
    )
    missing = plan.largest - most
    reason = (
        f"Even {longest} months need {plan.largest} a month; {most} is affordable:"
        f" {missing} a month is missing."
    )
    return PlanOption("instalments", plan, False, missing, reason)


def extension_option(situation: Situation, policy: Policy, terms: Terms) -> PlanOption:
    """Return the shortest extension by whose end the amount due can have been put aside."""
    most = affordable_instalment(situation.residual_income, policy)
    longest = policy.plan.extension_months_max.value
    digits = digits_of(policy.currency)
    if most is None:
        return PlanOption("extension", None, False, reason=_UNKNOWN)
    if situation.payment_due <= 0 or longest == 0:
        return PlanOption(
            "extension", None, False, reason="Nothing is due that could be extended."
        )
    plan = None
    for months in range(1, longest + 1):
        plan = extension_plan(
            situation.payment_due,
            months=months,
            annual_rate=terms.annual_rate,
            first_due=situation.first_due,
            digits=digits,
        )
        if plan.total <= most * months:
            reason = f"{most} a month, put aside for {months} months, pays {plan.total}."
            return PlanOption("extension", plan, True, reason=reason)
    assert plan is not None
    lacking = to_units(plan.total, digits) - to_units(most, digits) * longest
    missing = from_units(ceil_cents(Fraction(lacking, longest)), digits)
    reason = f"{longest} months of {most} do not pay {plan.total}: {missing} a month is missing."
    return PlanOption("extension", plan, False, missing, reason)


def hardship_option(situation: Situation, policy: Policy, terms: Terms) -> PlanOption:
    """Return the plan with the least reduction, for as long as the policy allows it.

    Notes
    -----
    The reduced instalment is what can be afforded now, but not below the regular instalment of
    the longest plan less the largest reduction; the instalments afterwards must fit the residual
    income that the customer expects then.
    """
    name = "hardship_reduction"
    now = affordable_instalment(situation.residual_income, policy)
    later = affordable_instalment(situation.residual_after, policy)
    if now is None or later is None:
        return PlanOption(name, None, False, reason=_UNKNOWN)
    longest = longest_plan(policy, terms)
    reduced_months = min(policy.plan.hardship_months_max.value, longest - 1)
    digits = digits_of(policy.currency)
    owed = to_units(situation.balance, digits)
    regular = instalment_cents(owed, monthly_rate(terms.annual_rate), longest)
    keep = 1 - Fraction(policy.plan.hardship_reduction_max.value)
    least = -(-(regular * keep.numerator) // keep.denominator)
    reduced = min(to_units(now, digits), regular)
    if reduced >= regular or reduced_months < 1 or reduced * reduced_months >= owed:
        return PlanOption(name, None, False, reason="The instalment needs no reduction.")
    if reduced < least:
        missing = from_units(least - reduced, digits)
        reason = (
            f"A reduction by {policy.plan.hardship_reduction_max.value} leaves"
            f" {from_units(least, digits)} a month; {missing} of it is missing."
        )
        return PlanOption(name, None, False, missing, reason)
    plan = hardship_plan(
        situation.balance,
        reduced_to=from_units(reduced, digits),
        reduced_months=reduced_months,
        months=longest,
        annual_rate=terms.annual_rate,
        first_due=situation.first_due,
        digits=digits,
    )
    missing = max(plan.largest - later, Decimal(0))
    if missing:
        reason = (
            f"After {reduced_months} reduced months {plan.largest} a month is needed;"
            f" {missing} of it is missing then."
        )
        return PlanOption(name, plan, False, missing, reason)
    reason = (
        f"{reduced_months} months of {from_units(reduced, digits)}, then up to {plan.largest}."
    )
    return PlanOption(name, plan, True, reason=reason)


def _valued(option: PlanOption, balance: Decimal, terms: Terms) -> PlanOption:
    """Return the option with what it is expected to be worth to the bank."""
    if option.plan is None or not option.affordable:
        return option
    value, completed = expected_value(option.plan, terms)
    gain = value - value_without_plan(balance, option.plan, terms)
    return replace(
        option,
        present_value=_cents_of_estimate(value),
        gain=_cents_of_estimate(gain),
        completion_probability=completed,
    )


def expected_value(plan: Plan, terms: Terms) -> tuple[float, float]:
    """Return a plan's expected present value to the bank, and its chance of being completed.

    Notes
    -----
    V = sum over instalments of p ** k * A / (1 + d) ** m, and, for a break before instalment k,
    (p ** (k - 1) - p ** k) * recovery * owed / (1 + d) ** (m + T). An estimate in floats.
    """
    discount = 1.0 + terms.discount_rate / MONTHS_IN_YEAR
    keep, value, alive = terms.keep_probability, 0.0, 1.0
    owed = float(plan.balance + plan.fee)
    for item in plan.instalments:
        broken = alive * (1.0 - keep)
        alive *= keep
        value += alive * float(item.amount) * discount**-item.month
        late = discount ** -(item.month + terms.recovery_months)
        value += broken * terms.recovery_without_plan * owed * late
        owed = float(item.remaining)
    return value, alive


def value_without_plan(balance: Decimal, plan: Plan, terms: Terms) -> float:
    """Return the expected present value of the same amount without a plan."""
    discount = 1.0 + terms.discount_rate / MONTHS_IN_YEAR
    amount = float(plan.balance) if plan.balance < balance else float(balance)
    return amount * terms.recovery_without_plan * discount**-terms.recovery_months


def _cents_of_estimate(value: float) -> Decimal:
    """Return an estimate rounded to the cent."""
    return from_cents(round(value * 100))
