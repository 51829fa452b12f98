import socket

import pandas as pd
import pytest

from delinquency.config import load
from delinquency.errors import ChoiceError
from delinquency.pipeline.card_accounts import rows_at_risk, rows_of_accounts
from delinquency.stages import ui


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


def test_any_account_can_be_asked_for_in_its_latest_month():
    explained = pd.DataFrame(
        {
            "account_id": list("abcab"),
            "observation_month": pd.to_datetime(
                ["2024-01-01", "2024-01-01", "2024-02-01", "2024-02-01", "2024-02-01"]
            ),
            "pd_hat": [0.9, 0.8, 0.1, 0.3, 0.2],
        }
    )
    assert rows_of_accounts(explained, ["c", "a", "c"]).tolist() == [2, 3]
    with pytest.raises(ChoiceError, match="1 of 2 accounts was not explained: z.*such as a, b, c"):
        rows_of_accounts(explained, ["a", "z"])


def test_the_ui_says_when_its_port_is_taken(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        (tmp_path / "mlflow.db").touch()
        config = load([f"paths.root={tmp_path}", f"tracking.port={port}", "stage=ui"])
        with pytest.raises(ChoiceError, match=r"taken.*tracking\.port=") as told:
            ui.run(config)
        assert told.value.exit_code == 2
