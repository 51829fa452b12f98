"""Months are read off the clock of their own zone, and off the names of folders."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from delinquency.errors import DataError
from delinquency.sources.data_options import PanelData
from delinquency.sources.monthly_panel import read_panel
from delinquency.sources.reading.date_cells import month_cells
from delinquency.sources.reading.mapping_options import TableMapping

EXTRACTION = np.datetime64("2000-01")


def months(cells, style="iso", kind=None):
    column = pa.chunked_array([pa.array(cells, kind)])
    days, _, faults = month_cells(column, style, extraction=EXTRACTION, where="f", name="m")
    return days.astype("datetime64[M]").astype(str).tolist(), faults


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York", "UTC", "+05:30"])
def test_midnight_in_a_zone_is_the_first_of_its_own_month(zone):
    stamps = pd.DatetimeIndex(["2024-03-01", "2024-11-01"]).tz_localize(zone)
    column = pa.chunked_array([pa.array(stamps, pa.timestamp("us", tz=zone))])
    days, _, _ = month_cells(column, "iso", extraction=EXTRACTION, where="f", name="m")
    assert days.astype("datetime64[M]").astype(str).tolist() == ["2024-03", "2024-11"]


@pytest.mark.parametrize(
    "written",
    [
        "2024-03-01T00:00:00+08:00",
        "2024-03-01 00:00:00+08",
        "2024-03-01T00:00:00Z",
        "2024-03-01 00:00:00.000",
        "2024-03-01 00:00",
        "2024-03",
    ],
)
def test_a_written_time_and_zone_change_no_month(written):
    assert months([written]) == (["2024-03"], [])


@pytest.mark.parametrize(
    ("cell", "style"),
    [("2024-13", "iso"), ("2024-02-30", "iso"), ("0001-01-01", "iso"), ("9999-12-31", "iso"),
     ("202413", "%Y%m"), ("1_2", "offset"), ("-100000", "offset"), ("1e400", "months_ago")],
)  # fmt: skip
def test_an_impossible_month_is_named(cell, style):
    faults = months([cell], style)[1]
    assert len(faults) == 1 and cell in str(faults[0])


def test_an_impossible_typed_month_is_named():
    column = [np.datetime64("9999-12-31", "us"), np.datetime64("2024-01-01", "us")]
    faults = months(column, kind=pa.timestamp("us"))[1]
    assert faults[0].n_rows == 1 and "leave the cell empty" in str(faults[0])


def test_a_month_from_a_column_of_numbers_with_gaps_has_no_point():
    assert months(["202403.0", ""], "%Y%m")[0][0] == "2024-03"


def partitioned(folder, values=("2024-01", "2024-02", "2024-03")):
    for value in values:
        part = folder / "s" / f"dt={value}"
        part.mkdir(parents=True)
        table = pa.table({"acct": ["a", "b"], "dpd": [0, 30]})
        pq.write_table(table, part / "part-0.parquet")
    mapping = TableMapping(
        path="s", columns={"account_id": "acct", "month": "dt", "days_past_due": "dpd"}
    )
    return read_panel(PanelData(name="p", tables={"statements": mapping}), folder)


def test_months_in_folder_names_are_read(tmp_path):
    source = partitioned(tmp_path)
    assert source.facts["months"] == ["2024-01", "2024-02", "2024-03"]
    assert len(source.tables["statements"]) == 6


def test_a_folder_name_that_is_no_month_is_named(tmp_path):
    with pytest.raises(DataError, match="dt: expected a date"):
        partitioned(tmp_path, ("2024-01", "latest"))


def test_a_row_that_is_dropped_may_hold_anything(tmp_path):
    rows = "a,2024-01,0\na,2024-02,30\n,2024-03,x\nTotal,,n.a.\n"
    (tmp_path / "s.csv").write_text("acct,m,dpd\n" + rows)
    mapping = TableMapping(
        path="s.csv", columns={"account_id": "acct", "month": "m", "days_past_due": "dpd"},
        unusable="drop",
    )  # fmt: skip
    source = read_panel(PanelData(name="p", tables={"statements": mapping}), tmp_path)
    assert len(source.tables["statements"]) == 2
    assert source.facts["counts"]["statements_rows_dropped_without_key_or_month"] == 2


SHANGHAI = pd.date_range("2022-01-01", periods=5, freq="MS", tz="Asia/Shanghai").tz_convert("UTC")


@pytest.mark.parametrize(
    "column",
    [
        pa.array(SHANGHAI),
        pa.array(SHANGHAI.tz_localize(None)),
        pa.array(SHANGHAI.strftime("%Y-%m-%dT%H:%M:%SZ")),
        pa.array(SHANGHAI.strftime("%Y-%m-%d %H:%M:%S+00:00")),
        pa.array(pd.date_range("2022-01-01", periods=9, freq="MS", tz="Europe/Berlin")
                 .tz_convert("UTC")),
    ],
)  # fmt: skip
def test_midnight_of_another_zone_is_not_taken_for_the_month_before(column):
    _, wrong, faults = month_cells(
        pa.chunked_array([column]), "iso", extraction=np.datetime64("2000-01"), where="f", name="m"
    )
    assert wrong.all() and len(faults) == 1
    assert "month's last day" in str(faults[0]) and "zone" in faults[0].mend


@pytest.mark.parametrize(
    "moments",
    [
        pd.date_range("2022-01-31 23:59:59", periods=5, freq="ME"),
        pd.date_range("2022-01-31", periods=5, freq="ME"),
        pd.date_range("2022-01-01 05:00", periods=5, freq="MS", tz="UTC"),
        pd.date_range("2022-01-30 16:00", periods=5, freq="D"),
    ],
)
def test_ends_of_months_and_days_at_work_are_read_as_they_are(moments):
    column = pa.chunked_array([pa.array(moments)])
    days, wrong, faults = month_cells(
        column, "iso", extraction=np.datetime64("2000-01"), where="f", name="m"
    )
    assert not faults and not wrong.any()
    assert days.astype("datetime64[M]").astype(str).tolist() == list(moments.strftime("%Y-%m"))
