"""A case's history while it is being read, and the register of who reads which event."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, TypeVar

from delinquency.casework.arrears import Ledger
from delinquency.casework.case_file import Case
from delinquency.casework.events import (
    BudgetStated,
    ChargeMade,
    ChargeRefunded,
    ContactAttempted,
    ConversationHeld,
    Event,
    MessageSent,
    SignOffGiven,
    TextReviewed,
    WillingnessAssessed,
)
from delinquency.casework.history import History, local_day
from delinquency.casework.plan_progress import (
    Payment,
    PlanRecord,
    Promise,
    promise_state,
)
from delinquency.policy import Hours


@dataclass
class Reading:
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
READERS: dict[type[Event], Callable[[Reading, Any], None]] = {}


def reads(kind: type[E]) -> Callable[[Callable[[Reading, E], None]], None]:
    """Return a decorator that makes a function the reader of one kind of event."""

    def register(reader: Callable[[Reading, E], None]) -> None:
        READERS[kind] = reader

    return register
