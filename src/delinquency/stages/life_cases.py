"""Stage ``life_cases``: sixteen cases of ordinary life under every policy, as a table."""

from delinquency.atomic_files import write_text
from delinquency.casework.played_lives import life_table, with_table
from delinquency.config import Config, conf_dir
from delinquency.pipeline.policies import load_policies
from delinquency.workspace.progress import say

PAGE = "treatment.md"
"""The page of ``docs/`` that holds the table, between two marks."""


def run(config: Config) -> None:
    """Play the life cases under every policy, and write the table; into the page of a checkout."""
    table = life_table(load_policies())
    path = config.workspace.reports.parent / "life_cases.md"
    write_text(table + "\n", path)
    say(f"Written to {path}")
    page = conf_dir().parent / "docs" / PAGE
    if page.exists():
        write_text(with_table(page.read_text(encoding="utf-8"), table), page)
        say(f"Written to {page}")
