"""Does moving the level of the PDs help on the months that follow? Many seeds and cycle phases.

    make level-shift ARGS="--seeds 6 --accounts 5000"

Each made portfolio ends in another phase of the made economy. A model learns from the months 24
and 18 before the newest, with outcomes known by then; the level is moved by each way of
``delinquency.modeling.level_shift``, from what is known as of the newest month; then it is judged
by the outcomes of the year that follows. Portfolios of one phase share its economy, so what a way
saves has an interval over the phases, not over the portfolios.
"""

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import t as student

from delinquency.errors import DataError
from delinquency.features.feature_matrix import build_features
from delinquency.features.registered_features import FEATURES
from delinquency.log_odds import log_odds, probability
from delinquency.modeling.boosting import fit_model
from delinquency.modeling.level_shift import (
    chain_level,
    from_matured_month,
    from_published_rate,
    from_roll_rates,
)
from delinquency.modeling.lightgbm_options import LightGBMOptions
from delinquency.modeling.roll_rate_target import Spells
from delinquency.panel.label_options import LabelOptions
from delinquency.panel.outcomes import dense_panel, label_outcomes
from delinquency.panel.windows import build_windows
from delinquency.synthetic.generator import generate_portfolio
from delinquency.synthetic.portfolio_options import SyntheticData

PHASES = ("2022-06", "2023-06", "2024-06", "2024-12", "2025-12", "2026-12", "2027-06")
WINDOW = 12
LEARNT = (11, 17)
MATURED = 23
NOW = 35
RATED = (11, 14, 17, 20, 23)
WAYS = ("none", "matured month", "roll rates", "published rate")


def one(case: tuple[str, int], accounts: int, trees: int) -> list[dict]:
    """Return the level and the log loss of every way on one portfolio."""
    last, seed = case
    options = SyntheticData(n_accounts=accounts, last_month=last, seed=seed)
    tables = generate_portfolio(options)
    label = LabelOptions(history_months=WINDOW)
    panel = dense_panel(tables["statements"])
    labels = label_outcomes(tables["statements"], tables["accounts"], label).frame
    at = labels["observation_month"].to_numpy("datetime64[M]").astype(int) - panel.first
    rows = np.isin(at, [*RATED, NOW])
    labels, at = labels[rows].reset_index(drop=True), at[rows]
    windows = build_windows(tables, labels[["account_id", "observation_month"]], n_months=WINDOW)
    X = build_features(windows).drop(columns=["account_id", "observation_month"])
    bad = labels["bad"].to_numpy(float)
    learnt = np.isin(at, LEARNT)
    own = labels[learnt].reset_index(drop=True)
    names = list(X.columns)
    model = fit_model(
        X[learnt].reset_index(drop=True),
        own["bad"].to_numpy(),
        options=LightGBMOptions(n_estimators=trees, learning_rate=0.1, num_leaves=4),
        traits={name: FEATURES[name].trait.key for name in names},
        directions={name: FEATURES[name].direction for name in names},
        groups=own["group_id"].to_numpy(),
        spells=Spells.of(own),
        seed=seed,
    )
    score = model.calibration.log_odds(model.raw_score(X))
    seen_rates = {m: float(bad[at == m].mean()) for m in RATED}
    first = panel.seen.argmax(axis=1)

    def chain(month: int) -> float:
        eligible = (panel.days[:, month] < label.eligible_below_days_past_due) & (
            first <= month - WINDOW + 1
        )
        return chain_level(panel, month, label, eligible=eligible)

    name = next((n for n in names if "unemployment" in n), "")
    rate = X[name].to_numpy(float) if name else None
    now, matured = at == NOW, at == MATURED
    misses = [
        float(log_odds(np.array([seen_rates[m]]))[0])
        - float(log_odds(np.array([probability(score[at == m]).mean()]))[0])
        for m in RATED
    ]
    makers = {
        "none": lambda: 0.0,
        "matured month": lambda: from_matured_month(score[matured], bad[matured]).shift,
        "roll rates": lambda: (
            from_roll_rates(
                score[now], chain(NOW), [chain(m) for m in RATED], list(seen_rates.values())
            ).shift
        ),
        "published rate": lambda: (
            from_published_rate(
                score[now],
                float(np.nanmean(rate[now])),
                [float(np.nanmean(rate[at == m])) for m in RATED],
                misses,
            ).shift
        ),
    }
    found = []
    for way in WAYS:
        try:
            shift = makers[way]()
        except DataError:
            shift = np.nan
        pd_hat = probability(score[now] + shift)
        loss = -np.mean(np.where(bad[now] == 1, np.log(pd_hat), np.log1p(-pd_hat)))
        found.append(
            {"last": last, "seed": seed, "way": way, "shift": shift, "bads": int(bad[now].sum()),
             "ratio": float(bad[now].sum() / pd_hat.sum()), "loss": float(loss)}
        )  # fmt: skip
    return found


def main() -> None:
    """Run all portfolios and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--accounts", type=int, default=5_000)
    parser.add_argument("--trees", type=int, default=120)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=None)
    chosen = parser.parse_args()
    cases = [(last, 900 + s) for s in range(chosen.seeds) for last in PHASES]
    records: list[dict] = []
    with ProcessPoolExecutor(chosen.workers) as pool:
        for made in pool.map(partial(one, accounts=chosen.accounts, trees=chosen.trees), cases):
            records += made
            print(f"{len(records) // len(WAYS)} of {len(cases)}", flush=True)
            if chosen.out:
                chosen.out.write_text(json.dumps(records))
    print(summary(pd.DataFrame(records)))


def summary(frame: pd.DataFrame) -> str:
    """Return the table of all ways as Markdown."""
    frame = frame.assign(miss=np.log(frame["ratio"]).abs())
    plain = frame[frame["way"] == "none"].set_index(["last", "seed"])
    lines = [
        "| way | median |log of bads over expected| | bads over expected by last month of the data"
        " | log loss saved, 1e-4, by last month | mean, 95 % over phases | nearer to 1 in |",
        "|---|---|---|---|---|---|",
    ]
    for way in WAYS:
        own = frame[frame["way"] == way].set_index(["last", "seed"]).reindex(plain.index)
        gain = (plain["loss"] - own["loss"]) * 1e4
        saved = gain.groupby("last").mean()
        n = len(saved)
        half = student.ppf(0.975, n - 1) * saved.std(ddof=1) / np.sqrt(n) if n > 1 else np.nan
        by = own.groupby("last")["ratio"].apply(lambda r: np.exp(np.log(r).mean()))
        phases = ", ".join(f"{last} {r:.2f}" for last, r in by.items())
        by_phase = ", ".join(f"{last} {value:+.0f}" for last, value in saved.items())
        better = int((own["miss"] < plain["miss"]).sum())
        lines.append(
            f"| {way} | {own['miss'].median():.2f} | {phases} | {by_phase} |"
            f" {saved.mean():+.1f} [{saved.mean() - half:+.1f}, {saved.mean() + half:+.1f}] |"
            f" {better} of {len(own)} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
