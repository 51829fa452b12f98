"""Two accounts exchange traits: what a trait does, whoever else one is.

An explanation takes a trait of one account and asks what it does beside the traits of others, the
reference population. Here the simulator does the same with the traits themselves: in a couple of
accounts one keeps some of its traits, with all of them that no table tells, and takes the other's
for the rest.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd

from delinquency.errors import DataError, Fault
from delinquency.synthetic import parameters as p
from delinquency.synthetic.hidden_truth import Present, coalition_log_odds
from delinquency.synthetic.portfolio_options import SyntheticData

EXCHANGED = tuple(f"exchanged_{coalition:02d}" for coalition in range(2**p.N_TRAITS))
"""Columns of the log-odds under each coalition of traits that an account keeps."""
FUTURES = 100
"""Futures of a couple: few, as an average over many couples needs no exact one."""


def swapped_traits(
    options: SyntheticData, present: Present, *, n_threads: int = 1
) -> pd.DataFrame:
    """Return the log-odds of being bad when accounts exchange traits, two and two.

    Parameters
    ----------
    options : SyntheticData
    present : Present
        Of accounts in one month, as both of a couple share the economy of the year ahead.
    n_threads : int
        Threads at work; they change no value.

    Returns
    -------
    DataFrame
        A row for each account of each couple, first the one half of the couples, then in the same
        order the other: ``first, second``, row numbers of ``present``; ``exchanged_00`` to
        ``exchanged_63``, log-odds of falling 60 days behind within 12 months: coalition number c
        keeps trait k of the first account when bit k of c is set, else the trait is the second's.
        With an odd number of accounts one, drawn, has nobody to exchange with and no row.

    Raises
    ------
    DataError
        If the accounts are of several months.

    Notes
    -----
    Who meets whom is drawn. A trait comes with its long-run level, its present one and its state:
    the job with economy, an open grievance with willingness, arrears and the memory of earlier
    ones with the record. All coalitions of a couple share their futures, so a trait without effect
    changes nothing at all.
    """
    months = sorted(present.keys["observation_month"].astype(str).unique())
    if len(months) > 1:
        raise DataError(
            Fault("observations", "observation_month", "one month", len(months),
                  tuple(months[:3]), "Exchange the traits of each month's accounts apart.")
        )  # fmt: skip
    random = np.random.default_rng(np.random.SeedSequence(options.seed, spawn_key=(3,)))
    n_couples = len(present.keys) // 2
    order = random.permutation(len(present.keys))
    one, other = order[:n_couples], order[n_couples : 2 * n_couples]

    def worths(couple: int) -> p.Array:
        rows = [int(one[couple]), int(other[couple])]
        return coalition_log_odds(options, present, rows, key=4, n_paths=FUTURES)

    with ThreadPoolExecutor(max_workers=n_threads) as pool:
        found = list(pool.map(worths, range(n_couples)))
    kept = np.array(found).reshape(n_couples, len(EXCHANGED))
    # What the one keeps the other gets: its coalitions are the complements.
    frame = pd.DataFrame({
        "first": np.concatenate([one, other]), "second": np.concatenate([other, one])
    })  # fmt: skip
    worth = pd.DataFrame(np.concatenate([kept, kept[:, ::-1]]), columns=list(EXCHANGED))
    return pd.concat([frame, worth], axis=1)
