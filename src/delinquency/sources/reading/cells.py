"""Turn columns of cells into numbers and text; what does not convert is counted and shown."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from delinquency.errors import Fault
from delinquency.sources.reading.mapping_options import TextOptions

EXAMPLES = 3
NUMBER = re.compile(r"[+-]?(\d++(\.\d*+)?|\.\d++)([eE][+-]?\d++)?")
EXACT_BELOW = 2.0**53
"""From here on, not every whole number can be held by a float of 64 bits."""
Column: TypeAlias = Any
"""A pyarrow.ChunkedArray; pyarrow carries no types."""


def is_text(column: Column) -> bool:
    """Return whether a column holds text (also as a dictionary)."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def text_cells(column: Column, *, missing: Sequence[str] = ()) -> Column:
    """Return a column as text without surrounding blanks; empty cells are null.

    Whole numbers that are stored as floats or decimals lose their ``.0``, so that an account
    number is the same text from a text file and from Parquet.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
    missing : sequence of str
        Cells that stand for "no value", besides the empty one. Names have none unless the mapping
        says so: a category may well be called NA.
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_floating(column.type):
        column = _digits_of_floats(column.cast(pa.float64()))
    elif pa.types.is_decimal(column.type):
        column = pc.replace_substring_regex(column.cast(pa.string()), r"\.0+$", "")
    trimmed = pc.utf8_trim_whitespace(column.cast(pa.string()))
    empty = pc.is_in(trimmed, pa.array(["", *missing], trimmed.type))
    return pc.if_else(empty, pa.scalar(None, pa.string()), trimmed)


def _digits_of_floats(column: Column) -> Column:
    """Return floats as text, each whole one without a point or an exponent; NaN as null."""
    column = pc.if_else(pc.is_nan(column), pa.scalar(None, pa.float64()), column)
    whole = pc.and_(pc.equal(column, pc.floor(column)), pc.less(pc.abs(column), 2.0**63))
    digits = pc.if_else(whole, column, pa.scalar(0.0)).cast(pa.int64()).cast(pa.string())
    return pc.if_else(whole, digits, column.cast(pa.string()))


def name_cells(column: Column, text: TextOptions) -> Column:
    """Return a column of names: ``1``, ``1.0`` and `` 1 `` are one, and NA is a name like another.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
    text : TextOptions
        Its decimal mark, and the cells that it states to mean "no value".
    """
    cells = text_cells(column, missing=text.missing or ())
    if not is_text(column):
        return cells
    mark = "," if text.decimal == "," else r"\."
    return pc.replace_substring_regex(cells, rf"^([+-]?\d+){mark}0+$", r"\1")


def number_cells(
    column: Column, text: TextOptions, *, where: str, name: str
) -> tuple[np.ndarray, list[Fault]]:
    """Convert a column to numbers.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        Text, or any numeric type.
    text : TextOptions
        Decimal and thousands marks, and the cells that mean "missing".
    where, name : str
        File and column, for the fault.

    Returns
    -------
    tuple of ndarray of shape (n_rows,) and list of Fault
        Floats with NaN for missing cells; NaN also where a cell did not convert.
    """
    if not is_text(column):
        try:
            values = _floats(column.cast(pa.float64(), safe=False))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return np.full(len(column), np.nan), [
                Fault(where, name, "numbers", 0, (f"the type {column.type}",))
            ]
        cells, wrong = column, np.isinf(values)
    else:
        cells = text_cells(column, missing=text.gaps)
        bare = _plain_digits(cells, text)
        try:
            values = _floats(bare.cast(pa.float64()))
            wrong = np.isinf(values)
        except pa.ArrowInvalid:
            values, wrong = _one_by_one(bare)
    if not wrong.any():
        return values, []
    first = cells[int(np.flatnonzero(wrong)[0])].as_py()
    fault = cell_fault(
        cells, wrong, where=where, name=name, expected="a number", mend=_mend(str(first), text)
    )
    return np.where(wrong, np.nan, values), [fault]


def code_cells(
    column: Column,
    codes: Mapping[Any, Any],
    *,
    where: str,
    name: str,
    key: str,
    missing: Sequence[str] = (),
) -> tuple[list[Any], np.ndarray, list[Fault]]:
    """Look codes up in a list of meanings.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
    codes : mapping
        Code -> value, or None for missing. Codes are compared as text; a code that is a number
        also stands for other ways to write it (0 for "00" and "0.0").
    where, name : str
        File and column, for the fault.
    key : str
        Where in the configuration a meaning can be added.
    missing : sequence of str
        Cells that stand for "no value" unless they are among the codes.

    Returns
    -------
    tuple of list, ndarray of shape (n_rows,) and list of Fault
        Distinct values with None at the end, for each row the position of its value, and the
        fault of codes that have no meaning.
    """
    meanings = {str(code): value for code, value in codes.items()}
    cells = text_cells(column, missing=[one for one in missing if one not in meanings])
    numbers = {n: v for code, v in meanings.items() if (n := plain_number(code)) is not None}
    unknown: set[str] = set()

    def convert(code: str) -> Any:
        if code in meanings:
            return meanings[code]
        number = plain_number(code)
        if number is not None and number in numbers:
            return numbers[number]
        unknown.add(code)
        return None

    values, positions = map_values(cells, convert)
    if not unknown:
        return values, positions, []
    wrong = pc.is_in(cells, pa.array(sorted(unknown))).to_numpy(zero_copy_only=False)
    return (
        values,
        positions,
        [
            cell_fault(
                cells,
                np.asarray(wrong, dtype=bool),
                where=where,
                name=name,
                expected=f"one of the codes {', '.join(meanings)}",
                mend=f"Say what {', '.join(sorted(unknown)[:8])} means in {key} (null = missing).",
            )
        ],
    )


def plain_number(text: str) -> float | None:
    """Return a text as a finite number, or None."""
    if not NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def cell_fault(
    cells: Column, wrong: np.ndarray, *, where: str, name: str, expected: str, mend: str = ""
) -> Fault:
    """Return the fault of the cells marked wrong, with up to three examples and their rows."""
    places = np.flatnonzero(wrong)
    examples = tuple(
        f"{_shown(cells[int(place)].as_py())} (row {place + 1:,})" for place in places[:EXAMPLES]
    )
    return Fault(where, name, expected, len(places), examples, mend)


def map_values(cells: Column, convert: Callable[[str], object]) -> tuple[list[object], np.ndarray]:
    """Convert each distinct text once.

    Returns
    -------
    tuple of list and ndarray of shape (n_rows,)
        The converted distinct values with ``None`` appended at the end, and for each row the
        position of its value in that list (the last one for missing cells).
    """
    encoded = pc.dictionary_encode(cells).combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.chunk(0)
    distinct = [convert(value) for value in encoded.dictionary.to_pylist()]
    positions = encoded.indices.fill_null(len(distinct)).to_numpy(zero_copy_only=False)
    return [*distinct, None], positions


def _shown(value: object) -> str:
    text = (
        repr(value) if isinstance(value, str) else "an empty cell" if value is None else f"{value}"
    )
    return text if len(text) <= 60 else text[:57] + "..."


def _floats(column: Column) -> np.ndarray:
    return np.asarray(column.to_numpy(), dtype=np.float64)


def _plain_digits(cells: Column, text: TextOptions) -> Column:
    """Return number texts with thousands marks removed and a decimal point."""
    if text.thousands:
        mark, point = (f"\\{m}" for m in (text.thousands, text.decimal))
        grouped = rf"^[+-]?\d{{1,3}}({mark}\d{{3}})+({point}\d*)?$"
        proper = pc.match_substring_regex(cells, grouped)
        bare = pc.replace_substring(cells, text.thousands, "")
        cells = pc.if_else(proper, bare, cells)
    if text.decimal == ",":
        # A point is no decimal mark here: "1.234" becomes "1 234", which is not a number.
        cells = pc.replace_substring(pc.replace_substring(cells, ".", " "), ",", ".")
    return cells


def _one_by_one(cells: Column) -> tuple[np.ndarray, np.ndarray]:
    """Return floats, and which cells are not finite numbers; each distinct text is tried once."""

    def convert(value: str) -> float | None:
        number = float(value) if NUMBER.fullmatch(value) else math.inf
        return number if math.isfinite(number) else None

    values, positions = map_values(cells, convert)
    numbers = np.array([np.nan if v is None else v for v in values], dtype=np.float64)
    failed = np.array([v is None for v in values])
    failed[-1] = False
    return numbers[positions], failed[positions]


def _mend(cell: str, text: TextOptions) -> str:
    """Return what to do about a cell that looks like a number written in another way."""
    for pattern, mend in _OTHER_WAYS:
        if pattern.fullmatch(cell):
            return mend.format(decimal=text.decimal, thousands=text.thousands)
    return ""


_MARKED = r"[+-]?\d[\d., \u00a0']*"
_OTHER_WAYS = tuple(
    (re.compile(pattern, re.IGNORECASE), mend)
    for pattern, mend in (
        (
            r"[+-]?(inf(inity)?|\d[\d.]*e[+-]?\d+)",
            "It is beyond any number. If it stands for no value, list it under text.missing.",
        ),
        (
            _MARKED,
            "If it is a number, state how it is written: text.decimal and text.thousands "
            "(now {decimal!r} and {thousands!r}).",
        ),
        (rf"{_MARKED} ?[%％]", "Write it without the percent sign, all cells in one unit."),
        (rf"\({_MARKED}\)", "If the brackets mean below zero, write a minus sign."),
        (
            rf"[^\d.,+-]{{1,4}}{_MARKED}|{_MARKED}[^\d.,]{{1,4}}",
            "If it is an amount, write it without the currency, which is stated once for all.",
        ),
    )
)
"""How numbers are written elsewhere, and what to do about it; the first that fits counts."""
