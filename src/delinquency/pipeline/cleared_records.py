"""Keeps cleared overdue history out of everything that the stages build from the tables.

The tables under ``data/interim`` are what the source says. Whatever is cut from them, labels and
windows alike, is cut from what ``without_cleared`` returns. Where no casework store was ever made,
nothing was cleared, and nothing of the store is even imported.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from delinquency.config import Config
from delinquency.errors import CaseworkError

if TYPE_CHECKING:
    from sqlalchemy import Connection

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
    """Whether there is a casework store that could hold tombstones.

    Raises
    ------
    CaseworkError
        If there was one, as its witness shows, and it is gone: what was cleared would come back.
    """
    if config.case.database:
        return True
    database = config.workspace.tracking / DATABASE
    if database.exists():
        return True
    witness = Path(config.case.witness) if config.case.witness else None
    witness = witness or database.with_name(database.name + ".witness")
    if witness.exists():
        raise CaseworkError(
            f"The casework store {database} is gone; its witness {witness} is still there. What "
            "was cleared must not come back: put the store back from its newest backup."
        )
    return False


def _refuse_older_store(config: Config, connection: "Connection") -> None:
    """Raise when an older store stands where the newest should: it knows less of what is gone."""
    from delinquency.casebook.store_witness import Witness, witness_file

    path = Path(config.case.witness) if config.case.witness else witness_file(database_url(config))
    if path is None:
        return
    witness = Witness(path, None, None)
    lost = witness.find_loss(connection, witness.read())
    if lost is not None:
        raise CaseworkError(
            f"This is not the casework store that was written last: {lost.reason}. What was "
            "cleared must not come back: put the newest backup back, or accept this one with "
            "python -m delinquency stage=case case.do=restored"
        )


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
            _refuse_older_store(config, connection)
            if not count_erased(connection):
                return dict(tables)
            plain = {name: _as_text(frame) for name, frame in tables.items()}
            gone = clearances(connection, load_key(key_file(config)), plain)
    finally:
        database.close()
    return erase_history(plain, gone)


def _as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose categories, as parts are read, are plain text."""
    text = frame.select_dtypes("category").columns
    return frame.astype(dict.fromkeys(text, "str")) if len(text) else frame


def erased_state(config: Config) -> int:
    """Return a number that changes whenever something more is cleared: features must follow."""
    if not has_store(config):
        return 0
    from delinquency.casebook.clearing import count_erased
    from delinquency.casebook.database import Database

    database = Database(database_url(config))
    try:
        with database.reading() as connection:
            _refuse_older_store(config, connection)
            return count_erased(connection)
    finally:
        database.close()
