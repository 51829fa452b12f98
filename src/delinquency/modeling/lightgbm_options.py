"""Choices about the model."""

from dataclasses import dataclass

from delinquency.errors import ChoiceError, unknown_name

CALIBRATIONS = ("none", "sigmoid", "beta", "isotonic")
OBSERVED, ROLL_RATES = "observed", "roll_rates"
TARGETS = (OBSERVED, ROLL_RATES)
MEASURED, AS_GIVEN = "measured", "as_given"
SHAPES = (MEASURED, AS_GIVEN)


@dataclass(kw_only=True)
class LightGBMOptions:
    """A strongly regularised LightGBM classifier, and how its probabilities are calibrated.

    ``null`` means "from the data": see ``delinquency.modeling.stopping`` and
    ``delinquency.modeling.regularization``. A number given here is taken as it is.
    """

    # What the trees learn from: observed (bad or not), or roll_rates (the chance of bad by the
    # late payments that followed, where a panel tells them; observed elsewhere).
    target: str = ROLL_RATES
    # measured: larger trees, smaller leaves and names ordered by their bad rates are tried on
    # accounts held out, and taken where they predict better; as_given: the numbers below hold.
    shape: str = MEASURED
    # Number of trees; null to find it on accounts held out of the training part.
    n_estimators: int | None = None
    # How much of each tree is kept; null to derive.
    learning_rate: float | None = None
    # Leaves of a tree.
    num_leaves: int = 8
    # Fewest accounts in a leaf; null to derive.
    min_child_samples: int | None = None
    # Share of the features that each tree may use; null to derive.
    colsample_bytree: float | None = None
    # Share of the accounts that each tree sees, drawn anew for every tree.
    subsample: float = 0.7
    # Ridge penalty on leaf values.
    lambda_l2: float = 10.0
    # Draw one cut-off a feature at random instead of searching for the best: trees differ more.
    extra_trees: bool = True
    # Bins that a feature's values are sorted into.
    max_bin: int = 127
    # Hold the sign of every feature that has a direction: risk never falls as it worsens.
    monotone: bool = True
    # How raw scores become probabilities: none, sigmoid, beta, or isotonic (which costs rank).
    calibration: str = "none"
    # Folds of the training part whose out-of-fold scores the calibration is fitted on.
    calibration_folds: int = 3

    def __post_init__(self) -> None:
        if self.calibration not in CALIBRATIONS:
            raise unknown_name("model.calibration", self.calibration, CALIBRATIONS)
        if self.target not in TARGETS:
            raise unknown_name("model.target", self.target, TARGETS)
        if self.shape not in SHAPES:
            raise unknown_name("model.shape", self.shape, SHAPES)
        floors = {
            "n_estimators": 1,
            "num_leaves": 2,
            "min_child_samples": 1,
            "max_bin": 2,
            "calibration_folds": 2,
        }
        for name, floor in floors.items():
            value = getattr(self, name)
            if value is not None and value < floor:
                raise ChoiceError(f"model.{name} must be at least {floor}. Got {value}.")
        for name in ("learning_rate", "colsample_bytree", "subsample"):
            share = getattr(self, name)
            if share is not None and not 0 < share <= 1:
                raise ChoiceError(f"model.{name} must be above 0 and at most 1. Got {share:g}.")
        if self.lambda_l2 < 0:
            raise ChoiceError(f"model.lambda_l2 must be 0 or more. Got {self.lambda_l2:g}.")
