"""How good is the recipe beside its peers, by how many bads there are to learn from?

    make bench-quality                                  # Taiwan (or the data you name), five draws
    make bench-quality ARGS="--bads 500 --draws 20"

Two accounts in five are held out; every draw learns from random rows of the others: with 100,
500 and 2,000 bads (as many as there are, where fewer). All methods learn from the same rows and
are judged on the same accounts. The table gives AUC, calibration slope, bads over expected,
seconds of CPU, and how far the recipe is ahead in AUC, with a 95 % interval over the draws
(corrected resampled t, as draws share rows; that the accounts held out are a sample too is not in
it). Of the recipe it tells how often models of two draws
name the same top trait for the riskier half of 300 accounts that none of them learnt from.
XGBoost, CatBoost and an explainable boosting machine are fitted with their own defaults where
their packages are installed: pip install "delinquency[peers]".
"""

import argparse
import importlib.util
import json
import time
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import t as student

from delinquency.config import Config, load
from delinquency.metrics import METRICS
from delinquency.modeling import challengers  # noqa: F401  (importing registers them)
from delinquency.modeling.baselines import BASELINES
from delinquency.modeling.boosting import fit_model
from delinquency.modeling.fitted_model import feature_matrix
from delinquency.modeling.roll_rate_target import Spells
from delinquency.pipeline.prepared_features import Prepared, prepare
from delinquency.shapley import TraitExplainer
from delinquency.traits import TRAITS

OURS = "recipe"
HELD_OUT = 0.4
EXPLAINED = 300
FIGURES = ("roc_auc", "calibration_slope", "observed_expected")
Array = np.ndarray
Predict = Callable[[pd.DataFrame], Array]


def _xgboost(X: pd.DataFrame, y: Array, seed: int) -> Predict:
    from xgboost import XGBClassifier

    names = list(X.columns)
    model = XGBClassifier(random_state=seed, n_jobs=1).fit(feature_matrix(X, names), y)
    return lambda other: model.predict_proba(feature_matrix(other, names))[:, 1]


def _catboost(X: pd.DataFrame, y: Array, seed: int) -> Predict:
    from catboost import CatBoostClassifier

    names = list(X.columns)
    model = CatBoostClassifier(random_seed=seed, thread_count=1, verbose=0, iterations=500,
                               allow_writing_files=False)  # fmt: skip
    model.fit(feature_matrix(X, names), y)
    return lambda other: model.predict_proba(feature_matrix(other, names))[:, 1]


def _ebm(X: pd.DataFrame, y: Array, seed: int) -> Predict:
    from interpret.glassbox import ExplainableBoostingClassifier

    names = list(X.columns)
    model = ExplainableBoostingClassifier(
        random_state=seed, n_jobs=1, outer_bags=4, interactions=5
    )
    model.fit(feature_matrix(X, names), y.astype(int))
    return lambda other: model.predict_proba(feature_matrix(other, names))[:, 1]


OPTIONAL: dict[str, tuple[str, Callable[[pd.DataFrame, Array, int], Predict]]] = {
    "xgboost": ("xgboost", _xgboost),
    "catboost": ("catboost", _catboost),
    "ebm": ("interpret", _ebm),
}
PEERS = ("lightgbm_regularised", "lightgbm", "scorecard", "logistic_regression")


def one_draw(
    config: Config, prepared: Prepared, draw: int, budgets: list[int], peers: list[str]
) -> tuple[list[dict], dict[int, Array]]:
    """Return the figures of every method and budget, and the recipe's trait values."""
    rng = np.random.default_rng([config.seed, draw])
    groups = prepared.labels["group_id"].to_numpy()
    judged = _judged(groups, config.seed)
    bad = prepared.labels["bad"].to_numpy(np.int64)
    free = rng.permutation(np.flatnonzero(~judged))
    records, values = [], {}
    for budget in budgets:
        cut = np.flatnonzero(np.cumsum(bad[free]) == budget)
        rows = np.sort(free[: cut[0] + 1] if len(cut) else free)
        X = prepared.X.iloc[rows].reset_index(drop=True)
        y = bad[rows]
        test = prepared.X[judged]
        for name in (OURS, *peers):
            start = time.process_time()
            if name == OURS:
                own = prepared.labels.iloc[rows].reset_index(drop=True)
                model = fit_model(
                    X, y, options=config.model,
                    traits={n: one.trait_key for n, one in prepared.meanings.items()},
                    directions={n: one.direction for n, one in prepared.meanings.items()},
                    groups=own["group_id"].to_numpy(), spells=Spells.of(own),
                    categories=prepared.categories, seed=config.seed + draw, n_threads=1,
                )  # fmt: skip
                seconds = time.process_time() - start
                pd_hat = model.pd_hat(test, n_threads=1)
                explainer = TraitExplainer(
                    model.booster, model.booster_traits, background=model.matrix(X.iloc[:200]),
                    order=tuple(TRAITS), n_threads=1,
                )  # fmt: skip
                some = test.iloc[:EXPLAINED]
                values[budget] = explainer.explain(model.matrix(some)).values  # noqa: PD011
            else:
                fit = OPTIONAL[name][1] if name in OPTIONAL else BASELINES[name].fit
                predict = fit(X, y.astype(np.float64), config.seed + draw)
                seconds = time.process_time() - start
                pd_hat = predict(test)
            pd_hat = np.clip(np.asarray(pd_hat, np.float64), 1e-6, 1 - 1e-6)
            figures = {one: METRICS[one](bad[judged], pd_hat) for one in FIGURES}
            records.append(
                {"draw": draw, "bads": budget, "rows": len(rows), "free": len(free),
                 "method": name,
                 "seconds": seconds, **figures}
            )  # fmt: skip
    return records, values


def _judged(groups: Array, seed: int) -> Array:
    """Return the rows that are held out: the same in every draw, whole accounts."""
    ids, codes = np.unique(groups, return_inverse=True)
    chosen = np.random.default_rng(seed).random(len(ids)) < HELD_OUT
    return np.asarray(chosen[codes])


def interval(values: Array, shared: float) -> tuple[float, float, float]:
    """Return mean and 95 % interval of draws that share rows: Nadeau and Bengio (2003).

    ``shared`` is the part of a draw's rows that another has too: the correlation of two draws.
    """
    n = len(values)
    if n < 2 or shared >= 1:
        return float(values.mean()), np.nan, np.nan
    spread = np.sqrt((1 / n + shared / (1 - shared)) * values.var(ddof=1))
    half = student.ppf(0.975, n - 1) * spread
    return float(values.mean()), float(values.mean() - half), float(values.mean() + half)


def table(frame: pd.DataFrame, traits: dict[int, list[Array]]) -> str:
    """Return the figures as Markdown."""
    lines = [
        "| bads | rows | method | AUC | recipe ahead, 95 % | slope | bads over expected | CPU s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for budget, own in frame.groupby("bads"):
        wide = own.pivot_table(index="draw", columns="method", values="roc_auc")
        shared = float((own["rows"] / own["free"]).mean())
        for name in dict.fromkeys(own["method"]):
            mine = own[own["method"] == name]
            ahead = ""
            if name != OURS:
                mean, low, high = interval((wide[OURS] - wide[name]).to_numpy(), shared)
                ahead = f"{mean:+.4f} [{low:+.4f}, {high:+.4f}]"
            lines.append(
                f"| {budget} | {mine['rows'].mean():,.0f} | {name} | {mine['roc_auc'].mean():.4f}"
                f" | {ahead} | {mine['calibration_slope'].mean():.2f}"
                f" | {mine['observed_expected'].mean():.2f} | {mine['seconds'].mean():.1f} |"
            )
        top = [phi.argmax(axis=1) for phi in traits[int(budget)]]
        risky = np.mean([phi.sum(axis=1) for phi in traits[int(budget)]], axis=0)
        half = risky >= np.median(risky)
        agree = [float((a[half] == b[half]).mean()) for a, b in combinations(top, 2)]
        if agree:
            same = f"{np.mean(agree):.0%}"
            lines.append(f"| {budget} | | same top trait in two draws | {same} | | | | |")
    return "\n".join(lines)


def main() -> None:
    """Run the draws, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--bads", type=lambda text: [int(one) for one in text.split(",")],
                        default=[100, 500, 2000])  # fmt: skip
    parser.add_argument("--peers", type=lambda text: text.split(","),
                        default=[*PEERS, *OPTIONAL])  # fmt: skip
    parser.add_argument("--out", type=Path, default=None)
    chosen, more = parser.parse_known_args()
    config = load(["data=taiwan", "tracking=none", *more])
    prepared = prepare(config)
    absent = [name for name in chosen.peers if name in OPTIONAL
              and importlib.util.find_spec(OPTIONAL[name][0]) is None]  # fmt: skip
    if absent:
        print(f"Not installed, left out: {', '.join(absent)} (pip install 'delinquency[peers]')")
    peers = [name for name in chosen.peers if name not in absent]
    records: list[dict] = []
    traits: dict[int, list[Array]] = {budget: [] for budget in chosen.bads}
    for draw in range(chosen.draws):
        made, values = one_draw(config, prepared, draw, chosen.bads, peers)
        records += made
        for budget, phi in values.items():
            traits[budget].append(phi)
        print(f"draw {draw + 1} of {chosen.draws}", flush=True)
        if chosen.out:
            chosen.out.write_text(json.dumps(records))
    print(table(pd.DataFrame(records), traits))


if __name__ == "__main__":
    main()
