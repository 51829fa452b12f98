"""Choices about features."""

from dataclasses import dataclass, field

from delinquency.errors import ChoiceError


def _all_traits() -> list[str]:
    return [
        "economic_condition",
        "credit_record",
        "debt_burden",
        "repayment_capacity",
        "repayment_willingness",
        "spending_behavior",
    ]


@dataclass
class FeatureOptions:
    """Which features enter the model matrix.

    Attributes
    ----------
    traits : list of str
        Traits whose features are used; leave one out for an ablation.
    windows : list of int
        Months that families of features are summarised over, as far as data.window_months
        reaches.
    exclude : list of str
        Names of features to leave out.
    protected : bool
        Add the protected attributes, only to report what they would be worth. A model made so
        is marked as not for use.
    """

    traits: list[str] = field(default_factory=_all_traits)
    windows: list[int] = field(default_factory=lambda: [3, 6, 12])
    exclude: list[str] = field(default_factory=list)
    protected: bool = False

    def __post_init__(self) -> None:
        wrong = [months for months in self.windows if months < 2]
        if wrong:
            raise ChoiceError(f"features.windows must be 2 months and more. Got {wrong}.")
