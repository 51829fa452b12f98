"""Monthly sums over the rows of event tables: facts, from which windows are cut."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]

LUXURY_CATEGORIES = ("luxury", "electronics", "travel", "jewellery")
"""Merchant categories that the source article's "high-value goods" speaks of."""
ESSENTIAL_CATEGORIES = ("groceries", "utilities", "health", "transport", "rent")
"""Merchant categories of what a household cannot do without."""
HIGH_TICKET_SHARE = 0.5
"""A single purchase of half a monthly income and more counts as high-ticket."""


@dataclass(frozen=True)
class EventSum:
    """A monthly sum over the rows of an event table.

    Attributes
    ----------
    table : str
        "transactions" or "contacts".
    needs : tuple of str
        Columns that must be present; those of the accounts table are set beside each event.
    amount : callable
        From the event rows to the amount that each adds, shape (n_events,).
    month : str
        Column whose month the amount is booked in.
    """

    table: str
    needs: tuple[str, ...]
    amount: Callable[[pd.DataFrame], Array]
    month: str = "date"


def _column(name: str) -> Callable[[pd.DataFrame], Array]:
    return lambda rows: rows[name].fillna(0.0).to_numpy(np.float64)


def _amount_where(name: str) -> Callable[[pd.DataFrame], Array]:
    return lambda rows: (rows["amount"] * (rows[name] == 1)).to_numpy(np.float64)


def _purchase_amount(rows: pd.DataFrame) -> Array:
    amount = rows["amount"].to_numpy(np.float64)
    if "cash_advance" not in rows.columns:
        return amount
    return np.where(rows["cash_advance"].to_numpy() == 1, 0.0, amount)


def _high_ticket(rows: pd.DataFrame) -> Array:
    amount, income = rows["amount"].to_numpy(np.float64), rows["application_income"].to_numpy()
    return np.where((income > 0) & (amount >= HIGH_TICKET_SHARE * income), amount, 0.0)


EVENT_SUMS: Mapping[str, EventSum] = {
    "card_spend": EventSum("transactions", ("amount",), _purchase_amount),
    "promotion_spend": EventSum("transactions", ("promotion",), _amount_where("promotion")),
    "instalment_spend": EventSum("transactions", ("instalment",), _amount_where("instalment")),
    "cash_advance_spend": EventSum(
        "transactions", ("cash_advance",), _amount_where("cash_advance")
    ),
    "luxury_spend": EventSum(
        "transactions",
        ("category",),
        lambda rows: (rows["amount"] * rows["category"].isin(LUXURY_CATEGORIES)).to_numpy(
            np.float64
        ),
    ),
    "essential_spend": EventSum(
        "transactions",
        ("category",),
        lambda rows: (rows["amount"] * rows["category"].isin(ESSENTIAL_CATEGORIES)).to_numpy(
            np.float64
        ),
    ),
    "high_ticket_spend": EventSum("transactions", ("application_income",), _high_ticket),
    "high_ticket_instalment_spend": EventSum(
        "transactions",
        ("application_income", "instalment"),
        lambda rows: _high_ticket(rows) * (rows["instalment"] == 1).to_numpy(np.float64),
    ),
    "purchase_count": EventSum(
        "transactions", ("amount",), lambda rows: np.ones(len(rows), np.float64)
    ),
    "contact_attempts": EventSum(
        "contacts",
        ("inbound",),
        lambda rows: (rows["inbound"] != 1).to_numpy(np.float64),
    ),
    "inbound_contacts": EventSum("contacts", ("inbound",), _column("inbound")),
    "right_party_contacts": EventSum(
        "contacts",
        ("right_party", "inbound"),
        lambda rows: ((rows["right_party"] == 1) & (rows["inbound"] != 1)).to_numpy(np.float64),
    ),
    "promises_kept": EventSum(
        "contacts",
        ("promise_kept", "promise_resolved_month"),
        lambda rows: (rows["promise_kept"] == 1).to_numpy(np.float64),
        month="promise_resolved_month",
    ),
    "promises_broken": EventSum(
        "contacts",
        ("promise_kept", "promise_resolved_month"),
        lambda rows: (rows["promise_kept"] == 0).to_numpy(np.float64),
        month="promise_resolved_month",
    ),
}
"""Monthly sums over event tables, by name. Disputes are not among them: they route to
resolution and are never scored."""
