"""The parts of a portfolio to score: found, or made from one large folder or one raw file.

A part holds whole accounts. Parts that lie in folders of their own are scored where they lie;
anything else is first brought into parts, beside the scores, in bounded memory where it is
Parquet.
"""

import os
import shutil
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.compute
from pyarrow import parquet

from delinquency.config import Config, as_dict
from delinquency.errors import ChoiceError, MissingArtifactError
from delinquency.pipeline.canonical_tables import (
    READY_MADE,
    ensure_tables,
    part_folders,
    read_source,
)
from delinquency.pipeline.chosen_model import model_folder
from delinquency.pipeline.exclusive_folders import alone_in
from delinquency.pipeline.folder_parts import (
    PART,
    STATEMENTS,
    canonical_folders,
    is_large,
    split_folder,
    table_file,
)
from delinquency.scoring.part_tables import INPUT_TABLES
from delinquency.sources.adapters import SourceFeatures, SourceTables
from delinquency.sources.data_options import TableData, TaiwanData
from delinquency.workspace.artifacts import digest, read_json, write_frame, write_json
from delinquency.workspace.manifests import MANIFEST
from delinquency.workspace.progress import say, working

FEATURES = "features.parquet"
"""What marks a folder as a part of ready-made features."""
STAGED = "input"
UNSEEN = "names_not_seen_in_training"
"""Column of a table of scores: the columns of names whose name the model has not met."""


@dataclass(frozen=True)
class Parts:
    """The parts to score.

    Attributes
    ----------
    folders : list of Path
        One a part, in order.
    dated : bool
        Whether the source's months are real ones.
    staged : Path or None
        Folder of parts made for this run, to be removed when all is scored.
    """

    folders: list[Path]
    dated: bool
    staged: Path | None = None


def parts_to_score(
    config: Config, work: Path, features: Iterable[str], *, held: bool = False
) -> Parts:
    """Return the parts of what ``score.input`` names, making them where there are none.

    Parameters
    ----------
    config : Config
    work : Path
        Folder that parts may be made in.
    features : iterable of str
        Features of the model, for ready-made tables.
    held : bool
        Whether this command is alone in the folders of the data set already.

    Raises
    ------
    MissingArtifactError
        If the input does not exist.
    ChoiceError
        If the data set cannot be read from a file, and the input is one.
    """
    if not config.score.input:
        with nullcontext() if held else alone_in(config, "stage=score"):
            facts = ensure_tables(config)
        ready = config.workspace.interim / READY_MADE
        if ready.exists():
            return _staged(config, work, [ready], list(features), bool(facts.get("dated", True)))
        return Parts(part_folders(config), bool(facts.get("dated", True)))
    path = Path(config.score.input).expanduser().resolve()
    if not path.exists():
        raise MissingArtifactError(f"score.input: there is no file or folder {path}.")
    if path.is_dir() and (found := canonical_folders(path)):
        if len(found) == 1 and is_large(found[0]):
            return _staged(config, work, found, list(features), dated=True)
        return Parts(found, dated=True)
    return _staged(config, work, [path], list(features), dated=True)


def _staged(
    config: Config, work: Path, paths: list[Path], features: list[str], dated: bool
) -> Parts:
    """Return parts made of an input, those of a killed run where the input is the same."""
    staged = work / STAGED
    key = digest([[file_facts(p) for p in paths], as_dict(config.data), config.score.part_accounts,
                  features])  # fmt: skip
    if not ((staged / MANIFEST).exists() and
            read_json(staged / MANIFEST, made_by="score")["key"] == key):  # fmt: skip
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir(parents=True)
        with working("bringing the accounts into parts"):
            dated = _make_parts(config, paths[0], staged, features, dated)
        write_json({"key": key, "dated": dated}, staged / MANIFEST)
    dated = bool(read_json(staged / MANIFEST, made_by="score")["dated"])
    return Parts(sorted(p for p in staged.iterdir() if p.is_dir()), dated, staged)


def last_month(folders: Iterable[Path]) -> int | None:
    """Return the latest month with a statement in any part, as months since 1970-01.

    None where the parts are ready-made features, each row of which is an observation.
    """
    paths = [folder / STATEMENTS for folder in folders]
    known = [_latest(path) for path in paths if path.exists()]
    return max((one for one in known if one is not None), default=None)


def _latest(path: Path) -> int | None:
    """Return the latest month of a file of statements; None where the checks will refuse it."""
    try:
        file = parquet.ParquetFile(path)
        if not pyarrow.types.is_temporal(file.schema_arrow.field("month").type):
            return None
        months = file.read(["month"], use_threads=False).column(0)
    except (OSError, KeyError, pyarrow.ArrowException):
        return None
    latest = pyarrow.compute.max(months).as_py()
    return None if latest is None else int(np.datetime64(latest, "M").astype(np.int64))


def file_facts(path: Path) -> list[list[Any]]:
    """Return name, size and time of a file, or of every file of a folder."""
    files = [path] if path.is_file() else sorted(f for f in path.rglob("*") if f.is_file())
    return [[f.name, f.stat().st_size, f.stat().st_mtime_ns] for f in files]


def _make_parts(
    config: Config, path: Path, staged: Path, features: list[str], dated: bool
) -> bool:
    """Write parts; return whether the months are real ones."""
    size = config.score.part_accounts
    if path.is_dir() and table_file(path, "statements") is not None:
        split_folder(path, staged, part_accounts=size)
        return True
    if path.is_dir() and path.name == READY_MADE:
        frame = pd.read_parquet(path / FEATURES)
        _write_features(frame, staged, size)
        return dated
    source = read_source(_pointed_at(config, path))
    if isinstance(source, SourceFeatures):
        from delinquency.pipeline.prepared_features import prepare_new
        from delinquency.pipeline.saved_model import load_from

        prepared = prepare_new(config, source, load_from(model_folder(config)).meanings)
        # With the names that training did not see, which only its meanings tell.
        _say_counts(prepared.facts["source"])
        _say_strange(prepared.X, model_folder(config))
        frame = pd.concat([prepared.keys, prepared.X], axis=1)
        if prepared.unseen is not None:
            frame[UNSEEN] = prepared.unseen.to_numpy()
        _write_features(frame, staged, size)
    else:
        _say_counts(source.facts)
        _write_tables(source, staged, size)
    return bool(source.facts.get("dated", True))


def _pointed_at(config: Config, path: Path) -> Config:
    """Return the choices with the data set's file exchanged for another one."""
    data = config.data
    # New accounts are no complete published file, and have no label.
    if isinstance(data, TaiwanData):
        return replace(config, data=replace(data, path=str(path), complete=False))
    if isinstance(data, TableData):
        return replace(config, data=replace(data, path=str(path), labelled=False))
    raise ChoiceError(
        f"score.input={path} is no folder of canonical tables, and data={data.name} is "
        "not read from one file. Describe the accounts in a conf/data file and name that, or "
        "give a folder that holds statements.parquet or parts of it."
    )


def _say_counts(facts: Mapping[str, Any]) -> None:
    for what, count in facts.get("counts", {}).items():
        if count:
            say(f"  {what}: {count:,}")
    if ignored := facts.get("ignored_columns"):
        say(f"  ignored, as the model does not know them: {', '.join(ignored)}")


def _say_strange(X: pd.DataFrame, model: Path) -> None:
    """Say which columns of new accounts look nothing like those that the model was trained on."""
    from delinquency.monitoring.new_columns import strange_columns
    from delinquency.pipeline.monitoring_reference import reference_of

    try:
        trained = reference_of(model).profile
    except MissingArtifactError:  # a model of before there was a reference
        return
    for line in strange_columns(X, trained):
        say(f"  look: {line}")


def _write_features(frame: pd.DataFrame, staged: Path, size: int) -> None:
    for number, start in enumerate(range(0, max(len(frame), 1), size)):
        rows = frame.iloc[start : start + size]
        write_frame(rows.reset_index(drop=True), staged / PART.format(number) / FEATURES)


def _write_tables(source: SourceTables, staged: Path, size: int) -> None:
    ids = np.sort(source.tables["statements"]["account_id"].unique())
    for number, start in enumerate(range(0, len(ids), size)):
        chosen = set(ids[start : start + size])
        for name in INPUT_TABLES:
            if name in source.tables:
                table = source.tables[name]
                kept = table[table["account_id"].isin(chosen)].reset_index(drop=True)
                write_frame(kept, staged / PART.format(number) / f"{name}.parquet")


def remove_staged(parts: Parts) -> None:
    """Remove parts that were made for a run that is done."""
    if parts.staged is not None:
        shutil.rmtree(parts.staged, ignore_errors=True)
        work = parts.staged.parent
        if work.is_dir() and not os.listdir(work):
            work.rmdir()
