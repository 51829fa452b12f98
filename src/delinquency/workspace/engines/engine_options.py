"""Choices about where jobs run."""

from dataclasses import dataclass

from delinquency.errors import ChoiceError


@dataclass
class EngineOptions:
    """Where the jobs of scoring run; the results are the same bytes for all.

    Attributes
    ----------
    kind : str
        "in_process", "processes" or "dask".
    workers : int
        Processes; 0 for one a processor. Ignored in process, and where a scheduler is named.
    scheduler : str
        Address of a Dask scheduler, such as tcp://127.0.0.1:8786; empty for a cluster of this
        machine's own, which ends with the work.
    """

    kind: str = "in_process"
    workers: int = 0
    scheduler: str = ""

    def __post_init__(self) -> None:
        if self.workers < 0:
            raise ChoiceError(f"engine.workers must be 0 or more. Got {self.workers}.")
        if self.scheduler and self.kind != "dask":
            raise ChoiceError(
                f"engine.scheduler is for engine=dask. Got engine.kind={self.kind}: "
                "add engine=dask, or leave the scheduler out."
            )
