"""Frames held against the canonical tables.

pandera does the checking, and every fault of every column is collected before one ``DataError``
is raised.
"""

import numpy as np
import pandas as pd

from delinquency.errors import ChoiceError, DataError, Fault
from delinquency.named_choices import Registry
from delinquency.panel.part_checks import passes
from delinquency.panel.schema import (
    FIRST_MONTH,
    LAST_MONTH,
    MONTH_DTYPE,
    TABLES,
    Column,
    Table,
)

EXAMPLES = 3
_AS_IT_IS = {"text": "str", "date": MONTH_DTYPE, "month": ""}
"""Dtypes that need no conversion; numbers are floats, and a month is made its first day."""

_TABLE_REGISTRY: Registry[Table] = Registry("table")
for _table in TABLES.values():
    _TABLE_REGISTRY.add(_table.name, _table)


def validate(name: str, frame: pd.DataFrame, *, where: str) -> pd.DataFrame:
    """Return ``frame`` as canonical table ``name``, or raise with every fault found.

    Parameters
    ----------
    name : str
        Name of a canonical table.
    frame : DataFrame
        One row per key of the table; columns in any order. It is not changed.
    where : str
        What the frame was read from, for error texts.

    Returns
    -------
    DataFrame
        Canonical columns that were present, in canonical order and dtypes, rows sorted by the
        table's key (rows of one key never exist twice).

    Raises
    ------
    DataError
        With every fault: missing or unknown columns, values that do not convert, values out of
        bounds, missing values in required columns, and repeated keys.
    """
    table = _TABLE_REGISTRY[name]
    faults = [
        Fault(where, column.name, f"a column ({column.meaning})", mend="It is missing.")
        for column in table
        if column.required and column.name not in frame.columns
    ]
    faults += [
        Fault(
            where,
            str(unknown),
            f"only columns of {name!r}: {', '.join(table.column_names)}",
            mend="Rename it or leave it out.",
        )
        for unknown in frame.columns
        if unknown not in table.column_names
    ]
    if faults:
        raise DataError(faults)
    converted: dict[str, pd.Series] = {}
    for column in table:
        if column.name in frame.columns:
            converted[column.name], more = _convert(frame, column, where)
            faults += more
    if faults:
        raise DataError(faults)
    canonical = pd.DataFrame(converted)
    if table.key and passes(name, canonical):
        return canonical.reset_index(drop=True)
    # Sums of floats depend on their order: rows that nothing numbers are ordered by all they hold.
    by = list(table.key) or list(canonical.columns)
    ordered = canonical.sort_values(by, kind="stable", ignore_index=True)
    # A look at millions of rows, or at a request's few, costs less than pandera's words.
    faults = [] if passes(name, ordered) else _check(table, canonical, where)
    if faults:
        raise DataError(faults)
    return ordered


def checked(name: str, frame: pd.DataFrame, *, where: str) -> pd.DataFrame:
    """Return a canonical table as it is where it passes, else as ``validate`` returns it.

    Parameters
    ----------
    name : str
        Name of a canonical table.
    frame : DataFrame
        As read from Parquet; ids may be categorical.
    where : str
        For error texts.

    Returns
    -------
    DataFrame
        Ids may be categorical. Rows by the table's key in the order of the ids' codes.

    Raises
    ------
    DataError
        As ``validate``.
    """
    if passes(name, frame):
        return frame
    text = frame.select_dtypes("category").columns
    return validate(name, frame.astype(dict.fromkeys(text, "str")), where=where)


def _convert(frame: pd.DataFrame, column: Column, where: str) -> tuple[pd.Series, list[Fault]]:
    """Return one column in its canonical dtype, and the faults of values that do not convert."""
    raw = frame[column.name]
    if str(raw.dtype) == _AS_IT_IS.get(column.kind, "float64"):
        return raw, []
    if column.kind == "text":
        out = raw.astype("str").where(raw.notna())
        return out.astype("str"), []
    if column.kind in ("month", "date"):
        out = pd.to_datetime(raw, errors="coerce")
        expected = "a month (YYYY-MM)" if column.kind == "month" else "a date (YYYY-MM-DD)"
        if column.kind == "month":
            out = pd.Series(
                out.to_numpy().astype("datetime64[M]").astype(MONTH_DTYPE), index=raw.index
            )
        out = out.astype(MONTH_DTYPE)
    else:
        out = pd.to_numeric(raw, errors="coerce").astype("float64")
        expected = "a number"
    wrong = out.isna() & raw.notna()
    if not wrong.any():
        return out, []
    return out, [_fault(frame, wrong, column.name, expected, where)]


def _check(table: Table, frame: pd.DataFrame, where: str) -> list[Fault]:
    """Return the faults that pandera finds in a converted table."""
    import pandera.pandas as pa
    from pandera.errors import SchemaErrors

    checks: dict[str, pa.Column] = {}
    for column in table:
        if column.name not in frame.columns:
            continue
        rules = []
        if column.kind in ("number", "integer", "flag"):
            rules.append(pa.Check(np.isfinite, error="a finite number"))
        if column.minimum is not None:
            rules.append(pa.Check.ge(column.minimum, error=f"at least {column.minimum:g}"))
        if column.maximum is not None:
            rules.append(pa.Check.le(column.maximum, error=f"at most {column.maximum:g}"))
        if column.kind in ("integer", "flag"):
            rules.append(pa.Check(lambda s: s == np.floor(s), error="a whole number"))
        if column.choices:
            error = f"one of {', '.join(column.choices)}"
            rules.append(pa.Check.isin(column.choices, error=error))
        if column.kind in ("month", "date"):
            low, high = pd.Timestamp(FIRST_MONTH), pd.Timestamp(LAST_MONTH)
            error = f"a date from {FIRST_MONTH} to {LAST_MONTH}"
            rules.append(pa.Check.in_range(low, high, error=error))
        checks[column.name] = pa.Column(
            checks=rules, nullable=not column.required, required=column.required
        )
    faults: list[Fault] = []
    try:
        pa.DataFrameSchema(checks).validate(frame, lazy=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases
        for (name, check), group in cases.groupby(["column", "check"], sort=False):
            wrong = pd.Series(False, index=frame.index)
            wrong.loc[group["index"].to_numpy()] = True
            expected = "a value in every row" if check == "not_nullable" else str(check)
            faults.append(_fault(frame, wrong, str(name), expected, where))
    if table.key and not faults:
        doubled = frame.duplicated(list(table.key), keep=False)
        if doubled.any():
            faults.append(
                _fault(
                    frame,
                    doubled,
                    " + ".join(table.key),
                    "one row for each key",
                    where,
                    mend="Remove the repeated rows, or say which one is right.",
                )
            )
    return faults


def _fault(
    frame: pd.DataFrame, wrong: pd.Series, column: str, expected: str, where: str, mend: str = ""
) -> Fault:
    """Return a fault with the count and up to three examples of the rows that are wrong."""
    rows = frame.loc[wrong]
    examples = []
    for position, (_, row) in zip(
        np.flatnonzero(wrong.to_numpy()), rows.head(EXAMPLES).iterrows(), strict=False
    ):
        place = f"row {position + 1}"
        if "account_id" in frame.columns:
            place += f", account_id={row['account_id']}"
        moment = next((k for k in ("month", "date") if k in frame.columns), None)
        if moment is not None:
            place += f", {str(row[moment])[:7] if moment == 'month' else str(row[moment])[:10]}"
        names = column.split(" + ")
        value = ", ".join(repr(row[n]) if isinstance(row[n], str) else f"{row[n]}" for n in names)
        examples.append(f"{value} ({place})")
    return Fault(where, column, expected, len(rows), tuple(examples), mend)


def require_tables(names: list[str]) -> None:
    """Raise when a name is not that of a canonical table.

    Raises
    ------
    ChoiceError
    """
    for name in names:
        _TABLE_REGISTRY[name]
    if len(set(names)) != len(names):
        raise ChoiceError(f"Each table may be named once. Got: {', '.join(names)}.")
