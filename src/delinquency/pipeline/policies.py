"""The policies of ``conf/policy``: the chosen one, one by its name, or all."""

from dataclasses import fields, replace
from functools import lru_cache
from typing import Any

from omegaconf import OmegaConf

from delinquency.config import Config, conf_dir
from delinquency.errors import unknown_name
from delinquency.policy import GROUPS, Policy, policy_from_dict
from delinquency.policy.rule import plain


def policy_of(config: Config) -> Policy:
    """Return the chosen policy, checked.

    Raises
    ------
    PolicyError
        With every fault of the file.

    Notes
    -----
    A value that was changed on the command line no longer stands under the source of the file.
    """
    name = str(config.policy.get("name", "?"))
    chosen = policy_from_dict(config.policy, f"conf/policy/{name}.yaml")
    if name not in policy_names():
        return chosen
    written = {rule.key: rule for rule in load_policy(name).rules}
    changed: dict[str, Any] = {}
    for group, record in GROUPS.items():
        rules = getattr(chosen, group)
        for item in fields(record):
            rule = getattr(rules, item.name)
            before = written[rule.key]
            if rule.value != before.value and rule.source == before.source:
                words = f"Set on the command line (the file says {plain(before.value)})"
                mine = replace(rule, source=words, origin="ours", verified=False, note="")
                rules = replace(rules, **{item.name: mine})
        changed[group] = rules
    return replace(chosen, **changed)


def policy_names() -> tuple[str, ...]:
    """Return the names of the policies that there are."""
    return tuple(sorted(file.stem for file in (conf_dir() / "policy").glob("*.yaml")))


def load_policy(name: str) -> Policy:
    """Return a policy of ``conf/policy`` by its name.

    Parameters
    ----------
    name : str
        ``seed_2021`` for the source article's rules, or a jurisdiction's.

    Returns
    -------
    Policy
        Typed rules, each with its source.

    Raises
    ------
    ChoiceError
        If there is no such policy.

    Examples
    --------
    >>> from delinquency import load_policy
    >>> load_policy("seed_2021").name
    'seed_2021'
    """
    known = policy_names()
    if name not in known:
        raise unknown_name("policy", name, list(known))
    return _checked(name, (conf_dir() / "policy" / f"{name}.yaml").read_text(encoding="utf-8"))


@lru_cache(maxsize=32)
def _checked(name: str, text: str) -> Policy:
    """Return the policy that a file's text describes; reading a text takes a tenth of a second."""
    plain: Any = OmegaConf.to_container(OmegaConf.create(text), resolve=True)
    return policy_from_dict(plain, f"conf/policy/{name}.yaml")


def load_policies(config: Config | None = None) -> dict[str, Policy]:
    """Return all policies by name; the chosen one with what the command line changed in it."""
    policies = {name: load_policy(name) for name in policy_names()}
    if config is not None:
        chosen = policy_of(config)
        policies[chosen.name] = chosen
    return policies
