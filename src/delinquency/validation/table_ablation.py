"""What sets of features are worth: the same recipe, refitted on each, on the same test rows."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from delinquency.metrics import Interval, Resampling, bootstrap_differences, bootstrap_intervals
from delinquency.modeling.comparison import Recipe

Array = NDArray[np.float64]


@dataclass(frozen=True)
class FeatureSet:
    """Features that one model may use.

    Attributes
    ----------
    name : str
    columns : tuple of str
    against : str
        Name of the set that it is compared with; "" for none.
    """

    name: str
    columns: tuple[str, ...]
    against: str = ""


@dataclass(frozen=True)
class TableAblation:
    """How good a model of one set is.

    Attributes
    ----------
    feature_set : FeatureSet
    metrics : dict of str to Interval
    differences : dict of str to Interval
        This set less the one it is compared with, on the same replicates; empty for none.
    """

    feature_set: FeatureSet
    metrics: dict[str, Interval]
    differences: dict[str, Interval]


def by_table(tables: Mapping[str, frozenset[str]], order: Sequence[str]) -> list[FeatureSet]:
    """Return the sets that show what tables add: one after the other, and each one last.

    Parameters
    ----------
    tables : mapping of str to frozenset of str
        Feature -> the tables that it reads.
    order : sequence of str
        Tables, the indispensable one first.

    Returns
    -------
    list of FeatureSet
        "statements", "+ accounts", ... each against the one before; then "all but accounts", ...
        each against all tables. The last table of the order has no such set: it is the same as
        stopping before it. A table that no feature reads is left out.
    """
    read = frozenset().union(*tables.values())
    used = [name for name in order if name in read]
    sets: list[FeatureSet] = []
    for position, name in enumerate(used):
        known = frozenset(used[: position + 1])
        sets.append(
            FeatureSet(
                name if position == 0 else f"+ {name}",
                tuple(feature for feature, needs in tables.items() if needs <= known),
                sets[-1].name if sets else "",
            )
        )
    everything = sets[-1].name if sets else ""
    for name in used[1:-1]:
        columns = tuple(feature for feature, needs in tables.items() if name not in needs)
        sets.append(FeatureSet(f"all but {name}", columns, everything))
    return sets


def measure_ablation(
    sets: Sequence[FeatureSet],
    X: pd.DataFrame,
    y: ArrayLike,
    *,
    train: NDArray[np.bool_],
    test: NDArray[np.bool_],
    recipe: Recipe,
    groups: NDArray[np.object_],
    resampling: Resampling,
    metrics: Sequence[str],
    seed: int = 0,
    n_workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> list[TableAblation]:
    """Return the metrics of every set on the test rows, with intervals clustered by group.

    Parameters
    ----------
    sets : sequence of FeatureSet
    X : DataFrame of shape (n_rows, n_features)
    y : array of shape (n_rows,), 0 (good) or 1 (bad)
    train, test : ndarray of bool, shape (n_rows,)
    recipe : Recipe
        How a model is fitted; every set gets its own.
    groups : ndarray of shape (n_rows,)
        Accounts that are resampled together.
    resampling : Resampling
    metrics : sequence of str
    seed : int
    n_workers : int
        Fits that run at once, one thread each; changes the time, not the numbers.
    progress : callable, optional
        Called with the fits that are done, and those there will be.

    Returns
    -------
    list of TableAblation
        In the order of the sets.
    """
    labels = np.asarray(y, dtype=np.float64)

    def predict(one: FeatureSet) -> Array:
        columns = list(one.columns)
        fitted = recipe.fit(X.loc[train, columns], labels[train], seed)
        return fitted(X.loc[test, columns])

    predicted: dict[str, Array] = {}
    with ThreadPoolExecutor(max_workers=n_workers) as pool:
        jobs = {pool.submit(predict, one): one.name for one in sets}
        for done, job in enumerate(as_completed(jobs), start=1):
            predicted[jobs[job]] = job.result()
            if progress is not None:
                progress(done, len(jobs))
    outcome, cluster = labels[test], groups[test]
    found = []
    for one in sets:
        differences: dict[str, Interval] = {}
        if one.against:
            differences = bootstrap_differences(
                outcome,
                (predicted[one.name], predicted[one.against]),
                groups=cluster,
                names=metrics,
                resampling=resampling,
            )
        measured = bootstrap_intervals(
            outcome, predicted[one.name], groups=cluster, names=metrics, resampling=resampling
        )
        found.append(TableAblation(one, measured, differences))
    return found
