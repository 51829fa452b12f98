from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pandas as pd
import pytest

from delinquency.casework.case_file import Case
from delinquency.casework.events import HelpOffered, PaymentReceived, PromiseMade, WentOverdue
from delinquency.casework.scan.portfolio_with_cases import withhold
from delinquency.casework.treatment_outcomes import difference_of, in_hold_out, outcomes, share_of

START = datetime(2026, 3, 10, 2, tzinfo=UTC)


def case(number, *, pays, helped=True):
    events = [
        WentOverdue(at=START, actor="bank", amount=Decimal(200), due=date(2026, 3, 2)),
        PromiseMade(
            at=START, actor="a", promise_id="p", amount=Decimal(200), due=date(2026, 3, 20)
        ),
    ]
    if helped:
        offered = START + timedelta(days=1)
        events.append(HelpOffered(at=offered, actor="a", treatment="autopay"))
    if pays:
        paid = START + timedelta(days=pays)
        events.append(PaymentReceived(at=paid, actor="bank", amount=Decimal(200)))
    return Case(f"K-{number}", f"C-{number}", "Asia/Shanghai", events=tuple(events))


def test_cure_roll_and_kept_promises_are_counted_from_the_cases(seed):
    cases = [(case(1, pays=5), seed), (case(2, pays=40), seed), (case(3, pays=0), seed)]
    found = outcomes(cases, START + timedelta(days=120))
    row = found["by_treatment"]["autopay"]
    # Two of three were cured within 90 days, the third is 90 days further behind.
    assert (row["cured"]["count"], row["cured"]["n"], row["rolled"]["count"]) == (2, 3, 1)
    # Paid on the fifth day: kept; on the fortieth, or never: broken.
    assert (found["promises"]["kept"]["count"], found["promises"]["broken"]) == (1, 2)
    assert outcomes(cases, START + timedelta(days=30))["too_early"] == 3


def test_intervals_by_hand():
    # 8 of 10: centre (0.8 + 0.19207) / 1.38415 = 0.71674; half 0.22657 (Wilson 1927)
    eight = share_of(8, 10)
    assert (eight.low, eight.high) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    # Newcombe (1998), table II, case (a): 56/70 and 48/80: 0.2, from 0.0524 to 0.3339
    gap = difference_of(share_of(56, 70), share_of(48, 80))
    assert (gap.difference, gap.low, gap.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=1e-4)
    assert share_of(0, 0).share is None


def test_the_hold_out_is_random_fixed_and_never_costs_a_plan():
    names = [f"C-{n}" for n in range(2000)]
    drawn = [in_hold_out(name, 0.2, 7) for name in names]
    assert 320 < sum(drawn) < 480  # 400 expected, standard deviation 18
    assert drawn == [in_hold_out(name, 0.2, 7) for name in names]
    accounts = pd.DataFrame(
        {
            "account_id": ["A", "B", "C"],
            "step": ["H2", "H3", "H2"],
            "action": ["autopay", "instalments", "autopay"],
            "payment_fits": [True, False, False],
        }
    )
    withhold(accounts, 1.0, 7)
    assert accounts["hold_out"].tolist() == [True, False, False]
    assert accounts["action"].tolist() == ["friendly_talk", "instalments", "autopay"]
