"""The score stream on a tiny portfolio: the plain road's results, on any engine, after a kill."""

import json
import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit

from delinquency.config import load
from delinquency.errors import ChoiceError, DataError, MissingArtifactError, ModelError
from delinquency.pipeline import scored_rows
from delinquency.pipeline.prepared_features import prepare_new
from delinquency.pipeline.saved_model import load_from
from delinquency.pipeline.score_stream import read_scores, score_portfolio
from delinquency.scoring.account_scorer import load_scorer
from delinquency.sources.adapters import SourceTables
from delinquency.stages import run_stage

pytestmark = pytest.mark.slow
TINY = [
    "data.n_accounts=300", "data.audit_accounts=20", "data.audit_paths=5", "model.n_estimators=12",
    "evaluation.n_boot=2", "n_threads=1",
]  # fmt: skip
TABLES = ("statements", "accounts", "cashflows", "bureau", "transactions", "contacts")


def configured(root, *overrides):
    return load([f"paths.root={root}", *TINY, *overrides])


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    run_stage(configured(folder, "stage=train", "tracking=none"))
    return folder


@pytest.fixture(scope="module")
def tables(root):
    parts = sorted((root / "data/interim/synthetic").glob("part-*"))
    return {
        name: pd.concat([pd.read_parquet(p / f"{name}.parquet") for p in parts], ignore_index=True)
        for name in TABLES
    }


@pytest.fixture(scope="module")
def n_accounts(parts):
    # Accounts that were closed before have no statement among those of the parts.
    return read_all(parts, "statements")["account_id"].nunique()


@pytest.fixture(scope="module")
def parts(root, tables):
    """Three parts of whole accounts, the last year only, some rows arriving late."""
    folder = root / "three"
    ids = np.array_split(np.sort(tables["accounts"]["account_id"].to_numpy(str)), 3)
    first = tables["statements"]["month"].max() - pd.DateOffset(months=13)
    for number, chosen in enumerate(ids):
        for name, table in tables.items():
            rows = table[table["account_id"].isin(chosen)]
            moment = {"accounts": None, "transactions": "date", "contacts": "date"}.get(
                name, "month"
            )
            if moment:
                rows = rows[rows[moment] >= first]
            if name in ("transactions", "statements"):
                rng = np.random.default_rng(number)
                late = pd.Series(rng.random(len(rows)) < 0.1, index=rows.index)
                month = rows[moment].dt.to_period("M").dt.to_timestamp()
                shifted = month.where(~late, month + pd.DateOffset(months=1))
                rows = rows.assign(arrival_month=shifted.astype("datetime64[ms]"))
            out = folder / f"part-{number}" / f"{name}.parquet"
            out.parent.mkdir(parents=True, exist_ok=True)
            rows.reset_index(drop=True).to_parquet(out, index=False)
    return folder


def scored(root, source, name, *overrides, **engine):
    config = configured(root, f"score.input={source}", *overrides)
    out = root / "scores" / name
    return score_portfolio(config, config.workspace.models, out), out


def digest_of(folder):
    return [path.read_bytes() for path in sorted(folder.glob("part-*.parquet"))]


def read_all(source, name):
    found = [p / f"{name}.parquet" for p in sorted(source.glob("part-*"))]
    return pd.concat([pd.read_parquet(path) for path in found], ignore_index=True)


@pytest.fixture(scope="module")
def serial(root, parts):
    return scored(root, parts, "serial")


def test_scores_and_words_equal_those_of_the_plain_road(root, parts, serial, n_accounts):
    config = configured(root)
    fitted = load_from(config.workspace.models)
    plain_tables = {name: read_all(parts, name) for name in TABLES}
    source = SourceTables(plain_tables, pd.DataFrame(), {"dated": True}, "")
    prepared = prepare_new(config, source, fitted.meanings)
    plain = scored_rows.scored_rows(config, fitted, prepared)
    ours = read_scores(serial[1], load_scorer(config.workspace.models))
    assert serial[0].accounts == len(plain) == n_accounts
    pd.testing.assert_frame_equal(
        ours.drop(columns=["outside_population", "model_version"]), plain, check_exact=True,
        check_dtype=False,
    )  # fmt: skip
    inside = plain.loc[(ours["outside_population"] == "").to_numpy(), "pd_hat"]
    assert serial[0].mean_pd == pytest.approx(inside.mean())
    assert serial[0].quantile(0.95) == pytest.approx(inside.quantile(0.95), abs=0.01)


def test_who_is_late_gone_new_or_ended_is_counted_apart_and_says_why(parts, serial):
    """The mean PD of a portfolio is that of the accounts that training would take, this month."""
    stored = pd.read_parquet(serial[1]).set_index("account_id")
    cause = stored["outside_population"].astype("str")
    counted = cause[cause != ""].value_counts().to_dict()
    assert serial[0].outside == counted and serial[0].inside == (cause == "").sum()
    assert {"too_late", "charged_off", "short_history"} <= set(counted)
    statements = read_all(parts, "statements")
    last = statements["month"].max()
    assert (stored.loc[cause == "", "observation_month"] == last).all()
    ends = statements.groupby("account_id")["month"].max()
    ended = cause.index[cause == "statements_ended"]
    assert len(ended) == 0 or (ends[ended] < last).all()
    now = statements[statements["arrival_month"] <= statements["month"]]
    now = now.set_index(["account_id", "month"])
    at = pd.MultiIndex.from_arrays([stored.index, stored["observation_month"]])
    days = now["days_past_due"].reindex(at).set_axis(stored.index)
    assert (days[cause == ""] < 30).all() and (days[cause == "too_late"] >= 30).all()
    assert days[cause == "status_unknown"].isna().all()


def test_a_second_run_scores_nothing_and_a_changed_part_only_itself(
    root, parts, serial, n_accounts
):
    before = digest_of(serial[1])
    again, _ = scored(root, parts, "serial")
    assert again.made == 0 and digest_of(serial[1]) == before
    os.utime(parts / "part-1" / "statements.parquet")
    changed, _ = scored(root, parts, "serial")
    assert changed.made == 1 and changed.accounts == n_accounts
    damaged = serial[1] / "part-00002.parquet"
    damaged.write_bytes(damaged.read_bytes()[:-9])
    assert scored(root, parts, "serial")[0].made == 1
    assert [len(b) for b in digest_of(serial[1])] == [len(b) for b in before]


def test_scored_accounts_get_cards_of_the_stored_probabilities(root, parts, serial):
    scores = pd.read_parquet(serial[1]).set_index("account_id")
    stored, cause = scores["pd_hat"], scores["outside_population"].astype("str")
    base = [f"score.output={serial[1]}", "cards.scored=true", "tracking=none", "cards.count=7"]
    run_stage(configured(root, "stage=cards", *base))
    page = (root / "reports/synthetic/cards_scored/index.html").read_text(encoding="utf-8")
    told = json.loads(re.search(r'id="accounts">(.*?)</script>', page, re.S).group(1))
    riskiest = stored[cause == ""].sort_values(ascending=False).head(7)
    assert [one["pd"] for one in told] == pytest.approx(riskiest.to_list(), abs=6e-5)
    assert [one["pd"] for one in told] == pytest.approx(  # each its own, whatever the ties
        stored[[one["id"] for one in told]].to_list(), abs=6e-5
    )
    assert f"The 7 of {(cause == '').sum():,} scored accounts" in page
    assert "No forecast of today" not in page
    safest = stored.idxmin()
    run_stage(configured(root, "stage=cards", *base, f"cards.accounts=[{safest}]"))
    asked = root / "reports/synthetic/cards_scored_asked/index.html"
    assert safest in asked.read_text(encoding="utf-8")
    late = cause.index[cause == "too_late"][0]
    run_stage(configured(root, "stage=cards", *base, f"cards.accounts=[{late}]"))
    assert "No forecast of today: already later" in asked.read_text(encoding="utf-8")
    assert "并非当前预测：观察月的逾期程度已超出训练账户" in asked.read_text(encoding="utf-8")
    with pytest.raises(ChoiceError, match="not scored: nobody"):
        run_stage(configured(root, "stage=cards", *base, "cards.accounts=[nobody]"))
    with pytest.raises(MissingArtifactError, match="No accounts were scored yet"):
        run_stage(configured(root, "stage=cards", "cards.scored=true", "tracking=none"))


def test_no_card_of_an_account_that_changed_since_it_was_scored(root, parts, serial, tmp_path):
    changed = tmp_path / "changed"
    shutil.copytree(parts, changed)
    for path in changed.glob("*/statements.parquet"):
        rows = pd.read_parquet(path)
        rows.assign(balance=rows["balance"] * 3, payment=0.0).to_parquet(path, index=False)
    with pytest.raises(MissingArtifactError, match="have another probability"):
        run_stage(
            configured(
                root, "stage=cards", f"score.output={serial[1]}", f"score.input={changed}",
                "cards.scored=true", "tracking=none",
            )
        )  # fmt: skip


@pytest.mark.skipif(
    not os.environ.get("DELINQUENCY_ENGINES"), reason="starts clusters: make test-engines"
)
def test_processes_and_dask_write_the_same_values(root, parts, serial):
    expected = pd.read_parquet(serial[1])
    pytest.importorskip("distributed")
    for name in ("processes", "dask"):
        out = root / "scores" / name
        config = configured(root, f"score.input={parts}", f"engine={name}", "engine.workers=2")
        score_portfolio(config, config.workspace.models, out)
        assert digest_of(out) == digest_of(serial[1]), name
        pd.testing.assert_frame_equal(pd.read_parquet(out), expected)


@pytest.mark.skipif(
    not os.environ.get("DELINQUENCY_ENGINES"), reason="starts clusters: make test-engines"
)
def test_a_dask_worker_killed_half_way_changes_no_byte(root, parts):
    distributed = pytest.importorskip("distributed")
    many = root / "many"
    many.mkdir()
    for number in range(12):
        (many / f"part-{number:02d}").symlink_to(parts / f"part-{number % 3}")
    result, expected = scored(root, many, "many")
    assert result.made == 12
    out = root / "scores" / "worker-killed"
    config = configured(root, f"score.input={many}", "engine=dask")
    seen = []
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None,
        silence_logs=logging.ERROR,
    ) as cluster:  # fmt: skip
        config.engine.scheduler = cluster.scheduler_address
        before = {worker.pid for worker in cluster.workers.values()}

        def kill_one():
            deadline = time.monotonic() + 120
            while not list(out.glob("part-*.parquet")) and time.monotonic() < deadline:
                time.sleep(0.002)
            os.kill(cluster.workers[0].pid, signal.SIGKILL)
            seen.append(len(list(out.glob("part-*.parquet"))))

        killer = threading.Thread(target=kill_one)
        killer.start()
        again = score_portfolio(config, config.workspace.models, out)
        killer.join()
        after = {worker.pid for worker in cluster.workers.values()}
    assert 1 <= seen[0] < 12, "the worker was not killed half way"
    assert after != before
    assert again.accounts == result.accounts
    assert digest_of(out) == digest_of(expected)
    assert not list(out.glob(".writing-*"))


def test_one_large_folder_of_many_row_groups_scores_like_its_parts(
    root, parts, serial, n_accounts, monkeypatch
):
    from delinquency.pipeline import folder_parts

    whole = root / "whole"
    whole.mkdir()
    for name in TABLES:
        frame = read_all(parts, name)
        order = np.random.default_rng(0).permutation(len(frame))
        frame.iloc[order].to_parquet(whole / f"{name}.parquet", index=False, row_group_size=500)
    expected = pd.read_parquet(serial[1]).astype({"account_id": "str"})
    expected = expected.sort_values("account_id", ignore_index=True)
    monkeypatch.setattr(folder_parts, "LARGE_ROWS", 100)
    monkeypatch.setattr(folder_parts, "BATCH_ROWS", 1000)
    monkeypatch.setattr(folder_parts, "BLOCK_BYTES", 50_000)
    result, out = scored(root, whole, "whole", "score.part_accounts=100")
    assert 2 <= len(result.receipts) <= 5 and result.accounts == n_accounts
    got = pd.read_parquet(out).sort_values("account_id", ignore_index=True)
    numbers = [c for c in expected if expected[c].dtype == np.float64]
    # Events of a month add up in the order of their rows: the last bits may differ.
    pd.testing.assert_frame_equal(got[numbers], expected[numbers], rtol=1e-9, atol=1e-9)
    codes = [c for c in expected if c.startswith(("reason_code", "evidence", "dominant"))]
    for column in codes:
        assert got[column].astype("object").fillna("").tolist() == (
            expected[column].astype("object").fillna("").tolist()
        )
    assert not (out / ".work").exists()


def test_a_killed_run_is_resumed_and_ends_in_the_same_bytes(root, parts, serial):
    out = root / "scores" / "killed"
    command = [
        sys.executable, "-m", "delinquency", "stage=score", f"paths.root={root}", *TINY,
        f"score.input={parts}", f"score.output={out}",
    ]  # fmt: skip
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list(out.glob("part-*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.wait()
    kept = len(list(out.glob("part-*.parquet")))
    assert kept >= 1
    result, _ = scored(root, parts, "killed")
    assert result.made == 3 - kept
    assert digest_of(out) == digest_of(serial[1])
    assert not list(out.glob(".writing-*"))


def test_one_file_of_words_is_written_where_a_file_is_named(root, parts, n_accounts, capsys):
    out = root / "worded.csv"
    run_stage(configured(root, "stage=score", f"score.input={parts}", f"score.output={out}"))
    frame = pd.read_csv(out)
    assert len(frame) == n_accounts and frame["reason_1"].str.len().max() > 20
    assert frame["reason_zh_1"].notna().any()
    assert f"{n_accounts} accounts scored" in capsys.readouterr().out
    assert not list(root.glob(".worded.csv.parts"))


def test_what_is_wrong_with_a_part_is_told_in_the_words_of_the_checks(root, parts, tmp_path):
    broken = tmp_path / "broken"
    for name in TABLES:
        frame = pd.read_parquet(parts / "part-0" / f"{name}.parquet")
        if name == "statements":
            frame.loc[3, "days_past_due"] = -3.0
        (broken / "part-0").mkdir(parents=True, exist_ok=True)
        frame.to_parquet(broken / "part-0" / f"{name}.parquet", index=False)
    with pytest.raises(DataError, match=r"days_past_due: expected at least 0.*-3"):
        scored(root, broken, "broken")
    (broken / "part-0" / "bureau.parquet").unlink()
    frame = pd.read_parquet(parts / "part-0" / "statements.parquet")
    frame.to_parquet(broken / "part-0" / "statements.parquet", index=False)
    with pytest.raises(ModelError, match=r"bureau \(the whole table\)"):
        scored(root, broken, "broken")
    with pytest.raises(MissingArtifactError, match="no file or folder"):
        scored(root, tmp_path / "nowhere", "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ChoiceError, match="no folder of canonical tables"):
        scored(root, tmp_path / "empty", "empty")


def test_words_of_another_model_are_refused(root, serial):
    from delinquency.scoring.score_records import worded

    frame = pd.read_parquet(next(iter(sorted(serial[1].glob("part-*")))))
    frame["model_version"] = "0123456789ab"
    with pytest.raises(ModelError, match="made by model 0123456789ab"):
        worded(frame, load_scorer(root / "models/synthetic"))


def test_a_moved_level_moves_every_pd_alike_and_the_base_value_alone(
    root, parts, serial, tmp_path, capsys
):
    model = root / "models/synthetic"
    record = {"shift": -0.25, "month": "2023-12", "model_digest": load_from(model).digest}
    file = tmp_path / "level.json"
    file.write_text(json.dumps(record))
    out, base = tmp_path / "moved", ["stage=score", f"score.input={parts}", f"score.level={file}"]
    run_stage(configured(root, *base, f"score.output={out}"))
    assert "Level moved by -0.250 log-odds, as found on 2023-12" in capsys.readouterr().out
    before, after = pd.read_parquet(serial[1]), pd.read_parquet(out)
    assert np.allclose(logit(after["pd_hat"]) - logit(before["pd_hat"]), -0.25, atol=1e-9)
    assert np.allclose(after["base_value"] - before["base_value"], -0.25, atol=1e-12)
    traits = [name for name in after if name.startswith("trait_")]
    total = after["base_value"] + after[traits].sum(axis=1)
    assert np.allclose(total, after["raw_score"], atol=1e-9)
    moved = ["pd_hat", "raw_score", "base_value", "model_version"]
    pd.testing.assert_frame_equal(
        after.drop(columns=moved), before.drop(columns=moved), check_exact=True
    )
    assert set(after["model_version"]) == {
        f"{before['model_version'].iloc[0]}, level of 2023-12 -0.2500"
    }
    # Who reads moved scores as the model's own is told, not served.
    with pytest.raises(ModelError, match="level of 2023-12"):
        read_scores(out, load_scorer(model))
    cards = ["stage=cards", f"score.output={out}", "cards.scored=true", "tracking=none"]
    with pytest.raises(ModelError, match="whose own level cards state"):
        run_stage(configured(root, *cards))


def test_a_level_of_another_model_or_file_is_refused(root, parts, tmp_path):
    file = tmp_path / "level.json"
    base = ["stage=score", f"score.input={parts}", f"score.level={file}"]
    asked = configured(root, *base, f"score.output={tmp_path / 'out'}")
    for content, error, said in (
        (None, MissingArtifactError, "No record of a level"),
        ("[1]", ChoiceError, "is not one"),
        ('{"shift": "much"}', ChoiceError, "is not one"),
        ('{"shift": 0.1, "month": "2023-12", "model_digest": "ab"}', ModelError, "found for"),
        ('{"shift": NaN, "month": "2023-12", "model_digest": "ab"}', ChoiceError, "a number"),
    ):
        if content is not None:
            file.write_text(content)
        with pytest.raises(error, match=said):
            run_stage(asked)


def test_the_summary_names_every_part_and_the_model(serial, n_accounts):
    summary = json.loads((serial[1] / "_summary.json").read_text())
    assert summary["accounts"] == n_accounts
    assert [p["part"] for p in summary["parts"]] == [f"part-{n:05d}.parquet" for n in range(3)]
    assert len(pd.read_parquet(Path(serial[1]))) == n_accounts


def request_of(part):
    """Return the rows of a part's tables as a request holds them."""
    rows = []
    for name in TABLES:
        frame = pd.read_parquet(part / f"{name}.parquet")
        dates = frame.select_dtypes("datetime").columns
        texts = {n: frame[n].dt.strftime("%Y-%m-%d") for n in dates}  # as JSON brings them
        rows.append(frame.assign(**texts, table=name))
    return pd.concat(rows, ignore_index=True)


@pytest.mark.skipif(not os.environ.get("DELINQUENCY_ENGINES"), reason="slow: make test-engines")
def test_a_server_answers_over_http_what_was_scored_bit_for_bit(root, parts, serial):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "delinquency", "stage=serve", f"paths.root={root}", *TINY,
        f"serve.port={port}",
    ]  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    serving = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        deadline = time.monotonic() + 240
        while True:
            try:
                urllib.request.urlopen(f"{address}/ping", timeout=5).read()
                break
            except OSError:
                assert serving.poll() is None and time.monotonic() < deadline, "no answer"
                time.sleep(0.2)
        rows = request_of(parts / "part-1").to_dict("records")
        records = [{k: v for k, v in one.items() if not pd.isna(v)} for one in rows]
        body = json.dumps({"dataframe_records": records, "params": {"language": "zh"}})
        asked = urllib.request.Request(
            f"{address}/invocations", body.encode(), {"Content-Type": "application/json"}
        )
        answers = json.loads(urllib.request.urlopen(asked, timeout=60).read())["predictions"]
        figures = urllib.request.urlopen(f"{address}/metrics", timeout=5).read().decode()
    finally:
        os.killpg(serving.pid, signal.SIGTERM)
        serving.wait()
    expected = read_scores(serial[1], load_scorer(root / "models/synthetic"))
    expected = expected.set_index("account_id").loc[[one["account_id"] for one in answers]]
    assert len(answers) == len(pd.read_parquet(serial[1] / "part-00001.parquet"))
    for name in ["pd_hat", "raw_score", *(c for c in expected if c.startswith("trait_"))]:
        assert [one[name] for one in answers] == expected[name].tolist(), name
    assert [one["reason_1"] for one in answers] == expected["reason_zh_1"].tolist()
    assert f"delinquency_accounts_total {len(answers)}" in figures


def test_requests_that_are_answered_together_get_what_each_gets_alone(root, parts):
    from types import SimpleNamespace

    from delinquency.workspace.served_model import FOLDER, TraitModel

    served = TraitModel()
    served.load_context(SimpleNamespace(artifacts={FOLDER: str(root / "models/synthetic")}))
    by_account = {}
    for name in TABLES:
        frame = pd.read_parquet(parts / "part-1" / f"{name}.parquet")
        for row in json.loads(frame.to_json(orient="records", date_format="iso")):
            days = {n: day and day[:10] for n, day in row.items() if n.endswith(("month", "date"))}
            by_account.setdefault(row["account_id"], []).append({"table": name, **row, **days})
    accounts = list(by_account.values())[:5]
    same_name = [[{**row, "account_id": "a"} for row in rows] for rows in accounts[:2]]
    silent = [row for row in accounts[2] if row["table"] not in ("transactions", "contacts")]
    converted = [{**row, "balance": str(row["balance"])} if "balance" in row else row
                 for row in accounts[3]]  # fmt: skip
    refused = [{**row, "days_past_due": -1.0} for row in accounts[4]]
    features = dict.fromkeys(served.model.features, 1.0)
    asked = [
        (same_name[0], "en"), (same_name[1], "zh"), (accounts[2] + accounts[3], "en"),
        (silent, "en"), ([], "en"), (converted, "en"), (refused, "en"), ([features] * 2, "zh"),
        ([features], "en"), (accounts[4], "fr"), (accounts[4], "en"),
    ]  # fmt: skip
    together = served.answer(asked)
    alone = [answer for one in asked for answer in served.answer([one])]
    kinds = [type(answer).__name__ for answer in together]
    assert [place for place, kind in enumerate(kinds) if kind != "list"] == [4, 6, 9]
    assert [str(one) for one in together] == [str(one) for one in alone]
    assert [len(one) for one in together if isinstance(one, list)] == [1, 1, 2, 1, 1, 2, 1, 1]
    assert together[0][0]["pd_hat"] != together[1][0]["pd_hat"]


@pytest.mark.skipif(not os.environ.get("DELINQUENCY_ENGINES"), reason="slow: make test-engines")
def test_served_answers_equal_the_scores_bit_for_bit(root, parts, serial):
    from types import SimpleNamespace

    from mlflow.exceptions import MlflowException

    from delinquency.workspace.served_model import FOLDER, TraitModel

    served = TraitModel()
    served.load_context(SimpleNamespace(artifacts={FOLDER: str(root / "models/synthetic")}))
    request = request_of(parts / "part-1")
    answers = served.predict(None, request, {"language": "zh"})
    expected = pd.read_parquet(serial[1] / "part-00001.parquet")
    assert answers["account_id"].tolist() == expected["account_id"].tolist()
    numbers = ["pd_hat", "raw_score", *(c for c in expected if c.startswith("trait_"))]
    pd.testing.assert_frame_equal(answers[numbers], expected[numbers], check_exact=True)
    words = read_scores(serial[1], load_scorer(root / "models/synthetic"))
    words = words.set_index("account_id").loc[answers["account_id"]]
    assert answers["reason_1"].tolist() == words["reason_zh_1"].tolist()
    # An account alone cannot know that the others' statements go on.
    cause = words["outside_population"].replace("statements_ended", "")
    assert answers["outside_population"].tolist() == cause.tolist()
    rows = [{k: v for k, v in one.items() if not pd.isna(v)} for one in request.to_dict("records")]
    assert served.answer([(rows, "zh")]) == [answers.to_dict("records")]
    one = request[request["account_id"] == expected["account_id"].iloc[0]]
    alone = served.predict(None, one)
    assert alone["pd_hat"].iloc[0] == expected["pd_hat"].iloc[0]
    assert alone["reason_1"].iloc[0] == words["reason_1"].iloc[0]
    with pytest.raises(MlflowException, match=r"days_past_due.*at least 0") as refused:
        served.predict(None, request.assign(days_past_due=-1.0))
    assert len(refused.value.message.splitlines()) == 2
    with pytest.raises(MlflowException, match="features; 292 are missing"):
        served.predict(None, pd.DataFrame({"balance": [1.0]}))


@pytest.mark.skipif(not os.environ.get("DELINQUENCY_ENGINES"), reason="slow: make test-engines")
def test_a_first_request_finds_everything_compiled(root):
    from delinquency.scoring.request_rows import warm_up

    made = warm_up(load_scorer(root / "models/synthetic", n_threads=1))
    assert len(made) == 1 and made.keys["account_id"].tolist() == ["phone"]
    assert np.isfinite(made.pd_hat).all()


@pytest.mark.skipif(not os.environ.get("DELINQUENCY_ENGINES"), reason="slow: make test-engines")
def test_a_month_is_monitored_and_the_scorer_exported(root, parts, capsys):
    from delinquency.errors import DriftError

    run_stage(configured(root, "stage=monitor", "tracking=none", "monitor.fail_on_red=false"))
    (report,) = (root / "reports/synthetic/monitoring").glob("*.json")
    found = json.loads(report.read_text())
    assert {"score", "trait", "table", "volume"} <= {one["check"] for one in found["findings"]}
    assert "<html" in report.with_suffix(".html").read_text()
    broken = root / "without-bureau"
    for part in sorted(parts.glob("part-*")):
        for name in TABLES:
            if name != "bureau":
                (broken / part.name).mkdir(parents=True, exist_ok=True)
                (broken / part.name / f"{name}.parquet").symlink_to(part / f"{name}.parquet")
    with pytest.raises(DriftError, match="a table is missing"):
        run_stage(configured(root, "stage=monitor", "tracking=none", f"monitor.input={broken}"))
    run_stage(configured(root, "stage=export"))
    exported = json.loads((root / "reports/synthetic/export/export.json").read_text())
    assert all(one["largest_difference"] <= 1e-9 for one in exported["checked"].values())
    assert "equal to the model" in capsys.readouterr().out
    card = pd.read_csv(root / "reports/synthetic/export/scorecard_points.csv")
    model = load_scorer(root / "models/synthetic")
    assert set(card["feature"]) == set(model.model.features)
    missing = card[card["above"].isna()]  # every feature has a bin of missing values
    assert missing["feature"].is_unique and len(missing) == len(model.model.features)
