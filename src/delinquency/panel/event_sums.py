"""Monthly sums over the rows of event tables: facts, from which windows are cut."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from delinquency.panel.plain_columns import TableColumns

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
    amount: Callable[[TableColumns], Array]
    month: str = "date"


def _column(name: str) -> Callable[[TableColumns], Array]:
    return lambda rows: rows.numbers(name)


def _where(name: str, value: float) -> Callable[[TableColumns], Array]:
    return lambda rows: (rows.numbers(name) == value).astype(np.float64)


def _amount_where(name: str) -> Callable[[TableColumns], Array]:
    return lambda rows: rows.numbers("amount") * (rows.numbers(name) == 1)


def _amount_in(categories: tuple[str, ...]) -> Callable[[TableColumns], Array]:
    return lambda rows: rows.numbers("amount") * rows.is_in("category", categories)


def _purchase_amount(rows: TableColumns) -> Array:
    amount = rows.numbers("amount")
    if "cash_advance" not in rows:
        return amount
    return np.where(rows.numbers("cash_advance") == 1, 0.0, amount)


def _high_ticket(rows: TableColumns) -> Array:
    amount, income = rows.numbers("amount"), rows.numbers("application_income")
    return np.where((income > 0) & (amount >= HIGH_TICKET_SHARE * income), amount, 0.0)


def _high_ticket_instalment(rows: TableColumns) -> Array:
    return _high_ticket(rows) * (rows.numbers("instalment") == 1)


def _one_each(rows: TableColumns) -> Array:
    return np.ones(len(rows))


def _begun_by_lender(rows: TableColumns) -> Array:
    return (rows.numbers("inbound") != 1).astype(np.float64)


def _reached(rows: TableColumns) -> Array:
    return (rows.numbers("right_party") == 1) * _begun_by_lender(rows)


_RESOLVED = ("promise_kept", "promise_resolved_month")

EVENT_SUMS: Mapping[str, EventSum] = {
    "card_spend": EventSum("transactions", ("amount",), _purchase_amount),
    "promotion_spend": EventSum("transactions", ("promotion",), _amount_where("promotion")),
    "instalment_spend": EventSum("transactions", ("instalment",), _amount_where("instalment")),
    "cash_advance_spend": EventSum(
        "transactions", ("cash_advance",), _amount_where("cash_advance")
    ),
    "luxury_spend": EventSum("transactions", ("category",), _amount_in(LUXURY_CATEGORIES)),
    "essential_spend": EventSum("transactions", ("category",), _amount_in(ESSENTIAL_CATEGORIES)),
    "high_ticket_spend": EventSum("transactions", ("application_income",), _high_ticket),
    "high_ticket_instalment_spend": EventSum(
        "transactions", ("application_income", "instalment"), _high_ticket_instalment
    ),
    "purchase_count": EventSum("transactions", ("amount",), _one_each),
    "contact_attempts": EventSum("contacts", ("inbound",), _begun_by_lender),
    "inbound_contacts": EventSum("contacts", ("inbound",), _column("inbound")),
    "right_party_contacts": EventSum("contacts", ("right_party", "inbound"), _reached),
    "promises_kept": EventSum(
        "contacts", _RESOLVED, _where("promise_kept", 1.0), month="promise_resolved_month"
    ),
    "promises_broken": EventSum(
        "contacts", _RESOLVED, _where("promise_kept", 0.0), month="promise_resolved_month"
    ),
}
"""Monthly sums over event tables, by name; an amount that is not known adds nothing. Disputes are
not among them: they route to resolution and are never scored."""
