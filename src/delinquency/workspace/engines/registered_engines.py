"""The engines by name: each takes one importable function and a list of jobs."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from delinquency.named_choices import Registry
from delinquency.workspace.engines.dask_cluster import on_dask
from delinquency.workspace.engines.engine_options import EngineOptions
from delinquency.workspace.engines.in_process import in_process
from delinquency.workspace.engines.processes import in_processes

Engine = Callable[[Callable[[Any], Any], Sequence[Any], EngineOptions], Iterator[Any]]
"""Yields the result of every job as it is done, in any order. A job is small, and writes its own
files; what it returns is a receipt."""

ENGINES: Registry[Engine] = Registry("engine")
ENGINES.add("in_process", in_process)
ENGINES.add("processes", in_processes)
ENGINES.add("dask", on_dask)
