"""What scoring costs, from statements to reasons, beside LightGBM's own predict of the same rows.

Run: make train && make bench-scale
     make bench-scale ARGS="bench.accounts=[100000,1000000,10000000]"
     make bench-scale ARGS="bench.workers=2"      # and the memory of two processes together
     make bench-scale ARGS="bench.source=creforge"    # accounts that another package makes

Portfolios of 12 months are generated, written as Parquet and scored by ``stage=score`` itself, one
process and one thread. After every part (or every tenth, in large runs) LightGBM predicts the same
rows from ready features, one thread too: both take turns in one process, so that a busy machine
slows both. Above ``bench.distinct`` accounts the same parts are read again, under other names.

With ``bench.source=creforge`` the accounts are made by the PyPI package creforge (the extra
``bench``): mapped by benchmarks/conf/data/bureau_portfolio.yaml, scored by a model trained on
another portfolio of it. It has statements and accounts only, so that there is less to read and to
tell; its row of the table is not set into the page by this program.
"""

import contextlib
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
from omegaconf import OmegaConf

BEGIN, END = "<!-- bench-scale: begin -->", "<!-- bench-scale: end -->"
PAGE = Path("docs/scaling.md")


@dataclass
class Bench:
    """Choices of the benchmark."""

    accounts: list[int] = field(default_factory=lambda: [100_000])
    distinct: int = 100_000
    part_accounts: int = 5_400
    # Who makes the accounts: "synthetic" (this package) or "creforge".
    source: str = "synthetic"
    model: str = "models/synthetic"
    folder: str = "data/bench"
    report: str = "reports/bench/scale.json"
    # Processes of a second run of each size, for their memory together; 0 for none.
    workers: int = 0
    # Accounts that the road of today is measured on.
    sample: int = 400
    seed: int = 1


def options(arguments: list[str]) -> Bench:
    given = OmegaConf.from_dotlist(arguments).get("bench", {})
    chosen = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(Bench), given))
    assert isinstance(chosen, Bench)
    return chosen


def generated(bench: Bench) -> tuple[list[Path], float]:
    """Return the parts of the portfolio, and the processor seconds that making them took."""
    from delinquency.synthetic.generator import block_parts, generate_part
    from delinquency.synthetic.portfolio_options import SyntheticData

    made = SyntheticData(
        name="bench", title="Benchmark", currency="CNY", real=False,
        n_accounts=bench.distinct, n_months=12, seed=bench.seed,
    )  # fmt: skip
    parts = Path(bench.folder) / f"{bench.distinct}-{bench.part_accounts}-{bench.seed}"
    done, start = parts / "done.json", time.process_time()
    if not done.exists():
        for number, blocks in enumerate(block_parts(made, chunk=bench.part_accounts)):
            folder = parts / f"part-{number:05d}"
            folder.mkdir(parents=True, exist_ok=True)
            for name, table in generate_part(made, blocks).items():
                table.to_parquet(folder / f"{name}.parquet", index=False)
        done.write_text(json.dumps({"cpu_s": time.process_time() - start}))
    seconds = float(json.loads(done.read_text())["cpu_s"])
    return sorted(folder for folder in parts.iterdir() if folder.is_dir()), seconds


CONF = Path(__file__).parent / "conf"
BUREAU = "bureau_portfolio"
TRAINED_SUBJECTS, TRAINED_MONTHS = 6_000, 36


def bureau(bench: Bench) -> tuple[list[Path], float, Path]:
    """Return parts of a portfolio of creforge, the time of making it, and a model of another."""
    root = Path(bench.folder).resolve() / "creforge"
    small, large = root / "small", root / f"large-{bench.distinct}-{bench.seed}"
    parts, done = large / "parts", large / "done.json"
    model = small / "models" / BUREAU
    if not (model / "model.json").exists():
        creforge(small / "raw", TRAINED_SUBJECTS, TRAINED_MONTHS, bench.seed)
        delinquency("train", small)
    if not done.exists():
        start = resource.getrusage(resource.RUSAGE_CHILDREN)
        files = (small / "raw" / "account").glob("*.csv")
        accounts = sum(len(pd.read_csv(file, usecols=[0])) for file in files)
        subjects = round(bench.distinct / accounts * TRAINED_SUBJECTS)
        creforge(large / "raw", subjects, 12, bench.seed + 1)
        delinquency("data", large)
        (folder,) = (large / "data/interim" / BUREAU).glob("part-*")
        from delinquency.pipeline.folder_parts import split_folder

        split_folder(folder, parts, part_accounts=bench.part_accounts)
        end = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime
        done.write_text(json.dumps({"cpu_s": seconds}))
    return sorted(parts.iterdir()), float(json.loads(done.read_text())["cpu_s"]), model


def creforge(folder: Path, subjects: int, months: int, seed: int) -> None:
    """Let creforge write a portfolio as CSV."""
    subprocess.run(
        [sys.executable, "-m", "creforge.cli", "generate", "-n", str(subjects), "-m", str(months),
         "-s", str(seed), "--format", "csv", "-o", str(folder)], check=True, capture_output=True,
    )  # fmt: skip


def delinquency(stage: str, root: Path) -> None:
    """Run a stage on the files of a folder."""
    subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "delinquency", "--config-dir", str(CONF),
         f"stage={stage}", f"data={BUREAU}", f"paths.root={root}", f"paths.raw={root / 'raw'}",
         "tracking=none", "evaluation.n_boot=20"], check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def cycled(parts: list[Path], accounts: int, work: Path) -> tuple[Path, int]:
    """Return a folder that names parts again and again until the accounts are reached."""
    sizes = [len(pd.read_parquet(p / "accounts.parquet", columns=["account_id"])) for p in parts]
    work.mkdir(parents=True, exist_ok=True)
    for old in work.iterdir():
        old.unlink()
    total = number = 0
    while total < accounts * 0.99:
        at = number % len(parts)
        (work / f"part-{number:06d}").symlink_to(parts[at].resolve(), target_is_directory=True)
        total, number = total + sizes[at], number + 1
    return work, total


def measured(bench: Bench, folder: Path, output: Path, every: int) -> dict[str, Any]:
    """Score a folder in this process; return its figures."""
    from delinquency.config import load
    from delinquency.pipeline.score_stream import score_portfolio
    from delinquency.scoring.account_scorer import load_scorer
    from delinquency.scoring.part_tables import read_part
    from delinquency.workspace.engines.registered_engines import ENGINES

    predicting = {"cpu": 0.0, "wall": 0.0, "rows": 0, "own": 0.0, "own_wall": 0.0}
    model = Path(bench.model)

    def timed(work: Any, jobs: Any, engine: Any) -> Iterator[Any]:
        ready = load_scorer(model, n_threads=1)
        for number, job in enumerate(jobs):
            receipt = work(job)
            if number % every == every // 2:
                start, began = time.process_time(), time.perf_counter()
                features = ready.score(read_part(job.folder, ready.columns)).features
                matrix = np.ascontiguousarray(features.T)
                before = time.process_time()
                ready.model.booster.predict(matrix, num_threads=1)
                predicting["cpu"] += time.process_time() - before
                predicting["rows"] += len(matrix)
                predicting["own"] += time.process_time() - start
                predicting["own_wall"] += time.perf_counter() - began
            yield receipt

    ENGINES.add("timed", timed)
    config = load(
        ["stage=score", f"score.input={folder}", "n_threads=1", "engine.kind=timed",
         "tracking=none", f"score.model={model}"]
    )  # fmt: skip
    began = time.perf_counter()
    scored = score_portfolio(config, model, output)
    cpu = time.process_time() - predicting["own"]  # imports and start included
    wall = time.perf_counter() - began - predicting["own_wall"]
    predict = predicting["cpu"] / predicting["rows"] * scored.accounts
    size = sum(f.stat().st_size for f in output.glob("*.parquet"))
    return {
        "accounts": scored.accounts,
        "cpu_s": round(cpu, 2),
        "wall_s": round(wall, 2),
        "predict_cpu_s": round(predict, 2),
        "ratio": round(cpu / predict, 3),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "accounts_per_s_core": round(scored.accounts / cpu),
        "cpu_us_per_account": round(cpu / scored.accounts * 1e6, 2),
        "predict_us_per_account": round(predict / scored.accounts * 1e6, 2),
        "predict_rows": predicting["rows"],
        "output_bytes_per_account": round(size / scored.accounts, 1),
    }


def several_processes(bench: Bench, folder: Path, output: Path) -> dict[str, float]:
    """Return wall time and peak memory of scoring in several processes, the parent counted too.

    Memory is the sum of the resident pages of all of them, looked at ten times a second: pages
    that they share count once for each, so that it is never too low.
    """
    start = time.perf_counter()
    run = psutil.Popen(
        [sys.executable, "-W", "ignore", "-m", "delinquency", "stage=score", "tracking=none",
         f"score.input={folder}", f"score.model={bench.model}", f"score.output={output}",
         "engine=processes", f"engine.workers={bench.workers}", "n_threads=1"],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    peak = 0
    while run.poll() is None:
        resident = 0
        for one in [run, *run.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                resident += one.memory_info().rss
        peak = max(peak, resident)
        time.sleep(0.1)
    if run.returncode:
        raise SystemExit(f"stage=score with engine=processes ended with {run.returncode}.")
    return {
        "workers": bench.workers,
        "wall_s": round(time.perf_counter() - start, 2),
        "peak_mb": round(peak / 2**20),
    }


def todays_road(bench: Bench, part: Path) -> dict[str, float]:
    """Return the processor time an account of pandas features, ``pred_contrib`` and sums."""
    from delinquency.features.feature_matrix import build_features
    from delinquency.features.registered_features import FEATURES
    from delinquency.panel.table_checks import validate
    from delinquency.panel.windows import build_windows
    from delinquency.scoring.account_scorer import latest_months, load_scorer
    from delinquency.scoring.part_tables import INPUT_TABLES

    scorer = load_scorer(Path(bench.model), n_threads=1)
    ids = pd.read_parquet(part / "accounts.parquet")["account_id"].head(bench.sample)
    small = {}
    for name in INPUT_TABLES:
        if not (part / f"{name}.parquet").exists():
            continue
        frame = pd.read_parquet(part / f"{name}.parquet")
        small[name] = frame[frame["account_id"].isin(ids)].reset_index(drop=True)
    start = time.process_time()
    tables = {name: validate(name, frame, where=name) for name, frame in small.items()}
    windows = build_windows(tables, latest_months(tables["statements"]), n_months=scorer.n_months)
    frame = build_features(windows, [FEATURES[n] for n in scorer.model.features])
    matrix = frame[list(scorer.model.features)].to_numpy()
    values = scorer.model.booster.predict(matrix, pred_contrib=True, num_threads=1)[:, :-1]
    traits = pd.Series([scorer.model.traits[name] for name in scorer.model.features])
    sums = pd.DataFrame(values).T.groupby(traits).sum().T
    assert len(sums.columns) == 6
    seconds = time.process_time() - start
    return {"accounts": len(matrix), "cpu_us_per_account": round(seconds / len(matrix) * 1e6, 1)}


def growth(results: list[dict[str, Any]]) -> float | None:
    """Return the exponent of processor time in the number of accounts."""
    if len(results) < 2:
        return None
    x = np.log([one["accounts"] for one in results])
    return float(np.polyfit(x, np.log([one["cpu_s"] for one in results]), 1)[0])


def table_of(results: list[dict[str, Any]]) -> str:
    rows = [
        "| Accounts | CPU s | Wall s | LightGBM predict, CPU s | Ratio | Peak MB | "
        "Accounts a second and core | us an account |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    rows += [
        f"| {r['accounts']:,} | {r['cpu_s']:,.1f} | {r['wall_s']:,.1f} | "
        f"{r['predict_cpu_s']:,.1f} | {r['ratio']:.2f} | {r['peak_mb']:,} | "
        f"{r['accounts_per_s_core']:,} | {r['cpu_us_per_account']:.1f} |"
        for r in results
    ]
    return "\n".join(rows)


def write_page(text: str) -> None:
    """Set the measured table into the page, between its marks."""
    page = PAGE.read_text(encoding="utf-8")
    head, rest = page.split(BEGIN)
    tail = rest.split(END)[1]
    PAGE.write_text(f"{head}{BEGIN}\n\n{text}\n\n{END}{tail}", encoding="utf-8")


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["--measure"]:
        bench = options(arguments[4:])
        out = measured(bench, Path(arguments[1]), Path(arguments[2]), int(arguments[3]))
        print(json.dumps(out))
        return
    bench = options(arguments)
    if bench.source == "creforge":
        parts, making, model = bureau(bench)
        # The model is named to the process that measures, too.
        bench.model, arguments = str(model), [*arguments, f"bench.model={model}"]
    if not (Path(bench.model) / "model.json").exists():
        sys.exit(f"bench.model: no model in {bench.model}. Run make train first, or name another.")
    if bench.source != "creforge":
        parts, making = generated(bench)
    print(f"{bench.distinct:,} accounts x 12 months generated: {making:.0f} s of processor time")
    results = []
    for accounts in bench.accounts:
        folder, total = cycled(parts, accounts, Path(bench.folder) / "input")
        output = Path(bench.folder) / "scores"
        subprocess.run(["rm", "-rf", str(output)], check=True)
        every = max(1, round(total / 100_000))
        child = subprocess.run(
            [sys.executable, "-W", "ignore", __file__, "--measure", folder, output, str(every),
             *arguments], stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
        result = json.loads(child.stdout.strip().splitlines()[-1])
        result |= {"distinct": min(bench.distinct, total), "machine": machine()}
        if bench.workers:
            subprocess.run(["rm", "-rf", str(output)], check=True)
            result["processes"] = several_processes(bench, folder, output)
            told = result["processes"]
            print(f"{told['workers']} processes: {told['wall_s']:,.0f} s by the clock, peak "
                  f"{told['peak_mb']:,} MB together", flush=True)  # fmt: skip
        results.append(result)
        print(f"{result['accounts']:>12,} accounts: {result['cpu_us_per_account']:.1f} us, "
              f"LightGBM predicts in {result['predict_us_per_account']:.1f} us, ratio "
              f"{result['ratio']:.2f}, peak {result['peak_mb']:,} MB", flush=True)  # fmt: skip
    today = todays_road(bench, parts[0])
    last = results[-1]
    times = today["cpu_us_per_account"] / last["cpu_us_per_account"]
    last["todays_road"] = {**today, "times": round(times, 1)}
    exponent = growth(results)
    Path(bench.report).parent.mkdir(parents=True, exist_ok=True)
    Path(bench.report).write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    lines = [table_of(results), ""]
    lines.append(
        f"Today's road (frames, `pred_contrib`, sums by trait; {today['accounts']:,.0f} of the "
        f"accounts) takes {today['cpu_us_per_account']:,.0f} us an account: {times:,.0f} times."
    )
    if exponent is not None:
        lines.append(f"Processor time grows with the accounts to the power {exponent:.2f}.")
    lines.append(f"Measured on {machine()}; parts of {bench.part_accounts:,} accounts.")
    if PAGE.exists() and bench.source != "creforge":
        write_page("\n".join(lines))
    print("\n".join(lines))
    print(f"Written to {bench.report}")


def machine() -> str:
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return f"{os.cpu_count()} processors ({platform.machine()}), load {load:.1f}"


if __name__ == "__main__":
    main(sys.argv[1:])
