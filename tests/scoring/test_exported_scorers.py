"""Exported scorers against the model: DuckDB, PostgreSQL and plain Python."""

import os
import subprocess
import sys

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

from delinquency.errors import UnsupportedModelError
from delinquency.scoring.exported_trees import exported_trees
from delinquency.scoring.python_scorer import python_scorer
from delinquency.scoring.sql_scorer import sql_scorer
from delinquency.shapley import TraitExplainer
from delinquency.traits import TRAITS

KEYS = list(TRAITS)
N_FEATURES = 9


def _rows(rng, n):
    X = rng.normal(size=(n, N_FEATURES))
    X[:, 1] = np.round(X[:, 1])  # zeros and repeated values
    X[:, 8] = rng.integers(0, 6, n)  # a column of names
    X[rng.random(X.shape) < 0.15] = np.nan
    return X


@pytest.fixture(scope="module", params=["plain", "zero_as_missing", "no_missing", "wide"])
def model(request):
    rng = np.random.default_rng(5)
    X = _rows(rng, 1500)
    y = (np.nan_to_num(X[:, 0] - X[:, 3]) + (X[:, 8] == 2) + rng.normal(0, 1, 1500) > 0.5) * 1
    extra = {"zero_as_missing": True} if request.param == "zero_as_missing" else {}
    if request.param == "no_missing":
        X = np.nan_to_num(X, nan=0.25)
    data = lgb.Dataset(X, y, categorical_feature=[8], params={"verbose": -1, **extra})
    leaves = 40 if request.param == "wide" else 9  # more splits than one table takes
    params = {"objective": "binary", "num_leaves": leaves, "verbose": -1, "min_data_in_leaf": 5,
              "min_data_per_group": 5, **extra}  # fmt: skip
    booster = lgb.train(params, data, 25)
    groups = np.arange(N_FEATURES) % 6
    background = X[:400]
    names = booster.feature_name()
    traits = {name: KEYS[group] for name, group in zip(names, groups, strict=True)}
    explainer = TraitExplainer(booster, traits, background=background, order=tuple(KEYS))
    rows = _rows(np.random.default_rng(6), 700)
    rows[:4, 8] = [9, -1, 2.7, 31]  # unseen, negative and broken categories
    rows[4:6], rows[6] = [[np.inf], [-np.inf]], np.nan
    base, trees = exported_trees(booster, groups, background)
    on = [s for tree in trees for s in tree.splits if not s.categories][:600]
    rows[10 : 10 + len(on), 0:8][np.arange(len(on)), [s.feature for s in on]] = [
        s.threshold for s in on
    ]  # exactly on a threshold
    facts = {
        "base_value": base, "features": [f'f "{n}"' for n in names], "traits": KEYS,
        "calibration": {"kind": "sigmoid", "slope": 0.9, "intercept": -0.2}, "title": "A test",
    }  # fmt: skip
    assert base == pytest.approx(explainer.base_value, abs=1e-12)
    return trees, facts, rows, explainer.explain(rows), booster


def _require_equal(answers, model):
    trees, facts, rows, explanation, booster = model
    assert len(answers) == len(rows)
    for place, key in enumerate(KEYS):
        expected = explanation.values[:, place]  # noqa: PD011
        np.testing.assert_allclose(answers[f"trait_{key}"], expected, rtol=0, atol=1e-9)
    raw = booster.predict(rows, raw_score=True)
    np.testing.assert_allclose(answers["raw_score"], raw, rtol=0, atol=1e-9)
    pd_hat = 1 / (1 + np.exp(-(0.9 * raw - 0.2)))
    np.testing.assert_allclose(answers["pd_hat"], pd_hat, rtol=0, atol=1e-9)


def _frame(model):
    frame = pd.DataFrame(model[2], columns=model[1]["features"])
    frame.insert(0, "account_id", np.arange(len(frame)))
    frame.insert(1, "observation_month", "2024-12")
    return frame


def test_the_statement_equals_the_model_in_duckdb(model):
    duckdb = pytest.importorskip("duckdb")
    features = _frame(model)
    with duckdb.connect() as connection:
        connection.register("features", features)
        answers = connection.execute(sql_scorer(model[0], dialect="duckdb", **model[1])).df()
    _require_equal(answers.sort_values("account_id"), model)


@pytest.mark.skipif(not os.environ.get("DELINQUENCY_ENGINES"), reason="slow: make test-engines")
def test_the_statement_equals_the_model_in_postgresql(model, postgres_url):
    from sqlalchemy import create_engine, text

    frame = _frame(model)
    engine = create_engine(postgres_url)
    with engine.connect() as connection:
        columns = ", ".join(f'"{n.replace(chr(34), chr(34) * 2)}" double precision'
                            for n in model[1]["features"])  # fmt: skip
        connection.execute(text("DROP TABLE IF EXISTS features"))
        connection.execute(
            text(f"CREATE TABLE features (account_id int, observation_month text, {columns})")
        )
        values = frame.astype(object).where(frame.notna(), None).to_numpy().tolist()
        cursor = connection.connection.cursor()
        marks = ", ".join(["%s"] * len(frame.columns))
        cursor.executemany(f"INSERT INTO features VALUES ({marks})", values)
        first, query = sql_scorer(model[0], dialect="postgresql", **model[1]).split(";\n", 1)
        cursor.execute(first)
        cursor.execute(query)
        names = [column[0] for column in cursor.description]
        answers = pd.DataFrame(cursor.fetchall(), columns=names)
        connection.rollback()
    engine.dispose()
    _require_equal(answers.sort_values("account_id"), model)


def test_the_python_file_equals_the_model_and_needs_nothing(model, tmp_path):
    path = tmp_path / "scorer.py"
    path.write_text(python_scorer(model[0], **model[1]), encoding="utf-8")
    frame = _frame(model)
    frame.to_csv(tmp_path / "features.csv", index=False)
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(path), str(tmp_path / "features.csv")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    (tmp_path / "scores.csv").write_text(done.stdout)
    _require_equal(pd.read_csv(tmp_path / "scores.csv"), model)


def test_a_calibration_without_a_formula_is_refused(model):
    facts = {**model[1], "calibration": {"kind": "isotonic"}}
    with pytest.raises(UnsupportedModelError, match="no formula"):
        python_scorer(model[0], **facts)
    with pytest.raises(UnsupportedModelError, match="no formula"):
        sql_scorer(model[0], dialect="duckdb", **facts)
