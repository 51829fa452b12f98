"""The forty checks, registered by importing their modules; run all of them on one evidence."""

from collections.abc import Callable
from dataclasses import dataclass

from delinquency.validation import (  # noqa: F401  (importing registers the checks)
    behaviour_checks,
    calibration_checks,
    design_checks,
    explanation_checks,
    fairness_checks,
    governance_checks,
    leakage_checks,
    ranking_checks,
    stability_checks,
)
from delinquency.validation.check_inputs import Evidence
from delinquency.validation.check_record import CHECKS, Check, Finding
from delinquency.validation.validation_options import ValidationOptions

NUMBERS = tuple(range(1, 41))


@dataclass(frozen=True)
class Item:
    """One check with what it found.

    Attributes
    ----------
    check : Check
    finding : Finding
    """

    check: Check
    finding: Finding

    def to_dict(self) -> dict[str, object]:
        """Return the item as plain values, as ``validation.json`` has it."""
        found = self.finding
        limits = found.threshold
        return {
            "number": self.check.number,
            "item": self.check.item,
            "section": self.check.section,
            "figure": found.figure,
            "low": found.low,
            "high": found.high,
            "threshold": limits.in_words() if limits else None,
            "limits": (
                None
                if limits is None
                else {
                    name: getattr(limits, name)
                    for name in ("least", "most", "watch_least", "watch_most", "unit")
                }
            ),
            "state": found.state,
            "why": found.why,
            "source": self.check.source,
            "what_to_do": self.check.what_to_do,
        }


def all_checks() -> list[Check]:
    """Return the checks in the order of their numbers."""
    return [CHECKS[f"{number:02d}"] for number in NUMBERS]


def run_checks(
    evidence: Evidence,
    options: ValidationOptions,
    *,
    numbers: tuple[int, ...] = NUMBERS,
    progress: Callable[[int, int], None] | None = None,
) -> list[Item]:
    """Return what every check finds.

    Parameters
    ----------
    evidence : Evidence
    options : ValidationOptions
    numbers : tuple of int
        Items to run.
    progress : callable, optional

    Returns
    -------
    list of Item
    """
    items = []
    chosen = [one for one in all_checks() if one.number in numbers]
    for done, one in enumerate(chosen, start=1):
        items.append(Item(one, one.run(evidence, options)))
        if progress is not None:
            progress(done, len(chosen))
    return items
