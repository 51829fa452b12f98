"""R1 in a case: what may be charged now, from the case's own due amounts, payments and charges."""

from decimal import Decimal
from fractions import Fraction

from delinquency.casework.actions import Charge
from delinquency.casework.arrears import MissedPayment
from delinquency.casework.case_view import View
from delinquency.casework.charges import check_charges
from delinquency.casework.decision import MONEY_SOURCE, Refusal, refuse
from delinquency.casework.money import digits_of, floor_cents, from_units, to_units

ZERO = Decimal(0)


def charge_refusals(view: View, charge: Charge) -> tuple[Refusal, ...]:
    """Return everything that stands against a late fee or interest.

    Parameters
    ----------
    view : View
    charge : Charge
        Its principal and days are claims: what the case says is less or more.

    Returns
    -------
    tuple of Refusal
    """
    to_units(charge.amount, digits_of(view.policy.currency))
    if charge.amount == 0:
        return ()
    found = [*_stopped(view), *_principal(view, charge)]
    found += _fee(view, charge) if charge.charge == "late_fee" else _interest(view, charge)
    found += [*_all_in(view, charge), *_military(view, charge)]
    return tuple(found)


def missed_payment_of(view: View, charge: Charge) -> MissedPayment | None:
    """Return the missed payment that a late fee is for, or None where there is none.

    Notes
    -----
    Without a due day it is the oldest late payment for which no fee stands; where every one has
    its fee, the newest, so that a second fee is refused.
    """
    late = view.late
    if charge.due is not None:
        return next((one for one in late if one.due == charge.due), None)
    most = view.policy.charges.late_fees_per_payment_max.value
    free = [one for one in late if view.history.fees_for(one.due) < most]
    return free[0] if free else (late[-1] if late else None)


def _stopped(view: View) -> list[Refusal]:
    """Stop fees and interest while something holds."""
    rules = view.policy.charges
    found = []
    for name, hold in view.holds.items():
        until = view.end_of(hold)
        if name == "running_plan":
            if view.policy.plan.stops_charges.value:
                reason = f"Plan {view.history.running_plan} runs: nothing else is charged."
                found.append(refuse(view.policy.plan.stops_charges, reason, until=until))
        elif name in rules.stopped_by.value:
            reason = f"Nothing is charged while {hold.facts.words}."
            found.append(refuse(rules.stopped_by, reason, until=until))
    if view.history.closed_at is not None:
        found.append(Refusal("case.closed", MONEY_SOURCE, "The case is closed."))
    return found


def _principal(view: View, charge: Charge) -> list[Refusal]:
    """Refuse a principal that is more than what the case says is overdue."""
    if not view.late:
        reason = (
            "Nothing is overdue in this case."
            if view.history.arrears.known
            else "The case does not say what is overdue: record went_overdue first."
        )
        return [Refusal("charges.principal", MONEY_SOURCE, reason)]
    if charge.overdue_principal <= 0:
        reason = f"Nothing is charged on a principal of {charge.overdue_principal}."
        return [Refusal("charges.principal", MONEY_SOURCE, reason)]
    if charge.overdue_principal > view.overdue:
        reason = (
            f"The claimed principal is {charge.overdue_principal}; the case says that"
            f" {view.overdue} is overdue."
        )
        return [Refusal("charges.principal", MONEY_SOURCE, reason)]
    return []


def _fee(view: View, charge: Charge) -> list[Refusal]:
    """Hold a late fee against its own missed payment, with what was charged for it before."""
    rules, history = view.policy.charges, view.history
    missed = missed_payment_of(view, charge)
    if missed is None:
        if not view.late:
            return []
        reason = f"No payment due on {charge.due} is late in this case."
        return [Refusal("charges.principal", MONEY_SOURCE, reason)]
    before = sum((fee.amount for fee in history.standing_fees(missed.due)), ZERO)
    # The limit was that of the day of the first fee: a payment since does not make it wrong.
    principal = min(missed.amount if before else missed.unpaid, charge.overdue_principal)
    result = check_charges(
        max(principal, ZERO),
        late_fee=before + charge.amount,
        interest=ZERO,
        days=view.days_overdue,
        policy=view.policy,
        repeated=_repeated(view, charge, missed),
    )
    found = [r for r in result.refusals if r.rule.startswith("charges.late_fee")]
    most = rules.late_fees_per_payment_max
    if history.fees_for(missed.due) >= most.value:
        reason = f"The payment due on {missed.due} has its late fee: one missed payment, one fee."
        found.append(refuse(most, reason))
    return found


REPEAT_DAYS = 184
"""Six billing cycles: a late fee within them makes the next one a repeated one."""


def _repeated(view: View, charge: Charge, missed: MissedPayment) -> bool:
    """Return whether a late fee is a repeated one: the case says so, not who asks."""
    return charge.repeated and any(
        c.charge == "late_fee"
        and c.amount > 0
        and c.due != missed.due
        and (view.at - c.at).days <= REPEAT_DAYS
        for c in view.history.charges_ever
    )


def _interest(view: View, charge: Charge) -> list[Refusal]:
    """Hold interest against what was overdue on each day, and no day is charged twice."""
    rules, history = view.policy.charges, view.history
    rule, found = rules.interest_rate_max, []
    before = [c for c in history.charges if c.charge == "interest"]
    charged_days, elapsed = sum(c.days for c in before), view.days_overdue
    if charged_days + charge.days > elapsed:
        reason = (
            f"Interest for {charged_days + charge.days} days in all, but only {elapsed} days"
            " are overdue: no day is charged twice."
        )
        found.append(refuse(rule, reason))
    annual = rules.interest_basis.value == "annual"
    if rule.value is not None and annual:
        claimed = min(charge.overdue_principal, view.overdue)
        result = check_charges(
            max(claimed, ZERO),
            late_fee=ZERO,
            interest=charge.amount,
            days=charge.days,
            policy=view.policy,
        )
        found += [r for r in result.refusals if r.rule == rule.key]
    if rule.value is not None:
        digits = digits_of(view.policy.currency)
        share = Fraction(rule.value)
        base = (
            Fraction(history.arrears.amount_days(view.today)) / rules.days_in_year.value
            if annual
            else Fraction(max((one.amount for one in view.late), default=ZERO))
        )
        most = from_units(floor_cents(share * base * 10**digits), digits)
        total = history.charged("interest") + charge.amount
        if total > most:
            reason = (
                f"Interest of {total} in these arrears is more than the {most} that"
                " the rate gives on what was overdue each day."
            )
            found.append(refuse(rule, reason))
    return found


def _all_in(view: View, charge: Charge) -> list[Refusal]:
    """Hold fees and interest together, where the policy means each charge on its day."""
    rules = view.policy.charges
    if rules.all_in_rate_max.value is None or rules.all_in_applies.value != "charge":
        return []
    return claim_refusals(view, more=charge.amount)


def _military(view: View, charge: Charge) -> list[Refusal]:
    """Hold fees and interest together during military service, from its first day on."""
    rules, history = view.policy.charges, view.history
    rule, hold = rules.military_rate_max, view.holds.get("military_service")
    if rule.value is None or hold is None or hold.since is None:
        return []
    since = hold.since.astimezone(view.case.zone).date()
    days = history.arrears.amount_days(view.today) - history.arrears.amount_days(since)
    digits = digits_of(view.policy.currency)
    year = rules.days_in_year.value
    most = from_units(
        floor_cents(Fraction(rule.value) * Fraction(days) / year * 10**digits), digits
    )
    total = charge.amount + sum((c.amount for c in history.charges if c.at >= hold.since), ZERO)
    if total <= most:
        return []
    reason = f"During military service {total} is more than the {most} of {rule.value} a year."
    return [refuse(rule, reason)]


def claim_refusals(view: View, *, more: Decimal = ZERO) -> list[Refusal]:
    """Return whether fees and interest of these arrears are together above the policy's rate."""
    rules, history = view.policy.charges, view.history
    rule = rules.all_in_rate_max
    if rule.value is None:
        return []
    digits = digits_of(view.policy.currency)
    days = Fraction(history.arrears.amount_days(view.today))
    share = Fraction(rule.value)
    most = from_units(floor_cents(share * days / rules.days_in_year.value * 10**digits), digits)
    total = history.charged("late_fee") + history.charged("interest") + more
    if total <= most:
        return []
    reason = (
        f"Interest and fees of {total} are more than the {most} that {rule.value} a year gives on"
        " what was overdue each day."
    )
    return [refuse(rule, reason)]
