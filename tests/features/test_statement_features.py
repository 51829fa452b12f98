"""Values by hand on the 5-account panel (see ``tests/conftest.py`` for its bills and payments)."""

import numpy as np
import pandas as pd
import pytest

from delinquency.features.registered_features import FEATURES
from delinquency.panel.windows import build_windows

NAN = np.nan
LOG = np.log1p

# feature: values of full, revolver, late, gap, idle
BY_HAND = {
    # revolver (.5+.6+.7+.8+.9+1)/6 = .75; gap (.2+.6+.5+.8)/4 = .525
    "utilization_mean": [0.2, 0.75, 0.5, 0.525, 0.0],
    # revolver ends April to June at .8, .9 and 1.0 of its limit
    "near_limit_months": [0, 2, 0, 0, 0],
    # latest less first known balance over the limit: 500/1000, 300/500
    "balance_growth": [0.0, 0.5, 0.0, 0.6, 0.0],
    "headroom_log": [LOG(800), 0.0, LOG(1000), LOG(100), LOG(800)],
    # less than the bill before was paid: five months of six have a bill before; gap in March
    "revolving_months": [0, 5, 5, 1, 0],
    "late_months": [0, 0, 3, 1, 0],
    "late_months_60": [0, 0, 2, 0, 0],
    "late_months_90": [0, 0, 1, 0, 0],
    "late_streak": [0, 0, 3, 0, 0],
    # gap was late in March: June - March = 3; never = 6, the length of the window
    "months_since_late": [6, 6, 0, 3, 6],
    # late: 90 + 60 * .8 + 30 * .64 = 157.2 days; gap: 30 * .8^3 = 15.36
    "lateness_weighted": [0.0, 0.0, 157.2, 15.36, 0.0],
    # paid over the bill before, February to June: full 200/200; revolver 50/500 to 50/900; late
    # 100/1000 twice, then 0; gap 20/100 in March, 250/250 in June, no bill before April and May
    "payment_ratio_mean_6m": [
        1.0,
        (1 / 10 + 1 / 12 + 1 / 14 + 1 / 16 + 1 / 18) / 5,
        0.04,
        0.6,
        NAN,
    ],
    "payment_ratio_max_6m": [1.0, 0.1, 0.1, 1.0, NAN],
    "full_payment_months": [5, 0, 0, 1, 0],
    "unpaid_months": [0, 0, 3, 0, 0],
    "months_since_payment": [0, 0, 3, 0, 6],
    # bills answered: late 2 (February, March) of 5; gap: April is not known, so not counted
    "bills_answered": [1.0, 1.0, 0.4, 1.0, NAN],
    # new charges: full 5 * 200; revolver 5 * (100 + 50); late 2 * 100; gap 220 + 400
    # payments: 1200; 300; 300; 0 + 20 + 100 + 250 = 370
    "charges_to_payments": [1000 / 1200, 750 / 300, 200 / 300, 620 / 370, NAN],
    "charges_log": [LOG(1000), LOG(750), LOG(200), LOG(620), 0.0],
    "overspent_months": [0, 5, 0, 2, 0],
    "idle_months": [0, 0, 0, 0, 6],
    # status codes -1, 0, 0, 1, -2 in March: a month behind settles nothing, and is the record's
    "settled_status_3m_ago": [-1, 0, 0, 0, -2],
    "months_behind_3m_ago": [0, 0, 0, 1, 0],
    # paid in May of the bill of April: 50/800; gap has no bill of April, idle none at all
    "payment_ratio_1m_ago": [1.0, 50 / 800, 0.0, NAN, NAN],
    # only the bills of 200 were within reach of an earlier payment (200)
    "unpaid_though_payable": [0.0, NAN, NAN, NAN, NAN],
}


@pytest.mark.parametrize("name", BY_HAND)
def test_a_feature_equals_its_value_by_hand(name, five_accounts, five_observations):
    windows = build_windows(five_accounts, five_observations, n_months=6)
    np.testing.assert_allclose(FEATURES[name].compute(windows), BY_HAND[name], atol=1e-12)


def _account(balance: list[float], payment: list[float], limit: float = 1000.0):
    months = pd.date_range("2024-01-01", periods=len(balance), freq="MS").astype("datetime64[ms]")
    statements = pd.DataFrame(
        {
            "account_id": "a", "month": months, "credit_limit": limit, "balance": balance,
            "payment": payment, "days_past_due": 0.0, "repayment_status": 0.0,
        }
    )  # fmt: skip
    observed = pd.DataFrame({"account_id": ["a"], "observation_month": [months[-1]]})
    return build_windows({"statements": statements}, observed, n_months=len(balance))


def _value(name: str, windows) -> float:
    return float(FEATURES[name].compute(windows)[0])


def test_not_paying_counts_as_unwilling_only_where_the_bill_was_within_reach():
    # The bills of 800 follow a payment of 900: payable. The first is left unpaid, the second paid.
    able = _account([900, 800, 800, 800], [0, 900, 0, 800])
    # bills: 900 (nothing paid before: not payable), 800, 800; unpaid: the second of the three
    assert _value("unpaid_though_payable", able) == 0.5
    assert _value("unpaid_payable_bills", able) == 1.0
    # The same unpaid bill, with no sign that it was ever within reach.
    unable = _account([900, 800, 800, 800], [0, 50, 0, 50])
    assert np.isnan(_value("unpaid_though_payable", unable))
    assert _value("unpaid_payable_bills", unable) == 0.0


def test_a_small_bill_is_payable_without_an_earlier_payment():
    # bills 100, 100: 10 % of the limit of 1000; one of the two was left unpaid
    assert _value("unpaid_though_payable", _account([100, 100, 100], [0, 0, 100])) == 0.5
