"""The one environment that every page is rendered in: escaped, strict, self-contained."""

import re

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from delinquency.log_odds import signed_text
from delinquency.reporting.run_words import limit_zh


def text_environment() -> Environment:
    """Return the environment of the templates that are Markdown, where nothing is escaped."""
    return _environment(escaped=False)


def page_environment() -> Environment:
    """Return the environment of all templates of this room.

    Returns
    -------
    Environment
        Everything that came from data is escaped, and a name that was not given is an error.
        A page adds filters of its own to what is returned.
    """
    environment = _environment(escaped=True)
    environment.filters["percent"] = lambda share: f"{100 * share:.1f}%"
    environment.filters["signed"] = signed_text
    environment.filters["limit_zh"] = limit_zh
    environment.filters["count"] = lambda number: f"{number:,}"
    return environment


def _environment(*, escaped: bool) -> Environment:
    return Environment(
        loader=PackageLoader("delinquency.reporting"),
        autoescape=escaped,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def in_page(svg: str, words: tuple[str, str]) -> Markup:
    """Return a drawing of ours as markup, with a name for those who cannot see it."""
    name = Markup('<svg role="img" aria-label="{} · {}" class="drawn" ').format(*words)
    # Within a page no name spaces are needed, and a page holds no address at all.
    plain = re.sub(r' xmlns(:xlink)?="[^"]*"', "", svg).replace("xlink:href", "href")
    return name + Markup(plain.removeprefix("<svg ").removeprefix("<svg"))
