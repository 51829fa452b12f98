"""How a file without a mapping writes numbers and months, found from its own cells."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pyarrow.compute as pc

from delinquency.sources.reading.cells import is_text, text_cells
from delinquency.sources.reading.mapping_options import TextOptions
from delinquency.sources.reading.raw_table import RawTable

SAMPLE = 400
"""Distinct cells that are tried."""
MOSTLY = 0.9
"""Share of a column's cells that are numbers in another way of writing."""
COMMA_DECIMAL = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?")
POINT_GROUPED = re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?")
COMMA_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})*(\.\d+)?")
ISO_MONTH = re.compile(r"(19|20)\d{2}-(0[1-9]|1[0-2])(-\d{2})?([T ][\d:.+Z-]*)?")
DIGIT_STYLES = ((6, "%Y%m"), (8, "%Y%m%d"))
STYLES = (
    "%m/%Y", "%m-%Y", "%m.%Y", "%Y/%m", "%Y.%m", "%Y/%m/%d", "%Y.%m.%d", "%b-%y", "%b-%Y", "%b %Y",
    "%b %y", "%B %Y", "%d%b%Y", "%d-%b-%Y", "%d-%b-%y", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y",
    "%d-%m-%Y", "%m-%d-%Y", "%Y年%m月",
)  # fmt: skip
SHORTEST = len("1/2024")
"""Shorter cells are no months in any of these, so that most columns of numbers are passed over."""
FIRST_YEAR, LAST_YEAR = 1970, 2100


def with_marks(raw: RawTable, text: TextOptions) -> TextOptions:
    """Return the options with the decimal and thousands marks that the cells show.

    Parameters
    ----------
    raw : RawTable
    text : TextOptions
        Left as it is where it states a mark itself.
    """
    if text.decimal != "." or text.thousands:
        return text
    for name in raw.cells.column_names:
        if not is_text(raw.cells[name]):
            continue
        cells = pc.unique(text_cells(raw.cells[name], missing=text.gaps)).drop_null()
        sample = [cell for cell in cells[:SAMPLE].to_pylist() if any(c.isdigit() for c in cell)]
        marked = [cell for cell in sample if "," in cell]
        if not marked or len(sample) < MOSTLY * len(cells[:SAMPLE]):
            continue
        grouped = sum(COMMA_GROUPED.fullmatch(cell) is not None for cell in sample)
        decimal = sum(COMMA_DECIMAL.fullmatch(cell) is not None for cell in sample)
        if grouped == len(sample):
            return replace(text, thousands=",")
        if decimal == len(sample):
            point = any(POINT_GROUPED.fullmatch(cell) for cell in sample)
            return replace(text, decimal=",", thousands="." if point else "")
    return text


def month_style(cells: Sequence[str]) -> str:
    """Return how a column's distinct cells write months or days; "" where they are no dates.

    Where days may stand before months or behind them, the reading with more months is taken: a
    monthly file has few days.

    Examples
    --------
    >>> month_style(["202401", "202402"]), month_style(["Jan-24", "Feb-24"]), month_style(["7"])
    ('%Y%m', '%b-%y', '')
    >>> month_style(["01/02/2024", "01/03/2024"])
    '%d/%m/%Y'
    """
    sample = list(cells[:SAMPLE])
    if not sample:
        return ""
    if all(ISO_MONTH.fullmatch(cell) for cell in sample):
        return "iso"
    digits = [re.sub(r"\.0+$", "", cell) for cell in sample]
    for width, style in DIGIT_STYLES:
        if all(len(cell) == width and cell.isdigit() for cell in digits):
            return style if _months(digits, style) else ""
    if min(map(len, sample)) < SHORTEST:
        return ""
    read = {style: months for style in STYLES if (months := _months(sample, style))}
    return max(read, key=lambda style: len(read[style]), default="")


def _months(cells: Sequence[str], style: str) -> set[str]:
    """Return the months of cells in one way of writing; none where a cell is no such date."""
    found = set()
    for cell in cells:
        try:
            day = datetime.strptime(cell, style)
        except ValueError:
            return set()
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            return set()
        found.add(f"{day:%Y-%m}")
    return found
