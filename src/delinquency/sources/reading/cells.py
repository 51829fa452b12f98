"""Turn columns of cells into numbers and text; what does not convert is counted and shown."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import repeat
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from delinquency.errors import Fault
from delinquency.sources.reading.mapping_options import TextOptions

EXAMPLES = 3
NUMBER = re.compile(r"[+-]?(\d++(\.\d*+)?|\.\d++)([eE][+-]?\d++)?")
ISO = re.compile(
    r"(\d{4}-\d{2})(-\d{2})?([T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?)?"
    r" ?(Z|UTC|[+-]\d{2}:?(\d{2})?)?"
)
"""A month or day with any time and zone behind it: what the clock of that zone shows."""
EXACT_BELOW = 2.0**53
"""From here on, not every whole number can be held by a float of 64 bits."""
MOST_MONTHS = 1200
"""A month counted from extraction lies within a hundred years of it."""
DIGITS_OF = {"%Y": 4, "%m": 2, "%d": 2, "%y": 2, "%j": 3, "%H": 2, "%M": 2, "%S": 2}
"""How many digits a part of a date has; a format of these alone tells parts apart by place."""
POINT_ZERO = re.compile(r"([+-]?\d++)\.0++")
FIRST_YEAR, LAST_YEAR = 1900, 2200
"""No statement, loan or birth of a customer lies outside."""
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
    numbers = {n: v for code, v in meanings.items() if (n := _number(code)) is not None}
    unknown: set[str] = set()

    def convert(code: str) -> Any:
        if code in meanings:
            return meanings[code]
        number = _number(code)
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


def month_cells(
    column: Column,
    style: str,
    *,
    extraction: np.datetime64,
    where: str,
    name: str,
    missing: Sequence[str] = (),
) -> tuple[np.ndarray, np.ndarray, list[Fault]]:
    """Convert a column to days.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
    style : str
        A strftime format, "iso", "offset" (0, -1, ...) or "months_ago" (0, 1, ...).
    extraction : datetime64
        Month from which offsets are counted back.
    where, name : str
        File and column, for the fault.

    Returns
    -------
    tuple of ndarray of shape (n_rows,), ndarray of bool, and list of Fault
        Dates as datetime64[ms], NaT where missing or wrong; which cells are wrong; the fault.
    """
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        if pa.types.is_timestamp(column.type) and column.type.tz:
            column = pc.local_timestamp(column)  # midnight in its own zone, not in Greenwich
        days = column.cast(pa.timestamp("ms"), safe=False).to_numpy().astype("datetime64[ms]")
        return _possible(days, column, where=where, name=name)
    cells = text_cells(column, missing=missing)
    parse, expected = _date_parser(style, extraction)
    values, positions = map_values(cells, parse)
    days = np.array(
        [np.datetime64("NaT") if v is None else v for v in values], dtype="datetime64[ms]"
    )
    failed = np.array([v is None for v in values])
    failed[-1] = False
    wrong = failed[positions]
    if not wrong.any():
        return _possible(days[positions], cells, where=where, name=name)
    fault = cell_fault(cells, wrong, where=where, name=name, expected=expected)
    return days[positions], wrong, [fault]


def _possible(
    days: np.ndarray, cells: Column, *, where: str, name: str
) -> tuple[np.ndarray, np.ndarray, list[Fault]]:
    """Return dates as they came, and the fault of those that no customer has lived."""
    year = days.astype("datetime64[Y]").astype(np.int64) + 1970
    wrong = ~np.isnat(days) & ((year < FIRST_YEAR) | (year > LAST_YEAR))
    if not wrong.any():
        return days, wrong, []
    expected = f"a date from {FIRST_YEAR} to {LAST_YEAR}"
    mend = "Dates such as 9999-12-31 stand for 'none': leave the cell empty."
    fault = cell_fault(cells, wrong, where=where, name=name, expected=expected, mend=mend)
    return days, wrong, [fault]


def _date_parser(
    style: str, extraction: np.datetime64
) -> tuple[Callable[[str], np.datetime64 | None], str]:
    """Return a function from text to a date or None, and what it expects in words."""
    if style in ("offset", "months_ago"):
        sign = 1 if style == "offset" else -1
        words = "0 or below" if style == "offset" else "0 or above"

        def counted(value: str) -> np.datetime64 | None:
            number = _number(value)
            if number is None or abs(number) > MOST_MONTHS:
                return None
            if number != int(number) or sign * number > 0:
                return None
            return extraction.astype("datetime64[M]") + np.timedelta64(int(sign * number), "M")

        return counted, f"a whole number of months, {words}"
    if style == "iso":
        return _iso_day, "a date as YYYY-MM or YYYY-MM-DD"

    n_digits = sum(map(DIGITS_OF.get, re.findall("%.", style), repeat(0)))
    fixed = not re.sub("|".join(DIGITS_OF), "", style)

    def written(value: str) -> np.datetime64 | None:
        if whole := POINT_ZERO.fullmatch(value):  # a column of numbers with gaps: 202401.0
            value = whole.group(1)
        if fixed and len(value) != n_digits:  # 1122024 is 1 December, or 11 February
            return None
        try:
            read = datetime.strptime(value, style)
        except ValueError:
            return None
        return np.datetime64(read.replace(tzinfo=None), "ms")

    digits = f", all {n_digits} digits (a zero in front may be lost)" if fixed else ""
    return written, f"a date as {style}{digits}"


def _iso_day(value: str) -> np.datetime64 | None:
    """Return the day that is written first; a time and a zone behind it change nothing."""
    found = ISO.fullmatch(value)
    if found is None or (found.group(3) is None and found.group(6) is not None):
        return None
    try:
        return np.datetime64(found.group(1) + (found.group(2) or ""), "D").astype("datetime64[ms]")
    except ValueError:
        return None


def _number(text: str) -> float | None:
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
