"""A database is only ever read, cell by cell as it is stored, and no password is kept."""

import sqlite3

import pyarrow as pa
import pytest

from delinquency.errors import ChoiceError, DataError
from delinquency.sources.reading.sql_queries import database_address, one_type, read_query


@pytest.fixture
def bank(tmp_path):
    with sqlite3.connect(tmp_path / "b.db") as connection:
        connection.execute("CREATE TABLE t (a, b)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", [(1, 0), (2, "C"), (None, 2.5)])
    return tmp_path / "b.db", f"sqlite:///{tmp_path / 'b.db'}"


def rows_left(file):
    with sqlite3.connect(file) as connection:
        return connection.execute("SELECT count(*) FROM t").fetchone()[0]


def test_a_column_of_several_types_is_text(bank):
    cells = read_query("SELECT * FROM t", bank[1]).cells
    assert cells["a"].to_pylist() == [1, 2, None]
    assert cells["b"].to_pylist() == ["0", "C", "2.5"]


@pytest.mark.parametrize(
    "query",
    ["DROP TABLE t", "-- look\nDELETE FROM t", "/* a */ update t set a = 1", "", "PRAGMA x"],
)
def test_a_query_that_does_not_read_is_refused(bank, query):
    with pytest.raises(ChoiceError, match="a query that reads"):
        read_query(query, bank[1])
    assert rows_left(bank[0]) == 3


def test_a_query_that_writes_behind_a_select_does_nothing(bank):
    with pytest.raises(DataError, match="readonly"):
        read_query("WITH x AS (SELECT 1) DELETE FROM t WHERE a = 1", bank[1])
    assert rows_left(bank[0]) == 3


def test_the_digest_tells_a_changed_table(bank):
    before = read_query("SELECT * FROM t", bank[1]).digest
    assert read_query("SELECT * FROM t", bank[1]).digest == before
    with sqlite3.connect(bank[0]) as connection:
        connection.execute("UPDATE t SET b = 9 WHERE a = 1")
    assert read_query("SELECT * FROM t", bank[1]).digest != before


def test_a_column_named_twice_is_refused(bank):
    with pytest.raises(DataError, match="a name used once"):
        read_query("SELECT a, b AS a FROM t", bank[1])


def test_an_address_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("BANK_DB", "sqlite:///b.db")
    assert database_address("${oc.env:BANK_DB}") == "sqlite:///b.db"
    with pytest.raises(ChoiceError, match="OTHER_DB is not set"):
        database_address("${oc.env:OTHER_DB}")


def test_whole_numbers_beyond_a_float_are_text_beside_fractions():
    column = one_type([pa.array([2**60 + 1]), pa.array([0.5])])
    assert column.to_pylist() == [str(2**60 + 1), "0.5"]
    assert one_type([pa.array([1]), pa.array([0.5])]).to_pylist() == [1.0, 0.5]
    assert one_type([pa.nulls(2), pa.array([7])]).to_pylist() == [None, None, 7]
