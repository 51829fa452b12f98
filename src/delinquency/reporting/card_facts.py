"""What a case book knows of its accounts, and how far the outcomes of others bear it out."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from delinquency.panel.windows import Array
from delinquency.reasons.reference_population import Contributions
from delinquency.reasons.stated_reasons import Reasons
from delinquency.reasons.what_if import WhatIf

NEIGHBOURS, FEWEST_NEIGHBOURS = 200, 50
"""Test accounts on either side of a score whose outcomes say how far its probability holds; with
fewer than the second on a side nothing is said."""
Z_95 = 1.959964


@dataclass(frozen=True)
class Treatment:
    """What the casework proposes for an account; filled in by its stage.

    Attributes
    ----------
    proposed : tuple of (str, str)
        What to do, in order, in English and Chinese.
    refused : tuple of (str, str)
        What is not allowed now, and by which rule.
    monthly : float or None
        What a proposed plan of instalments asks for a month.
    fits : bool or None
        Whether the plan fits the budget that it was drawn up on; None where nobody said.
    """

    proposed: tuple[tuple[str, str], ...]
    refused: tuple[tuple[str, str], ...] = ()
    monthly: float | None = None
    fits: bool | None = None


@dataclass(frozen=True)
class Observed:
    """How many of the test accounts with about the same score fell behind.

    Attributes
    ----------
    n : int
    rate, low, high : float
        Share, with the 95 % Wilson interval.
    from_pd, to_pd, mean_pd : float
        The range of their probabilities, and their mean: what the model expected of them.
    """

    n: int
    rate: float
    low: float
    high: float
    from_pd: float
    to_pd: float
    mean_pd: float


@dataclass(frozen=True, eq=False)
class CardAccounts:
    """The accounts that get a card, row-aligned, most at risk first.

    Attributes
    ----------
    account_ids : sequence of str
    months : ndarray of datetime64
        Observation months.
    pd_hat : ndarray
    contributions : Contributions
        With exact feature contributions, as the cards show them.
    evidence : ndarray of shape (n_rows, n_traits), int
    reasons : Reasons
    pair_values : ndarray of shape (n_rows, n_pairs) or None
        Exact interaction of every two traits, raw log-odds; None for a model that was saved
        without them.
    outside : sequence of str, or empty
        Why the model was not trained on such an account, as in ``OUTSIDE``; "" for none.
    """

    account_ids: Sequence[str]
    months: NDArray[np.datetime64]
    pd_hat: Array
    contributions: Contributions
    evidence: NDArray[np.int8]
    reasons: Reasons
    pair_values: Array | None = None
    outside: Sequence[str] = ()


@dataclass(frozen=True)
class CardParts:
    """What other parts of the system know about the accounts, by account id.

    Attributes
    ----------
    what_ifs : mapping of str to WhatIf
    treatments : mapping of str to Treatment
    observed : sequence of Observed or None, or empty
        In the order of the cards.
    """

    what_ifs: Mapping[str, WhatIf]
    treatments: Mapping[str, Treatment]
    observed: Sequence[Observed | None] = ()


@dataclass(frozen=True)
class BookFacts:
    """What a reader must know before the first card.

    Attributes
    ----------
    title, title_zh : str
        Of the data set.
    real : bool
        Real accounts, or made by a generator.
    outcome, outcome_zh : str
        What the probability is of.
    n_accounts : int
        Accounts that were scored.
    n_cards : int
        Accounts of the whole book.
    chosen, chosen_zh : str
        Which accounts these are.
    command : str
        How to get a card of another account.
    months : int
        Horizon of the what-ifs.
    currency : str
    model, model_zh : str
        Which model, in a few words.
    citation : str
        Where the data come from.
    limits : sequence of str
        What the data cannot support, with reasons.
    only_scored : bool
        Accounts that were scored, and are not those of the data set: nothing is proposed to them.
    treat_command : str
        What makes proposals; "" where the data set has no statements that one could rest on.
    proposed_from : float
        Probability from which proposals are made; those who are past due get one too.
    """

    title: str
    real: bool
    outcome: str
    outcome_zh: str
    n_accounts: int
    model: str
    title_zh: str = ""
    model_zh: str = ""
    n_cards: int = 0
    chosen: str = ""
    chosen_zh: str = ""
    command: str = ""
    months: int = 3
    currency: str = ""
    citation: str = ""
    limits: Sequence[str] = ()
    only_scored: bool = False
    treat_command: str = ""
    proposed_from: float = 0.0


def observed_rates(
    pd_hat: Array, *, test_pd: Array, test_bad: Array, neighbours: int = NEIGHBOURS
) -> list[Observed | None]:
    """Return the outcomes of the test accounts nearest in score, as many below as above.

    Parameters
    ----------
    pd_hat : ndarray of shape (n_cards,)
    test_pd, test_bad : ndarray of shape (n_test,)
        Of accounts that the model was not trained on.
    neighbours : int
        On either side, at most.

    Returns
    -------
    list of Observed or None
        None where fewer than 50 (or ``neighbours``) lie on one side: an average of accounts that
        all score lower would be no check.

    References
    ----------
    Wilson, E. B. (1927), JASA 22, 209-212.
    """
    order = np.argsort(test_pd, kind="stable")
    scores, bad = test_pd[order], test_bad[order]
    out: list[Observed | None] = []
    for score in pd_hat:
        middle = int(np.searchsorted(scores, score))
        side = min(neighbours, middle, len(scores) - middle)
        if side < min(FEWEST_NEIGHBOURS, neighbours):
            out.append(None)
            continue
        near = slice(middle - side, middle + side)
        n, rate = 2 * side, float(bad[near].mean())
        centre = (rate + Z_95**2 / (2 * n)) / (1 + Z_95**2 / n)
        half = Z_95 * math.sqrt(rate * (1 - rate) / n + Z_95**2 / (4 * n * n)) / (1 + Z_95**2 / n)
        interval = max(centre - half, 0.0), min(centre + half, 1.0)
        span = float(scores[near][0]), float(scores[near][-1]), float(scores[near].mean())
        out.append(Observed(n, rate, *interval, *span))
    return out
