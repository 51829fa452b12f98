"""Canonical tables in parts as an adapter: a portfolio that is never held whole.

Each part is a folder of canonical tables in Parquet, as ``stage=data`` writes them, and holds
whole accounts. What an account has in another part would be left out of its windows without a
word, so that an account in two parts is refused.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyarrow import parquet

from delinquency.errors import DataError, Fault, MissingArtifactError
from delinquency.panel.schema import TABLES
from delinquency.panel.table_checks import validate
from delinquency.sources.adapters import SOURCE_PARTS, SourceTables
from delinquency.sources.data_options import PartsData
from delinquency.sources.reading.source_files import find

BLOCK = 1 << 20


@SOURCE_PARTS.named("parts")
def read_parts(options: PartsData, raw_dir: Path) -> Sequence[Callable[[], SourceTables]]:
    """Return what reads each part of a folder, in the order of their names.

    Parameters
    ----------
    options : PartsData
    raw_dir : Path

    Returns
    -------
    sequence of callable

    Raises
    ------
    MissingArtifactError
        If there is no part.
    DataError
        If an account is in two parts.
    """
    place = find(options.path, raw_dir)
    folders = sorted(path.parent for path in place.glob("*/statements.parquet"))
    if (place / "statements.parquet").exists():
        folders = [place]
    if not folders:
        raise MissingArtifactError(
            f"data.path: expected folders with statements.parquet in {place}. There is none."
        )
    _refuse_divided_accounts(folders)
    return [partial(read_part, folder) for folder in folders]


def read_part(folder: Path) -> SourceTables:
    """Return the tables of one part, checked.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    SourceTables
        Accounts of one ``person_id`` are one group.

    Raises
    ------
    DataError
        If a table is not canonical.
    """
    paths = {name: folder / f"{name}.parquet" for name in TABLES}
    given = {name: path for name, path in paths.items() if path.exists()}
    tables = {
        name: validate(name, pd.read_parquet(path), where=f"{folder.name}/{path.name}")
        for name, path in given.items()
    }
    outcomes = tables.pop("outcomes", None)
    return SourceTables(
        tables=tables,
        groups=_groups(tables),
        facts={"rows": len(tables["statements"]), "positives": None, "counts": {}},
        digest=_digest(given.values()),
        outcomes=outcomes,
    )


def _groups(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the person of every account, or the account itself where none is known."""
    ids = pd.Series(np.sort(tables["statements"]["account_id"].unique()), dtype="str")
    group = ids
    if "person_id" in tables.get("accounts", ()):
        person = tables["accounts"].set_index("account_id")["person_id"].reindex(ids)
        person = person.reset_index(drop=True)
        group = person.where(person.notna(), ids).astype("str")
    return pd.DataFrame({"account_id": ids, "group_id": group.to_numpy()})


def _refuse_divided_accounts(folders: Sequence[Path]) -> None:
    """Raise when an account has rows in two parts; eight bytes an account are held."""
    if len(folders) == 1:
        return
    hashes = [_account_hashes(folder) for folder in folders]
    every = np.concatenate(hashes)
    part = np.repeat(np.arange(len(folders)), [len(one) for one in hashes])
    order = np.argsort(every, kind="stable")
    twice = np.flatnonzero(every[order][1:] == every[order][:-1])
    if not len(twice):
        return
    first, second = (folders[part[order[twice[0] + step]]] for step in (0, 1))
    shared = sorted(_accounts(first) & _accounts(second))
    if shared:
        raise DataError(
            Fault(
                first.parent.name, "account_id",
                "parts that hold whole accounts, each account in one of them",
                n_rows=len(twice),
                examples=(f"{shared[0]} in {first.name} and in {second.name}",),
                mend="Bring all tables into one folder, each in one file: the accounts are then "
                "brought into parts by a hash of their id.",
            )
        )  # fmt: skip


def _account_hashes(folder: Path) -> NDArray[np.uint64]:
    ids = np.array(sorted(_accounts(folder)), dtype=object)
    return pd.util.hash_array(ids)


def _accounts(folder: Path) -> set[str]:
    """Return the accounts that any table of a part names."""
    found: set[str] = set()
    for name in TABLES:
        path = folder / f"{name}.parquet"
        if path.exists() and "account_id" in parquet.read_schema(path).names:
            ids = parquet.read_table(path, columns=["account_id"], use_threads=False)
            found |= {str(one) for one in ids.column(0).unique().to_pylist()}
    return found


def _digest(paths: Iterable[Path]) -> str:
    total = hashlib.sha256()
    for path in paths:
        total.update(path.name.encode())
        with path.open("rb") as file:
            for block in iter(partial(file.read, BLOCK), b""):
                total.update(block)
    return total.hexdigest()
