"""Points add up to the score, double the odds as said, and name what cost most."""

import numpy as np
import pandas as pd
import pytest

from delinquency.errors import ChoiceError
from delinquency.log_odds import log_odds
from delinquency.modeling.scorecard import PointScale, Scorecard, fit_scorecard


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(4)
    X = pd.DataFrame({"late_days": rng.exponential(5, 3_000), "years": rng.normal(10, 4, 3_000)})
    X.loc[::9, "years"] = np.nan
    chance = 1 / (1 + np.exp(2.5 - 0.15 * X["late_days"] + 0.05 * X["years"].fillna(10)))
    return fit_scorecard(X, (rng.random(3_000) < chance).astype(float).to_numpy()), X


def test_points_are_the_log_odds_on_another_scale(fitted):
    card, X = fitted
    scale = PointScale(points=500, odds=20, to_double=40)
    total = card.points(X, scale).sum(axis=1).to_numpy()
    good_odds = -log_odds(card.pd_hat(X))
    assert np.allclose(total, 500 + 40 * (good_odds - np.log(20)) / np.log(2))


def test_weight_of_evidence_by_hand():
    X = pd.DataFrame({"late": [0.0] * 60 + [1.0] * 40})
    y = np.r_[np.ones(5), np.zeros(55), np.ones(15), np.zeros(25)]
    card = fit_scorecard(X, y)
    prior = 0.2  # one account with the overall bad rate of a fifth
    expected = np.log(((15 + prior) / 20) / ((25 + 1 - prior) / 80))
    assert card.evidence[0][np.searchsorted(card.cuts[0], 1.0)] == pytest.approx(expected)


def two_bins():
    """Late costs 2 log-odds against not late, long years 1 against short; nothing is missing."""
    return Scorecard(
        ("late", "years"),
        (np.array([0.5]), np.array([5.0])),
        (np.array([-1.0, 1.0, 0.0]), np.array([0.5, -0.5, 0.0])),
        -3.0,
        np.array([1.0, 1.0]),
    )


def test_reasons_are_the_points_lost_against_the_best_bin():
    X = pd.DataFrame({"late": [1.0, 0.0], "years": [2.0, 9.0]})
    found = two_bins().reason_points(X, scale=PointScale(to_double=10 * np.log(2)))
    assert found[["row", "rank", "feature"]].to_numpy().tolist() == [
        [0, 1, "late"], [0, 2, "years"],
    ]  # fmt: skip
    assert found["points_lost"].tolist() == pytest.approx([20.0, 10.0])


def test_the_card_has_a_line_for_every_bin_and_for_missing_values():
    table = two_bins().table(PointScale(points=100, odds=1, to_double=10 * np.log(2)))
    # 100 points at even odds, 30 more for the intercept of -3, shared by two features.
    assert table["points"].tolist() == [75, 55, 65, 60, 70, 65]
    assert table.loc[2, ["above", "up_to"]].isna().all()
    assert table.loc[0, "above"] == -np.inf and table.loc[0, "up_to"] == 0.5


def test_a_scale_that_doubles_nothing_is_refused():
    with pytest.raises(ChoiceError, match="above 0"):
        PointScale(to_double=0)
