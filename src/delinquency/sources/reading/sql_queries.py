"""Read a query from a database: nothing is written there, and no digit is lost on the way.

Rows go column by column into Arrow, so that a column of whole numbers with gaps stays one of
whole numbers. A column that holds several types is text.
"""

import hashlib
import math
import os
import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from delinquency.errors import ChoiceError, DataError, Fault, MissingArtifactError
from delinquency.sources.reading.cells import EXACT_BELOW, Column
from delinquency.sources.reading.raw_table import RawTable

READS = ("select", "with", "values", "table", "from", "show")
"""What a query that reads begins with."""
READ_ONLY = MappingProxyType(
    {
        "sqlite": "PRAGMA query_only = ON",
        "postgresql": "SET TRANSACTION READ ONLY",
        "mysql": "SET SESSION TRANSACTION READ ONLY",
        "mariadb": "SET SESSION TRANSACTION READ ONLY",
        "oracle": "SET TRANSACTION READ ONLY",
    }
)
"""What makes a connection refuse to write, by kind of database."""
ROWS_AT_A_TIME = 50_000
COMMENT = re.compile(r"\s*(--[^\n]*\n|/\*.*?\*/)", re.DOTALL)
FROM_ENVIRONMENT = re.compile(r"\$\{oc\.env:([^},]+)(?:,([^}]*))?\}")


def read_query(query: str, database: str) -> RawTable:
    """Run a query that reads, and return its rows.

    Parameters
    ----------
    query : str
    database : str
        SQLAlchemy address; ``${oc.env:NAME}`` in it is taken from the environment here and now,
        so that nothing else ever holds the password.

    Raises
    ------
    ChoiceError
        If the query does not begin as one that reads, or the address is not one that SQLAlchemy
        knows.
    MissingArtifactError
        If the file of a SQLite database is not there.
    DataError
        If the query fails, returns no rows, or names a column twice.
    """
    import sqlalchemy

    where = f"query {' '.join(query.split())[:60]!r}"
    _refuse_writing(query, where)
    engine = _engine(database)
    try:
        with engine.connect() as connection:
            if guard := READ_ONLY.get(engine.url.get_backend_name()):
                connection.execute(sqlalchemy.text(guard))
            reading = connection.execution_options(stream_results=True)
            result = reading.execute(sqlalchemy.text(query))
            names = list(result.keys())
            batches = [
                [_array(list(values)) for values in zip(*rows, strict=True)]
                for rows in result.partitions(ROWS_AT_A_TIME)
            ]
            connection.rollback()
    except sqlalchemy.exc.SQLAlchemyError as error:
        address = engine.url.render_as_string(hide_password=True)
        reason = str(getattr(error, "orig", None) or error).splitlines()[0][:200]
        raise DataError(
            Fault(where, "", f"a query that runs on {address}", 0, (reason,))
        ) from error
    finally:
        engine.dispose()
    if not batches:
        raise DataError(Fault(where, "", "at least one row", mend="The query returned none."))
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        listed = ", ".join(repr(name) for name in twice)
        mend = "Give each column a name of its own (AS ...)."
        raise DataError(Fault(where, listed, "a name used once in the result", mend=mend))
    columns = [one_type([batch[k] for batch in batches]) for k in range(len(names))]
    cells = pa.table(dict(zip(names, columns, strict=True)))
    return RawTable(where, cells, _digest(cells))


def one_type(arrays: Sequence[Any]) -> Column:
    """Return arrays one below another, as text where they have no type in common.

    A column of whole numbers and of floats is of floats only where no digit is lost.
    """
    kinds = {array.type for array in arrays} - {pa.null()}
    if len(kinds) > 1 and all(pa.types.is_integer(one) for one in kinds):
        kinds = {pa.int64()}
    if len(kinds) == 1:
        kind = kinds.pop()
        try:
            return pa.chunked_array([array.cast(kind) for array in arrays])
        except pa.ArrowInvalid:
            kinds = {pa.string()}
    if not kinds:
        return pa.chunked_array([array.cast(pa.string()) for array in arrays])
    if all(pa.types.is_integer(one) or pa.types.is_floating(one) for one in kinds):
        # A float beyond 2**53 has lost its digits already: the column stays one of floats, so that
        # it is refused where ids are read.
        lossy = any(_beyond_exact(array) for array in arrays if pa.types.is_floating(array.type))
        try:
            return pa.chunked_array([array.cast(pa.float64(), safe=not lossy) for array in arrays])
        except pa.ArrowInvalid:  # whole numbers that no float can hold
            pass
    values = [_as_text(value) for array in arrays for value in array.to_pylist()]
    return pa.chunked_array([pa.array(values, pa.string())])


def _beyond_exact(array: Any) -> bool:
    size = pc.max(pc.abs(array)).as_py()
    return size is not None and size >= EXACT_BELOW


def database_address(database: str) -> str:
    """Return a database's address with what it takes from the environment filled in.

    Raises
    ------
    ChoiceError
        If a variable is not set.
    """

    def value(found: re.Match[str]) -> str:
        name, default = found.group(1).strip(), found.group(2)
        if name in os.environ:
            return os.environ[name]
        if default is None:
            raise ChoiceError(
                f"database: the environment variable {name} is not set. It should hold the "
                "address, such as postgresql+psycopg://user:password@host/name."
            )
        return default

    return FROM_ENVIRONMENT.sub(value, database)


def _engine(database: str) -> Any:
    import sqlalchemy

    address = database_address(database)
    try:
        engine = sqlalchemy.create_engine(address)
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
    return engine


def _refuse_writing(query: str, where: str) -> None:
    """Raise for a statement that does not begin as one that reads."""
    bare = query
    while found := COMMENT.match(bare):
        bare = bare[found.end() :]
    first = re.match(r"[\s(]*([a-zA-Z]+)", bare)
    word = first.group(1).lower() if first else ""
    if word not in READS:
        raise ChoiceError(
            f"{where}: expected a query that reads (SELECT ... or WITH ... SELECT). Got one that "
            f"begins with {word.upper() or repr(bare[:10])}. The database is only ever read."
        )


def _array(values: list[Any]) -> Any:
    """Return the values of one column; as text where they are of several types."""
    values = [_wall_clock(value) if isinstance(value, datetime) else value for value in values]
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        return pa.array([_as_text(value) for value in values], pa.string())


def _wall_clock(moment: datetime) -> datetime:
    """Return a moment as the clock of its own zone shows it."""
    return moment.replace(tzinfo=None)


def _as_text(value: Any) -> str | None:
    """Return a value of a mixed column as text: whole numbers without a point."""
    if value is None or value != value:
        return None
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, (float, Decimal)) and math.isfinite(value) and value == int(value):
        return str(int(value))
    return str(value)


def _digest(cells: pa.Table) -> str:
    """Return the digest of names, types and values, whatever the batches they came in."""
    digest = hashlib.sha256(str(cells.schema).encode())
    for batch in cells.combine_chunks().to_batches(max_chunksize=ROWS_AT_A_TIME):
        digest.update(memoryview(batch.serialize()))
    return digest.hexdigest()
