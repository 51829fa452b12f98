"""Stage ``ui``: open the MLflow UI on this machine."""

import os
import socket
import subprocess
import sys

from delinquency.config import Config
from delinquency.errors import ChoiceError, MissingArtifactError
from delinquency.workspace.progress import say
from delinquency.workspace.run_stores import DATABASE, HOST, store_of, ui_address, ui_command


def _is_free(port: int) -> bool:
    """Return whether nothing listens on a port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def run(config: Config) -> None:
    """Serve the UI on loopback until it is stopped with Ctrl-C."""
    space = config.workspace
    if not config.tracking.uri and not (space.tracking / DATABASE).exists():
        raise MissingArtifactError(
            f"There are no runs yet: {space.tracking / DATABASE} does not exist. "
            "Run make train first."
        )
    store = store_of(config.tracking, space, real=config.data.real)
    if not _is_free(store.port):
        raise ChoiceError(
            f"Port {store.port} on this machine is taken, perhaps by a UI that is open already "
            f"({ui_address(store)}). Stop it, or choose another: make ui "
            f'ARGS="tracking.port={store.port + 1}".'
        )
    command, environment = ui_command(store, sys.executable)
    say(f"MLflow UI at {ui_address(store)} (up in about twenty seconds; stop with Ctrl-C)")
    say(f"Runs of all experiments: {ui_address(store)}/#/experiments")
    subprocess.run(command, env={**os.environ, **environment}, check=False)
