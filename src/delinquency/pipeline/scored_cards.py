"""Cards of accounts that ``make score`` scored: chosen from its files, explained again one by one.

The files of scores hold codes and numbers. What a card shows beside them, every feature's exact
contribution and the months that a change is tried on, is made again from the tables that were
scored, for the accounts of the book only. The probability that comes out must be the stored one.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyarrow import parquet

from delinquency.config import Config
from delinquency.errors import ChoiceError, MissingArtifactError, ModelError
from delinquency.panel.schema import TABLES
from delinquency.panel.trained_population import INSIDE
from delinquency.panel.window_rows import join_windows, take_rows
from delinquency.panel.windows import Array, Windows, build_windows
from delinquency.pipeline import saved_model
from delinquency.pipeline.card_accounts import BookAccounts, rows_of_accounts, wanted_accounts
from delinquency.pipeline.cleared_records import without_cleared
from delinquency.pipeline.feature_parts import KEYS
from delinquency.pipeline.score_parts import FEATURES, parts_to_score, remove_staged
from delinquency.pipeline.score_stream import SUMMARY, WORK
from delinquency.reasons.reason_selection import select_reasons
from delinquency.reasons.reference_population import Contributions
from delinquency.reporting.card_facts import CardAccounts
from delinquency.scoring.account_scorer import AccountScorer, latest_months, load_scorer
from delinquency.scoring.part_tables import read_part
from delinquency.scoring.score_records import OUTSIDE_COLUMN
from delinquency.shapley import PAIRS
from delinquency.workspace.artifacts import read_json

SAME = 1e-12
"""Largest difference of a probability that is made again from the one that was stored."""


@dataclass(frozen=True, eq=False)
class _Part:
    """What is made again of the accounts of one part; row-aligned."""

    keys: pd.DataFrame
    pd_hat: Array
    trait_values: Array
    evidence: NDArray[np.int8]
    matrix: Array
    windows: Windows | None


def scored_book(config: Config, fitted: saved_model.Trained) -> BookAccounts:
    """Return the accounts of the book among those that were scored last.

    Parameters
    ----------
    config : Config
    fitted : Trained
        The model that scored them.

    Raises
    ------
    MissingArtifactError
        If nothing was scored yet, or the accounts have changed since.
    ModelError
        If another model scored them.
    """
    folder = scores_folder(config)
    summary = read_json(folder / SUMMARY, made_by="score")
    scorer = load_scorer(fitted.folder, options=config.reasons, currency=config.data.currency)
    if summary["model"] != scorer.version:
        raise ModelError(
            f"The scores in {folder} were made by model {summary['model']}. Got model "
            f"{scorer.version}, whose own level cards state: score the accounts again, or name "
            "that model with score.model."
        )
    stored = _stored(folder)
    rows = _chosen_rows(config, stored)
    chosen = stored.iloc[rows]
    given = config.score.input or summary.get("input", "")
    asked = replace(config, score=replace(config.score, input=given))
    made, dated = _made_again(asked, scorer, chosen, folder)
    joined, places = _in_order(made, chosen)
    gap = np.abs(joined.pd_hat[places] - chosen["pd_hat"].to_numpy(np.float64))
    if not (gap <= SAME).all():
        raise MissingArtifactError(
            f"{int((gap > SAME).sum()):,} of {len(gap):,} accounts have another probability than "
            "when they were scored: their tables, or what was cleared of them, have changed. "
            "Run python -m delinquency stage=score with the same choices again."
        )

    outside = chosen[OUTSIDE_COLUMN].astype("str").to_numpy(object)

    def accounts(wanted: NDArray[np.intp]) -> CardAccounts:
        cards = _card_accounts(fitted, scorer, joined, places[wanted], dated=dated)
        return replace(cards, outside=tuple(outside[wanted]))

    return BookAccounts(
        keys=joined.keys.iloc[places].reset_index(drop=True),
        n_accounts=len(stored) if wanted_accounts(config) else int(_is_inside(stored).sum()),
        accounts=accounts,
        windows=None if joined.windows is None else take_rows(joined.windows, places),
    )


def scores_folder(config: Config) -> Path:
    """Return the folder of the scores that were written last.

    Raises
    ------
    ChoiceError
        If the scores were written as one file, which says too little.
    MissingArtifactError
        If nothing was scored yet.
    """
    default = config.workspace.processed / "scores.parquet"
    folder = Path(config.score.output).expanduser() if config.score.output else default
    if folder.is_file():
        raise ChoiceError(
            f"Cards are made from a folder of scores. Got the file {folder}: run stage=score "
            "without score.output, or with a folder there."
        )
    if not (folder / SUMMARY).exists():
        raise MissingArtifactError(
            f"No accounts were scored yet: {folder / SUMMARY} does not exist. Run python -m "
            "delinquency stage=score first."
        )
    return folder


def _stored(folder: Path) -> pd.DataFrame:
    """Return id, month, probability, cause to leave it out, and part of every scored account."""
    paths = sorted(folder.glob("*.parquet"))
    if any(OUTSIDE_COLUMN not in parquet.read_schema(path).names for path in paths):
        raise MissingArtifactError(
            f"The scores in {folder} were made by an earlier version. Run python -m delinquency "
            "stage=score again."
        )
    frames = [
        pd.read_parquet(path, columns=[*KEYS, "pd_hat", OUTSIDE_COLUMN]).assign(part=number)
        for number, path in enumerate(paths)
    ]
    return pd.concat(frames, ignore_index=True)


def _is_inside(stored: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which accounts are like those of the training, and observed in the last month."""
    return (stored[OUTSIDE_COLUMN].astype("str") == INSIDE).to_numpy()


def _chosen_rows(config: Config, stored: pd.DataFrame) -> NDArray[np.intp]:
    """Return the rows of the book: those asked for, else those most at risk."""
    wanted = wanted_accounts(config)
    if not wanted:
        inside = np.flatnonzero(_is_inside(stored))
        order = np.argsort(-stored["pd_hat"].to_numpy(np.float64)[inside], kind="stable")
        return inside[order[: config.cards.count]]
    undated = stored["observation_month"].isna().all()
    frame = stored.assign(observation_month=0) if undated else stored
    return rows_of_accounts(frame, wanted, done="scored")


def _made_again(
    config: Config, scorer: AccountScorer, chosen: pd.DataFrame, folder: Path
) -> tuple[list[_Part], bool]:
    """Return what is made again, part by part, and whether the months are real ones."""
    parts = parts_to_score(config, folder / WORK, scorer.model.features, held=True)
    made = []
    try:
        for number, ids in chosen.groupby("part")["account_id"]:
            if int(number) >= len(parts.folders):
                raise MissingArtifactError(
                    f"The accounts of {folder} came in more parts than are there now: score them "
                    "again, naming the same score.input."
                )
            made.append(_part(config, scorer, parts.folders[int(number)], set(ids.astype(str))))
    finally:
        remove_staged(parts)
    return made, parts.dated


def _part(config: Config, scorer: AccountScorer, folder: Path, ids: set[str]) -> _Part:
    """Return the chosen accounts of one part, scored again."""
    if (folder / FEATURES).exists():
        frame = pd.read_parquet(folder / FEATURES)
        frame = frame[frame["account_id"].astype(str).isin(ids)].reset_index(drop=True)
        matrix = scorer.model.matrix(frame)
        scored = scorer.score_features(np.ascontiguousarray(matrix.T), frame[KEYS], ())
        windows = None
    else:
        everything = {name: {c.name for c in table} for name, table in TABLES.items()}
        tables = read_part(folder, {n: c for n, c in everything.items() if n != "outcomes"})
        few = {n: t[t["account_id"].astype(str).isin(ids)] for n, t in tables.items()}
        texts = {n: t.select_dtypes("category").columns for n, t in few.items()}
        plain = {n: t.astype(dict.fromkeys(texts[n], "str")) for n, t in few.items()}
        known = without_cleared(config, plain)
        observed = latest_months(known["statements"])
        windows = build_windows(known, observed, n_months=scorer.n_months)
        scored = scorer.score_windows(windows)
    return _Part(
        scored.keys.reset_index(drop=True), scored.pd_hat, scored.trait_values, scored.evidence,
        np.ascontiguousarray(scored.features.T), windows,
    )  # fmt: skip


def _in_order(made: list[_Part], chosen: pd.DataFrame) -> tuple[_Part, NDArray[np.intp]]:
    """Return all parts as one, and where in it each chosen account is."""
    keys = pd.concat([one.keys for one in made], ignore_index=True)
    windows = [one.windows for one in made if one.windows is not None]
    joined = _Part(
        keys,
        np.concatenate([one.pd_hat for one in made]),
        np.concatenate([one.trait_values for one in made]),
        np.concatenate([one.evidence for one in made]),
        np.concatenate([one.matrix for one in made]),
        join_windows(windows) if windows else None,
    )
    place = pd.Series(np.arange(len(keys)), index=keys["account_id"].astype(str))
    found = place.reindex(chosen["account_id"].astype(str))
    if found.isna().any() or place.index.has_duplicates:
        raise MissingArtifactError(
            "Accounts that were scored are not in the tables any more. Run python -m delinquency "
            "stage=score again."
        )
    return joined, found.to_numpy(np.intp)


def _card_accounts(
    fitted: saved_model.Trained, scorer: AccountScorer, made: _Part, rows: NDArray[np.intp],
    *, dated: bool,
) -> CardAccounts:  # fmt: skip
    """Return the accounts of some cards, with exact contributions of every feature."""
    matrix = made.matrix[rows]
    with_pairs = fitted.explainer.can_give(PAIRS)
    exact = fitted.explainer.explain(matrix, features=True, pairs=with_pairs)
    contributions = Contributions(made.trait_values[rows], exact.feature_values, matrix)
    keys = made.keys.iloc[rows]
    months = keys["observation_month"].to_numpy().astype("datetime64[M]")
    if not dated:
        months = np.full(len(rows), np.datetime64("NaT"), "datetime64[M]")
    return CardAccounts(
        account_ids=[str(one) for one in keys["account_id"]],
        months=months,
        pd_hat=made.pd_hat[rows],
        contributions=contributions,
        evidence=made.evidence[rows],
        reasons=select_reasons(contributions, made.evidence[rows], scorer.context),
        pair_values=exact.pair_values if with_pairs else None,
    )
