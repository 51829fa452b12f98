"""What is known of a case at a moment: the record that every rule reads."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from delinquency.casework.arrears import Arrears
from delinquency.casework.case_file import Case
from delinquency.casework.events import (
    BudgetStated,
    ChargeMade,
    ChargeRefunded,
    ContactAttempted,
    ConversationHeld,
    MessageSent,
    SignOffGiven,
    TextReviewed,
    WillingnessAssessed,
)
from delinquency.casework.plan_progress import Payment, PlanRecord, Promise
from delinquency.policy import Hours

PLAN_STATES = ("offered", "running", "refused", "broken", "completed")
"""What can have become of a plan."""


@dataclass(frozen=True)
class History:
    """A case's past up to a moment, the account's other cases included.

    Attributes
    ----------
    attempts, conversations, messages : tuple
        Contacts that the lender began, and every conversation, oldest first. A dial that was
        answered is in ``attempts`` no longer: it is the conversation.
    consents, stopped : frozenset of str
        Channels that the customer agreed to; channels, "work" or "all" that the customer stopped.
    agreed_hours : Hours or None
    invalid_numbers : dict of str to datetime
    work_numbers, refusing_numbers : frozenset of str
        Numbers of the place of work, and of third persons who do not want to be asked.
    heard_at : datetime or None
        When the customer was last heard.
    plans : dict of str to str
        State of each plan: a word of ``PLAN_STATES``.
    plan_records : dict of str to PlanRecord
    promises : tuple of Promise
    payments : tuple of Payment
    arrears : Arrears
    circumstances : dict of str to (datetime, date or None)
        What holds, since when, and until when where that is known; names of ``HOLDS``.
    representatives : dict of str to str
        Who acts for the customer, with the role.
    guarantors : frozenset of str
    disputes, questions, complaints : dict of str to datetime
        Open ones, with the moment they were opened.
    help_offered, plan_tried, legal_started : bool
        In the present arrears: whether help was offered, whether a plan was refused or broken,
        whether a legal step was taken.
    assessment : WillingnessAssessed or None
        The last of the present arrears.
    sign_offs : dict of str to SignOffGiven
        Signatures of the present arrears.
    reviews : dict of str to TextReviewed
        Reviews of texts by the text's digest.
    charges : tuple of ChargeMade
        Charges of the present arrears.
    refunds : tuple of ChargeRefunded
    charges_ever, refunds_ever : tuple
        Those of all arrears of the account: a missed payment has one fee for good.
    budget : BudgetStated or None
        The last form of income and outgoings.
    confirmed_cause : str
        Trait that the customer confirmed last, "" without one.
    tried : tuple of str
        Help that was offered in the present arrears.
    documents : frozenset of str
        What was handed over.
    closed_at : datetime or None
    """

    attempts: tuple[ContactAttempted, ...] = ()
    conversations: tuple[ConversationHeld, ...] = ()
    messages: tuple[MessageSent, ...] = ()
    consents: frozenset[str] = frozenset()
    stopped: frozenset[str] = frozenset()
    agreed_hours: Hours | None = None
    invalid_numbers: dict[str, datetime] = field(default_factory=dict)
    work_numbers: frozenset[str] = frozenset()
    refusing_numbers: frozenset[str] = frozenset()
    heard_at: datetime | None = None
    plans: dict[str, str] = field(default_factory=dict)
    plan_records: dict[str, PlanRecord] = field(default_factory=dict)
    promises: tuple[Promise, ...] = ()
    payments: tuple[Payment, ...] = ()
    arrears: Arrears = field(default_factory=Arrears)
    circumstances: dict[str, tuple[datetime, date | None]] = field(default_factory=dict)
    representatives: dict[str, str] = field(default_factory=dict)
    guarantors: frozenset[str] = frozenset()
    disputes: dict[str, datetime] = field(default_factory=dict)
    questions: dict[str, datetime] = field(default_factory=dict)
    complaints: dict[str, datetime] = field(default_factory=dict)
    help_offered: bool = False
    plan_tried: bool = False
    legal_started: bool = False
    assessment: WillingnessAssessed | None = None
    sign_offs: dict[str, SignOffGiven] = field(default_factory=dict)
    reviews: dict[str, TextReviewed] = field(default_factory=dict)
    charges: tuple[ChargeMade, ...] = ()
    refunds: tuple[ChargeRefunded, ...] = ()
    charges_ever: tuple[ChargeMade, ...] = ()
    refunds_ever: tuple[ChargeRefunded, ...] = ()
    budget: BudgetStated | None = None
    confirmed_cause: str = ""
    tried: tuple[str, ...] = ()
    documents: frozenset[str] = frozenset()
    closed_at: datetime | None = None
    started: datetime | None = None

    def charged(self, charge: str) -> Decimal:
        """Return what was charged of one kind in the present arrears, less refunds."""
        total = sum((c.amount for c in self.charges if c.charge == charge), Decimal(0))
        back = sum((r.amount for r in self.refunds if r.charge == charge), Decimal(0))
        return max(total - back, Decimal(0))

    def standing_fees(self, due: date) -> tuple[ChargeMade, ...]:
        """Return the late fees that stand for one missed payment, in whichever arrears charged.

        Notes
        -----
        A refund takes away one fee: that of the due day it names, else the newest it covers.
        """
        named: dict[date | None, Decimal] = {}
        for one in self.refunds_ever:
            if one.charge == "late_fee":
                named[one.due] = named.get(one.due, Decimal(0)) + one.amount
        standing = []
        for fee in reversed(self.charges_ever):
            if fee.charge != "late_fee" or fee.amount <= 0:
                continue
            pool = fee.due if named.get(fee.due, Decimal(0)) >= fee.amount else None
            if named.get(pool, Decimal(0)) >= fee.amount:
                named[pool] -= fee.amount
            elif fee.due == due:
                standing.append(fee)
        return tuple(standing)

    def fees_for(self, due: date) -> int:
        """Return how many late fees stand for one missed payment; one given back is none."""
        return len(self.standing_fees(due))

    @property
    def willingness_evidence(self) -> str:
        """Level that a person assessed in the present arrears, "none" without any."""
        return "none" if self.assessment is None else self.assessment.evidence

    @property
    def hardship(self) -> bool:
        """Whether hardship was declared and is not over."""
        return "hardship" in self.circumstances

    @property
    def vulnerability(self) -> bool:
        """Whether the customer needs special care."""
        return "vulnerability" in self.circumstances

    @property
    def running_plan(self) -> str | None:
        """Reference of a plan that runs, or None."""
        return next((name for name, state in self.plans.items() if state == "running"), None)

    def calls(self) -> Iterator[ContactAttempted | ConversationHeld]:
        """Yield what the lender began by phone or in person, each call once, oldest first."""
        calls: list[ContactAttempted | ConversationHeld] = [*self.attempts]
        calls += [talk for talk in self.conversations if not talk.inbound]
        yield from sorted(calls, key=lambda event: event.at)


def local_day(moment: datetime, case: Case) -> date:
    """Return the customer's calendar day at a moment."""
    return moment.astimezone(case.zone).date()
