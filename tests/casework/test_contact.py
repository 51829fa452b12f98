from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from delinquency.casework.actions import Call, Message, Visit
from delinquency.casework.case_file import Case
from delinquency.casework.check import check
from delinquency.casework.events import (
    ConsentGiven,
    ConsentWithdrawn,
    ContactAttempted,
    ConversationHeld,
    HoursAgreed,
    MessageSent,
    NumberInvalid,
    PlanAccepted,
    PlanBroken,
    PlanOffered,
    QuestionAsked,
)
from delinquency.errors import CaseworkError

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
KIND = "We would like to help. Is there any difficulty we can work out together?"


def local(zone, *parts):
    return datetime(*parts, tzinfo=zone)


def case(zone="Asia/Shanghai", *events, **more):
    return Case("K-1", "C-1", zone, events=events, **more)


def ask(policy, action, at, *events, zone="Asia/Shanghai"):
    return check(action, case(zone, *events), policy, at)


@pytest.mark.parametrize(
    ("hour", "minute", "allowed"),
    [(7, 59, False), (8, 0, True), (21, 59, True), (22, 0, False)],
)
@pytest.mark.parametrize("name", ["seed_2021", "cn_2026", "template"])
def test_the_edges_of_the_hours(policies, name, hour, minute, allowed):
    # 2026-03-11 is a Wednesday without a holiday.
    decision = ask(policies[name], Call(), local(SHANGHAI, 2026, 3, 11, hour, minute))
    assert decision.allowed is allowed
    if not allowed:
        assert decision.rule == "contact.hours"
        assert decision.rule_source


def test_after_ten_the_next_slot_is_eight_the_next_morning(seed):
    decision = ask(seed, Call(), local(SHANGHAI, 2026, 3, 11, 22, 0))
    assert decision.next_allowed_at == local(SHANGHAI, 2026, 3, 12, 8, 0)
    decision = ask(seed, Call(), local(SHANGHAI, 2026, 3, 11, 7, 59))
    assert decision.next_allowed_at == local(SHANGHAI, 2026, 3, 11, 8, 0)


def test_an_allowed_contact_is_allowed_at_the_moment_asked(seed):
    at = local(SHANGHAI, 2026, 3, 11, 9, 0)
    assert ask(seed, Call(), at).next_allowed_at == at


@pytest.mark.parametrize(
    ("day", "utc_hour_of_eight"),
    [
        ((2026, 3, 7), 13),  # standard time, UTC-5
        ((2026, 3, 8), 12),  # clocks go forward at 2:00, UTC-4 by eight o'clock
        ((2026, 10, 31), 12),  # daylight saving time, UTC-4
        ((2026, 11, 1), 13),  # clocks go back at 2:00, UTC-5 by eight o'clock
    ],
)
def test_eight_oclock_is_the_customers_on_both_days_of_the_clock_change(
    policies, day, utc_hour_of_eight
):
    opening = datetime(*day, utc_hour_of_eight, tzinfo=UTC)
    zone = "America/New_York"
    us = policies["us_reg_f"]
    assert ask(us, Call(), opening, zone=zone).allowed
    early = ask(us, Call(), opening - timedelta(minutes=1), zone=zone)
    assert not early.allowed
    assert early.next_allowed_at == opening


def test_the_night_of_the_clock_change_is_an_hour_shorter_and_longer(policies):
    us, zone = policies["us_reg_f"], "America/New_York"
    # 21:00 to 08:00 is 11 hours; 10 in the night of 8 March 2026, 12 in that of 1 November.
    for start, hours in (((2026, 3, 7), 10), ((2026, 10, 31), 12), ((2026, 6, 1), 11)):
        closing = local(NEW_YORK, *start, 21, 0)
        decision = ask(us, Call(), closing, zone=zone)
        assert decision.next_allowed_at - closing.astimezone(UTC) == timedelta(hours=hours)


def test_agreed_hours_hold_where_the_policy_allows_it(seed):
    agreed = HoursAgreed(at=local(SHANGHAI, 2026, 3, 1, 9), actor="a", start="22:00", end="23:30")
    assert ask(seed, Call(), local(SHANGHAI, 2026, 3, 11, 22, 30), agreed).allowed
    morning = ask(seed, Call(), local(SHANGHAI, 2026, 3, 11, 9, 0), agreed)
    assert not morning.allowed
    assert morning.next_allowed_at == local(SHANGHAI, 2026, 3, 11, 22, 0)


def test_holidays_are_left_in_peace_to_their_last_day(seed):
    # The Spring Festival of 2026 lasts from 15 to 23 February.
    decision = ask(seed, Call(), local(SHANGHAI, 2026, 2, 15, 10, 0))
    assert decision.rule == "contact.holidays_allowed"
    assert decision.next_allowed_at == local(SHANGHAI, 2026, 2, 24, 8, 0)


def test_the_rest_after_a_conversation_ends_to_the_minute(seed):
    talk = ConversationHeld(at=local(SHANGHAI, 2026, 3, 9, 10, 30), actor="a", channel="phone")
    early = ask(seed, Call(), local(SHANGHAI, 2026, 3, 11, 10, 29), talk)
    assert early.rule == "contact.cool_off_after_conversation_days"
    assert early.next_allowed_at == local(SHANGHAI, 2026, 3, 11, 10, 30)
    assert ask(seed, Call(), local(SHANGHAI, 2026, 3, 11, 10, 30), talk).allowed


def test_a_heated_conversation_asks_for_a_longer_rest(seed):
    talk = ConversationHeld(
        at=local(SHANGHAI, 2026, 3, 9, 10, 30), actor="a", channel="phone", heated=True
    )
    decision = ask(seed, Call(), local(SHANGHAI, 2026, 3, 12, 10, 30), talk)
    assert decision.rule == "contact.cool_off_after_heated_days"
    assert decision.next_allowed_at == local(SHANGHAI, 2026, 3, 16, 10, 30)


def test_three_calls_in_seven_days_and_the_fourth_waits_for_the_first_to_leave(seed):
    calls = [
        ContactAttempted(at=local(SHANGHAI, 2026, 3, day, 9), actor="a", channel="phone")
        for day in (9, 10, 11)
    ]
    decision = ask(seed, Call(), local(SHANGHAI, 2026, 3, 12, 9), *calls)
    assert decision.rule == "contact.calls_per_7_days_max"
    assert decision.next_allowed_at == local(SHANGHAI, 2026, 3, 16, 9)


def test_two_unanswered_dials_of_one_number_and_the_other_number_may_be_tried(seed):
    at = local(SHANGHAI, 2026, 3, 11, 15)
    dials = [
        ContactAttempted(at=local(SHANGHAI, 2026, 3, 11, hour), actor="a", channel="phone")
        for hour in (9, 12)
    ]
    decision = ask(seed, Call(), at, *dials)
    assert decision.rule == "contact.dials_per_number_per_day_max"
    assert decision.next_allowed_at == local(SHANGHAI, 2026, 3, 12, 8)
    assert ask(seed, Call(number_id="work"), at, *dials).allowed


def test_six_dials_in_china_and_the_seventh_waits_for_tomorrow(policies):
    dials = [
        ContactAttempted(at=local(SHANGHAI, 2026, 3, 11, 9 + n), actor="a", channel="phone")
        for n in range(6)
    ]
    at = local(SHANGHAI, 2026, 3, 11, 18)
    assert ask(policies["cn_2026"], Call(), at, *dials[:5]).allowed
    assert not ask(policies["cn_2026"], Call(), at, *dials).allowed


def test_regulation_f_seven_calls_in_seven_days(policies):
    us, zone = policies["us_reg_f"], "America/New_York"
    calls = [
        ContactAttempted(at=local(NEW_YORK, 2026, 6, 1 + n, 10), actor="a", channel="phone")
        for n in range(7)
    ]
    at = local(NEW_YORK, 2026, 6, 7, 12)
    assert ask(us, Call(), at, *calls[:6], zone=zone).allowed
    assert ask(us, Call(), at, *calls, zone=zone).rule == "contact.calls_per_7_days_max"


def test_one_message_a_day_and_three_in_seven_days(seed):
    consent = ConsentGiven(at=local(SHANGHAI, 2026, 3, 1, 9), actor="a", channel="sms")
    sent = [
        MessageSent(at=local(SHANGHAI, 2026, 3, day, 9), actor="a", channel="sms", text_id="t")
        for day in (9, 10, 11)
    ]
    text = Message(channel="sms", text=KIND)
    same_day = ask(seed, text, local(SHANGHAI, 2026, 3, 9, 12), consent, *sent[:1])
    assert same_day.rule == "contact.messages_per_day_max"
    week = ask(seed, text, local(SHANGHAI, 2026, 3, 12, 9), consent, *sent)
    assert week.rule == "contact.messages_per_7_days_max"
    assert week.next_allowed_at == local(SHANGHAI, 2026, 3, 16, 9)


def test_a_channel_that_needs_consent_waits_for_it_and_stops_when_it_is_withdrawn(seed):
    at = local(SHANGHAI, 2026, 3, 11, 9)
    text = Message(channel="sms", text=KIND)
    given = ConsentGiven(at=local(SHANGHAI, 2026, 3, 1, 9), actor="a", channel="sms")
    back = ConsentWithdrawn(at=local(SHANGHAI, 2026, 3, 2, 9), actor="a", channel="sms")
    refused = ask(seed, text, at)
    assert (refused.rule, refused.next_allowed_at) == ("contact.consent_channels", None)
    assert ask(seed, text, at, given).allowed
    assert not ask(seed, text, at, given, back).allowed


def test_a_third_party_is_never_contacted_under_the_default(seed):
    decision = ask(
        seed, Call(party="third_party", purpose="locate"), local(SHANGHAI, 2026, 3, 11, 9)
    )
    assert (decision.rule, decision.next_allowed_at) == ("contact.third_party", None)


def test_a_third_party_only_after_contact_is_lost_and_never_about_the_debt(policies):
    cn = policies["cn_2026"]
    at = local(SHANGHAI, 2026, 3, 13, 9)
    locate = Call(party="third_party", purpose="locate", number_id="other")
    dials = [
        ContactAttempted(at=local(SHANGHAI, 2026, 3, day, 9), actor="a", channel="phone")
        for day in (10, 11, 12)
    ]
    assert not ask(cn, locate, at, *dials[:2]).allowed
    assert ask(cn, locate, at, *dials).allowed
    about_debt = Call(party="third_party", purpose="reminder", number_id="other")
    assert not ask(cn, about_debt, at, *dials).allowed
    reached = ConversationHeld(at=local(SHANGHAI, 2026, 3, 12, 10), actor="a", channel="phone")
    assert not ask(cn, locate, at, *dials, reached).allowed


def test_three_failed_dials_on_one_day_are_not_three_days(policies):
    dials = [
        ContactAttempted(at=local(SHANGHAI, 2026, 3, 12, hour), actor="a", channel="phone")
        for hour in (9, 11, 13)
    ]
    locate = Call(party="third_party", purpose="locate", number_id="other")
    at = local(SHANGHAI, 2026, 3, 13, 9)
    assert not ask(policies["cn_2026"], locate, at, *dials).allowed


def test_a_wrong_number_is_not_dialled_again(policies):
    wrong = NumberInvalid(at=local(SHANGHAI, 2026, 3, 1, 9), actor="a", number_id="main")
    at = local(SHANGHAI, 2026, 3, 11, 9)
    assert ask(policies["cn_2026"], Call(), at, wrong).rule == "contact.third_party"


def test_a_visit_needs_its_channel_and_two_staff(policies):
    at = local(SHANGHAI, 2026, 3, 11, 9)
    assert ask(policies["seed_2021"], Visit(staff=2), at).rule == "contact.channels"
    cn = policies["cn_2026"]
    # No visit to home or work without consent.
    assert ask(cn, Visit(staff=2), at).rule == "contact.consent_channels"
    agreed = ConsentGiven(at=local(SHANGHAI, 2026, 3, 1, 9), actor="a", channel="visit")
    assert ask(cn, Visit(staff=1), at, agreed).rule == "contact.visit_staff_min"
    assert ask(cn, Visit(staff=2), at, agreed).allowed
    assert ask(cn, Visit(place="work"), at, agreed).rule == "contact.work_allowed"


def test_a_running_plan_stops_reminders_until_it_is_broken(policies):
    offered = PlanOffered(
        at=local(SHANGHAI, 2026, 3, 1, 9),
        actor="a",
        plan_id="p1",
        plan_kind="instalments",
        months=12,
        instalment=100,
        total=1200,
    )
    runs = PlanAccepted(at=local(SHANGHAI, 2026, 3, 2, 9), actor="a", plan_id="p1")
    broken = PlanBroken(at=local(SHANGHAI, 2026, 3, 10, 9), actor="a", plan_id="p1", missed=2)
    at = local(SHANGHAI, 2026, 3, 11, 9)
    seed = policies["seed_2021"]
    assert ask(seed, Call(), at, offered, runs).rule == "plan.stops_collection"
    assert ask(seed, Call(purpose="plan"), at, offered, runs).allowed
    assert ask(seed, Call(), at, offered, runs, broken).allowed


def test_an_answer_to_the_customers_question_need_not_wait_for_the_rest(seed):
    talk = ConversationHeld(at=local(SHANGHAI, 2026, 3, 11, 9), actor="a", channel="phone")
    asked = QuestionAsked(at=local(SHANGHAI, 2026, 3, 11, 10), actor="customer", question_id="q1")
    at = local(SHANGHAI, 2026, 3, 11, 15)
    assert not ask(seed, Call(purpose="reply"), at, talk).allowed
    assert ask(seed, Call(purpose="reply"), at, talk, asked).allowed
    night = local(SHANGHAI, 2026, 3, 11, 23)
    assert ask(seed, Call(purpose="reply"), night, talk, asked).rule == "contact.hours"


def test_a_moment_without_a_zone_is_refused(seed):
    with pytest.raises(CaseworkError, match="with time zone"):
        ask(seed, Call(), datetime(2026, 3, 11, 9))
