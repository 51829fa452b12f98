"""T4, weak repayment capacity: what is paid of what is due, and how steadily."""

import numpy as np

from delinquency.features import statistics
from delinquency.features.catalogue import feature, summarise
from delinquency.features.quantities import (
    RATIO_CEILING,
    net_repayment_to_limit,
    payment_log,
    payment_ratio,
    payment_to_limit,
    previous,
)
from delinquency.traits import REPAYMENT_CAPACITY
from delinquency.windows import Array, Windows

PAID_IN_FULL = 0.99
MINIMUM_BAND = (0.005, 0.10)
"""Share of the bill that a payer of about the minimum pays."""
SMALL_PAYMENT = 0.02
PAYMENTS = "T4; Home Credit: amount paid over amount due; AMEX: payment variables"

summarise(
    payment_ratio,
    REPAYMENT_CAPACITY,
    direction=-1,
    unit="ratio",
    reason=("Share of the bill that was paid", "账单还款比例"),
    source=PAYMENTS,
    summaries=("last", "step", "mean", "max", "min", "std", "trend", "change"),
)
summarise(
    payment_to_limit,
    REPAYMENT_CAPACITY,
    direction=-1,
    unit="ratio",
    reason=("Payment against the credit limit", "还款额占额度比例"),
    source=PAYMENTS,
    summaries=("last", "mean", "max", "min", "std", "trend"),
)
summarise(
    payment_log,
    REPAYMENT_CAPACITY,
    direction=-1,
    unit="log money",
    reason=("Monthly payment", "每月还款额"),
    source=PAYMENTS,
    summaries=("last", "mean", "max", "min"),
)
summarise(
    net_repayment_to_limit,
    REPAYMENT_CAPACITY,
    direction=0,
    unit="ratio",
    reason=("Payment less new charges, against the limit", "还款减新增消费占额度比例"),
    source="T4; paying down against running up",
    summaries=("last", "mean", "min"),
)


@feature(
    REPAYMENT_CAPACITY, direction=-1, unit="count", needs=(payment_ratio,),
    reason=("Months in which the bill was paid in full", "全额还款月份数"), source=PAYMENTS,
)  # fmt: skip
def full_payment_months(windows: Windows) -> Array:
    """Months in which all of the statement before was paid."""
    return statistics.months_with(payment_ratio(windows) >= PAID_IN_FULL)


@feature(
    REPAYMENT_CAPACITY, direction=0, unit="count", needs=(payment_ratio,),
    reason=("Months in which about the minimum was paid", "仅还约最低还款额的月份数"),
    source="T4; Philadelphia Fed: accounts that make only the minimum payment",
)  # fmt: skip
def minimum_payment_months(windows: Windows) -> Array:
    """Months in which 0.5 % to 10 % of the statement before was paid."""
    paid = payment_ratio(windows)
    low, high = MINIMUM_BAND
    return statistics.months_with((paid >= low) & (paid <= high))


@feature(
    REPAYMENT_CAPACITY, direction=+1, unit="count", needs=("balance", "payment"),
    reason=("Months with a bill and no payment", "有账单但未还款的月份数"), source=PAYMENTS,
)  # fmt: skip
def unpaid_months(windows: Windows) -> Array:
    """Months in which the statement before asked for money and nothing was paid."""
    owed = previous(windows["balance"]) > 0
    return statistics.months_with(owed & (windows["payment"] == 0))


@feature(
    REPAYMENT_CAPACITY, direction=+1, unit="months", needs=("payment",),
    reason=("Months since the last payment", "距上次还款月数"), source=PAYMENTS,
)  # fmt: skip
def months_since_payment(windows: Windows) -> Array:
    """Months since anything was paid; the window's length if nothing was."""
    return statistics.months_since(windows["payment"] > 0)


@feature(
    REPAYMENT_CAPACITY, direction=0, unit="ratio", needs=("payment",),
    reason=("Unsteadiness of the payments", "还款波动程度"),
    source="T4; unstable income (source article)",
)  # fmt: skip
def payment_variation(windows: Windows) -> Array:
    """Standard deviation over mean of the payments."""
    payment = windows["payment"]
    spread, level = statistics.deviation(payment), statistics.mean(payment)
    return statistics.ratio(spread, level, ceiling=RATIO_CEILING)


@feature(
    REPAYMENT_CAPACITY, direction=-1, unit="ratio", needs=("balance", "payment"),
    reason=("All payments against all bills", "总还款与总账单之比"), source=PAYMENTS,
)  # fmt: skip
def payments_to_bills(windows: Windows) -> Array:
    """Sum of the payments over the sum of the statements that they settle."""
    bills = np.maximum(previous(windows["balance"]), 0.0)[:, 1:]
    paid = statistics.total(windows["payment"][:, 1:])
    return statistics.ratio(paid, statistics.total(bills), ceiling=2.0)


@feature(
    REPAYMENT_CAPACITY, direction=-1, unit="ratio", needs=("balance", "payment"),
    reason=("Recent payments against recent bills", "近三个月还款与账单之比"), source=PAYMENTS,
)  # fmt: skip
def payments_to_bills_recent(windows: Windows) -> Array:
    """Sum of the last three payments over the sum of the statements that they settle."""
    bills = np.maximum(previous(windows["balance"]), 0.0)[:, -3:]
    paid = statistics.total(windows["payment"][:, -3:])
    return statistics.ratio(paid, statistics.total(bills), ceiling=2.0)


@feature(
    REPAYMENT_CAPACITY, direction=-1, unit="ratio", needs=("balance", "payment"),
    reason=("Average payment against the latest bill", "平均还款与最近账单之比"), source=PAYMENTS,
)  # fmt: skip
def mean_payment_to_balance(windows: Windows) -> Array:
    """Mean payment over the latest balance: how far an ordinary payment reaches now."""
    paid = statistics.mean(windows["payment"])
    return statistics.ratio(paid, statistics.last(windows["balance"]), ceiling=2.0)


@feature(
    REPAYMENT_CAPACITY, direction=-1, unit="ratio", needs=("balance", "payment"),
    reason=("Best payment against the latest bill", "最大还款与最近账单之比"), source=PAYMENTS,
)  # fmt: skip
def best_payment_to_balance(windows: Windows) -> Array:
    """Largest payment over the latest balance."""
    paid = statistics.maximum(windows["payment"])
    return statistics.ratio(paid, statistics.last(windows["balance"]), ceiling=2.0)


@feature(
    REPAYMENT_CAPACITY, direction=+1, unit="count", needs=(payment_ratio,),
    reason=("Months with a very small payment", "还款极少的月份数"),
    source="T4; partial payments mark those willing but not able",
)  # fmt: skip
def token_payment_months(windows: Windows) -> Array:
    """Months in which something was paid, but less than 2 % of the statement before."""
    paid = payment_ratio(windows)
    return statistics.months_with((paid > 0) & (paid < SMALL_PAYMENT))
