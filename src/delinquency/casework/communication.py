"""H5: the timeline of a case, the reply clock, and what belongs in the pack of documents."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from delinquency.casework.business_calendar import business_days_after
from delinquency.casework.case_file import Case
from delinquency.casework.charges import ChargeCheck
from delinquency.casework.history_reading import history_of
from delinquency.casework.plans import Plan
from delinquency.policy import Policy, Rule


@dataclass(frozen=True)
class TimelineEntry:
    """One line of the timeline.

    Attributes
    ----------
    at : datetime
        In the customer's time zone.
    kind : str
    actor : str
    details : str
        The event's own fields, as text.
    """

    at: datetime
    kind: str
    actor: str
    details: str


def timeline(case: Case, at: datetime) -> tuple[TimelineEntry, ...]:
    """Return everything that happened in a case up to a moment, oldest first.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from delinquency import Case, events, timeline
    >>> asked = events.QuestionAsked(
    ...     at=datetime(2026, 3, 11, 2, tzinfo=UTC), actor="customer", question_id="q1", about=""
    ... )
    >>> case = Case("case-1", "C-004217", time_zone="Asia/Shanghai", events=(asked,))
    >>> [(f"{one.at:%H:%M}", one.kind) for one in timeline(case, asked.at)]
    [('10:00', 'question_asked')]
    """
    return tuple(
        TimelineEntry(
            at=event.at.astimezone(case.zone),
            kind=event.kind,
            actor=event.actor,
            details=", ".join(
                f"{name.replace('_', ' ')} {value}"
                for name, value in event.payload.items()
                if value not in ("", None, [])
            ),
        )
        for event in case.until(at)
    )


def reply_due(asked_at: datetime, zone: ZoneInfo, policy: Policy) -> datetime:
    """Return by when a question must be answered: the end of the last business day, exclusive."""
    day = asked_at.astimezone(zone).date()
    last = business_days_after(day, policy.communication.reply_business_days.value, policy)
    return datetime.combine(last + timedelta(days=1), time(0), tzinfo=zone)


@dataclass(frozen=True)
class ReplyClock:
    """An open question and how much time is left.

    Attributes
    ----------
    question_id : str
    asked_at, due_at : datetime
    late : bool
    rule : Rule
        The rule that sets the time.
    """

    question_id: str
    asked_at: datetime
    due_at: datetime
    late: bool
    rule: Rule[int]


def open_questions(case: Case, policy: Policy, at: datetime) -> tuple[ReplyClock, ...]:
    """Return the questions that wait for an answer, the most pressing first.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from delinquency import Case, events, load_policy, open_questions
    >>> asked = events.QuestionAsked(
    ...     at=datetime(2026, 3, 11, 2, tzinfo=UTC), actor="customer", question_id="q1", about=""
    ... )
    >>> case = Case("case-1", "C-004217", time_zone="Asia/Shanghai", events=(asked,))
    >>> clock = open_questions(case, load_policy("seed_2021"), asked.at)[0]
    >>> clock.question_id, clock.late
    ('q1', False)
    """
    clocks = []
    for question_id, asked_at in history_of(case, at).questions.items():
        due_at = reply_due(asked_at, case.zone, policy)
        clocks.append(
            ReplyClock(
                question_id,
                asked_at,
                due_at,
                at >= due_at,
                policy.communication.reply_business_days,
            )
        )
    return tuple(sorted(clocks, key=lambda clock: clock.due_at))


CONTENT_WORDS = {
    "balance_structure_currency": (
        "Balance, what it is made of, currency",
        "欠款余额、结构、币种",
    ),
    "period_method_dates_amounts": (
        "Period, way of paying, dates and amounts",
        "还款周期、方式、币种、日期和每期金额",
    ),
    "fees_and_interest_during_plan": (
        "Fees and interest during the plan",
        "还款期间是否计收年费、利息和其他费用",
    ),
    "no_new_cards_promise": (
        "Promise of no new cards while the plan runs",
        "还款期间不申领新信用卡的承诺",
    ),
    "rights_and_liabilities": (
        "Rights and duties of both sides",
        "双方的权利义务和违约责任",
    ),
    "other_matters": ("Anything else that was agreed", "其他有关事项"),
}
"""The six contents of a written plan, in words."""

CONSEQUENCES = (
    (
        "You can ask for an explanation of every figure here, and for a person to review any"
        " decision about your account."
    ),
    (
        "While a plan is kept, reminders stop. If an instalment cannot be paid, tell us before it"
        " is due: the plan can be changed."
    ),
    (
        "If payments stay open and no agreement is found, the bank may end the plan and may, after"
        " review by its legal department and notice to you, take steps provided by law. You would"
        " be told what they are, what they cost, and what you can do about them."
    ),
)
CONSEQUENCES_ZH = (
    "您有权要求我们说明本文件中的每一项金额，并可申请对涉及您账户的决定进行人工复核。",
    "分期协议正常履行期间，我们不再进行还款提醒。如预计某期无法按时还款，请提前告知，可协商调整。",
    "如款项持续未还且未能达成一致，银行可终止协议，并可在法务部门审核、事先通知您之后依法处理；"
    "我们会向您说明具体程序、可能的费用以及您可以采取的措施。",
)


@dataclass(frozen=True)
class DocumentPack:
    """What is handed to a customer: statement, calculation, plan, basis, consequences.

    Attributes
    ----------
    account_id : str
        Pseudonym.
    currency : str
    drawn_up_at : datetime
        In the customer's time zone.
    policy : Policy
    lines : tuple of (str, str, Decimal as text)
        The statement: words, Chinese words, amount.
    charges : ChargeCheck or None
        The calculation of late fee and interest against their limits.
    plan : Plan or None
    rules : tuple of Rule
        The legal basis: every rule that was applied, with its source.
    """

    account_id: str
    currency: str
    drawn_up_at: datetime
    policy: Policy
    lines: tuple[tuple[str, str, str], ...]
    charges: ChargeCheck | None
    plan: Plan | None
    rules: tuple[Rule[object], ...]


def document_pack(
    case: Case,
    policy: Policy,
    at: datetime,
    *,
    lines: tuple[tuple[str, str, str], ...],
    plan: Plan | None = None,
    charges: ChargeCheck | None = None,
) -> DocumentPack:
    """Return the contents of a document pack.

    Parameters
    ----------
    case : Case
    policy : Policy
    at : datetime
    lines : tuple of (words, Chinese words, amount)
        What the balance is made of.
    plan : Plan, optional
    charges : ChargeCheck, optional

    Returns
    -------
    DocumentPack
        Ready to be rendered; holds no direct identifier.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from delinquency import Case, document_pack, load_policy
    >>> case = Case("case-1", "C-004217", time_zone="Asia/Shanghai")
    >>> at = datetime(2026, 3, 13, 8, tzinfo=UTC)
    >>> lines = (("Balance", "欠款余额", "6000.00"),)
    >>> pack = document_pack(case, load_policy("seed_2021"), at, lines=lines)
    >>> pack.rules[0].key
    'charges.late_fee_rate_max'
    """
    wanted = ("charges.", "plan.") if plan is not None else ("charges.",)
    keys = {rule.key for rule in policy.rules if rule.key.startswith(wanted)}
    keys |= {"communication.reply_business_days", "review.human_review"}
    rules = tuple(
        rule
        for rule in policy.rules
        if rule.key in keys and rule.value is not None and rule.value != ()
    )
    return DocumentPack(
        account_id=case.account_id,
        currency=policy.currency,
        drawn_up_at=at.astimezone(case.zone),
        policy=policy,
        lines=lines,
        charges=charges,
        plan=plan,
        rules=rules,
    )
