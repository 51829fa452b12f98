"""What held directions cost on rows held out, and which of them those rows contradict."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from delinquency.log_odds import probability
from delinquency.modeling.recipes import SMALLEST, Rows, log_loss

Array = NDArray[np.float64]
CORRECTION_BINS, CONTRADICTED = 40, 2.5
"""Bins of a correction, and standard errors from which it counts."""


@dataclass(frozen=True)
class DirectionCost:
    """What a held direction costs.

    Attributes
    ----------
    gain : float
        Log loss of an account, on average, that a correction against the direction saves on rows
        it was not fitted on; below 0 where the direction is right.
    error : float
        Its standard error over groups.
    """

    gain: float
    error: float

    @property
    def standard_errors(self) -> float:
        """How many standard errors the gain is above 0."""
        return self.gain / self.error if self.error > 0 else 0.0


def contradicted_directions(
    rows: Rows, score: Array, directions: Mapping[int, int], *, seed: int
) -> dict[int, float]:
    """Return the columns whose held direction the rows held out contradict.

    Parameters
    ----------
    rows : Rows
    score : ndarray of shape (n_rows,)
        Held-out log-odds.
    directions : mapping of int to int
        Place of a column -> +1 or -1, as held.
    seed : int
        Draws the halves.

    Returns
    -------
    dict of int to float
        Column -> standard errors by which a correction against its direction lowers the log loss
        of the half that it was not fitted on; those above ``CONTRADICTED`` only. Nothing is
        released by itself: the lender knows whether the data or the direction is wrong.
    """
    costs = direction_costs(rows, score, directions, seed=seed)
    found = {column: cost.standard_errors for column, cost in costs.items()}
    return {column: z for column, z in found.items() if z > CONTRADICTED}


def direction_costs(
    rows: Rows, score: Array, directions: Mapping[int, int], *, seed: int
) -> dict[int, DirectionCost]:
    """Return what each held direction costs; parameters as of ``contradicted_directions``.

    Columns that are free, or filled in too few rows, are left out.

    Notes
    -----
    In 40 bins of the column, the correction of the log-odds is one Newton step, made monotone
    against the direction by isotonic regression.
    """
    happened = rows.happened
    p = probability(score)
    missed = rows.weighted(happened - p)
    weight = rows.weighted(np.maximum(p * (1 - p), SMALLEST))
    total = float(rows.weighted(np.ones(len(happened))).sum())
    before = log_loss(happened, p)
    _, groups = np.unique(rows.groups, return_inverse=True)
    scale = (int(groups.max()) + 1) / total
    half = np.random.default_rng(seed).permutation(int(groups.max()) + 1)[groups] % 2
    found = {}
    for column, direction in directions.items():
        values = rows.matrix[:, column]
        known = ~np.isnan(values)
        if direction == 0 or known.sum() < 2 * CORRECTION_BINS:
            continue
        edges = np.unique(np.quantile(values[known], np.linspace(0, 1, CORRECTION_BINS + 1)[1:-1]))
        place = np.where(known, np.searchsorted(edges, values, side="left"), -1)
        after = before.copy()
        for one in (0, 1):
            fitted, judged = (half == one) & known, (half != one) & known
            step = _correction(place[fitted], missed[fitted], weight[fitted], -direction)
            if step is None:
                continue
            moved = score[judged] + step[place[judged]]
            after[judged] = log_loss(happened[judged], probability(moved))
        gain = np.bincount(groups, weights=rows.weighted(before - after))
        error = float(gain.std(ddof=1)) / len(gain) ** 0.5
        found[column] = DirectionCost(float(gain.sum()) / total, error * scale)
    return found


def _correction(place: NDArray[np.intp], missed: Array, weight: Array, sign: int) -> Array | None:
    """Return the correction of each bin, monotone; None where it would be one for all."""
    from sklearn.isotonic import IsotonicRegression

    n_bins = CORRECTION_BINS
    w = np.bincount(place, weights=weight, minlength=n_bins)
    s = np.bincount(place, weights=missed, minlength=n_bins)
    step = np.divide(s, w, out=np.zeros(n_bins), where=w > 0)
    fit = IsotonicRegression(increasing=sign > 0)
    found = fit.fit_transform(np.arange(n_bins), step, sample_weight=np.maximum(w, SMALLEST))
    found = np.asarray(found) - float(s.sum() / max(w.sum(), SMALLEST))
    return None if np.ptp(found) == 0 else found
