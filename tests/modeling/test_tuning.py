"""A search that is cut off loses no finished trial, and says when nothing is gained."""

import warnings
from dataclasses import replace

import numpy as np
import optuna
import pandas as pd
import pytest

from delinquency.config import as_dict
from delinquency.modeling.lightgbm_options import LightGBMOptions
from delinquency.modeling.regularization import derive_size
from delinquency.modeling.splits import repeated_stratified_folds
from delinquency.modeling.tuning import (
    Material,
    close_cut_off,
    default_trial,
    ended,
    fold_losses,
    judge_winner,
    search,
    suggested,
)

ROWS = 400
BASE = LightGBMOptions(
    n_estimators=8, learning_rate=0.2, min_child_samples=10, colsample_bytree=0.5
)


@pytest.fixture(scope="module")
def material():
    rng = np.random.default_rng(1)
    X = pd.DataFrame(rng.normal(size=(400, 4)), columns=list("abcd"))
    bad = (rng.random(400) < 1 / (1 + np.exp(1.5 - X["a"]))).astype(int)
    labels = pd.DataFrame({"bad": bad, "group_id": [f"g{k // 2}" for k in range(400)]})
    return Material(X, labels, {}, seed=0, n_threads=1)


@pytest.fixture(scope="module")
def folds(material):
    return repeated_stratified_folds(material.labels, n_splits=2, n_repeats=1, seed=0)


def study_in(path):
    return optuna.create_study(
        study_name="one", storage=f"sqlite:///{path / 'study.db'}", load_if_exists=True,
        sampler=optuna.samplers.TPESampler(seed=0),
    )  # fmt: skip


def test_losses_are_those_of_a_model_fitted_on_the_other_folds(material, folds):
    from sklearn.metrics import log_loss

    from delinquency.modeling.boosting import fit_model

    train, test = folds[0]
    model = fit_model(
        material.X.iloc[train].reset_index(drop=True), material.labels["bad"].to_numpy()[train],
        options=BASE, traits=dict.fromkeys("abcd", "a"), directions={},
        groups=material.labels["group_id"].to_numpy()[train], seed=0,
    )  # fmt: skip
    by_hand = log_loss(
        material.labels["bad"].to_numpy()[test], model.pd_hat(material.X.iloc[test])
    )
    assert fold_losses(material, BASE, folds)[0] == pytest.approx(by_hand)
    groups = material.labels["group_id"].to_numpy()
    assert not set(groups[train]) & set(groups[test])


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_a_search_that_was_killed_goes_on_with_all_its_finished_trials(tmp_path, material, folds):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = study_in(tmp_path)
    study.enqueue_trial(default_trial(BASE, {}, n_rows=ROWS))

    class Killed(BaseException):
        pass

    seen = []

    def told(trial):
        seen.append(trial.number)
        if len(seen) == 2:
            raise Killed

    with pytest.raises(Killed):
        search(study, material, BASE, folds, minutes=5, most_trials=9, told=told)
    again = study_in(tmp_path)
    assert ended(again) == 2
    assert again.trials[0].params["num_leaves"] == BASE.num_leaves
    kept = [trial.value for trial in again.trials]
    search(again, material, BASE, folds, minutes=5, most_trials=4, told=lambda trial: None)
    assert ended(again) == 4
    assert [trial.value for trial in again.trials][:2] == kept
    # The number of trials is used up, the time is not: nothing more is tried.
    search(again, material, BASE, folds, minutes=5, most_trials=4, told=lambda trial: None)
    assert ended(again) == 4


def test_trials_that_a_kill_left_open_are_closed_and_finished_ones_stay(tmp_path):
    study = study_in(tmp_path)
    study.tell(study.ask(), 0.3)
    study.ask()  # SIGKILL here: nobody tells how it ended
    again = study_in(tmp_path)
    assert close_cut_off(again) == 1
    assert [one.state.name for one in again.trials] == ["COMPLETE", "FAIL"]
    assert ended(again) == 1 and again.best_value == 0.3
    assert close_cut_off(again) == 0
    assert again.ask().number == 2


def test_a_winner_that_is_the_default_gains_nothing_and_the_default_stays(
    tmp_path, material, folds
):
    study = study_in(tmp_path)
    study.enqueue_trial(default_trial(BASE, {}, n_rows=ROWS))
    search(study, material, BASE, folds, minutes=5, most_trials=1, told=lambda trial: None)
    verdict = judge_winner(study, material, BASE, folds)
    assert verdict.gain.estimate == 0.0
    assert not verdict.gained
    assert verdict.options == BASE
    assert verdict.changed == {}


def test_what_is_not_searched_stays():
    trial = optuna.trial.FixedTrial(default_trial(BASE, {}, n_rows=ROWS))
    assert suggested(trial, BASE, n_rows=ROWS) == BASE


@pytest.mark.parametrize(
    "choices",
    [{}, {"max_bin": 200}, {"num_leaves": 48}, {"num_leaves": 3}, {"min_child_samples": 5},
     {"min_child_samples": 700}, {"subsample": 0.3}, {"lambda_l2": 250.0}, {"lambda_l2": 0.01}],
)  # fmt: skip
@pytest.mark.parametrize("n_rows", [300, 900, 100_000])
def test_the_first_trial_is_the_default_whatever_it_is(tmp_path, choices, n_rows):
    """On 900 rows with 45 bads a leaf has 40 accounts, and five columns are all drawn."""
    base = LightGBMOptions(**choices)
    size = as_dict(derive_size(base, n_rows=n_rows, n_bads=n_rows // 20, n_features=5))
    study = study_in(tmp_path)
    study.enqueue_trial(default_trial(base, size, n_rows=n_rows))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # optuna warns of values outside of what is searched
        tried = suggested(study.ask(), base, n_rows=n_rows)
    derived = {name: size[name] for name in ("min_child_samples", "colsample_bytree")}
    assert tried == replace(base, **derived)
