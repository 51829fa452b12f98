"""Two accounts exchange traits in the simulator."""

import numpy as np
import pandas as pd
import pytest

from delinquency.errors import DataError
from delinquency.panel.label_options import LabelOptions
from delinquency.panel.outcomes import label_outcomes
from delinquency.synthetic import parameters as p
from delinquency.synthetic.generator import generate_portfolio
from delinquency.synthetic.hidden_truth import (
    Present,
    causal_truth,
    coalition_log_odds,
    present_lives,
)
from delinquency.synthetic.portfolio_options import SyntheticData
from delinquency.synthetic.trait_swaps import EXCHANGED, swapped_traits

SETTINGS = {"name": "synthetic", "n_accounts": 200, "n_months": 20, "seed": 9, "tables": []}
OPTIONS = SyntheticData(**SETTINGS, audit_paths=60)
ALL, NONE = 63, 0


@pytest.fixture(scope="module")
def observations():
    tables = generate_portfolio(SyntheticData(**SETTINGS))
    labels = label_outcomes(tables["statements"], None, LabelOptions(history_months=6)).frame
    last = labels[labels["observation_month"] == labels["observation_month"].max()]
    return last[["account_id", "observation_month"]].iloc[:61].reset_index(drop=True)


@pytest.fixture(scope="module")
def people(observations):
    return swapped_traits(OPTIONS, present_lives(OPTIONS, observations))


def worths(frame):
    return frame[list(EXCHANGED)].to_numpy()


def test_everybody_but_one_is_in_one_couple_seen_from_both_sides(observations, people):
    assert len(observations) % 2 == 1
    n_couples = len(people) // 2
    assert n_couples == len(observations) // 2
    assert people["first"].is_unique and people["second"].is_unique
    sides = people[["first", "second"]].to_numpy()
    assert (sides[:n_couples] == sides[n_couples:, ::-1]).all()
    assert (sides[:, 0] != sides[:, 1]).all()
    # What the one keeps the other gets.
    assert (worths(people)[:n_couples] == worths(people)[n_couples:, ::-1]).all()


def test_who_keeps_all_traits_has_his_own_chance_and_who_keeps_none_the_others(
    observations, people
):
    alone = causal_truth(OPTIONS, present_lives(OPTIONS, observations))["worth_63"].to_numpy()
    for side, coalition in (("first", ALL), ("second", NONE)):
        found = worths(people)[:, coalition]
        # Other futures: 100 and 60 of them.
        assert np.abs(found - alone[people[side]]).max() < 1.0
        assert np.corrcoef(found, alone[people[side]])[0, 1] > 0.98


def test_with_himself_nobody_can_exchange_anything(observations):
    present = present_lives(OPTIONS, observations.iloc[:1])
    twice = coalition_log_odds(OPTIONS, present, [0, 0], key=4, n_paths=20)
    assert np.ptp(twice) < 1e-12


def one_of_each(trait):
    """Return two people who differ in one trait only: level, state and all that goes with it."""
    level, latent = np.zeros((2, 6)), np.zeros((2, 6))
    level[0, trait] = latent[0, trait] = 2.0
    start = np.zeros((2, 4))
    states = {p.ECONOMY: (0,), p.RECORD: (2, 3), p.WILLINGNESS: (1,)}.get(trait, ())
    start[0, list(states)] = 1.0
    return Present(
        pd.DataFrame(index=range(2)), np.arange(2), np.full(2, 640), level, latent, start
    )


@pytest.mark.parametrize("trait", range(6))
def test_a_trait_goes_with_its_level_its_state_and_nothing_else(trait):
    worth = coalition_log_odds(OPTIONS, one_of_each(trait), [0, 1], key=4, n_paths=20)
    keeps = np.arange(64) >> trait & 1 == 1
    assert np.ptp(worth[keeps]) < 1e-12  # whatever else is exchanged
    assert np.ptp(worth[~keeps]) < 1e-12
    assert worth[ALL] > worth[NONE] + 0.1


def test_a_placebo_changes_nothing_at_all():
    options = SyntheticData(**SETTINGS, placebo="debt_burden")
    found = worths(swapped_traits(options, present_of(options)))
    without = np.array([c for c in range(64) if not c >> p.DEBT & 1])
    assert (found[:, without] == found[:, without | 1 << p.DEBT]).all()
    assert (found[:, 0] != found[:, 1 << p.CAPACITY]).all()


def present_of(options):
    """Return the first accounts that this portfolio can score in its last month."""
    labels = label_outcomes(
        generate_portfolio(options)["statements"], None, LabelOptions(history_months=6)
    ).frame
    last = labels[labels["observation_month"] == labels["observation_month"].max()]
    return present_lives(options, last.iloc[:6])


def test_threads_change_nothing(observations, people):
    pd.testing.assert_frame_equal(
        swapped_traits(OPTIONS, present_lives(OPTIONS, observations), n_threads=3), people
    )


def test_nobody_gives_nobody(observations):
    assert len(swapped_traits(OPTIONS, present_lives(OPTIONS, observations.iloc[:0]))) == 0


def test_months_cannot_be_mixed(observations):
    mixed = observations.iloc[:2].copy()
    mixed.loc[1, "observation_month"] -= pd.DateOffset(months=1)
    with pytest.raises(DataError, match="one month"):
        swapped_traits(OPTIONS, present_lives(OPTIONS, mixed))
