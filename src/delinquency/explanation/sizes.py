"""Whether the size of a trait value can be taken at its word.

An explanation says what a trait does beside the traits of a reference population, and it says so
for accounts that look alike: two accounts with equal features may differ in what no table holds.
Log-odds averaged over what is hidden lie closer together than each account's own (odds ratios do
not collapse), so a function of the features can at best be right on average over the accounts that
look alike to it. Both conditions are met by *exchange*: people put together from the traits of two
accounts. If their true chances follow the trait values put together in the same way, log-odd for
log-odd, sizes are right. A trait that took the credit of another with which it comes along shows
a slope below 1, as it no longer comes along.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from delinquency.explanation.truth import Estimate, estimate
from delinquency.options.audit import AuditOptions
from delinquency.windows import Array

STEPS = 60
CLOSE = 1e-8
LONGEST_STEP = 3.0
"""Log-odds by which one step may move a person, so that Newton's method cannot overshoot."""
RIDGE = 1e-9
"""Keeps values that are each other's multiple from making the equations singular."""
LEAST_SPREAD = 1e-6
"""Standard deviation in log-odds below which a value is taken not to vary."""


@dataclass(frozen=True, eq=False)
class Exchanges:
    """People put together from the traits of two accounts each.

    Attributes
    ----------
    first, second : ndarray of shape (n_people,), int
        Row numbers of the two accounts.
    own : ndarray of shape (n_people, n_traits), bool
        Whether a trait is the first account's, else it is the second's.
    chance : ndarray of shape (n_people,)
        True probability of being bad.
    """

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    own: NDArray[np.bool_]
    chance: Array


def sizes(
    phi: Array,
    chance: Array,
    exchanges: Exchanges,
    *,
    traits: Sequence[str],
    options: AuditOptions,
    seed: int,
) -> dict[str, Estimate]:
    """Return by how much the true risk rises when a trait value rises by one log-odd.

    Parameters
    ----------
    phi : ndarray of shape (n_accounts, n_traits), log-odds
        Trait values.
    chance : ndarray of shape (n_accounts,)
        True probability of being bad of each account as it is.
    exchanges : Exchanges
        Of the same accounts.
    traits : sequence of str
    options : AuditOptions
    seed : int

    Returns
    -------
    dict of str to Estimate
        ``slope_exchanged``, the mean over the traits; ``slope_exchanged/<trait>``; and
        ``calibration_slope``, of the whole score among the accounts as they are. 1 means that
        sizes can be taken at their word, below 1 that they overstate, above 1 that they
        understate.

    Notes
    -----
    A logistic regression of the true chances of the people put together on their trait values
    (fractional: the outcome is a chance, not 0 or 1)::

        logit E[chance | phi] = b0 + sum over traits k of b_k * phi_k(first or second)

    ``slope_exchanged/<trait>`` is b_k. Intervals draw accounts with replacement; a person counts
    as often as the two accounts together were drawn, the product of the two.

    References
    ----------
    Papke and Wooldridge (1996), Econometric methods for fractional response variables.
    Gail, Wieand and Piantadosi (1984), Biometrika 71, 431-444: estimates with what is hidden
    left out.
    Owen (2007), The pigeonhole bootstrap: intervals for data with two kinds of unit.
    Cox (1958), Biometrika 45, 562-565: the calibration slope.
    """
    rng = np.random.default_rng(seed)
    first, second = exchanges.first, exchanges.second
    people = _Regression(np.where(exchanges.own, phi[first], phi[second]), exchanges.chance)
    score = _Regression(phi.sum(axis=1)[:, None], chance)
    drawn = [np.concatenate([people.slopes(None), score.slopes(None)])]
    for _ in range(options.resamples):
        times = np.bincount(rng.integers(0, len(phi), len(phi)), minlength=len(phi)).astype(float)
        both = people.slopes(times[first] * times[second]), score.slopes(times)
        drawn.append(np.concatenate(both))
    table = np.array(drawn)
    by_trait = table[:, :-1]
    known = np.isfinite(by_trait)
    with np.errstate(invalid="ignore"):
        mean = np.where(known, by_trait, 0.0).sum(axis=1) / known.sum(axis=1)
    out = {"slope_exchanged": estimate(mean, options)}
    for k, key in enumerate(traits):
        out[f"slope_exchanged/{key}"] = estimate(by_trait[:, k], options)
    return {**out, "calibration_slope": estimate(table[:, -1], options)}


class _Regression:
    """A logistic regression of chances on values, solved again under other weights."""

    def __init__(self, values: Array, chance: Array) -> None:
        # What is the same for everybody cannot be told from the constant.
        self._varies = values.std(axis=0) > LEAST_SPREAD
        self._design = np.column_stack([np.ones(len(values)), values[:, self._varies]])
        self._chance = chance
        self._pairs = np.triu_indices(self._design.shape[1])
        first, second = self._pairs
        self._products = self._design[:, first] * self._design[:, second]
        mean = chance.mean()
        self._start = np.zeros(self._design.shape[1])
        self._start[0] = np.log(mean) - np.log1p(-mean)

    def slopes(self, weights: Array | None) -> Array:
        """Return the coefficients but the constant; NaN where undefined.

        The first call without weights is where later searches begin.
        """
        found, ended = self._solve(np.ones(len(self._chance)) if weights is None else weights)
        if weights is None:
            self._start = found
        out = np.full(len(self._varies), np.nan)
        if ended:
            out[self._varies] = found[1:]
        return out

    def _solve(self, weights: Array) -> tuple[Array, bool]:
        """Return Newton's solution, and whether the search ended."""
        design, (first, second) = self._design, self._pairs
        n = design.shape[1]
        found = self._start.copy()
        curvature = np.empty((n, n))
        for _ in range(STEPS):
            p = 1 / (1 + np.exp(-(design @ found)))
            curvature[first, second] = curvature[second, first] = (
                weights * p * (1 - p)
            ) @ self._products
            curvature[np.diag_indices(n)] += RIDGE * len(design)
            step = np.linalg.solve(curvature, design.T @ (weights * (self._chance - p)))
            reach = float(np.abs(design @ step).max())
            found += step * min(1.0, LONGEST_STEP / max(reach, LONGEST_STEP))
            if np.abs(step).max() < CLOSE:
                return found, True
        return found, False
