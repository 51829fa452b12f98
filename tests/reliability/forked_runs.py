"""Commands in processes of their own, forked from one that has everything imported, and killed.

A kill is either a real SIGKILL at the n-th file operation of a command, or the state of the disk
after each file operation of one run, copied: what a kill at that moment would leave, for a run
costs the time of one for all its moments.
"""

import builtins
import io
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from delinquency import atomic_files
from delinquency.errors import DelinquencyError

OPERATIONS = ("rename", "replace", "unlink", "rmdir", "remove", "link", "mkdir", "ftruncate")
WRITES = ("w", "a", "x", "+")
HANG_SECONDS = 1200
"""Seconds after which a command is taken to hang; long, for others may use the machine too."""
ALLOWED = (0, 2, 4)
"""Exit codes: a result, a sentence, a red month."""


class Run:
    """A command in a process of its own."""

    def __init__(self, work: Callable[[], None], *, cpu_seconds: int = 0):
        self.out = tempfile.TemporaryFile("w+")  # noqa: SIM115
        sys.stdout.flush()
        self.process = os.fork()
        if self.process == 0:
            if cpu_seconds:
                resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
            os.dup2(self.out.fileno(), 1)
            os.dup2(self.out.fileno(), 2)
            code = 1
            try:
                work()
                code = 0
            except DelinquencyError as error:
                print(f"error: {error}")
                code = error.exit_code
            except OSError as error:
                print(f"error: {atomic_files.storage_error(error)}")
                code = 2
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                os._exit(code)

    def kill(self) -> None:
        """Send SIGKILL, which no process can catch."""
        os.kill(self.process, signal.SIGKILL)

    def wait(self, seconds: float = HANG_SECONDS) -> "Run":
        until = time.monotonic() + seconds
        while True:
            done, status = os.waitpid(self.process, os.WNOHANG)
            if done:
                break
            if time.monotonic() > until:
                self.kill()
                os.waitpid(self.process, 0)
                status = None
                break
            time.sleep(0.005)
        self.hung = status is None
        self.code = None if status is None else os.waitstatus_to_exitcode(status)
        self.out.seek(0)
        self.text = self.out.read()
        self.out.close()
        return self

    @property
    def killed(self) -> bool:
        return self.code == -signal.SIGKILL

    @property
    def fault(self) -> str:
        """What is wrong with how it ended; "" for a result, or one sentence and its exit code."""
        if self.hung or self.code in (-signal.SIGXCPU, -signal.SIGKILL):
            return "hang"
        if "Traceback" in self.text:
            return "traceback"
        if self.code not in ALLOWED:
            return f"exit {self.code}"
        return ""

    @property
    def told(self) -> str:
        return " | ".join(self.text.strip().splitlines()[-3:])[:300]


def at_each_operation(root: Path, then: Callable[[int, str], None]) -> None:
    """Call ``then`` with number and name after every file operation below a folder."""
    count, inside = 0, False

    def done(name: str) -> None:
        nonlocal count, inside
        count += 1
        inside = True
        try:
            then(count, name)
        finally:
            inside = False

    def counted(real: Callable[..., object], name: str) -> Callable[..., object]:
        def operation(*args: object, **more: object) -> object:
            result = real(*args, **more)
            place = " ".join(str(a) for a in args[:2])
            if not inside and (str(root) in place or "dir_fd" in more or name == "ftruncate"):
                done(f"{name} {place}")
            return result

        return operation

    def opened(real: Callable[..., object]) -> Callable[..., object]:
        def operation(file: object, mode: str = "r", *args: object, **more: object) -> object:
            result = real(file, mode, *args, **more)
            if not inside and str(root) in str(file) and any(m in mode for m in WRITES):
                done(f"open {file}")
            return result

        return operation

    for name in OPERATIONS:
        setattr(os, name, counted(getattr(os, name), name))
    os.open = made(os.open, root, done, lambda: inside)
    io.open = builtins.open = opened(io.open)
    atomic_files._exchange = counted(atomic_files._exchange, "exchange")


def made(
    real: Callable[..., int], root: Path, done: Callable[[str], None], inside: Callable[[], bool]
) -> Callable[..., int]:
    """Return ``os.open``, telling of each file that it makes."""

    def operation(path: object, flags: int, *args: object, **more: object) -> int:
        handle = real(path, flags, *args, **more)
        if not inside() and flags & os.O_CREAT and str(root) in str(path):
            done(f"make {path}")
        return handle

    return operation


def kill_at(number: int, root: Path) -> None:
    """Kill this process after its n-th file operation below a folder."""

    def then(count: int, _: str) -> None:
        if count == number:
            os.kill(os.getpid(), signal.SIGKILL)

    at_each_operation(root, then)


def copy_at_each(root: Path, states: Path) -> None:
    """Keep the folder as it is after each file operation, by number, with the operation's name."""

    def then(count: int, name: str) -> None:
        shutil.copytree(root, states / f"{count:04d}", symlinks=True)
        (states / f"{count:04d}.txt").write_text(name)

    at_each_operation(root, then)
