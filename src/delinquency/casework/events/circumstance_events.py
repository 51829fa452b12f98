"""Events that say how the customer stands: the cause, hardship, disputes, willingness."""

from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from delinquency.casework.event import Event, event
from delinquency.traits import EVIDENCE_LEVELS, TRAITS


@event("cause_confirmed")
@dataclass(frozen=True, kw_only=True)
class CauseConfirmed(Event):
    """The customer's answer on a likely cause: feedback on the model.

    Attributes
    ----------
    trait : str
        Key of the trait.
    answer : str
        Confirmed, refuted or unclear.
    account_of_facts : str
        What the customer said, without personal identifiers.
    """

    choices = MappingProxyType(
        {"trait": tuple(TRAITS), "answer": ("confirmed", "refuted", "unclear")}
    )

    trait: str
    answer: str
    account_of_facts: str = ""


@event("hardship_declared")
@dataclass(frozen=True, kw_only=True)
class HardshipDeclared(Event):
    """The customer declared hardship.

    Attributes
    ----------
    reason : str
        Illness, loss of work, care, disaster.
    until : date | None
        Expected end.
    """

    reason: str = ""
    until: date | None = None


@event("hardship_ended")
@dataclass(frozen=True, kw_only=True)
class HardshipEnded(Event):
    """The hardship is over, by the customer's own word."""


@event("dispute_opened")
@dataclass(frozen=True, kw_only=True)
class DisputeOpened(Event):
    """The customer disputes the debt or complains of the service.

    Attributes
    ----------
    dispute_id : str
        Reference of the dispute.
    about : str
        What is disputed.
    """

    pseudonyms = ("dispute_id",)

    dispute_id: str
    about: str = ""


@event("dispute_closed")
@dataclass(frozen=True, kw_only=True)
class DisputeClosed(Event):
    """A dispute was settled.

    Attributes
    ----------
    dispute_id : str
        Reference of the dispute.
    outcome : str
        Upheld, partly_upheld or not_upheld.
    explanation : str
        What the customer was told.
    """

    pseudonyms = ("dispute_id",)
    choices = MappingProxyType({"outcome": ("upheld", "partly_upheld", "not_upheld")})

    dispute_id: str
    outcome: str
    explanation: str = ""


@event("vulnerability_flagged")
@dataclass(frozen=True, kw_only=True)
class VulnerabilityFlagged(Event):
    """A circumstance was noticed that calls for special care.

    Attributes
    ----------
    circumstance : str
        Illness, bereavement, age, language.
    """

    circumstance: str = ""


@event("vulnerability_lifted")
@dataclass(frozen=True, kw_only=True)
class VulnerabilityLifted(Event):
    """The circumstance no longer holds."""


@event("willingness_assessed")
@dataclass(frozen=True, kw_only=True)
class WillingnessAssessed(Event):
    """A person assessed how strong the evidence is that the customer can pay and will not.

    Attributes
    ----------
    evidence : str
        Level.
    reason : str
        The facts it rests on.
    """

    choices = MappingProxyType({"evidence": EVIDENCE_LEVELS})

    evidence: str
    reason: str
