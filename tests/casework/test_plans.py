from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delinquency.casework.consolidation import Debt, weigh_consolidation
from delinquency.casework.money import from_cents, to_cents
from delinquency.casework.plan_options import (
    Situation,
    Terms,
    affordable_instalment,
    extension_option,
    hardship_option,
    instalments_option,
    plan_options,
)
from delinquency.casework.plans import (
    add_months,
    annuity_factor,
    extension_plan,
    hardship_plan,
    instalment_plan,
    monthly_rate,
    shortest_plan,
)
from delinquency.casework.scan.plan_columns import (
    affordable_cents,
    extension_columns,
    instalment_columns,
)
from delinquency.errors import CaseworkError

D = Decimal
START = date(2026, 1, 31)


def test_a_plan_without_interest_adds_up_and_the_last_instalment_takes_the_rest():
    # 100.00 / 3 = 33.33..., up 33.34; 2 * 33.34 = 66.68; last 33.32; sum 100.00
    plan = instalment_plan(D("100.00"), months=3, annual_rate=D(0), first_due=START)
    assert [item.amount for item in plan.instalments] == [D("33.34"), D("33.34"), D("33.32")]
    assert (plan.total, plan.cost) == (D("100.00"), D("0.00"))


def test_a_plan_with_interest_by_hand():
    # 1,000.00 at 12 % a year = 1 % a month, 2 months: A = 1000 * 0.01 * 1.0201 / 0.0201
    # = 507.5124..., up 507.52. Month 1: interest 10.00, principal 497.52, left 502.48.
    # Month 2: interest 5.0248, down 5.02, last 502.48 + 5.02 = 507.50. Total 1,015.02.
    plan = instalment_plan(D("1000.00"), months=2, annual_rate=D("0.12"), first_due=START)
    first, last = plan.instalments
    assert (first.amount, first.interest, first.remaining) == (
        D("507.52"),
        D("10.00"),
        D("502.48"),
    )
    assert (last.amount, last.interest, last.remaining) == (D("507.50"), D("5.02"), D("0.00"))
    assert plan.total == D("1015.02")


def test_due_dates_keep_to_the_month_end_and_know_the_leap_day():
    plan = instalment_plan(D("3.00"), months=3, annual_rate=D(0), first_due=START)
    assert [item.due for item in plan.instalments] == [
        date(2026, 1, 31),
        date(2026, 2, 28),
        date(2026, 3, 31),
    ]
    assert add_months(date(2027, 11, 29), 3) == date(2028, 2, 29)
    assert add_months(date(2028, 2, 29), 12) == date(2029, 2, 28)
    assert add_months(date(2026, 12, 15), 1) == date(2027, 1, 15)


def test_five_cents_cannot_be_paid_in_sixty_instalments():
    plan = instalment_plan(D("0.05"), months=60, annual_rate=D(0), first_due=START)
    assert [item.amount for item in plan.instalments] == [D("0.01")] * 5
    one = instalment_plan(D("0.01"), months=60, annual_rate=D("0.24"), first_due=START)
    assert (one.months, one.total) == (1, D("0.01"))


@pytest.mark.parametrize("balance", ["0", "-0.01"])
def test_an_account_that_owes_nothing_gets_no_plan(balance):
    with pytest.raises(CaseworkError, match="nothing to repay"):
        instalment_plan(D(balance), months=3, annual_rate=D(0), first_due=START)


def test_an_extension_is_one_later_payment_with_simple_interest():
    # 600.00 * 0.12 / 12 * 3 = 18.00
    plan = extension_plan(D("600"), months=3, annual_rate=D("0.12"), first_due=START)
    assert (plan.total, plan.cost, plan.months) == (D("618.00"), D("18.00"), 3)
    assert plan.end_date == date(2026, 3, 31)


def test_hardship_months_carry_no_interest_and_the_rest_pays_off():
    # 1,200 - 3 * 50 = 1,050 over 9 months without interest: 116.66..., up 116.67
    plan = hardship_plan(
        D("1200"),
        reduced_to=D("50"),
        reduced_months=3,
        months=12,
        annual_rate=D(0),
        first_due=START,
    )
    assert [item.amount for item in plan.instalments[:4]] == [D("50.00")] * 3 + [D("116.67")]
    assert (plan.total, plan.months, plan.instalment) == (D("1200.00"), 12, D("116.67"))
    assert plan.reconciles


rates = st.integers(0, 2400).map(lambda n: D(n) / 10000)
balances = st.integers(1, 50_000_000).map(from_cents)


@given(balance=balances, months=st.integers(1, 61), rate=rates)
def test_every_schedule_pays_off_exactly_and_no_instalment_exceeds_the_regular_one(
    balance, months, rate
):
    plan = instalment_plan(balance, months=months, annual_rate=rate, first_due=START)
    assert plan.reconciles
    assert plan.months <= months
    assert plan.last_instalment <= plan.instalment
    assert plan.total == sum(item.principal + item.interest for item in plan.instalments)
    # Interest never above what the rate allows on what is owed, month by month.
    owed = balance
    for item in plan.instalments:
        assert item.interest * 12 <= owed * rate
        owed = item.remaining
    assert owed == 0


@given(
    balance=balances,
    rate=rates,
    reduced=st.integers(0, 5_000_000).map(from_cents),
    reduced_months=st.integers(1, 12),
    months=st.integers(13, 61),
)
def test_every_hardship_plan_pays_off_exactly(balance, rate, reduced, reduced_months, months):
    if reduced * reduced_months >= balance:
        with pytest.raises(CaseworkError, match="reduced_to"):
            hardship_plan(
                balance,
                reduced_to=reduced,
                reduced_months=reduced_months,
                months=months,
                annual_rate=rate,
                first_due=START,
            )
        return
    plan = hardship_plan(
        balance,
        reduced_to=reduced,
        reduced_months=reduced_months,
        months=months,
        annual_rate=rate,
        first_due=START,
    )
    assert plan.reconciles
    assert plan.months <= months


@given(balance=balances, rate=rates, most=st.integers(0, 2_000_000).map(from_cents))
def test_the_shortest_plan_fits_and_one_month_less_does_not(balance, rate, most):
    plan = shortest_plan(balance, most=most, months_max=60, annual_rate=rate, first_due=START)
    if plan is None:
        longest = instalment_plan(balance, months=60, annual_rate=rate, first_due=START)
        assert longest.largest > most or longest.months < 60
        return
    assert plan.largest <= most
    # The length asked for is the shortest: the exact instalment of one month less is too much.
    if plan.months > 1:
        exact = to_cents(balance) * annuity_factor(monthly_rate(rate), plan.months - 1)
        assert exact > to_cents(most) or plan.largest == D("0.01")


def situation(balance, residual, due="500", **more):
    return Situation(
        balance=D(balance),
        payment_due=D(due),
        residual_income=None if residual is None else D(residual),
        first_due=START,
        **more,
    )


def test_sixty_months_are_the_most_and_the_shortfall_is_shown(seed):
    # 0.8 * 250.00 = 200.00 affordable. 12,000.00 / 60 = 200.00: just fits.
    fits = instalments_option(situation("12000", "250"), seed, Terms())
    assert (fits.affordable, fits.plan.months, fits.plan.instalment) == (True, 60, D("200.00"))
    # 12,000.60 / 60 = 200.01: a cent too much, and 61 months are not offered.
    short = instalments_option(situation("12000.60", "250"), seed, Terms())
    assert (short.affordable, short.plan.months, short.shortfall) == (False, 60, D("0.01"))
    assert "61" not in short.reason


def test_the_example_card_by_hand(seed):
    # 0.8 * 690 = 552; 12,297.60 / 23 = 534.68 <= 552 < 12,297.60 / 22 = 558.98
    option = instalments_option(situation("12297.60", "690"), seed, Terms())
    assert option.plan.months == 23
    assert option.plan.instalment == D("534.68")
    assert option.plan.total == D("12297.60")


def test_no_plan_is_drawn_up_on_a_guess(seed):
    options = plan_options(situation("1000", None), seed, Terms())
    assert options and not any(option.affordable for option in options)
    assert all(option.plan is None and "ask" in option.reason for option in options)


def test_nothing_left_means_nothing_affordable(seed):
    assert affordable_instalment(D("-300"), seed) == 0
    option = instalments_option(situation("600", "-300"), seed, Terms())
    assert (option.affordable, option.shortfall) == (False, D("10.00"))


def test_an_extension_is_long_enough_to_put_the_money_aside(seed):
    # 0.8 * 250 = 200 a month; 500 needs 3 months (600 >= 500 > 400)
    option = extension_option(situation("12000", "250", due="500"), seed, Terms())
    assert (option.affordable, option.plan.months, option.plan.total) == (True, 3, D("500.00"))
    # 6 months * 200 = 1,200 < 1,230: 30 / 6 = 5.00 a month is missing
    short = extension_option(situation("12000", "250", due="1230"), seed, Terms())
    assert (short.affordable, short.shortfall) == (False, D("5.00"))


def test_hardship_needs_the_income_expected_afterwards(seed):
    # regular 12,000 / 60 = 200; now 0.8 * 150 = 120 >= 200 * (1 - 0.5) = 100
    # after 12 months of 120: (12,000 - 1,440) / 48 = 220.00; 0.8 * 275 = 220.00 fits
    fits = hardship_option(situation("12000", "150", residual_after=D("275")), seed, Terms())
    assert (fits.affordable, fits.plan.instalments[0].amount) == (True, D("120.00"))
    assert fits.plan.instalment == D("220.00")
    short = hardship_option(situation("12000", "150", residual_after=D("250")), seed, Terms())
    assert (short.affordable, short.shortfall) == (False, D("20.00"))
    enough = hardship_option(situation("12000", "250", residual_after=D("275")), seed, Terms())
    assert (enough.affordable, enough.plan) == (False, None)
    unknown = hardship_option(situation("12000", "150"), seed, Terms())
    assert not unknown.affordable
    too_little = hardship_option(situation("12000", "100", residual_after=D("275")), seed, Terms())
    # 0.8 * 100 = 80 < 100: 20 is missing now
    assert (too_little.affordable, too_little.shortfall) == (False, D("20.00"))


def test_options_put_the_affordable_and_cheap_first_and_show_the_banks_side(seed):
    options = plan_options(situation("12000", "250"), seed, Terms())
    assert [option.affordable for option in options] == sorted(
        (option.affordable for option in options), reverse=True
    )
    best = options[0]
    assert best.present_value > 0
    assert best.gain > 0
    assert 0 < best.completion_probability <= 1


def test_a_plan_that_is_surely_kept_and_not_discounted_is_worth_its_total(seed):
    sure = Terms(keep_probability=1.0, discount_rate=0.0)
    best = instalments_option(situation("12000", "250"), seed, sure)
    valued = next(
        option
        for option in plan_options(situation("12000", "250"), seed, sure)
        if option.treatment == "instalments"
    )
    assert valued.present_value == best.plan.total
    # Without a plan 35 % of 12,000 = 4,200 would come: the gain is 7,800.
    assert valued.gain == D("7800.00")


def test_consolidation_is_advised_only_when_it_costs_less_each_month_and_in_all():
    debts = (
        Debt(D("1000"), D("100"), D("0.24")),
        Debt(D("2000"), D("150"), D("0.20")),
    )
    cheap = weigh_consolidation(debts, annual_rate=D("0.06"), months=24, first_due=START)
    assert cheap.worth_advising and cheap.instalment_then < cheap.instalment_now
    dear = weigh_consolidation(debts, annual_rate=D("0.30"), months=24, first_due=START)
    assert not dear.worth_advising
    assert not weigh_consolidation(
        debts[:1], annual_rate=D(0), months=24, first_due=START
    ).worth_advising


@settings(deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.integers(-1000, 30_000_000), st.integers(-50_000, 2_000_000)),
        min_size=1,
        max_size=20,
    ),
    rate=rates,
    months_max=st.sampled_from([1, 2, 12, 60, 61]),
)
def test_the_portfolio_path_equals_the_exact_path_account_by_account(
    policies, rows, rate, months_max
):
    seed = policies["seed_2021"]
    balance = np.array([row[0] for row in rows], dtype="int64")
    residual = np.array([row[1] for row in rows], dtype="int64")
    most = affordable_cents(residual, Fraction(seed.plan.affordability_share.value))
    columns = instalment_columns(balance, most, rate=monthly_rate(rate), months_max=months_max)
    late = extension_columns(balance, most, rate=monthly_rate(rate), months_max=6)
    terms = Terms(annual_rate=rate, months_max=min(months_max, 60))
    for i, (owed, left) in enumerate(rows):
        exact_most = affordable_instalment(from_cents(left), seed)
        assert to_cents(exact_most) == most[i]
        if owed <= 0:
            assert (columns.months[i], columns.total[i], columns.affordable[i]) == (0, 0, False)
            assert (late.months[i], late.affordable[i]) == (0, False)
            continue
        plan = shortest_plan(
            from_cents(owed),
            most=exact_most,
            months_max=months_max,
            annual_rate=rate,
            first_due=START,
        )
        assert columns.affordable[i] == (plan is not None)
        if plan is None:
            plan = instalment_plan(
                from_cents(owed), months=months_max, annual_rate=rate, first_due=START
            )
            assert columns.shortfall[i] == to_cents(plan.largest - exact_most)
        assert columns.months[i] == plan.months
        assert columns.instalment[i] == to_cents(plan.instalment)
        assert columns.last[i] == to_cents(plan.last_instalment)
        assert columns.total[i] == to_cents(plan.total)
        option = extension_option(
            Situation(from_cents(owed), from_cents(owed), from_cents(left), START), seed, terms
        )
        assert late.affordable[i] == option.affordable
        assert late.months[i] == option.plan.months
        assert late.total[i] == to_cents(option.plan.total)
        assert late.shortfall[i] == to_cents(option.shortfall)
