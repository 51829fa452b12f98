"""Stage ``score``: a portfolio of any size, part by part, on any engine, resumed after a kill.

A part that is scored is a file, whole or absent, that says what it was made from: a run that is
begun again scores only what is missing or has changed. What is held in memory is one part and the
model, whatever the size of the portfolio.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow

from delinquency.atomic_files import replacing
from delinquency.config import Config
from delinquency.panel.trained_population import ENDED, OUTSIDE
from delinquency.panel.window_cells import month_number
from delinquency.pipeline.cleared_records import erased_state, without_cleared
from delinquency.pipeline.score_parts import (
    FEATURES,
    UNSEEN,
    Parts,
    file_facts,
    last_month,
    parts_to_score,
    remove_staged,
)
from delinquency.reasons.reason_options import ReasonOptions
from delinquency.scoring.account_scorer import AccountScorer, ScoredAccounts, load_scorer
from delinquency.scoring.moved_level import MovedLevel
from delinquency.scoring.part_tables import read_part
from delinquency.scoring.score_records import stored_metadata, to_table, worded, write_scores
from delinquency.workspace.artifacts import (
    code_digest,
    digest,
    frames_written,
    write_csv_parts,
    write_json,
)
from delinquency.workspace.engines.registered_engines import ENGINES
from delinquency.workspace.folder_locks import locked
from delinquency.workspace.progress import rated

RECEIPT = "delinquency"
"""Key of the receipt in a file of scores."""
PD_BINS = 2_000
"""Equal steps of the PD that the quantiles of a portfolio are read from."""
WORK = ".work"
SUMMARY = "_summary.json"
"""Begins with a line, so that readers of a whole folder of Parquet files pass it over."""


@dataclass(frozen=True)
class Job:
    """One part to score: small, for it travels to the worker.

    Attributes
    ----------
    folder : Path
    output : Path
    model : Path
        Folder of the saved model.
    key : str
        Digest of everything that the scores follow from.
    dated : bool
    config : Config
    level : MovedLevel or None
    last_month : int or None
        Latest month of all parts, as months since 1970-01; None where there are none.
    """

    folder: Path
    output: Path
    model: Path
    key: str
    dated: bool
    config: Config
    level: MovedLevel | None = None
    last_month: int | None = None


@dataclass(frozen=True)
class Receipt:
    """What is known of a scored part.

    Attributes
    ----------
    part : str
        Name of the file of scores.
    key : str
    accounts : int
    outside : dict of str to int
        Accounts that the model was not trained on, by cause, and those whose statements end
        before the last month; what follows is of the others.
    pd_sum : float
    pd_counts : list of int
        Accounts by PD, in ``PD_BINS`` equal steps; only steps that are reached, as pairs.
    """

    part: str
    key: str
    accounts: int
    outside: dict[str, int]
    pd_sum: float
    pd_counts: list[list[int]]


@dataclass(frozen=True)
class Scored:
    """What a run made.

    Attributes
    ----------
    folder : Path
        Of the files of scores.
    receipts : list of Receipt
        In the order of the parts.
    made : int
        Parts that this run scored; the others were there.
    """

    folder: Path
    receipts: list[Receipt]
    made: int

    @property
    def accounts(self) -> int:
        """Number of accounts."""
        return sum(one.accounts for one in self.receipts)

    @property
    def outside(self) -> dict[str, int]:
        """Accounts that the model was not trained on, by cause; only causes that occur."""
        counts = {code: sum(one.outside.get(code, 0) for one in self.receipts) for code in OUTSIDE}
        return {code: count for code, count in counts.items() if count}

    @property
    def inside(self) -> int:
        """Number of accounts like those of the training, observed in the last month."""
        return self.accounts - sum(self.outside.values())

    @property
    def mean_pd(self) -> float:
        """Mean PD of the accounts inside; NaN without any."""
        return sum(one.pd_sum for one in self.receipts) / self.inside if self.inside else np.nan

    def quantile(self, share: float) -> float:
        """Return the PD that a share of those inside lie below, to 0.05 percentage points."""
        counts = np.zeros(PD_BINS, np.int64)
        for one in self.receipts:
            for step, count in one.pd_counts:
                counts[step] += count
        if not counts.any():
            return float("nan")
        step = int(np.searchsorted(np.cumsum(counts), share * counts.sum()))
        return (min(step, PD_BINS - 1) + 0.5) / PD_BINS


def score_portfolio(
    config: Config, model: Path, out: Path, *, level: MovedLevel | None = None
) -> Scored:
    """Score every part of a portfolio into a folder, a file a part.

    Parameters
    ----------
    config : Config
    model : Path
        Folder of the saved model.
    out : Path
        Folder of the scores; files of other parts in it are removed.
    level : MovedLevel, optional
        Moves every PD.

    Returns
    -------
    Scored
    """
    wait = config.paths.wait_seconds
    with locked([out], command="stage=score", wait_seconds=wait):
        return _score_alone(config, model, out, level)


def _score_alone(config: Config, model: Path, out: Path, level: MovedLevel | None) -> Scored:
    out.mkdir(parents=True, exist_ok=True)
    scorer = load_scorer(model, level=level)
    parts = parts_to_score(config, out / WORK, scorer.model.features)
    jobs = _jobs(config, parts, model, out, scorer, level)
    names = {job.output.name for job in jobs}
    for stale in out.glob("*.parquet"):
        if stale.name not in names:
            stale.unlink()
    kept = {job.output.name: receipt for job in jobs if (receipt := _receipt_of(job))}
    todo = [job for job in jobs if job.output.name not in kept]
    with rated("scoring", "accounts", parts=len(jobs), done=len(kept)) as tick:
        for receipt in ENGINES[config.engine.kind](score_part, todo, config.engine):
            kept[receipt.part] = receipt
            tick(receipt.accounts)
    receipts = [kept[job.output.name] for job in jobs]
    write_json(
        {
            "model": scorer.version,
            "input": config.score.input,
            "parts": [asdict(replace(one, pd_counts=[])) for one in receipts],
            "accounts": sum(one.accounts for one in receipts),
            "outside": Scored(out, receipts, 0).outside,
        },
        out / SUMMARY,
    )
    remove_staged(parts)
    return Scored(out, receipts, len(todo))


def _jobs(
    config: Config,
    parts: Parts,
    model: Path,
    out: Path,
    scorer: AccountScorer,
    level: MovedLevel | None,
) -> list[Job]:
    """Return a job a part."""
    last = last_month(parts.folders)
    same = [
        scorer.version, code_digest(), parts.dated, erased_state(config), last,
        asdict(config.reasons), config.data.currency, None if level is None else asdict(level),
    ]  # fmt: skip
    return [
        Job(
            folder=folder,
            output=out / f"part-{number:05d}.parquet",
            model=model,
            key=digest([*same, file_facts(folder)]),
            dated=parts.dated,
            config=config,
            level=level,
            last_month=last,
        )
        for number, folder in enumerate(parts.folders)
    ]


def score_part(job: Job) -> Receipt:
    """Score one part and write its file; what every engine runs.

    Parameters
    ----------
    job : Job

    Returns
    -------
    Receipt
    """
    options, threads = job.config.reasons, _threads(job.config)
    chosen = tuple(asdict(options).items())
    scorer = _scorer(job.model, chosen, job.config.data.currency, threads, job.level)
    scored, unseen = _scored(job, scorer)
    scored = _with_ended(scored, job.last_month)
    inside = scored.pd_hat[scored.outside == 0]
    codes, counts = np.unique(scored.outside[scored.outside > 0], return_counts=True)
    receipt = Receipt(
        part=job.output.name,
        key=job.key,
        accounts=len(scored),
        outside={OUTSIDE[code]: int(n) for code, n in zip(codes, counts, strict=True)},
        pd_sum=float(inside.sum()),
        pd_counts=_pd_counts(inside),
    )
    table = to_table(scored, scorer, dated=job.dated)
    if unseen is not None:
        table = table.append_column(UNSEEN, pyarrow.array(unseen, pyarrow.string()))
    with replacing(job.output) as temporary:
        write_scores(table, temporary, {RECEIPT: json.dumps(asdict(receipt))})
    return receipt


def _scored(job: Job, scorer: AccountScorer) -> tuple[ScoredAccounts, pd.Series | None]:
    """Return the scores of a part, and the names in it that training never saw."""
    if (job.folder / FEATURES).exists():
        frame = pd.read_parquet(job.folder / FEATURES)
        features = np.ascontiguousarray(scorer.model.matrix(frame).T)
        keys = frame[["account_id", "observation_month"]]
        return scorer.score_features(features, keys, ()), frame.get(UNSEEN)
    tables = read_part(job.folder, scorer.read_columns)
    if erased_state(job.config):
        tables = without_cleared(job.config, tables)
    return scorer.score(tables), None


def _with_ended(scored: ScoredAccounts, last: int | None) -> ScoredAccounts:
    """Return scores in which accounts whose statements end early say so, where nothing else does.

    An account of a part cannot know it: the last month is that of all parts together.
    """
    if last is None:
        return scored
    months = month_number(scored.keys["observation_month"])
    ended = (scored.outside == 0) & (months < last)
    code = np.int8(OUTSIDE.index(ENDED))
    return replace(scored, outside=np.where(ended, code, scored.outside).astype(np.int8))


def _threads(config: Config) -> int:
    """Return the threads of one job: those of the process where jobs run in it, else one."""
    return config.n_threads if config.engine.kind == "in_process" else 1


@lru_cache(maxsize=2)
def _scorer(
    model: Path,
    options: tuple[tuple[str, Any], ...],
    currency: str,
    threads: int,
    level: MovedLevel | None,
) -> AccountScorer:
    """Return the scorer of a model; a worker loads it once."""
    return load_scorer(
        model,
        options=ReasonOptions(**dict(options)),
        currency=currency,
        n_threads=threads,
        level=level,
    )


def _receipt_of(job: Job) -> Receipt | None:
    """Return the receipt of a part that is there already, made from the same; None otherwise."""
    if not job.output.exists():
        return None
    kept = stored_metadata(job.output).get(RECEIPT)
    if kept is None:
        return None
    receipt = Receipt(**json.loads(kept))
    return receipt if receipt.key == job.key else None


def _pd_counts(pd_hat: np.ndarray) -> list[list[int]]:
    steps = np.minimum((pd_hat * PD_BINS).astype(np.int64), PD_BINS - 1)
    found, counts = np.unique(steps, return_counts=True)
    return [[int(step), int(count)] for step, count in zip(found, counts, strict=True)]


def write_worded(scored: Scored, scorer: AccountScorer, path: Path) -> None:
    """Write the scores of all parts as one file, reasons in words.

    Parameters
    ----------
    scored : Scored
    scorer : AccountScorer
    path : Path
        ``.csv`` or ``.parquet``.
    """
    frames = (worded(pd.read_parquet(scored.folder / one.part), scorer) for one in scored.receipts)
    if path.suffix == ".csv":
        write_csv_parts(frames, path)
        return
    with frames_written(path) as write:
        for frame in frames:
            write(frame)


def read_scores(
    folder: Path, scorer: AccountScorer, accounts: Sequence[str] | None = None
) -> pd.DataFrame:
    """Return stored scores in words, of all accounts or of some.

    Parameters
    ----------
    folder : Path
        As ``score_portfolio`` writes it.
    scorer : AccountScorer
        Of the model that made them.
    accounts : sequence of str, optional
        Only these.

    Returns
    -------
    DataFrame
    """
    chosen = None if accounts is None else [("account_id", "in", list(accounts))]
    frames = [pd.read_parquet(path, filters=chosen) for path in sorted(folder.glob("*.parquet"))]
    return worded(
        pd.concat([f for f in frames if len(f)] or frames[:1], ignore_index=True), scorer
    )
