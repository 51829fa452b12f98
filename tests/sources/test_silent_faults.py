"""Files that can be read, and would be read wrong: each is refused in words, or read right."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from delinquency.errors import ChoiceError, DataError
from delinquency.sources.data_options import PanelData, TableData
from delinquency.sources.inspect.inspected_files import inspect_file, inspect_options
from delinquency.sources.reading.mapping_options import FeatureColumn, LabelColumn, TableMapping
from delinquency.sources.reading.mapping_options import TextOptions as Text
from delinquency.sources.registered_sources import SOURCES

STATEMENTS = {"account_id": "acct", "month": "month", "days_past_due": "dpd"}


def panel(folder: Path, frame: pd.DataFrame, *, tables=None, extra=None, **mapping):
    """Return a panel of one frame of statements, and of further tables by name."""
    mapped = {}
    for name, (table, columns) in (tables or {}).items():
        table.to_csv(folder / f"{name}.csv", index=False)
        mapped[name] = TableMapping(path=f"{name}.csv", columns=columns)
    frame.to_csv(folder / "s.csv", index=False)
    statements = TableMapping(path="s.csv", **{"columns": STATEMENTS, **mapping})
    options = PanelData(name="x", tables={"statements": statements, **mapped}, **(extra or {}))
    return SOURCES["panel"](options, folder)


def months(n_accounts: int = 3, n_months: int = 4) -> pd.DataFrame:
    rows = [(f"a{a}", f"2022-{m:02d}", 30 * (a == m)) for a in range(1, n_accounts + 1)
            for m in range(1, n_months + 1)]  # fmt: skip
    return pd.DataFrame(rows, columns=["acct", "month", "dpd"])


def table(folder: Path, frame: pd.DataFrame, *, columns=None, **options):
    frame.to_csv(folder / "t.csv", index=False)
    columns = columns or {"x": FeatureColumn(trait="debt_burden")}
    outcome = options.pop("outcome", LabelColumn(column="bad"))
    chosen = TableData(name="x", path="t.csv", outcome=outcome, columns=columns, **options)
    return SOURCES["table"](chosen, folder)


@pytest.mark.parametrize("style", ["%d%m%Y", "%Y%m%d", "%Y%m"])
def test_a_date_of_digits_that_has_lost_one_is_not_read_as_another_month(tmp_path, style):
    # 1 December 2024 as 01122024; a number in a spreadsheet is 1122024: 11 February to a parser.
    whole = pd.Timestamp("2024-12-01").strftime(style)
    frame = pd.DataFrame({"acct": ["a", "b"], "month": [whole, whole], "dpd": [0, 30]})
    made = panel(tmp_path, frame, formats={"month": style})
    assert made.facts["months"] == ["2024-12"]
    cut = whole[1:] if style == "%d%m%Y" else whole[:-1]
    frame["month"] = [whole, cut]
    with pytest.raises(DataError, match=rf"all {len(whole)} digits.*'{cut}' \(row 2\)"):
        panel(tmp_path, frame, formats={"month": style})


def test_a_whole_number_with_a_point_has_all_its_digits(tmp_path):
    frame = pd.DataFrame({"acct": ["a", "b"], "month": ["202412.0", "202411"], "dpd": [0, 30]})
    made = panel(tmp_path, frame, formats={"month": "%Y%m"})
    assert made.facts["months"] == ["2024-11", "2024-12"]


@pytest.mark.parametrize("style", ["%m", "%d.%m", "%Y", "YYYY-MM", "ofset", "%b"])
def test_a_way_to_write_months_that_tells_no_month_is_refused(style):
    with pytest.raises(ChoiceError, match=r"year and"):
        TableMapping(path="s.csv", columns=STATEMENTS, formats={"month": style})
    with pytest.raises(ChoiceError, match=r"year and"):
        TableData(name="x", path="t.csv", month_column="m", month_format=style)


@pytest.mark.parametrize("style", ["%y%m", "%b-%y", "%d/%m/%Y", "%Y%j", "iso", "offset", "%x"])
def test_a_way_to_write_months_that_tells_the_month_is_taken(style):
    taken = TableMapping(path="s.csv", columns=STATEMENTS, formats={"month": style})
    assert taken.formats == {"month": style}


def test_folders_of_a_year_and_a_month_are_one_column(tmp_path):
    for year, month in ((2023, 12), (2024, 1)):
        folder = tmp_path / "lake" / f"year={year}" / f"month={month}"
        folder.mkdir(parents=True)
        rows = pa.table({"acct": ["a", "b"], "dpd": [0, 30 * (month == 1)]})
        pq.write_table(rows, folder / "part.parquet")
    columns = {"account_id": "acct", "month": "year_month", "days_past_due": "dpd"}
    mapping = TableMapping(path="lake", columns=columns)
    made = SOURCES["panel"](PanelData(name="x", tables={"statements": mapping}), tmp_path)
    assert made.facts["months"] == ["2023-12", "2024-01"]
    assert made.tables["statements"]["days_past_due"].tolist() == [0, 0, 0, 30]


def test_rows_of_one_month_are_repeated_whatever_their_days(tmp_path):
    frame = pd.DataFrame(
        {"acct": ["a", "a", "b"], "month": ["2024-03-08", "2024-03-28", "2024-03-28"],
         "dpd": [0, 45, 15]}
    )  # fmt: skip
    made = panel(tmp_path, frame, repeated="last")
    assert made.tables["statements"]["days_past_due"].tolist() == [45, 15]
    assert made.facts["counts"]["statements_rows_repeating_a_key_last_kept"] == 1
    with pytest.raises(DataError, match=r"repeated=first or last"):
        panel(tmp_path, frame)


@pytest.mark.parametrize("key", ["factors", "formats"])
def test_a_choice_that_codes_make_void_is_refused(tmp_path, key):
    role, value = ("days_past_due", 30.0) if key == "factors" else ("month", "%Y%m")
    codes = {role: {"0": 0}}
    with pytest.raises(ChoiceError, match=rf"{key}\.{role} would change nothing"):
        panel(tmp_path, months(), codes=codes, **{key: {role: value}})


def test_accounts_of_no_stated_person_are_not_one_person(tmp_path):
    persons = pd.DataFrame({"acct": ["a1", "a2", "a3"], "p": ["", "", ""], "q": ["", "", ""]})
    made = panel(
        tmp_path,
        months(),
        tables={"accounts": (persons, {"account_id": "acct"})},
        extra={"person_columns": ["p", "q"]},
    )
    assert made.groups["group_id"].nunique() == 3
    frame = pd.DataFrame({"bad": [0, 1, 0, 1], "x": [1, 2, 3, 4], "p": ["7", "7.0", "", ""]})
    made = table(tmp_path, frame, person_columns=["p"], ids="joined")
    assert made.labels["group_id"].nunique() == 3
    assert made.facts["counts"]["rows_without_a_person"] == 2


def test_persons_whose_numbers_lost_digits_are_not_merged(tmp_path):
    numbers = [3.3e17 + 64 * k for k in range(4)]
    frame = pd.DataFrame({"bad": [0, 1, 0, 1], "x": [1, 2, 3, 4], "p": numbers})
    frame.to_parquet(tmp_path / "t.parquet")
    options = TableData(
        name="x",
        path="t.parquet",
        outcome=LabelColumn(column="bad"),
        columns={"x": FeatureColumn(trait="debt_burden")},
        person_columns=["p"],
    )
    with pytest.raises(DataError, match="p: expected ids"):
        SOURCES["table"](options, tmp_path)


@pytest.mark.parametrize("cut", ["3,3E+17", "3.3E+17", "3.3e17"])
def test_ids_that_a_spreadsheet_cut_are_refused_in_any_language(tmp_path, cut):
    frame = months().assign(acct=["a1"] * 4 + [cut] * 4 + ["a3"] * 4)
    extra = {"text": Text(decimal=",")} if "," in cut else None
    with pytest.raises(DataError, match="ids with all their digits"):
        panel(tmp_path, frame, extra=extra)


@pytest.mark.parametrize(
    ("name", "moment", "columns"),
    [
        ("bureau", "month", {"account_id": "acct", "month": "month", "enquiries": "n"}),
        ("outcomes", "month", {"account_id": "acct", "observation_month": "month", "bad": "n"}),
        (
            "transactions",
            "date",
            {"account_id": "acct", "date": "date", "amount": "n", "category": "what"},
        ),
    ],
)
def test_a_table_of_other_months_is_an_error_that_names_both(tmp_path, name, moment, columns):
    rows = [("a1", "2013-01-05", 0), ("a2", "2013-02-05", 1), ("a3", "2022-09-05", 0)]
    other = pd.DataFrame(rows, columns=["acct", moment, "n"]).assign(what="call")
    with pytest.raises(DataError, match=r"2022-01 to 2022-04.*2013-01 to 2022-09"):
        panel(tmp_path, months(), tables={name: (other, columns)})
    other.loc[0, moment] = "2022-03-05"
    made = panel(tmp_path, months(), tables={name: (other, columns)})
    assert made.facts["counts"][f"statements_with_a_row_in_{name}"] == 1


def test_rows_that_are_dropped_may_hold_any_currency(tmp_path):
    frame = months().assign(ccy="EUR")
    frame.loc[2, ["month", "ccy"]] = ["total", ""]
    frame.loc[5, ["acct", "ccy"]] = ["", "USD"]
    options = {"currency_column": "ccy", "extra": {"currency": "EUR"}}
    made = panel(tmp_path, frame, unusable="drop", **options)
    assert made.facts["counts"]["statements_rows_dropped_without_key_or_month"] == 2
    frame.loc[6, "ccy"] = "USD"
    with pytest.raises(DataError, match=r"1 row does not fit, e\.g\. 'USD' \(row 7\)"):
        panel(tmp_path, frame, unusable="drop", **options)


def test_the_keys_of_rows_that_are_left_out_are_not_judged(tmp_path):
    frame = pd.DataFrame(
        {
            "id": ["", "7", "7", "8", "9.0", "10"],
            "m": ["2024-01", "soon", "2024-01", "2024-01", "2024-01", "2024-01"],
            "bad": ["pending", "pending", "1", "0", "pending", "0"],
            "x": ["?", "?", "1", "2", "3", "4"],
        }
    )
    frame = pd.concat([frame, frame.iloc[[4]].assign(id="9", bad="1")])
    chosen = {
        "account_column": "id",
        "month_column": "m",
        "outcome": LabelColumn(column="bad", leave_out=["pending"]),
    }
    made = table(tmp_path, frame, **chosen)
    assert made.features["account_id"].tolist() == ["7", "8", "9", "10"]
    assert made.facts["counts"]["rows_left_out_by_label"] == 3
    # A month that cannot be read is no month: such a row is dropped where the mapping says so.
    frame.loc[3, "m"] = "never"
    with pytest.raises(DataError, match="'never'"):
        table(tmp_path, frame, **chosen)
    made = table(tmp_path, frame, unusable="drop", **chosen)
    assert made.facts["counts"]["rows_dropped_without_key_or_label"] == 1


def test_codes_of_the_whole_table_hold_for_names_too(tmp_path):
    frame = pd.DataFrame({"bad": [0, 1, 0, 1], "job": ["cook", "-9", "-9.0", "clerk"]})
    job = FeatureColumn(trait="economic_condition", categorical=True)
    made = table(tmp_path, frame, columns={"job": job}, special={-9: "missing"})
    assert made.categories["job"] == ("clerk", "cook")
    assert made.features["job"].isna().sum() == 2
    assert made.facts["counts"]["job_missing_by_code"] == 2


def test_thousands_that_would_be_read_as_decimals_are_suspected(tmp_path):
    rng = np.random.default_rng(3)
    income, ratio = rng.integers(200, 9000, 400), rng.random(400) * 3
    written = [f"{v // 1000}.{v % 1000:03d}" if v >= 1000 else str(v) for v in income]
    bad = rng.integers(0, 2, 400)
    frame = pd.DataFrame({"income": written, "ratio": ratio.round(3), "bad": bad})
    frame.to_csv(tmp_path / "f.csv", sep=";", index=False)
    told = [f for f in inspect_file(tmp_path / "f.csv").findings if "thousands" in f.text]
    assert [(one.severity, one.column) for one in told] == [("look", "income")]
    options = TableData(
        name="x",
        path="f.csv",
        text=Text(thousands=".", decimal=","),
        outcome=LabelColumn(column="bad"),
        columns={"income": FeatureColumn(trait="economic_condition")},
        ignored={"ratio": "written in another way"},
    )
    stated = inspect_options(options, tmp_path)[0]
    assert not [f for f in stated.findings if "thousands" in f.text]


def test_dropping_what_cannot_be_read_does_not_drop_every_row(tmp_path):
    # A format that no row is written in is a mistake of the mapping, not of the rows.
    with pytest.raises(DataError, match=r"12 rows do not fit, e\.g\. '2022-01'"):
        panel(tmp_path, months(), unusable="drop", formats={"month": "%Y%m"})
    frame = pd.DataFrame({"m": ["01.2024"] * 4, "bad": [0, 1, 0, 1], "x": [1, 2, 3, 4]})
    with pytest.raises(DataError, match=r"4 rows do not fit, e\.g\. '01\.2024'"):
        table(tmp_path, frame, unusable="drop", month_column="m")


def test_the_whole_history_is_counted_where_it_is_asked_for(tmp_path):
    made = panel(tmp_path, months(), extra={"whole_history": True}).tables["statements"]
    # Account a2 is 30 days behind in February alone.
    assert made.loc[made["account_id"] == "a2", "late_months_so_far"].tolist() == [0, 1, 1, 1]
    assert "late_months_so_far" not in panel(tmp_path, months()).tables["statements"]
    amounts = months().rename(columns={"dpd": "owed"}).assign(paid=1.0)
    columns = {"account_id": "acct", "month": "month", "balance": "owed", "payment": "paid"}
    label = pd.DataFrame({"acct": ["a1", "a2"], "m": "2022-02", "bad": [0, 1]})
    label_columns = {"account_id": "acct", "observation_month": "m", "bad": "bad"}
    with pytest.raises(ChoiceError, match="whole_history counts lateness"):
        panel(
            tmp_path,
            amounts,
            columns=columns,
            tables={"outcomes": (label, label_columns)},
            extra={"whole_history": True},
        )


@pytest.mark.parametrize("name", ["account_id", "observation_month"])
def test_a_feature_called_like_a_key_is_refused_before_anything_is_read(name):
    with pytest.raises(ChoiceError, match=f"{name} is the name of a key"):
        TableData(name="x", path="t.csv", columns={name: FeatureColumn(trait="debt_burden")})
    with pytest.raises(ChoiceError, match=f"{name} is the name of a key"):
        TableData(name="x", path="t.csv", protected={name: "sex"})
    TableData(name="x", path="t.csv", account_column=name, ignored={"other": "why"})
