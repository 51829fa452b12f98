"""Why a fact may not be stated, for features of the catalogue: borders found once, then compiled.

What a value reads like is a rounding, and a rounding never falls as the value grows. So a value
reads below, like or above the reference on three stretches of the number line, with two borders
between them. They are found once a model; thousands of accounts then need two comparisons a fact.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from delinquency.compiled import njit
from delinquency.features.feature_description import FeatureMeaning
from delinquency.panel.windows import Array
from delinquency.reasons.reason_causes import CAUSE
from delinquency.reasons.sentences.every_family import is_summary_of, witnesses_of
from delinquency.reasons.value_wording import Style, displayed, is_code_without_label

BETWEEN = np.int8(-1)
"""Base cause of a fact whose value decides, by its borders."""
POINTS = 64
"""Numbers tried at once in the search for a border."""
_NO_FACT = CAUSE["no_fact_raises_it"]
_MISSING, _EMPTY = CAUSE["missing"], CAUSE["nothing_to_measure"]
_STATED, _ALIKE, _GOOD = CAUSE["stated"], CAUSE["like_the_reference"], CAUSE["favourable_side"]


@dataclass(frozen=True, eq=False)
class FactRules:
    """What decides of each fact's value whether it may be stated.

    Attributes
    ----------
    compiled : ndarray of shape (n_facts,), bool
        Whether the rules below decide: not for names and for columns of a user's own table.
    base : ndarray of shape (n_facts,), int8
        The cause whatever the value, as ``CAUSE``; ``BETWEEN`` where the borders decide.
    low, high : ndarray of shape (n_facts,)
        Smallest values that read like the reference, and above it.
    direction : ndarray of shape (n_facts,)
        1 where more is riskier, -1 where less is, 0 for neither.
    or_more : ndarray of shape (n_facts,)
    has_witness : ndarray of shape (n_facts,), bool
        Whether 0 may stand for "nothing to measure".
    witness_start, witness : ndarray of int
        The facts, one of which is known where there was something to measure; those of fact p
        from ``witness_start[p]`` on.
    shown_medians : ndarray of shape (n_facts,)
        The reference values as displayed.
    """

    compiled: NDArray[np.bool_]
    base: NDArray[np.int8]
    low: Array
    high: Array
    direction: Array
    or_more: Array
    has_witness: NDArray[np.bool_]
    witness_start: NDArray[np.int64]
    witness: NDArray[np.int64]
    shown_medians: Array


def fact_rules(
    facts: Sequence[FeatureMeaning], styles: Sequence[Style], medians: Array
) -> FactRules:
    """Return the rules of some facts.

    Parameters
    ----------
    facts : sequence of FeatureMeaning
    styles : sequence of Style
    medians : ndarray of shape (n_facts,)
        The reference values.

    Returns
    -------
    FactRules
    """
    n = len(facts)
    base, low, high = np.full(n, BETWEEN), np.zeros(n), np.zeros(n)
    compiled = np.array([not (one.from_table or style.named)
                         for one, style in zip(facts, styles, strict=True)], bool)  # fmt: skip
    shown = np.array([displayed(medians[p : p + 1], styles[p])[0] for p in range(n)], float)
    witnesses: list[list[int]] = []
    has_witness = np.zeros(n, bool)
    for position, (meaning, style) in enumerate(zip(facts, styles, strict=True)):
        quantities = None if meaning.from_table else witnesses_of(meaning.name)
        has_witness[position] = quantities is not None
        witnesses.append(
            [p for p, one in enumerate(facts)
             if any(is_summary_of(one.name, quantity) for quantity in quantities or ())]
        )  # fmt: skip
        if not compiled[position]:
            continue
        if is_code_without_label(meaning, style):
            base[position] = CAUSE["code_without_words"]
        elif not np.isfinite(shown[position]):
            base[position] = CAUSE["no_reference_value"]
        else:
            low[position], high[position] = reading_borders(float(shown[position]), style)
    return FactRules(
        compiled=compiled,
        base=base,
        low=low,
        high=high,
        direction=np.array([one.direction for one in facts], float),
        or_more=np.array([style.empty_from for style in styles], float),
        has_witness=has_witness,
        witness_start=np.cumsum([0, *(len(one) for one in witnesses)]),
        witness=np.array([p for one in witnesses for p in one], np.int64),
        shown_medians=shown,
    )


def reading_borders(against: float, style: Style) -> tuple[float, float]:
    """Return the smallest numbers that read like a reference value, and above it.

    Parameters
    ----------
    against : float
        The reference value as displayed.
    style : Style

    Returns
    -------
    tuple of float
        Infinite where no number reads so.
    """
    like = _first_number(lambda values: displayed(values, style) >= against)
    above = _first_number(lambda values: displayed(values, style) > against)
    return like, above


def _first_number(reached: Callable[[Array], NDArray[np.bool_]]) -> float:
    """Return the smallest finite float from which on something holds; infinite if for none."""
    first, last = _place(-np.finfo(float).max), _place(np.finfo(float).max)
    if not reached(_floats(np.array([last])))[0]:
        return float("inf")
    first -= 1  # nothing holds there
    while last - first > 1:
        step = max((last - first) // POINTS, 1)
        tried = [first + step * k for k in range(1, POINTS + 1)]
        places = np.array([place for place in tried if place < last], np.int64)
        held = reached(_floats(places))
        at = int(np.argmax(held)) if held.any() else len(places)
        if at < len(places):
            last = int(places[at])
        if at:
            first = int(places[at - 1])
    return float(_floats(np.array([last]))[0])


def _place(value: float) -> int:
    """Return the place of a float among all floats in their order."""
    bits = int(np.float64(value).view(np.int64))
    return bits if bits >= 0 else -(bits & 0x7FFFFFFFFFFFFFFF)


def _floats(places: NDArray[np.int64]) -> Array:
    """Return the floats at some places of their order; the inverse of ``_place``."""
    size = np.abs(places).view(np.float64)
    return np.where(places < 0, -size, size)


def barred_by_rules(features: Array, gain: Array, rules: FactRules) -> NDArray[np.int8]:
    """Return why each fact that raises the risk may not be stated, where the rules decide.

    Parameters
    ----------
    features, gain : ndarray of shape (n_rows, n_facts)
    rules : FactRules

    Returns
    -------
    ndarray of shape (n_rows, n_facts), int8
        ``no_fact_raises_it`` where a fact does not raise the risk, and for other facts than the
        rules decide.
    """
    out = np.full(gain.shape, _NO_FACT, np.int8)
    # Rows come in any layout, and each would be compiled for on its own.
    rows = np.require(features, requirements=["C", "W"])
    _bar(
        rows, gain, rules.compiled, rules.base, rules.low, rules.high, rules.direction,
        rules.or_more, rules.has_witness, rules.witness_start, rules.witness, out,
    )  # fmt: skip
    return out


@njit(cache=True, nogil=True)
def _bar(  # type: ignore[no-untyped-def]
    features, gain, compiled, base, low, high, direction, or_more, has_witness, start, witness, out
):
    for row in range(gain.shape[0]):
        for fact in range(gain.shape[1]):
            if not (compiled[fact] and gain[row, fact] > 0.0):
                continue
            value = features[row, fact]
            if not np.isfinite(value):
                out[row, fact] = _MISSING
                continue
            if has_witness[fact] and (value == 0.0 or value >= or_more[fact]):
                known = False
                for place in range(start[fact], start[fact + 1]):
                    known = known or np.isfinite(features[row, witness[place]])
                if not known:
                    out[row, fact] = _EMPTY
                    continue
            cause = base[fact]
            if cause == BETWEEN:
                cause = _STATED
                if value < low[fact]:
                    if direction[fact] > 0:
                        cause = _GOOD
                elif value < high[fact]:
                    cause = _ALIKE
                elif direction[fact] < 0:
                    cause = _GOOD
            out[row, fact] = cause
