"""Choices about what counts as bad, and when it is known."""

from dataclasses import dataclass, field

from delinquency.errors import ChoiceError


@dataclass(kw_only=True)
class LabelOptions:
    """How good and bad are told apart in a monthly panel.

    An account is bad when its worst days past due within the performance window reach
    ``bad_days_past_due``; indeterminate when they reach ``indeterminate_days_past_due`` only.
    A source that carries its own label (table ``outcomes``) needs none of this.

    Examples
    --------
    >>> from delinquency import LabelOptions
    >>> LabelOptions(bad_days_past_due=90).performance_months
    12
    """

    # Months after the observation month in which the outcome is looked for.
    performance_months: int = 12
    # Days past due that make an account bad; a charge-off always does.
    bad_days_past_due: float = 60.0
    # Worst days past due from here to bad count as neither good nor bad; null for no such band.
    indeterminate_days_past_due: float | None = None
    # Accounts this late or later at the observation month are not scored.
    eligible_below_days_past_due: float = 30.0
    # Months of statements that an account needs up to the observation month.
    history_months: int = 1
    # Observation months as YYYY-MM; empty for every month whose performance window is complete.
    observation_months: list[str] = field(default_factory=list)
    # Of the possible observation months, keep every n-th counted back from the last.
    observation_every: int = 1
    # Of these, leave out those whose outcome was not known yet when the last was observed: no
    # model that is tested in the last month may learn from them.
    known_by_last: bool = False

    def __post_init__(self) -> None:
        for name in ("performance_months", "history_months", "observation_every"):
            if getattr(self, name) < 1:
                raise ChoiceError(
                    f"data.label.{name} must be at least 1. Got {getattr(self, name)}."
                )
        if self.bad_days_past_due <= 0:
            raise ChoiceError(
                f"data.label.bad_days_past_due must be above 0. Got {self.bad_days_past_due:g}."
            )
        band = self.indeterminate_days_past_due
        if band is not None and not 0 < band < self.bad_days_past_due:
            raise ChoiceError(
                "data.label.indeterminate_days_past_due must lie between 0 and "
                f"bad_days_past_due = {self.bad_days_past_due:g}. Got {band:g}."
            )
