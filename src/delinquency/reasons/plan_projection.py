"""Coming months under a plan: what the statements would show if payments and spending changed.

The past is never touched. A plan adds months to the window, the oldest months leave it, and
every feature is computed again, so that related features move together.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from delinquency.errors import ChoiceError
from delinquency.features.quantities import new_charges
from delinquency.features.statistics import last, mean
from delinquency.panel.observations import Observations
from delinquency.panel.schema import DAYS_A_MONTH
from delinquency.panel.statement_history import GROWING
from delinquency.panel.windows import Array, Windows

RECENT_MONTHS = 3
"""Months whose mean stands for what an account usually charges and pays."""
MINIMUM_SHARE = 0.05
"""Minimum payment as a share of the balance where the source states none (an assumption)."""
SPENDING = (
    "purchases", "cash_advances", "card_spend", "promotion_spend", "instalment_spend",
    "cash_advance_spend", "luxury_spend", "high_ticket_spend", "high_ticket_instalment_spend",
    "purchase_count",
)  # fmt: skip
"""Monthly columns that follow the spending on the card."""
INCOME = ("salary", "benefits")
"""Monthly columns of income."""
NOTHING_NEW = (
    "fees", "contact_attempts", "inbound_contacts", "right_party_contacts", "promises_kept",
    "promises_broken", "enquiries",
)  # fmt: skip
"""Monthly columns that are 0 while a plan is kept."""


@dataclass(frozen=True, eq=False)
class Plan:
    """What an account does in each of the coming months; arrays of shape (n_rows,).

    Attributes
    ----------
    payment_share : ndarray, in [0, 1]
        Share of the balance that is paid each month; never less than what is overdue plus the
        minimum, which autopay would pay.
    spending : ndarray, >= 0
        New charges against the usual ones: 1 as usual, 0 none.
    income : ndarray, >= 0, or None
        Salary and benefits against the last known ones; None for as they are.
    """

    payment_share: Array
    spending: Array
    income: Array | None = None


def roll_forward(windows: Windows, plan: Plan, *, months: int) -> tuple[Windows, Array]:
    """Return the windows after some months under a plan, and what was paid in them.

    Parameters
    ----------
    windows : Windows
    plan : Plan
    months : int
        1 and more.

    Returns
    -------
    tuple of Windows and ndarray of shape (n_rows,)
        The payments are in account currency.

    Raises
    ------
    ChoiceError
        If the source has no balances or payments: nothing can be planned then.

    Notes
    -----
    balance' = balance - payment + usual charges * spending. The account is up to date in every
    month of a plan, because overdue payments come first. What a plan does not speak of stays
    as it was last known.
    """
    lacking = [name for name in ("balance", "payment") if name not in windows.monthly]
    if lacking:
        raise ChoiceError(
            "A plan of payments needs the monthly columns balance and payment. "
            f"The source lacks {', '.join(lacking)}."
        )
    usual = np.nan_to_num(mean(new_charges(windows)[:, -RECENT_MONTHS:]))
    typical = {
        name: np.nan_to_num(mean(windows[name][:, -RECENT_MONTHS:]))
        for name in SPENDING
        if name in windows.monthly
    }
    incomes = {name: last(windows[name]) for name in INCOME if name in windows.monthly}
    paid = np.zeros(len(windows))
    current = windows
    for _ in range(months):
        current, payment = _next_month(current, plan, usual, typical, incomes)
        paid += payment
    return current, paid


def _next_month(
    windows: Windows,
    plan: Plan,
    usual: Array,
    typical: Mapping[str, Array],
    incomes: Mapping[str, Array],
) -> tuple[Windows, Array]:
    """Return the windows one month on, and the payment of that month."""
    balance = np.nan_to_num(last(windows["balance"]))
    owed = np.maximum(balance, 0.0)
    minimum = _minimum(windows, owed)
    behind = np.zeros(len(windows))
    if "days_past_due" in windows:
        behind = np.nan_to_num(last(windows["days_past_due"])) / DAYS_A_MONTH
    due = np.minimum(minimum * (1.0 + behind), owed)
    payment = np.minimum(np.maximum(plan.payment_share * owed, due), owed)
    new_balance = balance - payment + usual * plan.spending
    known = {
        "balance": new_balance,
        "payment": payment,
        "days_past_due": np.zeros(len(windows)),
        "repayment_status": np.where(owed <= 0, -2.0, np.where(payment >= owed, -1.0, 0.0)),
        "minimum_due": _ratio_minimum(minimum, owed, new_balance),
        "autopay": np.ones(len(windows)),
        **{name: values * plan.spending for name, values in typical.items()},
    }
    monthly = {}
    for name, values in windows.monthly.items():
        new = np.zeros(len(windows)) if name in NOTHING_NEW else known.get(name, last(values))
        if name in GROWING:  # a month without lateness: the counts of lateness stay
            new = last(values) + 1.0
        if name in INCOME and plan.income is not None:
            new = incomes[name] * plan.income
        monthly[name] = np.column_stack([values[:, 1:], new])
    static = dict(windows.static)
    if "months_on_book" in static:
        static["months_on_book"] = static["months_on_book"] + 1.0
    keys = windows.keys.assign(
        observation_month=windows.keys["observation_month"] + pd.DateOffset(months=1)
    )
    later = replace(
        windows, observed=Observations.of(keys), monthly=monthly, static=static, _derived={}
    )
    return later, payment


def _minimum(windows: Windows, owed: Array) -> Array:
    """Return the minimum payment of the latest statement."""
    assumed = MINIMUM_SHARE * owed
    if "minimum_due" not in windows:
        return assumed
    stated = last(windows["minimum_due"])
    return np.where(np.isfinite(stated), stated, assumed)


def _ratio_minimum(minimum: Array, owed: Array, new_balance: Array) -> Array:
    """Return the next minimum: the same share of the new balance."""
    share = np.where(owed > 0, minimum / np.maximum(owed, 1e-9), MINIMUM_SHARE)
    return np.minimum(share, 1.0) * np.maximum(new_balance, 0.0)
