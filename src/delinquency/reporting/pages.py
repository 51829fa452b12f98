"""The one environment that every page is rendered in: escaped, strict, self-contained."""

from jinja2 import Environment, PackageLoader, StrictUndefined


def page_environment() -> Environment:
    """Return the environment of all templates of this room.

    Returns
    -------
    Environment
        Everything that came from data is escaped, and a name that was not given is an error.
        A page adds filters of its own to what is returned.
    """
    environment = Environment(
        loader=PackageLoader("delinquency.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = lambda share: f"{100 * share:.1f}%"
    environment.filters["count"] = lambda number: f"{number:,}"
    return environment
