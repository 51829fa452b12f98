"""T6, irrational consumption: purchases that outgrow payments; proxies where only bills exist."""

import numpy as np

from delinquency.features import statistics
from delinquency.features.catalogue import feature, summarise
from delinquency.features.quantities import (
    RATIO_CEILING,
    charges_to_limit,
    new_charges,
    payment_ratio,
    previous,
    utilization,
)
from delinquency.traits import SPENDING_BEHAVIOR
from delinquency.windows import Array, Windows

GROWTH = "T6; Huse et al. (EMAC 2020): purchases while debt is carried"

summarise(
    charges_to_limit,
    SPENDING_BEHAVIOR,
    direction=0,
    unit="ratio",
    reason=("New charges against the limit", "新增消费占额度比例"),
    source="T6; spending level and swings; includes interest and fees, so a proxy",
    summaries=("last", "step", "mean", "max", "std", "trend", "change"),
)


@feature(
    SPENDING_BEHAVIOR, direction=0, unit="ratio", needs=(new_charges, "payment"),
    reason=("New charges against payments", "新增消费与还款之比"), source=GROWTH,
)  # fmt: skip
def charges_to_payments(windows: Windows) -> Array:
    """All new charges over all payments of the window."""
    charges = statistics.total(new_charges(windows))
    return statistics.ratio(charges, statistics.total(windows["payment"]), ceiling=RATIO_CEILING)


@feature(
    SPENDING_BEHAVIOR, direction=0, unit="ratio", needs=(new_charges, "payment"),
    reason=("Recent new charges against payments", "近三个月新增消费与还款之比"), source=GROWTH,
)  # fmt: skip
def charges_to_payments_recent(windows: Windows) -> Array:
    """New charges of the last three months over their payments."""
    charges = statistics.total(new_charges(windows)[:, -3:])
    paid = statistics.total(windows["payment"][:, -3:])
    return statistics.ratio(charges, paid, ceiling=RATIO_CEILING)


@feature(
    SPENDING_BEHAVIOR, direction=0, unit="score", needs=(new_charges,),
    reason=("Largest recent charge against the usual", "近期最大消费偏离常态程度"),
    source="T6; impulsive spikes",
)  # fmt: skip
def charges_spike(windows: Windows) -> Array:
    """Largest charges of the last three months less the mean, in standard deviations."""
    charges = new_charges(windows)
    above = statistics.maximum(charges[:, -3:]) - statistics.mean(charges)
    return statistics.ratio(above, statistics.deviation(charges), ceiling=RATIO_CEILING)


@feature(
    SPENDING_BEHAVIOR, direction=0, unit="ratio", needs=(new_charges,),
    reason=("Unsteadiness of new charges", "新增消费波动程度"), source="T6; impulsive spikes",
)  # fmt: skip
def charges_variation(windows: Windows) -> Array:
    """Standard deviation over mean of the new charges."""
    charges = new_charges(windows)
    return statistics.ratio(
        statistics.deviation(charges), statistics.mean(charges), ceiling=RATIO_CEILING
    )


@feature(
    SPENDING_BEHAVIOR, direction=0, unit="ratio", needs=(charges_to_limit, payment_ratio),
    reason=("New charges while debt was carried", "有结转余额时的新增消费"), source=GROWTH,
)  # fmt: skip
def charges_while_revolving(windows: Windows) -> Array:
    """Mean charges over the limit in months in which less than 20 % of the bill was paid."""
    carried = payment_ratio(windows) < 0.2
    return statistics.mean(np.where(carried, charges_to_limit(windows), np.nan))


@feature(
    SPENDING_BEHAVIOR, direction=0, unit="count", needs=(new_charges, "payment"),
    reason=("Months in which charges exceeded the payment", "消费超过还款的月份数"),
    source=GROWTH,
)  # fmt: skip
def overspent_months(windows: Windows) -> Array:
    """Months whose new charges were larger than the payment."""
    return statistics.months_with(new_charges(windows) > windows["payment"])


@feature(
    SPENDING_BEHAVIOR, direction=0, unit="count", needs=(utilization, new_charges),
    reason=("Months pushed over the limit by purchases", "因消费超出额度的月份数"), source=GROWTH,
)  # fmt: skip
def over_limit_by_charges(windows: Windows) -> Array:
    """Months that went from under to over the limit while new charges were made."""
    used = utilization(windows)
    crossed = (used > 1.0) & (previous(used) <= 1.0) & (new_charges(windows) > 0)
    return statistics.months_with(crossed)


@feature(
    SPENDING_BEHAVIOR, direction=0, unit="ratio", needs=(charges_to_limit,),
    reason=("New charges against the credit still free", "新增消费占剩余额度比例"),
    source="T6; Gross and Souleles (QJE 2002): spending out of free credit",
)  # fmt: skip
def charges_of_headroom(windows: Windows) -> Array:
    """Latest new charges over the credit that was free a month before."""
    free = (windows["credit_limit"] - windows["balance"])[:, -2]
    return statistics.ratio(new_charges(windows)[:, -1], np.maximum(free, 1.0), ceiling=2.0)
