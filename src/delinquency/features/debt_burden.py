"""T3, heavy debts: how much is owed, against the limit and over time."""

import numpy as np

from delinquency.features import statistics
from delinquency.features.catalogue import feature, summarise
from delinquency.features.household import (
    debt_elsewhere_log,
    debt_service_to_stated_income,
    debt_to_stated_income,
    maxed,
    trades,
)
from delinquency.features.quantities import (
    RATIO_CEILING,
    balance_log,
    payment_ratio,
    unpaid_log,
    utilization,
)
from delinquency.panel.windows import Array, Windows
from delinquency.traits import DEBT_BURDEN

INCOME_CEILING = 10.0
"""Debts against a month's income are clipped here."""
WHOLE = 1.0
"""Cash advances count up to the whole balance."""

NEAR_LIMIT = 0.9
AMOUNTS_OWED = "T3; Dunn and Kim (1999): the share of the line in use; FICO: amounts owed"

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
for _quantity, _reason, _source in (
    (
        debt_service_to_stated_income,
        ("All instalments due against the monthly income stated", "每月应还总额占申报月收入比例"),
        "T3; Dunn and Kim (1999): minimum due over income, with instalments elsewhere",
    ),
    (
        debt_to_stated_income,
        ("All debt against a year of the income stated", "总负债占申报年收入比例"),
        "T3; debt to income",
    ),
):
    summarise(
        _quantity,
        DEBT_BURDEN,
        direction=+1,
        unit="ratio",
        reason=_reason,
        source=_source,
        summaries=("last",),  # one column: income gives it a second trait
    )
summarise(
    debt_elsewhere_log,
    DEBT_BURDEN,
    direction=+1,
    unit="log money",
    reason=("Balances at other lenders", "在其他机构的欠款余额"),
    source="T3; several debts whose total cannot be serviced (source article)",
    summaries=("last", "trend"),
)


@feature(
    DEBT_BURDEN, direction=+1, unit="ratio", needs=(utilization,),
    reason=("Average share of the credit limit in use in {window}", "{window}平均额度使用率"),
    source=AMOUNTS_OWED,
)  # fmt: skip
def utilization_mean(windows: Windows) -> Array:
    """Balance over credit limit, mean of the whole window."""
    # How it moves within the window is spending and paying, which have traits of their own.
    return statistics.mean(utilization(windows))


@feature(
    DEBT_BURDEN, direction=+1, unit="count", needs=(utilization,),
    reason=("Months close to the credit limit in {window}", "{window}接近额度上限的月份数"),
    source="T3; Dunn and Kim (1999): cards at the limit",
)  # fmt: skip
def near_limit_months(windows: Windows) -> Array:
    """Months that ended with 90 % of the limit or more in use."""
    return statistics.months_with(utilization(windows) >= NEAR_LIMIT)


@feature(
    DEBT_BURDEN, direction=+1, unit="count", needs=(utilization,),
    reason=("Months over the credit limit in {window}", "{window}超额度月份数"),
    source=AMOUNTS_OWED,
)  # fmt: skip
def over_limit_months(windows: Windows) -> Array:
    """Months that ended over the limit."""
    return statistics.months_with(utilization(windows) > 1.0)


@feature(
    DEBT_BURDEN, direction=0, unit="count", needs=(payment_ratio,),
    reason=(
        "Months in which part of the bill was carried over in {window}",
        "{window}有结转余额的月份数",
    ),
    source="T3; persistent debt (FCA CP17/10)",
)  # fmt: skip
def revolving_months(windows: Windows) -> Array:
    """Months in which less than the whole of the statement before was paid."""
    return statistics.months_with(payment_ratio(windows) < 1.0)


@feature(
    DEBT_BURDEN, direction=0, unit="ratio", needs=("balance", "credit_limit"),
    reason=(
        "Growth of the balance in {window}, against the limit", "{window}余额增长占额度比例",
    ),
    source="T3; debt spiral; last-less-first differences (AMEX winners)", ceiling=RATIO_CEILING,
)  # fmt: skip
def balance_growth(windows: Windows) -> Array:
    """Latest less first known balance, over the latest credit limit."""
    balance = windows["balance"]
    grown = statistics.last(balance) - statistics.last(balance[:, ::-1])
    return statistics.ratio(grown, statistics.last(windows["credit_limit"]), ceiling=RATIO_CEILING)


@feature(
    DEBT_BURDEN, direction=0, unit="ratio", needs=("balance",),
    reason=("Latest balance against its average", "最近余额与平均余额之比"), source=AMOUNTS_OWED,
    ceiling=RATIO_CEILING,
)  # fmt: skip
def balance_to_mean(windows: Windows) -> Array:
    """Latest balance over the mean balance of the window."""
    balance = windows["balance"]
    return statistics.ratio(
        statistics.last(balance), statistics.mean(balance), ceiling=RATIO_CEILING
    )


@feature(
    DEBT_BURDEN, direction=0, unit="log money", needs=("balance", "credit_limit"),
    reason=("Credit still available", "剩余可用额度"), source=AMOUNTS_OWED,
)  # fmt: skip
def headroom_log(windows: Windows) -> Array:
    """Natural logarithm of 1 + the limit that is still free; 0 when over the limit."""
    free = statistics.last(windows["credit_limit"]) - statistics.last(windows["balance"])
    return np.log1p(np.maximum(free, 0.0))


@feature(
    DEBT_BURDEN, direction=+1, unit="count", needs=(trades,),
    reason=("Credit lines open at other lenders", "在其他机构的信贷账户数"),
    source="T3; several debts (source article)",
)  # fmt: skip
def open_trades_now(windows: Windows) -> Array:
    """Open credit lines at other lenders on the latest report."""
    return statistics.last(windows["open_trades"])


@feature(
    DEBT_BURDEN, direction=+1, unit="count", needs=("open_cards",),
    reason=("Cards open at other lenders", "在其他机构的信用卡数"),
    source="T3; several debts (source article)",
)  # fmt: skip
def open_cards_now(windows: Windows) -> Array:
    """Open revolving lines at other lenders on the latest report."""
    return statistics.last(windows["open_cards"])


@feature(
    DEBT_BURDEN, direction=+1, unit="count", needs=(maxed,),
    reason=("Cards at other lenders that are used up", "在其他机构用满额度的信用卡张数"),
    source="T3; Dunn and Kim (1999): cards at the limit",
)  # fmt: skip
def maxed_cards_now(windows: Windows) -> Array:
    """Cards at other lenders used to 95 % of the limit and more, on the latest report."""
    return statistics.last(maxed(windows))


@feature(
    DEBT_BURDEN, direction=+1, unit="count", needs=(maxed,),
    reason=(
        "Most cards at other lenders used up at the same time in {window}",
        "{window}在其他机构同时用满额度的信用卡最多张数",
    ),
    source="T3; Dunn and Kim (1999): cards at the limit",
)  # fmt: skip
def maxed_cards_max(windows: Windows) -> Array:
    """Largest number of used-up cards at other lenders in the window."""
    return statistics.maximum(maxed(windows))


@feature(
    DEBT_BURDEN, direction=+1, unit="count", needs=("enquiries",),
    reason=("Credit enquiries in 3 months", "近3个月征信查询次数"),
    source="T3; FICO: taking on more debt",
)  # fmt: skip
def enquiries_recent(windows: Windows) -> Array:
    """Credit enquiries of the last three months, as reported by then."""
    return statistics.total(windows["enquiries"][:, -3:])


@feature(
    DEBT_BURDEN, direction=+1, unit="count", needs=("enquiries",),
    reason=("Credit enquiries in {window}", "{window}征信查询次数"),
    source="T3; FICO: taking on more debt",
)  # fmt: skip
def enquiries_total(windows: Windows) -> Array:
    """Credit enquiries of the whole window, as reported by then."""
    return statistics.total(windows["enquiries"])


@feature(
    DEBT_BURDEN, direction=+1, unit="count", needs=(trades,),
    reason=("Credit lines opened elsewhere in 6 months", "近6个月在其他机构新增账户数"),
    source="T3; FICO: taking on more debt",
)  # fmt: skip
def new_trades(windows: Windows) -> Array:
    """Sum of the monthly rises of open lines elsewhere over the last six months."""
    opened = np.diff(trades(windows)[:, -7:], axis=1)
    return statistics.total(np.maximum(opened, 0.0))


@feature(
    DEBT_BURDEN, direction=+1, unit="ratio",
    needs=("other_balance", "balance", "application_income"),
    reason=(
        "Growth of all debt in {window}, against the monthly income stated",
        "{window}总负债增长与申报月收入之比",
    ),
    source="T3; debt spiral", ceiling=INCOME_CEILING,
)  # fmt: skip
def debt_growth_to_stated_income(windows: Windows) -> Array:
    """Latest less first known debt here and elsewhere, over the monthly income stated."""
    debt = windows["balance"] + statistics.carried(windows["other_balance"])
    grown = statistics.last(debt) - statistics.last(debt[:, ::-1])
    return statistics.ratio(grown, windows["application_income"], ceiling=INCOME_CEILING)


@feature(
    DEBT_BURDEN, direction=+1, unit="share", needs=("other_balance", "balance"),
    reason=("Share of all debt that is owed elsewhere", "其他机构欠款占总负债比例"),
    source="T3; several debts (source article)",
)  # fmt: skip
def share_owed_elsewhere(windows: Windows) -> Array:
    """Balances at other lenders over balances here and there."""
    other = statistics.last(windows["other_balance"])
    here = np.maximum(statistics.last(windows["balance"]), 0.0)
    return statistics.ratio(other, other + here, ceiling=1.0)


@feature(
    DEBT_BURDEN, direction=+1, unit="ratio", needs=("balance", "application_income"),
    reason=("Balance against the monthly income stated", "余额与申报月收入之比"),
    source="T3; debt to income", ceiling=INCOME_CEILING,
)  # fmt: skip
def balance_to_stated_income(windows: Windows) -> Array:
    """Latest balance over the monthly income stated at application."""
    balance = statistics.last(windows["balance"])
    return statistics.ratio(balance, windows["application_income"], ceiling=INCOME_CEILING)


@feature(
    DEBT_BURDEN, direction=+1, unit="ratio", needs=("cash_advances", "balance"),
    reason=("Cash advances against the balance", "取现金额与余额之比"),
    source="T3; behavioural scorecards: cash as a share of the debt", ceiling=WHOLE,
)  # fmt: skip
def cash_advances_to_balance(windows: Windows) -> Array:
    """Cash advances of the window over the latest balance, at most 1."""
    cash = statistics.total(windows["cash_advances"])
    return statistics.ratio(cash, statistics.last(windows["balance"]), ceiling=WHOLE)


@feature(
    DEBT_BURDEN, direction=+1, unit="ratio", needs=("interest", "payment"),
    reason=("Interest against payments", "利息占还款比例"),
    source="T3; persistent debt (FCA CP17/10): more paid in interest than in principal",
    ceiling=RATIO_CEILING,
)  # fmt: skip
def interest_to_payments(windows: Windows) -> Array:
    """Interest of the window over its payments."""
    interest = statistics.total(windows["interest"])
    return statistics.ratio(interest, statistics.total(windows["payment"]), ceiling=RATIO_CEILING)


@feature(
    DEBT_BURDEN, direction=+1, unit="count", needs=("interest",),
    reason=("Months with interest charged in {window}", "{window}产生利息的月份数"),
    source="T3; persistent debt (FCA CP17/10)",
)  # fmt: skip
def interest_months(windows: Windows) -> Array:
    """Months with interest on the statement."""
    return statistics.months_with(windows["interest"] > 0)
