"""Stage ``policy_diff``: two policies side by side, rule by rule."""

from dataclasses import asdict

from delinquency.config import Config
from delinquency.pipeline.policies import load_policy, policy_of
from delinquency.policy import Difference, Policy, compare
from delinquency.workspace.artifacts import write_json
from delinquency.workspace.progress import say


def run(config: Config) -> None:
    """Compare the chosen policy with ``treatment.against``."""
    first, second = policy_of(config), load_policy(config.treatment.against)
    found = compare(first, second)
    say(f"{first.name}: {first.title}")
    say(f"{second.name}: {second.title}")
    say(f"{len(found)} of {len(first.rules)} rules differ:")
    for row in found:
        say(_line(row, first, second))
    path = config.workspace.reports.parent / "policy_diff"
    file = path / f"{first.name}_{second.name}.json"
    write_json([asdict(row) for row in found], file)
    say(f"Written to {file}")


def _line(row: Difference, first: Policy, second: Policy) -> str:
    """Return one difference as text."""
    stricter = f"; {row.stricter} protects more" if row.stricter else ""
    return (
        f"  {row.key} ({row.unit}){stricter}\n"
        f"    {first.name:10s} {_value(row.first):28s} {row.first_source}\n"
        f"    {second.name:10s} {_value(row.second):28s} {row.second_source}"
    )


def _value(value: object) -> str:
    """Return a value as a person reads it."""
    if value is None:
        return "no limit"
    if isinstance(value, list):
        return ", ".join(map(str, value)) if len(value) <= 5 else f"{len(value)} entries"
    return str(value)
