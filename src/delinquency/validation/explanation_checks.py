"""Checks of the explanation: accurate, stable, true (items 35 to 37)."""

from collections.abc import Callable
from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
from scipy.stats import beta as beta_distribution

from delinquency.traits import TRAITS
from delinquency.validation.check_inputs import Array, Evidence
from delinquency.validation.check_record import (
    PASS,
    RED,
    Finding,
    check,
    judge,
    limit_of,
    not_applicable,
    worst,
)
from delinquency.validation.validation_options import ValidationOptions

EXPLAIN = "Explanation"
BRUTE_ROWS, BACKGROUND = 12, 200
"""Accounts explained anew from the definition, against this many training rows."""
NEAR_SHAP = 1e-4
"""Log-odds within which shap's sums in single precision come near the exact values."""
FAR_OFF = 5.0
"""Standard errors beyond which a value is not the one of the definition."""
NOISE = 0.01
LEAST_EFFECT = 0.02
"""Standard deviation of a true effect below which a trait counts as without effect."""


def by_definition(
    score: Callable[[pd.DataFrame], Array],
    rows: pd.DataFrame,
    background: pd.DataFrame,
    traits: list[list[str]],
) -> tuple[Array, Array]:
    """Return Shapley values of groups of features by their definition, over all coalitions.

    Parameters
    ----------
    score : callable
        From features to raw scores.
    rows : DataFrame of shape (n_rows, n_features)
    background : DataFrame of shape (n_background, n_features)
    traits : list of list of str
        Features of each group.

    Returns
    -------
    tuple of ndarray of shape (n_rows, n_groups)
        The values, and the standard errors that the background's being a sample leaves.

    Notes
    -----
    ``phi_k = sum over S without k of |S|! (g - |S| - 1)! / g! * (v(S + k) - v(S))`` where v(S) is
    the mean score with the features of S from the row and the others from the background.
    """
    n_groups, n_back = len(traits), len(background)
    values = np.empty((len(rows), 2**n_groups, n_back))
    plain = background.to_numpy(np.float64)
    position = {name: k for k, name in enumerate(background.columns)}
    places = [[position[name] for name in group] for group in traits]
    for i, row in enumerate(rows[list(background.columns)].to_numpy(np.float64)):
        blocks = []
        for coalition in range(2**n_groups):
            mixed = plain.copy()
            for k in range(n_groups):
                if coalition >> k & 1:
                    mixed[:, places[k]] = row[places[k]]
            blocks.append(mixed)
        stacked = pd.DataFrame(np.concatenate(blocks), columns=background.columns)
        values[i] = score(stacked).reshape(2**n_groups, n_back)
    phi = np.zeros((len(rows), n_groups, n_back))
    for k in range(n_groups):
        others = [j for j in range(n_groups) if j != k]
        for size in range(n_groups):
            weight = factorial(size) * factorial(n_groups - size - 1) / factorial(n_groups)
            for members in combinations(others, size):
                without = sum(1 << j for j in members)
                phi[:, k] += weight * (values[:, without | 1 << k] - values[:, without])
    return phi.mean(axis=2), phi.std(axis=2, ddof=1) / np.sqrt(n_back)


@check(
    35,
    "Explanation accuracy",
    section=EXPLAIN,
    source="Lundberg and Lee 2017; Owen 1977",
    what_to_do=(
        "Do not show reasons: trait values are not those of the model. Report it as a fault."
    ),
    needs="additivity",
)
def accuracy(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Look whether values add up, and whether they are those of the definition."""
    rows = evidence.test
    error = float(np.abs(rows.base_value + rows.phi.sum(axis=1) - rows.raw_score).max())
    found = judge(error, options.threshold("additivity"), "")
    by_trait = [
        [n for n in rows.X.columns if evidence.meanings[n].trait_key == key] for key in TRAITS
    ]
    rng = np.random.default_rng(evidence.seed)
    chosen = np.sort(rng.choice(len(rows), min(BRUTE_ROWS, len(rows)), replace=False))
    n_train = len(evidence.train)
    back = np.sort(rng.choice(n_train, min(BACKGROUND, n_train), replace=False))
    phi, spread = by_definition(
        evidence.score, rows.X.iloc[chosen], evidence.train.X.iloc[back], by_trait
    )
    off = np.abs(phi - rows.phi[chosen])
    wrong = off > FAR_OFF * spread + 1e-9
    share = float(wrong.mean())
    exact = judge(share, options.threshold("exactness"), "")
    why = (
        f"Base value and trait values miss the raw score by {error:.2g} at most, over"
        f" {len(rows):,} rows. Values by the definition (all 64 coalitions, {len(chosen)}"
        f" accounts, {len(back)} training rows): {int(wrong.sum())} of {wrong.size} lie further"
        f" off than {FAR_OFF:g} standard errors{limit_of(exact)}. Values are log-odds, not"
        " probabilities."
    )
    states = [found.state, exact.state]
    if evidence.shap_gap is not None:
        gap, n_rows, n_back = evidence.shap_gap
        why += (
            f" Feature values lie within {gap:.2g} of shap.TreeExplainer's ({n_rows} accounts,"
            f" {n_back} training rows; shap counts in single precision)."
        )
        states.append(PASS if gap <= NEAR_SHAP else RED)
    elif evidence.shap_cannot:
        why += f" shap.TreeExplainer cannot explain this model: {evidence.shap_cannot}"
    table = pd.DataFrame(
        {
            "trait": [t.short for t in TRAITS.values()],
            "mean |value|": np.abs(rows.phi).mean(axis=0),
            "mean distance to the definition": off.mean(axis=0),
            "mean standard error of it": spread.mean(axis=0),
            "wrong": wrong.sum(axis=0),
        }
    )
    return Finding(
        error,
        error,
        error,
        worst(*states),
        why,
        found.threshold,
        {"Trait values against their definition": table},
    )


def kendall_tau(first: Array, second: Array) -> Array:
    """Return Kendall's tau-b of every row of two arrays; 0 where a row's values are all equal.

    Parameters
    ----------
    first, second : ndarray of shape (n_rows, n_values)

    Returns
    -------
    ndarray of shape (n_rows,)

    Examples
    --------
    >>> kendall_tau(np.array([[1.0, 2.0, 3.0]]), np.array([[1.0, 3.0, 2.0]])).round(3)
    array([0.333])
    """
    one, other = np.triu_indices(first.shape[1], 1)
    a = np.sign(first[:, one] - first[:, other])
    b = np.sign(second[:, one] - second[:, other])
    untied = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    agreed = (a * b).sum(axis=1)
    return np.divide(agreed, untied, out=np.zeros(len(first)), where=untied > 0)


@check(
    36,
    "Explanation stability",
    section=EXPLAIN,
    source="Alvarez-Melis and Jaakkola 2018",
    what_to_do=(
        "Name two traits where the first two are near each other; learn from more accounts."
    ),
    needs="top_trait_agreement",
)
def stability(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Compare top traits and orders of traits between refits, and under small noise."""
    refits = evidence.refits
    if refits is None:
        return not_applicable("No refits were made.")
    top = refits.phi.argmax(axis=2)
    pairs = list(combinations(range(len(top)), 2))
    agree = np.mean([top[a] == top[b] for a, b in pairs], axis=0)
    taus = np.mean([kendall_tau(refits.phi[a], refits.phi[b]) for a, b in pairs], axis=0)
    n = len(agree)
    reach, tau_reach = (1.96 * float(v.std(ddof=1)) / np.sqrt(n) for v in (agree, taus))
    share, tau = float(agree.mean()), float(taus.mean())
    limits = options.threshold("top_trait_agreement")
    found = judge(share, limits, "", low=share - reach, high=share + reach)
    order = judge(
        tau, options.threshold("trait_tau"), "", low=tau - tau_reach, high=tau + tau_reach
    )
    noise = _under_noise(evidence, refits.sample[: min(n, 200)])
    why = (
        f"Two refits on {refits.rows:,} rows name the same top trait for {share:.1%} of {n}"
        f" accounts, most of them among the riskiest {options.capacity:.0%}; Kendall's tau of the"
        f" six traits {tau:.3f} [{tau - tau_reach:.3f}, {tau + tau_reach:.3f}]{limit_of(order)}."
        f" Noise of {NOISE:.0%} of each feature's spread, on values that are no whole numbers,"
        f" moves a trait value by {noise:.3f} log-odds at most for 95 % of accounts."
    )
    return Finding(
        share, share - reach, share + reach, worst(found.state, order.state), why, limits
    )


def _under_noise(evidence: Evidence, sample: np.ndarray) -> float:
    """Return the 95th percentile of the largest move of a trait value under small noise."""
    X = evidence.test.X.iloc[sample].reset_index(drop=True)
    whole = evidence.test.X.to_numpy(np.float64)
    known = np.isfinite(whole).any(axis=0)
    spread = np.zeros(whole.shape[1])
    spread[known] = np.nanstd(whole[:, known], axis=0)
    rng = np.random.default_rng(evidence.seed)
    # A count, a code, and a zero that stands for "none" do not tremble.
    trembles = X.to_numpy(np.float64) % 1 != 0
    moved = X + NOISE * spread * rng.normal(size=X.shape) * trembles
    change = np.abs(evidence.explain(moved) - evidence.explain(X)).max(axis=1)
    return float(np.quantile(change, 0.95))


@check(
    37,
    "Explanation truth",
    section=EXPLAIN,
    source="docs/explanation-truth.md",
    what_to_do=(
        "Look at the weakest trait: is its table there, are its features under the right trait?"
    ),
    needs="trait_truth",
)
def truth(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Compare trait values with the true causal effects of a made portfolio."""
    if evidence.truth is None:
        return not_applicable("Nobody knows the true causes of real accounts.")
    known = evidence.truth
    phi = evidence.test.phi[known["row"].to_numpy()]
    tau = known[list(TRAITS)].to_numpy(np.float64)
    pd_hat = evidence.test.pd_hat[known["row"].to_numpy()]
    risky = flag_half(pd_hat)
    hits = phi[risky].argmax(axis=1) == tau[risky].argmax(axis=1)
    k, n = float(hits.sum()), len(hits)
    low, high = (float(beta_distribution.ppf(q, k + 0.5, n - k + 0.5)) for q in (0.025, 0.975))
    limits = options.threshold("trait_truth")
    found = judge(k / n, limits, "", low=low, high=high)
    records, judged = [], []
    for column, key in enumerate(TRAITS):
        if tau[:, column].std() < LEAST_EFFECT:
            continue
        r = (
            float(np.corrcoef(phi[:, column], tau[:, column])[0, 1])
            if phi[:, column].std()
            else 0.0
        )
        # Corrected for six traits; Fisher's z.
        reach = 2.64 / np.sqrt(max(len(tau) - 3, 1))
        ends = np.tanh(np.arctanh(np.clip(r, -0.999999, 0.999999)) + np.array([-reach, reach]))
        judged.append(
            judge(r, options.threshold("truth_correlation"), "", low=ends[0], high=ends[1])
        )
        records.append(
            {
                "trait": TRAITS[key].short,
                "correlation with the true effect": r,
                "low": ends[0],
                "high": ends[1],
            }
        )
    table = (
        pd.DataFrame(records).sort_values(records and "low", ignore_index=True)
        if records
        else pd.DataFrame()
    )
    why = (
        f"Top trait right for {k / n:.1%} of {n:,} accounts with a PD above the median of the"
        " audited; by chance 1 in 6."
    )
    if judged:
        weakest = min(judged, key=lambda one: float(one.figure or 0.0))
        why += (
            f" Weakest: {table.iloc[0]['trait']}, correlation"
            f" {table.iloc[0]['correlation with the true effect']:.2f}{limit_of(weakest)}."
        )
    if evidence.truth_slope is not None:
        value, lo, hi = evidence.truth_slope
        why += f" Slope with traits exchanged {value:.2f} [{lo:.2f}, {hi:.2f}], 1 is right."
    state = worst(found.state, *(one.state for one in judged))
    return Finding(k / n, low, high, state, why, limits, {"By trait": table})


def flag_half(pd_hat: Array) -> np.ndarray:
    """Return which accounts lie above the median PD."""
    return np.asarray(pd_hat >= np.median(pd_hat))
