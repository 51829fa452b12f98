"""One rule of a policy: a value with its unit, basis, source and dates."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, Generic, TypeVar

Value = TypeVar("Value", covariant=True)


ORIGINS: Mapping[str, str] = MappingProxyType(
    {
        "ours": "Our rule, not law",
        "law": "The law",
        "standard": "A standard",
        "guideline": "An industry guideline",
        "court": "A line of the courts",
        "article": "The article, not law",
        "contract": "The contract",
    }
)
"""Where a rule comes from, as a refusal says it."""


@dataclass(frozen=True)
class Rule(Generic[Value]):
    """A value of a policy and where it comes from.

    Attributes
    ----------
    key : str
        Place in the policy: "charges.late_fee_rate_max".
    value : Value
        None where this policy sets no such limit.
    unit : str
        "share", "days", "conversations": fixed by the field, repeated in the file.
    basis : str
        What the value is counted on: "of overdue principal, per event".
    source : str
        Law, standard, contract or the design that it comes from, with its date.
    verified : bool
        Whether the source, or a report of it that is named, was read and says so.
    effective_from, effective_to : date
        When the source is in force; ``effective_to`` is None while it has no end.
    note : str
        What a reader should know besides.
    origin : str
        A word of ``ORIGINS``: whether it is law, or our own rule.
    """

    key: str
    value: Value
    unit: str
    basis: str
    source: str
    verified: bool
    effective_from: date
    effective_to: date | None = None
    note: str = ""
    origin: str = "ours"

    def in_force(self, on: date) -> bool:
        """Return whether the rule's source is in force on a day."""
        return self.effective_from <= on and (self.effective_to is None or on <= self.effective_to)

    @property
    def cited(self) -> str:
        """The source as one line: law or our rule, and whether it was verified."""
        verified = "verified" if self.verified else "not verified"
        return f"{ORIGINS[self.origin]}: {self.source} [{verified}]"


@dataclass(frozen=True, order=True)
class Hours:
    """Hours of the day in which a customer may be contacted, local to the customer.

    Attributes
    ----------
    start : time
        The first minute that is allowed.
    end : time
        The first minute that is no longer allowed.

    Examples
    --------
    >>> hours = Hours(time(8), time(22))
    >>> hours.contain(time(21, 59)), hours.contain(time(22))
    (True, False)
    """

    start: time
    end: time

    def contain(self, moment: time) -> bool:
        """Return whether a local time of day is inside the hours."""
        return self.start <= moment < self.end

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"


@dataclass(frozen=True)
class Specification:
    """What a rule's value must be; declared once beside the field that holds the rule.

    Attributes
    ----------
    kind : str
        A key of ``KINDS``.
    unit : str
        The unit that the code counts in; the file must say the same.
    meaning : str
        What the rule limits, in a sentence.
    optional : bool
        Whether null (no such limit) may be given.
    protects : str
        "low" when a lower value protects the customer more, "high" when a higher one does, ""
        when the two cannot be ordered.
    minimum, maximum : Decimal
        Bounds of a number.
    choices : tuple of str
        Names that are allowed.
    """

    kind: str
    unit: str
    meaning: str
    optional: bool = False
    protects: str = ""
    minimum: Decimal = Decimal(0)
    maximum: Decimal | None = None
    choices: tuple[str, ...] = ()

    def read(self, raw: object) -> object:
        """Return the typed value of what the file holds.

        Raises
        ------
        ValueError
            With the words "expected ..." of the error that names it.
        """
        if raw is None:
            if self.optional:
                return None
            raise ValueError("a value (null is not allowed here)")
        value = KINDS[self.kind](raw, self)
        if isinstance(value, Decimal | int) and not isinstance(value, bool):
            if value < self.minimum:
                raise ValueError(f"at least {self.minimum}")
            if self.maximum is not None and value > self.maximum:
                raise ValueError(f"at most {self.maximum}")
        return value


def ruled(kind: str, unit: str, meaning: str, **bounds: Any) -> Any:
    """Return a dataclass field that holds a rule of the given specification."""
    return field(metadata={"specification": Specification(kind, unit, meaning, **bounds)})


def _number(raw: object, _: Specification) -> Decimal:
    """Read an exact decimal; a YAML float is taken as the digits that were typed."""
    if isinstance(raw, bool) or not isinstance(raw, str | int | float | Decimal):
        raise ValueError('a number, best in quotes: "0.24"')
    try:
        value = Decimal(str(raw))
    except InvalidOperation as error:
        raise ValueError('a number, best in quotes: "0.24"') from error
    if not value.is_finite():
        raise ValueError("a finite number")
    return value


def _whole(raw: object, specification: Specification) -> int:
    """Read a whole number."""
    value = _number(raw, specification)
    if value != value.to_integral_value():
        raise ValueError("a whole number")
    return int(value)


def _flag(raw: object, _: Specification) -> bool:
    """Read true or false."""
    if not isinstance(raw, bool):
        raise ValueError("true or false")
    return raw


def _choice(raw: object, specification: Specification) -> str:
    """Read one of the names allowed."""
    if raw not in specification.choices:
        raise ValueError(f"one of {', '.join(specification.choices)}")
    return str(raw)


def _names(raw: object, specification: Specification) -> tuple[str, ...]:
    """Read a list of names, each allowed and none twice."""
    if not isinstance(raw, list | tuple) or not all(isinstance(name, str) for name in raw):
        raise ValueError("a list of names")
    if specification.choices and not set(raw) <= set(specification.choices):
        raise ValueError(f"names among {', '.join(specification.choices)}")
    if len(set(raw)) != len(raw):
        raise ValueError("each name once")
    return tuple(raw)


def _hours(raw: object, _: Specification) -> Hours:
    """Read hours of the day."""
    wanted = 'hours of one day in quotes, earlier first: "08:00-22:00"'
    if isinstance(raw, Hours):
        return raw
    if not isinstance(raw, str) or raw.count("-") != 1:
        raise ValueError(wanted)
    try:
        start, end = (time.fromisoformat(part.strip()) for part in raw.split("-"))
    except ValueError as error:
        raise ValueError(wanted) from error
    if start >= end or start.tzinfo or end.tzinfo:
        raise ValueError(wanted)
    return Hours(start, end)


def read_date(raw: object) -> date:
    """Read a day, given as a date or as YYYY-MM-DD.

    Raises
    ------
    ValueError
        If it is neither.
    """
    if type(raw) is date:
        return raw
    if isinstance(raw, str):
        try:
            return date.fromisoformat(raw)
        except ValueError:
            pass
    raise ValueError("a date: 2026-01-31")


def _date(raw: object, _: Specification) -> date:
    """Read a day."""
    return read_date(raw)


def _dates(raw: object, _: Specification) -> tuple[date, ...]:
    """Read a list of days and return them in order."""
    if not isinstance(raw, list | tuple):
        raise ValueError("a list of dates")
    days = tuple(sorted(read_date(item) for item in raw))
    if len(set(days)) != len(days):
        raise ValueError("each date once")
    return days


def _years(raw: object, _: Specification) -> tuple[int, ...]:
    """Read a list of years and return them in order."""
    if not isinstance(raw, list | tuple) or not all(
        isinstance(year, int) and not isinstance(year, bool) and 1900 <= year <= 9999
        for year in raw
    ):
        raise ValueError("a list of years: [2026, 2027]")
    return tuple(sorted(set(raw)))


KINDS: Mapping[str, Callable[[object, Specification], object]] = MappingProxyType(
    {
        "number": _number,
        "whole": _whole,
        "flag": _flag,
        "choice": _choice,
        "names": _names,
        "hours": _hours,
        "date": _date,
        "dates": _dates,
        "years": _years,
    }
)
"""How each kind of value is read."""


def plain(value: object) -> object:
    """Return a rule's value in JSON's types, as it would stand in the file.

    Examples
    --------
    >>> plain(Decimal("0.010")), plain(Hours(time(8), time(22)))
    ('0.010', '08:00-22:00')
    """
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal | Hours):
        return str(value)
    return value
