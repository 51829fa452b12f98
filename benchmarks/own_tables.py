"""The recipe on small and odd tables of many kinds, against two regularised LightGBMs.

Each kind is drawn many times; a draw is a table of training rows and 20,000 rows to judge by. The
table shows the mean difference in AUC and log loss (ours less the peer's), with its 95 % interval
over draws, what was taken, and the seconds of a fit. The peers are the one of the
cross-validation report (500 trees of 15 leaves, names as numbers), and one with smaller leaves
that reads names as LightGBM itself does.

Run:  make bench-tables            (about ten minutes of one core)
      python benchmarks/own_tables.py --draws 5 --kinds few_rows,spike
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
from scipy.stats import t as student
from sklearn.metrics import log_loss, roc_auc_score

from delinquency.modeling.baselines import BASELINES
from delinquency.modeling.boosting import fit_model
from delinquency.modeling.lightgbm_options import LightGBMOptions

JUDGED = 20_000
PEERS = ("lightgbm_raw", "native")
Table = tuple[pd.DataFrame, np.ndarray, dict[str, int], dict[str, int]]
KINDS: dict[str, tuple[int, Callable[[np.random.Generator, int], Table]]] = {}


def kind(n_train: int):
    """Register a maker of tables with so many training rows."""

    def register(make: Callable[[np.random.Generator, int], Table]):
        KINDS[make.__name__] = (n_train, make)
        return make

    return register


def outcome(rng: np.random.Generator, log_odds: np.ndarray, rate: float) -> np.ndarray:
    """Return outcomes whose mean is near a rate."""
    low, high = -20.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        if (1 / (1 + np.exp(-(log_odds + middle)))).mean() < rate:
            low = middle
        else:
            high = middle
    return (rng.random(len(log_odds)) < 1 / (1 + np.exp(-(log_odds + middle)))).astype(int)


def numbers(rng: np.random.Generator, n: int, k: int) -> pd.DataFrame:
    """Return independent columns."""
    return pd.DataFrame(rng.normal(size=(n, k)), columns=[f"x{i}" for i in range(k)])


@kind(350)
def few_rows(rng, n):
    """350 rows, 30 bads, ten columns, three of which tell."""
    X = numbers(rng, n, 10)
    y = outcome(rng, 1.2 * X["x0"] + 0.8 * X["x1"] - 0.6 * X["x2"], 30 / 350)
    return X, y, {"x0": 1, "x1": 1, "x2": -1}, {}


@kind(1000)
def few_bads(rng, n):
    """1,000 rows, 60 bads, an interaction."""
    X = numbers(rng, n, 12)
    y = outcome(rng, X["x0"] + X["x1"] * (X["x2"] > 0) + 0.5 * X["x3"], 0.06)
    return X, y, {"x0": 1, "x3": 1}, {}


@kind(5000)
def heavy_tail_that_turns(rng, n):
    """A ratio whose risk rises, and falls again in its far tail; held to rise."""
    X = numbers(rng, n, 8)
    ratio = np.exp(1.2 * rng.normal(size=n))
    X["ratio"] = ratio
    y = outcome(rng, np.minimum(ratio, 3) - 1.5 * (ratio > 6) + 0.5 * X["x0"], 0.08)
    return X, y, {"ratio": 1, "x0": 1}, {}


@kind(5000)
def spike(rng, n):
    """A utilization whose zeros mean another thing (no card), as risky as the middle."""
    X = numbers(rng, n, 8)
    use = rng.beta(1, 2, n)
    use[rng.random(n) < 0.15] = 0.0
    X["use"] = use
    log_odds = np.where(use == 0, 1.2, 2.5 * use) + 0.5 * X["x0"]
    return X, outcome(rng, log_odds, 0.07), {"use": 1, "x0": 1}, {}


def with_names(rng, n, effect):
    """Return a table with 200 names of very different frequency."""
    X = numbers(rng, n, 6)
    names = np.minimum(rng.zipf(1.3, n) - 1, 199)
    order = np.random.default_rng(11).permutation(200)
    size = np.random.default_rng(12).normal(size=200)
    X["name"] = order[names].astype(float)
    y = outcome(rng, effect * size[names] + 0.6 * X["x0"], 0.1)
    return X, y, {"x0": 1}, {"name": 200}


@kind(4000)
def names_that_tell(rng, n):
    """200 names whose bad rates differ much."""
    return with_names(rng, n, 0.9)


@kind(4000)
def names_of_noise(rng, n):
    """200 names that tell nothing."""
    return with_names(rng, n, 0.0)


@kind(4000)
def correlated(rng, n):
    """Twelve columns that tell the same, with effects that add up."""
    common = rng.normal(size=n)
    X = pd.DataFrame({f"x{i}": 0.8 * common + 0.6 * rng.normal(size=n) for i in range(12)})
    return X, outcome(rng, X.sum(axis=1) / 4, 0.1), {f"x{i}": 1 for i in range(12)}, {}


@kind(3000)
def noise(rng, n):
    """Nothing tells."""
    X = numbers(rng, n, 10)
    return X, outcome(rng, np.zeros(n), 0.1), {"x0": 1, "x1": -1}, {}


@kind(12000)
def steps_and_interactions(rng, n):
    """Sharp thresholds and interactions, as in an application table."""
    X = numbers(rng, n, 10)
    log_odds = 1.5 * (X["x0"] > 1) + (X["x1"] > 0) * (X["x2"] < -0.5) * 2 + 0.4 * X["x3"]
    return X, outcome(rng, log_odds, 0.07), {"x0": 1, "x3": 1}, {}


def native(X: pd.DataFrame, y: np.ndarray, names: list[str], seed: int):
    """Return a regularised LightGBM that reads names as its own categoricals."""
    params = {
        "objective": "binary", "learning_rate": 0.02, "num_leaves": 15, "min_data_in_leaf": 20,
        "feature_fraction": 0.7, "bagging_fraction": 0.7, "bagging_freq": 1, "lambda_l2": 10.0,
        "seed": seed, "num_threads": 1, "verbosity": -1,
    }  # fmt: skip
    data = lgb.Dataset(X, y, categorical_feature=names, params=params)
    booster = lgb.train(params, data, num_boost_round=500)
    return lambda other: booster.predict(other, num_threads=1)


def measured(name: str, draw: int) -> dict[str, float | str]:
    """Return all models on one draw of a kind."""
    n_train, make = KINDS[name]
    rng = np.random.default_rng([draw, *name.encode()])
    X, y, directions, names = make(rng, n_train + JUDGED)
    learn, judge = slice(0, n_train), slice(n_train, None)
    before = time.process_time()
    ours = fit_model(
        X.iloc[learn],
        y[learn],
        options=LightGBMOptions(),
        traits=dict.fromkeys(X, "debt_burden"),
        directions=directions,
        categories=names,
        seed=draw,
    )
    middle = time.process_time()
    known = X.iloc[learn].reset_index(drop=True), y[learn].astype(float)
    peers = (BASELINES[PEERS[0]].fit(*known, draw), native(*known, list(names), draw))
    p = ours.pd_hat(X.iloc[judge], n_threads=1)
    found = {
        "auc_ours": roc_auc_score(y[judge], p),
        "seconds": middle - before,
        "shape": ours.metadata["shape"],
    }
    for peer, predict in zip(PEERS, peers, strict=True):
        q = np.clip(predict(X.iloc[judge]), 1e-9, 1 - 1e-9)
        found[f"auc_{peer}"] = found["auc_ours"] - roc_auc_score(y[judge], q)
        found[f"loss_{peer}"] = log_loss(y[judge], p) - log_loss(y[judge], q)
    return found


def main() -> None:
    """Draw, measure, print a line a kind, and write all draws."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--out", type=Path, default=Path("reports/bench_tables.json"))
    chosen = parser.parse_args()
    rows = {}
    figures = [f"{what}_{peer}" for peer in PEERS for what in ("auc", "loss")]
    print(f"AUC of ours; ours less a peer's, 95 %: {', '.join(figures)}; seconds; taken")
    for name in chosen.kinds.split(","):
        found = [measured(name, draw) for draw in range(chosen.draws)]
        rows[name] = found
        parts = []
        for what in figures:
            values = np.array([one[what] for one in found], float)
            half = student.ppf(0.975, len(values) - 1) * values.std(ddof=1) / len(values) ** 0.5
            parts.append(f"{values.mean():+.4f} [{values.mean() - half:+.4f}, "
                         f"{values.mean() + half:+.4f}]")  # fmt: skip
        taken = pd.Series([one["shape"] for one in found]).value_counts().to_dict()
        seconds = float(np.median([one["seconds"] for one in found]))
        level = np.mean([one["auc_ours"] for one in found])
        print(f"{name:24s} {level:.3f} {' | '.join(parts)} | {seconds:.1f} | {taken}",
              flush=True)  # fmt: skip
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
