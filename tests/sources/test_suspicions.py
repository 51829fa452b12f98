"""Inspect sees what a person would rather know before a fit than after it."""

import numpy as np
import pandas as pd
import pytest

from delinquency.sources.data_options import PanelData, TableData
from delinquency.sources.guesses import guess_protected, guess_trait
from delinquency.sources.inspect.draft import draft_yaml
from delinquency.sources.inspect.inspected_files import inspect_file, inspect_options
from delinquency.sources.reading.mapping_options import FeatureColumn, LabelColumn, TableMapping


def applicants(n=1500, seed=0):
    """Return accounts whose bads have less income, more debt and more late payments."""
    rng = np.random.default_rng(seed)
    income, debt = rng.normal(3000, 800, n).round(), rng.random(n).round(3)
    late = rng.poisson(1 + 2 * debt)
    chance = 1 / (1 + np.exp(2.5 + (income - 3000) / 400 - 2 * debt - 0.4 * late))
    bad = (rng.random(n) < chance).astype(int)
    columns = {"income": income, "debt_ratio": debt, "late_payments": late}
    return pd.DataFrame({"acct": [f"a{k}" for k in range(n)], **columns, "bad": bad})


def seen(folder, frame, name="t.csv", **changes):
    frame.to_csv(folder / name, index=False, **changes)
    return inspect_file(folder / name)


def texts(profile, severity):
    return " | ".join(f"{f.column}: {f.text}" for f in profile.findings if f.severity == severity)


def test_a_label_the_wrong_way_round_is_a_stop(tmp_path):
    frame = applicants()
    assert "wrong way round" not in texts(seen(tmp_path, frame), "stop")
    found = seen(tmp_path, frame.assign(bad=1 - frame["bad"]))
    assert "the label may be the wrong way round" in texts(found, "stop")
    assert "the wrong way round" in draft_yaml(found, "own", "t.csv")


def mapped(folder, frame, **columns):
    frame.to_csv(folder / "t.csv", index=False)
    options = TableData(
        name="own", path="t.csv", account_column="acct", outcome=LabelColumn(column="bad"),
        columns={name: FeatureColumn(**{"trait": "credit_record", **one})
                 for name, one in columns.items()},
    )  # fmt: skip
    return inspect_options(options, folder)[0]


def test_a_finished_mapping_is_held_against_the_data_without_its_codes(tmp_path):
    frame = applicants()
    # A code of 9999 among the good rows would turn the column's order round.
    frame.loc[(frame["bad"] == 0) & (frame.index % 2 == 0), "late_payments"] = 9999
    columns = {
        "income": {"direction": 1},
        "debt_ratio": {"direction": 1},
        "late_payments": {"direction": 1, "special": {9999: "missing"}},
    }
    found = texts(mapped(tmp_path, frame, **columns), "look")
    assert "income: direction +1 is contradicted" in found
    assert "late_payments: direction" not in found and "debt_ratio: direction" not in found


def test_columns_that_know_the_outcome_together_are_found(tmp_path):
    frame = applicants()
    rng = np.random.default_rng(1)
    key = rng.integers(0, 2, len(frame))
    # Neither column tells anything; whether they are equal tells nearly all.
    frame = frame.assign(flag_a=key, flag_b=np.where(rng.random(len(frame)) < 0.995, key, 1 - key))
    frame["flag_b"] = np.where(frame["bad"] == 1, 1 - frame["flag_b"], frame["flag_b"])
    found = texts(seen(tmp_path, frame), "stop")
    assert "together the columns rank" in found and "flag_" in found
    assert "together" not in texts(seen(tmp_path, applicants()), "stop")


@pytest.mark.parametrize("mark", [";", " ", "\t", "|"])
def test_a_file_is_read_whatever_parts_its_cells(tmp_path, mark):
    assert seen(tmp_path, applicants(200), sep=mark).n_columns == 5


def test_one_column_with_a_name_of_several_words_is_one_column(tmp_path):
    (tmp_path / "t.csv").write_text("Monthly income\n100\n200\n")
    assert inspect_file(tmp_path / "t.csv").n_columns == 1


def test_good_and_bad_in_words_are_a_label_whatever_it_is_called(tmp_path):
    frame = applicants(300)
    words = frame["bad"].map({1: "bad", 0: "good"})
    profile = seen(tmp_path, frame.drop(columns="bad").assign(Status=words))
    assert profile.n_bad == frame["bad"].sum()
    assert "bad: [bad], good: [good]" in draft_yaml(profile, "own", "t.csv")


def test_months_side_by_side_are_told(tmp_path):
    rng = np.random.default_rng(2)
    frame = applicants(300).assign(**{f"PAY_{k}": rng.integers(0, 3, 300) for k in (0, 2, 3, 4)})
    profile = seen(tmp_path, frame)
    assert "months may stand side by side: PAY_0 to PAY_4" in texts(profile, "look")
    assert "wide_months" in draft_yaml(profile, "own", "t.csv")


def test_an_application_table_is_not_drafted_as_a_panel(tmp_path):
    frame = applicants(300).assign(
        SHOP_ID=np.arange(300) % 20, MONTHS_IN_RESIDENCE=np.arange(300) % 50
    )
    assert "table_data" in draft_yaml(seen(tmp_path, frame), "own", "t.csv")


def test_a_panel_is_drafted_with_windows_that_its_history_holds(tmp_path):
    rows = pd.MultiIndex.from_product([range(40), range(1, 9)], names=["account_id", "month"])
    frame = rows.to_frame(index=False)
    frame["month"] = [f"2024-{m:02d}" for m in frame["month"]]
    draft = draft_yaml(seen(tmp_path, frame.assign(status=1, balance=5.0)), "own", "t.csv")
    # Eight months: half of them before, three after the observation.
    assert "window_months: 4" in draft and "performance_months: 3" in draft


def test_codes_in_letters_that_a_mapping_lists_are_no_stop(tmp_path):
    rows = pd.MultiIndex.from_product([range(30), range(1, 7)], names=["ID", "M"])
    frame = rows.to_frame(index=False)
    frame["M"] = [f"2024-{m:02d}" for m in frame["M"]]
    frame["STATUS"] = np.where(np.arange(len(frame)) % 5 == 0, "C", "1")
    frame.to_csv(tmp_path / "s.csv", index=False)
    (tmp_path / "a.csv").write_text("ID,income\n1,5\n2,6\n77,9\n")
    tables = {
        "statements": TableMapping(
            path="s.csv", columns={"account_id": "ID", "month": "M", "days_past_due": "STATUS"},
            codes={"days_past_due": {"C": 0, "1": 105}},
        ),
        "accounts": TableMapping(
            path="a.csv", columns={"account_id": "ID", "application_income": "income"}
        ),
    }  # fmt: skip
    first, second = inspect_options(PanelData(name="p", tables=tables), tmp_path)
    assert "STATUS: " not in texts(first, "stop")
    assert "accounts speaks of 2 of 30 accounts" in texts(second, "look")


def test_a_code_is_suspected_by_its_shape(tmp_path):
    frame = applicants(400)
    frame["days_employed"] = -np.arange(400) - 1
    frame.loc[::10, "days_employed"] = 365243
    assert "days_employed: may hold codes: 365,243" in texts(
        seen(tmp_path, frame), "look"
    ) or "365243 (40 rows)" in texts(seen(tmp_path, frame), "look")


def test_signs_and_protected_names_are_read_from_words():
    assert guess_trait("account_never_delinq_percent").direction == -1
    assert guess_trait("num_times_delinquent").direction == 1
    for name in ("CODE_GENDER", "DAYS_BIRTH", "NAME_FAMILY_STATUS", "foreign_worker", "性别",
                 "personal_status_sex", "native_language"):  # fmt: skip
        assert guess_protected(name), name
    assert not guess_protected("oldest_account_age")


def test_bins_add_up_to_the_rows_and_the_bads(tmp_path):
    frame = applicants(500)
    frame.loc[::7, "income"] = np.nan
    profile = seen(tmp_path, frame)
    for column in profile.columns:
        if column.bins and column.name not in ("acct", "bad"):
            assert sum(b.n_rows for b in column.bins) == 500, column.name
            bads = sum(b.n_rows * b.bad_rate for b in column.bins)
            assert bads == pytest.approx(frame["bad"].sum())
    income = next(c for c in profile.columns if c.name == "income")
    assert income.bins[-1].label == "missing" and income.bins[-1].n_rows == 72
