"""Which recipe a table gets: measured on accounts held out, not set.

Random cut-offs and small trees serve panels whose hundred features tell one story many times. A
table of ten columns may need the best cut-off of each, larger trees, names ordered by their bad
rates, or smaller leaves where bad accounts are few. Each is tried on the folds of the search that
finds the number of trees anyway, and taken only where the log loss of the rows held out falls by
more than chance; otherwise all stays as it is.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.log_odds import probability
from delinquency.modeling.binned_rows import BinnedRows
from delinquency.modeling.category_codes import NameRates
from delinquency.modeling.lightgbm_options import AS_GIVEN, LightGBMOptions
from delinquency.modeling.recipes import UNCHOSEN, Chosen, Recipe, Rows, log_loss, read_by
from delinquency.modeling.splits import Fold, repeated_stratified_folds
from delinquency.modeling.stopping import FOLDS, Growth, steps_of_search, trees_of, turn

Array = NDArray[np.float64]
BETTER = 1.5
"""Standard errors by which the mean log loss must fall for another recipe to be taken."""
FEW_BADS, REPEATS_OF_FEW = 100, 3
"""Rows of the rarer outcome below which folds are drawn anew and smaller leaves tried."""
SMALL_LEAF, SMALL_LEAF_RIDGE = 5, 1.0
LARGER_TREE = 15
FEWEST_NAMES = 3
"""Two names have but one order."""
USUAL = LightGBMOptions()
MANY_ROWS = 10_000
"""Rows from which another recipe is tried on one fold first; where there are several repeats, it
is on one of them. Only one that is no worse there is tried on all."""


@dataclass(frozen=True)
class Tried:
    """What a recipe came to on the rows held out.

    Attributes
    ----------
    recipe : Recipe
    n_steps : int
        Trees of the search at the lowest mean log loss.
    loss : ndarray of shape (n_rows,)
        Log loss of each row, the mean over repeats, times the rows that it stands for.
    score : ndarray of shape (n_rows,)
        Log-odds of each row by models that did not see it.
    """

    recipe: Recipe
    n_steps: int
    loss: Array
    score: Array


@dataclass(frozen=True)
class Choice:
    """The recipe taken, and what was tried.

    Attributes
    ----------
    taken : Chosen
    how : str
        Where the number of trees comes from, in words.
    tried : tuple of (str, float)
        Other recipes, with how many standard errors better (above 0) or worse they were.
    score : ndarray of shape (n_rows,)
        Held-out log-odds of the recipe taken.
    """

    taken: Chosen
    how: str
    tried: tuple[tuple[str, float], ...]
    score: Array


Params = Callable[[LightGBMOptions], dict[str, Any]]
"""LightGBM's parameters for options."""


@dataclass(frozen=True)
class Search:
    """What every search on one table has in common.

    Attributes
    ----------
    rows : Rows
    binned : BinnedRows
        Of the matrix of ``rows``.
    params : callable
        Options -> LightGBM's parameters.
    seed : int
        Draws folds and parts.
    report : callable
        Called after every tree.
    plan : callable
        Called with the trees that a search may grow.
    """

    rows: Rows
    binned: BinnedRows
    params: Params
    seed: int
    report: Callable[[Any], None]
    plan: Callable[[int], None]

    def choose(self, options: LightGBMOptions) -> Choice:
        """Return the recipe that the rows held out ask for.

        Parameters
        ----------
        options : LightGBMOptions
            The recipe as given; its learning rate is that of the fit.
        """
        repeats = self._folds()
        best = _Growing(self, Recipe(UNCHOSEN, options)).tried(repeats)
        if options.shape == AS_GIVEN:
            return self._choice(best, [])
        others: list[tuple[str, float]] = []
        many = {c: n for c, n in self.rows.names.items() if n >= FEWEST_NAMES}
        if many:
            by_rates = Recipe("names ordered by their bad rates", options, by_rates=True)
            best = self._better(best, by_rates, repeats, others)
        kept = best.recipe
        candidates = []
        # What its reader gave is taken as it is.
        if (options.num_leaves, options.extra_trees) == (USUAL.num_leaves, USUAL.extra_trees):
            larger = replace(kept.options, num_leaves=LARGER_TREE, extra_trees=False)
            title = "larger trees with the best cut-offs"
            candidates.append(Recipe(title, larger, kept.by_rates))
        usual_leaf = (None, USUAL.lambda_l2)
        leaf = (options.min_child_samples, options.lambda_l2)
        if self._rarer() < FEW_BADS and leaf == usual_leaf:
            smaller = replace(
                kept.options, min_child_samples=SMALL_LEAF, lambda_l2=SMALL_LEAF_RIDGE
            )
            candidates.append(Recipe("smaller leaves", smaller, kept.by_rates))
        if not candidates:
            return self._choice(best, others)
        found = [self._better(best, one, repeats, others) for one in candidates]
        return self._choice(min(found, key=lambda one: float(one.loss.mean())), others)

    def _choice(self, taken: Tried, others: list[tuple[str, float]]) -> Choice:
        rate = self.params(taken.recipe.options)["learning_rate"]
        n_trees, how = trees_of(taken.n_steps, rate)
        return Choice(Chosen(taken.recipe, n_trees), how, tuple(others), taken.score)

    def _rarer(self) -> int:
        n_bad = int(self.rows.happened.sum())
        return min(n_bad, len(self.rows.happened) - n_bad)

    def _folds(self) -> list[list[Fold]]:
        """Return the folds, several times over where bad accounts are few."""
        frame = pd.DataFrame(
            {"bad": self.rows.happened.astype(np.int64), "group_id": self.rows.groups}
        )
        n_repeats = REPEATS_OF_FEW if self._rarer() < FEW_BADS else 1
        folds = repeated_stratified_folds(
            frame, n_splits=FOLDS, n_repeats=n_repeats, seed=self.seed
        )
        return [folds[at : at + FOLDS] for at in range(0, len(folds), FOLDS)]

    def _better(
        self,
        best: Tried,
        recipe: Recipe,
        repeats: list[list[Fold]],
        others: list[tuple[str, float]],
    ) -> Tried:
        """Return the better of two, noting by how much the second differs."""
        growing = _Growing(self, recipe)
        if first := self._first_look(repeats):
            rows = np.concatenate([test for _, test in first])
            z = self._gain(best.loss, growing.tried([first]).loss, rows)
            if z <= 0:
                others.append((recipe.title, z))
                return best
        other = growing.tried(repeats)
        z = self._gain(best.loss, other.loss)
        others.append((recipe.title, z))
        return other if z > BETTER else best

    def _first_look(self, repeats: list[list[Fold]]) -> list[Fold]:
        """Return the folds that tell whether the others are worth their time."""
        if len(self.rows.happened) > MANY_ROWS:
            return repeats[0][:1]
        return repeats[0] if len(repeats) > 1 else []

    def _gain(self, before: Array, after: Array, rows: NDArray[np.intp] | None = None) -> float:
        """Return how many standard errors the loss falls by, group by group."""
        places = np.arange(len(before)) if rows is None else rows
        gain = (before - after)[places]
        _, groups = np.unique(self.rows.groups[places], return_inverse=True)
        by_group = np.bincount(groups, weights=gain)
        error = float(by_group.std(ddof=1)) / len(by_group) ** 0.5 if len(by_group) > 1 else 0.0
        return float(by_group.mean()) / error if error > 0 else 0.0


class _Growing:
    """A recipe on the folds of a search; what a fold has grown is kept."""

    def __init__(self, search: Search, recipe: Recipe):
        self.search, self.recipe = search, recipe
        self.params = search.params(recipe.options)
        self._grown: dict[bytes, tuple[Growth, dict[int, NameRates]]] = {}

    def tried(self, repeats: list[list[Fold]]) -> Tried:
        """Return what the recipe comes to on the folds given."""
        search, n_rows = self.search, len(self.search.rows.happened)
        most = steps_of_search(self.params["learning_rate"])
        search.plan(most)
        grown = [self._growth(fold) for folds in repeats for fold in folds]
        n_steps = turn([one for one, _ in grown], most)
        total, loss, count = np.zeros(n_rows), np.zeros(n_rows), np.zeros(n_rows)
        for (one, rates), (_, test) in zip(grown, (f for r in repeats for f in r), strict=True):
            matrix = read_by(search.rows.matrix[test], rates)
            score = one.booster.predict(matrix, num_iteration=n_steps, raw_score=True)
            total[test] += score
            missed = log_loss(search.rows.happened[test], probability(score))
            loss[test] += search.rows.weighted(missed, test)
            count[test] += 1
        times = np.maximum(count, 1)
        return Tried(self.recipe, n_steps, loss / times, total / times)

    def _growth(self, fold: Fold) -> tuple[Growth, dict[int, NameRates]]:
        train, test = (np.sort(part) for part in fold)
        key = test.tobytes()
        if key not in self._grown:
            self._grown[key] = self._begun(train, test)
        return self._grown[key]

    def _begun(
        self, train: NDArray[np.intp], test: NDArray[np.intp]
    ) -> tuple[Growth, dict[int, NameRates]]:
        rows, report = self.search.rows, self.search.report
        if not self.recipe.by_rates:
            binned = self.search.binned
            learning = binned.learning(rows.learnt, self.params, train)
            held = binned.judging(rows.happened, self.params, test)
            return Growth(learning, held, self.params, report), {}
        here, there = rows.part(train), rows.part(test)
        matrix, rates = self.recipe.learnt_on(here, seed=self.search.seed)
        learning = lgb.Dataset(
            matrix,
            here.learnt,
            weight=here.weights,
            feature_name=self.search.binned.feature_names,
            params=self.params,
        )
        held = learning.create_valid(
            read_by(there.matrix, rates), there.happened, weight=there.weights, params=self.params
        )
        return Growth(learning, held, self.params, report), rates
