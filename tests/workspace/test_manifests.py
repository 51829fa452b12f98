"""A folder counts only when every file of it is the one that was written."""

import pandas as pd
import pytest

from delinquency.errors import StorageError
from delinquency.workspace.artifacts import write_frame
from delinquency.workspace.manifests import (
    MANIFEST,
    invalidate,
    read_manifest,
    require_whole,
    written_folder,
)


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "tables"
    with written_folder(place, {"key": "k", "facts": {"n": 2}}) as fresh:
        (fresh / "part").mkdir()
        write_frame(pd.DataFrame({"x": [1, 2]}), fresh / "part/a.parquet")
        (fresh / "b.txt").write_text("abc")
    return place


def test_it_names_every_file_with_digest_size_and_rows(folder):
    manifest = read_manifest(folder)
    assert (manifest.key, manifest.facts) == ("k", {"n": 2})
    assert set(manifest.files) == {"part/a.parquet", "b.txt"}
    assert manifest.files["part/a.parquet"]["rows"] == 2
    # echo -n abc | sha256sum
    assert manifest.files["b.txt"]["sha256"].startswith("ba7816bf8f01cfea")
    assert manifest.files["b.txt"]["bytes"] == 3
    assert require_whole(folder, made_by="data") == manifest


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda f: (f / "b.txt").write_text("abd"), "b.txt is not the file that was written"),
        (lambda f: (f / "b.txt").write_text("ab"), "b.txt has 2 bytes where 3 were written"),
        (lambda f: (f / "part/a.parquet").unlink(), "a.parquet is missing"),
        (lambda f: (f / MANIFEST).unlink(), "manifest.json is missing"),
        (lambda f: (f / MANIFEST).write_text('{"format": 2'), "manifest.json is missing"),
        (lambda f: (f / MANIFEST).write_text("[]"), "manifest.json is missing"),
        (invalidate, "manifest.json is missing"),
    ],
)
def test_whatever_is_not_as_written_is_refused_by_name(folder, harm, words):
    require_whole(folder, made_by="data")  # what was known whole must not be trusted for ever
    harm(folder)
    with pytest.raises(StorageError, match=f"{words}.*stage=data"):
        require_whole(folder, made_by="data")
