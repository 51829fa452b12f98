"""Stage ``policy_diff``: two policies side by side, rule by rule."""

from dataclasses import asdict
from typing import Any

from omegaconf import OmegaConf

from delinquency.config import Config, conf_dir
from delinquency.errors import unknown_name
from delinquency.policy import Difference, Policy, compare, policy_from_dict
from delinquency.stages.progress import say
from delinquency.stages.treat import policy_of
from delinquency.store import workspace, write_json


def run(config: Config) -> None:
    """Compare the chosen policy with ``treatment.against``."""
    first, second = policy_of(config), read_policy(config.treatment.against)
    found = compare(first, second)
    say(f"{first.name}: {first.title}")
    say(f"{second.name}: {second.title}")
    say(f"{len(found)} of {len(first.rules)} rules differ:")
    for row in found:
        say(_line(row, first, second))
    path = workspace(config.paths, config.data.name).reports.parent / "policy_diff"
    file = path / f"{first.name}_{second.name}.json"
    write_json([asdict(row) for row in found], file)
    say(f"Written to {file}")


def read_policy(name: str) -> Policy:
    """Return a policy of ``conf/policy`` by its name.

    Raises
    ------
    ChoiceError
        If there is no such policy.
    """
    folder = conf_dir() / "policy"
    known = sorted(file.stem for file in folder.glob("*.yaml"))
    if name not in known:
        raise unknown_name("policy", name, known)
    file = folder / f"{name}.yaml"
    plain: Any = OmegaConf.to_container(OmegaConf.load(file))
    return policy_from_dict(plain, f"conf/policy/{name}.yaml")


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
