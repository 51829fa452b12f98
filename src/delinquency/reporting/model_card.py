"""Model card and development document: the facts of the validation under other headings."""

from collections.abc import Mapping
from typing import Any

from delinquency.reporting.pages import text_environment
from delinquency.reporting.validation_document import cell


def model_papers(record: Mapping[str, Any]) -> dict[str, str]:
    """Return model card and development document as Markdown, by file name.

    Parameters
    ----------
    record : mapping
        As in ``validation.json``: no number is written anywhere else.

    Returns
    -------
    dict of str to str
        ``model_card.md`` and ``development.md``.
    """
    environment = text_environment()  # what people wrote is made plain by _one_line
    environment.filters["cell"] = cell
    environment.filters["plain"] = _one_line
    items = {one["number"]: one for one in record["items"]}
    return {
        name: environment.get_template(name + ".jinja").render(record=record, item=items)
        for name in ("model_card.md", "development.md")
    }


def _one_line(text: Any) -> str:
    """Return text that can stand in a cell of a Markdown table, without any HTML in it."""
    line = " ".join(str(text).split())
    return line.replace("|", "\\|").replace("<", "&lt;").replace(">", "&gt;")
