"""The numbers of the generator: how six latent traits move, and how they lead to missed bills.

None of them is estimated from customers. Rates are set so that the portfolio lands near public
figures (``calibration.py`` measures how near); the rest are the author's assumptions, and
``docs/synthetic-portfolio.md`` says so one by one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from delinquency.errors import unknown_name
from delinquency.synthetic.portfolio_options import SyntheticData
from delinquency.traits import TRAITS

Array = NDArray[np.float64]

N_TRAITS = len(TRAITS)
ECONOMY, RECORD, DEBT, CAPACITY, WILLINGNESS, SPENDING = range(N_TRAITS)
"""Positions of the traits in every array, in the order of ``TRAITS``."""

_CORRELATIONS = {
    (ECONOMY, RECORD): 0.20,
    (ECONOMY, DEBT): 0.30,
    (ECONOMY, CAPACITY): 0.45,
    (ECONOMY, WILLINGNESS): 0.10,
    (ECONOMY, SPENDING): 0.05,
    (RECORD, DEBT): 0.30,
    (RECORD, CAPACITY): 0.20,
    (RECORD, WILLINGNESS): 0.25,
    (RECORD, SPENDING): 0.25,
    (DEBT, CAPACITY): 0.40,
    (DEBT, WILLINGNESS): 0.10,
    (DEBT, SPENDING): 0.35,
    (CAPACITY, WILLINGNESS): 0.10,
    (CAPACITY, SPENDING): 0.20,
    (WILLINGNESS, SPENDING): 0.15,
}


def _correlation_matrix() -> Array:
    matrix = np.eye(N_TRAITS)
    for (one, other), value in _CORRELATIONS.items():
        matrix[one, other] = matrix[other, one] = value
    return matrix


CORRELATION = _correlation_matrix()
"""Correlation of the people's long-run trait levels."""
CORRELATION_ROOT: Array = np.linalg.cholesky(CORRELATION).astype(np.float64)
PERSISTENCE = np.array([0.95, 1.0, 0.97, 0.93, 0.98, 0.95])
"""Month-to-month persistence of the deviation from a person's level; a record does not deviate."""
DEVIATION = np.where(PERSISTENCE < 1.0, 0.5, 0.0)
"""Standard deviation of a month's deviation from the person's level."""
INNOVATION: Array = DEVIATION * np.sqrt(1.0 - PERSISTENCE**2)

MACRO_PERIOD_MONTHS = 72
MACRO_PEAK = "2023-06"
"""Worst month of the cycle: after the training months and before the test outcomes, so that an
out-of-time test holds a turn of the cycle."""
MACRO_EFFECT = 0.22
MACRO_PUBLICATION_LAG = 2
"""Months until an unemployment rate is published."""
SEASON = np.array([0.10, 0.12, 0.0, -0.05, -0.05, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.06])
"""Log-odds of missing a payment by calendar month, January first (around the New Year feasts)."""

JOB_LOSS_RATE, JOB_LOSS_MACRO, JOB_LOSS_TRAIT = 0.006, 0.5, 0.4
JOB_FOUND_RATE, JOB_FOUND_MACRO = 0.17, -0.2
GRIEVANCE_RATE, GRIEVANCE_TRAIT, GRIEVANCE_SIZE, GRIEVANCE_DECAY = 0.004, 0.5, 1.2, 0.85
MEMORY_DECAY, MEMORY_STEP = 0.94, 0.5
"""How fast a late month fades from the delinquency memory, and how much one adds."""

WEIGHTS = np.array([0.50, 0.50, 0.40, 0.50, 0.40, 0.35])
"""Effect of each trait on the log-odds of missing the next payment."""
TRAIT_1_LATENT, TRAIT_1_UNEMPLOYED = 0.6, 1.7
TRAIT_2_LATENT, TRAIT_2_MEMORY = 0.6, 0.9
TRAIT_5_LATENT = 0.8
TRAIT_6_ABOVE, TRAIT_6_BELOW = 1.15, 0.75
CENTRES = np.array([-0.03, 0.04, -0.19, -0.20, -0.055, 0.03])
"""Means of the unweighted contributions over accounts that can be scored, at default settings."""
ELSEWHERE = np.array([0.5, 1.0, 0.5, 0.5, 0.0, 0.5])
"""Share of each contribution that acts on payments to other lenders. Mortgages and loans are paid
first, and unwillingness is towards this lender."""
ECONOMY_DEBT_INTERACTION = 0.20
"""Factor of contribution 1 times contribution 3: debts weigh more on those who lost income."""

CURRENT, CHARGED_OFF = 0, 7
"""States: 0 current, 1 = 1-29 days past due, 2 = 30-59, ... 6 = 150-179, 7 charged off."""
STATE_BASE = np.array([-4.28, -2.72, -0.25, 0.60, 1.12, 1.50, 1.95])
"""Log-odds of missing the next payment, by state, at average traits."""
STATE_SLOPE = np.array([1.0, 0.8, 0.6, 0.5, 0.4, 0.4, 0.4])
"""How much the traits count in each state."""
CURE = np.array([1.0, 0.88, 0.55, 0.40, 0.35, 0.30, 0.30])
"""Chance that one who pays pays all arrears; otherwise one instalment, and the state stays."""
CLOSING_RATE = 0.003
"""Chance per month that a current customer closes the account, whatever the traits."""


@dataclass(frozen=True)
class Weighting:
    """The true effects in one portfolio.

    Attributes
    ----------
    weights : ndarray of shape (6,)
        Effects of the traits; 0 for a placebo.
    state_base : ndarray of shape (7,)
        Log-odds of missing by state.
    """

    weights: Array
    state_base: Array


def weighting(options: SyntheticData) -> Weighting:
    """Return the true effects that the options ask for.

    Parameters
    ----------
    options : SyntheticData
        ``weights``, ``placebo`` and ``stress`` are read.

    Returns
    -------
    Weighting

    Raises
    ------
    ChoiceError
        If a trait has no such key.
    """
    factors = dict(options.weights)
    if options.placebo:
        factors[options.placebo] = 0.0
    for key in factors:
        if key not in TRAITS:
            raise unknown_name("trait", key, list(TRAITS))
    weights = WEIGHTS * np.array([factors.get(key, 1.0) for key in TRAITS])
    base = STATE_BASE.copy()
    base[CURRENT] += options.stress
    return Weighting(weights, base)


def macro_cycle(months: NDArray[np.int64]) -> Array:
    """Return the state of the economy, -1 at best and 1 at worst.

    Parameters
    ----------
    months : ndarray of int
        Months since 1970-01.

    Returns
    -------
    ndarray of the same shape
        A cosine of 72 months around ``MACRO_PEAK``.
    """
    peak = int(np.datetime64(MACRO_PEAK, "M").astype(np.int64))
    return np.cos(2.0 * np.pi * (months - peak) / MACRO_PERIOD_MONTHS)


def season(months: NDArray[np.int64]) -> Array:
    """Return the seasonal log-odds of missing a payment in the given months since 1970-01."""
    return SEASON[months % 12]


def cents(amounts: Array) -> Array:
    """Return amounts of money rounded to the cent."""
    return np.asarray(np.round(amounts, 2), np.float64)


def raw_contributions(latent: Array, unemployed: Array, grievance: Array, memory: Array) -> Array:
    """Return the contributions of the traits before weights and centring.

    Parameters
    ----------
    latent : ndarray of shape (6, ...)
        Latent trait levels.
    unemployed, grievance, memory : ndarray of shape (...)
        0/1; size of an open grievance; delinquency memory.

    Returns
    -------
    ndarray of shape (6, ...)
    """
    spending = latent[SPENDING]
    return np.stack(
        [
            TRAIT_1_LATENT * latent[ECONOMY] + TRAIT_1_UNEMPLOYED * unemployed,
            TRAIT_2_LATENT * latent[RECORD] + TRAIT_2_MEMORY * np.log1p(memory),
            latent[DEBT],
            latent[CAPACITY],
            TRAIT_5_LATENT * latent[WILLINGNESS] + grievance,
            np.where(spending > 0, TRAIT_6_ABOVE, TRAIT_6_BELOW) * spending,
        ]
    )


def contributions(weights: Array, raw: Array) -> Array:
    """Return the centred contributions to the log-odds, shape (6, ...)."""
    shape = (N_TRAITS,) + (1,) * (raw.ndim - 1)
    return weights.reshape(shape) * (raw - CENTRES.reshape(shape))


def trait_log_odds(parts: Array) -> Array:
    """Return the sum of the contributions and the one interaction, shape (...)."""
    return parts.sum(axis=0) + ECONOMY_DEBT_INTERACTION * parts[ECONOMY] * parts[DEBT]
