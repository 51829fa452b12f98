"""Where numba keeps compiled code: a folder of its own for every version of this package.

Numba renews a cached function when the file that holds it changes, but not when a function that
it calls changes in another file: after an upgrade in place, old and new code would be mixed, and
values would be wrong without a word. The folder's name therefore holds a digest of all compiled
sources, so that any change of one of them compiles everything anew.
"""

import hashlib
import os
import re
import tempfile
from pathlib import Path

import numba

_MARK = "delinquency-"

_COMPILES = re.compile(r"^from numba", re.MULTILINE)
_IMPORTS = re.compile(r"^from delinquency\.shapley\.(\w+) import", re.MULTILINE)


def compiled_sources(folder: Path) -> list[Path]:
    """Return the files whose text decides what compiled code does.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    list of Path
        The files that use numba, and those that they import, whose constants they hold.
    """
    text = {path.stem: path.read_text() for path in folder.glob("*.py")}
    waiting = [name for name in text if _COMPILES.search(text[name])]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in text and name not in found:
            found.add(name)
            waiting += _IMPORTS.findall(text[name])
    return [folder / f"{name}.py" for name in sorted(found)]


def source_digest(folder: Path) -> str:
    """Return a digest of numba's version and of every compiled source in a folder.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    str
        Sixteen hexadecimal digits.
    """
    total = hashlib.sha256(numba.__version__.encode())
    for path in compiled_sources(folder):
        total.update(path.name.encode() + b"\0" + path.read_bytes())
    return total.hexdigest()[:16]


def use_own_cache(folder: Path) -> Path:
    """Make numba keep what it compiles from now on in a folder for these sources alone.

    Parameters
    ----------
    folder : Path
        Folder of the sources.

    Returns
    -------
    Path
        The cache: below ``NUMBA_CACHE_DIR`` or the user's cache folder, or a temporary one where
        neither can be written.
    """
    name = f"{_MARK}{source_digest(folder)}"
    given = numba.config.CACHE_DIR
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    cache = Path(given or home) / name
    if Path(given).name.startswith(_MARK):  # imported again in the same process
        cache = Path(given).with_name(name)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=cache):
            pass
    except OSError:
        cache = Path(tempfile.mkdtemp(prefix=name))
    numba.config.CACHE_DIR = str(cache)
    return cache
