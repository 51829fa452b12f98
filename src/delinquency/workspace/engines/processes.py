"""Jobs in processes of this machine, started anew: each loads the model once."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TypeVar

from delinquency.errors import EngineError
from delinquency.workspace.engines.engine_options import EngineOptions

Job = TypeVar("Job")
Result = TypeVar("Result")
ATTEMPTS = 3
"""Pools that are begun before a machine that kills every worker is given up."""


def in_processes(
    work: Callable[[Job], Result], jobs: Sequence[Job], options: EngineOptions
) -> Iterator[Result]:
    """Yield the result of every job as it is done.

    A worker that is killed takes its pool with it: a new pool does what is left.

    Raises
    ------
    EngineError
        If workers are killed again and again, as where memory is short.
    """
    workers = options.workers or os.cpu_count() or 1
    left = dict(enumerate(jobs))
    for _ in range(ATTEMPTS):
        # "spawn": threads of Arrow and numba must not be copied by a fork.
        pool = ProcessPoolExecutor(min(workers, max(len(left), 1)), get_context("spawn"))
        try:
            running = {pool.submit(work, job): number for number, job in left.items()}
            for done in as_completed(running):
                result = done.result()
                del left[running[done]]
                yield result
            return
        except BrokenProcessPool:
            continue
        finally:
            pool.shutdown(cancel_futures=True)
    raise EngineError(
        f"{ATTEMPTS} pools of {workers} processes were killed, with {len(left)} jobs left. Free "
        "memory, or choose fewer engine.workers; what is done is kept and is not done again."
    )
