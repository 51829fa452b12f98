"""Which fact and which trait comes first: rules 3, 4 and 6 of ``reason_selection``, on arrays.

What else bars a fact or a trait from being stated (rules 1 and 2) is decided by the caller and
arrives as a mask.
"""

import numpy as np
from numpy.typing import NDArray

from delinquency.panel.windows import Array
from delinquency.reasons.reason_options import ReasonOptions


def strongest_facts(
    gain: Array,
    may_state: NDArray[np.bool_],
    *,
    traits: NDArray[np.intp],
    actionable: NDArray[np.bool_],
    n_traits: int,
    tie_log_odds: float,
) -> NDArray[np.int32]:
    """Return for each row and trait the fact to state, or -1.

    Parameters
    ----------
    gain : ndarray of shape (n_rows, n_facts)
        Log-odds of each fact above its reference.
    may_state : ndarray of shape (n_rows, n_facts), bool
    traits : ndarray of shape (n_facts,), int
        Position of each fact's trait.
    actionable : ndarray of shape (n_facts,), bool
        Whether the customer can change the fact.
    n_traits : int
    tie_log_odds : float
        Width of a step: within one, what can be changed goes first, then the larger gain.

    Returns
    -------
    ndarray of shape (n_rows, n_traits), int
    """
    n_rows, n_facts = gain.shape
    out = np.full((n_rows, n_traits), -1, np.int32)
    best_step = np.full(out.shape, -np.inf)
    best_gain = np.full(out.shape, -np.inf)
    best_free = np.zeros(out.shape, bool)
    for position in range(n_facts):
        own, trait = gain[:, position], traits[position]
        step = np.floor(own / tie_log_odds)
        free = np.full(n_rows, actionable[position])
        tied = step == best_step[:, trait]
        freer = free & ~best_free[:, trait]
        alike = free == best_free[:, trait]
        better = (step > best_step[:, trait]) | (
            tied & (freer | (alike & (own > best_gain[:, trait])))
        )
        better &= may_state[:, position]
        out[better, trait] = position
        best_step[better, trait] = step[better]
        best_gain[better, trait] = own[better]
        best_free[better, trait] = actionable[position]
    return out


def trait_order(
    excess: Array,
    may_state: NDArray[np.bool_],
    actionable: NDArray[np.bool_],
    options: ReasonOptions,
) -> NDArray[np.int8]:
    """Return the stated traits, strongest step first, actionable ones first within a step.

    Parameters
    ----------
    excess : ndarray of shape (n_rows, n_traits)
        Log-odds of each trait above its reference.
    may_state : ndarray of shape (n_rows, n_traits), bool
    actionable : ndarray of shape (n_rows, n_traits), bool
        Whether the customer can change the fact that stands for the trait.
    options : ReasonOptions

    Returns
    -------
    ndarray of shape (n_rows, max_reasons), int
        Position of the trait; -1 where there is no further reason.
    """
    step = np.floor(excess / options.tie_log_odds)
    order = np.lexsort((-excess, ~actionable, -step, ~may_state), axis=1)
    width = min(options.max_reasons, excess.shape[1])
    out = np.full((len(excess), options.max_reasons), -1, np.int8)
    kept = order[:, :width]
    stated = np.take_along_axis(may_state, kept, axis=1)
    out[:, :width] = np.where(stated, kept, -1)
    return out


def dominant_trait(
    excess: Array, may_state: NDArray[np.bool_], options: ReasonOptions
) -> NDArray[np.int8]:
    """Return the dominant trait by rule 6, or -1.

    Parameters
    ----------
    excess : ndarray of shape (n_rows, n_traits)
    may_state : ndarray of shape (n_rows, n_traits), bool
    options : ReasonOptions

    Returns
    -------
    ndarray of shape (n_rows,), int
    """
    top = excess.argmax(axis=1)
    rows = np.arange(len(excess))
    largest = excess[rows, top]
    raised = np.maximum(excess, 0.0).sum(axis=1)
    clear = (
        (largest >= options.dominant_log_odds)
        & (largest >= options.dominant_share * raised)
        & may_state[rows, top]
    )
    return np.where(clear, top, -1).astype(np.int8)
