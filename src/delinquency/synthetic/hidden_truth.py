"""The truth behind the portfolio: what features and models must never see.

It is made apart from the tables, from the same seed, and shares no column with them but the keys
``account_id`` and ``observation_month``.

Two definitions are published. *Proximate*: each trait's contribution to the log-odds of missing
the next payment. *Causal, 12 months*: what each trait does to the log-odds of falling 60 days
behind within a year, by intervening in the simulator; this is what explanations are scored on.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import factorial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.errors import DataError, Fault
from delinquency.panel.schema import MONTH_DTYPE
from delinquency.synthetic import parameters as p
from delinquency.synthetic.account_history import Life, simulate_life
from delinquency.synthetic.blocks import BLOCK_SIZE, Block, blocks, months_simulated
from delinquency.synthetic.customers import account_ids
from delinquency.synthetic.parameters import Array
from delinquency.synthetic.portfolio_options import SyntheticData
from delinquency.synthetic.simulated_paths import HORIZON_MONTHS, coalition_probabilities
from delinquency.traits import TRAITS

LATENT, PROXIMATE, CAUSAL = "latent_", "proximate_", "tau_"
"""Prefixes of the truth's columns, before a trait's key."""
WORTHS = tuple(f"worth_{coalition:02d}" for coalition in range(2**p.N_TRAITS))
"""Columns of the log-odds under each coalition of traits."""
KEYS = ("account_id", "observation_month")


def hidden_lives(options: SyntheticData, block: Block) -> pd.DataFrame:
    """Return the hidden lives of one block, one row per account and reported month.

    Parameters
    ----------
    options : SyntheticData
    block : Block
        One of ``blocks(options)``.

    Returns
    -------
    DataFrame
        ``account_id, observation_month``; ``latent_<trait>``; ``proximate_<trait>``, the centred
        contributions to the log-odds of missing the next payment; ``true_log_odds``, their sum
        with the interaction; ``hidden_unemployed, hidden_grievance, hidden_memory,
        hidden_state``.
    """
    start = options.burn_in_months
    life = simulate_life(options, block)
    names = account_ids(block, life)
    month = np.broadcast_to(life.months[start:], life.holder[:, start:].shape).ravel()
    columns: dict[str, object] = {
        "account_id": pd.array(names.tolist(), dtype="str").take(life.holder[:, start:].ravel()),
        "observation_month": month.astype("datetime64[M]").astype(MONTH_DTYPE),
    }
    for k, key in enumerate(TRAITS):
        columns[LATENT + key] = life.latent[k, :, start:].ravel()
    for k, key in enumerate(TRAITS):
        columns[PROXIMATE + key] = life.parts[k, :, start:].ravel()
    columns["true_log_odds"] = p.trait_log_odds(life.parts[:, :, start:]).ravel()
    for name in ("unemployed", "grievance", "memory", "state"):
        values = getattr(life, name)[:, start:].ravel()
        columns[f"hidden_{name}"] = values.astype(np.float64)
    return pd.DataFrame(columns).sort_values(list(KEYS), kind="stable", ignore_index=True)


def audit_observations(labels: pd.DataFrame, options: SyntheticData) -> pd.DataFrame:
    """Return the seeded audit sample: observations of the last observation month.

    Parameters
    ----------
    labels : DataFrame
        ``account_id, observation_month`` at least.
    options : SyntheticData
        ``audit_accounts`` and ``seed`` are read.

    Returns
    -------
    DataFrame
        ``account_id, observation_month``, at most ``audit_accounts`` rows, sorted.
    """
    last = labels.loc[labels["observation_month"] == labels["observation_month"].max(), [*KEYS]]
    last = last.sort_values("account_id", ignore_index=True)
    random = np.random.default_rng(np.random.SeedSequence(options.seed, spawn_key=(1,)))
    size = min(options.audit_accounts, len(last))
    chosen = np.sort(random.choice(len(last), size=size, replace=False))
    return last.iloc[chosen].reset_index(drop=True)


@dataclass(frozen=True, eq=False)
class Present:
    """How the holders of some accounts stand in their months: where their futures begin.

    Attributes
    ----------
    keys : DataFrame
        ``account_id, observation_month``, n rows.
    place, month : ndarray of shape (n,), int
        Number of the place; months since 1970-01.
    level, latent : ndarray of shape (n, 6)
        Long-run and present traits.
    start : ndarray of shape (n, 4)
        Unemployed, grievance, memory, state.
    """

    keys: pd.DataFrame
    place: NDArray[np.int64]
    month: NDArray[np.int64]
    level: Array
    latent: Array
    start: Array


def present_lives(
    options: SyntheticData, observations: pd.DataFrame, *, n_threads: int = 1
) -> Present:
    """Return how the holders of the observed accounts stand, by simulating their lives again.

    Parameters
    ----------
    options : SyntheticData
        Of the portfolio that the observations come from.
    observations : DataFrame
        ``account_id, observation_month``.
    n_threads : int
        Blocks simulated at once.

    Returns
    -------
    Present
        In the row order of ``observations``.

    Raises
    ------
    DataError
        If an observation is not of this portfolio.
    """
    keys = observations[[*KEYS]].reset_index(drop=True)
    n = len(keys)
    place = observations["account_id"].str.slice(1, 8).astype(np.int64).to_numpy()
    month = observations["observation_month"].to_numpy().astype("datetime64[M]").astype(np.int64)
    names = observations["account_id"].to_numpy(object)
    level, latent = np.full((n, p.N_TRAITS), np.nan), np.empty((n, p.N_TRAITS))
    out = Present(keys, place, month, level, latent, np.empty((n, 4)))

    def fill(block: Block) -> None:
        rows = np.flatnonzero(place // BLOCK_SIZE == block.number)
        if len(rows):
            life = simulate_life(options, block)
            for row in rows:
                at = (int(place[row]) - block.first, int(month[row] - life.months[0]))
                if _holds(block, life, at, str(names[row])):
                    out.level[row] = life.levels[:, life.holder[at]]
                    out.latent[row] = life.latent[:, at[0], at[1]]
                    out.start[row] = [
                        life.unemployed[at], life.grievance[at], life.memory[at], life.state[at]
                    ]  # fmt: skip

    with ThreadPoolExecutor(max_workers=n_threads) as pool:
        list(pool.map(fill, blocks(options)))
    lost = np.isnan(out.level[:, 0])
    if lost.any():
        raise DataError(
            Fault(
                "observations", "account_id", "accounts of this portfolio, alive in their month",
                int(lost.sum()), tuple(map(str, names[lost][:3])),
                "Use the options that the portfolio was made with.",
            )
        )  # fmt: skip
    return out


def causal_truth(options: SyntheticData, present: Present, *, n_threads: int = 1) -> pd.DataFrame:
    """Return what each trait truly does to the log-odds of being bad within 12 months.

    Parameters
    ----------
    options : SyntheticData
    present : Present
        Of accounts alive and not 30 days behind.
    n_threads : int
        Threads at work; every account has its own draws, so the values do not change.

    Returns
    -------
    DataFrame
        In the row order of ``present``: ``account_id, observation_month``,
        ``tau_<trait>`` and ``worth_00`` to ``worth_63``, v(S) in log-odds: the coalition of
        number c holds trait k when bit k of c is set, so ``worth_00`` has every trait at its
        mean and ``worth_63`` is the account as it is.

    Notes
    -----
    v(S) = logit P(60+ in 12 months | do(trait k at its mean for every k outside S)), the same
    futures for all 64 coalitions. With the credit record outside S the account also starts
    without arrears: to be behind is a fact of the record. tau is the exact Shapley value over
    the six traits, so worth_00 + sum of tau = worth_63.
    """

    def worths(row: int) -> Array:
        return coalition_log_odds(options, present, [row], key=2, n_paths=options.audit_paths)

    with ThreadPoolExecutor(max_workers=n_threads) as pool:
        found = list(pool.map(worths, range(len(present.keys))))
    values = np.array(found).reshape(len(present.keys), 2**p.N_TRAITS)
    shapley = values @ shapley_weights()
    frame = present.keys.copy()
    for k, key in enumerate(TRAITS):
        frame[CAUSAL + key] = shapley[:, k]
    worth = pd.DataFrame(values, columns=list(WORTHS))
    return pd.concat([frame, worth], axis=1)


def shapley_weights() -> Array:
    """Return the matrix that turns the values of 64 coalitions into six Shapley values.

    Returns
    -------
    ndarray of shape (64, 6)
        Coalition c holds trait k when bit k of c is set. Column k: |S|! (5 - |S|)! / 6! for
        every S with k added, minus the same for S without it.

    References
    ----------
    Shapley (1953), A value for n-person games.
    """
    n = p.N_TRAITS
    weights = np.zeros((2**n, n))
    for coalition in range(2**n):
        size = coalition.bit_count()
        for k in range(n):
            if not coalition >> k & 1:
                share = factorial(size) * factorial(n - 1 - size) / factorial(n)
                weights[coalition, k] -= share
                weights[coalition | 1 << k, k] += share
    return weights


def _holds(block: Block, life: Life, at: tuple[int, int], name: str) -> bool:
    """Return whether the account of that name held the place in that month, and was scorable."""
    row, month = at
    if not (0 <= row < block.size and 0 <= month < len(life.months)):
        return False
    generation = life.generation[life.holder[row, month]]
    return name == f"S{block.first + row:07d}-{generation:02d}"


def coalition_log_odds(
    options: SyntheticData, present: Present, rows: list[int], *, key: int, n_paths: int
) -> Array:
    """Return v(S) for all 64 coalitions of one observation's traits.

    Parameters
    ----------
    options : SyntheticData
    present : Present
    rows : list of int
        The observation, and the one whose traits stand in for its own; alone, traits outside a
        coalition are at their mean.
    key : int
        Kind of the draws.
    n_paths : int
        Futures; the same for all coalitions.

    Returns
    -------
    ndarray of shape (64,), log-odds
    """
    place, month = int(present.place[rows[0]]), int(present.month[rows[0]])
    spawn = (key, place, month - int(months_simulated(options)[0]))
    random = np.random.Generator(
        np.random.Philox(np.random.SeedSequence(options.seed, spawn_key=spawn))
    )
    normals = random.standard_normal((n_paths, HORIZON_MONTHS, p.N_TRAITS))
    uniforms = random.random((n_paths, HORIZON_MONTHS, 2))
    ahead = month + 1 + np.arange(HORIZON_MONTHS)
    macro = p.macro_cycle(ahead)
    shared = p.MACRO_EFFECT * macro + p.season(ahead)
    truth = p.weighting(options)
    bad = coalition_probabilities(
        truth.weights, truth.state_base, present.level[rows], present.latent[rows],
        present.start[rows], np.stack([macro, shared]), normals, uniforms,
    )  # fmt: skip
    return np.asarray(np.log(bad) - np.log1p(-bad))
