"""Give memory that this process no longer uses back to the system."""

import ctypes
import sys
from functools import cache
from typing import Any


def give_back() -> None:
    """Return freed memory to the system, where the C library can (glibc); it changes nothing else.

    Tables are made and written by several threads, each with a heap of its own, and what a thread
    has freed stays with its heap: a gigabyte by the end of the features of 40,000 accounts, on top
    of which training would begin.
    """
    import pyarrow

    pyarrow.default_memory_pool().release_unused()
    if trim := _trim():
        trim(0)


@cache
def _trim() -> Any:
    """Return the C library's function, or None where there is none."""
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None), "malloc_trim", None)
