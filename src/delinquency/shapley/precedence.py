"""Values under a partial order of the traits: which orders of joining count.

A Shapley value is a mean over all orders in which the players may join. Where one trait is known
to come before another, only the orders that keep to it count: asymmetric Shapley values (Frye,
Rowat and Feige, 2020). The weight of a coalition ``S`` for a player ``g`` who joins next is the
part of the admitted orders that begin with ``S`` and go on with ``g``: ::

    p_g(S) = ways(S) * ways_on(S + g) / ways(all)

``ways`` counts the orders of a set that keep to the order, ``ways_on`` those of finishing from it.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from delinquency.errors import ModelError


def predecessors(
    traits: Sequence[str], precedence: Iterable[tuple[str, str]]
) -> NDArray[np.int64]:
    """Return, for each trait, the bits of the traits that come before it.

    Parameters
    ----------
    traits : sequence of str
    precedence : iterable of (earlier, later)

    Returns
    -------
    ndarray of shape (n_traits,)

    Raises
    ------
    ModelError
        If a trait is not known, or no order of all traits keeps to the pairs.
    """
    place = {trait: at for at, trait in enumerate(traits)}
    before = np.zeros(len(traits), np.int64)
    for earlier, later in precedence:
        unknown = [name for name in (earlier, later) if name not in place]
        if unknown:
            raise ModelError(
                f"`precedence` must name traits of the explainer: {', '.join(traits)}. "
                f"Got {unknown[0]!r}."
            )
        before[place[later]] |= 1 << place[earlier]
    if orders(before)[-1] == 0:
        raise ModelError(
            "`precedence` must leave at least one order of the traits. Got pairs that run in a "
            f"circle: {', '.join(f'{one} before {two}' for one, two in precedence)}."
        )
    return before


def orders(before: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how many orders of each set of traits keep to the order, for all sets.

    Parameters
    ----------
    before : ndarray of shape (n_traits,)
        Bits of the traits before each.

    Returns
    -------
    ndarray of shape (2**n_traits,)
        0 for a set that lacks a trait which comes before one of its own.
    """
    n_traits = len(before)
    ways = np.zeros(1 << n_traits)
    ways[0] = 1.0
    for members in range(1, 1 << n_traits):
        for last in range(n_traits):
            rest = members & ~(1 << last)
            # The last of a set may be any member whose earlier ones are all in it.
            if members >> last & 1 and before[last] & ~rest == 0:
                ways[members] += ways[rest]
    return ways


def order_weights(before: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the weight of each coalition for each trait that joins next, by traits present.

    Parameters
    ----------
    before : ndarray of shape (n_traits,)

    Returns
    -------
    ndarray of shape (2**n_traits, n_traits, 2**n_traits)
        ``weights[present, trait, coalition]``: the traits not present join unseen, so a
        coalition's weight is the sum over all coalitions that look like it.
    """
    n_traits = len(before)
    size = 1 << n_traits
    ways = orders(before)
    onward = np.zeros(size)
    onward[-1] = 1.0
    for members in range(size - 2, -1, -1):
        for trait in range(n_traits):
            if not members >> trait & 1 and before[trait] & ~members == 0:
                onward[members] += onward[members | 1 << trait]
    weights = np.zeros((size, n_traits, size))
    present = np.arange(size)
    for trait in range(n_traits):
        for members in range(size):
            if members >> trait & 1 or before[trait] & ~members:
                continue
            weight = ways[members] * onward[members | 1 << trait] / ways[-1]
            weights[present, trait, members & present] += weight
    return weights
