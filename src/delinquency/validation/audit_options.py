"""Choices about the audit of explanations against the truth."""

from dataclasses import dataclass

from delinquency.errors import ChoiceError


@dataclass
class AuditOptions:
    """How explanations are scored against the causal truth.

    Attributes
    ----------
    cut_off : float
        Hits are counted among accounts whose PD is above it: nobody explains the others, and at
        very small probabilities the simulated truth itself is noise.
    sign_threshold : float
        Log-odds from which the sign of a true effect counts.
    folds : int
        Parts of the cross-fitting that estimates the ceiling.
    resamples : int
        Bootstrap samples of accounts for the intervals.
    confidence : float
        Level of the intervals.
    """

    cut_off: float = 0.05
    sign_threshold: float = 0.1
    folds: int = 5
    resamples: int = 300
    confidence: float = 0.95

    def __post_init__(self) -> None:
        if not 0 <= self.cut_off < 1:
            raise ChoiceError(f"audit.cut_off must lie in [0, 1). Got {self.cut_off}.")
        if not 0 < self.confidence < 1:
            raise ChoiceError(f"audit.confidence must lie between 0 and 1. Got {self.confidence}.")
        if self.folds < 2:
            raise ChoiceError(f"audit.folds must be 2 and more. Got {self.folds}.")
        if self.resamples < 10:
            raise ChoiceError(f"audit.resamples must be 10 and more. Got {self.resamples}.")
