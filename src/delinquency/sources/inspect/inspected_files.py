"""Open what a data set's YAML names, or a bare file, and profile it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from delinquency.errors import ChoiceError
from delinquency.sources.data_options import DataOptions, PanelData, TableData, TaiwanData
from delinquency.sources.inspect.draft import bad_value, label_of
from delinquency.sources.inspect.file_profile import FileProfile, profile_file
from delinquency.sources.inspect.findings import Finding, Roles
from delinquency.sources.inspect.written_marks import with_marks
from delinquency.sources.reading.account_ids import identifiers, no_match_cause
from delinquency.sources.reading.cells import NUMBER, code_cells, number_cells, text_cells
from delinquency.sources.reading.date_cells import month_cells
from delinquency.sources.reading.delimited_text import (
    head_lines,
    looks_like_data,
    sniff_delimiter,
    split_line,
)
from delinquency.sources.reading.mapping_options import TableMapping, TextOptions
from delinquency.sources.reading.raw_table import RawTable
from delinquency.sources.reading.recast import STAND_IN_EXTRACTION
from delinquency.sources.reading.source_files import TEXT_SUFFIXES, find, read_path
from delinquency.sources.reading.sql_queries import read_query
from delinquency.sources.taiwan import PANEL, read_cells

FEW_MATCHED = 0.5
"""Share of the accounts below which a table is looked at."""


def inspect_options(options: DataOptions, raw_dir: Path) -> list[FileProfile]:
    """Profile every file of a data set against its mapping.

    Parameters
    ----------
    options : DataOptions
        A panel, a table, or the Taiwan file.
    raw_dir : Path
        Folder that relative paths start from.

    Returns
    -------
    list of FileProfile
        One for each file, in the order of the mapping.

    Raises
    ------
    ChoiceError
        For data that no file holds (the generated portfolio).
    """
    if isinstance(options, TableData):
        raw = _read(options.path, options.query, options.database, options.text, raw_dir)
        return [profile_file(raw, _table_roles(options, raw), options.text)]
    if isinstance(options, PanelData):
        return _inspect_panel(options, raw_dir)
    if isinstance(options, TaiwanData):
        raw = read_cells(options, raw_dir)
        roles = _merged_roles(PANEL.tables, raw, PANEL)
        return [profile_file(raw, roles)]
    raise ChoiceError(
        f"stage=inspect looks at files. data.kind={options.kind!r} reads none. Choose a panel or "
        "a table, or name a file: inspect.path=<file>."
    )


def inspect_file(
    path: str | Path, raw_dir: Path = Path(), text: TextOptions | None = None
) -> FileProfile:
    """Profile a file that has no mapping yet; a column that looks like the label is tried as one.

    Parameters
    ----------
    path : str
        File or folder, absolute or below ``raw_dir``.
    raw_dir : Path
    text : TextOptions, optional
        How a text file is written.

    Returns
    -------
    FileProfile
        Its columns, what was found in them, and the bad rates if a label was.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from delinquency import inspect_file
    >>> file = Path(tempfile.mkdtemp()) / "accounts.csv"
    >>> _ = file.write_text(chr(10).join(["id,bill,default", "1,90,0", "2,80,1", "3,70,0"]))
    >>> [column.name for column in inspect_file(file).columns]
    ['id', 'bill', 'default']
    """
    place = find(str(path), raw_dir)
    text = _with_header(place, text or TextOptions())
    raw = read_path(place, text)
    text = with_marks(raw, text)
    bare = profile_file(raw, None, text)
    label = label_of(bare.columns, len(raw.cells))
    if not label:
        return _headed(bare, text)
    values = [value for c in bare.columns if c.name == label for value, _ in c.top[:2]]
    bad = bad_value(values, label)
    meanings = {value: float(value == bad) for value in values}
    roles = Roles({label: "label"}, bad=_coded(raw, label, meanings))
    return _headed(profile_file(raw, roles, text), text)


def _with_header(place: Path, text: TextOptions) -> TextOptions:
    """Return the options with stand-in names when the first line of a text file is data."""
    if text.header or not place.is_file() or place.suffix.lower() not in TEXT_SUFFIXES:
        return text
    line, second = head_lines(place, text, 2)
    cells = split_line(line, text.delimiter or sniff_delimiter(line, second))
    if not looks_like_data(cells):
        return text
    return replace(text, header=[f"column_{k}" for k in range(1, len(cells) + 1)])


def _headed(profile: FileProfile, text: TextOptions) -> FileProfile:
    """Return the profile with the stand-in names said, when there are any."""
    if not text.header:
        return profile
    finding = Finding(
        "look",
        "",
        f"the first line looks like data: no header, so the columns are column_1 to "
        f"column_{len(text.header)}",
        "Give their names in text.header, in the order of the file.",
    )
    return replace(profile, header=tuple(text.header), findings=(finding, *profile.findings))


def _read(path: str, query: str, database: str, text: TextOptions, raw_dir: Path) -> RawTable:
    if query:
        return read_query(query, database)
    return read_path(find(path, raw_dir), text)


def _table_roles(options: TableData, raw: RawTable) -> Roles:
    """Return what a table's mapping makes of its columns; nothing is refused here."""
    roles = dict.fromkeys(options.columns, "feature")
    roles |= dict.fromkeys(options.protected.values(), "protected")
    roles |= dict.fromkeys(options.ignored, "ignored")
    roles |= dict.fromkeys(options.person_columns, "person")
    for role, name in (
        ("account", options.account_column),
        ("month", options.month_column),
        ("label", options.outcome.column if options.labelled else ""),
    ):
        if name:
            roles[name] = role
    bad = month = None
    outcome = options.outcome
    if options.labelled and outcome.column in raw.cells.column_names:
        meanings = dict.fromkeys(map(str, outcome.bad), 1.0)
        meanings |= dict.fromkeys(map(str, outcome.good), 0.0)
        bad = _coded(raw, outcome.column, meanings)
    if options.month_column in raw.cells.column_names:
        month = _months(raw, options.month_column, options.month_format)
    stated = {
        name: frozenset(
            float(code)
            for code in {**options.special, **column.special}
            if NUMBER.fullmatch(str(code))
        )
        for name, column in options.columns.items()
    }
    ratios = frozenset(name for name, column in options.columns.items() if column.ratio_to)
    directions = {name: c.direction for name, c in options.columns.items() if c.direction}
    return Roles(roles, stated, ratios, bad, month, complete=True, directions=directions)


def _inspect_panel(options: PanelData, raw_dir: Path) -> list[FileProfile]:
    """Profile each file once, with the roles that all its mappings give it."""
    files: dict[tuple[str, str], dict[str, TableMapping]] = {}
    for name, mapping in options.tables.items():
        files.setdefault((mapping.path, mapping.query), {})[name] = mapping
    profiles = []
    ours: set[str] = set()
    # The statements first: the others are held against their accounts.
    order = sorted(files.items(), key=lambda one: "statements" not in one[1])
    for (path, query), mappings in order:
        database = next(iter(mappings.values())).database
        raw = _read(path, query, database, options.text, raw_dir)
        if "statements" in mappings:
            name = mappings["statements"].columns.get("account_id", "")
            ours = _ids(raw, name, options)
        roles = _merged_roles(mappings, raw, options)
        found = _join_findings(mappings, raw, options, ours)
        profile = profile_file(raw, roles, options.text)
        profiles.append(replace(profile, findings=(*found, *profile.findings)))
    return profiles


def _ids(raw: RawTable, name: str, options: PanelData) -> set[str]:
    """Return the distinct ids of a column; none where it is not there."""
    if name not in raw.cells.column_names:
        return set()
    found = identifiers(raw.cells[name], options.text, rule=options.ids, where="", name=name)
    return set(found.ids.dropna().unique())


def _join_findings(
    mappings: Mapping[str, TableMapping], raw: RawTable, options: PanelData, ours: set[str]
) -> list[Finding]:
    """Find tables that speak of few accounts of the statements, or of none."""
    found = []
    for table, mapping in mappings.items():
        name = mapping.columns.get("account_id", "")
        theirs = _ids(raw, name, options) if table != "statements" else set()
        if not theirs or not ours:
            continue
        matched = len(theirs & ours)
        text = f"{table} speaks of {matched:,} of {len(ours):,} accounts of the statements"
        if not matched:
            found.append(Finding("stop", name, text, no_match_cause(sorted(ours), sorted(theirs))))
        elif matched < FEW_MATCHED * len(ours):
            found.append(Finding("look", name, text, "The others will have gaps in its features."))
    return found


def _merged_roles(
    mappings: Mapping[str, TableMapping], raw: RawTable, options: PanelData
) -> Roles:
    """Return the roles of a file's columns in all canonical tables that are read from it."""
    roles: dict[str, str] = {}
    bad: np.ndarray | None = None
    month: np.ndarray | None = None
    of_the_month = False
    for name, mapping in mappings.items():
        for role, column in mapping.columns.items():
            roles.setdefault(column, "label" if role == "bad" else role)
        for role, columns in mapping.wide.items():
            for column in columns:
                roles.setdefault(column, role)
        present = raw.cells.column_names
        for role in ("month", "observation_month"):
            if mapping.columns.get(role) in present:
                style = mapping.formats.get(role, "iso")
                month = _months(raw, mapping.columns[role], style)
        if name == "outcomes" and mapping.columns.get("bad") in present:
            bad = _numbers(raw, mapping, "bad", options)
            of_the_month = False
        elif name == "statements" and mapping.columns.get("days_past_due") in present:
            late = _numbers(raw, mapping, "days_past_due", options)
            if bad is None:
                reached = (late >= options.label.bad_days_past_due).astype(float)
                bad = np.where(np.isnan(late), np.nan, reached)
                of_the_month = True
                roles[mapping.columns["days_past_due"]] = "label"
    stated = _stated_codes(mappings)
    coded = frozenset(
        name
        for mapping in mappings.values()
        for role in mapping.codes
        for name in (mapping.columns.get(role, ""), *mapping.wide.get(role, ()))
    )
    return Roles(roles, stated, bad=bad, month=month, of_the_month=of_the_month, coded=coded)


def _stated_codes(mappings: Mapping[str, TableMapping]) -> dict[str, frozenset[float]]:
    """Return, for each column of a panel's file, the numeric codes that have a meaning."""
    stated: dict[str, set[float]] = {}
    for mapping in mappings.values():
        for role, codes in mapping.codes.items():
            numbers = {float(code) for code in codes if NUMBER.fullmatch(code)}
            for name in (mapping.columns.get(role), *mapping.wide.get(role, ())):
                if name:
                    stated.setdefault(name, set()).update(numbers)
    return {name: frozenset(codes) for name, codes in stated.items()}


def _numbers(raw: RawTable, mapping: TableMapping, role: str, options: PanelData) -> np.ndarray:
    """Return a mapped column as numbers, NaN where it does not convert."""
    name = mapping.columns[role]
    if role in mapping.codes:
        return _coded(raw, name, mapping.codes[role])
    return number_cells(raw.cells[name], options.text, where=raw.where, name=name)[0]


def _coded(raw: RawTable, name: str, meanings: Mapping[Any, Any]) -> np.ndarray:
    values, positions, _ = code_cells(raw.cells[name], meanings, where="", name=name, key="")
    numbers = np.array([np.nan if v is None else float(v) for v in values], dtype=np.float64)
    return numbers[positions]


def _months(raw: RawTable, name: str, style: str) -> np.ndarray:
    """Return the month of each row as text: the date, or the number before extraction."""
    if style in ("offset", "months_ago"):
        return text_cells(raw.cells[name]).to_pandas().astype("str").to_numpy(dtype=object)
    days, _, _ = month_cells(
        raw.cells[name], style, extraction=STAND_IN_EXTRACTION, where="", name=name
    )
    return days.astype("datetime64[M]").astype(str).astype(object)
