"""A YAML file that does not fit gives one plain error and exit code 2, never a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

GOOD = """defaults: [panel_data, _self_]
name: own
tables:
  statements:
    path: own.csv
    columns: {account_id: ID, month: MONTH, days_past_due: DPD}
"""


def refusal(root: Path, mapping: str) -> str:
    (root / "conf" / "data").mkdir(parents=True)
    (root / "conf" / "data" / "own.yaml").write_text(mapping)
    command = [sys.executable, "-m", "delinquency", "--config-dir", str(root / "conf")]
    chosen = ["stage=features", "data=own", f"paths.root={root}", "tracking=none"]
    plain = {key: value for key, value in os.environ.items() if key != "HYDRA_FULL_ERROR"}
    done = subprocess.run(
        [*command, *chosen], capture_output=True, text=True, env=plain, cwd=root, check=False
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("error: ") and "Traceback" not in done.stderr
    assert [one.name for one in root.iterdir()] == ["conf"]
    return done.stderr


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("    columns:", "    colums:", "statements.colums: Key 'colums' not in 'TableMapping'. "
         "Did you mean 'columns'?"),
        ("month: MONTH", "month: MONTH, month: DPD", "found duplicate key month"),
        ("    columns:", "\tcolumns:", "own.yaml\", line 6, column 1"),
    ],
    ids=["misspelt key", "one role twice", "tab"],
)  # fmt: skip
def test_a_mapping_that_is_not_one_is_refused_in_words(tmp_path, right, wrong, said):
    assert said in refusal(tmp_path, GOOD.replace(right, wrong))
