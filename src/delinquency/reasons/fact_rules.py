"""Why a fact may not be stated: borders found once a model, then compiled.

What a value reads like is a rounding, and a rounding never falls as the value grows. So a value
reads below, like or above the reference on three stretches of the number line, with two borders
between them, and like a code that words are known for on one stretch each. They are found once a
model; millions of accounts then need two comparisons a fact.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

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
_EMPTY, _NOT_APPLICABLE = CAUSE["nothing_to_measure"], CAUSE["not_applicable"]
_STATED, _ALIKE, _GOOD = CAUSE["stated"], CAUSE["like_the_reference"], CAUSE["favourable_side"]
_WITHOUT_WORDS = CAUSE["code_without_words"]


class FactRules(NamedTuple):
    """What decides of each fact's value whether it may be stated; arrays of shape (n_facts,).

    Attributes
    ----------
    base : ndarray, int8
        The cause whatever the known value, as ``CAUSE``; ``BETWEEN`` where the borders decide.
    missing : ndarray, int8
        The cause of a missing value.
    low, high : ndarray
        Smallest values that read like the reference, and above it.
    direction : ndarray
        1 where more is riskier, -1 where less is, 0 for neither.
    or_more : ndarray
        From here on a value, as 0, may stand for "nothing to measure".
    has_witness : ndarray, bool
        Whether 0 may stand for "nothing to measure".
    witness : tuple of ndarray
        The facts, one of which is known where there was something to measure: those of fact p are
        ``witness[1][witness[0][p]:witness[0][p + 1]]``, and likewise below.
    words : tuple of ndarray
        Smallest and next larger value of each code that words are known for; where there is one,
        other values have no words.
    marks : tuple of ndarray
        The facts of which a 1 tells that a missing value does not apply.
    amounts : tuple of ndarray
        The facts whose value, if known, tells the same.
    shown_medians : ndarray
        The reference values as displayed.
    """

    base: NDArray[np.int8]
    missing: NDArray[np.int8]
    low: Array
    high: Array
    direction: Array
    or_more: Array
    has_witness: NDArray[np.bool_]
    witness: tuple[NDArray[np.int64], NDArray[np.int64]]
    words: tuple[NDArray[np.int64], Array, Array]
    marks: tuple[NDArray[np.int64], NDArray[np.int64]]
    amounts: tuple[NDArray[np.int64], NDArray[np.int64]]
    shown_medians: Array


def fact_rules(
    facts: Sequence[FeatureMeaning],
    styles: Sequence[Style],
    medians: Array,
    *,
    protected: Collection[int] = (),
) -> FactRules:
    """Return the rules of some facts.

    Parameters
    ----------
    facts : sequence of FeatureMeaning
    styles : sequence of Style
    medians : ndarray of shape (n_facts,)
        The reference values.
    protected : collection of int
        Positions of the facts that are never stated.

    Returns
    -------
    FactRules
    """
    n, never = len(facts), np.isin(np.arange(len(facts)), list(protected))
    shown = np.array([displayed(medians[p : p + 1], styles[p])[0] for p in range(n)], float)
    base = np.array(
        [_base(*one) for one in zip(facts, styles, shown.tolist(), strict=True)], np.int8
    )
    missing = np.array([_missing(*one) for one in zip(facts, medians.tolist(), strict=True)])
    base[never] = missing[never] = CAUSE["protected"]
    low, high = np.zeros(n), np.zeros(n)
    for position in np.flatnonzero(base == BETWEEN).tolist():
        low[position], high[position] = reading_borders(float(shown[position]), styles[position])
    words = [_word_borders(style) if base[p] == BETWEEN else [] for p, style in enumerate(styles)]
    named = [None if one.from_table else witnesses_of(one.name) for one in facts]
    return FactRules(
        base=base,
        missing=missing.astype(np.int8),
        low=low,
        high=high,
        direction=np.array(
            [0 if style.named else one.direction
             for one, style in zip(facts, styles, strict=True)], float
        ),
        or_more=np.array([style.empty_from for style in styles], float),
        has_witness=np.array([quantities is not None for quantities in named], bool) & ~never,
        witness=_in_rows(
            [p for p, one in enumerate(facts)
             if any(is_summary_of(one.name, quantity) for quantity in own or ())]
            for own in named
        ),
        words=(
            np.cumsum([0, *(len(one) for one in words)]),
            np.array([low for one in words for low, _ in one], float),
            np.array([high for one in words for _, high in one], float),
        ),
        marks=_in_rows(
            [p for p, one in enumerate(facts) if one.mark_of == own.name] for own in facts
        ),
        amounts=_in_rows(
            [p for p, one in enumerate(facts) if one.amount_of == own.name] for own in facts
        ),
        shown_medians=shown,
    )  # fmt: skip


def _base(meaning: FeatureMeaning, style: Style, shown_median: float) -> np.int8:
    """Return the cause that bars a fact whatever its value."""
    if meaning.mark_of:
        return _NOT_APPLICABLE
    if is_code_without_label(meaning, style):
        return _WITHOUT_WORDS
    if not np.isfinite(shown_median):
        return CAUSE["no_reference_value"]
    if style.named and not style.categories and style.label_of(shown_median) is None:
        return _WITHOUT_WORDS
    return BETWEEN


def _missing(meaning: FeatureMeaning, median: float) -> np.int8:
    """Return what a missing value is: just not there, not applicable, or not given."""
    if meaning.mark_of or meaning.amount_of:
        return _NOT_APPLICABLE
    if not meaning.from_table:
        return CAUSE["missing"]
    if not np.isfinite(median):
        return CAUSE["no_reference_value"]
    return CAUSE["not_stated_by_customer"]


def _word_borders(style: Style) -> list[tuple[float, float]]:
    """Return the stretches of values that read like the codes that words are known for."""
    if not style.named or style.categories:
        return []
    return [reading_borders(float(code), style) for code, _, _ in style.labels]


def _in_rows(own: Iterable[list[int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the lists of all facts in a row, and where each begins."""
    lists = list(own)
    starts = np.cumsum([0, *(len(one) for one in lists)])
    return starts, np.array([place for one in lists for place in one], np.int64)


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


@njit(cache=True, nogil=True)
def bar_row(features, gain, rules, out):  # type: ignore[no-untyped-def]
    """Write why each fact of one row that raises the risk may not be stated.

    Parameters
    ----------
    features, gain : ndarray of shape (n_facts,)
    rules : FactRules
    out : ndarray of shape (n_facts,), int8, written
        ``no_fact_raises_it`` where a fact does not raise the risk.
    """
    # Taken out of the rules before the loop: numba counts a reference at every look into a tuple.
    base, missing, low, high = rules.base, rules.missing, rules.low, rules.high
    direction, or_more, has_witness = rules.direction, rules.or_more, rules.has_witness
    witness_start, witness = rules.witness
    word_start, word_low, word_high = rules.words
    mark_start, mark = rules.marks
    amount_start, amount = rules.amounts
    for fact in range(gain.shape[0]):
        if not gain[fact] > 0.0:
            out[fact] = _NO_FACT
            continue
        value = features[fact]
        if not np.isfinite(value):
            cause = missing[fact]
            for at in range(mark_start[fact], mark_start[fact + 1]):
                if features[mark[at]] == 1.0:
                    cause = _NOT_APPLICABLE
            for at in range(amount_start[fact], amount_start[fact + 1]):
                if np.isfinite(features[amount[at]]):
                    cause = _NOT_APPLICABLE
            out[fact] = cause
            continue
        if has_witness[fact] and (value == 0.0 or value >= or_more[fact]):
            known = False
            for at in range(witness_start[fact], witness_start[fact + 1]):
                known = known or np.isfinite(features[witness[at]])
            if not known:
                out[fact] = _EMPTY
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
            if cause == _STATED and word_start[fact] < word_start[fact + 1]:
                cause = _WITHOUT_WORDS
                for at in range(word_start[fact], word_start[fact + 1]):
                    if word_low[at] <= value < word_high[at]:
                        cause = _STATED
        out[fact] = cause
