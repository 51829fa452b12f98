import numpy as np
import pandas as pd

from delinquency.panel.window_rows import join_windows, take_rows
from delinquency.panel.windows import build_windows


def test_windows_that_are_taken_apart_and_joined_are_the_same() -> None:
    months = pd.date_range("2024-01-01", periods=3, freq="MS")
    statements = pd.DataFrame(
        {
            "account_id": np.repeat(["A", "B", "C"], 3),
            "month": np.tile(months, 3),
            "balance": np.arange(9.0),
            "days_past_due": 0.0,
        }
    )
    asked = pd.DataFrame({"account_id": ["A", "B", "C"], "observation_month": months[2]})
    whole = build_windows({"statements": statements}, asked, n_months=3)
    first = np.array([True, True, False])
    joined = join_windows([take_rows(whole, first), take_rows(whole, ~first)])
    assert joined.keys.equals(whole.keys)
    # C is the third account: its balances are 6, 7, 8.
    assert take_rows(whole, ~first)["balance"].tolist() == [[6.0, 7.0, 8.0]]
    for name in whole.monthly:
        np.testing.assert_array_equal(joined[name], whole[name])
