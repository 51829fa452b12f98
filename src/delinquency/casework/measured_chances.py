"""Chances that plans are valued with, from the outcomes of a store where they allow it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from delinquency.casework.case_file import Case
from delinquency.casework.case_view import view_of
from delinquency.casework.events import WentOverdue
from delinquency.casework.plan_options import Terms
from delinquency.casework.plan_progress import instalments_of, missed_instalments
from delinquency.casework.treatment_outcomes import Share, share_of
from delinquency.policy import Policy

INSTALMENTS_MIN, CASES_MIN = 200, 100
"""Fewest instalments and untreated cases from which a chance is taken: below, it is a guess."""
DAYS_A_RECOVERY_MONTH = 30


@dataclass(frozen=True)
class Chances:
    """What a store says of kept instalments, and of what comes in without a plan.

    Attributes
    ----------
    kept : Share
        Instalments that fell due in plans, and were covered.
    recovered : float or None
        Share of the missed amounts that came in within ``Terms.recovery_months`` without a plan.
    n_cases : int
        Cases that share rests on.
    """

    kept: Share
    recovered: float | None
    n_cases: int


def chances_of(
    cases: Iterable[tuple[Case, Policy]], at: datetime, *, recovery_months: int
) -> Chances:
    """Return the chances that a store's cases show by a moment."""
    due = kept = n_cases = 0
    missed = came = Decimal(0)
    for case, policy in cases:
        view = view_of(case, policy, at)
        records = view.history.plan_records.values()
        accepted = [one for one in records if one.accepted_at is not None and one.offer]
        for record in accepted:
            assert record.offer is not None
            # After a plan was broken nothing of it falls due any more.
            end = record.since if record.state == "broken" else at
            day = end.astimezone(case.zone).date()
            fallen = sum(one < day for one, _ in instalments_of(record.offer))
            lost, _ = missed_instalments(record, view.history.payments, on=day)
            due, kept = due + fallen, kept + fallen - lost
        first = next((event for event in case.events if event.kind == "went_overdue"), None)
        if accepted or first is None:
            continue
        end = first.at + timedelta(days=DAYS_A_RECOVERY_MONTH * recovery_months)
        if end > at:
            continue
        then = view_of(case, policy, end).history
        overdue = [one for one in case.events if isinstance(one, WentOverdue)]
        amounts = {one.due: one.amount for one in overdue if one.at <= end}
        asked = sum(amounts.values(), Decimal(0))
        paid = sum((one.amount for one in then.payments if one.at >= first.at), Decimal(0))
        n_cases += 1
        missed += asked
        came += min(max(paid, Decimal(0)), asked)
    recovered = float(came / missed) if missed > 0 else None
    return Chances(share_of(kept, due), recovered, n_cases)


def with_measured(terms: Terms, chances: Chances) -> Terms:
    """Return the terms with the guesses replaced where enough was seen, and named."""
    changes: dict[str, float] = {}
    if chances.kept.n >= INSTALMENTS_MIN and chances.kept.share is not None:
        changes["keep_probability"] = chances.kept.share
    if chances.n_cases >= CASES_MIN and chances.recovered is not None:
        changes["recovery_without_plan"] = chances.recovered
    return replace(terms, **changes, measured=tuple(changes))  # type: ignore[arg-type]


GUESSES = ("keep_probability", "recovery_without_plan")
"""Choices that stand for what is not known yet."""


def value_words(terms: Terms) -> str:
    """Return which of the chances were measured, and which are guesses."""
    guessed = [name for name in GUESSES if name not in terms.measured]
    said = []
    if terms.measured:
        said.append(f"measured in the store: {', '.join(terms.measured)}")
    if guessed:
        said.append(f"guesses: {', '.join(f'treatment.{name}' for name in guessed)}")
    return "; ".join(said)
