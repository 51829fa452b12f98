"""The one door to casework: open a case, record what happened, ask what is allowed, and do it.

What the lender does (a call, a message, an offer, a charge, a legal step) goes through
``Casebook.attempt``: the policy is asked and the answer written in one transaction, so that two
managers who act at the same moment cannot together break a limit that each alone would keep. A
refusal is written too, with its rule. What merely happened (a reply, a promise, a payment) goes
through ``Casebook.record``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from delinquency.casebook import stored_cases
from delinquency.casebook.audit_chain import Journal
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
    Visit,
)
from delinquency.casework.case_file import Case
from delinquency.casework.check import check
from delinquency.casework.decision import Decision
from delinquency.casework.events import (
    ActionRefused,
    CaseOpened,
    ChargeMade,
    ContactAttempted,
    Declined,
    Event,
    HelpOffered,
    LegalStepTaken,
    MessageSent,
    PlanOffered,
    event_from_dict,
)
from delinquency.casework.tone import tone_faults
from delinquency.errors import CaseworkError, unknown_name
from delinquency.policy import Policy


@dataclass(frozen=True)
class Moment:
    """Who acts, when, and under which name for the write.

    Attributes
    ----------
    at : datetime
        With time zone.
    actor : str
        Pseudonym of the person or process.
    idempotency_key : str
        The same again repeats nothing; a new attempt needs a new one.

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

    def __init__(self, store: Store, policies: Mapping[str, Policy]):
        self.store = store
        self.policies = policies

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
        """Open a case for an account, and return its number.

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
        """
        self._policy(policy)
        opened = CaseOpened(
            at=moment.at,
            actor=moment.actor,
            account_id=account_id,
            time_zone=time_zone,
            language=language,
        )
        with self.store.writing(moment.at) as journal:
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
        if event.at > now:
            raise CaseworkError(
                f"An event must have happened when it is recorded at {now.isoformat()}. "
                f"Got {event.kind} at {event.at.isoformat()}."
            )
        with self.store.writing(now) as journal:
            return self._append(journal, case_id, event, idempotency_key)

    def case(self, case_id: str, *, days_past_due: int = 0) -> Case:
        """Return a case with all its events, as the pure functions take it."""
        with self.store.reading() as connection:
            return self._read(connection, case_id, days_past_due)

    def ask(
        self, case_id: str, action: Action, *, at: datetime, days_past_due: int = 0
    ) -> Decision:
        """Return whether an action is allowed at a moment, and why not; changes nothing."""
        with self.store.reading() as connection:
            policy = self._policy(stored_cases.require_case(connection, case_id).policy)
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
        with self.store.writing(moment.at) as journal:
            known = _find(journal.connection, case_id, moment.idempotency_key)
            if known is not None:
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
        events = tuple(
            event_from_dict(one.body) for one in stored_cases.events_of(connection, case_id)
        )
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
        )

    def _policy(self, name: str) -> Policy:
        """Return a policy by name."""
        if name not in self.policies:
            raise unknown_name("policy", name, list(self.policies))
        return self.policies[name]


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
        offers_help=all(fault.kind != "no offer of help" for fault in faults),
        party=action.party,
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
    )


def _help(action: OfferHelp, case: Case, moment: Moment, reference: str) -> Event:
    """Return the fact of help that was offered."""
    return HelpOffered(at=moment.at, actor=moment.actor, treatment=action.treatment)


def _legal(action: TakeLegalStep, case: Case, moment: Moment, reference: str) -> Event:
    """Return the fact of a legal step."""
    return LegalStepTaken(
        at=moment.at,
        actor=moment.actor,
        legal_step=action.legal_step,
        sign_off_id=action.sign_off_id,
        human_reason=action.human_reason,
    )


def _decline(action: Decline, case: Case, moment: Moment, reference: str) -> Event:
    """Return the fact of a decline, with the reason that a person gave."""
    return Declined(
        at=moment.at,
        actor=moment.actor,
        decision=action.decision,
        human_reason=action.human_reason,
    )


FACTS: Mapping[type[Action], Callable[[Any, Case, Moment, str], Event]] = {
    Call: _contact,
    Visit: _contact,
    Message: _message,
    Charge: _charge,
    OfferPlan: _plan,
    OfferHelp: _help,
    TakeLegalStep: _legal,
    Decline: _decline,
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
    ActionRefused,
)
"""Events that only the casebook itself writes."""
