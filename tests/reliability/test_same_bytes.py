"""The same data and choices give the same bytes, in any order of rows and on any machine."""

import hashlib
import json
import os
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from delinquency.config import load
from delinquency.stages import run_stage

MAPPING = """
defaults: [table_data, _self_]
name: own
title: Own table
path: own.csv
{account}outcome: {{column: outcome, bad: [Bad], good: [Good]}}
group_equal_rows: true
columns:
  score: {{trait: credit_record, direction: -1}}
  burden: {{trait: debt_burden, direction: 1}}
  income: {{trait: economic_condition, direction: -1}}
"""
PANEL = """
defaults: [panel_data, _self_]
name: own
title: Own panel
label: {performance_months: 3, bad_days_past_due: 60}
window_months: 6
tables:
  statements:
    path: statements.parquet
    columns: {account_id: ID, month: MONTH, days_past_due: DPD, balance: BAL, credit_limit: LIM}
  transactions:
    path: transactions.csv
    columns: {account_id: ID, date: MONTH, amount: AMOUNT, category: CATEGORY}
"""
SMALL = [
    "model.n_estimators=12", "model.calibration_folds=2", "evaluation.n_boot=5", "tracking=none",
]  # fmt: skip
RESULTS = (
    "data/processed/own/features.parquet", "data/processed/own/labels.parquet",
    "data/processed/own/explanations.parquet", "models/own/model.txt", "models/own/model.json",
    "models/own/reasons.json", "models/own/explainer.npz",
    "models/own/split.parquet", "reports/own/evaluation.json",
)  # fmt: skip


def table(n=500):
    rng = np.random.default_rng(7)
    score, burden = rng.integers(300, 800, n), rng.integers(0, 100, n)
    bad = rng.random(n) < 1 / (1 + np.exp((score - 550) / 90 - (burden - 50) / 40))
    frame = pd.DataFrame({"id": np.arange(1, n + 1), "outcome": np.where(bad, "Bad", "Good")})
    frame = frame.assign(score=score, burden=burden, income=rng.random(n).round(4))
    return pd.concat([frame, frame.tail(20).assign(id=np.arange(n + 1, n + 21))])


def prepare(root, mapping, parts=1, **files):
    """Write each frame as one file, or as a folder of that name with many files."""
    (root / "conf/data").mkdir(parents=True)
    (root / "conf/data/own.yaml").write_text(mapping)
    for name, frame in files.items():
        place = root / (f"{name}.parquet" if name == "statements" else f"{name}.csv")
        if parts == 1:
            write(frame, place)
            continue
        place.mkdir()
        ends = np.linspace(0, len(frame), parts + 1).astype(int)
        for number, (first, last) in enumerate(pairwise(ends)):
            below = place / f"day-{number % 2}"
            below.mkdir(exist_ok=True)
            write(frame.iloc[first:last], below / f"{9 - number}{place.suffix}", rows=11)


def write(frame, place, rows=None):
    if place.suffix == ".csv":
        frame.to_csv(place, index=False)
    else:
        frame.to_parquet(place, index=False, row_group_size=rows)


def choices(root, stage, *more):
    folders = [f"hydra.searchpath=[file://{root / 'conf'}]", f"paths.root={root}"]
    return [f"stage={stage}", "data=own", f"paths.raw={root}", *folders, *SMALL, *more]


def run(root, stage, *more):
    run_stage(load(choices(root, stage, *more)))


def digests(root):
    return {name: hashlib.sha256((root / name).read_bytes()).hexdigest() for name in RESULTS}


def explained(root):
    return pd.read_parquet(root / "data/processed/own/explanations.parquet")


@pytest.mark.slow
def test_no_byte_depends_on_order_or_parts_threads_hash_seed_locale_or_zone(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    numbered = MAPPING.format(account="account_column: id\n")
    prepare(one, numbered, own=table())
    prepare(two, numbered, parts=5, own=table().sample(frac=1, random_state=3))
    run(one, "train", "n_threads=1")
    code = (
        "import json, sys; from delinquency.config import load; "
        "from delinquency.stages import run_stage; run_stage(load(json.loads(sys.argv[1])))"
    )
    other = {"PYTHONHASHSEED": "99", "LC_ALL": "tr_TR.UTF-8", "TZ": "Pacific/Kiritimati"}
    subprocess.run(
        [sys.executable, "-c", code, json.dumps(choices(two, "train", "n_threads=2"))],
        check=True, env={**os.environ, **other}, capture_output=True,
    )  # fmt: skip
    assert digests(one) == digests(two)


@pytest.mark.slow
@pytest.mark.skipif("DELINQUENCY_TORTURE" not in os.environ, reason="slow: make torture runs it")
def test_rows_that_nothing_numbers_get_the_same_probability_in_any_order(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    plain = MAPPING.format(account="").replace("columns:", "ignored: {id: a number}\ncolumns:")
    rows = table().reset_index(drop=True)
    order = np.random.default_rng(4).permutation(len(rows))
    prepare(one, plain, own=rows)
    prepare(two, plain, own=rows.iloc[order])
    for root in (one, two):
        run(root, "train", "n_threads=1")
    first, second = (
        explained(root).assign(place=lambda f: f["account_id"].astype(int) - 1).set_index("place")
        for root in (one, two)
    )
    there = first["pd_hat"].reindex(order).to_numpy()
    assert np.array_equal(there, second["pd_hat"].reindex(range(len(order))).to_numpy())


def test_the_tables_of_a_panel_are_the_same_in_any_order_and_number_of_parts(tmp_path):
    rng = np.random.default_rng(1)
    ids, months = [f"A{k}" for k in range(30)], pd.date_range("2023-01-01", periods=14, freq="MS")
    grid = pd.MultiIndex.from_product([ids, months], names=["ID", "MONTH"]).to_frame(index=False)
    n = len(grid)
    late = rng.choice([0, 0, 0, 0, 30, 60], n)
    statements = grid.assign(DPD=late, BAL=rng.random(n).round(3) * 1e4, LIM=20_000)
    bought = grid.sample(2 * n, replace=True, random_state=1)
    bought = bought.assign(AMOUNT=rng.random(2 * n) * 100, CATEGORY="luxury")
    written = []
    for shuffled, parts in ((False, 1), (True, 1), (True, 4)):
        root = tmp_path / f"{shuffled}-{parts}"
        frames = {"statements": statements, "transactions": bought}
        if shuffled:
            frames = {k: f.sample(frac=1, random_state=8) for k, f in frames.items()}
        prepare(root, PANEL, parts, **frames)
        run(root, "features")
        names = (
            "data/interim/own/part-0000/transactions.parquet",
            "data/interim/own/part-0000/statements.parquet",
            "data/processed/own/features.parquet",
            "data/processed/own/labels.parquet",
        )
        written.append({name: (root / name).read_bytes() for name in names})
    assert written[0] == written[1] == written[2]
