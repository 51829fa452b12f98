"""What a person sees while a stage works: bars on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Tick = Callable[[int, int], None]
"""Called with how much is done, and of how much."""


def say(text: str) -> None:
    """Print one line at once."""
    print(text, flush=True)


@contextmanager
def working(what: str) -> Iterator[Tick]:
    """Show progress of one piece of work, with elapsed and expected time.

    Parameters
    ----------
    what : str
        What is being done, in a few words.

    Yields
    ------
    callable
        To be called with (done, total); on a terminal it moves the bar.

    Notes
    -----
    Where output is not a terminal, one line with the time taken is printed at the end.
    """
    start = time.perf_counter()
    if not sys.stdout.isatty():
        yield lambda _done, _total: None
        say(f"{what}: {time.perf_counter() - start:.1f} s")
        return
    from rich.progress import (
        BarColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
    say(f"{what}: {time.perf_counter() - start:.1f} s")


LINE_SECONDS = 15.0
"""Seconds between lines of progress where output is not a terminal."""


@contextmanager
def rated(what: str, unit: str, *, parts: int, done: int = 0) -> Iterator[Callable[[int], None]]:
    """Show progress of work that is done part by part, with rate and time left.

    Parameters
    ----------
    what : str
        What is being done.
    unit : str
        What is counted: "accounts".
    parts : int
        Parts there are.
    done : int
        Parts that an earlier run did.

    Yields
    ------
    callable
        To be called after each part with how many units it held.

    Notes
    -----
    On a terminal one line is rewritten; elsewhere a line is printed every 15 seconds and at the
    end.
    """
    start = shown = time.perf_counter()
    made = units = 0
    if done:
        say(f"{what}: {done:,} of {parts:,} parts are there already")

    def line() -> str:
        seconds = max(time.perf_counter() - start, 1e-9)
        left = (parts - done - made) * seconds / max(made, 1)
        rate = f"{units:,} {unit}, {units / seconds:,.0f} a second"
        ends = f", {left:,.0f} s left" if made < parts - done else f", {seconds:,.1f} s"
        return f"{what}: part {done + made:,} of {parts:,}, {rate}{ends}"

    def tick(count: int) -> None:
        nonlocal made, units, shown
        made, units = made + 1, units + count
        if sys.stdout.isatty():
            print(f"\r{line()}\033[K", end="", flush=True)
        elif time.perf_counter() - shown > LINE_SECONDS:
            shown = time.perf_counter()
            say(line())

    yield tick
    if made:
        say(f"\r{line()}\033[K" if sys.stdout.isatty() else line())
