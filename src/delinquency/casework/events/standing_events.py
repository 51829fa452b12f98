"""Events that stop something while they last: death, insolvency, a lawyer, fraud, opting out.

What each stops is the policy's; who may lift it stands with each kind in ``holds``.
"""

from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from delinquency.casework.event import Event, event
from delinquency.policy import CHANNELS

PROCEEDINGS = ("bankruptcy", "debt_arrangement", "moratorium", "breathing_space")
"""Insolvency proceedings; the last two are pauses with an end."""
PAUSES = ("moratorium", "breathing_space")
"""Proceedings that hold creditors back for a while."""
REPRESENTATIVES = ("lawyer", "debt_adviser", "guardian", "executor", "relative_with_authority")
"""Who may act for a customer."""
STOPPED_CHANNELS = (*CHANNELS, "work", "all")
"""What a customer can ask to be left out: a channel, the place of work, or everything."""


@event("customer_died")
@dataclass(frozen=True, kw_only=True)
class CustomerDied(Event):
    """The customer's death became known.

    Attributes
    ----------
    on : date | None
        Day of death, where it is known.
    """

    on: date | None = None


@event("death_refuted")
@dataclass(frozen=True, kw_only=True)
class DeathRefuted(Event):
    """The report of the death was a mistake.

    Attributes
    ----------
    reason : str
        How that was found out.
    """

    reason: str


@event("insolvency_opened")
@dataclass(frozen=True, kw_only=True)
class InsolvencyOpened(Event):
    """A proceeding over the customer's debts began, or a pause that the law gives.

    Attributes
    ----------
    proceeding : str
        Bankruptcy, debt_arrangement, moratorium or breathing_space.
    until : date | None
        Last day of a pause.
    """

    choices = MappingProxyType({"proceeding": PROCEEDINGS})

    proceeding: str = "bankruptcy"
    until: date | None = None


@event("insolvency_ended")
@dataclass(frozen=True, kw_only=True)
class InsolvencyEnded(Event):
    """The proceeding ended; a discharge ends the debt.

    Attributes
    ----------
    outcome : str
        Dismissed, completed, discharged or lapsed.
    """

    choices = MappingProxyType({"outcome": ("dismissed", "completed", "discharged", "lapsed")})

    outcome: str


@event("representative_appointed")
@dataclass(frozen=True, kw_only=True)
class RepresentativeAppointed(Event):
    """Somebody acts for the customer: contacts go there.

    Attributes
    ----------
    representative_id : str
        Pseudonym of the person or office.
    role : str
        Lawyer, debt_adviser, guardian, executor or relative_with_authority.
    """

    pseudonyms = ("representative_id",)
    choices = MappingProxyType({"role": REPRESENTATIVES})

    representative_id: str
    role: str = "lawyer"


@event("representation_ended")
@dataclass(frozen=True, kw_only=True)
class RepresentationEnded(Event):
    """Somebody no longer acts for the customer.

    Attributes
    ----------
    representative_id : str
        Pseudonym of the person or office.
    """

    pseudonyms = ("representative_id",)

    representative_id: str


@event("minor_identified")
@dataclass(frozen=True, kw_only=True)
class MinorIdentified(Event):
    """The customer is under age: only a guardian is spoken with.

    Attributes
    ----------
    until : date | None
        Last day under age.
    """

    until: date | None = None


@event("guarantor_named")
@dataclass(frozen=True, kw_only=True)
class GuarantorNamed(Event):
    """Somebody guarantees the debt; the guarantor is told of nothing but the guarantee.

    Attributes
    ----------
    guarantor_id : str
        Pseudonym of the person.
    """

    pseudonyms = ("guarantor_id",)

    guarantor_id: str


@event("fraud_reported")
@dataclass(frozen=True, kw_only=True)
class FraudReported(Event):
    """The customer reports that somebody else used the account, or that its data were stolen.

    Attributes
    ----------
    report_id : str
        Reference of the report.
    about : str
        What happened, without personal identifiers.
    """

    pseudonyms = ("report_id",)

    report_id: str
    about: str = ""


@event("fraud_closed")
@dataclass(frozen=True, kw_only=True)
class FraudClosed(Event):
    """The report of fraud was looked into.

    Attributes
    ----------
    report_id : str
        Reference of the report.
    outcome : str
        Confirmed or not_confirmed.
    explanation : str
        What the customer was told.
    """

    pseudonyms = ("report_id",)
    choices = MappingProxyType({"outcome": ("confirmed", "not_confirmed")})

    report_id: str
    outcome: str
    explanation: str = ""


@event("contact_stopped")
@dataclass(frozen=True, kw_only=True)
class ContactStopped(Event):
    """The customer asked not to be contacted: by a channel, at work, or at all.

    Attributes
    ----------
    channel : str
        A channel, "work" or "all".
    """

    choices = MappingProxyType({"channel": STOPPED_CHANNELS})

    channel: str


@event("contact_resumed")
@dataclass(frozen=True, kw_only=True)
class ContactResumed(Event):
    """The customer allows again what was stopped.

    Attributes
    ----------
    channel : str
        A channel, "work" or "all".
    """

    choices = MappingProxyType({"channel": STOPPED_CHANNELS})

    channel: str


@event("workplace_number")
@dataclass(frozen=True, kw_only=True)
class WorkplaceNumber(Event):
    """A number turned out to be that of the place of work.

    Attributes
    ----------
    number_id : str
        Pseudonym of the number.
    """

    pseudonyms = ("number_id",)

    number_id: str


@event("third_party_refused")
@dataclass(frozen=True, kw_only=True)
class ThirdPartyRefused(Event):
    """A third person does not want to be asked: that person is left alone for good.

    Attributes
    ----------
    number_id : str
        Pseudonym of that person's number.
    """

    pseudonyms = ("number_id",)

    number_id: str


@event("illness_reported")
@dataclass(frozen=True, kw_only=True)
class IllnessReported(Event):
    """A serious illness of the customer became known.

    Attributes
    ----------
    until : date | None
        Until when the customer asked to be left in peace, where that was said.
    """

    until: date | None = None


@event("illness_ended")
@dataclass(frozen=True, kw_only=True)
class IllnessEnded(Event):
    """The illness no longer stands against a contact, by the customer's own word."""


@event("military_service_began")
@dataclass(frozen=True, kw_only=True)
class MilitaryServiceBegan(Event):
    """The customer is on military service.

    Attributes
    ----------
    until : date | None
        Expected end.
    """

    until: date | None = None


@event("military_service_ended")
@dataclass(frozen=True, kw_only=True)
class MilitaryServiceEnded(Event):
    """The military service is over."""


@event("complaint_received")
@dataclass(frozen=True, kw_only=True)
class ComplaintReceived(Event):
    """The customer complains of how the lender behaved: the complaint's clock starts.

    Attributes
    ----------
    complaint_id : str
        Reference of the complaint.
    about : str
        What it is about, without personal identifiers.
    """

    pseudonyms = ("complaint_id",)

    complaint_id: str
    about: str = ""


@event("complaint_answered")
@dataclass(frozen=True, kw_only=True)
class ComplaintAnswered(Event):
    """A complaint was answered.

    Attributes
    ----------
    complaint_id : str
        Reference of the complaint.
    outcome : str
        Upheld, partly_upheld or not_upheld.
    """

    pseudonyms = ("complaint_id",)
    choices = MappingProxyType({"outcome": ("upheld", "partly_upheld", "not_upheld")})

    complaint_id: str
    outcome: str
