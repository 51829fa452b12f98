"""What was asked of a served model, kept in Parquet for monitoring: numbers, and nobody's name."""

import os
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd

from delinquency.panel.windows import Array
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
        self._waiting: list[tuple[np.datetime64, Array]] = []
        self._scorer: AccountScorer | None = None
        self._rows = 0
        self._since = time.monotonic()
        self._written = 0

    def add(self, scored: ScoredAccounts, scorer: AccountScorer) -> None:
        """Add the rows of one answer; safe to call from several threads."""
        numbers = np.column_stack(
            [scored.pd_hat, scored.raw_score, scored.trait_values, scored.features.T]
        )
        with self._lock:
            self._scorer = scorer
            self._waiting.append((np.datetime64(int(time.time()), "s"), numbers))
            self._rows += len(scored)
            if self._rows >= ROWS or time.monotonic() - self._since > SECONDS:
                self._write()

    def flush(self) -> None:
        """Write what is waiting."""
        with self._lock:
            self._write()

    def _write(self) -> None:
        self._since = time.monotonic()
        if self._scorer is None or not self._waiting:
            return
        traits = [f"trait_{key}" for key in self._scorer.context.reference.traits]
        names = ["pd_hat", "raw_score", *traits, *self._scorer.model.features]
        times = [moment for moment, numbers in self._waiting for _ in numbers]
        frame = pd.concat(
            [
                pd.DataFrame({"asked_at": times, "model_version": self._scorer.version}),
                pd.DataFrame(np.concatenate([one for _, one in self._waiting]), columns=names),
            ],
            axis=1,
        )
        self._waiting, self._rows = [], 0
        name = f"requests-{int(time.time())}-{os.getpid()}-{self._written:06d}.parquet"
        self._written += 1
        write_frame(frame, self._folder / name)
