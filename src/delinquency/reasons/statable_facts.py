"""Which facts may stand as a value beside their reference, whatever they add."""

import numpy as np
from numpy.typing import NDArray

from delinquency.compiled import njit
from delinquency.panel.windows import Array
from delinquency.reasons.fact_rules import bar_row
from delinquency.reasons.reason_causes import CAUSE
from delinquency.reasons.reason_context import ReasonContext


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
    barred = barred_facts(features, np.ones(features.shape), context)
    return np.isin(barred, (CAUSE["stated"], CAUSE["favourable_side"]))


def barred_facts(features: Array, gain: Array, context: ReasonContext) -> NDArray[np.int8]:
    """Return why each fact that raises the risk may not be stated, disputes apart.

    Parameters
    ----------
    features : ndarray of shape (n_rows, n_facts)
    gain : ndarray of shape (n_rows, n_facts)
        Log-odds of each fact above its reference.
    context : ReasonContext

    Returns
    -------
    ndarray of shape (n_rows, n_facts), int8
        As ``CAUSE``: ``stated`` and ``not_stated_by_customer`` for facts that may be stated,
        ``no_fact_raises_it`` where a fact does not raise the risk.
    """
    out = np.empty(features.shape, np.int8)
    # Rows come in any layout, and each would be compiled for on its own.
    rows = np.require(features, np.float64, ["C", "W"])
    _bar(rows, np.require(gain, np.float64, ["C", "W"]), context.rules, out)
    return out


@njit(cache=True, nogil=True)
def _bar(features, gain, rules, out):  # type: ignore[no-untyped-def]
    for row in range(gain.shape[0]):
        bar_row(features[row], gain[row], rules, out[row])
