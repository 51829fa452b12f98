"""Cells to numbers: what is read, what is refused, and what the refusal says to do."""

import numpy as np
import pyarrow as pa
import pytest

from delinquency.sources.reading.cells import number_cells
from delinquency.sources.reading.mapping_options import TextOptions


@pytest.mark.parametrize(
    ("cell", "mend"),
    [
        ("$1000", "without the currency"),
        ("1,000 元", "without the currency"),
        ("CNY 5", "without the currency"),
        ("12%", "without the percent sign"),
        ("(500)", "a minus sign"),
        ("inf", "list it under text.missing"),
        ("-Infinity", "list it under text.missing"),
        ("1e999", "list it under text.missing"),
        ("1 234", "text.decimal and text.thousands"),
    ],
)
def test_a_number_written_in_another_way_is_refused_with_what_to_do(cell, mend):
    column = pa.chunked_array([["1", cell, "2"]])
    values, faults = number_cells(column, TextOptions(), where="f.csv", name="BAL")
    assert np.array_equal(values, [1, np.nan, 2], equal_nan=True)
    (fault,) = faults
    assert (fault.n_rows, fault.examples) == (1, (f"{cell!r} (row 2)",))
    assert mend in fault.mend


def test_an_infinite_number_of_a_typed_file_is_refused_too():
    column = pa.chunked_array([[1.0, float("inf"), None]])
    values, (fault,) = number_cells(column, TextOptions(), where="f.parquet", name="BAL")
    assert np.array_equal(values, [1, np.nan, np.nan], equal_nan=True)
    assert (fault.n_rows, fault.examples) == (1, ("inf (row 2)",))


def test_full_width_digits_are_digits():
    column = pa.chunked_array([["１２", "-3.5"]])
    values, faults = number_cells(column, TextOptions(), where="f.csv", name="BAL")
    assert values.tolist() == [12, -3.5]
    assert faults == []
