import pandas as pd

from delinquency.pipeline.card_book import rows_at_risk


def test_cards_are_of_the_latest_month_and_the_highest_probabilities():
    explained = pd.DataFrame(
        {
            "account_id": list("abcab"),
            "observation_month": pd.to_datetime(
                ["2024-01-01", "2024-01-01", "2024-02-01", "2024-02-01", "2024-02-01"]
            ),
            "pd_hat": [0.9, 0.8, 0.1, 0.3, 0.2],
        }
    )
    assert rows_at_risk(explained, 2).tolist() == [3, 4]
    assert rows_at_risk(explained, 9).tolist() == [3, 4, 2]
