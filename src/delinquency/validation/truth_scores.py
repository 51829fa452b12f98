"""Explanations against the truth: how near trait values come to the causes of a made portfolio.

Everywhere ``phi`` are an explanation's trait values and ``tau`` the true causal effects, both of
shape (n_accounts, n_traits), log-odds, in the same order of accounts and traits.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import lightgbm
import numpy as np
from numpy.typing import NDArray

from delinquency.errors import DataError, Fault
from delinquency.metrics import Resampling
from delinquency.panel.windows import Array
from delinquency.validation.audit_options import AuditOptions

CEILING_PARAMETERS = {
    "objective": "regression",
    "learning_rate": 0.1,
    "num_leaves": 15,
    "min_child_samples": 20,
    "colsample_bytree": 0.3,
    "max_bin": 63,
    "subsample": 0.8,
    "subsample_freq": 1,
    "reg_lambda": 5.0,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}
CEILING_ROUNDS = 80


@dataclass(frozen=True)
class Estimate:
    """A figure with its bootstrap interval; NaN where it is not defined.

    Attributes
    ----------
    value, low, high : float
    """

    value: float
    low: float
    high: float


def top_hit(phi: Array, tau: Array) -> float:
    """Return the share of accounts whose largest trait value is of the truly largest trait."""
    return float((phi.argmax(axis=1) == tau.argmax(axis=1)).mean()) if len(phi) else np.nan


def effect_found(phi: Array, tau: Array) -> float:
    """Return how much of the largest true effects the traits named first hold.

    Returns
    -------
    float
        Sum of the true effects of the traits named first over the sum of the largest true
        effects: 1 when always right, near 1 too when only near ties are missed, below 0 when
        the trait named lowers the risk.
    """
    if not len(phi):
        return np.nan
    named = np.take_along_axis(tau, phi.argmax(axis=1)[:, None], axis=1).sum()
    best = tau.max(axis=1).sum()
    return float(named / best) if best > 0 else np.nan


def top_two_recall(phi: Array, tau: Array) -> float:
    """Return the mean share of the two truly largest traits among the explanation's two."""
    if not len(phi):
        return np.nan
    ours = np.argsort(-phi, axis=1, kind="stable")[:, :2]
    true = np.argsort(-tau, axis=1, kind="stable")[:, :2]
    return float((ours[:, :, None] == true[:, None, :]).any(axis=2).mean())


def sign_agreement(phi: Array, tau: Array, *, threshold: float) -> float:
    """Return how often the signs agree where the true effect is larger than a threshold."""
    clear = np.abs(tau) > threshold
    return float((np.sign(phi) == np.sign(tau))[clear].mean()) if clear.any() else np.nan


def correlation(first: Array, second: Array) -> float:
    """Return Pearson's correlation; NaN when either does not vary."""
    a, b = first - first.mean(), second - second.mean()
    size = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / size) if size > 1e-12 else np.nan


def rank_correlation(first: Array, second: Array) -> float:
    """Return Spearman's correlation, ties sharing their mean rank."""
    return correlation(_ranks(first), _ranks(second))


def attribution_slope(phi: Array, tau: Array) -> float:
    """Return by how much the true effect rises when the trait value rises by one log-odd.

    Notes
    -----
    Ordinary least squares of tau on phi: 1 means that sizes can be taken at their word, below 1
    that the explanation overstates.
    """
    centred = phi - phi.mean()
    spread = centred @ centred
    return float(centred @ tau / spread) if spread > 1e-12 else np.nan


def leakage(phi: Array, tau: Array) -> Array:
    """Return how far each trait's value follows the true effects of the others.

    Returns
    -------
    ndarray of shape (n_traits, n_traits)
        Entry (j, k): correlation of phi_j and tau_k with tau_j held fixed; on the diagonal the
        plain correlation of phi_j and tau_j. Off the diagonal 0 is right.
    """
    n = phi.shape[1]
    out = np.full((n, n), np.nan)
    for j in range(n):
        own = correlation(phi[:, j], tau[:, j])
        out[j, j] = own
        for k in range(n):
            if k != j:
                out[j, k] = _partial(
                    correlation(phi[:, j], tau[:, k]), own, correlation(tau[:, k], tau[:, j])
                )
    return out


def false_blame(phi: Array, *, trait: int) -> dict[str, float]:
    """Return how much an explanation makes of a trait that truly has no effect (the placebo).

    Returns
    -------
    dict
        ``size``: mean absolute value of the trait against the mean of the others; ``top``: share
        of accounts in which it comes first. Both should be near 0.
    """
    size = np.abs(phi).mean(axis=0)
    others = np.delete(size, trait).mean()
    return {
        "size": float(size[trait] / others) if others > 0 else np.nan,
        "top": float((phi.argmax(axis=1) == trait).mean()),
    }


def score(
    phi: Array, tau: Array, *, risky: NDArray[np.bool_], traits: Sequence[str],
    sign_threshold: float,
) -> dict[str, float]:  # fmt: skip
    """Return all figures of one explanation.

    Parameters
    ----------
    phi, tau : ndarray of shape (n_accounts, n_traits)
    risky : ndarray of shape (n_accounts,), bool
        Accounts among which hits are counted.
    traits : sequence of str
    sign_threshold : float

    Returns
    -------
    dict of str to float
        ``top_hit, effect_found, top_two_recall, sign_agreement, slope_of_sum``; ``pearson,
        spearman, slope`` as means over the traits, and ``<figure>/<trait>`` of these three.

    Notes
    -----
    ``slope_of_sum`` is the slope of the true log-odds on the predicted ones, both against their
    base. It exceeds 1 by as much as the tables do not tell: averaged over what is hidden, log-odds
    lie closer together (odds ratios do not collapse). Read ``slope`` beside it: where the two are
    equal, the traits have their right share of a score that is itself less spread than the truth.
    """
    out = {
        "top_hit": top_hit(phi[risky], tau[risky]),
        "effect_found": effect_found(phi[risky], tau[risky]),
        "top_two_recall": top_two_recall(phi[risky], tau[risky]),
        "sign_agreement": sign_agreement(phi, tau, threshold=sign_threshold),
        "slope_of_sum": attribution_slope(phi.sum(axis=1), tau.sum(axis=1)),
    }
    figures: Mapping[str, Callable[[Array, Array], float]] = {
        "pearson": correlation, "spearman": rank_correlation, "slope": attribution_slope
    }  # fmt: skip
    for name, figure in figures.items():
        values = [figure(phi[:, k], tau[:, k]) for k in range(len(traits))]
        known = [value for value in values if np.isfinite(value)]
        out[name] = float(np.mean(known)) if known else np.nan
        out |= {f"{name}/{key}": value for key, value in zip(traits, values, strict=True)}
    return out


def compare(
    explanations: Mapping[str, Array],
    tau: Array,
    *,
    pd_hat: Array,
    traits: Sequence[str],
    options: AuditOptions,
    seed: int,
) -> dict[str, dict[str, dict[str, Estimate]]]:
    """Score several explanations on the same accounts, with paired bootstrap intervals.

    Parameters
    ----------
    explanations : mapping of str to ndarray of shape (n_accounts, n_traits)
        The first is the one in question; the others are compared with it. Rows of NaN are
        accounts that were not explained: the figures of an explanation, and of the first one
        beside it, are those of the accounts that it explains. All above the cut-off must be.
    tau : ndarray of shape (n_accounts, n_traits)
    pd_hat : ndarray of shape (n_accounts,)
    traits : sequence of str
    options : AuditOptions
    seed : int

    Returns
    -------
    dict
        Explanation -> ``score`` -> figure -> Estimate; and ``difference``: the first
        explanation's figure less this one's, for the figures of ``COMPARED``, and ``ratio``,
        the first's over this one's, for the ceiling.

    Raises
    ------
    DataError
        If shapes differ, an account above the cut-off or, by the first, any account is not
        explained, or no account is above the cut-off.
    """
    _require(explanations, tau, pd_hat, options)
    rng = np.random.default_rng(seed)
    draws = [np.arange(len(tau))] + [
        rng.integers(0, len(tau), len(tau)) for _ in range(options.resamples)
    ]
    first, own = next(iter(explanations.items()))
    out: dict[str, dict[str, dict[str, Estimate]]] = {}

    def figures(phi: Array, among: NDArray[np.bool_]) -> dict[str, Array]:
        found = []
        for drawn in draws:
            rows = drawn[among[drawn]]
            found.append(
                score(phi[rows], tau[rows], risky=pd_hat[rows] > options.cut_off, traits=traits,
                      sign_threshold=options.sign_threshold)
            )  # fmt: skip
        return {key: np.array([one[key] for one in found]) for key in found[0]}

    all_of_ours = figures(own, np.ones(len(tau), np.bool_))
    for name, phi in explanations.items():
        explained: NDArray[np.bool_] = np.all(np.isfinite(phi), axis=1)
        columns = all_of_ours if name == first else figures(phi, explained)
        out[name] = {"score": {k: estimate(v, options) for k, v in columns.items()}}
        if name != first:
            ours = all_of_ours if explained.all() else figures(own, explained)
            out[name]["difference"] = {
                key: estimate(ours[key] - columns[key], options) for key in COMPARED
            }
            with np.errstate(divide="ignore", invalid="ignore"):
                out[name]["ratio"] = {
                    key: estimate(ours[key] / columns[key], options) for key in COMPARED
                }
    return out


COMPARED = ("top_hit", "effect_found", "top_two_recall", "sign_agreement", "pearson")


def ceiling(features: Array, tau: Array, *, folds: int, seed: int, n_threads: int = 1) -> Array:
    """Return the best explanation that the observed features allow: E[tau | features].

    Parameters
    ----------
    features : ndarray of shape (n_accounts, n_features)
        NaN where a value is not known.
    tau : ndarray of shape (n_accounts, n_traits)
    folds : int
        Each account is predicted by a regressor that did not see it.
    seed : int
    n_threads : int

    Returns
    -------
    ndarray of shape (n_accounts, n_traits)

    Notes
    -----
    Any explanation made from features is a function of them, and among functions of them the
    conditional mean is nearest to tau in squared error. Estimated on few accounts it falls short
    of the true ceiling, so a ratio to it near or above 1 says "no worse than direct
    regression on the truth", not "perfect".
    """
    part = np.random.default_rng(seed).permutation(len(tau)) % folds
    out = np.empty(tau.shape)
    params = CEILING_PARAMETERS | {"seed": seed, "num_threads": n_threads}
    for fold in range(folds):
        inside = part != fold
        for k in range(tau.shape[1]):
            data = lightgbm.Dataset(features[inside], tau[inside, k])
            model = lightgbm.train(params, data, num_boost_round=CEILING_ROUNDS)
            out[~inside, k] = model.predict(features[~inside])
    return out


def random_traits(n_accounts: int, n_traits: int, *, seed: int) -> Array:
    """Return the baseline that blames a random trait."""
    return np.random.default_rng(seed).standard_normal((n_accounts, n_traits))


def constant_traits(weights: Array, n_accounts: int) -> Array:
    """Return a baseline that blames the same traits in every account, by fixed weights.

    With the true frequencies of the top trait it is the *most frequent* baseline; with the sum
    of split gains by trait, *gain importance*.
    """
    return np.tile(np.asarray(weights, np.float64), (n_accounts, 1))


def top_frequencies(tau: Array) -> Array:
    """Return how often each trait is the truly largest."""
    return np.bincount(tau.argmax(axis=1), minlength=tau.shape[1]) / len(tau)


def sum_by_trait(values: Array, positions: NDArray[np.intp], *, n_traits: int) -> Array:
    """Return feature contributions summed by trait.

    Parameters
    ----------
    values : ndarray of shape (n_accounts, n_features)
    positions : ndarray of shape (n_features,), int
        Trait of each feature.
    n_traits : int
    """
    out = np.zeros((len(values), n_traits))
    for k in range(n_traits):
        out[:, k] = values[:, positions == k].sum(axis=1)
    return out


def estimate(draws: Array, options: AuditOptions) -> Estimate:
    """Return the first draw, which is the sample itself, with the others' interval."""
    known = draws[1:][np.isfinite(draws[1:])]
    if not np.isfinite(draws[0]) or not len(known):
        return Estimate(float("nan"), float("nan"), float("nan"))
    low, high = Resampling(level=options.confidence).ends(known)
    return Estimate(float(draws[0]), low, high)


def _partial(first: float, own: float, other: float) -> float:
    """Return the partial correlation from the three plain ones."""
    size = np.sqrt(max(1 - own**2, 0.0) * max(1 - other**2, 0.0))
    return float((first - own * other) / size) if size > 1e-9 else float("nan")


def _ranks(values: Array) -> Array:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return ((ends - counts + ends - 1) / 2.0)[inverse]


def _require(
    explanations: Mapping[str, Array], tau: Array, pd_hat: Array, options: AuditOptions
) -> None:
    first = next(iter(explanations))
    faults = []
    for name, phi in explanations.items():
        if phi.shape != tau.shape:
            expected, got = f"shape {tau.shape}", f"shape {phi.shape}"
        else:
            asked = np.ones(len(tau), np.bool_) if name == first else pd_hat > options.cut_off
            silent = asked & ~np.isfinite(phi).all(axis=1)
            if not silent.any():
                continue
            whom = "account" if name == first else "account above the cut-off"
            expected, got = f"a value of every trait for every {whom}", f"{silent.sum():,} without"
        faults.append(Fault(f"explanation {name}", "", expected, examples=(got,)))
    if len(pd_hat) == len(tau) and not (pd_hat > options.cut_off).any():
        faults.append(
            Fault("audit", "pd_hat", f"accounts above audit.cut_off={options.cut_off}",
                  examples=(f"largest {pd_hat.max():.4f}",), mend="Choose a lower cut-off.")
        )  # fmt: skip
    if faults:
        raise DataError(faults)
