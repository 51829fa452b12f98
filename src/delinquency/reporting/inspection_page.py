"""The page of an inspected file: what is in it, and what to settle before training."""

from collections.abc import Sequence

from delinquency.reporting.page_policy import with_policy
from delinquency.reporting.pages import page_environment
from delinquency.sources.inspect.column_profile import plain_value
from delinquency.sources.inspect.file_profile import FileProfile


def as_html(profiles: Sequence[FileProfile], title: str) -> str:
    """Return profiles as one self-contained page; every text of the file is escaped.

    Parameters
    ----------
    profiles : sequence of FileProfile
    title : str
    """
    page = page_environment().get_template("inspection.html")
    return with_policy(page.render(profiles=profiles, title=title, plain=plain_value))
