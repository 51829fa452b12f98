"""One large folder of canonical tables, Parquet or CSV, brought into parts of whole accounts.

The rows are read a block at a time, in any order, and go to the part that a hash of their account
names, the same in every table. A block and its sorted copy are in memory, later the rows of one
part: neither grows with the portfolio.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow
from pyarrow import csv, ipc, parquet

from delinquency.errors import DataError, Fault
from delinquency.panel.id_hashes import id_hashes
from delinquency.panel.schema import TABLES
from delinquency.scoring.part_tables import INPUT_TABLES

PART = "part-{:04d}"
STATEMENTS = "statements.parquet"
"""What marks a folder as a part of canonical tables."""
LARGE_ROWS = 600_000
"""Statements of one folder above which it is brought into parts: 50,000 accounts of a year."""
MOST_PARTS = 400
"""Files that are written at once when a folder is brought into parts."""
BATCH_ROWS = 1 << 18
BLOCK_BYTES = 64 << 20
"""Rows are sorted by part and written when they fill this much memory."""
SPOOLED = ipc.IpcWriteOptions(compression="lz4")
CSV_BYTES = 16 << 20
"""Text that is parsed at once."""
MONTHS_OF_AN_ACCOUNT = 12
"""Taken for granted where only a text of statements is there to count accounts by."""
_MOMENT = pyarrow.timestamp("ms")
_TYPES = {"text": pyarrow.string(), "date": _MOMENT, "month": _MOMENT}
"""Types of a CSV file's columns; all other kinds are numbers."""


def canonical_folders(path: Path) -> list[Path]:
    """Return the folders below a path, or itself, that hold a part; none where there is none."""
    if table_file(path, "statements") is not None:
        return [path]
    return sorted(folder.parent for folder in path.glob(f"*/{STATEMENTS}"))


def table_file(folder: Path, name: str) -> Path | None:
    """Return the file of a canonical table in a folder, Parquet before CSV."""
    paths = (folder / f"{name}{ending}" for ending in (".parquet", ".csv"))
    return next((path for path in paths if path.exists()), None)


def is_large(folder: Path) -> bool:
    """Whether a folder is to be brought into parts: for its size, or because it is text."""
    path = table_file(folder, "statements")
    if path is None or path.suffix == ".csv":
        return path is not None
    return bool(parquet.read_metadata(path).num_rows > LARGE_ROWS)


def split_folder(folder: Path, staged: Path, *, part_accounts: int) -> int:
    """Bring one folder of canonical tables into parts of whole accounts, in bounded memory.

    Parameters
    ----------
    folder : Path
        Tables as Parquet with any number of row groups, or as CSV with canonical column names and
        ISO dates; rows in any order.
    staged : Path
        Where the parts are written, as Parquet.
    part_accounts : int
        Accounts of a part, about.

    Returns
    -------
    int
        Parts written.

    Raises
    ------
    DataError
        If a table has no accounts, or a cell of a CSV file is not what its column holds.

    Notes
    -----
    An account's part follows from a hash of its id (FNV-1a), the same in every table; the rows of
    a part keep their order.
    """
    n_parts = max(1, min(MOST_PARTS, round(_count_accounts(folder) / part_accounts)))
    for name in INPUT_TABLES:
        path = table_file(folder, name)
        if path is not None:
            split_table(path, staged, n_parts)
    return n_parts


def split_table(path: Path, staged: Path, n_parts: int) -> None:
    """Bring the rows of one table into parts; errors as of ``split_folder``.

    Notes
    -----
    Parquet notes every row group in memory until the file is closed, which with small groups in
    hundreds of open files grows with the rows. So rows go to streams that note nothing, and each
    part becomes Parquet by itself when all rows are read.
    """
    spools = [_made(staged / PART.format(n)) / f"{path.stem}.arrows" for n in range(n_parts)]
    with ExitStack() as files:
        streams: list[pyarrow.RecordBatchStreamWriter] = []
        for block in _blocks(path):
            if not streams:
                opened = [
                    files.enter_context(pyarrow.OSFile(str(spool), "wb")) for spool in spools
                ]
                streams = [
                    files.enter_context(ipc.new_stream(file, block.schema, options=SPOOLED))
                    for file in opened
                ]
            _write_block(block, streams)
            del block  # before the next one is read
    for spool in spools:
        with pyarrow.OSFile(str(spool)) as file:
            parquet.write_table(ipc.open_stream(file).read_all(), spool.with_suffix(".parquet"))
        spool.unlink()


def _write_block(block: pyarrow.Table, streams: list[pyarrow.RecordBatchStreamWriter]) -> None:
    for number, rows in _by_part(block, len(streams)):
        streams[number].write_table(rows)


def _blocks(path: Path) -> Iterator[pyarrow.Table]:
    """Yield the rows of a file in blocks of about ``BLOCK_BYTES``; at least one, perhaps empty."""
    schema, batches = _read_parquet(path) if path.suffix == ".parquet" else _read_csv(path)
    if "account_id" not in schema.names:
        raise DataError(
            Fault(str(path), "account_id", "a column (account)", mend="It is missing.")
        )
    schema = schema.remove_metadata()
    held: list[pyarrow.RecordBatch] = []
    size, any_yielded = 0, False
    try:
        for batch in batches:
            held.append(batch.replace_schema_metadata(None))
            size += batch.nbytes
            if size >= BLOCK_BYTES:
                size, any_yielded = 0, True
                yield _emptied(held, schema)
    except pyarrow.ArrowInvalid as error:
        raise DataError(
            Fault(str(path), "", "a table that can be read", mend=f"It cannot: {error}")
        ) from None
    if held or not any_yielded:
        yield _emptied(held, schema)


def _emptied(held: list[pyarrow.RecordBatch], schema: pyarrow.Schema) -> pyarrow.Table:
    """Return batches as one table, and forget them: a block is held once."""
    table = pyarrow.Table.from_batches(held, schema)
    held.clear()
    return table


def _read_parquet(path: Path) -> tuple[pyarrow.Schema, Iterator[pyarrow.RecordBatch]]:
    # Read ahead, a file is in memory as a whole by its last row group.
    file = parquet.ParquetFile(path, pre_buffer=False)
    return file.schema_arrow, file.iter_batches(BATCH_ROWS)


def _read_csv(path: Path) -> tuple[pyarrow.Schema, Iterator[pyarrow.RecordBatch]]:
    """Return what a CSV file holds, its columns in the types of the canonical table."""
    known = {one.name: _TYPES.get(one.kind, pyarrow.float64()) for one in TABLES[path.stem]}
    convert = csv.ConvertOptions(
        column_types=known, strings_can_be_null=True, quoted_strings_can_be_null=False,
        timestamp_parsers=[csv.ISO8601, "%Y-%m"],
    )  # fmt: skip
    try:
        reader = csv.open_csv(
            path, read_options=csv.ReadOptions(block_size=CSV_BYTES), convert_options=convert
        )
    except pyarrow.ArrowInvalid as error:
        raise DataError(
            Fault(str(path), "", "a CSV file with a head of canonical column names and ISO dates",
                  mend=f"It cannot be read: {error}")
        ) from None  # fmt: skip
    return reader.schema, iter(reader)


def _count_accounts(folder: Path) -> int:
    """Return about how many accounts a folder holds."""
    accounts = table_file(folder, "accounts")
    if accounts is not None and accounts.suffix == ".parquet":
        return int(parquet.read_metadata(accounts).num_rows)
    if accounts is not None:
        return sum(len(batch) for batch in _read_csv(accounts)[1])
    path = table_file(folder, "statements")
    assert path is not None  # what made the folder one of tables
    if path.suffix == ".csv":
        # No account has fewer statements than one; parts that are smaller than asked do no harm.
        return sum(len(batch) for batch in _read_csv(path)[1]) // MONTHS_OF_AN_ACCOUNT
    file = parquet.ParquetFile(path)
    first = next(file.iter_batches(BATCH_ROWS, columns=["account_id"]), None)
    if first is None or not len(first):
        return 0
    seen = len(first.column(0).unique())
    return int(seen * file.metadata.num_rows / len(first))


def _by_part(table: pyarrow.Table, n_parts: int) -> Iterator[tuple[int, pyarrow.Table]]:
    """Yield the rows of every part, in their order."""
    part = (id_hashes(table.column("account_id")) % np.uint64(n_parts)).astype(np.uint16)
    order = np.argsort(part, kind="stable")
    ends = np.concatenate([[0], np.cumsum(np.bincount(part, minlength=n_parts))])
    sorted_rows = table.take(pyarrow.array(order))
    for number in range(n_parts):
        length = int(ends[number + 1] - ends[number])
        if length:
            yield number, sorted_rows.slice(int(ends[number]), length)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
