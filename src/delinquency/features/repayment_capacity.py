"""T4, weak repayment capacity: what is paid of what is due, and how steadily."""

import numpy as np

from delinquency.features import statistics
from delinquency.features.catalogue import Quantity, Unit, feature, summarise
from delinquency.features.household import (
    buffer,
    days_before_due,
    payment_to_minimum,
    residual_income,
)
from delinquency.features.quantities import (
    PAYMENT_CEILING,
    RATIO_CEILING,
    net_repayment_to_limit,
    payment_log,
    payment_ratio,
    payment_to_limit,
    previous,
    settled_status,
)
from delinquency.panel.windows import Array, Windows
from delinquency.traits import REPAYMENT_CAPACITY

PAID_IN_FULL = 0.99
MINIMUM_BAND = (0.005, 0.10)
"""Share of the bill that a payer of about the minimum pays."""
SMALL_PAYMENT = 0.02
MINIMUM_PAYER = 1.1
"""Times the minimum due; up to here a payment counts as the minimum only."""
PAYMENTS = "T4; Home Credit: amount paid over amount due; AMEX: payment variables"
LEVELS = ("mean", "max")
"""How payments are summarised. Their latest and smallest value, spread and trend mostly say that a
bill was missed, which is the credit record's to tell: with them capacity took the blame of the
other traits (docs/research/explanation-truth.md)."""

summarise(
    payment_ratio,
    REPAYMENT_CAPACITY,
    direction=-1,
    unit="ratio",
    reason=("Share of the bill that was paid", "账单还款比例"),
    source=PAYMENTS,
    summaries=LEVELS,
    earlier=True,
)
summarise(
    payment_to_limit,
    REPAYMENT_CAPACITY,
    direction=-1,
    unit="ratio",
    reason=("Payment against the credit limit", "还款额占额度比例"),
    source=PAYMENTS,
    summaries=LEVELS,
    earlier=True,
)
summarise(
    payment_log,
    REPAYMENT_CAPACITY,
    direction=-1,
    unit="log money",
    reason=("Monthly payment", "每月还款额"),
    source=PAYMENTS,
    summaries=LEVELS,
)
summarise(
    settled_status,
    REPAYMENT_CAPACITY,
    direction=0,
    unit="level",
    reason=("How bills were settled", "账单结清方式"),
    source="T4; the status code tells unused, paid in full and revolving months apart",
    summaries=("last", "step", "mean", "max", "min", "std", "trend"),
    earlier=True,
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
_HOUSEHOLD: tuple[tuple[Quantity, Unit, tuple[str, str], str], ...] = (
    (
        residual_income,
        "ratio",
        ("Share of income left after essentials", "扣除必要支出后的收入结余比例"),
        "T4; affordability: FCA OP28",
    ),
    (
        buffer,
        "months",
        ("How long savings would last", "存款可维持的时间"),
        "T4; Elul et al.: lack of liquidity comes first in default",
    ),
    (
        days_before_due,
        "days",
        ("Days paid ahead of the due date", "提前还款天数"),
        "T4; Home Credit: days of payment against days due",
    ),
)
for _quantity, _unit, _reason, _source in _HOUSEHOLD:
    summarise(
        _quantity,
        REPAYMENT_CAPACITY,
        direction=-1,
        unit=_unit,
        reason=_reason,
        source=_source,
        summaries=("last", "mean", "min"),
    )


@feature(
    REPAYMENT_CAPACITY, direction=-1, unit="count", needs=(payment_ratio,),
    reason=("Months in which the bill was paid in full in {window}", "{window}全额还款月份数"),
    source=PAYMENTS,
)  # fmt: skip
def full_payment_months(windows: Windows) -> Array:
    """Months in which all of the statement before was paid."""
    return statistics.months_with(payment_ratio(windows) >= PAID_IN_FULL)


@feature(
    REPAYMENT_CAPACITY, direction=0, unit="count", needs=(payment_ratio,),
    reason=(
        "Months in which about the minimum was paid in {window}",
        "{window}仅还约最低还款额的月份数",
    ),
    source="T4; Philadelphia Fed: accounts that make only the minimum payment",
)  # fmt: skip
def minimum_payment_months(windows: Windows) -> Array:
    """Months in which 0.5 % to 10 % of the statement before was paid."""
    paid = payment_ratio(windows)
    low, high = MINIMUM_BAND
    return statistics.months_with((paid >= low) & (paid <= high))


@feature(
    REPAYMENT_CAPACITY, direction=+1, unit="count", needs=("balance", "payment"),
    reason=("Months with a bill and no payment in {window}", "{window}有账单但未还款的月份数"),
    source=PAYMENTS,
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
    reason=("Usual swing of payments around their average", "还款围绕均值的波动幅度"),
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
    ceiling=PAYMENT_CEILING,
)  # fmt: skip
def payments_to_bills(windows: Windows) -> Array:
    """Sum of the payments over the sum of the statements that they settle."""
    bills = np.maximum(previous(windows["balance"]), 0.0)[:, 1:]
    paid = statistics.total(windows["payment"][:, 1:])
    return statistics.ratio(paid, statistics.total(bills), ceiling=PAYMENT_CEILING)


@feature(
    REPAYMENT_CAPACITY, direction=-1, unit="ratio", needs=("balance", "payment"),
    reason=("Recent payments against recent bills", "近三个月还款与账单之比"), source=PAYMENTS,
    ceiling=PAYMENT_CEILING,
)  # fmt: skip
def payments_to_bills_recent(windows: Windows) -> Array:
    """Sum of the last three payments over the sum of the statements that they settle."""
    bills = np.maximum(previous(windows["balance"]), 0.0)[:, -3:]
    paid = statistics.total(windows["payment"][:, -3:])
    return statistics.ratio(paid, statistics.total(bills), ceiling=PAYMENT_CEILING)


@feature(
    REPAYMENT_CAPACITY, direction=-1, unit="ratio", needs=("balance", "payment"),
    reason=("Average payment against the latest bill", "平均还款与最近账单之比"), source=PAYMENTS,
    ceiling=PAYMENT_CEILING,
)  # fmt: skip
def mean_payment_to_balance(windows: Windows) -> Array:
    """Mean payment over the latest balance: how far an ordinary payment reaches now."""
    paid = statistics.mean(windows["payment"])
    return statistics.ratio(paid, statistics.last(windows["balance"]), ceiling=PAYMENT_CEILING)


@feature(
    REPAYMENT_CAPACITY, direction=-1, unit="ratio", needs=("balance", "payment"),
    reason=("Best payment against the latest bill", "最大还款与最近账单之比"), source=PAYMENTS,
    ceiling=PAYMENT_CEILING,
)  # fmt: skip
def best_payment_to_balance(windows: Windows) -> Array:
    """Largest payment over the latest balance."""
    paid = statistics.maximum(windows["payment"])
    return statistics.ratio(paid, statistics.last(windows["balance"]), ceiling=PAYMENT_CEILING)


@feature(
    REPAYMENT_CAPACITY, direction=+1, unit="count", needs=(payment_ratio,),
    reason=("Months with a very small payment in {window}", "{window}还款极少的月份数"),
    source="T4; partial payments mark those willing but not able",
)  # fmt: skip
def token_payment_months(windows: Windows) -> Array:
    """Months in which something was paid, but less than 2 % of the statement before."""
    paid = payment_ratio(windows)
    return statistics.months_with((paid > 0) & (paid < SMALL_PAYMENT))


@feature(
    REPAYMENT_CAPACITY, direction=+1, unit="ratio", needs=("salary",),
    reason=("Usual swing of the salary around its average", "工资围绕均值的波动幅度"),
    source="T4; unstable income (source article)",
)  # fmt: skip
def salary_variation(windows: Windows) -> Array:
    """Standard deviation over mean of the salaries, of the months that had one."""
    received = np.where(windows["salary"] > 0, windows["salary"], np.nan)
    spread, level = statistics.deviation(received), statistics.mean(received)
    return statistics.ratio(spread, level, ceiling=RATIO_CEILING)


@feature(
    REPAYMENT_CAPACITY, direction=+1, unit="count", needs=("deposit_balance", "minimum_due"),
    reason=(
        "Months with savings below the minimum due in {window}",
        "{window}存款低于最低还款额的月份数",
    ),
    source="T4; Elul et al.: lack of liquidity comes first in default",
)  # fmt: skip
def low_deposit_months(windows: Windows) -> Array:
    """Months that ended with deposits below the minimum due."""
    return statistics.months_with(windows["deposit_balance"] < windows["minimum_due"])


@feature(
    REPAYMENT_CAPACITY, direction=+1, unit="count", needs=(payment_to_minimum,),
    reason=(
        "Months in which part of the minimum was paid in {window}",
        "{window}仅还部分最低还款额的月份数",
    ),
    source="T4; partial payments mark those willing but not able",
)  # fmt: skip
def partial_payment_months(windows: Windows) -> Array:
    """Months in which something, but less than the minimum due, was paid."""
    paid = payment_to_minimum(windows)
    return statistics.months_with((paid > 0) & (paid < 1.0))


@feature(
    REPAYMENT_CAPACITY, direction=0, unit="share", needs=(payment_to_minimum,),
    reason=("Share of bills on which only the minimum was paid", "仅还最低还款额的账单比例"),
    source="T4; Philadelphia Fed: accounts that make only the minimum payment",
)  # fmt: skip
def minimum_payer_share(windows: Windows) -> Array:
    """Share of the months with a minimum due in which 1.0 to 1.1 times of it was paid."""
    paid = payment_to_minimum(windows)
    return statistics.share((paid >= 1.0) & (paid <= MINIMUM_PAYER), np.isfinite(paid))


@feature(
    REPAYMENT_CAPACITY, direction=+1, unit="days",
    needs=("salary_day", "due_date_days_before_month_end"),
    reason=("Days between salary and due date", "发薪日与还款日间隔天数"),
    source="T4; due-date mismatch: income is spent before the bill falls due",
)  # fmt: skip
def payday_gap(windows: Windows) -> Array:
    """Days from the latest salary day to the next due date, in a month of 30 days."""
    due_day = 30.0 - statistics.last(windows["due_date_days_before_month_end"])
    return np.mod(due_day - statistics.last(windows["salary_day"]), 30.0)
