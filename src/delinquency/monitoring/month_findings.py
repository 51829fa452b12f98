"""What monitoring says of one thing that it looked at, and the light it gives it."""

import math
from dataclasses import dataclass
from typing import Any

GREEN, AMBER, RED = "green", "amber", "red"
WORST = {GREEN: 0, AMBER: 1, RED: 2}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    check : str
        "score", "feature", "trait", "table", "column", "volume", "delay", "category", "schema",
        "outcome".
    subject : str
        What it is about: a trait key, a table, a feature, ``table.column``.
    size : float or None
        How far it moved, in the check's own unit.
    chance : float or None
        Chance of so much in a stable month.
    light : str
        "green", "amber" or "red".
    words : str
        What was seen, for people.
    """

    check: str
    subject: str
    size: float | None
    chance: float | None
    light: str
    words: str

    def to_plain(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        finite = {
            name: value if value is None or math.isfinite(value) else None
            for name, value in (("size", self.size), ("chance", self.chance))
        }
        return {**self.__dict__, **finite}


def worst_light(findings: list[Finding]) -> str:
    """Return the worst light among findings; green where there is none."""
    return max((one.light for one in findings), key=WORST.__getitem__, default=GREEN)


def light_of(size: float, chance: float, amber: float, red: float, level: float) -> str:
    """Return the light of a size that chance explains or does not."""
    if not chance < level:
        return GREEN
    return RED if size >= red else AMBER if size >= amber else GREEN
