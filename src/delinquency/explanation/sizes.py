"""Whether the size of a trait value can be taken at its word, among accounts that look alike.

One account's true effect depends on what no table holds. Two accounts with equal features may
differ in it, and log-odds averaged over what is hidden lie closer together than each account's
own (odds ratios do not collapse). A function of the features can at best be right on average over
the accounts that look alike to it, so this is where its size is judged: the accounts' *chances*
are averaged first, for every coalition of traits, and turned into log-odds and Shapley values
after.
"""

from collections.abc import Sequence

import numpy as np

from delinquency.explanation.truth import Estimate, attribution_slope, estimate
from delinquency.options.audit import AuditOptions
from delinquency.windows import Array

STEPS = 60
CLOSE = 1e-8
LONGEST_STEP = 3.0
"""Log-odds by which one step may move an account, so that Newton's method cannot overshoot."""
RIDGE = 1e-9
"""Keeps a value that never varies, such as a placebo's, from making the equations singular."""


def sizes(
    phi: Array,
    worth: Array,
    weights: Array,
    *,
    traits: Sequence[str],
    options: AuditOptions,
    seed: int,
) -> dict[str, Estimate]:
    """Return the slope of the effects among accounts alike on the trait values, with intervals.

    Parameters
    ----------
    phi : ndarray of shape (n_accounts, n_traits), log-odds
        Trait values.
    worth : ndarray of shape (n_accounts, n_coalitions), log-odds
        True log-odds of each account under each coalition of traits.
    weights : ndarray of shape (n_coalitions, n_traits)
        Turn worths into Shapley values: ``tau = worth @ weights``.
    traits : sequence of str
    options : AuditOptions
    seed : int

    Returns
    -------
    dict of str to Estimate
        ``slope_among_alike``, the mean over the traits; ``slope_among_alike/<trait>``; and
        ``slope_among_alike_of_sum``, of the whole score. 1 means that sizes can be taken at
        their word, below 1 that they overstate.
    """
    rng = np.random.default_rng(seed)
    chance = _chance(worth)
    found, start = _slopes(phi, chance, weights, None)
    drawn = [found]
    for _ in range(options.resamples):
        rows = rng.integers(0, len(phi), len(phi))
        drawn.append(_slopes(phi[rows], chance[rows], weights, start)[0])
    table = np.array(drawn)
    names = [*(f"slope_among_alike/{key}" for key in traits), "slope_among_alike_of_sum"]
    out = {name: estimate(table[:, k], options) for k, name in enumerate(names)}
    defined = np.isfinite(table[:, :-1])
    sums = np.where(defined, table[:, :-1], 0.0).sum(axis=1)
    with np.errstate(invalid="ignore"):
        means = sums / defined.sum(axis=1)
    return {"slope_among_alike": estimate(means, options), **out}


def effects_among_alike(phi: Array, worth: Array, weights: Array) -> Array:
    """Return the true effects, averaged over the accounts that look alike.

    Parameters
    ----------
    phi : ndarray of shape (n_accounts, n_traits), log-odds
    worth : ndarray of shape (n_accounts, n_coalitions), log-odds
    weights : ndarray of shape (n_coalitions, n_traits)

    Returns
    -------
    ndarray of shape (n_accounts, n_traits), log-odds

    Notes
    -----
    For each coalition S, a logistic regression of the true chances on the trait values::

        logit E[chance(S) | phi] = b0(S) + b(S) . phi

    (fractional: the outcome is a chance, not 0 or 1), whose fitted log-odds are then the
    coalition's worth. Where phi says everything, these are the accounts' own effects.

    References
    ----------
    Papke and Wooldridge (1996), Econometric methods for fractional response variables.
    Gail, Wieand and Piantadosi (1984), Biometrika 71, 431-444: estimates with what is hidden
    left out.
    """
    design = _design(phi)
    return design @ _fit(design, _chance(worth), None) @ weights


def _slopes(phi: Array, chance: Array, weights: Array, start: Array | None) -> tuple[Array, Array]:
    """Return the slopes by trait and of the sum, and the coefficients they come from."""
    design = _design(phi)
    coefficients = _fit(design, chance, start)
    effects = design @ coefficients @ weights
    slopes = [attribution_slope(phi[:, k], effects[:, k]) for k in range(phi.shape[1])]
    whole = attribution_slope(phi.sum(axis=1), effects.sum(axis=1))
    return np.array([*slopes, whole]), coefficients


def _chance(log_odds: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-log_odds)))


def _design(phi: Array) -> Array:
    return np.column_stack([np.ones(len(phi)), phi])


def _fit(design: Array, chance: Array, start: Array | None) -> Array:
    """Return the coefficients of all coalitions' regressions; NaN where the search did not end.

    Newton's method for all of them at once: the products of two columns times the weights of
    all coalitions are one matrix product.
    """
    n_columns, n_coalitions = design.shape[1], chance.shape[1]
    first, second = np.triu_indices(n_columns)
    products = design[:, first] * design[:, second]
    if start is None:
        mean = chance.mean(axis=0)
        start = np.zeros((n_columns, n_coalitions))
        start[0] = np.log(mean) - np.log1p(-mean)
    found = start.copy()
    moved = np.full(n_coalitions, np.inf)
    for _ in range(STEPS):
        p = _chance(design @ found)
        packed = products.T @ (p * (1 - p))
        curvature = np.empty((n_coalitions, n_columns, n_columns))
        curvature[:, first, second] = curvature[:, second, first] = packed.T
        curvature += RIDGE * len(design) * np.eye(n_columns)
        slope = (design.T @ (chance - p)).T[:, :, None]
        step = np.linalg.solve(curvature, slope)[:, :, 0].T
        reach = np.abs(design @ step).max(axis=0)
        step *= np.minimum(1.0, LONGEST_STEP / np.maximum(reach, LONGEST_STEP))
        found += step
        moved = np.abs(step).max(axis=0)
        if moved.max() < CLOSE:
            break
    found[:, moved >= CLOSE] = np.nan
    return found
