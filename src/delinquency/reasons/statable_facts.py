"""Which facts may be stated, and why the others may not.

A fact is stated as a value only when it is one: a missing value, a figure that does not apply, a
0 that stands for "nothing to measure", a code without words, a value that reads like the
reference or lies on its good side are none. Protected and disputed facts never are.
"""

import numpy as np
from numpy.typing import NDArray

from delinquency.panel.schema import protected_columns
from delinquency.panel.windows import Array
from delinquency.reasons.reason_context import ReasonContext
from delinquency.reasons.sentences.every_family import is_summary_of, witnesses_of
from delinquency.reasons.value_wording import displayed, is_code_without_label

CAUSES = (
    "stated", "not_stated_by_customer", "beyond_max_reasons", "no_evidence", "weak_willingness",
    "no_fact_raises_it", "protected", "disputed", "missing", "not_applicable",
    "nothing_to_measure", "code_without_words", "no_reference_value", "favourable_side",
    "like_the_reference",
)  # fmt: skip
"""What became of a trait that raises the risk; the first two are reasons, the others withheld."""
CAUSE = {name: np.int8(number) for number, name in enumerate(CAUSES)}
CAUSE_WORDS = {
    "stated": ("stated as a reason", "已作为原因说明"),
    "not_stated_by_customer": ("stated as a value that was not given", "已说明为未提供"),
    "beyond_max_reasons": ("further reasons, beyond the most that are given", "超出原因数量上限"),
    "no_evidence": ("no evidence for the trait", "该方面无证据"),
    "weak_willingness": ("willingness on weak evidence", "意愿方面证据不足"),
    "no_fact_raises_it": ("no single fact raises it", "没有单一事实使其上升"),
    "protected": ("the strongest fact is protected", "最强事实受保护"),
    "disputed": ("the strongest fact is disputed", "最强事实有争议"),
    "missing": ("the strongest fact is a missing value", "最强事实为缺失值"),
    "not_applicable": ("the strongest fact does not apply", "最强事实不适用"),
    "nothing_to_measure": ("there was nothing to measure", "没有可计量的内容"),
    "code_without_words": ("the strongest fact is a code without words", "最强事实为无文字的代码"),
    "no_reference_value": ("the reference has no value", "参考人群没有数值"),
    "favourable_side": ("the strongest fact is on the good side", "最强事实处于有利一侧"),
    "like_the_reference": ("the strongest fact reads like the reference", "最强事实与参考值相同"),
}
"""Each cause in words, English and Chinese."""


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
    place = {one.name: position for position, one in enumerate(context.facts)}
    marks = [(p, place[one.mark_of]) for p, one in enumerate(context.facts)
             if one.mark_of in place]  # fmt: skip
    if not marks:
        return gain
    out = gain.copy()
    for mark, column in marks:
        out[:, column] += gain[:, mark]
        out[:, mark] = 0.0
    return out


def bars(
    features: Array, gain: Array, context: ReasonContext, *, disputed: NDArray[np.bool_]
) -> NDArray[np.int8]:
    """Return for each fact that raises the risk why it may not be stated, as a ``CAUSE``.

    Parameters
    ----------
    features : ndarray of shape (n_rows, n_facts)
    gain : ndarray of shape (n_rows, n_facts)
        As ``own_gain`` returns it.
    context : ReasonContext
    disputed : ndarray of shape (n_rows, n_facts), bool

    Returns
    -------
    ndarray of shape (n_rows, n_facts), int8
        ``stated`` and ``not_stated_by_customer`` for facts that may be; ``no_fact_raises_it``
        where a fact does not raise the risk.
    """
    out = np.full(gain.shape, CAUSE["no_fact_raises_it"], np.int8)
    protected = protected_facts(context)
    for position in range(gain.shape[1]):
        rows = gain[:, position] > 0
        if rows.any():
            cause = _of_column(features, rows, position, context)
            cause[disputed[rows, position]] = CAUSE["disputed"]
            out[rows, position] = CAUSE["protected"] if protected[position] else cause
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
    every = np.ones(len(features), bool)
    out = np.empty(features.shape, bool)
    for position in range(features.shape[1]):
        out[:, position] = np.isin(_of_column(features, every, position, context), shown)
    return np.asarray(out & ~protected_facts(context))


def protected_facts(context: ReasonContext) -> NDArray[np.bool_]:
    """Return which facts are protected attributes or rest on one, shape (n_facts,)."""
    never = set(protected_columns())
    return np.array(
        [one.name in never or bool(never & set(one.needs)) for one in context.facts], bool
    )


def _of_column(
    features: Array, rows: NDArray[np.bool_], position: int, context: ReasonContext
) -> NDArray[np.int8]:
    """Return why the facts of one column may not be stated, for some rows."""
    meaning, style = context.facts[position], context.styles[position]
    values = features[rows, position]
    cause = np.full(len(values), CAUSE["stated"], np.int8)
    if meaning.mark_of:
        cause[:] = CAUSE["not_applicable"]
        return cause
    shown = displayed(values, style)
    against = displayed(context.reference.medians[position : position + 1], style)[0]
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
    meaning, style = context.facts[position], context.styles[position]
    values = features[rows, position]
    witnesses = None if meaning.from_table else witnesses_of(meaning.name)
    if witnesses is None:
        return np.zeros(len(values), bool)
    empty = (values == 0) | (values >= style.or_more)
    places = np.flatnonzero(rows)[empty]
    known = [
        p for p, one in enumerate(context.facts)
        if any(is_summary_of(one.name, quantity) for quantity in witnesses)
    ]  # fmt: skip
    if known and len(places):
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
