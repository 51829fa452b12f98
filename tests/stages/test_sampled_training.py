"""Training on a share of the persons: which rows are taken, and what is said of it."""

import json

import numpy as np
import pandas as pd
import pytest

from delinquency.config import load
from delinquency.panel.drawn_rows import drawn_rows
from delinquency.stages import run_stage

pytestmark = pytest.mark.slow
SHARE = 0.4
TINY = [
    "data.n_accounts=500", "data.audit_accounts=20", "data.audit_paths=5", "n_threads=1",
    "model.n_estimators=15", "evaluation.n_boot=2", "tracking=none",
]  # fmt: skip


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    """Return the folders of features of everybody, and of a model trained on a share."""
    place = tmp_path_factory.mktemp("sampled")
    for name, stage, share in (("whole", "features", 1.0), ("share", "train", SHARE)):
        run_stage(
            load([f"stage={stage}", f"paths.root={place / name}", f"sample.share={share}",
                  f"paths.interim={place / 'interim'}", f"paths.truth={place / 'truth'}", *TINY])
        )  # fmt: skip
    return place / "whole", place / "share"


def frame(root, name):
    return pd.read_parquet(root / f"data/processed/synthetic/{name}.parquet")


def test_drawn_rows_and_the_bads_of_others_are_those_of_the_whole_bit_for_bit(roots):
    whole, share = roots
    labels = frame(whole, "labels")
    drawn = drawn_rows(labels["group_id"].to_numpy(str), SHARE)
    bads = ~drawn & (labels["bad"] == 1).to_numpy()
    assert bads.any() and drawn.any() and not drawn.all()
    for name, chosen in (("features", drawn), ("labels", drawn), ("protected", drawn),
                         ("raw", drawn)):  # fmt: skip
        expected = frame(whole, name)[chosen].reset_index(drop=True)
        pd.testing.assert_frame_equal(frame(share, name), expected, check_exact=True)
    for name in ("features", "labels"):
        expected = frame(whole, name)[bads].reset_index(drop=True)
        pd.testing.assert_frame_equal(frame(share, f"undrawn_{name}"), expected, check_exact=True)
    assert not (whole / "data/processed/synthetic/undrawn_labels.parquet").exists()


def test_a_model_learns_from_all_bads_of_its_months_and_stands_for_all_rows(roots):
    whole, share = roots
    model = json.loads((share / "models/synthetic/model.json").read_text())["metadata"]
    split = pd.read_parquet(share / "models/synthetic/split.parquet")
    months = split.loc[split["part"] == "train", "observation_month"].unique()
    labels = frame(whole, "labels")
    labels = labels[labels["observation_month"].isin(months)]
    drawn = drawn_rows(labels["group_id"].to_numpy(str), SHARE)
    bad = (labels["bad"] == 1).to_numpy()
    assert model["bads"] == bad.sum()
    assert model["rows"] == (drawn | bad).sum()
    stands_for = bad.sum() + (drawn & ~bad).sum() / SHARE
    assert f"stand for {stands_for:,.0f}" in model["sample"]


def test_no_person_of_the_test_is_among_the_bads_that_were_added(roots):
    _, share = roots
    others = frame(share, "undrawn_labels")["group_id"]
    assert not others.isin(frame(share, "labels")["group_id"]).any()


def test_a_report_says_that_it_rests_on_a_share(roots):
    _, share = roots
    told = json.loads((share / "reports/synthetic/evaluation.json").read_text())
    assert "sample.share=0.4" in told["cannot"]["all_accounts"]
    facts = json.loads((share / "models/synthetic/facts.json").read_text())
    assert facts["sample"]["share"] == SHARE
    assert facts["rows"]["test"] == told["n"] < np.inf
    assert "sample.share=0.4" in (share / "reports/synthetic/index.html").read_text()
