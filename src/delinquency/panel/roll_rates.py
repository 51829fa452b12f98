"""Roll rates, definitions of bad and vintages: what justifies a definition of bad."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from delinquency.panel.outcomes import Panel, dense_panel
from delinquency.panel.schema import DAYS_A_MONTH
from delinquency.panel.window_cells import month_number

BUCKETS = ("current", "1-29", "30-59", "60-89", "90-119", "120-149", "150-179", "180+")
"""Days past due in months of 30 days; a charge-off is in the last."""
LONGEST_STEP = 35
"""Days between two monthly statements, and a few for weekends."""


def buckets(panel: Panel) -> np.ndarray:
    """Return the bucket of every account and month.

    Parameters
    ----------
    panel : Panel

    Returns
    -------
    ndarray of shape (n_accounts, n_months), int
        Position in ``BUCKETS``; -1 where days past due are not known.
    """
    days = np.where(np.isnan(panel.days), 0.0, np.minimum(panel.days, 180.0))
    bucket = np.where(days > 0, np.minimum(1 + days // DAYS_A_MONTH, len(BUCKETS) - 1), 0).astype(
        np.int64
    )
    return np.where(np.isnan(panel.days), -1, bucket)


def impossible_steps(statements: pd.DataFrame) -> tuple[int, int]:
    """Return how many monthly steps of days past due are known, and how many are impossible.

    Parameters
    ----------
    statements : DataFrame
        Canonical table.

    Returns
    -------
    tuple of int, int
        Pairs of an account's neighbouring months with days past due in both, no charge-off among
        them; those that rise by more than ``LONGEST_STEP`` days. Both are 0 where days are counted
        in whole months only: a step of two months is a code there, and not impossible.
    """
    days = dense_panel(statements).days
    if not (days[np.isfinite(days)] % DAYS_A_MONTH).any():
        return 0, 0
    with np.errstate(invalid="ignore"):  # a charge-off stays one: infinite less infinite
        step = days[:, 1:] - days[:, :-1]
    known = step[np.isfinite(step)]
    return int(known.size), int((known > LONGEST_STEP).sum())


def roll_rates(statements: pd.DataFrame) -> pd.DataFrame:
    """Return the share of accounts that move from one bucket to another in a month.

    Parameters
    ----------
    statements : DataFrame
        Canonical table.

    Returns
    -------
    DataFrame of shape (8, 9)
        Rows: bucket in a month. Columns: bucket a month later, adding up to 1 (NaN when no
        account was in the row's bucket), and ``accounts``, the number of moves counted. Moves
        out of a charge-off are not counted.
    """
    panel = dense_panel(statements)
    bucket = buckets(panel)
    before, after = bucket[:, :-1], bucket[:, 1:]
    counted = (before >= 0) & (after >= 0) & ~np.isposinf(panel.days[:, :-1])
    size = len(BUCKETS)
    moves = np.bincount(before[counted] * size + after[counted], minlength=size * size)
    matrix = moves.reshape(size, size).astype(np.float64)
    total = matrix.sum(axis=1)
    share = np.divide(
        matrix, total[:, None], out=np.full_like(matrix, np.nan), where=total[:, None] > 0
    )
    table = pd.DataFrame(share, index=pd.Index(BUCKETS, name="bucket"), columns=list(BUCKETS))
    table["accounts"] = total.astype(np.int64)
    return table


def worse_later(
    statements: pd.DataFrame, *, months: int = 12, days: Sequence[float] = (30.0, 60.0, 90.0)
) -> pd.DataFrame:
    """Return how often an account that reaches a mark goes on to be charged off or 180 days late.

    Parameters
    ----------
    statements : DataFrame
        Canonical table.
    months : int
        Months after the mark is first reached in which the end is looked for.
    days : sequence of float
        Marks in days past due.

    Returns
    -------
    DataFrame
        ``days_past_due, accounts, never_recover``: accounts that reach the mark at least
        ``months`` before the end of the data, and the share of them that then reach 180 days or
        a charge-off. A mark from which most do not recover is a good definition of bad.
    """
    panel = dense_panel(statements)
    known = np.where(np.isnan(panel.days), -1.0, panel.days)
    length = known.shape[1]
    records = []
    for mark in days:
        hit = known >= mark
        first = np.where(hit.any(axis=1), hit.argmax(axis=1), length)
        # Accounts that are late in their first month have a past that is not seen.
        rows = np.flatnonzero((first > 0) & (first + months < length) & ~hit[:, 0])
        window = first[rows, None] + np.arange(1, months + 1)
        lost = (known[rows[:, None], window] >= 180.0).any(axis=1)
        share = float(lost.mean()) if len(rows) else np.nan
        records.append({"days_past_due": mark, "accounts": len(rows), "never_recover": share})
    return pd.DataFrame(records)


def vintages(
    statements: pd.DataFrame, accounts: pd.DataFrame, *, bad_days_past_due: float = 60.0
) -> pd.DataFrame:
    """Return the share of each opening quarter that was ever bad, by months on book.

    Parameters
    ----------
    statements, accounts : DataFrame
        Canonical tables; ``opened_month`` is needed.
    bad_days_past_due : float

    Returns
    -------
    DataFrame
        ``vintage`` (the quarter's first month), ``months_on_book``, ``accounts`` and
        ``ever_bad``. Only accounts opened within the data count, and only months on book that
        every account of the quarter can have reached.
    """
    panel = dense_panel(statements)
    position = pd.Index(accounts["account_id"]).get_indexer(panel.accounts)
    opened = np.append(month_number(accounts["opened_month"]).astype(np.int64), -(10**6))[position]
    within = opened >= panel.first
    rows = np.flatnonzero(within & (opened < panel.first + panel.days.shape[1]))
    quarter = opened[rows] // 3 * 3
    ever = np.logical_or.accumulate(
        np.where(np.isnan(panel.days[rows]), -1.0, panel.days[rows]) >= bad_days_past_due, axis=1
    )
    end = panel.first + panel.days.shape[1] - 1
    records = []
    for start in np.unique(quarter):
        chosen = np.flatnonzero(quarter == start)
        for age in range(int(end - (start + 2)) + 1):
            at = opened[rows[chosen]] + age - panel.first
            records.append(
                {
                    "vintage": np.datetime64(int(start), "M").astype("datetime64[ms]"),
                    "months_on_book": age,
                    "accounts": len(chosen),
                    "ever_bad": float(ever[chosen, at].mean()),
                }
            )
    return pd.DataFrame(records, columns=["vintage", "months_on_book", "accounts", "ever_bad"])
