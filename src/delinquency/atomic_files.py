"""The one writer of files and folders: whole or not at all, whatever kills the program.

What is written first lies under a temporary name beside its place, and gets there by one rename.
A temporary name says who writes it, so that what a killed run left is known and cleared.
"""

import ctypes
import errno
import os
import secrets
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from glob import escape
from hashlib import sha256
from pathlib import Path

from delinquency.errors import StorageError

WRITING = ".writing-"
"""How the temporary name of a file begins."""
FRESH, OLD = ".writing", ".old"
"""How the temporary names of a folder end: not yet in its place, and no longer."""
OTHERS_STALE_SECONDS = 24 * 3600
"""Age from which a temporary file of another machine is taken for left behind."""
FILE_MODE, PRIVATE = 0o666, 0o600
"""Modes of a new file: as the user's umask allows, or for its owner alone."""
_EXCHANGE, _AT_FDCWD = 2, -100
OTHER_FOLDERS = "choose other folders with paths.root=<folder>"
_WORDS = {
    errno.ENOSPC: ("There is no room left on the disk of {path}.", "Free some room"),
    errno.EDQUOT: ("The disk quota is used up at {path}.", "Free some room"),
    errno.EACCES: ("{path} may not be written or read by this user.", "Change its permissions"),
    errno.EPERM: ("{path} may not be written or read by this user.", "Change its permissions"),
    errno.EROFS: ("{path} lies on a disk that is mounted read-only.", "Mount it for writing"),
    errno.ELOOP: ("{path} is a symbolic link that leads back to itself.", "Remove the link"),
    errno.ENOTDIR: ("A part of {path} is a file where a folder is needed.", "Move that file"),
    errno.EISDIR: ("{path} is a folder where a file is needed.", "Move that folder"),
    errno.ENAMETOOLONG: ("The name {path} is too long for this disk.", "Choose a shorter one"),
    errno.EIO: ("The disk of {path} reports a fault.", "Look at the disk"),
    errno.EMFILE: ("Too many files are open at once at {path}.", "Raise ulimit -n"),
}


@contextmanager
def faults_in_words(path: Path, *, instead: str = OTHER_FOLDERS) -> Iterator[None]:
    """Turn a fault of the disk into one sentence.

    Parameters
    ----------
    path : Path
        What was being written or read.
    instead : str
        How another place is chosen.

    Raises
    ------
    StorageError
        With the file, what is wrong, and what to do.
    """
    try:
        yield
    except OSError as error:
        raise storage_error(error, path, instead=instead) from error


def storage_error(
    error: OSError, path: Path | None = None, *, instead: str = OTHER_FOLDERS
) -> StorageError:
    """Return a fault of the disk in one sentence."""
    named = path if path is not None else (error.filename or "A file")
    if error.filename and not any(mark in str(error.filename) for mark in (WRITING, FRESH)):
        named = error.filename
    reason = f"{{path}} cannot be used: {error.strerror or error}."
    text, mend = _WORDS.get(error.errno or 0, (reason, "Put that right"))
    return StorageError(
        f"{text.format(path=named)} What was there before is unchanged. {mend}, or {instead}."
    )


@contextmanager
def replacing(path: Path, *, mode: int = FILE_MODE, durable: bool = False) -> Iterator[Path]:
    """Give a temporary path beside ``path`` and move it there only when all went well.

    Parameters
    ----------
    path : Path
        The file to write; its folder is made if needed. Where it is a symbolic link, what it
        points to is replaced.
    mode : int
        Permissions of a new file, before the user's umask.
    durable : bool
        Whether the content must be on the disk, not only with the system, before it counts.

    Yields
    ------
    Path
        A temporary name with the same ending; removed when the body raises.

    Raises
    ------
    StorageError
        If the disk is full, or the folder may not be written.
    """
    with faults_in_words(path):
        path = real_place(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        _clear_files(path.parent)
        temporary = path.with_name(f"{WRITING}{_owner()}-{secrets.token_hex(4)}{path.suffix}")
        os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
        try:
            yield temporary
            if durable:
                _to_disk(temporary)
            temporary.replace(path)
            if durable:
                _to_disk(path.parent)
        except BaseException:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise


def write_bytes(data: bytes, path: Path, *, mode: int = FILE_MODE, durable: bool = False) -> None:
    """Write bytes, whole or not at all; parameters and errors as of ``replacing``."""
    with replacing(path, mode=mode, durable=durable) as temporary:
        temporary.write_bytes(data)


def write_new(data: bytes, path: Path, *, instead: str = OTHER_FOLDERS) -> None:
    """Write a file for its owner alone, whole and on the disk, unless there is one already.

    Parameters
    ----------
    data : bytes
    path : Path
        Its folder is made if needed, for its owner alone.
    instead : str
        How another place is chosen, for the words of an error.

    Raises
    ------
    FileExistsError
        If there is one: it is left as it is, also when another process made it just now.
    StorageError
        As of ``replacing``.
    """
    with faults_in_words(path, instead=instead):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _clear_files(path.parent)
    draft = path.with_name(f"{WRITING}{_owner()}-{secrets.token_hex(4)}")
    try:
        with faults_in_words(path, instead=instead):
            # The mode is given when the file is made, so nobody else can ever read it; the second
            # name makes the whole file appear at once, or fails when there is one.
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        os.link(draft, path)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def write_text(text: str, path: Path) -> None:
    """Write text as UTF-8, whole or not at all; line ends stay as they are."""
    write_bytes(text.encode("utf-8"), path)


@contextmanager
def replacing_folder(
    folder: Path, *, last: Callable[[Path], None], keep: Callable[[str], bool] = lambda _: False
) -> Iterator[Path]:
    """Give a new folder beside ``folder`` and put it in its place by one rename.

    Parameters
    ----------
    folder : Path
        The folder to replace, or to make.
    last : callable
        Called with the new folder when the body is done; writes the manifest.
    keep : callable
        Which entries of the old folder, by name, also belong to the new one: what other commands
        wrote there.

    Yields
    ------
    Path
        Empty; removed when the body raises, and by the next run when this one is killed.

    Raises
    ------
    StorageError
        If the disk is full, or the folder may not be written.
    """
    with faults_in_words(folder):
        place = real_place(folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh = place.with_name(f".{place.name}.{_owner()}-{secrets.token_hex(4)}{FRESH}")
        fresh.mkdir()
        try:
            yield fresh
            last(fresh)
            if place.is_dir():
                _keep_entries(place, fresh, keep)
            _put_in_place(fresh, place)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


def clear_leftovers(folder: Path) -> list[str]:
    """Remove what killed runs left of a folder and in it; return the names.

    Parameters
    ----------
    folder : Path
        Nobody else may be writing it: its lock is held.
    """
    cleared = []
    place = real_place(folder)
    if not place.parent.is_dir():
        return []
    for entry in sorted(place.parent.glob(f".{escape(place.name)}.*")):
        if not entry.is_dir():
            continue
        if entry.suffix == OLD and not place.exists():
            entry.rename(place)  # killed between two renames: the old one is still whole
        elif entry.suffix in (OLD, FRESH):
            shutil.rmtree(entry, ignore_errors=True)
        else:
            continue
        cleared.append(entry.name)
    if place.is_dir():
        for entry in sorted(place.rglob(f"{WRITING}*")):
            if _is_left_behind(entry):
                entry.unlink(missing_ok=True)
                cleared.append(entry.name)
    return cleared


_CLEARED: set[Path] = set()
"""Folders in which this process has looked for what killed runs left."""


def _clear_files(folder: Path) -> None:
    """Remove half-written files of dead processes from a folder, at the first write into it.

    Not every folder has a lock that is cleared under: a page goes wherever its reader wants it.
    """
    if folder in _CLEARED:
        return
    _CLEARED.add(folder)
    with suppress(OSError):
        for entry in folder.glob(f"{WRITING}*"):
            if _is_left_behind(entry):
                entry.unlink(missing_ok=True)


def real_place(path: Path) -> Path:
    """Return the absolute path behind symbolic links, which need not exist.

    Raises
    ------
    StorageError
        If a link leads back to itself.
    """
    try:
        return path.resolve()
    except (RuntimeError, OSError) as error:  # Python before 3.13 raises RuntimeError for a loop
        loop = OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
        raise storage_error(loop, path) from error


def _keep_entries(old: Path, fresh: Path, keep: Callable[[str], bool]) -> None:
    """Give entries of the old folder a second name in the new one."""
    for entry in sorted(old.iterdir()):
        target = fresh / entry.name
        if not keep(entry.name) or target.exists() or entry.name.startswith(WRITING):
            continue
        if entry.is_dir():
            shutil.copytree(entry, target, copy_function=_link)
        else:
            _link(str(entry), str(target))


def _link(source: str, target: str) -> None:
    """Give a file a second name, or copy it where the disk knows no second names."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _put_in_place(fresh: Path, place: Path) -> None:
    """Give a folder its name; what had the name is removed afterwards."""
    if not place.exists():
        fresh.rename(place)
        return
    if _exchange(fresh, place):  # the old one now has the temporary name
        shutil.rmtree(fresh, ignore_errors=True)
        return
    old = fresh.with_suffix(OLD)
    place.rename(old)
    fresh.rename(place)
    shutil.rmtree(old, ignore_errors=True)


def _exchange(first: Path, second: Path) -> bool:
    """Exchange two names in one step where the system can (Linux), and say whether it did."""
    call = _renameat2()
    if call is None:
        return False
    names = os.fsencode(first), os.fsencode(second)
    return call(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _EXCHANGE) == 0


@cache
def _renameat2() -> Callable[..., int] | None:
    """Return the C library's function, or None where there is none."""
    if not sys.platform.startswith("linux"):
        return None
    function: Callable[..., int] | None = getattr(ctypes.CDLL(None), "renameat2", None)
    return function


def _owner() -> str:
    """Return who is writing: this machine, without its name, and this process."""
    return f"{machine()}-{os.getpid()}"


@cache
def machine() -> str:
    """Return what tells this machine from others without naming it."""
    return sha256(socket.gethostname().encode()).hexdigest()[:8]


def _is_left_behind(path: Path) -> bool:
    """Whether nobody is writing a temporary file any more."""
    where, _, rest = path.name.removeprefix(WRITING).partition("-")
    process = rest.partition("-")[0]
    if where == machine() and process.isdigit():
        return not is_alive(int(process))
    with suppress(OSError):
        return time.time() - path.stat().st_mtime > OTHERS_STALE_SECONDS
    return False


def is_alive(process: int) -> bool:
    """Whether a process of this machine runs."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _to_disk(path: Path) -> None:
    """Make the system put a file, or a folder's list of names, on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
