from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from delinquency.errors import DataError
from delinquency.features.feature_matrix import build_features, select_features
from delinquency.features.feature_options import FeatureOptions
from delinquency.panel.cleared_history import (
    CLEARANCE_COLUMNS,
    Spell,
    clearing_day,
    erase_history,
    forget,
    months_kept,
)
from delinquency.panel.table_checks import validate
from delinquency.panel.windows import build_windows
from delinquency.policy import Policy, policy_from_dict

POLICIES = Path(__file__).parents[2] / "conf" / "policy"
MONTHS = pd.date_range("2024-01-01", periods=12, freq="MS")


def _policy(name: str, **rules: Any) -> Policy:
    """Return a shipped policy, with some of its record rules set otherwise."""
    text = (POLICIES / f"{name}.yaml").read_text(encoding="utf-8")
    policy = policy_from_dict(yaml.safe_load(text), name)
    records = policy.records
    for key, value in rules.items():
        records = replace(records, **{key: replace(getattr(records, key), value=value)})
    return replace(policy, records=records)


def _spell(opened: str, closed: str | None, amount: str = "100", currency: str = "CNY") -> Spell:
    end = None if closed is None else date.fromisoformat(closed)
    return Spell(date.fromisoformat(opened), end, Decimal(amount), currency)


def _clearances(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(CLEARANCE_COLUMNS))
    return frame.assign(month=pd.to_datetime(frame["month"]))


def _statements(account: str, days: list[float], payment: list[float]) -> pd.DataFrame:
    """Return a year of statements of one account, by days past due and payment."""
    return pd.DataFrame(
        {
            "account_id": account,
            "month": MONTHS[: len(days)],
            "credit_limit": 10_000.0,
            "balance": [4_000.0 + 10 * k for k in range(len(days))],
            "minimum_due": 200.0,
            "payment": payment,
            "purchases": 300.0,
            "fees": [25.0 if late else 0.0 for late in days],
            "interest": 40.0,
            "days_past_due": days,
            "repayment_status": [np.ceil(d / 30) for d in days],
        }
    )


def test_a_record_goes_on_the_day_of_the_cure_plus_the_delay() -> None:
    spell = _spell("2026-01-05", "2026-03-20")
    assert clearing_day(spell, _policy("seed_2021", clear_delay_days=0)) == date(2026, 3, 20)
    # 20 March + 30 days: 11 days to the 31st, 19 more.
    assert clearing_day(spell, _policy("seed_2021", clear_delay_days=30)) == date(2026, 4, 19)


def test_five_years_count_from_the_end_of_the_event() -> None:
    policy = _policy("cn_2026", clear_years=5, repair_amount_max=None)
    assert clearing_day(_spell("2026-01-05", "2026-03-20"), policy) == date(2031, 3, 20)
    # 2029 has no 29 February.
    assert clearing_day(_spell("2024-01-05", "2024-02-29"), policy) == date(2029, 2, 28)


def test_years_from_the_beginning_never_end_before_the_cure() -> None:
    rules = {
        "clear_mode": "after_years", "clear_years": 7, "clear_counted_from": "delinquency_start",
    }  # fmt: skip
    policy = _policy("seed_2021", **rules)
    assert clearing_day(_spell("2020-01-05", "2021-03-20"), policy) == date(2027, 1, 5)
    assert clearing_day(_spell("2020-01-05", "2028-03-20"), policy) == date(2028, 3, 20)


def test_arrears_that_last_are_never_cleared() -> None:
    assert clearing_day(_spell("2001-01-05", None), _policy("seed_2021")) is None


def test_a_policy_that_never_clears_gives_no_day() -> None:
    policy = _policy("seed_2021", clear_mode="never")
    assert clearing_day(_spell("2001-01-05", "2001-02-05"), policy) is None


@pytest.mark.parametrize(
    ("spell", "repaired"),
    [
        (_spell("2020-01-01", "2026-03-31", "10000.00"), True),
        (_spell("2025-12-31", "2026-01-02", "10000.00"), True),
        (_spell("2020-01-01", "2026-03-31", "10000.01"), False),
        (_spell("2019-12-31", "2026-03-31", "10000.00"), False),
        (_spell("2026-01-01", "2026-03-31", "10000.00"), False),
        (_spell("2020-01-01", "2026-04-01", "10000.00"), False),
        (_spell("2020-01-01", "2026-03-31", "10000.00", "USD"), False),
    ],
)
def test_the_one_off_repair_clears_within_its_bounds_only(spell: Spell, repaired: bool) -> None:
    # Outside of them the five years from the end apply: never before 2031.
    day = clearing_day(spell, _policy("cn_2026"))
    assert day is not None
    assert (day.year >= 2031) != repaired


def test_a_repair_does_not_reach_back_before_it_took_effect() -> None:
    # Repaid in 2021; five years on is 2026-05-01, repaired records are clean from 2026-01-01.
    day = clearing_day(_spell("2020-05-01", "2021-05-01"), _policy("cn_2026"))
    assert day == date(2026, 1, 1)


@pytest.mark.parametrize(
    ("repaid", "clean"),
    [
        ("2025-11-30", date(2026, 1, 1)),
        ("2025-12-01", date(2026, 1, 31)),
        ("2026-01-31", date(2026, 2, 28)),
        ("2026-03-31", date(2026, 4, 30)),
    ],
)
def test_a_later_repayment_is_clean_by_the_end_of_the_month_after_it(
    repaid: str, clean: date
) -> None:
    assert clearing_day(_spell("2024-05-01", repaid), _policy("cn_2026")) == clean


def test_a_cleared_month_is_as_if_no_statement_had_been_written() -> None:
    days = [0, 0, 20, 50, 0, 0]
    tables = {"statements": _statements("A", days, [250, 250, 0, 0, 900, 250])}
    gone = _clearances(
        ("A", "2024-03", "own", "spell"), ("A", "2024-04", "own", "spell"),
        ("A", "2024-05", "own", "cure"), ("B", "2024-01", "own", "spell"),
    )  # fmt: skip
    before = tables["statements"].copy()
    statements = erase_history(tables, gone)["statements"]
    assert list(statements["month"].dt.month) == [1, 2, 5, 6]
    # The payment of 900 that settled the arrears would tell of them.
    assert statements["payment"].isna().tolist() == [False, False, True, False]
    assert statements["fees"].isna().tolist() == [False, False, True, False]
    assert statements["balance"].notna().all()
    pd.testing.assert_frame_equal(tables["statements"], before)


def test_contacts_of_the_spell_and_its_cure_go() -> None:
    contacts = pd.DataFrame(
        {
            "account_id": ["A", "A", "A", "B"],
            "date": pd.to_datetime(["2024-02-28", "2024-03-15", "2024-05-31", "2024-03-15"]),
            "channel": "phone",
            "promise_resolved_month": pd.to_datetime([None, None, None, None]),
        }
    )
    gone = _clearances(("A", "2024-03", "own", "spell"), ("A", "2024-05", "own", "cure"))
    left = erase_history({"contacts": contacts}, gone)["contacts"]
    assert left["account_id"].tolist() == ["A", "B"]


def test_another_lenders_cleared_default_is_taken_off_the_count_from_there_on() -> None:
    bureau = pd.DataFrame(
        {
            "account_id": "A",
            "month": MONTHS[:5],
            "worst_status_elsewhere": [0.0, 1.0, 4.0, 0.0, 2.0],
            "defaults_ever": [1.0, 1.0, 2.0, 2.0, 3.0],
        }
    )
    gone = _clearances(
        ("A", "2024-02", "elsewhere", "spell"), ("A", "2024-03", "elsewhere", "spell")
    )
    left = erase_history({"bureau": bureau}, gone)["bureau"]
    # The default that was added in March goes; the one before the window and May's stay.
    assert left["defaults_ever"].tolist() == [1.0, 1.0, 1.0, 1.0, 2.0]
    assert left["worst_status_elsewhere"].isna().tolist() == [False, True, True, False, False]


def test_own_clearances_leave_the_bureau_alone_and_the_other_way_round() -> None:
    bureau = pd.DataFrame({"account_id": "A", "month": MONTHS[:2], "worst_status_elsewhere": 1.0})
    statements = _statements("A", [0, 20], [250, 0])
    tables = {"statements": statements, "bureau": bureau}
    own = erase_history(tables, _clearances(("A", "2024-02", "own", "spell")))
    other = erase_history(tables, _clearances(("A", "2024-02", "elsewhere", "spell")))
    assert own["bureau"]["worst_status_elsewhere"].notna().all()
    assert len(other["statements"]) == 2


def test_no_clearances_change_nothing() -> None:
    tables = {"statements": _statements("A", [0, 20], [250, 0])}
    assert erase_history(tables, _clearances())["statements"] is tables["statements"]


def test_clearances_without_a_column_are_refused() -> None:
    with pytest.raises(DataError, match="part"):
        erase_history({}, _clearances().drop(columns="part"))


LATE = st.integers(1, 200).map(float)
PAID = st.integers(0, 5_000).map(float)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.tuples(LATE, PAID, PAID, PAID), min_size=3, max_size=3),
    st.lists(st.tuples(LATE, PAID, PAID, PAID), min_size=3, max_size=3),
    PAID,
    PAID,
)
def test_features_do_not_depend_on_erased_history(
    one: list[tuple[float, ...]], other: list[tuple[float, ...]], cured: float, also: float
) -> None:
    # Two tellings of one past: late in May to July, cured in August, but how late, what was
    # paid, charged and owed, and with what sum it was settled, differ.
    gone = _clearances(
        *[("A", f"2024-0{month}", "own", "spell") for month in (5, 6, 7)],
        ("A", "2024-08", "own", "cure"),
    )
    features = []
    for spell, settled in ((one, cured), (other, also)):
        statements = _statements("A", [0.0] * 12, [250.0] * 12)
        for column, values in zip(
            ("days_past_due", "payment", "fees", "balance"), zip(*spell, strict=True), strict=True
        ):
            statements.loc[4:6, column] = list(values)
        statements["repayment_status"] = np.ceil(statements["days_past_due"] / 30)
        statements.loc[7, ["payment", "fees"]] = [settled, settled / 10]
        tables = erase_history({"statements": statements}, gone)
        tables["statements"] = validate("statements", tables["statements"], where="test")
        asked = pd.DataFrame({"account_id": ["A"], "observation_month": [MONTHS[-1]]})
        windows = build_windows(tables, asked, n_months=12)
        features.append(build_features(windows, select_features(windows, FeatureOptions())))
    assert features[0].shape[1] > 50
    pd.testing.assert_frame_equal(features[0], features[1], check_exact=True)


def test_erased_history_does_change_the_features_while_it_is_there() -> None:
    # The law above would hold of features that see nothing; these do see the spell.
    asked = pd.DataFrame({"account_id": ["A"], "observation_month": [MONTHS[-1]]})
    seen = []
    for days in ([0.0] * 12, [0.0] * 4 + [20.0, 50.0, 80.0] + [0.0] * 5):
        tables = {"statements": _statements("A", days, [250.0] * 12)}
        windows = build_windows(tables, asked, n_months=12)
        seen.append(build_features(windows, select_features(windows, FeatureOptions())))
    assert not seen[0].equals(seen[1])


@pytest.mark.parametrize("delay", [0, 1, 3, 4, 12])
def test_forgetting_in_windows_is_erasing_in_tables(delay: int) -> None:
    # Late in March and May to June; cured in April (8 months before December) and July (5).
    days = [0.0, 0.0, 20.0, 0.0, 15.0, 45.0, 0.0, 0.0, 0.0, 0.0, 0.0, 10.0]
    tables = {"statements": _statements("A", days, [250.0 + k for k in range(12)])}
    gone = []
    if delay <= 8:
        gone += [("A", "2024-03", "own", "spell"), ("A", "2024-04", "own", "cure")]
    if delay <= 5:
        gone += [("A", "2024-05", "own", "spell"), ("A", "2024-06", "own", "spell")]
        gone += [("A", "2024-07", "own", "cure")]
    asked = pd.DataFrame({"account_id": ["A"], "observation_month": [MONTHS[-1]]})
    forgotten = forget(build_windows(tables, asked, n_months=12), delay)
    erased = build_windows(erase_history(tables, _clearances(*gone)), asked, n_months=12)
    for name in erased.monthly:
        np.testing.assert_array_equal(forgotten[name], erased[name], err_msg=name)
    # Arrears that last are not history: December stays.
    assert forgotten["days_past_due"][0, -1] == 10.0


def test_keeping_for_ever_forgets_nothing() -> None:
    tables = {"statements": _statements("A", [0.0, 20.0, 0.0], [1.0, 1.0, 1.0])}
    asked = pd.DataFrame({"account_id": ["A"], "observation_month": [MONTHS[2]]})
    windows = build_windows(tables, asked, n_months=3)
    assert forget(windows, None) is windows


def test_months_kept_follow_the_policy() -> None:
    assert months_kept(_policy("seed_2021", clear_delay_days=0)) == 0
    # 31 days are more than one month of 30, so two.
    assert months_kept(_policy("seed_2021", clear_delay_days=31)) == 2
    assert months_kept(_policy("cn_2026")) == 60
    assert months_kept(_policy("seed_2021", clear_mode="never")) is None
