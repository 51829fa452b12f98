from pathlib import Path

import nbformat
import pytest

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "one_account.ipynb"


def test_the_notebook_holds_no_logic_and_no_outputs():
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert code and all(not cell.outputs and cell.execution_count is None for cell in code)
    for word in ("def ", "class ", "while "):
        assert not any(line.startswith(word) for c in code for line in c.source.splitlines())


@pytest.mark.slow
def test_the_notebook_runs_from_top_to_bottom():
    from delinquency.stages.notebook import execute

    done = nbformat.reads(execute(NOTEBOOK, folder=NOTEBOOK.parents[1]), as_version=4)
    shown = [o for c in done.cells if c.cell_type == "code" for o in c.outputs]
    assert any("image/png" in o.get("data", {}) for o in shown)
