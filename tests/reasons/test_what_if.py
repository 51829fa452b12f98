"""One account with round numbers: limit 1,000, balance 400, usual charges 100 a month."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from delinquency.errors import ChoiceError
from delinquency.features.statistics import last
from delinquency.panel.observations import Observations
from delinquency.panel.window_rows import take_rows
from delinquency.panel.windows import Windows
from delinquency.reasons.plan_projection import Plan, roll_forward
from delinquency.reasons.reference_population import Reference, scale_of
from delinquency.reasons.what_if import (
    HORIZON_MONTHS,
    PAYMENT_SHARES,
    SPENDING_LEVELS,
    below_in_words,
    plan_grid,
    smallest_plans,
    what_ifs,
)

MONTHS = pd.to_datetime(["2026-10-01"]).astype("datetime64[ms]")


def _windows(days_past_due=60.0, minimum=(20.0, 20.0, 20.0, 20.0)):
    # Charges: 400 - 300 + 0 = 100 in each of the last three months.
    monthly = {
        "balance": [100.0, 200.0, 300.0, 400.0],
        "payment": [0.0, 0.0, 0.0, 0.0],
        "credit_limit": [1_000.0] * 4,
        "days_past_due": [0.0, 0.0, 30.0, days_past_due],
        "repayment_status": [0.0, 0.0, 1.0, 2.0],
        "minimum_due": list(minimum),
        "purchases": [90.0] * 4,
        "salary": [500.0, 500.0, 500.0, 450.0],
        "fees": [0.0, 0.0, 5.0, 5.0],
    }
    keys = pd.DataFrame({"account_id": ["a"], "observation_month": MONTHS})
    return Windows(
        Observations.of(keys), 4, {k: np.array([v]) for k, v in monthly.items()},
        {"months_on_book": np.array([12.0])}, frozenset({"statements", "cashflows"}),
    )  # fmt: skip


def _plan(share, spending=1.0, n=1):
    return Plan(np.full(n, share), np.full(n, spending))


def _score(windows):
    """PD grows with the latest balance: 400 gives 0.4; one trait holds it, the other nothing."""
    balance = last(windows["balance"])
    return np.clip(balance / 1_000.0, 0.001, 0.999), np.column_stack([balance / 100, 0 * balance])


def _with_balance(windows, factor):
    monthly = {**windows.monthly, "balance": windows["balance"] * factor}
    return replace(windows, monthly=monthly, _derived={})


def _smallest(windows, score, *, cutoff, months=HORIZON_MONTHS):
    grid = plan_grid(windows, score, months=months, incomes=(1.0,))
    return smallest_plans(windows, score, grid, cutoff=cutoff)


def test_a_month_is_paid_and_the_window_moves_on():
    rolled, paid = roll_forward(_windows(), _plan(0.5), months=1)
    # Half of 400 is 200, above what is due: 20 x (1 + 2) = 60. New balance 400 - 200 + 100.
    assert paid.tolist() == [200.0]
    assert rolled["balance"].tolist() == [[200.0, 300.0, 400.0, 300.0]]
    assert rolled["payment"][0, -1] == 200.0
    assert rolled["days_past_due"].tolist() == [[0.0, 30.0, 60.0, 0.0]]
    assert rolled["repayment_status"][0, -1] == 0.0
    assert rolled["minimum_due"][0, -1] == pytest.approx(15.0)  # 5 % of 300, as 20 was of 400
    assert rolled["salary"][0, -1] == 450.0 and rolled["fees"][0, -1] == 0.0
    assert rolled["purchases"][0, -1] == 90.0
    assert rolled["months_on_book"].tolist() == [13.0]
    assert str(rolled.keys["observation_month"][0].date()) == "2026-11-01"


def test_the_past_is_never_touched():
    windows = _windows()
    before = {name: values.copy() for name, values in windows.monthly.items()}
    rolled, _ = roll_forward(windows, _plan(1.0, 0.0), months=2)
    for name, values in before.items():
        assert (windows[name] == values).all()
        assert (rolled[name][:, :2] == values[:, 2:]).all()


def test_what_is_overdue_is_paid_before_anything_else():
    _, paid = roll_forward(_windows(), _plan(0.0), months=1)
    assert paid.tolist() == [60.0]
    _, paid = roll_forward(_windows(days_past_due=0.0), _plan(0.0), months=1)
    assert paid.tolist() == [20.0]


def test_no_more_is_paid_than_is_owed():
    windows = _with_balance(_windows(), 0.05)  # 20 owed, 60 due
    rolled, paid = roll_forward(windows, _plan(0.0, 0.0), months=1)
    assert paid.tolist() == [20.0]
    assert rolled["balance"][0, -1] == 0.0 and rolled["repayment_status"][0, -1] == -1.0


def test_where_no_minimum_is_stated_five_per_cent_are_assumed():
    windows = _windows(days_past_due=0.0, minimum=(np.nan,) * 4)
    _, paid = roll_forward(windows, _plan(0.0), months=1)
    assert paid.tolist() == [20.0]


def test_a_source_without_payments_is_told():
    windows = take_rows(_windows(), np.array([0]))
    windows = Windows(
        windows.observed, 4, {"balance": windows["balance"]}, {}, frozenset({"statements"})
    )
    with pytest.raises(ChoiceError, match="payment"):
        roll_forward(windows, _plan(1.0), months=1)


def test_the_smallest_sufficient_change_is_found():
    found = _smallest(_windows(), _score, cutoff=0.3, months=1)
    # One month with usual charges: 400 - p + 100 < 300 needs p > 200, a share above one half.
    # Without charges 400 - p < 300 needs p > 100 and forgoes 100: the same size of 200, but
    # the grid has 0.5 without charges: 200 + 100; half charges: p > 150 and forgoes 50.
    assert found.found.tolist() == [True]
    assert found.now.tolist() == [0.4] and found.after[0] < 0.3
    size = found.paid[0] + (1 - found.spending[0]) * 100.0
    assert 200.0 < size < 210.0
    assert found.months == 1


def test_one_step_less_would_not_suffice():
    found = _smallest(_windows(), _score, cutoff=0.3, months=1)
    less = Plan(found.payment_share - 0.02, found.spending)
    rolled, _ = roll_forward(_windows(), less, months=1)
    assert _score(rolled)[0][0] >= 0.3


def test_it_says_when_nothing_helps_and_when_nothing_is_needed():
    def stubborn(windows):
        return np.full(len(windows), 0.9), np.zeros((len(windows), 2))

    found = _smallest(_windows(), stubborn, cutoff=0.3)
    assert not found.found[0] and np.isnan(found.payment_share[0]) and found.after[0] == 0.9
    found = _smallest(_windows(), _score, cutoff=0.5)
    assert not found.found[0] and found.now[0] == 0.4


def test_a_cut_off_must_be_a_probability():
    with pytest.raises(ChoiceError, match="cut-off"):
        what_ifs(_windows(), _score, context=(_reference(), scale_of("none"), ""), cutoff=1.5)


def _reference():
    return Reference(
        "by hand", 1, 0.1, 0.05, ("debt_burden", "credit_record"), np.array([1.0, 0.0]), (),
        np.zeros(0), np.zeros(0), np.zeros(0, bool),
    )  # fmt: skip


def test_the_answer_names_amount_months_and_both_probabilities():
    context = (_reference(), scale_of("none"), "CNY")
    one = what_ifs(_windows(), _score, context=context, cutoff=0.3)[0]
    assert "40.0%" in one.answer and "cut-off of 30%" in one.answer and "CNY" in one.answer
    assert "3 months" in one.answer and "3个月" in one.answer_zh
    assert "40.0%" in one.answer_zh and "元" in one.answer_zh
    assert not any(mark in one.answer_zh for mark in ":,;()")
    assert one.incomes == (0.8, 1.0, 1.2)
    assert len(one.scenarios) == len(PAYMENT_SHARES) * len(SPENDING_LEVELS) * 3


def test_every_point_of_the_grid_is_the_models_own_value():
    context = (_reference(), scale_of("none"), "CNY")
    one = what_ifs(_windows(), _score, context=context, cutoff=0.3)[0]
    for point in one.scenarios:
        plan = _plan(PAYMENT_SHARES[point.payment], SPENDING_LEVELS[point.spending])
        rolled, paid = roll_forward(_windows(), plan, months=3)
        assert point.pd_hat == _score(rolled)[0][0]
        assert point.monthly == pytest.approx(paid[0] / 3)


def test_more_income_reaches_the_coming_months_only():
    plan = Plan(np.array([0.5]), np.array([1.0]), np.array([1.2]))
    rolled, _ = roll_forward(_windows(), plan, months=2)
    assert rolled["salary"].tolist() == [[500.0, 450.0, 540.0, 540.0]]  # 1.2 times the last, 450


def test_where_paying_more_is_rated_worse_the_card_says_by_how_much_and_why():
    def odd(windows):
        paid = last(windows["payment"])
        return np.clip(0.2 + paid / 1e4, 0, 1), np.column_stack([paid / 1e3, 0 * paid])

    context = (_reference(), scale_of("none"), "CNY")
    one = what_ifs(_windows(), odd, context=context, cutoff=0.3)[0]
    assert any("although more is paid: T3 Debt burden adds +" in text for text in one.doubts)
    assert len(one.doubts) == len(one.doubts_zh)
    plain = what_ifs(_windows(), _score, context=context, cutoff=0.3)[0]
    assert plain.doubts == ()


def test_a_rise_that_several_traits_share_is_not_said_to_outweigh_a_fall():
    def odd(windows):
        paid = last(windows["payment"])
        return np.clip(0.2 + paid / 1e4, 0, 1), np.column_stack([paid / 1e3, paid / 2e3])

    one = what_ifs(_windows(), odd, context=(_reference(), scale_of("none"), ""), cutoff=0.3)[0]
    told = next(text for text in one.doubts if "more is paid" in text)
    adds, rest = re.search(
        r"adds (\S+) log-odds, the other traits together (\S+)\.", told
    ).groups()
    assert float(adds) == pytest.approx(2 * float(rest), abs=0.011) and rest.startswith("+")
    assert "fall" not in told


def test_a_change_says_so_where_nobody_knows_what_is_left():
    one = what_ifs(_windows(), _score, context=(_reference(), scale_of("none"), ""), cutoff=0.3)[0]
    assert not one.margin.known
    assert one.answer.endswith("What is left after essentials is not known.")
    assert one.answer_zh.endswith("扣除必要支出后的结余未知。")


def test_what_cannot_be_afforded_is_said_not_to_be_asked():
    windows = _windows()
    monthly = dict(windows.monthly)
    monthly["benefits"] = np.zeros((1, 4))
    monthly["essential_outgoings"] = np.full((1, 4), 440.0)  # 60, 60 and 10 left: 43.33
    poor = Windows(windows.observed, 4, monthly, windows.static, windows.tables)
    one = what_ifs(poor, _score, context=(_reference(), scale_of("none"), "CNY"), cutoff=0.3)[0]
    assert one.margin.amount == pytest.approx(130 / 3) and one.margin.months == 3
    assert "more than what is left after essentials, CNY 43.33 a month" in one.answer
    assert "43.33元" in one.answer_zh
    monthly["essential_outgoings"] = np.full((1, 4), 600.0)  # 100, 100 and 150 too little
    none = Windows(windows.observed, 4, monthly, windows.static, windows.tables)
    one = what_ifs(none, _score, context=(_reference(), scale_of("none"), "CNY"), cutoff=0.3)[0]
    assert one.margin.amount < 0 and "0.00" not in one.answer
    assert one.answer.endswith(
        " Nothing is left after essentials: it is not to be asked of the customer."
    )
    assert one.answer_zh.endswith("扣除必要支出后没有结余，不应向客户提出。")


def test_the_answers_for_no_change_and_no_need_are_plain():
    context = (_reference(), scale_of("none"), "")
    assert (
        "below the cut-off" in what_ifs(_windows(), _score, context=context, cutoff=0.6)[0].answer
    )
    answer = what_ifs(_windows(), _score, context=context, cutoff=0.0005)[0].answer
    assert answer.startswith("No change")


def test_accounts_do_not_influence_each_other():
    two = take_rows(_windows(), np.array([0, 0]))
    changed = _with_balance(two, np.array([[1.0], [2.0]]))
    both = _smallest(changed, _score, cutoff=0.3)
    alone = _smallest(_windows(), _score, cutoff=0.3)
    assert both.paid[0] == alone.paid[0] and both.months == alone.months


def test_a_probability_beside_the_cut_off_is_shown_on_its_own_side():
    assert below_in_words(0.19996, 0.2) == "19.996%"
    assert below_in_words(0.2, 0.2) == "20.0%"
    assert below_in_words(0.1834, 0.2) == "18.3%"
