"""Reads the pseudonym key from the environment or a file, and makes one that only its owner reads.

The key lives outside the repository. Whoever holds it can link pseudonyms to people; whoever loses
it can no longer match an erasure to an account. It is never logged, printed or stored.
"""

import os
import secrets
from pathlib import Path

from delinquency.atomic_files import write_new
from delinquency.casebook.pseudonyms import KEY_BYTES, Key
from delinquency.errors import ChoiceError, MissingArtifactError

KEY_VARIABLE = "DELINQUENCY_KEY"
"""Environment variable that holds the key itself, as hexadecimal digits."""
KEY_FILE_VARIABLE = "DELINQUENCY_KEY_FILE"
"""Environment variable that names the key file."""


def default_key_file() -> Path:
    """Return where the key is kept when nothing else is said: the user's configuration folder."""
    named = os.environ.get(KEY_FILE_VARIABLE)
    if named:
        return Path(named).expanduser()
    base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(base).expanduser() / "delinquency" / "pseudonym.key"


def load_key(path: Path | None = None) -> Key:
    """Return the key of this installation.

    Parameters
    ----------
    path : Path, optional
        Key file. Without it: the variable ``DELINQUENCY_KEY``, then the default file.

    Raises
    ------
    MissingArtifactError
        When there is no key yet.
    ChoiceError
        When the file can be read by others, or does not hold hexadecimal digits.
    """
    held = os.environ.get(KEY_VARIABLE) if path is None else None
    if held:
        return _parse(held, where=f"the variable {KEY_VARIABLE}")
    path = path or default_key_file()
    if not path.is_file():
        raise MissingArtifactError(
            f"A pseudonym key was expected in {path}; there is none. "
            "Mend: python -m delinquency stage=case case.do=key"
        )
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise ChoiceError(
            f"The pseudonym key {path} must be readable by its owner only. "
            f"Got mode {path.stat().st_mode & 0o777:o}. Mend: chmod 600 {path}"
        )
    return _parse(path.read_text("ascii", errors="replace"), where=str(path))


def make_key(path: Path | None = None) -> Path:
    """Write a new random key that only its owner can read, and return its place.

    Raises
    ------
    ChoiceError
        When the file exists: a new key would orphan every pseudonym made with the old one.
    """
    path = path or default_key_file()
    text = f"{secrets.token_hex(KEY_BYTES)}\n"
    try:
        write_new(text.encode(), path, instead="name another file with case.key_file=<file>")
    except FileExistsError:
        raise ChoiceError(
            f"A new key may not replace the one in {path}: every pseudonym made with it would be "
            "orphaned. Mend: name another file, or move the old one away first."
        ) from None
    return path


def _parse(text: str, *, where: str) -> Key:
    """Return the key written as hexadecimal digits; the text is never part of an error."""
    try:
        return Key(bytes.fromhex(text.strip()))
    except ValueError:
        raise ChoiceError(
            f"A pseudonym key must be {2 * KEY_BYTES} hexadecimal digits or more. "
            f"Got something else in {where} (not shown)."
        ) from None
