"""Breaks runs on purpose and counts what goes wrong: ``make torture``.

Kills commands at their file operations, starts two at once, gives 300 faulty files to the readers
and attacks the casework store. Every run is a process of its own, forked from one that has
everything imported; what it may leave is a right result, or one sentence and exit 2. Prints a
table; exits 1 when anything was wrong. Seeds are printed, so that any case can be made again.
"""

import argparse
import contextlib
import hashlib
import io
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
sys.path[:0] = [str(Path(__file__).parents[1] / "casebook"), str(Path(__file__).parent)]

import file_corpus  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

from delinquency import atomic_files  # noqa: E402
from delinquency.config import load  # noqa: E402
from delinquency.errors import DelinquencyError  # noqa: E402
from delinquency.stages import STAGES, run_stage  # noqa: E402

OPERATIONS = ("rename", "replace", "unlink", "rmdir", "remove", "link", "mkdir")
HANG_SECONDS = 300
"""Seconds, on a machine that others use too, after which a command is taken to hang."""
FILE_SECONDS = 20
"""Seconds of the processor, after which the reading of one file is taken to hang."""
PANEL = """
defaults: [panel_data, _self_]
name: own
title: Own panel
label: {performance_months: 3, bad_days_past_due: 60, observation_every: 1, known_by_last: false}
window_months: 4
tables:
  statements:
    path: statements.csv
    columns: {account_id: ID, month: MONTH, days_past_due: DPD, balance: BAL, credit_limit: LIM}
"""
SMALL = [
    "model.n_estimators=6", "model.calibration=none", 
    "evaluation.n_boot=3", "tracking=none", "n_threads=1", "split.by=account",
]  # fmt: skip
CHOICES = {
    "A": ["data.label.bad_days_past_due=60"],
    "B": ["data.label.bad_days_past_due=30", "data.window_months=5"],
}
RESULTS = {
    "data": ("data/interim/own/part-0000/statements.parquet",),
    "features": ("data/processed/own/features.parquet", "data/processed/own/labels.parquet"),
    "train": (
        "data/processed/own/features.parquet", "data/processed/own/labels.parquet",
        "data/processed/own/explanations.parquet", "models/own/model.txt",
        "models/own/explainer.npz", "models/own/split.parquet", "reports/own/evaluation.json",
    ),
    "evaluate": ("reports/own/evaluation.json",),
    "explain": ("data/processed/own/explanations.parquet",),
    "cards": ("reports/own/cards/index.html",),
    "score": ("data/processed/own/scores.parquet",),
}  # fmt: skip


def draw_nothing() -> None:
    """Make figures small files: what is drawn is not what is tried here, writing it is."""

    def save(self: Figure, target: object, **_: object) -> None:
        if isinstance(target, str | Path):
            Path(target).write_bytes(b"\x89PNG")
        else:
            target.write(b"\x89PNG")

    Figure.savefig = save


def stop_after(number: int, root: Path, log: Path | None) -> None:
    """Kill this process after its n-th file operation below a folder; 0 only writes them down."""
    count = 0

    def counted(real: Callable[..., object], name: str) -> Callable[..., object]:
        def operation(*args: object, **more: object) -> object:
            nonlocal count
            place = " ".join(str(a) for a in args[:2])
            done = real(*args, **more)
            if str(root) in place or more.get("dir_fd") is not None:
                count += 1
                if log:
                    with open(log, "a") as file:
                        file.write(f"{name} {place}\n")
                if count == number:
                    os.kill(os.getpid(), signal.SIGKILL)
            return done

        return operation

    for name in OPERATIONS:
        setattr(os, name, counted(getattr(os, name), name))
    atomic_files._exchange = counted(atomic_files._exchange, "exchange")


def choices(root: Path, stage: str, chosen: str) -> list[str]:
    folders = [f"hydra.searchpath=[file://{root / 'conf'}]", f"paths.root={root}"]
    return [
        f"stage={stage}", "data=own", f"paths.raw={root}", *folders, *SMALL, *CHOICES[chosen]
    ]  # fmt: skip


class Run:
    """A command in a process of its own."""

    def __init__(self, work: Callable[[], None], *, cpu_seconds: int = 0):
        self.out = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self.process = os.fork()
        if self.process == 0:
            if cpu_seconds:
                resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
            os.dup2(self.out.fileno(), 1)
            os.dup2(self.out.fileno(), 2)
            code = 1
            try:
                work()
                code = 0
            except DelinquencyError as error:
                print(f"error: {error}")
                code = error.exit_code
            except OSError as error:
                print(f"error: {atomic_files.storage_error(error)}")
                code = 2
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                os._exit(code)

    def wait(self, seconds: float = HANG_SECONDS) -> "Run":
        until = time.monotonic() + seconds
        while True:
            done, status = os.waitpid(self.process, os.WNOHANG)
            if done:
                break
            if time.monotonic() > until:
                os.kill(self.process, signal.SIGKILL)
                os.waitpid(self.process, 0)
                status = None
                break
            time.sleep(0.01)
        self.hung = status is None
        self.code = None if status is None else os.waitstatus_to_exitcode(status)
        self.out.seek(0)
        self.text = self.out.read()
        self.out.close()
        return self

    @property
    def fault(self) -> str:
        """What is wrong with how it ended; "" for a result, or one sentence and exit 2."""
        if self.hung or self.code in (-signal.SIGXCPU, -signal.SIGKILL):
            return "hang"
        if "Traceback" in self.text:
            return "traceback"
        if self.code not in (0, 2):
            return f"exit {self.code}"
        return ""


def command(root: Path, stage: str, chosen: str, *, stop: int | None = None,
            log: Path | None = None) -> Run:  # fmt: skip
    def work() -> None:
        draw_nothing()
        if stop is not None:
            stop_after(stop, root, log)
        run_stage(load(choices(root, stage, chosen)))

    return Run(work)


def digests(root: Path, stage: str) -> dict[str, str]:
    return {
        name: hashlib.sha256((root / name).read_bytes()).hexdigest()
        if (root / name).exists()
        else "missing"
        for name in RESULTS[stage]
    }


class Torture:
    """All that is tried, and what came of it."""

    def __init__(self, seed: int, seconds: float, kills: int, stages: list[str]):
        self.stages = stages
        self.rng = np.random.default_rng(seed)
        self.seed, self.kills = seed, kills
        self.until = time.monotonic() + seconds
        self.home = Path(tempfile.mkdtemp(prefix="torture-"))
        self.base, self.right = self.home / "base", {}
        self.counts: Counter[str] = Counter()
        self.faults: list[str] = []

    def fault(self, what: str, run: Run | None = None) -> None:
        told = "" if run is None else " | ".join(run.text.strip().splitlines()[-3:])[:300]
        self.faults.append(f"{what} {told}")
        print(f"  FAULT {what} {told}", flush=True)

    def prepare(self) -> None:
        """Make the data, and what is right for both choices from clean runs."""
        rng = np.random.default_rng(self.seed)
        (self.base / "conf/data").mkdir(parents=True)
        (self.base / "conf/data/own.yaml").write_text(PANEL)
        months = pd.date_range("2023-01-01", periods=12, freq="MS").strftime("%Y-%m")
        grid = pd.MultiIndex.from_product([[f"A{k:03d}" for k in range(60)], months])
        frame = grid.set_names(["ID", "MONTH"]).to_frame(index=False)
        n = len(frame)
        frame["DPD"] = rng.choice([0] * 14 + [30, 60], n)
        frame["BAL"], frame["LIM"] = rng.integers(0, 9000, n), 10_000
        frame.to_csv(self.base / "statements.csv", index=False)
        for chosen in ("B", "A"):
            for stage in self.stages:
                run = command(self.base, stage, chosen).wait()
                if run.code != 0:
                    print(run.text)
                    raise SystemExit(f"a clean run of {stage} failed")
                self.right[stage, chosen] = digests(self.base, stage)
        for stage in {"features", "train"} & {*self.stages}:
            assert self.right[stage, "A"] != self.right[stage, "B"], "the choices must differ"

    def copy(self) -> Path:
        root = self.home / f"r{self.rng.integers(1 << 60):x}"
        # Paths are part of no result; the configuration is found below the new folder.
        shutil.copytree(self.base, root)
        return root

    def check(self, root: Path, stage: str, chosen: str, after: str) -> None:
        run = command(root, stage, chosen).wait()
        self.counts["runs after a kill or a pair"] += 1
        if run.fault or run.code != 0:
            self.fault(f"{stage} {chosen} after {after}: {run.fault or 'refused'}", run)
        elif digests(root, stage) != self.right[stage, chosen]:
            other = [n for n, d in digests(root, stage).items()
                     if d != self.right[stage, chosen][n]]  # fmt: skip
            self.fault(f"{stage} {chosen} after {after}: wrong {other}")

    def operations(self, stage: str) -> list[str]:
        root, log = self.copy(), self.home / "log"
        log.unlink(missing_ok=True)
        command(root, stage, "B", stop=0, log=log).wait()
        shutil.rmtree(root)
        return log.read_text().splitlines() if log.exists() else []

    def kill(self, stage: str, number: int) -> None:
        root = self.copy()
        run = command(root, stage, "B", stop=number).wait()
        if run.code != -signal.SIGKILL:
            self.counts["ended before the kill"] += 1
        else:
            self.counts["kills"] += 1
            self.counts[f"kills of {stage}"] += 1
        where = f"kill {number} of {stage}"
        follow = stage if stage in ("data", "features", "train") else "train"
        if follow == "train" and self.rng.random() < 0.6:
            follow = "features"  # the quicker look at what the kill left of the inputs
        first, second = ("B", "A") if self.rng.random() < 0.5 else ("A", "B")
        self.check(root, follow, first, where)
        self.check(root, follow, second, where)
        shutil.rmtree(root, ignore_errors=True)

    def kill_all(self) -> None:
        jobs = []
        for stage in self.stages:
            found = self.operations(stage)
            self.counts[f"file operations of {stage}"] = len(found)
            print(f"{stage}: {len(found)} file operations", flush=True)
            jobs.append([(stage, number) for number in range(1, len(found) + 1)])
        queue = [job for jobs_of in jobs[:3] for job in jobs_of]
        rest = [job for jobs_of in jobs[3:] for job in jobs_of]
        self.rng.shuffle(rest)
        queue += rest
        every = [job for jobs_of in jobs for job in jobs_of]
        while len(queue) < self.kills:
            queue.append(every[int(self.rng.integers(len(every)))])
        for done, (stage, number) in enumerate(queue, start=1):
            if time.monotonic() > self.until:
                print(f"the time is over: {len(queue) - done + 1} kills were not tried")
                self.counts["kills not tried: the time was over"] = len(queue) - done + 1
                return
            self.kill(str(stage), int(number))

    def pairs(self, count: int) -> None:
        pairs = [(s, c) for s in self.stages for c in "AB"]
        for _ in range(count):
            if time.monotonic() > self.until:
                return
            root = self.copy()
            first, second = (pairs[int(k)] for k in self.rng.integers(0, len(pairs), 2))
            one = command(root, *first)
            time.sleep(float(self.rng.random() * 0.4))
            two = command(root, *second)
            for run, who in ((one.wait(), first), (two.wait(), second)):
                if run.fault:
                    self.fault(f"pair {first} {second}: {who} {run.fault}", run)
                self.counts["refused with a sentence in a pair"] += run.code == 2
            self.counts["pairs at once"] += 1
            self.check(root, "features", "A", f"pair {first} {second}")
            shutil.rmtree(root, ignore_errors=True)

    def files(self, count: int) -> None:
        folder = self.home / "files"
        folder.mkdir()
        kept = list(file_corpus.corpus(folder, seed=self.seed, count=count))
        for kind, path in kept:
            run = Run(lambda path=path: read_file(path), cpu_seconds=FILE_SECONDS)
            run.wait(10 * FILE_SECONDS)
            self.counts["faulty files"] += 1
            self.counts["files refused with a sentence"] += run.code == 2
            self.counts["files read"] += run.code == 0
            if run.fault:
                self.fault(f"file {kind} {path.name} seed {self.seed}: {run.fault}", run)
        shutil.rmtree(folder)

    def store(self) -> None:
        from store_attacks import attacks

        for name, attack in attacks():
            folder = Path(tempfile.mkdtemp(dir=self.home))
            found: list[bool] = []
            with contextlib.redirect_stdout(io.StringIO()):
                found.append(attack(folder))
            self.counts["attacks on the store"] += 1
            self.counts["attacks on the store that were noticed"] += found[0]
            if not found[0]:
                self.fault(f"attack on the store not noticed: {name}")

    def report(self) -> None:
        print(f"\nseed {self.seed}\n")
        print("| what | count |\n|---|---|")
        for name, value in self.counts.items():
            print(f"| {name} | {value:,} |")
        print(f"| wrong, hung or with a traceback | {len(self.faults)} |")


def read_file(path: Path) -> None:
    """Look at a file, and read it as a table and as a panel."""
    from delinquency.sources.inspect.inspected_files import inspect_file

    faults = []
    for attempt in (lambda: inspect_file(path), lambda: as_table(path)):
        try:
            attempt()
        except DelinquencyError as error:
            faults.append(error)
    if faults:
        raise faults[0]


def as_table(path: Path) -> None:
    from delinquency.sources.data_options import TableData
    from delinquency.sources.reading.mapping_options import FeatureColumn, LabelColumn
    from delinquency.sources.ready_table import read_table

    traits = {"bill": "debt_burden", "paid": "repayment_willingness"}
    options = TableData(
        name="own",
        path=str(path),
        account_column="id",
        month_column="month",
        outcome=LabelColumn(column="default"),
        columns={name: FeatureColumn(trait=trait) for name, trait in traits.items()},
    )
    source = read_table(options, path.parent)
    values = source.features.drop(columns=["account_id", "observation_month"])
    if np.isinf(values.to_numpy(float)).any():
        raise AssertionError("an infinite value was taken for a number")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=25)
    parser.add_argument("--seconds", type=float, default=900.0)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--without", default="", help="store")
    parser.add_argument("--stages", default=",".join(RESULTS))
    chosen = parser.parse_args()
    started = time.monotonic()
    print(f"torture with seed {chosen.seed}, at most {chosen.seconds:.0f} s", flush=True)
    for name in STAGES:
        with contextlib.suppress(ImportError):
            __import__(f"delinquency.stages.{name}")
    torture = Torture(chosen.seed, chosen.seconds, chosen.kills, chosen.stages.split(","))
    try:
        if "store" not in chosen.without:
            torture.store()
        print(f"store: {time.monotonic() - started:.0f} s", flush=True)
        torture.files(chosen.files)
        print(f"files: {time.monotonic() - started:.0f} s", flush=True)
        torture.prepare()
        print(f"prepared: {time.monotonic() - started:.0f} s", flush=True)
        torture.pairs(chosen.pairs)
        print(f"pairs: {time.monotonic() - started:.0f} s", flush=True)
        torture.kill_all()
    finally:
        shutil.rmtree(torture.home, ignore_errors=True)
    torture.report()
    print(f"{time.monotonic() - started:.0f} s")
    raise SystemExit(bool(torture.faults))


if __name__ == "__main__":
    main()
