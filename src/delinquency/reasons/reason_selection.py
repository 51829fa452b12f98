"""From trait values to reasons: which traits, which facts, in which order, and when none.

The rules, in one place:

1. A trait's *excess* is its value less its mean in the reference population, on the stated
   scale. Only a trait with an excess of at least ``minimum_log_odds`` can be a reason.
2. Protected attributes, disputed facts, traits without evidence, and willingness on weak
   evidence are withheld. What they would have said is counted in ``withheld``, never worded.
3. Inside a trait the fact with the largest contribution above its reference is stated, among
   those that ``statable_facts`` lets through. Where the largest contribution is that of a missing
   value, the reason says that the value was not stated, or the trait is withheld: what a missing
   value adds is never told through another fact. A trait without a fact is no reason: a bare
   headline would not be specific.
4. Reasons are ordered by excess in steps of ``tie_log_odds``; within a step what the customer can
   change goes first. At most ``max_reasons`` are kept.
5. A sentence that more than ``common_share`` of the accounts at risk are told gets a second fact
   of the trait beside it, of another family where there is one.
6. A *dominant* trait has the largest excess of all six, at least ``dominant_log_odds`` and at
   least ``dominant_share`` of all positive excess, and is among the reasons. Otherwise there is
   no dominant trait: not every account has one, and to name one would be wrong.

Everything is done for all accounts at once; ``reason_ranking`` holds rules 3, 4 and 6.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from delinquency.errors import ModelError
from delinquency.panel.windows import Array
from delinquency.reasons.reason_causes import CAUSE, CAUSES
from delinquency.reasons.reason_context import ReasonContext
from delinquency.reasons.reason_ranking import (
    dominant_trait,
    largest_facts,
    second_facts,
    strongest_facts,
    trait_order,
)
from delinquency.reasons.reference_population import Contributions, Reference
from delinquency.reasons.statable_facts import bars, own_gain
from delinquency.reasons.stated_reasons import Reasons
from delinquency.reasons.value_wording import Style, displayed
from delinquency.traits import EVIDENCE_LEVELS, REPAYMENT_WILLINGNESS

_WEAK = EVIDENCE_LEVELS.index("weak")
_UNKNOWN = ("missing", "not_applicable", "not_stated_by_customer")
_IS_UNKNOWN = np.array([name in _UNKNOWN for name in CAUSES], bool)


def evidence_codes(levels: Sequence[Sequence[str]] | NDArray[np.object_]) -> NDArray[np.int8]:
    """Return evidence levels as positions in ``EVIDENCE_LEVELS``, same shape.

    Raises
    ------
    ModelError
        If a level is none of them.
    """
    array = np.asarray(levels, dtype=object)
    codes = np.full(array.shape, -1, np.int8)
    for position, level in enumerate(EVIDENCE_LEVELS):
        codes[array == level] = position
    if (codes < 0).any():
        raise ModelError(
            f"Evidence must be one of {', '.join(EVIDENCE_LEVELS)}. "
            f"Got {array[codes < 0].tolist()[0]!r}."
        )
    return codes


def select_reasons(
    accounts: Contributions,
    evidence: NDArray[np.int8],
    context: ReasonContext,
    *,
    disputed: NDArray[np.bool_] | None = None,
) -> Reasons:
    """Return the reasons of all accounts by the rules of this module.

    Parameters
    ----------
    accounts : Contributions
        Columns in the order of the reference's traits and facts.
    evidence : ndarray of shape (n_rows, n_traits), int
        Positions in ``EVIDENCE_LEVELS``.
    context : ReasonContext
    disputed : ndarray of shape (n_rows, n_facts), bool, or None
        Facts that the customer disputes.

    Returns
    -------
    Reasons

    Raises
    ------
    ModelError
        If shapes do not fit the reference.
    """
    reference, options = context.reference, context.options
    _require_shapes(accounts, evidence, reference)
    if disputed is not None and disputed.shape != accounts.features.shape:
        raise ModelError(
            f"Expected disputed facts of shape {accounts.features.shape}. Got {disputed.shape}."
        )
    excess = (accounts.trait_values - reference.trait_values) * context.scale.factor
    gain = own_gain((accounts.fact_values - reference.fact_values) * context.scale.factor, context)
    barred = bars(accounts.features, gain, context, disputed=disputed)
    fact, cause = _facts(gain, barred, context)
    willingness = np.array([key == REPAYMENT_WILLINGNESS.key for key in reference.traits])
    weak = willingness & (evidence <= _WEAK)
    cause = np.where(weak, CAUSE["weak_willingness"], cause)
    cause = np.where(evidence == 0, CAUSE["no_evidence"], cause).astype(np.int8)
    raised = excess >= options.minimum_log_odds
    may_state = raised & (cause <= CAUSE["not_stated_by_customer"])
    actionable = np.append(context.actionable, False)
    trait = trait_order(excess, may_state, actionable[fact], options)
    given = trait >= 0
    rows = np.arange(len(accounts))[:, None]
    chosen = np.where(given, fact[rows, trait], -1).astype(np.int32)
    kept = np.zeros(excess.shape, bool)
    for rank in range(trait.shape[1]):
        stated = given[:, rank]
        kept[stated, trait[stated, rank]] = True
    cause[may_state & ~kept] = CAUSE["beyond_max_reasons"]
    out = Reasons(
        context=context,
        trait=trait,
        fact=chosen,
        excess=np.where(given, excess[rows, trait], np.nan),
        value=_displayed_of(accounts.features, chosen, context.styles),
        reference=_references_of(chosen, context),
        second=np.full_like(chosen, -1),
        second_value=np.full(chosen.shape, np.nan),
        second_reference=np.full(chosen.shape, np.nan),
        evidence=np.where(given, evidence[rows, trait], -1).astype(np.int8),
        dominant=dominant_trait(excess, may_state, options),
        trait_excess=excess,
        withheld=np.where((evidence == 0) | weak, np.maximum(excess, 0.0), 0.0).sum(axis=1),
        cause=np.where(raised, cause, -1).astype(np.int8),
    )
    return _with_second_facts(out, accounts, gain, barred) if context.common else out


def common_sentences(reasons: Reasons) -> frozenset[tuple[str, str]]:
    """Return the sentences that more than ``common_share`` of some accounts are told.

    Parameters
    ----------
    reasons : Reasons
        Of the accounts at risk.

    Returns
    -------
    frozenset of (family, side)
    """
    context, counts = reasons.context, dict[tuple[str, str], int]()
    for position in np.unique(reasons.fact[reasons.fact >= 0]):
        where = reasons.fact == position
        high = where & (reasons.value > reasons.reference)
        named = context.styles[position].named
        for side, rows in (("high", high), ("low", where & ~high)):
            key = (context.families[position], "" if named else side)
            counts[key] = counts.get(key, 0) + int(rows.any(axis=1).sum())
    most = context.options.common_share * len(reasons)
    return frozenset(key for key, count in counts.items() if count > most)


def _facts(
    gain: Array, barred: NDArray[np.int8], context: ReasonContext
) -> tuple[NDArray[np.int32], NDArray[np.int8]]:
    """Return the fact of each row and trait, or -1, and what became of the trait (rule 3)."""
    n_traits = len(context.reference.traits)
    common = {
        "traits": context.fact_traits,
        "actionable": context.actionable,
        "n_traits": n_traits,
    }
    may = barred <= CAUSE["not_stated_by_customer"]
    tie = context.options.tie_log_odds
    fact = strongest_facts(gain, may, tie_log_odds=tie, **common)  # type: ignore[arg-type]
    top = largest_facts(gain, context.fact_traits, n_traits)
    rows = np.arange(len(gain))[:, None]
    why = np.where(top >= 0, barred[rows, top], CAUSE["no_fact_raises_it"]).astype(np.int8)
    fact = np.where(_IS_UNKNOWN[why], -1, fact)
    fact = np.where(why == CAUSE["not_stated_by_customer"], top, fact).astype(np.int32)
    return fact, np.where(fact >= 0, barred[rows, fact], why).astype(np.int8)


def _with_second_facts(
    reasons: Reasons, accounts: Contributions, gain: Array, barred: NDArray[np.int8]
) -> Reasons:
    """Return the reasons with a second fact beside each sentence that many are told (rule 5)."""
    context = reasons.context
    high = (reasons.value > reasons.reference).astype(np.intp)
    second = second_facts(
        gain, barred == CAUSE["stated"],
        first=reasons.fact,
        wanted=(reasons.fact >= 0) & context.told_to_many[reasons.fact, high],
        traits=context.fact_traits,
        families=context.family_numbers,
    )  # fmt: skip
    return replace(
        reasons,
        second=second,
        second_value=_displayed_of(accounts.features, second, context.styles),
        second_reference=_references_of(second, context),
    )


def _displayed_of(values: Array, chosen: NDArray[np.int32], styles: Sequence[Style]) -> Array:
    """Return the displayed values of the chosen facts; NaN where none is chosen."""
    out = np.full(chosen.shape, np.nan)
    rows, ranks = np.nonzero(chosen >= 0)
    facts = chosen[rows, ranks]
    order = np.argsort(facts, kind="stable")
    borders = np.flatnonzero(np.diff(facts[order])) + 1
    for where in np.split(order, borders) if len(order) else ():
        position = facts[where[0]]
        out[rows[where], ranks[where]] = displayed(values[rows[where], position], styles[position])
    return out


def _references_of(chosen: NDArray[np.int32], context: ReasonContext) -> Array:
    """Return the reference values of the chosen facts, as displayed; NaN where none is chosen."""
    return np.append(context.rules.shown_medians, np.nan)[chosen]


def _require_shapes(
    accounts: Contributions, evidence: NDArray[np.int8], reference: Reference
) -> None:
    expected = (len(accounts), len(reference.traits)), (len(accounts), len(reference.facts))
    if (accounts.trait_values.shape, accounts.features.shape) != expected:
        raise ModelError(
            f"Expected trait values and features of shapes {expected[0]} and {expected[1]}, as "
            f"in the reference. Got {accounts.trait_values.shape}, {accounts.features.shape}."
        )
    if evidence.shape != expected[0]:
        raise ModelError(f"Expected evidence of shape {expected[0]}. Got {evidence.shape}.")
