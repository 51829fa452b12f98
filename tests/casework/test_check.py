from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from delinquency.casework.actions import (
    TREATMENTS,
    Action,
    Charge,
    Decline,
    Message,
    OfferHelp,
    OfferPlan,
    ShareRecord,
    TakeLegalStep,
)
from delinquency.casework.case_file import Case
from delinquency.casework.check import check
from delinquency.casework.events import (
    ChargeMade,
    ConversationHeld,
    DisputeClosed,
    DisputeOpened,
    HardshipDeclared,
    HardshipEnded,
    LegalStepTaken,
    MessageSent,
    PlanAccepted,
    PlanOffered,
    PlanRefused,
    SignOffGiven,
    VulnerabilityFlagged,
    VulnerabilityLifted,
    WentOverdue,
    WillingnessAssessed,
)
from delinquency.casework.plans import instalment_plan
from delinquency.errors import ChoiceError
from delinquency.traits import TRAITS

D = Decimal
SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 6, 10, 10, 0, tzinfo=SHANGHAI)
PLAN = instalment_plan(D("1200"), months=12, annual_rate=D(0), first_due=date(2026, 7, 1))


def case(*events, days_past_due=100):
    return Case("K-1", "C-1", "Asia/Shanghai", days_past_due=days_past_due, events=events)


def day(number):
    return NOW - timedelta(days=number)


def sent(days_ago):
    return MessageSent(at=day(days_ago), actor="a", channel="letter", text_id="t")


def offered():
    return PlanOffered(
        at=day(70),
        actor="a",
        plan_id="p1",
        plan_kind="instalments",
        months=12,
        instalment=D(100),
        total=D(1200),
    )


READY = (
    offered(),
    PlanRefused(at=day(65), actor="a", plan_id="p1"),
    sent(60),
    sent(30),
    WillingnessAssessed(
        at=day(5), actor="a", evidence="strong", reason="Income is known and covers the payment."
    ),
    SignOffGiven(at=day(4), actor="legal-1", sign_off_id="L-1"),
)

STEP = TakeLegalStep("letter", human_reason="No answer to two offers.", sign_off_id="L-1")


def notice(days_ago):
    return MessageSent(
        at=day(days_ago), actor="a", channel="letter", text_id="t", template="legal_notice:1"
    )


@pytest.mark.parametrize("name", ["seed_2021", "cn_2026", "us_reg_f"])
def test_the_gate_opens_when_everything_is_there(policies, name):
    assert check(STEP, case(*READY), policies[name], NOW).allowed


@pytest.mark.parametrize("name", ["template", "eu_ccd2", "uk_conc"])
def test_where_the_policy_asks_for_notice_fourteen_days_must_have_passed(policies, name):
    policy = policies[name]
    assert check(STEP, case(*READY), policy, NOW).rule == "legal.prior_notice_days"
    early = check(STEP, case(*READY, notice(13)), policy, NOW)
    assert early.rule == "legal.prior_notice_days"
    assert early.next_allowed_at == NOW.astimezone(UTC) + timedelta(days=1)
    assert check(STEP, case(*READY, notice(14)), policy, NOW).allowed


@pytest.mark.parametrize(
    ("events", "step", "days_past_due", "rule"),
    [
        (READY, STEP, 89, "legal.days_past_due_min"),
        (READY[2:], STEP, 100, "legal.plan_refused_or_broken"),
        (READY[:1] + READY[2:], STEP, 100, "legal.plan_refused_or_broken"),
        (READY[:3] + READY[4:], STEP, 100, "legal.contacts_min"),
        (READY[:3] + (sent(31),) + READY[4:], STEP, 100, "legal.contacts_min"),
        (READY[:4] + READY[5:], STEP, 100, "legal.willingness_evidence_min"),
        (READY[:5], STEP, 100, "legal.sign_off_required"),
        (READY, replace(STEP, sign_off_id=" "), 100, "legal.sign_off_required"),
        (READY, replace(STEP, human_reason=""), 100, "legal.human_reason_required"),
        ((*READY, HardshipDeclared(at=day(2), actor="a")), STEP, 100, "legal.blocked_by"),
        ((*READY, VulnerabilityFlagged(at=day(2), actor="a")), STEP, 100, "legal.blocked_by"),
        (
            (*READY, DisputeOpened(at=day(2), actor="a", dispute_id="d1")),
            STEP,
            100,
            "legal.blocked_by",
        ),
        (
            (*READY, PlanAccepted(at=day(2), actor="a", plan_id="p2")),
            STEP,
            100,
            "legal.blocked_by",
        ),
    ],
)
def test_each_bar_of_the_gate_holds_alone(seed, events, step, days_past_due, rule):
    decision = check(step, case(*events, days_past_due=days_past_due), seed, NOW)
    assert not decision.allowed
    assert [refusal.rule for refusal in decision.refusals] == [rule]
    assert all(refusal.rule_source for refusal in decision.refusals)


def test_a_block_that_was_lifted_no_longer_holds(seed):
    lifted = (
        *READY,
        HardshipDeclared(at=day(4), actor="a"),
        HardshipEnded(at=day(3), actor="a"),
        VulnerabilityFlagged(at=day(4), actor="a"),
        VulnerabilityLifted(at=day(3), actor="a"),
        DisputeOpened(at=day(4), actor="a", dispute_id="d1"),
        DisputeClosed(at=day(3), actor="a", dispute_id="d1", outcome="not_upheld"),
    )
    assert check(STEP, case(*lifted), seed, NOW).allowed


def test_help_comes_before_the_law_whatever_the_policy_says(seed):
    contacts = [ConversationHeld(at=day(days), actor="a", channel="phone") for days in (80, 40)]
    decision = check(STEP, case(*contacts), seed, NOW)
    assert "order.help_first" in [refusal.rule for refusal in decision.refusals]


def test_too_young_a_debt_says_when_it_will_be_old_enough(seed):
    decision = check(STEP, case(*READY, days_past_due=88), seed, NOW)
    assert decision.next_allowed_at == NOW.astimezone(UTC) + timedelta(days=2)


def test_a_decline_needs_a_reason_that_a_person_recorded(policies):
    for policy in policies.values():
        assert not check(Decline("limit increase"), case(), policy, NOW).allowed
        assert check(
            Decline("limit increase", "Income was not shown after two requests."),
            case(),
            policy,
            NOW,
        ).allowed


def test_a_record_is_shared_only_with_consent(policies):
    assert not check(ShareRecord(), case(), policies["seed_2021"], NOW).allowed
    assert check(ShareRecord(consent=True), case(), policies["seed_2021"], NOW).allowed


def offer(plan=PLAN, residual="125", due="300", **more):
    return OfferPlan(plan, None if residual is None else D(residual), D(due), **more)


def test_a_plan_that_fits_may_be_offered_and_a_cent_less_income_refuses_it(seed):
    # 0.8 * 125.00 = 100.00 = the instalment; 0.8 * 124.99 = 99.992, down 99.99
    assert check(offer(), case(), seed, NOW).allowed
    decision = check(offer(residual="124.99"), case(), seed, NOW)
    assert decision.rule == "plan.affordability_share"
    assert "0.01 is missing" in decision.reason


@pytest.mark.parametrize(
    ("action", "events", "rule"),
    [
        (offer(residual=None), (), "plan.affordability_share"),
        (offer(due="100"), (), "plan.requires"),
        (offer(), READY, "plan.requires"),
        (offer(replace(PLAN, annual_rate=D("0.25"))), (), "plan.annual_rate_max"),
        (
            offer(
                instalment_plan(D("610"), months=61, annual_rate=D(0), first_due=date(2026, 7, 1))
            ),
            (),
            "plan.months_max",
        ),
        (offer(replace(PLAN, instalments=PLAN.instalments[:-1])), (), "plan.exact"),
        (offer(replace(PLAN, fee=D("0.01"))), (), "plan.fee_rate_max"),
        (offer(), (PlanAccepted(at=day(2), actor="a", plan_id="p9"),), "plan.stops_collection"),
    ],
)
def test_each_rule_on_plans_holds(seed, action, events, rule):
    decision = check(action, case(*events), seed, NOW)
    assert rule in [refusal.rule for refusal in decision.refusals]
    assert all(refusal.rule_source for refusal in decision.refusals)


def test_sixty_months_hold_and_sixty_one_do_not(seed):
    for months, allowed in ((60, True), (61, False)):
        plan = instalment_plan(
            D("6100"), months=months, annual_rate=D(0), first_due=date(2026, 7, 1)
        )
        assert check(offer(plan, residual="1000", due="900"), case(), seed, NOW).allowed is allowed


def test_a_text_passes_tone_and_offer_of_help(seed):
    letter = Message("letter", "Your bill of 3 June is open. Can we help?")
    assert check(letter, case(), seed, NOW).allowed
    harsh = check(replace(letter, text="Pay or we go to court."), case(), seed, NOW)
    assert {refusal.rule for refusal in harsh.refusals} == {"tone"}
    assert not check(replace(letter, text=" "), case(), seed, NOW).allowed


def test_legal_words_wait_for_a_legal_step_that_was_taken(seed):
    notice = Message(
        "letter", "The court has set a date for the hearing.", step="H4", purpose="reply"
    )
    assert not check(notice, case(), seed, NOW).allowed
    taken = LegalStepTaken(at=day(3), actor="a", legal_step="suit", sign_off_id="L-1")
    assert check(notice, case(taken), seed, NOW).allowed


def overdue(days):
    return WentOverdue(at=day(days), actor="bank", amount=D(1000), due=day(days).date())


def test_the_days_past_due_come_from_the_event_that_says_since_when(seed):
    for days, allowed in ((89, False), (90, True)):
        since = WentOverdue(at=day(95), actor="bank", amount=D(100), due=day(days).date())
        assert check(STEP, case(since, *READY, days_past_due=0), seed, NOW).allowed is allowed


def charged(kind, amount, days=0):
    return ChargeMade(
        at=day(1),
        actor="bank",
        charge=kind,
        amount=D(amount),
        overdue_principal=D(1000),
        days=days,
    )


def test_late_fees_of_one_event_add_up(seed):
    fee = Charge("late_fee", D("6.00"), D(1000))
    assert check(fee, case(overdue(30)), seed, NOW).allowed
    # 5.00 + 6.00 = 11.00 > 1 % of 1,000 = 10.00
    decision = check(fee, case(overdue(30), charged("late_fee", "5.00")), seed, NOW)
    assert decision.rule == "charges.late_fee_rate_max"
    assert "1.00 above" in decision.reason


def test_no_day_of_interest_is_charged_twice(seed):
    # 24 % of 1,000 over 20 days = 13.15
    interest = Charge("interest", D("13.15"), D(1000), days=20)
    assert check(interest, case(overdue(30)), seed, NOW).allowed
    decision = check(interest, case(overdue(30), charged("interest", "13.15", days=20)), seed, NOW)
    assert decision.rule == "charges.interest_rate_max"
    assert "no day is charged twice" in decision.reason


def test_a_payment_does_not_make_an_earlier_fee_wrong(seed):
    events = (overdue(30), charged("late_fee", "10.00"))
    # On the 400 left, 24 % over 10 days = 2.63
    interest = Charge("interest", D("2.63"), D(400), days=10)
    assert check(interest, case(*events), seed, NOW).allowed


def test_every_treatment_of_every_trait_can_be_asked_for(seed):
    for trait in TRAITS.values():
        for treatment in trait.treatments:
            assert treatment in TREATMENTS
            decision = check(OfferHelp(treatment), case(), seed, NOW)
            assert decision.allowed is (treatment != "written_terms")


def test_written_terms_need_strong_evidence_of_the_case_and_no_dispute(seed):
    # What is claimed is not counted, whatever level it names.
    claimed = OfferHelp("written_terms", willingness_evidence="strong")
    assert check(claimed, case(), seed, NOW).rule == "legal.willingness_evidence_min"
    assert check(claimed, case(READY[4]), seed, NOW).allowed
    open_dispute = DisputeOpened(at=day(2), actor="a", dispute_id="d1")
    assert check(claimed, case(READY[4], open_dispute), seed, NOW).rule == "legal.blocked_by"


def test_an_unknown_treatment_is_named():
    with pytest.raises(ChoiceError, match="Did you mean 'instalments'"):
        OfferHelp("instalment")


def test_an_action_that_no_rule_was_asked_about_is_refused_by_name(seed):
    class Seize(Action):
        name = "seize"

    with pytest.raises(ChoiceError, match="Unknown action 'seize'"):
        check(Seize(), case(), seed, NOW)
