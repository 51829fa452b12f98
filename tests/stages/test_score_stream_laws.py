"""The score stream against the plain road: cleared histories, fewer tables, repeated accounts."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from delinquency.casebook.pseudonym_keys import make_key
from delinquency.config import load
from delinquency.pipeline import scored_rows
from delinquency.pipeline.prepared_features import prepare_new
from delinquency.pipeline.saved_model import load_from
from delinquency.pipeline.score_stream import read_scores, score_portfolio
from delinquency.scoring.account_scorer import load_scorer
from delinquency.sources.adapters import SourceTables
from delinquency.stages import case, run_stage

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not os.environ.get("DELINQUENCY_ENGINES"), reason="slow: make test-engines"
    ),
]
TINY = [
    "data.n_accounts=200", "data.audit_accounts=20", "data.audit_paths=5", "model.n_estimators=12",
    "evaluation.n_boot=2", "n_threads=1", "tracking=none",
]  # fmt: skip
FEWER = "data.tables=[statements,accounts,bureau]"
"""Neither purchases nor contacts nor a current account."""


def configured(root, *overrides):
    return load([f"paths.root={root}", *TINY, *overrides])


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("laws")
    run_stage(configured(folder, "stage=train"))
    return folder


def parts_of(root):
    return sorted((root / "data/interim/synthetic").glob("part-*"))


def tables_of(root):
    folders = parts_of(root)
    return {
        path.stem: pd.concat(
            [pd.read_parquet(folder / path.name) for folder in folders], ignore_index=True
        )
        for path in folders[0].glob("*.parquet")
        if path.stem not in ("groups", "outcomes")
    }


def require_plain_road(config, source, out):
    """Score a folder as a stream and the same tables whole; return the stream's answer."""
    fitted = load_from(config.workspace.models)
    score_portfolio(config, config.workspace.models, out)
    whole = SourceTables(tables_of(source), pd.DataFrame(), {"dated": True}, "")
    plain = scored_rows.scored_rows(
        config, fitted, prepare_new(config, whole, fitted.meanings)
    ).set_index("account_id")
    ours = read_scores(out, load_scorer(config.workspace.models)).set_index("account_id")
    pd.testing.assert_frame_equal(
        ours.drop(columns=["outside_population", "model_version"]), plain.loc[ours.index],
        check_exact=True, check_dtype=False,
    )  # fmt: skip
    assert len(ours) == len(plain) > 100
    return ours


def test_cleared_histories_leave_the_stream_as_they_leave_the_plain_road(
    root, monkeypatch, tmp_path, capsys
):
    monkeypatch.setenv("DELINQUENCY_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.delenv("DELINQUENCY_KEY", raising=False)
    make_key(tmp_path / "key")
    config = configured(root)
    before = require_plain_road(config, root, tmp_path / "before")
    try:
        case.run(configured(root, "stage=case", "case.do=report"))
        case.run(configured(root, "stage=case", "case.do=clear", "case.as_of=2030-01-01"))
        after = require_plain_road(config, root, tmp_path / "after")
        # What was scored before is scored again: the cleared records are part of a receipt.
        score_portfolio(config, config.workspace.models, tmp_path / "before")
        again = read_scores(tmp_path / "before", load_scorer(config.workspace.models))
        pd.testing.assert_frame_equal(again.set_index("account_id"), after, check_exact=True)
        moved = (after["raw_score"] != before.loc[after.index, "raw_score"]).mean()
        assert 0 < moved < 0.9
    finally:
        for path in Path(root).glob("casework.db*"):
            path.unlink()


def test_a_model_of_fewer_tables_scores_parts_of_fewer_tables(tmp_path):
    root = tmp_path / "fewer"
    run_stage(configured(root, "stage=train", FEWER))
    config = configured(root, FEWER)
    ours = require_plain_road(config, root, tmp_path / "scores")
    assert {"transactions", "contacts", "cashflows"}.isdisjoint(tables_of(root))
    assert (ours["evidence_spending_behavior"] != "strong").any()


def test_several_months_of_an_account_are_what_each_month_alone_is(root):
    scorer = load_scorer(root / "models/synthetic", n_threads=1)
    tables = tables_of(root)
    rng = np.random.default_rng(3)
    for name in ("statements", "transactions"):  # some rows become known a month late
        moment = "month" if name == "statements" else "date"
        month = tables[name][moment].dt.to_period("M").dt.to_timestamp()
        late = pd.Series(rng.random(len(month)) < 0.1)
        shifted = month.where(~late, month + pd.DateOffset(months=1))
        tables[name] = tables[name].assign(arrival_month=shifted.astype("datetime64[ms]"))
    statements = tables["statements"]
    last = statements["month"].max()
    months = [last - pd.DateOffset(months=back) for back in (0, 1, 5)]
    observed = [
        statements.loc[statements["month"] == month, ["account_id", "month"]]
        .rename(columns={"month": "observation_month"}).sort_values("account_id")
        .reset_index(drop=True)
        for month in months
    ]  # fmt: skip
    together = scorer.score(tables, pd.concat(observed, ignore_index=True))
    alone = [scorer.score(tables, one) for one in observed]
    # Late events are added up apart and last on both roads: the same bits.
    np.testing.assert_array_equal(
        together.features, np.concatenate([one.features for one in alone], axis=1)
    )
    np.testing.assert_array_equal(
        together.raw_score, np.concatenate([one.raw_score for one in alone])
    )
    np.testing.assert_array_equal(
        together.reasons.fact, np.concatenate([one.reasons.fact for one in alone])
    )
