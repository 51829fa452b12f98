"""Stage ``ui``: open the MLflow UI on this machine."""

import os
import subprocess
import sys

from delinquency.config import Config
from delinquency.errors import MissingArtifactError
from delinquency.workspace.mlflow_runs import DATABASE, store_of, ui_address, ui_command
from delinquency.workspace.progress import say


def run(config: Config) -> None:
    """Serve the UI on loopback until it is stopped with Ctrl-C."""
    space = config.workspace
    if not config.tracking.uri and not (space.tracking / DATABASE).exists():
        raise MissingArtifactError(
            f"There are no runs yet: {space.tracking / DATABASE} does not exist. "
            "Run make train first."
        )
    store = store_of(config.tracking, space, real=config.data.real)
    command, environment = ui_command(store, sys.executable)
    say(f"MLflow UI at {ui_address(store)} (up in about twenty seconds; stop with Ctrl-C)")
    say(f"Runs of all experiments: {ui_address(store)}/#/experiments")
    subprocess.run(command, env={**os.environ, **environment}, check=False)
