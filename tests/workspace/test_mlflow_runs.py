"""What MLflow is told of the data: as its own account of them, but of all rows and at once."""

import json

import mlflow
import numpy as np
import pandas as pd
import pytest

from delinquency.workspace.mlflow_runs import dataset_of

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
