"""Reads a case's events into its history, oldest first, and from nothing later than a moment."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from delinquency.casework import history_amounts  # noqa: F401  (registers its readers)
from delinquency.casework.case_file import Case
from delinquency.casework.events import (
    BudgetStated,
    CaseClosed,
    CaseOpened,
    CaseReopened,
    CauseConfirmed,
    ChargedOff,
    ComplaintAnswered,
    ComplaintReceived,
    ConsentGiven,
    ConsentWithdrawn,
    ContactAttempted,
    ContactResumed,
    ContactStopped,
    ConversationHeld,
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
    QuestionAsked,
    ReplySent,
    RepresentationEnded,
    RepresentativeAppointed,
    SignOffGiven,
    TextReviewed,
    ThirdPartyRefused,
    VulnerabilityFlagged,
    VulnerabilityLifted,
    WillingnessAssessed,
    WorkplaceNumber,
)
from delinquency.casework.history import History
from delinquency.casework.history_state import READERS, E, Reading, reads
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
    state = Reading(case, 1 if policy is None else policy.plan.broken_after_missed.value)
    for event in case.until(at):
        reader = READERS.get(type(event))
        if reader is not None:
            reader(state, event)
    return state.history(at)


@reads(CaseOpened)
def _(state: Reading, event: CaseOpened) -> None:
    state.closed_at = None


@reads(CaseReopened)
def _(state: Reading, event: CaseReopened) -> None:
    state.closed_at = None


@reads(CaseClosed)
def _(state: Reading, event: CaseClosed) -> None:
    state.closed_at = event.at
    state.ledger.end(event.at)


@reads(ContactAttempted)
def _(state: Reading, event: ContactAttempted) -> None:
    state.attempts.append(event)


@reads(ConversationHeld)
def _(state: Reading, event: ConversationHeld) -> None:
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


@reads(MessageSent)
def _(state: Reading, event: MessageSent) -> None:
    state.messages.append(event)
    if event.offers_help:
        state.offers.append((event.at, "friendly_talk"))


@reads(NumberInvalid)
def _(state: Reading, event: NumberInvalid) -> None:
    state.invalid_numbers[event.number_id] = event.at


@reads(WorkplaceNumber)
def _(state: Reading, event: WorkplaceNumber) -> None:
    state.work_numbers.add(event.number_id)


@reads(ThirdPartyRefused)
def _(state: Reading, event: ThirdPartyRefused) -> None:
    state.refusing_numbers.add(event.number_id)


@reads(ConsentGiven)
def _(state: Reading, event: ConsentGiven) -> None:
    state.consents.add(event.channel)
    state.stopped.discard(event.channel)


@reads(ConsentWithdrawn)
def _(state: Reading, event: ConsentWithdrawn) -> None:
    state.consents.discard(event.channel)
    # Whether or not the channel needed consent: the customer does not want it.
    state.stopped.add(event.channel)


@reads(ContactStopped)
def _(state: Reading, event: ContactStopped) -> None:
    state.stopped.add(event.channel)
    state.consents.discard(event.channel)


@reads(ContactResumed)
def _(state: Reading, event: ContactResumed) -> None:
    state.stopped.discard(event.channel)


@reads(HoursAgreed)
def _(state: Reading, event: HoursAgreed) -> None:
    state.agreed_hours = Hours(time.fromisoformat(event.start), time.fromisoformat(event.end))


def _sets(
    kind: type[E], name: str, *, until: Callable[[E], date | None] = lambda event: None
) -> None:
    """Make an event say that a circumstance holds from now on, until its day if it has one."""

    @reads(kind)
    def _(state: Reading, event: E) -> None:
        state.holds(name, event, until(event))


def _lifts(kind: type[Event], *names: str) -> None:
    """Make an event say that circumstances no longer hold."""

    @reads(kind)
    def _(state: Reading, event: Event) -> None:
        for name in names:
            state.circumstances.pop(name, None)


_sets(HardshipDeclared, "hardship", until=lambda event: event.until)
_lifts(HardshipEnded, "hardship")
_sets(VulnerabilityFlagged, "vulnerability")
_lifts(VulnerabilityLifted, "vulnerability")
_sets(CustomerDied, "death")
_lifts(DeathRefuted, "death")
_sets(MinorIdentified, "minor", until=lambda event: event.until)
_sets(IllnessReported, "illness", until=lambda event: event.until)
_lifts(IllnessEnded, "illness")
_sets(MilitaryServiceBegan, "military_service", until=lambda event: event.until)
_lifts(MilitaryServiceEnded, "military_service")
_sets(ChargedOff, "charge_off")
_sets(DebtTransferred, "transfer")
_lifts(DebtReturned, "transfer")

BREATHING_SPACE_DAYS = 60
"""A pause whose end was not recorded (Debt Respite Scheme Regulations 2020)."""


@reads(InsolvencyOpened)
def _(state: Reading, event: InsolvencyOpened) -> None:
    if event.proceeding in ("moratorium", "breathing_space"):
        end = state.day(event.at) + timedelta(days=BREATHING_SPACE_DAYS)
        state.holds("moratorium", event, event.until or end)
    else:
        state.holds("insolvency", event, event.until)


@reads(InsolvencyEnded)
def _(state: Reading, event: InsolvencyEnded) -> None:
    state.circumstances.pop("moratorium", None)
    if event.outcome == "discharged":
        # A discharge ends the debt: nothing is asked for again.
        state.ledger.end(event.at)
        state.closed_at = event.at
    state.circumstances.pop("insolvency", None)


@reads(RepresentativeAppointed)
def _(state: Reading, event: RepresentativeAppointed) -> None:
    state.representatives[event.representative_id] = event.role


@reads(RepresentationEnded)
def _(state: Reading, event: RepresentationEnded) -> None:
    state.representatives.pop(event.representative_id, None)


@reads(GuarantorNamed)
def _(state: Reading, event: GuarantorNamed) -> None:
    state.guarantors.add(event.guarantor_id)


@reads(HelpOffered)
def _(state: Reading, event: HelpOffered) -> None:
    state.offers.append((event.at, event.treatment))


@reads(DisputeOpened)
def _(state: Reading, event: DisputeOpened) -> None:
    state.disputes[event.dispute_id] = event.at
    state.heard(event.at)


@reads(DisputeClosed)
def _(state: Reading, event: DisputeClosed) -> None:
    known = state.disputes.pop(event.dispute_id, None)
    if known is not None and event.outcome == "upheld":
        # The customer was right: nothing is asked for until what is still owed is stated anew.
        state.ledger.end(event.at)


@reads(FraudReported)
def _(state: Reading, event: FraudReported) -> None:
    state.frauds[event.report_id] = event.at
    state.heard(event.at)


@reads(FraudClosed)
def _(state: Reading, event: FraudClosed) -> None:
    state.frauds.pop(event.report_id, None)
    if event.outcome == "confirmed":
        # What a thief spent is not the customer's to pay.
        state.ledger.end(event.at)


@reads(ComplaintReceived)
def _(state: Reading, event: ComplaintReceived) -> None:
    state.complaints[event.complaint_id] = event.at
    state.heard(event.at)


@reads(ComplaintAnswered)
def _(state: Reading, event: ComplaintAnswered) -> None:
    state.complaints.pop(event.complaint_id, None)


@reads(QuestionAsked)
def _(state: Reading, event: QuestionAsked) -> None:
    state.questions[event.question_id] = event.at
    state.heard(event.at)


@reads(ReplySent)
def _(state: Reading, event: ReplySent) -> None:
    state.questions.pop(event.question_id, None)


@reads(CauseConfirmed)
def _(state: Reading, event: CauseConfirmed) -> None:
    state.causes.pop(event.trait, None)
    state.causes[event.trait] = event.answer
    state.heard(event.at)


@reads(BudgetStated)
def _(state: Reading, event: BudgetStated) -> None:
    state.budget = event
    state.heard(event.at)


@reads(WillingnessAssessed)
def _(state: Reading, event: WillingnessAssessed) -> None:
    state.assessments.append(event)


@reads(SignOffGiven)
def _(state: Reading, event: SignOffGiven) -> None:
    state.sign_offs.append(event)


@reads(TextReviewed)
def _(state: Reading, event: TextReviewed) -> None:
    state.reviews[event.text_digest] = event


@reads(LegalStepTaken)
def _(state: Reading, event: LegalStepTaken) -> None:
    state.legal.append(event.at)


@reads(DocumentsProvided)
def _(state: Reading, event: DocumentsProvided) -> None:
    state.documents.update(event.documents)
