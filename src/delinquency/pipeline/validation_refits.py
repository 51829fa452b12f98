"""Fit the recipe again on random halves of the accounts: how far PDs and reasons spread."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.config import Config
from delinquency.metrics import METRICS
from delinquency.modeling.boosting import fit_model
from delinquency.modeling.fitted_model import DelinquencyModel
from delinquency.modeling.lightgbm_options import LightGBMOptions
from delinquency.modeling.recipes import Chosen
from delinquency.modeling.roll_rate_target import Spells
from delinquency.modeling.splits import TRAIN
from delinquency.pipeline import saved_model
from delinquency.pipeline.prepared_features import Prepared
from delinquency.shapley import TraitExplainer
from delinquency.traits import TRAITS
from delinquency.validation.check_inputs import Array, Refits, Rows
from delinquency.validation.fairness_checks import flagged
from delinquency.workspace.progress import Tick

LEFT_OUT_ROWS = 40_000
BACKGROUND_ROWS = 5_000
LONGER_STEPS = 2
"""Refits take steps twice as long and half as many trees, for time; it hardly moves a PD."""
LONGEST_STEP = 0.1


def refitted(
    config: Config,
    fitted: saved_model.Trained,
    prepared: Prepared,
    train: Rows,
    test: Rows,
    tick: Tick,
) -> Refits:
    """Return what models of the same recipe say when they learn from other accounts.

    Parameters
    ----------
    config : Config
    fitted : Trained
    prepared : Prepared
    train, test : Rows
    tick : callable

    Returns
    -------
    Refits

    Notes
    -----
    Each learns from a random half of the groups (fewer where that is more than
    ``validation.refit_rows``), with a seed of its own. Recipe and number of trees are the
    model's.
    """
    choices, model = config.validation, fitted.model
    size = model.metadata["size"]
    rate = min(LONGEST_STEP, LONGER_STEPS * size["learning_rate"])
    chosen = Chosen.of(model.metadata).in_steps(
        rate / size["learning_rate"],
        min_child_samples=size["min_child_samples"],
        colsample_bytree=size["colsample_bytree"],
    )
    labels = prepared.labels.loc[saved_model.rows_of(fitted, prepared, TRAIN)]
    labels = labels.reset_index(drop=True)
    sample = sample_rows(test, choices.sample_rows, choices.capacity, seed=config.seed)
    ids, codes = np.unique(train.groups, return_inverse=True)
    share = min(0.5, choices.refit_rows / len(train))
    auc = METRICS["roc_auc"]
    fitted_again = _Again(
        labels=labels, train=train, test=test, model=model, chosen=chosen,
        categories=prepared.categories, sample=sample,
    )  # fmt: skip

    def one(number: int) -> _Said:
        rng = np.random.default_rng([config.seed, number])
        drawn = np.zeros(len(ids), np.bool_)
        drawn[rng.permutation(len(ids))[: max(round(share * len(ids)), 2)]] = True
        return fitted_again.said(drawn[codes], rng, seed=config.seed + 1 + number)

    # One thread a refit and refits side by side: threads inside a fit wait for each other.
    said = []
    with ThreadPoolExecutor(max(1, min(config.n_threads, choices.refits))) as pool:
        for done in pool.map(one, range(choices.refits)):
            said.append(done)
            tick(len(said), choices.refits)
    return Refits(
        pd_hat=np.array([one.pd_hat for one in said]),
        phi=np.array([one.phi for one in said]),
        sample=sample,
        auc_left_out=np.array([one.auc_left_out for one in said]),
        auc_test=np.array([auc(test.bad, one.pd_test) for one in said]),
        rows=round(float(np.mean([one.learnt.sum() for one in said]))),
        fitted_rows=len(train),
        learnt=said[0].learnt,
        pd_test=said[0].pd_test,
    )


@dataclass(frozen=True, eq=False)
class _Said:
    """What one refit says."""

    pd_hat: Array
    phi: Array
    auc_left_out: float
    pd_test: Array
    learnt: NDArray[np.bool_]


@dataclass(frozen=True, eq=False, kw_only=True)
class _Again:
    """What every refit has in common."""

    labels: pd.DataFrame
    train: Rows
    test: Rows
    model: DelinquencyModel
    chosen: Chosen
    categories: Mapping[str, int]
    sample: NDArray[np.intp]

    def said(self, learnt: NDArray[np.bool_], rng: np.random.Generator, *, seed: int) -> _Said:
        """Return what a model of these rows says of the sample, of rows left out, and the test."""
        train, test = self.train, self.test
        own = self.labels[learnt].reset_index(drop=True)
        X = train.X[learnt].reset_index(drop=True)
        again = fit_model(
            X,
            train.bad[learnt].astype(np.int64),
            options=LightGBMOptions(**self.model.metadata["options"]),
            traits=self.model.traits,
            directions=self.model.directions,
            groups=own["group_id"].to_numpy(),
            spells=Spells.of(own),
            categories=self.categories,
            chosen=self.chosen,
            seed=seed,
            n_threads=1,
        )
        explainer = TraitExplainer(
            again.booster,
            again.booster_traits,
            background=again.matrix(X.iloc[:BACKGROUND_ROWS]),
            order=tuple(TRAITS),
            n_threads=1,
        )
        explained = explainer.explain(again.matrix(test.X.iloc[self.sample]))
        others = np.flatnonzero(~learnt)
        others = rng.choice(others, min(len(others), LEFT_OUT_ROWS), replace=False)
        left = _pd_hat(again, explainer, train.X.iloc[others])
        return _Said(
            pd_hat=again.probability(explained.raw_score),
            phi=explained.values,  # noqa: PD011
            auc_left_out=METRICS["roc_auc"](train.bad[others], left),
            pd_test=_pd_hat(again, explainer, test.X),
            learnt=learnt,
        )


def _pd_hat(model: DelinquencyModel, explainer: TraitExplainer, X: pd.DataFrame) -> Array:
    """Return the PD by the explainer's score: the same to 1e-12, in a sixth of the time."""
    return model.probability(explainer.explain(model.matrix(X)).raw_score)


def sample_rows(test: Rows, n: int, capacity: float, *, seed: int) -> NDArray[np.intp]:
    """Return rows of the test, three quarters of them among those that would be explained."""
    rng = np.random.default_rng(seed)
    risky = flagged(test.pd_hat, capacity)
    first = np.flatnonzero(risky)
    first = rng.choice(first, min(len(first), round(0.75 * n)), replace=False)
    others = np.setdiff1d(np.arange(len(test)), first)
    others = rng.choice(others, min(len(others), n - len(first)), replace=False)
    return np.sort(np.concatenate([first, others]))
