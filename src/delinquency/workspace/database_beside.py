"""A new run database, made by a process of its own while a stage reads its data."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from delinquency.workspace.mlflow_runs import DATABASE_WAIT, SQLITE, make_database
from delinquency.workspace.run_stores import Store


@contextmanager
def database_made_beside(store: Store | None) -> Iterator[None]:
    """Make the run database beside what happens inside, where it is a file that is not there yet.

    MLflow takes ten seconds of Python for its tables, which a thread would take from the stage.
    Whoever opens a run meanwhile waits for the database's lock; should the process fail, they
    make the tables themselves.

    Parameters
    ----------
    store : Store or None
        None: nothing is kept.
    """
    if store is None or not store.uri.startswith(SQLITE):
        yield
        return
    if Path(store.uri.removeprefix(SQLITE)).exists():
        yield
        return
    command = [sys.executable, "-m", __name__, store.uri]
    making = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    yield  # after an error nobody waits: the process ends by itself
    making.wait(DATABASE_WAIT)


if __name__ == "__main__":
    make_database(Store(sys.argv[1], None, "", 0))
