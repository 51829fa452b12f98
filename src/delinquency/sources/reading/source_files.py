"""Find and read what a mapping names: a file, a folder of files, or a database query."""

import hashlib
from difflib import get_close_matches
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from delinquency.errors import ChoiceError, DataError, Fault, MissingArtifactError
from delinquency.sources.reading.delimited_text import (
    RawTable,
    looks_like_data,
    read_text,
    refuse_unreadable,
    scan_text,
    text_header,
)
from delinquency.sources.reading.mapping_options import TextOptions

TEXT_SUFFIXES = (".csv", ".tsv", ".txt", ".data")
PARQUET_SUFFIXES = (".parquet", ".pq")
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
    parts = [_read_file(file, text, columns) for file in files]
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
    return RawTable(
        f"{place.name}/ ({len(files)} files)",
        pa.concat_tables(
            [part.cells.select(names) for part in parts], promote_options="permissive"
        ),
        hashlib.sha256("".join(part.digest for part in parts).encode()).hexdigest(),
        repairs,
    )


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


def read_query(query: str, database: str) -> RawTable:
    """Run a query and return its rows.

    Raises
    ------
    ChoiceError
        If the database address is not one that SQLAlchemy knows.
    MissingArtifactError
        If the file of a SQLite database is not there.
    DataError
        If the query fails or returns no rows.
    """
    import sqlalchemy

    where = f"query {' '.join(query.split())[:60]!r}"
    try:
        engine = sqlalchemy.create_engine(database)
    except (sqlalchemy.exc.ArgumentError, sqlalchemy.exc.NoSuchModuleError, ImportError) as error:
        raise ChoiceError(
            "database: expected a SQLAlchemy address such as sqlite:///file.db or "
            f"postgresql+psycopg://user@host/name. Got an address that fails: {error}."
        ) from error
    file = engine.url.database or ""
    on_disk = engine.url.get_backend_name() == "sqlite" and not file.startswith((":", "file:"))
    if on_disk and file and not Path(file).exists():
        # SQLite would make an empty database of that name, and then miss the table in it.
        raise MissingArtifactError(
            f"database: expected the SQLite file {file!r}. There is none. A path from the root "
            "has four slashes: sqlite:////folder/file.db."
        )
    try:
        with engine.connect() as connection:
            result = connection.execute(sqlalchemy.text(query))
            frame = pd.DataFrame(result.fetchall(), columns=list(result.keys()))
    except sqlalchemy.exc.SQLAlchemyError as error:
        address = engine.url.render_as_string(hide_password=True)
        reason = str(getattr(error, "orig", None) or error).splitlines()[0][:200]
        raise DataError(
            Fault(where, "", f"a query that runs on {address}", 0, (reason,))
        ) from error
    finally:
        engine.dispose()
    if frame.empty:
        raise DataError(Fault(where, "", "at least one row", mend="The query returned none."))
    cells = pa.Table.from_pandas(frame, preserve_index=False)
    digest = hashlib.sha256()
    for batch in cells.to_batches():
        digest.update(memoryview(batch.serialize()))
    return RawTable(where, cells, digest.hexdigest())


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
        if columns is not None:
            require_columns(columns, reader.schema_arrow.names, file.name)
        cells = reader.read(columns=columns)
    except (pa.ArrowInvalid, OSError) as error:
        reason = str(error).splitlines()[0][:150]
        raise DataError(Fault(file.name, "", "a Parquet file", 0, (reason,))) from error
    if cells.num_rows == 0:
        raise DataError(Fault(file.name, "", "at least one row", mend="It has none."))
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return RawTable(file.name, cells, digest)
