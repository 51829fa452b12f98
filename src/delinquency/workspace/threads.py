"""Work shared out over threads: results in order, and only a few of them in memory."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_order(
    work: Callable[[Item], Result], items: Iterable[Item], *, n_threads: int
) -> Iterator[Result]:
    """Yield the result of every item, in the order of the items, made by several threads.

    Threads suffice where the time goes into numpy, Parquet and compiled code, which let other
    threads run; nothing is copied between processes.

    Parameters
    ----------
    work : callable
        From one item to one result; must not depend on the other items.
    items : iterable
        Taken one by one as results are taken.
    n_threads : int
        Items worked on at once. No more than ``n_threads + 1`` are begun and not yet yielded,
        whatever the number of items: that bounds the memory.

    Yields
    ------
    object

    Raises
    ------
    Exception
        What ``work`` raised for the first item that failed; those not yet begun are left.
    """
    pool = ThreadPoolExecutor(max_workers=n_threads)
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > n_threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
