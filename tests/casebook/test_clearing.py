from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
from overdue_factory import make_record
from sqlalchemy import event, func, select

from delinquency.casebook.case_store import Store
from delinquency.casebook.clearing import clear_records, clearances, count_erased, spell_months
from delinquency.casebook.database_schema import AUDIT, ERASED
from delinquency.casebook.overdue_records import (
    Bucket,
    OverdueRecord,
    PutCount,
    all_records,
    put_records,
)
from delinquency.casebook.panel_records import Reporter, records_from_statements
from delinquency.casebook.pseudonyms import Key
from delinquency.casebook.record_exchange import export_records, import_records, refresh_exports
from delinquency.features.feature_matrix import build_features, select_features
from delinquency.features.feature_options import FeatureOptions
from delinquency.panel.cleared_history import erase_history
from delinquency.panel.windows import build_windows
from delinquency.policy import Policy

CURE = date(2026, 3, 20)


class Crash(Exception):
    """The process dies here."""


def _fill(store: Store, now: datetime, *records: OverdueRecord) -> PutCount:
    with store.writing(now) as journal:
        return put_records(journal, records, own_lender="bank-a")


def _accounts(store: Store) -> list[str]:
    with store.reading() as connection:
        return [record.account_id for record in all_records(connection)]


def test_a_record_leaves_on_its_day_and_not_before(
    store: Store, now: datetime, seed_policy: Policy
) -> None:
    open_one = make_record("A2", closed_on=None)
    _fill(store, now, make_record("A1"), open_one)
    before = clear_records(store, as_of=CURE - timedelta(1), policy=seed_policy, now=now)
    assert (before.n_records, before.n_kept) == (0, 2)
    cleared = clear_records(store, as_of=CURE, policy=seed_policy, now=now)
    assert (cleared.n_records, cleared.n_kept) == (1, 1)
    assert _accounts(store) == ["A2"]
    with store.reading() as connection:
        assert count_erased(connection) > 0
    assert store.verify() is None


def test_the_chinese_policy_keeps_it_for_five_years(
    sqlite_store: Store, now: datetime, cn_policy: Policy
) -> None:
    # Opened after 2025-12-31, so the one-off repair does not cover it.
    _fill(sqlite_store, now, make_record("A1"))
    clear_records(sqlite_store, as_of=date(2031, 3, 19), policy=cn_policy, now=now)
    assert _accounts(sqlite_store) == ["A1"]
    clear_records(sqlite_store, as_of=date(2031, 3, 20), policy=cn_policy, now=now)
    assert _accounts(sqlite_store) == []


def test_one_entry_of_digests_stays(store: Store, now: datetime, seed_policy: Policy) -> None:
    _fill(store, now, make_record("A1"))
    for _ in range(2):
        clear_records(store, as_of=CURE, policy=seed_policy, now=now)
    with store.reading() as connection:
        entries = connection.execute(select(AUDIT).where(AUDIT.c.action == "clear")).all()
        stones = connection.execute(select(ERASED)).all()
    assert len(entries) == 1
    # Record, account, January, February, the cure in March.
    assert sorted(stone.kind for stone in stones) == [
        "account",
        "cure",
        "record",
        "spell",
        "spell",
    ]
    held = {str(value) for row in (*entries, *stones) for value in row}
    assert not {"A1", "2026-01", "2026-02", "20000"} & held


def test_nothing_of_a_cleared_record_is_left_in_the_files(
    sqlite_store: Store, tmp_path: Path, now: datetime, seed_policy: Policy
) -> None:
    _fill(sqlite_store, now, make_record("account-to-go", dispute_note="told us of a flood"))
    clear_records(sqlite_store, as_of=CURE, policy=seed_policy, now=now)
    held = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"account-to-go" not in held
    assert b"flood" not in held


def test_a_cleared_record_that_is_delivered_again_stays_out(
    store: Store, now: datetime, seed_policy: Policy
) -> None:
    _fill(store, now, make_record("A1", record_id="theirs-1"))
    clear_records(store, as_of=CURE, policy=seed_policy, now=now)
    # By number, and by what it is about.
    assert _fill(store, now, make_record("A1", record_id="theirs-1")) == PutCount(erased=1)
    assert _fill(store, now, make_record("A1")) == PutCount(erased=1)
    later = make_record("A1", opened_on=date(2026, 5, 1), closed_on=None)
    assert _fill(store, now, later) == PutCount(new=1)


def test_exports_written_before_are_written_anew(
    store: Store, tmp_path: Path, now: datetime, seed_policy: Policy
) -> None:
    _fill(store, now, make_record("cured"), make_record("open-one", closed_on=None))
    paths = [tmp_path / f"out.{suffix}" for suffix in ("csv", "jsonl", "parquet")]
    gone = tmp_path / "taken-away.csv"
    for path in (*paths, gone):
        export_records(store, path, policy=seed_policy, as_of=CURE, now=now)
    gone.unlink()
    assert refresh_exports(store, now=now) == ()
    clear_records(store, as_of=CURE, policy=seed_policy, now=now)
    assert sorted(refresh_exports(store, now=now)) == sorted(paths)
    for path in paths:
        assert b"cured" not in path.read_bytes()
        assert b"open-one" in path.read_bytes()
    assert not gone.exists()
    assert refresh_exports(store, now=now) == ()
    assert store.verify() is None


def test_an_export_cannot_bring_a_cleared_record_back(
    sqlite_store: Store, tmp_path: Path, now: datetime, seed_policy: Policy
) -> None:
    _fill(sqlite_store, now, make_record("A1"))
    path = tmp_path / "old.csv"
    export_records(sqlite_store, path, policy=seed_policy, as_of=CURE, now=now)
    clear_records(sqlite_store, as_of=CURE, policy=seed_policy, now=now)
    assert import_records(sqlite_store, path, own_lender="bank-a", now=now).put.erased == 1
    assert _accounts(sqlite_store) == []


def test_a_crash_between_any_two_statements_clears_all_of_a_record_or_nothing(
    store: Store, now: datetime, seed_policy: Policy
) -> None:
    _fill(store, now, make_record("A1"), make_record("A2"))
    done, crash_at = False, 0
    while not done:
        seen = 0

        def die(*_: Any, limit: int = crash_at) -> None:
            nonlocal seen
            seen += 1
            if seen > limit:
                raise Crash

        event.listen(store.database.engine, "before_cursor_execute", die)
        try:
            clear_records(store, as_of=CURE, policy=seed_policy, now=now)
            done = True
        except Crash:
            pass
        finally:
            event.remove(store.database.engine, "before_cursor_execute", die)
        with store.reading() as connection:
            stones = connection.execute(select(func.count()).select_from(ERASED)).scalar()
        # Two records of five tombstones each, or none of them; the files are scrubbed last.
        assert (len(_accounts(store)), stones) in ((2, 0), (0, 10))
        assert store.verify() is None
        crash_at += 1
    assert crash_at >= 8


def test_the_months_of_a_record_run_from_the_first_bucket_to_the_last() -> None:
    record = make_record(buckets=(Bucket("2025-11", 5, 1, 1), Bucket("2026-01", 60, 1, 1)))
    assert spell_months(record) == (("2025-11", "2025-12", "2026-01"), "2026-02")


def test_another_lenders_open_record_keeps_its_months(
    sqlite_store: Store, key: Key, now: datetime, seed_policy: Policy
) -> None:
    _fill(
        sqlite_store, now, make_record("A1", lender="bank-b"),
        make_record("A1", lender="bank-c", closed_on=None, buckets=(Bucket("2026-02", 9, 1, 1),)),
    )  # fmt: skip
    clear_records(sqlite_store, as_of=CURE, policy=seed_policy, now=now)
    months = pd.date_range("2025-12-01", "2026-04-01", freq="MS")
    tables = {"bureau": pd.DataFrame({"account_id": "A1", "month": months})}
    with sqlite_store.reading() as connection:
        gone = clearances(connection, key, tables)
    spell = gone[gone["part"] == "spell"]
    assert list(zip(spell["month"].dt.strftime("%Y-%m"), spell["origin"], strict=True)) == [
        ("2026-01", "elsewhere")
    ]


def _portfolio(days: list[float], payment: float) -> dict[str, pd.DataFrame]:
    """Return, as if rebuilt from raw, statements of one account that was late and of others."""
    months = pd.date_range("2025-07-01", periods=12, freq="MS")
    rng = np.random.default_rng(7)
    frames = []
    for account in ("cured", *(f"other-{k}" for k in range(60))):
        late = np.zeros(12)
        if account == "cured":
            late[6:8] = days
        elif rng.random() < 0.5:
            late[rng.integers(0, 12, 3)] = rng.integers(1, 90, 3)
        frames.append(
            pd.DataFrame(
                {
                    "account_id": account,
                    "month": months,
                    "credit_limit": 10_000.0,
                    "balance": 4_000.0 + 100 * rng.integers(0, 9, 12) + 7 * late,
                    "minimum_due": 200.0,
                    "payment": np.where(late > 0, payment, 250.0),
                    "days_past_due": late,
                    "repayment_status": np.ceil(late / 30),
                }
            )
        )
    return {"statements": pd.concat(frames, ignore_index=True)}


def test_the_score_of_a_cured_account_does_not_depend_on_erased_history(
    store: Store, key: Key, now: datetime, seed_policy: Policy
) -> None:
    # January and February 2026 are late, March is clean: cured on 1 March, cleared that day.
    reporter = Reporter("bank-a", "CNY", "panel", date(2026, 4, 1), consent=True)
    first = _portfolio([20.0, 50.0], payment=0.0)
    _fill(store, now, *records_from_statements(first["statements"], reporter))
    clear_records(store, as_of=date(2026, 6, 30), policy=seed_policy, now=now)

    def features(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
        accounts = tables["statements"]["account_id"].unique()
        asked = pd.DataFrame(
            {"account_id": accounts, "observation_month": pd.Timestamp("2026-06-01")}
        )
        windows = build_windows(tables, asked, n_months=12)
        return build_features(windows, select_features(windows, FeatureOptions()))

    raw = features(first)
    names = list(raw.columns[2:])
    target = np.arange(len(raw)) % 2
    target[0] = 1
    parameters = {"verbosity": -1, "min_data_in_leaf": 3, "num_threads": 1, "seed": 1}
    model = lgb.train(parameters, lgb.Dataset(raw[names], target), num_boost_round=20)

    scores = []
    for days, payment in (([20.0, 50.0], 0.0), ([89.0, 119.0], 3.0)):
        rebuilt = _portfolio(days, payment)
        with store.reading() as connection:
            gone = clearances(connection, key, rebuilt)
        assert ("cured", "own", "spell") in set(
            zip(gone["account_id"], gone["origin"], gone["part"], strict=True)
        )
        matrix = features(erase_history(rebuilt, gone))
        late = rebuilt["statements"].groupby("account_id")["days_past_due"].sum()["cured"]
        assert late == sum(days)
        scores.append((matrix.iloc[0], model.predict(matrix[names])[0]))
    pd.testing.assert_series_equal(scores[0][0], scores[1][0], check_exact=True)
    assert scores[0][1] == scores[1][1]


def test_without_the_key_a_tombstone_says_nothing(
    sqlite_store: Store, now: datetime, seed_policy: Policy
) -> None:
    _fill(sqlite_store, now, make_record("A1"))
    clear_records(sqlite_store, as_of=CURE, policy=seed_policy, now=now)
    months = pd.date_range("2026-01-01", "2026-04-01", freq="MS")
    tables = {"statements": pd.DataFrame({"account_id": "A1", "month": months})}
    with sqlite_store.reading() as connection:
        assert clearances(connection, Key(bytes(32)), tables).empty
        assert len(clearances(connection, sqlite_store.key, tables)) == 3


def test_an_empty_store_has_no_clearances(sqlite_store: Store, key: Key) -> None:
    tables = {
        "statements": pd.DataFrame({"account_id": ["A"], "month": [pd.Timestamp(2026, 1, 1)]})
    }
    with sqlite_store.reading() as connection:
        assert clearances(connection, key, tables).empty
        assert clearances(connection, key, {}).empty
