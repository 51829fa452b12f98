"""Fit the recipe again on random halves of the accounts: how far PDs and reasons spread."""

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
    pd_hat, phi, left, tested, sizes = [], [], [], [], []
    first: tuple[NDArray[np.bool_], Array] | None = None
    for number in range(choices.refits):
        rng = np.random.default_rng([config.seed, number])
        drawn = np.zeros(len(ids), np.bool_)
        drawn[rng.permutation(len(ids))[: max(round(share * len(ids)), 2)]] = True
        learnt = drawn[codes]
        own = labels[learnt].reset_index(drop=True)
        X = train.X[learnt].reset_index(drop=True)
        again = fit_model(
            X,
            train.bad[learnt].astype(np.int64),
            options=LightGBMOptions(**model.metadata["options"]),
            traits=model.traits,
            directions=model.directions,
            groups=own["group_id"].to_numpy(),
            spells=Spells.of(own),
            categories=prepared.categories,
            chosen=chosen,
            seed=config.seed + 1 + number,
            n_threads=config.n_threads,
        )
        explainer = TraitExplainer(
            again.booster,
            again.booster_traits,
            background=again.matrix(X.iloc[:BACKGROUND_ROWS]),
            order=tuple(TRAITS),
            n_threads=config.n_threads,
        )
        explained = explainer.explain(again.matrix(test.X.iloc[sample]))
        pd_hat.append(again.probability(explained.raw_score))
        phi.append(explained.values)  # noqa: PD011
        others = np.flatnonzero(~learnt)
        others = rng.choice(others, min(len(others), LEFT_OUT_ROWS), replace=False)
        left.append(auc(train.bad[others], _pd_hat(again, explainer, train.X.iloc[others])))
        whole = _pd_hat(again, explainer, test.X)
        first = first or (learnt, whole)
        tested.append(auc(test.bad, whole))
        sizes.append(int(learnt.sum()))
        tick(number + 1, choices.refits)
    assert first is not None  # there are at least two refits
    return Refits(
        pd_hat=np.array(pd_hat),
        phi=np.array(phi),
        sample=sample,
        auc_left_out=np.array(left),
        auc_test=np.array(tested),
        rows=round(float(np.mean(sizes))),
        fitted_rows=len(train),
        learnt=first[0],
        pd_test=first[1],
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
