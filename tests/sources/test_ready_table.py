"""The table road: features made elsewhere, given a trait and a meaning by YAML."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from delinquency.errors import ChoiceError, DataError
from delinquency.sources.data_options import TableData
from delinquency.sources.reading.mapping_options import FeatureColumn, LabelColumn, TextOptions
from delinquency.sources.ready_table import read_table, with_categories
from delinquency.sources.registered_sources import SOURCES
from delinquency.sources.table_columns import RARE

# In the style of a home-equity file: codes -7, -8, -9, and a label in words.
HELOC = """RiskPerformance,ExternalRiskEstimate,MSinceMostRecentDelq,MaxDelqEver
Bad,55,2,5
Good,75,-7,8
Bad,-9,-9,-9
Good,80,-8,8
"""
COLUMNS = {
    "ExternalRiskEstimate": FeatureColumn(
        trait="credit_record", direction=-1, title="Bureau's risk estimate", unit="points"
    ),
    "MSinceMostRecentDelq": FeatureColumn(
        trait="credit_record", direction=-1, title="Months since last delinquency"
    ),
    "MaxDelqEver": FeatureColumn(trait="credit_record"),
}
SPECIAL = {-7: "not_applicable", -8: "missing", -9: "missing"}
OUTCOME = LabelColumn(column="RiskPerformance", bad=["Bad"], good=["Good"])


def heloc(path: Path, content: str = HELOC, **changes):
    (path / "heloc.csv").write_text(content)
    chosen = {"columns": COLUMNS, "special": SPECIAL, "outcome": OUTCOME, **changes}
    return read_table(TableData(name="own", path="heloc.csv", **chosen), path)


def test_special_codes_become_missing_and_not_applicable_is_marked(tmp_path):
    source = heloc(tmp_path)
    features = source.features
    estimate = features["ExternalRiskEstimate"].tolist()
    assert estimate[:2] == [55, 75] and np.isnan(estimate[2]) and estimate[3] == 80
    assert features["MSinceMostRecentDelq"].isna().tolist() == [False, True, True, True]
    assert features["MSinceMostRecentDelq_not_applicable"].tolist() == [0, 1, 0, 0]
    assert source.traits["MSinceMostRecentDelq_not_applicable"] == "credit_record"
    assert source.directions["MSinceMostRecentDelq_not_applicable"] == 0
    # -9 once and -8 once.
    assert source.facts["counts"]["MSinceMostRecentDelq_missing_by_code"] == 2


def test_the_label_is_read_by_its_words(tmp_path):
    source = heloc(tmp_path)
    assert source.labels["bad"].tolist() == [1, 0, 1, 0]
    assert source.facts["positives"] == 2


def test_rows_are_numbered_when_no_column_names_the_account(tmp_path):
    assert heloc(tmp_path).labels["account_id"].tolist() == ["1", "2", "3", "4"]


def test_a_headerless_variant_needs_its_names_only(tmp_path):
    with_header = heloc(tmp_path)
    names, body = HELOC.split("\n", 1)
    without = heloc(tmp_path, body, text=TextOptions(header=names.split(",")))
    pd.testing.assert_frame_equal(without.features, with_header.features)


def test_reasons_are_worded_from_titles_and_directions(tmp_path):
    source = heloc(tmp_path)
    marks = [name for name, words in source.words.items() if words["mark_of"]]
    assert marks and all(f"{source.words[m]['mark_of']}_not_applicable" == m for m in marks)
    assert source.words["ExternalRiskEstimate"]["reason"] == ""
    assert source.titles["MaxDelqEver"] == "Max delq ever"
    assert source.units["ExternalRiskEstimate"] == "points"


def test_traits_without_a_column_have_no_evidence(tmp_path):
    facts = heloc(tmp_path).facts
    assert facts["traits_without_evidence"] == [
        "economic_condition", "debt_burden", "repayment_capacity", "repayment_willingness",
        "spending_behavior",
    ]  # fmt: skip
    assert "no month" in facts["cannot"]["out_of_time"]


def test_a_column_without_a_role_prints_yaml_that_gives_it_one(tmp_path):
    (tmp_path / "t.csv").write_text("y,MonthlyIncome,age,x17\n0,10,30,1\n1,20,40,2\n")
    options = TableData(name="own", path="t.csv", outcome=LabelColumn(column="y"))
    with pytest.raises(ChoiceError) as caught:
        SOURCES["table"](options, tmp_path)
    text = str(caught.value)
    assert "3 columns have no role: MonthlyIncome, age, x17." in text
    pasted = yaml.safe_load(text.split("\n\n", 1)[1])
    assert pasted["columns"]["MonthlyIncome"] == {
        "trait": "economic_condition",
        "direction": -1,
        "title": "Monthly income",
        "title_zh": "每月收入",
    }
    assert pasted["protected"] == {"age": "age"}
    assert pasted["columns"]["x17"]["trait"] == "???", "a name that says nothing is not guessed"


def test_a_misspelt_trait_is_matched_with_the_nearest(tmp_path):
    columns = {**COLUMNS, "MaxDelqEver": FeatureColumn(trait="credit_recrod")}
    with pytest.raises(ChoiceError, match="Did you mean 'credit_record'"):
        heloc(tmp_path, columns=columns)


def test_a_mapped_column_that_is_not_there_is_named(tmp_path):
    columns = {**COLUMNS, "MaxDelqEvr": FeatureColumn(trait="credit_record")}
    with pytest.raises(DataError, match="MaxDelqEvr.*Did you mean 'MaxDelqEver'"):
        heloc(tmp_path, columns=columns)


def test_one_column_in_two_roles_is_refused():
    with pytest.raises(ChoiceError, match="two roles: a"):
        TableData(
            name="own", path="t.csv", columns={"a": COLUMNS["MaxDelqEver"]}, ignored={"a": ""}
        )


def test_a_label_with_a_third_value_is_refused_or_left_out_and_counted(tmp_path):
    content = HELOC + "Pending,60,1,8\n"
    with pytest.raises(DataError, match="'Pending' .row 5."):
        heloc(tmp_path, content)
    outcome = LabelColumn(
        column="RiskPerformance", bad=["Bad"], good=["Good"], leave_out=["Pending"]
    )
    source = heloc(tmp_path, content, outcome=outcome)
    assert len(source.features) == len(source.labels) == len(source.protected) == 4
    assert source.facts["counts"]["rows_left_out_by_label"] == 1


def test_a_constant_label_is_refused(tmp_path):
    with pytest.raises(DataError, match="both good and bad rows. Got only bad"):
        heloc(tmp_path, HELOC.replace("Good", "Bad"))


# In the style of a consumer-credit file: codes 96 and 98, and a ratio that turns into an amount.
CREDIT = """,SeriousDlqin2yrs,age,DebtRatio,MonthlyIncome,NumberOfTime30
1,1,45,0.8,9120,2
2,0,40,0.12,2600,98
3,0,38,5710,,96
4,0,30,2040,0,0
"""


def credit(path: Path, **changes):
    (path / "credit.csv").write_text(CREDIT)
    columns = {
        "DebtRatio": FeatureColumn(trait="debt_burden", direction=1, ratio_to="MonthlyIncome"),
        "MonthlyIncome": FeatureColumn(trait="economic_condition", direction=-1),
        "NumberOfTime30": FeatureColumn(
            trait="credit_record", direction=1, special={96: "missing", 98: "missing"}
        ),
    }
    chosen = {
        "columns": columns,
        "outcome": LabelColumn(column="SeriousDlqin2yrs"),
        "protected": {"age": "age"},
        "ignored": {"": "row number"},
        **changes,
    }
    return read_table(TableData(name="own", path="credit.csv", **chosen), path)


def test_a_ratio_without_a_base_moves_to_a_column_of_amounts(tmp_path):
    source = credit(tmp_path)
    nan = np.nan
    assert np.array_equal(source.features["DebtRatio"], [0.8, 0.12, nan, nan], equal_nan=True)
    amounts = source.features["DebtRatio_amount"]
    assert np.array_equal(amounts, [nan, nan, 5710, 2040], equal_nan=True)
    assert source.facts["counts"]["DebtRatio_amounts_told_apart"] == 2
    assert source.directions["DebtRatio_amount"] == 1


def test_protected_columns_are_apart_from_the_features(tmp_path):
    source = credit(tmp_path)
    assert "age" not in source.features
    assert source.protected["age"].tolist() == [45, 40, 38, 30]


def test_a_capped_code_stays_the_number_it_is(tmp_path):
    column = FeatureColumn(trait="credit_record", direction=1, special={98: "capped"})
    changed = {
        "NumberOfTime30": column,
        **{k: FeatureColumn(trait="debt_burden") for k in ("DebtRatio", "MonthlyIncome")},
    }
    with pytest.raises(DataError, match="capped code above all ordinary values"):
        credit(
            tmp_path,
            columns={
                **changed,
                "NumberOfTime30": FeatureColumn(trait="credit_record", special={2: "capped"}),
            },
        )
    source = credit(tmp_path, columns=changed)
    assert source.features["NumberOfTime30"].tolist() == [2, 98, 96, 0]
    assert source.facts["counts"]["NumberOfTime30_capped_by_code"] == 1


def test_a_special_code_needs_a_known_meaning():
    with pytest.raises(ChoiceError, match="missing, not_applicable, capped. Got 'none'"):
        FeatureColumn(trait="credit_record", special={96: "none"})


def people(path: Path, content: str, **changes):
    (path / "t.csv").write_text(content)
    columns = {
        "v": FeatureColumn(trait="debt_burden"),
        "job": FeatureColumn(trait="economic_condition", categorical=True),
    }
    chosen = {
        "columns": columns,
        "outcome": LabelColumn(column="y"),
        "account_column": "id",
        **changes,
    }
    return TableData(name="own", path="t.csv", **chosen), path


JOBS = "id,y,v,job\na,0,1,nurse\nb,1,2,baker\nc,0,1,nurse\nd,1,,\n"


def test_categories_are_numbered_by_name_and_frozen(tmp_path):
    options, folder = people(tmp_path, JOBS)
    first = read_table(options, folder)
    assert first.categories == {"job": ("baker", "nurse")}
    codes = first.features["job"].tolist()
    assert codes[:3] == [1, 0, 1] and np.isnan(codes[3])
    people(tmp_path, JOBS.replace("baker", "actor"))
    later = with_categories(read_table(options, folder), first.categories)
    codes = later.features["job"].tolist()
    assert codes[0] == 1 and np.isnan(codes[1]), "an unseen name is missing, not another name"
    assert later.facts["counts"]["job_category_not_seen_in_training"] == 1


def test_a_categorical_column_has_no_direction():
    with pytest.raises(ChoiceError, match="has no order"):
        FeatureColumn(trait="debt_burden", categorical=True, direction=1)


def test_rows_of_one_person_share_a_group(tmp_path):
    content = "id,y,v,job,ssn\na,0,1,x,7\nb,1,2,x,8\nc,0,3,x,7\n"
    options, folder = people(tmp_path, content, person_columns=["ssn"])
    assert read_table(options, folder).labels["group_id"].tolist() == ["a", "b", "a"]


def test_equal_rows_share_a_group_but_not_rows_that_say_nothing(tmp_path):
    content = JOBS + "e,0,,\n"
    options, folder = people(tmp_path, content, group_equal_rows=True)
    assert read_table(options, folder).labels["group_id"].tolist() == ["a", "b", "a", "d", "e"]


def test_a_repeated_account_is_refused(tmp_path):
    options, folder = people(tmp_path, JOBS.replace("c,", "a,"))
    with pytest.raises(DataError, match="each account once .a month.. 2 rows do not fit"):
        read_table(options, folder)


def test_months_allow_one_account_twice_and_an_out_of_time_test(tmp_path):
    content = "id,y,v,job,m\na,0,1,x,2024-01\na,1,2,x,2024-02\n"
    options, folder = people(tmp_path, content, month_column="m")
    source = read_table(options, folder)
    assert source.facts["observation_months"] == ["2024-01", "2024-02"]
    assert "out_of_time" not in source.facts["cannot"]
    assert source.labels["group_id"].tolist() == ["a", "a"]


def test_text_in_a_number_is_counted(tmp_path):
    options, folder = people(tmp_path, JOBS.replace("b,1,2", "b,1,two"))
    with pytest.raises(DataError, match=r"t\.csv: v: expected a number. 1 row does not fit"):
        read_table(options, folder)


def test_more_names_than_can_be_told_apart_are_joined_the_rarest_first(tmp_path):
    # 300 names: 254 occur twice and keep their own, 46 occur once and are joined.
    names = [f"job{k:03d}" for k in range(300)] + [f"job{k:03d}" for k in range(254)]
    rows = "".join(f"{k},{k % 2},{k},{name}\n" for k, name in enumerate(names))
    options, folder = people(tmp_path, "id,y,v,job\n" + rows)
    source = read_table(options, folder)
    assert len(source.categories["job"]) == 255 and source.categories["job"][-1] == RARE
    assert source.facts["counts"]["job_rare_names_joined"] == 46
    assert source.facts["counts"]["job_rows_with_a_rare_name"] == 46
    frozen = {"job": source.categories["job"]}
    new = with_categories(source, frozen)
    # Whether a name was rare or not there at all, nobody can tell afterwards.
    assert new.facts["counts"]["job_category_rare_or_not_seen_in_training"] == 0


def test_one_and_one_point_zero_are_one_category_and_na_is_a_name(tmp_path):
    content = "id,y,v,job\na,0,1,1\nb,1,2,1.0\nc,0,3, 1 \nd,1,4,NA\ne,0,5,\n"
    options, folder = people(tmp_path, content)
    source = read_table(options, folder)
    assert source.categories["job"] == ("1", "NA")
    assert source.features["job"].tolist()[:4] == [0, 0, 0, 1]
    assert np.isnan(source.features["job"].iloc[4])
    stated = read_table(replace(options, text=TextOptions(missing=["NA"])), folder)
    assert stated.categories["job"] == ("1",)


def test_a_name_that_training_did_not_see_is_counted_and_told_row_by_row(tmp_path):
    options, folder = people(tmp_path, "id,y,v,job\na,0,1,nurse\nb,1,2,cook\nc,1,2,\n")
    new = with_categories(read_table(options, folder), {"job": ("nurse",)})
    assert new.unseen.tolist() == ["", "job", ""]
    assert new.facts["counts"]["job_category_not_seen_in_training"] == 1


def test_new_accounts_to_score_need_no_label(tmp_path):
    options, folder = people(tmp_path, "id,v,job\na,1,nurse\n", labelled=False)
    source = read_table(options, folder)
    assert source.labels["bad"].isna().all() and source.facts["positives"] is None


def test_rows_that_only_hold_codes_for_nothing_are_not_one_group(tmp_path):
    """A mark beside a column ("does not apply": no) says nothing where all cells are missing.

    One group of all such rows would lie on one side of every split: a fold would train without
    the very rows that another is tested on.
    """
    content = "id,y,v,job\na,0,-9,\nb,1,-9,\nc,0,-7,\nd,1,-7,\n"
    options, folder = people(
        tmp_path, content, group_equal_rows=True, special={-9: "missing", -7: "not_applicable"}
    )
    assert read_table(options, folder).labels["group_id"].tolist() == ["a", "b", "c", "d"]


def test_rows_that_are_left_out_may_hold_anything_and_unusable_ones_are_dropped(tmp_path):
    content = "id,y,v,job\na,0,1,cook\nb,pending,n.a.,?\nc,1,2,cook\nd,,x,cook\n,1,3,cook\n"
    outcome = LabelColumn(column="y", leave_out=["pending"])
    options, folder = people(tmp_path, content, outcome=outcome, unusable="drop")
    source = read_table(options, folder)
    assert source.labels["account_id"].tolist() == ["a", "c"]
    assert source.features["v"].tolist() == [1, 2]
    assert source.facts["counts"]["rows_left_out_by_label"] == 1
    assert source.facts["counts"]["rows_dropped_without_key_or_label"] == 2
    with pytest.raises(DataError, match="a label in every row"):
        read_table(replace(options, unusable="refuse"), folder)


def test_accounts_to_score_may_lack_protected_columns_and_bring_others(tmp_path):
    content = "id,v,job,branch\na,1,cook,x\n"
    options, folder = people(tmp_path, content, labelled=False, protected={"age": "age"})
    assert read_table(options, folder).facts["ignored_columns"] == ["branch"]
    with pytest.raises(ChoiceError, match="no role: branch"):
        (tmp_path / "t.csv").write_text("id,y,v,job,age,branch\na,1,1,cook,30,x\n")
        read_table(replace(options, labelled=True), folder)


def test_values_outside_a_range_are_another_thing(tmp_path):
    content = "id,y,v,job\na,0,0.4,cook\nb,1,50,cook\nc,0,1.2,cook\nd,1,-1,cook\ne,0,,cook\n"
    columns = {
        "v": FeatureColumn(trait="debt_burden", direction=1, valid=[0, 1.5]),
        "job": FeatureColumn(trait="economic_condition", categorical=True),
    }
    options, folder = people(tmp_path, content, columns=columns)
    source = read_table(options, folder)
    assert source.features["v"].isna().tolist() == [False, True, False, True, True]
    assert source.features["v_out_of_range"].tolist() == [0, 1, 0, 1, 0]
    assert source.directions["v_out_of_range"] == 0
    assert source.facts["counts"]["v_outside_its_valid_range"] == 2
    with pytest.raises(ChoiceError, match="lowest, highest"):
        FeatureColumn(trait="debt_burden", valid=[2, 1])
