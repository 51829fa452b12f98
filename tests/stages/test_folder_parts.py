"""One large folder brought into parts: every row once, whole accounts, bounded row groups."""

import numpy as np
import pandas as pd
import pyarrow
import pytest
from pyarrow import parquet

from delinquency.errors import DataError
from delinquency.panel.id_hashes import id_hashes
from delinquency.pipeline import folder_parts
from delinquency.pipeline.folder_parts import split_folder


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(folder_parts, "BATCH_ROWS", 64)
    monkeypatch.setattr(folder_parts, "BLOCK_BYTES", 4_000)
    monkeypatch.setattr(folder_parts, "CSV_BYTES", 2_000)


def tables(n=60):
    rng = np.random.default_rng(1)
    ids = np.array([f"A{number:04d}" for number in range(n)])
    months = pd.date_range("2024-01-01", periods=6, freq="MS")
    statements = pd.DataFrame(
        {"account_id": np.repeat(ids, 6), "month": np.tile(months, n),
         "balance": rng.integers(0, 900, 6 * n).astype(float)}
    )  # fmt: skip
    purchases = pd.DataFrame(
        {"account_id": rng.choice(ids, 900), "date": rng.choice(months, 900),
         "amount": rng.integers(1, 99, 900) / 4.0, "category": rng.choice(["a", "b"], 900)}
    )  # fmt: skip
    accounts = pd.DataFrame({"account_id": ids, "opened_month": months[0]})
    return {"statements": statements, "transactions": purchases, "accounts": accounts}


def written(folder, frames, ending):
    folder.mkdir()
    for name, frame in frames.items():
        shuffled = frame.sample(frac=1.0, random_state=3)
        if ending == "csv":
            shuffled.to_csv(folder / f"{name}.csv", index=False)
        else:
            shuffled.to_parquet(folder / f"{name}.parquet", index=False, row_group_size=100)
    return folder


def together(staged, name):
    return pd.concat([pd.read_parquet(path) for path in sorted(staged.glob(f"*/{name}.parquet"))])


def ordered(frame):
    return frame.sort_values(list(frame.columns), ignore_index=True)


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_every_row_is_in_one_part_and_every_account_too(tmp_path, small_blocks, ending):
    frames = tables()
    folder = written(tmp_path / "in", frames, ending)
    assert split_folder(folder, tmp_path / "out", part_accounts=12) == 5
    for name, frame in frames.items():
        found = together(tmp_path / "out", name)
        pd.testing.assert_frame_equal(ordered(found), ordered(frame), check_dtype=False)
    parts = {
        account: path.name
        for path in (tmp_path / "out").iterdir()
        for account in pd.read_parquet(path / "accounts.parquet")["account_id"]
    }
    for path in (tmp_path / "out").iterdir():
        for name in ("statements", "transactions"):
            ids = pd.read_parquet(path / f"{name}.parquet")["account_id"]
            assert {parts[one] for one in ids} <= {path.name}


def test_a_part_is_one_row_group_however_many_blocks_it_came_in(tmp_path, small_blocks):
    folder = written(tmp_path / "in", tables(), "parquet")
    split_folder(folder, tmp_path / "out", part_accounts=12)
    for path in (tmp_path / "out").glob("*/*.parquet"):
        assert parquet.read_metadata(path).num_row_groups == 1
    assert not list((tmp_path / "out").glob("*/*.arrows"))


def test_what_a_file_takes_in_memory_does_not_grow_with_its_row_groups(tmp_path, small_blocks):
    path = tmp_path / "transactions.parquet"
    noise = np.random.default_rng(2).random(40_000)
    frame = pd.DataFrame({"account_id": "a", "amount": noise})
    frame.to_parquet(path, index=False, row_group_size=1_000)
    before = pyarrow.total_allocated_bytes()
    held = [pyarrow.total_allocated_bytes() - before for _ in folder_parts._blocks(path)]
    # The file has 40 row groups of some 9 KB.
    assert len(held) > 20 and max(held) < path.stat().st_size / 2


def test_an_id_has_one_hash_whether_text_or_number_or_dictionary():
    text = pyarrow.chunked_array([["7", "12"], ["7"]])
    numbers = pyarrow.chunked_array([pyarrow.array([7, 12, 7], pyarrow.int64())])
    names = pyarrow.chunked_array([pyarrow.array(["7", "12", "7"]).dictionary_encode()])
    first = id_hashes(text)
    assert first[0] == first[2] != first[1]
    assert (id_hashes(numbers) == first).all() and (id_hashes(names) == first).all()
    sliced = pyarrow.chunked_array([pyarrow.array(["x", "7", "12"]).slice(1)])
    assert (id_hashes(sliced) == first[:2]).all()


def test_the_hash_is_the_published_one():
    # FNV-1a, 64 bits, of "a" (Fowler, Noll and Vo), its high half mixed into the low one.
    published = 0xAF63DC4C8601EC8C
    assert id_hashes(pyarrow.chunked_array([["a"]]))[0] == published ^ (published >> 32)


def test_a_cell_of_a_csv_file_that_is_no_number_is_named(tmp_path):
    (tmp_path / "statements.csv").write_text("account_id,month,balance\na,2024-01,plenty\n")
    with pytest.raises(DataError, match="plenty"):
        split_folder(tmp_path, tmp_path / "out", part_accounts=10)


def test_a_table_without_accounts_is_refused(tmp_path):
    pd.DataFrame({"account": ["a"]}).to_parquet(tmp_path / "statements.parquet")
    pd.DataFrame({"account_id": ["a"]}).to_parquet(tmp_path / "accounts.parquet")
    with pytest.raises(DataError, match="account_id"):
        split_folder(tmp_path, tmp_path / "out", part_accounts=10)
