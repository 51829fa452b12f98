"""The page of a monitored month."""

from typing import Any

from delinquency.reporting.page_policy import with_policy
from delinquency.reporting.pages import page_environment

LIGHTS = {"green": "nothing to do", "amber": "look at it", "red": "do not use before a look"}


def monitoring_page(report: dict[str, Any], *, title: str) -> str:
    """Return a monitored month as one self-contained HTML page.

    Parameters
    ----------
    report : dict
        As ``stage=monitor`` writes it.
    title : str
        Title and kind of the data.

    Returns
    -------
    str
        HTML; everything from data is escaped.
    """
    environment = page_environment()
    told = [one for one in report["findings"] if one["light"] != "green"]
    traits = [one for one in report["findings"] if one["check"] == "trait"]
    rest = [one for one in report["findings"] if one["light"] == "green"]
    page = environment.get_template("monitoring.html").render(
        report=report, title=title, told=told, traits=traits, rest=rest, lights=LIGHTS
    )
    return with_policy(page)
