"""What was asked of a served model, kept in Parquet for monitoring: numbers, and nobody's name."""

import os
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd

from delinquency.scoring.account_scorer import AccountScorer, ScoredAccounts
from delinquency.workspace.artifacts import write_frame

FOLDER_VARIABLE = "DELINQUENCY_REQUEST_LOG"
"""Environment variable that names the folder of the log; without it nothing is kept."""
ROWS, SECONDS = 5_000, 60.0
"""A file is written when so many rows wait, or the oldest has waited so long."""


class RequestLog:
    """Keeps scores and features of served rows, without account, month or any text.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._lock = threading.Lock()
        self._waiting: list[pd.DataFrame] = []
        self._since = time.monotonic()
        self._written = 0

    def add(self, scored: ScoredAccounts, scorer: AccountScorer) -> None:
        """Add the rows of one answer; safe to call from several threads."""
        columns = {"pd_hat": scored.pd_hat, "raw_score": scored.raw_score}
        for place, key in enumerate(scorer.context.reference.traits):
            columns[f"trait_{key}"] = scored.trait_values[:, place]
        columns |= dict(zip(scorer.model.features, scored.features, strict=True))
        frame = pd.DataFrame(columns)
        frame.insert(0, "asked_at", np.datetime64(int(time.time()), "s"))
        frame.insert(1, "model_version", scorer.version)
        with self._lock:
            self._waiting.append(frame)
            rows = sum(len(one) for one in self._waiting)
            if rows >= ROWS or time.monotonic() - self._since > SECONDS:
                self._write()

    def flush(self) -> None:
        """Write what is waiting."""
        with self._lock:
            self._write()

    def _write(self) -> None:
        self._since = time.monotonic()
        if not self._waiting:
            return
        frame = pd.concat(self._waiting, ignore_index=True)
        self._waiting = []
        name = f"requests-{int(time.time())}-{os.getpid()}-{self._written:06d}.parquet"
        self._written += 1
        write_frame(frame, self._folder / name)
