"""Whatever a file holds, reading it ends in a right reading or in a named error."""

import io

import file_corpus
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delinquency.errors import DataError, DelinquencyError
from delinquency.sources.inspect.inspected_files import inspect_file
from delinquency.sources.reading import (
    account_ids,
    cells,
    date_cells,
    delimited_text,
    source_files,
)
from delinquency.sources.reading.mapping_options import TextOptions
from delinquency.sources.reading.source_files import read_path

HEAVY = {"ten_thousand_columns", "very_many_rows_in_few_bytes", "a_zip_bomb", "a_gzip_bomb"}
"""Kinds that take seconds: ``make torture`` has them, with many seeds of all."""
KINDS = {name: (make, ".csv") for name, make in file_corpus.CSV.items() if name not in HEAVY}
KINDS |= {
    name: (make, ".parquet") for name, make in file_corpus.PARQUET.items() if name not in HEAVY
}


def read(path):
    """Read a file as text cells and as numbers; only errors with a name may come out."""
    try:
        raw = read_path(path, TextOptions())
        for name in raw.cells.column_names:
            values, _ = cells.number_cells(
                raw.cells[name], TextOptions(), where=path.name, name=name
            )
            assert not np.isinf(values).any()
    except DelinquencyError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_faulty_file_is_read_right_or_refused_by_name(tmp_path, kind, recwarn, capfd):
    make, suffix = KINDS[kind]
    for seed in range(2):
        path = tmp_path / f"{seed}{suffix}"
        path.write_bytes(make(np.random.default_rng(seed)))
        text = read(path)
        assert text == "" or path.name in text
    assert "Traceback" not in capfd.readouterr().err


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(tmp_path, content):
    path = tmp_path / "any.csv"
    path.write_bytes(content)
    text = read(path)
    assert text == "" or path.name in text


def test_lists_records_and_bytes_are_refused_by_column(tmp_path):
    path = tmp_path / "x.parquet"
    path.write_bytes(file_corpus.nested_types(np.random.default_rng(0)))
    with pytest.raises(DataError, match=r"bill: expected single values.*list<") as caught:
        read_path(path, TextOptions())
    assert [fault.column for fault in caught.value.faults] == ["bill", "month", "default"]


def test_a_column_name_that_a_parquet_file_holds_twice_is_refused(tmp_path):
    path = tmp_path / "x.parquet"
    path.write_bytes(file_corpus.repeated_names_in_parquet(np.random.default_rng(0)))
    for columns in (None, ["id", "default"]):
        with pytest.raises(DataError, match=r"'bill', 'id': expected a name used once"):
            read_path(path, TextOptions(), columns=columns)
    with pytest.raises(DataError, match="used once"):
        inspect_file(path)


def test_a_deep_type_is_told_in_one_line(tmp_path):
    path = tmp_path / "x.parquet"
    path.write_bytes(file_corpus.a_deep_type(np.random.default_rng(0)))
    with pytest.raises(DataError, match="bill: expected single values") as caught:
        read_path(path, TextOptions())
    assert len(str(caught.value)) < 250


def test_text_that_was_stored_as_bytes_is_text(tmp_path):
    pq.write_table(pa.table({"id": pa.array([b"A1", b"\xc3\xa9"])}), tmp_path / "x.parquet")
    assert read_path(tmp_path / "x.parquet", TextOptions()).cells["id"].to_pylist() == ["A1", "é"]


def test_a_small_file_that_would_fill_the_memory_is_refused(tmp_path, monkeypatch):
    out = io.BytesIO()
    pq.write_table(pa.table({"x": pa.array(np.zeros(100_000, np.int64))}), out)
    assert len(out.getvalue()) < 10_000
    (tmp_path / "x.parquet").write_bytes(out.getvalue())
    free = type("Memory", (), {"available": 700_000})()
    monkeypatch.setattr(source_files.psutil, "virtual_memory", lambda: free)
    with pytest.raises(DataError, match="100,000 rows x 1 columns"):
        read_path(tmp_path / "x.parquet", TextOptions())


@pytest.mark.parametrize(
    "pattern",
    [
        cells.NUMBER, date_cells.POINT_ZERO, date_cells.ISO, delimited_text.NUMBER_CELL,
        account_ids.DIGITS, account_ids.SPREADSHEET,
    ],
)  # fmt: skip
@pytest.mark.parametrize("text", ["1", "0", "1.", "-", ".0", "1e"])
def test_patterns_of_cells_take_time_in_proportion_to_the_cell(pattern, text):
    """A quadratic pattern would need hours for three million digits."""
    assert pattern.fullmatch(text * 1_500_000 + "x") is None


def test_numbers_and_ids_are_still_what_they_were():
    for right in ("1", "-1.5", "+.5", "1.", "1e5", "1.5E-3"):
        assert cells.NUMBER.fullmatch(right), right
    for wrong in ("", ".", "1e", "e5", "1.2.3", "1,5", "--1"):
        assert not cells.NUMBER.fullmatch(wrong), wrong
    assert [account_ids.DIGITS.fullmatch(t).group(1) for t in ("0", "00", "007", "7.0", "70")] == [
        "0", "0", "7", "7", "70",
    ]  # fmt: skip
