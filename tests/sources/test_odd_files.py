"""Files as lenders write them, drafted without a mapping: what a draft must see for itself."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from delinquency.sources.guess_titles import title_keys, titles_of
from delinquency.sources.guesses import guess_protected
from delinquency.sources.inspect.draft import draft_yaml
from delinquency.sources.inspect.inspected_files import inspect_file
from delinquency.sources.inspect.label_suspicions import months_aside
from delinquency.sources.inspect.suspected_codes import special_codes


def drafted(folder: Path, frame: pd.DataFrame, **how):
    """Return the draft of a frame written as CSV, as its reader would have it."""
    frame.to_csv(folder / "f.csv", index=False, **how)
    return yaml.safe_load(draft_yaml(inspect_file("f.csv", folder), "own", "f.csv"))


def applications(n: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    income = rng.integers(1000, 9000, n)
    bad = (rng.random(n) < 0.9 - income / 10_000).astype(int)
    return pd.DataFrame({"id": np.arange(n) + 7000, "income": income, "bad": bad})


def panel(n_accounts: int = 30, n_months: int = 14) -> pd.DataFrame:
    months = pd.period_range("2022-01", periods=n_months, freq="M").to_timestamp()
    rows = [(f"K{a:04d}", month, 30 * (a % 3), 100.5 + a) for a in range(n_accounts)
            for month in months]  # fmt: skip
    return pd.DataFrame(rows, columns=["acct", "month", "dpd", "bal"])


@pytest.mark.parametrize(
    "style", ["%m/%Y", "%b-%y", "%b %Y", "%Y/%m", "%d.%m.%Y", "%Y%m", "%Y%m%d", "%d%b%Y", "iso"]
)
@pytest.mark.parametrize("account", ["acct", "cust_nbr", "LoanSeq", "x"])
def test_a_panel_is_known_by_its_shape_however_its_months_are_written(tmp_path, style, account):
    frame = panel()
    frame["month"] = frame["month"].dt.strftime("%Y-%m-%d" if style == "iso" else style)
    found = drafted(tmp_path, frame.rename(columns={"acct": account}))
    mapped = found["tables"]["statements"]
    assert mapped["columns"]["account_id"] == account
    assert mapped["columns"]["month"] == "month" and mapped["columns"]["balance"] == "bal"
    assert mapped["formats"]["month"] == style


def test_days_before_months_are_told_from_months_before_days(tmp_path):
    frame = panel()
    ends = frame["month"] + pd.offsets.MonthEnd()
    for style in ("%d/%m/%Y", "%m/%d/%Y"):
        found = drafted(tmp_path, frame.assign(month=ends.dt.strftime(style)))
        assert found["tables"]["statements"]["formats"]["month"] == style


def test_decimal_commas_are_found_and_stated(tmp_path):
    frame = panel().assign(month=lambda f: f["month"].dt.strftime("%Y-%m"))
    frame["bal"] = [
        f"{v // 1000}.{v % 1000:03d},{v % 100:02d}" for v in range(900, 900 + len(frame))
    ]
    found = drafted(tmp_path, frame, sep=";")
    assert found["text"] == {"decimal": ",", "thousands": "."}
    assert found["tables"]["statements"]["columns"]["balance"] == "bal"
    plain = applications().assign(income=lambda f: f["income"].astype(str) + ",5")
    found = drafted(tmp_path, plain, sep=";")
    assert found["text"] == {"decimal": ","}
    assert found["columns"]["income"]["trait"] == "economic_condition"


@pytest.mark.parametrize(
    ("code", "others"),
    [
        (365243, -np.arange(10, 410)),
        (-99999999, np.arange(1000, 1400)),
        (-8888, np.arange(-50, 350)),
        (99999999, np.arange(1000, 1400)),
        (9999, np.arange(0, 28000, 70)),  # inside the range, but as a spike of nines
        (0, np.arange(300, 700)),  # a score of 0
        (777, np.arange(1, 31)),
        (-1, np.linspace(0, 1, 400)),
    ],
)
def test_a_sentinel_is_suspected_by_its_shape(code, others):
    values = np.concatenate([np.full(40, float(code)), others.astype(float)])
    assert special_codes(values) == ((float(code), 40),)
    # One such value is an outlier, and none is none.
    assert special_codes(others.astype(float)) == ()


@pytest.mark.parametrize(
    "values",
    [
        np.repeat([0.0, 1.0], 200),  # a flag
        np.random.default_rng(1).poisson(1.0, 500).astype(float),
        np.random.default_rng(1).lognormal(8, 1.2, 500).round(),
        np.concatenate([np.zeros(300), np.random.default_rng(1).lognormal(5, 1, 200)]),  # amounts
        np.random.default_rng(1).normal(0, 50, 500),
        np.repeat([1.0, 2.0, 3.0, 12.0], 50),  # months of a plan
        np.repeat([0.0, 30.0, 60.0, 90.0], 50),  # days past due
    ],
)
def test_ordinary_numbers_are_no_codes(values):
    assert special_codes(values) == ()


def test_a_code_is_written_with_all_its_digits(tmp_path):
    frame = applications()
    frame.loc[:20, "income"] = 99999999
    found = drafted(tmp_path, frame)
    # 1e+08, as a short form would have it, is another number, and would leave the code in.
    assert list(found["columns"]["income"]["special"]) == [99999999]
    told = [f.text for f in inspect_file("f.csv", tmp_path).findings]
    assert any("99999999 (21 rows)" in text for text in told)


@pytest.mark.parametrize(
    ("name", "bad", "good"),
    [("repaid", "N", "Y"), ("good_customer", "0", "1"), ("is_performing", "no", "yes"),
     ("paid_back", "false", "true"), ("loan_default", "Y", "N"), ("non_default", "0", "1")],
)  # fmt: skip
def test_a_label_of_good_accounts_is_read_by_its_name(tmp_path, name, bad, good):
    frame = applications()
    frame[name] = np.where(frame.pop("bad") == 1, bad, good)
    found = drafted(tmp_path, frame)
    assert found["outcome"] == {"column": name, "bad": [bad], "good": [good]}


def test_values_that_only_bad_rows_have_are_suspected(tmp_path):
    frame = applications(600)
    rng = np.random.default_rng(3)
    frame["days_in_coll"] = np.where((frame["bad"] == 1) & (rng.random(600) < 0.5), 5, 0)
    frame["note"] = np.where((frame["bad"] == 1) & (rng.random(600) < 0.5), "sold", "none")
    frame["seen"] = rng.integers(0, 2, 600)
    frame.to_csv(tmp_path / "f.csv", index=False)
    told = {
        f.column: f for f in inspect_file("f.csv", tmp_path).findings if "only after" in f.text
    }
    assert set(told) == {"days_in_coll", "note"}
    assert {one.severity for one in told.values()} == {"stop"}


def test_bars_are_labelled_with_plain_numbers(tmp_path):
    frame = applications().assign(
        income=lambda f: f["income"] * 100.0, share=np.linspace(0, 1, 300)
    )
    frame.to_csv(tmp_path / "f.csv", index=False)
    columns = {one.name: one for one in inspect_file("f.csv", tmp_path).columns}
    labels = [one.label for name in ("id", "income", "share") for one in columns[name].bins]
    assert "7,000 to 7,029" in labels and not [one for one in labels if "e+" in one]


def test_months_named_by_words_stand_side_by_side():
    names = ["paid_Jan", "paid_Feb", "paid_Mar", "paid_Apr", "DPD_2022_01", "DPD_2022_02",
             "DPD_2022_03", "DPD_2022_04", "may_be", "march"]  # fmt: skip
    assert months_aside(names) == {
        "paid": ["paid_Jan", "paid_Feb", "paid_Mar", "paid_Apr"],
        "DPD_2022": ["DPD_2022_01", "DPD_2022_02", "DPD_2022_03", "DPD_2022_04"],
    }


@pytest.mark.parametrize(
    ("name", "attribute"),
    [("maritalstatus", "marital_status"), ("dateofbirth", "age"), ("genderid", "sex"),
     ("PostCode", "region"), ("Geschlecht", "sex"), ("applicantnationality", "nationality"),
     ("PERSONAL_STATUS_SEX", "marital_status"), ("customer_age", "age"),
     ("average_balance", ""), ("mileage", ""), ("stage", ""), ("agency", ""),
     ("status", ""), ("account_age", "")],
)  # fmt: skip
def test_protected_attributes_are_known_by_more_names(name, attribute):
    assert guess_protected(name) == attribute


def test_two_columns_of_one_protected_attribute_are_both_drafted(tmp_path):
    frame = applications().assign(sex=1, FLAG_FEMALE=0, gender="f")
    found = drafted(tmp_path, frame)
    assert sorted(found["protected"].values()) == ["FLAG_FEMALE", "gender", "sex"]


def test_titles_are_drafted_in_both_languages(tmp_path):
    assert titles_of("MonthlyIncome") == ("Monthly income", "每月收入")
    assert titles_of("NUM_DELQ_12M") == ("Number of delinquencies 12 months", "逾期次数（12个月）")
    assert titles_of("months_since_last_delinquency") == (
        "Months since last delinquency", "距上次逾期的月数",
    )  # fmt: skip
    assert titles_of("逾期天数") == ("逾期天数", "逾期天数")
    # What is not known is not made up: the English title then stands alone.
    assert titles_of("zorp_income") == ("Zorp income", "")
    column = drafted(tmp_path, applications())["columns"]["income"]
    assert column["title"] == "Income" and column["title_zh"] == "收入"


@pytest.mark.parametrize("name", ["收入,税前", "金额 #1", "是: 否", "[逾期]", "客户'号", "月收入"])
def test_a_title_is_written_so_that_yaml_reads_it_back(name):
    assert yaml.safe_load(f"{{{title_keys(name)}}}") == {"title": name, "title_zh": name}
