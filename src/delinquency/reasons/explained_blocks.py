"""Exact trait and feature values of many rows, and their reasons, a block of rows at a time.

The values of the features are as many numbers as the features themselves: for a whole portfolio
they would double its memory. Only what follows from them, the reasons, is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from delinquency.panel.windows import Array
from delinquency.reasons.reason_context import ReasonContext
from delinquency.reasons.reason_selection import select_reasons
from delinquency.reasons.reference_population import Contributions
from delinquency.reasons.stated_reasons import Reasons, joined_reasons
from delinquency.shapley import TraitExplainer

BLOCK_ROWS = 8_192
"""Rows explained at once: with 300 features 20 MB of values, and a few times as much at work."""


@dataclass(frozen=True, eq=False)
class ExplainedRows:
    """What the explainer says of some rows.

    Attributes
    ----------
    trait_values : ndarray of shape (n_rows, n_traits), log-odds
    raw_score : ndarray of shape (n_rows,)
        Base value and trait values together.
    evidence : ndarray of shape (n_rows, n_traits), int8
    reasons : Reasons
    """

    trait_values: Array
    raw_score: Array
    evidence: NDArray[np.int8]
    reasons: Reasons

    def __len__(self) -> int:
        return len(self.raw_score)


def row_blocks(n_rows: int) -> list[slice]:
    """Return the blocks of some rows, in order; one empty block where there is no row."""
    return [slice(at, at + BLOCK_ROWS) for at in range(0, max(n_rows, 1), BLOCK_ROWS)]


def explained_rows(
    explainer: TraitExplainer,
    matrix: Array,
    evidence: NDArray[np.int8],
    context: ReasonContext,
) -> ExplainedRows:
    """Return trait values and reasons of one block of rows, facts ranked by their exact values.

    Parameters
    ----------
    explainer : TraitExplainer
    matrix : ndarray of shape (n_rows, n_features)
        The rows as the booster sees them; not more than ``BLOCK_ROWS``.
    evidence : ndarray of shape (n_rows, n_traits), int8
    context : ReasonContext

    Returns
    -------
    ExplainedRows
        The same bits for a row, whatever rows stand in its block.
    """
    explanation = explainer.explain(matrix, features=True)
    values = explanation.values  # noqa: PD011
    accounts = Contributions(values, explanation.feature_values, matrix)
    reasons = select_reasons(accounts, evidence, context)
    return ExplainedRows(values, explanation.raw_score, evidence, reasons)


def joined_rows(parts: Sequence[ExplainedRows]) -> ExplainedRows:
    """Return blocks of rows as one; a single one as it is."""
    if len(parts) == 1:
        return parts[0]
    return ExplainedRows(
        np.concatenate([part.trait_values for part in parts]),
        np.concatenate([part.raw_score for part in parts]),
        np.concatenate([part.evidence for part in parts]),
        joined_reasons([part.reasons for part in parts]),
    )


def mean_fact_values(explainer: TraitExplainer, matrix: Array, chosen: NDArray[np.bool_]) -> Array:
    """Return the mean exact value of each feature over the chosen rows.

    Parameters
    ----------
    explainer : TraitExplainer
    matrix : ndarray of shape (n_rows, n_features)
    chosen : ndarray of shape (n_rows,), bool

    Returns
    -------
    ndarray of shape (n_features,), log-odds
        A trait's features add up to the trait's mean; 0 where no row is chosen.
    """
    rows = np.flatnonzero(chosen)
    total = np.zeros(matrix.shape[1])
    for block in row_blocks(len(rows)):
        exact = explainer.explain(matrix[rows[block]], features=True).feature_values
        total += exact.sum(axis=0)
    return total / max(len(rows), 1)
