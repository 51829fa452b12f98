"""Stage ``data``: read the source, check it, and write the canonical tables in parts."""

from delinquency.config import Config
from delinquency.pipeline.canonical_tables import describe, write_tables
from delinquency.workspace.progress import say


def run(config: Config) -> None:
    """Read the source and write its tables, whether or not they are there already."""
    facts = write_tables(config)
    space = config.workspace
    say(f"{describe(config)}: {facts['rows']:,} rows in {space.interim}")
    if measured := facts.get("calibration"):
        say(
            f"  {measured['near']} of {measured['figures']} figures are near their public or "
            f"design target: {space.reports / 'portfolio.html'}"
        )
        say(f"  why accounts fell behind, which no model may read: {space.truth}")
    for why in facts.get("cannot", {}).values():
        say(f"  not possible: {why}")
    say(f"Next: make features ARGS='data={config.data.name}'")
