"""The one door to casework: open a case, record what happened, ask what is allowed, and do it.

What the lender does (a call, a message, an offer, a charge, a legal step) goes through
``Casebook.attempt``: the policy is asked and the answer written in one transaction, so that two
managers who act at the same moment cannot together break a limit that each alone would keep. A
refusal is written too, with its rule. What merely happened (a reply, a promise, a payment) goes
through ``Casebook.record``.
"""

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import Connection

from delinquency.casebook import stored_cases
from delinquency.casebook.audit_chain import BrokenLink, Journal
from delinquency.casebook.case_records import ARREARS_MOVE, put_case_record
from delinquency.casebook.case_store import Store
from delinquency.casebook.clearing import Cleared, clear_records
from delinquency.casebook.database import sqlite_url
from delinquency.casebook.moments import Attempt, Moment
from delinquency.casebook.overdue_records import OverdueRecord, records_of
from delinquency.casebook.pseudonyms import Key, letters
from delinquency.casebook.recorded_actions import (
    GATED,
    asked_by,
    fact_of,
    require_recorded,
    require_same_content,
    with_its_payment,
)
from delinquency.casebook.stored_cases import StoredEvent
from delinquency.casework.actions import (
    Action,
)
from delinquency.casework.case_file import Case
from delinquency.casework.case_view import view_of
from delinquency.casework.check import check
from delinquency.casework.decision import Decision
from delinquency.casework.events import (
    ActionRefused,
    CaseOpened,
    Event,
    SignOffGiven,
    TextReviewed,
    event_from_dict,
)
from delinquency.casework.history_reading import history_of
from delinquency.casework.message_texts import text_digest
from delinquency.errors import CaseworkError, unknown_name
from delinquency.policy import Policy


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
    def in_file(
        cls, path: str | Path, *policies: Policy, secret: bytes, lender: str = "own"
    ) -> "Casebook":
        """Return the cases of an SQLite file on this machine, which is made if it is not there.

        Parameters
        ----------
        path : path
        policies : Policy
            Those that cases may be opened under.
        secret : bytes
            At least 32, of the pseudonyms and digests; the same for the life of the file.
        lender : str
            Code of the lender whose cases these are.
        """
        store = Store(sqlite_url(Path(path)), Key(secret))
        return cls(store, {policy.name: policy for policy in policies}, lender)

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

    def records(self, account_id: str) -> tuple[OverdueRecord, ...]:
        """Return the overdue records of an account, oldest first."""
        with self.store.reading() as connection:
            return records_of(connection, account_id)

    def clear(self, policy: str, *, as_of: date, now: datetime) -> Cleared:
        """Clear every record whose clearing day under a policy has come; again does no more."""
        return clear_records(self.store, as_of=as_of, policy=self._policy(policy), now=now)

    def verify(self) -> BrokenLink | None:
        """Return the first broken link of the store's log of changes; None where all hold."""
        return self.store.verify()

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
            action = asked_by(action, actor)
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
        require_recorded(action)
        action = asked_by(action, moment.actor)
        with self.store.writing(moment.clock) as journal:
            known = _find(journal.connection, case_id, moment.idempotency_key)
            if known is not None:
                require_same_content(action, known, moment)
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
                action = with_its_payment(action, view_of(case, policy, moment.at))
                reference = letters(
                    journal.key.digest("reference", case_id, moment.idempotency_key)
                )
                fact = fact_of(action, case, moment, reference)
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


def _find(connection: Connection, case_id: str, idempotency_key: str) -> StoredEvent | None:
    """Return the event that a key has already added."""
    stored = stored_cases.events_of(connection, case_id)
    return next((one for one in stored if one.idempotency_key == idempotency_key), None)
