"""The validation as a Word document, from the same record as the page."""

import base64
import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Inches, Pt, RGBColor

from delinquency.reporting.validation_document import LIGHTS, by_section, cell, passed_beyond

MOST_ROWS, MOST_COLUMNS = 15, 9
COLOURS = {"pass": "1F7A4D", "amber": "9A6700", "red": "B3261E", "not applicable": "5B6878"}
ITEM_WIDTHS = (0.4, 2.3, 1.6, 1.4, 0.97)
"""Inches of the columns of the list of items; together the width between the margins."""
EPOCH = datetime(2000, 1, 1)
"""Written as the file's date, so that the same validation gives the same bytes."""


def validation_word(record: Mapping[str, Any], drawn: Mapping[str, str]) -> bytes:
    """Return the validation as a Word file.

    Parameters
    ----------
    record : mapping
        As of ``validation_record``.
    drawn : mapping of str to str
        Pictures as PNG in base64, by title.

    Returns
    -------
    bytes
        The same for the same record.
    """
    document = Document()
    _prepare(document)
    document.add_heading("Validation", 0)
    document.add_paragraph(record["data"]).runs[0].bold = True
    counts = ", ".join(f"{LIGHTS[state]}: {n}" for state, n in record["summary"].items())
    document.add_paragraph(
        f"Tested: {record['how']}. Limits of version {record['thresholds_version']}. Intervals"
        " are 95 %, by account: they do not know how one month or year differs from the next."
        f" {counts}."
    )
    if beyond := passed_beyond(record["items"]):
        document.add_paragraph(beyond)
    document.add_heading("All items", 1)
    _table(
        document, ["No.", "Item", "Figure", "Limit", "State"],
        [[one["number"], one["item"], one["shown"], one["threshold"] or "", LIGHTS[one["state"]]]
         for one in record["items"]],
        widths=ITEM_WIDTHS, most_rows=len(record["items"]),
    )  # fmt: skip
    texts = record["documents"]
    document.add_heading("Purpose and use", 1)
    document.add_paragraph(texts["purpose"] or "Nobody has written the purpose.")
    for one in texts["out_of_scope"]:
        document.add_paragraph(f"Not for: {one}", style="List Bullet")
    document.add_paragraph(
        f"Materiality tier: {texts['materiality_tier'] or 'not decided'}. "
        f"Owner: {texts['owner'] or 'not named'}."
    )
    for why in record["cannot"].values():
        document.add_paragraph(f"Cannot be shown: {why}", style="List Bullet")
    for title, data in drawn.items():
        document.add_heading(title, 1)
        document.add_picture(io.BytesIO(base64.b64decode(data)), width=Inches(6.0))
    for section, items in by_section(record["items"]).items():
        document.add_heading(section, 1)
        for one in items:
            _item(document, one, record["tables"].get(str(one["number"]), {}))
    for title, table in record["pages"].items():
        document.add_heading(title, 1)
        _table(document, table["columns"], table["rows"])
    document.add_heading("Notes on decisions", 1)
    for note in record["notes"]:
        document.add_paragraph(note)
    document.add_heading("Model and record", 1)
    pairs = [*record["model"].items(), *record["record"].items()]
    _table(document, ["What", "Value"], [list(pair) for pair in pairs], most_rows=len(pairs))
    buffer = io.BytesIO()
    document.save(buffer)
    return _undated(buffer.getvalue())


def _prepare(document: Any) -> None:
    """Set page, fonts and dates."""
    page = document.sections[0]
    page.orientation = WD_ORIENT.PORTRAIT
    page.page_width, page.page_height = Inches(8.27), Inches(11.69)
    page.left_margin = page.right_margin = Inches(0.8)
    page.top_margin = page.bottom_margin = Inches(0.8)
    document.styles["Normal"].font.name = "Calibri"
    document.styles["Normal"].font.size = Pt(10)
    properties = document.core_properties
    properties.title, properties.author = "Model validation", "delinquency"
    properties.created = properties.modified = EPOCH


def _item(document: Any, one: Mapping[str, Any], tables: Mapping[str, Any]) -> None:
    """Write one item: light, figure, limit, words, tables."""
    document.add_heading(f"{one['number']}. {one['item']}", 2)
    line = document.add_paragraph()
    run = line.add_run(LIGHTS[one["state"]])
    run.bold = True
    run.font.color.rgb = RGBColor.from_string(COLOURS[one["state"]])
    if one["shown"]:
        line.add_run(f"   {one['shown']}   limit: {one['threshold'] or 'none'}")
    document.add_paragraph(one["why"])
    if one["state"] in ("amber", "red"):
        what = document.add_paragraph()
        what.add_run("What to do. ").bold = True
        what.add_run(one["what_to_do"])
    if one["comment"]:
        said = document.add_paragraph()
        said.add_run("Analyst. ").bold = True
        said.add_run(one["comment"])
    source = document.add_paragraph().add_run(f"Source: {one['source']}")
    source.italic, source.font.size = True, Pt(8)
    for title, table in tables.items():
        named = document.add_paragraph(title)
        named.runs[0].bold = True
        named.paragraph_format.keep_with_next = True
        _table(document, table["columns"], table["rows"])


def _table(
    document: Any,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    widths: Sequence[float] = (),
    most_rows: int = MOST_ROWS,
) -> None:
    """Write a table, its first row repeated on every page; the rest is said to be elsewhere."""
    names = list(columns)[:MOST_COLUMNS]
    table = document.add_table(rows=1, cols=len(names))
    table.style = "Light Grid Accent 1"
    table.autofit = not widths
    for place, name in zip(table.rows[0].cells, names, strict=True):
        _write(place, name, bold=True)
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    table.rows[0]._tr.get_or_add_trPr().append(mark)
    for row in rows[:most_rows]:
        for place, value, name in zip(table.add_row().cells, row, names, strict=False):
            _write(place, cell(value, name))
            if isinstance(value, int | float) and not isinstance(value, bool):
                place.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
    for column, width in zip(table.columns, widths, strict=False):
        column.width = Inches(width)
    for row in table.rows if widths else ():
        for place, width in zip(row.cells, widths, strict=True):
            place.width = Inches(width)
    left, more = len(rows) - most_rows, len(columns) - len(names)
    notes = [f"{left} more rows" if left > 0 else "", f"{more} more columns" if more > 0 else ""]
    if any(notes):
        said = " and ".join(one for one in notes if one)
        document.add_paragraph(f"{said} in validation.json.").runs[0].font.size = Pt(8)


def _write(place: Any, text: str, *, bold: bool = False) -> None:
    run = place.paragraphs[0].add_run(text)
    run.bold, run.font.size = bold, Pt(8)


def _undated(content: bytes) -> bytes:
    """Return a zip file with the same members, their dates fixed."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for one in old.infolist():
            fixed = zipfile.ZipInfo(one.filename, date_time=EPOCH.timetuple()[:6])
            fixed.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(fixed, old.read(one.filename))
    return out.getvalue()
