"""Events of contact: dials, conversations, messages, and what the customer agreed to."""

from dataclasses import dataclass
from datetime import time
from types import MappingProxyType

from delinquency.casework.event import Event, event
from delinquency.errors import CaseworkError
from delinquency.policy import CHANNELS, WRITTEN_CHANNELS

PARTIES = ("customer", "representative", "guarantor", "third_party")
"""Who can be reached: the customer, who acts for the customer, who guarantees, or anyone else."""

PURPOSES = ("reminder", "help", "plan", "reply", "locate", "notice")
"""Why one contacts: to remind; to ask and offer help; to run a plan; to answer; to find again;
to tell what must be told, by an approved text."""

STEPS = ("H1", "H2", "H3", "H4", "H5")
"""The five handling steps."""


@event("contact_attempted")
@dataclass(frozen=True, kw_only=True)
class ContactAttempted(Event):
    """The customer was dialled or visited, or somebody else was; nobody spoke.

    Attributes
    ----------
    channel : str
        Phone or visit.
    number_id : str
        Pseudonym of the number dialled.
    party : str
        Who was to be reached.
    staff : int
        People on a visit.
    purpose : str
        Why; "" in cases of before it was kept.
    """

    pseudonyms = ("number_id",)
    choices = MappingProxyType(
        {"channel": ("phone", "visit"), "party": PARTIES, "purpose": ("", *PURPOSES)}
    )

    channel: str
    number_id: str = "main"
    party: str = "customer"
    staff: int = 1
    purpose: str = ""


@event("conversation_held")
@dataclass(frozen=True, kw_only=True)
class ConversationHeld(Event):
    """A conversation took place.

    Attributes
    ----------
    channel : str
        Phone, app or visit.
    number_id : str
        Pseudonym of the number.
    party : str
        Whom one spoke with.
    inbound : bool
        Whether the customer began it.
    heated : bool
        Whether it became heated.
    summary : str
        Facts, without personal identifiers.
    staff : int
        People on a visit.
    """

    pseudonyms = ("number_id",)
    choices = MappingProxyType({"channel": ("phone", "app", "visit"), "party": PARTIES})

    channel: str
    number_id: str = "main"
    party: str = "customer"
    inbound: bool = False
    heated: bool = False
    summary: str = ""
    staff: int = 1


@event("message_sent")
@dataclass(frozen=True, kw_only=True)
class MessageSent(Event):
    """A written message went out.

    Attributes
    ----------
    channel : str
        Sms, email, letter or app.
    text_id : str
        Name of the template, or pseudonym of the text.
    language : str
        Language of the text.
    step : str
        Handling step that it belongs to.
    offers_help : bool
        Whether it offers help.
    party : str
        Who it went to.
    purpose : str
        Why it went out; "" in cases of before it was kept.
    template : str
        Name and version of the approved text: "bereavement:1"; "" for a text of its own.
    text_digest : str
        SHA-256 of the text; "" in cases of before it was kept.
    """

    pseudonyms = ("text_id", "template")
    choices = MappingProxyType(
        {
            "channel": WRITTEN_CHANNELS,
            "language": ("en", "zh"),
            "step": STEPS,
            "party": PARTIES,
            "purpose": ("", *PURPOSES),
        }
    )

    channel: str
    text_id: str
    language: str = "en"
    step: str = "H2"
    offers_help: bool = True
    party: str = "customer"
    purpose: str = ""
    template: str = ""
    text_digest: str = ""


@event("number_invalid")
@dataclass(frozen=True, kw_only=True)
class NumberInvalid(Event):
    """A number turned out not to be in use, or not to be the customer's.

    Attributes
    ----------
    number_id : str
        Pseudonym of the number.
    """

    pseudonyms = ("number_id",)

    number_id: str


@event("consent_given")
@dataclass(frozen=True, kw_only=True)
class ConsentGiven(Event):
    """The customer agreed to a channel.

    Attributes
    ----------
    channel : str
        The channel.
    """

    choices = MappingProxyType({"channel": CHANNELS})

    channel: str


@event("consent_withdrawn")
@dataclass(frozen=True, kw_only=True)
class ConsentWithdrawn(Event):
    """The customer withdrew the agreement to a channel.

    Attributes
    ----------
    channel : str
        The channel.
    """

    choices = MappingProxyType({"channel": CHANNELS})

    channel: str


@event("hours_agreed")
@dataclass(frozen=True, kw_only=True)
class HoursAgreed(Event):
    """The customer agreed to other hours of contact; this replaces what was agreed before.

    Attributes
    ----------
    start : str
        First minute, HH:MM, local to the customer.
    end : str
        First minute no longer allowed.
    """

    start: str
    end: str

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            start, end = time.fromisoformat(self.start), time.fromisoformat(self.end)
        except ValueError as error:
            raise CaseworkError(f"hours_agreed: expected times as HH:MM. Got {error}.") from error
        if start >= end:
            raise CaseworkError(
                f"hours_agreed: start must come before end. Got {self.start}-{self.end}."
            )
