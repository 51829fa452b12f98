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
