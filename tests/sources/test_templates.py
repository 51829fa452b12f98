"""The templates in conf/data are whole mappings: they read a file in the shape they describe."""

from pathlib import Path

import pytest
from tests.sources.test_taiwan_by_general_roads import options_of

from delinquency.sources.data_options import PanelData, TableData
from delinquency.sources.registered_sources import SOURCES


@pytest.fixture
def raw_dir(tmp_path: Path) -> Path:
    (tmp_path / "template").mkdir()
    return tmp_path


def test_the_panel_template_reads_a_panel(raw_dir):
    folder = raw_dir / "template"
    (folder / "statements.csv").write_text(
        "account,period,status,balance,paid,limit\na,202401,C,10,5,100\nb,202401,3,90,0,100\n"
    )
    (folder / "accounts.csv").write_text("account,customer,sex,age\na,p,F,40\nb,p,M,41\n")
    source = SOURCES["panel"](options_of("template_panel", PanelData), raw_dir)
    assert source.tables["statements"]["days_past_due"].tolist() == [0, 75]
    assert source.groups["group_id"].nunique() == 1, "both accounts are customer p's"


def test_the_table_template_reads_a_table(raw_dir):
    (raw_dir / "template" / "table.csv").write_text(
        "row,account,default,income,late_payments,debt_ratio,channel,age,sex\n"
        "1,a,0,2000,1,0.2,web,40,F\n2,b,1,-9,98,700,shop,30,M\n"
    )
    source = SOURCES["table"](options_of("template_table", TableData), raw_dir)
    assert source.labels["bad"].tolist() == [0, 1]
    assert source.features["debt_ratio_amount"][1] == 700
    assert source.features["late_payments"].isna().tolist() == [False, True]
