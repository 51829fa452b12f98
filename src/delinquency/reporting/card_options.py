"""Choices about the case book."""

from dataclasses import dataclass, field

from delinquency.errors import ChoiceError


@dataclass
class CardOptions:
    """Which accounts get a card, and what is asked of a change.

    Attributes
    ----------
    count : int
        Accounts with a card, those most at risk; 180 keep a page quick.
    cut_off : float or None
        Probability that a change of payments and spending should bring an account under;
        None for ``reasons.cut_off``.
    horizon_months : int
        Length of every change that a card tries.
    accounts : list of str
        Accounts that get a card, instead of those most at risk.
    file : str
        Text file of account ids, one a line, instead of the list.
    scored : bool
        Take the accounts that ``make score`` scored last, instead of those of the data set. They
        are read again from what was scored (``score.input``, kept with the scores).
    """

    count: int = 180
    cut_off: float | None = None
    horizon_months: int = 3
    accounts: list[str] = field(default_factory=list)
    file: str = ""
    scored: bool = False

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ChoiceError(f"cards.count must be 1 and more. Got {self.count}.")
        if self.cut_off is not None and not 0 < self.cut_off < 1:
            raise ChoiceError(f"cards.cut_off must lie between 0 and 1. Got {self.cut_off}.")
        if self.horizon_months < 1:
            raise ChoiceError(
                f"cards.horizon_months must be 1 and more. Got {self.horizon_months}."
            )
        if self.accounts and self.file:
            raise ChoiceError("Give cards.accounts or cards.file, not both.")


@dataclass
class ExplainOptions:
    """What ``make explain`` prints beside the portfolio.

    Attributes
    ----------
    account : str
        Account that is explained whole on the screen; "" for none.
    """

    account: str = ""
