"""A table of ordinary work: what a desk records, what it then asks for, and the answer."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from tests.casebook.test_ordinary_work import CN, EVERY, LETTER, SEED, UK, US, D, Desk

from delinquency.casebook.typed_actions import parse_action
from delinquency.casework.actions import (
    Call,
    Charge,
    Message,
    OfferHelp,
    OfferPlan,
    TakeLegalStep,
    TransferDebt,
    Visit,
)
from delinquency.casework.event import read_amount
from delinquency.casework.events import event_from_dict
from delinquency.casework.identifier_masking import find_identifiers
from delinquency.casework.plan_costs import costs_of
from delinquency.casework.plans import instalment_plan
from delinquency.casework.tone import tone_faults
from delinquency.casework.worklist import items_of_case
from delinquency.errors import CaseworkError, ChoiceError

EMAIL = Message(channel="email", text=LETTER.text)
APP = Message(channel="app", text=LETTER.text)
REASON = "Two plans were refused although the income covers them."


@pytest.fixture
def desk(sqlite_store):
    return lambda args: Desk(sqlite_store, *args)


STOPS = {
    "death": [("customer_died", {})],
    "insolvency": [("insolvency_opened", {"proceeding": "bankruptcy"})],
    "lawyer": [("representative_appointed", {"representative_id": "r-1"})],
    "minor": [("minor_identified", {})],
    "fraud": [("fraud_reported", {"report_id": "f-1"})],
    "dispute": [("dispute_opened", {"dispute_id": "d-1"})],
    "sold": [("contact_stopped", {"channel": "all"})],
    "closed": [("case_closed", {"reason": "settled"})],
    "paid": [("payment_received", {"amount": D(200)})],
    "paid in two parts": [("payment_received", {"amount": D(150)}),
                          ("payment_received", {"amount": D(50)})],
    "promise": [("promise_made", {"promise_id": "p", "amount": D(200),
                                  "due": date(2026, 11, 20)})],
    "cured": [("cured", {"on": date(2026, 11, 9)})],
}  # fmt: skip


@pytest.mark.parametrize("args", EVERY, ids=lambda args: args[0])
@pytest.mark.parametrize("what", STOPS)
def test_nothing_reminds_while_it_holds(desk, args, what):
    d = desk(args).overdue()
    for kind, fields in STOPS[what]:
        d.record(kind, **fields)
    d.plus(days=1)
    asked = [Call(), Visit(), LETTER, EMAIL, APP, Call(purpose="locate", party="third_party")]
    assert [action for action in asked if d.allowed(action)] == []
    if what in ("death", "insolvency", "paid", "cured", "closed"):
        assert not d.allowed(Charge("late_fee", D(1), D(200)))
        assert not d.allowed(TakeLegalStep("suit", REASON, "s-1"))


@pytest.mark.parametrize("args", EVERY, ids=lambda args: args[0])
def test_a_dead_customer_is_charged_and_sold_nothing_and_offered_nothing(desk, args):
    d = desk(args).overdue()
    d.record("customer_died")
    assert not d.allowed(TransferDebt("buyer", REASON))
    assert not d.allowed(OfferHelp("autopay"))
    plan = instalment_plan(D(200), months=2, annual_rate=D(0), first_due=date(2026, 12, 9))
    assert not d.allowed(OfferPlan(plan, D(1000), D(6000)))


@pytest.mark.parametrize("args", EVERY, ids=lambda args: args[0])
def test_one_fee_a_missed_payment_though_it_is_asked_in_many_ways(desk, args):
    d = desk(args).overdue("2000")
    fee = Charge("late_fee", D("1.00"), D(2000))
    if not d.act(fee).allowed:
        pytest.skip("no fee is due yet under this policy")
    d.plus(days=40)
    again = [fee, Charge("late_fee", D("0.50"), D(2000), repeated=True),
             Charge("late_fee", D("0.50"), D(2000), due=date(2026, 10, 26)),
             Charge("late_fee", D("0.50"), D(2000), due=date(2026, 10, 27))]  # fmt: skip
    assert [one for one in again if d.allowed(one)] == []


def test_a_closed_case_gives_no_second_fee_in_a_new_one(desk):
    d = desk(SEED).overdue()
    assert d.act(Charge("late_fee", D(2), D(200))).allowed
    d.record("case_closed", reason="other")
    d.case = d.book.open("acct-a", d.moment(), policy="seed_2021", time_zone="Asia/Shanghai")
    d.overdue()
    assert not d.allowed(Charge("late_fee", D(2), D(200)))


def test_caps_count_over_the_account_though_a_case_is_closed(desk):
    d = desk(SEED).overdue()
    for _ in range(3):
        assert d.act(Call()).allowed
        d.plus(days=1)
    d.record("case_closed", reason="other")
    d.case = d.book.open("acct-a", d.moment(), policy="seed_2021", time_zone="Asia/Shanghai")
    d.overdue()
    assert not d.allowed(Call())


def test_a_refused_action_gives_its_key_to_no_other_content(desk):
    d = desk(SEED).overdue()
    refused = d.book.attempt(d.case, Charge("late_fee", D(50), D(200)), d.moment())
    assert not refused.allowed
    moment = d.moment()
    first = d.book.attempt(d.case, Charge("late_fee", D(50), D(200)), moment)
    assert d.book.attempt(d.case, Charge("late_fee", D(50), D(200)), moment).event == first.event
    with pytest.raises(CaseworkError, match="key of its own"):
        d.book.attempt(d.case, Charge("late_fee", D(1), D(200)), moment)


def test_a_key_of_a_charge_names_its_due_day(desk):
    d = desk(SEED).overdue().overdue("300", due=date(2026, 9, 26))
    moment = d.moment()
    assert d.book.attempt(
        d.case, Charge("late_fee", D(1), D(400), due=date(2026, 10, 26)), moment
    ).allowed
    with pytest.raises(CaseworkError, match="key of its own"):
        d.book.attempt(d.case, Charge("late_fee", D(1), D(400), due=date(2026, 9, 26)), moment)


def test_interest_of_one_day_is_charged_once(desk):
    d = desk(SEED).overdue("36500", due=date(2026, 10, 26))
    days = d.view().days_overdue
    assert d.act(Charge("interest", D(1), D(36500), days=days)).allowed
    assert not d.allowed(Charge("interest", D(1), D(36500), days=1))


@pytest.mark.parametrize(
    "raw", ["NaN", "1e5", "Infinity", "-Infinity", "1" * 16, "1.0.0", "", "١"]
)
def test_an_amount_that_is_none_is_refused_in_words(raw):
    with pytest.raises(ValueError, match="expected"):
        read_amount(raw)


@pytest.mark.parametrize(
    "action",
    [
        {"name": "call", "numbr": "x"},
        {"name": "charge", "charge": "late_fee", "amount": "nan", "overdue_principal": "1"},
        {"name": "message", "channel": "letter", "text": "x" * 4001},
        {"name": "message", "channel": "fax", "text": "x"},
        {"name": "offer_plan", "plan": {"balance": "1", "months": 1}},
        {"name": "offer_help", "treatment": "a_gift"},
        {"name": "sue"},
    ],
)
def test_what_cannot_be_read_is_refused_by_name(action):
    with pytest.raises((ChoiceError, CaseworkError)):
        parse_action(action)


def test_nothing_is_recorded_before_it_happens_nor_into_another_kind(desk):
    d = desk(SEED).overdue()
    later = {"kind": "payment_received", "at": "2027-01-01T10:00+08:00", "actor": "a",
             "payload": {"amount": "1"}}  # fmt: skip
    with pytest.raises(CaseworkError, match="must have happened"):
        d.book.record(d.case, event_from_dict(later), now=d.now, idempotency_key="z")
    with pytest.raises(CaseworkError, match="is what the lender does"):
        d.record("message_sent", channel="letter", text_id="t")


def test_a_late_payment_notice_mends_the_present_not_the_fee(desk):
    """A payment of before, found later, is a late entry: the arrears are gone at once."""
    d = desk(SEED).overdue()
    d.plus(days=2)
    paid = {"kind": "payment_received", "at": "2026-11-09T11:00+08:00", "actor": "agent-1",
            "payload": {"amount": "200"}}  # fmt: skip
    d.book.record(d.case, event_from_dict(paid), now=d.now, idempotency_key="late")
    assert d.view().overdue == 0
    assert not d.allowed(LETTER)


@pytest.mark.parametrize(
    "number",
    ["+49 30 901820", "+33 1 42 68 53 00", "(020) 7946 0958", "020 7946 0958", "07700 900123",
     "138 1234 5678", "138-1234-5678", "+86 138 1234 5678", "86-13812345678", "1 (212) 555-0199",
     "212.555.0199", "+1 (212) 555-0199", "0755-12345678", "(010) 6234 5678", "021 62345678",
     "+852 2123 4567", "+81 3 1234 5678", "00 44 20 7946 0958", "+61 2 9374 4000",
     "400-810-8888", "2125550199", "１３８１２３４５６７８"],
)  # fmt: skip
def test_a_phone_number_in_any_form_is_known(number):
    assert find_identifiers(f"call me at {number} please")


@pytest.mark.parametrize(
    "text", ["pays 1250.00 on 2026-11-30", "12 instalments of 500.00 CNY", "case c_ab12",
             "due on 9 December 2026, 10:00 to 18:00", "1,234,567.89 in all", "24 % a year",
             "between 2026-11-01 and 2026-11-30", "reference 2026-114"]
)  # fmt: skip
def test_dates_and_amounts_are_no_phone_numbers(text):
    assert find_identifiers(text) == ()


THREATS = [
    "Pay today or we will tell your employer.",
    "We will visit you at work.",
    "You will be sorry if you ignore this.",
    "Think about what your neighbours will say. Can we help?",
    "Your family will have to pay for this.",
    "We know where you live.",
    "We will make this public.",
    "If you do not pay, your children will suffer. Can we help?",
    "Next time we will not be so friendly.",
    "Ignoring us will have consequences.",
    "Pay, or face the consequences.",
    "We have ways to make you pay.",
    "Everyone at your office will hear of it.",
    "不还钱就让你单位知道。需要帮助吗？",
    "再不还款后果很严重。",
    "我们会去你家里找你。",
    "你会为此付出代价。",
    "We can make things very uncomfortable for you. Need help?",
    "This is your last chance.",
    "Do the right thing before we come to you.",
    "You are a thief.",
    "Borrow from friends to pay us.",
]


@pytest.mark.parametrize("text", THREATS)
def test_a_threat_goes_out_in_no_letter(desk, text):
    d = desk(US).overdue()
    assert not d.allowed(Message(channel="letter", text=text))


KIND = [
    "Thank you for your payment. Your account is up to date.",
    "We have set your reminders aside while you are in hospital.",
    "Your complaint has reached us. We answer within fifteen days.",
    "We can lower your monthly payment for a while. Shall we talk about it?",
    "您的投诉我们已收到，将在规定时间内答复。",
    "感谢您的还款，账户已结清。",
    "Your lawyer has written to us. We will speak with your lawyer from now on.",
    "You have the right to dispute the debt within 30 days.",
    "Your family need not pay this debt.",
    "We will not contact your employer.",
    "You asked us not to call you at work. We have noted it.",
    "The police report you sent us has arrived. Thank you.",
    "A free debt adviser can help you, also with a court letter.",
]


@pytest.mark.parametrize("text", KIND)
def test_a_kind_answer_goes_out(desk, text):
    d = desk(UK).overdue()
    d.record("question_asked", question_id="q-1")
    d.plus(hours=1)
    reply = Message(channel="letter", text=text, step="H5", purpose="reply")
    decision = d.book.ask(d.case, reply, at=d.now)
    assert decision.allowed, decision.reason


def test_relief_stops_what_it_says(desk):
    d = desk(("seed_2021", "Asia/Shanghai", "2026-11-09T10:00+08:00")).overdue()
    assert d.act(OfferHelp("payment_holiday", until=date(2027, 2, 9))).allowed
    assert d.act(OfferHelp("debt_advice")).allowed


@pytest.mark.parametrize("args", EVERY, ids=lambda args: args[0])
def test_a_gate_opens_on_nothing_that_is_typed(desk, args):
    d = desk(args).overdue()
    d.plus(days=200)
    for step in ("letter", "mediation", "order", "suit"):
        asked = TakeLegalStep(step, REASON, "signed-1", willingness_evidence="strong")
        rules = {one.rule for one in d.book.ask(d.case, asked, at=d.now).refusals}
        assert "order.help_first" in rules


def test_who_signs_is_neither_who_asks_nor_who_assessed(desk):
    d = desk(CN).overdue()
    d.record("sign_off_given", actor="agent-1", sign_off_id="s", legal_step="suit")
    asked = d.book.ask(d.case, TakeLegalStep("suit", REASON, "s"), at=d.now, actor="agent-1")
    assert "legal.sign_off_required" in {one.rule for one in asked.refusals}


def test_a_third_person_is_left_alone_by_letter_too(desk):
    d = desk(CN).overdue()
    text = "Please ask the customer to call us."
    assert not d.allowed(Message(channel="letter", text=text, party="third_party"))
    assert not d.allowed(Visit(party="third_party", purpose="locate"))


def test_a_broken_promise_is_no_broken_plan_and_opens_no_gate(desk):
    d = desk(CN).overdue()
    for number in range(3):
        d.record("promise_made", promise_id=f"p-{number}", amount=D(200), due=d.now.date())
        d.plus(days=3)
    assert [one.state for one in d.view().history.promises] == ["broken"] * 3
    asked = d.book.ask(d.case, TakeLegalStep("suit", REASON, "s"), at=d.now)
    assert "legal.plan_refused_or_broken" in {one.rule for one in asked.refusals}


def test_a_holiday_moves_the_due_day(desk):
    # 26 November 2026 is Thanksgiving, a Thursday: the next day is on time.
    d = desk(("us_reg_f", "America/New_York", "2026-11-27T10:00-05:00"))
    d.overdue(due=date(2026, 11, 26))
    assert d.view().days_overdue == 0
    d.plus(days=1)
    assert d.view().days_overdue == 2


def test_currencies_have_their_own_smallest_unit(desk):
    d = desk(SEED).overdue()
    with pytest.raises(CaseworkError):
        d.allowed(Charge("late_fee", D("0.001"), D(200)))


def test_an_upheld_dispute_ends_what_was_disputed(desk):
    d = desk(SEED).overdue()
    d.record("dispute_opened", dispute_id="d")
    d.record("dispute_closed", dispute_id="d", outcome="upheld")
    d.plus(days=1)
    assert not d.allowed(LETTER)
    assert not d.allowed(Charge("late_fee", D(1), D(200)))


def test_what_is_stopped_by_channel_stays_stopped_in_the_next_case(desk):
    d = desk(US).overdue()
    d.record("contact_stopped", channel="phone")
    d.record("case_closed", reason="other")
    d.plus(days=30)
    d.case = d.book.open("acct-a", d.moment(), policy="us_reg_f", time_zone="America/New_York")
    d.overdue(due=date(2026, 11, 26))
    d.plus(days=20)
    assert not d.allowed(Call())


def test_a_confirmed_fraud_leaves_nothing_to_ask_for(desk):
    d = desk(US).overdue()
    d.record("fraud_reported", report_id="f")
    d.record("fraud_closed", report_id="f", outcome="confirmed")
    d.plus(days=1)
    assert not d.allowed(LETTER) and d.view().overdue == Decimal(0)


def test_a_moment_without_a_zone_is_refused(desk):
    d = desk(SEED).overdue()
    with pytest.raises(CaseworkError, match="time zone"):
        d.book.ask(d.case, Call(), at=datetime(2026, 11, 9, 10))


def test_plain_words_about_a_visit_to_a_branch_are_no_threat():
    assert [f.kind for f in tone_faults("You may come to our branch; we are glad to help.")] == []


def test_military_service_caps_fees_and_interest_together(desk):
    # 3,650 overdue, service from the first day of work on: 0.60 a day at 6 %.
    d = desk(US).overdue("3650")
    d.record("military_service_began")
    d.plus(days=10)
    assert d.allowed(Charge("interest", D("6.00"), D(3650), days=10))
    assert not d.allowed(Charge("interest", D("6.01"), D(3650), days=10))
    assert not d.allowed(Charge("late_fee", D(30), D(3650)))
    d.record("budget_stated", income=D(3000), essentials=D(1000))
    dear, fair = (
        instalment_plan(D(3650), months=12, annual_rate=D(rate), first_due=date(2026, 12, 25))
        for rate in ("0.08", "0.06")
    )
    rules = {
        one.rule for one in d.book.ask(d.case, OfferPlan(dear, None, D(9)), at=d.now).refusals
    }
    assert "charges.military_rate_max" in rules
    assert d.allowed(OfferPlan(fair, None, D(2500)))


def test_the_customers_own_form_goes_before_a_claimed_income(desk):
    d = desk(CN).overdue("6000")
    d.record("budget_stated", income=D(3000), essentials=D(2900))
    plan = instalment_plan(D(6000), months=12, annual_rate=D(0), first_due=date(2026, 12, 9))
    refused = d.book.ask(d.case, OfferPlan(plan, D(100000), D(6000)), at=d.now)
    assert refused.rule == "plan.affordability_share"


def test_only_the_persons_who_are_named_sign(sqlite_store):
    d = Desk(sqlite_store, *CN).overdue()
    d.book.signers = frozenset({"legal-1"})
    with pytest.raises(CaseworkError, match="signed by one of legal-1"):
        d.record("sign_off_given", actor="agent-2", sign_off_id="s")
    d.record("sign_off_given", actor="legal-1", sign_off_id="s")


def test_a_plan_under_the_chinese_rules_waits_for_its_statement_of_costs(desk):
    d = desk(CN).overdue()
    plan = d.offer_plan()

    def due():
        items = items_of_case(d.book.case(d.case), d.policy, d.now)
        return [one.what for one in items if one.urgency == "notice is due"]

    assert due() == [f"Plan {plan}: hand over the signed statement of its costs"]
    d.record("documents_provided", documents=("cost_statement",))
    assert due() == []


def test_the_all_in_cost_of_a_plan_is_its_internal_rate():
    plan = instalment_plan(D(12000), months=12, annual_rate=D("0.12"), first_due=date(2026, 12, 9))
    assert costs_of(plan).annualised == pytest.approx(0.12, abs=1e-4)
    free = instalment_plan(D(12000), months=12, annual_rate=D(0), first_due=date(2026, 12, 9))
    assert costs_of(free).annualised == 0
    # A fee of 120 on 12 months of an average balance of about 6,500: about 1.8 % a year.
    fee = instalment_plan(
        D(12000), months=12, annual_rate=D(0), first_due=date(2026, 12, 9), fee=D(120)
    )
    assert 0.018 < costs_of(fee).annualised < 0.019


@pytest.mark.parametrize("args", EVERY, ids=lambda args: args[0])
@pytest.mark.parametrize("claimed", [D(-5), D(0)])
def test_nothing_is_charged_on_no_principal(desk, args, claimed):
    d = desk(args).overdue("2000")
    for kind in ("interest", "late_fee"):
        assert not d.allowed(Charge(kind, D("0.01"), claimed))
