"""Stage inspect: what it prints and writes."""

import json

import pytest
import yaml

from delinquency.config import load
from delinquency.errors import ChoiceError
from delinquency.stages import run_stage

ROWS = "".join(f"{k % 2},{k},{k * 7 % 90}\n" for k in range(60))


@pytest.fixture
def inspect(tmp_path, capsys):
    """Run the stage below a folder of its own and return what it printed."""
    (tmp_path / "Own File.csv").write_text("bad,AccountId,Income\n" + ROWS)

    def run(*overrides):
        paths = [f"paths.root={tmp_path}", f"paths.raw={tmp_path}"]
        run_stage(load(["stage=inspect", *paths, *overrides]))
        return capsys.readouterr().out

    return run


def test_a_bare_file_is_profiled_and_drafted_under_its_own_name(inspect, tmp_path):
    said = inspect("inspect.path='Own File.csv'", "inspect.draft=true")
    reports = tmp_path / "reports" / "own_file"
    assert "Own File.csv: 60 rows, 3 columns" in said and str(reports / "draft.yaml") in said
    assert json.loads((reports / "inspection.json").read_text())[0]["n_bad"] == 30
    assert "<h1>Inspection of own_file</h1>" in (reports / "inspection.html").read_text()
    draft = yaml.safe_load((reports / "draft.yaml").read_text())
    assert draft["name"] == "own_file" and draft["account_column"] == "AccountId"


def test_a_table_is_told_what_it_lacks_for_treatment(inspect, tmp_path):
    mapping = {
        "defaults": ["table_data", "_self_"], "name": "own", "path": "Own File.csv",
        "outcome": {"column": "bad"}, "account_column": "AccountId",
        "columns": {"Income": {"trait": "economic_condition"}},
    }  # fmt: skip
    (tmp_path / "conf/data").mkdir(parents=True)
    (tmp_path / "conf/data/own.yaml").write_text(yaml.safe_dump(mapping))
    said = inspect("data=own", f"hydra.searchpath=[file://{tmp_path / 'conf'}]")
    assert "make treat needs monthly statements" in said and "minimum_due" in said


def test_a_draft_needs_a_file(inspect):
    with pytest.raises(ChoiceError, match=r"inspect\.path=<file>"):
        inspect("inspect.draft=true")
