"""Stage ``data``: read the source, check it, and write the canonical tables in parts."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from delinquency.config import Config, as_dict
from delinquency.errors import ChoiceError, DataError, Fault
from delinquency.pipeline.folder_parts import PART, canonical_folders, is_large, split_folder
from delinquency.sources.adapters import (
    SOURCE_PARTS,
    SOURCES,
    Source,
    SourceFeatures,
    SourceTables,
)
from delinquency.sources.data_options import PanelData, PartsData, TableData
from delinquency.sources.reading.source_files import find
from delinquency.synthetic.portfolio_options import SyntheticData
from delinquency.workspace.artifacts import code_digest, digest, write_frame, write_json
from delinquency.workspace.free_memory import give_back
from delinquency.workspace.manifests import (
    content_digests,
    find_difference,
    invalidate,
    read_manifest,
    require_whole,
    written_folder,
)
from delinquency.workspace.progress import say, working
from delinquency.workspace.threads import in_order

STAGED = "staged"
"""Folder, inside the one that is written, of parts made of one large folder."""
READY_MADE = "ready_made"
"""Folder, inside the interim one, of a source that comes with its features made."""


def describe(config: Config) -> str:
    """Return title and kind of the data, as every output names them."""
    kind = "REAL accounts" if config.data.real else "SYNTHETIC accounts, made by a generator"
    return f"{config.data.title or config.data.name} ({kind})"


def ensure_tables(config: Config) -> dict[str, Any]:
    """Return the facts of the tables, reading the source again only when something changed."""
    folder = config.workspace.interim
    kept = read_manifest(folder)
    if kept is not None and kept.key == _key(config):
        why = find_difference(folder, kept, thorough=False)
        if why:
            say(f"{why}: the source is read again")
        elif not _changed_queries(config, kept.facts):
            return kept.facts
    return write_tables(config)


def write_tables(config: Config) -> dict[str, Any]:
    """Read the source, write its parts, and return its facts.

    The new tables get their place by one rename when all are complete, so neither a fault in the
    raw data nor a kill leaves anything half-written. The old manifest goes before anything is
    changed that lies elsewhere and belongs to the new tables.
    """
    space = config.workspace
    facts: dict[str, Any] = {}
    digests = []
    record: dict[str, Any] = {"key": _key(config)}
    with written_folder(space.interim, record) as fresh:
        data = config.data
        if isinstance(data, PartsData):
            data = _in_parts(data, Path(config.workspace.raw), fresh / STAGED)
        with working(f"reading {config.data.name}") as tick:
            readers = list(enumerate(_readers(replace(config, data=data))))
            write = partial(_read_and_write, fresh)
            for key, found in in_order(write, readers, n_threads=config.n_threads):
                digests.append(key)
                facts = _add_facts(facts, found)
                tick(len(digests), len(readers))
        shutil.rmtree(fresh / STAGED, ignore_errors=True)
        if isinstance(config.data, SyntheticData):
            facts |= _measure(config, config.data, fresh)
        facts["digest"] = digests[0] if len(digests) == 1 else digest(digests)
        record["facts"] = facts
        if _key(config) != record["key"]:
            raise DataError(
                Fault(config.data.name, "", "raw files that stay as they are while they are read",
                      mend="They were changed meanwhile: read them again with stage=data.")
            )  # fmt: skip
    give_back()
    _say_counts(facts.get("counts", {}))
    return facts


def _say_counts(counts: Mapping[str, int]) -> None:
    """Print what was repaired, left out or marked while reading, whichever stage asked for it."""
    for what, count in counts.items():
        if count:
            say(f"  {what}: {count:,}")


def _measure(config: Config, options: SyntheticData, tables: Path) -> dict[str, Any]:
    """Write the truth of a generated portfolio, and how near its tables are to public figures."""
    from delinquency.pipeline.realism_report import PARTS_MEASURED, REPORTS, write_report
    from delinquency.pipeline.truth_files import read_hidden_lives, write_hidden_lives
    from delinquency.synthetic.portfolio_source import PART_ACCOUNTS

    invalidate(config.workspace.interim)
    folder = config.workspace.truth
    with working("writing the truth, apart from the tables") as tick:
        write_hidden_lives(config, options, part_accounts=PART_ACCOUNTS, tick=tick)
    with working("measuring the portfolio against public figures"):
        parts = sorted(tables.glob("part-*"))[:PARTS_MEASURED]
        hidden = read_hidden_lives(folder, parts=len(parts))
        try:
            return {"calibration": write_report(config, options, parts, hidden)}
        except ChoiceError as error:
            for name in REPORTS:  # of another portfolio
                (config.workspace.reports / name).unlink(missing_ok=True)
            # Labels need more months than were asked for; the tables are of use without them.
            return {"cannot": {"calibration": f"a comparison with public figures. {error}"}}


def part_folders(config: Config) -> list[Path]:
    """Return the folders of the parts that ``write_tables`` wrote; none for a ready-made table.

    Raises
    ------
    StorageError
        If a file of them is not the one that was written, naming it.
    """
    interim = config.workspace.interim
    require_whole(interim, made_by="data")
    return sorted(interim.glob("part-*"))


def read_source(config: Config) -> Source:
    """Return the whole source at once: canonical tables, or ready-made features."""
    _register_adapters()
    return SOURCES[config.data.kind](config.data, Path(config.workspace.raw))


def _readers(config: Config) -> Sequence[Callable[[], Source]]:
    """Return what reads each account-complete part of the source, so that memory is bounded."""
    _register_adapters()
    if config.data.kind in SOURCE_PARTS:
        return SOURCE_PARTS[config.data.kind](config.data, Path(config.workspace.raw))
    return [partial(read_source, config)]


def _in_parts(data: PartsData, raw: Path, staged: Path) -> PartsData:
    """Return the choices of a folder of parts, made of one large folder where that was named."""
    folders = canonical_folders(find(data.path, raw))
    if len(folders) != 1 or not is_large(folders[0]):
        return data
    with working("bringing the accounts into parts"):
        split_folder(folders[0], staged, part_accounts=data.part_accounts)
    return replace(data, path=str(staged.resolve()))


def _register_adapters() -> None:
    """Import every module that registers an adapter; they are heavy, so not at the start."""
    from delinquency.sources import registered_sources  # noqa: F401
    from delinquency.synthetic import portfolio_source  # noqa: F401


def _read_and_write(
    tables: Path, numbered: tuple[int, Callable[[], Source]]
) -> tuple[str, dict[str, Any]]:
    """Read one part and write it; return its digest and its facts, as the rest can be large."""
    number, read = numbered
    source = read()
    ready = isinstance(source, SourceFeatures)
    _write_part(source, tables / (READY_MADE if ready else PART.format(number)))
    return source.digest, source.facts


def _write_part(source: Source, folder: Path) -> None:
    """Write the tables of one part, or the frames of a ready-made table."""
    if isinstance(source, SourceTables):
        for name, table in source.tables.items():
            write_frame(table, folder / f"{name}.parquet")
        write_frame(source.groups, folder / "groups.parquet")
        if source.outcomes is not None:
            write_frame(source.outcomes, folder / "outcomes.parquet")
        return
    for name in ("features", "labels", "protected"):
        write_frame(getattr(source, name), folder / f"{name}.parquet")
    names = ("traits", "directions", "titles", "units", "words", "categories")
    write_json({name: dict(getattr(source, name)) for name in names}, folder / "columns.json")


def _add_facts(total: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """Return the facts of all parts so far: counts added up, the rest from the first."""
    if not total:
        return dict(part)
    summed = dict(total)
    for name in ("rows", "positives"):
        if summed.get(name) is not None and part.get(name) is not None:
            summed[name] += part[name]
    summed["counts"] = {
        what: total.get("counts", {}).get(what, 0) + count
        for what, count in part.get("counts", {}).items()
    }
    return summed


def _key(config: Config) -> str:
    """Return a digest of the choices, the code, and the content of the raw files.

    Where a file lies, and when it was written, does not count: what it holds does.
    """
    options = as_dict(config.data)
    if isinstance(config.data, SyntheticData):
        return digest([options, code_digest()])
    raw = Path(config.workspace.raw)
    names = sorted({*_paths(asdict(config.data)), config.data.name, config.data.kind})
    files: dict[str, Path] = {}
    for name in names:
        for number, place in enumerate(dict.fromkeys((raw / name, Path.cwd() / name))):
            for file in sorted(place.rglob("*")) if place.is_dir() else [place]:
                if file.is_file():
                    inside = file.relative_to(place).as_posix()
                    files[f"{number} {name} {inside}"] = file
    return digest([options, content_digests(files), code_digest()])


def _changed_queries(config: Config, kept: Mapping[str, Any]) -> bool:
    """Return whether a query now gives other rows than those that were read.

    A database has no time of change to go by: the query is run again.
    """
    from delinquency.sources.reading.sql_queries import read_query

    if isinstance(config.data, PanelData):
        asked = {name: (m.query, m.database) for name, m in config.data.tables.items()}
    elif isinstance(config.data, TableData):
        asked = {config.data.name: (config.data.query, config.data.database)}
    else:
        return False
    digests = kept.get("digests", {})
    found: dict[tuple[str, str], str] = {}
    for name, origin in asked.items():
        if origin[0] and origin not in found:
            found[origin] = read_query(*origin).digest
        if origin[0] and found[origin] != digests.get(name):
            return True
    return False


def _paths(options: Any) -> list[str]:
    """Return every value of a key called ``path`` in nested options."""
    if not isinstance(options, dict):
        return []
    found = [str(v) for k, v in options.items() if k == "path" and v]
    return found + [path for value in options.values() for path in _paths(value)]
