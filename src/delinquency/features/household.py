"""Monthly values of the household behind the card: income, what is left of it, what is owed.

They rest on the current account (``cashflows``), the bureau and the statement's minimum due. All
return shape (n_rows, n_months), oldest month first, NaN where an ingredient was not known. A
bureau report arrives late, so its latest known values are carried forward.
"""

import numpy as np

from delinquency.features import statistics
from delinquency.features.catalogue import quantity
from delinquency.features.quantities import RATIO_CEILING, previous
from delinquency.features.statistics import ratio
from delinquency.panel.windows import Array, Windows

ABLE_COVERAGE = 1.5
"""Income after essentials covers the minimum due one and a half times: could pay."""
ABLE_BUFFER = 1.0
"""Deposits carry essentials and the minimum due for a month: could pay."""
BUFFER_CEILING = 24.0
SPENDING_CEILING = 20.0
"""Months; beyond two years a deposit differs by wealth, not by ability to pay."""
MONTHS_PER_YEAR = 12.0


@quantity("salary", "benefits")
def income(windows: Windows) -> Array:
    """Salary and benefit credits."""
    return windows["salary"] + windows["benefits"]


@quantity("salary", "benefits")
def income_log(windows: Windows) -> Array:
    """Natural logarithm of 1 + salary and benefit credits."""
    return np.log1p(income(windows))


@quantity("salary", "benefits")
def usual_income(windows: Windows) -> Array:
    """Highest mean income of three months in a row, up to and with each month.

    What the household earns while it earns: a fall of income is economic pressure, and must not
    make the same debts and outgoings look heavier. Before three months in a row are known it is
    the mean of the known ones.
    """
    received = income(windows)
    runs = np.full_like(received, np.nan)
    runs[:, 2:] = (received[:, 2:] + received[:, 1:-1] + received[:, :-2]) / 3.0
    best = np.fmax.accumulate(runs, axis=1)
    return np.where(np.isfinite(best), best, _so_far(received))


@quantity("salary", "benefits", "essential_outgoings")
def residual_income(windows: Windows) -> Array:
    """Share of the usual income that is left after essentials: (usual - essentials) / usual."""
    left = usual_income(windows) - windows["essential_outgoings"]
    return ratio(left, usual_income(windows), ceiling=RATIO_CEILING)


@quantity("minimum_due", "other_instalments")
def debt_service(windows: Windows) -> Array:
    """Minimum due on this card and instalments elsewhere."""
    return windows["minimum_due"] + statistics.carried(windows["other_instalments"])


@quantity("minimum_due", "other_instalments", "application_income", ceiling=RATIO_CEILING)
def debt_service_to_stated_income(windows: Windows) -> Array:
    """Minimum due on this card and instalments elsewhere, over the income stated at application.

    The stated income stays: a fall of the income received is economic pressure, and must not make
    the same debt look heavier.
    """
    stated = windows["application_income"][:, None]
    return ratio(debt_service(windows), stated, ceiling=RATIO_CEILING)


@quantity("balance", "other_balance", "application_income", ceiling=RATIO_CEILING)
def debt_to_stated_income(windows: Windows) -> Array:
    """Balances here and elsewhere over a year of the income stated at application."""
    debt = windows["balance"] + statistics.carried(windows["other_balance"])
    yearly = MONTHS_PER_YEAR * windows["application_income"][:, None]
    return ratio(debt, yearly, ceiling=RATIO_CEILING)


@quantity("salary", "benefits", "essential_outgoings", "minimum_due", ceiling=RATIO_CEILING)
def coverage(windows: Windows) -> Array:
    """(Income - essentials) over the minimum due that the month's payment had to meet.

    The could-pay index: how many times the minimum could be paid out of the month's income.
    Where nothing was due the month is at the ceiling.
    """
    left = income(windows) - windows["essential_outgoings"]
    return _times(left, previous(windows["minimum_due"]))


@quantity(
    "salary",
    "benefits",
    "essential_outgoings",
    "minimum_due",
    "other_instalments",
    ceiling=RATIO_CEILING,
)
def coverage_after_debts(windows: Windows) -> Array:
    """(Income - essentials - instalments elsewhere) over the minimum due."""
    other = statistics.carried(windows["other_instalments"])
    left = income(windows) - windows["essential_outgoings"] - other
    return _times(left, previous(windows["minimum_due"]))


@quantity("deposit_balance", "essential_outgoings", "minimum_due", ceiling=BUFFER_CEILING)
def buffer(windows: Windows) -> Array:
    """Months of essentials and minimum due that the deposit balance would carry."""
    monthly = windows["essential_outgoings"] + windows["minimum_due"]
    return ratio(np.maximum(windows["deposit_balance"], 0.0), monthly, ceiling=BUFFER_CEILING)


@quantity("salary", "benefits", "other_outgoings", ceiling=SPENDING_CEILING)
def income_to_usual_spending(windows: Windows) -> Array:
    """Income over the accustomed outgoings that are not essential: those of the months so far.

    People keep to their way of life for a while when income falls, so it says what they are used
    to earn.
    """
    return ratio(income(windows), _so_far(windows["other_outgoings"]), ceiling=SPENDING_CEILING)


@quantity("payment", "minimum_due", ceiling=RATIO_CEILING)
def payment_to_minimum(windows: Windows) -> Array:
    """Payment over the minimum due of the statement before; NaN where nothing was due."""
    return ratio(windows["payment"], previous(windows["minimum_due"]), ceiling=RATIO_CEILING)


@quantity("payment", "minimum_due")
def minimum_shortfall(windows: Windows) -> Array:
    """Share of the minimum due that stayed unpaid, 0 to 1; NaN where nothing was due."""
    return np.clip(1.0 - payment_to_minimum(windows), 0.0, 1.0)


@quantity("salary", "benefits", "essential_outgoings", "minimum_due", "deposit_balance")
def able(windows: Windows) -> Array:
    """1 in months in which the minimum due could have been paid, else 0.

    By income (coverage of 1.5 and more) or by the deposits held at the end of the month before
    (a month of essentials and minimum due). NaN where neither is known.
    """
    by_income, by_deposit = coverage(windows), previous(buffer(windows))
    return _either(by_income, by_deposit)


@quantity(
    "salary", "benefits", "essential_outgoings", "minimum_due", "deposit_balance",
    "other_instalments",
)  # fmt: skip
def able_after_debts(windows: Windows) -> Array:
    """1 in months in which the minimum due could have been paid beside all other instalments."""
    return _either(coverage_after_debts(windows), previous(buffer(windows)))


@quantity("payment_date_days_before_month_end", "due_date_days_before_month_end")
def days_before_due(windows: Windows) -> Array:
    """Days by which the first payment came before the due date; below 0 when it came after."""
    paid = windows["payment_date_days_before_month_end"]
    return paid - windows["due_date_days_before_month_end"]


@quantity("worst_status_elsewhere")
def status_elsewhere(windows: Windows) -> Array:
    """Months behind on the worst line at another lender."""
    return statistics.carried(windows["worst_status_elsewhere"])


@quantity("open_trades")
def trades(windows: Windows) -> Array:
    """Open credit lines at other lenders."""
    return statistics.carried(windows["open_trades"])


@quantity("maxed_cards")
def maxed(windows: Windows) -> Array:
    """Cards at other lenders that are used to 95 % of their limit and more."""
    return statistics.carried(windows["maxed_cards"])


@quantity("other_balance")
def debt_elsewhere_log(windows: Windows) -> Array:
    """Natural logarithm of 1 + balances at other lenders."""
    return np.log1p(statistics.carried(windows["other_balance"]))


def _so_far(values: Array) -> Array:
    """Return the mean of the known months up to and with each."""
    known = np.isfinite(values)
    sums = np.cumsum(np.where(known, values, 0.0), axis=1)
    n = np.cumsum(known, axis=1)
    return np.where(n > 0, sums / np.maximum(n, 1), np.nan)


def _times(amount: Array, due: Array) -> Array:
    """Return how many times an amount covers what is due; the ceiling where nothing is due."""
    times = ratio(amount, due, ceiling=RATIO_CEILING)
    return np.where((due <= 0) & np.isfinite(amount), RATIO_CEILING, times)


def _either(by_income: Array, by_deposit: Array) -> Array:
    """Return 1 where income or deposits suffice, 0 where not, NaN where neither is known."""
    enough = (by_income >= ABLE_COVERAGE) | (by_deposit >= ABLE_BUFFER)
    known = np.isfinite(by_income) | np.isfinite(by_deposit)
    return np.where(known, enough.astype(np.float64), np.nan)
