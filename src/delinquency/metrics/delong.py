"""How sure an area under the ROC curve is, and the difference of two: DeLong, also by account."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm, rankdata

from delinquency.errors import ModelError
from delinquency.metrics.intervals import Interval

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Areas:
    """Areas under the ROC curves of several predictions of the same rows.

    Attributes
    ----------
    value : ndarray of shape (n_predictions,)
    covariance : ndarray of shape (n_predictions, n_predictions)
    """

    value: Array
    covariance: Array

    def interval(self, which: int = 0, *, level: float = 0.95) -> Interval:
        """Return one area with its interval, kept inside [0, 1]."""
        reach = float(norm.ppf((1 + level) / 2) * np.sqrt(self.covariance[which, which]))
        area = float(self.value[which])
        low, high = np.clip([area - reach, area + reach], 0.0, 1.0)
        return Interval(area, float(low), float(high))

    def difference(self, first: int, second: int, *, level: float = 0.95) -> Interval:
        """Return first less second area with its paired interval."""
        c = self.covariance
        spread = np.sqrt(max(c[first, first] + c[second, second] - 2 * c[first, second], 0.0))
        gap = float(self.value[first] - self.value[second])
        reach = float(norm.ppf((1 + level) / 2) * spread)
        return Interval(gap, gap - reach, gap + reach)


def delong(
    y_true: ArrayLike, predictions: Sequence[ArrayLike], *, groups: ArrayLike | None = None
) -> Areas:
    """Return the areas of several predictions with their covariance.

    Parameters
    ----------
    y_true : array of shape (n_rows,), 0 (good) or 1 (bad)
    predictions : sequence of arrays of shape (n_rows,)
        Any score that rises with the risk.
    groups : array of shape (n_rows,), optional
        Rows of one group (the months of one account) are not independent of each other; the
        variance is then that of sums over groups; NaN where all rows are one group.

    Returns
    -------
    Areas

    Raises
    ------
    ModelError
        If there are fewer than two bad or two good rows.

    Notes
    -----
    A bad row's placement is the share of goods that it is ranked above (ties count half), a good
    row's the share of bads above it; the area is the mean of either. The covariance is
    ``S_bad / n_bad + S_good / n_good`` of their sample covariances, by midranks.

    References
    ----------
    DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44, 837-845. Sun and Xu (2014), IEEE
    Signal Processing Letters 21, 1389-1393, for midranks. Obuchowski (1997), Biometrics 53,
    567-578, for groups.

    Examples
    --------
    >>> delong([0, 0, 1, 1], [[0.1, 0.4, 0.35, 0.8]]).value
    array([0.75])
    """
    bad = np.asarray(y_true, dtype=np.float64) == 1
    n_bad, n_good = int(bad.sum()), int((~bad).sum())
    if min(n_bad, n_good) < 2:
        raise ModelError(
            f"An area with an interval needs two bad and two good rows. Got {n_bad} and {n_good}."
        )
    of_bad, of_good = np.empty((len(predictions), n_bad)), np.empty((len(predictions), n_good))
    for k, one in enumerate(predictions):
        score = np.asarray(one, dtype=np.float64)
        whole = rankdata(score)
        of_bad[k] = (whole[bad] - rankdata(score[bad])) / n_good
        of_good[k] = 1 - (whole[~bad] - rankdata(score[~bad])) / n_bad
    areas = of_bad.mean(axis=1)
    if groups is None:
        covariance = (
            np.atleast_2d(np.cov(of_bad)) / n_bad + np.atleast_2d(np.cov(of_good)) / n_good
        )
        return Areas(areas, covariance)
    influence = np.empty((len(predictions), len(bad)))
    influence[:, bad] = (of_bad - areas[:, None]) / n_bad
    influence[:, ~bad] = (of_good - areas[:, None]) / n_good
    codes = np.unique(np.asarray(groups), return_inverse=True)[1]
    n_groups = int(codes.max()) + 1
    if n_groups == 1:  # its sum is 0 whatever the areas are: nothing is known of their spread
        return Areas(areas, np.full((len(areas), len(areas)), np.nan))
    sums = np.array([np.bincount(codes, one, minlength=n_groups) for one in influence])
    return Areas(areas, sums @ sums.T * n_groups / max(n_groups - 1, 1))
