"""Find and read what a mapping names: a file, or a folder of files."""

import hashlib
import re
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import unquote

import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from delinquency.errors import DataError, Fault, MissingArtifactError
from delinquency.sources.reading.delimited_text import (
    check_names,
    looks_like_data,
    read_text,
    refuse_unreadable,
    scan_text,
    text_header,
)
from delinquency.sources.reading.mapping_options import TextOptions
from delinquency.sources.reading.raw_table import RawTable
from delinquency.sources.reading.sql_queries import one_type

TEXT_SUFFIXES = (".csv", ".tsv", ".txt", ".data")
PARQUET_SUFFIXES = (".parquet", ".pq")
HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"
"""What a partitioned folder is called whose value is missing."""
YEAR_MONTH = "year_month"
"""The column that folders ``year=2024/month=1`` make together: 2024-01."""
BYTES_A_CELL = 8
"""What a cell takes in memory at the least, once it is read."""
MAX_NAMED_COLUMNS = 40
"""Columns listed in an error text."""


def find(path: str, raw_dir: Path) -> Path:
    """Return the file or folder that ``path`` names.

    Parameters
    ----------
    path : str
        Absolute, or relative to ``raw_dir`` or to the working directory.
    raw_dir : Path

    Raises
    ------
    MissingArtifactError
        If there is none in any of these places.
    """
    stated = Path(path).expanduser()
    places = [stated] if stated.is_absolute() else [raw_dir / stated, Path.cwd() / stated]
    if not stated.is_absolute():
        places.append(raw_dir / stated.name)
    for place in places:
        if place.exists():
            return place
    looked = ", ".join(dict.fromkeys(str(place) for place in places))
    raise MissingArtifactError(
        f"data: expected the file or folder {path!r}. There is none; looked at {looked}. "
        "Put it there, or name another in the data set's YAML or with paths.raw."
    )


def read_path(place: Path, text: TextOptions, *, columns: list[str] | None = None) -> RawTable:
    """Read a file, or every file of a folder one below another.

    Parameters
    ----------
    place : Path
    text : TextOptions
        How text files are written.
    columns : list of str, optional
        Columns to read; all when absent.

    Raises
    ------
    DataError
        If a file is broken or lacks a column, or the files of a folder differ in columns.
    """
    if place.is_file():
        return _read_file(place, text, columns)
    files = sorted(
        file
        for file in place.rglob("*")
        if file.is_file() and file.suffix.lower() in TEXT_SUFFIXES + PARQUET_SUFFIXES
    )
    if not files:
        raise MissingArtifactError(
            f"{place}: expected CSV or Parquet files in this folder. It holds none."
        )
    parts = [_read_part(place, file, text, columns) for file in files]
    names = parts[0].cells.column_names
    for part in parts[1:]:
        if set(part.cells.column_names) != set(names):
            differ = sorted(set(part.cells.column_names) ^ set(names))
            raise DataError(
                Fault(
                    part.where,
                    "",
                    f"the columns of {parts[0].where}",
                    0,
                    (f"a difference in {', '.join(differ)}",),
                    "Give all files of the folder the same columns, or move the others away.",
                )
            )
    repairs: dict[str, int] = {}
    for part in parts:
        for name, count in part.repairs.items():
            repairs[name] = repairs.get(name, 0) + count
    _refuse_mixed_types(parts, names)
    chunks = {
        name: [chunk for part in parts for chunk in part.cells[name].chunks] for name in names
    }
    return RawTable(
        f"{place.name}/ ({len(files)} files)",
        pa.table({name: _below_another(arrays) for name, arrays in chunks.items()}),
        hashlib.sha256("".join(part.digest for part in parts).encode()).hexdigest(),
        repairs,
    )


def _read_part(place: Path, file: Path, text: TextOptions, columns: list[str] | None) -> RawTable:
    """Read one file of a folder; folder names such as ``dt=2024-01`` are columns of its rows."""
    told = _folder_columns(place, file)
    own = None if columns is None else [name for name in columns if name not in told]
    if own == []:  # the files themselves hold nothing that is asked for: any column counts rows
        own = None
    raw = _read_file(file, text, own)
    cells = raw.cells
    for name, value in told.items():
        if name not in cells.column_names and (columns is None or name in columns):
            cells = cells.append_column(name, pa.array([value] * len(cells), pa.string()))
    where = str(file.relative_to(place)) if told else raw.where
    return RawTable(
        where,
        cells if columns is None else cells.select(columns),
        hashlib.sha256(f"{raw.digest} {told}".encode()).hexdigest() if told else raw.digest,
        raw.repairs,
    )


def _folder_columns(place: Path, file: Path) -> dict[str, str | None]:
    """Return what the folders between a data set's and a file's say: ``name=value``.

    A year above a month make a column of both.
    """
    told: dict[str, str | None] = {}
    for folder in file.relative_to(place).parts[:-1]:
        name, mark, value = folder.partition("=")
        if mark and name:
            told[name] = None if value == HIVE_NULL else unquote(value)
    year, month = (told.get(part) or "" for part in ("year", "month"))
    if re.fullmatch(r"\d{4}", year) and re.fullmatch(r"\d{1,2}", month):
        told.setdefault(YEAR_MONTH, f"{year}-{int(month):02d}")
    return told


def _below_another(arrays: list[pa.Array]) -> pa.ChunkedArray:
    """Return the arrays of the files of a folder as one column; no digit of an id is lost."""
    kinds = {array.type for array in arrays}
    numbers = [pa.types.is_integer(one) or pa.types.is_floating(one) for one in kinds]
    if len(kinds) > 1 and all(numbers):
        return one_type(arrays)
    fields = [pa.schema([pa.field("x", kind)]) for kind in kinds]
    wanted = pa.unify_schemas(fields, promote_options="permissive").field("x").type
    return pa.chunked_array([array.cast(wanted) for array in arrays], wanted)


def _refuse_mixed_types(parts: list[RawTable], names: list[str]) -> None:
    """Raise when a column's types in the files of a folder have no type in common."""
    faults = []
    for name in names:
        first = parts[0].cells.schema.field(name)
        for part in parts[1:]:
            other = part.cells.schema.field(name)
            try:
                pa.unify_schemas(
                    [pa.schema([first]), pa.schema([other])], promote_options="permissive"
                )
            except pa.ArrowTypeError:
                expected = f"the type of {parts[0].where}, {first.type}"
                mend = "Write the files of a folder with the same types."
                faults.append(Fault(part.where, name, expected, 0, (str(other.type),), mend))
                break
    if faults:
        raise DataError(faults)


def require_columns(wanted: list[str], present: list[str], where: str) -> None:
    """Raise when a column is not there, with the nearest match.

    Raises
    ------
    DataError
        One fault for each column.
    """
    if looks_like_data(present) and not set(wanted) & set(present):
        got = (", ".join(present[:MAX_NAMED_COLUMNS]),)
        mend = (
            "The first line looks like data. If the file has no header, name its "
            f"{len(present)} columns in the mapping: text: {{header: [first, second, ...]}}."
        )
        named = ", ".join(wanted[:MAX_NAMED_COLUMNS])
        raise DataError(Fault(where, "", f"a header with {named}", 0, got, mend))
    listed = ", ".join(present[:MAX_NAMED_COLUMNS])
    if len(present) > MAX_NAMED_COLUMNS:
        listed += f" and {len(present) - MAX_NAMED_COLUMNS} more"
    faults = []
    for name in wanted:
        if name in present:
            continue
        lower = {column.lower(): column for column in present}
        near = get_close_matches(name.lower(), list(lower), n=1, cutoff=0.6)
        hint = f"Did you mean {lower[near[0]]!r}? " if near else ""
        faults.append(
            Fault(where, name, "a column of this name", mend=f"{hint}The file has: {listed}.")
        )
    if faults:
        raise DataError(faults)


def _read_file(file: Path, text: TextOptions, columns: list[str] | None) -> RawTable:
    if file.suffix.lower() in PARQUET_SUFFIXES:
        return _read_parquet(file, columns)
    scan = scan_text(file)
    if columns is not None:
        refuse_unreadable(scan, text, file.name)
        require_columns(columns, text_header(file, text), file.name)
    return read_text(file, text, columns=columns, scan=scan)


def _read_parquet(file: Path, columns: list[str] | None) -> RawTable:
    try:
        reader = pq.ParquetFile(file)
        check_names(reader.schema_arrow.names, file.name)
        if columns is not None:
            require_columns(columns, reader.schema_arrow.names, file.name)
        _refuse_more_than_fits(reader, columns, file.name)
        cells = _plain_columns(reader.read(columns=columns), file.name)
    except (pa.ArrowException, OSError, UnicodeError) as error:
        reason = str(error).splitlines()[0][:150] if str(error) else type(error).__name__
        raise DataError(Fault(file.name, "", "a Parquet file", 0, (reason,))) from error
    if cells.num_rows == 0:
        raise DataError(Fault(file.name, "", "at least one row", mend="It has none."))
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return RawTable(file.name, cells, digest)


def _refuse_more_than_fits(reader: pq.ParquetFile, columns: list[str] | None, where: str) -> None:
    """Raise when a small file would fill the memory: a column of one value takes next to nothing.

    Raises
    ------
    DataError
    """
    n_columns = reader.metadata.num_columns if columns is None else len(columns)
    needed = reader.metadata.num_rows * n_columns * BYTES_A_CELL
    free = psutil.virtual_memory().available
    if needed > free:
        raise DataError(
            Fault(
                where,
                "",
                f"a table that fits into the memory, of which {free / 1e9:.1f} GB are free",
                0,
                (
                    f"{reader.metadata.num_rows:,} rows x {n_columns:,} columns, about "
                    f"{needed / 1e9:.1f} GB",
                ),
                "Give fewer rows or columns, or a machine with more memory.",
            )
        )


def _plain_columns(cells: pa.Table, where: str) -> pa.Table:
    """Return a table of which every column holds single values; bytes that are text become text.

    Raises
    ------
    DataError
        Naming every column of lists, of records, or of bytes that are not text.
    """
    faults = []
    for place, field in enumerate(cells.schema):
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            try:
                text = cells.column(place).cast(pa.string())
                cells = cells.set_column(place, field.name, text)
                continue
            except pa.ArrowInvalid:
                pass
        elif not (pa.types.is_nested(kind) or pa.types.is_fixed_size_binary(kind)):
            continue
        mend = "Leave the column out, or write one value a row."
        faults.append(
            Fault(where, field.name, "single values", 0, (f"the type {str(kind)[:60]}",), mend)
        )
    if faults:
        raise DataError(faults)
    return cells
