"""How a command is alone in the folders of its data set."""

from contextlib import AbstractContextManager

from delinquency.config import Config
from delinquency.workspace.folder_locks import locked


def alone_in(config: Config, command: str) -> AbstractContextManager[None]:
    """Return a context in which no other command writes the folders of the data set.

    Parameters
    ----------
    config : Config
    command : str
        What those are told that wait.
    """
    return locked(
        config.workspace.written, command=command, wait_seconds=config.paths.wait_seconds
    )
