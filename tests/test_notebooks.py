"""Notebooks hold no outputs and no logic: what they do is in the package."""

import ast
from pathlib import Path

import nbformat
import pytest

import delinquency

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_holds_no_output_and_no_logic(path):
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        assert not cell.outputs
        assert cell.execution_count is None
        nodes = list(ast.walk(ast.parse(cell.source)))
        assert not any(isinstance(node, ast.ClassDef | ast.While) for node in nodes)
        # A shorthand for a call is not logic; anything longer belongs into the package.
        shorthands = [node for node in nodes if isinstance(node, ast.FunctionDef)]
        assert all(len(one.body) <= 6 for one in shorthands)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_uses_public_names_only(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type != "code":
            continue
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Import):
                assert not any(name.name.startswith("delinquency.") for name in node.names)
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("delinquency"):
                assert node.module == "delinquency"
                assert {name.name for name in node.names} <= set(delinquency.__all__)
