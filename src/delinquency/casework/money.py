"""Exact money: decimals at the edge, whole cents inside, never a float in between."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from fractions import Fraction

import numpy as np

from delinquency.errors import CaseworkError

CENT = Decimal("0.01")
"""The smallest amount: a cent, a fen."""


def to_cents(amount: Decimal | int | str) -> int:
    """Return an amount as whole cents.

    Raises
    ------
    CaseworkError
        If it is no exact number of cents. A float is refused: 0.1 is not ten cents.

    Examples
    --------
    >>> to_cents(Decimal("12.34")), to_cents("-0.01")
    (1234, -1)
    """
    if isinstance(amount, bool) or not isinstance(amount, Decimal | int | str):
        raise CaseworkError(f"Money is given as Decimal, whole number or text. Got {amount!r}.")
    try:
        cents = Decimal(amount) * 100
        exact = cents.is_finite() and cents == cents.to_integral_value()
    except InvalidOperation:
        exact = False
    if not exact:
        raise CaseworkError(f"Money is a whole number of cents. Got {amount!s}.")
    return int(cents)


def from_cents(cents: int) -> Decimal:
    """Return whole cents as an amount with two decimals.

    Examples
    --------
    >>> from_cents(5)
    Decimal('0.05')
    """
    return Decimal(int(cents)).scaleb(-2).quantize(CENT)


def floor_cents(amount: Fraction) -> int:
    """Return the whole cents in an exact number of cents, rounded down."""
    return amount.numerator // amount.denominator


def ceil_cents(amount: Fraction) -> int:
    """Return the whole cents in an exact number of cents, rounded up."""
    return -(-amount.numerator // amount.denominator)


def round_down(amount: Decimal) -> Decimal:
    """Return an amount rounded down to the cent."""
    return amount.quantize(CENT, rounding=ROUND_FLOOR)


def round_up(amount: Decimal) -> Decimal:
    """Return an amount rounded up to the cent."""
    return amount.quantize(CENT, rounding=ROUND_CEILING)


def cents_of_column(values: np.ndarray, name: str) -> np.ndarray:
    """Return a float column of money as whole cents.

    Parameters
    ----------
    values : ndarray of shape (n,), float, account currency
    name : str
        Column, for the error text.

    Returns
    -------
    ndarray of shape (n,), int64, cents

    Raises
    ------
    CaseworkError
        If a value is missing, infinite, or too large to be told to the cent.

    Notes
    -----
    A table keeps money as floats that stand for cents; each is taken as the nearest cent. Up to
    10 ** 13 cents the nearest cent is beyond doubt.
    """
    array = np.asarray(values, dtype="float64")
    cents = np.rint(array * 100.0)
    wrong = ~np.isfinite(array) | (np.abs(cents) > 1e13)
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise CaseworkError(
            f"{name} must be an amount in every row. Got {array[first]} in row {first + 1}"
            f" ({int(wrong.sum()):,} such rows)."
        )
    return cents.astype("int64")
