"""A folder of parts as a source: read part by part, each account in one of them."""

import pandas as pd
import pytest

from delinquency.errors import DataError, MissingArtifactError
from delinquency.sources.canonical_parts import read_parts
from delinquency.sources.data_options import PartsData


def part(folder, statements, accounts=None):
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        {"account_id": account, "month": pd.Timestamp(month), "days_past_due": 0.0}
        for account, month in statements
    ]
    pd.DataFrame(rows).to_parquet(folder / "statements.parquet", index=False)
    if accounts is not None:
        pd.DataFrame(accounts).to_parquet(folder / "accounts.parquet", index=False)


def readers(folder):
    return read_parts(PartsData(name="own", path=str(folder)), folder)


def test_parts_are_read_one_by_one_in_the_order_of_their_names(tmp_path):
    part(tmp_path / "part-2", [("b", "2024-01-01")])
    part(tmp_path / "part-1", [("a", "2024-02-01"), ("a", "2024-01-01")])
    first, second = (read() for read in readers(tmp_path))
    assert first.tables["statements"]["month"].dt.month.tolist() == [1, 2]  # sorted by key
    assert second.groups.to_dict("records") == [{"account_id": "b", "group_id": "b"}]
    assert first.digest != second.digest


def test_accounts_of_one_person_are_one_group_and_the_unknown_their_own(tmp_path):
    part(
        tmp_path, [(account, "2024-01-01") for account in "abc"],
        {"account_id": ["a", "b"], "person_id": ["p", None]},
    )  # fmt: skip
    (read,) = readers(tmp_path)
    assert read().groups["group_id"].tolist() == ["p", "b", "c"]


def test_an_account_with_rows_in_two_parts_is_refused_by_name(tmp_path):
    part(tmp_path / "part-1", [("a", "2024-01-01"), ("b", "2024-01-01")])
    part(tmp_path / "part-2", [("c", "2024-01-01"), ("b", "2024-02-01")])
    with pytest.raises(DataError, match="b in part-1 and in part-2"):
        readers(tmp_path)


def test_a_table_of_another_part_counts_too(tmp_path):
    part(tmp_path / "part-1", [("a", "2024-01-01")])
    part(tmp_path / "part-2", [("c", "2024-01-01")], {"account_id": ["a", "c"]})
    with pytest.raises(DataError, match="a in part-1 and in part-2"):
        readers(tmp_path)


def test_a_folder_without_parts_is_named(tmp_path):
    with pytest.raises(MissingArtifactError, match="expected folders with statements.parquet"):
        readers(tmp_path)
