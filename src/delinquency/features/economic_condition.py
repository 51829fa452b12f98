"""T1, poor economic condition: income, and what statements betray of it where income is unseen."""

import numpy as np

from delinquency.features import statistics
from delinquency.features.catalogue import feature
from delinquency.features.quantities import charges_to_limit, new_charges
from delinquency.traits import ECONOMIC_CONDITION
from delinquency.windows import Array, Windows

BELT = "T1; spending falls before payments do: belt-tightening"


@feature(
    ECONOMIC_CONDITION, direction=-1, unit="log money", needs=("credit_limit",),
    reason=("Credit limit granted", "授信额度"), actionable=False,
    source="T1; the lender's own view of income when the limit was set",
)  # fmt: skip
def credit_limit_log(windows: Windows) -> Array:
    """Natural logarithm of 1 + the latest credit limit."""
    return np.log1p(statistics.last(windows["credit_limit"]))


@feature(
    ECONOMIC_CONDITION, direction=0, unit="level", needs=("education_level",),
    reason=("Education level", "教育程度"), actionable=False,
    source="T1; earning prospects; application scorecards",
)  # fmt: skip
def education_level(windows: Windows) -> Array:
    """1 high school, 2 university, 3 graduate school; missing when other or not documented."""
    return windows["education_level"]


@feature(
    ECONOMIC_CONDITION, direction=0, unit="ratio", needs=(new_charges,),
    reason=("Fall of recent charges against the window", "近期消费较整体下降幅度"), source=BELT,
)  # fmt: skip
def charges_contraction(windows: Windows) -> Array:
    """1 - mean charges of the last three months over the mean of the window."""
    charges = new_charges(windows)
    recent = statistics.mean(charges[:, -3:])
    return 1.0 - statistics.ratio(recent, statistics.mean(charges), ceiling=5.0)


@feature(
    ECONOMIC_CONDITION, direction=0, unit="ratio", needs=("payment",),
    reason=("Fall of recent payments against the window", "近期还款较整体下降幅度"), source=BELT,
)  # fmt: skip
def payment_contraction(windows: Windows) -> Array:
    """1 - mean payment of the last three months over the mean of the window."""
    payment = windows["payment"]
    recent = statistics.mean(payment[:, -3:])
    return 1.0 - statistics.ratio(recent, statistics.mean(payment), ceiling=5.0)


@feature(
    ECONOMIC_CONDITION, direction=0, unit="ratio", needs=("payment",),
    reason=("Latest payment against the best one", "最近还款与最高还款之比"), source=BELT,
)  # fmt: skip
def payment_to_best(windows: Windows) -> Array:
    """Latest payment over the largest of the window."""
    payment = windows["payment"]
    return statistics.ratio(statistics.last(payment), statistics.maximum(payment), ceiling=1.0)


@feature(
    ECONOMIC_CONDITION, direction=0, unit="count", needs=("balance", "payment"),
    reason=("Months without any use of the account", "账户无使用的月份数"), actionable=False,
    source="T1; an idle account may be a hidden one: proxy only",
)  # fmt: skip
def idle_months(windows: Windows) -> Array:
    """Months with neither balance nor payment."""
    idle = (windows["balance"] == 0) & (windows["payment"] == 0)
    return statistics.months_with(idle)


@feature(
    ECONOMIC_CONDITION, direction=0, unit="log money", needs=("payment",),
    reason=("All payments of the window", "还款总额"),
    source="T1; the sum that could be raised: proxy of means",
)  # fmt: skip
def payments_log(windows: Windows) -> Array:
    """Natural logarithm of 1 + the sum of all payments of the window."""
    return np.log1p(statistics.total(windows["payment"]))


@feature(
    ECONOMIC_CONDITION, direction=0, unit="log money", needs=(new_charges,),
    reason=("New charges of the window", "新增消费总额"),
    source="T1; level of consumption as proxy of income",
)  # fmt: skip
def charges_log(windows: Windows) -> Array:
    """Natural logarithm of 1 + all new charges of the window."""
    return np.log1p(statistics.total(new_charges(windows)))


@feature(
    ECONOMIC_CONDITION, direction=0, unit="count", needs=(charges_to_limit,),
    reason=("Months almost without new charges", "几乎无新增消费的月份数"), source=BELT,
)  # fmt: skip
def quiet_months(windows: Windows) -> Array:
    """Months with new charges below 1 % of the limit."""
    return statistics.months_with(charges_to_limit(windows) < 0.01)
