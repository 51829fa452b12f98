"""Fit the model: a booster on all training rows, a calibration on out-of-fold scores."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from types import MappingProxyType
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from delinquency.errors import ModelError
from delinquency.modeling.binned_rows import BinnedRows
from delinquency.modeling.calibrations import CALIBRATORS, Calibration, NoCalibration
from delinquency.modeling.category_codes import NameRates, split_by_names
from delinquency.modeling.contradicted_directions import contradicted_directions
from delinquency.modeling.fitted_model import DelinquencyModel, booster_names, feature_matrix
from delinquency.modeling.learning_rate_warmup import warmup_learning_rates
from delinquency.modeling.lightgbm_options import ROLL_RATES, LightGBMOptions
from delinquency.modeling.recipe_choice import Choice, Search
from delinquency.modeling.recipes import UNCHOSEN, Chosen, Recipe, Rows
from delinquency.modeling.regularization import booster_params, derive_size, monotone_signs
from delinquency.modeling.roll_rate_target import Spells, expected_outcomes
from delinquency.modeling.splits import repeated_stratified_folds
from delinquency.modeling.stopping import FEW_TREES, FOLDS, WITHOUT_SEARCH, can_search

FIRST_RATE, FIRST_TREES = 0.06, 250
"""The quick model whose scores tell roll rates apart; they need no more than the order of risk."""

Array = NDArray[np.float64]
Progress = Callable[[int, int], None]
"""Called with the trees that are done, and those there will be."""


def fit_model(
    X: pd.DataFrame,
    y: ArrayLike,
    *,
    options: LightGBMOptions,
    traits: Mapping[str, str],
    directions: Mapping[str, int],
    groups: ArrayLike | None = None,
    spells: Spells | None = None,
    stand_for: ArrayLike | None = None,
    categories: Mapping[str, int] = MappingProxyType({}),
    chosen: Chosen | None = None,
    seed: int = 0,
    n_threads: int = 1,
    progress: Progress | None = None,
) -> DelinquencyModel:
    """Return a model fitted to features and labels.

    Parameters
    ----------
    X : DataFrame of shape (n_rows, n_features)
        Numbers; NaN where a value cannot be known. Every column is used.
    y : array of shape (n_rows,), 0 (good) or 1 (bad)
    options : LightGBMOptions
    traits : mapping
        Feature -> trait key, for every column.
    directions : mapping
        Feature -> +1, -1 or 0; features that are not named are free.
    groups : array of shape (n_rows,), optional
        Rows of one group stay together where rows are held out, for the number of trees and for
        the calibration.
    spells : Spells, optional
        The late payments that followed each row; with ``options.target = "roll_rates"`` the trees
        learn from them (``delinquency.modeling.roll_rate_target``).
    stand_for : array of shape (n_rows,), optional
        How many rows of the portfolio each row stands for, where the rows are a sample that is
        drawn by outcome (``panel.drawn_rows``); one each by default.
    categories : mapping of str to int
        Column of names -> how many there are; its values are their codes, 0 and up.
    chosen : Chosen, optional
        The recipe and number of trees of another fit, taken as they are: nothing is searched, and
        of the options only target, monotone and calibration count.
    seed : int
    n_threads : int
        Changes the time, not the model.
    progress : callable, optional

    Returns
    -------
    DelinquencyModel

    Raises
    ------
    ModelError
        If a column has no trait, a value is not a number, or the labels are all equal.

    Notes
    -----
    No class weights and no resampling: the log loss then gives probabilities, not scores. What a
    row stands for is no such weight: it undoes a sampling, so that all sums (what the trees learn
    from, roll rates, losses held out, calibration) are those of the portfolio in expectation.
    """
    names = list(X.columns)
    unknown = [name for name in names if name not in traits]
    if unknown:
        raise ModelError(
            f"Every feature needs a trait. {len(unknown)} have none, e.g. {unknown[0]}."
        )
    matrix, labels = feature_matrix(X, names), _labels(y, len(X))
    ids = np.arange(len(labels)) if groups is None else np.asarray(groups)
    report = _Steps(progress)
    counts = {"n_rows": len(labels), "n_bads": int(labels.sum()), "n_features": len(names)}
    # One length of steps for all fits: a number of trees means nothing without it.
    given = options if chosen is None else chosen.recipe.options
    steps = replace(options, learning_rate=derive_size(given, **counts).learning_rate)
    weights = _weights(stand_for, len(labels))
    binned = BinnedRows(matrix, booster_names(names), weights)
    fit = _Fit(binned, names, counts, steps, directions, n_threads, seed)
    codes = np.unique(ids, return_inverse=True)[1]
    places = {names.index(name): n for name, n in categories.items()}
    observed = Rows(matrix, labels, labels, codes, places, weights)
    learnt, target = _learnt_from(fit, observed, spells, report)
    rows = replace(observed, learnt=learnt)
    how, notes = "as given", {}
    if chosen is not None:
        how = "those of the model whose recipe this is"
    elif options.n_estimators is not None:
        chosen = Chosen(Recipe(UNCHOSEN, steps), options.n_estimators)
    elif can_search(labels, ids):
        choice = fit.search(rows, report).choose(steps)
        chosen, how, notes = choice.taken, choice.how, _notes(choice, rows, fit)
    else:
        chosen, how = Chosen(Recipe(UNCHOSEN, steps), WITHOUT_SEARCH), FEW_TREES
    recipe, n_trees = chosen.recipe, chosen.n_trees
    size = derive_size(recipe.options, **counts)
    n_fits = 1 if options.calibration == "none" else 1 + options.calibration_folds
    report.plan(n_fits * n_trees)
    booster = fit.booster(recipe, rows, n_trees, report)
    calibration: Calibration = NoCalibration()
    if options.calibration != "none":
        n_folds = options.calibration_folds
        scores = fit.out_of_fold(recipe, rows, n_trees, report, n_folds=n_folds)
        calibration = CALIBRATORS[options.calibration](scores, labels, weights)
    return DelinquencyModel(
        booster=booster,
        features=tuple(names),
        traits={name: traits[name] for name in names},
        directions={name: int(directions.get(name, 0)) for name in names},
        calibration=calibration,
        metadata={
            "rows": len(labels),
            "bads": int(labels.sum()),
            "seed": seed,
            "options": asdict(options),
            "size": {"n_estimators": booster.current_iteration(), **asdict(size)},
            "trees": how,
            "target": target,
            "shape": recipe.title,
            "recipe": chosen.to_plain(),
            **notes,
        },
    )


class _Steps:
    """Counts trees over all fits of one model, for the progress that a person sees."""

    def __init__(self, progress: Progress | None):
        self.progress, self.planned, self.done = progress, 0, 0

    def plan(self, n_trees: int) -> None:
        """Add trees that are to come; those planned before and never grown are dropped."""
        self.planned = self.done + n_trees

    def __call__(self, environment: Any) -> None:
        self.done += 1
        if self.progress is not None:
            self.progress(self.done, self.planned)


class _Fit:
    """What every fit of one model has in common."""

    def __init__(
        self,
        binned: BinnedRows,
        names: list[str],
        counts: dict[str, int],
        options: LightGBMOptions,
        directions: Mapping[str, int],
        n_threads: int,
        seed: int,
    ):
        self.binned, self.names, self.counts = binned, names, counts
        self.options, self.directions = options, directions
        self.n_threads, self.seed = n_threads, seed

    def params(self, options: LightGBMOptions) -> dict[str, Any]:
        """Return LightGBM's parameters, the same for all rows and for a part of them."""
        size = derive_size(options, **self.counts)
        params = booster_params(options, size, seed=self.seed, n_threads=self.n_threads)
        if options.monotone:
            params["monotone_constraints"] = monotone_signs(self.names, self.directions).tolist()
        return params

    def search(self, rows: Rows, report: _Steps) -> Search:
        """Return the search for the number of trees and the recipe on rows held out."""
        return Search(rows, self.binned, self.params, self.seed, report, report.plan)

    def first_scores(self, rows: Rows, report: _Steps) -> Array:
        """Return every row's score by a quick model that did not see its group."""
        quick = Recipe("quick", replace(self.options, learning_rate=FIRST_RATE))
        report.plan(FOLDS * FIRST_TREES)
        return self.out_of_fold(quick, rows, FIRST_TREES, report, n_folds=FOLDS)

    def booster(
        self,
        recipe: Recipe,
        rows: Rows,
        n_trees: int,
        report: _Steps,
        places: NDArray[np.intp] | None = None,
    ) -> lgb.Booster:
        """Return a booster fitted to all rows or some, which reads names by their codes."""
        params = self.params(recipe.options)
        rates: dict[int, NameRates] = {}
        if recipe.by_rates:
            part = rows if places is None else rows.part(places)
            matrix, rates = recipe.learnt_on(part, seed=self.seed)
            names = self.binned.feature_names
            data = lgb.Dataset(
                matrix, part.learnt, weight=part.weights, feature_name=names, params=params
            )
        else:
            data = self.binned.learning(rows.learnt, params, places)
        growing = warmup_learning_rates(params["learning_rate"], n_trees, seed=self.seed)
        booster = lgb.train(params, data, num_boost_round=n_trees, callbacks=[growing, report])
        return split_by_names(booster, rates) if rates else booster

    def out_of_fold(
        self, recipe: Recipe, rows: Rows, n_trees: int, report: _Steps, *, n_folds: int
    ) -> Array:
        """Return the score of every row by a booster that did not see its group."""
        frame = pd.DataFrame({"bad": rows.happened.astype(np.int64), "group_id": rows.groups})
        scores = np.empty(len(rows.happened))
        for train, test in repeated_stratified_folds(
            frame, n_splits=n_folds, n_repeats=1, seed=self.seed
        ):
            booster = self.booster(recipe, rows, n_trees, report, np.sort(train))
            scores[test] = booster.predict(
                rows.matrix[test], raw_score=True, num_threads=self.n_threads
            )
        return scores


def _notes(choice: Choice, rows: Rows, fit: _Fit) -> dict[str, Any]:
    """Return what the search found beside the recipe, as plain values."""
    held = {}
    if fit.options.monotone:
        signs = monotone_signs(fit.names, fit.directions)
        held = {column: int(sign) for column, sign in enumerate(signs) if sign}
    against = contradicted_directions(rows, choice.score, held, seed=fit.seed)
    return {
        "tried": {title: round(z, 2) for title, z in choice.tried},
        "contradicted": {fit.names[column]: round(z, 2) for column, z in against.items()},
    }


def _learnt_from(
    fit: _Fit, rows: Rows, spells: Spells | None, report: _Steps
) -> tuple[Array, str]:
    """Return what the trees learn from, and what it is in words."""
    y, plain = rows.happened, "bad or not, as observed"
    if fit.options.target != ROLL_RATES or spells is None:
        return y, plain
    if not spells.tell(y) or not can_search(y, rows.groups):
        return y, f"{plain}: too few late payments to know how they roll on"
    # The first model looks at no names: the roll rates need the order of risk only.
    first = replace(rows, names={})
    expected = expected_outcomes(y, fit.first_scores(first, report), spells, rows.weights)
    if expected is None:
        return y, f"{plain}: late payments are too many to count by roll rates"
    n_spells, n_bad = spells.counts(y)
    return expected, (
        f"the chance of bad by the roll rates of {n_spells:,} late spells, "
        f"{n_bad:,} of which turned bad"
    )


def _weights(stand_for: ArrayLike | None, n_rows: int) -> Array | None:
    if stand_for is None:
        return None
    weights = np.asarray(stand_for, dtype=np.float64)
    if weights.shape != (n_rows,) or not (np.isfinite(weights) & (weights > 0)).all():
        raise ModelError(
            f"What rows stand for must be a number above 0 for each of the {n_rows:,} rows. Got "
            f"shape {weights.shape}, from {weights.min(initial=np.inf):g} up."
        )
    return weights


def _labels(y: ArrayLike, n_rows: int) -> Array:
    labels = np.asarray(y, dtype=np.float64)
    if labels.shape != (n_rows,) or not np.isin(labels, (0.0, 1.0)).all():
        raise ModelError(
            f"Labels must be 0 or 1, one for each of the {n_rows:,} rows. Got shape "
            f"{labels.shape}, values {np.unique(labels)[:5].tolist()}."
        )
    if labels.min() == labels.max():
        raise ModelError(
            f"A model needs good and bad accounts to learn from. All {n_rows:,} labels are "
            f"{labels[0]:g}."
        )
    return labels
