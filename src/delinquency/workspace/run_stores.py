"""Where MLflow keeps runs and models: a file of this machine, or a server; and how to open it."""

import logging
import os
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from delinquency.errors import ModelError, TrackingError
from delinquency.workspace.folders import Workspace
from delinquency.workspace.tracking_options import TrackingOptions

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
# A server that has died is not asked for minutes.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")

DATABASE = "mlflow.db"
ARTIFACTS = "mlartifacts"
HOST = "127.0.0.1"
URI_VARIABLE = "MLFLOW_TRACKING_URI"
SECONDS_TO_ANSWER = 8
HTTP_SERVER_ERROR = 500
MACHINE_LEARNING = "workflowType=machine_learning"
"""Opens the UI in its view of models and runs; it starts in another one."""


@dataclass(frozen=True)
class Store:
    """Where runs are kept.

    Attributes
    ----------
    uri : str
        Tracking address.
    artifacts : str or None
        Folder of a new experiment's artifacts; None when a server decides.
    experiment : str
    port : int
        Port of the UI on this machine.
    """

    uri: str
    artifacts: str | None
    experiment: str
    port: int


def store_of(options: TrackingOptions, space: Workspace, *, real: bool) -> Store:
    """Return where the runs of a data set are kept.

    Parameters
    ----------
    options : TrackingOptions
    space : Workspace
    real : bool
        Whether the accounts are real; the experiment's name says which.
    """
    kind = "real" if real else "synthetic"
    name = options.experiment or f"delinquency {space.data} ({kind} accounts)"
    uri = options.uri or os.environ.get(URI_VARIABLE, "")
    if uri.startswith(("http://", "https://", "databricks")):
        return Store(uri, None, name, options.port)
    space.tracking.mkdir(parents=True, exist_ok=True)
    uri = uri or f"sqlite:///{space.tracking / DATABASE}"
    return Store(uri, (space.tracking / ARTIFACTS).as_uri(), name, options.port)


def point_mlflow_at(store: Store) -> None:
    """Let MLflow work with a store, without leaving its address in the environment.

    MLflow writes the address into ``MLFLOW_TRACKING_URI``, where the next command of the same
    process, in another folder, would take it for the user's choice.
    """
    import mlflow

    asked = os.environ.get(URI_VARIABLE)
    mlflow.set_tracking_uri(store.uri)
    if asked is None:
        os.environ.pop(URI_VARIABLE, None)
    else:
        os.environ[URI_VARIABLE] = asked


def require_reachable(store: Store) -> None:
    """Raise, within ten seconds, when the server of a store does not answer.

    Raises
    ------
    TrackingError
    """
    if not store.uri.startswith(("http://", "https://")):
        return
    import requests

    address = without_password(store.uri)
    try:
        answer = requests.get(f"{store.uri.rstrip('/')}/health", timeout=SECONDS_TO_ANSWER)
    except requests.exceptions.RequestException as error:
        why = type(error).__name__
        raise TrackingError(
            f"MLflow at {address} does not answer ({why}; waited {SECONDS_TO_ANSWER} s at most). "
            f"Start the server, correct tracking.uri or {URI_VARIABLE}, or keep no runs: "
            "tracking=none."
        ) from None
    if answer.status_code >= HTTP_SERVER_ERROR:
        raise TrackingError(
            f"MLflow at {address} answers with error {answer.status_code}. Look at its log, or "
            "keep no runs: tracking=none."
        )


def without_password(uri: str) -> str:
    """Return an address without the user and password in it."""
    return re.sub(r"://[^/@]*@", "://", uri)


def ui_address(store: Store) -> str:
    """Return the address of the store's own server, else the one that ``make ui`` serves."""
    if store.uri.startswith(("http://", "https://")):
        return without_password(store.uri).rstrip("/")
    return f"http://{HOST}:{store.port}"


def ui_command(store: Store, python: str) -> tuple[list[str], dict[str, str]]:
    """Return the command and environment that open the UI on this machine only."""
    command = [python, "-m", "mlflow", "ui", "--backend-store-uri", store.uri]
    if store.artifacts:
        command += ["--default-artifact-root", store.artifacts]
    # By default MLflow answers to the name of any private network: here to this machine's only.
    names = ",".join(f"{name}:{store.port}" for name in (HOST, "localhost"))
    command += ["--host", HOST, "--port", str(store.port), "--workers", "1"]
    command += ["--allowed-hosts", names]
    return command, {
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


def download_model(store: Store, address: str, folder: Path) -> Path:
    """Fetch the saved model behind a registry address such as ``models:/name@champion``.

    Returns
    -------
    Path
        Folder with model.txt, model.json and what belongs to them.

    Raises
    ------
    ModelError
        If the registry has no such model.
    """
    import mlflow
    from mlflow.exceptions import MlflowException

    quieten()
    point_mlflow_at(store)
    try:
        local = Path(mlflow.artifacts.download_artifacts(address, dst_path=str(folder)))
    except MlflowException as error:
        raise ModelError(
            f"There is no model at {address} in {store.uri}. Expected models:/<name>@<alias> or "
            f"models:/<name>/<version>. MLflow says: {str(error)[:200]}"
        ) from error
    return next(local.rglob("model.json")).parent


def quieten() -> None:
    """Silence MLflow's and Alembic's chatter; their errors still show."""
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="mlflow")
    warnings.filterwarnings("ignore", category=getattr(pd.errors, "Pandas4Warning", FutureWarning))
