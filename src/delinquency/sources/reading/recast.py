"""Recast the cells of one file into one canonical table, as a ``TableMapping`` says.

Everything that does not fit is a fault, or, where the mapping allows a repair, a count. Nothing
else happens to a row.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from delinquency.errors import ChoiceError, DataError, Fault, unknown_name
from delinquency.panel.schema import TABLES, Column, Table
from delinquency.panel.table_checks import validate
from delinquency.sources.reading.account_ids import identifiers
from delinquency.sources.reading.cells import (
    cell_fault,
    code_cells,
    is_text,
    name_cells,
    number_cells,
    text_cells,
)
from delinquency.sources.reading.date_cells import month_cells
from delinquency.sources.reading.mapping_options import TableMapping, TextOptions
from delinquency.sources.reading.raw_table import RawTable

STAND_IN_EXTRACTION = np.datetime64("2000-01")
"""Month that stands in for an unknown month of extraction; only differences have a meaning."""
DAYS_PER_STATUS = 30
IDENTIFIERS = ("account_id", "person_id")


@dataclass(frozen=True)
class Reading:
    """What holds for every table of one data set.

    Attributes
    ----------
    text : TextOptions
        Decimal and thousands marks.
    currency : str
        The one currency that amounts may be in.
    extraction : datetime64
        Month from which offsets are counted back.
    ids : str
        What to do where an id is written in several ways.
    """

    text: TextOptions = field(default_factory=TextOptions)
    currency: str = ""
    extraction: np.datetime64 = STAND_IN_EXTRACTION
    ids: str = "refuse"


@dataclass
class Recast:
    """A canonical table in the making: columns of the file's rows, faults and counts."""

    raw: RawTable
    mapping: TableMapping
    reading: Reading
    table: Table
    faults: list[Fault] = field(default_factory=list)
    repairs: dict[str, int] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """File and table, for error texts."""
        return f"{self.raw.where} as {self.table.name}"


def recast(
    raw: RawTable, mapping: TableMapping, name: str, reading: Reading
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return a canonical table and the counts of what was repaired.

    Parameters
    ----------
    raw : RawTable
        Cells of the file; it is not changed.
    mapping : TableMapping
    name : str
        Name of the canonical table.
    reading : Reading

    Returns
    -------
    tuple of DataFrame and dict
        The validated table, and repairs by name with how many rows each touched.

    Raises
    ------
    ChoiceError
        If the mapping names a canonical column that does not exist.
    DataError
        With every fault of every column.
    """
    work = Recast(raw, mapping, reading, TABLES[name])
    check_roles(mapping, name)
    unusable = np.zeros(raw.cells.num_rows, dtype=bool)
    if mapping.unusable == "drop":
        unusable |= _without_key(work)
        # The other cells of a row that is dropped may hold anything.
        rest = [
            source for role, source in mapping.columns.items() if not work.table[role].required
        ]
        wide = [name for names in mapping.wide.values() for name in names]
        work.raw = raw.without_cells([*rest, *wide], unusable)
    _check_currency(work, unusable)
    columns: dict[str, Any] = {}
    for role, source in mapping.columns.items():
        columns[role] = _convert(work, work.table[role], source, unusable)
    frame = pd.DataFrame(columns, index=pd.RangeIndex(raw.cells.num_rows))
    _refuse_empty_keys(work, frame, unusable)
    if work.faults:
        raise DataError(work.faults)
    if mapping.wide:
        frame = _lengthen(work, frame)
        unusable = np.tile(unusable, len(mapping.wide_months))
    for role, value in mapping.constants.items():
        frame[role] = value
    if unusable.any():
        work.repairs["rows_dropped_without_key_or_month"] = int(unusable.sum())
        frame = frame.loc[~unusable]
        if frame.empty:
            expected = "at least one row with a value in each key column"
            raise DataError(Fault(work.where, "", expected, 0, (f"none of {len(unusable):,}",)))
    frame = _one_row_per_key(work, frame)
    return validate(name, frame.reset_index(drop=True), where=work.where), work.repairs


def _without_key(work: Recast) -> np.ndarray:
    """Return which rows have an empty cell, or an unreadable month, where the table needs one."""
    lost = np.zeros(work.raw.cells.num_rows, dtype=bool)
    for role, source in work.mapping.columns.items():
        column = work.table[role]
        if not column.required or role in work.mapping.codes:
            continue
        cells, text = work.raw.cells[source], work.reading.text
        if column.kind in ("month", "date"):
            style = work.mapping.formats.get(role, "iso")
            days, wrong, _ = month_cells(
                cells, style, extraction=work.reading.extraction, where="", name=source,
                missing=text.gaps,
            )  # fmt: skip
            lost |= np.isnat(days) & ~wrong
            lost |= wrong & _some_read(days, wrong)
        elif column.kind == "text":
            lost |= text_cells(cells, missing=text.gaps).is_null().to_numpy()
    return lost


def _some_read(days: np.ndarray, wrong: np.ndarray) -> bool:
    """Return whether any cell was read: where none was, the format is wrong, not the rows."""
    return bool((~np.isnat(days) & ~wrong).any())


def check_roles(mapping: TableMapping, name: str) -> None:
    """Raise when a mapping speaks of a canonical column that its table has not.

    Raises
    ------
    ChoiceError
    """
    known = [*TABLES[name].column_names]
    for key in ("columns", "codes", "factors", "formats", "constants", "wide"):
        for role in getattr(mapping, key):
            if role not in known:
                raise unknown_name(f"column in data.tables.{name}.{key}", role, known)
    origins = {*mapping.columns, *mapping.wide}
    for key in ("codes", "factors", "formats"):
        loose = [role for role in getattr(mapping, key) if role not in origins]
        if loose:
            raise ChoiceError(
                f"data.tables.{name}.{key} speaks of {', '.join(loose)}, which no column is "
                "mapped to. Add it to columns or wide, or take it out."
            )
    for key in ("factors", "formats"):
        for role in getattr(mapping, key):
            if role in mapping.codes:
                raise ChoiceError(
                    f"data.tables.{name}.{key}.{role} would change nothing: codes.{role} says "
                    "what each cell means. Take one of them out."
                )
    months = {c.name for c in TABLES[name] if c.kind in ("month", "date")}
    wrong = sorted(set(mapping.formats) - months)
    if wrong:
        raise ChoiceError(
            f"data.tables.{name}.formats is for months and dates ({', '.join(sorted(months))}). "
            f"Got {', '.join(wrong)}."
        )


def source_columns(mapping: TableMapping) -> list[str]:
    """Return the columns of the file that a mapping reads, each once."""
    wide = [name for names in mapping.wide.values() for name in names]
    currency = [mapping.currency_column] if mapping.currency_column else []
    return list(dict.fromkeys([*mapping.columns.values(), *wide, *currency]))


def _convert(work: Recast, column: Column, source: str, unusable: np.ndarray) -> Any:
    """Return the values of one column; faults and unusable rows are noted on the way."""
    cells, mapping, where = work.raw.cells[source], work.mapping, work.where
    if column.name in mapping.codes:
        values, positions, faults = code_cells(
            cells,
            mapping.codes[column.name],
            where=where,
            name=source,
            key=f"data.tables.{work.table.name}.codes.{column.name}",
            missing=work.reading.text.gaps,
        )
        work.faults += faults
        if column.kind == "text":
            return pd.Series(values, dtype="str").to_numpy()[positions]
        return _coded_numbers(values, column)[positions]
    if column.name in IDENTIFIERS:
        ids = identifiers(
            cells, work.reading.text, rule=work.reading.ids, where=where, name=source
        )
        work.faults += ids.faults
        work.repairs |= ids.counts
        return ids.ids
    if column.kind == "text":
        if column.choices:
            return text_cells(cells, missing=work.reading.text.gaps).to_pandas().astype("str")
        return name_cells(cells, work.reading.text).to_pandas().astype("str")
    if column.kind in ("month", "date"):
        style = mapping.formats.get(column.name, "iso")
        days, wrong, faults = month_cells(
            cells,
            style,
            extraction=work.reading.extraction,
            where=where,
            name=source,
            missing=work.reading.text.gaps,
        )
        if mapping.unusable == "drop" and column.required and _some_read(days, wrong):
            unusable |= wrong
        else:
            work.faults += [_with_format_hint(fault, work.table.name, column) for fault in faults]
        # Two days of one month are one key: a repair that is asked for must see them so.
        return days.astype("datetime64[M]").astype(days.dtype) if column.kind == "month" else days
    numbers, faults = number_cells(cells, work.reading.text, where=where, name=source)
    work.faults += faults
    return numbers * mapping.factors.get(column.name, 1.0)


def _coded_numbers(values: list[Any], column: Column) -> np.ndarray:
    """Return the meanings of codes as numbers."""
    try:
        return np.array([np.nan if v is None else float(v) for v in values], dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ChoiceError(
            f"codes.{column.name}: expected numbers or null as meanings. Got "
            f"{', '.join(repr(v) for v in values if isinstance(v, str))}."
        ) from error


def _with_format_hint(fault: Fault, table: str, column: Column) -> Fault:
    """Add where to state how months are written, and that rows may be dropped."""
    return Fault(
        fault.where,
        fault.column,
        fault.expected,
        fault.n_rows,
        fault.examples,
        f"State how it is written in data.tables.{table}.formats.{column.name} (such as %Y%m, "
        f"%d.%m.%Y, offset, months_ago), or drop such rows, counted: "
        f"data.tables.{table}.unusable=drop.",
    )


def _refuse_empty_keys(work: Recast, frame: pd.DataFrame, unusable: np.ndarray) -> None:
    """Note rows without a value in a key column: faults, or rows to drop."""
    for role, source in work.mapping.columns.items():
        if not work.table[role].required:
            continue
        empty = frame[role].isna().to_numpy() & ~unusable
        already = any(fault.column == source for fault in work.faults)
        if not empty.any() or already:
            continue
        if work.mapping.unusable == "drop":
            unusable |= empty
            continue
        mend = f"To drop such rows, counted: data.tables.{work.table.name}.unusable=drop."
        cells = text_cells(work.raw.cells[source]) if is_text(work.raw.cells[source]) else None
        cells = work.raw.cells[source] if cells is None else cells
        work.faults.append(
            cell_fault(
                cells,
                empty,
                where=work.where,
                name=source,
                expected=f"a value in every row ({role})",
                mend=mend,
            )
        )


def _check_currency(work: Recast, unusable: np.ndarray) -> None:
    """Note a currency column that holds more than the stated currency, in rows that are kept."""
    name = work.mapping.currency_column
    if not name:
        return
    cells = text_cells(work.raw.cells[name])
    if not work.reading.currency:
        raise ChoiceError("data.currency must be stated when a currency_column is.")
    other = pc.fill_null(pc.not_equal(cells, work.reading.currency), True)
    wrong = np.asarray(other.to_numpy(zero_copy_only=False), dtype=bool) & ~unusable
    if wrong.any():
        counts = pc.value_counts(cells.filter(pa.array(wrong))).to_pylist()
        found = ", ".join(f"{c['values'] or 'empty'}: {c['counts']:,}" for c in counts[:5])
        work.faults.append(
            cell_fault(
                cells,
                wrong,
                where=work.where,
                name=name,
                expected=f"one currency, {work.reading.currency}",
                mend=f"Convert the amounts first ({found}).",
            )
        )


def _lengthen(work: Recast, frame: pd.DataFrame) -> pd.DataFrame:
    """Return one row per account and month of a file that has its months side by side."""
    months = work.mapping.wide_months
    n_rows = len(frame)
    blocks = [frame] * len(months)
    out = pd.concat(blocks, ignore_index=True)
    out["month"] = np.repeat(_months(months), n_rows)
    for role, sources in work.mapping.wide.items():
        column = work.table[role]
        never = np.zeros(n_rows, dtype=bool)
        out[role] = np.concatenate([_convert(work, column, name, never) for name in sources])
    if work.faults:
        raise DataError(work.faults)
    return out


def _months(texts: list[str]) -> np.ndarray:
    """Return months of the configuration as dates."""
    try:
        return np.array([np.datetime64(text, "M") for text in texts]).astype("datetime64[ms]")
    except ValueError as error:
        raise ChoiceError(
            f"wide_months: expected months as YYYY-MM. Got {', '.join(map(str, texts))}."
        ) from error


def _one_row_per_key(work: Recast, frame: pd.DataFrame) -> pd.DataFrame:
    """Keep the first or last row of each key when the mapping says so, and count the others."""
    key = [name for name in work.table.key if name in frame.columns]
    if not key:
        return frame
    if work.mapping.repeated == "refuse":
        _refuse_repeated(work, frame, key)
        return frame
    extra = frame.duplicated(key, keep=work.mapping.repeated)
    if extra.any():
        work.repairs[f"rows_repeating_a_key_{work.mapping.repeated}_kept"] = int(extra.sum())
        frame = frame.loc[~extra]
    return frame


def _refuse_repeated(work: Recast, frame: pd.DataFrame, key: list[str]) -> None:
    """Raise for rows that share a key, with their rows in the file and the repair to ask for."""
    doubled = frame[frame.duplicated(key, keep=False)]
    doubled = doubled.dropna(subset=key)
    if doubled.empty:
        return
    n_rows = work.raw.cells.num_rows
    shown = [
        f"{', '.join(_plain(row[name]) for name in key)} (row {int(place) % n_rows + 1:,})"
        for place, row in doubled.sort_values(key, kind="stable").head(3).iterrows()
    ]
    raise DataError(
        Fault(
            work.where,
            " + ".join(key),
            "one row for each key",
            len(doubled),
            tuple(shown),
            "Remove the repeated rows, or keep one of each, counted: "
            f"data.tables.{work.table.name}.repeated=first or last.",
        )
    )


def _plain(value: Any) -> str:
    """Return a cell of a key in words: a month without its time."""
    return f"{value:%Y-%m-%d}" if isinstance(value, pd.Timestamp) else repr(value)
