"""Choices of a sample of a portfolio that does not fit."""

from dataclasses import dataclass

from delinquency.errors import ChoiceError


@dataclass(kw_only=True)
class SampleOptions:
    """How much of a portfolio that does not fit into memory is looked at."""

    # Share of the persons (accounts where no person is known) that features, training, test and
    # explanations are made of; of the others, training takes the bad rows. 1 for all.
    share: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise ChoiceError(f"sample.share must be above 0 and at most 1. Got {self.share:g}.")
