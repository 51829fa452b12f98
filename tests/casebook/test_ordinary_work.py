"""Small cases of ordinary work, each played through the casebook as a desk would."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from delinquency.casebook.case_store import Store
from delinquency.casebook.casebook import Casebook
from delinquency.casebook.clearing import clear_records
from delinquency.casebook.moments import Moment
from delinquency.casebook.overdue_records import all_records
from delinquency.casebook.record_exchange import parse_rows, record_rows
from delinquency.casework.actions import (
    Call,
    Charge,
    Message,
    OfferPlan,
    TakeLegalStep,
    TransferDebt,
)
from delinquency.casework.case_view import view_of
from delinquency.casework.event import EVENTS
from delinquency.casework.plans import instalment_plan
from delinquency.casework.reminders import ReminderFacts, text_for
from delinquency.errors import CaseworkError
from delinquency.pipeline.policies import load_policies

D = Decimal
POLICIES = load_policies()
CN = ("cn_2026", "Asia/Shanghai", "2026-11-09T10:00+08:00")
SEED = ("seed_2021", "Asia/Shanghai", "2026-11-09T10:00+08:00")
US = ("us_reg_f", "America/New_York", "2026-11-09T15:00-05:00")
UK = ("uk_conc", "Europe/London", "2026-11-09T15:00+00:00")
EVERY = [CN, SEED, US, UK, ("eu_ccd2", "Europe/Berlin", "2026-11-09T15:00+01:00")]
LETTER = Message(channel="letter", text="A payment is open. Can we help?")


class Desk:
    """One case in an empty store, and a clock that the desk moves."""

    def __init__(self, store, policy, zone, at):
        self.book, self.policy = Casebook(store, POLICIES), POLICIES[policy]
        self.now, self.writes = datetime.fromisoformat(at), 0
        self.case = self.book.open("acct-a", self.moment(), policy=policy, time_zone=zone)

    def moment(self):
        self.writes += 1
        return Moment(self.now, "agent-1", f"k{self.writes}")

    def plus(self, **time):
        self.now += timedelta(**time)
        return self

    def record(self, kind, actor="agent-1", **fields):
        event = EVENTS[kind](at=self.now, actor=actor, **fields)
        self.book.record(
            self.case, event, now=self.now, idempotency_key=self.moment().idempotency_key
        )
        self.plus(minutes=1)

    def overdue(self, amount="200", due=date(2026, 10, 26)):
        self.record("went_overdue", amount=D(amount), due=due)
        return self

    def allowed(self, action):
        return self.book.ask(self.case, action, at=self.now, actor="agent-1").allowed

    def act(self, action):
        attempt = self.book.attempt(self.case, action, self.moment())
        self.plus(minutes=1)
        return attempt

    def view(self):
        return view_of(self.book.case(self.case), self.policy, self.now)

    def offer_plan(self, first_due=date(2026, 12, 9)):
        plan = instalment_plan(D(6000), months=12, annual_rate=D(0), first_due=first_due)
        attempt = self.act(OfferPlan(plan, D(1000), D(6000)))
        return attempt.event.body["payload"]["plan_id"]


@pytest.fixture
def desk(sqlite_store: Store):
    return lambda args: Desk(sqlite_store, *args)


def test_who_opts_out_of_a_channel_is_left_alone_on_it(desk):
    d = desk(US).overdue()
    d.record("consent_withdrawn", channel="email")
    d.record("consent_withdrawn", channel="phone")
    d.plus(days=1)
    assert not d.allowed(Call()) and d.allowed(LETTER)
    assert not d.allowed(Message(channel="email", text=LETTER.text))
    d.record("contact_stopped", channel="all")
    assert not d.allowed(LETTER)
    d.record("question_asked", question_id="q-1")
    assert d.allowed(Message(channel="letter", text="Thank you.", step="H5", purpose="reply"))


@pytest.mark.parametrize("args", EVERY, ids=lambda args: args[0])
@pytest.mark.parametrize(
    ("opens", "fields", "closes", "more"),
    [
        ("dispute_opened", {"dispute_id": "d"}, "dispute_closed",
         {"dispute_id": "d", "outcome": "not_upheld"}),
        ("fraud_reported", {"report_id": "f"}, "fraud_closed",
         {"report_id": "f", "outcome": "not_confirmed"}),
        ("customer_died", {}, "death_refuted", {"reason": "A mistake of the register."}),
        ("insolvency_opened", {"proceeding": "breathing_space"}, "insolvency_ended",
         {"outcome": "lapsed"}),
        ("representative_appointed", {"representative_id": "r"}, "representation_ended",
         {"representative_id": "r"}),
    ],
)  # fmt: skip
def test_what_stops_reminders_stops_them_until_it_is_lifted(
    desk, args, opens, fields, closes, more
):
    d = desk(args).overdue()
    assert d.allowed(LETTER)
    d.record(opens, **fields)
    d.plus(days=1)
    assert not d.allowed(Call()) and not d.allowed(LETTER)
    d.record(closes, **more)
    assert d.allowed(LETTER)


def test_a_breathing_space_ends_by_itself_after_sixty_days(desk):
    d = desk(UK).overdue()
    d.record("insolvency_opened", proceeding="breathing_space")
    decision = d.book.ask(d.case, LETTER, at=d.now)
    # 9 November and 60 days: 8 January is the last; the ninth is a Saturday, open from eight.
    assert decision.next_allowed_at.date() == date(2027, 1, 9)


def test_one_bad_number_does_not_open_third_parties(desk):
    d = desk(CN).overdue()
    d.record("number_invalid", number_id="old-number")
    d.record("conversation_held", channel="phone", number_id="main")
    d.plus(days=1)
    sister = Call(party="third_party", purpose="locate", number_id="sister")
    assert not d.allowed(sister)
    for number in ("main", "old-number"):
        d.record("number_invalid", number_id=number)
    assert d.allowed(sister)
    d.record("third_party_refused", number_id="sister")
    assert not d.allowed(sister)


def test_a_claimed_principal_moves_no_limit(desk):
    d = desk(SEED)
    assert not d.act(Charge("late_fee", D(50), D(5000))).allowed
    d.overdue()
    # 1 % of the 200 that are overdue = 2.00
    assert not d.act(Charge("late_fee", D(50), D(5000))).allowed
    assert not d.act(Charge("late_fee", D("2.01"), D(200))).allowed
    assert d.act(Charge("late_fee", D("2.00"), D(200))).allowed
    assert not d.act(Charge("late_fee", D("0.01"), D(200))).allowed
    d.record("payment_received", amount=D(200))
    assert not d.act(Charge("interest", D("0.01"), D(200), days=1)).allowed


def test_a_late_fee_is_never_more_than_the_payment_that_was_missed(desk):
    assert not desk(US).overdue("5").act(Charge("late_fee", D(30), D(5))).allowed


def test_the_days_run_from_the_oldest_due_day_that_is_unpaid(desk):
    d = desk(("seed_2021", "Asia/Shanghai", "2026-06-01T10:00+08:00"))
    d.overdue(due=date(2026, 5, 26))
    d.plus(days=123)
    d.overdue(due=date(2026, 9, 26))
    d.plus(days=10)
    assert d.view().days_overdue == 139  # 26 May to 12 October
    d.record("payment_received", amount=D(250))
    assert d.view().days_overdue == 16  # 26 September to 12 October
    assert d.view().overdue == D(150)


def test_a_plan_is_broken_by_as_many_missed_instalments_as_the_policy_says(desk):
    d = desk(CN).overdue()
    plan = d.offer_plan()
    d.record("plan_accepted", plan_id=plan)
    d.record("plan_broken", plan_id=plan, missed=1)
    d.record("plan_broken", plan_id=plan, missed=2)  # nothing was due yet
    assert d.view().history.plans[plan] == "running"
    d.now = datetime.fromisoformat("2027-01-11T10:00+08:00")  # two were due, none was paid
    d.record("plan_broken", plan_id=plan, missed=2)
    assert d.view().history.plans[plan] == "broken"


def test_an_answered_call_is_one_call(desk):
    d = desk(("seed_2021", "Asia/Shanghai", "2026-11-02T10:00+08:00")).overdue()
    d.act(Call())
    d.record("conversation_held", channel="phone")
    d.plus(days=2, hours=1)
    d.act(Call())
    d.plus(days=1)
    assert d.allowed(Call())  # the third of three


@pytest.mark.parametrize("name", ["cn_2026", "seed_2021", "template"])
def test_a_year_without_a_calendar_or_a_holiday_refuses_a_call(desk, name):
    d = desk((name, "Asia/Shanghai", "2027-02-06T10:00+08:00")).overdue(due=date(2027, 1, 25))
    assert not d.allowed(Call())


@pytest.mark.parametrize(
    "text",
    [
        "Thank you for telling us of the fraud on your card. The amount is set aside.",
        "We are very sorry to hear of the loss of your mother. We will stop all reminders.",
        "得知您的家人离世，我们深感惋惜。我们将停止一切提醒。",
        "You asked whether we can sue. Not while you keep the plan; we are glad to help.",
        "Because of the age of your debt, we will not sue you for it. Can we help?",
        "You may get free advice from a lawyer or a debt charity before you decide.",
    ],
)
def test_kind_and_required_words_are_not_refused_in_an_answer(desk, text):
    d = desk(US).overdue()
    d.record("question_asked", question_id="q-1")
    assert d.allowed(Message(channel="letter", text=text, step="H5", purpose="reply"))


@pytest.mark.parametrize(
    "text",
    [
        "Do you want your neighbours to find out? Can we help?",
        "Expect a visit. Can we help?",
        "You could end up with nothing. Can we help?",
        "Your visa may be affected. Can we help?",
        "你的孩子上学会受影响。需要帮助吗？",
        "小心点。需要帮助吗？",
    ],
)
def test_a_threat_is_not_sent_by_adding_an_offer_of_help(desk, text):
    assert not desk(US).overdue().allowed(Message(channel="letter", text=text))


def test_the_letter_of_a_plan_says_that_reminders_stop_only_where_they_do(desk):
    facts = ReminderFacts(D(500), "USD", date(2026, 12, 9), "Bank", 12, D(6000))
    assert "our reminders stop" not in text_for("H3", "letter", "en", facts).body
    d = desk(US).overdue()
    d.record("plan_accepted", plan_id=d.offer_plan())
    d.plus(days=1)
    assert d.allowed(Call())


def test_a_cure_closes_the_record_of_the_case_and_it_is_cleared(desk, sqlite_store):
    d = desk(SEED).overdue()
    d.record("payment_received", amount=D(200))
    d.record("cured", on=date(2026, 11, 9))
    with sqlite_store.reading() as connection:
        (record,) = all_records(connection)
    assert (record.opened_on, record.closed_on) == (date(2026, 10, 26), date(2026, 11, 9))
    gone = clear_records(
        sqlite_store, as_of=date(2026, 11, 30), policy=POLICIES["seed_2021"], now=d.now
    )
    assert gone.n_records == 1
    assert "record_cleared" in [e.kind for e in d.book.case(d.case).events]


@pytest.mark.parametrize(
    ("cured_on", "months"),
    [
        # Noted on 9 November, 14 days after the due day, and on 20 December, 55 days after it.
        (date(2026, 12, 20), [("2026-11", 14), ("2026-12", 55)]),
        (date(2026, 12, 1), [("2026-11", 14), ("2026-12", 36)]),
        (date(2026, 11, 9), [("2026-11", 14)]),
        (date(2026, 11, 2), [("2026-11", 7)]),
        (date(2026, 10, 30), [("2026-10", 4)]),
    ],
)
def test_a_cure_that_is_entered_late_takes_back_what_was_noted_after_it(
    desk, sqlite_store, cured_on, months
):
    d = desk(SEED).overdue()
    d.now = datetime.fromisoformat("2026-12-20T10:00+08:00")
    d.record("payment_received", amount=D(50))
    d.record("cured", on=cured_on)
    with sqlite_store.reading() as connection:
        (record,) = all_records(connection)
    assert record.closed_on == cured_on
    assert [(one.month, one.days_past_due) for one in record.buckets] == months
    # Another lender's import takes it: it does not contradict itself.
    assert parse_rows(list(record_rows([record])), where="own")


def test_a_relapse_inherits_nothing_of_earlier_arrears(desk):
    d = desk(("cn_2026", "Asia/Shanghai", "2026-01-12T10:00+08:00")).overdue(
        due=date(2025, 12, 26)
    )
    plan = d.offer_plan(date(2026, 2, 9))
    d.record("plan_refused", plan_id=plan)
    d.record("conversation_held", channel="phone")
    d.plus(days=31)
    d.record("conversation_held", channel="phone")
    d.record("willingness_assessed", evidence="strong", reason="The income covers all of it.")
    d.record("sign_off_given", actor="legal-1", sign_off_id="s-1")
    d.plus(days=60)
    step = TakeLegalStep(
        "letter", "Two plans were refused although the income covers them.", "s-1"
    )
    assert d.allowed(step)
    d.record("cured", on=d.now.date())
    d.plus(days=30)
    d.overdue(due=d.now.date() - timedelta(days=1))
    d.plus(days=100)
    refused = {r.rule for r in d.book.ask(d.case, step, at=d.now, actor="agent-1").refusals}
    assert {"order.help_first", "legal.contacts_min", "legal.sign_off_required"} <= refused


def test_nothing_is_done_before_the_day_of_a_promise(desk):
    d = desk(SEED).overdue()
    d.record("promise_made", promise_id="p", amount=D(200), due=date(2026, 11, 12))
    d.plus(days=3)
    assert not d.allowed(LETTER)
    d.plus(days=1)
    assert d.allowed(LETTER)
    assert [p.state for p in d.view().history.promises] == ["broken"]
    d.record("payment_received", amount=D(50))
    assert [p.state for p in d.view().history.promises] == ["broken"]  # too late


def test_nothing_goes_out_after_payment_or_closing(desk):
    d = desk(SEED).overdue()
    d.record("payment_received", amount=D(200))
    d.plus(days=1)
    assert not d.allowed(LETTER) and not d.allowed(Call())
    d.record("payment_reversed", amount=D(200))
    assert d.allowed(LETTER)
    d.record("case_closed", reason="settled")
    assert not d.allowed(LETTER)
    with pytest.raises(CaseworkError, match="belongs to a new case"):
        d.overdue()


def test_a_debt_is_not_sold_while_it_is_disputed_or_in_a_plan(desk):
    d = desk(SEED).overdue()
    sale = TransferDebt("buyer-1", "The portfolio of this year is sold by tender.")
    d.record("dispute_opened", dispute_id="d")
    assert not d.allowed(sale)
    d.record("dispute_closed", dispute_id="d", outcome="not_upheld")
    d.record("plan_accepted", plan_id=d.offer_plan())
    assert not d.allowed(sale)


def test_an_overpayment_is_known_and_goes_back(desk):
    d = desk(SEED).overdue()
    d.record("payment_received", amount=D(260))
    assert d.view().history.arrears.beyond == D(60)
    d.record("refund_made", amount=D(60))
    assert d.view().history.arrears.beyond == 0
