"""Choices about the validation: thresholds with their sources, and what people must write."""

from dataclasses import dataclass, field

import numpy as np

from delinquency.errors import ChoiceError, unknown_name
from delinquency.validation.decision_options import DecisionOptions

UNITS = ("number", "share", "count", "months", "years")
MARKS = {"share": " %", "months": " months", "years": " years"}
"""What is written behind a figure of a unit."""


@dataclass(kw_only=True)
class Threshold:
    """Limits of one figure; None where there is none."""

    # The figure is accepted from least to most.
    least: float | None = None
    most: float | None = None
    # Inside the limits but outside of these it is amber.
    watch_least: float | None = None
    watch_most: float | None = None
    # How to write the figure: number, share, count, months or years.
    unit: str = "number"

    def __post_init__(self) -> None:
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ChoiceError(
                f"A threshold's least must not exceed its most. Got {self.least} and {self.most}."
            )
        if self.unit not in UNITS:
            raise unknown_name("unit of a threshold", self.unit, UNITS)

    def beyond(self, value: float) -> bool:
        """Return whether a value lies outside ``least`` to ``most``."""
        below = self.least is not None and value < self.least
        return below or (self.most is not None and value > self.most)

    def same_side(self, low: float, high: float) -> bool:
        """Return whether two values beyond the limits are beyond the same one."""
        above = [self.most is not None and value > self.most for value in (low, high)]
        return above[0] == above[1]

    def to_watch(self, value: float) -> bool:
        """Return whether a value lies outside the limits for amber."""
        below = self.watch_least is not None and value < self.watch_least
        return below or (self.watch_most is not None and value > self.watch_most)

    @property
    def limits(self) -> list[float]:
        """All limits there are."""
        every = (self.least, self.watch_least, self.watch_most, self.most)
        return [one for one in every if one is not None]

    def in_words(self) -> str:
        """Return the limits as a phrase."""

        def shown(value: float) -> str:
            if self.unit == "share":
                return f"{value:.6g}" if value < 0.001 else f"{100 * value:.6g}{MARKS['share']}"
            mark = MARKS.get(self.unit, "")
            return f"{value:,.6g}{mark.removesuffix('s') if value == 1 else mark}"

        if self.least is not None and self.most is not None:
            words = f"{shown(self.least)} to {shown(self.most)}"
        elif self.least is not None:
            words = f"at least {shown(self.least)}"
        elif self.most is not None:
            words = f"at most {shown(self.most)}"
        else:
            words = "none"
        watch = [
            f"below {shown(self.watch_least)}" if self.watch_least is not None else "",
            f"above {shown(self.watch_most)}" if self.watch_most is not None else "",
        ]
        amber = " or ".join(one for one in watch if one)
        return f"{words}; amber {amber}" if amber else words


def shown(value: float | None, threshold: Threshold | None = None, *, digits: int = 4) -> str:
    """Return a figure as text that lies on the same side of every limit as the figure itself.

    Parameters
    ----------
    value : float or None
    threshold : Threshold, optional
    digits : int
        Decimals to begin with; more are taken until no limit is rounded across.

    Returns
    -------
    str

    Examples
    --------
    >>> shown(0.09996, Threshold(most=0.1), digits=3)
    '0.09996'
    >>> shown(0.0912, Threshold(most=0.1), digits=3)
    '0.091'
    """
    if value is None or not np.isfinite(value):
        return "not known"
    limits = threshold.limits if threshold else []
    unit = threshold.unit if threshold else "number"
    factor, mark = (100.0 if unit == "share" else 1.0), MARKS.get(unit, "")
    if unit in ("count", "months", "years") and float(value).is_integer():
        return f"{value:,.0f}{mark}"
    start = max(digits - 2, 1) if unit == "share" else digits
    if 0 < abs(value * factor) < 10.0**-start and not limits:
        return f"{value * factor:.2g}{mark}"
    for places in range(start, 17):
        text = f"{value * factor:.{places}f}"
        if value and not float(text):
            # Nothing but zeros would hide how small it is.
            text = f"{value * factor:.2g}"
            back = float(text) / factor
            if all(np.sign(back - limit) == np.sign(value - limit) for limit in limits):
                return f"{text}{mark}"
            continue
        back = float(text) / factor
        if all(np.sign(back - limit) == np.sign(value - limit) for limit in limits):
            return f"{float(text):,.{places}f}{mark}"
    return f"{value * factor!r}{mark}"


@dataclass(kw_only=True)
class Documents:
    """What only people can know: the model's use, its owner, its plan."""

    # What the model is for, in one or two sentences.
    purpose: str = ""
    # Uses that it must not be put to.
    out_of_scope: list[str] = field(default_factory=list)
    # How much depends on it: 1 (most) to 3; "" until the lender has decided.
    materiality_tier: str = ""
    # Who answers for it.
    owner: str = ""
    # Point in time or through the cycle, and what follows from it.
    pd_philosophy: str = ""
    # What is looked at how often, and what sets off a review.
    monitoring_plan: list[str] = field(default_factory=list)
    triggers: list[str] = field(default_factory=list)
    # How to go back to the model before.
    rollback: str = ""
    # Known weaknesses that no figure tells.
    limitations: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class ValidationOptions:
    """How a model is validated."""

    # Version of the thresholds: raise it with every change.
    version: str = ""
    # Limits by name; each check names its own.
    thresholds: dict[str, Threshold] = field(default_factory=dict)
    # Largest PD of every grade of the master scale.
    master_scale: list[float] = field(default_factory=list)
    # Default correlation of the one-factor model, for the test that knows of bad years.
    default_correlation: float = 0.03
    # Share of the accounts that can be contacted: the cut-off of capacity and of fairness.
    capacity: float = 0.10
    # Fewest rows, and fewest bads, of a group or segment that is looked at.
    fewest_rows: int = 200
    fewest_bads: int = 20
    # Bootstrap samples of whole accounts.
    n_boot: int = 200
    # Refits on half of the accounts, and the most rows of one.
    refits: int = 6
    refit_rows: int = 40_000
    # Rows whose behaviour and explanations are looked at one by one.
    sample_rows: int = 400
    # Level of the tests whose many parts count as one; of every interval.
    significance: float = 0.05
    # CSV of decisions by people: account_id, proposed, decided, reason, bad; "" for none.
    overrides: str = ""
    # Word document too.
    word: bool = True
    documents: Documents = field(default_factory=Documents)
    # What an offer of help costs and brings, for the page of decisions.
    decisions: DecisionOptions = field(default_factory=DecisionOptions)

    def __post_init__(self) -> None:
        if not 0 < self.capacity < 1:
            raise ChoiceError(
                f"validation.capacity must lie between 0 and 1. Got {self.capacity:g}."
            )
        if self.refits < 2:
            raise ChoiceError(f"validation.refits must be at least 2. Got {self.refits}.")
        if self.n_boot < 2:
            raise ChoiceError(f"validation.n_boot must be at least 2. Got {self.n_boot}.")

    def threshold(self, name: str) -> Threshold:
        """Return a named threshold.

        Raises
        ------
        ChoiceError
            If the file of thresholds lacks it.
        """
        if name not in self.thresholds:
            raise ChoiceError(
                f"The validation needs the threshold {name!r}; the file of thresholds has "
                f"{', '.join(sorted(self.thresholds)) or 'none'}. Add it under "
                "validation.thresholds, or take validation=standard."
            )
        return self.thresholds[name]
