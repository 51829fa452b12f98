"""Keeps cleared overdue history out of everything that the stages build from the tables.

The tables under ``data/interim`` are what the source says. Whatever is cut from them, labels and
windows alike, is cut from what ``without_cleared`` returns. Where no casework store was ever made,
nothing was cleared, and nothing of the store is even imported.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from delinquency.config import Config

DATABASE = "casework.db"
"""Name of the store beside the run database, unless ``case.database`` names another."""


def database_url(config: Config) -> str:
    """Return the URL of the casework store."""
    if config.case.database:
        return config.case.database
    folder = config.workspace.tracking
    return f"sqlite:///{folder / DATABASE}"


def key_file(config: Config) -> Path | None:
    """Return the file of the pseudonym key that the choices name, if any."""
    return Path(config.case.key_file).expanduser() if config.case.key_file else None


def has_store(config: Config) -> bool:
    """Whether there is a casework store that could hold tombstones."""
    folder = config.workspace.tracking
    return bool(config.case.database) or (folder / DATABASE).exists()


def without_cleared(config: Config, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return canonical tables without the overdue history that was cleared.

    Raises
    ------
    MissingArtifactError
        When records were cleared and their key is missing: without it nobody can tell whose, and
        building on would bring the erased history back.
    """
    if not has_store(config):
        return dict(tables)
    from delinquency.casebook.clearing import clearances, count_erased
    from delinquency.casebook.database import Database
    from delinquency.casebook.pseudonym_keys import load_key
    from delinquency.panel.cleared_history import erase_history

    database = Database(database_url(config))
    try:
        with database.reading() as connection:
            if not count_erased(connection):
                return dict(tables)
            gone = clearances(connection, load_key(key_file(config)), tables)
    finally:
        database.close()
    return erase_history(tables, gone)


def erased_state(config: Config) -> int:
    """Return a number that changes whenever something more is cleared: features must follow."""
    if not has_store(config):
        return 0
    from delinquency.casebook.clearing import count_erased
    from delinquency.casebook.database import Database

    database = Database(database_url(config))
    try:
        with database.reading() as connection:
            return count_erased(connection)
    finally:
        database.close()
