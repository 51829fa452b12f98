"""Events of the case itself: its course, questions and papers, legal steps, refusals."""

from dataclasses import dataclass
from types import MappingProxyType

from delinquency.casework.event import Event, event
from delinquency.policy import CHANNELS

LEGAL_STEPS = ("letter", "mediation", "order", "suit")
"""The legal steps, mildest first."""


@event("case_opened")
@dataclass(frozen=True, kw_only=True)
class CaseOpened(Event):
    """A case is opened for an account.

    Attributes
    ----------
    account_id : str
        Pseudonym of the account.
    time_zone : str
        IANA name of the zone where the customer lives.
    language : str
        Language that the customer reads: en or zh.
    """

    pseudonyms = ("account_id",)
    choices = MappingProxyType({"language": ("en", "zh")})

    account_id: str
    time_zone: str
    language: str = "en"


@event("case_closed")
@dataclass(frozen=True, kw_only=True)
class CaseClosed(Event):
    """The case is closed.

    Attributes
    ----------
    reason : str
        Why: cured, settled, written off, other.
    """

    reason: str


@event("case_reopened")
@dataclass(frozen=True, kw_only=True)
class CaseReopened(Event):
    """A case that was closed goes on.

    Attributes
    ----------
    reason : str
        Why.
    """

    reason: str


@event("case_joined")
@dataclass(frozen=True, kw_only=True)
class CaseJoined(Event):
    """Somebody asked for a second case of the account and was led to this one."""


@event("sign_off_given")
@dataclass(frozen=True, kw_only=True)
class SignOffGiven(Event):
    """The legal department agreed to a legal step; its actor is the person who signed.

    Attributes
    ----------
    sign_off_id : str
        Reference of the signature.
    legal_step : str
        Letter, mediation, order or suit.
    reason : str
        What was examined.
    """

    pseudonyms = ("sign_off_id",)
    choices = MappingProxyType({"legal_step": LEGAL_STEPS})

    sign_off_id: str
    legal_step: str = "letter"
    reason: str = ""


@event("text_reviewed")
@dataclass(frozen=True, kw_only=True)
class TextReviewed(Event):
    """A person read a text of its own before it goes out; its actor is who read it.

    Attributes
    ----------
    text_digest : str
        SHA-256 of the text, all of it.
    outcome : str
        Approved or rejected.
    reason : str
        Why.
    """

    choices = MappingProxyType({"outcome": ("approved", "rejected")})

    text_digest: str
    outcome: str
    reason: str = ""


@event("record_cleared")
@dataclass(frozen=True, kw_only=True)
class RecordCleared(Event):
    """The overdue record was cleared; only a digest of it remains.

    Attributes
    ----------
    digest : str
        SHA-256 of what was cleared.
    rule : str
        Rule that called for it.
    """

    digest: str
    rule: str


@event("question_asked")
@dataclass(frozen=True, kw_only=True)
class QuestionAsked(Event):
    """The customer asked something: the reply clock starts.

    Attributes
    ----------
    question_id : str
        Reference of the question.
    channel : str
        Channel.
    about : str
        What was asked.
    """

    pseudonyms = ("question_id",)
    choices = MappingProxyType({"channel": CHANNELS})

    question_id: str
    channel: str = "phone"
    about: str = ""


@event("reply_sent")
@dataclass(frozen=True, kw_only=True)
class ReplySent(Event):
    """A question was answered.

    Attributes
    ----------
    question_id : str
        Reference of the question.
    channel : str
        Channel.
    """

    pseudonyms = ("question_id",)
    choices = MappingProxyType({"channel": CHANNELS})

    question_id: str
    channel: str = "phone"


@event("documents_provided")
@dataclass(frozen=True, kw_only=True)
class DocumentsProvided(Event):
    """Documents were handed over.

    Attributes
    ----------
    documents : tuple[str, ...]
        Statement, calculation, plan, legal basis.
    """

    documents: tuple[str, ...]


@event("legal_step_requested")
@dataclass(frozen=True, kw_only=True)
class LegalStepRequested(Event):
    """Somebody asks for a legal step.

    Attributes
    ----------
    legal_step : str
        Letter, mediation, order or suit.
    human_reason : str
        The reason, in the person's own words.
    sign_off_id : str
        Reference of the legal department's signature.
    """

    pseudonyms = ("sign_off_id",)
    choices = MappingProxyType({"legal_step": LEGAL_STEPS})

    legal_step: str
    human_reason: str
    sign_off_id: str = ""


@event("legal_step_taken")
@dataclass(frozen=True, kw_only=True)
class LegalStepTaken(Event):
    """A legal step was taken.

    Attributes
    ----------
    legal_step : str
        Letter, mediation, order or suit.
    sign_off_id : str
        Reference of the legal department's signature.
    human_reason : str
        The reason, in the words of the person who asked; "" in cases of before it was kept.
    """

    pseudonyms = ("sign_off_id",)
    choices = MappingProxyType({"legal_step": LEGAL_STEPS})

    legal_step: str
    sign_off_id: str
    human_reason: str = ""


@event("declined")
@dataclass(frozen=True, kw_only=True)
class Declined(Event):
    """Something was declined to the customer: credit, a limit, a plan.

    Attributes
    ----------
    decision : str
        What was declined.
    human_reason : str
        The reason, in the words of the person who decided.
    """

    decision: str
    human_reason: str


@event("decision_reviewed")
@dataclass(frozen=True, kw_only=True)
class DecisionReviewed(Event):
    """A person reviewed a decision: a decline, a limit, a legal step.

    Attributes
    ----------
    decision : str
        What was decided.
    outcome : str
        Upheld or changed.
    human_reason : str
        The reason, in the person's own words.
    """

    choices = MappingProxyType({"outcome": ("upheld", "changed")})

    decision: str
    outcome: str
    human_reason: str


@event("action_refused")
@dataclass(frozen=True, kw_only=True)
class ActionRefused(Event):
    """An action was asked for and refused by the policy.

    Attributes
    ----------
    action : str
        Name of the action.
    rule : str
        Key of the rule.
    rule_source : str
        Its source.
    reason : str
        Why.
    content : str
        SHA-256 of what was asked for; "" in cases of before it was kept.
    """

    action: str
    rule: str
    rule_source: str
    reason: str
    content: str = ""
