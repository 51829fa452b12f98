"""T2, bad credit record: late payments and defaults that are behind the account already."""

import numpy as np

from delinquency.features import statistics
from delinquency.features.catalogue import feature, summarise
from delinquency.features.household import status_elsewhere
from delinquency.features.quantities import months_behind
from delinquency.panel.windows import Array, Windows
from delinquency.traits import CREDIT_RECORD

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
    summaries=("last", "step", "mean", "max", "std", "trend", "change"),
    actionable=False,
    earlier=True,
)
summarise(
    status_elsewhere,
    CREDIT_RECORD,
    direction=+1,
    unit="months",
    reason=("Months behind at other lenders", "在其他机构的逾期月数"),
    source="T2; bureau scores: worst status on other lines",
    summaries=("last", "mean", "max"),
    actionable=False,
)


def _late(windows: Windows, months: float = 1.0) -> np.ndarray:
    return months_behind(windows) >= months


@feature(
    CREDIT_RECORD, direction=+1, unit="count", needs=(months_behind,), actionable=False,
    reason=("Months with a late payment in {window}", "{window}有逾期的月份数"),
    source=PAYMENT_HISTORY,
)  # fmt: skip
def late_months(windows: Windows) -> Array:
    """Months of the window that ended behind by a payment or more."""
    return statistics.months_with(_late(windows))


@feature(
    CREDIT_RECORD, direction=+1, unit="count", needs=(months_behind,), actionable=False,
    reason=(
        "Months two or more payments behind in {window}", "{window}逾期两期及以上的月份数",
    ),
    source=PAYMENT_HISTORY,
)  # fmt: skip
def late_months_60(windows: Windows) -> Array:
    """Months of the window that ended two payments or more behind."""
    return statistics.months_with(_late(windows, 2.0))


@feature(
    CREDIT_RECORD, direction=+1, unit="count", needs=(months_behind,), actionable=False,
    reason=(
        "Months three or more payments behind in {window}", "{window}逾期三期及以上的月份数",
    ),
    source=PAYMENT_HISTORY,
)  # fmt: skip
def late_months_90(windows: Windows) -> Array:
    """Months of the window that ended three payments or more behind."""
    return statistics.months_with(_late(windows, 3.0))


@feature(
    CREDIT_RECORD, direction=+1, unit="count", needs=(months_behind,), actionable=False,
    reason=("Late months in 3 months", "近3个月逾期月份数"), source=PAYMENT_HISTORY,
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
    reason=("Longest run of late months in {window}", "{window}最长连续逾期月数"),
    source=PAYMENT_HISTORY,
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
    CREDIT_RECORD, direction=+1, unit="days", needs=("days_past_due",), actionable=False,
    reason=(
        "Days late at the ends of months, added up with less weight on earlier months",
        "各月末逾期天数的加权合计（越早权重越低）",
    ),
    source="T2; exponential recency weights as in behavioural scorecards",
)  # fmt: skip
def lateness_weighted(windows: Windows) -> Array:
    """Sum of days past due at the months' ends, each weighted by 0.8 to the power of its age."""
    days = statistics.known_or_zero(windows["days_past_due"])
    age = np.arange(days.shape[1])[::-1]
    return statistics.total(days * HALF_LIFE_DECAY**age)


@feature(
    CREDIT_RECORD, direction=0, unit="count", needs=(months_behind,), actionable=False,
    reason=("Times that lateness was caught up in {window}", "{window}逾期后恢复正常次数"),
    source="T2; Athreya et al. (IER 2018): most delinquent borrowers pay again within a quarter",
)  # fmt: skip
def cures(windows: Windows) -> Array:
    """Times that a late month was followed by a month that was not late."""
    behind = months_behind(windows)
    return statistics.months_with((behind[:, :-1] >= 1) & (behind[:, 1:] < 1))


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


@feature(
    CREDIT_RECORD, direction=+1, unit="count", needs=(status_elsewhere,), actionable=False,
    reason=("Months late at another lender in {window}", "{window}在其他机构逾期的月份数"),
    source="T2; bureau scores: worst status on other lines",
)  # fmt: skip
def late_months_elsewhere(windows: Windows) -> Array:
    """Months in which a line at another lender was behind, as reported by then."""
    return statistics.months_with(windows["worst_status_elsewhere"] >= 1)


@feature(
    CREDIT_RECORD, direction=-1, unit="months", needs=("worst_status_elsewhere",),
    reason=("Months since another lender was paid late", "距上次在其他机构逾期月数"),
    source="T2; FICO: a recent late payment counts more than an old one", actionable=False,
)  # fmt: skip
def months_since_late_elsewhere(windows: Windows) -> Array:
    """Months since a line at another lender was behind; the window's length if never."""
    return statistics.months_since(windows["worst_status_elsewhere"] >= 1)


@feature(
    CREDIT_RECORD, direction=+1, unit="count", needs=("defaults_ever",), actionable=False,
    reason=("Defaults and write-offs on file", "历史违约及核销次数"),
    source="T2; Regulation (EU) 575/2013 art. 178: default history",
)  # fmt: skip
def defaults_on_file(windows: Windows) -> Array:
    """Defaults and write-offs on the latest bureau report."""
    return statistics.last(windows["defaults_ever"])


@feature(
    CREDIT_RECORD, direction=-1, unit="months", needs=("oldest_trade_months",),
    reason=("Age of the oldest credit line", "最早信贷账户的账龄"), actionable=False,
    source="T2; FICO: length of credit history",
)  # fmt: skip
def oldest_trade_age(windows: Windows) -> Array:
    """Age in months of the oldest line on the latest bureau report."""
    return statistics.last(windows["oldest_trade_months"])


@feature(
    CREDIT_RECORD, direction=-1, unit="months", needs=("months_on_book",), actionable=False,
    reason=("Age of this account", "本账户账龄"), source="T2; FICO: length of credit history",
)  # fmt: skip
def account_age(windows: Windows) -> Array:
    """Months since the account was opened."""
    return windows["months_on_book"]


WHOLE = "T2; behaviour scorecards: counts over the whole history"


@feature(
    CREDIT_RECORD, direction=-1, unit="months", needs=("first_statement_age",), actionable=False,
    reason=("Months since the first statement", "首份账单距今"), source=WHOLE,
)  # fmt: skip
def history_months(windows: Windows) -> Array:
    """Months since the account's first statement: its months on book, as far as the data go."""
    return _age_now(windows["first_statement_age"])


@feature(
    CREDIT_RECORD, direction=+1, unit="count", needs=("past_due_months_so_far",),
    reason=(
        "Months past due at all since the first statement", "自首份账单以来有逾期天数的月份数",
    ),
    source=WHOLE, actionable=False,
)  # fmt: skip
def history_past_due_months(windows: Windows) -> Array:
    """Months past due by a day or more, of all statements so far."""
    return statistics.last(windows["past_due_months_so_far"])


@feature(
    CREDIT_RECORD, direction=+1, unit="count", needs=("late_months_so_far",),
    reason=(
        "Months with a late payment since the first statement", "自首份账单以来有逾期的月份数",
    ),
    source=WHOLE, actionable=False,
)  # fmt: skip
def history_late_months(windows: Windows) -> Array:
    """Months behind by a payment or more, of all statements so far."""
    return statistics.last(windows["late_months_so_far"])


@feature(
    CREDIT_RECORD, direction=+1, unit="count", needs=("late_months_60_so_far",),
    reason=(
        "Months two or more payments behind since the first statement",
        "自首份账单以来逾期两期及以上的月份数",
    ),
    source=WHOLE, actionable=False,
)  # fmt: skip
def history_late_months_60(windows: Windows) -> Array:
    """Months behind by two payments or more, of all statements so far."""
    return statistics.last(windows["late_months_60_so_far"])


@feature(
    CREDIT_RECORD, direction=+1, unit="share", needs=("late_months_so_far", "months_known_so_far"),
    reason=("Share of months with a late payment since the first statement",
            "自首份账单以来有逾期的月份占比"),
    source=WHOLE, actionable=False,
)  # fmt: skip
def history_late_share(windows: Windows) -> Array:
    """Share of all statements so far that were behind by a payment or more."""
    late, known = (windows[name] for name in ("late_months_so_far", "months_known_so_far"))
    return statistics.last(statistics.ratio(late, known, ceiling=1.0))


@feature(
    CREDIT_RECORD, direction=+1, unit="months", needs=("worst_months_behind_so_far",),
    reason=("Months behind at the worst since the first statement", "自首份账单以来最长逾期月数"),
    source=WHOLE, actionable=False,
)  # fmt: skip
def history_worst(windows: Windows) -> Array:
    """Days past due of the worst statement so far, in months of 30 days."""
    return statistics.last(windows["worst_months_behind_so_far"])


@feature(
    CREDIT_RECORD, direction=-1, unit="months", needs=("worst_so_far_age",), actionable=False,
    reason=("Months since the longest delay", "距最长一次逾期的月数"), source=WHOLE,
)  # fmt: skip
def months_since_worst(windows: Windows) -> Array:
    """Months since the account was last as far behind as it ever was; missing if it never was."""
    return _age_now(windows["worst_so_far_age"])


def _age_now(ages: Array) -> Array:
    """Return an age at the observation: the latest known one, and the months since."""
    n_months = ages.shape[1]
    since = np.where(np.isfinite(ages), np.arange(n_months)[::-1], np.inf).min(axis=1)
    return statistics.last(ages) + np.where(np.isfinite(since), since, np.nan)


@feature(
    CREDIT_RECORD, direction=-1, unit="months", needs=("oldest_trade_months", "months_on_book"),
    reason=("Credit history before this account was opened", "开立本账户前的信用历史"),
    source="T2; FICO: length of credit history; application scorecards: thin files",
    actionable=False,
)  # fmt: skip
def history_before_account(windows: Windows) -> Array:
    """Age of the oldest line on the latest bureau report less the age of this account, from 0."""
    oldest = statistics.last(windows["oldest_trade_months"])
    return np.maximum(oldest - windows["months_on_book"], 0.0)


@feature(
    CREDIT_RECORD, direction=0, unit="count", needs=("contact_attempts",), actionable=False,
    reason=(
        "Months in which the lender made contact in {window}", "{window}机构主动联系的月份数",
    ),
    source="T2; contacts exist because of lateness: a record of it, not of willingness",
)  # fmt: skip
def contacted_months(windows: Windows) -> Array:
    """Months with a contact that the lender began."""
    return statistics.months_with(windows["contact_attempts"] > 0)
