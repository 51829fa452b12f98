"""Stage ``policy``: the whole of the chosen policy, base and differences, rule by rule."""

from collections import Counter

from delinquency.config import Config
from delinquency.pipeline.policies import policy_of
from delinquency.policy import policy_digest, specifications
from delinquency.policy.rule import ORIGINS, plain
from delinquency.workspace.progress import say


def run(config: Config) -> None:
    """Print every rule of the chosen policy with its meaning, value and source."""
    policy = policy_of(config)
    meanings = specifications()
    where = f"{policy.jurisdiction}, {policy.currency}"
    say(f"{policy.name}@{policy.version}: {policy.title} ({where})")
    group = ""
    for rule in policy.rules:
        if rule.key.split(".")[0] != group:
            group = rule.key.split(".")[0]
            say("")
            say(group)
        value = plain(rule.value)
        shown = "no such limit" if value is None else _short(value)
        say(f"  {rule.key}: {shown} ({rule.unit}; {rule.basis})")
        say(f"      {meanings[rule.key].meaning}")
        note = f" {rule.note}" if rule.note else ""
        say(f"      {rule.cited}, since {rule.effective_from}.{note}")
    counts = Counter(rule.origin for rule in policy.rules)
    say("")
    say("; ".join(f"{ORIGINS[name]}: {count}" for name, count in counts.most_common()))
    say(f"Digest {policy_digest(policy)}")


def _short(value: object) -> str:
    """Return a value on one line."""
    if isinstance(value, list):
        if len(value) > 12:
            return f"{len(value)} entries, {value[0]} to {value[-1]}"
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
