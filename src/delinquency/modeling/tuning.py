"""Search the model's choices with Optuna: resumable, pruned on folds, judged against the default.

The search and the verdict look at different rows: trials are compared on folds of the training
accounts, and the winner is fitted again and compared with the default on folds of another seed.
The test part is never looked at.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from delinquency.metrics import METRICS, Interval, corrected_interval
from delinquency.modeling.boosting import fit_model
from delinquency.modeling.lightgbm_options import LightGBMOptions
from delinquency.modeling.roll_rate_target import Spells
from delinquency.modeling.splits import Fold
from delinquency.panel.windows import Array

LOSS = "log_loss"
FINISHED = "COMPLETE"
ENDED = (FINISHED, "PRUNED")
SMALLEST_LEAF, LARGEST_LEAF = 10, 1_000
LEAST_PENALTY = 0.001
"""Stands for no penalty on a scale of logarithms."""


@dataclass(frozen=True, eq=False)
class Material:
    """What trials are fitted on.

    Attributes
    ----------
    X : DataFrame of shape (n_rows, n_features)
    labels : DataFrame
        ``bad, group_id`` and, where known, the late spells; row-aligned.
    directions : mapping
    seed : int
    n_threads : int
    """

    X: pd.DataFrame
    labels: pd.DataFrame
    directions: Mapping[str, int]
    seed: int
    n_threads: int


@dataclass(frozen=True)
class Verdict:
    """What a search came to.

    Attributes
    ----------
    options : LightGBMOptions
        The winner's, or the default's where nothing is gained.
    changed : dict
        What the winner does otherwise.
    gain : Interval
        Log loss of the default less that of the winner, on folds that no trial saw.
    gained : bool
        Whether the whole interval lies above 0.
    trials : int
        Finished trials of the study.
    """

    options: LightGBMOptions
    changed: dict[str, Any]
    gain: Interval
    gained: bool
    trials: int


def suggested(trial: Any, base: LightGBMOptions, *, n_rows: int) -> LightGBMOptions:
    """Return the choices that a trial tries.

    Parameters
    ----------
    trial : optuna.trial.BaseTrial
    base : LightGBMOptions
        What is not searched stays as it is. The number of trees is found anew in every fit. Its
        own values lie inside what is searched.
    n_rows : int
        Rows of the material, for the most that a leaf may ask for.
    """
    return replace(
        base,
        num_leaves=trial.suggest_int("num_leaves", *around(base.num_leaves, (4, 32)), log=True),
        min_child_samples=trial.suggest_int(
            "min_child_samples", *leaf_rows(base, n_rows=n_rows), log=True
        ),
        colsample_bytree=trial.suggest_float("colsample_bytree", 0.1, 1.0),
        subsample=trial.suggest_float("subsample", *around(base.subsample, (0.4, 1.0))),
        lambda_l2=trial.suggest_float("lambda_l2", *penalties(base), log=True),
        extra_trees=trial.suggest_categorical("extra_trees", [True, False]),
        max_bin=trial.suggest_categorical("max_bin", sorted({63, 127, 255, base.max_bin})),
    )


def around(default: Any, ends: tuple[Any, Any]) -> tuple[Any, Any]:
    """Return the ends of a search, moved out as far as the default lies."""
    return min(ends[0], default), max(ends[1], default)


def penalties(base: LightGBMOptions) -> tuple[float, float]:
    """Return the ends of the search for ``lambda_l2``: a scale of logarithms has no 0."""
    return around(max(base.lambda_l2, LEAST_PENALTY), (0.1, 100.0))


def leaf_rows(base: LightGBMOptions, *, n_rows: int) -> tuple[int, int]:
    """Return the fewest and the most rows that a trial may ask of a leaf.

    The most is what the derived default may ask of as many rows at most (``derive_size``): a tenth
    of them, which leaves every fold of a small portfolio something to split.
    """
    most = min(LARGEST_LEAF, max(n_rows // 10, SMALLEST_LEAF + 1))
    given = base.min_child_samples or SMALLEST_LEAF
    return around(given, (SMALLEST_LEAF, most))


def default_trial(
    base: LightGBMOptions, derived: Mapping[str, Any], *, n_rows: int
) -> dict[str, Any]:
    """Return the default's own choices as a first trial, so that the search begins with them."""
    return {
        "num_leaves": base.num_leaves,
        "min_child_samples": int(
            np.clip(
                base.min_child_samples or derived["min_child_samples"],
                *leaf_rows(base, n_rows=n_rows),
            )
        ),
        "colsample_bytree": float(
            np.clip(base.colsample_bytree or derived["colsample_bytree"], 0.1, 1.0)
        ),
        "subsample": base.subsample,
        "lambda_l2": max(base.lambda_l2, LEAST_PENALTY),
        "extra_trees": base.extra_trees,
        "max_bin": base.max_bin,
    }


def fold_losses(
    material: Material,
    options: LightGBMOptions,
    folds: Sequence[Fold],
    *,
    after_fold: Callable[[int, float], None] | None = None,
) -> Array:
    """Return the log loss of choices on every fold's left-out rows.

    Parameters
    ----------
    material : Material
    options : LightGBMOptions
    folds : sequence of (train, test)
    after_fold : callable, optional
        Called with the fold's number and the mean so far; may raise to stop.

    Returns
    -------
    ndarray of shape (n_folds,)
    """
    y = material.labels["bad"].to_numpy(np.float64)
    loss = METRICS[LOSS]
    found: list[float] = []
    for number, (train, test) in enumerate(folds):
        own = material.labels.iloc[train].reset_index(drop=True)
        model = fit_model(
            material.X.iloc[train].reset_index(drop=True),
            y[train].astype(np.int64),
            options=options,
            traits={name: name for name in material.X.columns},
            directions=material.directions,
            groups=own["group_id"].to_numpy(),
            spells=Spells.of(own),
            seed=material.seed,
            n_threads=material.n_threads,
        )
        pd_hat = model.pd_hat(material.X.iloc[test], n_threads=material.n_threads)
        found.append(loss(y[test], pd_hat))
        if after_fold is not None:
            after_fold(number, float(np.mean(found)))
    return np.array(found)


def search(
    study: Any,
    material: Material,
    base: LightGBMOptions,
    folds: Sequence[Fold],
    *,
    minutes: float,
    most_trials: int,
    told: Callable[[Any], None],
) -> int:
    """Run trials until the time or their number is used up; return the finished ones.

    Parameters
    ----------
    study : optuna.Study
        Of a store that outlives the process; trials that were cut off are not counted.
    material : Material
    base : LightGBMOptions
    folds : sequence of (train, test)
    minutes : float
    most_trials : int
        Finished and pruned ones of earlier runs included.
    told : callable
        Called with every trial that ended.

    Returns
    -------
    int
    """
    import optuna

    def objective(trial: Any) -> float:
        def after_fold(number: int, mean: float) -> None:
            trial.report(mean, number)
            if trial.should_prune():
                raise optuna.TrialPruned

        return float(
            fold_losses(
                material,
                suggested(trial, base, n_rows=len(material.X)),
                folds,
                after_fold=after_fold,
            ).mean()
        )

    until = time.monotonic() + 60 * minutes
    while time.monotonic() < until and ended(study) < most_trials:
        study.optimize(objective, n_trials=1, callbacks=[lambda _, trial: told(trial)])
    return sum(one.state.name == FINISHED for one in study.trials)


def ended(study: Any) -> int:
    """Return how many trials were finished or pruned."""
    return sum(one.state.name in ENDED for one in study.trials)


def close_cut_off(study: Any) -> int:
    """Close the trials that a killed run left open, and return how many they were.

    Nobody else works on the study: its folder is locked. What is left open would be counted as
    running for ever.
    """
    from optuna.trial import TrialState

    left = [one.number for one in study.get_trials(states=(TrialState.RUNNING,))]
    for number in left:
        study.tell(number, state=TrialState.FAIL)
    return len(left)


def judge_winner(
    study: Any, material: Material, base: LightGBMOptions, folds: Sequence[Fold]
) -> Verdict:
    """Return whether the best trial is better than the default on folds that no trial saw.

    Raises
    ------
    ValueError
        If no trial was finished.
    """
    import optuna

    best = study.best_trial
    options = suggested(optuna.trial.FixedTrial(best.params), base, n_rows=len(material.X))
    gaps = fold_losses(material, base, folds) - fold_losses(material, options, folds)
    share = float(np.mean([len(test) for _, test in folds]) / len(material.labels))
    gain = corrected_interval(gaps, test_share=share)
    gained = bool(math.isfinite(gain.low) and gain.low > 0)
    changed = {name: value for name, value in best.params.items() if getattr(base, name) != value}
    finished = sum(one.state.name == FINISHED for one in study.trials)
    return Verdict(options if gained else base, changed, gain, gained, finished)
