"""Choices about how a model is judged."""

from dataclasses import dataclass, field

from delinquency.errors import ChoiceError


def _default_metrics() -> list[str]:
    return [
        "roc_auc",
        "pr_auc",
        "gini",
        "ks",
        "log_loss",
        "brier",
        "brier_skill",
        "ece",
        "calibration_slope",
        "calibration_intercept",
        "observed_expected",
        "capture_top_decile",
        "lift_top_decile",
    ]


@dataclass(kw_only=True)
class EvaluationOptions:
    """What every evaluation measures."""

    # "hold_out", "cross_validation", "tables" or "new_accounts".
    kind: str
    # Names of metrics, in the order of the reports.
    metrics: list[str] = field(default_factory=_default_metrics)
    # Share of replicates, or of the t distribution, inside an interval.
    level: float = 0.95

    def __post_init__(self) -> None:
        if not self.metrics:
            raise ChoiceError("evaluation.metrics must name at least one metric. Got none.")
        if not 0.5 <= self.level < 1:
            raise ChoiceError(
                f"evaluation.level must be at least 0.5 and below 1. Got {self.level:g}."
            )


@dataclass(kw_only=True)
class BootstrapEvaluation(EvaluationOptions):
    """What every evaluation on a test part measures its intervals with."""

    # Bootstrap replicates by account.
    n_boot: int = 500

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n_boot < 2:
            raise ChoiceError(f"evaluation.n_boot must be at least 2. Got {self.n_boot}.")


@dataclass(kw_only=True)
class HoldOutEvaluation(BootstrapEvaluation):
    """The saved model on the accounts that it was not trained on."""

    kind: str = "hold_out"


@dataclass(kw_only=True)
class CrossValidationEvaluation(EvaluationOptions):
    """The recipe, refitted on every fold, beside its peers on the same folds."""

    kind: str = "cross_validation"
    # Folds of one repeat, and repeats with other folds.
    n_splits: int = 3
    n_repeats: int = 3
    # Peers that are fitted in the same folds.
    peers: list[str] = field(
        default_factory=lambda: [
            "logistic_regression",
            "scorecard",
            "lightgbm_default_raw",
            "lightgbm_raw",
            "lightgbm",
            "lightgbm_regularised",
            "dpd_and_utilization",
        ]
    )
    # Variants of the model that show what a choice costs.
    variants: list[str] = field(default_factory=lambda: ["with_protected", "without_monotone"])

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n_splits < 2:
            raise ChoiceError(f"evaluation.n_splits must be at least 2. Got {self.n_splits}.")
        if self.n_repeats < 1:
            raise ChoiceError(f"evaluation.n_repeats must be at least 1. Got {self.n_repeats}.")


@dataclass(kw_only=True)
class TableEvaluation(BootstrapEvaluation):
    """The recipe, refitted with ever more tables, and with all but one of them."""

    kind: str = "tables"
    metrics: list[str] = field(default_factory=lambda: ["roc_auc", "pr_auc", "log_loss", "brier"])


FEWEST_LEFT_OUT = 3
"""Shares of accounts, each left out once, below which no second model has seen them."""


@dataclass(kw_only=True)
class NewAccountEvaluation(BootstrapEvaluation):
    """The recipe on accounts that it never saw, beside the same accounts seen before."""

    kind: str = "new_accounts"
    metrics: list[str] = field(
        default_factory=lambda: ["roc_auc", "pr_auc", "log_loss", "brier", "ece"]
    )
    # Shares that the accounts are parted into; each is left out of training once.
    n_splits: int = 4

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n_splits < FEWEST_LEFT_OUT:
            raise ChoiceError(
                f"evaluation.n_splits must be at least {FEWEST_LEFT_OUT}, so that every account "
                f"is left out by one model and seen by another. Got {self.n_splits}."
            )
