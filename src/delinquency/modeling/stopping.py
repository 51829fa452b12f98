"""How many trees a model grows: found on accounts held out, not set.

Too few trees leave weak causes unlearnt, too many learn chance. Where that turns depends on how
much there is to learn, which no rule on rows or bads foretells, so it is measured: the training
rows are parted by account, the log loss of the part left out is followed from tree to tree, and
the number at its lowest mean is taken, a little more as the model itself learns from all of them.
The test rows are never looked at.
"""

from collections.abc import Callable, Sequence
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.modeling.learning_rate_warmup import with_warmup

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
FEW_TREES = "a small number, as there are too few accounts of one outcome to hold any out"
METRIC = "cross_entropy"
"""LightGBM's name of the log loss."""


class Growth:
    """Trees that grow on a part of the rows, judged by the others.

    Parameters
    ----------
    train, test : lightgbm.Dataset
        The second with what happened as labels, by which it is judged whatever is learnt from.
    params : dict
        LightGBM's parameters, with the fit's own learning rate; the search takes longer steps.
    report : callable
        Called after every tree.
    """

    def __init__(
        self,
        train: lgb.Dataset,
        test: lgb.Dataset,
        params: dict[str, Any],
        report: Callable[[Any], None],
    ):
        rate = params["learning_rate"]
        quick = params | {"learning_rate": haste(rate) * rate, "metric": METRIC}
        self.booster = lgb.Booster(quick, train)
        self.booster.add_valid(test, "held out")
        self.curve: list[float] = []
        self._report = report

    def loss(self, n_trees: int) -> float:
        """Return the log loss of the rows held out after so many trees."""
        while len(self.curve) < n_trees:
            self.booster.update()
            self.curve.append(float(self.booster.eval_valid()[0][2]))
            self._report(None)
        return self.curve[n_trees - 1]


def turn(growths: Sequence[Growth], most: int) -> int:
    """Return the number of trees at which the mean log loss of held-out rows is lowest.

    Parameters
    ----------
    growths : sequence of Growth
        Grown together, tree by tree, until the mean has not fallen for ``PATIENCE`` trees.
    most : int
        Trees at which the search ends.
    """
    lowest, best = np.inf, 1
    for n_trees in range(1, most + 1):
        mean = float(np.mean([one.loss(n_trees) for one in growths]))
        if mean < lowest:
            lowest, best = mean, n_trees
        elif n_trees - best >= PATIENCE:
            break
    return best


def trees_of(n_steps: int, learning_rate: float) -> tuple[int, str]:
    """Return the trees of the fit for those of the search, and where they come from in words.

    Parameters
    ----------
    n_steps : int
        Trees of the search at the turn.
    learning_rate : float
        The fit's own.

    Returns
    -------
    n_trees : int
        As many more as growing steps ask for (``modeling.learning_rate_warmup``).
    how : str
        It says so where the search ended at its last tree instead of a turn.
    """
    how = "where the log loss of accounts held out of the training part is lowest"
    if n_steps + PATIENCE > steps_of_search(learning_rate):
        how = f"as many as are tried: {how}, and it may fall further (model.n_estimators)"
    return max(1, with_warmup(round(ALL_ROWS * haste(learning_rate) * n_steps))), how


def steps_of_search(learning_rate: float) -> int:
    """Return how many trees a search grows at most, a fold."""
    return round(MOST_TREES / haste(learning_rate))


def haste(learning_rate: float) -> float:
    """Return how many times as long a step of the search is as one of the fit."""
    return max(1.0, min(HASTE, LONGEST_STEP / learning_rate))


def can_search(y: NDArray[np.float64], groups: NDArray[Any]) -> bool:
    """Return whether both outcomes have accounts enough for a fold each."""
    worst = pd.Series(y).groupby(groups).max()
    return int(min((worst == 1).sum(), (worst == 0).sum())) >= FOLDS
