"""Who holds the accounts: what an application says, protected attributes, and lasting habits."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.synthetic import parameters as p
from delinquency.synthetic.account_history import Life
from delinquency.synthetic.blocks import Block, block_random
from delinquency.synthetic.parameters import Array
from delinquency.synthetic.portfolio_options import SyntheticData

INCOME_LOG_MEAN, INCOME_LOG_SPREAD = 9.0, 0.45
"""Monthly income, account currency: median about 8,000."""
LIMIT_LOG_MEAN, LIMIT_LOG_SPREAD, LIMIT_INCOME_SHARE = 9.87, 0.6, 0.6
"""Credit limit: mean about 25,000 per account (PBoC, 2022 Q1: 27,000 per card)."""
LIMIT_DEBT = -0.4
"""Heavy debts elsewhere lower the limit that is granted, and so raise its use."""
STATED_INCOME_NOISE = 0.40
"""What was stated at application is old by now, and was rounded up or down."""
SEX_INCOME_GAP = 0.12
REGIONS = tuple(f"region-{letter}" for letter in "abcdefghij")
REGION_CUTS = np.array([-1.2816, -0.8416, -0.5244, -0.2533, 0.0, 0.2533, 0.5244, 0.8416, 1.2816])
"""Tenths of a normal distribution."""
MARITAL = np.array(["single", "married", "divorced"])
EARLIER_OPENING_MONTHS = 48.0
OLDEST_OPENING_MONTHS = 360
"""Mean and largest age of the first accounts at the start of the burn-in."""


@dataclass(frozen=True, eq=False)
class People:
    """Lasting facts of every account's holder; arrays of shape (n_holders,).

    Attributes
    ----------
    account_id : ndarray of str
    opened : ndarray of int
        Months since 1970-01.
    income, limit : ndarray
        Long-run monthly income; credit limit at opening; account currency.
    stated_income : ndarray
        Monthly income stated at application.
    due_day, salary_day : ndarray of int
        Days of the month.
    salary_elsewhere : ndarray of bool
        Salary and benefits go to another bank: not seen.
    habits : ndarray of shape (7, n_holders)
        Standard normal tastes that have nothing to do with the traits: paying, spending level,
        essentials, luxury, promotions, other credit, steadiness of income.
    education, age : ndarray of float
    sex, marital_status, region : ndarray of str
    region_index : ndarray of int
    """

    account_id: NDArray[np.str_]
    opened: NDArray[np.int64]
    income: Array
    limit: Array
    stated_income: Array
    due_day: NDArray[np.int64]
    salary_day: NDArray[np.int64]
    salary_elsewhere: NDArray[np.bool_]
    habits: Array
    education: Array
    age: Array
    sex: NDArray[np.str_]
    marital_status: NDArray[np.str_]
    region: NDArray[np.str_]
    region_index: NDArray[np.int64]


PAYING, SPENDING_LEVEL, ESSENTIALS, LUXURY, PROMOTIONS, OTHER_CREDIT, STEADINESS = range(7)
"""Positions of the habits."""


def account_ids(block: Block, life: Life) -> NDArray[np.str_]:
    """Return the pseudonymous ids of a block's accounts: the place, then the generation."""
    return np.array(
        [
            f"S{block.first + place:07d}-{generation:02d}"
            for place, generation in zip(life.place, life.generation, strict=True)
        ]
    )


def draw_people(options: SyntheticData, block: Block, life: Life) -> People:
    """Draw the lasting facts of every account holder of a block.

    Parameters
    ----------
    options : SyntheticData
    block : Block
    life : Life

    Returns
    -------
    People

    Notes
    -----
    Region is a proxy: it is drawn from income and the economic trait's level, so that a model
    that used it would treat people by where they live. Age leans on the spending trait. Sex
    moves income only. None of them acts on repayment by itself.
    """
    random = block_random(options, block, "people")
    n = len(life.place)
    normal = random.standard_normal((13, n))
    uniform = random.random((9, n))
    woman = uniform[0] < 0.5
    ability = normal[0] - 0.3 * life.levels[p.ECONOMY]
    log_income = INCOME_LOG_MEAN + INCOME_LOG_SPREAD * ability - SEX_INCOME_GAP * (woman - 0.5)
    mixture = (
        LIMIT_INCOME_SHARE * ability
        + np.sqrt(1 - LIMIT_INCOME_SHARE**2) * normal[1]
        + LIMIT_DEBT * life.levels[p.DEBT]
    )
    place_score = (-0.5 * ability + 0.25 * life.levels[p.ECONOMY] + 0.85 * normal[2]) / 1.06
    region = np.searchsorted(REGION_CUTS, place_score)
    age = np.clip(41 + 12 * (0.95 * normal[3] - 0.3 * life.levels[p.SPENDING]), 20, 80)
    schooling = 0.5 * ability + 0.87 * normal[4]
    education = np.where(uniform[1] < 0.03, np.nan, 1.0 + (schooling > -0.4) + (schooling > 1.1))
    earlier = earlier_opening(random, n)
    is_first = (life.generation == 0) & (life.opened == life.months[0])
    married = uniform[2] < 0.25 + 0.5 * (age > 30)
    marital = np.where(married, 1, np.where((age > 30) & (uniform[3] < 0.3), 2, 0))
    return People(
        account_id=account_ids(block, life),
        opened=life.opened - np.where(is_first, earlier, 0),
        income=np.exp(log_income),
        limit=np.maximum(
            np.round(np.exp(LIMIT_LOG_MEAN + LIMIT_LOG_SPREAD * mixture), -3), 1_000.0
        ),
        stated_income=np.round(np.exp(log_income + STATED_INCOME_NOISE * normal[5]), -2),
        due_day=15 + np.floor(11 * uniform[4]).astype(np.int64),
        salary_day=1 + np.floor(28 * uniform[5]).astype(np.int64),
        salary_elsewhere=uniform[6] < 0.12,
        habits=normal[6:13],
        education=education,
        age=np.floor(age),
        sex=np.where(woman, "female", "male"),
        marital_status=MARITAL[marital],
        region=np.array(REGIONS)[region],
        region_index=region,
    )


def earlier_opening(random: np.random.Generator, n: int) -> NDArray[np.int64]:
    """Return how many months before the start of the burn-in the first accounts were opened.

    An exponential has no end; a cap keeps the oldest of a million accounts within living memory.
    """
    months = np.floor(random.exponential(EARLIER_OPENING_MONTHS, n)).astype(np.int64) + 1
    return np.minimum(months, OLDEST_OPENING_MONTHS)


def accounts_table(people: People, kept: NDArray[np.bool_]) -> pd.DataFrame:
    """Return the accounts table of the holders in ``kept``.

    Parameters
    ----------
    people : People
    kept : ndarray of shape (n_holders,), bool
        Accounts that lived in a reported month.

    Returns
    -------
    DataFrame
        One row per account.
    """
    return pd.DataFrame(
        {
            "account_id": people.account_id[kept],
            "opened_month": people.opened[kept].astype("datetime64[M]").astype("datetime64[ms]"),
            "application_income": people.stated_income[kept],
            "education_level": people.education[kept],
            "sex": people.sex[kept],
            "age": people.age[kept],
            "marital_status": people.marital_status[kept],
            "region": people.region[kept],
        }
    )
