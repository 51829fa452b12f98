"""A YAML file that does not fit gives one plain error and exit code 2, never a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st

from delinquency.command_line import quoted_arguments

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
        ("    columns:", "    colums:", "There is no data.tables.statements.colums. "
         "Did you mean 'data.tables.statements.columns'?"),
        ("month: MONTH", "month: MONTH, month: DPD", "found duplicate key month"),
        ("    columns:", "\tcolumns:", "own.yaml\", line 6, column 1"),
    ],
    ids=["misspelt key", "one role twice", "tab"],
)  # fmt: skip
def test_a_mapping_that_is_not_one_is_refused_in_words(tmp_path, right, wrong, said):
    assert said in refusal(tmp_path, GOOD.replace(right, wrong))


def words(*arguments: str) -> str:
    """Return what the command line says to arguments that do not fit."""
    command = [sys.executable, "-m", "delinquency", *arguments, "tracking=none"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr
    return done.stderr


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("data=taiwn", "Did you mean data=taiwan?"),
        ("model.n_estimatrs=3", "Did you mean 'model.n_estimators'?"),
        ("n_estimators=3", "Did you mean 'model.n_estimators'?"),
        ("dta=taiwan", "Did you mean 'data'?"),
        ("model.n_estimators=abc", "model.n_estimators: expected a whole number. Got 'abc'."),
        ("seed=1,2", "-m seed=1,2"),
        ("tracking.uri=http://u:secret@h/x", "write uri: ${oc.env:URI}"),
    ],
)
def test_an_argument_that_does_not_fit_is_answered_without_inner_names(argument, said):
    text = words("stage=train", argument)
    assert said in text and "secret" not in text
    assert not {"+model", "Options'", "_data,", "hydra", "'config'"} & set(text.split())
    assert "append" not in text


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20))
def test_a_value_reaches_its_key_as_it_was_typed(name):
    value = f"/no/{name}=#1 [a] {{b}}.csv"
    (quoted,) = quoted_arguments([f"inspect.path={value}"])
    assert OverridesParser.create().parse_override(quoted).value() == value


def test_lists_numbers_and_sweeps_stay_what_they_are():
    typed = ["features.traits=[a,b]", "seed=3", "-m", "data=taiwan", "x=${oc.env:HOME}"]
    assert quoted_arguments(typed) == typed
