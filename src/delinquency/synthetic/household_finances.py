"""Income, essentials, deposits and credit elsewhere: what a lender may see of a household.

Every column is a noisy reading of the latent traits; none equals one.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delinquency.log_odds import probability
from delinquency.synthetic import parameters as p
from delinquency.synthetic.account_history import Life
from delinquency.synthetic.blocks import Block, block_random, months_simulated, world_random
from delinquency.synthetic.customers import ESSENTIALS, OTHER_CREDIT, REGIONS, STEADINESS, People
from delinquency.synthetic.parameters import Array
from delinquency.synthetic.portfolio_options import SyntheticData

INCOME_ECONOMY, INCOME_UNEMPLOYED, INCOME_NOISE = -0.25, -0.9, 0.15
INCOME_NOISE_CAPACITY = 0.3
"""Weak capacity shows as unsteady income: the noise grows by exp(0.3 * trait)."""
ESSENTIAL_SHARE, ESSENTIAL_CAPACITY = -0.4, 0.45
BUFFER_MEAN, BUFFER_CAPACITY, BUFFER_ECONOMY, BUFFER_NOISE = 0.2, -0.65, -0.05, 1.2
DEBT_MEAN, DEBT_TRAIT = 0.2, 0.55
UNEMPLOYMENT_MEAN, UNEMPLOYMENT_CYCLE = 5.0, 1.3


def persistent_noise(
    random: np.random.Generator, shape: tuple[int, int], persistence: float
) -> Array:
    """Return standard normal first-order autoregressions, shape (n_places, n_months)."""
    noise = random.standard_normal(shape)
    step = np.sqrt(1.0 - persistence**2)
    for t in range(1, shape[1]):
        noise[:, t] = persistence * noise[:, t - 1] + step * noise[:, t]
    return noise


@dataclass(frozen=True, eq=False)
class Income:
    """Monthly income; arrays of shape (n_places, n_months), account currency."""

    salary: Array
    benefits: Array

    @property
    def total(self) -> Array:
        """Salary and benefits."""
        return self.salary + self.benefits


def draw_income(options: SyntheticData, block: Block, life: Life, people: People) -> Income:
    """Draw what every household earns in every simulated month.

    Notes
    -----
    income = level * exp(-0.25 z1 - 0.9 U + 0.15 exp(0.3 z4 - 0.45 steadiness) noise). While
    unemployed all of it comes as benefits; otherwise some households get small benefits, more
    often under pressure.
    """
    random = block_random(options, block, "income")
    shape = life.holder.shape
    latent = life.latent
    steadiness = people.habits[STEADINESS][life.holder]
    unsteady = INCOME_NOISE * np.exp(
        INCOME_NOISE_CAPACITY * latent[p.CAPACITY] - 0.45 * steadiness
    )
    drop = INCOME_ECONOMY * latent[p.ECONOMY] + INCOME_UNEMPLOYED * life.unemployed
    level = people.income[life.holder]
    income = level * np.exp(drop + unsteady * random.standard_normal(shape))
    supported = persistent_noise(random, shape, 0.9) > 1.7 - 0.35 * latent[p.ECONOMY]
    support = np.where(supported, 0.08 * level, 0.0)
    paid_late = random.random(shape) < 0.02
    worked = (life.unemployed == 0) & ~paid_late
    out_of_work = life.unemployed == 1
    return Income(
        salary=p.cents(np.where(worked, income, 0.0)),
        benefits=p.cents(np.where(out_of_work, income, support)),
    )


def regional_unemployment(options: SyntheticData) -> Array:
    """Return the published unemployment rate by region and simulated month, percent.

    Returns
    -------
    ndarray of shape (10, n_months)
        The state of the economy two months before, as that is when figures come out.
    """
    months = months_simulated(options)
    cycle = p.macro_cycle(months - p.MACRO_PUBLICATION_LAG)
    noise = world_random(options).standard_normal((len(REGIONS), len(months)))
    offset = np.linspace(-1.5, 2.5, len(REGIONS))[:, None]
    return np.round(UNEMPLOYMENT_MEAN + offset + UNEMPLOYMENT_CYCLE * cycle + 0.15 * noise, 1)


def draw_cashflows(
    options: SyntheticData, block: Block, life: Life, people: People, income: Income
) -> dict[str, NDArray[Any]]:
    """Draw the current account beside the card.

    Returns
    -------
    dict of str to ndarray of shape (n_places, n_months)
        Columns of the ``cashflows`` table; ``late`` says which rows arrive a month late.
    """
    random = block_random(options, block, "cashflows")
    shape = life.holder.shape
    z1, z4, z6 = (life.latent[k] for k in (p.ECONOMY, p.CAPACITY, p.SPENDING))
    holder = life.holder
    level = people.income[holder]
    # A household's essentials fit what it earns in the long run: a lost job does not lower them.
    lasting = level * np.exp(INCOME_ECONOMY * life.levels[p.ECONOMY])[holder]
    habit = people.habits[ESSENTIALS][holder]
    noise = random.standard_normal((3, *shape))
    share = probability(ESSENTIAL_SHARE + ESSENTIAL_CAPACITY * z4 + 0.65 * habit + 0.12 * noise[0])
    essentials = share * lasting
    scatter = BUFFER_NOISE * (0.8 * persistent_noise(random, shape, 0.95) + 0.6 * noise[1])
    buffer = np.exp(BUFFER_MEAN + BUFFER_CAPACITY * z4 + BUFFER_ECONOMY * z1 + scatter)
    taste = persistent_noise(random, shape, 0.97)
    other = 0.32 * level * np.exp(0.05 * z6 + 0.30 * taste + 0.20 * noise[2])
    unseen = people.salary_elsewhere[holder]
    return {
        "salary": np.where(unseen, np.nan, income.salary),
        "benefits": np.where(unseen, np.nan, income.benefits),
        "deposit_balance": p.cents(buffer * essentials),
        "essential_outgoings": p.cents(essentials),
        "other_outgoings": p.cents(other),
        "salary_day": np.where(unseen, np.nan, people.salary_day[holder].astype(np.float64)),
        "regional_unemployment": regional_unemployment(options)[
            people.region_index[holder], np.arange(shape[1])[None, :]
        ],
        "late": random.random(shape) < 0.05,
    }


def draw_bureau(
    options: SyntheticData, block: Block, life: Life, people: People
) -> dict[str, NDArray[Any]]:
    """Draw what a bureau reports about credit at other lenders.

    Returns
    -------
    dict of str to ndarray of shape (n_places, n_months)
        Columns of the ``bureau`` table; ``lag`` is the months until the row arrives (1 or 2).
    """
    random = block_random(options, block, "bureau")
    shape = life.holder.shape
    z3, z6 = (life.latent[k] for k in (p.DEBT, p.SPENDING))
    holder = life.holder
    taste = people.habits[OTHER_CREDIT][holder]
    mean_trades = 2.0 * np.exp(0.30 * z3)
    wobble = 0.7 * taste + 0.7 * persistent_noise(random, shape, 0.97)
    trades = np.floor(np.maximum(mean_trades + np.sqrt(mean_trades) * wobble, 0.0) + 0.5)
    cards = np.floor(trades * 0.6 + random.random(shape))
    cards = np.minimum(cards, trades)
    strain = persistent_noise(random, shape, 0.9)
    maxed = np.floor(cards * probability(-2.2 + 0.8 * z3 + 1.1 * strain) + 0.5)
    scatter = 0.65 * taste + 0.55 * persistent_noise(random, shape, 0.97)
    debt = people.income[holder] * np.exp(
        DEBT_MEAN + DEBT_TRAIT * z3 + scatter + 0.08 * random.standard_normal(shape)
    )
    debt = np.where(trades > 0, debt, 0.0)
    burden = 0.045 * debt * np.exp(0.15 * random.standard_normal(shape))
    enquiries = random.poisson(0.35 * np.exp(0.34 * z3 + 0.05 * z6))
    before = random.poisson(0.25 * np.exp(1.0 * life.levels[p.RECORD]))
    age_at_opening = np.floor(
        random.gamma(2.0, 30.0, len(people.opened)) * np.exp(-0.75 * life.levels[p.RECORD])
    )
    since_opening = life.months[None, :] - people.opened[holder]
    return {
        "open_trades": trades,
        "open_cards": cards,
        "maxed_cards": np.minimum(maxed, cards),
        "other_balance": p.cents(debt),
        "other_instalments": p.cents(burden),
        "worst_status_elsewhere": np.where(trades > 0, np.maximum(life.state_elsewhere - 1, 0), 0),
        "enquiries": enquiries,
        "defaults_ever": before[holder] + _defaults_elsewhere(life),
        "oldest_trade_months": since_opening + age_at_opening[holder],
        "lag": 1 + (random.random(shape) < 0.1),
    }


def _defaults_elsewhere(life: Life) -> NDArray[np.int64]:
    """Return how often each holder was charged off by another lender up to each month."""
    hits = np.cumsum(life.state_elsewhere == p.CHARGED_OFF, axis=1)
    # A new holder of the place starts with none: take off what the place had before.
    at_start = np.where(
        life.starts, np.concatenate([np.zeros((len(hits), 1), np.int64), hits[:, :-1]], axis=1), 0
    )
    return hits - np.maximum.accumulate(at_start, axis=1)
