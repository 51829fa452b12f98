"""Keeps cases and their events: append-only, numbered without a gap, safe to repeat.

Every write carries an idempotency key. A writer that crashed, or did not hear the answer, writes
again with the same key and gets the event that is already there; the same key with another
content is refused.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from delinquency.casebook.audit_chain import Journal, moment_text
from delinquency.casebook.database_schema import CASES, EVENTS
from delinquency.casebook.pseudonyms import letters
from delinquency.casework.identifier_masking import is_pseudonym
from delinquency.errors import CaseworkError

IDEMPOTENCY_LIMIT = 128
"""Longest idempotency key, in characters."""


@dataclass(frozen=True)
class Case:
    """A case: one account's file, opened under one policy.

    Attributes
    ----------
    case_id, account_id : str
        Pseudonyms.
    policy : str
        Name of the policy under which it was opened.
    opened_at : datetime
        UTC.
    """

    case_id: str
    account_id: str
    policy: str
    opened_at: datetime


@dataclass(frozen=True)
class StoredEvent:
    """An event as the store keeps it.

    Attributes
    ----------
    case_id : str
    sequence : int
        1, 2, 3 ... in the case.
    idempotency_key : str
        The writer's own name for this write.
    kind : str
    occurred_at, recorded_at : datetime
        When it happened and when it was written down, UTC.
    body : mapping
        The event in JSON's types.
    """

    case_id: str
    sequence: int
    idempotency_key: str
    kind: str
    occurred_at: datetime
    recorded_at: datetime
    body: Mapping[str, Any]


def open_case(journal: Journal, account_id: str, *, policy: str, idempotency_key: str) -> Case:
    """Open a case for an account, or return the one that this key has already opened.

    Parameters
    ----------
    journal : Journal
    account_id : str
        A pseudonym; anything that looks like a direct identifier is refused.
    policy : str
        Name of the policy.
    idempotency_key : str
        The writer's own name for this opening, e.g. "2026-10".

    Raises
    ------
    CaseworkError
        When the account number is no pseudonym, or the key opened a case under another policy.
    """
    if not is_pseudonym(account_id):
        raise CaseworkError(
            "account_id must be a pseudonym. Got something else (not shown). "
            "Mend: privacy.pseudonym(key, identifier)."
        )
    _require_key(idempotency_key)
    case_id = "c_" + letters(journal.key.digest("case", account_id, idempotency_key))
    known = find_case(journal.connection, case_id)
    if known is not None:
        if known.policy != policy:
            raise CaseworkError(
                f"Case {case_id} was opened under policy {known.policy!r}; it cannot be opened "
                f"again under {policy!r}. Mend: open another case with another key."
            )
        return known
    row = {
        "case_id": case_id,
        "account_id": account_id,
        "policy": policy,
        "opened_at": journal.recorded_at,
    }
    journal.connection.execute(insert(CASES), row)
    journal.note("case", subject=account_id, content=tuple(row.values()))
    return require_case(journal.connection, case_id)


def append_event(
    journal: Journal, case_id: str, body: Mapping[str, Any], *, idempotency_key: str
) -> StoredEvent:
    """Add an event to a case, or return the one that this key has already added.

    Parameters
    ----------
    journal : Journal
    case_id : str
    body : mapping
        The event in JSON's types, with "kind" and "at" (ISO 8601 with time zone).
    idempotency_key : str
        The writer's own name for this write; unique in the case.

    Raises
    ------
    CaseworkError
        When there is no such case, or the key has added an event with another content.
    """
    _require_key(idempotency_key)
    case = require_case(journal.connection, case_id)
    text = canonical_json(body)
    known = journal.connection.execute(
        select(EVENTS).where(
            EVENTS.c.case_id == case_id, EVENTS.c.idempotency_key == idempotency_key
        )
    ).one_or_none()
    if known is not None:
        if known.body != text:
            raise CaseworkError(
                f"Idempotency key {idempotency_key!r} has already added event {known.sequence} "
                f"({known.kind}) to case {case_id}, with another content. "
                "Mend: a new event needs a new key."
            )
        return _event(known)
    last = journal.connection.execute(
        select(func.max(EVENTS.c.sequence)).where(EVENTS.c.case_id == case_id)
    ).scalar()
    stored = StoredEvent(
        case_id=case_id,
        sequence=(last or 0) + 1,
        idempotency_key=idempotency_key,
        kind=str(body["kind"]),
        occurred_at=datetime.fromisoformat(str(body["at"])).astimezone(UTC),
        recorded_at=datetime.fromisoformat(journal.recorded_at),
        body=json.loads(text),
    )
    row = {
        **vars(stored),
        "occurred_at": moment_text(datetime.fromisoformat(str(body["at"]))),
        "recorded_at": journal.recorded_at,
        "body": text,
    }
    journal.connection.execute(insert(EVENTS), row)
    content = tuple(str(value) for value in row.values())
    journal.note("event", subject=case.account_id, content=content)
    return stored


def find_case(connection: Connection, case_id: str) -> Case | None:
    """Return a case, or None when there is none of this name."""
    row = connection.execute(select(CASES).where(CASES.c.case_id == case_id)).one_or_none()
    return None if row is None else _case(row)


def require_case(connection: Connection, case_id: str) -> Case:
    """Return a case.

    Raises
    ------
    CaseworkError
        When there is none of this name.
    """
    case = find_case(connection, case_id)
    if case is None:
        raise CaseworkError(
            f"A case {case_id!r} was expected; there is none. Mend: open it, or list the cases of "
            "the account."
        )
    return case


def cases_of(connection: Connection, account_id: str) -> tuple[Case, ...]:
    """Return the cases of an account, oldest first."""
    rows = connection.execute(
        select(CASES)
        .where(CASES.c.account_id == account_id)
        .order_by(CASES.c.opened_at, CASES.c.case_id)
    )
    return tuple(_case(row) for row in rows)


def all_cases(connection: Connection) -> Iterator[Case]:
    """Yield every case, by its name."""
    for row in connection.execute(select(CASES).order_by(CASES.c.case_id)):
        yield _case(row)


def events_of(connection: Connection, case_id: str) -> tuple[StoredEvent, ...]:
    """Return the events of a case in the order in which they were recorded."""
    rows = connection.execute(
        select(EVENTS).where(EVENTS.c.case_id == case_id).order_by(EVENTS.c.sequence)
    )
    return tuple(_event(row) for row in rows)


def canonical_json(value: object) -> str:
    """Return the one JSON text of a value: sorted keys, no spaces, no NaN."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    )


def _require_key(idempotency_key: str) -> None:
    """Raise when an idempotency key is empty, too long, or not printable."""
    if not 0 < len(idempotency_key) <= IDEMPOTENCY_LIMIT or not idempotency_key.isprintable():
        raise CaseworkError(
            f"An idempotency key must have 1 to {IDEMPOTENCY_LIMIT} printable characters. "
            f"Got {idempotency_key[:IDEMPOTENCY_LIMIT]!r}."
        )


def _case(row: Row[Any]) -> Case:
    """Return a row as a case."""
    return Case(
        row.case_id, row.account_id, row.policy, datetime.fromisoformat(str(row.opened_at))
    )


def _event(row: Row[Any]) -> StoredEvent:
    """Return a row as an event."""
    return StoredEvent(
        row.case_id,
        row.sequence,
        row.idempotency_key,
        row.kind,
        datetime.fromisoformat(row.occurred_at),
        datetime.fromisoformat(row.recorded_at),
        json.loads(row.body),
    )
