"""Compare the results of two checkouts: the same figures, or the first that differ.

    python benchmarks/compare_results.py OLD NEW [--data synthetic taiwan]

Each is a folder in which `make train`, `make audit` or `make evaluate` were run. Figures in JSON
reports are compared one by one (AUC, ECE, top-1 hit, ...) and trait values row by row. What is in
one folder only is counted and said. The exit code is 1 when a figure differs by more than allowed.
"""

import argparse
import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

TRAIT_TOLERANCE = 1e-9
"""Largest difference of a trait value, in log-odds."""
FIGURE_TOLERANCE = 1e-9
"""Largest difference of a figure in a report."""
REPORTS = {
    "evaluation.json": "reports/{data}/evaluation.json",
    "cross_validation.json": "reports/{data}/cross_validation.json",
    "truth audit": "reports/{data}/audit_explanations/audit.json",
}
ALSO_CALLED = {"truth audit": ("reports/{data}/truth_audit/audit.json",)}
"""Where a report lies in other versions."""
KEYS = ["account_id", "observation_month"]
TIMES = ("seconds", "duration", "run_id", "at", "made_on")
"""Entries that differ between any two runs."""


def figures(node: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """Yield every number of a report with its place."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key not in TIMES:
                yield from figures(value, f"{path}.{key}" if path else str(key))
    elif isinstance(node, list):
        for place, value in enumerate(node):
            yield from figures(value, f"{path}[{place}]")
    elif isinstance(node, (int, float)) and not isinstance(node, bool):
        yield path, float(node)


def find(root: Path, name: str, data: str) -> Path | None:
    """Return where a report lies in a checkout, under any of its names; None if nowhere."""
    places = (REPORTS[name], *ALSO_CALLED.get(name, ()))
    for place in places:
        path = root / place.format(data=data)
        if path.exists():
            return path
        twins = sorted(path.parent.glob("*.json")) if path.parent.is_dir() else []
        if "audit" in place and twins:
            return twins[0]
    return None


def compare_reports(old: Path, new: Path, allowed: float) -> list[str]:
    """Return the figures that differ by more than allowed, and a line on those compared."""
    before, after = (dict(figures(json.loads(path.read_text()))) for path in (old, new))
    shared = before.keys() & after.keys()
    apart = {
        key: (before[key], after[key])
        for key in shared
        if not (math.isnan(before[key]) and math.isnan(after[key]))
        and not abs(before[key] - after[key]) <= allowed
    }
    lines = [f"  differs: {key}: {a:.12g} -> {b:.12g}" for key, (a, b) in sorted(apart.items())]
    largest = max((abs(a - b) for a, b in apart.values()), default=0.0)
    print(
        f"  {len(shared):,} figures compared, {len(apart)} differ (largest {largest:.3g}); "
        f"{len(before.keys() - after.keys())} only before, "
        f"{len(after.keys() - before.keys())} only after"
    )
    return lines


def compare_explanations(old: Path, new: Path, allowed: float) -> list[str]:
    """Return the columns of trait values, scores and words that differ."""
    before, after = (pd.read_parquet(path).set_index(KEYS).sort_index() for path in (old, new))
    if not before.index.equals(after.index):
        return [f"  other rows: {len(before):,} before, {len(after):,} after"]
    lines = []
    for name in before.columns.intersection(after.columns):
        if pd.api.types.is_numeric_dtype(before[name].dtype):
            a, b = before[name].to_numpy(float), after[name].to_numpy(float)
            worst = float(np.nanmax(np.abs(a - b), initial=0.0))
            if worst > allowed or (np.isnan(a) != np.isnan(b)).any():
                lines.append(f"  differs: {name}: by up to {worst:.3g}")
        else:
            n_other = int((before[name].fillna("") != after[name].fillna("")).sum())
            if n_other:
                lines.append(f"  differs: {name}: in {n_other:,} of {len(before):,} rows")
    absent = before.columns.difference(after.columns)
    print(f"  {len(before):,} rows compared; columns only before: {', '.join(absent) or 'none'}")
    return lines


def main(argv: list[str] | None = None) -> int:
    """Compare all that both folders hold, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--data", nargs="+", default=["synthetic", "taiwan"])
    parser.add_argument("--tolerance", type=float, default=FIGURE_TOLERANCE)
    chosen = parser.parse_args(argv)
    lines: list[str] = []
    compared = 0
    for data in chosen.data:
        for name in REPORTS:
            old, new = find(chosen.old, name, data), find(chosen.new, name, data)
            if old and new:
                print(f"{data}, {name}:")
                lines += compare_reports(old, new, chosen.tolerance)
                compared += 1
            elif old or new:
                print(f"{data}, {name}: only {'before' if old else 'after'}")
        pair = [
            root / "data/processed" / data / "explanations.parquet"
            for root in (chosen.old, chosen.new)
        ]
        if all(path.exists() for path in pair):
            print(f"{data}, explanations:")
            lines += compare_explanations(*pair, TRAIT_TOLERANCE)
            compared += 1
    if not compared:
        print("Nothing to compare: neither folder holds results of the other's data sets.")
        return 2
    print("\n".join(lines) if lines else "All figures that both hold are the same.")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
