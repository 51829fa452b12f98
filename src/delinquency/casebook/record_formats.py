"""The file formats of overdue records: CSV, Parquet and JSON lines, with one published schema.

A file has one row per record and month. A CSV cell that a spreadsheet would run as a formula gets
an apostrophe before it, and loses it on the way in. JSON lines escape the marks that HTML reads.
"""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from delinquency.named_choices import Registry
from delinquency.spreadsheet_cells import guard_cell, restore_cell

SCHEMA_VERSION = "1"
"""Changes when a column is added, removed, or means something else."""
SCHEMA_FILE = "overdue_record.schema.json"
"""The published JSON Schema of one row, beside this file."""
COLUMNS: Mapping[str, pa.DataType] = {
    "schema_version": pa.string(),
    "record_id": pa.string(),
    "account_id": pa.string(),
    "lender": pa.string(),
    "currency": pa.string(),
    "opened_on": pa.string(),
    "closed_on": pa.string(),
    "month": pa.string(),
    "days_past_due": pa.int64(),
    "band": pa.string(),
    "overdue_cents": pa.int64(),
    "balance_cents": pa.int64(),
    "disputed": pa.bool_(),
    "dispute_note": pa.string(),
    "consent": pa.bool_(),
    "source_name": pa.string(),
    "source_id": pa.string(),
    "received_on": pa.string(),
}
"""The columns of a file, in order, and their types in Parquet; dates are ISO 8601 text."""

FileRow = dict[str, Any]


@dataclass(frozen=True)
class Format:
    """A file format: how rows become bytes, and bytes rows."""

    write: Callable[[Sequence[FileRow]], bytes]
    read: Callable[[bytes], list[FileRow]]


def json_schema() -> dict[str, Any]:
    """Return the published JSON Schema of one row."""
    text = files("delinquency.casebook").joinpath(SCHEMA_FILE).read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _write_csv(rows: Sequence[FileRow]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_csv_cell(row[name]) for name in COLUMNS])
    return out.getvalue().encode()


def _csv_cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return guard_cell(value) if isinstance(value, str) else str(value)


def _read_csv(data: bytes) -> list[FileRow]:
    reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
    rows: list[FileRow] = []
    for row in reader:
        if reader.restkey in row:
            raise ValueError(f"line {reader.line_num} has more cells than the header")
        rows.append({name: _typed(name, cell) for name, cell in row.items()})
    return rows


def _typed(name: str, cell: str | None) -> object:
    """Return a CSV cell in the type of its column; what does not fit is left for the checks."""
    kind = COLUMNS.get(name)
    if cell is None or (cell == "" and name == "closed_on"):
        return None
    if kind == pa.bool_():
        return {"true": True, "false": False}.get(cell.lower(), cell)
    if kind == pa.int64():
        return int(cell) if cell.isascii() and cell.lstrip("-").isdigit() else cell
    return restore_cell(cell)


def _write_jsonl(rows: Sequence[FileRow]) -> bytes:
    lines = (json.dumps({name: row[name] for name in COLUMNS}, ensure_ascii=False) for row in rows)
    text = "".join(line + "\n" for line in lines)
    # Only texts can hold these marks, so the escapes stand inside JSON strings.
    for mark in "<>&\u2028\u2029":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return text.encode()


def _read_jsonl(data: bytes) -> list[FileRow]:
    lines = data.decode("utf-8-sig").split("\n")
    rows = [json.loads(line) for line in lines if line.strip()]
    if not all(isinstance(row, dict) for row in rows):
        raise ValueError("a line is not an object")
    return rows


def _write_parquet(rows: Sequence[FileRow]) -> bytes:
    schema = pa.schema(list(COLUMNS.items()))
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), out, compression="zstd")
    return out.getvalue()


def _read_parquet(data: bytes) -> list[FileRow]:
    rows: list[FileRow] = pq.read_table(io.BytesIO(data)).to_pylist()
    return rows


FORMATS: Registry[Format] = Registry("exchange format")
FORMATS.add("csv", Format(_write_csv, _read_csv))
FORMATS.add("jsonl", Format(_write_jsonl, _read_jsonl))
FORMATS.add("parquet", Format(_write_parquet, _read_parquet))


def format_of(path: Path) -> Format:
    """Return the format that a file's suffix names.

    Raises
    ------
    ChoiceError
        When there is none of this name.
    """
    return FORMATS[suffix(path)]


def suffix(path: Path) -> str:
    """Return the suffix that names a file's format."""
    return path.suffix.removeprefix(".").lower()


def table_as_csv(table: pd.DataFrame) -> bytes:
    """Return a table of other columns than records have as CSV; no cell runs as a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(table.columns)
    cells = table.astype("str").itertuples(index=False, name=None)
    writer.writerows([guard_cell(cell) for cell in row] for row in cells)
    return out.getvalue().encode()
