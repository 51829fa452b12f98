"""Every row that breaks a promise of its file, in one reading: which row, which column, and why.

A reading stops where a cell cannot be read, with a count and three examples. Whoever has to put a
delivery right needs all rows of all files at once, and those too that can be read and are wrong: a
month that is missing, a payment in a month in which an account fell further behind, an amount in
cents. The promises stand in the data set's YAML (``promises``).
"""

from collections.abc import Iterator, Mapping
from functools import cached_property, reduce
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from delinquency.errors import ChoiceError
from delinquency.sources.data_options import PanelData
from delinquency.sources.inspect.history_faults import history_faults
from delinquency.sources.reading.cells import is_text, text_cells
from delinquency.sources.reading.contract_options import TableContract, table_and_column
from delinquency.sources.reading.source_files import find, read_path

Mask = NDArray[np.bool_]
COLUMNS = ["table", "row", "row_key", "column", "fault", "value"]
KEY_MARK = "|"


class Cells:
    """The cells of one file as text, and what a promise makes of them.

    Parameters
    ----------
    frame : DataFrame of str
        Missing where the cell is empty or one of the usual marks of a gap.
    contract : TableContract
    """

    def __init__(self, frame: pd.DataFrame, contract: TableContract):
        self.frame, self.contract = frame, contract

    @cached_property
    def row_key(self) -> pd.Series:
        """The key of each row as one text."""
        first, *others = (self.frame[name].fillna("") for name in self.contract.key)
        return reduce(lambda whole, part: whole + KEY_MARK + part, others, first)

    def numbers(self, column: str) -> pd.Series:
        """Return a column as numbers, NaN where a cell is none."""
        return pd.to_numeric(self.frame[column], errors="coerce")

    def days(self, column: str) -> pd.Series:
        """Return a column as days, NaT where a cell is none."""
        return pd.to_datetime(self.frame[column], format="%Y-%m-%d", errors="coerce")

    def codes(self, column: str) -> pd.Series:
        """Return a column's codes, blanks and letter case put right; missing where unknown."""
        known = {fold(code): code for code in self.contract.codes.get(column, [])}
        if not known:
            return self.frame[column]
        cells = self.frame[column]
        return cells.map({cell: known.get(fold(cell)) for cell in cells.dropna().unique()})


def fold(cell: str) -> str:
    """Return a code without blanks around it and without letter case."""
    return cell.strip().casefold()


def row_faults(contracts: Mapping[str, TableContract], tables: Mapping[str, pd.DataFrame]) -> (
    pd.DataFrame
):  # fmt: skip
    """Return every row that breaks a promise.

    Parameters
    ----------
    contracts : mapping of str to TableContract
    tables : mapping of str to DataFrame of str
        The cells of each, missing where nothing stands.

    Returns
    -------
    DataFrame
        ``table``, ``row`` (from 1; 0 for a row that is not there), ``row_key``, ``column`` (empty
        where the whole row is meant), ``fault`` in words, ``value`` as it stands.
    """
    cells = {name: Cells(frame, contracts[name]) for name, frame in tables.items()}
    found = [_of_table(name, cells, contracts[name]) for name in contracts]
    return pd.concat(found, ignore_index=True)[COLUMNS]


def faults_of_files(options: PanelData, raw_dir: Path) -> pd.DataFrame:
    """Return every row of the promised files that breaks a promise; parameters as of a panel."""
    contracts = options.promises
    tables = {}
    for name, contract in contracts.items():
        columns = contract.columns
        for other in contracts.values():
            columns += _named_by(other, name)
        columns = list(dict.fromkeys(columns))
        raw = read_path(find(contract.path, raw_dir), options.text, columns=columns)
        tables[name] = pd.DataFrame(
            {
                column: _text(raw.cells[column], options.text.gaps, as_is=column in contract.codes)
                for column in columns
            }
        )
    return row_faults(contracts, tables)


def _named_by(contract: TableContract, table: str) -> list[str]:
    """Return the columns of a table that another's promises name."""
    places = list(contract.refers.values())
    if contract.history is not None:
        places += [*contract.history.bounds, contract.history.reason]
    pairs = [table_and_column(place) for place in places if place]
    return [column for name, column in pairs if name == table]


def _text(column: pa.ChunkedArray, gaps: tuple[str, ...], *, as_is: bool) -> pd.Series:
    """Return cells as text, as they are or without blanks around; missing where nothing stands."""
    cells = text_cells(column, missing=gaps)
    gap = np.asarray(cells.is_null())
    shown = column if as_is and is_text(column) else cells
    return pd.Series(shown.to_pandas().to_numpy(dtype=object), dtype="str").where(~gap)


def as_summary(faults: pd.DataFrame, contracts: Mapping[str, TableContract]) -> str:
    """Return the count of each fault of each column, in words."""
    if faults.empty:
        return f"Every row of {', '.join(contracts)} keeps what its file promises."
    counts = faults.groupby(["table", "column", "fault"], sort=False).agg(
        n=("row", "size"), first=("row_key", "first")
    )
    lines = [f"{len(faults):,} rows break a promise of their file:"]
    for (table, column, fault), one in counts.iterrows():
        what = f"{table}.{column}" if column else f"{table}: the row"
        lines.append(f"  {what} {fault}: {one['n']:,}, e.g. {one['first']}")
    return "\n".join(lines)


def _of_table(name: str, cells: Mapping[str, Cells], contract: TableContract) -> pd.DataFrame:
    own = cells[name]
    key = own.row_key
    parts = []
    for column, wrong, fault in [*_cell_faults(own, cells), *_row_faults(own, key)]:
        rows = np.flatnonzero(wrong)
        value = own.frame[column].iloc[rows].fillna("").to_numpy() if column else ""
        parts.append(
            pd.DataFrame({"row": rows + 1, "row_key": key.iloc[rows].to_numpy(), "column": column,
                          "fault": fault, "value": value})
        )  # fmt: skip
    if contract.history is not None:
        parts.append(history_faults(own, contract.history, cells, key))
    out = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS[1:])
    if "table" not in out:
        out["table"] = name
    out["table"] = out["table"].fillna(name)
    return out.drop_duplicates(["table", "row_key", "column", "row"], ignore_index=True)


def _cell_faults(own: Cells, cells: Mapping[str, Cells]) -> Iterator[tuple[str, Mask, str]]:
    """Yield column, rows and words of the cells that break a promise of their column."""
    contract, frame = own.contract, own.frame
    for column in contract.required:
        yield column, frame[column].isna().to_numpy(), "is empty"
    for column, (low, high) in contract.numbers.items():
        number, filled = own.numbers(column), frame[column].notna()
        yield column, (number.isna() & filled).to_numpy(), "is no number"
        if low is not None:
            yield column, (number < low).to_numpy(), f"is below {low:g}"
        if high is not None:
            yield column, (number > high).to_numpy(), f"is above {high:g}"
    for column, latest in contract.days.items():
        day, filled = own.days(column), frame[column].notna()
        yield column, (day.isna() & filled).to_numpy(), "is no day written as YYYY-MM-DD"
        if latest:
            yield column, (day > pd.Timestamp(latest)).to_numpy(), f"is after {latest}"
    for column, codes in contract.codes.items():
        cell = frame[column]
        other = cell.notna() & ~cell.isin(codes)
        known = own.codes(column).notna()
        yield column, (other & known).to_numpy(), "is a code with other blanks or letter case"
        yield column, (other & ~known).to_numpy(), "is no code of the list"
    for column, place in contract.refers.items():
        table, theirs = table_and_column(place)
        if table not in cells or theirs not in cells[table].frame:
            raise ChoiceError(f"promises: {place} is not among the tables and columns promised.")
        known = frame[column].isin(cells[table].frame[theirs].dropna())
        yield column, (frame[column].notna() & ~known).to_numpy(), f"is not in {place}"


def _row_faults(own: Cells, key: pd.Series) -> Iterator[tuple[str, Mask, str]]:
    """Yield the rows whose key stands more than once, all but the first."""
    again = key.duplicated().to_numpy()
    same = own.frame.duplicated(keep=False).to_numpy()
    yield "", again & same, "repeats another row"
    yield "", again & ~same, "repeats the key of another row"
