"""How strongly a model is held back, derived from how much there is to learn from.

A leaf estimates a bad rate. What it can know depends on the bad (or good) accounts in it, not on
its rows: a leaf of 100 accounts holds 22 bad ones where 22 % are bad, and half a bad one where
0.5 % are. So leaves are sized to expect the same number of the rarer outcome everywhere, and
the number of leaves and trees falls when there are few of them in all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delinquency.options.model import LightGBMOptions

EXPECTED_IN_LEAF = 20
"""Accounts of the rarer outcome that a leaf should expect; its bad rate is then known to about
one part in sqrt(20), 22 %, and many leaves are averaged."""
LEAF_ROWS = (40, 4000)
"""A leaf has no fewer and need have no more rows than these."""
SMALLEST_SHARE = 0.1
"""A leaf never needs more than this share of the rows, so that trees can split at all."""
FULL_SIZE = 1000
"""Accounts of the rarer outcome from which a model has all its trees."""
TREES = (500, 1000)
LEAVES = (4, 15)
FEATURES_IN_TREE = 8
SMALLEST_COLSAMPLE = 0.2
"""A tree draws at least 8 features: a fifth of ten would leave it no interaction to find. Where
there are many, several tell the same story and a fifth of them keeps the trees different."""
RIDGE = 0.65
"""Ridge penalty in units of what a smallest leaf knows: it keeps 1 / 1.65 of each step."""


@dataclass(frozen=True)
class Size:
    """The size of a model that was derived, or given.

    Attributes
    ----------
    n_estimators, num_leaves, min_child_samples : int
    lambda_l2 : float
    colsample_bytree : float
    """

    n_estimators: int
    num_leaves: int
    min_child_samples: int
    lambda_l2: float
    colsample_bytree: float


def derive_size(options: LightGBMOptions, *, n_rows: int, n_bads: int, n_features: int) -> Size:
    """Return how many trees, leaves and accounts in a leaf a model gets.

    Parameters
    ----------
    options : LightGBMOptions
        Its numbers are taken as they are; its nulls are derived.
    n_rows : int
        Rows to train on.
    n_bads : int
        Bad ones among them.
    n_features : int
        Columns to learn from.

    Returns
    -------
    Size

    Notes
    -----
    With r the number of the rarer outcome::

        min_child_samples = 20 * n_rows / r,  within [40, 4000] and n_rows / 10
        num_leaves        = 15 * sqrt(r / 1000),  within [4, 15]
        n_estimators      = 1000 * sqrt(r / 1000),  within [500, 1000]
        lambda_l2         = 0.65 * min_child_samples * p * (1 - p)
        colsample_bytree  = 8 / n_features,  within [0.2, 1]

    where p is the bad rate and ``p * (1 - p)`` the weight of one account in the log loss: a fixed
    penalty would be nothing where half are bad, and would hold all leaves at 0 where few are.
    20,000 rows with 22 % bads give 91 accounts, 15 leaves, 1000 trees and a penalty of 10.

    Examples
    --------
    >>> derive_size(LightGBMOptions(), n_rows=20_000, n_bads=4_400, n_features=160).lambda_l2
    10.15
    """
    rarer = max(1, min(n_bads, n_rows - n_bads))
    leaf = float(np.clip(EXPECTED_IN_LEAF * n_rows / rarer, *LEAF_ROWS))
    leaf = max(1.0, min(leaf, SMALLEST_SHARE * n_rows))
    fullness = float(np.sqrt(rarer / FULL_SIZE))
    min_child_samples = options.min_child_samples or round(leaf)
    rate = rarer / n_rows
    ridge = round(RIDGE * min_child_samples * rate * (1 - rate), 2)
    return Size(
        n_estimators=options.n_estimators or round(np.clip(fullness * TREES[1], *TREES)),
        num_leaves=options.num_leaves or round(np.clip(fullness * LEAVES[1], *LEAVES)),
        min_child_samples=min_child_samples,
        colsample_bytree=options.colsample_bytree
        or float(np.clip(FEATURES_IN_TREE / n_features, SMALLEST_COLSAMPLE, 1.0)),
        lambda_l2=ridge if options.lambda_l2 is None else options.lambda_l2,
    )


def booster_params(
    options: LightGBMOptions, size: Size, *, seed: int, n_threads: int
) -> dict[str, Any]:
    """Return LightGBM's own parameters: deterministic, unweighted, quiet.

    Parameters
    ----------
    options : LightGBMOptions
    size : Size
    seed : int
    n_threads : int

    Returns
    -------
    dict
        For ``lightgbm.train``; the number of trees is not among them.
    """
    return {
        "objective": "binary",
        "learning_rate": options.learning_rate,
        "num_leaves": size.num_leaves,
        "min_data_in_leaf": size.min_child_samples,
        "feature_fraction": size.colsample_bytree,
        "bagging_fraction": options.subsample,
        "bagging_freq": 1 if options.subsample < 1 else 0,
        "lambda_l2": size.lambda_l2,
        "max_bin": options.max_bin,
        "seed": seed,
        # LightGBM derives the other seeds only where they are not given.
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": n_threads,
        "verbosity": -1,
    }


def monotone_signs(names: list[str], directions: Mapping[str, int]) -> NDArray[np.int64]:
    """Return the sign that risk must follow for every feature: +1, -1, or 0 for free."""
    return np.array([directions.get(name, 0) for name in names], dtype=np.int64)
