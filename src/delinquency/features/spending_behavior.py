"""T6, irrational consumption: purchases that outgrow payments; proxies where only bills exist."""

import numpy as np

from delinquency.features import statistics
from delinquency.features.catalogue import feature, summarise
from delinquency.features.household import usual_income
from delinquency.features.quantities import (
    RATIO_CEILING,
    charges_to_limit,
    new_charges,
    payment_ratio,
    previous,
    utilization,
)
from delinquency.panel.windows import Array, Windows
from delinquency.traits import SPENDING_BEHAVIOR

PROMOTION = "T6; easily attracted by promotions (source article)"
HIGH_VALUE = "T6; borrows to buy high-value goods (source article)"
SPIKES = "T6; impulsive spikes, net of the season"
FESTIVAL_MONTHS = (1, 2, 6, 11, 12)
_FESTIVAL = np.isin(np.arange(13), FESTIVAL_MONTHS)
"""Calendar months of the Chinese New Year and of the 6.18, 11.11 and 12.12 sales."""
LINE_CEILING = 2.0
"""Purchases against a credit line, or a part of it, are clipped here."""
GROWTH = "T6; Huse et al. (EMAC 2020): purchases while debt is carried"

summarise(
    charges_to_limit,
    SPENDING_BEHAVIOR,
    direction=+1,
    unit="ratio",
    reason=("New charges against the limit", "新增消费占额度比例"),
    source="T6; spending level and swings; includes interest and fees, so a proxy",
    summaries=("last", "step", "mean", "max", "std", "trend", "change"),
    earlier=True,
)


@feature(
    SPENDING_BEHAVIOR, direction=0, unit="ratio", needs=(new_charges, "payment"),
    reason=("New charges against payments in {window}", "{window}新增消费与还款之比"),
    source=GROWTH, ceiling=RATIO_CEILING,
)  # fmt: skip
def charges_to_payments(windows: Windows) -> Array:
    """All new charges over all payments of the window."""
    charges = statistics.total(new_charges(windows))
    return statistics.ratio(charges, statistics.total(windows["payment"]), ceiling=RATIO_CEILING)


@feature(
    SPENDING_BEHAVIOR, direction=0, unit="ratio", needs=(new_charges, "payment"),
    reason=(
        "New charges against payments in 3 months", "近3个月新增消费与还款之比",
    ), source=GROWTH,
    ceiling=RATIO_CEILING,
)  # fmt: skip
def charges_to_payments_recent(windows: Windows) -> Array:
    """New charges of the last three months over their payments."""
    charges = statistics.total(new_charges(windows)[:, -3:])
    paid = statistics.total(windows["payment"][:, -3:])
    return statistics.ratio(charges, paid, ceiling=RATIO_CEILING)


@feature(
    SPENDING_BEHAVIOR, direction=0, unit="score", needs=(new_charges,),
    reason=(
        "Highest month of charges in 3 months, in standard deviations above the mean",
        "近3个月最高月消费高出均值的标准差倍数",
    ),
    source="T6; impulsive spikes",
)  # fmt: skip
def charges_spike(windows: Windows) -> Array:
    """Largest charges of the last three months less the mean, in standard deviations."""
    charges = new_charges(windows)
    above = statistics.maximum(charges[:, -3:]) - statistics.mean(charges)
    return statistics.ratio(above, statistics.deviation(charges), ceiling=RATIO_CEILING)


@feature(
    SPENDING_BEHAVIOR, direction=+1, unit="ratio", needs=(new_charges,),
    reason=("Usual swing of new charges around their average", "新增消费围绕均值的波动幅度"),
    source="T6; impulsive spikes",
)  # fmt: skip
def charges_variation(windows: Windows) -> Array:
    """Standard deviation over mean of the new charges."""
    charges = new_charges(windows)
    return statistics.ratio(
        statistics.deviation(charges), statistics.mean(charges), ceiling=RATIO_CEILING
    )


@feature(
    SPENDING_BEHAVIOR, direction=0, unit="ratio", needs=(charges_to_limit, payment_ratio),
    reason=(
        "Monthly charges against the limit, while debt was carried",
        "有结转余额时每月新增消费占额度比例",
    ),
    source=GROWTH,
)  # fmt: skip
def charges_while_revolving(windows: Windows) -> Array:
    """Mean charges over the limit in months in which less than 20 % of the bill was paid."""
    carried = payment_ratio(windows) < 0.2
    return statistics.mean(np.where(carried, charges_to_limit(windows), np.nan))


@feature(
    SPENDING_BEHAVIOR, direction=0, unit="count", needs=(new_charges, "payment"),
    reason=(
        "Months in which charges exceeded the payment in {window}",
        "{window}消费超过还款的月份数",
    ),
    source=GROWTH,
)  # fmt: skip
def overspent_months(windows: Windows) -> Array:
    """Months whose new charges were larger than the payment."""
    return statistics.months_with(new_charges(windows) > windows["payment"])


@feature(
    SPENDING_BEHAVIOR, direction=0, unit="count", needs=(utilization, new_charges),
    reason=(
        "Months pushed over the limit by purchases in {window}",
        "{window}因消费超出额度的月份数",
    ), source=GROWTH,
)  # fmt: skip
def over_limit_by_charges(windows: Windows) -> Array:
    """Months that went from under to over the limit while new charges were made."""
    used = utilization(windows)
    crossed = (used > 1.0) & (previous(used) <= 1.0) & (new_charges(windows) > 0)
    return statistics.months_with(crossed)


@feature(
    SPENDING_BEHAVIOR, direction=0, unit="ratio", needs=(charges_to_limit,),
    reason=("New charges against the credit still available", "新增消费占剩余额度比例"),
    source="T6; Gross and Souleles (QJE 2002): spending out of free credit",
    ceiling=LINE_CEILING,
)  # fmt: skip
def charges_of_headroom(windows: Windows) -> Array:
    """Latest new charges over the credit that was free a month before."""
    free = (windows["credit_limit"] - windows["balance"])[:, -2]
    return statistics.ratio(
        new_charges(windows)[:, -1], np.maximum(free, 1.0), ceiling=LINE_CEILING
    )


def _share_of_spend(windows: Windows, name: str) -> Array:
    """Return an event sum over all card purchases, of the last six months."""
    part = statistics.total(windows[name][:, -6:])
    return statistics.ratio(part, statistics.total(windows["card_spend"][:, -6:]), ceiling=1.0)


def _off_season(windows: Windows) -> Array:
    """Return card purchases of ordinary months; NaN in months of festivals and sales."""
    festival = _FESTIVAL[windows.calendar_month()]
    return np.where(festival, np.nan, windows["card_spend"])


@feature(
    SPENDING_BEHAVIOR, direction=+1, unit="share", needs=("promotion_spend", "card_spend"),
    reason=("Share of purchases made under promotions", "促销消费占比"), source=PROMOTION,
)  # fmt: skip
def promotion_share(windows: Windows) -> Array:
    """Purchases under promotions over all card purchases of the last six months."""
    return _share_of_spend(windows, "promotion_spend")


@feature(
    SPENDING_BEHAVIOR, direction=+1, unit="share", needs=("instalment_spend", "card_spend"),
    reason=("Share of purchases made on instalments", "分期消费占比"), source=HIGH_VALUE,
)  # fmt: skip
def instalment_share(windows: Windows) -> Array:
    """Purchases on instalments over all card purchases of the last six months."""
    return _share_of_spend(windows, "instalment_spend")


@feature(
    SPENDING_BEHAVIOR, direction=+1, unit="share", needs=("luxury_spend", "card_spend"),
    reason=("Share of purchases that are high-value goods", "高价值商品消费占比"),
    source=HIGH_VALUE,
)  # fmt: skip
def luxury_share(windows: Windows) -> Array:
    """Luxury, electronics, travel and jewellery over all card purchases of six months."""
    return _share_of_spend(windows, "luxury_spend")


@feature(
    SPENDING_BEHAVIOR, direction=+1, unit="ratio", needs=("luxury_spend", "card_spend"),
    reason=("Rise of the share of high-value goods", "高价值商品消费占比上升幅度"),
    source=HIGH_VALUE,
)  # fmt: skip
def luxury_share_rise(windows: Windows) -> Array:
    """Share of high-value goods in the last three months less that of the window."""
    luxury, spend = windows["luxury_spend"], windows["card_spend"]
    recent = statistics.ratio(
        statistics.total(luxury[:, -3:]), statistics.total(spend[:, -3:]), ceiling=1.0
    )
    return recent - statistics.ratio(
        statistics.total(luxury), statistics.total(spend), ceiling=1.0
    )


@feature(
    SPENDING_BEHAVIOR, direction=+1, unit="ratio",
    needs=("high_ticket_instalment_spend", "application_income"),
    reason=("Large purchases on instalments against income", "大额分期消费与月收入之比"),
    source=HIGH_VALUE,
    ceiling=RATIO_CEILING,
)  # fmt: skip
def high_ticket_instalments(windows: Windows) -> Array:
    """Instalment purchases of half a monthly income and more, in six months, over that income."""
    bought = statistics.total(windows["high_ticket_instalment_spend"][:, -6:])
    return statistics.ratio(bought, windows["application_income"], ceiling=RATIO_CEILING)


@feature(
    SPENDING_BEHAVIOR, direction=0, unit="share", needs=("high_ticket_spend", "card_spend"),
    reason=("Share of purchases that are large", "大额消费占比"), source=HIGH_VALUE,
)  # fmt: skip
def high_ticket_share(windows: Windows) -> Array:
    """Purchases of half a monthly income and more over all card purchases of six months."""
    return _share_of_spend(windows, "high_ticket_spend")


@feature(
    SPENDING_BEHAVIOR, direction=+1, unit="ratio", needs=("cash_advances", "credit_limit"),
    reason=("Cash advances against the limit", "取现金额占额度比例"),
    source="T6; behavioural scorecards: flow of cash advances",
    ceiling=RATIO_CEILING,
)  # fmt: skip
def cash_advance_flow(windows: Windows) -> Array:
    """Cash advances of the last six months over the latest limit."""
    cash = statistics.total(windows["cash_advances"][:, -6:])
    limit = statistics.last(windows["credit_limit"])
    return statistics.ratio(cash, limit, ceiling=RATIO_CEILING)


@feature(
    SPENDING_BEHAVIOR, direction=+1, unit="count", needs=("cash_advances",),
    reason=("Months with a cash advance in {window}", "{window}有取现的月份数"),
    source="T6; behavioural scorecards: flow of cash advances",
)  # fmt: skip
def cash_advance_months(windows: Windows) -> Array:
    """Months in which cash was drawn on the card."""
    return statistics.months_with(windows["cash_advances"] > 0)


@feature(
    SPENDING_BEHAVIOR, direction=+1, unit="score", needs=("card_spend",),
    reason=(
        "Highest spending in 3 months, sales seasons apart, in standard deviations above the mean",
        "近3个月非促销季最高月消费高出均值的标准差倍数",
    ),
    source=SPIKES,
)  # fmt: skip
def spend_spike(windows: Windows) -> Array:
    """Highest of the last three months' purchases less the mean, in standard deviations.

    Months of festivals and sales are left out of all three; 0 when the last three are such.
    """
    ordinary = _off_season(windows)
    above = statistics.maximum(ordinary[:, -3:]) - statistics.mean(ordinary)
    score = statistics.ratio(above, statistics.deviation(ordinary), ceiling=RATIO_CEILING)
    seen = np.isfinite(ordinary[:, -3:]).any(axis=1)
    return np.where(seen, score, np.where(np.isfinite(ordinary).any(axis=1), 0.0, np.nan))


@feature(
    SPENDING_BEHAVIOR, direction=+1, unit="ratio", needs=("card_spend",),
    reason=(
        "Usual swing of spending around its average, outside sales seasons",
        "非促销季消费围绕均值的波动幅度",
    ),
    source=SPIKES,
)  # fmt: skip
def spend_variation(windows: Windows) -> Array:
    """Standard deviation over mean of the purchases, months of festivals and sales left out."""
    ordinary = _off_season(windows)
    spread, level = statistics.deviation(ordinary), statistics.mean(ordinary)
    return statistics.ratio(spread, level, ceiling=RATIO_CEILING)


@feature(
    SPENDING_BEHAVIOR, direction=+1, unit="ratio", needs=("card_spend",),
    reason=("Rise of spending in sales seasons", "促销季消费增幅"), source=PROMOTION,
    ceiling=RATIO_CEILING - 1.0,
)  # fmt: skip
def festival_uplift(windows: Windows) -> Array:
    """Mean purchases of festival and sales months over those of other months, less 1."""
    festival = _FESTIVAL[windows.calendar_month()]
    during = statistics.mean(np.where(festival, windows["card_spend"], np.nan))
    usual = statistics.mean(_off_season(windows))
    return statistics.ratio(during, usual, ceiling=RATIO_CEILING) - 1.0


@feature(
    SPENDING_BEHAVIOR, direction=+1, unit="ratio", needs=("purchases", usual_income),
    reason=("Purchases against income", "消费占收入比例"),
    source="T6; spending beyond one's means",
    ceiling=RATIO_CEILING,
)  # fmt: skip
def purchases_to_income(windows: Windows) -> Array:
    """Mean purchases of the last six months over usual monthly income."""
    bought = statistics.mean(windows["purchases"][:, -6:])
    return statistics.ratio(bought, statistics.last(usual_income(windows)), ceiling=RATIO_CEILING)


@feature(
    SPENDING_BEHAVIOR, direction=0, unit="ratio", needs=("purchases", "payment"),
    reason=("Purchases against payments in 3 months", "近3个月消费与还款之比"), source=GROWTH,
    ceiling=RATIO_CEILING,
)  # fmt: skip
def purchases_to_payments(windows: Windows) -> Array:
    """Purchases of the last three months over their payments."""
    bought = statistics.total(windows["purchases"][:, -3:])
    paid = statistics.total(windows["payment"][:, -3:])
    return statistics.ratio(bought, paid, ceiling=RATIO_CEILING)


@feature(
    SPENDING_BEHAVIOR, direction=+1, unit="ratio", needs=("purchases", payment_ratio),
    reason=(
        "Monthly purchases against the limit, while debt was carried",
        "有结转余额时每月购物金额占额度比例",
    ),
    source=GROWTH, ceiling=LINE_CEILING,
)  # fmt: skip
def purchases_while_revolving(windows: Windows) -> Array:
    """Mean purchases over the limit in months in which less than 20 % of the bill was paid.

    0 when there was no such month.
    """
    carried = payment_ratio(windows) < 0.2
    to_limit = statistics.ratio(
        windows["purchases"], windows["credit_limit"], ceiling=LINE_CEILING
    )
    bought = statistics.mean(np.where(carried, to_limit, np.nan))
    return np.where(carried.any(axis=1), bought, 0.0)


@feature(
    SPENDING_BEHAVIOR, direction=+1, unit="ratio", needs=("purchases", "credit_limit"),
    reason=(
        "Rise of purchases after a raised limit, against the raise",
        "提额后消费增加额占提额比例",
    ),
    source="T6; Gross and Souleles (QJE 2002): spending out of free credit", ceiling=LINE_CEILING,
)  # fmt: skip
def limit_rise_response(windows: Windows) -> Array:
    """Purchases of two months after the latest limit rise less two before, over the rise.

    0 without a rise, or when the two months after are not over yet.
    """
    limit, bought = windows["credit_limit"], windows["purchases"]
    out = np.zeros(len(limit))
    for month in range(2, windows.n_months - 1):
        rise = limit[:, month] - limit[:, month - 1]
        more = bought[:, month : month + 2].sum(axis=1) - bought[:, month - 2 : month].sum(axis=1)
        answer = statistics.ratio(more, rise, ceiling=LINE_CEILING)
        out = np.where(rise > 0, answer, out)
    return out


@feature(
    SPENDING_BEHAVIOR, direction=0, unit="count", needs=("purchase_count",),
    reason=("Purchases a month", "每月消费笔数"), source="T6; level of consumption",
)  # fmt: skip
def purchases_per_month(windows: Windows) -> Array:
    """Mean number of card transactions a month, of the last six months."""
    return statistics.mean(windows["purchase_count"][:, -6:])


@feature(
    SPENDING_BEHAVIOR, direction=0, unit="log money", needs=("card_spend", "purchase_count"),
    reason=("Average size of a purchase", "单笔平均消费额"), source=HIGH_VALUE,
)  # fmt: skip
def ticket_log(windows: Windows) -> Array:
    """Natural logarithm of 1 + purchases per transaction, of the last six months."""
    spend = statistics.total(windows["card_spend"][:, -6:])
    n = statistics.total(windows["purchase_count"][:, -6:])
    return np.log1p(statistics.ratio(spend, n, ceiling=np.inf))
