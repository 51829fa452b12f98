import json
from pathlib import Path

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "one_case.ipynb"


def test_the_worked_case_ends_with_a_cleared_record_and_an_unbroken_log(capsys):
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    names: dict = {}
    for number, source in enumerate(code):
        exec(compile(source, f"one_case cell {number}", "exec"), names)  # noqa: S102
    told = capsys.readouterr().out
    assert (names["before"], names["after"]) == (1, 0)
    assert "Audit log: verified" in told
    assert not names["asked"].allowed and not names["late_call"].allowed
    assert names["offered"].allowed and names["sent"].allowed and not names["harsh"].allowed
    assert "tone" in told and "contact.hours" in told


def test_the_notebook_is_kept_without_outputs():
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    assert not any(cell.get("outputs") for cell in cells)
