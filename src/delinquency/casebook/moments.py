"""Who acts in a case, when and under which name for the write, and what became of it."""

from dataclasses import dataclass
from datetime import datetime

from delinquency.casebook.stored_cases import StoredEvent
from delinquency.casework.decision import Decision
from delinquency.errors import CaseworkError


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
