"""Stage ``features``: cut the windows, label the outcomes, engineer the traits' features."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency import __version__
from delinquency.config import Config, as_dict
from delinquency.errors import ModelError
from delinquency.features import FEATURES, Feature, build_features, coverage, select_features
from delinquency.features.meaning import (
    FeatureMeaning,
    from_plain,
    meanings_of,
    meanings_of_columns,
    to_plain,
)
from delinquency.labels import (
    Labels,
    account_order,
    join_labels,
    label_outcomes,
    month_span,
)
from delinquency.schema import ACCOUNTS, TABLES
from delinquency.sources.records import SourceFeatures, SourceTables, one_cohort
from delinquency.sources.table import with_categories
from delinquency.stages.data import READY_MADE, describe, ensure_tables, part_folders
from delinquency.stages.erasing import erased_state, without_cleared
from delinquency.stages.progress import Tick, say, working
from delinquency.store import (
    MANIFEST,
    digest,
    frame_digest,
    read_frame,
    read_json,
    workspace,
    write_frame,
    write_json,
    write_text,
)
from delinquency.traits import TRAITS
from delinquency.windows import Windows, build_windows, wide_frame

KEYS = ["account_id", "observation_month"]
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
    raw : DataFrame
        The monthly columns themselves, for the peers that know no features.
    meanings : dict of str to FeatureMeaning
        What each column of ``X`` is.
    facts : dict
        Facts of the source and of this stage.
    """

    keys: pd.DataFrame
    X: pd.DataFrame
    labels: pd.DataFrame
    protected: pd.DataFrame
    raw: pd.DataFrame
    meanings: dict[str, FeatureMeaning]
    facts: dict[str, Any]


def run(config: Config) -> None:
    """Make the features, whether or not they are there already."""
    facts = _write_features(config, ensure_tables(config))
    space = workspace(config.paths, config.data.name)
    say(f"{describe(config)}: {facts['n_rows']:,} rows, {facts['n_features']} features")
    for trait in TRAITS.values():
        say(f"  {trait.number} {trait.label}: {facts['features_by_trait'].get(trait.key, 0)}")
    say(f"Which are absent and why: {space.reports / 'coverage.csv'}")
    say(f"Next: make train ARGS='data={config.data.name}'")


def prepare(config: Config) -> Prepared:
    """Return the model's input, making it again only when a choice or the data changed."""
    source_facts = ensure_tables(config)
    space = workspace(config.paths, config.data.name)
    manifest = space.processed / MANIFEST
    key = _key(config, source_facts)
    if not (manifest.exists() and read_json(manifest, made_by="features")["key"] == key):
        _write_features(config, source_facts)
    kept = read_json(manifest, made_by="features")
    frames = {
        name: read_frame(space.processed / f"{name}.parquet", made_by="features")
        for name in ("features", "labels", "protected", "raw")
    }
    return Prepared(
        keys=frames["features"][KEYS],
        X=frames["features"].drop(columns=KEYS),
        labels=frames["labels"].drop(columns=KEYS),
        protected=frames["protected"].drop(columns=KEYS),
        raw=frames["raw"].drop(columns=KEYS),
        meanings=from_plain(read_json(space.processed / "meanings.json", made_by="features")),
        facts=kept["facts"],
    )


@dataclass(frozen=True)
class Cut:
    """The windows of one part, with what is known of their rows.

    Attributes
    ----------
    windows : Windows
    labels : DataFrame
        ``account_id, observation_month, bad, group_id``, row-aligned.
    protected : DataFrame
        Protected attributes, row-aligned.
    outcomes : Labels or None
        How the labels were derived; None when the source gave them.
    """

    windows: Windows
    labels: pd.DataFrame
    protected: pd.DataFrame
    outcomes: Labels | None


def cut_part(folder: Path, config: Config, *, span: tuple[int, int] | None = None) -> Cut:
    """Return the windows and labels of one part's tables.

    Parameters
    ----------
    folder : Path
        Folder with the canonical tables of the part.
    config : Config
    span : tuple of int, optional
        First and last month of all parts together.

    Returns
    -------
    Cut
    """
    tables = without_cleared(config, read_tables(folder))
    outcomes = None
    given = tables.pop("outcomes", None)
    if given is None:
        accounts = tables.get("accounts")
        outcomes = label_outcomes(tables["statements"], accounts, config.data.label, span=span)
        given = outcomes.frame.drop(columns="group_id")
    groups = read_frame(folder / "groups.parquet", made_by="data")
    labels = given.merge(groups, on="account_id", how="left", validate="many_to_one")
    labels = labels.iloc[account_order(labels["account_id"])].reset_index(drop=True)
    windows = build_windows(tables, labels, n_months=config.data.window_months)
    return Cut(windows, labels, protected_of(tables, labels), outcomes)


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
            raw=source.features,
            meanings=meanings,
            facts={"tables": [], "source": source.facts},
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
    return Prepared(
        keys=keys,
        X=build_features(windows, known).drop(columns=KEYS),
        labels=pd.DataFrame(index=keys.index),
        protected=protected_of(tables, keys).drop(columns=KEYS),
        raw=wide_frame(windows),
        meanings=meanings,
        facts={"tables": sorted(windows.tables), "source": source.facts},
    )


def read_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Return the canonical tables of one part that exist."""
    paths = {name: folder / f"{name}.parquet" for name in TABLES}
    return {
        name: read_frame(path, made_by="data") for name, path in paths.items() if path.exists()
    }


def protected_of(tables: dict[str, pd.DataFrame], rows: pd.DataFrame) -> pd.DataFrame:
    """Return the protected attributes of the observed accounts, kept apart from the features."""
    accounts = tables.get("accounts", rows[["account_id"]].drop_duplicates())
    names = [c.name for c in ACCOUNTS if c.protected and c.name in accounts.columns]
    return rows[KEYS].merge(
        accounts[["account_id", *names]], on="account_id", how="left", validate="many_to_one"
    )


def _write_features(config: Config, source_facts: dict[str, Any]) -> dict[str, Any]:
    """Make and write the features of all parts; return the facts."""
    space = workspace(config.paths, config.data.name)
    with working("engineering features") as tick:
        ready = space.interim / READY_MADE
        made = _ready_made(ready) if ready.exists() else _engineered(config, tick)
    frames, meanings, absent = made
    for name, frame in frames.items():
        write_frame(frame, space.processed / f"{name}.parquet")
    write_json(to_plain(meanings), space.processed / "meanings.json")
    if absent is not None:
        space.reports.mkdir(parents=True, exist_ok=True)
        write_text(absent.to_csv(index=False), space.reports / "coverage.csv")
    by_trait = dict.fromkeys(TRAITS, 0)
    for one in meanings.values():
        by_trait[one.trait_key] += 1
    tables = sorted(absent.attrs["tables"]) if absent is not None else []
    facts = {
        "n_rows": len(frames["features"]),
        "n_bad": int(frames["labels"]["bad"].sum()),
        "n_features": len(meanings),
        "features_by_trait": by_trait,
        "tables": tables,
        "cannot": limits(frames["labels"], source_facts, by_trait, tables),
        "source": source_facts,
        "digest": frame_digest(frames["features"]),
    }
    write_json({"key": _key(config, source_facts), "facts": facts}, space.processed / MANIFEST)
    return facts


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


Made = tuple[dict[str, pd.DataFrame], dict[str, FeatureMeaning], pd.DataFrame | None]


def _engineered(config: Config, tick: Tick) -> Made:
    """Return the frames of all parts, engineered from canonical tables."""
    parts: dict[str, list[pd.DataFrame]] = {}
    outcomes: list[Labels] = []
    folders = part_folders(config)
    span = _span_of(folders)
    chosen: list[Feature] = []
    absent = pd.DataFrame()
    for number, folder in enumerate(folders, start=1):
        cut = cut_part(folder, config, span=span)
        if not chosen:
            chosen = select_features(cut.windows, config.features)
            absent = coverage(cut.windows, config.features)
            absent.attrs["tables"] = sorted(cut.windows.tables)
        frames = {
            "features": build_features(cut.windows, chosen),
            "labels": cut.labels[[*KEYS, "bad", "group_id"]],
            "protected": cut.protected,
            "raw": pd.concat([cut.windows.keys, wide_frame(cut.windows)], axis=1),
        }
        for name, frame in frames.items():
            parts.setdefault(name, []).append(frame)
        if cut.outcomes is not None:
            outcomes.append(cut.outcomes)
        tick(number, len(folders))
    joined = {name: pd.concat(frames, ignore_index=True) for name, frames in parts.items()}
    if outcomes:
        space = workspace(config.paths, config.data.name)
        table = join_labels(outcomes).exclusions
        write_text(table.to_csv(index=False), space.reports / "exclusions.csv")
    return joined, meanings_of(chosen), absent


def _span_of(folders: list[Path]) -> tuple[int, int] | None:
    """Return first and last month of all parts, or None when there is one part only."""
    if len(folders) == 1:
        return None
    spans = [
        month_span(pd.read_parquet(folder / "statements.parquet", columns=["month"]))
        for folder in folders
    ]
    return min(first for first, _ in spans), max(last for _, last in spans)


def _ready_made(folder: Path) -> Made:
    """Return the frames of a source that comes with its features made."""
    frames = {
        name: read_frame(folder / f"{name}.parquet", made_by="data")
        for name in ("features", "labels", "protected")
    }
    frames["raw"] = frames["features"]
    return frames, meanings_of_columns(read_json(folder / "columns.json", made_by="data")), None


def _key(config: Config, source_facts: dict[str, Any]) -> str:
    """Return a digest of everything that the features depend on."""
    chosen = [as_dict(config.features), as_dict(config.data), source_facts["digest"], __version__]
    return digest([*chosen, erased_state(config)])
