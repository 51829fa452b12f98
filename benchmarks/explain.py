"""How long explaining takes, beside predicting and the public explainers.

Run: make bench-explain            (peers that are not installed are skipped, with a note)
     DELINQUENCY_RAW_DIR=data/raw make bench-explain      on the Taiwan features

All contestants run in one process on the same rows, taking turns, several times over; the figure
is the least of their processor times a row. Slow ones get fewer rows. Six values a row and F
values (one a feature) are named apart.
"""

import argparse
import importlib
import json
import os
import platform
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd

from delinquency.shapley import TraitExplainer

BATCH, SOME = 16_384, 512
MOST = 10**6
"""Rows of the largest batch, which only the first model and the fast contestants are given."""
SHAP_BACKGROUND = 1_000
MODELS = ((500, 31, 0.03), (500, 8, 0.05), (300, 63, 0.05))


@dataclass(frozen=True)
class Problem:
    """Rows, labels and the trait of each feature."""

    name: str
    rows: np.ndarray
    bad: np.ndarray
    traits: dict[str, str]


def taiwan(raw_dir: Path) -> Problem:
    from delinquency.features.feature_matrix import build_features, select_features
    from delinquency.features.feature_options import FeatureOptions
    from delinquency.panel.windows import build_windows
    from delinquency.sources.data_options import TaiwanData
    from delinquency.sources.taiwan import read_taiwan

    source = read_taiwan(TaiwanData(name="taiwan"), raw_dir)
    keys = source.outcomes[["account_id", "observation_month"]]
    windows = build_windows(source.tables, keys, n_months=6)
    chosen = select_features(windows, FeatureOptions())
    values = build_features(windows, chosen)[[one.name for one in chosen]].to_numpy()
    return Problem(
        "taiwan",
        np.ascontiguousarray(values),
        source.outcomes["bad"].to_numpy(dtype=float),
        {one.name: one.trait.key for one in chosen},
    )


def made_up(n_rows: int = 30_000, n_features: int = 160) -> Problem:
    """Factors shared by the features of a trait, a fifth of them rounded, some missing."""
    rng = np.random.default_rng(0)
    trait = np.arange(n_features) % 6
    factors = rng.normal(size=(n_rows, 6))
    rows = factors[:, trait] + rng.normal(size=(n_rows, n_features))
    rows[:, ::5] = np.round(rows[:, ::5])
    score = factors[:, 0] + factors[:, 1] * factors[:, 2] + np.maximum(factors[:, 3], 0) - 1.5
    bad = rng.random(n_rows) < 1 / (1 + np.exp(-score))
    rows[rng.random(rows.shape) < 0.03] = np.nan
    names = {f"feature_{at}": f"trait_{group}" for at, group in enumerate(trait)}
    return Problem("made up", rows, bad.astype(float), names)


def train(
    problem: Problem, n_trees: int, n_leaves: int, rate: float, max_depth: int = -1
) -> lgb.Booster:
    params = {
        "objective": "binary",
        "num_leaves": n_leaves,
        "max_depth": max_depth,
        "learning_rate": rate,
        "min_data_in_leaf": 20,
        "num_threads": 1,
        "verbose": -1,
        "seed": 0,
    }
    data = lgb.Dataset(problem.rows, problem.bad, feature_name=list(problem.traits))
    return lgb.train(params, data, n_trees)


Clock = Callable[[], float]


def race(
    runs: dict[str, tuple[Callable[[np.ndarray], object], np.ndarray]],
    repeats: int,
    clock: Clock = time.process_time,
) -> dict[str, float]:
    """Return the least microseconds a row of each contestant, taking turns.

    The least of several: on a machine that others use, every other figure measures them, too.
    """
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for run, rows in runs.values():
        run(rows[:SOME])  # to warm up
    for _ in range(repeats):
        for name, (run, rows) in runs.items():
            start = clock()
            run(rows)
            taken[name].append((clock() - start) / len(rows) * 1e6)
    return {name: min(times) for name, times in taken.items()}


def peers(booster: lgb.Booster, problem: Problem) -> tuple[dict, list[str]]:
    """The public explainers that are installed, by name, with the most rows they are given."""
    found: dict = {}
    notes = []
    names = list(problem.traits)

    def have(module: str) -> object | None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return importlib.import_module(module)
        except ImportError as error:
            notes.append(f"{module} skipped: {error} (make bench-setup)")
            return None

    if fast := have("fasttreeshap_fixed"):
        explainer = fast.TreeExplainer(booster, algorithm="v1", n_jobs=1)
        _, group = np.unique(list(problem.traits.values()), return_inverse=True)
        member = (group[:, None] == np.arange(group.max() + 1)).astype(float)
        found["fasttreeshap v1, F values summed by trait"] = (
            lambda rows: explainer.shap_values(rows, check_additivity=False) @ member,
            64,
        )
    if shap := have("shap"):
        masker = shap.maskers.Independent(
            problem.rows[:SHAP_BACKGROUND], max_samples=SHAP_BACKGROUND
        )
        interventional = shap.TreeExplainer(booster, masker)
        found[f"shap interventional, F values, {SHAP_BACKGROUND:,} background rows"] = (
            lambda rows: interventional.shap_values(rows, check_additivity=False),
            2,
        )
    if have("woodelf"):
        woodelf = importlib.import_module("woodelf.explainer")
        known = pd.DataFrame(problem.rows[:SHAP_BACKGROUND], columns=names)
        try:
            explain = woodelf.WoodelfExplainer(
                booster, known, feature_perturbation="tree_path_dependent"
            )
            found["WOODELF path-dependent, F values"] = (
                lambda rows: explain.shap_values(pd.DataFrame(rows, columns=names), verbose=False),
                MOST,
            )
        except Exception as error:  # what it cannot read is its own
            notes.append(f"WOODELF skipped: {type(error).__name__}: {error}")
    if shapiq := have("shapiq"):
        tree = shapiq.TreeExplainer(booster, max_order=1, index="SV")
        found["shapiq, F values"] = (lambda rows: [tree.explain(row) for row in rows], 2)
    if treelite := have("treelite"):
        model = treelite.frontend.from_lightgbm(booster)
        found["treelite GTIL predict"] = (
            lambda rows: treelite.gtil.predict(model, rows, nthread=1, pred_margin=True),
            MOST,
        )
    return found, notes


def xgboost_peer(problem: Problem, n_trees: int, n_leaves: int, rate: float) -> dict:
    """XGBoost's own predict and contributions of a model as large, and ours of that model."""
    try:
        xgboost = importlib.import_module("xgboost")
    except ImportError:
        return {}
    names = list(problem.traits)
    data = xgboost.DMatrix(problem.rows, problem.bad, feature_names=names)
    params = {
        "objective": "binary:logistic",
        "grow_policy": "lossguide",
        "max_leaves": n_leaves,
        "max_depth": 0,
        "eta": rate,
        "nthread": 1,
        "tree_method": "hist",
    }
    model = xgboost.train(params, data, n_trees)
    ours = TraitExplainer(model, problem.traits, n_threads=1)

    def matrix(rows: np.ndarray) -> object:
        return xgboost.DMatrix(rows, feature_names=names)

    return {
        "XGBoost model: six traits": (ours.explain, MOST),
        "XGBoost model: its own predict": (
            lambda rows: model.predict(matrix(rows), output_margin=True),
            MOST,
        ),
        "XGBoost model: its own contributions, F values": (
            lambda rows: model.predict(matrix(rows), pred_contribs=True),
            64,
        ),
    }


def by_rows(problem: Problem, n_trees: int, n_leaves: int, rate: float, options) -> dict:
    """Microseconds a row at several numbers of rows, all contestants in turn."""
    booster = train(problem, n_trees, n_leaves, rate)
    path = TraitExplainer(booster, problem.traits, n_threads=1)
    contestants = {
        "six traits": (path.explain, MOST),
        "six traits and F features within them (Owen)": (
            lambda rows: path.explain(rows, features=True),
            MOST,
        ),
        "six mains and fifteen pairs": (lambda rows: path.explain(rows, pairs=True), MOST),
        "LightGBM raw predict": (
            lambda rows: booster.predict(rows, raw_score=True, num_threads=1),
            MOST,
        ),
        "LightGBM pred_contrib, F values": (
            lambda rows: booster.predict(rows, pred_contrib=True, num_threads=1),
            64,
        ),
    }
    build = {}
    for kind in ("traits", "features", "pairs"):
        start = time.process_time()
        TraitExplainer(booster, problem.traits, n_threads=1).table_bytes(kind)
        build[kind] = time.process_time() - start
    other, notes = peers(booster, problem)
    contestants |= other | xgboost_peer(problem, n_trees, n_leaves, rate)
    out = {}
    for n_rows in options.rows:
        if n_rows > BATCH and n_leaves != MODELS[0][1]:
            continue
        rows = np.tile(problem.rows, (-(-n_rows // len(problem.rows)), 1))[:n_rows]
        runs = {
            name: (run, rows[: min(most, n_rows)]) for name, (run, most) in contestants.items()
        }
        if n_rows > BATCH:  # those that are given all rows only
            runs = {name: one for name, one in runs.items() if len(one[1]) == n_rows}
        out[n_rows] = race(runs, options.repeats if n_rows <= BATCH else 1)
        print(f"{n_trees}x{n_leaves}, {n_rows:,} rows: done", flush=True)
    return {
        "model": f"{n_trees}x{n_leaves}",
        "us_per_row": out,
        "tables_mb": {kind: path.table_bytes(kind) / 1e6 for kind in build},
        "build_s": build,
        "notes": notes,
    }


def against_background(problem: Problem, model: tuple[int, int, float]) -> dict:
    """What a background of all rows costs: building, and a row."""
    booster = train(problem, *model)
    path = TraitExplainer(booster, problem.traits, n_threads=1)
    start = time.process_time()
    whole = TraitExplainer(booster, problem.traits, problem.rows, n_threads=1)
    built = time.process_time() - start
    whole.table_bytes("features")
    features = time.process_time() - start - built
    batch = problem.rows[:BATCH]
    times = race(
        {
            "path-dependent": (path.explain, batch),
            "interventional": (whole.explain, batch),
            "features, path-dependent": (lambda rows: path.explain(rows, features=True), batch),
            "features, interventional": (lambda rows: whole.explain(rows, features=True), batch),
        },
        3,
    )
    found = whole.explain(batch, features=True)
    return {
        "us_per_row": times,
        "build_s": {"traits": built, "features": features},
        "tables_mb": {kind: whole.table_bytes(kind) / 1e6 for kind in ("traits", "features")},
        "additivity_error": float(
            np.abs(found.raw_score - booster.predict(batch, raw_score=True)).max()
        ),
        "one_row_us": one_row(whole, problem),
        "archive": archive(whole),
    }


def one_row(explainer: TraitExplainer, problem: Problem, n: int = 500) -> dict[str, float]:
    """Median microseconds of a request of one row, each another one."""
    frame = pd.DataFrame(problem.rows[:n], columns=list(problem.traits))
    requests = {
        "array": [problem.rows[at : at + 1] for at in range(n)],
        "frame": [frame.iloc[at : at + 1] for at in range(n)],
    }
    out = {}
    for kind, rows in requests.items():
        times = []
        for row in rows:
            start = time.thread_time()
            explainer.explain(row)
            times.append((time.thread_time() - start) * 1e6)
        out[kind] = statistics.median(times)
    return out


def archive(explainer: TraitExplainer) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "explainer.npz"
        explainer.save(path)
        times = []
        for _ in range(5):
            start = time.process_time()
            TraitExplainer.load(path)
            times.append(time.process_time() - start)
        return {"mb": path.stat().st_size / 1e6, "load_ms": statistics.median(times) * 1e3}


def growth(problem: Problem, options) -> list[dict]:
    """One thing at a time, from 100 trees of 31 leaves, 16,384 rows and six traits."""
    out = []
    repeats, most = max(options.repeats // 2, 1), min(100, options.trees)

    def measure(what: str, value: int, booster: lgb.Booster, **options) -> None:
        rows = options.pop("rows", problem.rows[:BATCH])
        traits = options.pop("traits", problem.traits)
        start = time.process_time()
        explainer = TraitExplainer(booster, traits, n_threads=1, **options)
        built = time.process_time() - start
        explainer.table_bytes("features")
        features = time.process_time() - start - built
        times = race(
            {
                "traits": (explainer.explain, rows),
                "features": (lambda rows: explainer.explain(rows, features=True), rows),
            },
            repeats,
        )
        out.append(
            {
                "what": what,
                "value": value,
                "us_per_row": times,
                "build_s": {"traits": built, "features": features},
                "table_mb": {
                    kind: explainer.table_bytes(kind) / 1e6 for kind in ("traits", "features")
                },
            }
        )

    base = train(problem, most, 31, 0.05)
    for n_trees in (most // 4, most // 2, most):
        part = lgb.Booster(model_str=base.model_to_string(num_iteration=n_trees))
        measure("trees", n_trees, part)
    for n_leaves in (7, 15, 31, 63, 127):
        measure("leaves", n_leaves, train(problem, most // 2, n_leaves, 0.05))
    for depth in (2, 4, 6, 8):
        measure("depth", depth, train(problem, most // 2, 2**depth, 0.05, max_depth=depth))
    for n_rows in (1, 10, 64, 256, 1024, 4096, 16384):
        measure("rows", n_rows, base, rows=problem.rows[:n_rows])
    for n_background in (100, 1000, 10_000, len(problem.rows)):
        measure("background rows", n_background, base, background=problem.rows[:n_background])
    for n_groups in range(1, 9):
        named = {name: f"g{at % n_groups}" for at, name in enumerate(problem.traits)}
        measure("groups", n_groups, base, traits=named)
    return out


def as_text(result: dict) -> str:
    lines = [f"{result['data']}: {result['n_rows']:,} rows, {result['n_features']} features"]
    for one in result["models"]:
        counts = list(one["us_per_row"])
        names = list(one["us_per_row"][counts[0]])
        lines += [
            "",
            f"### {one['model']}, microseconds a row",
            "",
            f"| what | {' | '.join(f'{count:,} rows' for count in counts)} |",
            "|---|" + "---|" * len(counts),
        ]
        for name in names:
            times = [one["us_per_row"][count].get(name) for count in counts]
            cells = [f"{us:,.2f}" if us is not None else "" for us in times]
            lines.append(f"| {name} | {' | '.join(cells)} |")
        lines.append("")
        lines += [
            f"{kind}: tables {one['tables_mb'][kind]:.1f} MB, built in {seconds:.1f} s"
            for kind, seconds in one["build_s"].items()
        ]
        lines += [f"Note: {note}" for note in one["notes"]]
    lines += background_text(result) if result["background"] else []
    lines += growth_text(result["growth"]) if result["growth"] else []
    return "\n".join(lines)


def background_text(result: dict) -> list[str]:
    whole = result["background"]
    lines = ["", f"### {result['n_rows']:,} background rows", ""]
    lines += [f"{name}: {us:.2f} us a row" for name, us in whole["us_per_row"].items()]
    lines += [
        f"built: traits {whole['build_s']['traits']:.1f} s, features "
        f"{whole['build_s']['features']:.1f} s; tables {whole['tables_mb']['traits']:.1f} and "
        f"{whole['tables_mb']['features']:.1f} MB",
        f"error of base + sum against raw predict {whole['additivity_error']:.1e}",
        f"saved {whole['archive']['mb']:.0f} MB, loaded in {whole['archive']['load_ms']:.0f} ms",
    ]
    lines += [f"one row, {kind}: {us:,.0f} us" for kind, us in whole["one_row_us"].items()]
    return lines


def growth_text(measured: list[dict]) -> list[str]:
    lines = [
        "",
        "Traits / features within them:",
        "| growth over | value | us a row | | build s | | MB | |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {one['what']} | {one['value']:,} | {one['us_per_row']['traits']:.2f} "
        f"| {one['us_per_row']['features']:.2f} | {one['build_s']['traits']:.2f} "
        f"| {one['build_s']['features']:.2f} | {one['table_mb']['traits']:.1f} "
        f"| {one['table_mb']['features']:.1f} |"
        for one in measured
    ]
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("reports/bench/explain.json"))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 64, BATCH, MOST])
    parser.add_argument("--models", type=int, default=len(MODELS), help="how many of the models")
    parser.add_argument("--trees", type=int, default=MOST, help="at most, for a quick look")
    parser.add_argument("--no-growth", action="store_true")
    options = parser.parse_args()
    raw_dir = os.environ.get("DELINQUENCY_RAW_DIR")
    problem = taiwan(Path(raw_dir)) if raw_dir else made_up()
    models = [
        (min(n_trees, options.trees), n_leaves, rate)
        for n_trees, n_leaves, rate in MODELS[: options.models]
    ]
    result = {
        "data": problem.name,
        "n_rows": len(problem.rows),
        "n_features": problem.rows.shape[1],
        "machine": f"{platform.machine()}, {os.cpu_count()} processors",
        "python": platform.python_version(),
        "lightgbm": lgb.__version__,
        "models": [],
        "background": None,
        "growth": [],
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)

    def keep() -> None:
        options.out.write_text(json.dumps(result, indent=2) + "\n")

    # What was measured is kept after each model: a run of this length may be stopped.
    for model in models:
        result["models"].append(by_rows(problem, *model, options))
        keep()
    if models:
        result["background"] = against_background(problem, models[0])
        keep()
    if not options.no_growth:
        result["growth"] = growth(problem, options)
        keep()
    print(as_text(result))


if __name__ == "__main__":
    main()
