"""H3: relief where no plan fits: what it is, until when, what it costs, for both sides."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from delinquency.casework.money import digits_of, floor_cents, from_units, to_units
from delinquency.casework.plan_options import Situation, Terms, affordable_instalment
from delinquency.casework.plans import MONTHS_IN_YEAR, add_months
from delinquency.policy import Policy

SETTLEMENT_MONTHS = 6
"""Within how many months a reduced settlement is paid."""
ADVICE_MONTHS = 1
"""How long reminders wait while the customer talks to a debt adviser."""


@dataclass(frozen=True)
class Relief:
    """One kind of relief, drawn up for one customer.

    Attributes
    ----------
    kind : str
        "payment_holiday", "interest_freeze", "fee_waiver", "reduced_settlement", "debt_advice".
    until : date
        Last day; what comes then is talked over before.
    monthly : Decimal
        What the customer pays each month until then, account currency.
    cost : Decimal
        Interest, fees or debt that the lender gives up.
    present_value : Decimal
        To the lender: what is expected to come in, discounted. An estimate from ``Terms``.
    reason : str
    """

    kind: str
    until: date
    monthly: Decimal
    cost: Decimal
    present_value: Decimal
    reason: str


def relief_options(situation: Situation, policy: Policy, terms: Terms) -> tuple[Relief, ...]:
    """Return the relief that can be drawn up, the fitting one first.

    Parameters
    ----------
    situation : Situation
    policy : Policy
    terms : Terms

    Returns
    -------
    tuple of Relief
        Empty when nothing is owed. Without a known income only debt advice: the rest is drawn up
        from an income-and-outgoings form.
    """
    if situation.balance <= 0:
        return ()
    most = affordable_instalment(situation.residual_income, policy)
    advice = Relief(
        "debt_advice",
        add_months(situation.first_due, ADVICE_MONTHS),
        Decimal(0),
        Decimal(0),
        Decimal(0),
        "Free advice on all debts together; reminders wait.",
    )
    if most is None:
        return (advice,)
    options = [
        _frozen("payment_holiday", situation, policy, terms, monthly=Decimal(0)),
        _frozen("interest_freeze", situation, policy, terms, monthly=most),
    ]
    if most > 0:
        options.reverse()
    settlement = _settlement(situation, policy, terms, most)
    found = [one for one in (settlement, *options) if one is not None]
    return (*found, advice)


def _frozen(
    kind: str, situation: Situation, policy: Policy, terms: Terms, *, monthly: Decimal
) -> Relief | None:
    """Return months without interest, paying what can be afforded, or nothing at all."""
    rules = policy.plan
    months = (
        rules.holiday_months_max.value
        if kind == "payment_holiday"
        else rules.freeze_months_max.value
    )
    if months == 0:
        return None
    digits = digits_of(policy.currency)
    owed, step = to_units(situation.balance, digits), to_units(monthly, digits)
    rate = Fraction(terms.contract_rate) / MONTHS_IN_YEAR
    given_up, value, discount = 0, 0.0, 1.0 + terms.discount_rate / MONTHS_IN_YEAR
    for month in range(1, months + 1):
        given_up += floor_cents(owed * rate)
        paid = min(step, owed)
        owed -= paid
        value += float(paid) * terms.keep_probability**month * discount**-month
    rest = float(owed) * terms.recovery_without_plan
    value += rest * discount ** -(months + terms.recovery_months)
    words = (
        f"{months} months without payment and without interest"
        if kind == "payment_holiday"
        else f"{months} months without interest and fees, {monthly} a month"
    )
    return Relief(
        kind,
        add_months(situation.first_due, months - 1),
        monthly,
        from_units(given_up, digits),
        from_units(round(value), digits),
        f"{words}; then the income is looked at again.",
    )


def _settlement(
    situation: Situation, policy: Policy, terms: Terms, most: Decimal
) -> Relief | None:
    """Return a reduced sum that ends the debt, where the customer can pay it within months."""
    digits = digits_of(policy.currency)
    owed = to_units(situation.balance, digits)
    share = Fraction(policy.plan.settlement_share_min.value)
    asked = -floor_cents(-share * owed)
    within = to_units(most, digits) * SETTLEMENT_MONTHS
    if asked <= 0 or asked > within or asked >= owed:
        return None
    monthly = -(-asked // SETTLEMENT_MONTHS)
    discount = 1.0 + terms.discount_rate / MONTHS_IN_YEAR
    value = sum(
        monthly * terms.keep_probability**m * discount**-m for m in range(1, SETTLEMENT_MONTHS + 1)
    )
    return Relief(
        "reduced_settlement",
        add_months(situation.first_due, SETTLEMENT_MONTHS - 1),
        from_units(monthly, digits),
        from_units(owed - asked, digits),
        from_units(round(value), digits),
        f"{from_units(asked, digits)} instead of {situation.balance} ends the debt.",
    )
