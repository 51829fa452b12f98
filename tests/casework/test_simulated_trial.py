"""A trial on known futures, and chances from a store."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from delinquency.casework.case_file import Case
from delinquency.casework.events import (
    CauseConfirmed,
    HelpOffered,
    PaymentReceived,
    PlanAccepted,
    PlanOffered,
    WentOverdue,
)
from delinquency.casework.measured_chances import chances_of, value_words, with_measured
from delinquency.casework.plan_options import Terms
from delinquency.casework.simulated_trial import TrialTerms, play_trial
from delinquency.casework.treatment_outcomes import in_hold_out, outcomes

START = datetime(2026, 3, 10, 2, tzinfo=UTC)


def test_a_trial_finds_the_true_effect_and_no_effect_where_there_is_none(seed):
    n = 300
    cause = np.where(np.arange(n) % 2, "credit_record", "spending_behavior")
    known = pd.DataFrame(
        {
            "account_id": [f"C-{number}" for number in range(n)],
            "cause": cause,
            "well_without": 0.4,
            "well_with": np.where(cause == "credit_record", 0.8, 0.4),
        }
    )
    held, found = 0, []
    for number in range(6):
        rows = play_trial(known, seed, TrialTerms(0.5, number, draws=200))["rows"]
        by_cause = {row["cause"]: row for row in rows}
        assert by_cause["credit_record"]["truth"] == pytest.approx(0.4)
        assert by_cause["spending_behavior"]["truth"] == 0
        found.append([row["difference"] - row["truth"] for row in rows])
        held += sum(row["low"] <= row["truth"] <= row["high"] for row in rows)
        # 200 draws at 95 %: standard deviation 1.5 points.
        assert all(0.89 <= row["covered"] <= 1.0 for row in rows)
    # Twelve intervals at 95 %: more than three misses come once in 500 such tests.
    assert held >= 9
    # Six trials of 75 against 75: standard deviation of their mean 0.03.
    assert np.abs(np.mean(found, axis=0)).max() < 0.1


def test_over_all_causes_help_is_compared_within_each(seed):
    """Autopay goes to those who mostly cure anyway: that is no merit of autopay."""
    cases = []
    for number in range(400):
        account, easy = f"C-{number}", number % 2 == 0
        held = in_hold_out(account, 0.5, 1)
        trait = "credit_record" if easy else "economic_condition"
        events = [
            WentOverdue(at=START, actor="b", amount=Decimal(200), due=date(2026, 3, 2)),
            CauseConfirmed(at=START, actor="b", trait=trait, answer="confirmed"),
        ]
        # All easy cases are offered autopay, of the others every tenth; help changes nothing.
        if not held and (easy or number % 20 == 1):
            offered = START + timedelta(hours=1)
            events.append(HelpOffered(at=offered, actor="a", treatment="autopay"))
        if easy:
            paid = START + timedelta(days=20)
            events.append(PaymentReceived(at=paid, actor="b", amount=Decimal(200)))
        cases.append((Case(f"K-{number}", account, "UTC", events=tuple(events)), seed))
    found = outcomes(cases, START + timedelta(days=120), hold_out_share=0.5, seed=1)
    effect = found["effects"]["autopay"]["all"]
    assert effect["difference"] == 0 and effect["share_compared"] == 1


def test_chances_are_measured_where_enough_was_seen(seed):
    due = [date(2026, 4, 10), date(2026, 5, 10), date(2026, 6, 10)]
    plan = PlanOffered(
        at=START, actor="a", plan_id="p", plan_kind="instalments", months=3,
        instalment=Decimal(100), total=Decimal(300), first_due=due[0],
        schedule=tuple(f"{day} 100" for day in due),
    )  # fmt: skip
    accepted = PlanAccepted(at=START + timedelta(hours=1), actor="a", plan_id="p")
    paid = PaymentReceived(at=START + timedelta(days=20), actor="b", amount=Decimal(200))
    case = Case("K", "C", "UTC", events=(plan, accepted, paid))
    at = datetime(2026, 7, 1, tzinfo=UTC)
    few = chances_of([(case, seed)], at, recovery_months=3)
    # 200 covers two of the three that fell due.
    assert (few.kept.n, few.kept.count) == (3, 2)
    assert with_measured(Terms(), few) == Terms()
    assert "treatment.keep_probability" in value_words(Terms())
    many = chances_of([(case, seed)] * 70, at, recovery_months=3)
    measured = with_measured(Terms(), many)
    assert measured.keep_probability == pytest.approx(2 / 3)
    assert measured.measured == ("keep_probability",)
    assert measured.recovery_without_plan == Terms().recovery_without_plan
    overdue = WentOverdue(at=START, actor="b", amount=Decimal(200), due=date(2026, 3, 2))
    half = PaymentReceived(at=START + timedelta(days=5), actor="b", amount=Decimal(50))
    alone = Case("K2", "C2", "UTC", events=(overdue, half))
    assert with_measured(
        Terms(), chances_of([(alone, seed)] * 100, at, recovery_months=3)
    ).recovery_without_plan == pytest.approx(0.25)
