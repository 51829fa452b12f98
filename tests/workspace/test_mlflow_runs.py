"""What MLflow is told of the data: as its own account of them, but of all rows and at once."""

import json
import subprocess
import sys

import mlflow
import numpy as np
import pandas as pd
import pytest

from delinquency.workspace.mlflow_runs import dataset_of, tracked
from delinquency.workspace.run_processes import PROCESS, is_gone, this_process
from delinquency.workspace.run_stores import Store

ROWS = 12_000
"""More than the rows that MLflow's own digest reads."""


def frame():
    rng = np.random.default_rng(0)
    columns = pd.DataFrame(rng.normal(size=(ROWS, 3)), columns=["full", "gap_late", "gap_first"])
    columns.loc[ROWS - 1, "gap_late"] = np.nan
    columns.loc[0, "gap_first"] = np.nan
    return columns.assign(bad=(rng.random(ROWS) < 0.1).astype(np.int64))


def describe(values):
    return dataset_of(values, name="made train", source="made").to_dict()


@pytest.mark.filterwarnings("ignore")
def test_schema_and_size_are_what_mlflow_would_find_by_looking_at_every_value():
    ours = describe(frame())
    plain = mlflow.data.from_pandas(frame(), name="made train", source="made", targets="bad")
    theirs = plain.to_dict()
    assert json.loads(ours["schema"]) == json.loads(theirs["schema"])
    assert [one["required"] for one in json.loads(ours["schema"])["mlflow_colspec"]] == [
        True, False, False, True,
    ]  # fmt: skip
    assert ours["profile"] == theirs["profile"]
    assert ours["name"] == theirs["name"]


def test_the_digest_is_of_all_rows():
    changed = frame()
    changed.loc[ROWS - 2, "full"] += 1.0
    assert describe(frame())["digest"] == describe(frame())["digest"]
    assert describe(frame())["digest"] != describe(changed)["digest"]


def test_a_process_is_known_by_more_than_its_number():
    mine = this_process()
    assert not is_gone(mine)
    machine, number, started = mine.split()
    assert is_gone(f"{machine} {number} {float(started) - 100:.2f}")  # the number was used again
    assert not is_gone(f"other {number} 1.00")
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert is_gone(f"{machine} {ended.pid} {started}")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_run_of_a_killed_process_is_marked_failed_by_the_next(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path.as_uri(), "own", 5000)
    with tracked(store, name="first", note="", tags={}) as first:
        pass
    client = mlflow.MlflowClient()
    machine, number, _ = this_process().split()
    killed, elsewhere, plain = (
        client.create_run(first.experiment_id, tags=tags).info.run_id
        for tags in (
            {PROCESS: f"{machine} {number} 1.00"},
            {PROCESS: "another-machine 1 1.00"},
            {},
        )
    )
    child = client.create_run(first.experiment_id, tags={"mlflow.parentRunId": killed}).info.run_id
    with tracked(store, name="next", note="", tags={}) as following:
        assert client.get_run(following.run_id).info.status == "RUNNING"
    status = {name: client.get_run(name).info.status for name in (killed, child, elsewhere, plain)}
    assert status == {
        killed: "FAILED", child: "FAILED", elsewhere: "RUNNING", plain: "RUNNING",
    }  # fmt: skip
    assert "killed" in client.get_run(killed).data.tags["error"]
