"""Reads a case's events into its history, oldest first, and from nothing later than a moment."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar

from delinquency.casework.arrears import Ledger
from delinquency.casework.case_file import Case
from delinquency.casework.events import (
    BudgetStated,
    CaseClosed,
    CaseOpened,
    CaseReopened,
    CauseConfirmed,
    ChargedOff,
    ChargeMade,
    ChargeRefunded,
    ComplaintAnswered,
    ComplaintReceived,
    ConsentGiven,
    ConsentWithdrawn,
    ContactAttempted,
    ContactResumed,
    ContactStopped,
    ConversationHeld,
    Cured,
    CustomerDied,
    DeathRefuted,
    DebtReturned,
    DebtTransferred,
    DisputeClosed,
    DisputeOpened,
    DocumentsProvided,
    Event,
    FraudClosed,
    FraudReported,
    GuarantorNamed,
    HardshipDeclared,
    HardshipEnded,
    HelpOffered,
    HoursAgreed,
    IllnessEnded,
    IllnessReported,
    InsolvencyEnded,
    InsolvencyOpened,
    LegalStepTaken,
    MessageSent,
    MilitaryServiceBegan,
    MilitaryServiceEnded,
    MinorIdentified,
    NumberInvalid,
    PaymentReceived,
    PaymentReversed,
    PlanAccepted,
    PlanBroken,
    PlanCompleted,
    PlanOffered,
    PlanRefused,
    PromiseBroken,
    PromiseKept,
    PromiseMade,
    QuestionAsked,
    RefundMade,
    ReplySent,
    RepresentationEnded,
    RepresentativeAppointed,
    SignOffGiven,
    TextReviewed,
    ThirdPartyRefused,
    VulnerabilityFlagged,
    VulnerabilityLifted,
    WentOverdue,
    WillingnessAssessed,
    WorkplaceNumber,
)
from delinquency.casework.history import History, local_day
from delinquency.casework.plan_progress import (
    Payment,
    PlanRecord,
    Promise,
    missed_instalments,
    promise_state,
)
from delinquency.policy import Hours, Policy

ANSWER_WITHIN = timedelta(hours=2)
"""A conversation this soon after a dial of the same number is the answer to it: one call."""


def history_of(case: Case, at: datetime, policy: Policy | None = None) -> History:
    """Return what is known of a case at a moment.

    Parameters
    ----------
    case : Case
        With the events of the account's other cases.
    at : datetime
        With time zone; later events are not seen.
    policy : Policy, optional
        Says after how many missed instalments a plan is broken; without one, the first that
        was recorded breaks it.

    Returns
    -------
    History
    """
    state = _Reading(case, 1 if policy is None else policy.plan.broken_after_missed.value)
    for event in case.until(at):
        reader = _READERS.get(type(event))
        if reader is not None:
            reader(state, event)
    return state.history(at)


@dataclass
class _Reading:
    """The history while it is being read."""

    case: Case
    missed_max: int
    attempts: list[ContactAttempted] = field(default_factory=list)
    conversations: list[ConversationHeld] = field(default_factory=list)
    messages: list[MessageSent] = field(default_factory=list)
    consents: set[str] = field(default_factory=set)
    stopped: set[str] = field(default_factory=set)
    agreed_hours: Hours | None = None
    invalid_numbers: dict[str, datetime] = field(default_factory=dict)
    work_numbers: set[str] = field(default_factory=set)
    refusing_numbers: set[str] = field(default_factory=set)
    heard_at: datetime | None = None
    plans: dict[str, PlanRecord] = field(default_factory=dict)
    promises: dict[str, Promise] = field(default_factory=dict)
    payments: list[Payment] = field(default_factory=list)
    ledger: Ledger = field(default_factory=Ledger)
    circumstances: dict[str, tuple[datetime, date | None]] = field(default_factory=dict)
    representatives: dict[str, str] = field(default_factory=dict)
    guarantors: set[str] = field(default_factory=set)
    disputes: dict[str, datetime] = field(default_factory=dict)
    frauds: dict[str, datetime] = field(default_factory=dict)
    questions: dict[str, datetime] = field(default_factory=dict)
    complaints: dict[str, datetime] = field(default_factory=dict)
    offers: list[tuple[datetime, str]] = field(default_factory=list)
    ends: list[datetime] = field(default_factory=list)
    legal: list[datetime] = field(default_factory=list)
    assessments: list[WillingnessAssessed] = field(default_factory=list)
    sign_offs: list[SignOffGiven] = field(default_factory=list)
    reviews: dict[str, TextReviewed] = field(default_factory=dict)
    charges: list[ChargeMade] = field(default_factory=list)
    refunds: list[ChargeRefunded] = field(default_factory=list)
    budget: BudgetStated | None = None
    causes: dict[str, str] = field(default_factory=dict)
    documents: set[str] = field(default_factory=set)
    closed_at: datetime | None = None

    def day(self, at: datetime) -> date:
        """Return the customer's calendar day."""
        return local_day(at, self.case)

    def midnight(self, day: date) -> datetime:
        """Return the beginning of a day of the customer's."""
        return datetime.combine(day, time(0), tzinfo=self.case.zone)

    def heard(self, at: datetime) -> None:
        """Note that the customer was heard."""
        self.heard_at = at if self.heard_at is None else max(self.heard_at, at)

    def holds(self, name: str, event: Event, until: date | None = None) -> None:
        """Note that something holds from now on."""
        self.circumstances[name] = (event.at, until)

    def history(self, at: datetime) -> History:
        """Return what was read, with the present arrears kept apart from earlier ones."""
        arrears = self.ledger.arrears()
        start = arrears.began if arrears.began is not None else arrears.ended

        def now(moment: datetime) -> bool:
            return start is None or moment >= start

        today = self.day(at)
        payments = tuple(self.payments)
        promises = tuple(
            one if one.state != "open" else promise_state(one, payments, today=today)
            for one in self.promises.values()
        )
        circumstances = dict(self.circumstances)
        for name, opened in (("dispute", self.disputes), ("fraud", self.frauds)):
            if opened:
                circumstances[name] = (min(opened.values()), None)
        if self.complaints:
            circumstances["complaint"] = (min(self.complaints.values()), None)
        if self.representatives:
            circumstances.setdefault("representation", (at, None))
        confirmed = [trait for trait, answer in self.causes.items() if answer == "confirmed"]
        return History(
            attempts=tuple(self.attempts),
            conversations=tuple(self.conversations),
            messages=tuple(self.messages),
            consents=frozenset(self.consents),
            stopped=frozenset(self.stopped),
            agreed_hours=self.agreed_hours,
            invalid_numbers=dict(self.invalid_numbers),
            work_numbers=frozenset(self.work_numbers),
            refusing_numbers=frozenset(self.refusing_numbers),
            heard_at=self.heard_at,
            plans={name: record.state for name, record in self.plans.items()},
            plan_records=dict(self.plans),
            promises=promises,
            payments=payments,
            arrears=arrears,
            circumstances=circumstances,
            representatives=dict(self.representatives),
            guarantors=frozenset(self.guarantors),
            disputes=dict(self.disputes),
            questions=dict(self.questions),
            complaints=dict(self.complaints),
            help_offered=any(now(moment) for moment, _ in self.offers),
            plan_tried=any(now(moment) for moment in self.ends),
            legal_started=any(now(moment) for moment in self.legal),
            assessment=next((a for a in reversed(self.assessments) if now(a.at)), None),
            sign_offs={one.sign_off_id: one for one in self.sign_offs if now(one.at)},
            reviews=dict(self.reviews),
            charges=tuple(c for c in self.charges if now(c.at)),
            refunds=tuple(r for r in self.refunds if now(r.at)),
            charges_ever=tuple(self.charges),
            refunds_ever=tuple(self.refunds),
            budget=self.budget,
            confirmed_cause=confirmed[-1] if confirmed else "",
            tried=tuple(dict.fromkeys(name for moment, name in self.offers if now(moment))),
            documents=frozenset(self.documents),
            closed_at=self.closed_at,
            started=start,
        )


E = TypeVar("E", bound=Event)
_READERS: dict[type[Event], Callable[[_Reading, Any], None]] = {}


def _reads(kind: type[E]) -> Callable[[Callable[[_Reading, E], None]], None]:
    """Return a decorator that makes a function the reader of one kind of event."""

    def register(reader: Callable[[_Reading, E], None]) -> None:
        _READERS[kind] = reader

    return register


@_reads(CaseOpened)
def _(state: _Reading, event: CaseOpened) -> None:
    state.closed_at = None


@_reads(CaseReopened)
def _(state: _Reading, event: CaseReopened) -> None:
    state.closed_at = None


@_reads(CaseClosed)
def _(state: _Reading, event: CaseClosed) -> None:
    state.closed_at = event.at
    state.ledger.end(event.at)


@_reads(ContactAttempted)
def _(state: _Reading, event: ContactAttempted) -> None:
    state.attempts.append(event)


@_reads(ConversationHeld)
def _(state: _Reading, event: ConversationHeld) -> None:
    state.conversations.append(event)
    if event.party == "customer":
        state.heard(event.at)
    if event.inbound:
        return
    for place in range(len(state.attempts) - 1, -1, -1):
        dial = state.attempts[place]
        same = (dial.channel, dial.number_id, dial.party)
        if event.at - dial.at > ANSWER_WITHIN:
            return
        if same == (event.channel, event.number_id, event.party):
            # The dial was answered: one call, not two.
            del state.attempts[place]
            return


@_reads(MessageSent)
def _(state: _Reading, event: MessageSent) -> None:
    state.messages.append(event)
    if event.offers_help:
        state.offers.append((event.at, "friendly_talk"))


@_reads(NumberInvalid)
def _(state: _Reading, event: NumberInvalid) -> None:
    state.invalid_numbers[event.number_id] = event.at


@_reads(WorkplaceNumber)
def _(state: _Reading, event: WorkplaceNumber) -> None:
    state.work_numbers.add(event.number_id)


@_reads(ThirdPartyRefused)
def _(state: _Reading, event: ThirdPartyRefused) -> None:
    state.refusing_numbers.add(event.number_id)


@_reads(ConsentGiven)
def _(state: _Reading, event: ConsentGiven) -> None:
    state.consents.add(event.channel)
    state.stopped.discard(event.channel)


@_reads(ConsentWithdrawn)
def _(state: _Reading, event: ConsentWithdrawn) -> None:
    state.consents.discard(event.channel)
    # Whether or not the channel needed consent: the customer does not want it.
    state.stopped.add(event.channel)


@_reads(ContactStopped)
def _(state: _Reading, event: ContactStopped) -> None:
    state.stopped.add(event.channel)
    state.consents.discard(event.channel)


@_reads(ContactResumed)
def _(state: _Reading, event: ContactResumed) -> None:
    state.stopped.discard(event.channel)


@_reads(HoursAgreed)
def _(state: _Reading, event: HoursAgreed) -> None:
    state.agreed_hours = Hours(time.fromisoformat(event.start), time.fromisoformat(event.end))


@_reads(PlanOffered)
def _(state: _Reading, event: PlanOffered) -> None:
    state.plans[event.plan_id] = PlanRecord(event, "offered", event.at)
    state.offers.append((event.at, event.plan_kind))


@_reads(PlanAccepted)
def _(state: _Reading, event: PlanAccepted) -> None:
    known = state.plans.get(event.plan_id)
    offer = known.offer if known is not None else None
    state.plans[event.plan_id] = PlanRecord(offer, "running", event.at, event.at)
    state.heard(event.at)


def _move_plan(state: _Reading, event: Any, before: str, after: str) -> None:
    """Move a plan on from the one state in which that can happen."""
    known = state.plans.get(event.plan_id)
    if known is None or known.state != before:
        return
    state.plans[event.plan_id] = PlanRecord(known.offer, after, event.at, known.accepted_at)
    if after in ("refused", "broken"):
        state.ends.append(event.at)


# A refusal counts only of a plan that was offered: the gate of step 4 rests on it.
@_reads(PlanRefused)
def _(state: _Reading, event: PlanRefused) -> None:
    _move_plan(state, event, "offered", "refused")
    state.heard(event.at)


@_reads(PlanBroken)
def _(state: _Reading, event: PlanBroken) -> None:
    known = state.plans.get(event.plan_id)
    if known is None or known.state != "running":
        return
    missed, dated = missed_instalments(known, state.payments, on=state.day(event.at))
    # What is claimed counts only as far as instalments fell due and were not paid.
    if (min(event.missed, missed) if dated else event.missed) >= state.missed_max:
        _move_plan(state, event, "running", "broken")


@_reads(PlanCompleted)
def _(state: _Reading, event: PlanCompleted) -> None:
    _move_plan(state, event, "running", "completed")


@_reads(PromiseMade)
def _(state: _Reading, event: PromiseMade) -> None:
    state.promises[event.promise_id] = Promise(event.promise_id, event.at, event.amount, event.due)
    state.heard(event.at)


@_reads(PromiseKept)
def _(state: _Reading, event: PromiseKept) -> None:
    _end_promise(state, event.promise_id, "kept")


@_reads(PromiseBroken)
def _(state: _Reading, event: PromiseBroken) -> None:
    promise = state.promises.get(event.promise_id)
    # Before its day is over a promise cannot be broken.
    if promise is not None and state.day(event.at) > promise.due:
        _end_promise(state, event.promise_id, "broken")


def _end_promise(state: _Reading, name: str, result: str) -> None:
    """Note what somebody recorded of a promise."""
    promise = state.promises.get(name)
    if promise is not None:
        state.promises[name] = Promise(
            name, promise.made_at, promise.amount, promise.due, result, promise.paid
        )


def _sets(kind: type[Event], name: str) -> None:
    """Make an event say that a circumstance holds from now on, until its day if it has one."""

    @_reads(kind)
    def _(state: _Reading, event: Event) -> None:
        state.holds(name, event, getattr(event, "until", None))


def _lifts(kind: type[Event], *names: str) -> None:
    """Make an event say that circumstances no longer hold."""

    @_reads(kind)
    def _(state: _Reading, event: Event) -> None:
        for name in names:
            state.circumstances.pop(name, None)


_sets(HardshipDeclared, "hardship")
_lifts(HardshipEnded, "hardship")
_sets(VulnerabilityFlagged, "vulnerability")
_lifts(VulnerabilityLifted, "vulnerability")
_sets(CustomerDied, "death")
_lifts(DeathRefuted, "death")
_sets(MinorIdentified, "minor")
_sets(IllnessReported, "illness")
_lifts(IllnessEnded, "illness")
_sets(MilitaryServiceBegan, "military_service")
_lifts(MilitaryServiceEnded, "military_service")
_sets(ChargedOff, "charge_off")
_sets(DebtTransferred, "transfer")
_lifts(DebtReturned, "transfer")

BREATHING_SPACE_DAYS = 60
"""A pause whose end was not recorded (Debt Respite Scheme Regulations 2020)."""


@_reads(InsolvencyOpened)
def _(state: _Reading, event: InsolvencyOpened) -> None:
    if event.proceeding in ("moratorium", "breathing_space"):
        end = state.day(event.at) + timedelta(days=BREATHING_SPACE_DAYS)
        state.holds("moratorium", event, event.until or end)
    else:
        state.holds("insolvency", event, event.until)


@_reads(InsolvencyEnded)
def _(state: _Reading, event: InsolvencyEnded) -> None:
    state.circumstances.pop("moratorium", None)
    if event.outcome == "discharged":
        # A discharge ends the debt: nothing is asked for again.
        state.ledger.end(event.at)
        state.closed_at = event.at
    state.circumstances.pop("insolvency", None)


@_reads(RepresentativeAppointed)
def _(state: _Reading, event: RepresentativeAppointed) -> None:
    state.representatives[event.representative_id] = event.role


@_reads(RepresentationEnded)
def _(state: _Reading, event: RepresentationEnded) -> None:
    state.representatives.pop(event.representative_id, None)


@_reads(GuarantorNamed)
def _(state: _Reading, event: GuarantorNamed) -> None:
    state.guarantors.add(event.guarantor_id)


@_reads(HelpOffered)
def _(state: _Reading, event: HelpOffered) -> None:
    state.offers.append((event.at, event.treatment))


@_reads(DisputeOpened)
def _(state: _Reading, event: DisputeOpened) -> None:
    state.disputes[event.dispute_id] = event.at
    state.heard(event.at)


@_reads(DisputeClosed)
def _(state: _Reading, event: DisputeClosed) -> None:
    known = state.disputes.pop(event.dispute_id, None)
    if known is not None and event.outcome == "upheld":
        # The customer was right: nothing is asked for until what is still owed is stated anew.
        state.ledger.end(event.at)


@_reads(FraudReported)
def _(state: _Reading, event: FraudReported) -> None:
    state.frauds[event.report_id] = event.at
    state.heard(event.at)


@_reads(FraudClosed)
def _(state: _Reading, event: FraudClosed) -> None:
    state.frauds.pop(event.report_id, None)
    if event.outcome == "confirmed":
        # What a thief spent is not the customer's to pay.
        state.ledger.end(event.at)


@_reads(ComplaintReceived)
def _(state: _Reading, event: ComplaintReceived) -> None:
    state.complaints[event.complaint_id] = event.at
    state.heard(event.at)


@_reads(ComplaintAnswered)
def _(state: _Reading, event: ComplaintAnswered) -> None:
    state.complaints.pop(event.complaint_id, None)


@_reads(QuestionAsked)
def _(state: _Reading, event: QuestionAsked) -> None:
    state.questions[event.question_id] = event.at
    state.heard(event.at)


@_reads(ReplySent)
def _(state: _Reading, event: ReplySent) -> None:
    state.questions.pop(event.question_id, None)


@_reads(CauseConfirmed)
def _(state: _Reading, event: CauseConfirmed) -> None:
    state.causes.pop(event.trait, None)
    state.causes[event.trait] = event.answer
    state.heard(event.at)


@_reads(BudgetStated)
def _(state: _Reading, event: BudgetStated) -> None:
    state.budget = event
    state.heard(event.at)


@_reads(WillingnessAssessed)
def _(state: _Reading, event: WillingnessAssessed) -> None:
    state.assessments.append(event)


@_reads(SignOffGiven)
def _(state: _Reading, event: SignOffGiven) -> None:
    state.sign_offs.append(event)


@_reads(TextReviewed)
def _(state: _Reading, event: TextReviewed) -> None:
    state.reviews[event.text_digest] = event


@_reads(LegalStepTaken)
def _(state: _Reading, event: LegalStepTaken) -> None:
    state.legal.append(event.at)


@_reads(WentOverdue)
def _(state: _Reading, event: WentOverdue) -> None:
    state.ledger.fall_overdue(event.at, event.due, event.amount, state.midnight(event.due))


@_reads(Cured)
def _(state: _Reading, event: Cured) -> None:
    state.ledger.end(event.at)


@_reads(PaymentReceived)
def _(state: _Reading, event: PaymentReceived) -> None:
    day = state.day(event.at)
    state.payments.append(Payment(event.at, day, event.amount, event.plan_id))
    state.ledger.pay(event.at, day, event.amount)


@_reads(PaymentReversed)
def _(state: _Reading, event: PaymentReversed) -> None:
    state.payments.append(Payment(event.at, state.day(event.at), -event.amount))
    state.ledger.take_back(event.at, event.amount)


@_reads(RefundMade)
def _(state: _Reading, event: RefundMade) -> None:
    state.ledger.refund(event.amount)


@_reads(ChargeMade)
def _(state: _Reading, event: ChargeMade) -> None:
    if event.charge == "late_fee" and event.due is None and state.ledger.missed:
        # Of before the due day was kept: it was for the newest payment missed by then.
        event = ChargeMade(
            at=event.at,
            actor=event.actor,
            charge=event.charge,
            amount=event.amount,
            overdue_principal=event.overdue_principal,
            days=event.days,
            repeated=event.repeated,
            due=max(state.ledger.missed),
        )
    state.charges.append(event)


@_reads(ChargeRefunded)
def _(state: _Reading, event: ChargeRefunded) -> None:
    state.refunds.append(event)


@_reads(DocumentsProvided)
def _(state: _Reading, event: DocumentsProvided) -> None:
    state.documents.update(event.documents)
