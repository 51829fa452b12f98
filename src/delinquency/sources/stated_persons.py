"""Which rows are of one person, by the columns that name a person when taken together."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from delinquency.errors import DataError
from delinquency.sources.reading.account_ids import identifiers
from delinquency.sources.reading.mapping_options import JOINED, TextOptions
from delinquency.sources.reading.raw_table import RawTable


def persons_of_rows(
    raw: RawTable, names: Sequence[str], text: TextOptions, rule: str
) -> np.ndarray:
    """Return a person number for each row; -1 where every column is empty: nobody is named.

    Parameters
    ----------
    raw : RawTable
    names : sequence of str
        Columns that name a person when taken together.
    text : TextOptions
        Its cells for "no value".
    rule : str
        What to do where an id is written in several ways. It holds for one column; several
        (a birthday, an income) are no ids, and ``7`` and ``7.0`` are one value.

    Returns
    -------
    ndarray of shape (n_rows,), int64

    Raises
    ------
    DataError
        If a column has lost digits in a float: its persons would be merged.
    """
    chosen = rule if len(names) == 1 else JOINED
    found = [
        identifiers(raw.cells[name], text, rule=chosen, where=raw.where, name=name)
        for name in names
    ]
    faults = [fault for one in found for fault in one.faults]
    if faults:
        raise DataError(faults)
    frame = pd.DataFrame({str(place): one.ids for place, one in enumerate(found)})
    number = frame.groupby(list(frame.columns), dropna=False, sort=False).ngroup()
    return np.where(frame.isna().all(axis=1), -1, number.to_numpy()).astype(np.int64)
