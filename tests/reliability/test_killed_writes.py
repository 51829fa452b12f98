"""A write killed at any file operation leaves the old folder, the new one, or no manifest."""

import json
import subprocess
import sys

import pytest

KILLED = """
import json, os, signal, sys
from pathlib import Path
import pandas as pd
from delinquency import atomic_files
from delinquency.workspace.artifacts import write_frame, write_json
from delinquency.workspace.folder_locks import locked
from delinquency.workspace.manifests import (
    find_difference, invalidate, read_manifest, written_folder,
)

home, exchange, outside = Path(sys.argv[1]), sys.argv[2] == "exchange", sys.argv[3] == "outside"
if not exchange:
    atomic_files._exchange = lambda *_: False
NAMES = ("rename", "replace", "unlink", "rmdir", "link", "mkdir")

def write(root, value):
    folder, report = root / "tables", root / "report.json"
    with locked([folder], command="write", wait_seconds=0):
        record = {"key": str(value), "facts": {}}
        with written_folder(folder, record, keep=lambda n: n == "kept") as new:
            (new / "part").mkdir()
            write_frame(pd.DataFrame({"x": [value] * 3}), new / "part/a.parquet")
            write_frame(pd.DataFrame({"y": [value]}), new / "b.parquet")
            if outside:
                invalidate(folder)
                write_json(value, report)

def state(root):
    folder = root / "tables"
    manifest = read_manifest(folder)
    if manifest is None:
        return "none"
    assert find_difference(folder, manifest) == "", find_difference(folder, manifest)
    value = int(pd.read_parquet(folder / "part/a.parquet")["x"][0])
    assert str(value) == manifest.key and (folder / "kept").read_text() == "scores"
    if outside:
        assert json.loads((root / "report.json").read_text()) == value
    return manifest.key

def killed(root, number):
    count = 0
    def wrap(real):
        def operation(*a, **k):
            nonlocal count
            done = real(*a, **k)
            count += 1
            if count == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return done
        return operation
    for name in NAMES:
        setattr(os, name, wrap(getattr(os, name)))
    atomic_files._exchange = wrap(atomic_files._exchange)
    write(root, 2)

seen, number = [], 0
while True:
    number += 1
    root = home / str(number)
    root.mkdir(parents=True)
    write(root, 1)
    (root / "tables/kept").write_text("scores")
    if (process := os.fork()) == 0:
        sys.stdout = open(os.devnull, "w")
        killed(root, number)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    seen.append(state(root))
    write(root, 2 if number % 2 else 1)
    assert state(root) == ("2" if number % 2 else "1")
    left = sorted(entry.name for entry in root.iterdir())
    assert left == (["report.json", "tables"] if outside else ["tables"]), left
    if code == 0:
        break
print(json.dumps(seen))
"""


@pytest.mark.parametrize("swap", ["exchange", "two renames"])
@pytest.mark.parametrize("beside", ["alone", "outside"])
def test_no_kill_pairs_an_old_manifest_with_new_files(tmp_path, swap, beside):
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), swap, beside],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    seen = json.loads(done.stdout.splitlines()[-1])
    assert len(seen) > 8
    assert seen[0] == "1" and seen[-1] == "2"
    # What was true first is never true again after the new came.
    order = [value for value in seen if value != "none"]
    assert order == sorted(order)
    if beside == "outside":
        assert "none" in seen
