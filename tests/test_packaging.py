"""What the package declares is what it imports, and a logged model brings all it needs."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from delinquency.errors import MissingArtifactError
from delinquency.stages.notebook import as_page, execute
from delinquency.workspace.model_requirements import package_folder, pinned_requirements

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NOT_IMPORTED = {"tzdata": "the time zones that zoneinfo reads where the system has none"}


def normal(requirement):
    name = re.match(r"[A-Za-z0-9._-]+", requirement).group()
    return re.sub(r"[-_.]+", "-", name).lower()


def imported():
    """Return the distributions that src/ imports."""
    names = set()
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(node.module.partition(".")[0])
    names -= set(sys.stdlib_module_names) | {"delinquency"}
    owners = packages_distributions()
    return {min((normal(each) for each in owners[name]), key=len) for name in names}


def test_what_src_imports_is_declared_and_nothing_else_is():
    declared = {normal(each) for each in PROJECT["dependencies"]}
    extras = {normal(r) for rs in PROJECT["optional-dependencies"].values() for r in rs}
    assert declared - imported() == set(NOT_IMPORTED)
    assert imported() - declared <= extras
    assert not declared & {"nbclient", "nbformat", "nbconvert", "ipykernel", "jupyterlab"}


def test_the_lock_pins_every_requirement_that_setup_installs():
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8").split()
    assert all(re.fullmatch(r"[a-z0-9._-]+==[^=\s]+", line) for line in lock)
    pinned = {normal(line) for line in lock}
    extras = PROJECT["optional-dependencies"]
    wanted = [*PROJECT["dependencies"], *extras["notebooks"], *extras["postgres"], *extras["dev"]]
    wanted += extras["tuning"]
    assert {normal(each) for each in wanted} - {"delinquency"} <= pinned


def test_a_logged_model_lists_exact_versions_and_carries_the_package():
    pinned = pinned_requirements()
    assert all(re.fullmatch(r"[\w.-]+==\S+", each) for each in pinned)
    assert any(each.startswith("lightgbm==") for each in pinned)
    assert not any(each.startswith("delinquency") for each in pinned)
    assert (package_folder() / "workspace" / "served_model.py").exists()


def test_without_the_extra_one_sentence_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "nbclient", None)
    with pytest.raises(MissingArtifactError, match=r"nbclient.*'delinquency\[notebooks\]'"):
        execute(tmp_path / "any.ipynb", folder=tmp_path)
    with pytest.raises(MissingArtifactError, match=r"delinquency\[notebooks\]"):
        as_page("{}")
