"""The panel road: one YAML mapping from any monthly file to the canonical tables."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import create_engine

from delinquency.errors import ChoiceError, DataError, MissingArtifactError
from delinquency.sources.data_options import PanelData
from delinquency.sources.reading.mapping_options import TableMapping, TextOptions
from delinquency.sources.registered_sources import SOURCES

CODES = {0: 15, 1: 45, "C": 0, "X": None}
STATUS = {
    "columns": {"account_id": "ID", "month": "MONTH", "days_past_due": "STATUS"},
    "codes": {"days_past_due": CODES},
    "formats": {"month": "offset"},
}
STATUS_CSV = "ID,MONTH,STATUS\n1,0,C\n1,-1,0\n1,-2,X\n2,0,1\n2,-1,C\n"


def read(path: Path, *, extra=None, **mapping):
    """Read one statements file with the status mapping, changed by ``mapping``."""
    statements = TableMapping(path=path.name, **{**STATUS, **mapping})
    options = PanelData(name="own", tables={"statements": statements}, **(extra or {}))
    return SOURCES["panel"](options, path.parent)


@pytest.fixture
def file(tmp_path: Path):
    def write(content: str | bytes, name: str = "panel.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def fault_of(path: Path, **changes) -> str:
    with pytest.raises(DataError) as caught:
        read(path, **changes)
    return str(caught.value)


def test_a_panel_of_status_codes_alone_is_enough(file):
    source = read(file(STATUS_CSV), extra={"extraction_month": "2024-02"})
    rows = source.tables["statements"]
    assert rows["account_id"].tolist() == ["1", "1", "1", "2", "2"]
    # Offsets 0, -1, -2 counted from February 2024; rows come sorted, oldest first.
    assert rows["month"].dt.strftime("%Y-%m").tolist() == [
        "2023-12", "2024-01", "2024-02", "2024-01", "2024-02",
    ]  # fmt: skip
    assert np.array_equal(rows["days_past_due"], [np.nan, 15, 0, 0, 45], equal_nan=True)
    assert source.outcomes is None and source.facts["positives"] is None


def test_months_ago_counts_the_other_way_round(file):
    path = file(STATUS_CSV.replace("-", ""))
    source = read(path, formats={"month": "months_ago"}, extra={"extraction_month": "2024-02"})
    assert str(source.tables["statements"]["month"].min())[:7] == "2023-12"


def test_offsets_of_both_signs_are_refused(file):
    text = fault_of(file(STATUS_CSV + "3,1,C\n"))
    assert "MONTH: expected a whole number of months, 0 or below. 1 row does not fit" in text


def test_an_unknown_month_of_extraction_is_said_to_be_one(file):
    facts = read(file(STATUS_CSV)).facts
    assert facts["calendar"] == "months before extraction"
    assert "no meaning" in facts["cannot"]["calendar"]


def test_a_misspelt_column_is_matched_with_the_nearest(file):
    columns = {**STATUS["columns"], "days_past_due": "STATSU"}
    text = fault_of(file(STATUS_CSV), columns=columns)
    assert "Did you mean 'STATUS'? The file has: ID, MONTH, STATUS." in text


def test_a_misspelt_canonical_column_is_matched_with_the_nearest(file):
    columns = {**STATUS["columns"], "balanc": "STATUS"}
    with pytest.raises(ChoiceError, match="Did you mean 'balance'"):
        read(file(STATUS_CSV), columns=columns)


def test_a_misspelt_table_is_matched_with_the_nearest(tmp_path):
    options = PanelData(name="own", tables={"statement": TableMapping(path="x.csv")})
    with pytest.raises(ChoiceError, match="Did you mean 'statements'"):
        SOURCES["panel"](options, tmp_path)


def test_a_code_without_meaning_is_counted(file):
    text = fault_of(file(STATUS_CSV + "3,0,9\n4,0,Q\n"))
    assert "STATUS: expected one of the codes 0, 1, C, X. 2 rows do not fit" in text
    assert "'9' (row 6); 'Q' (row 7)" in text
    assert "data.tables.statements.codes.days_past_due" in text


def test_a_code_is_the_same_number_however_it_is_written(file):
    rows = read(file(STATUS_CSV.replace(",1\n", ",01\n"))).tables["statements"]
    assert rows["days_past_due"].max() == 45


def test_a_code_that_yaml_reads_as_a_switch_is_explained():
    with pytest.raises(ChoiceError, match="in quotes"):
        TableMapping(path="x.csv", codes={"days_past_due": {False: 0}})


def test_codes_are_kept_as_text_so_that_a_mapping_can_be_written_down():
    mapping = TableMapping(path="x.csv", codes={"days_past_due": {0: 15, "C": 0}})
    assert json.dumps(mapping.codes, sort_keys=True) == '{"days_past_due": {"0": 15, "C": 0}}'


def test_one_role_with_two_origins_is_refused():
    with pytest.raises(ChoiceError, match="Mapped twice: balance"):
        TableMapping(path="x.csv", columns={"balance": "A"}, constants={"balance": 0})


def test_a_panel_needs_lateness_or_balance_and_payment(file):
    columns = {"account_id": "ID", "month": "MONTH", "balance": "STATUS"}
    with pytest.raises(ChoiceError, match="balance and payment together"):
        read(file(STATUS_CSV), columns=columns, codes={})


def test_without_lateness_a_label_must_be_given(file):
    columns = {"account_id": "ID", "month": "MONTH", "balance": "B", "payment": "P"}
    with pytest.raises(ChoiceError, match=r"data\.tables\.outcomes"):
        read(file("ID,MONTH,B,P\n1,0,5,5\n"), columns=columns, codes={})


def test_three_bad_dates_in_many_rows_are_named_or_dropped_and_counted(file):
    lines = [f"{k},2024-{1 + k % 12:02d},C" for k in range(3_000)]
    for place in (10, 20, 30):
        lines[place] = f"{place},2024-13,C"
    path = file("ID,MONTH,STATUS\n" + "\n".join(lines) + "\n")
    text = fault_of(path, formats={})
    assert "MONTH: expected a date as YYYY-MM or YYYY-MM-DD. 3 rows do not fit" in text
    assert "'2024-13' (row 11); '2024-13' (row 21); '2024-13' (row 31)" in text
    source = read(path, formats={}, unusable="drop")
    assert len(source.tables["statements"]) == 2_997
    assert source.facts["counts"]["statements_rows_dropped_without_key_or_month"] == 3


def test_another_date_format_is_stated(file):
    path = file("ID,MONTH,STATUS\n1,01.03.2024,C\n")
    assert "formats.month" in fault_of(path, formats={})
    rows = read(path, formats={"month": "%d.%m.%Y"}).tables["statements"]
    assert str(rows["month"][0])[:10] == "2024-03-01"


def test_mixed_currencies_are_refused_with_their_counts(file):
    path = file("ID,MONTH,STATUS,CCY\n1,0,C,EUR\n2,0,C,EUR\n3,0,C,USD\n")
    text = fault_of(path, currency_column="CCY", extra={"currency": "EUR"})
    assert "expected one currency, EUR. 1 row does not fit" in text and "USD: 1" in text


def test_repeated_months_are_refused_or_counted(file):
    path = file(STATUS_CSV + "2,0,0\n")
    assert "expected one row for each key. 2 rows do not fit" in fault_of(path)
    source = read(path, repeated="last")
    assert source.facts["counts"]["statements_rows_repeating_a_key_last_kept"] == 1
    late = source.tables["statements"].query("account_id == '2'")["days_past_due"]
    assert late.tolist() == [0, 15], "the last of the repeated rows is code 0: 15 days"


def test_gaps_are_counted(file):
    counts = read(file("ID,MONTH,STATUS\n1,0,C\n1,-4,C\n2,0,C\n")).facts["counts"]
    assert counts["accounts_with_gaps"] == 1
    assert counts["months_missing_in_gaps"] == 3, "-1, -2 and -3"


MONEY = {
    "columns": {
        "account_id": "ID",
        "month": "MONTH",
        "days_past_due": "DPD",
        "balance": "BAL",
    },
    "codes": {},
    "formats": {"month": "iso"},
}


def balances(path: Path, **text):
    options = {"text": TextOptions(**text)}
    return read(path, extra=options, **MONEY).tables["statements"]["balance"].tolist()


def test_thousands_separators_in_quotes(file):
    path = file('ID,MONTH,DPD,BAL\n1,2024-01,0,"1,234,567.50"\n2,2024-01,0,999\n')
    assert balances(path, thousands=",") == [1_234_567.5, 999]
    assert "text.decimal and text.thousands" in fault_of(path, **MONEY)


def test_a_thousands_mark_in_the_wrong_place_is_not_read_as_a_number(file):
    path = file('ID,MONTH,DPD,BAL\n1,2024-01,0,"12,34"\n')
    with pytest.raises(DataError, match="'12,34'"):
        balances(path, thousands=",")


def test_decimal_commas_and_semicolons(file):
    path = file("ID;MONTH;DPD;BAL\n1;2024-01;0;1.234,5\n2;2024-01;0;-7,25\n")
    assert balances(path, decimal=",", thousands=".") == [1234.5, -7.25]


def test_a_decimal_point_is_refused_where_commas_are_stated(file):
    path = file("ID;MONTH;DPD;BAL\n1;2024-01;0;1.5\n")
    with pytest.raises(DataError, match=r"'1\.5'"):
        balances(path, decimal=",")


def test_a_byte_order_mark_and_crlf_are_understood_and_counted(file):
    source = read(file(b"\xef\xbb\xbf" + STATUS_CSV.replace("\n", "\r\n").encode()))
    assert source.facts["counts"]["statements_byte_order_mark"] == 1
    assert source.tables["statements"]["days_past_due"].max() == 45


def test_bytes_that_are_not_utf8_are_named_with_their_line(file):
    content = "ID,MONTH,STATUS\n1,0,C\nMüller,0,C\n".encode("cp1252")
    path = file(content)
    text = fault_of(path)
    assert "expected text in utf-8" in text and "in line 3" in text and "cp1252" in text
    rows = read(path, extra={"text": TextOptions(encoding="cp1252")}).tables["statements"]
    assert rows["account_id"].tolist() == ["1", "Müller"]


def test_a_line_without_end_is_refused_before_it_is_parsed(file):
    path = file(STATUS_CSV.encode() + b"3,0," + b"x" * 2_000_000)
    assert "lines of at most 1,000,000 bytes. Got 2,000,004 bytes in line 7" in fault_of(path)


def test_zero_bytes_are_not_text(file):
    assert "expected text. Got 4 zero bytes" in fault_of(file(STATUS_CSV.encode() + b"\0" * 4))


def test_rows_of_another_length_are_counted(file):
    text = fault_of(file(STATUS_CSV + "3,0\n4,0,C,7\n"))
    assert "3 cells in every row, as the header has. 2 rows do not fit" in text


def test_line_ends_inside_quotes_are_part_of_the_cell(file):
    rows = read(file('ID,MONTH,STATUS\n"a\nb",0,C\n')).tables["statements"]
    assert rows["account_id"].tolist() == ["a\nb"]


def test_a_missing_account_is_refused_or_dropped_and_counted(file):
    path = file(STATUS_CSV + ",0,C\n")
    text = fault_of(path)
    assert "ID: expected a value in every row (account_id). 1 row does not fit" in text
    counts = read(path, unusable="drop").facts["counts"]
    assert counts["statements_rows_dropped_without_key_or_month"] == 1


def test_parquet_and_a_folder_give_the_same_as_csv(file, tmp_path):
    expected = read(file(STATUS_CSV)).tables["statements"]
    frame = pd.read_csv(tmp_path / "panel.csv")
    frame.to_parquet(tmp_path / "panel.parquet")
    pd.testing.assert_frame_equal(read(tmp_path / "panel.parquet").tables["statements"], expected)
    folder = tmp_path / "parts"
    folder.mkdir()
    frame.iloc[:2].to_csv(folder / "a.csv", index=False)
    frame.iloc[2:].to_csv(folder / "b.csv", index=False)
    pd.testing.assert_frame_equal(read(folder).tables["statements"], expected)


def test_a_database_query_gives_the_same_as_csv(file, tmp_path):
    expected = read(file(STATUS_CSV)).tables["statements"]
    address = f"sqlite:///{tmp_path / 'bank.db'}"
    engine = create_engine(address)
    pd.read_csv(tmp_path / "panel.csv").to_sql("card", engine, index=False)
    engine.dispose()
    statements = TableMapping(query="SELECT * FROM card", database=address, **STATUS)
    options = PanelData(name="own", tables={"statements": statements})
    rows = SOURCES["panel"](options, tmp_path).tables["statements"]
    pd.testing.assert_frame_equal(rows, expected)
    broken = TableMapping(query="SELECT * FROM absent", database=address, **STATUS)
    with pytest.raises(DataError, match="no such table: absent"):
        SOURCES["panel"](PanelData(name="own", tables={"statements": broken}), tmp_path)


def test_a_file_that_is_not_there_is_looked_for_in_the_named_places(tmp_path):
    with pytest.raises(MissingArtifactError, match="There is none; looked at"):
        read(tmp_path / "nothing.csv")


def person_panel(tmp_path: Path, **changes):
    (tmp_path / "panel.csv").write_text("ID,MONTH,STATUS\n1,0,C\n2,0,1\n3,0,C\n4,0,0\n")
    (tmp_path / "people.csv").write_text(
        "ID,PERSON,BIRTH,JOB\n1,p,1980,a\n2,q,1980,a\n3,p,1990,\n4,,1970,b\n"
    )
    tables = {
        "statements": TableMapping(path="panel.csv", **STATUS),
        "accounts": TableMapping(
            path="people.csv", columns={"account_id": "ID", "person_id": "PERSON"}
        ),
    }
    options = PanelData(name="own", tables=tables, **changes)
    groups = SOURCES["panel"](options, tmp_path).groups
    return dict(zip(groups["account_id"], groups["group_id"], strict=True))


def test_accounts_of_one_person_share_a_group(tmp_path):
    assert person_panel(tmp_path) == {"1": "1", "2": "2", "3": "1", "4": "4"}


def test_a_person_may_be_several_columns_taken_together(tmp_path):
    groups = person_panel(tmp_path, person_columns=["BIRTH", "JOB"])
    assert groups == {"1": "1", "2": "1", "3": "3", "4": "4"}


def test_accounts_that_are_equal_in_all_that_was_seen_can_share_a_group(file):
    path = file("ID,MONTH,STATUS\n1,0,C\n1,-1,0\n2,-1,0\n2,0,C\n3,0,0\n3,-1,C\n")
    groups = read(path, extra={"group_equal_accounts": True}).groups
    assert groups["group_id"].tolist() == ["1", "1", "3"], "3 has the same codes in other months"


def test_a_label_column_becomes_the_outcomes(file, tmp_path):
    (tmp_path / "labels.csv").write_text("ID,ASOF,FLAG\n1,2024-01,no\n2,2024-01,yes\n")
    path = file(STATUS_CSV)
    outcomes = TableMapping(
        path="labels.csv",
        columns={"account_id": "ID", "observation_month": "ASOF", "bad": "FLAG"},
        codes={"bad": {"yes": 1, "no": 0}},
    )
    tables = {"statements": TableMapping(path=path.name, **STATUS), "outcomes": outcomes}
    options = PanelData(name="own", tables=tables, extraction_month="2024-01")
    source = SOURCES["panel"](options, tmp_path)
    assert source.outcomes["bad"].tolist() == [0, 1]
    assert source.facts["positives"] == 1
    assert "2024-01" in source.facts["cannot"]["out_of_time"]


def label_of(tmp_path, flags):
    rows = "".join(f"{k},2024-01,{flag}\n" for k, flag in enumerate(flags, 1))
    (tmp_path / "labels.csv").write_text("ID,ASOF,FLAG\n" + rows)
    (tmp_path / "panel.csv").write_text(STATUS_CSV)
    outcomes = TableMapping(
        path="labels.csv",
        columns={"account_id": "ID", "observation_month": "ASOF", "bad": "FLAG"},
    )
    tables = {"statements": TableMapping(path="panel.csv", **STATUS), "outcomes": outcomes}
    options = PanelData(name="own", tables=tables, extraction_month="2024-01")
    return SOURCES["panel"](options, tmp_path)


def test_a_label_with_three_values_is_refused(tmp_path):
    with pytest.raises(DataError, match="bad: expected at most 1. 1 row does not fit"):
        label_of(tmp_path, [0, 1, 2])


def test_a_constant_label_is_refused(tmp_path):
    with pytest.raises(DataError, match="both good .0. and bad .1.. Got 0 in all 3 rows"):
        label_of(tmp_path, [0, 0, 0])


def test_a_file_with_its_months_side_by_side_is_made_long(file):
    path = file("ID,S2,S1,LIM\n1,C,0,900\n2,1,C,500\n")
    source = read(
        path,
        columns={"account_id": "ID", "credit_limit": "LIM"},
        wide={"days_past_due": ["S2", "S1"]},
        wide_months=["2024-02", "2024-01"],
        formats={},
    )
    rows = source.tables["statements"]
    assert rows["days_past_due"].tolist() == [15, 0, 0, 45]
    assert rows["credit_limit"].tolist() == [900, 900, 500, 500]
    assert rows["month"].dt.month.tolist() == [1, 2, 1, 2]


def test_amounts_in_cents_become_units(file):
    path = file("ID,MONTH,DPD,BAL\n1,2024-01,0,150\n")
    source = read(path, factors={"balance": 0.01}, **MONEY)
    assert source.tables["statements"]["balance"].tolist() == [1.5]


def test_the_order_of_rows_changes_nothing(file):
    lines = STATUS_CSV.strip().split("\n")
    shuffled = "\n".join([lines[0], *reversed(lines[1:])]) + "\n"
    first = read(file(STATUS_CSV)).tables["statements"]
    second = read(file(shuffled, "other.csv")).tables["statements"]
    pd.testing.assert_frame_equal(first, second)


def test_a_flag_that_would_speak_of_the_future_is_refused(file):
    path = file("ID,MONTH,DPD,BAL\n1,2024-01,0,0\n1,2024-02,0,9\n")
    with pytest.raises(ChoiceError, match="speak of the future"):
        read(path, extra={"flag_accounts_without_information": True}, **MONEY)
