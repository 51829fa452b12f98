"""The rules of ``reason_selection`` for one account after the other, compiled.

The numbers of one account stay in the processor's cache from one rule to the next: nothing is kept
a fact but the fact that is stated. A single account costs no more than its own numbers.
"""

import numpy as np

from delinquency.compiled import njit
from delinquency.reasons.fact_rules import bar_row
from delinquency.reasons.reason_causes import CAUSE
from delinquency.traits import EVIDENCE_LEVELS

_STATED, _NOT_STATED = CAUSE["stated"], CAUSE["not_stated_by_customer"]
_MISSING, _NOT_APPLICABLE = CAUSE["missing"], CAUSE["not_applicable"]
_DISPUTED, _PROTECTED = CAUSE["disputed"], CAUSE["protected"]
_NO_FACT, _NO_EVIDENCE = CAUSE["no_fact_raises_it"], CAUSE["no_evidence"]
_WEAK_WILLINGNESS, _BEYOND = CAUSE["weak_willingness"], CAUSE["beyond_max_reasons"]
_WEAK = EVIDENCE_LEVELS.index("weak")


@njit(cache=True, nogil=True)
def select_rows(  # type: ignore[no-untyped-def]
    values, features, evidence, disputed, reference, facts, rules, limits,
    excess, cause, trait, fact, second, withheld, dominant,
):  # fmt: skip
    """Write what is stated of every row, and what became of its traits.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_facts)
        Exact value of each fact, log-odds.
    features : ndarray of shape (n_rows, n_facts)
    evidence : ndarray of shape (n_rows, n_traits), int8
    disputed : ndarray of shape (n_rows, n_facts), bool
        Without a row where nothing is disputed.
    reference : tuple
        Mean value of each fact, and the factor of the stated scale.
    facts : FactTraits
    rules : FactRules
    limits : ReasonLimits
    excess : ndarray of shape (n_rows, n_traits)
        Of every trait, on the stated scale.
    cause : ndarray of shape (n_rows, n_traits), int8, written
    trait, fact, second : ndarray of shape (n_rows, max_reasons), int, written
        -1 before.
    withheld : ndarray of shape (n_rows,), written
    dominant : ndarray of shape (n_rows,), int8, written
        -1 before.
    """
    n_facts, n_traits = values.shape[1], excess.shape[1]
    of_trait, willingness = facts.trait, facts.willingness
    gain, barred = np.empty(n_facts), np.empty(n_facts, np.int8)
    first, may = np.empty(n_traits, np.int32), np.empty(n_traits, np.bool_)
    largest, room = np.empty(n_traits, np.int32), np.empty((2, n_traits))
    for row in range(values.shape[0]):
        _gains(values[row], reference, facts.marks, gain)
        bar_row(features[row], gain, rules, barred)
        if disputed.shape[0]:
            for one in range(n_facts):
                if disputed[row, one] and gain[one] > 0.0 and barred[one] != _PROTECTED:
                    barred[one] = _DISPUTED
        strongest_facts(gain, barred, of_trait, facts.actionable, limits.tie_log_odds, room, first)
        largest_facts(gain, of_trait, largest)
        for one in range(n_traits):
            why, level = _NO_FACT, evidence[row, one]
            if largest[one] >= 0:
                why = barred[largest[one]]
            if why == _NOT_STATED:
                first[one] = largest[one]
            elif why in (_MISSING, _NOT_APPLICABLE):
                first[one] = -1
            if first[one] >= 0:
                why = barred[first[one]]
            weak = willingness[one] and level <= _WEAK
            if weak:
                why = _WEAK_WILLINGNESS
            if level == 0:
                why = _NO_EVIDENCE
            if (weak or level == 0) and excess[row, one] > 0.0:
                withheld[row] += excess[row, one]
            raised = excess[row, one] >= limits.minimum_log_odds
            may[one] = raised and why <= _NOT_STATED
            cause[row, one] = why if raised else np.int8(-1)
        dominant[row] = dominant_trait(
            excess[row], may, limits.dominant_log_odds, limits.dominant_share
        )
        trait_order(excess[row], may, first, facts.actionable, limits.tie_log_odds, trait[row])
        for one in range(n_traits):
            if may[one]:
                cause[row, one] = _BEYOND
        for rank in range(trait.shape[1]):
            if trait[row, rank] < 0:
                break
            own = first[trait[row, rank]]
            fact[row, rank] = own
            cause[row, trait[row, rank]] = barred[own]
            high = np.int64(features[row, own] >= rules.high[own])
            if facts.told_to_many[own, high]:
                second[row, rank] = second_fact(gain, barred, own, of_trait, facts.family)


@njit(cache=True, nogil=True)
def _gains(values, reference, marks, out):  # type: ignore[no-untyped-def]
    """Write what each fact adds; what a mark adds is given to the column it belongs to."""
    means, factor = reference
    for fact in range(values.shape[0]):
        out[fact] = (values[fact] - means[fact]) * factor
    for at in range(marks.shape[0]):
        out[marks[at, 1]] += out[marks[at, 0]]
        out[marks[at, 0]] = 0.0


@njit(cache=True, nogil=True)
def strongest_facts(gain, barred, traits, actionable, tie, room, out):  # type: ignore[no-untyped-def]
    """Write the fact to state of each trait of one row (rule 3), -1 where there is none.

    Parameters
    ----------
    gain : ndarray of shape (n_facts,)
        Log-odds of each fact above its reference.
    barred : ndarray of shape (n_facts,), int8
        A fact may be stated if its cause is ``stated`` or ``not_stated_by_customer``.
    traits : ndarray of shape (n_facts,), int
        Position of each fact's trait.
    actionable : ndarray of shape (n_facts,), bool
        Whether the customer can change the fact.
    tie : float
        Width of a step in log-odds: within one, what can be changed goes first, then the larger
        gain.
    room : ndarray of shape (2, n_traits), written
        To work in.
    out : ndarray of shape (n_traits,), int, written
    """
    best_step, best_gain = room[0], room[1]
    best_step[:] = -np.inf
    out[:] = -1
    for fact in range(gain.shape[0]):
        if barred[fact] > _NOT_STATED:
            continue
        own, trait = gain[fact], traits[fact]
        best = out[trait]
        free_before = best >= 0 and actionable[best]
        step = np.floor(own / tie)
        better = step > best_step[trait]
        if step == best_step[trait]:
            if actionable[fact] == free_before:
                better = own > best_gain[trait]
            else:
                better = actionable[fact]
        if better:
            out[trait] = fact
            best_step[trait], best_gain[trait] = step, own


@njit(cache=True, nogil=True)
def largest_facts(gain, traits, out):  # type: ignore[no-untyped-def]
    """Write the fact with the largest gain of each trait of one row, stated or not.

    Parameters
    ----------
    gain : ndarray of shape (n_facts,)
    traits : ndarray of shape (n_facts,), int
    out : ndarray of shape (n_traits,), int, written
        The first of equal ones; -1 for a trait without facts.
    """
    out[:] = -1
    for fact in range(gain.shape[0]):
        best = out[traits[fact]]
        if best < 0 or gain[fact] > gain[best]:
            out[traits[fact]] = fact


@njit(cache=True, nogil=True)
def trait_order(excess, may_state, first, actionable, tie, out):  # type: ignore[no-untyped-def]
    """Write the stated traits of one row (rule 4): strongest step first, actionable ones in it.

    Parameters
    ----------
    excess : ndarray of shape (n_traits,)
        Log-odds above the reference.
    may_state : ndarray of shape (n_traits,), bool
    first : ndarray of shape (n_traits,), int
        The fact that stands for each trait; not -1 where the trait may be stated.
    actionable : ndarray of shape (n_facts,), bool
    tie : float
        Width of a step in log-odds.
    out : ndarray of shape (max_reasons,), int, written
        -1 where there is no further reason; of traits alike in all, the first.
    """
    taken = np.zeros(excess.shape[0], np.bool_)
    for rank in range(out.shape[0]):
        best = -1
        for trait in range(excess.shape[0]):
            if not may_state[trait] or taken[trait]:
                continue
            if best < 0:
                best = trait
                continue
            step, least = np.floor(excess[trait] / tie), np.floor(excess[best] / tie)
            free, before = actionable[first[trait]], actionable[first[best]]
            if step != least:
                better = step > least
            elif free != before:
                better = free
            else:
                better = excess[trait] > excess[best]
            if better:
                best = trait
        out[rank] = best
        if best >= 0:
            taken[best] = True


@njit(cache=True, nogil=True)
def dominant_trait(excess, may_state, log_odds, share):  # type: ignore[no-untyped-def]
    """Return the dominant trait of one row (rule 6), or -1.

    Parameters
    ----------
    excess : ndarray of shape (n_traits,)
    may_state : ndarray of shape (n_traits,), bool
    log_odds, share : float
        Least excess, and least share of all that is above 0.

    Returns
    -------
    int
    """
    top, raised = 0, 0.0
    for trait in range(excess.shape[0]):
        raised += max(excess[trait], 0.0)
        if excess[trait] > excess[top]:
            top = trait
    clear = excess[top] >= log_odds and excess[top] >= share * raised and may_state[top]
    return top if clear else -1


@njit(cache=True, nogil=True)
def second_fact(gain, barred, first, traits, families):  # type: ignore[no-untyped-def]
    """Return the strongest other fact of a fact's trait (rule 5), of another family if it can be.

    Parameters
    ----------
    gain : ndarray of shape (n_facts,)
    barred : ndarray of shape (n_facts,), int8
    first : int
    traits, families : ndarray of shape (n_facts,), int

    Returns
    -------
    int
        -1 where none may be stated.
    """
    same, other = -1, -1
    for fact in range(gain.shape[0]):
        if traits[fact] != traits[first] or fact == first or barred[fact] != _STATED:
            continue
        if same < 0 or gain[fact] > gain[same]:
            same = fact
        if families[fact] != families[first] and (other < 0 or gain[fact] > gain[other]):
            other = fact
    return other if other >= 0 else same
