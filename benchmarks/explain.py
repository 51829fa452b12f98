"""How long explaining takes, beside predicting and the public explainers.

Run: make bench-explain            (peers that are not installed are skipped, with a note)
     DELINQUENCY_RAW_DIR=data/raw make bench-explain      on the Taiwan features

All contestants run in one process on the same rows, taking turns, several times over; the figure
is the median of their processor time a row. Slow ones get fewer rows.
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

from delinquency.shapley import TraitExplainer

BATCH = 16_384
SHAP_BACKGROUND = 1_000
MODELS = ((500, 31, 0.03), (1000, 63, 0.02))


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


def train(problem: Problem, n_trees: int, n_leaves: int, rate: float) -> lgb.Booster:
    params = {
        "objective": "binary",
        "num_leaves": n_leaves,
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
    """Return the median microseconds a row of each contestant, taking turns."""
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(repeats + 1):
        for name, (run, rows) in runs.items():
            start = clock()
            run(rows)
            if turn:  # the first is to warm up
                taken[name].append((clock() - start) / len(rows) * 1e6)
    return {name: statistics.median(times) for name, times in taken.items()}


def peers(booster: lgb.Booster, problem: Problem) -> tuple[dict, list[str]]:
    """The public explainers that are installed, with as many rows as they can take."""
    found: dict = {}
    notes = []
    try:
        fast = importlib.import_module("fasttreeshap_fixed")
    except ImportError:
        notes.append("fasttreeshap skipped: not installed (make bench-setup)")
    else:
        explainer = fast.TreeExplainer(booster, algorithm="v1", n_jobs=1)
        _, group = np.unique(list(problem.traits.values()), return_inverse=True)
        member = (group[:, None] == np.arange(group.max() + 1)).astype(float)
        found["fasttreeshap v1 + sum by trait"] = (
            lambda rows: explainer.shap_values(rows, check_additivity=False) @ member,
            problem.rows[:128],
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shap = importlib.import_module("shap")
    masker = shap.maskers.Independent(problem.rows[:SHAP_BACKGROUND], max_samples=SHAP_BACKGROUND)
    interventional = shap.TreeExplainer(booster, masker)
    found[f"shap interventional, {SHAP_BACKGROUND:,} background rows"] = (
        lambda rows: interventional.shap_values(rows, check_additivity=False),
        problem.rows[:2],
    )
    return found, notes


def headline(problem: Problem, repeats: int) -> tuple[list[dict], list[str]]:
    out = []
    notes: list[str] = []
    batch = problem.rows[:BATCH]
    for n_trees, n_leaves, rate in MODELS:
        booster = train(problem, n_trees, n_leaves, rate)
        start = time.process_time()
        path = TraitExplainer(booster, problem.traits, n_threads=1)
        built = time.process_time()
        whole = TraitExplainer(booster, problem.traits, problem.rows, n_threads=1)
        built_whole = time.process_time()
        other, notes = peers(booster, problem)
        times = race(
            {
                "six traits, path-dependent": (path.explain, batch),
                f"six traits, {len(problem.rows):,} background rows": (whole.explain, batch),
                "LightGBM raw predict": (
                    lambda rows, b=booster: b.predict(rows, raw_score=True, num_threads=1),
                    batch,
                ),
                "LightGBM pred_contrib": (
                    lambda rows, b=booster: b.predict(rows, pred_contrib=True, num_threads=1),
                    batch[:256],
                ),
                **other,
            },
            repeats,
        )
        two_path = TraitExplainer(booster, problem.traits, n_threads=2)
        two = race(
            {
                "six traits, path-dependent": (two_path.explain, batch),
                "LightGBM raw predict": (
                    lambda rows, b=booster: b.predict(rows, raw_score=True, num_threads=2),
                    batch,
                ),
            },
            repeats,
            time.perf_counter,
        )
        raw = booster.predict(batch, raw_score=True)
        found = whole.explain(batch)
        out.append(
            {
                "model": f"{n_trees}x{n_leaves}",
                "us_per_row": times,
                "us_per_row_two_threads_wall": two,
                "one_row_us": one_row(whole, problem),
                "build_s": {
                    "path-dependent": built - start,
                    "interventional": built_whole - built,
                },
                "table_mb": whole.table_bytes() / 1e6,
                "lookups_per_tree": whole.n_lookups() / n_trees,
                "additivity_error": float(
                    np.abs(found.base_value + found.values.sum(axis=1) - raw).max()
                ),
                "archive": archive(whole),
            }
        )
    return out, notes


def one_row(explainer: TraitExplainer, problem: Problem, n: int = 500) -> dict[str, float]:
    """Median microseconds of a request of one row, each another one."""
    import pandas as pd

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


def growth(problem: Problem, repeats: int) -> list[dict]:
    """One thing at a time, from 200 trees of 31 leaves, 16,384 rows and six traits."""
    out = []

    def measure(what: str, value: int, booster: lgb.Booster, **options) -> None:
        rows = options.pop("rows", problem.rows[:BATCH])
        traits = options.pop("traits", problem.traits)
        start = time.process_time()
        explainer = TraitExplainer(booster, traits, n_threads=1, **options)
        built = time.process_time() - start
        times = race({"us": (explainer.explain, rows)}, repeats)
        out.append(
            {
                "what": what,
                "value": value,
                "us_per_row": times["us"],
                "build_s": built,
                "table_mb": explainer.table_bytes() / 1e6,
            }
        )

    base = train(problem, 200, 31, 0.05)
    for n_trees in (50, 100, 200):
        part = lgb.Booster(model_str=base.model_to_string(num_iteration=n_trees))
        measure("trees", n_trees, part)
    for n_leaves in (7, 15, 31, 63, 127):
        measure("leaves", n_leaves, train(problem, 100, n_leaves, 0.05))
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
        lines += [
            "",
            f"### {one['model']}",
            "",
            "| what | us a row | times ours |",
            "|---|---|---|",
        ]
        ours = one["us_per_row"]["six traits, path-dependent"]
        lines += [
            f"| {name} | {us:,.2f} | {us / ours:,.2f} |" for name, us in one["us_per_row"].items()
        ]
        two = one["us_per_row_two_threads_wall"]
        lines += [f"| {name}, two threads, wall | {us:,.2f} | |" for name, us in two.items()]
        lines += [f"| one row, {kind} | {us:,.0f} | |" for kind, us in one["one_row_us"].items()]
        lines.append(
            f"\nbuild {one['build_s']['path-dependent']:.1f} s, with background "
            f"{one['build_s']['interventional']:.1f} s; tables {one['table_mb']:.0f} MB, "
            f"{one['lookups_per_tree']:.1f} look-ups a tree; load "
            f"{one['archive']['load_ms']:.0f} ms; additivity {one['additivity_error']:.1e}"
        )
    lines += [
        "",
        "| growth over | value | us a row | build s | tables MB |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {one['what']} | {one['value']:,} | {one['us_per_row']:.2f} | {one['build_s']:.2f} "
        f"| {one['table_mb']:.1f} |"
        for one in result["growth"]
    ]
    return "\n".join([*lines, *(f"\nNote: {note}" for note in result["notes"])])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("reports/bench/explain.json"))
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    raw_dir = os.environ.get("DELINQUENCY_RAW_DIR")
    problem = taiwan(Path(raw_dir)) if raw_dir else made_up()
    models, notes = headline(problem, options.repeats)
    result = {
        "data": problem.name,
        "n_rows": len(problem.rows),
        "n_features": problem.rows.shape[1],
        "machine": f"{platform.machine()}, {os.cpu_count()} processors",
        "python": platform.python_version(),
        "lightgbm": lgb.__version__,
        "models": models,
        "growth": growth(problem, max(options.repeats // 2, 1)),
        "notes": notes,
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=2) + "\n")
    print(as_text(result))


if __name__ == "__main__":
    main()
