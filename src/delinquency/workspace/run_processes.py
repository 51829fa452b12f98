"""Which process made a run, so that the run of a killed one is not left as if it went on."""

import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from delinquency.atomic_files import machine

PROCESS = "delinquency.process"
"""Tag that says which process made a run."""
MOST_RUNNING = 500
"""Unfinished runs that are looked at."""


def end_killed_runs(experiment_id: str) -> list[str]:
    """Mark runs as FAILED whose process is gone, and return their ids.

    Parameters
    ----------
    experiment_id : str
        Runs of other machines, and runs that do not say which process made them, are left alone.
    """
    import mlflow

    client = mlflow.MlflowClient()
    running = client.search_runs(
        [experiment_id], "attributes.status = 'RUNNING'", max_results=MOST_RUNNING
    )
    gone = {
        run.info.run_id
        for run in running
        if PROCESS in run.data.tags and is_gone(run.data.tags[PROCESS])
    }
    children = {
        run.info.run_id for run in running if run.data.tags.get("mlflow.parentRunId") in gone
    }
    for run_id in sorted(gone | children):
        client.set_tag(run_id, "error", "The process was killed before its end.")
        client.set_terminated(run_id, "FAILED")
    return sorted(gone | children)


def this_process() -> str:
    """Return what tells this process from all others: machine, number, moment of its start."""
    process = psutil.Process()
    return f"{machine()} {process.pid} {process.create_time():.2f}"


def is_gone(process: str) -> bool:
    """Whether a process of this machine, as ``this_process`` tells it, has ended."""
    where, number, started = process.rsplit(" ", 2)
    if where != machine():
        return False
    try:
        now = psutil.Process(int(number)).create_time()
    except psutil.NoSuchProcess:
        return True
    except (psutil.AccessDenied, ValueError):
        return False
    # Two processes of one number start more than a second apart.
    return abs(now - float(started)) > 1.0


def source_tags(folder: Path) -> dict[str, str]:
    """Return the commit of a checkout and whether it was changed; "unknown" outside of one."""

    def ask(*command: str) -> str:
        try:
            done = subprocess.run(
                ["git", *command], cwd=folder, capture_output=True, text=True, timeout=10
            )
        except (OSError, subprocess.TimeoutExpired):
            return "unknown"
        return done.stdout.strip() if done.returncode == 0 else "unknown"

    commit = ask("rev-parse", "HEAD")
    changed = ask("status", "--porcelain", "--untracked-files=no")
    dirty = "unknown" if commit == "unknown" else str(bool(changed)).lower()
    return {"git_commit": commit, "git_dirty": dirty}


@contextmanager
def terminable() -> Iterator[None]:
    """Turn SIGTERM into SystemExit while the body runs, so that open runs are closed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, _frame: Any) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
