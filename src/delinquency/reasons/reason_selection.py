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

``reason_ranking`` goes through the rules for one account after the other, compiled.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delinquency.errors import ModelError
from delinquency.panel.windows import Array
from delinquency.reasons.reason_context import ReasonContext
from delinquency.reasons.reason_ranking import select_rows
from delinquency.reasons.reference_population import Contributions, Reference
from delinquency.reasons.stated_reasons import Reasons
from delinquency.reasons.value_wording import Style, displayed
from delinquency.traits import EVIDENCE_LEVELS


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
    n_rows, n_traits = excess.shape
    cause = np.empty((n_rows, n_traits), np.int8)
    trait = np.full((n_rows, options.max_reasons), -1, np.int8)
    fact, second = np.full(trait.shape, -1, np.int32), np.full(trait.shape, -1, np.int32)
    withheld, dominant = np.zeros(n_rows), np.empty(n_rows, np.int8)
    nothing = np.zeros((0, 0), np.bool_)
    select_rows(
        _plain(accounts.fact_values), _plain(accounts.features), _plain(evidence, np.int8),
        nothing if disputed is None else _plain(disputed, np.bool_),
        (reference.fact_values, context.scale.factor), context.fact_places, context.rules,
        context.limits, excess, cause, trait, fact, second, withheld, dominant,
    )  # fmt: skip
    given, rows = trait >= 0, np.arange(n_rows)[:, None]
    return Reasons(
        context=context,
        trait=trait,
        fact=fact,
        excess=np.where(given, excess[rows, trait], np.nan),
        value=_displayed_of(accounts.features, fact, context.styles),
        reference=_references_of(fact, context),
        second=second,
        second_value=_displayed_of(accounts.features, second, context.styles),
        second_reference=_references_of(second, context),
        evidence=np.where(given, evidence[rows, trait], -1).astype(np.int8),
        dominant=dominant,
        trait_excess=excess,
        withheld=withheld,
        cause=cause,
    )


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


def _plain(values: NDArray[Any], kind: type = np.float64) -> NDArray[Any]:
    """Return rows in one layout: they come in any, and each would be compiled for on its own."""
    return np.require(values, kind, ["C", "W"])


def _displayed_of(values: Array, chosen: NDArray[np.int32], styles: Sequence[Style]) -> Array:
    """Return the displayed values of the chosen facts; NaN where none is chosen."""
    out = np.full(chosen.shape, np.nan)
    rows, ranks = np.nonzero(chosen >= 0)
    facts = chosen[rows, ranks]
    order = np.argsort(facts, kind="stable")
    starts = np.flatnonzero(np.diff(facts[order], prepend=-1)).tolist()
    for start, end in pairwise([*starts, len(order)]):
        where = order[start:end]
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
