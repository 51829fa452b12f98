"""What is tortured: small portfolios, the commands, and what each command writes when all is well.

Every command has two ways to be called. What is right after a kill is what the same call writes in
a folder in which nothing was killed: all files that it writes, byte by byte, but for moments and
times taken, which are struck out, and the few files named when the torture begins.
"""

import contextlib
import hashlib
import io
import os
import re
import shutil
import sqlite3
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from forked_runs import Run, copy_at_each, kill_at
from matplotlib.figure import Figure

from delinquency.config import Config, load
from delinquency.errors import DriftError
from delinquency.stages import run_stage

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
    "model.n_estimators=6", "model.calibration=none", "tracking=none", "n_threads=1",
]  # fmt: skip
OWN = ["data=own", "split.by=account"]
MADE = [
    "data=synthetic", "data.n_accounts=260", "data.n_months=30", "data.burn_in_months=6",
    "data.audit_accounts=12", "data.audit_paths=4", "data.window_months=6",
    "data.label.history_months=6", "audit.resamples=10", "audit.cut_off=0.001",
    "validation.n_boot=2",
    "validation.refits=2", "validation.sample_rows=20", "validation.refit_rows=300",
]  # fmt: skip
LATER = "data.label.bad_days_past_due=30"
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8"
    "ffff3f0005fe02fea72d1b0c0000000049454e44ae426082"
)
TEXT = {".json", ".html", ".csv", ".yaml", ".md", ".txt", ".sql", ".py", ".svg"}
CHANGING = re.compile(
    rb"20\d\d-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(\+\d\d:\d\d|Z)?"
    rb'|"[a-z_]*(seconds|us_per_row)": [0-9.e-]+'
)
"""Moments and times taken."""
LEFT = (".writing", ".old", ".lock")
"""What no command may leave, in the name of a file or folder."""


@dataclass(frozen=True)
class Command:
    """A command and its two ways.

    Attributes
    ----------
    name : str
    world : str
        ``own`` or ``made``: the portfolio.
    ways : pair of tuple of str
        Overrides; the base folder holds what the first way wrote.
    slow : bool
        Whether it is left out of the pairs.
    """

    name: str
    world: str
    ways: tuple[tuple[str, ...], tuple[str, ...]]
    slow: bool = False


def _command(name: str, world: str, first: str, second: str = "", **more: bool) -> Command:
    return Command(name, world, (tuple(first.split()), tuple((second or first).split())), **more)


REPORT = "stage=case case.do=report case.lender=bank-a case.consent=true"
VERIFY = ("stage=case", "case.do=verify")
STORE = "casework.db"
CASE = ("report", "open", "clear", "records")
"""Commands of the casework store: how many rows its tables hold is their result."""
COUNTED = ("cases", "overdue_records", "overdue_buckets", "erased")
"""Tables in which what is done twice may not be seen; log and exports tell of each time."""
COMMANDS = {
    one.name: one
    for one in (
        _command("data", "own", "stage=data", f"stage=data {LATER} data.window_months=5"),
        _command("features", "own", "stage=features", f"stage=features {LATER}"),
        _command("train", "own", "stage=train evaluation.n_boot=3",
                 f"stage=train evaluation.n_boot=3 {LATER} data.window_months=5"),
        _command("evaluate", "own", "stage=evaluate evaluation.n_boot=3",
                 "stage=evaluate evaluation.n_boot=5"),
        _command("explain", "own", "stage=explain", "stage=explain explain.account=A003"),
        _command("cards", "own", "stage=cards cards.count=3", "stage=cards cards.count=2"),
        _command("score", "own", "stage=score", "stage=score score.output={root}/scored.csv"),
        _command("export", "own", "stage=export"),
        _command("monitor", "own", "stage=monitor", "stage=monitor monitor.month=2023-09"),
        _command("report", "made", REPORT),
        _command("open", "made", "stage=case case.do=open case.account_id=A1 case.once=one"),
        _command("clear", "made", "stage=case case.do=clear case.as_of=2031-01-01"),
        _command("records", "made", "stage=case case.do=export case.file={root}/records.csv"),
        _command("inspect", "own",
                 "stage=inspect inspect.path={root}/statements.csv inspect.draft=true",
                 "stage=inspect inspect.path={root}/statements.csv"),
        _command("treat", "made", "stage=treat", "stage=treat treatment.capacity=5"),
        _command("forgetting", "made", "stage=forgetting", slow=True),
        _command("policy_diff", "made", "stage=policy_diff treatment.against=us_reg_f",
                 "stage=policy_diff treatment.against=cn_2026"),
        _command("truth_audit", "made", "stage=truth_audit",
                 "stage=truth_audit audit.resamples=11", slow=True),
        _command("tune", "made", "stage=tune tune.minutes=0 tune.trials=1 tune.folds=2",
                 slow=True),
        _command("validate", "made", "stage=validate", "stage=validate validation.word=false",
                 slow=True),
    )
}  # fmt: skip
AT_EVERY_OPERATION = ("data", "features", "train")
PREPARED_BY = {"own": AT_EVERY_OPERATION, "made": (*AT_EVERY_OPERATION, "report")}


def draw_nothing() -> None:
    """Make figures small files: what is drawn is not what is tried here, writing it is."""

    def save(self: Figure, target: object, **how: object) -> None:
        if how.get("format") == "svg":
            target.write('<svg xmlns="http://www.w3.org/2000/svg"/>')
        elif isinstance(target, str | Path):
            Path(target).write_bytes(PIXEL)
        else:
            target.write(PIXEL)

    Figure.savefig = save


class Folders:
    """The base folders, copies of them, and the commands in them."""

    def __init__(self, home: Path, seed: int):
        self.home, self.seed = home, seed
        self.base = {world: home / "base" / world for world in ("own", "made")}
        self.right: dict[tuple[str, int], dict[str, str]] = {}
        self.changing: set[str] = set()
        self._configs: dict[tuple[str, ...], Config] = {}
        self._copies = 0

    def copy(self, world: str, source: Path | None = None) -> Path:
        self._copies += 1
        root = self.home / f"copy-{os.getpid()}-{self._copies}"
        shutil.copytree(source or self.base[world], root, symlinks=True)
        return root

    def config(self, world: str, overrides: tuple[str, ...], root: Path) -> Config:
        """Return the choices below a folder; composed once, for that takes most of a second."""
        mark = "/the/root"
        key = (world, *overrides)
        if key not in self._configs:
            search = f"hydra.searchpath=[file://{self.home / 'conf'}]"
            own = OWN if world == "own" else MADE
            told = [one.format(root=mark) for one in overrides]
            given = [search, f"paths.root={mark}", f"paths.raw={mark}", *own, *SMALL, *told]
            self._configs[key] = load(given)
        config = self._configs[key]
        paths = replace(config.paths, root=str(root), raw=str(root))
        score = replace(config.score, output=config.score.output.replace(mark, str(root)))
        inspect = replace(config.inspect, path=config.inspect.path.replace(mark, str(root)))
        return replace(config, paths=paths, score=score, inspect=inspect)

    def start(
        self, name: str, way: int, root: Path, *, kill: int = 0, states: Path | None = None
    ) -> Run:
        """Start a command in a folder, to be killed at an operation, or copied at each."""
        command = COMMANDS[name]
        return self.start_with(command.world, command.ways[way], root, kill=kill, states=states)

    def start_with(
        self, world: str, overrides: tuple[str, ...], root: Path, *, kill: int = 0,
        states: Path | None = None,
    ) -> Run:  # fmt: skip
        config = self.config(world, overrides, root)

        def work() -> None:
            draw_nothing()
            if kill:
                kill_at(kill, root)
            if states:
                copy_at_each(root, states)
            run_stage(config)

        return Run(work)

    def prepare(self, worlds: set[str]) -> None:
        """Make the base folders of some portfolios."""
        (self.home / "conf/data").mkdir(parents=True)
        (self.home / "conf/data/own.yaml").write_text(PANEL)
        for world in sorted(worlds):
            base = self.base[world]
            base.mkdir(parents=True)
            if world == "own":
                _statements(self.seed).to_csv(base / "statements.csv", index=False)
            for name in PREPARED_BY[world]:
                self._cleanly(self.start_with(world, COMMANDS[name].ways[0], base))

    def learn(self, name: str, way: int) -> tuple[dict[str, str], set[str]]:
        """Return what a command writes when nothing is killed, and what is not the same twice."""
        found = []
        for run in (self.run_here, self.run_apart):
            root = self.copy(COMMANDS[name].world)
            before = _times(root)
            run(name, way, root)
            names = [one for one, time in _times(root).items() if before.get(one) != time]
            if name in CASE:
                names.append(STORE)
            found.append({one: digest(root / one, root) for one in names})
            shutil.rmtree(root)
        first, second = found
        same = {one: d for one, d in first.items() if second.get(one) == d}
        return same, (first.keys() | second.keys()) - same.keys()

    def run_here(self, name: str, way: int, root: Path) -> None:
        """Run a command in this process, which keeps all that it imports."""
        command = COMMANDS[name]
        config = self.config(command.world, command.ways[way], root)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(DriftError):
            run_stage(config)

    def run_apart(self, name: str, way: int, root: Path) -> None:
        self._cleanly(self.start(name, way, root))

    def difference(
        self, name: str, way: int, root: Path, *, beside: bool = False, like: Path | None = None
    ) -> str:
        """Return what is not as a clean run leaves it; "" when all is.

        Where another command worked ``beside`` it, the store may hold that one's rows too. Files
        may also be as in the folder ``like``.
        """
        wanted = self.right[name, way]
        other = []
        for one, right in wanted.items():
            allowed = {right} if like is None else {right, digest(like / one, like)}
            if digest(root / one, root) not in allowed and not (beside and one == STORE):
                other.append(one)
        if other:
            return f"wrong {other[:4]}"
        if name in CASE:
            run = self.start_with("made", VERIFY, root).wait()
            if '"holds": true' not in run.text:
                return f"the store does not hold: {run.told}"
        return ""

    @staticmethod
    def left(root: Path) -> str:
        """Return what half-written files and folders lie below a folder; "" for none."""
        left = [
            str(path.relative_to(root))
            for path in root.rglob(".*")
            if any(mark in path.name for mark in LEFT)
        ]
        return f"left {left[:4]}" if left else ""

    @staticmethod
    def _cleanly(run: Run) -> None:
        run.wait()
        if run.fault:
            raise SystemExit(f"a clean run failed: {run.fault}\n{run.text}")


def _times(root: Path) -> dict[str, tuple[int, int]]:
    """Return time and number of every file that a command may write, by name."""
    return {
        path.relative_to(root).as_posix(): (path.stat().st_mtime_ns, path.stat().st_ino)
        for path in root.rglob("*")
        if path.is_file() and path.suffix not in (".db", ".witness", ".lock")
    }


def digest(path: Path, root: Path) -> str:
    """Return a digest of a file, without its folder's name, moments and times taken."""
    if not path.is_file():
        return "missing"
    if path.name == STORE:
        return _rows(path)
    content = path.read_bytes()
    if path.suffix in TEXT:
        content = CHANGING.sub(b"", content.replace(str(root).encode(), b""))
    return hashlib.sha256(content).hexdigest()


def _rows(database: Path) -> str:
    """Return how many rows the tables hold."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        counts = {
            name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for name in COUNTED
        }
    return str(counts)


def _statements(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    months = pd.date_range("2023-01-01", periods=12, freq="MS").strftime("%Y-%m")
    grid = pd.MultiIndex.from_product([[f"A{k:03d}" for k in range(60)], months])
    frame = grid.set_names(["ID", "MONTH"]).to_frame(index=False)
    n = len(frame)
    frame["DPD"] = rng.choice([0] * 14 + [30, 60], n)
    frame["BAL"], frame["LIM"] = rng.integers(0, 9000, n), 10_000
    return frame
