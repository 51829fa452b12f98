"""A ready-made table: one row per account, features made elsewhere, their meaning in YAML."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from delinquency.errors import ChoiceError, DataError, Fault, unknown_name
from delinquency.sources.adapters import SOURCES, SourceFeatures, one_cohort
from delinquency.sources.data_options import TableData
from delinquency.sources.guesses import column_lines
from delinquency.sources.name_words import title_of
from delinquency.sources.reading.cells import (
    cell_fault,
    code_cells,
    name_cells,
    number_cells,
    text_cells,
)
from delinquency.sources.reading.raw_table import RawTable
from delinquency.sources.reading.source_files import find, read_path, require_columns
from delinquency.sources.reading.sql_queries import read_query
from delinquency.sources.table_columns import RARE, Columns, feature_columns, words_of
from delinquency.sources.table_keys import LEFT_OUT, groups_of, keys_of, own_order, unusable_rows
from delinquency.traits import TRAITS

PLACED = "numbered_by_place"
"""Fact that says that accounts have no number but their place in the file."""


@SOURCES.named("table")
def read_table(options: TableData, raw_dir: Path) -> SourceFeatures:
    """Read a ready-made table.

    Parameters
    ----------
    options : TableData
    raw_dir : Path
        Folder that a relative path starts from.

    Returns
    -------
    SourceFeatures

    Raises
    ------
    ChoiceError
        If a column of the file has no role, with the YAML lines to paste; if a trait does not
        exist.
    DataError
        With every fault of every column.
    """
    raw = _read_raw(options, raw_dir)
    extra = check_roles(options, raw)
    bad, label_faults = _label(options, raw)
    unusable = unusable_rows(options, raw, bad)
    # What is left out is not judged: its other cells may hold anything.
    keyed = [name for name in (options.account_column, options.month_column) if name]
    gone = (bad == LEFT_OUT) | unusable
    raw = raw.without_cells([*options.columns, *keyed], gone)
    made = feature_columns(options, raw)
    keys, key_faults, dated, id_counts = keys_of(options, raw, gone)
    faults = [*label_faults, *made.faults, *key_faults]
    if faults:
        raise DataError(faults)
    kept = ~gone
    if not kept.any():
        expected = "at least one row with an account, a month and a label"
        raise DataError(Fault(raw.where, "", expected, 0, (f"none of {len(kept):,}",)))
    keys = keys.loc[kept].reset_index(drop=True)
    values = pd.DataFrame(made.numbers).loc[kept].reset_index(drop=True)
    names, order = own_order(options, keys, values.assign(bad=bad[kept]))
    rows = np.flatnonzero(kept)[order]
    keys, values = (frame.iloc[order].reset_index(drop=True) for frame in (keys, values))
    in_order = names.iloc[order].reset_index(drop=True)
    groups, person_counts = groups_of(options, raw, values, rows, in_order)
    labels = keys.assign(bad=bad[rows], group_id=groups)
    protected = pd.concat(
        [keys, _protected(options, raw).iloc[rows].reset_index(drop=True)], axis=1
    )
    counts = {
        **raw.repairs,
        **id_counts,
        "rows_left_out_by_label": int((bad == LEFT_OUT).sum()),
        "rows_dropped_without_key_or_label": int(unusable.sum()),
        "groups": int(pd.Series(groups).nunique()),
        **person_counts,
        **made.counts,
    }
    return SourceFeatures(
        features=pd.concat([keys, values], axis=1),
        labels=labels,
        protected=protected,
        traits={name: one.trait for name, one in made.meaning.items()},
        directions={name: one.direction for name, one in made.meaning.items()},
        titles={name: one.title or title_of(name) for name, one in made.meaning.items()},
        units={name: one.unit for name, one in made.meaning.items()},
        words={name: words_of(made, name, options.special) for name in made.meaning},
        categories=made.categories,
        facts=_facts(labels, made, counts, dated=dated)
        | {
            "digests": {options.name: raw.digest},
            PLACED: not options.account_column,
            "ignored_columns": extra,
        },
        digest=raw.digest,
    )


def with_categories(
    source: SourceFeatures, frozen: Mapping[str, tuple[str, ...]]
) -> SourceFeatures:
    """Return a table whose categories have the codes of training.

    A name that was not seen counts as one of the rare names where there are such, else as missing.

    Parameters
    ----------
    source : SourceFeatures
        It is not changed.
    frozen : mapping of str to tuple of str
        Categorical feature -> its names in training, in the order of their codes.

    Returns
    -------
    SourceFeatures
        Unseen names are counted in its facts, and ``unseen`` says for each row in which columns.
    """
    features = source.features.copy()
    counts = dict(source.facts["counts"])
    told = np.full(len(features), "", dtype=object)
    for name, names in frozen.items():
        code = {one: float(number) for number, one in enumerate(names)}
        own = source.categories.get(name, ())
        codes = np.array([*(code.get(one, code.get(RARE, np.nan)) for one in own), np.nan])
        new = np.array([*(one not in code for one in own), False])
        before = features[name].to_numpy()
        place = np.where(np.isnan(before), len(own), before).astype(np.intp)
        features[name] = codes[place]
        unseen = new[place]
        what = "rare_or_not_seen_in_training" if RARE in code else "not_seen_in_training"
        counts[f"{name}_category_{what}"] = int(unseen.sum())
        told[unseen] = told[unseen] + np.where(told[unseen] == "", "", ", ") + name
    facts = {**source.facts, "counts": counts}
    return replace(
        source,
        features=features,
        categories=dict(frozen),
        facts=facts,
        unseen=pd.Series(told, dtype="str"),
    )


def check_roles(options: TableData, raw: RawTable) -> list[str]:
    """Raise when a column of the file has no role, or a role has no column.

    Accounts to score need neither a label nor protected attributes, and may bring other columns.

    Returns
    -------
    list of str
        Columns of accounts to score that have no role: they are ignored, by name.

    Raises
    ------
    ChoiceError
        For a column without a role, printing the YAML lines that give it one.
    DataError
        For a column of the mapping that the file has not.
    """
    for name, column in options.columns.items():
        if column.trait not in TRAITS:
            raise unknown_name(f"trait of data.columns.{name}:", column.trait, list(TRAITS))
        if column.ratio_to and column.ratio_to not in options.columns:
            raise unknown_name(
                f"column in data.columns.{name}.ratio_to:", column.ratio_to, list(options.columns)
            )
    if options.labelled and not options.outcome.column:
        raise ChoiceError(
            "data.outcome.column must name the column that says who fell behind. The file has: "
            f"{', '.join(raw.cells.column_names)}."
        )
    used = [
        *([options.outcome.column] if options.labelled else []),
        *options.columns,
        *_there(options.protected.values(), options, raw),
        *_there(options.ignored, options, raw),
        *_there(options.person_columns, options, raw),
        *(name for name in (options.account_column, options.month_column) if name),
    ]
    require_columns(list(dict.fromkeys(used)), raw.cells.column_names, raw.where)
    loose = [name for name in raw.cells.column_names if name not in used]
    if not options.labelled:
        return [name for name in loose if name != options.outcome.column]
    if loose:
        raise ChoiceError(
            f"{raw.where}: {len(loose)} {'column has' if len(loose) == 1 else 'columns have'} no "
            f"role: {', '.join(loose)}. Nothing is used or left out in silence. Paste and correct "
            f"these lines under data, or name the column in 'ignored' with the reason:\n\n"
            f"{column_lines(loose)}\n"
        )
    return []


def _there(names: Iterable[str], options: TableData, raw: RawTable) -> list[str]:
    """Return the columns that must be there: of accounts to score, those that are."""
    present = set(raw.cells.column_names)
    return [name for name in names if options.labelled or name in present]


def _read_raw(options: TableData, raw_dir: Path) -> RawTable:
    if options.query:
        return read_query(options.query, options.database)
    return read_path(find(options.path, raw_dir), options.text)


def _label(options: TableData, raw: RawTable) -> tuple[np.ndarray, list[Fault]]:
    """Return 0, 1 or LEFT_OUT for each row; NaN for each when there is no label."""
    if not options.labelled:
        return np.full(raw.cells.num_rows, np.nan), []
    outcome = options.outcome
    codes = (
        dict.fromkeys(map(str, outcome.bad), 1.0)
        | dict.fromkeys(map(str, outcome.good), 0.0)
        | dict.fromkeys(map(str, outcome.leave_out), LEFT_OUT)
    )
    cells = raw.cells[outcome.column]
    values, positions, faults = code_cells(
        cells,
        codes,
        where=raw.where,
        name=outcome.column,
        key="data.outcome (bad, good, leave_out)",
        missing=options.text.gaps,
    )
    bad = np.array([np.nan if v is None else v for v in values], dtype=np.float64)[positions]
    if faults:
        return bad, faults
    if np.isnan(bad).any() and options.unusable != "drop":
        fault = cell_fault(
            text_cells(cells),
            np.isnan(bad),
            where=raw.where,
            name=outcome.column,
            expected="a label in every row",
        )
        return bad, [fault]
    seen = set(bad[(bad != LEFT_OUT) & ~np.isnan(bad)].tolist())
    if len(seen) < 2:
        got = "only bad" if seen == {1.0} else "only good" if seen else "none"
        expected = "both good and bad rows"
        return bad, [Fault(raw.where, outcome.column, expected, 0, (got,))]
    return bad, []


def _protected(options: TableData, raw: RawTable) -> pd.DataFrame:
    """Return the protected attributes: numbers where all cells are numbers, otherwise text."""
    columns: dict[str, Any] = {}
    for attribute, name in options.protected.items():
        if name not in raw.cells.column_names:  # accounts to score need none
            continue
        numbers, faults = number_cells(raw.cells[name], options.text, where=raw.where, name=name)
        columns[attribute] = (
            name_cells(raw.cells[name], options.text).to_pandas().astype("str")
            if faults
            else numbers
        )
    return pd.DataFrame(columns, index=pd.RangeIndex(raw.cells.num_rows))


def _facts(
    labels: pd.DataFrame, made: Columns, counts: dict[str, int], *, dated: bool
) -> dict[str, Any]:
    """Return what was found in the table, as plain values."""
    months = np.sort(labels["observation_month"].unique()).astype("datetime64[M]")
    used = {column.trait for column in made.meaning.values()}
    cannot: dict[str, str] = {}
    if len(months) == 1 and dated:
        cannot = one_cohort(len(labels), str(months[0]))
    elif len(months) == 1:
        cannot = {
            "out_of_time": "The table has no month: there is no telling what came later. Use a "
            "hold-out or cross-validation, or name a month_column.",
            "drift": "The table has no month: there are no periods to compare.",
        }
    if not dated:
        cannot["calendar"] = "The table has no dates: seasons have no meaning."
    cannot["panel"] = "One row an account: no history, so no trends beyond those in the columns."
    return {
        "rows": len(labels),
        "positives": None if labels["bad"].isna().all() else int(labels["bad"].sum()),
        "observation_months": [str(month) for month in months],
        "dated": dated,
        "traits_without_evidence": [key for key in TRAITS if key not in used],
        "counts": counts,
        "cannot": cannot,
    }
