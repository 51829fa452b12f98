"""What a comparison says: who is ahead by more than chance, what held directions cost."""

import numpy as np
import pytest

from delinquency.log_odds import log_odds
from delinquency.modeling.comparison_findings import losses
from delinquency.modeling.contradicted_directions import contradicted_directions, direction_costs
from delinquency.modeling.recipes import Rows

BEHIND = {"mean": -0.02, "low": -0.03, "high": -0.01}
EVEN = {"mean": -0.02, "low": -0.05, "high": 0.01}


def report(peers, variants=(), directions=None):
    """Return a report in which the named ones have a difference of their own."""
    one = {name: {"roc_auc": {"difference": gap}} for name, gap in dict(peers).items()}
    two = {name: {"roc_auc": {"difference": gap}} for name, gap in dict(variants).items()}
    return {"peers": one, "variants": two, "directions": directions or {}}


def found(result, **known):
    return {
        one["name"]: one for one in losses(result, **{"sees_protected": [], "raw": [], **known})
    }


def test_a_lead_within_chance_is_no_loss():
    assert not found(report({"lightgbm": EVEN}))
    assert not found(report({"lightgbm": {"mean": 0.01, "low": 0.0, "high": 0.02}}))


def test_a_loss_is_told_from_the_side_of_the_rival():
    one = found(report({"lightgbm": BEHIND}))["lightgbm"]
    assert "AUC +0.0200 [+0.0100, +0.0300]" in one["words"]
    assert "make tune" in one["to_try"][0]


def test_a_rival_that_is_ahead_by_protected_columns_alone_is_no_aim():
    peers = {"lightgbm_raw": BEHIND, "lightgbm_raw_without_protected": EVEN}
    told = found(report(peers), sees_protected=["lightgbm_raw"], raw=list(peers))
    assert list(told) == ["lightgbm_raw"]
    assert told["lightgbm_raw"]["to_try"] == [
        "it sees protected columns, which the model must not use, and without them it is not "
        "ahead: nothing to try"
    ]
    both = dict.fromkeys(peers, BEHIND)
    told = found(report(both), sees_protected=["lightgbm_raw"], raw=list(peers))
    assert "lost in the features" in told["lightgbm_raw_without_protected"]["to_try"][0]


def test_directions_that_cost_are_named_dearest_first():
    directions = {
        "income": {"low": 0.001, "standard_errors": 3.0},
        "use": {"low": 0.002, "standard_errors": 6.0},
        "late": {"low": -0.1, "standard_errors": 1.0},
    }
    result = report({}, {"without_monotone": BEHIND}, directions)
    assert "(use, income first)" in found(result)["without_monotone"]["to_try"][0]


def test_a_direction_against_the_data_costs_and_the_right_one_saves():
    rng = np.random.default_rng(4)
    x = rng.normal(size=6000)
    chance = 1 / (1 + np.exp(1.5 - x))
    y = (rng.random(6000) < chance) * 1.0
    rows = Rows(np.column_stack([x, rng.normal(size=6000)]), y, y, np.arange(6000))
    # A model that was held from using the column knows the mean alone.
    flat = np.full(6000, log_odds(y.mean()))
    costs = direction_costs(rows, flat, {0: -1, 1: 1}, seed=1)
    # What is to be had at most: the log loss of the mean less that of the true chances.
    mean = y.mean()
    most = np.mean(y * np.log(chance / mean) + (1 - y) * np.log((1 - chance) / (1 - mean)))
    assert 0.7 * most < costs[0].gain < most
    assert costs[0].standard_errors > 10 and abs(costs[1].gain) < 0.001
    assert list(contradicted_directions(rows, flat, {0: -1, 1: 1}, seed=1)) == [0]
    right = direction_costs(rows, log_odds(chance), {0: 1}, seed=1)
    assert right[0].gain == pytest.approx(0, abs=0.001) and right[0].standard_errors < 2
