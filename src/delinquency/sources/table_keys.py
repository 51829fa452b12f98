"""Which rows of a ready-made table are kept, and what names, dates, orders and groups them."""

from dataclasses import replace

import numpy as np
import pandas as pd

from delinquency.errors import Fault
from delinquency.panel.outcomes import account_order
from delinquency.panel.schema import MONTH_DTYPE
from delinquency.sources.data_options import TableData
from delinquency.sources.reading.account_ids import identifiers
from delinquency.sources.reading.cells import cell_fault, text_cells
from delinquency.sources.reading.date_cells import month_cells
from delinquency.sources.reading.raw_table import RawTable
from delinquency.sources.reading.recast import STAND_IN_EXTRACTION
from delinquency.sources.stated_persons import persons_of_rows
from delinquency.sources.table_columns import AMOUNT

LEFT_OUT = -1.0
"""The label of rows that the mapping leaves out."""


def unusable_rows(options: TableData, raw: RawTable, bad: np.ndarray) -> np.ndarray:
    """Return which rows have no account, month or label, where such rows are to be dropped."""
    lost = np.zeros(raw.cells.num_rows, dtype=bool)
    if options.unusable != "drop":
        return lost
    if options.account_column:
        cells = text_cells(raw.cells[options.account_column], missing=options.text.gaps)
        lost |= cells.is_null().to_numpy()
    if options.month_column:
        days, wrong, _ = _days(options, raw)
        lost |= np.isnat(days) & ~wrong
        # Where no month at all can be read, the format is wrong, not the rows.
        lost |= wrong & bool((~np.isnat(days) & ~wrong).any())
    return (lost | np.isnan(bad) if options.labelled else lost) & (bad != LEFT_OUT)


def keys_of(
    options: TableData, raw: RawTable, gone: np.ndarray
) -> tuple[pd.DataFrame, list[Fault], bool, dict[str, int]]:
    """Return account and month of each row, faults, whether months are dates, and counts.

    Rows that are ``gone`` are not judged.
    """
    n_rows = raw.cells.num_rows
    faults: list[Fault] = []
    counts: dict[str, int] = {}
    if options.account_column:
        cells = text_cells(raw.cells[options.account_column])
        ids = identifiers(
            raw.cells[options.account_column],
            options.text,
            rule=options.ids,
            where=raw.where,
            name=options.account_column,
        )
        account, counts = ids.ids, ids.counts
        faults += ids.faults
        empty = account.isna().to_numpy() & ~gone
        if empty.any() and not ids.faults:
            faults.append(
                cell_fault(
                    cells,
                    empty,
                    where=raw.where,
                    name=options.account_column,
                    expected="a value in every row",
                )
            )
    else:
        account = pd.Series(np.arange(1, n_rows + 1)).astype("str")
    if options.month_column:
        days, _, more = _days(options, raw)
        mend = "State how months are written in data.month_format (such as %Y%m or %d.%m.%Y)."
        faults += [replace(fault, mend=mend) for fault in more]
        months = days.astype("datetime64[M]").astype(MONTH_DTYPE)
        undated = np.isnat(months) & ~gone
        if undated.any() and not more:
            expected = "a month in every row"
            n_empty = int(undated.sum())
            faults.append(Fault(raw.where, options.month_column, expected, n_empty))
    else:
        months = np.full(n_rows, STAND_IN_EXTRACTION.astype(MONTH_DTYPE))
    keys = pd.DataFrame({"account_id": account, "observation_month": months})
    doubled = keys.duplicated(keep=False).to_numpy() & ~gone
    if not faults and doubled.any():
        cells = text_cells(raw.cells[options.account_column])
        expected = "each account once (a month)"
        mend = "If rows are applications of one person, name the person in person_columns."
        name = options.account_column
        faults.append(
            cell_fault(cells, doubled, where=raw.where, name=name, expected=expected, mend=mend)
        )
    dated = bool(options.month_column) and options.month_format not in ("offset", "months_ago")
    return keys, faults, dated, counts


def _days(options: TableData, raw: RawTable) -> tuple[np.ndarray, np.ndarray, list[Fault]]:
    """Return the day of each row, which cells are wrong, and the fault of those."""
    return month_cells(
        raw.cells[options.month_column],
        options.month_format,
        extraction=STAND_IN_EXTRACTION,
        where=raw.where,
        name=options.month_column,
        missing=options.text.gaps,
    )


def own_order(
    options: TableData, keys: pd.DataFrame, content: pd.DataFrame
) -> tuple[pd.Series, np.ndarray]:
    """Return a name of each row that no shuffling of the file changes, and the order of the rows.

    Rows are named and ordered by account and month. Where no column numbers the accounts, the
    number of a row is its place in the file, and rows stay in the order of the file; what a row
    holds names it (and ``prepare`` orders the rows by these names). Rows that hold the same are
    told apart by a count: which one has which makes no difference.
    """
    if options.account_column:
        by_month = keys["observation_month"].argsort(kind="stable").to_numpy()
        by_account = account_order(keys["account_id"].iloc[by_month])
        return keys["account_id"], by_month[by_account]
    hashed = pd.util.hash_pandas_object(content, index=False)
    number = hashed.groupby(hashed).cumcount()
    names = hashed.map("{:016x}".format) + "-" + number.astype("str")
    return names, np.arange(len(keys))


def groups_of(
    options: TableData, raw: RawTable, values: pd.DataFrame, rows: np.ndarray, account: pd.Series
) -> tuple[np.ndarray, dict[str, int]]:
    """Return for each row the name of its group: a person, or rows with equal features.

    ``rows`` are the places in the file, ``account`` the names of the rows; a group is named by
    its first row. Rows whose person is not stated are counted.
    """
    counts: dict[str, int] = {}
    if set(options.person_columns) <= set(raw.cells.column_names) and options.person_columns:
        persons = persons_of_rows(raw, options.person_columns, options.text, options.ids)[rows]
        if (persons < 0).any():
            counts["rows_without_a_person"] = int((persons < 0).sum())
        # Where nobody is named, nobody is known to be the same.
        number = pd.Series(np.where(persons < 0, -1 - np.arange(len(persons)), persons))
    elif options.group_equal_rows:
        number = values.groupby(list(values.columns), dropna=False, sort=False).ngroup()
        # A mark ("does not apply": no) is filled also where every cell of the file is missing.
        told = [name for name in values if name in options.columns or name.endswith(AMOUNT)]
        says_nothing = values[told].isna().all(axis=1).to_numpy()
        number = number.mask(says_nothing, pd.Series(-1 - np.arange(len(values))))
    else:
        number = pd.Series(pd.factorize(account)[0])
    number = number.reset_index(drop=True)
    return np.asarray(account.groupby(number).transform("first").to_numpy()), counts
