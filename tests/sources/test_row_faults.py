"""A delivery whose rows are known to be wrong: every one is named, in one reading."""

import pandas as pd
import pytest
import yaml

from delinquency.config import load
from delinquency.errors import ChoiceError
from delinquency.sources.data_options import PanelData
from delinquency.sources.inspect.row_faults import as_summary, faults_of_files
from delinquency.sources.reading.contract_options import HistoryContract, TableContract
from delinquency.sources.reading.mapping_options import TableMapping
from delinquency.stages import run_stage

MONTHS = pd.period_range("2024-01", periods=6, freq="M")


def delivery():
    """Return accounts and months that keep every promise."""
    accounts = pd.DataFrame(
        {"id": ["a", "b", "c", "d"], "kind": ["card", "loan", "card", "loan"],
         "opened": "2023-05-01", "limit": "900.0", "why": ["", "paid_off", "", "lost"]}
    )  # fmt: skip
    rows = []
    for account, last in zip("abcd", ("open", "closed", "open", "lost"), strict=True):
        for at, month in enumerate(MONTHS):
            state = last if at == len(MONTHS) - 1 else "open"
            late = str(max(at - 2, 0)) if account == "d" else "0"
            rows.append([account, f"{month}-01", "500.0", "0.0" if late > "0" else "10.0", late,
                         state])  # fmt: skip
    names = ["id", "month", "balance", "paid", "late", "state"]
    return accounts, pd.DataFrame(rows, columns=names)


def promises():
    return {
        "accounts": TableContract(
            path="accounts.csv", key=["id"], required=["kind", "opened"],
            numbers={"limit": [0, None]}, days={"opened": "2024-06-30"},
            codes={"kind": ["card", "loan"], "why": ["paid_off", "lost"]},
        ),
        "months": TableContract(
            path="months.csv", key=["id", "month"], required=["balance", "paid"],
            numbers={"balance": [0, None]}, refers={"id": "accounts.id"},
            codes={"late": ["0", "1", "2", "3"], "state": ["open", "closed", "lost"]},
            history=HistoryContract(
                account="id", month="month", stage="late", paid="paid", state="state",
                last_states=["closed", "lost"], balance="balance", bounds=["accounts.limit"],
                reason="accounts.why", reasons={"paid_off": "closed", "lost": "lost"},
            ),
        ),
    }  # fmt: skip


def found(folder, accounts, months):
    accounts.to_csv(folder / "accounts.csv", index=False)
    months.to_csv(folder / "months.csv", index=False)
    return faults_of_files(PanelData(name="own", promises=promises()), folder)


def test_a_delivery_that_keeps_its_promises_has_no_fault(tmp_path):
    faults = found(tmp_path, *delivery())
    assert faults.empty
    assert as_summary(faults, promises()).startswith("Every row of accounts, months keeps")


CELLS = [
    ("accounts", "a", "kind", "", "is empty"),
    ("accounts", "a", "kind", "Card", "other blanks or letter case"),
    ("accounts", "a", "kind", "card ", "other blanks or letter case"),
    ("accounts", "a", "kind", "boat", "is no code"),
    ("accounts", "a", "opened", "01/05/2023", "is no day"),
    ("accounts", "a", "opened", "2024-08-01", "is after 2024-06-30"),
    ("accounts", "a", "limit", "x", "is no number"),
    ("accounts", "a", "limit", "90000.0", "far above all balances"),
    ("accounts", "b", "why", "lost", "contradicts the last state"),
    ("months", "a|2024-03-01", "balance", "-500.0", "is below 0"),
    ("months", "a|2024-03-01", "balance", "50000.0", "far above accounts.limit"),
    ("months", "a|2024-03-01", "balance", "N/A", "is empty"),
    ("months", "a|2024-03-01", "late", "2", "further behind than a month can bring"),
    ("months", "d|2024-04-01", "paid", "10.0", "was paid while it fell behind"),
]


@pytest.mark.parametrize(("table", "key", "column", "value", "words"), CELLS)
def test_one_wrong_cell_is_the_one_fault_found(tmp_path, table, key, column, value, words):
    accounts, months = delivery()
    frame = {"accounts": accounts, "months": months}[table]
    account, _, month = key.partition("|")
    at = (frame["id"] == account) & (frame["month"].eq(month) if month else True)
    assert at.sum() == 1
    frame.loc[at, column] = value
    faults = found(tmp_path, accounts, months)
    assert faults[["table", "row_key", "column"]].to_numpy().tolist() == [[table, key, column]]
    assert words in faults["fault"][0]
    assert faults["row"][0] == at.to_numpy().argmax() + 1


def test_rows_that_are_too_many_or_missing(tmp_path):
    accounts, months = delivery()
    twice = months.iloc[[3]]
    other = months.iloc[[9]].assign(balance="501.0")
    orphan = months.iloc[[2]].assign(id="z")
    after = months.iloc[[11]].assign(month="2024-07-01", state="open")
    months = pd.concat([months.drop(index=14), twice, other, orphan, after], ignore_index=True)
    faults = found(tmp_path, accounts, months)
    words = {f"{row.row_key} {row.fault}" for row in faults.itertuples()}
    assert words == {
        "a|2024-04-01 repeats another row",
        "b|2024-04-01 repeats the key of another row",
        "z|2024-03-01 is not in accounts.id",
        "b|2024-07-01 follows a month after which none can",
        "c|2024-03-01 is missing between two months",
    }
    assert (faults["row"] == 0).sum() == 1


def test_the_command_writes_all_rows_of_all_files(tmp_path, capsys):
    accounts, months = delivery()
    months.loc[2, "balance"] = "-1"
    months.loc[3, "paid"] = ""
    accounts.to_csv(tmp_path / "accounts.csv", index=False)
    months.to_csv(tmp_path / "months.csv", index=False)
    mapping = {
        "defaults": ["panel_data", "_self_"],
        "name": "own",
        "tables": {
            "statements": {
                "path": "months.csv",
                "columns": {"account_id": "id", "month": "month", "repayment_status": "late"},
            }
        },
        "promises": {
            "months": {
                "path": "months.csv",
                "key": ["id", "month"],
                "required": ["paid"],
                "numbers": {"balance": [0, None]},
            }
        },
    }
    (tmp_path / "conf/data").mkdir(parents=True)
    (tmp_path / "conf/data/own.yaml").write_text(yaml.safe_dump(mapping))
    paths = [f"paths.root={tmp_path}", f"paths.raw={tmp_path}"]
    paths.append(f"hydra.searchpath=[file://{tmp_path / 'conf'}]")
    run_stage(load(["stage=inspect", "data=own", *paths]))
    printed = capsys.readouterr().out
    assert "2 rows break a promise" in printed and "months.paid is empty: 1" in printed
    written = pd.read_csv(tmp_path / "reports/own/row_faults.csv", dtype=str)
    assert sorted(written["row"]) == ["3", "4"]


def test_promises_that_cannot_be_held_are_refused_in_words(tmp_path):
    with pytest.raises(ChoiceError, match="table.column"):
        TableContract(path="a.csv", key=["id"], refers={"id": "accounts"})
    with pytest.raises(ChoiceError, match="lowest, highest"):
        TableContract(path="a.csv", key=["id"], numbers={"limit": [0]})
    accounts, months = delivery()
    accounts.to_csv(tmp_path / "accounts.csv", index=False)
    alone = TableContract(path="accounts.csv", key=["id"], refers={"id": "persons.id"})
    mapping = {"statements": TableMapping(path="accounts.csv")}
    options = PanelData(name="own", tables=mapping, promises={"accounts": alone})
    with pytest.raises(ChoiceError, match=r"persons\.id is not among"):
        faults_of_files(options, tmp_path)
