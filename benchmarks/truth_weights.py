"""The truth audit under changed true weights: do trait sizes hold where causes weigh otherwise?

    make audit-weights ARGS="--portfolios 5 --seed 26 --root /tmp/weights"

The first portfolio has the default weights, to compare with. Every other is made with six drawn
factors on the true effects and a seed of its own; a model is trained on each by the default
recipe, and its explanations are audited. Six default portfolios take about an hour on two idle
cores; a portfolio that is done is not made again.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from delinquency.config import load
from delinquency.stages import run_stage
from delinquency.traits import TRAITS

RANGE = (0.5, 1.6)
"""Factors are drawn evenly on the log scale between these."""
OURS = "exact traits"


def drawn_weights(n: int, seed: int) -> list[dict[str, float]]:
    """Return ``n`` sets of factors on the true effects, by trait."""
    rng = np.random.default_rng(seed)
    logs = rng.uniform(*np.log(RANGE), (n, len(TRAITS)))
    return [dict(zip(TRAITS, np.exp(row).round(2).tolist(), strict=True)) for row in logs]


def audited(root: Path, weights: dict[str, float], seed: int, more: list[str]) -> dict:
    """Return the audit of a model trained on one portfolio, made when it is not there yet."""
    path = root / "reports/synthetic/truth_audit/audit.json"
    if not path.exists():
        factors = [f"++data.weights.{name}={value}" for name, value in weights.items()]
        shared = [*factors, f"data.seed={seed}", f"paths.root={root}"]
        for stage in ("train", "truth_audit"):
            run_stage(load([f"stage={stage}", "tracking=none", *shared, *more]))
    return json.loads(path.read_text())


def main() -> None:
    """Audit all portfolios and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--portfolios", type=int, default=5)
    parser.add_argument("--seed", type=int, default=26)
    parser.add_argument("--root", type=Path, default=Path("reports/truth_weights"))
    chosen, more = parser.parse_known_args()
    rows = []
    drawn = [dict.fromkeys(TRAITS, 1.0), *drawn_weights(chosen.portfolios, chosen.seed)]
    for number, weights in enumerate(drawn):
        root = chosen.root / f"portfolio-{number}"
        report = audited(root.resolve(), weights, 7_000 + number, more)
        scores = report["explanations"][OURS]["score"]
        slopes = {key: scores[f"slope_exchanged/{key}"] for key in TRAITS}
        rows.append({"number": number, "weights": weights, "slopes": slopes,
                     "mean": scores["slope_exchanged"], "whole": scores["calibration_slope"],
                     "top_hit": scores["top_hit"]})  # fmt: skip
        (chosen.root / "weights.json").write_text(json.dumps(rows, indent=2))
    print(
        "| portfolio | mean slope | whole score | " + " | ".join(t.short for t in TRAITS.values())
    )
    for row in rows:
        cells = [
            f"{row['slopes'][key]['value']:.2f} (x {row['weights'][key]:.2f})" for key in TRAITS
        ]
        mean, whole = row["mean"], row["whole"]
        print(f"| {row['number']} | {mean['value']:.2f} [{mean['low']:.2f}, {mean['high']:.2f}] | "
              f"{whole['value']:.2f} | " + " | ".join(cells))  # fmt: skip


if __name__ == "__main__":
    main()
