"""The validation as one record, from which the page, the Word file and the JSON are made."""

import base64
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from delinquency.panel.roll_rates import BUCKETS
from delinquency.reporting.page_policy import with_policy
from delinquency.reporting.pages import page_environment
from delinquency.validation.check_inputs import Evidence
from delinquency.validation.check_record import NOT_APPLICABLE, PASS, STATES
from delinquency.validation.decisions import (
    REJECT_NOTE,
    capacity_table,
    cost_table,
    treatment_by_group,
)
from delinquency.validation.fairness_checks import group_columns
from delinquency.validation.registered_checks import Item
from delinquency.validation.validation_options import Threshold, ValidationOptions, shown

MOST_ROWS = 40
"""Rows of a table that a page shows; the JSON has them all."""
INK, ACCENT, SECOND = "#1c2430", "#1d4f91", "#b23c17"
LARGE = 1_000
"""From here on a figure is written without decimals."""
SHARES = frozenset({"capacity", "lowest PD called", "precision", "precision, low",
                    "precision, high", "bads reached", "cut-off", *BUCKETS})  # fmt: skip
"""Columns of the pages that hold shares."""
SHARE_ABOVE = re.compile(r"PD \d+% and more|after \d+ months")
LIGHTS = {"pass": "Pass", "amber": "Amber", "red": "Red", NOT_APPLICABLE: "Not applicable"}


def validation_record(
    items: Sequence[Item],
    evidence: Evidence,
    options: ValidationOptions,
    *,
    model: Mapping[str, Any],
    comments: Mapping[int, str],
) -> dict[str, Any]:
    """Return the validation as plain values: what ``validation.json`` holds.

    Parameters
    ----------
    items : sequence of Item
    evidence : Evidence
    options : ValidationOptions
    model : mapping
        Size, options and files of the model.
    comments : mapping of int to str
        What an analyst wrote, by number of the item.

    Returns
    -------
    dict
        ``items`` (number, item, figure, low, high, threshold, state, source, what_to_do and
        more), ``summary``, ``data``, ``how``, ``thresholds_version``, ``record``, ``documents``,
        ``tables`` by number and title, ``pages``.
    """
    rows = []
    for one in items:
        entry = one.to_dict()
        entry["comment"] = comments.get(one.check.number, "")
        entry["shown"] = _shown(one)
        rows.append(entry)
    return {
        "data": evidence.data,
        "how": evidence.how,
        "thresholds_version": options.version,
        "summary": {state: sum(i.finding.state == state for i in items) for state in STATES},
        "items": rows,
        "model": dict(model),
        "record": dict(evidence.record),
        "documents": _documents(options),
        "cannot": dict(evidence.cannot),
        "tables": {
            str(one.check.number): {
                title: plain_table(table) for title, table in one.finding.tables.items()
            }
            for one in items
            if one.finding.tables
        },
        "pages": {title: plain_table(t) for title, t in _pages(evidence, options).items()},
        "notes": [REJECT_NOTE, _break_even(options)],
    }


def _shown(item: Item) -> str:
    """Return the figure with its interval, as a reader sees it."""
    found = item.finding
    if found.figure is None:
        return "" if found.state == NOT_APPLICABLE else "not known"
    text = shown(found.figure, found.threshold)
    if found.low is None or found.high is None or found.low == found.high:
        return text
    return f"{text} [{shown(found.low, found.threshold)}, {shown(found.high, found.threshold)}]"


def _documents(options: ValidationOptions) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(options.documents)


def _break_even(options: ValidationOptions) -> str:
    """Return from which PD an offer pays, with the assumptions behind it."""
    one = options.decisions
    return (
        f"An offer pays from a PD of {one.break_even:.4f} on, if a contact costs "
        f"{one.contact_cost:g}, an account that turns bad loses {one.loss_when_bad:g}, and an "
        f"offer avoids {one.share_avoided:.0%} of it: assumptions, to be replaced by your own "
        "(validation.decisions)."
    )


def _pages(evidence: Evidence, options: ValidationOptions) -> dict[str, pd.DataFrame]:
    """Return the tables that are pages of their own."""
    rows = evidence.test
    pages = {
        "Decisions: whom to call when only some can be called": capacity_table(
            rows.bad, rows.pd_hat
        ),
        "Decisions: what a cut-off costs": cost_table(rows.bad, rows.pd_hat, options.decisions),
    }
    if evidence.protected.shape[1]:
        groups = group_columns(evidence.protected)
        pages["Decisions: share of every group above a cut-off"] = treatment_by_group(
            rows.pd_hat, groups, fewest=options.fewest_rows
        )
    if evidence.panel is not None:
        pages["Roll rates: bucket in a month (rows), a month later (columns)"] = (
            evidence.panel.roll_rates
        )
        if len(evidence.panel.vintages):
            pages["Vintages: ever bad by months on book"] = _vintage_table(evidence.panel.vintages)
    if len(evidence.test) and not np.isnat(evidence.test.months).any():
        from delinquency.validation.calibration_checks import level_by_month

        pages["Level by observation month, development and test"] = pd.concat(
            [
                level_by_month(evidence.train).assign(part="development"),
                level_by_month(evidence.test).assign(part="test"),
            ],
            ignore_index=True,
        )
    if len(evidence.cross_validated):
        pages["Cross-validated: the recipe on rows that each fold left out"] = (
            evidence.cross_validated
        )
    return pages


def _vintage_table(vintages: pd.DataFrame) -> pd.DataFrame:
    """Return a row a quarter of opening, the share ever bad at 6, 12, 18, ... months on book."""
    ages = [age for age in (6, 12, 18, 24, 30, 36) if (vintages["months_on_book"] == age).any()]
    wide = vintages[vintages["months_on_book"].isin(ages)].pivot_table(
        index="vintage", columns="months_on_book", values="ever_bad"
    )
    wide.columns = [f"after {age} months" for age in wide.columns]
    counts = vintages.groupby("vintage")["accounts"].first()
    table = wide.join(counts).reset_index()
    table["vintage"] = pd.to_datetime(table["vintage"]).dt.strftime("%Y-%m")
    return table


def plain_table(table: pd.DataFrame) -> dict[str, Any]:
    """Return a table as plain values; what is not known is null."""
    frame = table.copy()
    for name in frame.columns:
        if pd.api.types.is_datetime64_any_dtype(frame[name]):
            frame[name] = frame[name].dt.strftime("%Y-%m")
    values = [
        [None if isinstance(v, float) and not np.isfinite(v) else v for v in row]
        for row in frame.astype(object).where(frame.notna(), None).to_numpy().tolist()
    ]
    return {"columns": [str(name) for name in frame.columns], "rows": values}


def by_section(items: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Return the items under their headings, every heading once."""
    sections: dict[str, list[Mapping[str, Any]]] = {}
    for one in items:
        sections.setdefault(one["section"], []).append(one)
    return sections


def passed_beyond(items: Sequence[Mapping[str, Any]]) -> str:
    """Return which items pass although their figure lies beyond a mark, or "" for none."""
    numbers = []
    for one in items:
        if one["state"] != PASS or one["figure"] is None or not one["limits"]:
            continue
        limits = Threshold(**one["limits"])
        if limits.beyond(one["figure"]) or limits.to_watch(one["figure"]):
            numbers.append(str(one["number"]))
    if not numbers:
        return ""
    several = len(numbers) > 1
    listed = f"{', '.join(numbers[:-1])} and {numbers[-1]}" if several else numbers[0]
    return (
        f"Item{'s' if several else ''} {listed} pass{'' if several else 'es'} although the figure"
        " lies beyond the mark: chance alone gives a right model as much, and the item says so."
    )


def cell(value: Any, column: str = "") -> str:
    """Return a cell of a table as text; shares of the pages in per cent.

    Examples
    --------
    >>> cell(0.8444, "precision"), cell(584713.7298), cell(0.8444)
    ('84.44 %', '584,714', '0.8444')
    """
    if value is None:
        return ""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | np.integer):
        return f"{value:,}"
    if isinstance(value, float | np.floating):
        number = float(value)
        if column in SHARES or SHARE_ABOVE.fullmatch(column):
            return f"{100 * number:.2f} %"
        if abs(number) >= LARGE:
            return f"{number:,.0f}"
        if number.is_integer() and abs(number) < 1e15:
            return f"{number:,.0f}"
        return f"{number:.4f}" if abs(number) >= 0.001 else f"{number:.3g}"
    return str(value)


def pictures(evidence: Evidence) -> dict[str, str]:
    """Return pictures by title, as PNG in base64."""
    drawn = {"Predicted and observed, with Jeffreys intervals": _reliability(evidence)}
    if evidence.panel is not None and len(evidence.panel.vintages):
        drawn["Vintages: share ever bad by months on book"] = _vintages(evidence)
    return {title: base64.b64encode(_png(figure)).decode() for title, figure in drawn.items()}


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def _figure(width: float = 6.4, height: float = 3.6) -> tuple[Figure, Any]:
    figure = Figure(figsize=(width, height), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _reliability(evidence: Evidence) -> Figure:
    from delinquency.metrics import calibration_table

    table = calibration_table(evidence.test.bad, evidence.test.pd_hat)
    figure, axes = _figure()
    low = table["bad_rate"] - table["bad_rate_low"]
    high = table["bad_rate_high"] - table["bad_rate"]
    axes.errorbar(
        table["pd_mean"], table["bad_rate"], yerr=np.abs([low, high]), fmt="o", ms=4,
        color=ACCENT, lw=1, label="fifteen bins of the test",
    )  # fmt: skip
    positive = table[(table["pd_mean"] > 0) & (table["bad_rate_high"] > 0)]
    ends = [float(positive["pd_mean"].min()), float(positive["pd_mean"].max())]
    axes.plot(ends, ends, color="#8794a3", lw=1, label="predicted = observed")
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter(lambda share, _: f"{100 * share:.3g} %")
        axis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("mean PD")
    axes.set_ylabel("share that turned bad")
    axes.legend(frameon=False, fontsize=8)
    return figure


def _vintages(evidence: Evidence) -> Figure:
    assert evidence.panel is not None
    figure, axes = _figure()
    groups = list(evidence.panel.vintages.groupby("vintage"))
    for k, (vintage, frame) in enumerate(groups):
        shade = 0.25 + 0.7 * k / max(len(groups) - 1, 1)
        axes.plot(frame["months_on_book"], 100 * frame["ever_bad"], lw=1, color=ACCENT,
                  alpha=shade, label=f"{pd.Timestamp(str(vintage)):%Y-%m}")  # fmt: skip
    axes.set_xlabel("months on book")
    axes.set_ylabel("ever bad, %")
    if len(groups) <= 12:
        axes.legend(frameon=False, fontsize=6, ncol=2, title="opened", title_fontsize=7)
    return figure


def validation_page(record: Mapping[str, Any], drawn: Mapping[str, str]) -> str:
    """Return the validation as one self-contained HTML page.

    Parameters
    ----------
    record : mapping
        As of ``validation_record``.
    drawn : mapping of str to str
        Pictures as of ``pictures``.

    Returns
    -------
    str
        Everything from data or people is escaped.
    """
    environment = page_environment()
    environment.filters["cell"] = cell
    page = environment.get_template("validation.html").render(
        record=record, sections=by_section(record["items"]), lights=LIGHTS,
        most_rows=MOST_ROWS, pictures=drawn, beyond=passed_beyond(record["items"]),
    )  # fmt: skip
    return with_policy(page)
