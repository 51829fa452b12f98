"""What knowing an account is worth: each test row scored with and without its own past."""

import numpy as np
import pandas as pd
import pytest

from delinquency.errors import ChoiceError
from delinquency.modeling.comparison import Recipe
from delinquency.modeling.splits import repeated_stratified_folds
from delinquency.validation.seen_and_unseen_accounts import score_seen_and_unseen

N_ACCOUNTS = 60


def panel():
    """Return features, outcomes and labels: a training and a test row of each account."""
    account = np.repeat(np.arange(N_ACCOUNTS), 2)
    labels = pd.DataFrame({"group_id": account.astype(str), "bad": (account % 4 == 0) * 1})
    X = pd.DataFrame({"account": account.astype(np.float64)})
    train = np.arange(len(account)) % 2 == 0
    return X, labels, train


def by_memory(X, y, seed):
    """Return a model that knows the outcome of each account it saw, and nothing of others."""
    seen = dict(zip(X["account"], y, strict=True))
    return lambda other: np.array([seen.get(one, 0.5) for one in other["account"]])


def twice(fit, *, n_splits=3, n_workers=1, reported=None):
    X, labels, train = panel()
    folds = repeated_stratified_folds(labels, n_splits=n_splits, n_repeats=1, seed=1)
    views = score_seen_and_unseen(
        X, labels["bad"], folds, train=train, test=~train, n_workers=n_workers,
        recipe=Recipe("one", "model", "features", fit), progress=reported,
    )  # fmt: skip
    return views, labels["bad"].to_numpy()[~train]


def test_pure_memory_knows_every_account_once_seen_and_none_when_new():
    views, bad = twice(by_memory)
    assert views.new.tolist() == [0.5] * N_ACCOUNTS
    assert views.known.tolist() == bad.tolist()


def test_a_rule_that_remembers_nothing_says_the_same_of_both():
    views, _ = twice(lambda X, y, seed: lambda other: other["account"].to_numpy() / N_ACCOUNTS)
    assert views.new.tolist() == views.known.tolist()


def test_no_model_is_fitted_on_a_test_row_and_all_on_equally_many_accounts():
    sizes = []

    def watched(X, y, seed):
        assert (X.index % 2 == 0).all()
        sizes.append(X["account"].nunique())
        return by_memory(X, y, seed)

    twice(watched, n_splits=4)
    # 15 bad and 45 good accounts in four folds: 3 or 4 and 11 or 12 of them are left out.
    assert len(sizes) == 4
    assert max(sizes) - min(sizes) <= 2
    assert sum(sizes) == 3 * N_ACCOUNTS


def test_workers_change_nothing_and_progress_is_told():
    steps = []
    one, _ = twice(by_memory)
    many, _ = twice(by_memory, n_workers=2, reported=lambda *done: steps.append(done))
    assert (one.new == many.new).all()
    assert (one.known == many.known).all()
    assert steps == [(1, 3), (2, 3), (3, 3)]


def test_two_folds_are_too_few_to_have_seen_what_another_did_not():
    with pytest.raises(ChoiceError, match="At least 3 folds"):
        twice(by_memory, n_splits=2)
