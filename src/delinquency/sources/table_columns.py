"""The feature columns of a ready-made table: special codes, ratios, categories, and meaning."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from delinquency.errors import ChoiceError, Fault
from delinquency.sources.data_options import TableData
from delinquency.sources.name_words import title_of
from delinquency.sources.reading.cells import map_values, name_cells, number_cells, text_cells
from delinquency.sources.reading.mapping_options import FeatureColumn, TextOptions
from delinquency.sources.reading.raw_table import RawTable

MAX_CATEGORIES = 255
"""Names of a column that are told apart; the rarest beyond are joined."""
RARE = "(rare names)"
"""The name of those that are joined."""
NOT_APPLICABLE = "_not_applicable"
AMOUNT = "_amount"
OUTSIDE = "_out_of_range"


@dataclass
class Columns:
    """Feature columns in the making, and what is known of each.

    Attributes
    ----------
    numbers : dict of str to ndarray
    meaning : dict of str to FeatureColumn
    categories : dict of str to tuple of str
        Names by code, for columns of names.
    counts : dict of str to int
        What was recast, counted.
    marks : dict of str to str
        Mark ("does not apply") -> the column that it belongs to.
    amounts : dict of str to str
        Column of amounts -> the ratio that they were told apart from.
    faults : list of Fault
    """

    numbers: dict[str, np.ndarray] = field(default_factory=dict)
    meaning: dict[str, FeatureColumn] = field(default_factory=dict)
    categories: dict[str, tuple[str, ...]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    amounts: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def add(self, name: str, values: np.ndarray, meaning: FeatureColumn) -> None:
        """Add a column; a name that is taken is a fault of the mapping."""
        if name in self.numbers:
            raise ChoiceError(f"data.columns: {name!r} is also the name of a derived column.")
        self.numbers[name] = values
        self.meaning[name] = meaning


def feature_columns(options: TableData, raw: RawTable) -> Columns:
    """Return the feature columns; faults are noted in them.

    Parameters
    ----------
    options : TableData
    raw : RawTable
        Every column of the mapping is in it.

    Returns
    -------
    Columns
    """
    made = Columns()
    for name, column in options.columns.items():
        if column.categorical:
            special = {**options.special, **column.special}
            _add_categories(made, raw, name, replace(column, special=special), options.text)
            continue
        special = {**options.special, **column.special}
        values, faults = number_cells(raw.cells[name], options.text, where=raw.where, name=name)
        made.faults += faults
        _add_numbers(made, raw, name, column, _Special(values, special))
    for name, column in options.columns.items():
        if column.ratio_to:
            _split_ratio(made, name, column)
    return made


@dataclass(frozen=True)
class _Special:
    """Numbers of a column, and the meaning of its special codes."""

    values: np.ndarray
    meanings: Mapping[Any, str]

    def where(self, meaning: str) -> np.ndarray:
        """Return which rows hold a code of one meaning."""
        codes = [_code_number(code) for code, what in self.meanings.items() if what == meaning]
        return np.isin(self.values, codes)


def _code_number(code: Any) -> float:
    try:
        return float(code)
    except (TypeError, ValueError) as error:
        raise ChoiceError(f"special: expected a number as code. Got {code!r}.") from error


def _add_numbers(
    made: Columns, raw: RawTable, name: str, column: FeatureColumn, special: _Special
) -> None:
    """Add a numeric column: special codes taken out, counted, and marked where they say much."""
    missing, beside = special.where("missing"), special.where("not_applicable")
    capped = special.where("capped")
    values = np.where(missing | beside, np.nan, special.values)
    ordinary = values[~capped & ~np.isnan(values)]
    if capped.any() and len(ordinary) and (values[capped] <= ordinary.max()).any():
        made.faults.append(
            Fault(
                raw.where,
                name,
                "a capped code above all ordinary values",
                int((values > values[capped].min()).sum()),
                (f"ordinary values up to {ordinary.max():g}",),
                "If the code is no top value, call it missing or not_applicable.",
            )
        )
    outside = _outside(values, column)
    made.add(name, np.where(outside, np.nan, values), column)
    if column.valid is not None:
        made.counts[f"{name}_outside_its_valid_range"] = int(outside.sum())
        strange = FeatureColumn(
            trait=column.trait,
            title=f"{column.title or title_of(name)}: outside its usual range",
            title_zh=f"{column.title_zh}：超出正常范围" if column.title_zh else "",
            unit="0/1",
        )
        made.add(name + OUTSIDE, outside.astype(np.float64), strange)
    for what, rows in (("missing", missing), ("not_applicable", beside), ("capped", capped)):
        if rows.any():
            made.counts[f"{name}_{what}_by_code"] = int(rows.sum())
    if "not_applicable" in special.meanings.values():
        marked = FeatureColumn(
            trait=column.trait,
            title=f"{column.title or title_of(name)}: does not apply",
            title_zh=f"{column.title_zh}：不适用" if column.title_zh else "",
            unit="0/1",
        )
        made.add(name + NOT_APPLICABLE, beside.astype(np.float64), marked)
        made.marks[name + NOT_APPLICABLE] = name


def _outside(values: np.ndarray, column: FeatureColumn) -> np.ndarray:
    """Return which values lie outside the range in which they mean what the title says."""
    low, high = column.valid or (None, None)
    below = values < low if low is not None else np.zeros(len(values), dtype=bool)
    return below | (values > high) if high is not None else below


def _split_ratio(made: Columns, name: str, column: FeatureColumn) -> None:
    """Move the values of a ratio without a base, which are amounts, to a column of their own."""
    base, values = made.numbers[column.ratio_to], made.numbers[name]
    baseless = np.isnan(base) | (base == 0)
    title = f"{column.title or title_of(name)}, as an amount (no {column.ratio_to})"
    title_zh = f"{column.title_zh}（金额）" if column.title_zh else ""
    amount = FeatureColumn(
        trait=column.trait, direction=column.direction, title=title, title_zh=title_zh
    )
    made.numbers[name] = np.where(baseless, np.nan, values)
    made.add(name + AMOUNT, np.where(baseless, values, np.nan), amount)
    made.amounts[name + AMOUNT] = name
    made.counts[f"{name}_amounts_told_apart"] = int((baseless & ~np.isnan(values)).sum())


def _add_categories(
    made: Columns, raw: RawTable, name: str, column: FeatureColumn, text: TextOptions
) -> None:
    """Add a categorical column as codes of its names in alphabetical order.

    Names beyond ``MAX_CATEGORIES`` are joined, the rarest first; the joined ones come last.
    """
    gaps = [str(code) for code, meaning in column.special.items() if meaning == "missing"]
    cells = name_cells(raw.cells[name], text)
    if gaps:
        filled = text_cells(cells, missing=gaps)
        if by_code := filled.null_count - cells.null_count:
            made.counts[f"{name}_missing_by_code"] = by_code
        cells = filled
    distinct, positions = map_values(cells, str)
    found = np.array([str(value) for value in distinct[:-1]], dtype=object)
    rows = np.bincount(positions, minlength=len(distinct))[:-1]
    order = sorted(range(len(found)), key=lambda k: (-rows[k], found[k]))
    names = tuple(sorted(found[k] for k in order))
    if len(found) > MAX_CATEGORIES:
        kept, rare = order[: MAX_CATEGORIES - 1], order[MAX_CATEGORIES - 1 :]
        names = (*sorted(found[k] for k in kept), RARE)
        made.counts[f"{name}_rare_names_joined"] = len(rare)
        made.counts[f"{name}_rows_with_a_rare_name"] = int(rows[rare].sum())
    code = {one: float(number) for number, one in enumerate(names)}
    other = code.get(RARE, np.nan)
    codes = np.array([code.get(one, other) for one in found] + [np.nan])
    made.add(name, codes[positions], column)
    made.categories[name] = names


def words_of(made: Columns, name: str, special: Mapping[Any, str]) -> dict[str, Any]:
    """Return what is said of a column beside its title, as plain values.

    Parameters
    ----------
    made : Columns
    name : str
    special : mapping
        Special codes of every column of the table.
    """
    column = made.meaning[name]
    own = {**special, **column.special}
    if column.categorical:
        names = made.categories[name]
        labels = [
            [float(names.index(str(code))), *words]
            for code, words in column.labels.items()
            if str(code) in names
        ]
    else:
        labels = [[float(code), *words] for code, words in column.labels.items()]
    return {
        "title_zh": column.title_zh,
        "reason": column.reason,
        "reason_zh": column.reason_zh or column.reason,
        "labels": labels,
        "capped": [_code_number(code) for code, what in own.items() if what == "capped"],
        "mark_of": made.marks.get(name, ""),
        "amount_of": made.amounts.get(name, ""),
    }
