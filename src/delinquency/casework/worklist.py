"""What is to be done next, by urgency: due answers, promises, reviews, first contacts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from delinquency.casework.business_calendar import business_days_after, missing_calendar
from delinquency.casework.case_file import Case, zone_of
from delinquency.casework.case_view import View, view_of
from delinquency.casework.communication import open_questions, reply_due
from delinquency.casework.plan_costs import DOCUMENT
from delinquency.casework.plan_progress import missed_instalments
from delinquency.errors import CaseworkError
from delinquency.policy import Policy

URGENCIES = (
    "answer is late",
    "answer is due",
    "special care",
    "promise was not kept",
    "instalments are missing",
    "text to be read",
    "notice is due",
    "plan or relief to offer",
    "first contact",
)
"""What an item is about, the most urgent first."""
_NOT_WORK = ("nothing", "await_promise", "document_pack")


@dataclass(frozen=True)
class WorkItem:
    """One thing to do.

    Attributes
    ----------
    urgency : str
        A word of ``URGENCIES``.
    account_id, case_id : str
        Pseudonyms; ``case_id`` is "" where no case was opened yet.
    what : str
        In plain words.
    due : datetime or None
        By when.
    not_before : datetime or None
        From when the customer may be contacted about it; None when that is not the question.
    amount : float
        Overdue, account currency; for the order among equals.
    """

    urgency: str
    account_id: str
    case_id: str
    what: str
    due: datetime | None = None
    not_before: datetime | None = None
    amount: float = 0.0

    @property
    def rank(self) -> tuple[int, float, float]:
        """Order: urgency, then what is due first, then the larger amount."""
        due = float("inf") if self.due is None else self.due.timestamp()
        return URGENCIES.index(self.urgency), due, -self.amount


def items_of_case(case: Case, policy: Policy, at: datetime) -> tuple[WorkItem, ...]:
    """Return what one case asks for at a moment.

    Parameters
    ----------
    case : Case
    policy : Policy
        That of the case.
    at : datetime

    Returns
    -------
    tuple of WorkItem
    """
    view = view_of(case, policy, at)
    history = view.history
    found = [*_answers_due(view), *_broken(view)]
    for name in ("death", "insolvency", "moratorium", "fraud", "minor", "transfer"):
        hold = view.holds.get(name)
        if hold is not None:
            words = f"{hold.facts.words}; it may be lifted by: {hold.facts.lifted_by}"
            found.append(_item(view, "special care", words))
    unread = [
        message
        for message in history.messages
        if not message.template
        and message.text_digest
        and message.text_digest not in history.reviews
    ]
    if unread:
        words = f"{len(unread)} texts of its own went out unread"
        found.append(_item(view, "text to be read", words))
    found += _costs_to_tell(view)
    days = policy.communication.validation_notice_days.value
    told = any(message.template.startswith("validation_notice:") for message in history.messages)
    contacts = [e.at for e in (*history.attempts, *history.conversations, *history.messages)]
    if days is not None and contacts and not told and view.late:
        due = pd.Timestamp(min(contacts)) + pd.Timedelta(days=days)
        words = f"set out the debt in writing within {days} days of the first contact"
        found.append(_item(view, "notice is due", words, due.to_pydatetime()))
    return tuple(found)


def _costs_to_tell(view: View) -> list[WorkItem]:
    """Return the plans whose statement of costs is still to be handed over, where it must be."""
    if not view.policy.plan.cost_statement.value:
        return []
    plans = view.history.plans.items()
    open_plans = [name for name, state in plans if state in ("offered", "running")]
    return [
        _item(view, "notice is due", f"plan {name}: hand over the signed statement of its costs")
        for name in open_plans
        if not {DOCUMENT, f"{DOCUMENT}:{name}"} & view.history.documents
    ]


def _item(view: View, urgency: str, what: str, due: datetime | None = None) -> WorkItem:
    """Return an item of a case."""
    return WorkItem(
        urgency,
        view.case.account_id,
        view.case.case_id,
        what[:1].upper() + what[1:],
        due,
        amount=float(view.overdue),
    )


def _answers_due(view: View) -> list[WorkItem]:
    """Return the open questions and complaints, with their clocks."""
    found = []
    try:
        clocks = open_questions(view.case, view.policy, view.at)
    except CaseworkError:
        return [_item(view, "answer is late", missing_calendar(view.today, view.policy))]
    for clock in clocks:
        urgency = "answer is late" if clock.late else "answer is due"
        what = f"question {clock.question_id}, asked {clock.asked_at:%Y-%m-%d}"
        found.append(_item(view, urgency, what, clock.due_at))
    days = view.policy.communication.complaint_business_days.value
    for name, since in view.history.complaints.items():
        first = since.astimezone(view.case.zone).date()
        last = business_days_after(first, days, view.policy)
        due = datetime(last.year, last.month, last.day, 23, 59, tzinfo=view.case.zone)
        urgency = "answer is late" if view.at > due else "answer is due"
        found.append(_item(view, urgency, f"complaint {name} of {first}", due))
    for name, since in view.history.disputes.items():
        due = reply_due(since, view.case.zone, view.policy)
        urgency = "answer is late" if view.at > due else "answer is due"
        found.append(_item(view, urgency, f"dispute {name}: tell the customer what happens", due))
    return found


def _broken(view: View) -> list[WorkItem]:
    """Return promises that were not kept in these arrears, and plans with missing instalments."""
    found = []
    start = view.history.started
    for promise in view.history.promises:
        if promise.state not in ("broken", "part_kept") or not view.late:
            continue
        if start is not None and promise.made_at < start:
            continue
        words = (
            f"promise of {promise.amount} for {promise.due}: {promise.paid} came; ask what"
            " happened and offer help"
        )
        found.append(_item(view, "promise was not kept", words))
    for name, record in view.history.plan_records.items():
        if record.state != "running":
            continue
        missed, _ = missed_instalments(record, view.history.payments, on=view.today)
        if missed:
            words = f"plan {name}: {missed} instalments are not covered by payments"
            found.append(_item(view, "instalments are missing", words))
    return found


def items_of_proposals(accounts: pd.DataFrame, words: dict[str, str]) -> list[WorkItem]:
    """Return the first contacts that the proposals ask for.

    Parameters
    ----------
    accounts : DataFrame
        Of ``Proposals``, with ``time_zone``; the order of the rows counts among equals.
    words : dict
        Each action as a person says it.
    """
    found = []
    for row in accounts[~accounts["action"].isin(_NOT_WORK)].itertuples():
        offer = str(row.action) in ("instalments", "extension", "hardship_reduction")
        special = str(row.action) == "special_care"
        urgency = (
            "special care" if special else "plan or relief to offer" if offer else "first contact"
        )
        start = None if row.allowed or pd.isna(row.next_contact_at) else row.next_contact_at
        found.append(
            WorkItem(
                urgency,
                str(row.account_id),
                "",
                _offer_words(words.get(str(row.action), str(row.action)), str(row.relief)),
                not_before=None
                if start is None
                else start.to_pydatetime().astimezone(zone_of(row.time_zone)),
                amount=float(row.overdue),
            )
        )
    return found


def _offer_words(words: str, relief: str) -> str:
    """Return what is offered, with the kind of relief where one was drawn up."""
    return f"{words}: {relief.replace('_', ' ')}" if relief else words


def in_order(items: Iterable[WorkItem], capacity: int = 0) -> tuple[WorkItem, ...]:
    """Return the items by urgency, at most as many as can be done; one of a kind an account."""
    seen: dict[tuple[str, str, str], WorkItem] = {}
    for item in sorted(items, key=lambda one: one.rank):
        seen.setdefault((item.account_id, item.urgency, item.what), item)
    ordered = tuple(seen.values())
    return ordered[:capacity] if capacity else ordered
