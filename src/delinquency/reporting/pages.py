"""The one environment that every page is rendered in: escaped, strict, self-contained."""

from jinja2 import Environment, PackageLoader, StrictUndefined

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
