"""Numbers that can be read, but may have been written with another decimal mark."""

import re
from collections.abc import Mapping, Sequence

from delinquency.sources.inspect.column_profile import ColumnProfile, ColumnValues
from delinquency.sources.inspect.findings import Finding
from delinquency.sources.reading.mapping_options import TextOptions

LEAST_MARKED = 20
"""Distinct numbers with a mark from which their shape says something."""
MOST_DISTINCT = 20_000


def mark_findings(
    columns: Sequence[ColumnProfile], values: Mapping[str, ColumnValues], text: TextOptions
) -> list[Finding]:
    """Find numbers whose decimal mark may stand between thousands: ``1.234`` for 1234.

    Every number with a mark then has exactly three digits behind it and begins with another digit
    than 0, and every number without one lies below 1000.
    """
    mark = re.escape(text.decimal)
    grouped = re.compile(rf"[+-]?[1-9]\d{{0,2}}{mark}\d{{3}}")
    small = re.compile(r"[+-]?\d{1,3}")
    found = []
    for column in columns:
        if column.kind != "number" or column.role in ("account", "account_id", "month", "ignored"):
            continue
        cells = values[column.name].distinct[:MOST_DISTINCT]
        marked = [cell for cell in cells if text.decimal in cell]
        plain = [cell for cell in cells if text.decimal not in cell]
        if len(marked) < LEAST_MARKED or not all(map(grouped.fullmatch, marked)):
            continue
        if not all(map(small.fullmatch, plain)):
            continue
        told = f"is {marked[0]!r} with thousands, or with decimals? Every number has three digits "
        other = "," if text.decimal == "." else "."
        mend = f"If thousands, state text: {{thousands: '{text.decimal}', decimal: '{other}'}}."
        found.append(Finding("look", column.name, f"{told}behind the mark", mend))
    return found
