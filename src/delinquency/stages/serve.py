"""Stage ``serve``: the model on this machine, accounts in, scores and reasons out."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from delinquency.config import Config
from delinquency.pipeline.chosen_model import model_folder
from delinquency.pipeline.saved_model import load_from
from delinquency.workspace.progress import say, working
from delinquency.workspace.served_model import save_served_model
from delinquency.workspace.serving_app import MODEL_VARIABLE, serving_command


def run(config: Config) -> None:
    """Serve on loopback until it is stopped with Ctrl-C."""
    model = model_folder(config)
    load_from(model)  # every file is there, and they belong together
    with tempfile.TemporaryDirectory(prefix="delinquency-serving-") as folder:
        served = Path(folder) / "model"
        with working("preparing the model"):
            save_served_model(model, served)
        command = serving_command(sys.executable, config.serve.port)
        address = f"http://127.0.0.1:{config.serve.port}"
        say(f"Serving at {address}/invocations (stop with Ctrl-C); figures at {address}/metrics")
        environment = {**os.environ, MODEL_VARIABLE: str(served)}
        if config.serve.log:
            log = config.workspace.reports / "requests"
            environment["DELINQUENCY_REQUEST_LOG"] = str(log)
            say(f"Requests, without identifiers, are kept in {log}")
        subprocess.run(command, env=environment, check=False)
