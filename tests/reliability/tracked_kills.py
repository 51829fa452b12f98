"""Kills of trainings that write MLflow's database: none may stay RUNNING after the next one."""

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from forked_runs import Run, at_each_operation, kill_at
from tortured_folders import MADE, SMALL, draw_nothing

from delinquency.config import load
from delinquency.stages import run_stage


def kill_trainings_with_mlflow(
    home: Path, kills: int, counts: Counter[str], fault: Callable[..., None]
) -> None:
    """Kill a training at operations spread over it, each time followed by one that ends."""
    root = home / "tracked"
    root.mkdir()
    given = [*MADE, *SMALL, "tracking=local", "stage=train", f"paths.root={root}"]
    config = load([*given, "evaluation.n_boot=3"])

    def start(number: int = 0, log: Path | None = None) -> Run:
        def work() -> None:
            draw_nothing()
            if number:
                kill_at(number, root)
            if log:
                at_each_operation(root, lambda count, _: log.write_text(str(count)))
            run_stage(config)

        return Run(work).wait()

    log = home / "operations"
    first = start(log=log)
    if first.fault:
        fault("a training with MLflow", first)
        return
    operations = int(log.read_text())
    for k in range(kills):
        number = 1 + (2 * k + 1) * operations // (2 * kills)
        if not start(number).killed:
            counts["trainings with MLflow that ended before the kill"] += 1
            continue
        counts["kills of a training with MLflow"] += 1
        again = start()
        if again.fault or again.code != 0:
            fault(f"a training with MLflow after kill {number}", again)
        states = _states(root / "mlflow.db")
        if set(states) - {"FINISHED", "FAILED"}:
            fault(f"after kill {number}: runs are {states}")


def _states(database: Path) -> Counter[str]:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        return Counter(row[0] for row in connection.execute("SELECT status FROM runs"))
