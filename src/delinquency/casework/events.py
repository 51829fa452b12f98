"""What can happen in a case: the vocabulary of events, one small frozen record each."""

from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from types import MappingProxyType

from delinquency.casework.event import EVENTS, Event, event, event_from_dict
from delinquency.errors import CaseworkError
from delinquency.policy import CHANNELS, WRITTEN_CHANNELS
from delinquency.traits import EVIDENCE_LEVELS, TRAITS

PARTIES = ("customer", "third_party")
"""Who can be reached: the customer (or whoever the customer has authorised), or anyone else."""

STEPS = ("H1", "H2", "H3", "H4", "H5")
"""The five handling steps."""

LEGAL_STEPS = ("letter", "mediation", "order", "suit")
"""The legal steps, mildest first."""

__all__ = [
    "EVENTS",
    "LEGAL_STEPS",
    "PARTIES",
    "STEPS",
    "ActionRefused",
    "CaseClosed",
    "CaseOpened",
    "CauseConfirmed",
    "ChargeMade",
    "ChargeRefunded",
    "ConsentGiven",
    "ConsentWithdrawn",
    "ContactAttempted",
    "ConversationHeld",
    "Cured",
    "DecisionReviewed",
    "DisputeClosed",
    "DisputeOpened",
    "DocumentsProvided",
    "Event",
    "HardshipDeclared",
    "HardshipEnded",
    "HelpOffered",
    "HoursAgreed",
    "LegalStepRequested",
    "LegalStepTaken",
    "MessageSent",
    "NumberInvalid",
    "PaymentReceived",
    "PlanAccepted",
    "PlanBroken",
    "PlanCompleted",
    "PlanOffered",
    "PlanRefused",
    "PromiseBroken",
    "PromiseKept",
    "PromiseMade",
    "QuestionAsked",
    "RecordCleared",
    "ReplySent",
    "VulnerabilityFlagged",
    "VulnerabilityLifted",
    "WentOverdue",
    "WillingnessAssessed",
    "event_from_dict",
]


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
    """

    pseudonyms = ("number_id",)
    choices = MappingProxyType({"channel": ("phone", "visit"), "party": PARTIES})

    channel: str
    number_id: str = "main"
    party: str = "customer"
    staff: int = 1


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
    """

    pseudonyms = ("text_id",)
    choices = MappingProxyType(
        {"channel": WRITTEN_CHANNELS, "language": ("en", "zh"), "step": STEPS, "party": PARTIES}
    )

    channel: str
    text_id: str
    language: str = "en"
    step: str = "H2"
    offers_help: bool = True
    party: str = "customer"


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


@event("promise_made")
@dataclass(frozen=True, kw_only=True)
class PromiseMade(Event):
    """The customer promised a payment.

    Attributes
    ----------
    promise_id : str
        Reference of the promise.
    amount : Decimal
        Account currency.
    due : date
        The promised day.
    """

    pseudonyms = ("promise_id",)

    promise_id: str
    amount: Decimal
    due: date


@event("promise_kept")
@dataclass(frozen=True, kw_only=True)
class PromiseKept(Event):
    """A promised payment came.

    Attributes
    ----------
    promise_id : str
        Reference of the promise.
    """

    pseudonyms = ("promise_id",)

    promise_id: str


@event("promise_broken")
@dataclass(frozen=True, kw_only=True)
class PromiseBroken(Event):
    """A promised payment did not come.

    Attributes
    ----------
    promise_id : str
        Reference of the promise.
    """

    pseudonyms = ("promise_id",)

    promise_id: str


@event("plan_offered")
@dataclass(frozen=True, kw_only=True)
class PlanOffered(Event):
    """A plan was offered.

    Attributes
    ----------
    plan_id : str
        Reference of the plan.
    plan_kind : str
        Name of the treatment.
    months : int
        Number of instalments.
    instalment : Decimal
        Regular instalment, account currency.
    total : Decimal
        Everything the customer pays under the plan.
    first_due : date | None
        Day of the first instalment.
    """

    pseudonyms = ("plan_id",)

    plan_id: str
    plan_kind: str
    months: int
    instalment: Decimal
    total: Decimal
    first_due: date | None = None


@event("plan_accepted")
@dataclass(frozen=True, kw_only=True)
class PlanAccepted(Event):
    """The customer accepted a plan: it runs.

    Attributes
    ----------
    plan_id : str
        Reference of the plan.
    """

    pseudonyms = ("plan_id",)

    plan_id: str


@event("plan_refused")
@dataclass(frozen=True, kw_only=True)
class PlanRefused(Event):
    """The customer refused a plan.

    Attributes
    ----------
    plan_id : str
        Reference of the plan.
    reason : str
        What the customer said.
    """

    pseudonyms = ("plan_id",)

    plan_id: str
    reason: str = ""


@event("plan_broken")
@dataclass(frozen=True, kw_only=True)
class PlanBroken(Event):
    """A running plan was not kept.

    Attributes
    ----------
    plan_id : str
        Reference of the plan.
    missed : int
        Instalments missed in a row.
    """

    pseudonyms = ("plan_id",)

    plan_id: str
    missed: int


@event("plan_completed")
@dataclass(frozen=True, kw_only=True)
class PlanCompleted(Event):
    """A plan was paid to its end.

    Attributes
    ----------
    plan_id : str
        Reference of the plan.
    """

    pseudonyms = ("plan_id",)

    plan_id: str


@event("help_offered")
@dataclass(frozen=True, kw_only=True)
class HelpOffered(Event):
    """Help other than a plan was offered: autopay, another due date, advice.

    Attributes
    ----------
    treatment : str
        Name of the treatment.
    """

    treatment: str


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


@event("charge_made")
@dataclass(frozen=True, kw_only=True)
class ChargeMade(Event):
    """A late fee or interest was charged.

    Attributes
    ----------
    charge : str
        Late_fee or interest.
    amount : Decimal
        Account currency.
    overdue_principal : Decimal
        What it was charged on.
    days : int
        Days of overdue interest.
    repeated : bool
        Whether it is a repeated late fee.
    """

    choices = MappingProxyType({"charge": ("late_fee", "interest")})

    charge: str
    amount: Decimal
    overdue_principal: Decimal
    days: int = 0
    repeated: bool = False


@event("charge_refunded")
@dataclass(frozen=True, kw_only=True)
class ChargeRefunded(Event):
    """A charge was given back.

    Attributes
    ----------
    charge : str
        Late_fee or interest.
    amount : Decimal
        Account currency.
    reason : str
        Why.
    """

    choices = MappingProxyType({"charge": ("late_fee", "interest")})

    charge: str
    amount: Decimal
    reason: str = ""


@event("payment_received")
@dataclass(frozen=True, kw_only=True)
class PaymentReceived(Event):
    """A payment came in.

    Attributes
    ----------
    amount : Decimal
        Account currency.
    plan_id : str
        Reference of the plan it belongs to, if any.
    """

    amount: Decimal
    plan_id: str = ""


@event("went_overdue")
@dataclass(frozen=True, kw_only=True)
class WentOverdue(Event):
    """An amount became overdue.

    Attributes
    ----------
    amount : Decimal
        Overdue amount, account currency.
    due : date
        The day it was due.
    """

    amount: Decimal
    due: date


@event("cured")
@dataclass(frozen=True, kw_only=True)
class Cured(Event):
    """Nothing is overdue any more.

    Attributes
    ----------
    on : date
        The day of the cure.
    """

    on: date


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
    """

    pseudonyms = ("sign_off_id",)
    choices = MappingProxyType({"legal_step": LEGAL_STEPS})

    legal_step: str
    sign_off_id: str


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
    """

    action: str
    rule: str
    rule_source: str
    reason: str
