"""Turn columns of cells into months and days; what is none is counted and shown."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import repeat

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from delinquency.errors import Fault
from delinquency.sources.reading.cells import (
    Column,
    cell_fault,
    map_values,
    plain_number,
    text_cells,
)

ISO = re.compile(
    r"(\d{4}-\d{2})(-\d{2})?([T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?)?"
    r" ?(Z|UTC|[+-]\d{2}:?(\d{2})?)?"
)
"""A month or day with any time and zone behind it: what the clock of that zone shows."""
MOST_MONTHS = 1200
"""A month counted from extraction lies within a hundred years of it."""
DIGITS_OF = {"%Y": 4, "%m": 2, "%d": 2, "%y": 2, "%j": 3, "%H": 2, "%M": 2, "%S": 2}
"""How many digits a part of a date has; a format of these alone tells parts apart by place."""
POINT_ZERO = re.compile(r"([+-]?\d++)\.0++")
LEAST_MOMENTS, CLOCKS = 3, 2
"""Moments from which times of day say something, and times of day that one zone has in a year."""
EAST_OF, QUARTER = (10 * 3600, 23 * 3600 + 1800), 900
"""Seconds of the day at which midnight of zones farther east falls; zones differ by quarters."""
FIRST_YEAR, LAST_YEAR = 1900, 2200
"""No statement, loan or birth of a customer lies outside."""


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
        if _midnight_elsewhere(days):
            return days, ~np.isnat(days), [_of_another_zone(column, days, where, name)]
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
    if style == "iso" and not wrong.any() and _midnight_elsewhere(_moments(cells)):
        return days[positions], ~np.isnat(days[positions]), [
            _of_another_zone(cells, days[positions], where, name)
        ]  # fmt: skip
    if not wrong.any():
        return _possible(days[positions], cells, where=where, name=name)
    fault = cell_fault(cells, wrong, where=where, name=name, expected=expected)
    return days[positions], wrong, [fault]


def _midnight_elsewhere(moments: np.ndarray) -> bool:
    """Return whether all moments are midnight of a month's first day by a clock farther east.

    They fall on the last day of a month, all at one time of the evening or afternoon, or at two
    where the clock is changed twice a year.
    """
    known = np.unique(moments[~np.isnat(moments)])
    if len(known) < LEAST_MOMENTS:
        return False
    days = known.astype("datetime64[D]")
    last = (days + 1).astype("datetime64[M]") != days.astype("datetime64[M]")
    seconds = (known - days).astype("timedelta64[s]").astype(np.int64)
    east = (seconds >= EAST_OF[0]) & (seconds <= EAST_OF[1]) & (seconds % QUARTER == 0)
    return bool(last.all() and east.all() and len(np.unique(seconds)) <= CLOCKS)


def _moments(cells: Column) -> np.ndarray:
    """Return the distinct moments of ISO texts; none where a text has no time."""
    found = [ISO.fullmatch(text) for text in pc.unique(cells).drop_null().to_pylist()]
    texts = [
        f"{m.group(1)}{m.group(2)}T{m.group(3)[1:9]}"
        for m in found
        if m and m.group(2) and m.group(3)
    ]
    if len(texts) < len(found):
        return np.empty(0, "datetime64[ms]")
    return np.array(texts, "datetime64[ms]")


def _of_another_zone(cells: Column, days: np.ndarray, where: str, name: str) -> Fault:
    """Return the fault of months that a clock of another zone has put into the month before."""
    expected = "months; every time is the same evening hour of a month's last day"
    mend = (
        "It is midnight of the next month in a zone farther east, written by another clock. Write "
        "the column in its own zone, or as days (2024-01-01). Text that means what it says can be "
        "given its format, such as %Y-%m-%dT%H:%M:%SZ."
    )
    return cell_fault(cells, ~np.isnat(days), where=where, name=name, expected=expected, mend=mend)


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
            number = plain_number(value)
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
