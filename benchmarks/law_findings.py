"""How often each law of a run's sentences was looked at, and what breaks it."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Findings:
    """How often each law was looked at, and what breaks it."""

    looked: Counter[str] = field(default_factory=Counter)
    broken: dict[str, list[str]] = field(default_factory=dict)

    def require(self, law: str, held: bool, what: str) -> None:
        """Count a look at a law, and keep what breaks it."""
        self.looked[law] += 1
        if not held:
            self.broken.setdefault(law, []).append(what)
