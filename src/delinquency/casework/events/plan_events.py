"""Events of help: promises, plans, and other help that was offered."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from delinquency.casework.event import Event, event


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
    schedule : tuple of str
        Each instalment as "day amount", the whole plan; empty in cases of before it was kept.
    """

    pseudonyms = ("plan_id",)

    plan_id: str
    plan_kind: str
    months: int
    instalment: Decimal
    total: Decimal
    first_due: date | None = None
    schedule: tuple[str, ...] = ()


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
    until : date | None
        When relief ends.
    amount : Decimal | None
        What it costs the lender, or what is still asked, account currency.
    """

    treatment: str
    until: date | None = None
    amount: Decimal | None = None
