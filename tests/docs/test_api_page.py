"""The public names: imported at once, each documented, each example run."""

import doctest
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import delinquency

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "api.md"
ISSUE_NAMES = {
    "TraitExplainer", "Explanation", "ReasonExplainer", "DelinquencyClassifier", "build_windows",
    "build_features", "label_outcomes", "inspect_file", "generate_portfolio", "load_model",
    "load_policy", "check", "Casebook", "TRAITS",
}  # fmt: skip


def test_the_public_list_is_sorted_complete_and_every_name_has_its_home():
    capitals = [name for name in delinquency.__all__ if name.isupper()]
    classes = [name for name in delinquency.__all__ if name[0].isupper() and not name.isupper()]
    functions = [name for name in delinquency.__all__ if name[0].islower()]
    assert [*sorted(capitals), *sorted(classes), *sorted(functions)] == delinquency.__all__
    assert set(delinquency.__all__) >= ISSUE_NAMES
    for name in delinquency.__all__:
        value = getattr(delinquency, name)
        assert getattr(value, "__name__", name).rpartition(".")[2] == name
    assert set(delinquency.__all__) <= set(dir(delinquency))
    with pytest.raises(
        AttributeError, match=r"no public name 'TraitExplain'. It has: .*TraitExpl"
    ):
        _ = delinquency.TraitExplain


def test_importing_the_package_loads_nothing_heavy():
    heavy = ("numpy", "pandas", "sklearn", "lightgbm", "numba", "mlflow", "hydra", "shap")
    code = f"import sys, delinquency; print([n for n in {heavy} if n in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
    assert (Path(delinquency.__file__).parent / "py.typed").exists()


@pytest.mark.slow
def test_the_committed_page_equals_the_generated_one_and_its_examples_run(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    page = runpy.run_path(str(ROOT / "docs" / "api_page.py"))["api_page"]()
    assert PAGE.read_text(encoding="utf-8") == page, "Run `make docs` and commit."
    for name in delinquency.__all__:
        section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert f">>> from delinquency import {name}" in section or (
            ">>> from delinquency import " in section and name in section.split(">>>", 1)[1]
        ), f"{name} has no example"
    found = doctest.testfile(str(PAGE), module_relative=False)
    assert found.attempted > 100
    assert not found.failed
