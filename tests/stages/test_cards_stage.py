import socket

import pandas as pd
import pytest

from delinquency.config import load
from delinquency.errors import ChoiceError
from delinquency.pipeline.card_accounts import (
    rows_at_risk,
    rows_of_accounts,
    wanted_accounts,
)
from delinquency.stages import explain, ui
from delinquency.traits import TRAITS


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


def test_an_id_that_lost_its_zeros_is_told_the_one_that_has_them():
    explained = pd.DataFrame(
        {
            "account_id": [f"{number:06d}" for number in range(50)],
            "observation_month": pd.Timestamp("2024-01-01"),
        }
    )
    with pytest.raises(ChoiceError, match=r"The account was not explained: 42\..*such as 000042,"):
        rows_of_accounts(explained, ["42"])


@pytest.mark.parametrize(
    ("content", "ids"),
    [
        (b"\xef\xbb\xbf000001\r\n\r\n 000003 \r\n000001", ["000001", "000003", "000001"]),
        (b"\xff\xfe0\x000\x001\x00", None),
        (b"\n \n", None),
    ],
)
def test_a_file_of_ids_is_read_as_text_or_refused_in_words(tmp_path, content, ids):
    path = tmp_path / "ids.txt"
    path.write_bytes(content)
    config = load([f"paths.root={tmp_path}", f"cards.file={path}", "stage=cards"])
    if ids is None:
        with pytest.raises(ChoiceError, match=r"cards\.file"):
            wanted_accounts(config)
    else:
        assert wanted_accounts(config) == ids


def test_an_account_without_dates_is_explained_without_one(capsys):
    row = {
        "account_id": "a", "observation_month": pd.Timestamp("2000-01-01"), "pd_hat": 0.1,
        "base_value": -2.0, "raw_score": -2.2, "dominant_trait": "none",
    }  # fmt: skip
    for key in TRAITS:
        row |= {f"outcome_{key}": "", f"trait_{key}": 0.0, f"evidence_{key}": "partial"}
    explain._say_account(pd.DataFrame([row]), "a", dated=False)
    assert "2000" not in capsys.readouterr().out
    later = {**row, "observation_month": pd.Timestamp("2000-04-01")}
    explain._say_account(pd.DataFrame([row, later]), "a", dated=True)
    told = capsys.readouterr().out
    assert "Account a, observed 2000-04 (the latest of its 2 observations): PD 10.0%" in told


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
