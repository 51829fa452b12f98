"""The Taiwan adapter, on files of 60 rows in the shape of the real one."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from delinquency.errors import DataError, MissingArtifactError
from delinquency.panel.schema import TABLES
from delinquency.sources.data_options import TaiwanData
from delinquency.sources.registered_sources import SOURCES
from delinquency.sources.taiwan import read_taiwan
from delinquency.sources.taiwan_facts import BILL, FEATURES, PAID, PAY, KnownFacts

OPTIONS = TaiwanData(name="taiwan")
# 60 rows; every fifth is bad: 12. Limits 10,000 times 1..60: 10,000 * 60 * 61 / 2 = 18,300,000.
KNOWN = KnownFacts(n_rows=60, n_positives=12, sums={"LIMIT_BAL": 18_300_000})


def wide_frame() -> pd.DataFrame:
    """Return 60 accounts under the names of the common CSV."""
    k = np.arange(1, 61)
    frame = pd.DataFrame({"ID": k, "LIMIT_BAL": 10_000 * k, "SEX": 1 + k % 2})
    frame["EDUCATION"] = k % 7
    frame["MARRIAGE"] = k % 4
    frame["AGE"] = 20 + k
    for place, name in enumerate(PAY):
        frame[name] = (k + place) % 5 - 2
    for place, name in enumerate(BILL):
        frame[name] = 100 * k - place
    for place, name in enumerate(PAID):
        frame[name] = 10 * k + place
    frame["default.payment.next.month"] = (k % 5 == 0).astype(int)
    return frame


@pytest.fixture
def raw_dir(tmp_path: Path) -> Path:
    (tmp_path / "taiwan").mkdir()
    return tmp_path


def write(raw_dir: Path, frame: pd.DataFrame, name: str = "file.csv") -> Path:
    path = raw_dir / "taiwan" / name
    frame.to_csv(path, index=False)
    return path


def read(raw_dir: Path):
    return read_taiwan(OPTIONS, raw_dir, known=KNOWN)


def fault_of(raw_dir: Path) -> str:
    with pytest.raises(DataError) as caught:
        read(raw_dir)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_the_adapter_is_found_by_the_kind_of_source():
    assert SOURCES["taiwan"] is read_taiwan


def test_one_account_is_recast_month_by_month(raw_dir):
    write(raw_dir, wide_frame())
    rows = read(raw_dir).tables["statements"].query("account_id == '7'")
    # k = 7: PAY = (7 + place) % 5 - 2 = 0, 1, 2, -2, -1, 0 from September back to April.
    assert rows["month"].dt.strftime("%Y-%m").tolist() == [
        "2005-04", "2005-05", "2005-06", "2005-07", "2005-08", "2005-09",
    ]  # fmt: skip
    assert rows["repayment_status"].tolist() == [0, -1, -2, 2, 1, 0]
    assert rows["days_past_due"].tolist() == [0, 0, 0, 60, 30, 0]
    # Bills 700 - place and payments 70 + place, the oldest at place 5.
    assert rows["balance"].tolist() == [695, 696, 697, 698, 699, 700]
    assert rows["payment"].tolist() == [75, 74, 73, 72, 71, 70]
    assert rows["credit_limit"].unique().tolist() == [70_000]


def test_outcomes_carry_the_label_and_the_one_observation_month(raw_dir):
    write(raw_dir, wide_frame())
    outcomes = read(raw_dir).outcomes
    assert outcomes["bad"].sum() == 12
    assert set(outcomes.loc[outcomes["bad"] == 1, "account_id"]) == {
        str(k) for k in range(5, 61, 5)
    }
    assert outcomes["observation_month"].unique().tolist() == [pd.Timestamp("2005-09-01")]


def test_education_is_ordered_and_undocumented_codes_are_missing(raw_dir):
    write(raw_dir, wide_frame())
    source = read(raw_dir)
    accounts = source.tables["accounts"].set_index("account_id")
    # Codes k % 7 of accounts 1..7: 1 graduate school, 2 university, 3 high school, 4 5 6 0 others.
    assert accounts.loc[["1", "2", "3"], "education_level"].tolist() == [3, 2, 1]
    assert accounts.loc[["4", "5", "6", "7"], "education_level"].isna().all()
    # Of 60: codes 5, 6 and 0 come 8 times each (5, 12, ..., 54; 6, ..., 55; 7, ..., 56).
    assert source.facts["counts"]["education_not_documented"] == 24
    assert accounts.loc[["1", "2", "3"], "marital_status"].tolist() == [
        "married", "single", "other",
    ]  # fmt: skip
    assert pd.isna(accounts.loc["4", "marital_status"])


def test_protected_columns_are_marked_so_in_the_schema(raw_dir):
    write(raw_dir, wide_frame())
    accounts = read(raw_dir).tables["accounts"]
    protected = {c.name for c in TABLES["accounts"] if c.protected}
    assert {"sex", "age", "marital_status"} <= protected & set(accounts.columns)


def test_an_account_whose_bills_are_all_zero_is_flagged(raw_dir):
    frame = wide_frame()
    frame.loc[0, list(BILL)] = 0
    write(raw_dir, frame)
    source = read(raw_dir)
    flags = source.tables["accounts"].set_index("account_id")["no_information"]
    assert flags["1"] == 1 and flags.sum() == 1
    assert source.facts["counts"]["accounts_with_all_bills_zero"] == 1


def test_rows_equal_on_all_features_share_a_group(raw_dir):
    frame = wide_frame()
    frame.loc[59, list(FEATURES)] = frame.loc[0, list(FEATURES)]  # bad twin of the good row 1
    write(raw_dir, frame)
    known = KnownFacts(n_rows=60, n_positives=12)
    source = read_taiwan(OPTIONS, raw_dir, known=known)
    groups = source.groups.set_index("account_id")["group_id"]
    assert groups["60"] == groups["1"] == "1"
    assert groups.nunique() == 59
    assert source.facts["counts"]["rows_repeating_features"] == 1
    assert source.facts["counts"]["groups_with_both_labels"] == 1
    assert source.facts["counts"]["rows_repeating_another"] == 0


def test_facts_say_why_there_is_no_out_of_time_test(raw_dir):
    write(raw_dir, wide_frame())
    cannot = read(raw_dir).facts["cannot"]
    assert "2005-09" in cannot["out_of_time"] and "60 rows" in cannot["out_of_time"]


HEADERS = {
    "x1 to x23 and y, no ID": (
        {name: f"x{k}" for k, name in enumerate(FEATURES, 1)}
        | {"default.payment.next.month": "y"},
        ["ID"],
    ),
    "X1 to X23 and Y": (
        {name: f"X{k}" for k, name in enumerate(FEATURES, 1)}
        | {"default.payment.next.month": "Y"},
        [],
    ),
    "PAY_1 and GENDER": ({"PAY_0": "PAY_1", "SEX": "GENDER"}, []),
    "label with blanks": ({"default.payment.next.month": "default payment next month"}, []),
    "DEFAULT": ({"default.payment.next.month": "DEFAULT"}, []),
}


@pytest.mark.parametrize("variant", HEADERS)
def test_every_published_header_gives_the_same_tables(raw_dir, variant):
    renamed, dropped = HEADERS[variant]
    path = write(raw_dir, wide_frame())
    reference = read(raw_dir)
    path.unlink()
    write(raw_dir, wide_frame().drop(columns=dropped).rename(columns=renamed))
    other = read(raw_dir)
    for name, table in reference.tables.items():
        pd.testing.assert_frame_equal(other.tables[name], table)
    pd.testing.assert_frame_equal(other.outcomes, reference.outcomes)


def test_amounts_written_as_floats_are_the_same_amounts(raw_dir):
    frame = wide_frame().astype(dict.fromkeys(["LIMIT_BAL", *BILL, *PAID], float))
    path = write(raw_dir, frame)
    assert "10000.0" in path.read_text()
    assert read(raw_dir).tables["statements"]["credit_limit"].max() == 600_000


def test_the_two_header_rows_of_the_original_are_understood(raw_dir):
    frame = wide_frame()
    first = ",".join(["", *(f"X{k}" for k in range(1, 24)), "Y"])
    (raw_dir / "taiwan" / "file.csv").write_text(first + "\r\n" + frame.to_csv(index=False))
    assert read(raw_dir).facts["rows"] == 60


def test_the_original_spreadsheet_is_read(raw_dir, monkeypatch):
    frame = wide_frame().rename(
        columns={"default.payment.next.month": "default payment next month"}
    )
    rows = [["", *(f"X{k}" for k in range(1, 24)), "Y"], list(frame.columns)]
    rows += [[float(v) for v in row] for row in frame.to_numpy().tolist()]

    class Sheet:
        nrows = len(rows)

        def row_values(self, row):
            return rows[row]

    class Book:
        def sheet_by_index(self, index):
            return Sheet()

    import xlrd

    monkeypatch.setattr(xlrd, "open_workbook", lambda path: Book())
    (raw_dir / "taiwan" / "default of credit card clients.xls").write_bytes(b"stand-in")
    assert read(raw_dir).facts["positives"] == 12


def test_a_broken_spreadsheet_is_named(raw_dir):
    (raw_dir / "taiwan" / "broken.xls").write_bytes(b"not a spreadsheet")
    assert "broken.xls: expected an Excel 97-2003 spreadsheet" in fault_of(raw_dir)


def test_the_folder_of_the_file_itself_may_be_named(raw_dir):
    write(raw_dir, wide_frame())
    assert read(raw_dir / "taiwan").facts["rows"] == 60


def test_two_files_are_not_guessed_between(raw_dir):
    write(raw_dir, wide_frame(), "a.csv")
    write(raw_dir, wide_frame(), "b.csv")
    with pytest.raises(MissingArtifactError, match=r"Got a\.csv, b\.csv.*data\.path"):
        read(raw_dir)
    stated = TaiwanData(name="taiwan", path="taiwan/b.csv")
    assert read_taiwan(stated, raw_dir, known=KNOWN).facts["rows"] == 60


def test_a_download_stands_in_for_the_file(raw_dir, monkeypatch):
    renamed, dropped = HEADERS["x1 to x23 and y, no ID"]
    frame = wide_frame().drop(columns=dropped).rename(columns=renamed)
    frame["y"] = frame["y"].astype(str).astype("category")

    class Bunch:
        pass

    Bunch.frame = frame
    asked = []
    monkeypatch.setattr(
        "sklearn.datasets.fetch_openml", lambda **kw: asked.append(kw["data_id"]) or Bunch
    )
    source = read(raw_dir)
    assert asked == [42477]
    assert source.facts["positives"] == 12
    assert len(source.digest) == 64


def test_without_file_and_network_the_error_says_what_to_put_where(raw_dir, monkeypatch):
    def fail(**_):
        raise OSError("no network")

    monkeypatch.setattr("sklearn.datasets.fetch_openml", fail)
    with pytest.raises(MissingArtifactError) as caught:
        read(raw_dir)
    text = str(caught.value)
    assert str(raw_dir / "taiwan") in text
    assert "UCI_Credit_Card.csv" in text and "DELINQUENCY_RAW_DIR" in text and "10.24432" in text


def test_no_download_is_tried_when_it_is_switched_off(raw_dir, monkeypatch):
    monkeypatch.setattr("sklearn.datasets.fetch_openml", lambda **_: pytest.fail("asked"))
    with pytest.raises(MissingArtifactError, match=r"data\.download"):
        read_taiwan(TaiwanData(name="taiwan", download=False), raw_dir, known=KNOWN)


def test_a_missing_column_is_named(raw_dir):
    write(raw_dir, wide_frame().drop(columns="BILL_AMT3"))
    assert "file.csv: BILL_AMT3: expected this column in the header" in fault_of(raw_dir)


def test_a_column_of_an_impossible_month_is_named(raw_dir):
    write(raw_dir, wide_frame().rename(columns={"PAY_6": "PAY_7"}))
    text = fault_of(raw_dir)
    assert "PAY_6" in text and "'PAY_7': expected only the known columns" in text


def test_an_impossible_repayment_status_is_counted(raw_dir):
    frame = wide_frame()
    frame.loc[[3, 4], "PAY_2"] = 13
    write(raw_dir, frame)
    assert (
        "PAY_2: expected a number from -2 to 9. 2 rows do not fit, e.g. 13 (row 4); 13 (row 5)"
        in fault_of(raw_dir)
    )


def test_text_in_a_number_is_counted_with_examples(raw_dir):
    frame = wide_frame().astype({"PAY_AMT2": object})
    frame.loc[[0, 9], "PAY_AMT2"] = ["none", "n/k"]
    write(raw_dir, frame)
    text = fault_of(raw_dir)
    assert "file.csv: PAY_AMT2: expected a number. 2 rows do not fit" in text
    assert "'none' (row 1); 'n/k' (row 10)" in text


def test_a_negative_limit_is_named(raw_dir):
    frame = wide_frame()
    frame.loc[2, "LIMIT_BAL"] = -1
    write(raw_dir, frame)
    text = fault_of(raw_dir)
    assert "LIMIT_BAL: expected at least 0. 1 row does not fit, e.g. -1 (row 3)." in text
    assert "\n" not in text, "one fault, not its consequences"


def test_an_empty_file_is_named(raw_dir):
    (raw_dir / "taiwan" / "file.csv").write_text("")
    assert "The file is empty" in fault_of(raw_dir)


def test_a_file_cut_off_in_a_row_is_named(raw_dir):
    path = write(raw_dir, wide_frame())
    path.write_bytes(path.read_bytes()[:-40])
    assert "25 cells in every row, as the header has. 1 row does not fit" in fault_of(raw_dir)


def test_a_missing_row_is_counted(raw_dir):
    write(raw_dir, wide_frame().iloc[:-1])
    assert "expected 60 rows. Got 59 rows. The file is not complete" in fault_of(raw_dir)


def test_a_wrong_header_is_named(raw_dir):
    write(raw_dir, pd.DataFrame({"name": ["a"], "value": [1]}))
    assert "expected a header with LIMIT_BAL" in fault_of(raw_dir)


def test_a_file_without_header_is_named(raw_dir):
    wide_frame().to_csv(raw_dir / "taiwan" / "file.csv", index=False, header=False)
    assert "The header is missing" in fault_of(raw_dir)


def test_a_repeated_account_is_counted(raw_dir):
    frame = wide_frame()
    frame.loc[1, "ID"] = 1
    write(raw_dir, frame)
    assert "ID: expected each account once. 2 rows do not fit, e.g. 1 (row 1)" in fault_of(raw_dir)


def test_a_label_other_than_0_and_1_is_counted(raw_dir):
    frame = wide_frame()
    frame.loc[0, "default.payment.next.month"] = 2
    write(raw_dir, frame)
    assert "DEFAULT: expected a number from 0 to 1" in fault_of(raw_dir)


def test_a_changed_cell_breaks_the_known_sum(raw_dir):
    frame = wide_frame()
    frame.loc[0, "LIMIT_BAL"] += 1
    write(raw_dir, frame)
    text = fault_of(raw_dir)
    assert "LIMIT_BAL: expected a column sum of 18,300,000. Got 18,300,001." in text


def test_all_faults_come_in_one_error(raw_dir):
    frame = wide_frame().iloc[:-1]
    frame.loc[0, "AGE"] = 500
    frame.loc[1, "SEX"] = 3
    write(raw_dir, frame)
    text = fault_of(raw_dir)
    assert text.startswith("3 faults:") and "AGE" in text and "SEX" in text and "59 rows" in text


def test_other_accounts_in_the_same_shape_need_no_label(raw_dir):
    write(raw_dir, wide_frame().drop(columns="default.payment.next.month").head(7))
    assert "data.complete=false" in fault_of(raw_dir)
    source = read_taiwan(TaiwanData(name="taiwan", complete=False), raw_dir)
    assert source.outcomes is None and source.facts["positives"] is None
    assert len(source.tables["accounts"]) == 7
    assert "no_information" in source.tables["accounts"]


REAL = Path(os.environ.get("DELINQUENCY_RAW_DIR", "data/raw"))


@pytest.mark.skipif(not (REAL / "taiwan").is_dir(), reason="the real file is not here")
def test_the_real_file_has_its_known_facts():
    facts = read_taiwan(OPTIONS, REAL).facts
    assert (facts["rows"], facts["positives"]) == (30_000, 6_636)
    counts = facts["counts"]
    assert counts["rows_repeating_another"] == 35
    assert counts["rows_repeating_features"] == 56
    assert counts["groups_with_both_labels"] == 21
    assert counts["accounts_with_all_bills_zero"] == 866
    assert counts["bill_above_limit_in_last_month"] == 2_115


def test_new_accounts_in_the_same_shape_need_neither_label_nor_known_sums(raw_dir):
    write(raw_dir, wide_frame().iloc[:7].drop(columns="default.payment.next.month"))
    source = read_taiwan(TaiwanData(name="taiwan", complete=False), raw_dir, known=KNOWN)
    assert source.outcomes is None
    assert len(source.tables["accounts"]) == 7


def test_the_complete_file_must_carry_the_label(raw_dir):
    write(raw_dir, wide_frame().drop(columns="default.payment.next.month"))
    assert "data.complete=false" in fault_of(raw_dir)
