"""The Taiwan notebook is run from the raw file to one explained account, on a made-up file."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from delinquency.config import load
from delinquency.stages import run_stage
from delinquency.traits import TRAITS

pytestmark = pytest.mark.slow
NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "taiwan.ipynb"


def made_up_file(n=600):
    """Return accounts in the shape of the published file; the later status decides the label."""
    rng = np.random.default_rng(8)
    frame = pd.DataFrame({"ID": np.arange(1, n + 1)})
    frame["LIMIT_BAL"] = rng.integers(2, 50, n) * 10_000
    frame["SEX"], frame["EDUCATION"] = rng.integers(1, 3, n), rng.integers(1, 5, n)
    frame["MARRIAGE"], frame["AGE"] = rng.integers(1, 4, n), rng.integers(21, 70, n)
    status = rng.choice([-1, 0, 0, 0, 2, 3], (n, 6))
    for place, name in enumerate(("PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6")):
        frame[name] = status[:, place]
    for k in range(1, 7):
        frame[f"BILL_AMT{k}"] = rng.integers(0, 90_000, n)
    for k in range(1, 7):
        frame[f"PAY_AMT{k}"] = rng.integers(0, 9_000, n)
    bad = rng.random(n) < np.where(status[:, 0] >= 2, 0.7, 0.15)
    return frame.assign(**{"default payment next month": bad.astype(int)})


def test_the_notebook_ends_with_an_account_whose_traits_add_up(tmp_path, monkeypatch):
    folder = tmp_path / "raw" / "taiwan"
    folder.mkdir(parents=True)
    made_up_file().to_csv(folder / "file.csv", index=False)
    small = [
        f"paths.root={tmp_path}", f"paths.raw={tmp_path / 'raw'}", "data.complete=false",
        "model.n_estimators=30", "tracking=none", "n_threads=1",
    ]  # fmt: skip
    run_stage(load(["stage=train", "data=taiwan", *small]))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    names: dict = {}
    for number, source in enumerate(code):
        exec(compile(source, f"taiwan cell {number}", "exec"), names)  # noqa: S102
    row = names["row"]
    total = row["base_value"] + sum(row[f"trait_{key}"] for key in TRAITS)
    assert total == pytest.approx(row["raw_score"], abs=1e-9)
    assert len(names["explained"]) == 600
    assert len(names["statements"]) == 600 * 6
