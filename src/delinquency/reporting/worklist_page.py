"""The worklist as a page and as a table for spreadsheets."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from html import escape

from delinquency.casework.worklist import URGENCIES, WorkItem
from delinquency.spreadsheet_cells import guard_cell

COLUMNS = ("rank", "urgency", "account", "case", "what", "due", "contact from", "overdue")
_ROWS_SHOWN = 500
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;"
    "color:#1c2733;background:#fff}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #d8dee6;"
    "vertical-align:top}th{position:sticky;top:0;background:#eef2f6}"
    "td:last-child,th:last-child{text-align:right}.note{color:#51606f}"
    "@media(prefers-color-scheme:dark){body{color:#e4eaf0;background:#12181f}"
    "th{background:#1e2731}td,th{border-color:#2d3844}.note{color:#9fb0c0}}"
)


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


def worklist_page(items: Sequence[WorkItem], *, heading: str, note: str) -> str:
    """Return the worklist as one self-contained page; everything from data is escaped.

    Parameters
    ----------
    items : sequence of WorkItem
        In order.
    heading : str
    note : str
        On which data, under which policy, and when it was made.
    """
    counts = Counter(item.urgency for item in items)
    kinds = "; ".join(f"{name}: {counts[name]:,}" for name in URGENCIES if counts[name])
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in _cells(number, item)) + "</tr>"
        for number, item in enumerate(items[:_ROWS_SHOWN], start=1)
    )
    more = len(items) - _ROWS_SHOWN
    rest = f"<p class=note>{more:,} more in the CSV file.</p>" if more > 0 else ""
    head = "".join(f"<th scope=col>{escape(name)}</th>" for name in COLUMNS)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(heading)}</title><style>{_STYLE}</style>"
        f"<h1>{escape(heading)}</h1><p class=note>{escape(note)}</p><p>{escape(kinds)}</p>"
        "<p>Work from the top: a late answer comes before any new contact. Each contact is"
        " checked again on its day: ask before you act.</p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{rest}</html>"
    )
