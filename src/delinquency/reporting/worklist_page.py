"""The worklist as a page and as a table for spreadsheets."""

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from delinquency.casework.worklist import URGENCIES, WorkItem
from delinquency.reporting.page_policy import with_policy
from delinquency.reporting.pages import page_environment
from delinquency.spreadsheet_cells import guard_cell

COLUMNS = ("rank", "urgency", "account", "case", "what", "due", "contact from", "overdue")
_ROWS_SHOWN = 500
URGENCIES_ZH: Mapping[str, str] = {
    "answer is late": "答复已逾期",
    "answer is due": "待答复",
    "special care": "需特别关怀",
    "promise was not kept": "约定还款未收到",
    "instalments are missing": "分期还款缺期",
    "text to be read": "信息待审阅",
    "notice is due": "待发通知",
    "plan or relief to offer": "待提出方案或减轻措施",
    "first contact": "首次联系",
}
"""Each urgency in Chinese."""


@dataclass(frozen=True)
class WorklistFacts:
    """On which data a worklist rests, under which policy, and when it was made.

    Attributes
    ----------
    title, title_zh : str
        Of the data set; the English stands where there is no Chinese.
    real : bool
    policy : str
    as_of : str
    currency : str
    words_zh : mapping of str to str
        What is to be done, English to Chinese; what is not there stays in English.
    """

    title: str
    title_zh: str
    real: bool
    policy: str
    as_of: str
    currency: str
    words_zh: Mapping[str, str]


def on_the_clock(moment: datetime) -> str:
    """Return a moment by the clock of its own zone, and the zone: hours of contact are local."""
    return f"{moment:%Y-%m-%d %H:%M} {moment.tzinfo}"


def _cells(number: int, item: WorkItem) -> tuple[str, ...]:
    """Return one item as texts."""
    due = "" if item.due is None else on_the_clock(item.due)
    start = "" if item.not_before is None else on_the_clock(item.not_before)
    return (
        str(number),
        item.urgency,
        item.account_id,
        item.case_id,
        item.what,
        due,
        start,
        f"{item.amount:,.2f}",
    )


def worklist_csv(items: Sequence[WorkItem]) -> str:
    """Return the worklist as CSV, formulas escaped."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for number, item in enumerate(items, start=1):
        cells = _cells(number, item)
        writer.writerow([*map(guard_cell, cells[:-1]), cells[-1].replace(",", "")])
    return out.getvalue()


def worklist_page(items: Sequence[WorkItem], facts: WorklistFacts) -> str:
    """Return the worklist as one self-contained page; everything from data is escaped.

    Parameters
    ----------
    items : sequence of WorkItem
        In order.
    facts : WorklistFacts
    """
    counts = Counter(item.urgency for item in items)
    rows = []
    for number, item in enumerate(items[:_ROWS_SHOWN], start=1):
        names = ("urgency", "account", "case", "what", "due", "start", "amount")
        row = dict(zip(names, _cells(number, item)[1:], strict=True))
        rows.append({**row, "what_zh": facts.words_zh.get(item.what, "")})
    page = (
        page_environment()
        .get_template("worklist.html")
        .render(
            title=facts.title, title_zh=facts.title_zh, real=facts.real, policy=facts.policy,
            as_of=facts.as_of, currency=facts.currency, rows=rows, urgencies=URGENCIES_ZH,
            counts=[(name, counts[name]) for name in URGENCIES if counts[name]],
            more=max(len(items) - _ROWS_SHOWN, 0),
        )
    )  # fmt: skip
    return with_policy(page)
