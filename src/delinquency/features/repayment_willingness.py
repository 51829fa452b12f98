"""T5, weak willingness: not paying *although able*, and never simply not paying.

Every feature is conditional on a sign of capacity. A raw payment ratio would only call poor
customers unwilling; it stays with T4. Disputes and complaints are never scored.
"""

import numpy as np
from numpy.typing import NDArray

from delinquency.features import statistics
from delinquency.features.catalogue import feature, quantity
from delinquency.features.household import (
    able,
    able_after_debts,
    buffer,
    minimum_shortfall,
    status_elsewhere,
    trades,
)
from delinquency.features.quantities import (
    charges_to_limit,
    months_behind,
    new_charges,
    payment_ratio,
    previous,
    utilization,
)
from delinquency.panel.windows import Array, Windows
from delinquency.traits import REPAYMENT_WILLINGNESS

CAN_PAY = "T5; Gerardi et al. (RFS 2018): cannot pay and will not pay told apart"
PROMISES = "T5; collections practice: promises to pay, made and kept"
CALLS = "T5; a customer who calls is looking for a way to pay"
SELECTIVE = "T5; Experian and Oliver Wyman: strategic default, other lenders being paid"
PRIOR_KEPT, PRIOR_BROKEN = 2.0, 2.0
"""Beta(2, 2): one promise alone moves the kept ratio from 0.5 to 0.6 at most."""
EARLY_MONTHS = 3
SMALL_BILL = 0.10
TOKEN = 0.01
"""Share of the bill; the minimum is a few per cent, so that who pays the minimum did pay."""
LOW_USE = 0.30
REGULAR_SHARE = 0.05


@quantity("balance", "payment", "credit_limit")
def could_pay(windows: Windows) -> Array:
    """1 in months in which statements suggest that the bill was payable, else 0.

    A bill is taken as payable when an earlier payment of the window was at least as large, or
    when it was small (10 % of the limit or less).
    """
    bill = previous(windows["balance"])
    best = np.maximum.accumulate(statistics.known_or_zero(windows["payment"]), axis=1)
    small = bill <= SMALL_BILL * windows["credit_limit"]
    payable = (bill > 0) & ((previous(best) >= bill) | small)
    known = np.isfinite(bill) & np.isfinite(windows["payment"])
    return np.where(known, payable.astype(np.float64), np.nan)


def _unpaid(windows: Windows) -> np.ndarray:
    return (payment_ratio(windows) < TOKEN) & (previous(windows["balance"]) > 0)


@feature(
    REPAYMENT_WILLINGNESS, direction=+1, unit="share", needs=(could_pay, payment_ratio),
    reason=("Share of payable bills left unpaid", "有能力支付但未付的账单比例"), source=CAN_PAY,
)  # fmt: skip
def unpaid_though_payable(windows: Windows) -> Array:
    """Share of the months in which a bill was payable and less than 1 % of it was paid."""
    return statistics.share(_unpaid(windows), could_pay(windows) == 1)


@feature(
    REPAYMENT_WILLINGNESS, direction=+1, unit="count", needs=(could_pay, payment_ratio),
    reason=("Payable bills left unpaid in {window}", "{window}有能力支付但未付的账单数"),
    source=CAN_PAY,
)  # fmt: skip
def unpaid_payable_bills(windows: Windows) -> Array:
    """Months in which a bill was payable and less than 1 % of it was paid."""
    return statistics.months_with(_unpaid(windows) & (could_pay(windows) == 1))


@feature(
    REPAYMENT_WILLINGNESS, direction=+1, unit="count", needs=(utilization, months_behind),
    reason=("Months behind while little was owed in {window}", "{window}欠款不多时逾期的月份数"),
    source=CAN_PAY,
)  # fmt: skip
def late_with_low_use(windows: Windows) -> Array:
    """Months behind while less than 30 % of the limit was in use."""
    low = utilization(windows) < LOW_USE
    return statistics.months_with((months_behind(windows) >= 1) & low)


@feature(
    REPAYMENT_WILLINGNESS, direction=+1, unit="ratio", needs=(charges_to_limit, months_behind),
    reason=("New charges while behind, against the limit", "逾期期间新增消费占额度比例"),
    source="T5; Meier and Sprenger (AEJ 2010): present bias",
)  # fmt: skip
def charges_while_late(windows: Windows) -> Array:
    """Sum over the months that began behind of new charges over the limit."""
    late = previous(months_behind(windows)) >= 1
    return statistics.total(
        np.where(late, statistics.known_or_zero(charges_to_limit(windows)), 0.0)
    )


@feature(
    REPAYMENT_WILLINGNESS, direction=0, unit="count", needs=(payment_ratio,),
    reason=("Full payments followed by none in {window}", "{window}全额还款后又未还款的次数"),
    source=CAN_PAY,
)  # fmt: skip
def skips_after_full_payment(windows: Windows) -> Array:
    """Times that a bill paid in full was followed by a bill with no payment."""
    paid = payment_ratio(windows)
    return statistics.months_with((paid[:, :-1] >= 1.0) & (paid[:, 1:] == 0))


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
    reason=(
        "Share of new charges made in months without a payment", "未还款月份的新增消费占比",
    ),
    source="T5; Meier and Sprenger (AEJ 2010): present bias",
)  # fmt: skip
def charges_in_unpaid_months(windows: Windows) -> Array:
    """Charges of months without a payment over all charges."""
    charges = statistics.known_or_zero(new_charges(windows))
    unpaid = statistics.total(np.where(windows["payment"] == 0, charges, 0.0))
    return statistics.ratio(unpaid, statistics.total(charges), ceiling=1.0)


@feature(
    REPAYMENT_WILLINGNESS, direction=+1, unit="count", needs=(able, minimum_shortfall),
    source=CAN_PAY,
    reason=(
        "Affordable minimum payments not made in {window}",
        "{window}有能力但未付最低还款的月份数",
    ),
)  # fmt: skip
def able_unpaid_months(windows: Windows) -> Array:
    """Months in which the minimum could be paid and nothing of it was."""
    return statistics.months_with((able(windows) == 1) & (minimum_shortfall(windows) >= 1.0))


@feature(
    REPAYMENT_WILLINGNESS, direction=+1, unit="count",
    needs=(able_after_debts, minimum_shortfall), source=CAN_PAY,
    reason=(
        "Minimum payments not made in {window} though other debts left room",
        "{window}偿还他债后有能力但未付最低还款的月份数",
    ),
)  # fmt: skip
def able_after_debts_unpaid_months(windows: Windows) -> Array:
    """Months in which all debts could be served and nothing of the minimum was paid."""
    payable = able_after_debts(windows) == 1
    return statistics.months_with(payable & (minimum_shortfall(windows) >= 1.0))


@feature(
    REPAYMENT_WILLINGNESS, direction=+1, unit="months", needs=(buffer, minimum_shortfall),
    reason=(
        "How long savings would last while the minimum was not paid",
        "未付最低还款时存款可维持的时间",
    ),
    source=CAN_PAY,
)  # fmt: skip
def buffer_while_unpaid(windows: Windows) -> Array:
    """Mean months that savings would last, over the months with nothing paid; 0 without any."""
    unpaid = minimum_shortfall(windows) >= 1.0
    held = statistics.mean(np.where(unpaid, buffer(windows), np.nan))
    return np.where(unpaid.any(axis=1), held, 0.0)


@feature(
    REPAYMENT_WILLINGNESS, direction=+1, unit="ratio",
    needs=(able, "other_outgoings", "minimum_due", "days_past_due"),
    reason=(
        "Other outgoings against the minimum due, in late months that left room for it",
        "有能力却逾期的月份其他支出与最低还款额之比",
    ),
    source="T5; Meier and Sprenger (AEJ 2010): present bias",
)  # fmt: skip
def discretionary_while_late(windows: Windows) -> Array:
    """Mean outgoings that are not essential over the minimum due, in late months; 0 without any.

    Only months in which the minimum could have been paid count.
    """
    late = (windows["days_past_due"] > 0) & (able(windows) == 1)
    times = statistics.ratio(windows["other_outgoings"], windows["minimum_due"], ceiling=10.0)
    spent = statistics.mean(np.where(late, times, np.nan))
    return np.where(late.any(axis=1), spent, 0.0)


def _selective(windows: Windows) -> NDArray[np.bool_]:
    late_here = windows["days_past_due"] > 0
    return late_here & (status_elsewhere(windows) == 0) & (trades(windows) >= 2)


@feature(
    REPAYMENT_WILLINGNESS, direction=+1, unit="count",
    needs=(status_elsewhere, trades, "days_past_due"),
    reason=(
        "Months late here while other lenders were paid in {window}",
        "{window}仅本账户逾期而他行正常的月份数",
    ),
    source=SELECTIVE,
)  # fmt: skip
def selective_payment_months(windows: Windows) -> Array:
    """Months late here while two and more lines elsewhere were all paid on time."""
    return statistics.months_with(_selective(windows))


@feature(
    REPAYMENT_WILLINGNESS, direction=-1, unit="share", needs=("promises_kept", "promises_broken"),
    reason=(
        "Share of promises to pay that were kept, nearer to half where promises are few",
        "还款承诺兑现比例（承诺较少时向一半调整）",
    ),
    source=PROMISES,
)  # fmt: skip
def promises_kept_ratio(windows: Windows) -> Array:
    """(2 + kept) / (4 + kept + broken): the kept share, drawn towards one half by Beta(2, 2).

    NaN without any promise: who was never asked for one has neither kept nor broken it.
    """
    kept = statistics.total(windows["promises_kept"])
    broken = statistics.total(windows["promises_broken"])
    smoothed = (PRIOR_KEPT + kept) / (PRIOR_KEPT + PRIOR_BROKEN + kept + broken)
    return np.where(kept + broken > 0, smoothed, np.nan)


@feature(
    REPAYMENT_WILLINGNESS, direction=+1, unit="count", needs=("promises_broken",),
    reason=("Promises to pay not kept in 6 months", "近6个月未兑现的还款承诺"), source=PROMISES,
)  # fmt: skip
def promises_broken_recent(windows: Windows) -> Array:
    """Promises found broken in the last six months."""
    return statistics.total(windows["promises_broken"][:, -6:])


@feature(
    REPAYMENT_WILLINGNESS, direction=-1, unit="share",
    needs=("right_party_contacts", "contact_attempts"),
    reason=("Share of contact attempts that reached the customer", "联系成功比例"),
    source="T5; collections practice: right-party contact",
)  # fmt: skip
def right_party_rate(windows: Windows) -> Array:
    """Attempts that reached the customer over all attempts; NaN without any attempt."""
    reached = statistics.total(windows["right_party_contacts"])
    return statistics.ratio(reached, statistics.total(windows["contact_attempts"]), ceiling=1.0)


@feature(
    REPAYMENT_WILLINGNESS, direction=-1, unit="count", needs=("inbound_contacts",),
    reason=("Contacts that the customer began in 6 months", "近6个月客户主动联系"),
    source=CALLS,
)  # fmt: skip
def inbound_recent(windows: Windows) -> Array:
    """Contacts that the customer began in the last six months."""
    return statistics.total(windows["inbound_contacts"][:, -6:])


@feature(
    REPAYMENT_WILLINGNESS, direction=-1, unit="count", needs=("inbound_contacts",),
    reason=("Contacts that the customer began in {window}", "{window}客户主动联系"), source=CALLS,
)  # fmt: skip
def inbound_total(windows: Windows) -> Array:
    """Contacts that the customer began in the window."""
    return statistics.total(windows["inbound_contacts"])


@feature(
    REPAYMENT_WILLINGNESS, direction=+1, unit="count",
    needs=("right_party_contacts", "contact_attempts"),
    reason=("Contact attempts since the customer was last reached", "上次联系成功后的尝试次数"),
    source="T5; collections practice: right-party contact",
)  # fmt: skip
def unanswered_attempts(windows: Windows) -> Array:
    """Attempts in the months after the last one in which the customer was reached."""
    reached = statistics.known_or_zero(windows["right_party_contacts"]) > 0
    since = np.cumsum(reached[:, ::-1], axis=1)[:, ::-1] == 0
    return statistics.total(
        np.where(since, statistics.known_or_zero(windows["contact_attempts"]), 0.0)
    )


@feature(
    REPAYMENT_WILLINGNESS, direction=-1, unit="share", needs=("autopay",),
    reason=("Share of {window} with autopay", "{window}开通自动还款的月份占比"),
    source="T5; a standing instruction is a promise to pay that keeps itself",
)  # fmt: skip
def autopay_share(windows: Windows) -> Array:
    """Share of the known months that ended with autopay on."""
    return statistics.mean(windows["autopay"])


@feature(
    REPAYMENT_WILLINGNESS, direction=+1, unit="level", needs=("autopay",),
    reason=("Autopay cancelled in 6 months", "近6个月取消自动还款"),
    source="T5; a standing instruction withdrawn",
)  # fmt: skip
def autopay_cancelled(windows: Windows) -> Array:
    """1 when autopay was on within the last six months and is off now, else 0."""
    autopay = windows["autopay"][:, -6:]
    return ((autopay == 1).any(axis=1) & (statistics.last(autopay) == 0)).astype(np.float64)


@feature(
    REPAYMENT_WILLINGNESS, direction=+1, unit="level", needs=("months_on_book", "days_past_due"),
    reason=("Late on one of the first payments", "开户初期即逾期"), actionable=False,
    source="T5; early payment default: a matter for a fraud check too",
)  # fmt: skip
def early_default(windows: Windows) -> Array:
    """1 when a month of the window within three of the opening ended late, else 0."""
    age = windows["months_on_book"][:, None] - np.arange(windows.n_months)[::-1]
    early = (age <= EARLY_MONTHS) & (windows["days_past_due"] > 0)
    return np.where(early.any(axis=1), 1.0, 0.0)
