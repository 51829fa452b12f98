"""Choices about decisions: what an offer of help costs and brings."""

from dataclasses import dataclass

from delinquency.errors import ChoiceError


@dataclass(kw_only=True)
class DecisionOptions:
    """What an offer of help costs and brings; assumptions, all in account currency."""

    # Cost of contacting one account with an offer.
    contact_cost: float = 20.0
    # Loss on an account that turns bad and is not helped.
    loss_when_bad: float = 3_000.0
    # Share of that loss which an offer avoids, on average.
    share_avoided: float = 0.15

    def __post_init__(self) -> None:
        if self.contact_cost < 0 or self.loss_when_bad < 0 or not 0 <= self.share_avoided <= 1:
            raise ChoiceError(
                "decisions.contact_cost and loss_when_bad must be 0 or more, share_avoided in "
                f"[0, 1]. Got {self.contact_cost:g}, {self.loss_when_bad:g}, "
                f"{self.share_avoided:g}."
            )

    @property
    def break_even(self) -> float:
        """PD from which an offer pays: cost over the loss that it avoids."""
        avoided = self.loss_when_bad * self.share_avoided
        return self.contact_cost / avoided if avoided else float("inf")
