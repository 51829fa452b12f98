"""How a faulty file is read when it is tortured: looked at, and as a table."""

from pathlib import Path

import numpy as np

from delinquency.errors import DelinquencyError
from delinquency.sources.data_options import TableData
from delinquency.sources.inspect.inspected_files import inspect_file
from delinquency.sources.reading.mapping_options import FeatureColumn, LabelColumn
from delinquency.sources.ready_table import read_table


def read_file(path: Path) -> None:
    """Look at a file, and read it as a table; the first named error comes out."""
    faults = []
    for attempt in (lambda: inspect_file(path), lambda: as_table(path)):
        try:
            attempt()
        except DelinquencyError as error:
            faults.append(error)
    if faults:
        raise faults[0]


def as_table(path: Path) -> None:
    """Read a file as a table of two features and an outcome."""
    traits = {"bill": "debt_burden", "paid": "repayment_willingness"}
    options = TableData(
        name="own",
        path=str(path),
        account_column="id",
        month_column="month",
        outcome=LabelColumn(column="default"),
        columns={name: FeatureColumn(trait=trait) for name, trait in traits.items()},
    )
    source = read_table(options, path.parent)
    values = source.features.drop(columns=["account_id", "observation_month"])
    if np.isinf(values.to_numpy(float)).any():
        raise AssertionError("an infinite value was taken for a number")
