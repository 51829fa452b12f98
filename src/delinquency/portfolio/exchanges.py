"""People put together from the traits of two accounts: what a trait does, whoever else one is.

An explanation takes a trait of one account and asks what it does beside the traits of others, the
reference population. Here the simulator does the same with the traits themselves: one person's
economy, debts or record, with all that no table tells of them, and the rest another's. Who holds
which traits is drawn, so a trait no longer goes along with the others, and what it does can be
told from what it comes with.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.errors import DataError, Fault
from delinquency.options.data import SyntheticData
from delinquency.portfolio import parameters as p
from delinquency.portfolio.futures import HORIZON_MONTHS, bad_probabilities
from delinquency.portfolio.parameters import Array
from delinquency.portfolio.truth import Present, present_lives, surroundings
from delinquency.traits import TRAITS

OWN = "own_"
"""Prefix of the columns that say which traits are the first account's, before a trait's key."""
EXCHANGES = 16
"""People put together for each account; more add little, as the accounts stay the same."""
FUTURES = 8
"""Futures of one such person: few, as an average over many people needs no exact one."""
CHUNK = 1_024
"""People whose futures are drawn at once."""


def exchanged_people(
    options: SyntheticData, observations: pd.DataFrame, *, n_threads: int = 1
) -> pd.DataFrame:
    """Return people put together from two accounts each, and their chance of being bad.

    Parameters
    ----------
    options : SyntheticData
        Of the portfolio that the observations come from.
    observations : DataFrame
        ``account_id, observation_month``: one month, as all share the economy of the year ahead.
    n_threads : int
        Threads at work; they change no value.

    Returns
    -------
    DataFrame
        ``EXCHANGES`` rows an observation: ``first, second``, row numbers of ``observations``;
        ``own_<trait>``, whether the trait is the first account's, else it is the second's;
        ``chance``, of falling 60 days behind within 12 months.

    Raises
    ------
    DataError
        If an observation is not of this portfolio, or they are of several months.

    Notes
    -----
    How many traits are the first's is drawn evenly from none to all, then which: every size of
    coalition counts alike, as in a Shapley value. A trait comes with its long-run level, its
    present one and its state: the job with economy, an open grievance with willingness, arrears
    and the memory of earlier ones with the record. Each account is once first and once second in
    each of the ``EXCHANGES`` rounds, never with itself.

    References
    ----------
    Shapley (1953), A value for n-person games.
    """
    months = sorted(observations["observation_month"].astype(str).unique())
    if len(months) > 1:
        raise DataError(
            Fault("observations", "observation_month", "one month", len(months),
                  tuple(months[:3]), "Exchange the traits of each month's accounts apart.")
        )  # fmt: skip
    present = present_lives(options, observations, n_threads=n_threads)
    random = np.random.default_rng(np.random.SeedSequence(options.seed, spawn_key=(3,)))
    first, second = _pairs(random, len(observations))
    own = _coalitions(random, len(first))
    level, latent, start = _put_together(present, first, second, own)
    chance = np.empty(len(first))
    truth = p.weighting(options)
    around = surroundings(int(present.month[0])) if len(first) else np.zeros((2, HORIZON_MONTHS))

    def fill(number: int) -> None:
        rows = slice(number * CHUNK, min((number + 1) * CHUNK, len(first)))
        size = (rows.stop - rows.start, FUTURES, HORIZON_MONTHS)
        draws = np.random.default_rng(np.random.SeedSequence(options.seed, spawn_key=(4, number)))
        chance[rows] = bad_probabilities(
            truth.weights, truth.state_base, level[rows], latent[rows], start[rows], around,
            draws.standard_normal((*size, p.N_TRAITS)), draws.random((*size, 2)),
        )  # fmt: skip

    with ThreadPoolExecutor(max_workers=n_threads) as pool:
        list(pool.map(fill, range(-(-len(first) // CHUNK))))
    held = {OWN + key: own[:, k] for k, key in enumerate(TRAITS)}
    return pd.DataFrame({"first": first, "second": second, **held, "chance": chance})


def _pairs(random: np.random.Generator, n: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return who is put together with whom: in each round the next in a drawn circle."""
    second = np.empty((EXCHANGES, n), np.intp)
    for circle in second:
        order = random.permutation(n)
        circle[order] = np.roll(order, 1)
    return np.tile(np.arange(n), EXCHANGES), second.ravel()


def _coalitions(random: np.random.Generator, n: int) -> NDArray[np.bool_]:
    """Return which traits are the first's: as many as drawn evenly, and any of that number."""
    rank = random.random((n, p.N_TRAITS)).argsort(axis=1).argsort(axis=1)
    return np.asarray(rank < random.integers(0, p.N_TRAITS + 1, n)[:, None])


def _put_together(
    present: Present, first: NDArray[np.intp], second: NDArray[np.intp], own: NDArray[np.bool_]
) -> tuple[Array, Array, Array]:
    """Return level, latent and start of the people."""
    level = np.where(own, present.level[first], present.level[second])
    latent = np.where(own, present.latent[first], present.latent[second])
    # Unemployed, grievance, memory, state: each goes with its trait.
    of_trait = own[:, [p.ECONOMY, p.WILLINGNESS, p.RECORD, p.RECORD]]
    return level, latent, np.where(of_trait, present.start[first], present.start[second])
