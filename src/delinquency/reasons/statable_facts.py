"""Which facts may be stated, and why the others may not.

A fact is stated as a value only when it is one: a missing value, a figure that does not apply, a
0 that stands for "nothing to measure", a code without words, a value that reads like the
reference or lies on its good side are none. Protected and disputed facts never are.
"""

import numpy as np
from numpy.typing import NDArray

from delinquency.panel.windows import Array
from delinquency.reasons.fact_rules import barred_by_rules
from delinquency.reasons.reason_causes import CAUSE
from delinquency.reasons.reason_context import ReasonContext
from delinquency.reasons.value_wording import displayed, is_code_without_label


def own_gain(gain: Array, context: ReasonContext) -> Array:
    """Return what each fact adds, with that of a mark given to the column that it belongs to.

    Parameters
    ----------
    gain : ndarray of shape (n_rows, n_facts)
    context : ReasonContext

    Returns
    -------
    ndarray of the same shape
    """
    if not context.marks:
        return gain
    out = gain.copy()
    for mark, column in context.marks:
        out[:, column] += gain[:, mark]
        out[:, mark] = 0.0
    return out


def bars(
    features: Array,
    gain: Array,
    context: ReasonContext,
    *,
    disputed: NDArray[np.bool_] | None = None,
) -> NDArray[np.int8]:
    """Return for each fact that raises the risk why it may not be stated, as a ``CAUSE``.

    Parameters
    ----------
    features : ndarray of shape (n_rows, n_facts)
    gain : ndarray of shape (n_rows, n_facts)
        As ``own_gain`` returns it.
    context : ReasonContext
    disputed : ndarray of shape (n_rows, n_facts), bool, optional

    Returns
    -------
    ndarray of shape (n_rows, n_facts), int8
        ``stated`` and ``not_stated_by_customer`` for facts that may be; ``no_fact_raises_it``
        where a fact does not raise the risk.
    """
    out = barred_by_rules(features, gain, context.rules)
    for position in np.flatnonzero(~context.rules.compiled).tolist():
        rows = gain[:, position] > 0
        if rows.any():
            out[rows, position] = _of_column(features, rows, position, context)
    if disputed is not None:
        out[disputed & (gain > 0)] = CAUSE["disputed"]
    for position in context.protected.tolist():
        out[gain[:, position] > 0, position] = CAUSE["protected"]
    return out


def values_to_show(features: Array, context: ReasonContext) -> NDArray[np.bool_]:
    """Return which facts may stand as a value beside their reference, whatever they add.

    Parameters
    ----------
    features : ndarray of shape (n_rows, n_facts)
    context : ReasonContext

    Returns
    -------
    ndarray of shape (n_rows, n_facts), bool
        False for what is protected, missing, a mark, a code without words or a 0 that stands for
        "nothing to measure", and where value and reference read the same.
    """
    shown = (CAUSE["stated"], CAUSE["favourable_side"])
    return np.isin(bars(features, np.ones(features.shape), context), shown)


def _of_column(
    features: Array, rows: NDArray[np.bool_], position: int, context: ReasonContext
) -> NDArray[np.int8]:
    """Return why the facts of one column of names or of a user's table may not be stated."""
    meaning, style = context.facts[position], context.styles[position]
    values = features[rows, position]
    cause = np.full(len(values), CAUSE["stated"], np.int8)
    if meaning.mark_of:
        cause[:] = CAUSE["not_applicable"]
        return cause
    shown = displayed(values, style)
    against = context.rules.shown_medians[position]
    if is_code_without_label(meaning, style):
        cause[:] = CAUSE["code_without_words"]
    elif not np.isfinite(against):
        cause[:] = CAUSE["no_reference_value"]
    elif style.named:
        words = [code for code, _, _ in style.labels]
        if not style.categories:
            cause[~np.isin(shown, words)] = CAUSE["code_without_words"]
            if against not in words:
                cause[:] = CAUSE["code_without_words"]
        cause[shown == against] = CAUSE["like_the_reference"]
    else:
        cause[shown == against] = CAUSE["like_the_reference"]
        cause[(shown - against) * meaning.direction < 0] = CAUSE["favourable_side"]
    cause[_empty(features, rows, position, context)] = CAUSE["nothing_to_measure"]
    unknown = ~np.isfinite(values)
    if unknown.any():
        cause[unknown] = _of_unknown(features, np.flatnonzero(rows)[unknown], position, context)
    return cause


def _empty(
    features: Array, rows: NDArray[np.bool_], position: int, context: ReasonContext
) -> NDArray[np.bool_]:
    """Return where a value stands for "nothing to measure"."""
    values, rules = features[rows, position], context.rules
    if not rules.has_witness[position]:
        return np.zeros(len(values), bool)
    empty = (values == 0) | (values >= context.styles[position].empty_from)
    places = np.flatnonzero(rows)[empty]
    known = rules.witness[rules.witness_start[position] : rules.witness_start[position + 1]]
    if len(known) and len(places):
        empty[empty] = ~np.isfinite(features[np.ix_(places, known)]).any(axis=1)
    return np.asarray(empty)


def _of_unknown(
    features: Array, places: NDArray[np.intp], position: int, context: ReasonContext
) -> NDArray[np.int8]:
    """Return what a missing value is: not given, not applicable, or just not there."""
    meaning = context.facts[position]
    if not meaning.from_table:
        return np.full(len(places), CAUSE["missing"], np.int8)
    cause = np.full(len(places), CAUSE["not_stated_by_customer"], np.int8)
    if not np.isfinite(context.reference.medians[position]):
        cause[:] = CAUSE["no_reference_value"]
    for p, other in enumerate(context.facts):
        if other.mark_of == meaning.name:
            cause[features[places, p] == 1] = CAUSE["not_applicable"]
        elif other.amount_of == meaning.name:
            cause[np.isfinite(features[places, p])] = CAUSE["not_applicable"]
    if meaning.amount_of:
        cause[:] = CAUSE["not_applicable"]
    return cause
