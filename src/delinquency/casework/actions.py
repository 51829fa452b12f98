"""What a person or a process may ask to do in a case. Asking changes nothing."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from delinquency.casework.events import LEGAL_STEPS, PARTIES, STEPS
from delinquency.errors import unknown_name
from delinquency.policy import WRITTEN_CHANNELS
from delinquency.traits import TRAITS

if TYPE_CHECKING:
    from delinquency.casework.plans import Plan

PURPOSES = ("reminder", "help", "plan", "reply", "locate")
"""Why one contacts: to remind; to ask and offer help; to run a plan; to answer; to find again."""

TREATMENTS = tuple(
    dict.fromkeys(
        [name for trait in TRAITS.values() for name in trait.treatments]
        + ["friendly_talk", "document_pack"]
    )
)
"""Every treatment that a trait names, and the two of the neutral path."""


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
    channel: ClassVar[str] = "phone"

    def __post_init__(self) -> None:
        _known("party", self.party, PARTIES)
        _known("purpose", self.purpose, PURPOSES)


@dataclass(frozen=True)
class Visit(Action):
    """Visit the customer.

    Attributes
    ----------
    staff : int
        People who go.
    """

    name: ClassVar[str] = "visit"
    staff: int = 2
    party: str = "customer"
    purpose: str = "reminder"
    channel: ClassVar[str] = "visit"

    def __post_init__(self) -> None:
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
    """

    name: ClassVar[str] = "message"
    channel: str
    text: str
    step: str = "H2"
    party: str = "customer"
    purpose: str = "reminder"

    def __post_init__(self) -> None:
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
    """

    name: ClassVar[str] = "charge"
    charge: str
    amount: Decimal
    overdue_principal: Decimal
    days: int = 0
    repeated: bool = False

    def __post_init__(self) -> None:
        _known("charge", self.charge, ("late_fee", "interest"))


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
        Level of the profile, where the treatment asks for it (written terms).
    """

    name: ClassVar[str] = "offer_help"
    treatment: str
    willingness_evidence: str | None = None

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
        Level of the profile of traits; the level that a person assessed counts as well.
    """

    name: ClassVar[str] = "legal_step"
    legal_step: str
    human_reason: str = ""
    sign_off_id: str = ""
    willingness_evidence: str | None = None

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
    "PURPOSES",
    "TREATMENTS",
    "Action",
    "Call",
    "Charge",
    "Decline",
    "Message",
    "OfferHelp",
    "OfferPlan",
    "ShareRecord",
    "TakeLegalStep",
    "Visit",
]
