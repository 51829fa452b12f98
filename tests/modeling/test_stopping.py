"""Tables whose right number of trees is known: next to none for chance, many for a signal."""

from dataclasses import replace

import lightgbm as lgb
import numpy as np
import pandas as pd

from delinquency.modeling import stopping
from delinquency.modeling.boosting import fit_model
from delinquency.modeling.learning_rate_warmup import with_warmup
from delinquency.modeling.lightgbm_options import LightGBMOptions
from delinquency.modeling.stopping import (
    HASTE,
    MOST_TREES,
    WITHOUT_SEARCH,
    Growth,
    can_search,
    steps_of_search,
    trees_of,
    turn,
)

SEARCHED = LightGBMOptions(learning_rate=0.03)


def chance(n, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.normal(size=(n, 6)), columns=list("abcdef")), rng.random(n) < 0.3


def trees(X, y, groups=None, **changes):
    options = replace(SEARCHED, **changes)
    model = fit_model(
        X, np.asarray(y, int), options=options, traits=dict.fromkeys(X, "debt_burden"),
        directions={}, groups=groups, n_threads=1,
    )  # fmt: skip
    assert model.booster.current_iteration() == model.metadata["size"]["n_estimators"]
    return model


def count(model):
    return model.metadata["size"]["n_estimators"]


def test_chance_teaches_next_to_no_tree_and_a_signal_many():
    X, y = chance(1500)
    signal = np.random.default_rng(1).random(1500) < 1 / (1 + np.exp(-2 * X["a"] - X["b"]))
    assert count(trees(X, y)) < 40
    assert count(trees(X, signal)) > 150


def test_a_search_that_ends_before_the_turn_says_so(monkeypatch):
    X, _ = chance(1500)
    signal = np.random.default_rng(1).random(1500) < 1 / (1 + np.exp(-2 * X["a"] - X["b"]))
    assert "may fall further" not in trees(X, signal).metadata["trees"]
    monkeypatch.setattr(stopping, "MOST_TREES", 60)
    short = trees(X, signal)
    assert count(short) <= with_warmup(round(60 * stopping.ALL_ROWS))
    assert "may fall further" in short.metadata["trees"]


def test_rows_of_one_account_are_held_out_together():
    # Each row four times over. If a copy stayed among the training rows, the more of them a model
    # learnt by heart, the better it would look.
    X, y = chance(400)
    copies, labels = pd.concat([X] * 4, ignore_index=True), np.tile(y, 4)
    loose = {"min_child_samples": 4, "lambda_l2": 0.1}
    together = count(trees(copies, labels, groups=np.tile(np.arange(400), 4), **loose))
    apart = count(trees(copies, labels, **loose))
    assert together < 60
    assert apart > 5 * together


def test_a_seed_finds_the_same_trees_on_any_number_of_threads():
    X, y = chance(600, seed=3)
    y = y | (X["a"] > 1)
    found = [
        fit_model(
            X, y.to_numpy(int), options=SEARCHED, traits=dict.fromkeys(X, "debt_burden"),
            directions={}, n_threads=n_threads,
        )
        for n_threads in (1, 2)
    ]  # fmt: skip
    assert count(found[0]) == count(found[1])
    assert np.array_equal(found[0].raw_score(X), found[1].raw_score(X))


def test_where_no_fold_can_be_held_out_a_small_number_is_taken_and_said():
    X, _ = chance(200)
    y = np.zeros(200)
    y[:2] = 1
    assert not can_search(y, np.arange(200))
    model = trees(X, y)
    # LightGBM ends earlier when two bad rows allow no further split.
    assert 0 < count(model) <= WITHOUT_SEARCH
    assert "too few accounts" in model.metadata["trees"]
    # three bad rows of one account are one bad account
    assert not can_search(np.ones(9), np.repeat([0, 1, 2], 3))


def test_what_is_given_is_taken_and_the_progress_ends_at_its_own_total():
    X, y = chance(300)
    seen = []
    model = fit_model(
        X, y.astype(int), options=replace(SEARCHED, n_estimators=7),
        traits=dict.fromkeys(X, "debt_burden"), directions={},
        progress=lambda done, total: seen.append((done, total)),
    )  # fmt: skip
    assert count(model) == 7
    assert model.metadata["trees"] == "as given"
    assert seen == [(k, 7) for k in range(1, 8)]
    searched = []
    fit_model(
        X, y.astype(int), options=SEARCHED, traits=dict.fromkeys(X, "debt_burden"),
        directions={}, progress=lambda done, total: searched.append((done, total)),
    )  # fmt: skip
    assert searched[-1][0] == searched[-1][1]
    assert all(done <= total for done, total in searched)


def test_the_trees_are_judged_by_what_happened_whatever_is_learnt_from():
    # The labels follow a feature, what happened does not: every tree makes held-out rows worse.
    X, y = chance(1500)
    params = {"objective": "cross_entropy", "learning_rate": 0.1, "verbosity": -1, "seed": 0}
    labels = 1 / (1 + np.exp(-2 * X["a"].to_numpy()))
    train, test = np.arange(1000), np.arange(1000, 1500)
    for happened, few in ((y, True), (X["a"].to_numpy() > 0, False)):
        data = lgb.Dataset(X.to_numpy(), labels)
        held_out = data.subset(test).construct().set_label(np.asarray(happened, float)[test])
        growth = Growth(data.subset(train), held_out, params, lambda _: None)
        n_trees, _ = trees_of(turn([growth], steps_of_search(0.1)), 0.1)
        assert (n_trees < 20) == few


def test_the_search_takes_longer_steps_and_as_many_in_proportion():
    assert steps_of_search(0.01) == round(MOST_TREES / HASTE)
    assert steps_of_search(0.04) == MOST_TREES // 3  # steps of 0.12, the longest
    assert steps_of_search(0.5) == MOST_TREES  # steps of the fit, which are longer
