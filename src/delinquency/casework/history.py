"""What is known of a case at a moment, read from its events and from nothing later."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, TypeVar

from delinquency.casework.case_file import Case
from delinquency.casework.events import (
    ChargeMade,
    ChargeRefunded,
    ConsentGiven,
    ConsentWithdrawn,
    ContactAttempted,
    ConversationHeld,
    Cured,
    DisputeClosed,
    DisputeOpened,
    Event,
    HardshipDeclared,
    HardshipEnded,
    HelpOffered,
    HoursAgreed,
    LegalStepTaken,
    MessageSent,
    NumberInvalid,
    PlanAccepted,
    PlanBroken,
    PlanCompleted,
    PlanOffered,
    PlanRefused,
    QuestionAsked,
    ReplySent,
    VulnerabilityFlagged,
    VulnerabilityLifted,
    WentOverdue,
    WillingnessAssessed,
)
from delinquency.policy import Hours

PLAN_STATES = ("offered", "running", "refused", "broken", "completed")
"""What can have become of a plan."""


@dataclass(frozen=True)
class History:
    """A case's past up to a moment.

    Attributes
    ----------
    attempts, conversations, messages : tuple
        Contacts that the lender began, and every conversation, oldest first.
    consents : frozenset of str
        Channels that the customer has agreed to and not withdrawn.
    agreed_hours : Hours or None
        Hours of contact that the customer has agreed to.
    invalid_numbers : frozenset of str
    plans : dict of str to str
        State of each plan: a word of ``PLAN_STATES``.
    help_offered : bool
        Whether any help was ever offered, a plan included.
    hardship, vulnerability : bool
        Whether declared and not ended.
    disputes, questions : dict of str to datetime
        Open ones, with the moment they were opened.
    willingness_evidence : str
        Last level that a person assessed, "none" without any.
    legal_started : bool
        Whether a legal step was taken.
    charges : tuple of ChargeMade
        Charges since the amount last became overdue.
    refunded : dict of str to Decimal
        What was given back of each kind since then.
    overdue_since : date or None
        Day since which the present overdue amount has been due; None when nothing is overdue or
        the history does not say.
    """

    attempts: tuple[ContactAttempted, ...] = ()
    conversations: tuple[ConversationHeld, ...] = ()
    messages: tuple[MessageSent, ...] = ()
    consents: frozenset[str] = frozenset()
    agreed_hours: Hours | None = None
    invalid_numbers: frozenset[str] = frozenset()
    plans: dict[str, str] = field(default_factory=dict)
    help_offered: bool = False
    hardship: bool = False
    vulnerability: bool = False
    disputes: dict[str, datetime] = field(default_factory=dict)
    questions: dict[str, datetime] = field(default_factory=dict)
    willingness_evidence: str = "none"
    legal_started: bool = False
    charges: tuple[ChargeMade, ...] = ()
    refunded: dict[str, Decimal] = field(default_factory=dict)
    overdue_since: date | None = None

    def charged(self, charge: str) -> Decimal:
        """Return what was charged of one kind since the amount became overdue, less refunds."""
        total = sum((c.amount for c in self.charges if c.charge == charge), Decimal(0))
        return max(total - self.refunded.get(charge, Decimal(0)), Decimal(0))

    @property
    def running_plan(self) -> str | None:
        """Reference of a plan that runs, or None."""
        return next((name for name, state in self.plans.items() if state == "running"), None)

    @property
    def plan_refused_or_broken(self) -> bool:
        """Whether a plan was offered and then refused or broken."""
        return any(state in ("refused", "broken") for state in self.plans.values())

    def calls(self) -> Iterator[ContactAttempted | ConversationHeld]:
        """Yield what the lender began by phone or in person, answered or not, oldest first."""
        calls: list[ContactAttempted | ConversationHeld] = [*self.attempts]
        calls += [talk for talk in self.conversations if not talk.inbound]
        yield from sorted(calls, key=lambda event: event.at)


def history_of(case: Case, at: datetime) -> History:
    """Return what is known of a case at a moment.

    Parameters
    ----------
    case : Case
    at : datetime
        With time zone; later events are not seen.

    Returns
    -------
    History
    """
    state = _Reading()
    for event in case.until(at):
        reader = _READERS.get(type(event))
        if reader is not None:
            reader(state, event)
    return History(
        attempts=tuple(state.attempts),
        conversations=tuple(state.conversations),
        messages=tuple(state.messages),
        consents=frozenset(state.consents),
        agreed_hours=state.agreed_hours,
        invalid_numbers=frozenset(state.invalid_numbers),
        plans=state.plans,
        help_offered=state.help_offered,
        hardship=state.hardship,
        vulnerability=state.vulnerability,
        disputes=state.disputes,
        questions=state.questions,
        willingness_evidence=state.willingness_evidence,
        legal_started=state.legal_started,
        charges=tuple(state.charges),
        refunded=state.refunded,
        overdue_since=state.overdue_since,
    )


def local_day(moment: datetime, case: Case) -> date:
    """Return the customer's calendar day at a moment."""
    return moment.astimezone(case.zone).date()


@dataclass
class _Reading:
    """The history while it is being read."""

    attempts: list[ContactAttempted] = field(default_factory=list)
    conversations: list[ConversationHeld] = field(default_factory=list)
    messages: list[MessageSent] = field(default_factory=list)
    consents: set[str] = field(default_factory=set)
    agreed_hours: Hours | None = None
    invalid_numbers: set[str] = field(default_factory=set)
    plans: dict[str, str] = field(default_factory=dict)
    help_offered: bool = False
    hardship: bool = False
    vulnerability: bool = False
    disputes: dict[str, datetime] = field(default_factory=dict)
    questions: dict[str, datetime] = field(default_factory=dict)
    willingness_evidence: str = "none"
    legal_started: bool = False
    charges: list[ChargeMade] = field(default_factory=list)
    refunded: dict[str, Decimal] = field(default_factory=dict)
    overdue_since: date | None = None


E = TypeVar("E", bound=Event)
_READERS: dict[type[Event], Callable[[_Reading, Any], None]] = {}


def _reads(kind: type[E]) -> Callable[[Callable[[_Reading, E], None]], None]:
    """Return a decorator that makes a function the reader of one kind of event."""

    def register(reader: Callable[[_Reading, E], None]) -> None:
        _READERS[kind] = reader

    return register


@_reads(ContactAttempted)
def _(state: _Reading, event: ContactAttempted) -> None:
    state.attempts.append(event)


@_reads(ConversationHeld)
def _(state: _Reading, event: ConversationHeld) -> None:
    state.conversations.append(event)


@_reads(MessageSent)
def _(state: _Reading, event: MessageSent) -> None:
    state.messages.append(event)
    state.help_offered = state.help_offered or event.offers_help


@_reads(NumberInvalid)
def _(state: _Reading, event: NumberInvalid) -> None:
    state.invalid_numbers.add(event.number_id)


@_reads(ConsentGiven)
def _(state: _Reading, event: ConsentGiven) -> None:
    state.consents.add(event.channel)


@_reads(ConsentWithdrawn)
def _(state: _Reading, event: ConsentWithdrawn) -> None:
    state.consents.discard(event.channel)


@_reads(HoursAgreed)
def _(state: _Reading, event: HoursAgreed) -> None:
    state.agreed_hours = Hours(time.fromisoformat(event.start), time.fromisoformat(event.end))


@_reads(PlanOffered)
def _(state: _Reading, event: PlanOffered) -> None:
    state.plans[event.plan_id] = "offered"
    state.help_offered = True


@_reads(PlanAccepted)
def _(state: _Reading, event: PlanAccepted) -> None:
    state.plans[event.plan_id] = "running"


def _moves_plan(kind: type[PlanRefused | PlanBroken | PlanCompleted], before: str) -> None:
    """Make an event move a plan on from the one state in which it can happen."""

    @_reads(kind)
    def _(state: _Reading, event: PlanRefused | PlanBroken | PlanCompleted) -> None:
        if state.plans.get(event.plan_id) == before:
            state.plans[event.plan_id] = event.kind.removeprefix("plan_")


# A refusal counts only of a plan that was offered: the gate of step 4 rests on it.
_moves_plan(PlanRefused, "offered")
_moves_plan(PlanBroken, "running")
_moves_plan(PlanCompleted, "running")


def _sets(kind: type[Event], flag: str, holds: bool) -> None:
    """Make an event say whether a circumstance holds from now on."""

    @_reads(kind)
    def _(state: _Reading, _event: Event) -> None:
        setattr(state, flag, holds)


_sets(HardshipDeclared, "hardship", True)
_sets(HardshipEnded, "hardship", False)
_sets(VulnerabilityFlagged, "vulnerability", True)
_sets(VulnerabilityLifted, "vulnerability", False)


@_reads(HelpOffered)
def _(state: _Reading, _event: HelpOffered) -> None:
    state.help_offered = True


@_reads(DisputeOpened)
def _(state: _Reading, event: DisputeOpened) -> None:
    state.disputes[event.dispute_id] = event.at


@_reads(DisputeClosed)
def _(state: _Reading, event: DisputeClosed) -> None:
    state.disputes.pop(event.dispute_id, None)


@_reads(QuestionAsked)
def _(state: _Reading, event: QuestionAsked) -> None:
    state.questions[event.question_id] = event.at


@_reads(ReplySent)
def _(state: _Reading, event: ReplySent) -> None:
    state.questions.pop(event.question_id, None)


@_reads(WillingnessAssessed)
def _(state: _Reading, event: WillingnessAssessed) -> None:
    state.willingness_evidence = event.evidence


@_reads(LegalStepTaken)
def _(state: _Reading, _event: LegalStepTaken) -> None:
    state.legal_started = True


@_reads(WentOverdue)
def _(state: _Reading, event: WentOverdue) -> None:
    state.charges, state.refunded = [], {}
    state.overdue_since = event.due


@_reads(Cured)
def _(state: _Reading, _event: Cured) -> None:
    state.charges, state.refunded = [], {}
    state.overdue_since = None


@_reads(ChargeMade)
def _(state: _Reading, event: ChargeMade) -> None:
    state.charges.append(event)


@_reads(ChargeRefunded)
def _(state: _Reading, event: ChargeRefunded) -> None:
    state.refunded[event.charge] = state.refunded.get(event.charge, Decimal(0)) + event.amount
