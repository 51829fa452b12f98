"""What a person or a process may ask to do in a case. Asking changes nothing."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from delinquency.casework.event import TEXT_LIMIT, amount_fault
from delinquency.casework.events import LEGAL_STEPS, PARTIES, PURPOSES, STEPS
from delinquency.errors import CaseworkError, unknown_name
from delinquency.policy import THIRD_PARTY_KINDS, WRITTEN_CHANNELS
from delinquency.traits import TRAITS

if TYPE_CHECKING:
    from delinquency.casework.plans import Plan

PLACES = ("home", "work")
"""Where a call or a visit reaches the customer."""

TREATMENTS = tuple(
    dict.fromkeys(
        [name for trait in TRAITS.values() for name in trait.treatments]
        + ["friendly_talk", "document_pack", "due_date_move"]
        + ["payment_holiday", "interest_freeze", "fee_waiver"]
        + ["reduced_settlement", "debt_advice"]
    )
)
"""Every treatment that a trait names, and the two of the neutral path."""


RELIEF = (
    "payment_holiday",
    "interest_freeze",
    "fee_waiver",
    "reduced_settlement",
    "debt_advice",
)
"""Relief that can be drawn up where no plan fits; see ``relief``."""


def _require_amount(name: str, value: Decimal, *, negative_allowed: bool = False) -> None:
    """Raise when an amount is no amount of money."""
    fault = amount_fault(Decimal(value), negative_allowed=negative_allowed)
    if fault:
        raise CaseworkError(f"{name}: {fault}")


def _known(kind: str, name: str, known: tuple[str, ...]) -> None:
    """Raise when a name is not among the known ones."""
    if name not in known:
        raise unknown_name(kind, name, known)


@dataclass(frozen=True)
class Action:
    """Something that is asked for; ``check`` says whether it is allowed."""

    name: ClassVar[str] = ""


@dataclass(frozen=True)
class Call(Action):
    """Dial a number.

    Attributes
    ----------
    number_id : str
        Pseudonym of the number.
    party : str
        A word of ``PARTIES``.
    purpose : str
        A word of ``PURPOSES``.
    place : str
        A word of ``PLACES``: where the number rings.
    relation : str
        Of a third party: a word of ``THIRD_PARTY_KINDS``.

    Examples
    --------
    >>> from delinquency import Call
    >>> Call(purpose="help").channel
    'phone'
    """

    name: ClassVar[str] = "call"
    number_id: str = "main"
    party: str = "customer"
    purpose: str = "reminder"
    place: str = "home"
    relation: str = "related"
    channel: ClassVar[str] = "phone"

    def __post_init__(self) -> None:
        _known("place", self.place, PLACES)
        _known("relation", self.relation, THIRD_PARTY_KINDS)
        _known("party", self.party, PARTIES)
        _known("purpose", self.purpose, PURPOSES)


@dataclass(frozen=True)
class Visit(Action):
    """Visit the customer.

    Attributes
    ----------
    staff : int
        People who go.
    place : str
        A word of ``PLACES``.
    relation : str
        Of a third party: a word of ``THIRD_PARTY_KINDS``.
    """

    name: ClassVar[str] = "visit"
    staff: int = 2
    party: str = "customer"
    purpose: str = "reminder"
    place: str = "home"
    relation: str = "related"
    channel: ClassVar[str] = "visit"

    def __post_init__(self) -> None:
        _known("place", self.place, PLACES)
        _known("relation", self.relation, THIRD_PARTY_KINDS)
        _known("party", self.party, PARTIES)
        _known("purpose", self.purpose, PURPOSES)


@dataclass(frozen=True)
class Message(Action):
    """Send a text.

    Attributes
    ----------
    channel : str
        A written channel.
    text : str
        All of it, as it will go out.
    step : str
        Handling step that it belongs to.
    template : str
        Name and version of the approved text that this is, filled in: "bereavement:1"; "" for a
        text of its own.

    Examples
    --------
    >>> from delinquency import Message
    >>> Message("letter", "We are here to help. Please call us.").purpose
    'reminder'
    """

    name: ClassVar[str] = "message"
    channel: str
    text: str
    step: str = "H2"
    party: str = "customer"
    purpose: str = "reminder"
    template: str = ""

    def __post_init__(self) -> None:
        if len(self.text) > TEXT_LIMIT:
            raise CaseworkError(
                f"message: expected a text of at most {TEXT_LIMIT:,} characters."
                f" Got {len(self.text):,}. Put the rest into an enclosure."
            )
        _known("channel", self.channel, WRITTEN_CHANNELS)
        _known("step", self.step, STEPS)
        _known("party", self.party, PARTIES)
        _known("purpose", self.purpose, PURPOSES)


@dataclass(frozen=True)
class Charge(Action):
    """Charge a late fee or interest.

    Attributes
    ----------
    charge : str
        "late_fee" or "interest".
    amount, overdue_principal : Decimal
        Account currency.
    days : int
        Days of interest.
    repeated : bool
        Whether it is a repeated late fee.
    due : date or None
        Due day of the missed payment that a late fee is for; None means the oldest that has none.

    Examples
    --------
    >>> from decimal import Decimal
    >>> from delinquency import Charge
    >>> Charge("late_fee", Decimal("6.40"), overdue_principal=Decimal("640.00")).repeated
    False
    """

    name: ClassVar[str] = "charge"
    charge: str
    amount: Decimal
    overdue_principal: Decimal
    days: int = 0
    repeated: bool = False
    due: date | None = None

    def __post_init__(self) -> None:
        _known("charge", self.charge, ("late_fee", "interest"))
        _require_amount("amount", self.amount)
        _require_amount("overdue_principal", self.overdue_principal, negative_allowed=True)


@dataclass(frozen=True)
class OfferPlan(Action):
    """Offer a plan with amounts.

    Attributes
    ----------
    plan : Plan
    residual_income : Decimal or None
        What is left each month after essentials, as far as known.
    payment_due : Decimal
        What the customer would have to pay now without the plan.
    residual_after : Decimal or None
        What the customer expects to be left once the hardship is over.

    Examples
    --------
    >>> from datetime import date
    >>> from decimal import Decimal
    >>> from delinquency import OfferPlan, Situation, Terms, load_policy, plan_options
    >>> owed, due, left = Decimal("6000.00"), Decimal("900.00"), Decimal("1000.00")
    >>> situation = Situation(owed, due, left, first_due=date(2026, 4, 15))
    >>> plan = plan_options(situation, load_policy("seed_2021"), Terms())[0].plan
    >>> OfferPlan(plan, residual_income=left, payment_due=due).name
    'offer_plan'
    """

    name: ClassVar[str] = "offer_plan"
    plan: "Plan"
    residual_income: Decimal | None
    payment_due: Decimal
    residual_after: Decimal | None = None


@dataclass(frozen=True)
class OfferHelp(Action):
    """Offer help without amounts: autopay, another due date, advice, a talk.

    Attributes
    ----------
    treatment : str
        A word of ``TREATMENTS``.
    willingness_evidence : str or None
        Level that whoever asks claims; kept for the auditor, and never counted: what counts is
        what a person assessed in the case.
    until : date or None
        When relief ends.
    amount : Decimal or None
        What relief costs the lender, or what is still asked, account currency.

    Examples
    --------
    >>> from delinquency import OfferHelp
    >>> OfferHelp("debt_advice").until is None
    True
    """

    name: ClassVar[str] = "offer_help"
    treatment: str
    willingness_evidence: str | None = None
    until: date | None = None
    amount: Decimal | None = None

    def __post_init__(self) -> None:
        _known("treatment", self.treatment, TREATMENTS)


@dataclass(frozen=True)
class TakeLegalStep(Action):
    """Take a legal step.

    Attributes
    ----------
    legal_step : str
        A word of ``LEGAL_STEPS``.
    human_reason : str
        The reason, in the words of the person who asks.
    sign_off_id : str
        Reference of the legal department's signature.
    willingness_evidence : str or None
        Level that whoever asks claims; kept for the auditor, and never counted: what counts is
        what a person assessed in the case.
    asked_by : str
        Pseudonym of who asks; the casebook puts in who acts.

    Examples
    --------
    >>> from delinquency import TakeLegalStep
    >>> TakeLegalStep("letter", human_reason="no answer for half a year").sign_off_id
    ''
    """

    name: ClassVar[str] = "legal_step"
    legal_step: str
    human_reason: str = ""
    sign_off_id: str = ""
    willingness_evidence: str | None = None
    asked_by: str = ""

    def __post_init__(self) -> None:
        _known("legal step", self.legal_step, LEGAL_STEPS)


@dataclass(frozen=True)
class Decline(Action):
    """Decline something to the customer: credit, a limit, a plan.

    Attributes
    ----------
    decision : str
        What is declined.
    human_reason : str
        The reason, in the words of the person who decides.
    """

    name: ClassVar[str] = "decline"
    decision: str
    human_reason: str = ""


@dataclass(frozen=True)
class TransferDebt(Action):
    """Sell the debt, or hand it over to somebody else.

    Attributes
    ----------
    buyer_id : str
        Pseudonym of who takes it.
    human_reason : str
        The reason, in the words of the person who asks.
    """

    name: ClassVar[str] = "transfer_debt"
    buyer_id: str
    human_reason: str = ""


Contact = Call | Visit | Message
"""The actions that reach a person."""


@dataclass(frozen=True)
class ShareRecord(Action):
    """Share an overdue record with a bureau.

    Attributes
    ----------
    consent : bool
        Whether the customer's consent is recorded.
    """

    name: ClassVar[str] = "share_record"
    consent: bool = False


__all__ = [
    "PLACES",
    "PURPOSES",
    "RELIEF",
    "TREATMENTS",
    "Action",
    "Call",
    "Charge",
    "Contact",
    "Decline",
    "Message",
    "OfferHelp",
    "OfferPlan",
    "ShareRecord",
    "TakeLegalStep",
    "TransferDebt",
    "Visit",
]
