"""What the data stage writes of a made portfolio beside its tables: its truth and its report."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from delinquency.config import load
from delinquency.stages import run_stage
from delinquency.synthetic.blocks import blocks
from delinquency.synthetic.generator import generate_portfolio
from delinquency.synthetic.hidden_truth import KEYS, hidden_lives
from delinquency.synthetic.portfolio_options import SyntheticData
from delinquency.traits import TRAITS

CHOICES = ["n_threads=1", "tracking=none", "data.n_accounts=1200", "evaluation.n_boot=20"]


def run(root, stage, *overrides):
    run_stage(load([f"stage={stage}", f"paths.root={root}", *CHOICES, *overrides]))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp("project")
    run(root, "data")
    return root


def test_the_report_puts_each_figure_beside_its_target_and_source(made):
    report = json.loads((made / "reports/synthetic/portfolio.json").read_text())
    page = (made / "reports/synthetic/portfolio.html").read_text()
    assert "SYNTHETIC" in page
    for figure in report["figures"]:
        assert figure["low"] <= figure["high"] and figure["source"] and figure["basis"]
        assert figure["name"] in page
    names = " ".join(figure["name"] for figure in report["figures"])
    for part in (
        "30 days and more past due", "Roll 30-59 to 60-89", "charged off", "Utilization",
        "minimum", "January", "worst over best", "Bad within", "AUC of the true",
        "R-squared of the latent",
    ):  # fmt: skip
        assert part in names
    assert {"rolls", "vintages", "recovery", "exclusions"} <= set(report)
    assert report["vintages"] and report["rolls"]
    assert sum(row["dominant_share"] for row in report["traits"]) == pytest.approx(1.0)
    assert all(-0.5 < row["r_squared_all"] < 1 for row in report["traits"])
    assert report["settings"]["n_places"] == 1200
    assert report["settings"]["determined"] > 300


def test_the_truth_on_disk_is_the_generators_own_and_lies_apart_from_the_tables(made):
    hidden = pd.read_parquet(made / "data/truth/synthetic/hidden/part-0000.parquet")
    options = SyntheticData(name="synthetic", n_accounts=1200)
    own = pd.concat([hidden_lives(options, one) for one in blocks(options)], ignore_index=True)
    assert hidden[[*KEYS]].equals(own[[*KEYS]])
    values = [name for name in own.columns if name not in KEYS]
    assert np.allclose(hidden[values], own[values], atol=1e-4)
    for file in (made / "data/interim").rglob("*.parquet"):
        assert not set(values) & set(pd.read_parquet(file).columns)


@pytest.mark.slow
def test_neither_features_nor_model_change_when_the_truth_is_false_or_gone(tmp_path):
    """The truth cannot be read by what comes out the same without it."""
    made, outcome, few = tmp_path / "made", {}, "data.n_accounts=400"
    run(made, "data", few)
    for name in ("true", "false", "gone"):
        root = tmp_path / name
        shutil.copytree(made, root)
        truth = root / "data/truth/synthetic"
        if name == "false":
            for file in truth.rglob("*.parquet"):
                file.write_bytes(b"nothing that could be read")
        elif name == "gone":
            shutil.rmtree(truth)
        run(root, "train", few, "model.n_estimators=10")
        files = [
            root / "data/processed/synthetic/features.parquet",
            root / "models/synthetic/model.txt",
            root / "data/processed/synthetic/explanations.parquet",
        ]
        outcome[name] = [file.read_bytes() for file in files]
    assert outcome["true"] == outcome["false"] == outcome["gone"]


def test_a_portfolio_too_short_for_labels_is_made_and_says_what_is_not_possible(tmp_path, capsys):
    run(tmp_path, "data", "data.n_months=8", "data.n_accounts=40")
    assert (tmp_path / "data/interim/synthetic/part-0000/statements.parquet").exists()
    assert not (tmp_path / "reports/synthetic/portfolio.json").exists()
    assert "not possible: a comparison with public figures" in capsys.readouterr().out


def test_a_tiny_portfolio_is_measured_without_saying_what_features_determine(tmp_path):
    run(tmp_path, "data", "data.n_accounts=60")
    report = json.loads((tmp_path / "reports/synthetic/portfolio.json").read_text())
    assert report["settings"]["determined"] == 0
    assert {row["trait"] for row in report["traits"]} == set(TRAITS)


def test_the_tables_of_the_report_are_those_of_the_portfolio(made):
    options = SyntheticData(name="synthetic", n_accounts=1200, tables=[])
    statements = generate_portfolio(options)["statements"]
    written = pd.read_parquet(made / "data/interim/synthetic/part-0000/statements.parquet")
    pd.testing.assert_frame_equal(written, statements, check_exact=True)
