"""How strongly a model is held back: the little that depends on how much there is to learn from.

A leaf estimates a bad rate. What it can know depends on the bad (or good) accounts in it, not on
its rows: a leaf of 100 accounts holds 22 bad ones where 22 % are bad, and half a bad one where
0.5 % are. So the smallest leaf expects the same number of the rarer outcome everywhere. The ridge
penalty, in units of what the log loss weighs an account with, grows in importance by itself as
bad accounts get few; cut-offs drawn at random and many trees do the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delinquency.modeling.lightgbm_options import LightGBMOptions

EXPECTED_IN_LEAF = 2
"""Accounts of the rarer outcome that a leaf should expect; the ridge penalty holds back leaves
that know little, so that few are enough."""
LEAF_ROWS = (20, 1000)
"""A leaf has no fewer and need have no more rows than these."""
SMALLEST_SHARE = 0.1
"""A leaf never needs more than this share of the rows, so that trees can split at all."""
RATES, RATE_ROWS = (0.02, 0.05), 20_000
"""Shortest and longest step of a tree; the shortest where there are no more rows than this."""
FEATURES_IN_TREE = 12
SMALLEST_COLSAMPLE = 0.3
"""A tree draws at least 12 features: a third of ten would leave it no interaction to find. Where
there are many, several tell the same story and a part of them keeps the trees different."""


@dataclass(frozen=True)
class Size:
    """The size of a model that was derived, or given.

    Attributes
    ----------
    learning_rate : float
    min_child_samples : int
    colsample_bytree : float
    """

    learning_rate: float
    min_child_samples: int
    colsample_bytree: float


def derive_size(options: LightGBMOptions, *, n_rows: int, n_bads: int, n_features: int) -> Size:
    """Return how far a tree goes, how many accounts a leaf has, how many features a tree draws.

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

        learning_rate     = 0.02 * sqrt(n_rows / 20,000),  within [0.02, 0.05]
        min_child_samples = 2 * n_rows / r,  within [20, 1000] and n_rows / 10
        colsample_bytree  = 12 / n_features,  within [0.3, 1]

    20,000 rows with 5 % bads give leaves of 40 accounts. The error of a leaf value falls with the
    root of the rows, so steps that grow with it carry no more of it; on many rows they save half
    of the trees and cost nothing that could be measured (docs/model.md).

    Examples
    --------
    >>> derive_size(LightGBMOptions(), n_rows=20_000, n_bads=1_000, n_features=160)
    Size(learning_rate=0.02, min_child_samples=40, colsample_bytree=0.3)
    """
    rarer = max(1, min(n_bads, n_rows - n_bads))
    leaf = float(np.clip(EXPECTED_IN_LEAF * n_rows / rarer, *LEAF_ROWS))
    leaf = max(1.0, min(leaf, SMALLEST_SHARE * n_rows))
    rate = float(np.clip(RATES[0] * (n_rows / RATE_ROWS) ** 0.5, *RATES))
    return Size(
        learning_rate=options.learning_rate or rate,
        min_child_samples=options.min_child_samples or round(leaf),
        colsample_bytree=options.colsample_bytree
        or float(np.clip(FEATURES_IN_TREE / n_features, SMALLEST_COLSAMPLE, 1.0)),
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
    # Where the best cut-off is searched, LightGBM's basic way to hold a direction costs rank; its
    # "advanced" way breaks directions (LightGBM 4.7) and is never used.
    searched = {} if options.extra_trees else {"monotone_constraints_method": "intermediate"}
    return searched | {
        # The log loss, as with "binary", that also takes chances between 0 and 1 as outcomes.
        "objective": "cross_entropy",
        "learning_rate": size.learning_rate,
        "num_leaves": options.num_leaves,
        "min_data_in_leaf": size.min_child_samples,
        "feature_fraction": size.colsample_bytree,
        "bagging_fraction": options.subsample,
        "bagging_freq": 1 if options.subsample < 1 else 0,
        "lambda_l2": options.lambda_l2,
        "max_bin": options.max_bin,
        "extra_trees": options.extra_trees,
        "seed": seed,
        # LightGBM derives the other seeds only where they are not given.
        "deterministic": True,
        # A tree uses a part of the features: their histograms alone are built, twice as fast.
        "force_col_wise": True,
        "num_threads": n_threads,
        "verbosity": -1,
    }


def monotone_signs(names: list[str], directions: Mapping[str, int]) -> NDArray[np.int64]:
    """Return the sign that risk must follow for every feature: +1, -1, or 0 for free."""
    return np.array([directions.get(name, 0) for name in names], dtype=np.int64)
