"""Which fact and which trait comes first: rules 3, 4 and 6 of ``reason_selection``, on arrays.

What else bars a fact or a trait from being stated (rules 1 and 2) is decided by the caller and
arrives as a mask.
"""

import numpy as np
from numpy.typing import NDArray

from delinquency.compiled import njit
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
    out = np.full((len(gain), n_traits), -1, np.int32)
    _strongest(gain, may_state, traits, actionable, tie_log_odds, out)
    return out


@njit(cache=True, nogil=True)
def _strongest(gain, may_state, traits, actionable, tie, out):  # type: ignore[no-untyped-def]
    n_traits = out.shape[1]
    best_step, best_gain = np.empty(n_traits), np.empty(n_traits)
    for row in range(gain.shape[0]):
        best_step[:] = -np.inf
        best_gain[:] = -np.inf
        for fact in range(gain.shape[1]):
            if not may_state[row, fact]:
                continue
            own, trait = gain[row, fact], traits[fact]
            best = out[row, trait]
            free_before = best >= 0 and actionable[best]
            step = np.floor(own / tie)
            better = step > best_step[trait]
            if step == best_step[trait]:
                if actionable[fact] == free_before:
                    better = own > best_gain[trait]
                else:
                    better = actionable[fact]
            if better:
                out[row, trait] = fact
                best_step[trait], best_gain[trait] = step, own


def largest_facts(gain: Array, traits: NDArray[np.intp], n_traits: int) -> NDArray[np.int32]:
    """Return for each row and trait the fact with the largest gain, stated or not.

    Parameters
    ----------
    gain : ndarray of shape (n_rows, n_facts)
    traits : ndarray of shape (n_facts,), int
    n_traits : int

    Returns
    -------
    ndarray of shape (n_rows, n_traits), int
        The first of equal ones; -1 for a trait without facts.
    """
    out = np.full((len(gain), n_traits), -1, np.int32)
    _largest(gain, traits, out)
    return out


@njit(cache=True, nogil=True)
def _largest(gain, traits, out):  # type: ignore[no-untyped-def]
    for row in range(gain.shape[0]):
        for fact in range(gain.shape[1]):
            best = out[row, traits[fact]]
            if best < 0 or gain[row, fact] > gain[row, best]:
                out[row, traits[fact]] = fact


def second_facts(
    gain: Array,
    may_state: NDArray[np.bool_],
    *,
    first: NDArray[np.int32],
    wanted: NDArray[np.bool_],
    traits: NDArray[np.intp],
    families: NDArray[np.intp],
) -> NDArray[np.int32]:
    """Return for each first fact the strongest other of its trait, of another family if it can be.

    Parameters
    ----------
    gain : ndarray of shape (n_rows, n_facts)
    may_state : ndarray of shape (n_rows, n_facts), bool
    first : ndarray of shape (n_rows, n_ranks), int
    wanted : ndarray of shape (n_rows, n_ranks), bool
        Which of them shall have another beside them; never one that is -1.
    traits, families : ndarray of shape (n_facts,), int

    Returns
    -------
    ndarray of shape (n_rows, n_ranks), int
        -1 where none is wanted or found.
    """
    out = np.full(first.shape, -1, np.int32)
    _seconds(gain, may_state, first, wanted, traits, families, out)
    return out


@njit(cache=True, nogil=True)
def _seconds(gain, may_state, first, wanted, traits, families, out):  # type: ignore[no-untyped-def]
    for row in range(first.shape[0]):
        for rank in range(first.shape[1]):
            if not wanted[row, rank]:
                continue
            own = first[row, rank]
            same, other = -1, -1
            for fact in range(gain.shape[1]):
                if traits[fact] != traits[own] or fact == own or not may_state[row, fact]:
                    continue
                if same < 0 or gain[row, fact] > gain[row, same]:
                    same = fact
                if families[fact] != families[own] and (
                    other < 0 or gain[row, fact] > gain[row, other]
                ):
                    other = fact
            out[row, rank] = other if other >= 0 else same


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
