"""What a logged model needs to run elsewhere: the package itself, and its pinned requirements."""

import re
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from delinquency.errors import ModelError

_NAME = re.compile(r"[A-Za-z0-9._-]+")


def package_folder() -> Path:
    """Return the folder of the package, which goes with the model as code.

    The package is on no index under a name of its own, so a serving environment could not fetch
    it; and the model must be read by the code that wrote it.
    """
    return Path(__file__).parents[1]


def pinned_requirements() -> list[str]:
    """Return the package's requirements, each pinned to the version that is installed here.

    Returns
    -------
    list of str
        ``name==version``, sorted; extras are not among them.

    Raises
    ------
    ModelError
        If the package or one of its requirements is not installed.
    """
    try:
        needed = [each for each in requires("delinquency") or [] if "extra ==" not in each]
        names = [_NAME.match(each).group() for each in needed]  # type: ignore[union-attr]
        return sorted(f"{name}=={version(name)}" for name in names)
    except PackageNotFoundError as error:
        raise ModelError(
            f"A logged model lists the packages it needs. Not installed: {error}. Run make setup."
        ) from None
