"""Choices about reasons: how many are given, and what counts as one."""

from dataclasses import dataclass

from delinquency.errors import ChoiceError


@dataclass
class ReasonOptions:
    """What is stated as a reason for an account's risk.

    Attributes
    ----------
    max_reasons : int
        Reasons given for an account. More than four are "not likely to be helpful" (official
        commentary on Regulation B, 12 CFR 1002.9(b)(2)).
    minimum_log_odds : float
        A trait that raises the log-odds by less than this is not a reason; 0.05 is 5 % of odds.
    tie_log_odds : float
        Traits, and facts within a trait, that differ by less than one such step are tied, and
        what the customer can change goes first.
    dominant_log_odds : float
        A dominant trait raises the log-odds by at least this.
    dominant_share : float
        A dominant trait makes up at least this share of all that raises the risk.
    cut_off : float
        Probability from which an account is at risk: it gets a card and a
        proposal, and a fact that many of those are told gets a second one beside it.
    common_share : float
        A fact that more than this share of the accounts at risk are told gets a second one
        beside it: what is said to everybody says little of anybody.
    """

    max_reasons: int = 4
    minimum_log_odds: float = 0.05
    tie_log_odds: float = 0.05
    dominant_log_odds: float = 0.2
    dominant_share: float = 0.4
    common_share: float = 0.15
    cut_off: float = 0.2

    def __post_init__(self) -> None:
        if not 1 <= self.max_reasons <= 6:
            raise ChoiceError(f"reasons.max_reasons must be 1 to 6. Got {self.max_reasons}.")
        for name in ("minimum_log_odds", "dominant_log_odds"):
            if not getattr(self, name) >= 0:
                raise ChoiceError(f"reasons.{name} must be 0 or more. Got {getattr(self, name)}.")
        if not self.tie_log_odds > 0:
            raise ChoiceError(f"reasons.tie_log_odds must be above 0. Got {self.tie_log_odds}.")
        for name in ("dominant_share", "common_share", "cut_off"):
            if not 0 < getattr(self, name) <= 1:
                raise ChoiceError(
                    f"reasons.{name} must be above 0 and at most 1. Got {getattr(self, name)}."
                )
