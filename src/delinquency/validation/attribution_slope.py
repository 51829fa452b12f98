"""Whether the size of a trait value can be taken at its word.

An explanation says what a trait does beside the traits of a reference population, and it says so
for accounts that look alike: two accounts with equal features may differ in what no table holds.
Log-odds averaged over what is hidden lie closer together than each account's own (odds ratios do
not collapse), so a function of the features can at best be right on average over the accounts that
look alike to it. Both conditions are met by *exchange*: couples of accounts exchange traits, with
all that is hidden in them, and the true chances are averaged over the couples that look alike
before they become log-odds and Shapley values.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from delinquency.log_odds import probability
from delinquency.panel.windows import Array
from delinquency.validation.audit_options import AuditOptions
from delinquency.validation.truth_scores import Estimate, attribution_slope, estimate

STEPS = 60
CLOSE = 1e-8
LONGEST_STEP = 3.0
"""Log-odds by which one step may move a couple, so that Newton's method cannot overshoot."""
RIDGE = 1e-9
"""Keeps values that are each other's multiple from making the equations singular."""
LEAST_SPREAD = 1e-6
"""Log-odds below which a value or an effect is taken not to vary."""


@dataclass(frozen=True, eq=False)
class TraitSwaps:
    """Couples of accounts that exchange traits, each couple seen from both sides.

    Attributes
    ----------
    first, second : ndarray of shape (2 * n_couples,), int
        Row numbers of the two accounts; the second half is the first with sides changed.
    worth : ndarray of shape (2 * n_couples, n_coalitions), log-odds
        True log-odds when the first account keeps the traits of a coalition and takes the
        second's for the rest; in the last coalition it keeps all.
    weights : ndarray of shape (n_coalitions, n_traits)
        Turn worths into Shapley values: ``effects = worth @ weights``.
    """

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    worth: Array
    weights: Array


def sizes(
    phi: Array,
    exchanges: TraitSwaps,
    *,
    traits: Sequence[str],
    options: AuditOptions,
    seed: int,
) -> dict[str, Estimate]:
    """Return by how much a trait's true effect rises when its value rises by one log-odd.

    Parameters
    ----------
    phi : ndarray of shape (n_accounts, n_traits), log-odds
        Trait values.
    exchanges : TraitSwaps
        Of the same accounts.
    traits : sequence of str
    options : AuditOptions
    seed : int

    Returns
    -------
    dict of str to Estimate
        ``slope_exchanged``, the mean over the traits that have any true effect (a placebo has
        none, and 0 for its slope); ``slope_exchanged/<trait>``; and ``calibration_slope``,
        of the whole score among the accounts as they are. 1 means that sizes can be taken at
        their word, below 1 that they overstate, above 1 that they understate.

    Notes
    -----
    For each coalition S, a logistic regression of the true chances on the values of both accounts
    (fractional: the outcome is a chance, not 0 or 1)::

        logit E[chance(S) | phi] = b0(S) + b(S) . phi(first) + c(S) . phi(second)

    The fitted log-odds, with the second account at its mean, are worths of which the Shapley
    values are the effects among accounts that look alike; ``slope_exchanged/<trait>`` is their
    least-squares slope on the trait values. Intervals draw couples with replacement.

    References
    ----------
    Papke and Wooldridge (1996), Econometric methods for fractional response variables.
    Gail, Wieand and Piantadosi (1984), Biometrika 71, 431-444: estimates with what is hidden
    left out.
    Cox (1958), Biometrika 45, 562-565: the calibration slope.
    """
    rng = np.random.default_rng(seed)
    chance = probability(exchanges.worth)
    own, other = phi[exchanges.first], phi[exchanges.second]
    varies = own.std(axis=0) > LEAST_SPREAD
    own, other = own[:, varies], other[:, varies]
    effects = _Regression(np.column_stack([own, other]), chance)
    score = _Regression(own.sum(axis=1)[:, None], chance[:, -1:])

    def slopes(weights: Array) -> Array:
        out = np.full(len(varies) + 1, np.nan)
        if not varies.any():
            return out
        out[-1] = score.coefficients(weights)[1, 0]
        solved = effects.coefficients(weights)[1 : 1 + own.shape[1]]
        # What does not depend on the first account's values cannot move the slopes.
        found = own @ solved @ exchanges.weights[:, varies]
        rows = np.repeat(np.arange(len(own)), weights.astype(np.intp))
        out[:-1][varies] = [
            attribution_slope(own[rows, k], found[rows, k]) for k in range(own.shape[1])
        ]
        return out

    n_couples = len(own) // 2
    drawn = [slopes(np.ones(len(own)))]
    for _ in range(options.resamples):
        times = np.bincount(rng.integers(0, n_couples, n_couples), minlength=n_couples)
        drawn.append(slopes(np.tile(times, 2).astype(np.float64)))
    table = np.array(drawn)
    by_trait = table[:, :-1]
    acts = np.ptp(exchanges.worth @ exchanges.weights, axis=0) > LEAST_SPREAD
    known = np.isfinite(by_trait) & acts
    with np.errstate(invalid="ignore"):
        mean = np.where(known, by_trait, 0.0).sum(axis=1) / known.sum(axis=1)
    out = {"slope_exchanged": estimate(mean, options)}
    for k, key in enumerate(traits):
        out[f"slope_exchanged/{key}"] = estimate(by_trait[:, k], options)
    return {**out, "calibration_slope": estimate(table[:, -1], options)}


class _Regression:
    """Logistic regressions of several chances on the same values, solved under any weights.

    Newton's method for all of them at once: the products of two columns times the weights of all
    are one matrix product. The first solution is where later searches begin.
    """

    def __init__(self, values: Array, chance: Array) -> None:
        self._design = np.column_stack([np.ones(len(values)), values])
        self._chance = chance
        self._pairs = np.triu_indices(self._design.shape[1])
        first, second = self._pairs
        self._products = self._design[:, first] * self._design[:, second]
        mean = chance.mean(axis=0)
        self._start = np.zeros((self._design.shape[1], chance.shape[1]))
        self._start[0] = np.log(mean) - np.log1p(-mean)
        self._solved = False

    def coefficients(self, weights: Array) -> Array:
        """Return the coefficients, shape (1 + n_values, n_chances); NaN where not found."""
        design, (first, second) = self._design, self._pairs
        n = design.shape[1]
        found = self._start.copy()
        curvature = np.empty((found.shape[1], n, n))
        moved = np.full(found.shape[1], np.inf)
        for _ in range(STEPS):
            p = probability(design @ found)
            packed = (self._products.T @ (weights[:, None] * p * (1 - p))).T
            curvature[:, first, second] = curvature[:, second, first] = packed
            curvature += RIDGE * len(design) * np.eye(n)
            slope = (design.T @ (weights[:, None] * (self._chance - p))).T[:, :, None]
            step = np.linalg.solve(curvature, slope)[:, :, 0].T
            reach = np.abs(design @ step).max(axis=0)
            found += step * np.minimum(1.0, LONGEST_STEP / np.maximum(reach, LONGEST_STEP))
            moved = np.abs(step).max(axis=0)
            if moved.max() < CLOSE:
                break
        if not self._solved:
            self._start, self._solved = found.copy(), True
        found[:, moved >= CLOSE] = np.nan
        return found
