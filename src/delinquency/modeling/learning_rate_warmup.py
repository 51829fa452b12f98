"""Short steps for the first trees: a fit's own chance shall not part an effect among traits.

The first trees take most of what can be learnt, each with a part of the features and cut-offs
drawn at random. Where two features tell alike, the one that happens to be split first keeps the
credit, as no later tree takes it back. With steps of full length some twenty trees decide that,
and the seed of a fit moves the size of a whole trait by a tenth. Steps that grow from next to
nothing let hundreds of draws decide.
"""

from collections.abc import Callable
from typing import Any

import lightgbm as lgb
import numpy as np

GROWING = 400
"""Trees, at most, over which steps grow to their full length."""
SHARE = 4
"""They do so within a quarter of the trees where there are few."""


def warmup_learning_rates(learning_rate: float, n_trees: int, *, seed: int) -> Callable[..., Any]:
    """Return a LightGBM callback that lets steps grow in proportion to the number of the tree.

    Parameters
    ----------
    learning_rate : float
        Full length.
    n_trees : int
        Trees of the fit.
    seed : int
        Draws the seeds of random cut-offs: LightGBM begins their series anew whenever a parameter
        changes, so the same would come in every tree.

    Returns
    -------
    callable
    """
    n_growing = warmup_trees(n_trees)
    seeds = np.random.default_rng(seed).integers(1, 2**30, n_growing + 1).tolist()
    return lgb.reset_parameter(
        learning_rate=lambda tree: learning_rate * min(1.0, (tree + 1) / (n_growing + 1)),
        extra_seed=lambda tree: seeds[min(tree, n_growing)],
    )


def warmup_trees(n_trees: int) -> int:
    """Return how many trees of a fit have shorter steps than the rest."""
    return min(GROWING, n_trees // SHARE)


def with_warmup(n_full: int) -> int:
    """Return how many trees come as far, with steps that grow, as so many of full length.

    Parameters
    ----------
    n_full : int
        Trees with steps of full length.

    Returns
    -------
    int
        Growing steps are half as long on average: ``n - warmup_trees(n) / 2`` is ``n_full``, but
        for rounding.
    """
    few = round(n_full * 2 * SHARE / (2 * SHARE - 1))
    return min(few, n_full + GROWING // 2)
