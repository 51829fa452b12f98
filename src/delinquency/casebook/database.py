"""Opens the store's database, SQLite or PostgreSQL, and gives out its transactions.

A write is one transaction that holds the store's single writer's lock: on SQLite ``BEGIN
IMMEDIATE``, on PostgreSQL the row of the chain's end. A commit returns when the data are on disk
(``synchronous = FULL``), so whatever was acknowledged survives a crash.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError
from sqlalchemy.pool import NullPool

from delinquency.atomic_files import PRIVATE, faults_in_words
from delinquency.casebook.database_schema import AUDIT_HEAD
from delinquency.errors import ChoiceError, MissingArtifactError

BUSY_SECONDS = 60
"""How long a SQLite writer waits for the others before it gives up."""
MIGRATION_LOCK = 0x64656C71
"""Advisory lock of PostgreSQL held while the schema is brought up; an arbitrary number."""
BACKENDS = ("sqlite", "postgresql")
_SCRUB = {
    "sqlite": "PRAGMA wal_checkpoint(TRUNCATE)",
    "postgresql": "VACUUM overdue_records, overdue_buckets",
}


class Database:
    """An open database at the newest schema.

    Parameters
    ----------
    url : str
        ``sqlite:///path/to/file.db`` or ``postgresql://user@host/name``.

    Raises
    ------
    ChoiceError
        When the URL is of another kind, or its server does not answer.
    """

    def __init__(self, url: str):
        self._engine = _engine(url)
        self.backend = self._engine.dialect.name
        try:
            self._upgrade()
        except OperationalError as error:
            self._engine.dispose()
            shown = make_url(url).render_as_string(hide_password=True)
            raise ChoiceError(
                f"The records database must be reachable and writable. {shown} answered: "
                f"{str(error.orig).strip().splitlines()[0]}. "
                "Mend: start it, or choose another URL."
            ) from None

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a transaction that alone may write; commits at the end, or leaves no trace."""
        with self._engine.begin() as connection:
            if self.backend == "postgresql":
                connection.execute(select(AUDIT_HEAD.c.id).with_for_update()).all()
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a transaction that sees one state of the store throughout, and holds up nobody."""
        engine = self._engine.execution_options(begin="DEFERRED")
        if self.backend == "postgresql":
            engine = engine.execution_options(isolation_level="REPEATABLE READ")
        with engine.begin() as connection:
            yield connection

    def scrub(self) -> None:
        """Take what was deleted out of the files too, as far as readers allow it now."""
        statement = _SCRUB[self.backend]
        # Neither statement runs inside a transaction, and the engine always begins one.
        connection = self._engine.raw_connection()
        driver: Any = connection.driver_connection
        if self.backend == "postgresql":
            driver.autocommit = True
        try:
            driver.execute(statement)
        finally:
            connection.invalidate()
            connection.close()

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()

    @property
    def engine(self) -> Engine:
        """The engine, for tests and administration."""
        return self._engine

    def _upgrade(self) -> None:
        """Bring the schema to its newest step, one process at a time."""
        config = migration_config()
        head = ScriptDirectory.from_config(config).get_current_head()
        with self.reading() as connection:
            if MigrationContext.configure(connection).get_current_revision() == head:
                return
        with self._engine.begin() as connection:
            if self.backend == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def migration_config() -> Config:
    """Return alembic's configuration for the steps inside this package."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def require_database(url: str) -> None:
    """Raise when a SQLite database is not there: opening it would make an empty one.

    Raises
    ------
    MissingArtifactError
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").is_file():
        raise MissingArtifactError(
            f"There is no casework store at {parsed.database}. The first case.do=open, import or "
            "report makes it; if it was there before, put a backup back."
        )


def sqlite_url(path: Path) -> str:
    """Return the URL of a SQLite file, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{path}"


def _engine(url: str) -> Engine:
    """Return an engine with the settings that make writers safe."""
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except ArgumentError:
        backend = ""
    if backend not in BACKENDS:
        raise ChoiceError(
            "The records database must be sqlite:///FILE or postgresql://USER@HOST/NAME. "
            f"Got a URL of kind {backend or 'unknown'!r}."
        )
    if backend == "postgresql":
        try:
            return create_engine(parsed.set(drivername="postgresql+psycopg"), pool_size=2)
        except (ModuleNotFoundError, NoSuchModuleError):
            raise ChoiceError(
                "A PostgreSQL database needs the package psycopg, which is not installed. "
                "Mend: pip install 'delinquency[postgres]'"
            ) from None
    if not parsed.database or parsed.database == ":memory:":
        raise ChoiceError("The records database must be a file; a store in memory keeps nothing.")
    _keep_private(Path(parsed.database))
    engine = create_engine(parsed, poolclass=NullPool, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _keep_private(path: Path) -> None:
    """Make a database that only its owner can read; SQLite gives its side files the same mode."""
    if not path.parent.is_dir():
        return  # SQLite itself says that it cannot be opened
    with faults_in_words(path):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE))
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        file = path.with_name(name)
        with suppress(OSError):  # gone meanwhile, or of another owner, who decides
            if file.stat().st_mode & 0o077:
                file.chmod(PRIVATE)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Set what SQLite forgets between connections."""
    # The driver would begin transactions by its own rules, after the first read and not before.
    connection.isolation_level = None
    # Without secure_delete a cleared record stays readable in the file's free pages.
    pragmas = (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",
    )
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Begin a transaction; a writer's takes the lock at once, so that it never has to retry."""
    mode = connection.get_execution_options().get("begin", "IMMEDIATE")
    connection.exec_driver_sql(f"BEGIN {mode}")
