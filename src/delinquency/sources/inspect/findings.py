"""What a mapping makes of a file's columns, and one thing that was found in it."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Roles:
    """What the mapping makes of the columns of one file.

    Attributes
    ----------
    by_column : dict of str to str
        Column -> "account", "month", "label", "feature", "protected", "ignored", "person", or the
        canonical column it is mapped to. A column that is not there has no role.
    stated : dict of str to frozenset of float
        Column -> codes whose meaning the mapping states.
    ratios : frozenset of str
        Ratios whose base the mapping states.
    directions : dict of str to int
        Column -> direction that the mapping states, +1 or -1.
    coded : frozenset of str
        Columns whose codes, also those in letters, the mapping lists.
    bad : ndarray of shape (n_rows,) or None
        1 bad, 0 good, NaN neither; None when the file has no label.
    month : ndarray of str or None
        Month of each row, for rates by month.
    complete : bool
        Whether every column needs a role: a ready-made table, not a panel's file.
    of_the_month : bool
        Whether ``bad`` is the lateness of the row's own month. The columns beside it are then
        bound to go with it, and no one of them is suspected of knowing the future.
    """

    by_column: dict[str, str] = field(default_factory=dict)
    stated: dict[str, frozenset[float]] = field(default_factory=dict)
    ratios: frozenset[str] = frozenset()
    bad: np.ndarray | None = None
    month: np.ndarray | None = None
    complete: bool = False
    of_the_month: bool = False
    directions: dict[str, int] = field(default_factory=dict)
    coded: frozenset[str] = frozenset()

    def column(self, role: str) -> str:
        """Return the first column of a role, or ""."""
        return next((name for name, one in self.by_column.items() if one == role), "")


@dataclass(frozen=True)
class Finding:
    """One thing to stop for ("stop"), to look at ("look"), or to know ("note")."""

    severity: str
    column: str
    text: str
    mend: str = ""
