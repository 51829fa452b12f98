"""What must not leave: secrets of the environment, columns nobody mapped; ids that look like code.

One training with MLflow and its case book, on a table in which every id is markup, beside columns
of names and telephone numbers, from a database whose address only the environment knows. Then all
that was written is read again: files, the MLflow database, and what was printed.
"""

import io
import re
import sqlite3
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from pyarrow import parquet

from delinquency.config import load
from delinquency.stages import run_stage

pytestmark = pytest.mark.slow
PASSWORD = "hunter2-Zq8vK1"
KEY = "c0ffee" * 11
MAPPING = """
defaults: [table_data, _self_]
name: own
title: "Own <b>table</b> <script>steal(1)</script>"
query: SELECT * FROM customers
database: ${oc.env:BANK_DATABASE}
account_column: id
outcome: {column: outcome}
group_equal_rows: true
ignored: {name: a name, phone: a number}
columns:
  score: {trait: credit_record, direction: -1}
  burden: {trait: debt_burden, direction: 1}
"""
MARKUP = '<script>steal(2)</script>"><img src=x onerror=steal(3)>../../{}'


def customers(n=240):
    rng = np.random.default_rng(5)
    score, burden = rng.integers(300, 800, n), rng.integers(0, 100, n)
    bad = rng.random(n) < 1 / (1 + np.exp((score - 550) / 90 - (burden - 50) / 40))
    return pd.DataFrame(
        {
            "id": [MARKUP.format(k) for k in range(n)],
            "outcome": bad.astype(int),
            "name": [f"Wilhelmina Quirk {k}" for k in range(n)],
            "phone": [f"1380013{k:04d}" for k in range(n)],
            "score": score,
            "burden": burden,
        }
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """What a training and a case book wrote: name -> content, and all that was printed."""
    root, bank = tmp_path_factory.mktemp("root"), tmp_path_factory.mktemp("bank") / PASSWORD
    (root / "conf/data").mkdir(parents=True)
    (root / "conf/data/own.yaml").write_text(MAPPING)
    with sqlite3.connect(bank) as connection:
        customers().to_sql("customers", connection, index=False)
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BANK_DATABASE", f"sqlite:///{bank}")
        patch.setenv("DELINQUENCY_KEY", KEY)
        patch.setattr("sys.stdout", printed)
        patch.setattr("sys.stderr", printed)
        for stage in ("train", "cards"):
            chosen = [
                f"stage={stage}", "data=own", f"hydra.searchpath=[file://{root / 'conf'}]",
                f"paths.root={root}", f"paths.raw={root}", "model.n_estimators=8", "n_threads=1",
                "evaluation.n_boot=3", "cards.count=3", "model.calibration_folds=2",
            ]  # fmt: skip
            run_stage(load(chosen))
    files = {p.relative_to(root).as_posix(): read(p) for p in root.rglob("*") if p.is_file()}
    return {**files, "printed": printed.getvalue()}


def read(path):
    """Return a file as text, a table with all that its cells and its own words say."""
    if path.suffix == ".parquet":
        table = parquet.read_table(path)
        return table.to_pandas().to_csv() + str(table.schema.metadata)
    return path.read_bytes().decode("latin-1")


def where(written, pattern):
    return [name for name, text in written.items() if re.search(pattern, text)]


def test_what_was_planted_would_be_found(written):
    assert where(written, re.escape("steal(2)")), "the ids are looked for in the right places"
    assert "mlflow.db" in written and any("mlartifacts" in name for name in written)
    assert any(name.endswith("cards/index.html") for name in written)
    assert where(written, r"oc\.env:BANK_DATABASE"), "the choices were kept, as an expression"


@pytest.mark.parametrize("secret", [PASSWORD, KEY, bytes.fromhex(KEY).decode("latin-1")])
def test_no_value_of_the_environment_is_written_or_printed(written, secret):
    assert where(written, re.escape(secret)) == []


@pytest.mark.parametrize("identifier", ["Wilhelmina", "1380013"])
def test_no_column_that_nobody_mapped_is_written_or_printed(written, identifier):
    assert where(written, identifier) == []


class Tags(HTMLParser):
    """Collects what a browser would run."""

    def __init__(self):
        super().__init__()
        self.run, self.inside = [], ""

    def handle_starttag(self, tag, attributes):
        self.inside = tag
        self.run += [f"{tag} {name}={value}" for name, value in attributes
                     if name.startswith("on") or "steal" in (value or "") and name in
                     ("src", "href")]  # fmt: skip

    def handle_data(self, data):
        # Data for a page's own script is JSON inside a script that is never run.
        if self.inside in ("script", "style") and re.search(r"<script|</|<img", data):
            self.run.append(f"{self.inside}: markup")

    def handle_endtag(self, tag):
        self.inside = ""


def test_ids_and_titles_that_are_markup_run_in_no_page(written):
    pages = {name: text for name, text in written.items() if name.endswith((".html", ".svg"))}
    assert len(pages) >= 2
    for name, text in pages.items():
        found = Tags()
        found.feed(text)
        assert found.run == [], name
        assert "<script>steal" not in text and "<img src=x" not in text, name


def test_ids_that_are_markup_or_paths_name_no_file(written):
    assert [name for name in written if re.search(r"[<>\"]|steal|\.\.", name)] == []


def test_mlflow_holds_no_id_and_its_note_is_text_and_not_markup(written):
    """Notes are shown as Markdown, which may hold HTML; all other fields are shown as text."""
    assert "steal(2)" not in written["mlflow.db"]
    start = written["mlflow.db"].index("mlflow.note.content**")
    note = written["mlflow.db"][start : start + 400]
    assert "&lt;script>steal(1)&lt;/script>" in note
    assert "<" not in note.split("240 rows")[0]
