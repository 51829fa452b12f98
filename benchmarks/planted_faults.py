"""Faults that creforge plants, with its answer key, against the rows that ``make inspect`` names.

creforge makes a bureau portfolio (five CSV files) and a copy with sixteen kinds of planted faults.
``stage=inspect`` reads the copy by one YAML (benchmarks/conf/data/bureau_portfolio.yaml), and
creforge's own scorer compares its list of rows with the key. The clean files are read too: what is
named there is a false alarm. With ``--train`` the clean portfolio is trained, explained, put on
cards and treated.

Run:  make bench-faults            (about a minute; installs creforge for the bench)
      make bench-faults ARGS="--profile nasty --seeds 1,2,3"
      make bench-faults ARGS="--train --keep /tmp/bureau"    (to open its cards)
"""

import argparse
import subprocess
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

import polars as pl
from creforge.faults import score

CONF = Path(__file__).parent / "conf"
DATA = "bureau_portfolio"
FLOOR = 0.95


def creforge(*arguments: str) -> None:
    """Run a command of creforge."""
    command = [sys.executable, "-m", "creforge.cli", *arguments]
    subprocess.run(command, check=True, capture_output=True)


def delinquency(folder: Path, root: Path, stage: str, *choices: str) -> None:
    """Run a stage on the files of a folder."""
    command = [sys.executable, "-m", "delinquency", "--config-dir", str(CONF), f"stage={stage}",
               f"data={DATA}", f"paths.root={root}", f"paths.raw={folder}", *choices]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{stage} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def named_rows(folder: Path, root: Path) -> pl.DataFrame:
    """Return the rows that inspect names, in the scorer's shape."""
    delinquency(folder, root, "inspect")
    rows = pl.read_csv(root / "reports" / DATA / "row_faults.csv", infer_schema_length=0)
    whole = pl.col("column") == ""
    return rows.with_columns(column=pl.when(whole).then(None).otherwise(pl.col("column")))


def main() -> None:
    """Make, plant, inspect, score; print a table a seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--subjects", default="3000")
    parser.add_argument("--seeds", default="1")
    parser.add_argument("--profile", default="standard", help="light, standard or nasty")
    parser.add_argument("--train", action="store_true", help="the whole way on the clean files")
    parser.add_argument("--keep", default="", help="a folder that keeps the files and reports")
    chosen = parser.parse_args()
    missed = False
    for seed in chosen.seeds.split(","):
        kept = Path(chosen.keep) / seed if chosen.keep else None
        with nullcontext(kept) if kept else tempfile.TemporaryDirectory() as place:
            clean, dirty, root = (Path(place) / name for name in ("clean", "dirty", "root"))
            clean.parent.mkdir(parents=True, exist_ok=True)
            creforge(
                "generate", "-n", chosen.subjects, "-s", seed, "--format", "csv", "-o", str(clean)
            )
            creforge("inject", str(clean), "-f", chosen.profile, "-s", seed, "-o", str(dirty))
            print(f"seed {seed}, {chosen.profile}; named in the clean files: "
                  f"{len(named_rows(clean, root)):,}")  # fmt: skip
            found = score(dirty / "faults.parquet", named_rows(dirty, root))
            print(found.to_markdown())
            missed |= min(found.recall, found.precision) < FLOOR
            if chosen.train:
                for stage in ("train", "explain", "cards", "treat"):
                    zone = ["treatment.time_zone=UTC"] if stage == "treat" else []
                    delinquency(clean, root, stage, *zone)
                    print(f"{stage}: done")
    if missed:
        raise SystemExit(f"Recall or precision is below {FLOOR:.2f}.")


if __name__ == "__main__":
    main()
