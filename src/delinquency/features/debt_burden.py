"""T3, heavy debts: how much is owed, against the limit and over time."""

import numpy as np

from delinquency.features import statistics
from delinquency.features.catalogue import feature, summarise
from delinquency.features.quantities import (
    balance_log,
    months_behind,
    payment_ratio,
    unpaid_log,
    utilization,
)
from delinquency.traits import DEBT_BURDEN
from delinquency.windows import Array, Windows

NEAR_LIMIT = 0.9
AMOUNTS_OWED = "T3; Dunn and Kim (1999): the share of the line in use; FICO: amounts owed"

summarise(
    utilization,
    DEBT_BURDEN,
    direction=+1,
    unit="ratio",
    reason=("Share of the credit limit in use", "额度使用率"),
    source=AMOUNTS_OWED,
    summaries=("last", "step", "mean", "max", "min", "std", "trend", "change"),
)
summarise(
    balance_log,
    DEBT_BURDEN,
    direction=0,
    unit="log money",
    reason=("Statement balance", "账单余额"),
    source=AMOUNTS_OWED,
    summaries=("last", "mean", "max", "min", "trend"),
)
summarise(
    unpaid_log,
    DEBT_BURDEN,
    direction=0,
    unit="log money",
    reason=("Balance left unpaid", "未还余额"),
    source="T3; persistent debt (FCA CP17/10)",
    summaries=("last", "mean", "max"),
)


@feature(
    DEBT_BURDEN, direction=+1, unit="count", needs=(utilization,),
    reason=("Months close to the credit limit", "接近额度上限的月份数"),
    source="T3; Dunn and Kim (1999): cards at the limit",
)  # fmt: skip
def near_limit_months(windows: Windows) -> Array:
    """Months that ended with 90 % of the limit or more in use."""
    return statistics.months_with(utilization(windows) >= NEAR_LIMIT)


@feature(
    DEBT_BURDEN, direction=+1, unit="count", needs=(utilization,),
    reason=("Months over the credit limit", "超额度月份数"), source=AMOUNTS_OWED,
)  # fmt: skip
def over_limit_months(windows: Windows) -> Array:
    """Months that ended over the limit."""
    return statistics.months_with(utilization(windows) > 1.0)


@feature(
    DEBT_BURDEN, direction=0, unit="count", needs=(payment_ratio,),
    reason=("Months in which part of the bill was carried over", "有结转余额的月份数"),
    source="T3; persistent debt (FCA CP17/10)",
)  # fmt: skip
def revolving_months(windows: Windows) -> Array:
    """Months in which less than the whole of the statement before was paid."""
    return statistics.months_with(payment_ratio(windows) < 1.0)


@feature(
    DEBT_BURDEN, direction=0, unit="ratio", needs=("balance", "credit_limit"),
    reason=("Growth of the balance over the window", "余额增长占额度比例"),
    source="T3; debt spiral; last-less-first differences (AMEX winners)",
)  # fmt: skip
def balance_growth(windows: Windows) -> Array:
    """Latest less first known balance, over the latest credit limit."""
    balance = windows["balance"]
    grown = statistics.last(balance) - statistics.last(balance[:, ::-1])
    return statistics.ratio(grown, statistics.last(windows["credit_limit"]), ceiling=5.0)


@feature(
    DEBT_BURDEN, direction=0, unit="ratio", needs=("balance",),
    reason=("Latest balance against its average", "最近余额与平均余额之比"), source=AMOUNTS_OWED,
)  # fmt: skip
def balance_to_mean(windows: Windows) -> Array:
    """Latest balance over the mean balance of the window."""
    balance = windows["balance"]
    return statistics.ratio(statistics.last(balance), statistics.mean(balance), ceiling=5.0)


@feature(
    DEBT_BURDEN, direction=0, unit="log money", needs=("balance", "credit_limit"),
    reason=("Credit still free", "剩余可用额度"), source=AMOUNTS_OWED,
)  # fmt: skip
def headroom_log(windows: Windows) -> Array:
    """Natural logarithm of 1 + the limit that is still free; 0 when over the limit."""
    free = statistics.last(windows["credit_limit"]) - statistics.last(windows["balance"])
    return np.log1p(np.maximum(free, 0.0))


@feature(
    DEBT_BURDEN, direction=+1, unit="ratio", needs=(utilization, months_behind),
    reason=("Share of the limit in use while behind", "逾期时的额度使用率"),
    source="T3; the debt that cannot be serviced at once",
)  # fmt: skip
def utilization_while_late(windows: Windows) -> Array:
    """Latest utilization when the account is behind, otherwise 0."""
    late = statistics.last(months_behind(windows)) >= 1
    return np.where(late, np.maximum(statistics.last(utilization(windows)), 0.0), 0.0)
