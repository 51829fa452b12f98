"""People put together from the traits of two accounts."""

import numpy as np
import pandas as pd
import pytest

from delinquency.errors import DataError
from delinquency.labels import label_outcomes
from delinquency.options.data import LabelOptions, SyntheticData
from delinquency.portfolio import generate
from delinquency.portfolio import parameters as p
from delinquency.portfolio.exchanges import EXCHANGES, OWN, _put_together, exchanged_people
from delinquency.portfolio.futures import (
    HORIZON_MONTHS,
    bad_probabilities,
    coalition_probabilities,
)
from delinquency.portfolio.truth import Present, causal_truth, present_lives, surroundings
from delinquency.traits import TRAITS

SETTINGS = {"name": "synthetic", "n_accounts": 200, "n_months": 20, "seed": 9, "tables": []}
OPTIONS = SyntheticData(**SETTINGS, audit_paths=60)


@pytest.fixture(scope="module")
def observations():
    tables = generate(SyntheticData(**SETTINGS))
    labels = label_outcomes(tables["statements"], None, LabelOptions(history_months=6)).frame
    last = labels[labels["observation_month"] == labels["observation_month"].max()]
    return last[["account_id", "observation_month"]].reset_index(drop=True)


@pytest.fixture(scope="module")
def people(observations):
    return exchanged_people(OPTIONS, observations)


def owned(people):
    return people[[OWN + key for key in TRAITS]].to_numpy()


def test_the_chance_is_the_last_coalitions_with_the_same_draws(observations):
    present = present_lives(OPTIONS, observations.iloc[:4])
    rng = np.random.default_rng(0)
    normals = rng.standard_normal((4, 5, HORIZON_MONTHS, p.N_TRAITS))
    uniforms = rng.random((4, 5, HORIZON_MONTHS, 2))
    truth, around = p.weighting(OPTIONS), surroundings(int(present.month[0]))
    found = bad_probabilities(
        truth.weights, truth.state_base, present.level, present.latent, present.start, around,
        normals, uniforms,
    )  # fmt: skip
    for i in range(4):
        whole = coalition_probabilities(
            truth.weights, truth.state_base, present.level[i], present.latent[i],
            present.start[i], around, normals[i], uniforms[i],
        )  # fmt: skip
        assert found[i] == whole[63]


def test_everybody_is_first_and_second_once_a_round_and_never_with_himself(observations, people):
    n = len(observations)
    assert len(people) == n * EXCHANGES
    for start in range(0, len(people), n):
        one = people.iloc[start : start + n]
        assert sorted(one["first"]) == sorted(one["second"]) == list(range(n))
    assert (people["first"] != people["second"]).all()


def test_every_size_of_coalition_comes_as_often_and_so_does_every_trait(people):
    own = owned(people)
    sizes = np.bincount(own.sum(axis=1), minlength=7) / len(own)
    error = 4 * np.sqrt(1 / 7 * 6 / 7 / len(own))
    assert sizes == pytest.approx([1 / 7] * 7, abs=error)
    assert own.mean(axis=0) == pytest.approx([0.5] * 6, abs=4 * np.sqrt(0.25 / len(own)))


def test_who_keeps_all_traits_has_his_own_chance_and_who_keeps_none_the_others(
    observations, people
):
    truth = causal_truth(OPTIONS, observations)
    alone = p.sigmoid(truth["worth_63"].to_numpy())
    count = owned(people).sum(axis=1)
    for side, whole in (("first", 6), ("second", 0)):
        rows = people[count == whole]
        expected = alone[rows[side].to_numpy()]
        off = rows["chance"].to_numpy() - expected
        assert len(rows) > 300
        assert abs(off.mean()) < 4 * off.std() / np.sqrt(len(rows))
        assert np.corrcoef(rows["chance"], expected)[0, 1] > 0.95


def test_a_trait_comes_with_its_state():
    level, start = (np.repeat([[1.0], [2.0]], size, axis=1) for size in (6, 4))
    both = Present(np.arange(2), np.zeros(2, int), level, level, start)
    own = np.zeros((1, 6), bool)
    own[0, p.RECORD] = True
    level, latent, start = _put_together(both, np.array([0]), np.array([1]), own)
    assert level.tolist() == latent.tolist() == [[2.0, 1.0, 2.0, 2.0, 2.0, 2.0]]
    assert start.tolist() == [[2.0, 2.0, 1.0, 1.0]]  # job and grievance stay; arrears come along
    own[0] = False
    own[0, [p.ECONOMY, p.WILLINGNESS]] = True
    assert _put_together(both, np.array([0]), np.array([1]), own)[2].tolist() == [[1, 1, 2, 2]]


def test_threads_change_nothing(observations, people):
    pd.testing.assert_frame_equal(exchanged_people(OPTIONS, observations, n_threads=3), people)


def test_nobody_gives_nobody(observations):
    assert len(exchanged_people(OPTIONS, observations.iloc[:0])) == 0


def test_months_cannot_be_mixed(observations):
    mixed = observations.iloc[:2].copy()
    mixed.loc[1, "observation_month"] -= pd.DateOffset(months=1)
    with pytest.raises(DataError, match="one month"):
        exchanged_people(OPTIONS, mixed)
