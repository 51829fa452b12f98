"""Choices about tuning."""

from dataclasses import dataclass

from delinquency.errors import ChoiceError


@dataclass(kw_only=True)
class TuneOptions:
    """How the model's choices are searched."""

    # Budget in minutes; a trial under way is finished.
    minutes: float = 30.0
    # Most trials, those of earlier runs of the same study included.
    trials: int = 200
    # Folds of the training part that every trial is judged on, accounts kept whole.
    folds: int = 3
    # Name of the study; "" for one of the data, the features and the code.
    study: str = ""
    # Where the winner goes below conf/experiment; "" for tuned_<data>.
    experiment: str = ""

    def __post_init__(self) -> None:
        for name, floor in (("minutes", 0.0), ("trials", 1), ("folds", 2)):
            if getattr(self, name) < floor:
                raise ChoiceError(
                    f"tune.{name} must be at least {floor:g}. Got {getattr(self, name):g}."
                )
