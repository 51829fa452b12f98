"""Stage ``features``: cut the windows, label the outcomes, engineer the traits' features."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyarrow import parquet

from delinquency.config import Config, as_dict
from delinquency.errors import ModelError
from delinquency.features.feature_description import FeatureMeaning, from_plain, to_plain
from delinquency.features.feature_matrix import build_features
from delinquency.features.registered_features import FEATURES
from delinquency.panel.windows import build_windows, wide_frame
from delinquency.pipeline.canonical_tables import ensure_tables
from delinquency.pipeline.cleared_records import erased_state, without_cleared
from delinquency.pipeline.feature_parts import FRAMES, KEYS, UNDRAWN, making_of, protected_of
from delinquency.scoring.part_tables import SILENT
from delinquency.sources.adapters import SourceFeatures, SourceTables, one_cohort
from delinquency.sources.ready_table import PLACED, with_categories
from delinquency.traits import TRAITS
from delinquency.workspace.artifacts import (
    FrameDigest,
    code_digest,
    digest,
    frames_written,
    read_columns,
    read_json,
    write_json,
)
from delinquency.workspace.free_memory import give_back
from delinquency.workspace.manifests import (
    MANIFEST,
    find_difference,
    invalidate,
    read_manifest,
    require_whole,
    written_folder,
)
from delinquency.workspace.progress import say, working

MEANINGS = "meanings.json"
FEW = 200
"""Rows of the rarer outcome below which an AUC is known to about +-0.04 only (95 %)."""


@dataclass(frozen=True)
class Prepared:
    """The model's input, row-aligned.

    Attributes
    ----------
    keys : DataFrame
        ``account_id``, ``observation_month``.
    X : DataFrame of shape (n_rows, n_features)
    labels : DataFrame
        ``bad`` and ``group_id``.
    protected : DataFrame
        Protected attributes, for fairness reports only.
    read_raw : callable
        Reads ``raw``, which is twice as large as ``X`` and which training does not need.
    silent : ndarray of shape (n_rows,), bool, or None
        Accounts without a bill or payment in any month; None where that is not known.
    meanings : dict of str to FeatureMeaning
        What each column of ``X`` is.
    facts : dict
        Facts of the source and of this stage.
    unseen : Series of str or None
        For accounts to score: the columns whose name the model has not met.
    read_undrawn : callable or None
        Reads features and labels of the bad rows of persons that ``sample.share`` does not draw,
        for training alone; None where all are drawn. None of their other rows is anywhere.
    """

    keys: pd.DataFrame
    X: pd.DataFrame
    labels: pd.DataFrame
    protected: pd.DataFrame
    read_raw: Callable[[], pd.DataFrame]
    silent: NDArray[np.bool_] | None
    meanings: dict[str, FeatureMeaning]
    facts: dict[str, Any]
    unseen: pd.Series | None = None
    read_undrawn: Callable[[], tuple[pd.DataFrame, pd.DataFrame]] | None = None

    @cached_property
    def raw(self) -> pd.DataFrame:
        """The monthly columns themselves, for the peers that know no features."""
        return self.read_raw()

    @property
    def categories(self) -> dict[str, int]:
        """Columns of ``X`` that hold codes of names, and how many names each has."""
        return {
            name: len(meaning.categories)
            for name, meaning in self.meanings.items()
            if meaning.categories
        }


def prepare(config: Config) -> Prepared:
    """Return the model's input, made again only when a choice, code or data changed."""
    source_facts = ensure_tables(config)
    space = config.workspace
    kept = read_manifest(space.processed)
    why = "" if kept is None else find_difference(space.processed, kept)
    if why:
        say(f"{why}: the features are made again")
    if kept is None or why or kept.key != _key(config, source_facts):
        write_features(config, source_facts)
        kept = require_whole(space.processed, made_by="features")
    paths = {name: space.processed / f"{name}.parquet" for name in FRAMES}
    order: NDArray[np.int64] | None = None
    labels = read_columns(paths["labels"], without=KEYS)
    if kept.facts["source"].get(PLACED):
        # A place in the file is no property of an account: what is learnt must not depend on it.
        order = labels["group_id"].argsort(kind="stable").to_numpy()

    def read_undrawn() -> tuple[pd.DataFrame, pd.DataFrame]:
        X, others = (
            read_columns(space.processed / f"{name}.parquet") for name in UNDRAWN.values()
        )
        by = others["group_id"].argsort(kind="stable") if order is not None else others.index
        X, others = (one.iloc[by].reset_index(drop=True) for one in (X, others))
        return X.drop(columns=KEYS), others

    def read(name: str, *, only: list[str] | None = None) -> pd.DataFrame:
        frame = read_columns(paths[name], only=only, without=() if only else KEYS)
        if order is None or not frame.shape[1]:
            return frame
        return frame.iloc[order].reset_index(drop=True)

    keys = read("features", only=KEYS)
    protected = read("protected")
    prepared = Prepared(
        keys=keys,
        X=read("features"),
        labels=read("labels"),
        # A file whose columns are all left out has no rows: they are as many all the same.
        protected=protected if protected.shape[1] else pd.DataFrame(index=keys.index),
        read_raw=lambda: read("raw"),
        silent=_silent(read("raw", only=[SILENT])) if _has(paths["raw"], SILENT) else None,
        meanings=from_plain(read_json(space.processed / MEANINGS, made_by="features")),
        facts=kept.facts,
        read_undrawn=read_undrawn if config.sample.share < 1 else None,
    )
    give_back()
    return prepared


def _has(path: Path, column: str) -> bool:
    return column in parquet.read_schema(path).names


def _silent(raw: pd.DataFrame) -> NDArray[np.bool_] | None:
    """Return which rows of monthly columns say nothing; None where no column tells."""
    return (raw[SILENT] == 1).to_numpy(bool) if SILENT in raw.columns else None


def prepare_new(
    config: Config, source: SourceTables | SourceFeatures, meanings: dict[str, FeatureMeaning]
) -> Prepared:
    """Return the model's input of accounts that need no outcome, observed in their last month.

    Parameters
    ----------
    config : Config
    source : SourceTables or SourceFeatures
        What an adapter read.
    meanings : dict of str to FeatureMeaning
        The features of the model.

    Returns
    -------
    Prepared
        ``labels`` and ``raw`` hold what is known: perhaps no column at all.
    """
    if isinstance(source, SourceFeatures):
        absent = [name for name in meanings if name not in source.features.columns]
        if absent:
            raise ModelError(f"The model needs columns that the table lacks: {', '.join(absent)}.")
        frozen = {name: one.categories for name, one in meanings.items() if one.categories}
        source = with_categories(source, frozen)
        keys = source.features[KEYS]
        return Prepared(
            keys=keys,
            X=source.features.drop(columns=KEYS),
            labels=source.labels,
            protected=source.protected,
            read_raw=lambda: source.features,
            silent=_silent(source.features),
            meanings=meanings,
            facts={"tables": [], "source": source.facts},
            unseen=source.unseen,
        )
    tables = without_cleared(config, source.tables)
    statements = tables["statements"]
    keys = statements.groupby("account_id", sort=True)["month"].max()
    keys = keys.rename("observation_month").reset_index()
    windows = build_windows(tables, keys, n_months=config.data.window_months)
    known = [FEATURES[name] for name in meanings if name in FEATURES]
    lacking = sorted({need for one in known for need in one.needs if need not in windows})
    if lacking or len(known) < len(meanings):
        raise ModelError(
            f"The model needs columns that these accounts lack: {', '.join(lacking)}. Give the "
            "same tables as in training, or train a model without them."
        )
    raw = wide_frame(windows)
    return Prepared(
        keys=keys,
        X=build_features(windows, known).drop(columns=KEYS),
        labels=pd.DataFrame(index=keys.index),
        protected=protected_of(tables, keys).drop(columns=KEYS),
        read_raw=lambda: raw,
        silent=_silent(raw),
        meanings=meanings,
        facts={"tables": sorted(windows.tables), "source": source.facts},
    )


def write_features(config: Config, source_facts: dict[str, Any]) -> dict[str, Any]:
    """Make and write the features, part after part; return the facts."""
    space = config.workspace
    labels = []
    digest_of, n_undrawn = FrameDigest(), 0
    record: dict[str, Any] = {"key": _key(config, source_facts)}
    with written_folder(space.processed, record, keep=_is_of_others) as fresh:
        with working("engineering features") as tick, ExitStack() as files:
            made = making_of(config, tick)
            names = [*FRAMES, *(UNDRAWN.values() if config.sample.share < 1 else ())]
            write = {
                name: files.enter_context(frames_written(fresh / f"{name}.parquet"))
                for name in names
            }
            # Parquet is written beside the digest: each frame goes to a file of its own.
            writing = files.enter_context(ThreadPoolExecutor(max(1, config.n_threads)))
            for frames in made.parts():
                written = [writing.submit(write[name], frames[name]) for name in names]
                digest_of.add(frames["features"])
                labels.append(frames["labels"])
                if (others := frames.get(UNDRAWN["features"])) is not None:
                    digest_of.add(others)
                    n_undrawn += len(others)
                for done in written:
                    done.result()
        write_json(to_plain(made.meanings), fresh / MEANINGS)
        by_trait = dict.fromkeys(TRAITS, 0)
        for one in made.meanings.values():
            by_trait[one.trait_key] += 1
        known = pd.concat(labels, ignore_index=True)
        record["facts"] = {
            "n_rows": len(known),
            "n_bad": int(known["bad"].sum()),
            "n_features": len(made.meanings),
            "features_by_trait": by_trait,
            "tables": made.tables,
            "population": made.population,
            "cannot": limits(known, source_facts, by_trait, made.tables)
            | sample_limit(config.sample.share, n_undrawn),
            "sample": {"share": config.sample.share, "undrawn_bads": n_undrawn},
            "source": source_facts,
            "digest": digest_of.hexdigest(),
        }
        invalidate(space.processed)
        made.write_reports(space.reports)
    give_back()
    return dict(record["facts"])


def _is_of_others(name: str) -> bool:
    """Whether another stage wrote a file of the folder: scores, explanations, proposals."""
    frames = (*FRAMES, *UNDRAWN.values())
    return name not in {MANIFEST, MEANINGS, *(f"{frame}.parquet" for frame in frames)}


def sample_limit(share: float, n_undrawn: int) -> dict[str, str]:
    """Return what is said of every figure that rests on a sample; nothing where all are drawn."""
    if share >= 1:
        return {}
    return {
        "all_accounts": f"A sample: {share:.4g} of the persons are looked at, drawn by a hash of "
        f"their id (sample.share={share:g}). Test, explanations and reference rest on these; "
        "intervals say what that costs. Training also takes the "
        f"{n_undrawn:,} bad rows of the others, and counts each row by the inverse of its chance, "
        "so that levels are those of all. make score scores every account."
    }


def limits(
    labels: pd.DataFrame, source: Mapping[str, Any], by_trait: Mapping[str, int], tables: list[str]
) -> dict[str, str]:
    """Return what the data cannot support, with reasons, for every report.

    Parameters
    ----------
    labels : DataFrame
        ``observation_month``, ``bad``.
    source : mapping
        Facts of the source; what it knows itself comes first.
    by_trait : mapping of str to int
        Features of each trait.
    tables : list of str
        Canonical tables; empty for ready-made features.
    """
    cannot = dict(source.get("cannot", {}))
    months = labels["observation_month"].unique()
    if len(months) == 1 and "out_of_time" not in cannot:
        month = f"{pd.Timestamp(months[0]):%Y-%m}" if source.get("dated", True) else "undated"
        cannot |= one_cohort(len(labels), month)
    silent = [TRAITS[key].label for key, count in by_trait.items() if not count]
    if silent:
        cannot["traits"] = (
            f"Nothing speaks of {', '.join(silent)}: no evidence, and a contribution of 0."
        )
    if tables and "transactions" not in tables:
        cannot["spending"] = "No transactions: spending is seen through balances only, if at all."
    rarer = int(min(labels["bad"].sum(), len(labels) - labels["bad"].sum()))
    if rarer < FEW:
        cannot["precision"] = f"Only {rarer} rows of the rarer outcome: every figure is uncertain."
    return cannot


def known_months(prepared: Prepared, months: pd.Series) -> NDArray[np.datetime64]:
    """Return observation months, all NaT where the source has no dates but stand-ins for them."""
    if prepared.facts["source"].get("dated", True):
        return months.to_numpy().astype("datetime64[M]")
    return np.full(len(months), np.datetime64("NaT"), "datetime64[M]")


def say_limits(prepared: Prepared) -> None:
    """Print what the data cannot support, and why."""
    for why in prepared.facts.get("cannot", {}).values():
        say(f"Not supported by these data: {why}")


def _key(config: Config, source_facts: dict[str, Any]) -> str:
    """Return a digest of everything that the features depend on."""
    chosen = [as_dict(config.features), as_dict(config.data), source_facts["digest"]]
    chosen.append(as_dict(config.sample))
    return digest([*chosen, code_digest(), erased_state(config)])
