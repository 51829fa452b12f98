"""Our model, its peers and its variants on the same folds, with paired differences."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from delinquency.errors import ChoiceError, LeakageError
from delinquency.metrics import METRICS, Interval, corrected_interval, metric_table
from delinquency.modeling import challengers  # noqa: F401  (importing registers them)
from delinquency.modeling.baselines import BASELINES, Fit
from delinquency.modeling.boosting import fit_model
from delinquency.modeling.lightgbm_options import LightGBMOptions
from delinquency.modeling.recipes import Chosen
from delinquency.modeling.roll_rate_target import Spells
from delinquency.modeling.splits import Fold

Array = NDArray[np.float64]
MODEL = "model"
VARIANTS = ("with_protected", "without_monotone")
"""Variants of the model that show what a choice costs."""
POOLED = ("roc_auc", "log_loss", "brier", "ece")
"""Metrics that are also given on all out-of-fold rows of a repeat at once."""


@dataclass(frozen=True)
class Recipe:
    """One way to fit, on one matrix.

    Attributes
    ----------
    name : str
    role : str
        "model", "peers" or "variants".
    matrix : str
        Key of the matrix it is fitted on.
    fit : callable
        (features, labels, seed) -> predict.
    """

    name: str
    role: str
    matrix: str
    fit: Fit


def model_recipe(
    options: LightGBMOptions,
    *,
    directions: Mapping[str, int],
    labels: pd.DataFrame | None = None,
    categories: Mapping[str, int] = MappingProxyType({}),
    chosen: Chosen | None = None,
    name: str = MODEL,
    role: str = "model",
    matrix: str = "features",
) -> Recipe:
    """Return the recipe that fits our model as ``fit_model`` does, one thread a fold.

    Parameters
    ----------
    options : LightGBMOptions
    directions : mapping
    labels : DataFrame, optional
        By the index of the matrix: ``group_id``, whose rows stay together where rows are held
        out, and the late spells where they are known (``delinquency.panel.outcomes``).
    categories : mapping of str to int, optional
        Columns that hold codes of names, and how many names each has, as in ``fit_model``.
    chosen : Chosen, optional
        The recipe of a model that every fold is to repeat, as in ``fit_model``; each chooses its
        own where it is None.
    name, role, matrix : str
        As in ``Recipe``.

    Returns
    -------
    Recipe
    """

    def fit(X: pd.DataFrame, y: Array, seed: int) -> Callable[[pd.DataFrame], Array]:
        # Traits are of no weight in a fold; the columns stand for themselves.
        traits = {column: column for column in X.columns}
        own = None if labels is None else labels.loc[X.index]
        model = fit_model(
            X,
            y,
            options=options,
            traits=traits,
            directions=directions,
            groups=None if own is None else own["group_id"].to_numpy(),
            spells=None if own is None else Spells.of(own),
            categories={name: n for name, n in categories.items() if name in traits},
            chosen=chosen,
            seed=seed,
        )
        return lambda other: model.pd_hat(other, n_threads=1)

    return Recipe(name, role, matrix, fit)


def variant_recipes(
    names: Sequence[str],
    options: LightGBMOptions,
    *,
    directions: Mapping[str, int],
    labels: pd.DataFrame | None = None,
    categories: Mapping[str, int] = MappingProxyType({}),
) -> list[Recipe]:
    """Return the recipes that show what a choice of the model costs.

    Parameters
    ----------
    names : sequence of str
        "with_protected" (on the matrix ``features_with_protected``), "without_monotone".
    options : LightGBMOptions
    directions : mapping
    labels : DataFrame, optional
    categories : mapping of str to int, optional
        Both as in ``model_recipe``.

    Returns
    -------
    list of Recipe

    Raises
    ------
    ChoiceError
    """
    free = replace(options, monotone=False)
    known = dict(
        zip(VARIANTS, ((options, "features_with_protected"), (free, "features")), strict=True)
    )
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ChoiceError(f"Unknown variant {unknown[0]!r}. Known: {', '.join(known)}.")
    return [
        model_recipe(
            known[name][0],
            directions=directions,
            labels=labels,
            categories=categories,
            name=name,
            role="variants",
            matrix=known[name][1],
        )
        for name in names
    ]


def baseline_recipes(names: Sequence[str]) -> list[Recipe]:
    """Return the recipes of the named peers."""
    return [Recipe(name, "peers", BASELINES[name].matrix, BASELINES[name].fit) for name in names]


@dataclass(frozen=True, eq=False)
class Comparison:
    """What cross-validation found.

    Attributes
    ----------
    folds : dict of str to dict of str to ndarray of shape (n_folds,)
        Recipe -> metric -> value on each fold.
    roles : dict of str to str
        Recipe -> "model", "peers" or "variants".
    test_share : float
        Mean share of the rows that a fold tests on.
    out_of_fold : dict of str to ndarray of shape (n_repeats, n_rows)
        Recipe -> PD of every row by the model of its fold.
    pooled : dict of str to dict of str to float
        Recipe -> metric on all rows at once, averaged over repeats.
    level : float
    """

    folds: dict[str, dict[str, Array]]
    roles: dict[str, str]
    test_share: float
    out_of_fold: dict[str, Array] = field(repr=False)
    pooled: dict[str, dict[str, float]]
    level: float = 0.95

    def interval(self, name: str, metric: str) -> Interval:
        """Return the mean of a metric over folds, with its corrected interval."""
        return corrected_interval(
            self.folds[name][metric], test_share=self.test_share, level=self.level
        )

    def difference(self, name: str, metric: str) -> Interval:
        """Return model less another recipe, paired by fold, with its corrected interval."""
        paired = self.folds[MODEL][metric] - self.folds[name][metric]
        return corrected_interval(paired, test_share=self.test_share, level=self.level)

    def to_dict(self) -> dict[str, Any]:
        """Return the report: plain values, null where a value is not defined.

        Returns
        -------
        dict
            ``model`` -> metric -> ``mean, low, high, folds``; ``peers`` and ``variants`` -> name
            -> metric -> the same and ``difference`` (model less the other) with ``mean, low,
            high, folds_won``; ``pooled``; ``about``, which says what the signs mean.
        """
        report: dict[str, Any] = {
            "about": {
                "difference": "model minus the other, paired by fold; above 0 favours the model "
                "for metrics in greater_is_better, below 0 for the others",
                "interval": "corrected resampled t over folds (Nadeau and Bengio 2003)",
                "level": self.level,
                "n_folds": len(next(iter(self.folds[MODEL].values()))),
                "test_share": self.test_share,
                "greater_is_better": [
                    name for name in self.folds[MODEL] if METRICS[name].greater_is_better
                ],
            },
            "model": {},
            "peers": {},
            "variants": {},
            "pooled": _plain(self.pooled),
        }
        for name, role in self.roles.items():
            entries = {metric: self._entry(name, metric) for metric in self.folds[name]}
            if role == "model":
                report["model"] = entries
            else:
                report[role][name] = entries
        return report

    def _entry(self, name: str, metric: str) -> dict[str, Any]:
        values = self.folds[name][metric]
        entry = {**self.interval(name, metric).to_dict(), "folds": values.tolist()}
        if name != MODEL:
            paired = self.folds[MODEL][metric] - values
            better = METRICS[metric].greater_is_better
            entry["difference"] = self.difference(name, metric).to_dict()
            if better is not None:
                won = paired > 0 if better else paired < 0
                entry["difference"]["folds_won"] = int(won.sum())
        plain: dict[str, Any] = _plain(entry)
        return plain


def cross_validate(
    matrices: Mapping[str, pd.DataFrame],
    y: ArrayLike,
    folds: Sequence[Fold],
    *,
    recipes: Sequence[Recipe],
    metrics: Sequence[str],
    seed: int = 0,
    n_workers: int = 2,
    level: float = 0.95,
    progress: Callable[[int, int], None] | None = None,
) -> Comparison:
    """Return every recipe's metrics on every fold.

    Parameters
    ----------
    matrices : mapping of str to DataFrame of shape (n_rows, n_columns)
        "features", "raw", "features_with_protected": whatever the recipes ask for.
    y : array of shape (n_rows,), 0 (good) or 1 (bad)
    folds : sequence of (train, test)
        Row numbers; consecutive folds of one repeat cover every row once.
    recipes : sequence of Recipe
        One has role "model".
    metrics : sequence of str
    seed : int
        Every fit gets it.
    n_workers : int
        Fits that run at once, one thread each; changes the time, not the numbers.
    level : float
    progress : callable, optional
        Called with the fits that are done, and those there will be.

    Returns
    -------
    Comparison

    Raises
    ------
    ChoiceError
        If a matrix is missing or there is not exactly one model.
    """
    _check_recipes(recipes, matrices)
    labels = np.asarray(y, dtype=np.float64)
    n_repeats = round(sum(len(test) for _, test in folds) / len(labels))
    per_repeat = len(folds) // max(n_repeats, 1)
    predicted = {one.name: np.full((n_repeats, len(labels)), np.nan) for one in recipes}

    def run(recipe: Recipe, number: int) -> None:
        train, test = folds[number]
        X = matrices[recipe.matrix]
        predict = recipe.fit(X.iloc[train], labels[train], seed)
        predicted[recipe.name][number // per_repeat, test] = predict(X.iloc[test])

    with ThreadPoolExecutor(max_workers=n_workers) as pool:
        jobs = [
            pool.submit(run, recipe, number) for number in range(len(folds)) for recipe in recipes
        ]
        try:
            for done, job in enumerate(as_completed(jobs), start=1):
                job.result()
                if progress is not None:
                    progress(done, len(jobs))
        except BaseException:
            for job in jobs:
                job.cancel()
            raise
    return _summarise(predicted, labels, folds, recipes=recipes, metrics=metrics, level=level)


def guard_against_leakage(mean_auc: float, ceiling: float | None) -> None:
    """Raise when a cross-validated AUC is higher than anything but leakage allows.

    Parameters
    ----------
    mean_auc : float
        Mean ROC AUC over folds.
    ceiling : float or None
        From the data set's options; None when nobody knows.

    Raises
    ------
    LeakageError
    """
    if ceiling is not None and mean_auc > ceiling:
        raise LeakageError(
            f"The cross-validated ROC AUC must not exceed {ceiling:.3f} on these data "
            f"(data.leakage_ceiling_auc). Got {mean_auc:.4f}. Something of the outcome has "
            "reached the features: look for columns made after the observation month, rows that "
            "appear in training and test, and resampling before the split."
        )


def _check_recipes(recipes: Sequence[Recipe], matrices: Mapping[str, pd.DataFrame]) -> None:
    models = [one.name for one in recipes if one.role == "model"]
    if models != [MODEL]:
        raise ChoiceError(f"A comparison needs exactly one recipe named {MODEL!r}. Got {models}.")
    for one in recipes:
        if one.matrix not in matrices:
            raise ChoiceError(
                f"{one.name} needs the matrix {one.matrix!r}, which these data do not give. "
                f"Given: {', '.join(matrices)}. Leave {one.name} out of evaluation.{one.role}."
            )


def _summarise(
    predicted: dict[str, Array],
    y: Array,
    folds: Sequence[Fold],
    *,
    recipes: Sequence[Recipe],
    metrics: Sequence[str],
    level: float,
) -> Comparison:
    """Return the metrics of out-of-fold predictions, by fold and by repeat."""
    per_repeat = max(1, len(folds) // next(iter(predicted.values())).shape[0])
    values: dict[str, dict[str, Array]] = {}
    pooled = {}
    for name, by_repeat in predicted.items():
        rows = [
            metric_table(y[test], by_repeat[number // per_repeat, test], metrics)
            for number, (_, test) in enumerate(folds)
        ]
        values[name] = {metric: np.array([row[metric] for row in rows]) for metric in metrics}
        tables = [metric_table(y, one, POOLED) for one in by_repeat]
        pooled[name] = {m: float(np.mean([table[m] for table in tables])) for m in POOLED}
    return Comparison(
        folds=values,
        roles={one.name: one.role for one in recipes},
        test_share=float(np.mean([len(test) for _, test in folds]) / len(y)),
        out_of_fold=predicted,
        pooled=pooled,
        level=level,
    )


def _plain(value: Any) -> Any:
    """Return nested values with None for NaN, which JSON does not know."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and np.isnan(value) else value
