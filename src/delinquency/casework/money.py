"""Exact money: decimals at the edge, whole cents inside, never a float in between."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from types import MappingProxyType

import numpy as np

from delinquency.errors import CaseworkError

CENT = Decimal("0.01")
"""The smallest amount of most currencies: a cent, a fen."""

_WITHOUT_DECIMALS = (
    *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"),
    *("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"),
)
_OTHER_DIGITS: Mapping[str, int] = MappingProxyType(
    {
        **dict.fromkeys(_WITHOUT_DECIMALS, 0),
        **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    }
)
"""Decimals of the smallest amount where they are not two (ISO 4217)."""


def digits_of(currency: str) -> int:
    """Return how many decimals the smallest amount of a currency has.

    Examples
    --------
    >>> digits_of("CNY"), digits_of("JPY"), digits_of("KWD")
    (2, 0, 3)
    """
    return _OTHER_DIGITS.get(currency, 2)


def to_units(amount: Decimal | int | str, digits: int) -> int:
    """Return an amount as a whole number of a currency's smallest amounts.

    Parameters
    ----------
    digits : int
        Decimals of the currency, from ``digits_of``.

    Raises
    ------
    CaseworkError
        If it is no exact number of them. A float is refused: 0.1 is not ten cents.

    Examples
    --------
    >>> to_units(Decimal("150"), 0), to_units("1.005", 3)
    (150, 1005)
    """
    if isinstance(amount, bool) or not isinstance(amount, Decimal | int | str):
        raise CaseworkError(f"Money is given as Decimal, whole number or text. Got {amount!r}.")
    try:
        units = Decimal(amount).scaleb(digits)
        exact = units.is_finite() and units == units.to_integral_value()
    except InvalidOperation:
        exact = False
    if not exact:
        words = {0: "whole units of the currency", 2: "cents"}.get(digits, "thousandths")
        raise CaseworkError(f"Money is a whole number of {words}. Got {amount!s}.")
    return int(units)


def from_units(units: int, digits: int) -> Decimal:
    """Return a whole number of smallest amounts as an amount with that many decimals.

    Examples
    --------
    >>> from_units(1005, 3), from_units(150, 0)
    (Decimal('1.005'), Decimal('150'))
    """
    return Decimal(int(units)).scaleb(-digits)


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
    return to_units(amount, 2)


def from_cents(cents: int) -> Decimal:
    """Return whole cents as an amount with two decimals.

    Examples
    --------
    >>> from_cents(5)
    Decimal('0.05')
    """
    return from_units(cents, 2)


def floor_cents(amount: Fraction) -> int:
    """Return the whole cents in an exact number of cents, rounded down."""
    return amount.numerator // amount.denominator


def ceil_cents(amount: Fraction) -> int:
    """Return the whole cents in an exact number of cents, rounded up."""
    return -(-amount.numerator // amount.denominator)


def cents_of_column(values: np.ndarray, name: str, digits: int = 2) -> np.ndarray:
    """Return a float column of money as whole cents, or the currency's own smallest amounts.

    Parameters
    ----------
    values : ndarray of shape (n,), float, account currency
    name : str
        Column, for the error text.
    digits : int
        Decimals of the currency.

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
    cents = np.rint(array * 10.0**digits)
    wrong = ~np.isfinite(array) | (np.abs(cents) > 1e13)
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise CaseworkError(
            f"{name} must be an amount in every row. Got {array[first]} in row {first + 1}"
            f" ({int(wrong.sum()):,} such rows)."
        )
    return cents.astype("int64")
