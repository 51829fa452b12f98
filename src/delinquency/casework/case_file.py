"""A case: an account's handling, as the ordered history of its events."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from delinquency.casework.events import Event
from delinquency.casework.identifier_masking import is_pseudonym
from delinquency.errors import CaseworkError
from delinquency.policy import Policy


@dataclass(frozen=True)
class Case:
    """One account's case as plain data: what the store hands to the pure functions.

    Attributes
    ----------
    case_id, account_id : str
        Pseudonyms.
    time_zone : str
        IANA name of the zone where the customer lives: "Asia/Shanghai".
    language : str
        "en" or "zh".
    days_past_due : int
        At the moment of asking.
    events : tuple of Event
        Everything that happened, oldest first.
    past : tuple of Event
        What happened in the account's other cases, oldest first.

    Examples
    --------
    >>> from delinquency import Case
    >>> Case("case-1", "C-004217", time_zone="Asia/Shanghai").zone.key
    'Asia/Shanghai'
    """

    case_id: str
    account_id: str
    time_zone: str
    language: str = "en"
    days_past_due: int = 0
    events: tuple[Event, ...] = field(default=())
    past: tuple[Event, ...] = field(default=())

    def __post_init__(self) -> None:
        for name in ("case_id", "account_id"):
            if not is_pseudonym(getattr(self, name)):
                raise CaseworkError(f"{name}: expected a pseudonym without personal data.")
        zone_of(self.time_zone)
        if self.days_past_due < 0:
            raise CaseworkError(f"days_past_due must be >= 0. Got {self.days_past_due}.")
        ordered = tuple(sorted(self.events, key=lambda event: event.at))
        object.__setattr__(self, "events", ordered)

    @property
    def zone(self) -> ZoneInfo:
        """The customer's time zone."""
        return zone_of(self.time_zone)

    def with_event(self, event: Event) -> "Case":
        """Return the case with one more event."""
        return replace(self, events=(*self.events, event))

    def until(self, at: datetime) -> tuple[Event, ...]:
        """Return the account's events up to and including a moment; nothing later is known then.

        Notes
        -----
        Caps, opting out, a death hold for the account, in whichever case they were recorded.
        """
        known = [event for event in self.events if event.at <= at]
        if not self.past:
            return tuple(known)
        known += [event for event in self.past if event.at <= at]
        return tuple(sorted(known, key=lambda event: event.at))


def zone_of(name: str) -> ZoneInfo:
    """Return the time zone of an IANA name.

    Raises
    ------
    CaseworkError
        If there is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CaseworkError(
            f"Unknown time zone {name!r}. Expected an IANA name such as 'Asia/Shanghai'."
        ) from error


HOME_ZONES: Mapping[str, str] = MappingProxyType(
    {"US": "America/New_York", "EU": "Europe/Berlin", "UK": "Europe/London"}
)
"""Zone by the jurisdiction of a policy, for customers of whom none is known; else Shanghai."""


def home_zone(policy: Policy) -> str:
    """Return the time zone of a policy's customers where nobody has said another.

    Notes
    -----
    Hours of contact are the customer's own. A country with several zones needs the zone of each
    customer: whoever relies on this one says so.
    """
    return HOME_ZONES.get(policy.jurisdiction, "Asia/Shanghai")
