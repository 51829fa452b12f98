"""The cells of a file or query as they came, before anything is converted."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True)
class RawTable:
    """Cells as a file gave them, and what was met on the way.

    Attributes
    ----------
    where : str
        File name or query, for error texts.
    cells : pyarrow.Table
        Text columns from text files; typed columns from Parquet and databases.
    digest : str
        SHA-256 of the file or files.
    repairs : dict of str to int
        What was repaired while reading, counted: byte order mark, blank lines.
    """

    where: str
    cells: pa.Table
    digest: str
    repairs: dict[str, int] = field(default_factory=dict)

    def without_cells(self, names: Sequence[str], rows: np.ndarray) -> "RawTable":
        """Return the table without the cells of some columns in some rows; rows keep their place.

        Parameters
        ----------
        names : sequence of str
        rows : ndarray of bool, shape (n_rows,)
        """
        cells = self.cells
        if not rows.any():
            return self
        out = pa.array(rows)
        for name in dict.fromkeys(names):
            column = cells[name]
            emptied = pc.if_else(out, pa.scalar(None, column.type), column)
            cells = cells.set_column(cells.column_names.index(name), name, emptied)
        return replace(self, cells=cells)
