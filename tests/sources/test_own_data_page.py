"""The mappings shown in docs/own-data.md are read, and give what the page says."""

import re
from pathlib import Path

import numpy as np
import pytest
from omegaconf import OmegaConf

from delinquency.sources.data_options import PanelData, TableData
from delinquency.sources.registered_sources import SOURCES

PAGE = (Path(__file__).parents[2] / "docs" / "own-data.md").read_text(encoding="utf-8")
SHAPES = {"panel_data": PanelData, "table_data": TableData}


def shown(name: str):
    """Return the mapping that the page shows for conf/data/<name>.yaml, as its dataclass."""
    (block,) = re.findall(rf"```yaml\n# conf/data/{name}\.yaml\n(.*?)```", PAGE, re.DOTALL)
    chosen = OmegaConf.create(block)
    shape = SHAPES[chosen.pop("defaults")[0]]
    return OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(shape), chosen))


def test_the_status_panel_is_read_with_persons_kept_together(tmp_path: Path):
    (tmp_path / "credit_record.csv").write_text(
        "ID,MONTHS_BALANCE,STATUS\n7,0,C\n7,-1,2\n8,0,X\n9,0,5\n"
    )
    (tmp_path / "application_record.csv").write_text(
        "ID,CODE_GENDER,DAYS_BIRTH,AMT_INCOME_TOTAL\n7,F,-9000,100\n8,F,-9000,100\n9,M,-9000,250\n"
    )
    source = SOURCES["panel"](shown("cards"), tmp_path)
    assert source.tables["statements"]["days_past_due"].tolist() == [75, 0, 0, 150]
    # No loan (X) and paid off (C) owe nothing alike, and are told apart.
    assert source.tables["statements"]["repayment_status"].tolist() == [3, -1, -2, 6]
    assert source.groups["group_id"].tolist() == ["7", "7", "9"]


def test_the_home_equity_table_is_read_with_its_codes(tmp_path: Path):
    (tmp_path / "home_equity.csv").write_text(
        "RiskPerformance,ExternalRiskEstimate,MSinceMostRecentDelq,NetFractionRevolvingBurden\n"
        "Bad,55,2,98\nGood,-9,-7,-8\n"
    )
    source = SOURCES["table"](shown("home_equity"), tmp_path)
    assert source.labels["bad"].tolist() == [1, 0]
    first = source.features["NetFractionRevolvingBurden"]
    assert first[0] == 98 and np.isnan(first[1])
    assert source.features["MSinceMostRecentDelq_not_applicable"].tolist() == [0, 1]


def test_the_consumer_table_is_read_with_its_ratio_told_apart(tmp_path: Path):
    (tmp_path / "consumer.csv").write_text(
        ",SeriousDlqin2yrs,age,NumberOfTime30-59DaysPastDueNotWorse,DebtRatio,MonthlyIncome\n"
        "1,1,45,2,0.8,9120\n2,0,40,98,5710,\n"
    )
    source = SOURCES["table"](shown("consumer"), tmp_path)
    assert source.features["DebtRatio_amount"][1] == 5710
    assert source.protected["age"].tolist() == [45, 40]


@pytest.mark.parametrize("name", ["cards", "home_equity", "consumer"])
def test_every_mapping_on_the_page_has_its_own_name(name):
    assert shown(name).name == name
