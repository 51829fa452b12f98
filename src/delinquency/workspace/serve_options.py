"""Choices about serving."""

from dataclasses import dataclass

from delinquency.errors import ChoiceError

HIGHEST_PORT = 65_535


@dataclass
class ServeOptions:
    """How the model is served on this machine."""

    # Port on 127.0.0.1.
    port: int = 5001
    # Keep scores and features of what is asked, without identifiers, for monitoring.
    log: bool = True
    # Folder that stage=pack writes model and wheels into; empty for packed/<data>.
    pack: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.port <= HIGHEST_PORT:
            raise ChoiceError(f"serve.port must be 1 to {HIGHEST_PORT}. Got {self.port}.")
