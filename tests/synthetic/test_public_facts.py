import json

import numpy as np
import pandas as pd
import pytest

from delinquency.panel.label_options import LabelOptions
from delinquency.synthetic.blocks import blocks
from delinquency.synthetic.generator import generate_portfolio
from delinquency.synthetic.hidden_truth import hidden_lives
from delinquency.synthetic.portfolio_options import SyntheticData
from delinquency.synthetic.published_figures import Figure
from delinquency.synthetic.realism import calibrate
from delinquency.synthetic.trait_r_squared import latent_r_squared
from delinquency.traits import TRAITS


@pytest.fixture(scope="module")
def portfolio():
    options = SyntheticData(
        name="synthetic",
        n_accounts=3_000,
        tables=[],
        seed=11,
        label=LabelOptions(history_months=12, observation_every=3),
    )
    lives = [hidden_lives(options, one) for one in blocks(options)]
    return options, generate_portfolio(options), pd.concat(lives, ignore_index=True)


@pytest.fixture(scope="module")
def calibration(portfolio):
    options, tables, hidden = portfolio
    return calibrate(tables, hidden, options)


def measured(calibration, start):
    return next(f.measured for f in calibration.figures if f.name.startswith(start))


def test_the_portfolio_is_near_its_main_targets(calibration):
    # Wide enough for 3,000 accounts; the figures of the full portfolio stand in the docs.
    assert 0.024 < measured(calibration, "Current accounts") < 0.034
    assert 0.17 < measured(calibration, "Roll 1-29") < 0.24
    assert 0.68 < measured(calibration, "Roll 30-59") < 0.80
    assert 0.040 < measured(calibration, "Bad within 12 months") < 0.070
    assert 0.87 < measured(calibration, "AUC of the true") < 0.92
    assert measured(calibration, "Willingness dominant") < 0.18


def test_the_figures_survive_a_round_trip_through_json(calibration):
    text = json.dumps(calibration.to_dict(), allow_nan=False)
    back = json.loads(text)
    assert len(back["figures"]) == len(calibration.figures)
    assert {row["trait"] for row in back["traits"]} == set(TRAITS)
    assert back["settings"]["name"] == "synthetic"


def test_shares_of_the_dominant_trait_add_up_to_one(calibration):
    assert calibration.traits["dominant_share"].sum() == pytest.approx(1.0)


def test_near_means_within_the_range_and_its_tolerance():
    def figure(value):
        return Figure("x", value, 0.10, 0.20, "share", "public", "nobody", tolerance=0.10)

    # 0.10 - 10 % = 0.09 and 0.20 + 10 % = 0.22.
    assert figure(0.0901).near and figure(0.2199).near
    assert not figure(0.0899).near and not figure(0.2201).near
    assert figure(float("nan")).near is None


def test_balances_late_are_weighed_by_what_is_owed(portfolio):
    options, tables, hidden = portfolio
    frame = tables["statements"]
    doubled = frame.assign(
        balance=frame["balance"].where(frame["days_past_due"] < 30, 2 * frame["balance"])
    )
    more = calibrate({**tables, "statements": doubled}, hidden, options)
    share = measured(calibrate(tables, hidden, options), "Balances 30 days")
    # Late balances L of T become 2L of T + L: share s becomes 2s / (1 + s).
    assert measured(more, "Balances 30 days") == pytest.approx(2 * share / (1 + share))


def test_determination_tells_a_copy_from_noise(portfolio):
    _, _, hidden = portfolio
    rows = hidden.sample(4_000, random_state=0).reset_index(drop=True)
    random = np.random.default_rng(0)
    features = rows[["account_id", "observation_month"]].assign(
        copy=rows["latent_debt_burden"],
        noise=random.standard_normal(len(rows)),
    )
    traits = {"copy": "debt_burden", "noise": "spending_behavior"}
    table = latent_r_squared(features, hidden, traits, seed=1).set_index("trait")
    assert table.loc["debt_burden", "r_squared_own"] > 0.95
    assert table.loc["spending_behavior", "r_squared_own"] < 0.05
    assert np.isnan(table.loc["credit_record", "r_squared_own"])
