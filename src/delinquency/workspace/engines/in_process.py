"""Jobs one after the other, in this process: the least memory."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from delinquency.workspace.engines.engine_options import EngineOptions

Job = TypeVar("Job")
Result = TypeVar("Result")


def in_process(
    work: Callable[[Job], Result], jobs: Sequence[Job], options: EngineOptions
) -> Iterator[Result]:
    """Yield the result of every job."""
    for job in jobs:
        yield work(job)
