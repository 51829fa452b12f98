import numpy as np
import pandas as pd
import pytest

from delinquency.features.feature_matrix import select_features
from delinquency.features.feature_options import FeatureOptions
from delinquency.panel.windows import Windows, build_windows
from delinquency.validation.cost_of_clearing import RULES, forgetting_curve


@pytest.fixture
def windows() -> Windows:
    """Two years of two accounts: A was 45 days late in month 4, B never."""
    months = pd.date_range("2023-01-01", periods=24, freq="MS")
    frames = [
        pd.DataFrame(
            {
                "account_id": account,
                "month": months,
                "credit_limit": 1_000.0,
                "balance": 500.0,
                "payment": 50.0,
                "days_past_due": [late if k == 3 else 0.0 for k in range(24)],
            }
        )
        for account, late in (("A", 45.0), ("B", 0.0))
    ]
    asked = pd.DataFrame({"account_id": ["A", "B"], "observation_month": months[[-1, -1]]})
    return build_windows({"statements": pd.concat(frames)}, asked, n_months=24)


def test_each_rule_is_measured_on_features_without_what_it_erases(windows: Windows) -> None:
    selection = select_features(windows, FeatureOptions())
    seen = []

    def fit(matrix: pd.DataFrame, bad: np.ndarray) -> object:
        return lambda rows: rows["late_months"].fillna(0.0).to_numpy()

    measures = {"worst": lambda _bad, pd_hat: seen.append(pd_hat) or float(pd_hat.max())}
    curve = forgetting_curve(
        windows, np.array([1.0, 0.0]), is_test=np.array([True, False]), selection=selection,
        learner=(fit, measures),
    )  # fmt: skip
    assert curve["rule"].tolist() == list(RULES)
    # The cure in month 5 lies 24 - 5 = 19 months back: 0 and 12 months have passed, 24 have not.
    erased = curve["share_erased"].tolist()
    # One of 48 account-months.
    assert erased == pytest.approx([1 / 48, 1 / 48, 0.0, 0.0, 0.0])
    assert len(seen) == 3  # what keeps a history longer than the windows is measured once


def test_forgetting_takes_the_lateness_from_the_measured_rows(windows: Windows) -> None:
    told = ("late_months", "late_streak_longest", "cures", "months_behind_max_earlier")
    selection = [f for f in select_features(windows, FeatureOptions()) if f.name in told]

    def fit(matrix: pd.DataFrame, bad: np.ndarray) -> object:
        return lambda rows: rows.fillna(0.0).abs().sum(axis=1).to_numpy()

    curve = forgetting_curve(
        windows, np.array([1.0, 0.0]), is_test=np.array([True, True]), selection=selection,
        learner=(fit, {"gap": lambda _bad, score: float(score[0] - score[1])}),
    )  # fmt: skip
    # With the spell forgotten, A is as B; with it kept, the two differ.
    assert curve["gap"].abs().gt(0).tolist() == [False, False, True, True, True]
