"""What training on a sample costs in quality and saves in memory, against training on all.

Run: make bench-sample
     make bench-sample ARGS="sample.shares=[0.25] sample.options=[data.n_accounts=200000]"

The portfolio is generated once. For each share, ``make train`` runs in a process of its own with
``sample.share``; then every model scores the same rows: the whole test part of the full run, none
of which any model learnt from. Differences are paired, with bootstrap intervals over persons. A
second full training with another seed says how much of a difference is the luck of a seed.
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from omegaconf import OmegaConf

from delinquency.metrics import bootstrap_differences
from delinquency.metrics.intervals import Resampling, bootstrap_intervals
from delinquency.pipeline.saved_model import Trained, load_from

BEGIN, END = "<!-- bench-sample: begin -->", "<!-- bench-sample: end -->"
PAGE = Path("docs/scaling.md")
NAMES = ("roc_auc", "brier", "observed_expected")
DIGITS = {"roc_auc": 4, "brier": 5, "observed_expected": 3}
TRAITS_OF = 20_000
"""Rows of the test whose traits are compared."""


@dataclass
class Sampling:
    """Choices of the benchmark."""

    shares: list[float] = field(default_factory=lambda: [0.5, 0.25, 0.1])
    folder: str = "data/bench/sample"
    report: str = "reports/bench/sample.json"
    seed: int = 42
    # More choices of every training.
    options: list[str] = field(default_factory=list)
    n_boot: int = 500


def command(chosen: Sampling, stage: str, root: Path, *overrides: str) -> list[str]:
    """Return the command of a stage; the tables are those of all trainings."""
    tables = Path(chosen.folder).resolve()
    return [
        sys.executable, "-W", "ignore", "-m", "delinquency", f"stage={stage}", "tracking=none",
        f"paths.root={root}", f"paths.interim={tables / 'interim'}",
        f"paths.truth={tables / 'truth'}", *chosen.options, *overrides,
    ]  # fmt: skip


def trained(chosen: Sampling, name: str, overrides: list[str]) -> tuple[Path, dict[str, float]]:
    """Train in a process of its own, unless it is done; return its root and what it took."""
    root = Path(chosen.folder).resolve() / name
    figures = root / "took.json"
    if not figures.exists():
        root.mkdir(parents=True, exist_ok=True)
        with (root / "train.log").open("w") as log:
            start = time.perf_counter()
            run = subprocess.Popen(
                command(chosen, "train", root, *overrides), stdout=log, stderr=subprocess.STDOUT
            )
            status, used, peak = watched(run.pid)
        if status:
            raise SystemExit(f"stage=train ended with {status}: see {root / 'train.log'}")
        figures.write_text(json.dumps({
            "cpu_s": round(used.ru_utime + used.ru_stime, 1),
            "wall_s": round(time.perf_counter() - start, 1),
            "peak_mb": round(peak / 1024),
        }))  # fmt: skip
    return root, json.loads(figures.read_text())


def watched(process: int) -> tuple[int, Any, int]:
    """Wait for a process; return its status, what it used, and its own peak in KiB.

    What the system tells of an ended process (ru_maxrss) is at least what its parent held when
    it was started: here the rows that all models are tested on.
    """
    peak = 0
    while True:
        done, status, used = os.wait4(process, os.WNOHANG)
        if done:
            return status, used, peak
        told = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
        held = [line.split()[1] for line in told if line.startswith("VmHWM")]
        peak = max([peak, *map(int, held)])
        time.sleep(0.2)


def model_of(root: Path) -> Trained:
    return load_from(next((root / "models").iterdir()))


def whole_test(root: Path, fitted: Trained) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return features and labels of the test part of the full run."""
    folder = next((root / "data/processed").iterdir())
    rows = (fitted.split["part"] == "test").to_numpy()
    labels = pd.read_parquet(folder / "labels.parquet", columns=["bad", "group_id"])
    X = pd.read_parquet(folder / "features.parquet", columns=list(fitted.model.features))
    return X[rows].reset_index(drop=True), labels[rows].reset_index(drop=True)


def top_traits(fitted: Trained, X: pd.DataFrame) -> np.ndarray:
    """Return each row's trait that raises its risk most."""
    explained = fitted.explainer.explain(fitted.model.matrix(X))
    return np.asarray(explained.values).argmax(axis=1)


def main(arguments: list[str]) -> None:
    given = OmegaConf.from_dotlist(arguments).get("sample", {})
    chosen = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(Sampling), given))
    assert isinstance(chosen, Sampling)
    # The tables are made beforehand: each training is measured with them already there.
    base = Path(chosen.folder).resolve()
    if not (base / "interim").exists():
        subprocess.run(command(chosen, "data", base), check=True, stdout=subprocess.DEVNULL)
    runs = {"all": [f"seed={chosen.seed}"]}
    runs |= {f"{s:g}": [f"seed={chosen.seed}", f"sample.share={s:g}"] for s in chosen.shares}
    runs["all, another seed"] = [f"seed={chosen.seed + 1}"]
    X = labels = None
    plan = Resampling(n_boot=chosen.n_boot)
    results: list[dict[str, Any]] = []
    full: dict[str, Any] = {}
    for name, overrides in runs.items():
        root, took = trained(chosen, name.replace(", ", "-").replace(" ", "-"), overrides)
        fitted = model_of(root)
        if X is None:
            X, labels = whole_test(root, fitted)
            some = X.iloc[np.linspace(0, len(X) - 1, min(TRAITS_OF, len(X))).astype(int)]
        assert labels is not None
        bad, groups = labels["bad"].to_numpy(), labels["group_id"].to_numpy()
        pd_hat, tops = fitted.model.pd_hat(X), top_traits(fitted, some)
        row: dict[str, Any] = {"what": name, **took, "trees": fitted.model.booster.num_trees()}
        row["rows"] = fitted.model.metadata["rows"]
        row["bads"] = fitted.model.metadata["bads"]
        if not full:
            full = {"pd": pd_hat, "tops": tops}
            own = bootstrap_intervals(bad, pd_hat, groups=groups, names=NAMES, resampling=plan)
            row |= {key: one.to_dict() for key, one in own.items()}
        else:
            apart = bootstrap_differences(
                bad, (pd_hat, full["pd"]), groups=groups, names=NAMES, resampling=plan
            )
            row |= {key: one.to_dict() for key, one in apart.items()}
            row["same_top_trait"] = round(float((tops == full["tops"]).mean()), 4)
            ranks = pd.Series(pd_hat).corr(pd.Series(full["pd"]), method="spearman")
            row["rank_correlation"] = round(float(ranks), 4)
        results.append(row)
        print(json.dumps(row), flush=True)
    Path(chosen.report).parent.mkdir(parents=True, exist_ok=True)
    told = {"tested_on": len(X), "bads": int(labels["bad"].sum()), "results": results}  # type: ignore[arg-type,index]
    Path(chosen.report).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    text = table_of(told)
    if PAGE.exists() and BEGIN in (page := PAGE.read_text(encoding="utf-8")):
        head, rest = page.split(BEGIN)
        tail = rest.split(END)[1]
        PAGE.write_text(f"{head}{BEGIN}\n\n{text}\n\n{END}{tail}", encoding="utf-8")
    print(text)


def shown(row: dict[str, Any], name: str) -> str:
    """Return a figure with its interval; of a difference, with its sign."""
    one, sign = row[name], "" if row["what"] == "all" else "+"
    number = f"{sign}.{DIGITS[name]}f"
    return f"{one['mean']:{number}} [{one['low']:{number}}, {one['high']:{number}}]"


def table_of(told: dict[str, Any]) -> str:
    lines = [
        "| Share | Rows, bads learnt from | AUC | Brier | Bads over expected | Same top trait | "
        "Rank correlation | CPU s | Peak MB |",
        "|---|--:|---|---|---|--:|--:|--:|--:|",
    ]
    for row in told["results"]:
        same, ranks = (row.get(name, "") for name in ("same_top_trait", "rank_correlation"))
        lines.append(
            f"| {row['what']} | {row['rows']:,}, {row['bads']:,} | {shown(row, 'roc_auc')} | "
            f"{shown(row, 'brier')} | {shown(row, 'observed_expected')} | {same} | {ranks} | "
            f"{row['cpu_s']:,.0f} | {row['peak_mb']:,} |"
        )
    lines += ["", f"Tested on the same {told['tested_on']:,} rows, {told['bads']:,} of them bad; "
              "below the first row, differences from it."]  # fmt: skip
    return "\n".join(lines)


if __name__ == "__main__":
    main(sys.argv[1:])
