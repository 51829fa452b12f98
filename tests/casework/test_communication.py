from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from delinquency.casework.business_calendar import business_days_after
from delinquency.casework.case_file import Case
from delinquency.casework.communication import (
    CONSEQUENCES,
    CONSEQUENCES_ZH,
    CONTENT_WORDS,
    document_pack,
    open_questions,
    reply_due,
    timeline,
)
from delinquency.casework.events import PaymentReceived, QuestionAsked, ReplySent
from delinquency.casework.plans import instalment_plan
from delinquency.casework.tone import tone_faults
from delinquency.errors import CaseworkError
from delinquency.policy import PLAN_CONTENTS

SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_two_business_days_skip_the_weekend(seed):
    assert business_days_after(date(2026, 3, 13), 2, seed) == date(2026, 3, 17)  # Friday, Tuesday


def test_two_business_days_skip_the_spring_festival(seed):
    # Saturday 14 February is worked in exchange; 15 to 23 is the festival; then Tuesday.
    assert business_days_after(date(2026, 2, 13), 2, seed) == date(2026, 2, 24)


def test_a_year_without_a_calendar_is_refused_by_name(seed):
    with pytest.raises(CaseworkError, match="lists no holidays for 2029"):
        business_days_after(date(2028, 12, 29), 3, seed)


def test_the_reply_is_due_at_the_end_of_the_last_business_day(seed):
    asked = datetime(2026, 3, 13, 17, 0, tzinfo=SHANGHAI)
    assert reply_due(asked, SHANGHAI, seed) == datetime(2026, 3, 18, tzinfo=SHANGHAI)


def test_the_reply_clock_runs_until_the_answer(seed):
    asked = QuestionAsked(
        at=datetime(2026, 3, 13, 17, tzinfo=SHANGHAI), actor="customer", question_id="q1"
    )
    case = Case("K-1", "C-1", "Asia/Shanghai", events=(asked,))
    due = datetime(2026, 3, 18, tzinfo=SHANGHAI)
    before, after = (
        open_questions(case, seed, due + timedelta(minutes=shift)) for shift in (-1, 0)
    )
    assert [clock.late for clock in (*before, *after)] == [False, True]
    answered = case.with_event(
        ReplySent(at=datetime(2026, 3, 16, 9, tzinfo=SHANGHAI), actor="a", question_id="q1")
    )
    assert open_questions(answered, seed, due) == ()


def test_the_timeline_is_in_the_customers_time(seed):
    paid = PaymentReceived(
        at=datetime(2026, 3, 13, 17, tzinfo=SHANGHAI), actor="bank", amount=Decimal("5.00")
    )
    entry = timeline(Case("K-1", "C-1", "Asia/Shanghai", events=(paid,)), paid.at)[0]
    assert (entry.at.hour, entry.kind, entry.details) == (17, "payment_received", "amount 5.00")


def test_the_pack_cites_every_rule_it_rests_on(policies):
    plan = instalment_plan(
        Decimal(1200), months=12, annual_rate=Decimal(0), first_due=date(2026, 4, 1)
    )
    at = datetime(2026, 3, 13, 17, tzinfo=SHANGHAI)
    case = Case("K-1", "C-1", "Asia/Shanghai")
    for policy in policies.values():
        pack = document_pack(
            case, policy, at, lines=(("Balance", "欠款余额", "1200.00"),), plan=plan
        )
        keys = {rule.key for rule in pack.rules}
        assert "plan.affordability_share" in keys
        assert all(rule.source and rule.value is not None for rule in pack.rules)


def test_the_six_contents_have_words_and_the_consequences_are_calm():
    assert set(CONTENT_WORDS) == set(PLAN_CONTENTS)
    assert len(CONSEQUENCES) == len(CONSEQUENCES_ZH)
    for text in (*CONSEQUENCES, *CONSEQUENCES_ZH):
        assert tone_faults(text, legal_words_allowed=True) == (), text
