"""The whole way on a ready-made table of one's own: reports say what it cannot support."""

import json
import os
import sqlite3

import numpy as np
import pandas as pd
import pytest

from delinquency.config import load
from delinquency.errors import ChoiceError
from delinquency.pipeline.prepared_features import limits
from delinquency.stages import run_stage

MAPPING = """
defaults: [table_data, _self_]
name: own
title: Own table
path: own.csv
group_equal_rows: true
outcome: {column: outcome, bad: [Bad], good: [Good]}
columns:
  score: {trait: credit_record, direction: -1, special: {-9: missing, -7: not_applicable}}
  burden: {trait: debt_burden, direction: 1}
"""
SMALL = ["model.n_estimators=30", "evaluation.n_boot=10", "tracking=none", "n_threads=1"]


def run(root, stage, *more):
    """Run a stage on the mapping in a conf folder of the user's own."""
    folders = [f"hydra.searchpath=[file://{root / 'conf'}]", f"paths.root={root}"]
    chosen = [f"stage={stage}", "data=own", f"paths.raw={root}", *folders, *SMALL]
    run_stage(load([*chosen, *more]))


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    root = tmp_path_factory.mktemp("own")
    rng = np.random.default_rng(5)
    score, burden = rng.integers(300, 800, 900), rng.integers(0, 100, 900)
    bad = rng.random(900) < 1 / (1 + np.exp((score - 550) / 90 - (burden - 50) / 40))
    score[:40] = -9
    score[40:80] = -7
    table = pd.DataFrame({"outcome": np.where(bad, "Bad", "Good"), "score": score})
    table.assign(burden=burden).to_csv(root / "own.csv", index=False)
    (root / "conf" / "data").mkdir(parents=True)
    (root / "conf" / "data" / "own.yaml").write_text(MAPPING)
    run(root, "train")
    return root


def test_what_the_data_cannot_support_is_stated_with_its_reason():
    labels = pd.DataFrame({"observation_month": pd.to_datetime(["2024-03"] * 3), "bad": [0, 1, 0]})
    by_trait = {"credit_record": 2, "debt_burden": 0}
    found = limits(labels, {"dated": True}, by_trait, ["statements"])
    assert set(found) == {"out_of_time", "drift", "traits", "spending", "precision"}
    assert "2024-03" in found["out_of_time"] and "Debt burden" in found["traits"]
    assert "Only 1 rows of the rarer outcome" in found["precision"]


def test_the_sources_own_reason_is_kept():
    labels = pd.DataFrame({"observation_month": pd.to_datetime(["2024-03"] * 3), "bad": [0, 1, 0]})
    source = {"cannot": {"out_of_time": "no month at all"}}
    assert limits(labels, source, {}, [])["out_of_time"] == "no month at all"


def test_a_table_without_protected_columns_has_as_many_rows_of_them(own):
    from delinquency.pipeline.prepared_features import prepare

    folders = [f"hydra.searchpath=[file://{own / 'conf'}]", f"paths.root={own}"]
    prepared = prepare(load(["data=own", f"paths.raw={own}", *folders, *SMALL]))
    assert prepared.protected.shape == (len(prepared.X), 0)


@pytest.mark.slow
def test_a_table_without_months_tables_or_protected_columns_is_validated(own):
    run(own, "validate", "validation.refits=2", "validation.n_boot=10", "validation.word=false")
    record = json.loads((own / "reports" / "own" / "validation.json").read_text())
    by_number = {one["number"]: one for one in record["items"]}
    assert len(by_number) == 40
    for number in (25, 32, 33, 34, 37):
        assert by_number[number]["state"] == "not applicable", by_number[number]
    assert "no protected attribute" in by_number[33]["why"]


@pytest.mark.slow
def test_evaluation_and_case_book_repeat_what_the_table_cannot_support(own, capsys):
    result = json.loads((own / "reports" / "own" / "evaluation.json").read_text())
    assert {"out_of_time", "drift", "panel", "traits"} <= set(result["cannot"])
    run(own, "evaluate")
    assert "Not supported by these data: The table has no month" in capsys.readouterr().out
    run(own, "cards")
    page = (own / "reports" / "own" / "cards" / "index.html").read_text()
    assert "What these data cannot support: The table has no month" in page


def test_whichever_stage_reads_the_file_prints_what_was_marked(own, tmp_path, capsys):
    (tmp_path / "own.csv").write_text((own / "own.csv").read_text())
    (tmp_path / "conf" / "data").mkdir(parents=True)
    (tmp_path / "conf" / "data" / "own.yaml").write_text(MAPPING)
    run(tmp_path, "features")
    facts = json.loads((tmp_path / "data/interim/own/manifest.json").read_text())["facts"]
    counts = {what: count for what, count in facts["counts"].items() if count}
    # 40 scores of -9 and 40 of -7 were put there.
    assert any(count == 40 for count in counts.values()), counts
    told = capsys.readouterr().out
    for what, count in counts.items():
        assert f"  {what}: {count:,}\n" in told


def test_tables_have_no_worth_where_the_features_came_ready_made(own):
    small = [one for one in SMALL if "n_boot" not in one]
    folders = [f"hydra.searchpath=[file://{own / 'conf'}]", f"paths.root={own}"]
    chosen = ["stage=evaluate", "data=own", "evaluation=tables", f"paths.raw={own}", *folders]
    with pytest.raises(ChoiceError, match=r"ready-made features only\. Use"):
        run_stage(load([*chosen, *small]))


def test_no_reason_is_dated_where_the_table_has_no_dates(own):
    run(own, "cards")
    explained = pd.read_parquet(own / "data/processed/own/explanations.parquet")
    told = explained["reason_1"].str.cat(explained["reason_zh_1"])
    assert (told != "").any()
    # 2000-01 stands in for the month that nobody knows.
    assert not told.str.contains("2000").any()
    page = (own / "reports/own/cards/index.html").read_text(encoding="utf-8")
    assert "Jan 2000" not in page and "2000.1" not in page


def test_a_changed_database_is_never_read_from_the_files_of_yesterday(own, tmp_path):
    bank = tmp_path / "b.db"
    with sqlite3.connect(bank) as connection:
        pd.read_csv(own / "own.csv").to_sql("t", connection, index=False)
    (tmp_path / "conf" / "data").mkdir(parents=True)
    query = f"query: SELECT * FROM t\ndatabase: sqlite:///{bank}"
    (tmp_path / "conf" / "data" / "own.yaml").write_text(MAPPING.replace("path: own.csv", query))
    run(tmp_path, "features")
    manifest = tmp_path / "data/processed/own/manifest.json"
    before = json.loads(manifest.read_text())["facts"]["digest"]
    stamp = bank.stat().st_mtime_ns
    with sqlite3.connect(bank) as connection:
        connection.execute("UPDATE t SET score = 321 WHERE rowid = 500")
    os.utime(bank, ns=(stamp, stamp))
    run(tmp_path, "features")
    assert json.loads(manifest.read_text())["facts"]["digest"] != before
    made = (tmp_path / "data/interim/own/manifest.json").stat().st_mtime_ns
    run(tmp_path, "features")
    assert (tmp_path / "data/interim/own/manifest.json").stat().st_mtime_ns == made


def test_scoring_counts_the_names_that_training_did_not_see(tmp_path, capsys):
    rng = np.random.default_rng(2)
    table = pd.DataFrame(
        {"use": rng.random(300).round(3), "job": rng.choice(["a", "b", "c"], 300)}
    )
    table["bad"] = (rng.random(300) < table["use"] / 2).astype(int)
    table.to_csv(tmp_path / "own.csv", index=False)
    (tmp_path / "conf" / "data").mkdir(parents=True)
    (tmp_path / "conf" / "data" / "own.yaml").write_text(
        "defaults: [table_data, _self_]\nname: own\npath: own.csv\noutcome: {column: bad}\n"
        "columns:\n  use: {trait: debt_burden}\n"
        "  job: {trait: economic_condition, categorical: true}\n"
    )
    run(tmp_path, "train")
    table.loc[[4, 7], "job"] = ["d", "e"]
    table.drop(columns="bad").to_csv(tmp_path / "new.csv", index=False)
    capsys.readouterr()
    folders = [f"hydra.searchpath=[file://{tmp_path / 'conf'}]", f"paths.root={tmp_path}"]
    output = tmp_path / "scores.parquet"
    new = [f"score.input={tmp_path / 'new.csv'}", f"score.output={output}"]
    run_stage(load(["stage=score", "data=own", f"paths.raw={tmp_path}", *folders, *new, *SMALL]))
    assert "job_category_not_seen_in_training: 2" in capsys.readouterr().out
    told = pd.read_parquet(output)["names_not_seen_in_training"]
    assert (told == "job").sum() == 2
    # Percent where training had shares, and a column that nobody filled: read, and said.
    strange = table.assign(use=table["use"] * 100, job="")
    strange.to_csv(tmp_path / "new.csv", index=False)
    run_stage(load(["stage=score", "data=own", f"paths.raw={tmp_path}", *folders, *new, *SMALL]))
    said = capsys.readouterr().out
    assert "look: use: 99% of the rows lie above 0.9" in said
    assert "look: job: 100% of the rows are empty, 0% in training" in said
