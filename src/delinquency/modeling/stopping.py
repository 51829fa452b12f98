"""How many trees a model grows: found on accounts held out, not set.

Too few trees leave weak causes unlearnt, too many learn chance. Where that turns depends on how
much there is to learn, which no rule on rows or bads foretells, so it is measured: the training
rows are parted by account, the log loss of the part left out is followed from tree to tree, and
the number at its lowest mean is taken, a little more as the model itself learns from all of them.
The test rows are never looked at.
"""

from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.modeling.learning_rate_warmup import with_warmup
from delinquency.modeling.splits import repeated_stratified_folds

FOLDS = 3
ALL_ROWS = (FOLDS / (FOLDS - 1)) ** 0.5
"""Trees for all rows against those for the rows of one fold: as the square root of the rows, half
way between as many and in proportion. In proportion, weak causes come a little nearer to their
size on a large panel, and small tables lose rank and calibration (docs/model.md)."""
HASTE, LONGEST_STEP = 6, 0.12
"""The search takes steps this many times as long, but no longer than this unless the fit's own
are, and so needs up to a sixth of the trees. Where the log loss turns depends on steps times trees
while steps are short."""
MOST_TREES = 4000
"""Trees at which a search ends, in steps of the fit."""
PATIENCE = 40
"""Trees of the search without a lower log loss after which it ends."""
WITHOUT_SEARCH = 200
"""Trees where an outcome has fewer accounts than there are folds, so that none can be held out."""
METRIC = "cross_entropy"
"""LightGBM's name of the log loss."""


def find_trees(
    data: lgb.Dataset,
    params: dict[str, Any],
    y: NDArray[np.float64],
    groups: NDArray[Any],
    *,
    seed: int,
    callback: Any = None,
) -> tuple[int, str]:
    """Return the number of trees at which the log loss of held-out accounts is lowest.

    Parameters
    ----------
    data : lightgbm.Dataset
        The training rows, with what is learnt from as labels.
    params : dict
        LightGBM's parameters, with the final learning rate.
    y : ndarray of shape (n_rows,), 0 or 1
        What happened, by which the rows held out are judged whatever is learnt from.
    groups : ndarray of shape (n_rows,)
        Rows of one group stay together.
    seed : int
        Draws the folds.
    callback : callable, optional
        LightGBM callback that is called after every tree of the search.

    Returns
    -------
    n_trees : int
        From 1 to ``MOST_TREES * ALL_ROWS``, and as many more as growing steps ask for
        (``modeling.learning_rate_warmup``); ``WITHOUT_SEARCH`` where no fold can be held out.
    how : str
        Where the number comes from, in words; it says so where the search ended at its last tree
        instead of a turn.
    """
    if not can_search(y, groups):
        return (
            WITHOUT_SEARCH,
            "a small number, as there are too few accounts of one outcome to hold any out",
        )
    frame = pd.DataFrame({"bad": y.astype(np.int64), "group_id": groups})
    folds = list(repeated_stratified_folds(frame, n_splits=FOLDS, n_repeats=1, seed=seed))
    held_out = iter([np.sort(test) for _, test in folds])

    def judged_by_what_happened(
        train: lgb.Dataset, test: lgb.Dataset, chosen: dict[str, Any]
    ) -> tuple[lgb.Dataset, lgb.Dataset, dict[str, Any]]:
        return train, test.construct().set_label(y[next(held_out)]), chosen

    haste = _haste(params["learning_rate"])
    quick = params | {"learning_rate": haste * params["learning_rate"], "metric": METRIC}
    stop = lgb.early_stopping(PATIENCE, verbose=False)
    found = lgb.cv(
        quick,
        data,
        num_boost_round=steps_of_search(params["learning_rate"]),
        folds=folds,
        fpreproc=judged_by_what_happened,
        callbacks=[stop] if callback is None else [stop, callback],
    )
    n_steps = len(found[f"valid {METRIC}-mean"])
    how = "where the log loss of accounts held out of the training part is lowest"
    if n_steps + PATIENCE > steps_of_search(params["learning_rate"]):
        how = f"as many as are tried: {how}, and it may fall further (model.n_estimators)"
    return max(1, with_warmup(round(ALL_ROWS * haste * n_steps))), how


def steps_of_search(learning_rate: float) -> int:
    """Return how many trees a search grows at most, a fold."""
    return round(MOST_TREES / _haste(learning_rate))


def _haste(learning_rate: float) -> float:
    return max(1.0, min(HASTE, LONGEST_STEP / learning_rate))


def can_search(y: NDArray[np.float64], groups: NDArray[Any]) -> bool:
    """Return whether both outcomes have accounts enough for a fold each."""
    worst = pd.Series(y).groupby(groups).max()
    return int(min((worst == 1).sum(), (worst == 0).sum())) >= FOLDS
