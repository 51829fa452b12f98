"""Numbers that stand for "no value", known by their shape: apart from all others, and repeated."""

import numpy as np

SPECIAL_CODES = tuple(range(-9, 0)) + (-99, -999, -9999, 96, 97, 98, 99, 996, 997, 998, 999)
SPECIAL_CODES += (9996, 9997, 9998, 9999, 99999, 999999, 9999999)
"""Numbers that files use for "no value"."""
NINES = tuple(float("9" * k) for k in range(3, 10))
GAP = 1.5
"""A usual code is apart when it lies this many times the largest ordinary value away."""
MIN_CODE_ROWS = 2
OFTEN, FAR = 0.002, 5.0
"""Share of the rows, and times the next value, from which an outermost value is no quantity."""
MOST_OUTER = 3
"""Outermost values on one side that may be codes."""
SPIKE_ROWS, SPIKE = 10, 10.0
"""Rows, and times the rows of the column's commonest other value, from which nines are a spike."""
LEAST_OTHERS, ZERO_GAP = 10, 0.3
"""Other values, and the gap to them as a share of their spread, from which a zero is apart."""


def special_codes(numbers: np.ndarray) -> tuple[tuple[float, int], ...]:
    """Return numbers that look like codes for "no value".

    A code that files use lies apart from all other values; any number does that occurs often at
    one end, many times farther out than the next; nines may also lie within the range, as a spike
    that no other value comes near; and a zero may lie far below all others.

    Parameters
    ----------
    numbers : ndarray of shape (n,)
        Filled cells.

    Returns
    -------
    tuple of (float, int)
        Code and how often it occurs.
    """
    if len(numbers) == 0:
        return ()
    distinct, counts = np.unique(numbers, return_counts=True)
    often = counts >= max(MIN_CODE_ROWS, OFTEN * len(numbers))
    candidate = np.isin(distinct, SPECIAL_CODES) | _outermost(distinct, often)
    rest = distinct[~candidate]
    if len(rest) == 0:
        return ()
    below = (distinct < 0) & ((rest.min() >= 0) | (distinct < -FAR * np.abs(rest).max()))
    above = (distinct > 0) & (distinct > GAP * max(rest.max(), 1))
    found = candidate & (below | above) & (counts >= MIN_CODE_ROWS)
    found |= _spikes_of_nines(distinct, counts)
    found |= _zero_apart(distinct, often & ~found, distinct[~found & (distinct != 0)])
    return tuple(zip(distinct[found].tolist(), counts[found].tolist(), strict=True))


def _outermost(distinct: np.ndarray, often: np.ndarray) -> np.ndarray:
    """Return which values at either end lie many times farther out than all between."""
    found = np.zeros(len(distinct), dtype=bool)
    for places in (range(len(distinct) - 1, 1, -1), range(len(distinct) - 2)):
        for place in list(places)[:MOST_OUTER]:
            others = distinct[:place] if places.step < 0 else distinct[place + 1 :]
            if len(others) < 2 or not often[place]:
                break
            if abs(distinct[place]) <= FAR * max(np.abs(others).max(), 1):
                break
            found[place] = True
    return found


def _spikes_of_nines(distinct: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return which values of nines occur far more often than any other value but zero."""
    nines = np.isin(distinct, NINES)
    others = counts[~nines & (distinct != 0)]
    if not nines.any() or len(others) < LEAST_OTHERS:
        return np.zeros(len(distinct), dtype=bool)
    return nines & (counts >= max(SPIKE_ROWS, SPIKE * others.max()))


def _zero_apart(distinct: np.ndarray, often: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return whether zero occurs often, and lies far below all other values."""
    none = np.zeros(len(distinct), dtype=bool)
    if len(others) < LEAST_OTHERS or others.min() <= 0:
        return none
    apart = others.min() > ZERO_GAP * (others.max() - others.min())
    return often & (distinct == 0) if apart else none


def code_text(code: float) -> str:
    """Return a code with all its digits, as it is pasted into a mapping.

    Examples
    --------
    >>> code_text(99999999.0), code_text(-9.0), code_text(-0.5)
    ('99999999', '-9', '-0.5')
    """
    return str(int(code)) if code == int(code) else repr(float(code))
