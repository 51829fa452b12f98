"""Stage ``export``: the scorer as SQL and as one Python file, for where this project is not.

Beside them the points of a scorecard of the same features, fitted on the same rows: not this
model, but what a clerk can add up, and what many systems take.
"""

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.atomic_files import write_text
from delinquency.config import Config
from delinquency.errors import ModelError
from delinquency.modeling.scorecard import PointScale, Scorecard, fit_scorecard
from delinquency.modeling.splits import TRAIN
from delinquency.pipeline import saved_model
from delinquency.pipeline.canonical_tables import describe
from delinquency.pipeline.prepared_features import Prepared, prepare
from delinquency.scoring.account_scorer import AccountScorer, load_scorer
from delinquency.scoring.exported_trees import exported_trees
from delinquency.scoring.python_scorer import python_scorer
from delinquency.scoring.sql_scorer import DIALECTS, sql_scorer
from delinquency.traits import TRAITS
from delinquency.workspace.artifacts import write_csv, write_json
from delinquency.workspace.progress import say, working

EXACT = 1e-9
"""Largest difference allowed between an exported score and the model's own."""
CARD, CARD_ROWS = "scorecard_points.csv", 100_000
"""The scorecard's table, and the most training rows that it is fitted on."""
PYTHON_ROWS, DATABASE_ROWS = 2_000, 100_000
"""Rows that the Python file and the query are run on before they are called right."""
HOW_TO_RUN = {
    "scorer_duckdb.sql": "duckdb book.duckdb < scorer_duckdb.sql (or: connection.execute(text))",
    "scorer_postgresql.sql": "psql -d book -f scorer_postgresql.sql (its first line is a SET)",
    "scorer.py": "python scorer.py features.csv > scores.csv (or: from scorer import score)",
}


def run(config: Config) -> None:
    """Write the exported scorers of the trained model, checked against it."""
    fitted = saved_model.load(config)
    prepared = prepare(config)
    train = saved_model.rows_of(fitted, prepared, TRAIN)
    scorer = load_scorer(fitted.folder)
    matrix = fitted.model.matrix(prepared.X)
    order = list(TRAITS)
    groups = np.array([order.index(scorer.model.traits[name]) for name in scorer.model.features])
    with working("tabulating the leaves"):
        base, trees = exported_trees(scorer.model.booster, groups, matrix[train])
    if abs(base - scorer.explainer.base_value) > EXACT:
        raise ModelError(
            f"The base value of the exported trees is {base!r}, that of the explainer "
            f"{scorer.explainer.base_value!r}: the features are not those of the training."
        )
    facts: dict[str, Any] = {
        "base_value": base,
        "features": scorer.model.features,
        "traits": order,
        "calibration": scorer.model.calibration.to_dict(),
        "title": f"{describe(config)}: model {scorer.version}, exported by delinquency.",
    }
    folder = config.workspace.reports / "export"
    files = {
        f"scorer_{dialect}.sql": sql_scorer(trees, dialect=dialect, **facts)
        for dialect in DIALECTS
    }
    files["scorer.py"] = python_scorer(trees, **facts)
    for name, text in files.items():
        write_text(text, folder / name)
    with working("running the files"):
        rows = _spread(matrix, PYTHON_ROWS)
        checks = {"scorer.py": _check_python(files["scorer.py"], rows, scorer)}
        if database := _duckdb():
            rows, query = _spread(matrix, DATABASE_ROWS), files["scorer_duckdb.sql"]
            checks["scorer_duckdb.sql"] = _check_duckdb(database, query, rows, scorer)
    with working("fitting a scorecard on the same features"):
        card = _scorecard(prepared, train)
    write_csv(card.table(), folder / CARD)
    report = {
        "scorecard": {"file": CARD, "features": len(card.names), "points": asdict(PointScale())},
        "model": scorer.version, "data": config.data.name, "trees": len(trees),
        "bytes": {name: len(text.encode()) for name, text in files.items()}, "checked": checks,
    }  # fmt: skip
    write_json(report, folder / "export.json")
    _say(folder, report)


def _spread(matrix: NDArray[np.float64], n_rows: int) -> NDArray[np.float64]:
    """Return rows evenly spread over the matrix, all of them if there are no more."""
    rows = np.linspace(0, len(matrix) - 1, min(len(matrix), n_rows)).astype(np.int64)
    return matrix[np.unique(rows)]


def _scorecard(prepared: Prepared, train: NDArray[np.bool_]) -> Scorecard:
    """Return a scorecard of the features that are numbers, from training rows evenly spread."""
    rows = np.flatnonzero(train)
    rows = rows[np.unique(np.linspace(0, len(rows) - 1, min(len(rows), CARD_ROWS)).astype(int))]
    numbers = [name for name, one in prepared.meanings.items() if not one.categories]
    bad = prepared.labels["bad"].to_numpy(np.float64)
    return fit_scorecard(prepared.X[numbers].iloc[rows], bad[rows])


def _check_python(source: str, matrix: np.ndarray, scorer: AccountScorer) -> dict[str, float]:
    """Run the Python file on some rows; return its largest difference and its speed."""
    space: dict[str, Any] = {"__name__": "scorer"}
    exec(compile(source, "scorer.py", "exec"), space)  # the file just written, from numbers only
    rows = [dict(zip(scorer.model.features, row, strict=True)) for row in matrix.tolist()]
    start = time.process_time()
    answers = pd.DataFrame([space["score"](row) for row in rows])
    return _compared(answers, matrix, scorer, time.process_time() - start)


def _duckdb() -> Any:
    try:
        import duckdb
    except ImportError:
        return None
    return duckdb


def _check_duckdb(
    database: Any, query: str, matrix: np.ndarray, scorer: AccountScorer
) -> dict[str, float]:
    """Run the query in DuckDB; return its largest difference and its speed."""
    names = list(scorer.model.features)
    features = pd.DataFrame(matrix, columns=names)
    features.insert(0, "account_id", np.arange(len(matrix)))
    features.insert(1, "observation_month", "")
    with database.connect() as connection:
        connection.register("features", features)
        start = time.process_time()
        answers = connection.execute(query).df().sort_values("account_id")
    return _compared(answers, matrix, scorer, time.process_time() - start)


def _compared(
    answers: pd.DataFrame, matrix: np.ndarray, scorer: AccountScorer, seconds: float
) -> dict[str, float]:
    explanation = scorer.explainer.explain(matrix)
    worst = np.abs(answers["pd_hat"].to_numpy() - scorer.model.probability(explanation.raw_score))
    errors = [worst.max(), np.abs(answers["raw_score"] - explanation.raw_score).max()]
    for place, key in enumerate(explanation.traits):
        trait = explanation.values[:, place]  # noqa: PD011
        errors.append(np.abs(answers[f"trait_{key}"].to_numpy() - trait).max())
    largest = float(max(errors))
    if not largest <= EXACT:
        raise ModelError(
            f"An exported score differs from the model's by {largest:g}, more than {EXACT:g}: "
            "this is a fault of the export, please report it."
        )
    return {
        "rows": len(matrix),
        "largest_difference": largest,
        "cpu_us_per_row": round(seconds / len(matrix) * 1e6, 1),
    }


def _say(folder: Path, report: dict[str, Any]) -> None:
    for name, size in report["bytes"].items():
        check = report["checked"].get(name)
        told = (
            f"equal to the model within {check['largest_difference']:.0e} on {check['rows']:,} "
            f"rows, {check['cpu_us_per_row']:,.0f} us of CPU a row"
            if check
            else "not run here (tests run it in PostgreSQL and DuckDB)"
        )
        say(f"{name:24s} {size / 1e6:6.1f} MB   {told}")
        say(f"{'':24s} {HOW_TO_RUN[name]}")
    points = report["scorecard"]["points"]
    say(f"{CARD:24s} points of a scorecard of {report['scorecard']['features']} features, another "
        f"model: {points['points']:.0f} points at {points['odds']:.0f} good to one bad, "
        f"{points['to_double']:.0f} more double the odds")  # fmt: skip
    say("Both queries read a table features: account_id, observation_month, a column a feature.")
    say(f"Written to {folder}; facts in {json.dumps('export.json')}")
