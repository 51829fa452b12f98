"""The card ledger: bills, payments, purchases and charges that fit the repayment states."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from delinquency.log_odds import probability
from delinquency.panel.schema import DAYS_A_MONTH
from delinquency.synthetic import parameters as p
from delinquency.synthetic.account_history import Life
from delinquency.synthetic.blocks import Block, block_random
from delinquency.synthetic.customers import PAYING, SPENDING_LEVEL, People
from delinquency.synthetic.household_finances import Income
from delinquency.synthetic.parameters import Array
from delinquency.synthetic.portfolio_options import SyntheticData

MONTHLY_RATE = 0.18 / 12
"""Interest per month on what stays unpaid: 18 % a year, below the article's 24 %."""
LATE_FEE = 0.01
"""Share of the overdue instalments: the article's ceiling for penalties."""
MINIMUM_SHARE, MINIMUM_FLOOR = 0.05, 100.0
STOP_LOW, STOP_SPREAD = 0.86, 0.16
"""Use of the limit at which a month's purchases stop: between 86 % and 102 %."""
SMALLEST_PURCHASE = 20.0
SPEND_SHARE, SPEND_TRAIT = 0.28, 0.18
SPEND_SEASON = np.array([1.1, 1.05, 0.95, 0.95, 1.0, 1.05, 0.95, 0.95, 1.0, 1.05, 1.15, 1.1])
PROMOTION_MONTHS = (2, 6, 11)
"""Months of sales festivals."""
PROMOTION_RESPONSE = 0.25
FULL_PAYER, MINIMUM_PAYER = 0.45, -0.95
"""Cuts of the paying index: above the first the bill is paid in full, below the second only the
minimum is paid."""
LIMIT_RAISE_RATE, LIMIT_RAISE = 0.012, 1.2


@dataclass(frozen=True, eq=False)
class Ledger:
    """The statements of a block; arrays of shape (n_places, n_months), account currency.

    ``balance`` = balance before - ``payment`` + ``purchases`` + ``cash_advances`` +
    ``interest`` + ``fees``, to the cent. ``payment_day`` is the day of the month, NaN without a
    payment.
    """

    credit_limit: Array
    balance: Array
    minimum_due: Array
    payment: Array
    payment_day: Array
    purchases: Array
    cash_advances: Array
    interest: Array
    fees: Array
    days_past_due: Array
    repayment_status: Array
    autopay: Array
    charged_off: Array


@dataclass(frozen=True, eq=False)
class _Plans:
    """What the holders would do if nothing stood in the way; (n_places, n_months)."""

    spend: Array
    advance: Array
    paid_share: Array
    partial: Array
    payment_day: Array
    autopay: Array
    autopay_lead: Array
    limit: Array
    stop: Array


def draw_ledger(
    options: SyntheticData, block: Block, life: Life, people: People, income: Income
) -> Ledger:
    """Draw the statements of a block so that they agree with the hidden repayment states.

    Parameters
    ----------
    options : SyntheticData
    block : Block
    life : Life
    people : People
    income : Income

    Returns
    -------
    Ledger

    Notes
    -----
    A month in which the state rises has a payment below what was due (none, or part of an
    instalment); a month that cures pays all arrears; a month that stays behind pays one
    instalment.
    """
    random = block_random(options, block, "ledger")
    plans = _draw_plans(random, life, people, income)
    shape = life.holder.shape
    out = {name: np.zeros(shape) for name in Ledger.__dataclass_fields__}
    balance = np.zeros(shape[0])
    instalment, arrears = np.zeros(shape[0]), np.zeros(shape[0])
    before = np.zeros(shape[0], np.int64)
    for t in range(shape[1]):
        fresh = life.starts[:, t]
        balance, arrears, instalment = (
            np.where(fresh, 0.0, values) for values in (balance, arrears, instalment)
        )
        before = np.where(fresh, 0, before)
        state = life.state[:, t]
        due = np.minimum(balance, instalment + arrears)
        payment = _pay(balance, due, instalment, before, state, plans, t)
        unpaid = p.cents(balance - payment)
        interest = p.cents(MONTHLY_RATE * unpaid)
        missing = np.where(state > 0, p.cents(due - payment), 0.0)
        fees = _late_fee(np.where(state > before, missing, 0.0))
        limit = plans.limit[:, t]
        purchases, advances = _spend(limit - unpaid - interest - fees, limit, state, plans, t)
        after = p.cents(unpaid + interest + fees + purchases + advances)
        arrears = missing
        instalment = p.cents(np.minimum(np.maximum(MINIMUM_SHARE * after, MINIMUM_FLOOR), after))
        status = np.where(state > 0, state, np.where(payment >= balance, -1, 0))
        row = {
            "balance": after,
            "minimum_due": np.minimum(after, instalment + arrears),
            "payment": payment,
            "purchases": purchases,
            "cash_advances": advances,
            "interest": interest,
            "fees": fees,
            "repayment_status": np.where(fresh, 0, status),
        }
        for name, values in row.items():
            out[name][:, t] = values
        balance, before = after, state
    first_day = DAYS_A_MONTH - people.due_day[life.holder]
    behind = life.state > 0
    out["credit_limit"] = plans.limit
    out["autopay"] = plans.autopay
    out["days_past_due"] = np.where(behind, DAYS_A_MONTH * (life.state - 1) + first_day, 0.0)
    out["charged_off"] = (life.state == p.CHARGED_OFF) * 1.0
    out["payment_day"] = _payment_days(life, people, plans, out["payment"])
    return Ledger(**out)


def _draw_plans(random: np.random.Generator, life: Life, people: People, income: Income) -> _Plans:
    """Draw what the holders would do if nothing stood in the way."""
    shape = life.holder.shape
    z1, _, z3, z4, z5, z6 = life.latent
    holder = life.holder
    calendar = life.months % 12
    festival = np.isin(calendar + 1, PROMOTION_MONTHS)
    normal = random.standard_normal((3, *shape))
    uniform = random.random((6, *shape))
    usual = 0.5 * income.total + 0.5 * people.income[holder]
    spend = (
        SPEND_SHARE
        * usual
        * SPEND_SEASON[calendar]
        * np.exp(
            SPEND_TRAIT * z6
            - 0.05 * z1
            + 0.35 * people.habits[SPENDING_LEVEL][holder]
            + 0.35 * normal[0]
        )
    )
    spend *= 1.0 + PROMOTION_RESPONSE * np.maximum(z6, 0.0) * festival
    advance = uniform[0] < probability(-4.0 + 0.5 * z6 + 0.15 * z4)
    habit = people.habits[PAYING][holder]
    index = 0.25 - 0.40 * z4 - 0.25 * z3 + 0.80 * habit + 0.40 * normal[1]
    position = np.clip((index - MINIMUM_PAYER) / (FULL_PAYER - MINIMUM_PAYER), 0.0, 1.0)
    share = np.where(position < 1.0, 0.4 * position**2, 1.0)
    pays_part = uniform[1] < probability(-0.2 + 0.6 * z4 - 0.8 * z5)
    return _Plans(
        spend=p.cents(np.maximum(spend, SMALLEST_PURCHASE)),
        advance=np.where(advance, 0.05 + 0.20 * uniform[2], 0.0),
        paid_share=share,
        partial=np.where(pays_part, 0.1 + 0.8 * uniform[3], 0.0),
        payment_day=uniform[4],
        autopay=_autopay(life, uniform[5]),
        autopay_lead=random.random(len(people.opened))[holder],
        limit=_limits(life, people, random.random(shape)),
        stop=STOP_LOW + STOP_SPREAD * random.random(shape),
    )


def _autopay(life: Life, uniform: Array) -> Array:
    """Return whether autopay is on: chosen at opening, rarely cancelled, rarely begun later."""
    z4, z5 = life.latent[p.CAPACITY], life.latent[p.WILLINGNESS]
    chosen = uniform < probability(0.1 - 1.2 * z5 - 0.1 * z4)
    out = np.empty(uniform.shape)
    now = chosen[:, 0]
    for t in range(uniform.shape[1]):
        kept = np.where(
            now, uniform[:, t] >= 0.004 * np.exp(0.6 * z5[:, t]), uniform[:, t] < 0.005
        )
        now = np.where(life.starts[:, t] | (t == 0), chosen[:, t], kept)
        out[:, t] = now
    return out


def _limits(life: Life, people: People, uniform: Array) -> Array:
    """Return credit limits: now and then raised for those who were not late lately."""
    limit = people.limit[life.holder]
    calm = (life.memory < 0.05) & (life.state == p.CURRENT) & ~life.starts
    raised = calm & (uniform < LIMIT_RAISE_RATE)
    count = np.cumsum(raised, axis=1)
    before = np.concatenate([np.zeros((len(count), 1), count.dtype), count[:, :-1]], axis=1)
    base = np.maximum.accumulate(np.where(life.starts, before, 0), axis=1)
    return np.round(limit * LIMIT_RAISE ** (count - base), -2)


def _pay(
    balance: Array,
    due: Array,
    instalment: Array,
    before: NDArray[np.int64],
    state: NDArray[np.int64],
    plans: _Plans,
    t: int,
) -> Array:
    """Return the payments of month t: they follow from the change of state."""
    share = plans.paid_share[:, t]
    willing = due + (balance - due) * share
    missed = plans.partial[:, t] * np.minimum(instalment, due)
    stays = np.minimum(instalment, due)
    paid = np.where(
        state > before, missed, np.where((state > 0) & (state == before), stays, willing)
    )
    # Rounding must not turn a missed payment into a full one, nor the other way round.
    rounded = np.where(state > 0, np.floor(paid * 100) / 100, p.cents(paid))
    return np.minimum(rounded, balance)


def _late_fee(overdue: Array) -> Array:
    """Return the late fee on overdue amounts, rounded down: the nearest cent may be too much."""
    per_fee_cent = round(1 / LATE_FEE)
    return np.asarray(np.round(overdue * 100) // per_fee_cent / 100, np.float64)


def _spend(
    room: Array, limit: Array, state: NDArray[np.int64], plans: _Plans, t: int
) -> tuple[Array, Array]:
    """Return purchases and cash advances of month t: a card that is behind is soon blocked."""
    free: Array = np.maximum(room + (plans.stop[:, t] - 1.0) * limit, 0.0)
    wish = plans.spend[:, t] * np.where(state == 0, 1.0, np.where(state == 1, 0.5, 0.0))
    purchases = p.cents(np.minimum(wish, free))
    advance = np.where(state <= 1, plans.advance[:, t] * limit, 0.0)
    advance = np.floor(np.minimum(advance, free - purchases) / 100) * 100
    taken: Array = np.maximum(advance, 0.0)
    return purchases, taken


def _payment_days(life: Life, people: People, plans: _Plans, payment: Array) -> Array:
    """Return the day of the payment: on time before the due day, otherwise after it."""
    due_day = people.due_day[life.holder].astype(np.float64)
    uniform = plans.payment_day
    early = np.maximum(1.0, due_day - np.floor(15 * uniform**2))
    arranged = np.maximum(1.0, due_day - np.floor(15 * plans.autopay_lead**2))
    on_time = np.where(plans.autopay == 1, arranged, early)
    late = np.minimum(due_day + 1 + np.floor(3 * uniform), 28.0)
    return np.where(payment > 0, np.where(life.state > 0, late, on_time), np.nan)
