"""T2, bad credit record: late payments and defaults that are behind the account already."""

import numpy as np

from delinquency.features import statistics
from delinquency.features.catalogue import feature, summarise
from delinquency.features.quantities import months_behind, repayment_status
from delinquency.traits import CREDIT_RECORD
from delinquency.windows import Array, Windows

HALF_LIFE_DECAY = 0.8
"""Weight of a late month against the month after it: recent lateness says more (FICO: recency)."""
PAYMENT_HISTORY = "T2; payment history is the largest part of FICO scores"

summarise(
    months_behind,
    CREDIT_RECORD,
    direction=+1,
    unit="months",
    reason=("Months behind with payments", "逾期月数"),
    source=PAYMENT_HISTORY,
    summaries=("last", "step", "mean", "max", "trend", "change"),
    actionable=False,
)
summarise(
    repayment_status,
    CREDIT_RECORD,
    direction=0,
    unit="level",
    reason=("Repayment status code", "还款状态码"),
    source="T2; the status code tells unused, paid in full and revolving months apart",
    summaries=("last", "step", "mean", "max", "min", "std", "trend"),
    actionable=False,
)


def _late(windows: Windows, months: float = 1.0) -> np.ndarray:
    return months_behind(windows) >= months


@feature(
    CREDIT_RECORD, direction=+1, unit="count", needs=(months_behind,), actionable=False,
    reason=("Months with a late payment", "有逾期的月份数"), source=PAYMENT_HISTORY,
)  # fmt: skip
def late_months(windows: Windows) -> Array:
    """Months of the window that ended behind by a payment or more."""
    return statistics.months_with(_late(windows))


@feature(
    CREDIT_RECORD, direction=+1, unit="count", needs=(months_behind,), actionable=False,
    reason=("Months two or more payments behind", "逾期两期及以上的月份数"),
    source=PAYMENT_HISTORY,
)  # fmt: skip
def late_months_60(windows: Windows) -> Array:
    """Months of the window that ended two payments or more behind."""
    return statistics.months_with(_late(windows, 2.0))


@feature(
    CREDIT_RECORD, direction=+1, unit="count", needs=(months_behind,), actionable=False,
    reason=("Months three or more payments behind", "逾期三期及以上的月份数"),
    source=PAYMENT_HISTORY,
)  # fmt: skip
def late_months_90(windows: Windows) -> Array:
    """Months of the window that ended three payments or more behind."""
    return statistics.months_with(_late(windows, 3.0))


@feature(
    CREDIT_RECORD, direction=+1, unit="count", needs=(months_behind,), actionable=False,
    reason=("Late months among the last three", "近三个月逾期月份数"), source=PAYMENT_HISTORY,
)  # fmt: skip
def late_months_recent(windows: Windows) -> Array:
    """Late months among the last three."""
    return statistics.months_with(_late(windows)[:, -3:])


@feature(
    CREDIT_RECORD, direction=+1, unit="months", needs=(months_behind,), actionable=False,
    reason=("Late months in a row up to now", "截至目前连续逾期月数"), source=PAYMENT_HISTORY,
)  # fmt: skip
def late_streak(windows: Windows) -> Array:
    """Late months in a row, up to and with the last."""
    return statistics.streak(_late(windows))


@feature(
    CREDIT_RECORD, direction=+1, unit="months", needs=(months_behind,), actionable=False,
    reason=("Longest run of late months", "最长连续逾期月数"), source=PAYMENT_HISTORY,
)  # fmt: skip
def late_streak_longest(windows: Windows) -> Array:
    """Longest run of late months."""
    return statistics.longest_streak(_late(windows))


@feature(
    CREDIT_RECORD, direction=-1, unit="months", needs=(months_behind,), actionable=False,
    reason=("Months since the last late payment", "距上次逾期月数"),
    source="T2; FICO: a recent late payment counts more than an old one",
)  # fmt: skip
def months_since_late(windows: Windows) -> Array:
    """Months since the account was last behind; the window's length if it never was."""
    return statistics.months_since(_late(windows))


@feature(
    CREDIT_RECORD, direction=-1, unit="months", needs=(months_behind,), actionable=False,
    reason=("Months since two payments were missed", "距上次逾期两期月数"),
    source="T2; FICO: a recent late payment counts more than an old one",
)  # fmt: skip
def months_since_late_60(windows: Windows) -> Array:
    """Months since the account was last two payments behind; the window's length if never."""
    return statistics.months_since(_late(windows, 2.0))


@feature(
    CREDIT_RECORD, direction=+1, unit="score", needs=(months_behind,), actionable=False,
    reason=("Past lateness, recent months counting more", "近期加权逾期程度"),
    source="T2; exponential recency weights as in behavioural scorecards",
)  # fmt: skip
def lateness_weighted(windows: Windows) -> Array:
    """Sum of months behind, each weighted by 0.8 to the power of its age in months."""
    behind = np.nan_to_num(months_behind(windows))
    age = np.arange(behind.shape[1])[::-1]
    return (behind * HALF_LIFE_DECAY**age).sum(axis=1)


@feature(
    CREDIT_RECORD, direction=0, unit="count", needs=(months_behind,), actionable=False,
    reason=("Times that lateness was made good", "逾期后恢复正常次数"),
    source="T2; Athreya et al. (IER 2018): most delinquent borrowers pay again within a quarter",
)  # fmt: skip
def cures(windows: Windows) -> Array:
    """Times that a late month was followed by a month that was not late."""
    behind = months_behind(windows)
    return statistics.months_with((behind[:, :-1] >= 1) & (behind[:, 1:] < 1))


@feature(
    CREDIT_RECORD, direction=+1, unit="count", needs=(months_behind,), actionable=False,
    reason=("Times that the account fell further behind", "逾期加重次数"), source=PAYMENT_HISTORY,
)  # fmt: skip
def worsenings(windows: Windows) -> Array:
    """Times that a month ended further behind than the month before."""
    behind = months_behind(windows)
    return statistics.months_with(behind[:, 1:] > behind[:, :-1])


@feature(
    CREDIT_RECORD, direction=+1, unit="months", needs=(months_behind,), actionable=False,
    reason=("Months behind one month earlier", "上月逾期月数"), source=PAYMENT_HISTORY,
)  # fmt: skip
def months_behind_previous(windows: Windows) -> Array:
    """Months behind one month before the observation."""
    behind = months_behind(windows)
    return behind[:, -2] if behind.shape[1] > 1 else np.full(len(behind), np.nan)


@feature(
    CREDIT_RECORD, direction=+1, unit="months", needs=(months_behind,), actionable=False,
    reason=("Worst lateness before the last three months", "三个月前最严重逾期月数"),
    source=PAYMENT_HISTORY,
)  # fmt: skip
def months_behind_max_earlier(windows: Windows) -> Array:
    """Largest months behind before the last three months."""
    behind = months_behind(windows)[:, :-3]
    return statistics.maximum(behind) if behind.shape[1] else np.full(len(behind), np.nan)
