from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from delinquency.casework.actions import Message
from delinquency.casework.case_file import Case
from delinquency.casework.check import check
from delinquency.casework.events import ConsentGiven
from delinquency.casework.reminders import ReminderFacts, text_for, texts_known
from delinquency.casework.tone import tone_faults
from delinquency.errors import CaseworkError, ChoiceError

FACTS = ReminderFacts(
    amount=Decimal("1250.00"),
    currency="CNY",
    due=date(2026, 3, 3),
    lender="Harbour Bank",
    months=24,
    total=Decimal("12297.60"),
)
NOW = datetime(2026, 3, 11, 2, 0, tzinfo=UTC)  # ten o'clock in Shanghai


@pytest.mark.parametrize("key", texts_known(), ids=".".join)
def test_every_text_is_kind_and_every_step_but_the_answer_offers_help(key):
    text = text_for(*key, FACTS)
    assert tone_faults(text.body, help_needed=key[0] != "H5") == ()
    assert "{" not in text.body and "Harbour Bank" in text.body or key[1] == "app"


def test_every_text_exists_in_both_languages():
    english = {key[:2] for key in texts_known() if key[2] == "en"}
    chinese = {key[:2] for key in texts_known() if key[2] == "zh"}
    assert english == chinese
    assert {channel for step, channel in english if step == "H2"} == {
        "phone",
        "sms",
        "app",
        "email",
        "letter",
    }


@pytest.mark.parametrize("channel", ["sms", "app"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_can_be_read_over_a_shoulder_names_no_amount(channel, language):
    assert "1,250" not in text_for("H2", channel, language, FACTS).body


def test_chinese_texts_use_chinese_dates_and_signs():
    body = text_for("H2", "letter", "zh", FACTS).body
    assert "2026年3月3日" in body
    assert "," not in body.replace("1,250.00", "")


@pytest.mark.parametrize("name", ["seed_2021", "cn_2026", "us_reg_f", "template"])
def test_every_reminder_passes_the_check(policies, name):
    for step, channel, language in texts_known():
        if step != "H2" or channel == "phone":
            continue
        zone = "America/New_York" if name == "us_reg_f" else "Asia/Shanghai"
        at = datetime(2026, 3, 11, 15, 0, tzinfo=UTC) if name == "us_reg_f" else NOW
        consent = ConsentGiven(at=datetime(2026, 3, 1, tzinfo=UTC), actor="a", channel=channel)
        case = Case("K-1", "C-1", zone, events=(consent,))
        text = text_for(step, channel, language, FACTS)
        decision = check(Message(channel, text.body), case, policies[name], at)
        assert decision.allowed, decision.reason


def test_an_unknown_text_is_named():
    with pytest.raises(ChoiceError, match="Did you mean 'H2.letter.en'"):
        text_for("H2", "leter", "en", FACTS)


def test_a_lenders_name_cannot_smuggle_in_a_threat():
    facts = ReminderFacts(
        amount=Decimal(1), currency="CNY", due=date(2026, 3, 3), lender="Court Lawyers Ltd"
    )
    with pytest.raises(CaseworkError, match="legal word before step 4"):
        text_for("H2", "sms", "en", facts)
