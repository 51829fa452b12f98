"""Choices about the case book."""

from dataclasses import dataclass

from delinquency.errors import ChoiceError


@dataclass
class CardOptions:
    """Which accounts get a card, and what is asked of a change.

    Attributes
    ----------
    count : int
        Accounts with a card, those most at risk; 180 keep the page under 2 MB.
    cut_off : float
        Probability that a change of payments and spending should bring an account under.
    max_months : int
        Longest plan that is tried.
    """

    count: int = 180
    cut_off: float = 0.2
    max_months: int = 6

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ChoiceError(f"cards.count must be 1 and more. Got {self.count}.")
        if not 0 < self.cut_off < 1:
            raise ChoiceError(f"cards.cut_off must lie between 0 and 1. Got {self.cut_off}.")
        if self.max_months < 1:
            raise ChoiceError(f"cards.max_months must be 1 and more. Got {self.max_months}.")
