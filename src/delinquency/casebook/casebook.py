"""The one door to casework: open a case, record what happened, ask what is allowed, and do it.

What the lender does (a call, a message, an offer, a charge, a legal step) goes through
``Casebook.attempt``: the policy is asked and the answer written in one transaction, so that two
managers who act at the same moment cannot together break a limit that each alone would keep. A
refusal is written too, with its rule. What merely happened (a reply, a promise, a payment) goes
through ``Casebook.record``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from delinquency.casebook import stored_cases
from delinquency.casebook.audit_chain import Journal
from delinquency.casebook.case_records import put_case_record
from delinquency.casebook.case_store import Store
from delinquency.casebook.database import sqlite_url
from delinquency.casebook.pseudonyms import Key, letters
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
from delinquency.casework.case_view import View, view_of
from delinquency.casework.charge_gate import missed_payment_of
from delinquency.casework.check import check
from delinquency.casework.decision import Decision
from delinquency.casework.events import (
    ActionRefused,
    CaseClosed,
    CaseJoined,
    CaseOpened,
    ChargeMade,
    ContactAttempted,
    Cured,
    DebtTransferred,
    Declined,
    DisputeClosed,
    Event,
    FraudClosed,
    HelpOffered,
    LegalStepTaken,
    MessageSent,
    PaymentReceived,
    PlanOffered,
    SignOffGiven,
    TextReviewed,
    WentOverdue,
    event_from_dict,
)
from delinquency.casework.history_reading import history_of
from delinquency.casework.message_texts import text_digest
from delinquency.casework.tone import tone_faults
from delinquency.errors import CaseworkError, unknown_name
from delinquency.policy import Policy


@dataclass(frozen=True)
class Moment:
    """Who acts, when, and under which name for the write.

    Attributes
    ----------
    at : datetime
        When it happened, with time zone.
    actor : str
        Pseudonym of the person or process.
    idempotency_key : str
        The same again repeats nothing; a new attempt needs a new one, and another action a key
        of its own.
    written_at : datetime or None
        Clock of the machine; None where it is the moment itself (a rehearsal, a notebook).

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from delinquency import Moment
    >>> Moment(datetime(2026, 3, 6, 9, tzinfo=UTC), "agent-7f3a", "first call").actor
    'agent-7f3a'
    """

    at: datetime
    actor: str
    idempotency_key: str
    written_at: datetime | None = None

    @property
    def clock(self) -> datetime:
        """When the write happens.

        Raises
        ------
        CaseworkError
            If the moment lies in the future.
        """
        clock = self.at if self.written_at is None else self.written_at
        if self.at > clock:
            raise CaseworkError(
                f"Nothing is recorded before it happens. Got {self.at.isoformat()};"
                f" it is {clock.isoformat()}."
            )
        return clock


@dataclass(frozen=True)
class Attempt:
    """What became of an action that was asked for.

    Attributes
    ----------
    allowed : bool
    event : StoredEvent
        The fact that was recorded: the action done, or ``action_refused`` with its rule.
    decision : Decision or None
        The whole answer of the policy; None when the attempt is the repetition of an earlier one.
    """

    allowed: bool
    event: StoredEvent
    decision: Decision | None


class Casebook:
    """The cases of a store, each under its policy.

    Parameters
    ----------
    store : Store
    policies : mapping of str to Policy
        By name.
    lender : str
        Code of the lender whose cases these are.
    signers : frozenset of str
        Who may sign for a legal step, or approve a text of its own; empty: any other person.

    Examples
    --------
    >>> import tempfile
    >>> from datetime import UTC, datetime
    >>> from pathlib import Path
    >>> from delinquency import Call, Casebook, Moment, load_policy
    >>> policy = load_policy("seed_2021")
    >>> file = Path(tempfile.mkdtemp()) / "casework.db"
    >>> casebook = Casebook.in_file(file, policy, secret=bytes(range(32)))
    >>> opened = Moment(datetime(2026, 3, 6, 1, tzinfo=UTC), "agent-7f3a", "open")
    >>> case = casebook.open("C-004217", opened, policy=policy.name, time_zone="Asia/Shanghai")
    >>> at_night = Moment(datetime(2026, 3, 9, 15, tzinfo=UTC), "agent-7f3a", "first call")
    >>> casebook.attempt(case, Call(), at_night).decision.rule
    'contact.hours'
    >>> casebook.close()
    """

    def __init__(
        self,
        store: Store,
        policies: Mapping[str, Policy],
        lender: str = "own",
        signers: frozenset[str] = frozenset(),
    ):
        self.store = store
        self.signers = signers
        self.policies = policies
        self.lender = lender

    @classmethod
    def in_file(cls, path: str | Path, *policies: Policy, secret: bytes) -> "Casebook":
        """Return the cases of an SQLite file on this machine, which is made if it is not there.

        Parameters
        ----------
        path : path
        policies : Policy
            Those that cases may be opened under.
        secret : bytes
            At least 32, of the pseudonyms and digests; the same for the life of the file.
        """
        store = Store(sqlite_url(Path(path)), Key(secret))
        return cls(store, {policy.name: policy for policy in policies})

    def close(self) -> None:
        """Give back every connection to the store."""
        self.store.close()

    def open(
        self, account_id: str, moment: Moment, *, policy: str, time_zone: str, language: str = "en"
    ) -> str:
        """Open a case for an account, and return its number; an open case is joined.

        Notes
        -----
        An account has one open case: its caps, its arrears and its promises are one. Whoever
        asks for a second is led to the first, under the policy it was opened with.

        Parameters
        ----------
        account_id : str
            Pseudonym.
        moment : Moment
        policy : str
            Name of the policy that will be asked in this case.
        time_zone : str
            IANA name of the zone where the customer lives.
        language : str
            "en" or "zh".

        Raises
        ------
        CaseworkError
            If a case is open under another policy: a case keeps the one it was opened under.
        """
        self._policy(policy)
        opened = CaseOpened(
            at=moment.at,
            actor=moment.actor,
            account_id=account_id,
            time_zone=time_zone,
            language=language,
        )
        with self.store.writing(moment.clock) as journal:
            known = self._open_case(journal.connection, account_id)
            if known is not None:
                if known.policy != policy:
                    raise CaseworkError(
                        f"Case {known.case_id} of this account is open under policy"
                        f" {known.policy!r}; a second one under {policy!r} is refused. Close it"
                        " first (event case_closed), or go on in it."
                    )
                return known.case_id
            case = stored_cases.open_case(
                journal, account_id, policy=policy, idempotency_key=moment.idempotency_key
            )
            self._append(journal, case.case_id, opened, moment.idempotency_key)
            self._read(journal.connection, case.case_id)
        return case.case_id

    def record(
        self, case_id: str, event: Event, *, now: datetime, idempotency_key: str
    ) -> StoredEvent:
        """Record that something happened.

        Parameters
        ----------
        case_id : str
        event : Event
            A fact; what the lender does itself is refused here.
        now : datetime
            Moment of the writing.
        idempotency_key : str

        Raises
        ------
        CaseworkError
            When the event is an action of the lender, or lies in the future.
        """
        if type(event) in GATED:
            raise CaseworkError(
                f"{event.kind} is what the lender does: it is recorded by asking for it. "
                "Mend: Casebook.attempt with the action."
            )
        if (
            isinstance(event, SignOffGiven | TextReviewed)
            and self.signers
            and event.actor not in self.signers
        ):
            raise CaseworkError(
                f"{event.kind} is signed by one of {', '.join(sorted(self.signers))}."
                f" Got {event.actor!r}."
            )
        if event.at > now:
            raise CaseworkError(
                f"An event must have happened when it is recorded at {now.isoformat()}. "
                f"Got {event.kind} at {event.at.isoformat()}."
            )
        with self.store.writing(now) as journal:
            case = stored_cases.require_case(journal.connection, case_id)
            if event.kind in ("went_overdue", "promise_made", "budget_stated"):
                self._require_open(journal.connection, case_id, event)
            before = journal.sequence
            stored = self._append(journal, case_id, event, idempotency_key)
            if journal.sequence > before:
                self._note_arrears(journal, case, event, now)
            return stored

    def _require_open(self, connection: Connection, case_id: str, event: Event) -> None:
        """Raise when a closed case would go on in silence."""
        history = history_of(self._read(connection, case_id), event.at)
        if history.closed_at is not None:
            raise CaseworkError(
                f"Case {case_id} was closed on {history.closed_at.date()}: {event.kind} belongs"
                " to a new case. Open one for the account, or record case_reopened first."
            )

    def _note_arrears(
        self, journal: Journal, case: stored_cases.Case, event: Event, now: datetime
    ) -> None:
        """Keep the overdue record of a case: opened by the missed payment, closed by the cure."""
        if not isinstance(event, ARREARS_MOVE):
            return
        policy = self._policy(case.policy)
        whole = self._read(journal.connection, case.case_id)
        put_case_record(journal, whole, policy, event, received_on=now.date(), lender=self.lender)

    def _open_case(self, connection: Connection, account_id: str) -> stored_cases.Case | None:
        """Return the account's case that is not closed, or None."""
        for case in reversed(stored_cases.cases_of(connection, account_id)):
            kinds = [one.kind for one in stored_cases.events_of(connection, case.case_id)]
            ends = [kind for kind in kinds if kind in ("case_closed", "case_reopened")]
            if not ends or ends[-1] == "case_reopened":
                return case
        return None

    def case(self, case_id: str, *, days_past_due: int = 0) -> Case:
        """Return a case with all its events, as the pure functions take it."""
        with self.store.reading() as connection:
            return self._read(connection, case_id, days_past_due)

    def newest_cases(self) -> tuple[tuple[stored_cases.Case, Case], ...]:
        """Return the newest case of every account, as it is stored and as it is asked about."""
        with self.store.reading() as connection:
            newest: dict[str, stored_cases.Case] = {}
            for stored in stored_cases.all_cases(connection):
                known = newest.get(stored.account_id)
                if known is None or stored.opened_at >= known.opened_at:
                    newest[stored.account_id] = stored
            return tuple(
                (stored, self._read(connection, stored.case_id)) for stored in newest.values()
            )

    def ask(
        self,
        case_id: str,
        action: Action,
        *,
        at: datetime,
        days_past_due: int = 0,
        actor: str = "",
    ) -> Decision:
        """Return whether an action is allowed at a moment, and why not; changes nothing."""
        with self.store.reading() as connection:
            policy = self._policy(stored_cases.require_case(connection, case_id).policy)
            action = _asked_by(action, actor)
            return check(action, self._read(connection, case_id, days_past_due), policy, at)

    def attempt(
        self, case_id: str, action: Action, moment: Moment, *, days_past_due: int = 0
    ) -> Attempt:
        """Ask for an action and record it if it is allowed, or record the refusal.

        Parameters
        ----------
        case_id : str
        action : Action
            One that leaves a fact: a call, visit, message, charge, offer or legal step.
        moment : Moment
            Not before the last event of the case.
        days_past_due : int
            At this moment, where no event says since when.

        Returns
        -------
        Attempt

        Raises
        ------
        CaseworkError
            When the case has moved on since: what happened later might forbid the action.
        """
        if type(action) not in FACTS:
            raise unknown_name("action", action.name, sorted(kind.name for kind in FACTS))
        action = _asked_by(action, moment.actor)
        with self.store.writing(moment.clock) as journal:
            known = _find(journal.connection, case_id, moment.idempotency_key)
            if known is not None:
                _require_same(action, known, moment)
                return Attempt(known.kind != ActionRefused.kind, known, None)
            policy = self._policy(stored_cases.require_case(journal.connection, case_id).policy)
            case = self._read(journal.connection, case_id, days_past_due)
            if case.events and case.events[-1].at > moment.at:
                raise CaseworkError(
                    f"An action must come after the last event of its case, "
                    f"{case.events[-1].kind} at {case.events[-1].at.isoformat()}. "
                    f"Got {action.name} at {moment.at.isoformat()}."
                )
            decision = check(action, case, policy, moment.at)
            if decision.allowed:
                action = _for_its_payment(action, view_of(case, policy, moment.at))
                reference = letters(
                    journal.key.digest("reference", case_id, moment.idempotency_key)
                )
                fact = FACTS[type(action)](action, case, moment, reference)
            else:
                fact = ActionRefused(
                    at=moment.at,
                    actor=moment.actor,
                    action=decision.action,
                    rule=decision.rule,
                    rule_source=decision.rule_source,
                    reason=decision.reason,
                    content=text_digest(repr(action)),
                )
            stored = self._append(journal, case_id, fact, moment.idempotency_key)
            return Attempt(decision.allowed, stored, decision)

    def _append(
        self, journal: Journal, case_id: str, event: Event, idempotency_key: str
    ) -> StoredEvent:
        """Add an event to a case."""
        return stored_cases.append_event(
            journal, case_id, event.to_dict(), idempotency_key=idempotency_key
        )

    def _read(self, connection: Connection, case_id: str, days_past_due: int = 0) -> Case:
        """Return a case from its events."""
        stored = stored_cases.require_case(connection, case_id)
        events = _events(connection, case_id)
        others = [
            one.case_id
            for one in stored_cases.cases_of(connection, stored.account_id)
            if one.case_id != case_id
        ]
        past = tuple(event for other in others for event in _events(connection, other))
        opened = next((event for event in events if isinstance(event, CaseOpened)), None)
        if opened is None:
            raise CaseworkError(f"Case {case_id} has no case_opened event; its store is damaged.")
        return Case(
            case_id=stored.case_id,
            account_id=stored.account_id,
            time_zone=opened.time_zone,
            language=opened.language,
            days_past_due=days_past_due,
            events=events,
            past=past,
        )

    def _policy(self, name: str) -> Policy:
        """Return a policy by name."""
        if name not in self.policies:
            raise unknown_name("policy", name, list(self.policies))
        return self.policies[name]


def _events(connection: Connection, case_id: str) -> tuple[Event, ...]:
    """Return the events of a stored case."""
    return tuple(event_from_dict(one.body) for one in stored_cases.events_of(connection, case_id))


def _asked_by(action: Action, actor: str) -> Action:
    """Return an action with who asks for it, where the gate wants to know."""
    return replace(action, asked_by=actor) if isinstance(action, TakeLegalStep) else action


def _for_its_payment(action: Action, view: View) -> Action:
    """Return a late fee with the due day of the missed payment that it was checked against."""
    if not isinstance(action, Charge) or action.charge != "late_fee" or action.due is not None:
        return action
    missed = missed_payment_of(view, action)
    return action if missed is None else replace(action, due=missed.due)


def _require_same(action: Action, known: StoredEvent, moment: Moment) -> None:
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
        fact = FACTS[type(action)](action, blank, moment, "ref")
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


def _find(connection: Connection, case_id: str, idempotency_key: str) -> StoredEvent | None:
    """Return the event that a key has already added."""
    stored = stored_cases.events_of(connection, case_id)
    return next((one for one in stored if one.idempotency_key == idempotency_key), None)


def _contact(action: Any, case: Case, moment: Moment, reference: str) -> Event:
    """Return the fact of a call or visit."""
    return ContactAttempted(
        at=moment.at,
        actor=moment.actor,
        channel=action.channel,
        number_id=getattr(action, "number_id", "main"),
        party=action.party,
        staff=getattr(action, "staff", 1),
        purpose=action.purpose,
    )


def _message(action: Message, case: Case, moment: Moment, reference: str) -> Event:
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


def _charge(action: Charge, case: Case, moment: Moment, reference: str) -> Event:
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


def _plan(action: OfferPlan, case: Case, moment: Moment, reference: str) -> Event:
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


def _help(action: OfferHelp, case: Case, moment: Moment, reference: str) -> Event:
    """Return the fact of help that was offered."""
    return HelpOffered(
        at=moment.at,
        actor=moment.actor,
        treatment=action.treatment,
        until=action.until,
        amount=action.amount,
    )


def _legal(action: TakeLegalStep, case: Case, moment: Moment, reference: str) -> Event:
    """Return the fact of a legal step."""
    return LegalStepTaken(
        at=moment.at,
        actor=moment.actor,
        legal_step=action.legal_step,
        sign_off_id=action.sign_off_id,
        human_reason=action.human_reason,
    )


def _transfer(action: TransferDebt, case: Case, moment: Moment, reference: str) -> Event:
    """Return the fact of a sale."""
    return DebtTransferred(at=moment.at, actor=moment.actor, buyer_id=action.buyer_id)


def _decline(action: Decline, case: Case, moment: Moment, reference: str) -> Event:
    """Return the fact of a decline, with the reason that a person gave."""
    return Declined(
        at=moment.at,
        actor=moment.actor,
        decision=action.decision,
        human_reason=action.human_reason,
    )


ARREARS_MOVE = (WentOverdue, Cured, PaymentReceived, CaseClosed, FraudClosed, DisputeClosed)
"""Events after which the overdue record of a case is opened, goes on, or is closed."""
FACTS: Mapping[type[Action], Callable[[Any, Case, Moment, str], Event]] = {
    Call: _contact,
    Visit: _contact,
    Message: _message,
    Charge: _charge,
    OfferPlan: _plan,
    OfferHelp: _help,
    TakeLegalStep: _legal,
    Decline: _decline,
    TransferDebt: _transfer,
}
"""What is recorded when an action is allowed: exactly what was checked."""
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
