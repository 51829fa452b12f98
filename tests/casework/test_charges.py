from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from delinquency.casework.charges import check_charges, scan_charges
from delinquency.errors import CaseworkError
from delinquency.policy import policy_from_dict, policy_to_dict

D = Decimal


def check(policy, principal, fee="0", interest="0", days=30, **more):
    return check_charges(
        D(principal), late_fee=D(fee), interest=D(interest), days=days, policy=policy, **more
    )


def changed(policy, **values):
    raw = policy_to_dict(policy)
    for key, value in values.items():
        raw["charges"][key]["value"] = value
    return policy_from_dict(raw, "changed")


def test_a_fee_of_exactly_one_percent_holds_and_a_cent_more_does_not(seed):
    # 1 % of 1,234.00 = 12.34
    assert check(seed, "1234.00", fee="12.34").allowed
    broken = check(seed, "1234.00", fee="12.35")
    assert not broken.allowed
    assert broken.late_fee_max == D("12.34")
    assert broken.late_fee_excess == D("0.01")
    assert broken.refusals[0].rule == "charges.late_fee_rate_max"
    assert "article" in broken.refusals[0].rule_source
    assert "not verified" in broken.refusals[0].rule_source


def test_the_limit_is_rounded_down_never_up(seed):
    # 1 % of 99.99 = 0.9999: 0.99 holds, 1.00 does not.
    assert check(seed, "99.99", fee="0.99").allowed
    assert not check(seed, "99.99", fee="1.00").allowed


def test_interest_is_simple_on_actual_days_over_365_also_in_a_leap_year(seed):
    # 24 % of 1,000 over 365 days = 240.00; over 366 = 240.657..., down 240.65
    assert check(seed, "1000", interest="240.00", days=365).allowed
    assert not check(seed, "1000", interest="240.01", days=365).allowed
    assert check(seed, "1000", interest="240.65", days=366).allowed
    assert not check(seed, "1000", interest="240.66", days=366).allowed


def test_the_absolute_reading_does_not_grow_with_time(seed):
    absolute = changed(seed, interest_basis="absolute")
    for days in (0, 30, 3650):
        assert check(absolute, "1000", interest="240.00", days=days).allowed
        assert not check(absolute, "1000", interest="240.01", days=days).allowed


@pytest.mark.parametrize("principal", ["0", "-50.00"])
def test_nothing_may_be_charged_where_nothing_is_overdue(policies, principal):
    for name in ("seed_2021", "template", "us_reg_f"):
        assert check(policies[name], principal).allowed
        assert not check(policies[name], principal, fee="0.01").allowed
    assert not check(policies["seed_2021"], principal, interest="0.01").allowed
    assert not check(policies["cn_2026"], principal, fee="0.01").allowed


def test_all_in_holds_interest_and_fee_together(policies):
    # 24 % a year of 1,000 over 73 days = 1000 * 0.24 * 73 / 365 = 48.00
    cn = changed(policies["cn_2026"], all_in_applies="charge")
    assert check(cn, "1000", fee="8.00", interest="40.00", days=73).allowed
    broken = check(cn, "1000", fee="8.01", interest="40.00", days=73)
    assert [r.rule for r in broken.refusals] == ["charges.all_in_rate_max"]
    assert broken.all_in_excess == D("0.01")


def test_a_line_for_the_whole_claim_refuses_no_ordinary_fee_on_its_day(policies):
    assert check(policies["cn_2026"], "1000", fee="10.00", days=0).allowed


def test_a_fee_is_never_more_than_the_payment_that_was_missed(policies):
    broken = check(policies["us_reg_f"], "5", fee="5.01")
    assert [r.rule for r in broken.refusals] == ["charges.late_fee_within_payment"]
    assert broken.late_fee_max == D("5.00")
    assert check(policies["us_reg_f"], "5", fee="5").allowed


def test_amounts_are_whole_units_of_their_currency(seed):
    def priced(currency):
        return policy_from_dict({**policy_to_dict(seed), "currency": currency}, "here")

    # 1 % of 1,250 yen is 12.5: at most 12 yen. 1 % of 1.250 dinars is 0.0125: at most 0.012.
    assert check(priced("JPY"), "1250", fee="12").late_fee_max == D(12)
    assert not check(priced("JPY"), "1250", fee="13").allowed
    with pytest.raises(CaseworkError, match="whole units"):
        check(priced("JPY"), "1250.50", fee="1")
    assert check(priced("KWD"), "1.250", fee="0.012").allowed
    assert not check(priced("KWD"), "1.250", fee="0.013").allowed


def test_dollar_fees_know_first_and_repeated(policies):
    us = policies["us_reg_f"]
    assert check(us, "500", fee="30").allowed
    assert not check(us, "500", fee="30.01").allowed
    assert check(us, "500", fee="41", repeated=True).allowed
    assert not check(us, "500", fee="41.01", repeated=True).allowed


def test_money_that_is_no_cents_or_a_negative_charge_is_refused(seed):
    with pytest.raises(CaseworkError, match="whole number of cents"):
        check(seed, "100", fee="0.005")
    with pytest.raises(CaseworkError, match="late_fee must be >= 0"):
        check(seed, "100", fee="-1")
    with pytest.raises(CaseworkError, match="days must be >= 0"):
        check(seed, "100", days=-1)


def test_the_scan_lists_every_violation_with_its_excess(seed):
    frame = pd.DataFrame(
        {
            "account_id": ["A", "B", "C", "D"],
            "overdue_principal": [1000.0, 1000.0, 0.0, -20.0],
            "late_fee": [10.0, 10.5, 0.0, 1.0],
            # A: 24 % of 1,000 over 30 days = 19.726..., down 19.72
            "interest": [19.73, 0.0, 0.0, 0.0],
            "days": [30, 30, 30, 30],
        }
    )
    found = scan_charges(frame, seed)
    assert found["account_id"].tolist() == ["A", "B", "D"]
    assert found["rule"].tolist() == [
        "charges.interest_rate_max",
        "charges.late_fee_rate_max",
        "charges.late_fee_rate_max",
    ]
    np.testing.assert_allclose(found["excess"], [0.01, 0.50, 1.00])


money = st.integers(-10_000, 5_000_000_000).map(lambda c: D(c) / 100)
charge = st.integers(0, 200_000_000).map(lambda c: D(c) / 100)


@given(
    rows=st.lists(
        st.tuples(money, charge, charge, st.integers(0, 4000), st.booleans()),
        min_size=1,
        max_size=8,
    ),
    name=st.sampled_from(["seed_2021", "cn_2026", "us_reg_f", "template"]),
)
def test_the_scan_equals_the_exact_check_for_every_account(policies, rows, name):
    policy = policies[name]
    frame = pd.DataFrame(
        [
            (str(i), float(p), float(f), float(x), d, again)
            for i, (p, f, x, d, again) in enumerate(rows)
        ],
        columns=["account_id", "overdue_principal", "late_fee", "interest", "days", "repeated"],
    )
    found = scan_charges(frame, policy)
    expected = set()
    for i, (p, f, x, d, again) in enumerate(rows):
        result = check_charges(p, late_fee=f, interest=x, days=d, policy=policy, repeated=again)
        expected |= {(str(i), refusal.rule) for refusal in result.refusals}
    assert set(zip(found["account_id"], found["rule"], strict=True)) == expected
