"""The canonical tables: one validation that collects every fault and changes no input."""

import pandas as pd
import pytest

from delinquency.errors import ChoiceError, DataError
from delinquency.panel.schema import TABLES, protected_columns
from delinquency.panel.table_checks import require_tables, validate


def statements(**columns):
    base = {"account_id": ["a", "a", "b"], "month": ["2005-08", "2005-09", "2005-08"]}
    return pd.DataFrame({**base, **columns})


def test_valid_rows_come_back_sorted_in_canonical_dtypes():
    frame = statements(balance=["1", "2", None], month=["2005-09-30", "2005-08-31", "2005-08-17"])
    before = frame.copy()
    out = validate("statements", frame, where="f.csv")
    assert out["account_id"].tolist() == ["a", "a", "b"]
    assert [str(m)[:10] for m in out["month"]] == ["2005-08-01", "2005-09-01", "2005-08-01"]
    assert out["balance"].tolist()[:2] == [2.0, 1.0]
    assert out["balance"].isna().tolist() == [False, False, True]
    pd.testing.assert_frame_equal(frame, before)


def test_faults_of_all_columns_are_reported_at_once():
    frame = statements(balance=["1", "x", "3"], month=["2005-08", "2005-09", "2005-13"])
    with pytest.raises(DataError) as caught:
        validate("statements", frame, where="f.csv")
    assert [(fault.column, fault.n_rows) for fault in caught.value.faults] == [
        ("month", 1),
        ("balance", 1),
    ]
    assert "'x' (row 2, account_id=a" in str(caught.value)


def test_bounds_name_the_rows_at_fault():
    with pytest.raises(DataError, match=r"credit_limit: expected at least 0\. 2 rows do not fit"):
        validate("statements", statements(credit_limit=[-1, 5, -3]), where="f.csv")


def test_infinite_amounts_are_refused():
    with pytest.raises(DataError, match="balance: expected a finite number"):
        validate("statements", statements(balance=[1.0, float("inf"), 2.0]), where="f.csv")


def test_fractions_of_a_status_code_are_refused():
    with pytest.raises(DataError, match="repayment_status: expected a whole number"):
        validate("statements", statements(repayment_status=[0, 1.5, 2]), where="f.csv")


def test_a_missing_required_value_is_a_fault():
    frame = statements()
    frame.loc[1, "account_id"] = None
    with pytest.raises(DataError, match="account_id: expected a value in every row"):
        validate("statements", frame, where="f.csv")


def test_a_repeated_account_and_month_is_a_fault():
    frame = statements(month=["2005-08", "2005-08", "2005-08"])
    with pytest.raises(DataError, match="one row for each key. 2 rows do not fit"):
        validate("statements", frame, where="f.csv")


def test_a_missing_required_column_and_an_unknown_one_are_both_reported():
    frame = pd.DataFrame({"account_id": ["a"], "saldo": [1]})
    with pytest.raises(DataError) as caught:
        validate("statements", frame, where="f.csv")
    assert [fault.column for fault in caught.value.faults] == ["month", "saldo"]


def test_an_empty_table_is_valid():
    frame = pd.DataFrame({"account_id": pd.Series([], dtype="str"), "month": []})
    assert len(validate("statements", frame, where="f.csv")) == 0


def test_protected_attributes_are_known_by_name():
    assert set(protected_columns()) >= {"sex", "age", "marital_status", "region"}


def test_unknown_and_doubled_table_names_are_refused():
    with pytest.raises(ChoiceError, match="Did you mean 'bureau'"):
        require_tables(["bureu"])
    with pytest.raises(ChoiceError, match="named once"):
        require_tables(["bureau", "bureau"])


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_every_column_says_what_it_holds(table):
    assert all(column.meaning for column in table)
    assert set(table.key) <= set(table.column_names)
