"""What a request may hold: rows of the canonical tables, or ready features; and clear refusals.

Rows of several tables come in one frame with a column ``table`` that names the table of each row;
the columns of the other tables are left empty. Everything is checked as files are.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from types import NoneType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.errors import DataError, ModelError
from delinquency.panel.observations import KEYS, Observations
from delinquency.panel.plain_columns import TableColumns
from delinquency.panel.schema import TABLES
from delinquency.panel.table_checks import validate
from delinquency.panel.windows import Array
from delinquency.scoring.account_scorer import AccountScorer, ScoredAccounts
from delinquency.scoring.asked_accounts import AskedAccounts
from delinquency.scoring.part_tables import INPUT_TABLES, require_columns
from delinquency.scoring.request_columns import Lists, lists_of_records, plain_table, with_columns

TABLE = "table"
EVENTS = ("transactions", "contacts")
"""Tables of which an account may have no row, and a row no value of a column."""
_MADE: Mapping[str, Any] = {"text": "phone", "month": "2024-01-01", "date": "2024-01-01"}
"""What a made account's columns hold, by kind; numbers are 1."""
_DAY = re.compile(r"\d{4}-\d{2}(-\d{2}([T ][\d:.+Z-]*)?)?")
"""A month or a day, as text; a time of the day is no more looked at."""
MOST_NAMED = 3
"""Columns or faults that a refusal names."""


def score_request(frame: pd.DataFrame, scorer: AccountScorer) -> ScoredAccounts:
    """Score what a request holds.

    Parameters
    ----------
    frame : DataFrame
        With a column ``table``: rows of canonical tables, of one or many accounts. Without it:
        one column a feature, in any order, and perhaps ``account_id``, ``observation_month``.
    scorer : AccountScorer

    Returns
    -------
    ScoredAccounts
        Of canonical rows sorted by account, of features in their order.

    Raises
    ------
    ModelError
        In two lines: what is wrong, and what to send.
    """
    return asked_of_frame(frame, scorer).scored(scorer)


def score_records(records: Sequence[Mapping[str, Any]], scorer: AccountScorer) -> ScoredAccounts:
    """Score what a request holds, row by row; as ``score_request``, without a frame.

    Raises
    ------
    ModelError
        In two lines: what is wrong, and what to send.
    """
    return asked_of_records(records, scorer).scored(scorer)


def asked_of_frame(frame: pd.DataFrame, scorer: AccountScorer) -> AskedAccounts:
    """Return what a request asks for, checked; parameters and errors as ``score_request``."""
    if not len(frame):
        raise _nothing()
    if TABLE in frame.columns:
        columns = {str(name): frame[name].to_numpy(object) for name in frame.columns}
        return _asked_tables(_by_table(columns, frame.notna().to_numpy()), scorer)
    features = _features(frame, scorer.model.features)
    observed = _observed({n: frame[n].tolist() for n in KEYS if n in frame}, len(frame))
    return AskedAccounts(observed, features=features)


def asked_of_records(records: Sequence[Mapping[str, Any]], scorer: AccountScorer) -> AskedAccounts:
    """Return what a request asks for, checked; parameters and errors as ``score_records``."""
    if not records:
        raise _nothing()
    if not any(TABLE in row for row in records):
        names = scorer.model.features
        _require_features(records, names)
        values = [[row[name] for name in names] for row in records]
        if not {type(one) for row in values for one in row} <= {float, int, NoneType}:
            return asked_of_frame(pd.DataFrame(list(records)), scorer)
        matrix = np.array(values, np.float64).T
        if np.isinf(matrix).any():
            return asked_of_frame(pd.DataFrame(list(records)), scorer)
        lists = lists_of_records([{n: row[n] for n in KEYS if n in row} for row in records])
        observed = _observed(lists, len(records))
        return AskedAccounts(observed, features=np.ascontiguousarray(matrix))
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for row in records:
        rows.setdefault(str(row.get(TABLE)), []).append(row)
    tables = {}
    for name, own in rows.items():
        lists = lists_of_records(own)
        lists.pop(TABLE, None)
        tables[name] = lists
    return _asked_tables(tables, scorer)


def _by_table(
    columns: Mapping[str, NDArray[np.object_]], known: NDArray[np.bool_]
) -> dict[str, Lists]:
    """Return the rows of each table of a frame, missing values as None."""
    of_row = columns[TABLE]
    held = {}
    for place, (name, values) in enumerate(columns.items()):
        if name != TABLE:
            held[name] = values.copy()
            held[name][~known[:, place]] = None
    out: dict[str, Lists] = {}
    for name in dict.fromkeys(of_row.tolist()):
        chosen = np.flatnonzero(of_row == name)
        out[str(name)] = {column: values[chosen].tolist() for column, values in held.items()}
    return out


def _asked_tables(given: Mapping[str, Lists], scorer: AccountScorer) -> AskedAccounts:
    tables = tables_of_request(given)
    for name in EVENTS:
        if name in scorer.trained_tables:
            wanted = [c for c in TABLES[name] if c.name in scorer.columns[name]]
            tables[name] = with_columns(tables.get(name), wanted, tables["statements"])
    require_columns(scorer.columns, tables)
    # As ``stage=score`` reads them: what the model does not look at is checked, and left out.
    tables = {name: table.only(scorer.read_columns[name]) for name, table in tables.items()}
    return AskedAccounts(_latest(tables["statements"]), tables=tables)


def _latest(statements: TableColumns) -> Observations:
    """Return every account with the month of its latest statement, sorted by account."""
    last: dict[str, int] = {}
    for account, month in zip(
        statements.held["account_id"], statements.months("month").tolist(), strict=True
    ):
        last[account] = max(month, last.get(account, month))
    ids = sorted(last)
    return Observations.of_lists(ids, np.array([last[one] for one in ids], "datetime64[M]"))


def tables_of_request(given: Mapping[str, Lists]) -> dict[str, TableColumns]:
    """Return the canonical tables that the rows of a request belong to, checked.

    Parameters
    ----------
    given : mapping of str to dict of str to list
        Rows by the name of their table. Columns of other tables are empty.

    Raises
    ------
    ModelError
        In two lines.
    """
    unknown = [name for name in given if name not in INPUT_TABLES]
    if unknown:
        raise ModelError(
            f"The column {TABLE!r} names the table of each row. Got {unknown[0]!r}.\n"
            f"Send rows of: {', '.join(INPUT_TABLES)}."
        )
    if "statements" not in given:
        raise ModelError(
            f"An account is scored from its statements. Got rows of: {', '.join(given)}.\n"
            "Send at least one row of 'statements' for every account."
        )
    tables = {}
    for name, lists in given.items():
        own = {*TABLES[name].column_names}
        kept = {column: values for column, values in lists.items()
                if column in own or any(value is not None for value in values)}  # fmt: skip
        _require_days(name, kept)
        table = plain_table(name, kept) if kept.keys() <= own else None
        if table is None:
            try:
                rows = pd.DataFrame({n: pd.Series(v, dtype=_dtype(v)) for n, v in kept.items()})
                table = TableColumns.of(validate(name, rows, where=f"request, {name}"))
            except DataError as error:
                raise ModelError(_two_lines(error)) from None
        tables[name] = table
    return tables


def _nothing() -> ModelError:
    return ModelError(
        "The request holds no row.\n"
        f"Send rows of the canonical tables with a column {TABLE!r}, or features."
    )


def _require_days(name: str, lists: Lists) -> None:
    """Refuse numbers as months and days: 202401 would be read as a moment of 1970."""
    for column in TABLES[name]:
        if column.kind not in ("month", "date"):
            continue
        for value in lists.get(column.name, ()):
            if isinstance(value, (bool, int, float, np.number)) and value == value:
                raise ModelError(
                    f"request, {name}: {column.name}: expected a day as text. Got {value!r}.\n"
                    "Send YYYY-MM-DD."
                )


def _dtype(values: list[Any]) -> str | None:
    """Return the type of a column without a value: pandas knows none for it."""
    return "float64" if all(value is None for value in values) else None


def _two_lines(error: DataError) -> str:
    """Return the first fault, and how many there are besides."""
    more = len(error.faults) - 1
    rest = f"{more} more fault{'s' if more > 1 else ''}; " if more else ""
    return f"{error.faults[0]}\n{rest}docs/serving.md lists the columns of every table."


def _require_features(records: Sequence[Mapping[str, Any]], names: Sequence[str]) -> None:
    """Refuse a row that lacks features: a frame of all rows would hold them as unknown."""
    for row in records:
        if missing := [name for name in names if name not in row]:
            raise _lacking(missing, len(names))


def _lacking(missing: Sequence[str], n_features: int) -> ModelError:
    shown = ", ".join(missing[:MOST_NAMED]) + (" ..." if len(missing) > MOST_NAMED else "")
    return ModelError(
        f"The model takes {n_features} features; {len(missing)} are missing: {shown}.\n"
        f"Send all of them, or rows of the canonical tables with a column {TABLE!r}."
    )


def _features(frame: pd.DataFrame, names: Sequence[str]) -> Array:
    place = frame.columns.get_indexer(list(names))
    missing = [name for name, at in zip(names, place, strict=True) if at < 0]
    if missing:
        raise _lacking(missing, len(names))
    chosen = frame.iloc[:, place]
    text = [name for name, kind in chosen.dtypes.items() if kind.kind in "OUTM"
            and any(isinstance(v, str) for v in chosen[name])]  # fmt: skip
    try:
        values = np.ascontiguousarray(chosen.to_numpy(np.float64, na_value=np.nan).T)
    except (TypeError, ValueError):
        values, text = np.empty((0, 0)), text or list(names)
    if text or np.isinf(values).any():
        wrong = text or [names[int(np.argmax(np.isinf(values).any(axis=1)))]]
        raise ModelError(
            f"Features must be finite numbers, or empty. {wrong[0]} is not"
            f"{f', nor are {len(wrong) - 1} more' if wrong[1:] else ''}.\n"
            "Send numbers, and null where a value is not known."
        )
    return values


def _observed(given: Mapping[str, list[Any]], n_rows: int) -> Observations:
    """Return the keys of rows of features; empty where they were not sent."""
    ids = ["" if one is None or one != one else str(one)
           for one in given.get("account_id", [""] * n_rows)]  # fmt: skip
    months = [_month(one) for one in given.get("observation_month", [None] * n_rows)]
    return Observations.of_lists(ids, np.array(months, "datetime64[M]"))


def _month(told: Any) -> np.datetime64:
    """Return a month that was sent with features; NaT for none."""
    if told is None or told == "" or told != told:
        return np.datetime64("NaT", "M")
    if isinstance(told, (datetime, np.datetime64)):
        return np.datetime64(pd.Timestamp(told).to_datetime64(), "M")
    if isinstance(told, str) and _DAY.fullmatch(told):
        with suppress(ValueError):
            return np.datetime64(told[:10], "M")
    raise ModelError(
        f"observation_month: expected a month as text. Got {told!r}.\nSend YYYY-MM or YYYY-MM-DD."
    )


def warm_up(scorer: AccountScorer) -> ScoredAccounts:
    """Score one made account as a request is scored, so that no request waits for a compiler.

    Compiled code is kept, but a machine that serves a model for the first time has none: its
    first request took a minute and more, and servers give up before. The account says nothing of
    anybody, and is not kept.
    """
    if scorer.selection is None:
        return score_records([dict.fromkeys(scorer.model.features, 0.0)], scorer)
    records = [
        {
            TABLE: name,
            **{
                column.name: _MADE.get(column.kind, 1.0)
                for column in TABLES[name]
                if column.name in scorer.columns[name]
            },
        }
        for name in INPUT_TABLES
        if name in scorer.trained_tables
    ]
    score_records([dict.fromkeys(scorer.model.features, 0.0)], scorer)
    return score_records(records, scorer)
