"""One lock a folder, so that two commands never write the same one: the second waits, and says so.

The lock is the operating system's own (``flock``) on a small file beside the folder. It ends with
the process that holds it, however that ends, so a killed run never leaves a folder locked. The
file tells who holds it and since when; what it tells of a run that is gone shows that the run was
killed.
"""

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from delinquency.atomic_files import clear_leftovers, faults_in_words, real_place
from delinquency.errors import BusyError
from delinquency.workspace.progress import say

LOOK_SECONDS = 0.2
"""How long a waiting run sleeps between two looks at the lock."""
FILE_LOCK_MODE = 0o666


@contextmanager
def locked(
    folders: Iterable[Path], *, command: str, wait_seconds: float, clear: bool = True
) -> Iterator[None]:
    """Hold the locks of folders, waiting for other runs, and clear what killed runs left.

    Parameters
    ----------
    folders : iterable of Path
        Need not exist. All runs take them in the same order, so none waits for the other.
    command : str
        What this run does, for those who wait for it.
    wait_seconds : float
        How long to wait for other runs.
    clear : bool
        Whether what killed runs left half-written is removed.

    Raises
    ------
    BusyError
        If another run still works in one of the folders after that time.
    StorageError
        If the place of a folder may not be written.
    """
    until = time.monotonic() + wait_seconds
    with ExitStack() as held:
        places = sorted({real_place(folder) for folder in folders})
        for place in places:
            held.enter_context(_held(place, command, until))
        if clear:
            for place in places:
                if cleared := clear_leftovers(place):
                    say(f"cleared what a stopped run left of {place}: {len(cleared)} entries")
        yield


@contextmanager
def shared(folder: Path, *, wait_seconds: float) -> Iterator[None]:
    """Hold a folder against being replaced while it is read; several readers may.

    Parameters
    ----------
    folder : Path
    wait_seconds : float
        How long to wait for a run that writes it.

    Raises
    ------
    BusyError
        If it is still written after that time.

    Notes
    -----
    Where the lock's file cannot be made, this user cannot write the folder either: it is read
    without a lock, and its manifest shows whether it is whole.
    """
    path = lock_file(real_place(folder))
    until = time.monotonic() + wait_seconds
    try:
        handle = _take(path, exclusive=False, until=until)
    except OSError:
        yield
        return
    try:
        yield
    finally:
        _remove_unused(handle, path)


def lock_file(folder: Path) -> Path:
    """Return the file of a folder's lock, beside the folder."""
    return folder.with_name(f".{folder.name}.lock")


@contextmanager
def _held(folder: Path, command: str, until: float) -> Iterator[None]:
    path = lock_file(folder)
    with faults_in_words(folder):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = _take(path, exclusive=True, until=until)
    try:
        before = _holder(path)
        if before:
            say(
                f"{before['command']} (process {before['process']}, since {before['since']}) "
                f"was stopped while it worked in {folder}"
            )
        _write(handle, _this_run(command))
        yield
    finally:
        with suppress(OSError):
            _write(handle, "")
            path.unlink(missing_ok=True)
        os.close(handle)


def _take(path: Path, *, exclusive: bool, until: float) -> int:
    """Take a lock, waiting for whoever holds it, and return the open file that holds it."""
    kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
    told = False
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, FILE_LOCK_MODE)
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
            if _is_named(handle, path):
                return handle
            os.close(handle)  # whoever held it before took the file away
            continue
        except BlockingIOError:
            os.close(handle)
        except BaseException:
            os.close(handle)
            raise
        told = _wait(path, until, told=told)


def _wait(path: Path, until: float, *, told: bool) -> bool:
    """Sleep a moment, having said once for whom; stop when the time is over."""
    holder = _holder(path)
    who = "another run"
    if holder:
        who = (
            f"{holder['command']} (process {holder['process']} on {holder['machine']}, "
            f"since {holder['since']})"
        )
    place = path.parent / path.name.removeprefix(".").removesuffix(".lock")
    if time.monotonic() >= until:
        raise BusyError(
            f"{place} is in use by {who}. Run this command again when that one has ended, or let "
            "it wait longer with paths.wait_seconds=<seconds>."
        )
    if not told:
        say(f"waiting for {who}, which works in {place} ...")
    time.sleep(LOOK_SECONDS)
    return True


def _is_named(handle: int, path: Path) -> bool:
    """Whether an open file is still the one of that name."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _remove_unused(handle: int, path: Path) -> None:
    """Take the lock's file away when no other reader holds it, and let go."""
    with suppress(OSError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _is_named(handle, path):
            path.unlink(missing_ok=True)
    os.close(handle)


def _this_run(command: str) -> str:
    return json.dumps(
        {
            "command": command,
            "process": os.getpid(),
            "machine": socket.gethostname(),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
        }
    )


def _holder(path: Path) -> dict[str, Any] | None:
    """Return who wrote the lock's file last and did not take that back."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {name: content[name] for name in ("command", "process", "machine", "since")}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(handle: int, text: str) -> None:
    os.ftruncate(handle, 0)
    os.pwrite(handle, text.encode(), 0)
