"""Move the level of PDs, and nothing else, by what is known after the training.

A model learns the level of the months it was trained on; when the economy turns, every PD is too
high or too low by about the same factor of the odds. A shift in log-odds, the same for every
account, corrects that: no account overtakes another, and an explanation changes in its base value
alone. Each way of finding the shift uses only what is known at the end of the month as of which
it is found.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from delinquency.errors import DataError, Fault
from delinquency.log_odds import log_odds, probability
from delinquency.panel.label_options import LabelOptions
from delinquency.panel.outcomes import Panel
from delinquency.panel.roll_rates import BUCKETS, buckets
from delinquency.panel.schema import DAYS_A_MONTH

Array = NDArray[np.float64]
LARGEST = 3.0
"""Log-odds beyond which a shift says that the model is wrong, and not its level."""
FEWEST_BADS = 20
"""Bads from which a month tells a level."""
RECENT = 3
"""Months whose roll rates count as the newest."""


@dataclass(frozen=True)
class LevelShift:
    """What is added to every account's log-odds, and where it comes from.

    Attributes
    ----------
    shift : float
        Log-odds.
    low, high : float
        95 % interval of the shift that sampling alone leaves.
    expected, wanted : float
        Mean PD before, and the bad rate that it is moved to.
    rows : int
        Accounts that it was found on.
    """

    shift: float
    low: float
    high: float
    expected: float
    wanted: float
    rows: int


def shift_to(log_odds_before: Array, wanted: float) -> float:
    """Return the shift of log-odds after which their mean PD is ``wanted``.

    Parameters
    ----------
    log_odds_before : ndarray of shape (n_rows,)
    wanted : float, between 0 and 1

    Returns
    -------
    float

    Examples
    --------
    >>> import numpy as np
    >>> round(shift_to(np.zeros(4), 0.25), 6)
    -1.098612
    """
    return float(
        brentq(lambda d: probability(log_odds_before + d).mean() - wanted, -30.0, 30.0, xtol=1e-12)
    )


def from_matured_month(log_odds_before: Array, bad: Array) -> LevelShift:
    """Return the shift after which as many bads are expected as were seen.

    Parameters
    ----------
    log_odds_before : ndarray of shape (n_rows,)
        Of accounts of a month whose outcome is known, and that the model did not learn from.
    bad : ndarray of shape (n_rows,), 0 or 1

    Returns
    -------
    LevelShift

    Raises
    ------
    DataError
        If the month has fewer than 20 bads.
    """
    n, n_bad = len(bad), float(bad.sum())
    if n_bad < FEWEST_BADS or n_bad == n:
        raise DataError(
            Fault(
                "outcomes", "bad", f"at least {FEWEST_BADS} bad accounts, and some that are good",
                examples=(f"{n_bad:.0f} of {n:,}",),
                mend="Take more accounts, or keep the level as it is.",
            )
        )  # fmt: skip
    return _shifted(log_odds_before, n_bad / n, error=np.sqrt(n_bad * (1 - n_bad / n)) / n)


def chain_level(
    panel: Panel, at: int, options: LabelOptions, *, eligible: NDArray[np.bool_]
) -> float:
    """Return the share that turns bad within the performance window, by the newest roll rates.

    Parameters
    ----------
    panel : Panel
    at : int
        Position of the month as of which it is told; later months are not looked at.
    options : LabelOptions
        What counts as bad, and how long is waited for it.
    eligible : ndarray of shape (n_accounts,), bool
        Accounts of the level.

    Returns
    -------
    float
        Accounts start in their bucket of the month and move by the shares of moves of the
        newest three months, counted again for every step; bad absorbs.

    Notes
    -----
    A chain forgets what an account was before, so that its level is off; ``from_roll_rates``
    compares two chains, of which each is off in the same way.
    """
    seen = Panel(panel.accounts, panel.first, panel.days[:, : at + 1], panel.seen[:, : at + 1])
    state = buckets(seen)
    edge = min(int(1 + options.bad_days_past_due // DAYS_A_MONTH), len(BUCKETS) - 1)
    state = np.minimum(state, edge)
    before, after = state[:, at - RECENT : at].ravel(), state[:, at - RECENT + 1 : at + 1].ravel()
    known = (before >= 0) & (after >= 0) & (before < edge)
    size = edge + 1
    moves = np.bincount(before[known] * size + after[known], minlength=size * size)
    matrix = moves.reshape(size, size).astype(np.float64)
    matrix[edge, edge] = 1.0
    total = matrix.sum(axis=1, keepdims=True)
    matrix = np.divide(matrix, total, out=np.eye(size), where=total > 0)
    start = np.bincount(state[eligible & (state[:, at] >= 0), at], minlength=size)
    if not start.sum():
        return np.nan
    later = np.linalg.matrix_power(matrix, options.performance_months)
    return float((start / start.sum() @ later)[edge])


def from_roll_rates(
    log_odds_before: Array, chain_now: float, chain_then: Sequence[float], seen: Sequence[float]
) -> LevelShift:
    """Return the shift to the level that the newest roll rates tell of.

    Parameters
    ----------
    log_odds_before : ndarray of shape (n_rows,)
        Of the accounts of the month.
    chain_now : float
        ``chain_level`` as of the month.
    chain_then, seen : sequence of float
        ``chain_level`` as of months whose outcome is known, and the bad rates that came.

    Returns
    -------
    LevelShift
        The bad rate wanted has the odds of ``chain_now``, corrected by the mean log-odds by which
        the chain missed the earlier months.
    """
    miss = log_odds(np.asarray(seen, np.float64)) - log_odds(np.asarray(chain_then, np.float64))
    wanted = float(probability(log_odds(np.array([chain_now])) + miss.mean())[0])
    error = np.sqrt(wanted * (1 - wanted) / len(log_odds_before))
    return _shifted(log_odds_before, wanted, error=float(error))


def from_published_rate(
    log_odds_before: Array, rate_now: float, rates: Sequence[float], misses: Sequence[float]
) -> LevelShift:
    """Return the shift that a published rate tells of.

    Parameters
    ----------
    log_odds_before : ndarray of shape (n_rows,)
    rate_now : float
        Of the month: the unemployment that was published by then.
    rates, misses : sequence of float
        Rates of months whose outcome is known, and the log-odds of the bad rate that came less
        those of the mean PD.

    Returns
    -------
    LevelShift
        The least-squares line through the misses, read at the rate of the month and held to the
        range of the months seen; their mean where the rate did not move.
    """
    x, y = np.asarray(rates, np.float64), np.asarray(misses, np.float64)
    spread = float(x.var())
    slope = float(((x - x.mean()) * (y - y.mean())).mean()) / spread if spread > 0 else 0.0
    miss = float(y.mean()) + slope * (float(np.clip(rate_now, x.min(), x.max())) - float(x.mean()))
    before = float(log_odds(np.array([probability(log_odds_before).mean()]))[0])
    wanted = float(probability(np.array([before + miss]))[0])
    error = np.sqrt(wanted * (1 - wanted) / len(log_odds_before))
    return _shifted(log_odds_before, wanted, error=float(error))


def _shifted(before: Array, wanted: float, *, error: float) -> LevelShift:
    ends = [min(max(wanted + z * error, 1e-9), 1 - 1e-9) for z in (0.0, -1.959964, 1.959964)]
    shift, low, high = (shift_to(before, end) for end in ends)
    if abs(shift) > LARGEST:
        raise DataError(
            Fault(
                "outcomes", "bad", f"a level within {LARGEST:g} log-odds of the model's",
                examples=(f"{wanted:.2%} bad, {probability(before).mean():.2%} expected",),
                mend="The model is wrong here, not its level: train it again.",
            )
        )  # fmt: skip
    return LevelShift(shift, low, high, float(probability(before).mean()), wanted, len(before))
