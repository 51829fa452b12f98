"""Jobs on a Dask cluster: a named scheduler's, or one of this machine's own.

Only whole jobs travel, no data: a job names its files, and writes them where it runs. All workers
must see the same folders.
"""

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from delinquency.errors import EngineError
from delinquency.workspace.engines.engine_options import EngineOptions

Job = TypeVar("Job")
Result = TypeVar("Result")
RETRIES = 3
"""Times a job is begun anew when its worker dies."""
HOARD_BYTES = 1 << 30
ALLOCATOR = {
    "MALLOC_TRIM_THRESHOLD_": str(HOARD_BYTES),
    "MALLOC_MMAP_THRESHOLD_": str(HOARD_BYTES),
}
"""Dask's nanny makes glibc give memory back at once, which freezes the mmap threshold at 128 KB:
arrays of a part are then mapped anew each time, at half again the time (30 us an account instead
of 21). Both must be set together."""


def on_dask(
    work: Callable[[Job], Result], jobs: Sequence[Job], options: EngineOptions
) -> Iterator[Result]:
    """Yield the result of every job as it is done.

    Raises
    ------
    EngineError
        If Dask is not installed, or no scheduler answers.
    """
    try:
        import dask
        from distributed import Client, LocalCluster, as_completed
    except ImportError:
        raise EngineError(
            "engine=dask needs Dask, which is not installed. "
            'Install it with: pip install "delinquency[dask]"'
        ) from None
    settings = {"distributed.nanny.pre-spawn-environ": {**_spawn_environment(dask), **ALLOCATOR}}
    with dask.config.set(settings):
        cluster: Any = None
        if not options.scheduler:
            workers = options.workers or os.cpu_count() or 1
            cluster = LocalCluster(
                n_workers=workers, threads_per_worker=1, dashboard_address=None,
                host="127.0.0.1", silence_logs=logging.ERROR,
            )  # fmt: skip
        try:
            client = Client(cluster or options.scheduler, timeout="20s")
        except (OSError, TimeoutError) as error:
            raise EngineError(
                f"No Dask scheduler answers at {options.scheduler} ({error}). Start one with "
                "`dask scheduler`, or leave engine.scheduler out for a cluster of this machine."
            ) from None
        try:
            futures = client.map(work, jobs, pure=False, retries=RETRIES)
            for done in as_completed(futures):
                yield done.result()
                done.release()
        finally:
            client.close()
            if cluster is not None:
                cluster.close()


def _spawn_environment(dask: Any) -> dict[str, str]:
    return dict(dask.config.get("distributed.nanny.pre-spawn-environ", {}))
