"""Runs in MLflow: what stages log to; where runs are kept is told by ``run_stores``."""

import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import pandas as pd

from delinquency.errors import TrackingError
from delinquency.workspace.artifacts import frame_digest
from delinquency.workspace.folder_locks import locked
from delinquency.workspace.progress import say
from delinquency.workspace.run_processes import PROCESS, end_killed_runs, terminable, this_process
from delinquency.workspace.run_stores import (
    MACHINE_LEARNING,
    URI_VARIABLE,
    Store,
    point_mlflow_at,
    quieten,
    require_reachable,
    ui_address,
    without_password,
)

PARAM_LENGTH = 500
"""MLflow servers before 3.0 refuse longer values."""
MOST_RUNS = 10_000
DATASET_DIGEST = 36
"""Characters of a data set's digest that MLflow keeps."""
ALLOWED = re.compile(r"[\w./: -]+", re.ASCII)
NOT_ALLOWED = re.compile(r"[^\w./: -]", re.ASCII)
"""What MLflow takes, and does not take, in the name of a parameter or metric."""
NOTE = "mlflow.note.content"
KIND = "mlflow.experimentKind"
SQLITE = "sqlite:///"
DATABASE_WAIT = 600.0
"""Seconds to wait while another first run makes the database."""


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
    def child(self, name: str, *, tags: Mapping[str, str] | None = None) -> Iterator["Run"]:
        """Open a child run, for a fold or a trial."""
        if self.store is None:
            yield self
            return
        import mlflow

        with mlflow.start_run(run_name=name, nested=True, tags=dict(tags or {})) as active:
            yield Run(self.store, active.info.run_id, self.experiment_id)

    def finished(self, tag: str, value: str, *, told_by: str) -> set[str]:
        """Return what ``told_by`` says of every finished run of the experiment with a tag.

        A run that was killed while it was written to is not finished.
        """
        if self.store is None:
            return set()
        import mlflow

        mark = '"' if "'" in value else "'"
        found = mlflow.MlflowClient().search_runs(
            [self.experiment_id],
            filter_string=f"tags.`{tag}` = {mark}{value}{mark} and attributes.status = 'FINISHED'",
            max_results=MOST_RUNS,
        )
        return {one.data.tags[told_by] for one in found if told_by in one.data.tags}


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

    quieten()
    try:
        with _alone_at(store):
            point_mlflow_at(store)
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
    with terminable(), mlflow.start_run(**resume) as active:
        run = Run(store, active.info.run_id, experiment_id)
        mlflow.set_tags({PROCESS: this_process()} if run_id else {**tags, NOTE: as_text(note)})
        try:
            yield run
        except BaseException as error:
            mlflow.set_tag("error", f"{type(error).__name__}: {error}"[:PARAM_LENGTH])
            raise


def make_database(store: Store) -> None:
    """Make the tables of a run database that is a file; nothing where they are there already."""
    import mlflow

    quieten()
    with _alone_at(store):
        point_mlflow_at(store)
        mlflow.MlflowClient().search_experiments(max_results=1)


def log_to_run(store: Store, run_id: str, path: Path) -> None:
    """Put a file into a run that has ended; nothing where the run is gone or was deleted."""
    import mlflow

    quieten()
    point_mlflow_at(store)
    if _usable_run(run_id):
        mlflow.MlflowClient().log_artifact(run_id, str(path))


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


EXPERIMENT_NOTE = (
    "Card delinquency, explained by six traits. Compare runs by `roc_auc`, `brier` and `ece`; the "
    "model lies under **Models**, figures and tables under **Artifacts** of each run."
)


def as_text(note: str) -> str:
    """Return Markdown in which no word is taken for HTML: titles and names come from files."""
    return note.replace("&", "&amp;").replace("<", "&lt;")


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return a nested mapping with dotted names; lists stay whole."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def experiment_link(run: Run) -> str:
    """Return the address of the experiment's runs in the UI's machine-learning view."""
    if run.store is None:
        return ""
    address = ui_address(run.store)
    return f"{address}/#/experiments/{run.experiment_id}/runs?{MACHINE_LEARNING}"
