"""No sequence of events makes casework break a limit, as an independent reading tells."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from delinquency.casework.actions import (
    Call,
    Charge,
    Decline,
    Message,
    OfferPlan,
    TakeLegalStep,
    Visit,
)
from delinquency.casework.case_file import Case
from delinquency.casework.check import check
from delinquency.casework.events import (
    ChargeMade,
    ConsentGiven,
    ConsentWithdrawn,
    ContactAttempted,
    ContactResumed,
    ContactStopped,
    ConversationHeld,
    Cured,
    CustomerDied,
    DeathRefuted,
    DisputeClosed,
    DisputeOpened,
    FraudClosed,
    FraudReported,
    HardshipDeclared,
    HardshipEnded,
    InsolvencyEnded,
    InsolvencyOpened,
    LegalStepTaken,
    MessageSent,
    NumberInvalid,
    PaymentReceived,
    PlanAccepted,
    PlanBroken,
    PlanOffered,
    PlanRefused,
    PromiseMade,
    RepresentationEnded,
    RepresentativeAppointed,
    SignOffGiven,
    VulnerabilityFlagged,
    VulnerabilityLifted,
    WentOverdue,
    WillingnessAssessed,
)
from delinquency.casework.plans import instalment_plan
from delinquency.policy import policy_from_dict

POLICIES = [
    policy_from_dict(yaml.safe_load(file.read_text(encoding="utf-8")), file.name)
    for file in sorted((Path(__file__).parents[2] / "conf" / "policy").glob("*.yaml"))
]
ZONES = ("Asia/Shanghai", "America/New_York", "Europe/Berlin", "Asia/Kathmandu")
KIND = "Your bill is open. Is there a difficulty we can help with? 如有困难请告知。"
HARSH = "Pay at once or we go to court."
D = Decimal


class Casework(RuleBasedStateMachine):
    """A person works a case: asks for anything, does only what is allowed."""

    @initialize(
        policy=st.sampled_from(POLICIES),
        zone=st.sampled_from(ZONES),
        start=st.one_of(
            # The eve of long holidays, of both clock changes, and any other day.
            st.sampled_from(
                [
                    datetime(2026, 2, 13, 2),
                    datetime(2026, 9, 30, 3),
                    datetime(2026, 3, 7, 15),
                    datetime(2026, 10, 24, 9),
                ]
            ),
            st.datetimes(datetime(2026, 1, 1), datetime(2026, 11, 1)),
        ),
    )
    def open(self, policy, zone, start):
        self.policy, self.zone = policy, ZoneInfo(zone)
        self.now = self.arrears_began = start.replace(tzinfo=UTC, microsecond=0)
        self.overdue_since = self.now.astimezone(self.zone).date()
        self.events, self.plans = [], 0
        self.case = Case("K-1", "C-1", zone)
        self.happen(WentOverdue, amount=D(1000), due=self.overdue_since)

    def happen(self, kind, **fields):
        event = kind(at=self.now, actor="agent-1", **fields)
        self.events.append(event)
        self.case = Case("K-1", "C-1", self.case.time_zone, "en", self.days(), tuple(self.events))
        return event

    def days(self):
        return max((self.now.astimezone(self.zone).date() - self.overdue_since).days, 0)

    def allowed(self, action):
        case = Case("K-1", "C-1", self.case.time_zone, "en", self.days(), tuple(self.events))
        decision = check(action, case, self.policy, self.now)
        if decision.allowed:
            return True
        assert decision.refusals and decision.rule and decision.rule_source and decision.reason
        for refusal in decision.refusals:
            assert refusal.rule and refusal.rule_source and refusal.reason
            assert "[" in refusal.rule_source or refusal.rule_source.startswith(
                ("Source article", "Our rule")
            )
        later = decision.next_allowed_at
        if later is not None and isinstance(action, Call | Visit | Message):
            assert later > self.now
            assert check(action, case, self.policy, later).allowed
            before = check(action, case, self.policy, later - timedelta(minutes=1))
            assert not before.allowed or later - timedelta(minutes=1) < self.now
        return False

    @rule(minutes=st.sampled_from([1, 37, 61, 240, 600, 1439, 1440, 4321, 10080, 43200]))
    def wait(self, minutes):
        self.now += timedelta(minutes=minutes)

    @rule(
        answered=st.booleans(),
        heated=st.booleans(),
        number=st.sampled_from(["main", "work"]),
        purpose=st.sampled_from(["reminder", "help", "plan"]),
    )
    def call(self, answered, heated, number, purpose):
        if not self.allowed(Call(number_id=number, purpose=purpose)):
            return
        if answered:
            event = self.happen(ConversationHeld, channel="phone", number_id=number, heated=heated)
        else:
            event = self.happen(ContactAttempted, channel="phone", number_id=number)
        self.held(event, purpose)

    @rule(times=st.integers(4, 9), gap=st.sampled_from([45, 61, 300, 1440]))
    def call_again_and_again(self, times, gap):
        for _ in range(times):
            self.call(False, False, "main", "reminder")
            self.now += timedelta(minutes=gap)

    @rule(times=st.integers(3, 7), gap=st.sampled_from([61, 1440, 2000]))
    def write_again_and_again(self, times, gap):
        for _ in range(times):
            self.write("letter", KIND)
            self.now += timedelta(minutes=gap)

    @rule(
        refuses=st.booleans(),
        weeks=st.sampled_from([2, 7]),
        evidence=st.sampled_from(["partial", "strong", "strong", "strong"]),
        trouble=st.sampled_from(
            [None, None, HardshipDeclared, VulnerabilityFlagged, DisputeOpened, PlanAccepted]
        ),
    )
    def take_the_long_road_to_law(self, refuses, weeks, evidence, trouble):
        self.plan(12, "0", D(150), "refuse" if refuses else "leave")
        for _ in range(3):
            self.now = datetime.combine(
                self.now.astimezone(self.zone).date() + timedelta(weeks=weeks),
                time(11),
                tzinfo=self.zone,
            ).astimezone(UTC)
            self.write("letter", KIND)
        self.assess(evidence)
        self.sign("legal-1")
        self.notice()
        if trouble is DisputeOpened:
            self.dispute(True)
        elif trouble is PlanAccepted:
            self.plan(12, "0", D(4000), "accept")
            self.call(False, False, "main", "reminder")
        elif trouble is not None:
            self.circumstance(trouble)
        self.go_to_law("Two offers went unanswered since May.", "L-1")

    @rule(number=st.just("other"))
    def ask_a_third_party(self, number):
        action = Call(number_id=number, party="third_party", purpose="locate")
        if self.allowed(action):
            event = self.happen(
                ContactAttempted, channel="phone", number_id=number, party="third_party"
            )
            self.held(event, "locate")

    @rule(staff=st.integers(1, 3))
    def visit(self, staff):
        if self.allowed(Visit(staff=staff)):
            self.held(self.happen(ContactAttempted, channel="visit", staff=staff), "reminder")

    @rule(
        channel=st.sampled_from(["sms", "email", "letter", "app"]),
        text=st.sampled_from([KIND, HARSH]),
    )
    def write(self, channel, text):
        if self.allowed(Message(channel, text)):
            assert text == KIND
            self.held(self.happen(MessageSent, channel=channel, text_id="t"), "reminder")

    @rule(channel=st.sampled_from(["sms", "email", "app"]), gives=st.booleans())
    def consent(self, channel, gives):
        self.happen(ConsentGiven if gives else ConsentWithdrawn, channel=channel)

    @rule()
    def wrong_number(self):
        self.happen(NumberInvalid, number_id="work")

    @rule(
        kind=st.sampled_from(["late_fee", "interest"]),
        cents=st.integers(0, 4000),
        days=st.integers(0, 60),
        claimed=st.sampled_from([D(-5), D(0), D(400), D(1000), D(5000), D(10**9)]),
        repeated=st.booleans(),
    )
    def charge(self, kind, cents, days, claimed, repeated):
        amount = D(cents) / 100
        action = Charge(kind, amount, claimed, days=days, repeated=repeated)
        if not self.allowed(action) or amount == 0:
            return
        owed = self.unpaid()
        # Whatever is claimed: no limit is above what the log says is overdue.
        assert 0 < claimed <= owed
        for begins, ends in ((CustomerDied, DeathRefuted), (DisputeOpened, DisputeClosed)):
            assert not self.lasts(begins, ends)
        if kind == "late_fee":
            assert amount <= owed
            assert not [
                e
                for e in self.events
                if isinstance(e, ChargeMade)
                and e.charge == "late_fee"
                and e.amount > 0
                and e.at >= self.arrears_began
            ], "no second fee for one missed payment"
            share = self.policy.charges.late_fee_rate_max.value
            assert share is None or amount <= share * owed
        self.happen(
            ChargeMade,
            charge=kind,
            amount=amount,
            overdue_principal=claimed,
            days=days,
            repeated=repeated,
        )

    @rule(cents=st.sampled_from([10_000, 60_000, 100_000, 250_000]))
    def pay(self, cents):
        self.happen(PaymentReceived, amount=D(cents) / 100)

    @rule(days=st.integers(0, 20), amount=st.sampled_from([D(50), D(1000)]))
    def promise(self, days, amount):
        self.plans += 1
        day = self.now.astimezone(self.zone).date() + timedelta(days=days)
        self.happen(PromiseMade, promise_id=f"pr{self.plans}", amount=amount, due=day)

    @rule(
        what=st.sampled_from(
            [
                (CustomerDied, {}),
                (DeathRefuted, {"reason": "It was the father of the same name."}),
                (FraudReported, {"report_id": "f1"}),
                (FraudClosed, {"report_id": "f1", "outcome": "not_confirmed"}),
                (InsolvencyOpened, {}),
                (InsolvencyEnded, {"outcome": "dismissed"}),
                (ContactStopped, {"channel": "all"}),
                (ContactResumed, {"channel": "all"}),
                (RepresentativeAppointed, {"representative_id": "office-1"}),
                (RepresentationEnded, {"representative_id": "office-1"}),
            ]
        )
    )
    def circumstance_of_life(self, what):
        kind, fields = what
        self.happen(kind, **fields)

    @rule(
        months=st.integers(1, 70),
        rate=st.sampled_from(["0", "0.12", "0.24", "0.36"]),
        residual=st.sampled_from([None, D(-50), D(20), D(150), D(4000)]),
        answer=st.sampled_from(["accept", "refuse", "leave"]),
    )
    def plan(self, months, rate, residual, answer):
        plan = instalment_plan(
            D(1000), months=months, annual_rate=D(rate), first_due=date(2026, 3, 31)
        )
        if not self.allowed(OfferPlan(plan, residual, D(1000))):
            return
        rules = self.policy.plan
        assert residual is not None
        assert plan.largest <= rules.affordability_share.value * residual
        if rules.months_max.value is not None:
            assert plan.months <= rules.months_max.value
        if rules.annual_rate_max.value is not None:
            assert D(rate) <= rules.annual_rate_max.value
        assert sum(item.principal for item in plan.instalments) == D(1000)
        assert not self.running()
        self.plans += 1
        name = f"p{self.plans}"
        self.happen(
            PlanOffered,
            plan_id=name,
            plan_kind="instalments",
            months=plan.months,
            instalment=plan.instalment,
            total=plan.total,
        )
        if answer == "accept":
            self.happen(PlanAccepted, plan_id=name)
        elif answer == "refuse":
            self.happen(PlanRefused, plan_id=name)

    def running(self):
        accepted = {e.plan_id for e in self.events if isinstance(e, PlanAccepted)}
        return accepted - {e.plan_id for e in self.events if isinstance(e, PlanBroken)}

    @rule()
    def break_the_plan(self):
        for name in self.running():
            self.happen(PlanBroken, plan_id=name, missed=2)

    @rule(
        kind=st.sampled_from(
            [HardshipDeclared, HardshipEnded, VulnerabilityFlagged, VulnerabilityLifted]
        )
    )
    def circumstance(self, kind):
        self.happen(kind)

    @rule(opens=st.booleans())
    def dispute(self, opens):
        if opens:
            self.happen(DisputeOpened, dispute_id="d1")
        else:
            self.happen(DisputeClosed, dispute_id="d1", outcome="upheld")

    @rule(evidence=st.sampled_from(["weak", "partial", "strong"]))
    def assess(self, evidence):
        reason = "Income is known and covers what is due."
        self.happen(WillingnessAssessed, evidence=evidence, reason=reason)

    @rule(by=st.sampled_from(["legal-1", "agent-1", "unnamed"]))
    def sign(self, by):
        self.events.append(SignOffGiven(at=self.now, actor=by, sign_off_id="L-1"))

    @rule()
    def notice(self):
        self.happen(
            MessageSent,
            channel="letter",
            text_id="t",
            step="H4",
            template="legal_notice:1",
            offers_help=False,
        )
        self.now += timedelta(days=15)

    @rule(
        reason=st.sampled_from(["", "no answer", "Two offers went unanswered since May."]),
        signed=st.sampled_from(["", "L-1"]),
    )
    def go_to_law(self, reason, signed):
        if self.allowed(TakeLegalStep("letter", reason, signed, asked_by="agent-1")):
            self.gate_was_open(reason, signed)
            self.happen(LegalStepTaken, legal_step="letter", sign_off_id=signed or "none")

    def gate_was_open(self, reason, signed):
        assert len(reason.split()) >= 4 and signed
        signatures = [
            e for e in self.events if isinstance(e, SignOffGiven) and e.at >= self.arrears_began
        ]
        assert signatures and signatures[-1].actor == "legal-1"
        helped = [
            e
            for e in self.events
            if isinstance(e, PlanOffered | MessageSent) and e.at >= self.arrears_began
        ]
        assert helped, "help comes first, in these arrears"
        assert self.unpaid() > 0
        assert self.days() >= self.policy.legal.days_past_due_min.value
        ended = {e.plan_id for e in self.events if isinstance(e, PlanRefused | PlanBroken)}
        assert ended & {e.plan_id for e in self.events if isinstance(e, PlanOffered)}
        assert not self.running()
        for begins, ends in (
            (HardshipDeclared, HardshipEnded),
            (VulnerabilityFlagged, VulnerabilityLifted),
            (DisputeOpened, DisputeClosed),
            (CustomerDied, DeathRefuted),
            (InsolvencyOpened, InsolvencyEnded),
        ):
            last = [e for e in self.events if isinstance(e, begins | ends)]
            assert not last or isinstance(last[-1], ends)
        levels = [
            e.evidence
            for e in self.events
            if isinstance(e, WillingnessAssessed) and e.at >= self.arrears_began
        ]
        assert levels and levels[-1] == "strong"

    @rule()
    def decline(self):
        assert not self.allowed(Decline("limit"))

    @rule()
    def cure_and_fall_behind_again(self):
        self.now += timedelta(minutes=1)
        self.happen(Cured, on=self.now.astimezone(self.zone).date())
        self.arrears_began = self.now
        self.overdue_since = self.now.astimezone(self.zone).date()
        self.happen(WentOverdue, amount=D(1000), due=self.overdue_since)

    def unpaid(self):
        """What is overdue, read from the log alone: the last cure, dues and payments since."""
        start = max((i for i, e in enumerate(self.events) if isinstance(e, Cured)), default=-1)
        since, owed = self.events[start + 1 :], D(0)
        for event in since:
            if isinstance(event, WentOverdue):
                owed += event.amount
            elif isinstance(event, PaymentReceived):
                owed -= min(event.amount, owed)
        return owed

    def lasts(self, begins, ends, **fields):
        """Whether the last of two kinds of event is the one that begins something."""
        found = [
            e
            for e in self.events
            if isinstance(e, begins | ends)
            and all(getattr(e, name, value) == value for name, value in fields.items())
        ]
        return bool(found) and isinstance(found[-1], begins)

    def nobody_is_pressed_who_must_not_be(self, channel, purpose):
        """Nothing goes to the dead, the disputed, the paid, the opted-out, the promised."""
        assert not self.lasts(CustomerDied, DeathRefuted)
        assert not self.lasts(DisputeOpened, DisputeClosed)
        assert not self.lasts(FraudReported, FraudClosed)
        assert not self.lasts(InsolvencyOpened, InsolvencyEnded)
        assert not self.lasts(ContactStopped, ContactResumed, channel="all")
        assert not self.lasts(ConsentWithdrawn | ContactStopped, ConsentGiven, channel=channel)
        if purpose in ("reminder", "locate"):
            assert self.unpaid() > 0
            today = self.now.astimezone(self.zone).date()
            for promise in (e for e in self.events if isinstance(e, PromiseMade)):
                paid = sum(
                    e.amount
                    for e in self.events
                    if isinstance(e, PaymentReceived) and e.at >= promise.at
                )
                assert today > promise.due or paid >= promise.amount

    def held(self, event, purpose):
        """Assert that a contact which was allowed keeps every limit, read from the log alone."""
        if event.party == "customer":
            self.nobody_is_pressed_who_must_not_be(event.channel, purpose)
        rules, policy = self.policy.contact, self.policy
        local = event.at.astimezone(self.zone)
        assert rules.hours.value.start <= local.time() < rules.hours.value.end
        if not rules.holidays_allowed.value:
            assert local.date() not in policy.communication.holidays.value
        before = self.events[: self.events.index(event)]
        spoken = not isinstance(event, MessageSent)
        talks = [e for e in before if isinstance(e, ConversationHeld) and not e.inbound]
        calls = [e for e in before if isinstance(e, ContactAttempted | ConversationHeld)]
        texts = [e for e in before if isinstance(e, MessageSent)]

        def today(events):
            return [e for e in events if e.at.astimezone(self.zone).date() == local.date()]

        def week(events):
            return [e for e in events if e.at > event.at - timedelta(days=7)]

        def below(count, limit):
            assert limit is None or count < limit

        if spoken:
            below(len(today(talks)), rules.conversations_per_day_max.value)
            below(len(week(calls)), rules.calls_per_7_days_max.value)
            for talk in talks:
                rest = (
                    rules.cool_off_after_heated_days
                    if talk.heated
                    else rules.cool_off_after_conversation_days
                ).value
                assert event.at >= talk.at + timedelta(days=rest)
        else:
            below(len(today(texts)), rules.messages_per_day_max.value)
            below(len(week(texts)), rules.messages_per_7_days_max.value)
        if event.channel == "visit":
            assert event.staff >= rules.visit_staff_min.value
        if event.channel == "phone" and isinstance(event, ContactAttempted):
            same = [
                e
                for e in today(before)
                if isinstance(e, ContactAttempted)
                and e.channel == "phone"
                and e.number_id == event.number_id
            ]
            below(len(same), rules.dials_per_number_per_day_max.value)
        assert event.channel in rules.channels.value
        if event.channel in rules.consent_channels.value:
            spoke = [
                e
                for e in before
                if isinstance(e, ConsentGiven | ConsentWithdrawn) and e.channel == event.channel
            ]
            assert spoke and isinstance(spoke[-1], ConsentGiven)
        if event.party == "third_party":
            assert rules.third_party.value != "never"
        accepted = {e.plan_id for e in before if isinstance(e, PlanAccepted)}
        broken = {e.plan_id for e in before if isinstance(e, PlanBroken)}
        if policy.plan.stops_collection.value and purpose == "reminder":
            assert not accepted - broken

    @invariant()
    def every_charge_kept_every_cap(self):
        if not getattr(self, "events", None):
            return
        charges = [
            e for e in self.events if isinstance(e, ChargeMade) and e.at >= self.arrears_began
        ]
        rules = self.policy.charges
        fees = sum((e.amount for e in charges if e.charge == "late_fee"), D(0))
        interest = [e for e in charges if e.charge == "interest"]
        if rules.late_fee_rate_max.value is not None:
            assert fees <= rules.late_fee_rate_max.value * 1000
        if rules.late_fee_repeat_max.value is not None:
            assert fees <= rules.late_fee_repeat_max.value
        assert sum(e.days for e in interest) <= self.days()
        if rules.interest_rate_max.value is not None:
            # 1,000 was overdue at most, on each of those days.
            cap = rules.interest_rate_max.value * 1000 * self.days()
            assert sum(e.amount for e in interest) * rules.days_in_year.value <= cap


Casework.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestCasework = Casework.TestCase


def test_a_long_night_of_asking_changes_nothing():
    policy = next(p for p in POLICIES if p.name == "seed_2021")
    case = Case("K-1", "C-1", "Asia/Shanghai")
    night = datetime.combine(date(2026, 3, 11), time(23, 0), tzinfo=ZoneInfo("Asia/Shanghai"))
    assert all(
        not check(Call(), case, policy, night + timedelta(minutes=n)).allowed for n in range(480)
    )
