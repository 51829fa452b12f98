"""The same plans for a whole portfolio: whole cents in arrays, equal to the exact path."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from delinquency.casework.plans import annuity_factor

_LARGEST = np.iinfo("int64").max


@dataclass(frozen=True)
class PlanColumns:
    """Plans of many accounts.

    Attributes
    ----------
    months : ndarray of shape (n,), int64
        Length of the plan; 0 where there is none.
    instalment, last, total : ndarray of shape (n,), int64, cents
    affordable : ndarray of shape (n,), bool
    shortfall : ndarray of shape (n,), int64, cents a month
    """

    months: np.ndarray
    instalment: np.ndarray
    last: np.ndarray
    total: np.ndarray
    affordable: np.ndarray
    shortfall: np.ndarray


def affordable_cents(residual: np.ndarray, share: Fraction) -> np.ndarray:
    """Return the largest affordable instalments: floor(share * residual), at least 0."""
    return np.maximum(multiply_down(residual, share), 0)


def multiply_down(cents: np.ndarray, factor: Fraction) -> np.ndarray:
    """Return floor(cents * factor) exactly, in Python integers where 64 bits might not do."""
    most = max((abs(int(cents.min())), abs(int(cents.max()))), default=0) if len(cents) else 0
    wide = cents.astype(object) if most * factor.numerator > _LARGEST else cents
    return np.asarray(wide * factor.numerator // factor.denominator).astype("int64")


def _multiply_up(cents: np.ndarray, factor: Fraction) -> np.ndarray:
    """Return ceil(cents * factor) exactly."""
    return -multiply_down(-cents, factor)


def instalment_columns(
    balance: np.ndarray, most: np.ndarray, *, rate: Fraction, months_max: int
) -> PlanColumns:
    """Return the shortest affordable plan of each account, or the longest with its shortfall.

    Parameters
    ----------
    balance : ndarray of shape (n,), int64, cents
        With any fee; 0 or less means that there is nothing to repay.
    most : ndarray of shape (n,), int64, cents
        The largest affordable instalment.
    rate : Fraction
        Monthly.
    months_max : int

    Returns
    -------
    PlanColumns

    Notes
    -----
    The factors of all lengths are laid out once; the shortest length comes from a search among
    them in floats and is then made exact in whole cents, one step either way.
    """
    factors = [annuity_factor(rate, n) for n in range(1, months_max + 1)]
    floats = np.array([float(factor) for factor in factors])
    owes = balance > 0
    ratio = np.where(owes, most / np.where(owes, balance, 1), 0.0)
    # Factors fall with the length: the first that is at most the ratio.
    asked = np.searchsorted(-floats, -ratio, side="left") + 1
    asked = np.where(owes, np.clip(asked, 1, months_max), 0)
    for _ in range(2):
        shorter = np.maximum(asked - 1, 1)
        fits_shorter = owes & (asked > 1) & (_regular(balance, shorter, factors) <= most)
        asked = np.where(fits_shorter, shorter, asked)
        too_short = owes & (asked < months_max) & (_regular(balance, asked, factors) > most)
        asked = np.where(too_short, asked + 1, asked)
    instalment = _regular(balance, asked, factors)
    affordable = owes & (instalment <= most)
    months, last, total = _pay_off(balance, instalment, rate, months_max)
    # Of a single payment the rounding down of the interest shows in the payment itself.
    instalment = np.where(months == 1, last, instalment)
    return PlanColumns(
        months=months,
        instalment=instalment,
        last=last,
        total=total,
        affordable=affordable,
        shortfall=np.where(owes & ~affordable, instalment - most, 0),
    )


def _regular(balance: np.ndarray, months: np.ndarray, factors: list[Fraction]) -> np.ndarray:
    """Return the regular instalments for each account's own length."""
    out = np.zeros(len(balance), dtype="int64")
    for length in np.unique(months):
        if length > 0:
            rows = np.flatnonzero(months == length)
            out[rows] = _multiply_up(balance[rows], factors[int(length) - 1])
    return out


def _pay_off(
    balance: np.ndarray, instalment: np.ndarray, rate: Fraction, months_max: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return months, last instalment and total of paying balances off, month by month."""
    owed = np.maximum(balance, 0)
    months, last, total = (np.zeros(len(balance), dtype="int64") for _ in range(3))
    for _ in range(months_max):
        rows = np.flatnonzero(owed > 0)
        if len(rows) == 0:
            break
        interest = multiply_down(owed[rows], rate)
        principal = np.minimum(instalment[rows] - interest, owed[rows])
        owed[rows] -= principal
        paid = interest + principal
        months[rows] += 1
        last[rows] = paid
        total[rows] += paid
    return months, last, total


def extension_columns(
    due: np.ndarray, most: np.ndarray, *, rate: Fraction, months_max: int
) -> PlanColumns:
    """Return the shortest affordable extension of each account, or the longest with shortfall.

    Parameters
    ----------
    due : ndarray of shape (n,), int64, cents
        What is due now; 0 or less needs no extension.
    most : ndarray of shape (n,), int64, cents
    rate : Fraction
        Monthly, simple.
    months_max : int
    """
    months = np.zeros(len(due), dtype="int64")
    amount = np.zeros(len(due), dtype="int64")
    affordable = np.zeros(len(due), dtype=bool)
    owes = (due > 0) & (months_max > 0)
    for length in range(1, months_max + 1):
        rows = np.flatnonzero(owes & ~affordable)
        total = due[rows] + multiply_down(due[rows], rate * length)
        months[rows], amount[rows] = length, total
        affordable[rows] = total <= most[rows] * length
    short = owes & ~affordable
    missing = np.zeros(len(due), dtype="int64")
    if months_max:
        missing = np.where(short, -((most * months_max - amount) // months_max), 0)
    return PlanColumns(months, amount, amount, amount, affordable, missing)
