"""What a request may hold: rows of the canonical tables, or ready features; and clear refusals.

Rows of several tables come in one frame with a column ``table`` that names the table of each row;
the columns of the other tables are left empty. Everything is checked as files are.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from delinquency.errors import DataError, ModelError
from delinquency.panel.schema import MONTH_DTYPE, TABLES
from delinquency.panel.table_checks import validate
from delinquency.panel.windows import Array
from delinquency.scoring.account_scorer import AccountScorer, ScoredAccounts
from delinquency.scoring.part_tables import INPUT_TABLES

TABLE = "table"
KEYS = ("account_id", "observation_month")
EVENTS = ("transactions", "contacts")
"""Tables of which an account may have no row, and a row no value of a column."""
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
    if TABLE in frame.columns:
        tables = tables_of_request(frame)
        events = [name for name in EVENTS if name in scorer.trained_tables]
        for name in events:
            tables[name] = _whole_events(name, tables.get(name), scorer.columns[name])
        return scorer.score(tables)
    features = _features(frame, scorer.model.features)
    # What the features were made from is not told: they count as the training's.
    return scorer.score_features(features, _keys(frame), scorer.trained_tables)


def tables_of_request(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the canonical tables that the rows of a request belong to, checked.

    Raises
    ------
    ModelError
        In two lines.
    """
    names = [str(name) for name in frame[TABLE].unique()]
    unknown = [name for name in names if name not in INPUT_TABLES]
    if unknown:
        raise ModelError(
            f"The column {TABLE!r} names the table of each row. Got {unknown[0]!r}.\n"
            f"Send rows of: {', '.join(INPUT_TABLES)}."
        )
    if "statements" not in names:
        raise ModelError(
            f"An account is scored from its statements. Got rows of: {', '.join(names)}.\n"
            "Send at least one row of 'statements' for every account."
        )
    tables = {}
    of_row, known = frame[TABLE].to_numpy(object), frame.notna().to_numpy()
    for name in names:
        chosen = np.flatnonzero(of_row == name)
        own = {*TABLES[name].column_names}
        given = known[chosen].any(axis=0)  # the columns of the other tables are empty
        kept = [place for place, column in enumerate(frame.columns)
                if column != TABLE and (column in own or given[place])]  # fmt: skip
        rows = frame.iloc[chosen, kept].reset_index(drop=True)
        try:
            tables[name] = validate(name, rows, where=f"request, {name}")
        except DataError as error:
            raise ModelError(_two_lines(error)) from None
    return tables


def _whole_events(name: str, rows: pd.DataFrame | None, wanted: set[str]) -> pd.DataFrame:
    """Return the events of a request with every column; a request without events has none."""
    kinds = {"text": "str", "month": MONTH_DTYPE, "date": MONTH_DTYPE}
    given = pd.DataFrame() if rows is None else rows
    empty = {
        column.name: pd.Series(index=given.index, dtype=kinds.get(column.kind, "float64"))
        for column in TABLES[name]
        if column.name in wanted and column.name not in given.columns
        and column.name != "arrival_month"
    }  # fmt: skip
    return given.assign(**empty)


def _two_lines(error: DataError) -> str:
    """Return the first fault, and how many there are besides."""
    more = len(error.faults) - 1
    rest = f"{more} more fault{'s' if more > 1 else ''}; " if more else ""
    return f"{error.faults[0]}\n{rest}docs/serving.md lists the columns of every table."


def _features(frame: pd.DataFrame, names: Sequence[str]) -> Array:
    place = frame.columns.get_indexer(list(names))
    missing = [name for name, at in zip(names, place, strict=True) if at < 0]
    if missing:
        shown = ", ".join(missing[:MOST_NAMED]) + (" ..." if len(missing) > MOST_NAMED else "")
        raise ModelError(
            f"The model takes {len(names)} features; {len(missing)} are missing: {shown}.\n"
            f"Send all of them, or rows of the canonical tables with a column {TABLE!r}."
        )
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


def _keys(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the keys of rows of features; empty where they were not sent."""
    n_rows = len(frame)
    ids = frame["account_id"].astype("str") if "account_id" in frame else pd.Series([""] * n_rows)
    month = pd.Series(np.full(n_rows, np.datetime64("NaT"), MONTH_DTYPE))
    if "observation_month" in frame:
        month = pd.to_datetime(frame["observation_month"], errors="coerce").astype(MONTH_DTYPE)
    return pd.DataFrame({"account_id": ids.to_numpy(), "observation_month": month.to_numpy()})
