"""The canonical tables of one part, read from Parquet: only the columns that a model needs."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd
import pyarrow
from pyarrow import parquet

from delinquency.errors import DataError, Fault, MissingArtifactError, ModelError
from delinquency.features.catalogue import Feature
from delinquency.panel.event_sums import EVENT_SUMS
from delinquency.panel.plain_columns import TableColumns
from delinquency.panel.schema import TABLES, Table
from delinquency.panel.table_checks import checked
from delinquency.panel.windows import DAYS_BEFORE_MONTH_END

INPUT_TABLES = ("statements", "accounts", "cashflows", "bureau", "transactions", "contacts")
SILENT = "no_information"
_DERIVED = {"months_on_book": "opened_month"}


def needed_columns(features: Iterable[Feature]) -> dict[str, set[str]]:
    """Return the columns of every canonical table that some features rest on.

    Parameters
    ----------
    features : iterable of Feature

    Returns
    -------
    dict of str to set of str
        Keys and arrival months included; every table is named, so that its presence counts.
    """
    wanted = {SILENT}
    for need in {need for one in features for need in one.needs}:
        if need in EVENT_SUMS:
            one = EVENT_SUMS[need]
            wanted |= {*one.needs, one.month, "amount", "cash_advance"}
        else:
            column = need.removesuffix(DAYS_BEFORE_MONTH_END)
            wanted.add(_DERIVED.get(column, column))
    return {
        name: {
            column.name
            for column in TABLES[name]
            if column.required or column.name == "arrival_month" or column.name in wanted
        }
        for name in INPUT_TABLES
    }


def read_part(folder: Path, columns: Mapping[str, set[str]]) -> dict[str, pd.DataFrame]:
    """Return the canonical tables of a part, checked.

    Parameters
    ----------
    folder : Path
        Holds ``statements.parquet`` and what other tables there are.
    columns : mapping of str to set of str
        As ``needed_columns`` returns them.

    Returns
    -------
    dict of str to DataFrame
        Ids and other texts are categorical.

    Raises
    ------
    MissingArtifactError
        If there are no statements.
    DataError
        If a table is not canonical, or cannot be read.
    """
    if not (folder / "statements.parquet").exists():
        raise MissingArtifactError(
            f"{folder} holds no statements.parquet. Expected a folder of canonical tables in "
            "Parquet, as stage=data writes them."
        )
    return {
        name: read_table(folder / f"{name}.parquet", TABLES[name], wanted)
        for name, wanted in columns.items()
        if (folder / f"{name}.parquet").exists()
    }


def read_table(path: Path, table: Table, wanted: set[str]) -> pd.DataFrame:
    """Return some columns of one canonical table; errors as in ``read_part``."""
    where = f"{path.parent.name}/{path.name}"
    try:
        schema = parquet.read_schema(path)
        present = schema.names
        text = [f.name for f in schema if pyarrow.types.is_string(f.type)
                or pyarrow.types.is_large_string(f.type)]  # fmt: skip
        unknown = [name for name in present if name not in table.column_names]
        if unknown:
            raise DataError(
                Fault(
                    where, unknown[0],
                    f"only columns of {table.name!r}: {', '.join(table.column_names)}",
                    mend="Rename it or leave it out.",
                )
            )  # fmt: skip
        file = parquet.ParquetFile(path, read_dictionary=text)
        read = file.read([name for name in present if name in wanted], use_threads=False)
        frame = read.unify_dictionaries().to_pandas(use_threads=False)
    except (OSError, pyarrow.ArrowException) as error:
        raise DataError(
            Fault(where, "", "a Parquet file that can be read", mend=f"It is damaged: {error}")
        ) from None
    return checked(table.name, frame, where=where)


def require_columns(
    needed: Mapping[str, set[str]], tables: Mapping[str, pd.DataFrame | TableColumns]
) -> None:
    """Raise when the tables lack columns that a model's features rest on.

    Parameters
    ----------
    needed : mapping of str to set of str
        As ``needed_columns`` returns them.
    tables : mapping of str to DataFrame or TableColumns

    Raises
    ------
    ModelError
        Naming the columns and their tables.
    """
    lacking = []
    for name, wanted in needed.items():
        given = set(tables[name].columns) if name in tables else set()
        optional = {"arrival_month", SILENT, "cash_advance"}
        asked = wanted - optional - {c.name for c in TABLES[name] if c.required}
        if name not in tables and asked:
            lacking.append(f"{name} (the whole table)")
        else:
            lacking += [f"{name}.{column}" for column in sorted(asked - given)]
    if lacking:
        raise ModelError(
            f"The model needs columns that these accounts lack: {', '.join(lacking)}.\n"
            "Give the same tables as in training, or train a model without them."
        )
