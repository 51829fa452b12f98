"""Manifests: what a stage wrote into a folder, file by file, so that nothing else passes for it.

The manifest is written last, into the new folder, before that gets its name by one rename. Who
reads the folder compares: a file that is missing, cut off, changed, or of another run is found.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pyarrow import parquet

from delinquency.atomic_files import faults_in_words, replacing_folder
from delinquency.errors import StorageError
from delinquency.workspace.artifacts import digest, read_json, write_json

MANIFEST = "manifest.json"
FORMAT = 2
"""Changes when an older manifest may not be trusted any more."""


@dataclass(frozen=True)
class Manifest:
    """What a folder holds.

    Attributes
    ----------
    key : str
        Digest of all that the content depends on.
    facts : dict
        What the stage tells of it.
    files : dict of str to dict
        Relative path -> ``sha256``, ``bytes``, and ``rows`` of a Parquet file.
    """

    key: str
    facts: dict[str, Any]
    files: dict[str, dict[str, Any]]

    @property
    def digest(self) -> str:
        """A SHA-256 of everything that the folder holds."""
        return digest([self.key, self.files])


@contextmanager
def written_folder(
    folder: Path, record: dict[str, Any], *, keep: Any = lambda _: False
) -> Iterator[Path]:
    """Give a new folder; put it in the place of the old one with its manifest written last.

    Parameters
    ----------
    folder : Path
    record : dict
        To be filled in the body with ``key`` and ``facts``.
    keep : callable
        Entries of the old folder that other commands wrote, by name; they stay, and are not part
        of the manifest.

    Yields
    ------
    Path
    """

    def close(fresh: Path) -> None:
        content = {"format": FORMAT, **record, "files": dict(_described(fresh))}
        write_json(content, fresh / MANIFEST)

    with replacing_folder(folder, last=close, keep=keep) as fresh:
        yield fresh


def read_manifest(folder: Path) -> Manifest | None:
    """Return what a folder should hold; None where no run finished writing it."""
    path = folder / MANIFEST
    if not path.is_file():
        return None
    try:
        content = read_json(path, made_by="data")
        if content.get("format") != FORMAT:
            return None
        files = {str(name): dict(values) for name, values in content["files"].items()}
        return Manifest(str(content["key"]), dict(content["facts"]), files)
    except (StorageError, KeyError, TypeError, AttributeError, ValueError):
        return None


def invalidate(folder: Path) -> None:
    """Take the manifest away: from now on nothing in the folder counts, until a new one is there.

    Needed only before something outside the folder is changed that must agree with it.
    """
    with faults_in_words(folder):
        (folder / MANIFEST).unlink(missing_ok=True)


def find_difference(
    folder: Path,
    manifest: Manifest,
    *,
    thorough: bool = True,
    may_lack: Collection[str] = (),
) -> str:
    """Return the first file that is not as the manifest says, and why; "" when all are.

    Parameters
    ----------
    folder : Path
    manifest : Manifest
    thorough : bool
        Whether contents are read, and not sizes only.
    may_lack : collection of str
        Files that need not be there; where they are, they are the ones that were written.
    """
    for name, wanted in manifest.files.items():
        path = folder / name
        if not path.is_file():
            if name in may_lack:
                continue
            return f"{path} is missing"
        size = path.stat().st_size
        if size != wanted["bytes"]:
            return f"{path} has {size:,} bytes where {wanted['bytes']:,} were written"
        if thorough and _content_digest(path) != wanted["sha256"]:
            return f"{path} is not the file that was written: its content was changed"
    return ""


def require_whole(folder: Path, *, made_by: str) -> Manifest:
    """Return the manifest of a folder of which every file is as it was written.

    Raises
    ------
    StorageError
        Naming the first file that is not.
    """
    manifest = read_manifest(folder)
    why = f"{folder / MANIFEST} is missing" if manifest is None else _difference(folder, manifest)
    if manifest is None or why:
        raise StorageError(
            f"{why}. Run python -m delinquency stage={made_by} with the same choices again."
        )
    return manifest


_WHOLE: set[tuple[str, str, tuple[int, ...]]] = set()
"""Folders that were read whole in this process, by their content and the times of their files."""


def _difference(folder: Path, manifest: Manifest) -> str:
    """Return what ``find_difference`` returns, without reading again what nobody touched since."""
    try:
        times = tuple((folder / name).stat().st_mtime_ns for name in manifest.files)
    except OSError:
        return find_difference(folder, manifest)
    known = (str(folder), manifest.digest, times)
    if known in _WHOLE:
        return ""
    why = find_difference(folder, manifest)
    if not why:
        _WHOLE.add(known)
    return why


def _described(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every file of a folder with its digest, its size, and its rows."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        entry: dict[str, Any] = {
            "sha256": _content_digest(path),
            "bytes": path.stat().st_size,
        }
        if path.suffix == ".parquet":
            entry["rows"] = parquet.read_metadata(path).num_rows
        yield path.relative_to(folder).as_posix(), entry


def content_digests(files: Mapping[str, Path]) -> dict[str, str]:
    """Return the SHA-256 of the content of each file, by the names given."""
    return {name: _content_digest(path) for name, path in files.items()}


def _content_digest(path: Path) -> str:
    total = hashlib.sha256()
    with faults_in_words(path), path.open("rb") as file:
        for block in iter(partial(file.read, 1 << 20), b""):
            total.update(block)
    return total.hexdigest()
