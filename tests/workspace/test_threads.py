import threading

import pandas as pd
import pytest

from delinquency.config import load
from delinquency.stages import run_stage
from delinquency.workspace.threads import in_order


def test_results_come_in_the_order_of_the_items_whichever_is_done_first():
    second_is_done = threading.Event()

    def work(item):
        if item == 0:
            assert second_is_done.wait(timeout=30)
        if item == 1:
            second_is_done.set()
        return item * item

    assert list(in_order(work, range(20), n_threads=2)) == [n * n for n in range(20)]


@pytest.mark.parametrize("n_threads", [1, 3])
def test_no_more_is_begun_than_the_threads_and_one(n_threads):
    begun = []

    def items():
        for item in range(50):
            begun.append(item)
            yield item

    for taken, _ in enumerate(in_order(str, items(), n_threads=n_threads), start=1):
        assert len(begun) - taken <= n_threads


def test_the_first_fault_is_raised_and_what_is_left_is_not_begun():
    begun = []

    def work(item):
        begun.append(item)
        if item == 2:
            raise ValueError("item 2")
        return item

    results = in_order(work, range(1000), n_threads=2)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="item 2"):
        next(results)
    assert len(begun) < 10


def test_work_left_in_the_middle_leaves_no_thread_running():
    before = threading.active_count()
    results = in_order(str, range(1000), n_threads=3)
    next(results)
    results.close()
    assert threading.active_count() == before


def test_tables_truth_and_features_are_the_same_for_any_number_of_threads(tmp_path, monkeypatch):
    monkeypatch.setattr("delinquency.synthetic.portfolio_source.PART_ACCOUNTS", 1_000)
    choices = ["stage=features", "tracking=none", "data.n_accounts=2400", "data.n_months=26"]

    def make(n_threads):
        root = tmp_path / str(n_threads)
        run_stage(load([*choices, f"paths.root={root}", f"n_threads={n_threads}"]))
        return root

    one, three = make(1), make(3)
    files = sorted(path.relative_to(one) for path in one.rglob("*.parquet"))
    assert len([path for path in files if path.name == "statements.parquet"]) == 3
    assert files == sorted(path.relative_to(three) for path in three.rglob("*.parquet"))
    for path in files:
        pd.testing.assert_frame_equal(
            pd.read_parquet(one / path), pd.read_parquet(three / path), check_exact=True
        )
    manifest = "data/processed/synthetic/manifest.json"
    assert (one / manifest).read_bytes() == (three / manifest).read_bytes()
