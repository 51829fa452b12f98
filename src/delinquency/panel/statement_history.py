"""Counts over all statements of an account up to each: what a window of months does not reach.

They are columns of the statements, each row's from its own and earlier rows that had arrived by
its month, so that nothing later than an observation month is ever counted.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.panel.schema import DAYS_A_MONTH
from delinquency.panel.window_cells import NEVER, month_number

COUNTS = {"past_due_months_so_far": 1, "late_months_so_far": DAYS_A_MONTH,
          "late_months_60_so_far": 2 * DAYS_A_MONTH}  # fmt: skip
"""Column -> days past due from which a month counts."""
MONTHS_KNOWN = "months_known_so_far"
SINCE_FIRST, SINCE_WORST, WORST = (
    "first_statement_age", "worst_so_far_age", "worst_months_behind_so_far",
)  # fmt: skip
HISTORY_COLUMNS = (MONTHS_KNOWN, SINCE_FIRST, *COUNTS, WORST, SINCE_WORST)
LATENESS_SO_FAR = (*COUNTS, WORST, SINCE_WORST)
GROWING = (MONTHS_KNOWN, SINCE_FIRST, SINCE_WORST)
"""Columns that grow by one in a month without lateness."""
_MONTHS = 1 << 17
"""More months than a month's number has, so that days and a month make one whole number."""
_ROOM = 34
"""Bits that hold days and a month."""


def with_history(statements: pd.DataFrame) -> pd.DataFrame:
    """Return statements with the columns of their history.

    Parameters
    ----------
    statements : DataFrame
        Canonical, one row per account and month. It is not changed.

    Returns
    -------
    DataFrame
        In the order of account and month, with ``HISTORY_COLUMNS``. A month whose lateness is not
        known counts nowhere; who was never past due has no age of the worst.

    Examples
    --------
    >>> import pandas as pd
    >>> months = pd.to_datetime(["2024-01", "2024-02", "2024-03", "2024-05"])
    >>> late = [0.0, 45.0, 0.0, 15.0]
    >>> frame = pd.DataFrame({"account_id": "a", "month": months, "days_past_due": late})
    >>> with_history(frame)[["late_months_so_far", "worst_so_far_age"]].to_numpy().tolist()
    [[0.0, nan], [1.0, 0.0], [1.0, 1.0], [1.0, 3.0]]
    """
    frame = statements.sort_values(["account_id", "month"], kind="stable", ignore_index=True)
    code = pd.factorize(frame["account_id"])[0].astype(np.int64)
    month = month_number(frame["month"]).astype(np.int64)
    start = _counted_from(frame, code, month)
    days = frame["days_past_due"].to_numpy(np.float64)
    known = np.isfinite(days)
    own = np.where(known, np.floor(np.nan_to_num(days)), 0).astype(np.int64)
    columns = {MONTHS_KNOWN: _running_sum(known.astype(float), start, code)}
    earliest = _MONTHS - 1 - _running_max(_MONTHS - 1 - month, start, code)
    columns[SINCE_FIRST] = (month - earliest).astype(float)
    for name, least in COUNTS.items():
        columns[name] = _running_sum((known & (own >= least)).astype(float), start, code)
    # The greatest pair of days and month: the worst, and when it last was so.
    worst = _running_max(np.where(known, own * _MONTHS + month, 0), start, code)
    some = columns[MONTHS_KNOWN] > 0
    columns[WORST] = np.where(some, worst // _MONTHS / DAYS_A_MONTH, np.nan)
    behind = worst >= _MONTHS
    columns[SINCE_WORST] = np.where(behind, month - worst % _MONTHS, np.nan).astype(float)
    return frame.assign(**columns)


def _counted_from(
    frame: pd.DataFrame, code: NDArray[np.int64], month: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the row from which on each row counts; the number of rows where it never does."""
    start = np.arange(len(frame))
    if "arrival_month" not in frame.columns:
        return start
    arrival = month_number(frame["arrival_month"]).astype(np.int64)
    late = np.flatnonzero((arrival != NEVER) & (arrival > month))
    place = np.searchsorted(code * _MONTHS + month, code[late] * _MONTHS + arrival[late])
    same = (place < len(frame)) & (code[np.minimum(place, len(frame) - 1)] == code[late])
    start[late] = np.where(same, place, len(frame))
    return start


def _running_sum(
    values: NDArray[np.float64], start: NDArray[np.int64], code: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return for each row the sum of the values that count in it: earlier ones, and its own."""
    n = len(values)
    total = np.cumsum(np.bincount(start, weights=values, minlength=n + 1)[:n])
    first = np.flatnonzero(np.r_[True, code[1:] != code[:-1]])
    before = np.r_[0.0, total][first][code]
    return total - before + np.where(start > np.arange(n), values, 0.0)


def _running_max(
    values: NDArray[np.int64], start: NDArray[np.int64], code: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return for each row the greatest value that counts in it, from 0."""
    n = len(values)
    placed = np.zeros(n + 1, np.int64)
    np.maximum.at(placed, start, values)
    # Accounts follow one another: a higher account starts above all values of the one before.
    greatest = np.maximum.accumulate(placed[:n] + (code << _ROOM)) - (code << _ROOM)
    return np.maximum(greatest, values)
