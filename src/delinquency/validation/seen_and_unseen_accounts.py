"""What it is worth to a model to have seen an account before, at an earlier time.

A test out of time asks how accounts that are known now will do later: the lender's daily question.
It cannot tell what part of the answer is memory of the single account, which is of no use for a
new one. So every test row is scored twice by models of equal size: by one that never saw its
account, and by one that saw its earlier months.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from delinquency.errors import ChoiceError
from delinquency.modeling.comparison import Recipe
from delinquency.modeling.evaluation_options import FEWEST_LEFT_OUT
from delinquency.modeling.splits import Fold

Array = NDArray[np.float64]


@dataclass(frozen=True)
class SeenAndUnseen:
    """The test rows, scored by models that knew their accounts and by models that did not.

    Attributes
    ----------
    new : ndarray of shape (n_test,), in [0, 1]
        PD by a model that was fitted without the account.
    known : ndarray of shape (n_test,), in [0, 1]
        PD by a model of the same size that was fitted on the account's earlier rows, where it
        has any.
    """

    new: Array
    known: Array


def score_seen_and_unseen(
    X: pd.DataFrame,
    y: ArrayLike,
    folds: Sequence[Fold],
    *,
    train: NDArray[np.bool_],
    test: NDArray[np.bool_],
    recipe: Recipe,
    seed: int = 0,
    n_workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> SeenAndUnseen:
    """Return the test rows as scored without and with knowledge of their accounts.

    Parameters
    ----------
    X : DataFrame of shape (n_rows, n_features)
    y : array of shape (n_rows,), 0 (good) or 1 (bad)
    folds : sequence of (rest, held), at least three
        Folds of whole accounts over all rows, training and test, each row held once.
    train, test : ndarray of bool, shape (n_rows,)
    recipe : Recipe
    seed : int
    n_workers : int
        Fits that run at once, one thread each; changes the time, not the numbers.
    progress : callable, optional
        Called with the fits that are done, and those there will be.

    Returns
    -------
    SeenAndUnseen

    Notes
    -----
    Model k is fitted on the training rows outside fold k. A test row of fold k is scored as new
    by model k, as known by model k + 1 (the last fold's by the first model). Both were fitted on
    equally many accounts, so only the acquaintance differs.
    """
    if len(folds) < FEWEST_LEFT_OUT:
        raise ChoiceError(
            f"At least {FEWEST_LEFT_OUT} folds are needed, so that every account is left out by "
            f"one model and seen by another. Got {len(folds)}."
        )
    labels = np.asarray(y, dtype=np.float64)
    later = X.loc[test]

    def predict(number: int) -> Array:
        rest = np.zeros(len(labels), np.bool_)
        rest[folds[number][0]] = True
        fitted = recipe.fit(X.loc[train & rest], labels[train & rest], seed)
        return fitted(later)

    predicted = np.empty((len(folds), len(later)))
    with ThreadPoolExecutor(max_workers=n_workers) as pool:
        jobs = {pool.submit(predict, number): number for number in range(len(folds))}
        for done, job in enumerate(as_completed(jobs), start=1):
            predicted[jobs[job]] = job.result()
            if progress is not None:
                progress(done, len(jobs))
    own = np.empty(len(labels), np.intp)
    for number, (_, held) in enumerate(folds):
        own[held] = number
    own, row = own[test], np.arange(len(later))
    return SeenAndUnseen(new=predicted[own, row], known=predicted[(own + 1) % len(folds), row])
