"""Breaks runs on purpose and counts what goes wrong: ``make torture``.

Kills commands at their file operations and at any moment, starts two at once, gives 300 faulty
files to the readers and attacks the casework store. Every run is a process of its own; what it may
leave is a right result, or one sentence and its exit code. Prints a table; exits 1 when anything
was wrong. Seeds are printed, so that any case can be made again.
"""

import argparse
import contextlib
import gc
import io
import json
import os
import resource
import shutil
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

# One thread a library: a process that has started threads cannot be forked safely.
for library in ("OMP", "OPENBLAS", "NUMBA"):
    os.environ[f"{library}_NUM_THREADS"] = "1"
os.environ["GIT_DIR"] = os.devnull  # a commit made meanwhile is no fault of a later run
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["DELINQUENCY_KEY"] = "ab" * 32
sys.path[:0] = [str(Path(__file__).parents[1] / "casebook"), str(Path(__file__).parent)]
warnings.simplefilter("ignore")

import file_corpus  # noqa: E402
import numpy as np  # noqa: E402
from faulty_file_reading import read_file  # noqa: E402
from forked_runs import Run  # noqa: E402
from store_attacks import attacks  # noqa: E402
from tortured_folders import AT_EVERY_OPERATION, COMMANDS, Folders, draw_nothing  # noqa: E402
from tracked_kills import kill_trainings_with_mlflow  # noqa: E402

from delinquency.stages import STAGES  # noqa: E402

FILE_SECONDS = 20
"""Seconds of the processor, after which the reading of one file is taken to hang."""
REAL_KILL_EVERY = 8
"""One in so many kills at an operation is also made by a real SIGKILL."""


class Torture:
    """All that is tried, and what came of it."""

    def __init__(self, chosen: argparse.Namespace):
        self.chosen = chosen
        self.home = Path(tempfile.mkdtemp(prefix="torture-"))
        self.folders = Folders(self.home, chosen.seed)
        self.started = time.monotonic()
        self.until = self.started + chosen.seconds
        self.counts: Counter[str] = Counter()
        self.faults: list[str] = []
        self.names = [n for n in COMMANDS if not chosen.stages or n in chosen.stages.split(",")]

    def fault(self, what: str, run: Run | None = None) -> None:
        self.faults.append(what if run is None else f"{what} {run.told}")
        print(f"  FAULT {self.faults[-1]}", flush=True)

    def say(self, what: str) -> None:
        print(f"{time.monotonic() - self.started:5.0f} s  {what}", flush=True)

    def side_by_side(self, jobs: list, work: Callable[..., None], left: str) -> None:
        """Do jobs in several processes, each with its own counts, brought together at the end."""
        workers = []
        for number in range(self.chosen.workers):
            file = self.home / f"worker-{number}.json"
            process = os.fork()
            if process == 0:
                code = 1
                try:
                    self._work(jobs[number :: self.chosen.workers], work, left, number)
                    file.write_text(json.dumps([self.counts, self.faults]))
                    code = 0
                finally:
                    sys.stdout.flush()
                    os._exit(code)
            workers.append((process, file))
        for process, file in workers:
            _, status = os.waitpid(process, 0)
            if os.waitstatus_to_exitcode(status) != 0:
                self.fault("a worker of the torture itself failed")
                continue
            counts, faults = json.loads(file.read_text())
            self.counts.update(counts)
            self.faults.extend(faults)

    def _work(self, jobs: list, work: Callable[..., None], left: str, number: int) -> None:
        self.counts, self.faults = Counter(), []
        self.rng = np.random.default_rng([self.chosen.seed, number])
        for done, job in enumerate(jobs):
            if time.monotonic() > self.until:
                self.counts[f"{left} not tried: the time was over"] += len(jobs) - done
                return
            work(*job)

    def prepare(self) -> None:
        """Make the base folders, and learn what is right from runs that nobody kills.

        The first clean run of every command is made in this process, from which all later ones are
        forked: what a command imports, compiles or reads only once is then there for all.
        """
        self.folders.prepare({COMMANDS[name].world for name in self.names})
        draw_nothing()
        for name in self.names:
            for way in (0, 1):
                right, changing = self.folders.learn(name, way)
                self.folders.right[name, way] = right
                self.counts["files compared with those of clean runs"] += len(right)
                if changing:
                    print(f"  {name}: not the same twice, so not compared: {sorted(changing)}")
        gc.collect()
        gc.freeze()  # so that a forked process copies only what it changes
        self.say("clean runs are done")

    def check(self, root: Path, name: str, way: int, after: str) -> None:
        """Run a command and compare all that it writes with what a clean run wrote."""
        run = self.folders.start(name, way, root).wait()
        self.counts["runs after a kill or a pair"] += 1
        if run.fault or run.code == 2:
            self.fault(f"{name} {way} after {after}: {run.fault or 'refused'}", run)
        elif wrong := self.folders.difference(name, way, root):
            self.fault(f"{name} {way} after {after}: {wrong}")

    def after_kill(self, name: str, root: Path, where: str) -> None:
        """Run the killed command again with the same and with other choices, in either order."""
        self.counts["kills"] += 1
        self.counts[f"kills of {name}"] += 1
        for way in (1, 0) if self.rng.random() < 0.5 else (0, 1):
            self.check(root, name, way, where)
        # A half-written file is cleared by the next write into its folder, and only one of the two
        # ways may write there.
        if left := self.folders.left(root):
            self.fault(f"{name} after {where}: {left}")
        shutil.rmtree(root, ignore_errors=True)

    def states_of(self, name: str) -> list[tuple[str, Path, str]]:
        """Return the disk after each file operation of a command, in its second way."""
        root, states = self.folders.copy(COMMANDS[name].world), self.home / "states" / name
        states.mkdir(parents=True)
        run = self.folders.start(name, 1, root, states=states).wait()
        if run.fault:
            self.fault(f"{name} while the disk was copied: {run.fault}", run)
        shutil.rmtree(root)
        found = sorted(states.glob("*.txt"))
        self.counts[f"file operations of {name}"] = len(found)
        return [(name, one.with_suffix(""), one.read_text()) for one in found]

    def kill_at_operation(self, name: str, state: Path, operation: str) -> None:
        number = int(state.name)
        where = f"kill {number} of {name} ({operation.replace(str(self.home), '')[:90]})"
        if self.rng.random() < 1 / REAL_KILL_EVERY:
            root = self.folders.copy(COMMANDS[name].world)
            run = self.folders.start(name, 1, root, kill=number).wait()
            if run.killed:
                self.counts["of these by a real SIGKILL at an operation"] += 1
                self.after_kill(name, root, f"SIGKILL, {where}")
            elif run.fault:
                self.fault(f"{where}: {run.fault}", run)
        self.after_kill(name, self.folders.copy("", state), where)
        shutil.rmtree(state)

    def kill_at_any_moment(self, name: str, seconds: float) -> None:
        root = self.folders.copy(COMMANDS[name].world)
        run = self.folders.start(name, 1, root)
        time.sleep(seconds)
        run.kill()
        if run.wait().killed:
            self.counts["of these by a real SIGKILL at any moment"] += 1
            self.after_kill(name, root, f"SIGKILL of {name} after {seconds:.3f} s")

    def kills(self) -> None:
        """Kill at every operation of the first commands, at drawn ones of the others."""
        rng = np.random.default_rng(self.chosen.seed)
        always, others = [], []
        for name in self.names:
            found = self.states_of(name)
            keep = found
            if name not in AT_EVERY_OPERATION:
                each = self.chosen.each // 2 if COMMANDS[name].slow else self.chosen.each
                chosen = rng.permutation(len(found))[:each]
                keep = [found[k] for k in sorted(chosen)]
            (always if name in AT_EVERY_OPERATION else others).extend(keep)
        rng.shuffle(others)
        self.say(f"{len(always) + len(others)} kills at file operations")
        self.side_by_side([*others, *always], self.kill_at_operation, "kills at operations")
        names = rng.choice(self.names, self.chosen.moments)
        moments = [(str(name), float(s)) for name, s in zip(names, rng.random(len(names)) * 1.5,
                                                            strict=True)]  # fmt: skip
        self.say(f"{len(moments)} kills at any moment")
        self.side_by_side(moments, self.kill_at_any_moment, "kills at any moment")

    def pairs(self) -> None:
        """Start two commands at once in one folder; then a third must give the right result."""
        rng = np.random.default_rng(self.chosen.seed)
        own = [n for n in self.names if not COMMANDS[n].slow]
        jobs = []
        for _ in range(self.chosen.pairs):
            first = own[int(rng.integers(len(own)))]
            same = [n for n in own if COMMANDS[n].world == COMMANDS[first].world]
            second = same[int(rng.integers(len(same)))]
            ways = [int(k) for k in rng.integers(0, 2, 2)]
            jobs.append(((first, ways[0]), (second, ways[1]), float(rng.random() * 0.5)))
        self.side_by_side(jobs, self.pair, "pairs")

    def pair(self, first: tuple[str, int], second: tuple[str, int], wait: float) -> None:
        root = self.folders.copy(COMMANDS[first[0]].world)
        one = self.folders.start(*first, root)
        time.sleep(wait)
        two = self.folders.start(*second, root)
        for run, who in ((one.wait(), first), (two.wait(), second)):
            if run.fault:
                self.fault(f"pair {first} {second}: {who} {run.fault}", run)
            self.counts["refused with a sentence in a pair"] += run.code == 2
        self.counts["pairs at once"] += 1
        after = f"pair {first} {second}"
        # Right is what the two leave one after the other: cards of a model trained meanwhile, or
        # a page that tells of both. What they refuse then, they may refuse now.
        line = self.folders.copy(COMMANDS[first[0]].world)
        self.folders.start(*first, line).wait()
        refused = self.folders.start(*second, line).wait().code == 2
        again = self.folders.start(*second, root).wait()
        self.counts["runs after a kill or a pair"] += 1
        if again.fault or (again.code == 2 and not refused):
            self.fault(f"{second} after {after}: {again.fault or 'refused'}", again)
        elif again.code != 2 and (
            wrong := self.folders.difference(*second, root, beside=True, like=line)
        ):
            self.fault(f"{second} after {after}: {wrong}")
        shutil.rmtree(line, ignore_errors=True)
        if left := self.folders.left(root):
            self.fault(f"{second[0]} after {after}: {left}")
        shutil.rmtree(root, ignore_errors=True)

    def files(self) -> None:
        """Give faulty files to the readers."""
        folder = self.home / "files"
        folder.mkdir()
        kept = list(file_corpus.corpus(folder, seed=self.chosen.seed, count=self.chosen.files))
        self.side_by_side(kept, self.file, "files")
        shutil.rmtree(folder)

    def file(self, kind: str, path: Path) -> None:
        run = Run(lambda: read_file(path), cpu_seconds=FILE_SECONDS).wait()
        self.counts["faulty files"] += 1
        self.counts["files refused with a sentence"] += run.code == 2
        self.counts["files read"] += run.code == 0
        if run.fault:
            self.fault(f"file {kind} {path.name} seed {self.chosen.seed}: {run.fault}", run)

    def store(self) -> None:
        """Attack the casework store's file."""
        for name, attack in attacks():
            folder = Path(tempfile.mkdtemp(dir=self.home))
            with contextlib.redirect_stdout(io.StringIO()):
                found = attack(folder)
            self.counts["attacks on the store"] += 1
            self.counts["attacks on the store that were noticed"] += found
            if not found:
                self.fault(f"attack on the store not noticed: {name}")

    def tracked(self) -> None:
        """Kill trainings that write MLflow's database."""
        if time.monotonic() > self.until:
            self.counts["kills with MLflow not tried: the time was over"] += self.chosen.tracked
        elif self.chosen.tracked:
            kill_trainings_with_mlflow(self.home, self.chosen.tracked, self.counts, self.fault)

    def report(self) -> None:
        print(f"\nseed {self.chosen.seed}\n\n| what | count |\n|---|---|")
        for name, value in sorted(self.counts.items()):
            print(f"| {name} | {value:,} |")
        both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        used = sum(sum(resource.getrusage(who)[:2]) for who in both)
        print(f"| minutes of the processor | {used / 60:.1f} |")
        print(f"| wrong, hung or with a traceback | {len(self.faults)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=25)
    parser.add_argument("--seconds", type=float, default=840.0)
    parser.add_argument("--each", type=int, default=6, help="kills of the later commands")
    parser.add_argument("--moments", type=int, default=20, help="kills at any moment")
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--tracked", type=int, default=4, help="kills with MLflow")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--without", default="", help="store,files,pairs,kills,tracked")
    parser.add_argument("--stages", default="", help=",".join(COMMANDS))
    chosen = parser.parse_args()
    print(f"torture with seed {chosen.seed}, at most {chosen.seconds:.0f} s", flush=True)
    for name in STAGES:
        with contextlib.suppress(ImportError):
            __import__(f"delinquency.stages.{name}")
    torture = Torture(chosen)
    try:
        # The kills are most of the time: what is short is not left over when the time is.
        for name in ("store", "prepare", "pairs", "tracked", "files", "kills"):
            if name not in chosen.without.split(","):
                torture.say(name)
                getattr(torture, name)()
    finally:
        shutil.rmtree(torture.home, ignore_errors=True)
    torture.report()
    torture.say("done")
    raise SystemExit(bool(torture.faults))


if __name__ == "__main__":
    main()
