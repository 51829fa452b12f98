"""Files: Parquet and JSON, written whole, read with a clear error, known by their digest."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow
from pyarrow import parquet

from delinquency.atomic_files import faults_in_words, replacing, write_text
from delinquency.errors import MissingArtifactError, StorageError
from delinquency.spreadsheet_cells import guard_cell

MADE_FROM = b"delinquency.made_from"
"""Key of a Parquet file's own record of what it was made from."""
CHECKED = {"write_page_checksum": True}
"""Every page of a Parquet file carries a checksum: a changed byte is found when it is read."""
PACKAGE = Path(__file__).parents[1]


def write_frame(
    frame: pd.DataFrame, path: Path, *, made_from: Mapping[str, str] | None = None
) -> None:
    """Write a frame as Parquet, whole or not at all.

    Parameters
    ----------
    frame : DataFrame
    path : Path
    made_from : mapping of str to str, optional
        Digests of what the frame was made from, kept in the file: ``read_made_from`` compares.
    """
    with replacing(path) as temporary:
        table = pyarrow.Table.from_pandas(frame, preserve_index=False)
        if made_from:
            kept = table.schema.metadata or {}
            mark = json.dumps(made_from, sort_keys=True).encode()
            table = table.replace_schema_metadata({**kept, MADE_FROM: mark})
        parquet.write_table(table, temporary, use_dictionary=_repeating(table.schema), **CHECKED)


def _repeating(schema: pyarrow.Schema) -> list[str]:
    """Return the columns whose values repeat; a dictionary of numbers takes thrice the time."""
    return [field.name for field in schema if not pyarrow.types.is_floating(field.type)]


def read_frame(path: Path, *, made_by: str) -> pd.DataFrame:
    """Read a Parquet file.

    Parameters
    ----------
    path : Path
    made_by : str
        The stage that writes it, for the error text.

    Returns
    -------
    DataFrame

    Raises
    ------
    MissingArtifactError
        If the file does not exist, naming the stage to run.
    """
    return _parquet(path, made_by)


def read_columns(
    path: Path, *, only: Sequence[str] | None = None, without: Sequence[str] = ()
) -> pd.DataFrame:
    """Read some columns of a Parquet file that stage ``features`` wrote.

    Parameters
    ----------
    path : Path
    only : sequence of str, optional
        Columns to read; all when absent.
    without : sequence of str
        Columns to leave out.

    Returns
    -------
    DataFrame

    Raises
    ------
    MissingArtifactError
        If the file does not exist.
    """
    _require(path, "features")
    names = _schema(path, "features").names if only is None else only
    return _parquet(path, "features", columns=[name for name in names if name not in without])


@contextmanager
def frames_written(path: Path) -> Iterator[Callable[[pd.DataFrame], None]]:
    """Give a function that writes frames one below another into one Parquet file.

    Parameters
    ----------
    path : Path
        Replaced when all went well, untouched otherwise.

    Yields
    ------
    callable
        Takes a frame; the columns and types of the first one hold for all.
    """
    with replacing(path) as temporary, ExitStack() as files:
        writer: parquet.ParquetWriter | None = None

        def write(frame: pd.DataFrame) -> None:
            nonlocal writer
            schema = None if writer is None else writer.schema
            table = pyarrow.Table.from_pandas(frame, schema=schema, preserve_index=False)
            if writer is None:
                repeating = _repeating(table.schema)
                writer = files.enter_context(
                    parquet.ParquetWriter(
                        temporary, table.schema, use_dictionary=repeating, **CHECKED
                    )
                )
            writer.write_table(table)

        yield write


def write_json(value: Any, path: Path) -> None:
    """Write a value as indented JSON, whole or not at all; NaN is refused, not written."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False, default=_plain)
    write_text(text + "\n", path)


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame as CSV, whole or not at all; no cell and no name runs as a formula."""
    write_text(without_formulas(frame).to_csv(index=False), path)


def write_csv_parts(frames: Iterable[pd.DataFrame], path: Path) -> None:
    """Write frames of the same columns as one CSV file, one in memory at a time."""
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as out:
        for number, frame in enumerate(frames):
            without_formulas(frame).to_csv(out, index=False, header=number == 0)


def without_formulas(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame no cell or name of which a spreadsheet runs as a formula.

    Numbers stay numbers. A text that begins with a mark of formulas gets an apostrophe before it.
    """
    guarded = frame.copy(deep=False)
    guarded.columns = [guard_cell(str(name)) for name in frame.columns]
    for place, kind in enumerate(frame.dtypes):
        if not pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_datetime64_dtype(kind):
            cells = frame.iloc[:, place].astype(object)
            guarded.isetitem(place, cells.map(_guarded))
    return guarded


def _guarded(value: Any) -> Any:
    return guard_cell(value) if isinstance(value, str) else value


def read_json(path: Path, *, made_by: str) -> Any:
    """Read a JSON file; errors as in ``read_frame``."""
    _require(path, made_by)
    try:
        with faults_in_words(path):
            return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise _damaged(path, made_by, error) from error


def read_made_from(
    path: Path, wanted: Mapping[str, str], *, made_by: str, what: str
) -> pd.DataFrame:
    """Read a Parquet file only when it was made from what is there now.

    Parameters
    ----------
    path : Path
    wanted : mapping of str to str
        Digests that the file must carry, as given to ``write_frame``.
    made_by : str
        The stage that writes it.
    what : str
        What the frame holds, for the error text: "The explanations".

    Returns
    -------
    DataFrame

    Raises
    ------
    MissingArtifactError
        If the file does not exist, or was made from something else.
    StorageError
        If the file is damaged.
    """
    _require(path, made_by)
    kept = made_from_of(path)
    other = [name for name, value in wanted.items() if kept.get(name) != value]
    if other:
        raise MissingArtifactError(
            f"{what} in {path} were made from another {' and another '.join(other)} than the one "
            f"that is there now. Run python -m delinquency stage={made_by} with the same choices."
        )
    return _parquet(path, made_by)


def made_from_of(path: Path) -> dict[str, str]:
    """Return the digests of what a Parquet file was made from; empty where it does not say."""
    mark = (_schema(path, "the stage that wrote it").metadata or {}).get(MADE_FROM, b"{}")
    return dict(json.loads(mark))


def digest(value: Any) -> str:
    """Return a SHA-256 of plain values, dataclasses and mappings, the same in any key order."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=_plain)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


@cache
def code_digest(folder: Path = PACKAGE) -> str:
    """Return a SHA-256 of every Python file in a folder: which code made what lies on disk.

    A file kept from an earlier run is as good as new only where the same code would make it
    again. A version number does not tell: it stays while code changes.

    Parameters
    ----------
    folder : Path
        This package by default.
    """
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        content = path.read_bytes()
        total.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


class FrameDigest:
    """A SHA-256 of frames one below another: names, dtypes and values, in row order."""

    def __init__(self) -> None:
        self._sum = hashlib.sha256()
        self._head = ""

    def add(self, frame: pd.DataFrame) -> None:
        """Add the rows of a frame; it is the same whether they come at once or in parts."""
        head = json.dumps([[str(n), str(t)] for n, t in frame.dtypes.items()])
        if not self._head:
            self._sum.update(head.encode("utf-8"))
        elif head != self._head:
            raise ValueError("The parts of one frame must have the same columns and dtypes.")
        self._head = head
        self._sum.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())

    def hexdigest(self) -> str:
        """Return the digest of all rows so far."""
        return self._sum.hexdigest()


def frame_digest(frame: pd.DataFrame) -> str:
    """Return a SHA-256 of a frame's names, dtypes and values, in row order."""
    whole = FrameDigest()
    whole.add(frame)
    return whole.hexdigest()


def _parquet(path: Path, made_by: str, columns: list[str] | None = None) -> pd.DataFrame:
    """Read a Parquet file, every page of it checked."""
    _require(path, made_by)
    try:
        with faults_in_words(path):
            return pd.read_parquet(path, columns=columns, page_checksum_verification=True)
    except (pyarrow.ArrowException, StorageError) as error:
        raise _damaged(path, made_by, error) from error


def _schema(path: Path, made_by: str) -> pyarrow.Schema:
    try:
        return parquet.read_schema(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise _damaged(path, made_by, error) from error


def _damaged(path: Path, made_by: str, error: Exception) -> StorageError:
    reason = str(error).splitlines()[0][:150] if str(error) else type(error).__name__
    return StorageError(
        f"{path} is damaged: it was cut off or changed since stage {made_by!r} wrote it "
        f"({reason}). Run python -m delinquency stage={made_by} with the same data and paths."
    )


def _require(path: Path, made_by: str) -> None:
    if not path.exists():
        raise MissingArtifactError(
            f"{path} does not exist. It is written by stage {made_by!r}: run "
            f"python -m delinquency stage={made_by} with the same data and paths."
        )


def _plain(value: Any) -> Any:
    """Return a JSON value for what json does not know."""
    if hasattr(value, "__dataclass_fields__"):
        return asdict(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "item"):
        return value.item()
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON.")
