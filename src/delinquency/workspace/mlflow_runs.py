"""Runs in MLflow: the only module, with ``serving``, that speaks to it."""

import logging
import os
import re
import signal
import subprocess
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import pandas as pd
import psutil

from delinquency.atomic_files import machine
from delinquency.errors import ModelError, TrackingError
from delinquency.workspace.artifacts import frame_digest
from delinquency.workspace.folder_locks import locked
from delinquency.workspace.folders import Workspace
from delinquency.workspace.progress import say
from delinquency.workspace.tracking_options import TrackingOptions

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
# A server that has died is not asked for minutes.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")

DATABASE = "mlflow.db"
ARTIFACTS = "mlartifacts"
HOST = "127.0.0.1"
PARAM_LENGTH = 500
"""MLflow servers before 3.0 refuse longer values."""
DATASET_DIGEST = 36
"""Characters of a data set's digest that MLflow keeps."""
ALLOWED = re.compile(r"[\w./: -]+", re.ASCII)
NOT_ALLOWED = re.compile(r"[^\w./: -]", re.ASCII)
"""What MLflow takes, and does not take, in the name of a parameter or metric."""
URI_VARIABLE = "MLFLOW_TRACKING_URI"
SECONDS_TO_ANSWER = 8
HTTP_SERVER_ERROR = 500
NOTE = "mlflow.note.content"
KIND = "mlflow.experimentKind"
MACHINE_LEARNING = "workflowType=machine_learning"
"""Opens the UI in its view of models and runs; it starts in another one."""
PROCESS = "delinquency.process"
"""Tag that says which process made a run."""
SQLITE = "sqlite:///"
DATABASE_WAIT = 600.0
"""Seconds to wait while another first run makes the database."""
MOST_RUNNING = 500
"""Unfinished runs that are looked at."""


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


def _experiment_of(store: Store) -> str:
    """Return the id of the store's experiment, made or restored where need be."""
    import mlflow

    client = mlflow.MlflowClient()
    experiment = client.get_experiment_by_name(store.experiment)
    if experiment is None:
        return str(
            client.create_experiment(
                store.experiment,
                artifact_location=store.artifacts,
                tags={KIND: "custom_model_development", NOTE: EXPERIMENT_NOTE},
            )
        )
    if experiment.lifecycle_stage == "deleted":
        client.restore_experiment(experiment.experiment_id)
        say(f"restored the deleted experiment {store.experiment!r}")
    return str(experiment.experiment_id)


def _usable_run(run_id: str) -> str:
    """Return a run to go on with, "" where it is gone or was deleted: a new one is begun."""
    import mlflow
    from mlflow.exceptions import MlflowException

    if not run_id:
        return ""
    try:
        stage = mlflow.get_run(run_id).info.lifecycle_stage
    except MlflowException:  # the model outlived its run database
        return ""
    if stage == "deleted":
        say(f"run {run_id} was deleted: this goes to a new one")
        return ""
    return run_id


def _when_kept(method: Callable[..., None]) -> Callable[..., None]:
    """Make a logging method do nothing in a run that is not kept."""

    @wraps(method)
    def log(self: "Run", *args: Any, **kwargs: Any) -> None:
        if self.store is not None:
            method(self, *args, **kwargs)

    return log


class Run:
    """One run: what stages log to, without knowing MLflow.

    A run without a store keeps nothing: the same calls, and nothing happens.
    """

    def __init__(self, store: Store | None, run_id: str = "", experiment_id: str = ""):
        self.store = store
        self.run_id = run_id
        self.experiment_id = experiment_id

    @property
    def link(self) -> str:
        """Address of the run in the UI that ``make ui`` opens; "" when it is not kept."""
        if self.store is None:
            return ""
        address = f"{ui_address(self.store)}/#/experiments/{self.experiment_id}"
        return f"{address}/runs/{self.run_id}?{MACHINE_LEARNING}"

    @_when_kept
    def params(self, values: Mapping[str, Any]) -> None:
        """Log a nested configuration as flat parameters.

        Names of columns and codes, which MLflow may not take, stay in the configuration's file.
        """
        import mlflow

        flat = {
            name: str(value)[:PARAM_LENGTH]
            for name, value in flatten(values).items()
            if ALLOWED.fullmatch(name)
        }
        known = mlflow.get_run(self.run_id).data.params
        mlflow.log_params({k: v for k, v in flat.items() if k not in known})

    @_when_kept
    def metrics(self, values: Mapping[str, float], *, step: int | None = None) -> None:
        """Log metrics."""
        import mlflow

        finite = {
            NOT_ALLOWED.sub("_", k): float(v)
            for k, v in values.items()
            if v == v and abs(v) != float("inf")
        }
        mlflow.log_metrics(finite, step=step, synchronous=True)

    @_when_kept
    def history(self, name: str, values: list[float], *, every: int = 10) -> None:
        """Log a metric's course over iterations, thinned to every n-th."""
        import mlflow
        from mlflow.entities import Metric

        kept = range(every - 1, len(values), every)
        points = [Metric(name, float(values[i]), 0, i + 1) for i in kept]
        client = mlflow.MlflowClient()
        for start in range(0, len(points), 1000):
            client.log_batch(self.run_id, metrics=points[start : start + 1000])

    @_when_kept
    def tags(self, values: Mapping[str, str]) -> None:
        """Set tags."""
        import mlflow

        mlflow.set_tags(dict(values))

    @_when_kept
    def figure(self, figure: Any, path: str) -> None:
        """Log a matplotlib figure as PNG."""
        import mlflow

        mlflow.log_figure(figure, path)

    @_when_kept
    def table(self, frame: pd.DataFrame, path: str) -> None:
        """Log a table that the UI shows with a column picker."""
        import mlflow

        mlflow.log_table(frame, path)

    @_when_kept
    def text(self, text: str, path: str) -> None:
        """Log a text file."""
        import mlflow

        mlflow.log_text(text, path)

    @_when_kept
    def file(self, path: Path, folder: str | None = None) -> None:
        """Log a file."""
        import mlflow

        mlflow.log_artifact(str(path), folder)

    @_when_kept
    def dataset(self, frame: pd.DataFrame, *, name: str, source: str, context: str) -> None:
        """Log which data were used, by digest and schema; no rows are stored."""
        import mlflow

        mlflow.log_input(dataset_of(frame, name=name, source=source), context=context)

    @contextmanager
    def child(self, name: str) -> Iterator["Run"]:
        """Open a child run, for a fold or a trial."""
        if self.store is None:
            yield self
            return
        import mlflow

        with mlflow.start_run(run_name=name, nested=True) as active:
            yield Run(self.store, active.info.run_id, self.experiment_id)


def dataset_of(frame: pd.DataFrame, *, name: str, source: str) -> Any:
    """Return MLflow's description of the data that a model saw.

    Parameters
    ----------
    frame : DataFrame
        Features, and ``bad``.
    name, source : str

    Returns
    -------
    mlflow.data.pandas_dataset.PandasDataset
        The digest is of all rows (MLflow's own is of the first 10,000). The schema is what MLflow
        would find, without its look at every single value, which takes longer than many a fit.
    """
    import mlflow
    from mlflow.types import ColSpec, Schema

    data = mlflow.data.from_pandas(
        frame, name=name, source=source, targets="bad",
        digest=frame_digest(frame)[:DATASET_DIGEST],
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whole numbers cannot hold a gap: the label has none
        kinds = mlflow.models.infer_signature(frame.head()).inputs
    gaps = frame.isna().any()
    # A cached property that MLflow would fill when it is first read.
    vars(data)["schema"] = Schema(
        [ColSpec(one.type, one.name, required=not gaps[one.name]) for one in kinds]
    )
    return data


@contextmanager
def tracked(
    store: Store | None, *, name: str, note: str, tags: Mapping[str, str], run_id: str = ""
) -> Iterator[Run]:
    """Open a run, and close it as FINISHED, or as FAILED with the error as a tag.

    Parameters
    ----------
    store : Store or None
        None: nothing is kept.
    name : str
        Readable run name.
    note : str
        Markdown shown above the run.
    tags : mapping of str to str
    run_id : str
        An earlier run to go on with; "" for a new one.

    Yields
    ------
    Run

    Notes
    -----
    A termination signal is turned into an exception, so that a stopped run is marked FAILED and
    never left RUNNING.
    """
    if store is None:
        yield Run(None)
        return
    require_reachable(store)
    import mlflow
    from mlflow.exceptions import MlflowException

    _quieten()
    try:
        with _alone_at(store):
            mlflow.set_tracking_uri(store.uri)
            experiment_id = _experiment_of(store)
            end_killed_runs(experiment_id)
            run_id = _usable_run(run_id)
            mlflow.set_experiment(experiment_id=experiment_id)
    except MlflowException as error:
        raise TrackingError(
            f"MLflow cannot use the run store {without_password(store.uri)}: "
            f"{str(error).splitlines()[0][:200]} Correct tracking.uri or {URI_VARIABLE}, or keep "
            "no runs: tracking=none."
        ) from error
    resume = (
        {"run_id": run_id} if run_id else {"run_name": name, "tags": {PROCESS: this_process()}}
    )
    with _terminable(), mlflow.start_run(**resume) as active:
        run = Run(store, active.info.run_id, experiment_id)
        mlflow.set_tags({PROCESS: this_process()} if run_id else {**tags, NOTE: note})
        try:
            yield run
        except BaseException as error:
            mlflow.set_tag("error", f"{type(error).__name__}: {error}"[:PARAM_LENGTH])
            raise


@contextmanager
def _alone_at(store: Store) -> Iterator[None]:
    """Keep other processes away while the run database is made and the experiment looked up.

    Two first runs at once would both make the tables, and one of them would fail.
    """
    if not store.uri.startswith(SQLITE):
        yield
        return
    database = Path(store.uri.removeprefix(SQLITE))
    with locked([database], command="a first run", wait_seconds=DATABASE_WAIT, clear=False):
        yield


def end_killed_runs(experiment_id: str) -> list[str]:
    """Mark runs as FAILED whose process is gone, and return their ids.

    Parameters
    ----------
    experiment_id : str
        Runs of other machines, and runs that do not say which process made them, are left alone.
    """
    import mlflow

    client = mlflow.MlflowClient()
    running = client.search_runs(
        [experiment_id], "attributes.status = 'RUNNING'", max_results=MOST_RUNNING
    )
    gone = {
        run.info.run_id
        for run in running
        if PROCESS in run.data.tags and is_gone(run.data.tags[PROCESS])
    }
    children = {
        run.info.run_id for run in running if run.data.tags.get("mlflow.parentRunId") in gone
    }
    for run_id in sorted(gone | children):
        client.set_tag(run_id, "error", "The process was killed before its end.")
        client.set_terminated(run_id, "FAILED")
    return sorted(gone | children)


def this_process() -> str:
    """Return what tells this process from all others: machine, number, moment of its start."""
    process = psutil.Process()
    return f"{machine()} {process.pid} {process.create_time():.2f}"


def is_gone(process: str) -> bool:
    """Whether a process of this machine, as ``this_process`` tells it, has ended."""
    where, number, started = process.rsplit(" ", 2)
    if where != machine():
        return False
    try:
        now = psutil.Process(int(number)).create_time()
    except psutil.NoSuchProcess:
        return True
    except (psutil.AccessDenied, ValueError):
        return False
    # Two processes of one number start more than a second apart.
    return abs(now - float(started)) > 1.0


EXPERIMENT_NOTE = (
    "Card delinquency, explained by six traits. Compare runs by `roc_auc`, `brier` and `ece`; the "
    "model lies under **Models**, figures and tables under **Artifacts** of each run."
)


def ui_address(store: Store) -> str:
    """Return the address of the store's own server, else the one that ``make ui`` serves."""
    if store.uri.startswith(("http://", "https://")):
        return without_password(store.uri).rstrip("/")
    return f"http://{HOST}:{store.port}"


def experiment_link(run: Run) -> str:
    """Return the address of the experiment's runs in the UI's machine-learning view."""
    if run.store is None:
        return ""
    address = ui_address(run.store)
    return f"{address}/#/experiments/{run.experiment_id}/runs?{MACHINE_LEARNING}"


def ui_command(store: Store, python: str) -> tuple[list[str], dict[str, str]]:
    """Return the command and environment that open the UI on this machine only."""
    command = [python, "-m", "mlflow", "ui", "--backend-store-uri", store.uri]
    if store.artifacts:
        command += ["--default-artifact-root", store.artifacts]
    command += ["--host", HOST, "--port", str(store.port), "--workers", "1"]
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

    _quieten()
    mlflow.set_tracking_uri(store.uri)
    try:
        local = Path(mlflow.artifacts.download_artifacts(address, dst_path=str(folder)))
    except MlflowException as error:
        raise ModelError(
            f"There is no model at {address} in {store.uri}. Expected models:/<name>@<alias> or "
            f"models:/<name>/<version>. MLflow says: {str(error)[:200]}"
        ) from error
    return next(local.rglob("model.json")).parent


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return a nested mapping with dotted names; lists stay whole."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def source_tags(folder: Path) -> dict[str, str]:
    """Return the commit of a checkout and whether it was changed; "unknown" outside of one."""

    def ask(*command: str) -> str:
        try:
            done = subprocess.run(
                ["git", *command], cwd=folder, capture_output=True, text=True, timeout=10
            )
        except (OSError, subprocess.TimeoutExpired):
            return "unknown"
        return done.stdout.strip() if done.returncode == 0 else "unknown"

    commit = ask("rev-parse", "HEAD")
    changed = ask("status", "--porcelain", "--untracked-files=no")
    dirty = "unknown" if commit == "unknown" else str(bool(changed)).lower()
    return {"git_commit": commit, "git_dirty": dirty}


def _quieten() -> None:
    """Silence MLflow's and Alembic's chatter; their errors still show."""
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="mlflow")
    warnings.filterwarnings("ignore", category=getattr(pd.errors, "Pandas4Warning", FutureWarning))


@contextmanager
def _terminable() -> Iterator[None]:
    """Turn SIGTERM into SystemExit while the body runs, so that open runs are closed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, _frame: Any) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
