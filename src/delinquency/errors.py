"""The errors of the project, in one tree.

::

    DelinquencyError            every error a user can mend; the command line exits with its code
    ├── ChoiceError             a name or value in the configuration that does not exist or fit
    ├── DataError               input data that breaks its schema; carries every fault found
    ├── MissingArtifactError    a stage's input has not been made yet
    ├── StorageError            a file or folder that cannot be written or read
    │   └── BusyError               a folder that another run is working in
    ├── ModelError              a model that cannot be fitted, loaded, or used on these data
    │   └── UnsupportedModelError   a model whose trait values would not be exact
    ├── TrackingError           a run store that does not answer or cannot be used
    ├── LeakageError            a result that only leakage can produce
    ├── DriftError              a month too far from the model's reference; exit code 4
    ├── EngineError             workers that cannot be started, reached or kept alive
    ├── PolicyError             a policy file that is incomplete or contradicts itself
    └── CaseworkError           a casework request that cannot be recorded or answered

Every text says what was expected, what came, where, and how to mend it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


class DelinquencyError(Exception):
    """An error that its reader can mend.

    Attributes
    ----------
    exit_code : int
        What ``python -m delinquency`` returns to the shell.
    """

    exit_code = 2


class ChoiceError(DelinquencyError):
    """A name or value in the configuration that does not exist or fit."""


class MissingArtifactError(DelinquencyError):
    """A stage's input has not been made yet."""


class StorageError(DelinquencyError):
    """A file or folder that cannot be written or read: a full disk, no permission."""


class BusyError(StorageError):
    """A folder that another run is working in."""


class ModelError(DelinquencyError):
    """A model that cannot be fitted, loaded, or used on these data."""


class UnsupportedModelError(ModelError):
    """A model whose trait values would not be exact."""


class TrackingError(DelinquencyError):
    """A run store that does not answer or cannot be used."""


class LeakageError(DelinquencyError):
    """A result that only leakage can produce."""

    exit_code = 3


class PolicyError(DelinquencyError):
    """A policy file that is incomplete or contradicts itself."""


class DriftError(DelinquencyError):
    """A month that has moved too far from the reference of the model."""

    exit_code = 4


class EngineError(DelinquencyError):
    """Workers that cannot be started, reached or kept alive."""


class CaseworkError(DelinquencyError):
    """A casework request that cannot be recorded or answered."""


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a table.

    Attributes
    ----------
    where : str
        File or table.
    column : str
        Column, or "" when the fault is of the table as a whole.
    expected : str
        What was expected.
    n_rows : int
        Number of rows at fault; 0 when the fault is not of single rows.
    examples : tuple of str
        Up to three values that came instead, with their place.
    mend : str
        What the reader can do about it.
    """

    where: str
    column: str
    expected: str
    n_rows: int = 0
    examples: tuple[str, ...] = ()
    mend: str = ""

    def __str__(self) -> str:
        place = f"{self.where}: {self.column}" if self.column else self.where
        text = f"{place}: expected {self.expected}."
        if self.n_rows:
            text += f" {self.n_rows:,} {'row does' if self.n_rows == 1 else 'rows do'} not fit"
            text += f", e.g. {'; '.join(self.examples[:3])}." if self.examples else "."
        elif self.examples:
            text += f" Got {'; '.join(self.examples[:3])}."
        return f"{text} {self.mend}".rstrip()


class DataError(DelinquencyError):
    """Input data that breaks its schema; carries every fault found.

    Attributes
    ----------
    faults : tuple of Fault
    """

    def __init__(self, faults: Iterable[Fault] | Fault):
        self.faults = (faults,) if isinstance(faults, Fault) else tuple(faults)
        head = "" if len(self.faults) == 1 else f"{len(self.faults)} faults:\n"
        super().__init__(head + "\n".join(str(fault) for fault in self.faults))

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        # A fault found by a worker travels to the process that reports it.
        return type(self), (self.faults,)


MOST_LISTED = 20
"""Names that an error lists: all when they are no more, else the nearest."""


def unknown_name(kind: str, name: str, known: Sequence[str]) -> ChoiceError:
    """Return the error for a name that is not among the known ones, with the nearest match.

    Parameters
    ----------
    kind : str
        What the name should name: "feature", "stage".
    name : str
        The name that came.
    known : sequence of str
        The names that exist.

    Returns
    -------
    ChoiceError

    Examples
    --------
    >>> str(unknown_name("stage", "trian", ["train", "score"]))
    "Unknown stage 'trian'. Did you mean 'train'? Known: score, train."
    """
    near = get_close_matches(name, known, n=MOST_LISTED, cutoff=0.4)
    hint = f" Did you mean {near[0]!r}?" if get_close_matches(name, near) else ""
    listed, of_all = sorted(known), ""
    if len(known) > MOST_LISTED:
        listed, of_all = near, f" (the nearest of {len(known)})"
    names = ", ".join(listed) if listed else "none alike"
    return ChoiceError(f"Unknown {kind} {name!r}.{hint} Known{of_all}: {names}.")
