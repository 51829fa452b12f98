"""numba's ``njit``, which keeps what it compiles apart for every version of the sources.

Numba renews a cached function when the file that holds it changes, but not when a function that
it calls, or a constant, changes in another file: after an upgrade in place, old and new code would
be mixed, and values would be wrong without a word. The folder's name therefore holds a digest of
all compiled sources, so that any change of one of them compiles everything anew. Where no folder
may be written (a container without a home), code is compiled into a temporary one.
"""

import atexit
import hashlib
import os
import re
import shutil
import tempfile
from pathlib import Path

import numba
from numba import njit

__all__ = ["cache_folder", "is_kept", "njit", "source_digest", "use_own_cache"]

_MARK = "delinquency-"
_COMPILES = re.compile(
    rb"^from (numba[\w.]* import|delinquency\.compiled import [^\n]*\bnjit\b)", re.MULTILINE
)
_IMPORTS = re.compile(rb"^from (delinquency\.[\w.]+) import (\([^)]*\)|[^\n]*)", re.MULTILINE)
_CONSTANT = re.compile(rb"\b[A-Z][A-Z0-9_]*\b")


def compiled_sources(package: Path) -> list[Path]:
    """Return the files whose text decides what compiled code does.

    Parameters
    ----------
    package : Path
        Folder of the package.

    Returns
    -------
    list of Path
        The files that use numba, and those that constants in them come from: compiled code holds
        the values that they had.
    """
    # Text, not syntax trees: every command begins with this, and trees take a second and a half.
    texts = {path: path.read_bytes() for path in sorted(package.rglob("*.py"))}
    waiting = [path for path, text in texts.items() if _COMPILES.search(text)]
    found: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path in texts and path not in found:
            found.add(path)
            waiting += _sources_of_constants(texts[path], package)
    return sorted(found)


def source_digest(package: Path) -> str:
    """Return sixteen hexadecimal digits of numba's version and of every compiled source."""
    total = hashlib.sha256(numba.__version__.encode())
    for path in compiled_sources(package):
        name = path.relative_to(package).as_posix()
        total.update(name.encode() + b"\0" + path.read_bytes())
    return total.hexdigest()[:16]


def cache_folder() -> Path:
    """Return the folder in which compiled code is kept; it goes with the process if temporary."""
    return Path(numba.config.CACHE_DIR)


def is_kept() -> bool:
    """Return whether compiled code outlives the process: a temporary folder has another name."""
    return cache_folder().name == f"{_MARK}{source_digest(Path(__file__).parent)}"


def use_own_cache(package: Path) -> Path:
    """Make numba keep what it compiles from now on in a folder for these sources alone.

    Parameters
    ----------
    package : Path
        Folder of the sources.

    Returns
    -------
    Path
        The cache: below ``NUMBA_CACHE_DIR`` or the user's cache folder, or a temporary one, which
        goes with the process, where neither can be written.
    """
    name = f"{_MARK}{source_digest(package)}"
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
        atexit.register(shutil.rmtree, cache, ignore_errors=True)
    numba.config.CACHE_DIR = str(cache)
    return cache


def _sources_of_constants(text: bytes, package: Path) -> list[Path]:
    """Return the package's modules that a source takes names in capitals from."""
    return [
        package.joinpath(*module.decode().split(".")[1:]).with_suffix(".py")
        for module, names in _IMPORTS.findall(text)
        if _CONSTANT.search(names)
    ]


use_own_cache(Path(__file__).parent)
