"""What a new user gets wrong: each mistake gives one clear error, with the way to mend it."""

from pathlib import Path

import pandas as pd
import pytest

from delinquency.errors import ChoiceError, DataError, MissingArtifactError
from delinquency.sources.data_options import PanelData, TableData
from delinquency.sources.reading import delimited_text as text_module
from delinquency.sources.reading.delimited_text import read_text
from delinquency.sources.reading.mapping_options import (
    FeatureColumn,
    LabelColumn,
    TableMapping,
    TextOptions,
)
from delinquency.sources.registered_sources import SOURCES

COLUMNS = {"account_id": "ID", "month": "MONTH", "days_past_due": "DPD"}
CSV = "ID,MONTH,DPD\n1,2024-01,0\n1,2024-02,30\n"


def panel(folder: Path, content: str | bytes | None = None, *, text=None, **mapping):
    if content is not None:
        raw = content if isinstance(content, bytes) else content.encode()
        (folder / "p.csv").write_bytes(raw)
    origin = {} if "query" in mapping else {"path": "p.csv"}
    statements = TableMapping(**{"columns": COLUMNS, **origin, **mapping})
    options = PanelData(name="own", text=text or TextOptions(), tables={"statements": statements})
    return SOURCES["panel"](options, folder)


def refusal(folder: Path, content: str | bytes | None = None, **choices) -> str:
    with pytest.raises(DataError) as caught:
        panel(folder, content, **choices)
    return str(caught.value)


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf", b"\n\n\n"])
def test_a_file_of_nothing_but_a_mark_or_blank_lines_has_no_header(tmp_path, content):
    assert "expected a header in the first line" in refusal(tmp_path, content)


def test_a_header_without_a_line_end_is_a_file_without_rows(tmp_path):
    text = refusal(tmp_path, "ID,MONTH,DPD")
    assert text == "p.csv: expected at least one row below the header. It has none."


def test_a_file_without_a_header_is_one_fault_that_says_how_to_name_its_columns(tmp_path):
    text = refusal(tmp_path, "7,2024,0\n7,2025,30\n")
    assert "expected a header with ID, MONTH, DPD. Got 7, 2024, 0." in text
    assert "text: {header: [first, second, ...]}" in text and "faults" not in text


def test_a_first_line_that_never_ends_is_refused_by_its_length(tmp_path):
    assert "lines of at most 1,000,000 bytes" in refusal(tmp_path, "A" * 1_500_000)


def test_an_encoding_that_does_not_exist_is_named(tmp_path):
    text = refusal(tmp_path, CSV, text=TextOptions(encoding="cp125x"))
    assert "expected a known text encoding. Got 'cp125x'." in text


def test_utf16_is_told_by_its_mark(tmp_path):
    text = refusal(tmp_path, CSV.encode("utf-16"))
    assert "text.encoding=utf-16" in text and "faults" not in text
    rows = panel(tmp_path, CSV.encode("utf-16"), text=TextOptions(encoding="utf-16"))
    assert rows.tables["statements"]["days_past_due"].tolist() == [0, 30]


def test_a_header_in_another_encoding_is_a_fault_of_encoding(tmp_path):
    content = CSV.replace("DPD", "Rückstand").encode("cp1252")
    columns = {**COLUMNS, "days_past_due": "Rückstand"}
    text = refusal(tmp_path, content, columns=columns)
    assert "expected text in utf-8" in text and "line 1" in text and "cp1252" in text
    rows = panel(tmp_path, content, columns=columns, text=TextOptions(encoding="cp1252"))
    assert rows.tables["statements"]["days_past_due"].tolist() == [0, 30]


def test_the_stated_encoding_is_not_recommended_again(tmp_path):
    content = CSV.encode() + b"M\x81ller,2024-01,0\n"
    text = refusal(tmp_path, content, text=TextOptions(encoding="cp1252"))
    assert "expected text in cp1252" in text and "in line 4" in text
    assert "cp1252 is a common one" not in text


def test_the_place_of_a_wrong_byte_is_right_across_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr(text_module, "CHUNK", 7)
    content = "ID,NAME\n1,Jürgen\n2,é\n".encode() + b"3,\xe9\n"
    (tmp_path / "p.csv").write_bytes(content)
    with pytest.raises(DataError, match="in line 4"):
        read_text(tmp_path / "p.csv", TextOptions())


def test_files_of_a_folder_that_differ_in_type_are_named(tmp_path):
    folder = tmp_path / "p.csv"
    folder.mkdir()
    one = pd.DataFrame({"ID": ["1"], "MONTH": ["2024-01"], "DPD": [0]})
    one.to_parquet(folder / "a.parquet")
    one.astype({"DPD": str}).to_parquet(folder / "b.parquet")
    text = refusal(tmp_path)
    assert "b.parquet: DPD: expected the type of a.parquet, int64. Got" in text


def test_a_database_file_that_is_not_there_is_not_made(tmp_path):
    gone = tmp_path / "gone.sqlite"
    with pytest.raises(MissingArtifactError, match="four slashes"):
        panel(tmp_path, query="SELECT * FROM t", database=f"sqlite:///{gone}")
    assert not gone.exists()


def test_repeated_months_are_named_with_their_rows_and_the_repair(tmp_path):
    text = refusal(tmp_path, CSV + "1,2024-01,60\n")
    assert "2 rows do not fit, e.g. '1', 2024-01-01 (row 1); '1', 2024-01-01 (row 3)." in text
    assert "data.tables.statements.repeated=first or last" in text


def test_one_role_is_one_column():
    with pytest.raises(ChoiceError, match=r"columns\.balance: expected the name of one column"):
        TableMapping(path="p.csv", columns={"balance": ["A", "B"]})


@pytest.mark.parametrize("key", ["account_column", "month_column"])
@pytest.mark.parametrize("name", ["y", "score"])
def test_account_and_month_are_no_features_and_no_label(key, name):
    chosen = {"columns": {"score": FeatureColumn(trait="credit_record")}, key: name}
    with pytest.raises(ChoiceError, match=f"Named in two roles: {name}"):
        TableData(name="own", path="p.csv", outcome=LabelColumn(column="y"), **chosen)


def test_a_month_of_a_table_that_does_not_parse_says_where_its_format_is_stated(tmp_path):
    (tmp_path / "p.csv").write_text("y,score,m\n1,5,2024-13\n0,6,2024-01\n")
    options = TableData(
        name="own",
        path="p.csv",
        month_column="m",
        outcome=LabelColumn(column="y"),
        columns={"score": FeatureColumn(trait="credit_record")},
    )
    with pytest.raises(DataError, match=r"'2024-13' \(row 1\).*data\.month_format"):
        SOURCES["table"](options, tmp_path)
