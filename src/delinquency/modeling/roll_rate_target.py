"""What the trees learn from: bad or not, or the chance of bad given the late payments that came.

Bad outcomes are few, late payments many. Whether a late payment rolls on to a bad outcome is
largely chance, and that chance can be estimated from all late payments together: it is a roll
rate. Each late spell then counts with its chance, in the place of what became of it. That has the
same mean given the features, but less noise, so that a model learns from it as from more
accounts. It is an assumption that roll rates differ with the score only, not with the trait that
the score comes from; predictions are always judged by what happened.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from delinquency.errors import ModelError
from delinquency.log_odds import probability
from delinquency.modeling.logistic import fit_logistic
from delinquency.panel.outcomes import SPELLS
from delinquency.panel.windows import Array

FEWEST = 50
"""Spells that turned bad, and that did not, below which no roll rate is estimated."""
MOST_CUT = 0.05
"""Share of the expected bad outcomes that may be lost where a row's roll rates exceed 1."""


@dataclass(frozen=True)
class Spells:
    """The late spells that followed each observation, up to the one that turned bad.

    Attributes
    ----------
    late_now : ndarray of shape (n_rows,), 0 or 1
        A spell is under way at the observation.
    begun : ndarray of shape (n_rows,), count
        Spells that began afterwards, early enough to turn bad within the performance window.
    """

    late_now: Array
    begun: Array

    @classmethod
    def of(cls, labels: pd.DataFrame) -> "Spells | None":
        """Return the spells of labels that tell them (``panel.outcomes``), else None."""
        if not set(SPELLS) <= set(labels.columns):
            return None
        return cls(*(labels[name].to_numpy(np.float64) for name in SPELLS))

    def turned_bad(self, y: Array) -> tuple[Array, Array]:
        """Return which rows turned bad in the spell under way, and which in one begun later.

        An outcome that came at once, too late in the window for its spell to be counted, is put
        down to the last spell that is.
        """
        later = (y == 1) & (self.begun > 0)
        now = (y == 1) & ~later & (self.late_now > 0)
        return now.astype(np.float64), later.astype(np.float64)

    def counts(self, y: Array) -> tuple[int, int]:
        """Return the number of spells, and of those that turned bad."""
        n_bad = sum(int(one.sum()) for one in self.turned_bad(y))
        return int(self.late_now.sum() + self.begun.sum()), n_bad

    def tell(self, y: Array) -> bool:
        """Return whether enough spells turned bad, and enough did not, to know how they roll."""
        n_spells, n_bad = self.counts(y)
        return min(n_bad, n_spells - n_bad) >= FEWEST


def expected_outcomes(
    y: Array, score: Array, spells: Spells, weights: Array | None = None
) -> Array | None:
    """Return the chance of a bad outcome by the roll rates of the late spells that followed.

    Parameters
    ----------
    y : ndarray of shape (n_rows,), 0 or 1
        What happened.
    score : ndarray of shape (n_rows,), log-odds
        Of models that did not see the rows.
    spells : Spells
    weights : ndarray of shape (n_rows,), optional
        How many rows each row stands for.

    Returns
    -------
    ndarray of shape (n_rows,), in [0, 1], or None
        The sum of the roll rates of the row's spells, at most 1; what happened where no spell
        was seen. None where spells are so many and roll so often that cutting at 1 would lose
        more than 5 % of the bad outcomes.

    Notes
    -----
    For each kind of spell (under way, begun later), over all spells up to the first that turned
    bad::

        logit q = intercept + slope * score

    Where q is right, y less the sum of q over these spells is a martingale, so that both have the
    same mean given the features; and as the regression has an intercept, they have the same sum
    but for what is cut at 1.

    References
    ----------
    Thomas, Edelman and Crook (2002), Credit Scoring and Its Applications: roll rates.
    Andersen and Gill (1982), Annals of Statistics 10, 1100-1120: compensators of counts.
    """
    counted = np.ones(len(y)) if weights is None else weights
    out = np.zeros(len(y))
    known = np.zeros(len(y), np.bool_)
    for count, bad in zip((spells.late_now, spells.begun), spells.turned_bad(y), strict=True):
        has = count > 0
        if has.any():
            good = (count - bad)[has] * counted[has]
            out[has] += count[has] * _roll_rates(score[has], bad[has] * counted[has], good)
            known |= has
    chance = np.where(known, np.minimum(out, 1.0), y)
    kept, all_bads = float((chance * counted).sum()), float((y * counted).sum())
    return chance if kept >= (1.0 - MOST_CUT) * all_bads else None


def _roll_rates(score: Array, bad: Array, good: Array) -> Array:
    """Return each row's roll rate: logistic in the score, or one for all where it cannot be."""
    if min(bad.sum(), good.sum()) < 1:
        return np.full(len(score), bad.sum() / (bad.sum() + good.sum()))
    column = score[:, None]
    try:
        intercept, slope = fit_logistic(
            np.concatenate([column, column]),
            np.repeat([1, 0], len(score)),
            l2=0.0,
            weights=np.concatenate([bad, good]),
        )
    except ModelError as error:
        raise ModelError(f"{error} model.target=observed does without roll rates.") from error
    return probability(intercept + slope * score)
