"""The look at a file before training: findings on small files whose faults were put there."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from omegaconf import OmegaConf

from delinquency.errors import ChoiceError
from delinquency.reporting.inspection_page import as_html
from delinquency.sources.data_options import PanelData, TableData
from delinquency.sources.inspect.column_profile import order_drift, rank_auc
from delinquency.sources.inspect.draft import draft_yaml
from delinquency.sources.inspect.inspected_files import inspect_file, inspect_options
from delinquency.sources.inspect.inspection_text import as_json, as_text
from delinquency.sources.inspect.suspected_codes import special_codes
from delinquency.sources.reading.mapping_options import FeatureColumn, LabelColumn, TableMapping
from delinquency.synthetic.portfolio_options import SyntheticData

ROWS = 400


def frame() -> pd.DataFrame:
    """Return 400 rows with one column for each thing that can be wrong."""
    rng = np.random.default_rng(7)
    bad = (np.arange(ROWS) % 4 == 0).astype(int)
    out = pd.DataFrame({"Default": bad})
    out["AccountNo"] = rng.permutation(ROWS) + 1000
    out["RowIndex"] = np.arange(ROWS)
    out["Constant"] = 5
    out["Leak"] = bad * 10 + rng.normal(size=ROWS)
    out["RecoveredAmount"] = np.where(bad == 1, 7.0, np.nan)
    out["MonthsSinceDelq"] = np.where(np.arange(ROWS) % 10 == 0, -9, rng.integers(0, 60, ROWS))
    out["TimesLate"] = np.where(np.arange(ROWS) % 50 == 0, 98, rng.integers(0, 12, ROWS))
    income = rng.uniform(1_000, 5_000, ROWS).round()
    income[::7] = np.nan
    out["Income"] = income
    out["DebtRatio"] = np.where(np.isnan(income), 2_500.0, 0.3)
    out["Drifting"] = np.arange(ROWS) + rng.normal(scale=30, size=ROWS)
    out["Segment"] = np.where(np.arange(ROWS) % 2 == 0, "north", "south")
    return out


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    frame().to_csv(tmp_path / "own.csv", index=False)
    return tmp_path


def options(**changes) -> TableData:
    columns = {
        name: FeatureColumn(trait="debt_burden")
        for name in frame().columns
        if name not in ("Default", "AccountNo", "Segment")
    }
    chosen = {
        "columns": columns,
        "protected": {"region": "Segment"},
        "outcome": LabelColumn(column="Default"),
        "account_column": "AccountNo",
        **changes,
    }
    return TableData(name="own", path="own.csv", **chosen)


def findings(folder: Path, **changes) -> dict[str, str]:
    """Return column -> all its findings in one text."""
    (profile,) = inspect_options(options(**changes), folder)
    texts: dict[str, str] = {}
    for one in profile.findings:
        texts[one.column] = texts.get(one.column, "") + f"[{one.severity}] {one.text} {one.mend} "
    return texts


def test_each_suspect_is_found_and_nothing_else_is_stopped_for(folder):
    found = findings(folder)
    assert "[stop] alone ranks bad and good with AUC 1.000" in found["Leak"]
    assert "[stop] filled in 100 bad and 0 good rows" in found["RecoveredAmount"]
    assert "[look] its name speaks of what follows" in found["RecoveredAmount"]
    assert "the same value in every filled row: '5'" in found["Constant"]
    assert "ordered like the file" in found["RowIndex"]
    assert "-9 (40 rows)" in found["MonthsSinceDelq"]
    assert "98 (8 rows)" in found["TimesLate"]
    assert "ratio_to: Income" in found["DebtRatio"]
    assert "moves along the file" in found["Drifting"]
    stopped = {column for column, text in found.items() if "[stop]" in text}
    assert stopped == {"Leak", "RecoveredAmount"}


def test_the_label_rate_is_given_overall_and_by_segment(folder):
    (profile,) = inspect_options(options(), folder)
    assert (profile.n_bad, profile.bad_rate) == (100, 0.25)
    # Bad rows are multiples of 4, so all lie among the even rows: 100 of 200, and 0 of 200.
    rates = {rate.value: (rate.n_rows, rate.bad_rate) for rate in profile.rates}
    assert rates == {"north": (200, 0.5), "south": (200, 0.0)}


def test_columns_without_a_role_and_roles_without_a_column_stop(folder):
    columns = {"Incom": FeatureColumn(trait="economic_condition")}
    found = findings(folder, columns=columns)
    assert "[stop] 9 without a role: RowIndex, Constant, Leak" in found[""]
    assert "[stop] mapped as feature, but the file has no such column" in found["Incom"]


def test_equal_features_with_both_labels_are_counted(tmp_path):
    twins = pd.DataFrame({"Default": [0, 1, 0, 1], "X": [1, 1, 2, 3]})
    twins.to_csv(tmp_path / "own.csv", index=False)
    columns = {"X": FeatureColumn(trait="debt_burden")}
    chosen = options(columns=columns, protected={}, account_column="")
    (profile,) = inspect_options(chosen, tmp_path)
    assert profile.duplicates["rows_repeating_features"] == 1
    assert profile.duplicates["feature_vectors_with_both_labels"] == 1
    assert profile.duplicates["rows_repeating_another"] == 0


def test_rates_by_month_of_a_panel_of_codes(tmp_path):
    (tmp_path / "p.csv").write_text("ID,M,S\n1,0,C\n2,0,2\n1,-1,C\n2,-1,C\n")
    statements = TableMapping(
        path="p.csv",
        columns={"account_id": "ID", "month": "M", "days_past_due": "S"},
        codes={"days_past_due": {"C": 0, 2: 75}},
        formats={"month": "offset"},
    )
    panel = PanelData(name="own", tables={"statements": statements})
    (profile,) = inspect_options(panel, tmp_path)
    assert {rate.value: rate.bad_rate for rate in profile.rates} == {"0": 0.5, "-1": 0.0}
    # Months are alike without their keys; only the keys must differ.
    assert profile.duplicates == {"rows_repeating_a_key": 0}


def test_lateness_of_the_month_makes_no_suspect_of_the_columns_beside_it(tmp_path):
    late = np.arange(400) % 4 == 0
    panel = pd.DataFrame({"ID": np.arange(400) // 4, "M": -(np.arange(400) % 4)})
    panel = panel.assign(DPD=np.where(late, 90, 0), PAID=np.where(late, 0.0, 50.0))
    panel.to_csv(tmp_path / "p.csv", index=False)
    columns = {"account_id": "ID", "month": "M", "days_past_due": "DPD", "payment": "PAID"}
    statements = TableMapping(path="p.csv", columns=columns, formats={"month": "offset"})
    (profile,) = inspect_options(
        PanelData(name="own", tables={"statements": statements}), tmp_path
    )
    assert profile.n_bad == 100
    assert not [one for one in profile.findings if one.severity == "stop"]


def test_what_the_mapping_states_is_not_asked_again(folder):
    columns = options().columns
    columns["MonthsSinceDelq"] = FeatureColumn(trait="credit_record", special={-9: "missing"})
    columns["DebtRatio"] = FeatureColumn(trait="debt_burden", ratio_to="Income")
    found = findings(folder, columns=columns)
    assert "MonthsSinceDelq" not in found and "DebtRatio" not in found
    assert "98 (8 rows)" in found["TimesLate"]


def test_months_whose_lateness_is_not_known_are_pointed_out(tmp_path):
    (tmp_path / "p.csv").write_text("ID,M,S\n1,0,C\n2,0,2\n1,-1,X\n2,-1,C\n")
    statements = TableMapping(
        path="p.csv",
        columns={"account_id": "ID", "month": "M", "days_past_due": "S"},
        codes={"days_past_due": {"C": 0, 2: 75, "X": None}},
        formats={"month": "offset"},
    )
    panel = PanelData(name="own", tables={"statements": statements})
    (profile,) = inspect_options(panel, tmp_path)
    (finding,) = [one for one in profile.findings if "not known" in one.text]
    assert "25.0% of rows" in finding.text and "'nothing owed' the value 0" in finding.mend


def test_generated_data_have_no_file_to_look_at(tmp_path):
    with pytest.raises(ChoiceError, match=r"inspect\.path"):
        inspect_options(SyntheticData(name="made"), tmp_path)


def test_the_profile_is_shown_as_text_page_and_json(folder):
    profiles = inspect_options(options(), folder)
    assert "own.csv: 400 rows, 12 columns" in as_text(profiles)
    assert "STOP Leak: alone ranks" in as_text(profiles)
    assert json.loads(as_json(profiles))[0]["n_bad"] == 100
    assert "<td>Leak</td>" in as_html(profiles, "own")


def test_what_a_file_holds_is_escaped_on_the_page(tmp_path):
    (tmp_path / "x.csv").write_text("<b>a</b>,v\n<script>alert(1)</script>,1\nq,2\n")
    page = as_html([inspect_file("x.csv", tmp_path)], "<i>t</i>")
    assert "<script>" not in page and "<b>a" not in page and "<i>t" not in page


def test_a_draft_for_a_table_is_yaml_in_the_shape_of_the_options(folder):
    draft = draft_yaml(inspect_file("own.csv", folder), "own", "own.csv")
    chosen = yaml.safe_load(draft)
    assert chosen["outcome"] == {"column": "Default", "bad": ["1"], "good": ["0"]}
    assert chosen["columns"]["Income"]["trait"] == "economic_condition"
    assert chosen["columns"]["Segment"] == {
        "trait": "???",
        "categorical": True,
        "title": "Segment",
    }
    assert set(chosen["columns"]["MonthsSinceDelq"]["special"]) == {-9}
    assert set(chosen["columns"]["TimesLate"]["special"]) == {98}
    chosen.pop("defaults")
    OmegaConf.merge(OmegaConf.structured(TableData), chosen)  # every key exists in the schema


def test_a_draft_asks_once_for_a_code_of_many_columns_and_names_what_it_saw(tmp_path):
    rng = np.random.default_rng(3)
    table = pd.DataFrame(rng.integers(0, 80, (600, 4)), columns=["Late", "Debt", "Limit", "Paid"])
    table.loc[::9] = -9
    table.loc[4::50, "Late"] = 998
    income = np.where(np.arange(600) % 8 == 0, np.nan, 3000.0 + np.arange(600))
    table.insert(0, "Bad", np.arange(600) % 2)
    table = table.assign(Income=income, Ratio=np.where(np.isnan(income), 2_500.0, 0.3))
    table = pd.concat([table, table.tail(5)])
    table.to_csv(tmp_path / "t.csv", index=False)
    chosen = yaml.safe_load(draft_yaml(inspect_file("t.csv", tmp_path), "own", "t.csv"))
    assert chosen["special"] == {-9: "???"}
    assert chosen["group_equal_rows"] is True
    assert chosen["columns"]["Ratio"]["ratio_to"] == "Income"
    assert chosen["columns"]["Late"]["special"] == {998: "???"}
    assert "special" not in chosen["columns"]["Debt"]
    chosen.pop("defaults")
    OmegaConf.merge(OmegaConf.structured(TableData), chosen)


def test_a_file_without_a_header_is_read_under_stand_in_names(tmp_path):
    rows = "".join(
        f"{'Bad' if k % 3 == 0 else 'Good'},{k % 7},{k % 11},{k % 7}\n" for k in range(60)
    )
    (tmp_path / "bare.csv").write_text(rows)
    profile = inspect_file("bare.csv", tmp_path)
    assert (profile.n_rows, profile.n_bad) == (60, 20)
    assert "no header, so the columns are column_1 to column_4" in profile.findings[0].text
    chosen = yaml.safe_load(draft_yaml(profile, "own", "bare.csv"))
    assert chosen["text"]["header"] == ["column_1", "column_2", "column_3", "column_4"]
    assert chosen["outcome"]["column"] == "column_1"


def test_findings_with_one_remedy_in_many_columns_are_told_once(tmp_path):
    rng = np.random.default_rng(3)
    table = pd.DataFrame(rng.integers(0, 80, (600, 6)), columns=list("abcdef"))
    table.loc[::9] = -9
    table.to_csv(tmp_path / "t.csv", index=False)
    told = as_text([inspect_file("t.csv", tmp_path)])
    assert told.count("may hold codes") == 1
    assert "LOOK a: may hold codes: -9 (67 rows)" in told and "So do 5 other columns." in told


def test_a_draft_doubts_a_direction_that_the_file_contradicts(tmp_path):
    rows = "".join(f"{k % 2},{k % 2 * 5 + k % 3},{k % 7}\n" for k in range(90))
    (tmp_path / "t.csv").write_text("bad,Income,Balance\n" + rows)
    draft = draft_yaml(inspect_file("t.csv", tmp_path), "own", "t.csv").splitlines()
    (income,) = (line for line in draft if line.startswith("  Income:"))
    (balance,) = (line for line in draft if line.startswith("  Balance:"))
    assert "here higher values go with more bad accounts" in income
    assert "check" not in balance


def test_a_draft_for_a_panel_asks_what_the_codes_mean(tmp_path):
    rows = "".join(f"{k},{-m},{'C0X'[m % 3]}\n" for k in range(20) for m in range(6))
    (tmp_path / "p.csv").write_text("ID,MONTHS_BALANCE,STATUS\n" + rows)
    draft = draft_yaml(inspect_file("p.csv", tmp_path), "own", "p.csv")
    chosen = yaml.safe_load(draft)
    statements = chosen["tables"]["statements"]
    assert statements["columns"] == {
        "account_id": "ID",
        "month": "MONTHS_BALANCE",
        "days_past_due": "STATUS",
    }
    assert statements["formats"] == {"month": "offset"}
    assert statements["codes"]["days_past_due"] == {"C": "???", "0": "???", "X": "???"}
    chosen.pop("defaults")
    OmegaConf.merge(OmegaConf.structured(PanelData), chosen)


def test_rank_auc_counts_ties_half():
    # Pairs (bad, good): (2, 1) right, (2, 2) tied, (3, 1) right, (3, 2) right: 3.5 of 4.
    assert rank_auc(np.array([2, 3, 1, 2.0]), np.array([1, 1, 0, 0.0])) == 3.5 / 4
    assert rank_auc(np.array([1.0, 2.0]), np.array([1.0, 1.0])) is None


def test_special_codes_must_lie_apart():
    assert special_codes(np.array([0, 1, 2, 98, 98.0])) == ((98.0, 2),)
    assert special_codes(np.array([60, 80, 97, 98, 98.0])) == (), "98 is an ordinary value here"
    assert special_codes(np.array([-3, -9, -9, -12.5])) == (), "negative values are ordinary here"


def test_order_drift_is_the_largest_gap_between_first_and_last_third():
    # Thirds (1, 2) and (2, 3): at 1 the shares are 0.5 and 0, at 2 they are 1 and 0.5.
    assert order_drift(np.array([1, 2, 9, 9, 2, 3.0])) == 0.5
