"""Stage ``registry``: the challenger, the gates, the champion, and the way back."""

import hashlib
from collections.abc import Callable, Mapping

from delinquency.config import Config
from delinquency.errors import ChoiceError
from delinquency.pipeline import saved_model
from delinquency.pipeline.registered_models import now, register_challenger, registry_of
from delinquency.validation.gates import refusals
from delinquency.workspace.artifacts import read_json
from delinquency.workspace.model_registry import (
    CHALLENGER,
    CHAMPION,
    REGISTERED,
    Event,
    ModelRegistry,
)
from delinquency.workspace.progress import say

SHOWN = 15


def run(config: Config) -> None:
    """Do what ``registry.do`` names."""
    _COMMANDS[config.registry.do](config, registry_of(config))


def _register(config: Config, registry: ModelRegistry) -> None:
    """Register the trained model as challenger."""
    kind = "real" if config.data.real else "synthetic"
    version = register_challenger(config, saved_model.load(config))
    say(f"{registry.name} version {version} is the challenger ({kind} accounts).")
    say(f"Next  make validate ARGS='data={config.data.name}', then make registry")
    say("      ARGS=\"registry.do=promote registry.signed_by='Your Name' registry.reason='...'\"")


def _promote(config: Config, registry: ModelRegistry) -> None:
    """Make the challenger champion when every gate is open."""
    choices = config.registry
    path = config.workspace.reports / "validation.json"
    record = read_json(path, made_by="validate")
    sha = hashlib.sha256(path.read_bytes()).hexdigest()
    with registry.changing():
        version = registry.version_of(CHALLENGER)
        if not version:
            raise ChoiceError(
                "There is no challenger. Run make registry ARGS=registry.do=register."
            )
        if version == registry.version_of(CHAMPION):
            raise ChoiceError(f"Version {version} is the champion already. Nothing was changed.")
        why_not = refusals(record, model_digest=registry.digest_of(version), options=choices)
        if why_not:
            shown = "\n".join(f"  {one}" for one in why_not[:SHOWN])
            more = len(why_not) - SHOWN
            raise ChoiceError(
                f"Version {version} stays challenger; {_gates(len(why_not))} closed:\n{shown}"
                f"{f'{chr(10)}  and {more} more' if more > 0 else ''}\n"
                f"Comments go to {path.parent / 'validation_comments.yaml'}; then make validate."
            )
        event = registry.promote(
            version,
            signed_by=choices.signed_by.strip(),
            reason=choices.reason.strip(),
            at=now(),
            validation_sha256=sha,
        )
    say(f"{registry.name}: {in_words(event)}")
    say("Back  make registry ARGS=\"registry.do=rollback registry.signed_by='Your Name'\"")


def _gates(n: int) -> str:
    """Return a number of gates in words."""
    return "1 gate is" if n == 1 else f"{n} gates are"


def _roll_back(config: Config, registry: ModelRegistry) -> None:
    """Make the champion before the champion again."""
    if not config.registry.signed_by.strip():
        raise ChoiceError("Nobody signs the way back: registry.signed_by=<name>.")
    event = registry.roll_back(
        signed_by=config.registry.signed_by.strip(),
        reason=config.registry.reason.strip(),
        at=now(),
    )
    say(f"{registry.name}: {in_words(event)}")


def _show(config: Config, registry: ModelRegistry) -> None:
    """Print the aliases and what was done."""
    aliases = registry.aliases()
    if not aliases:
        say(f"{registry.name} has no versions yet. Next: make registry ARGS=registry.do=register")
        return
    for alias, version in aliases.items():
        say(f"  {alias:16s} version {version}")
    for event in registry.events():
        say(f"  {in_words(event)}")


def in_words(event: Event) -> str:
    """Return an event as one line."""
    line = f"{event.at} version {event.version} {event.what}"
    replaces = event.what != REGISTERED and event.instead_of != event.version
    if event.instead_of and replaces:
        line += f" in place of {event.instead_of}"
    if event.signed_by:
        line += f", signed by {event.signed_by}"
    return f"{line}: {event.reason}" if event.reason else line


_COMMANDS: Mapping[str, Callable[[Config, ModelRegistry], None]] = {
    "show": _show,
    "register": _register,
    "promote": _promote,
    "rollback": _roll_back,
}
