"""Monthly values that the traits' features are made of, derived from the statement columns.

All return shape (n_rows, n_months), oldest month first, NaN where an ingredient was not known.
"""

import numpy as np

from delinquency.features.catalogue import quantity
from delinquency.features.statistics import ratio
from delinquency.panel.schema import DAYS_A_MONTH
from delinquency.panel.windows import Array, Windows

RATIO_CEILING = 5.0
"""Ratios of payments and charges are clipped here: beyond it they differ by noise alone."""
PAYMENT_CEILING = 2.0
"""So are payments against what they pay off: twice as much is more than all."""


def previous(values: Array) -> Array:
    """Return each month's predecessor; NaN in the first month."""
    out = np.full_like(values, np.nan)
    out[:, 1:] = values[:, :-1]
    return out


@quantity("balance", "credit_limit", ceiling=RATIO_CEILING)
def utilization(windows: Windows) -> Array:
    """Balance over credit limit."""
    return ratio(windows["balance"], windows["credit_limit"], ceiling=RATIO_CEILING)


@quantity("balance")
def balance_log(windows: Windows) -> Array:
    """Natural logarithm of 1 + balance; 0 when nothing is owed."""
    return np.log1p(np.maximum(windows["balance"], 0.0))


@quantity("payment")
def payment_log(windows: Windows) -> Array:
    """Natural logarithm of 1 + payment."""
    return np.log1p(windows["payment"])


@quantity("payment", "balance", ceiling=PAYMENT_CEILING)
def payment_ratio(windows: Windows) -> Array:
    """Payment over the balance of the statement before, which it settles."""
    return ratio(windows["payment"], previous(windows["balance"]), ceiling=PAYMENT_CEILING)


@quantity("payment", "credit_limit", ceiling=PAYMENT_CEILING)
def payment_to_limit(windows: Windows) -> Array:
    """Payment over credit limit."""
    return ratio(windows["payment"], windows["credit_limit"], ceiling=PAYMENT_CEILING)


@quantity("balance", "payment")
def new_charges(windows: Windows) -> Array:
    """Charges implied by the statements: balance - balance before + payment, at least 0.

    They include interest and fees, so they are charges, not purchases.
    """
    implied = windows["balance"] - previous(windows["balance"]) + windows["payment"]
    return np.maximum(implied, 0.0)


@quantity("balance", "payment", "credit_limit", ceiling=RATIO_CEILING)
def charges_to_limit(windows: Windows) -> Array:
    """New charges over credit limit."""
    return ratio(new_charges(windows), windows["credit_limit"], ceiling=RATIO_CEILING)


@quantity("balance", "payment", "credit_limit", ceiling=PAYMENT_CEILING)
def net_repayment_to_limit(windows: Windows) -> Array:
    """Payment less new charges, over credit limit: how fast the debt is paid down."""
    net = windows["payment"] - new_charges(windows)
    return ratio(net, windows["credit_limit"], ceiling=PAYMENT_CEILING)


@quantity("balance", "payment")
def unpaid_log(windows: Windows) -> Array:
    """Natural logarithm of 1 + what stayed unpaid of the statement before."""
    return np.log1p(np.maximum(previous(windows["balance"]) - windows["payment"], 0.0))


@quantity("days_past_due")
def months_behind(windows: Windows) -> Array:
    """Days past due in months of 30 days."""
    return windows["days_past_due"] / DAYS_A_MONTH


@quantity("repayment_status")
def settled_status(windows: Windows) -> Array:
    """How the bill was settled: -2 no use, -1 paid in full, 0 balance carried or behind.

    The status code without the months behind, which are the credit record's.
    """
    return np.minimum(windows["repayment_status"], 0.0)
