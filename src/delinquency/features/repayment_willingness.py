"""T5, weak willingness: not paying *although able*, and never simply not paying.

Every feature is conditional on a sign of capacity. A raw payment ratio would only call poor
customers unwilling; it stays with T4. Disputes and complaints are never scored.
"""

import numpy as np

from delinquency.features import statistics
from delinquency.features.catalogue import feature, quantity
from delinquency.features.quantities import (
    charges_to_limit,
    months_behind,
    new_charges,
    payment_ratio,
    previous,
    utilization,
)
from delinquency.traits import REPAYMENT_WILLINGNESS
from delinquency.windows import Array, Windows

CAN_PAY = "T5; Gerardi et al. (RFS 2018): cannot pay and will not pay told apart"
SMALL_BILL = 0.10
LOW_USE = 0.30
REGULAR_SHARE = 0.05


@quantity("balance", "payment", "credit_limit")
def could_pay(windows: Windows) -> Array:
    """1 in months in which statements suggest that the bill was payable, else 0.

    A bill is taken as payable when an earlier payment of the window was at least as large, or
    when it was small (10 % of the limit or less).
    """
    bill = previous(windows["balance"])
    best = np.maximum.accumulate(np.nan_to_num(windows["payment"]), axis=1)
    small = bill <= SMALL_BILL * windows["credit_limit"]
    payable = (bill > 0) & ((previous(best) >= bill) | small)
    known = np.isfinite(bill) & np.isfinite(windows["payment"])
    return np.where(known, payable.astype(np.float64), np.nan)


def _unpaid(windows: Windows) -> np.ndarray:
    return (payment_ratio(windows) < SMALL_BILL) & (previous(windows["balance"]) > 0)


@feature(
    REPAYMENT_WILLINGNESS, direction=+1, unit="share", needs=(could_pay, payment_ratio),
    reason=("Share of payable bills left unpaid", "有能力支付但未付的账单比例"), source=CAN_PAY,
)  # fmt: skip
def unpaid_though_payable(windows: Windows) -> Array:
    """Share of the months in which a bill was payable and less than 10 % of it was paid."""
    return statistics.share(_unpaid(windows), could_pay(windows) == 1)


@feature(
    REPAYMENT_WILLINGNESS, direction=+1, unit="count", needs=(could_pay, payment_ratio),
    reason=("Payable bills left unpaid", "有能力支付但未付的账单数"), source=CAN_PAY,
)  # fmt: skip
def unpaid_payable_bills(windows: Windows) -> Array:
    """Months in which a bill was payable and less than 10 % of it was paid."""
    return statistics.months_with(_unpaid(windows) & (could_pay(windows) == 1))


@feature(
    REPAYMENT_WILLINGNESS, direction=0, unit="share", needs=(could_pay, payment_ratio),
    reason=("Average shortfall on payable bills", "有能力支付时的平均欠付比例"), source=CAN_PAY,
)  # fmt: skip
def shortfall_though_payable(windows: Windows) -> Array:
    """Mean of 1 - share paid, over the months in which a bill was payable."""
    shortfall = np.clip(1.0 - payment_ratio(windows), 0.0, 1.0)
    return statistics.mean(np.where(could_pay(windows) == 1, shortfall, np.nan))


@feature(
    REPAYMENT_WILLINGNESS, direction=0, unit="level", needs=(could_pay, payment_ratio),
    reason=("Latest bill payable and unpaid", "最近账单可付但未付"), source=CAN_PAY,
)  # fmt: skip
def latest_payable_unpaid(windows: Windows) -> Array:
    """1 when the latest settled bill was payable and not paid, 0 when paid, NaN if not payable."""
    payable = could_pay(windows)[:, -1] == 1
    return np.where(payable, _unpaid(windows)[:, -1].astype(np.float64), np.nan)


@feature(
    REPAYMENT_WILLINGNESS, direction=+1, unit="count", needs=(utilization, months_behind),
    reason=("Months behind although little was owed", "欠款不多却逾期的月份数"), source=CAN_PAY,
)  # fmt: skip
def late_with_low_use(windows: Windows) -> Array:
    """Months behind while less than 30 % of the limit was in use."""
    low = utilization(windows) < LOW_USE
    return statistics.months_with((months_behind(windows) >= 1) & low)


@feature(
    REPAYMENT_WILLINGNESS, direction=0, unit="months", needs=(utilization, months_behind),
    reason=("Months behind now although little is owed", "欠款不多时的当前逾期月数"),
    source=CAN_PAY,
)  # fmt: skip
def months_behind_low_use(windows: Windows) -> Array:
    """Months behind at the observation when less than 30 % of the limit is in use, else 0."""
    low = statistics.last(utilization(windows)) < LOW_USE
    return np.where(low, statistics.last(months_behind(windows)), 0.0)


@feature(
    REPAYMENT_WILLINGNESS, direction=+1, unit="ratio", needs=(charges_to_limit, months_behind),
    reason=("New charges while behind", "逾期期间的新增消费"),
    source="T5; Meier and Sprenger (AEJ 2010): present bias",
)  # fmt: skip
def charges_while_late(windows: Windows) -> Array:
    """Sum over the months that began behind of new charges over the limit."""
    late = previous(months_behind(windows)) >= 1
    return np.where(late, np.nan_to_num(charges_to_limit(windows)), 0.0).sum(axis=1)


@feature(
    REPAYMENT_WILLINGNESS, direction=0, unit="level", needs=("payment", "balance"),
    reason=("A regular payer's payments stopped", "一贯还款后停止还款"),
    source="T5; straight rollers after a clean record",
)  # fmt: skip
def payments_stopped(windows: Windows) -> Array:
    """1 when nothing was paid of the latest bill though all earlier months had payments."""
    payment = windows["payment"]
    regular = (payment[:, :-1] > 0).sum(axis=1) >= payment.shape[1] - 2
    owed = previous(windows["balance"])[:, -1] > 0
    return (regular & owed & (payment[:, -1] == 0)).astype(np.float64)


@feature(
    REPAYMENT_WILLINGNESS, direction=0, unit="count", needs=(payment_ratio,),
    reason=("Full payments followed by none", "全额还款后又未还款的次数"), source=CAN_PAY,
)  # fmt: skip
def skips_after_full_payment(windows: Windows) -> Array:
    """Times that a bill paid in full was followed by a bill with no payment."""
    paid = payment_ratio(windows)
    return statistics.months_with((paid[:, :-1] >= 1.0) & (paid[:, 1:] == 0))


@feature(
    REPAYMENT_WILLINGNESS, direction=0, unit="ratio", needs=("payment", "balance"),
    reason=("Payment of earlier months against bills now unpaid", "以往还款与当前欠付之比"),
    source=CAN_PAY,
)  # fmt: skip
def means_against_unpaid(windows: Windows) -> Array:
    """Largest payment of the window over what stayed unpaid of the latest settled bill."""
    unpaid = np.maximum(previous(windows["balance"])[:, -1] - windows["payment"][:, -1], 0.0)
    return statistics.ratio(statistics.maximum(windows["payment"]), unpaid, ceiling=5.0)


@feature(
    REPAYMENT_WILLINGNESS, direction=0, unit="share", needs=("payment", "balance"),
    reason=("Share of bills paid at all", "有还款的账单比例"),
    source="T5; regular small payments show willingness even where means are short",
)  # fmt: skip
def bills_answered(windows: Windows) -> Array:
    """Share of the months with a bill in which something was paid."""
    payment = windows["payment"]
    owed = (previous(windows["balance"]) > 0) & np.isfinite(payment)
    return statistics.share(payment > 0, owed)


@feature(
    REPAYMENT_WILLINGNESS, direction=0, unit="ratio", needs=(new_charges, "payment"),
    reason=("New charges in months without a payment", "未还款月份的新增消费"),
    source="T5; Meier and Sprenger (AEJ 2010): present bias",
)  # fmt: skip
def charges_in_unpaid_months(windows: Windows) -> Array:
    """Charges of months without a payment over all charges."""
    charges = np.nan_to_num(new_charges(windows))
    unpaid = np.where(windows["payment"] == 0, charges, 0.0).sum(axis=1)
    return statistics.ratio(unpaid, charges.sum(axis=1), ceiling=1.0)
