"""T1, poor economic condition: income, and what statements betray of it where income is unseen."""

import numpy as np

from delinquency.features import statistics
from delinquency.features.catalogue import feature, summarise
from delinquency.features.household import income, income_log, income_to_usual_spending
from delinquency.features.quantities import RATIO_CEILING, charges_to_limit, new_charges
from delinquency.panel.windows import Array, Windows
from delinquency.traits import ECONOMIC_CONDITION

BELT = "T1; spending falls before payments do: belt-tightening"
INCOME_LOSS = "T1; Ganong and Noel (QJE 2023): most default follows a fall of income"
JOB_LOSS = "T1; Gerardi et al. (RFS 2018): job loss and default"
UNEMPLOYMENT = "T1; Agarwal and Liu: county unemployment and card delinquency"
PUBLICATION_LAG = 2
"""Months after which a regional unemployment rate has been published."""

summarise(
    income_log,
    ECONOMIC_CONDITION,
    direction=-1,
    unit="log money",
    reason=("Monthly income", "月收入"),
    source=INCOME_LOSS,
    summaries=("last", "step", "mean", "min", "trend", "change"),
    actionable=False,
)

summarise(
    income_to_usual_spending,
    ECONOMIC_CONDITION,
    direction=-1,
    unit="ratio",
    reason=("Income against usual outgoings beyond essentials", "收入与平时非必要支出之比"),
    source=INCOME_LOSS,
    summaries=("last",),  # one column: spending gives it a second trait
    actionable=False,
)


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
    reason=(
        "Fall of charges in 3 months, against {window}", "近3个月消费较{window}下降幅度",
    ), source=BELT,
)  # fmt: skip
def charges_contraction(windows: Windows) -> Array:
    """1 - mean charges of the last three months over the mean of the window."""
    charges = new_charges(windows)
    recent = statistics.mean(charges[:, -3:])
    return 1.0 - statistics.ratio(recent, statistics.mean(charges), ceiling=5.0)


@feature(
    ECONOMIC_CONDITION, direction=0, unit="ratio", needs=("payment",),
    reason=(
        "Fall of payments in 3 months, against {window}", "近3个月还款较{window}下降幅度",
    ), source=BELT,
)  # fmt: skip
def payment_contraction(windows: Windows) -> Array:
    """1 - mean payment of the last three months over the mean of the window."""
    payment = windows["payment"]
    recent = statistics.mean(payment[:, -3:])
    return 1.0 - statistics.ratio(recent, statistics.mean(payment), ceiling=5.0)


@feature(
    ECONOMIC_CONDITION, direction=0, unit="ratio", needs=("payment",),
    reason=("Latest payment against the largest one", "最近还款与最高还款之比"), source=BELT,
)  # fmt: skip
def payment_to_best(windows: Windows) -> Array:
    """Latest payment over the largest of the window."""
    payment = windows["payment"]
    return statistics.ratio(statistics.last(payment), statistics.maximum(payment), ceiling=1.0)


@feature(
    ECONOMIC_CONDITION, direction=0, unit="count", needs=("balance", "payment"),
    reason=("Months without any use of the account in {window}", "{window}账户无使用的月份数"),
    actionable=False,
    source="T1; an idle account may be a hidden one: proxy only",
)  # fmt: skip
def idle_months(windows: Windows) -> Array:
    """Months with neither balance nor payment."""
    idle = (windows["balance"] == 0) & (windows["payment"] == 0)
    return statistics.months_with(idle)


@feature(
    ECONOMIC_CONDITION, direction=-1, unit="log money", needs=("payment",),
    reason=("All payments in {window}", "{window}还款总额"),
    source="T1; the sum that could be raised: proxy of means",
)  # fmt: skip
def payments_log(windows: Windows) -> Array:
    """Natural logarithm of 1 + the sum of all payments of the window."""
    return np.log1p(statistics.total(windows["payment"]))


@feature(
    ECONOMIC_CONDITION, direction=-1, unit="log money", needs=(new_charges,),
    reason=("New charges in {window}", "{window}新增消费总额"),
    source="T1; level of consumption as proxy of income",
)  # fmt: skip
def charges_log(windows: Windows) -> Array:
    """Natural logarithm of 1 + all new charges of the window."""
    return np.log1p(statistics.total(new_charges(windows)))


@feature(
    ECONOMIC_CONDITION, direction=0, unit="count", needs=(charges_to_limit,),
    reason=("Months almost without new charges in {window}", "{window}几乎无新增消费的月份数"),
    source=BELT,
)  # fmt: skip
def quiet_months(windows: Windows) -> Array:
    """Months with new charges below 1 % of the limit."""
    return statistics.months_with(charges_to_limit(windows) < 0.01)


@feature(
    ECONOMIC_CONDITION, direction=-1, unit="log money", needs=("application_income",),
    reason=("Monthly income stated at application", "申请时申报的月收入"), actionable=False,
    source="T1; application scorecards",
)  # fmt: skip
def application_income_log(windows: Windows) -> Array:
    """Natural logarithm of 1 + the monthly income stated at application."""
    return np.log1p(windows["application_income"])


@feature(
    ECONOMIC_CONDITION, direction=+1, unit="share", needs=(income,),
    reason=("Fall of income against earlier months", "收入较此前下降比例"), source=INCOME_LOSS,
    actionable=False,
)  # fmt: skip
def income_drop(windows: Windows) -> Array:
    """1 - mean income of the last three months over that of the earlier ones, from 0 to 1.

    The earlier months end six months ago where the window has nine months or more.
    """
    received = income(windows)
    gap = 6 if windows.n_months >= 9 else 3
    recent, before = statistics.mean(received[:, -3:]), statistics.mean(received[:, :-gap])
    return np.clip(1.0 - statistics.ratio(recent, before, ceiling=5.0), 0.0, 1.0)


@feature(
    ECONOMIC_CONDITION, direction=-1, unit="ratio", needs=(income, "application_income"),
    reason=("Recent income against that stated at application", "近期收入与申报收入之比"),
    source=INCOME_LOSS, actionable=False, ceiling=RATIO_CEILING,
)  # fmt: skip
def income_to_stated(windows: Windows) -> Array:
    """Mean income of the last three months over the income stated at application."""
    recent = statistics.mean(income(windows)[:, -3:])
    return statistics.ratio(recent, windows["application_income"], ceiling=RATIO_CEILING)


@feature(
    ECONOMIC_CONDITION, direction=+1, unit="count", needs=("salary",),
    reason=("Months without a salary in 6 months", "近6个月未发薪月份数"),
    source=JOB_LOSS, actionable=False,
)  # fmt: skip
def salary_missed_months(windows: Windows) -> Array:
    """Months of the last six in which no salary came in."""
    return statistics.months_with(windows["salary"][:, -6:] == 0)


@feature(
    ECONOMIC_CONDITION, direction=+1, unit="months", needs=("salary",),
    reason=("Months in a row without a salary, up to now", "截至目前连续未发薪月数"),
    source=JOB_LOSS, actionable=False,
)  # fmt: skip
def salary_missed_streak(windows: Windows) -> Array:
    """Months in a row without a salary, up to and with the last."""
    return statistics.streak(windows["salary"] == 0)


@feature(
    ECONOMIC_CONDITION, direction=0, unit="ratio", needs=("salary",),
    reason=("Latest salary against the highest one", "最近工资与最高工资之比"), source=JOB_LOSS,
    actionable=False,
)  # fmt: skip
def salary_to_usual(windows: Windows) -> Array:
    """Latest salary over the largest of the window."""
    salary = windows["salary"]
    return statistics.ratio(statistics.last(salary), statistics.maximum(salary), ceiling=1.0)


@feature(
    ECONOMIC_CONDITION, direction=0, unit="days", needs=("salary_day",),
    reason=("Delay of the latest salary against the usual day", "最近发薪日较平时推迟天数"),
    source="T1; a salary that comes later foreshadows one that does not come", actionable=False,
)  # fmt: skip
def salary_delay(windows: Windows) -> Array:
    """Latest salary day less the mean salary day of the window."""
    return statistics.change(windows["salary_day"])


@feature(
    ECONOMIC_CONDITION, direction=+1, unit="share", needs=(income, "benefits"),
    reason=("Share of income that is benefits", "补助金占收入比例"),
    source="T1; Khandani, Kim and Lo (2010): transaction-based credit models", actionable=False,
)  # fmt: skip
def benefit_share(windows: Windows) -> Array:
    """Benefits over all income of the last six months."""
    benefits = statistics.total(windows["benefits"][:, -6:])
    return statistics.ratio(benefits, statistics.total(income(windows)[:, -6:]), ceiling=1.0)


@feature(
    ECONOMIC_CONDITION, direction=+1, unit="percent", needs=("regional_unemployment",),
    reason=("Unemployment in the region", "当地失业率"), source=UNEMPLOYMENT, actionable=False,
)  # fmt: skip
def unemployment_rate(windows: Windows) -> Array:
    """Regional unemployment rate of two months ago: what had been published by then."""
    return statistics.last(windows["regional_unemployment"][:, :-PUBLICATION_LAG])


@feature(
    ECONOMIC_CONDITION, direction=+1, unit="percent", needs=("regional_unemployment",),
    reason=("Rise of unemployment in the region", "当地失业率上升幅度"), source=UNEMPLOYMENT,
    actionable=False,
)  # fmt: skip
def unemployment_change(windows: Windows) -> Array:
    """Published regional unemployment rate less the first known one of the window."""
    published = windows["regional_unemployment"][:, :-PUBLICATION_LAG]
    return statistics.last(published) - statistics.last(published[:, ::-1])


@feature(
    ECONOMIC_CONDITION, direction=0, unit="share", needs=("essential_spend", "card_spend"),
    reason=("Share of card purchases that are essential", "刷卡消费中必需品占比"),
    source="T1; Engel: essentials take a larger share of a smaller budget",
)  # fmt: skip
def essential_card_share(windows: Windows) -> Array:
    """Card purchases of groceries, utilities and the like over all of the last six months."""
    essential = statistics.total(windows["essential_spend"][:, -6:])
    return statistics.ratio(
        essential, statistics.total(windows["card_spend"][:, -6:]), ceiling=1.0
    )


@feature(
    ECONOMIC_CONDITION, direction=0, unit="ratio", needs=("purchases", "balance"),
    reason=("Fall of purchases while debt did not fall", "欠款未降而消费收缩幅度"), source=BELT,
)  # fmt: skip
def purchases_contraction(windows: Windows) -> Array:
    """1 - mean purchases of three months over the window's; 0 where the balance fell."""
    purchases, balance = windows["purchases"], windows["balance"]
    recent = statistics.mean(purchases[:, -3:])
    fall = 1.0 - statistics.ratio(recent, statistics.mean(purchases), ceiling=5.0)
    return np.where(statistics.change(balance) >= 0, fall, 0.0)


@feature(
    ECONOMIC_CONDITION, direction=+1, unit="share", needs=("deposit_balance",),
    reason=("Savings used up since their highest point", "存款较最高点减少比例"),
    source="T1; savings are drawn down when income falls",
)  # fmt: skip
def savings_drawdown(windows: Windows) -> Array:
    """1 - latest deposit balance over the largest of the window, from 0 to 1."""
    deposits = np.maximum(windows["deposit_balance"], 0.0)
    kept = statistics.ratio(statistics.last(deposits), statistics.maximum(deposits), ceiling=1.0)
    return 1.0 - kept
