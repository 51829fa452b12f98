"""What is recorded of an action that was allowed: exactly what was checked."""

from dataclasses import replace
from functools import singledispatch

from delinquency.casebook.moments import Moment
from delinquency.casebook.stored_cases import StoredEvent
from delinquency.casework.actions import (
    Action,
    Call,
    Charge,
    Decline,
    Message,
    OfferHelp,
    OfferPlan,
    TakeLegalStep,
    TransferDebt,
    Visit,
)
from delinquency.casework.case_file import Case
from delinquency.casework.case_view import View
from delinquency.casework.charge_gate import missed_payment_of
from delinquency.casework.events import (
    ActionRefused,
    CaseJoined,
    CaseOpened,
    ChargeMade,
    ContactAttempted,
    DebtTransferred,
    Declined,
    Event,
    HelpOffered,
    LegalStepTaken,
    MessageSent,
    PlanOffered,
)
from delinquency.casework.message_texts import text_digest
from delinquency.casework.tone import tone_faults
from delinquency.errors import CaseworkError, unknown_name

GATED = (
    CaseOpened,
    ContactAttempted,
    MessageSent,
    ChargeMade,
    PlanOffered,
    HelpOffered,
    LegalStepTaken,
    Declined,
    DebtTransferred,
    ActionRefused,
    CaseJoined,
)
"""Events that only the casebook itself writes."""


@singledispatch
def fact_of(action: Action, case: Case, moment: Moment, reference: str) -> Event:
    """Return the event that says what was done.

    Parameters
    ----------
    action : Action
        One that leaves a fact: a call, visit, message, charge, offer, decline, sale or legal step.
    case : Case
    moment : Moment
    reference : str
        Names a text or a plan that this action brings into the case.

    Raises
    ------
    ChoiceError
        For an action that leaves none.
    """
    raise unknown_name("action", action.name, _recorded())


def _recorded() -> list[str]:
    """Return the names of the actions that leave a fact."""
    return sorted(kind.name for kind in fact_of.registry if issubclass(kind, Action) and kind.name)


def require_recorded(action: Action) -> None:
    """Raise for an action that leaves no fact.

    Raises
    ------
    ChoiceError
    """
    if type(action) not in fact_of.registry:
        raise unknown_name("action", action.name, _recorded())


@fact_of.register
def _(action: Call, case: Case, moment: Moment, reference: str) -> Event:
    """Return the fact of a call."""
    return ContactAttempted(
        at=moment.at,
        actor=moment.actor,
        channel=action.channel,
        number_id=action.number_id,
        party=action.party,
        purpose=action.purpose,
    )


@fact_of.register
def _(action: Visit, case: Case, moment: Moment, reference: str) -> Event:
    """Return the fact of a visit."""
    return ContactAttempted(
        at=moment.at,
        actor=moment.actor,
        channel=action.channel,
        party=action.party,
        staff=action.staff,
        purpose=action.purpose,
    )


@fact_of.register
def _(action: Message, case: Case, moment: Moment, reference: str) -> Event:
    """Return the fact of a message; the text itself is not kept, only a reference."""
    faults = tone_faults(action.text, legal_words_allowed=True, help_needed=True)
    return MessageSent(
        at=moment.at,
        actor=moment.actor,
        channel=action.channel,
        text_id=f"t_{reference}",
        language=case.language,
        step=action.step,
        offers_help=action.purpose in ("reminder", "help")
        and all(fault.kind != "no offer of help" for fault in faults),
        party=action.party,
        purpose=action.purpose,
        template=action.template,
        text_digest=text_digest(action.text),
    )


@fact_of.register
def _(action: Charge, case: Case, moment: Moment, reference: str) -> Event:
    """Return the fact of a charge."""
    return ChargeMade(
        at=moment.at,
        actor=moment.actor,
        charge=action.charge,
        amount=action.amount,
        overdue_principal=action.overdue_principal,
        days=action.days,
        repeated=action.repeated,
        due=action.due,
    )


@fact_of.register
def _(action: OfferPlan, case: Case, moment: Moment, reference: str) -> Event:
    """Return the fact of a plan that was offered."""
    plan = action.plan
    return PlanOffered(
        at=moment.at,
        actor=moment.actor,
        plan_id=f"plan_{reference}",
        plan_kind=plan.treatment,
        months=plan.months,
        instalment=plan.instalment,
        total=plan.total,
        first_due=plan.instalments[0].due,
        schedule=tuple(f"{one.due} {one.amount}" for one in plan.instalments),
    )


@fact_of.register
def _(action: OfferHelp, case: Case, moment: Moment, reference: str) -> Event:
    """Return the fact of help that was offered."""
    return HelpOffered(
        at=moment.at,
        actor=moment.actor,
        treatment=action.treatment,
        until=action.until,
        amount=action.amount,
    )


@fact_of.register
def _(action: TakeLegalStep, case: Case, moment: Moment, reference: str) -> Event:
    """Return the fact of a legal step."""
    return LegalStepTaken(
        at=moment.at,
        actor=moment.actor,
        legal_step=action.legal_step,
        sign_off_id=action.sign_off_id,
        human_reason=action.human_reason,
    )


@fact_of.register
def _(action: TransferDebt, case: Case, moment: Moment, reference: str) -> Event:
    """Return the fact of a sale."""
    return DebtTransferred(at=moment.at, actor=moment.actor, buyer_id=action.buyer_id)


@fact_of.register
def _(action: Decline, case: Case, moment: Moment, reference: str) -> Event:
    """Return the fact of a decline, with the reason that a person gave."""
    return Declined(
        at=moment.at,
        actor=moment.actor,
        decision=action.decision,
        human_reason=action.human_reason,
    )


def with_its_payment(action: Action, view: View) -> Action:
    """Return a late fee with the due day of the missed payment that it was checked against."""
    if not isinstance(action, Charge) or action.charge != "late_fee" or action.due is not None:
        return action
    missed = missed_payment_of(view, action)
    return action if missed is None else replace(action, due=missed.due)


def require_same_content(action: Action, known: StoredEvent, moment: Moment) -> None:
    """Raise when a key that named one action is used for another.

    Notes
    -----
    A refusal is known by its action's name, a fact by its kind and by all that the action says.
    """
    payload = known.body.get("payload") or {}
    if known.kind == ActionRefused.kind:
        content = payload.get("content")
        same = payload.get("action") == action.name and content in (
            None,
            "",
            text_digest(repr(action)),
        )
    else:
        blank = Case("key", "key", "UTC")
        fact = fact_of(action, blank, moment, "ref")
        mine = fact.payload
        loose = ["text_id", "plan_id", "language"]
        if isinstance(action, Charge) and action.due is None:
            loose.append("due")  # The fact names the missed payment that was the oldest then.
        same = fact.kind == known.kind and all(
            payload.get(name) == value for name, value in mine.items() if name not in loose
        )
        digest = payload.get("text_digest")
        if same and isinstance(action, Message) and digest:
            same = digest == text_digest(action.text)
    if not same:
        raise CaseworkError(
            f"Idempotency key {moment.idempotency_key!r} belongs to {known.kind} (event"
            f" {known.sequence}); {action.name} with this content needs a key of its own."
        )


def asked_by(action: Action, actor: str) -> Action:
    """Return an action with who asks for it, where the gate wants to know."""
    return replace(action, asked_by=actor) if isinstance(action, TakeLegalStep) else action
