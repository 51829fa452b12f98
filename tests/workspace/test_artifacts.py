"""Files are whole or absent, errors name the stage, digests depend on content alone."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import delinquency
from delinquency.atomic_files import replacing
from delinquency.errors import MissingArtifactError
from delinquency.workspace.artifacts import (
    FrameDigest,
    code_digest,
    digest,
    frame_digest,
    frames_written,
    read_columns,
    read_frame,
    write_csv,
    write_frame,
    write_json,
)
from delinquency.workspace.folders import workspace
from delinquency.workspace.path_options import PathOptions

SOURCE = Path(delinquency.__file__).parent


def test_a_failed_write_leaves_the_old_file_and_no_temporary_one(tmp_path):
    path = tmp_path / "result.json"
    write_json({"auc": 0.5}, path)
    with pytest.raises(RuntimeError, match="power cut"), replacing(path) as temporary:
        temporary.write_text("half of it")
        raise RuntimeError("power cut")
    assert json.loads(path.read_text()) == {"auc": 0.5}
    assert [p.name for p in tmp_path.iterdir()] == ["result.json"]


def test_nan_is_refused_rather_than_written_as_invalid_json(tmp_path):
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json({"auc": float("nan")}, tmp_path / "x.json")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_input_names_the_stage_that_writes_it(tmp_path):
    with pytest.raises(MissingArtifactError, match="stage=features"):
        read_frame(tmp_path / "features.parquet", made_by="features")


def test_a_frame_survives_the_round_trip_with_its_dtypes(tmp_path):
    frame = pd.DataFrame(
        {"account_id": ["a", "b"], "month": pd.to_datetime(["2005-08-01"] * 2), "x": [1.5, None]}
    ).astype({"month": "datetime64[ms]"})
    write_frame(frame, tmp_path / "f.parquet")
    pd.testing.assert_frame_equal(read_frame(tmp_path / "f.parquet", made_by="data"), frame)


def test_digest_does_not_depend_on_key_order_but_on_values():
    assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})


def test_frames_written_in_parts_are_read_as_one_and_digested_as_one(tmp_path):
    frame = pd.DataFrame({"a": [1.5, np.nan, 3.0, 4.0], "b": ["x", "y", "z", "x"]})
    path = tmp_path / "out" / "whole.parquet"
    parts = FrameDigest()
    with frames_written(path) as write:
        for part in (frame.iloc[:1], frame.iloc[1:]):
            write(part)
            parts.add(part)
        assert not path.exists()
    pd.testing.assert_frame_equal(pd.read_parquet(path), frame)
    assert parts.hexdigest() == frame_digest(frame)
    pd.testing.assert_frame_equal(read_columns(path, without=["a"]), frame[["b"]])
    pd.testing.assert_frame_equal(read_columns(path, only=["a"]), frame[["a"]])


def test_a_part_that_fails_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "whole.parquet"
    write_frame(pd.DataFrame({"a": [1.0]}), path)
    with pytest.raises(RuntimeError), frames_written(path) as write:
        write(pd.DataFrame({"a": [2.0]}))
        raise RuntimeError("the lights went out")
    assert pd.read_parquet(path)["a"].tolist() == [1.0]
    assert [one.name for one in tmp_path.iterdir()] == ["whole.parquet"]


def test_parts_of_other_columns_are_refused():
    whole = FrameDigest()
    whole.add(pd.DataFrame({"a": [1.0]}))
    with pytest.raises(ValueError, match="same columns"):
        whole.add(pd.DataFrame({"b": [1.0]}))


def test_frame_digest_sees_values_names_and_row_order():
    frame = pd.DataFrame({"x": [1.0, 2.0]})
    assert frame_digest(frame) == frame_digest(frame.copy())
    assert frame_digest(frame) != frame_digest(frame.rename(columns={"x": "y"}))
    assert frame_digest(frame) != frame_digest(frame.iloc[::-1])


def test_workspace_is_absolute_and_one_folder_a_data_set(tmp_path):
    space = workspace(PathOptions(root=str(tmp_path)), "taiwan")
    assert space.processed == tmp_path / "data" / "processed" / "taiwan"
    assert space.raw == tmp_path / "data" / "raw"
    assert space.models.is_absolute()


def test_an_absolute_raw_folder_is_kept(tmp_path):
    space = workspace(PathOptions(root=str(tmp_path / "a"), raw=str(tmp_path / "b")), "taiwan")
    assert space.raw == tmp_path / "b"


def test_what_other_code_made_is_told_apart_by_name_place_and_text(tmp_path):
    def made(**files):
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        for name, text in files.items():
            path = folder / f"{name.replace('__', '/')}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (folder / "notes.txt").write_text(str(folder))
        return code_digest(folder)

    first = made(a="x = 1", inner__b="y = 2")
    assert made(a="x = 1", inner__b="y = 2") == first
    others = [
        made(a="x = 2", inner__b="y = 2"),
        made(a="x = 1", inner__c="y = 2"),
        made(a="x = 1", b="y = 2"),
        made(a="x = 1"),
    ]
    assert len({first, *others}) == 5


def test_no_cell_of_a_csv_file_runs_as_a_formula(tmp_path):
    frame = pd.DataFrame(
        {"=cmd": ["=1+1", "paid"], "n": [-5.5, 2.0], "kind": pd.Categorical(["@x", "+y"])}
    )
    write_csv(frame, tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_text() == "'=cmd,n,kind\n'=1+1,-5.5,'@x\npaid,2.0,'+y\n"
    assert frame.columns[0] == "=cmd" and frame.iloc[0, 0] == "=1+1"


def test_no_other_place_writes_csv():
    """Whatever writes CSV by itself would write formulas."""
    writers = [
        path.relative_to(SOURCE).as_posix()
        for path in sorted(SOURCE.rglob("*.py"))
        if re.search(r"to_csv\(|csv\.writer\(|write_csv\(.*pyarrow", path.read_text("utf-8"))
    ]
    # The worklist guards its cells itself: it is text for a page, made below the writer of files.
    assert writers == [
        "casebook/record_formats.py",
        "reporting/worklist_page.py",
        "workspace/artifacts.py",
    ]


def test_no_other_place_writes_files():
    """One writer for the whole project: nothing else makes temporary files or renames them."""
    own = re.compile(
        r"^(?!\s*>>>).*(os\.replace\(|mkstemp\(|\.write_(text|bytes)\()", re.MULTILINE
    )
    others = {
        path.relative_to(SOURCE).as_posix()
        for path in sorted(SOURCE.rglob("*.py"))
        if own.search(path.read_text("utf-8"))
    }
    assert others - {"atomic_files.py"} == set()
