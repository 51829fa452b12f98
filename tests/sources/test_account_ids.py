"""Ids: no digit is lost, what nobody can see tells nobody apart, and a join finds its accounts."""

import sqlite3

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from delinquency.errors import DataError
from delinquency.sources.data_options import PanelData, TableData
from delinquency.sources.monthly_panel import read_panel
from delinquency.sources.reading.account_ids import identifiers, one_way
from delinquency.sources.reading.mapping_options import (
    FeatureColumn,
    LabelColumn,
    TableMapping,
    TextOptions,
)
from delinquency.sources.ready_table import read_table

LONG = 330_000_000_000_000_001
"""18 digits: beyond what a float of 64 bits can hold exactly."""


def ids_of(cells, rule="refuse", kind=None):
    column = pa.chunked_array([pa.array(cells, kind)])
    return identifiers(column, TextOptions(), rule=rule, where="f", name="id")


@given(st.lists(st.integers(0, 2**62), min_size=1, max_size=20))
def test_whole_numbers_keep_every_digit(numbers):
    assert ids_of(numbers).ids.tolist() == [str(one) for one in numbers]


@given(st.text(st.characters(codec="ascii", min_codepoint=33), min_size=1, max_size=12))
def test_one_way_is_one_way(identifier):
    once = one_way(identifier)
    assert one_way(once) == once


def test_a_float_that_has_lost_digits_is_refused():
    fault = ids_of([float(LONG), None], kind=pa.float64()).faults[0]
    assert "loses the last digits" in str(fault) and "f: id" in str(fault)
    # 2**24 is where a float of 32 bits begins to lose digits.
    assert ids_of([16_777_217.0], kind=pa.float32()).faults
    assert ids_of([7.0, None], kind=pa.float64()).ids.tolist()[0] == "7"


def test_a_number_that_a_spreadsheet_cut_off_is_refused():
    assert "3.3E+17" in str(ids_of(["3.3E+17", "12"]).faults[0])
    assert not ids_of(["3.3E+17"], "as_stored").faults


def test_marks_that_nobody_sees_tell_no_ids_apart():
    # Full-width digits, a zero-width space, a no-break space, a byte order mark.
    found = ids_of(["１２", "12\u200b", "12\u00a0", "\ufeff12", "12"])
    assert found.ids.unique().tolist() == ["12"]
    assert found.counts == {"id_ids_with_invisible_or_full_width_marks": 3}


@pytest.mark.parametrize(
    ("a", "b"), [("7", "007"), ("7", "7.0"), ("a1", "A1"), ("1500", "1.5E+3")]
)
def test_two_ways_to_write_one_id_are_refused_joined_or_kept(a, b):
    assert ids_of([a, b]).faults
    joined = ids_of([a, b], "joined")
    assert len(set(joined.ids)) == 1
    if "E" not in b:
        assert not joined.faults
        assert joined.counts == {"id_ids_joined_with_another_way_to_write_them": 1}
    assert ids_of([a, b], "as_stored").ids.tolist() == [a, b]


STATEMENTS = "acct,month,dpd\n" + "".join(
    f"{k:04d},2024-{m:02d},{30 * (k % 3)}\n" for k in range(1, 7) for m in range(1, 5)
)


def panel(folder, accounts, **changes):
    (folder / "s.csv").write_text(STATEMENTS)
    (folder / "a.csv").write_text(accounts)
    tables = {
        "statements": TableMapping(
            path="s.csv",
            columns={"account_id": "acct", "month": "month", "days_past_due": "dpd"},
        ),
        "accounts": TableMapping(
            path="a.csv", columns={"account_id": "acct", "application_income": "income"}
        ),
    }
    return read_panel(PanelData(name="p", tables=tables, **changes), folder)


@pytest.mark.parametrize(
    ("written", "cause"),
    [("{}", "leading zeros"), ("{}.0", "a '.0'"), ("x{}", "They hold other ids")],
)
def test_a_table_that_matches_no_account_is_refused_with_the_cause(tmp_path, written, cause):
    rows = "".join(f"{written.format(k)},{100 * k}\n" for k in range(1, 7))
    with pytest.raises(DataError, match=cause) as caught:
        panel(tmp_path, "acct,income\n" + rows)
    assert "none of which is among its 6" in str(caught.value)


def test_ids_that_lost_their_zeros_can_be_joined(tmp_path):
    source = panel(tmp_path, "acct,income\n1,100\n2,200\n9,900\n", ids="joined")
    incomes = source.tables["accounts"].set_index("account_id")["application_income"]
    assert incomes["1"] == 100 and incomes["2"] == 200
    # Accounts 1 and 2 of 6 are there; 9 has no statement.
    assert source.facts["counts"]["accounts_of_statements_in_accounts"] == 2


def database(folder, rows, columns="acct INTEGER, person INTEGER, late INTEGER, bad INTEGER"):
    with sqlite3.connect(folder / "b.db") as connection:
        connection.execute(f"CREATE TABLE t ({columns})")
        marks = ", ".join("?" * len(rows[0]))
        connection.executemany(f"INSERT INTO t VALUES ({marks})", rows)
    return f"sqlite:///{folder / 'b.db'}"


def test_ids_with_a_gap_come_from_a_database_with_all_their_digits(tmp_path):
    rows = [(LONG + k, None if k == 3 else LONG + k // 2, k, k % 2) for k in range(10)]
    options = TableData(
        name="t",
        query="SELECT * FROM t",
        database=database(tmp_path, rows),
        account_column="acct",
        person_columns=["person"],
        outcome=LabelColumn(column="bad"),
        columns={"late": FeatureColumn(trait="credit_record", direction=1)},
    )
    source = read_table(options, tmp_path)
    assert source.labels["account_id"].tolist() == [str(LONG + k) for k in range(10)]
    # Persons 0 0 1 - 2 2 3 3 4 4: five, and one account whose person is not known.
    assert source.labels["group_id"].nunique() == 6


def test_the_files_of_a_folder_lose_no_digits_where_one_has_a_gap(tmp_path):
    folder = tmp_path / "months"
    folder.mkdir()
    for k, kind in enumerate((pa.int64(), pa.float64())):
        ids = pa.array([LONG + k, None if k else LONG + 5], pa.int64())
        table = pa.table({"acct": ids if k == 0 else ids.cast(kind, safe=False)})
        months = pa.array(["2024-01", "2024-02"])
        pq.write_table(
            table.append_column("m", months).append_column("dpd", pa.array([0, 30])),
            folder / f"{k}.parquet",
        )
    mapping = TableMapping(
        path="months", columns={"account_id": "acct", "month": "m", "days_past_due": "dpd"}
    )
    with pytest.raises(DataError, match=r"loses the last digits|ids with all their digits"):
        read_panel(PanelData(name="p", tables={"statements": mapping}), tmp_path)


def test_row_labels_are_strings_of_the_same_ids_from_parquet_and_csv(tmp_path):
    frame = pd.DataFrame({"acct": [LONG, LONG + 1], "late": [0, 9], "bad": [0, 1]})
    frame.to_parquet(tmp_path / "t.parquet")
    frame.to_csv(tmp_path / "t.csv", index=False)
    found = [
        read_table(
            TableData(
                name="t",
                path=f"t.{kind}",
                account_column="acct",
                outcome=LabelColumn(column="bad"),
                columns={"late": FeatureColumn(trait="credit_record", direction=1)},
            ),
            tmp_path,
        )
        .labels["account_id"]
        .tolist()
        for kind in ("parquet", "csv")
    ]
    assert found[0] == found[1] == [str(LONG), str(LONG + 1)]
