"""What stands between the shell and Hydra: values taken as they are, errors in plain words."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException
from yaml import YAMLError

from delinquency.config import Config, schema_names

MULTIRUN = ("-m", "--multirun")
KEY = re.compile(r"[+~]{0,2}[A-Za-z_][\w./@:-]*")
NOT_FOUND = re.compile(r"Could not find '([^'/]+)/([^']+)'")
NO_SUCH_KEY = re.compile(r"Could not override '([^']+)'")
NOT_CONVERTED = re.compile(r"Value ('.*') of type .* could not be converted to (\w+)")
KINDS = {"Integer": "a whole number", "Float": "a number", "Boolean": "true or false"}
AMBIGUOUS = re.compile(r"Ambiguous value for argument '([^=]+)=(.*)'")


def quoted_arguments(arguments: Sequence[str]) -> list[str]:
    """Return arguments whose values Hydra takes as they were typed.

    A file may be called ``dt=2024-01.csv``, ``report (1).csv`` or by a Chinese name: what Hydra's
    grammar does not read is quoted for it. What it does read (lists, numbers, sweeps) stays.

    Parameters
    ----------
    arguments : sequence of str
        As the shell gave them, without the program.
    """
    parser = OverridesParser.create()
    several = bool(set(MULTIRUN) & set(arguments))
    return [_quoted(one, parser, several=several) for one in arguments]


def _quoted(argument: str, parser: OverridesParser, *, several: bool) -> str:
    key, mark, value = argument.partition("=")
    if not mark or not KEY.fullmatch(key) or not value:
        return argument
    try:
        parsed = parser.parse_override(argument)
    except HydraException:
        return f"{key}={_in_quotes(value)}"
    # A comma asks for several runs, unless it is part of the name of a file that is there.
    if parsed.is_sweep_override() and not several and Path(value).exists():
        return f"{key}={_in_quotes(value)}"
    return argument


def _in_quotes(value: str) -> str:
    """Return a value as Hydra's quoted string."""
    inside = re.sub(r"(\\*)'", r"\1\1\\'", value)
    end = re.search(r"\\*$", inside)
    return f"'{inside}{end.group() if end else ''}'"


def in_words(error: Exception, folders: Iterable[Path] = ()) -> str:
    """Return what is wrong with a YAML file or a command line, with the nearest known name.

    Parameters
    ----------
    error : Exception
        Raised while the configuration was read or composed.
    folders : iterable of Path
        Folders of YAML files by group, whose names are the choices.

    Returns
    -------
    str
    """
    if isinstance(error, YAMLError):
        return (
            f"A YAML file of the configuration cannot be read: {error}\n"
            "Each key stands once, indented by spaces."
        )
    text = str(error).strip()
    if found := NOT_FOUND.search(text):
        return _no_such_choice(found.group(1), found.group(2), folders)
    if found := AMBIGUOUS.search(text):
        key, value = found.groups()
        return (
            f"{key}: {value} is several values. For one run after another with each: "
            f"-m {key}={value}. For a list: {key}=[{value}]. For one text with commas in it: "
            f"\"{key}='{value}'\"."
        )
    cause = error.__cause__ or error.__context__
    if not isinstance(cause, OmegaConfBaseException):
        return text.split("\nSee https://hydra.cc")[0]
    if isinstance(cause, (ConfigKeyError, ConfigAttributeError)):
        found = NO_SUCH_KEY.search(text)
        return _no_such_key(found.group(1) if found else str(cause.full_key), cause)
    said = str(cause.msg).splitlines()[0]
    if found := NOT_CONVERTED.search(said):
        wanted = KINDS.get(found.group(2), found.group(2))
        return f"{cause.full_key}: expected {wanted}. Got {found.group(1)}."
    return f"{cause.full_key}: {said}."


def _no_such_choice(group: str, name: str, folders: Iterable[Path]) -> str:
    """Return the words for a YAML file that is not there."""
    known = sorted(
        {file.stem for folder in folders for file in (folder / group).glob("*.yaml")}
        - schema_names(group)
    )
    near = get_close_matches(name, known, n=1)
    hint = f" Did you mean {group}={near[0]}?" if near else ""
    listed = ", ".join(known) or "none"
    return (
        f"Unknown {group} {name!r}.{hint} Known: {listed}. A file of your own lies in "
        f"conf/{group}/, or in the folder that --config-dir names."
    )


def _no_such_key(key: str, cause: OmegaConfBaseException) -> str:
    """Return the words for a key that does not exist, with the nearest ones."""
    owner = cause.object_type
    place, _, last = str(cause.full_key or key).rpartition(".")
    known = [one.name for one in fields(owner)] if is_dataclass(owner) else []
    near = get_close_matches(str(cause.key or last), known, n=1)
    if not near and owner is Config:
        near = [one for one in _dotted() if one.endswith(f".{key}")][:1]
    prefix = f"{place}." if place and near and "." not in near[0] else ""
    hint = f" Did you mean {prefix + near[0]!r}?" if near else ""
    listed = f" Known{f' in {place}' if place else ''}: {', '.join(sorted(known))}."
    return f"There is no {cause.full_key or key!s}.{hint}{listed if known else ''}"


def _dotted() -> list[str]:
    """Return the keys of the groups with a fixed shape, with their group in front."""
    names: list[str] = []
    for group in fields(Config):
        shape = group.default_factory
        if isinstance(shape, type) and is_dataclass(shape):
            names += [f"{group.name}.{one.name}" for one in fields(shape)]
    return names
