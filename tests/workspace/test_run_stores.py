"""Run stores in every state: made twice at once, deleted, dead, or named by the environment."""

import multiprocessing
import time

import pytest

from delinquency.errors import TrackingError
from delinquency.workspace.folders import workspace
from delinquency.workspace.mlflow_runs import Run, tracked
from delinquency.workspace.path_options import PathOptions
from delinquency.workspace.run_stores import (
    Store,
    point_mlflow_at,
    require_reachable,
    store_of,
    without_password,
)
from delinquency.workspace.tracking_options import TrackingOptions


def open_one(store: Store) -> str:
    with tracked(store, name="r", note="n", tags={}) as run:
        run.params({"data": {"columns": {"Income (CNY)": 1, "120+": 2}, "name": "x"}})
        run.metrics({"auc of 120+": 0.5})
        return run.run_id


def store_in(folder, uri="") -> Store:
    space = workspace(PathOptions(root=str(folder)), "own")
    return store_of(TrackingOptions(uri=uri), space, real=True)


@pytest.mark.slow
def test_two_first_runs_make_one_database_and_a_deleted_experiment_is_restored(tmp_path, capsys):
    store = store_in(tmp_path)
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=open_one, args=(store,)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert [one.exitcode for one in both] == [0, 0]
    import mlflow

    mlflow.set_tracking_uri(store.uri)
    client = mlflow.MlflowClient()
    experiment = client.get_experiment_by_name(store.experiment)
    runs = client.search_runs([experiment.experiment_id])
    assert len(runs) == 2
    # Names that MLflow does not take are left to the configuration's file.
    assert set(runs[0].data.params) == {"data.name"}
    client.delete_experiment(experiment.experiment_id)
    open_one(store)
    assert "restored the deleted experiment" in capsys.readouterr().out
    client.delete_run(runs[0].info.run_id)
    with tracked(store, name="r", note="n", tags={}, run_id=runs[0].info.run_id) as run:
        assert run.run_id != runs[0].info.run_id
    assert "was deleted" in capsys.readouterr().out


def test_a_second_folder_of_one_process_has_a_database_of_its_own(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    first = store_in(tmp_path / "one")
    point_mlflow_at(first)
    assert store_in(tmp_path / "two").uri == f"sqlite:///{tmp_path / 'two' / 'mlflow.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///asked.db")
    point_mlflow_at(first)
    assert store_in(tmp_path / "two").uri == "sqlite:///asked.db"  # what the user set stays


def test_a_dead_server_is_known_within_ten_seconds():
    before = time.monotonic()
    with pytest.raises(TrackingError, match="does not answer") as caught:
        require_reachable(Store("http://ann:secret@127.0.0.1:9", None, "e", 5000))
    assert time.monotonic() - before < 10 and "secret" not in str(caught.value)


def test_the_environment_names_the_store(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://ann:secret@runs.bank/x")
    store = store_in(tmp_path)
    assert store.uri == "https://ann:secret@runs.bank/x" and store.artifacts is None
    assert Run(store, "r", "7").link == (
        "https://runs.bank/x/#/experiments/7/runs/r?workflowType=machine_learning"
    )
    chosen = store_in(tmp_path, "sqlite:////srv/runs.db")
    assert chosen.uri == "sqlite:////srv/runs.db" and chosen.artifacts
    assert without_password("postgresql://a:b@h/d") == "postgresql://h/d"
