"""Checks of drift, of grades that move, and of refits (items 27, 28, 29, 31)."""

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.special import digamma, polygamma
from scipy.stats import beta

from delinquency.metrics import grades, stability_p_value, stability_table
from delinquency.traits import TRAITS
from delinquency.validation.check_inputs import Array, Evidence
from delinquency.validation.check_record import (
    PASS,
    Finding,
    check,
    judge,
    limit_of,
    not_applicable,
    worst,
)
from delinquency.validation.feature_movement import moved_most
from delinquency.validation.validation_options import ValidationOptions

STABLE = "Stability and drift"
FAR = 3
"""Grades that count as a large move."""


def _moved(old: Array, new: Array, evidence: Evidence) -> tuple[float, float, pd.DataFrame]:
    """Return PSI, its p-value by accounts, and its table."""
    table = stability_table(old, new)
    p = stability_p_value(
        table, n_reference=evidence.train.n_groups, n_current=evidence.test.n_groups
    )
    return float(table["psi"].sum()), p, table


@check(
    27,
    "PSI of the score",
    section=STABLE,
    source="Siddiqi ch. 12; Yurdakul and Naranjo 2020",
    what_to_do="Find what moved (item 28); recalibrate the level, or retrain.",
    needs="psi",
)
def score_psi(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Measure how far the PDs have moved from development to test."""
    index, p, table = _moved(evidence.train.pd_hat, evidence.test.pd_hat, evidence)
    limits = options.threshold("psi")
    why = f"PSI {index:.4f}, p = {p:.3g} by the number of accounts."
    found = judge(index, limits, why, tables={"PSI of the score": table})
    if p >= options.significance:
        return Finding(
            index, None, None, PASS, f"{why} Chance moves as much.", limits, found.tables
        )
    return Finding(index, None, None, found.state, found.why, limits, found.tables)


@check(
    28,
    "CSI of every feature, and trait drift",
    section=STABLE,
    source="Siddiqi ch. 12",
    what_to_do="Look at the feature or trait named: a source has changed, or customers have.",
    needs="csi",
)
def drift(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Measure how far every feature and every trait value has moved."""
    names = [str(name) for name in evidence.test.X.columns]
    features = moved_most(evidence, names, options, threshold="csi", words="features")
    limits = options.threshold("csi")
    records, sure = [], []
    for column, key in enumerate(TRAITS):
        old, new = evidence.train.phi[:, column], evidence.test.phi[:, column]
        index, p, _ = _moved(old, new, evidence)
        p = min(1.0, p * len(TRAITS))
        records.append(
            {
                "trait": TRAITS[key].short,
                "psi": index,
                "p corrected": p,
                # Values add up to 0 where they were referred to: no more than rounding is left.
                "mean, development": round(float(old.mean()), 9) + 0.0,
                "mean, test": round(float(new.mean()), 9) + 0.0,
            }
        )
        if p < options.significance:
            sure.append(judge(index, limits, ""))
    table = pd.DataFrame(records).sort_values("psi", ascending=False, ignore_index=True)
    first = table.iloc[0]
    why = (
        f"{features.why} Of the traits, {first['trait']} moved most: PSI {first['psi']:.4f}, mean "
        f"{round(first['mean, development'], 3) + 0.0:+.3f} to"
        f" {round(first['mean, test'], 3) + 0.0:+.3f}"
    )
    most = max(sure, key=lambda one: float(one.figure or 0.0), default=None)
    why += f"{limit_of(most)}." if most else ": chance moves as much."
    tables = {**features.tables, "Trait drift": table}
    figure = max(features.figure or 0.0, float(first["psi"]))
    # Where no feature can be judged, the traits have been.
    state = worst(PASS, features.state, *(one.state for one in sure))
    return Finding(figure, None, None, state, why, limits, tables)


@check(
    29,
    "Stability of grades",
    section=STABLE,
    source="ECB 2019, 2.5.5.2",
    what_to_do="Look at the accounts that moved far: one feature may swing from month to month.",
    needs="grade_moves",
)
def migration(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Measure how many accounts moved three grades and more since their last training month."""
    old, new = evidence.train, evidence.test
    then = pd.DataFrame(
        {
            "account": old.accounts,
            "month": old.months,
            "before": grades(old.pd_hat, options.master_scale),
        }
    )
    then = then.sort_values("month").drop_duplicates("account", keep="last")
    now = pd.DataFrame({"account": new.accounts, "now": grades(new.pd_hat, options.master_scale)})
    both = now.merge(then, on="account")
    if not len(both):
        return not_applicable("No account is seen at two observation months.")
    moved = both["now"] - both["before"]
    n, far = len(moved), float((moved.abs() >= FAR).sum())
    share = far / n
    low, high = (float(beta.ppf(q, far + 0.5, n - far + 0.5)) for q in (0.025, 0.975))
    matrix = pd.crosstab(both["before"], both["now"])
    up, down = float((moved > 0).mean()), float((moved < 0).mean())
    why = (
        f"{len(both):,} accounts seen earlier: {up:.1%} in a riskier grade now, {down:.1%} in a"
        f" safer one, {share:.1%} by {FAR} grades and more."
    )
    table = matrix.rename_axis("grade before").reset_index()
    table.columns = [str(name) for name in table.columns]
    return judge(
        share,
        options.threshold("grade_moves"),
        why,
        low=low,
        high=high,
        tables={"Grades before (rows) and now (columns)": table},
    )


@check(
    31,
    "Robustness over refits",
    section=STABLE,
    source="SR 26-2; Shao and Wu 1989",
    what_to_do="Learn from more accounts, or hold the model back more.",
    needs="pd_spread",
)
def robustness(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Measure how far PDs spread over refits on random halves of the accounts."""
    refits = evidence.refits
    if refits is None:
        return not_applicable("No refits were made.")
    figure = relative_spread(refits.pd_hat, rows=refits.rows, fitted_rows=refits.fitted_rows)
    auc = refits.auc_test
    why = (
        f"{len(refits.pd_hat)} refits, each with a seed of its own, on {refits.rows:,} of"
        f" {refits.fitted_rows:,} rows: the standard deviation of an account's PD, over its PD, is"
        f" below {figure:.4f} for 95 % of accounts. AUC of the refits {auc.min():.4f} to"
        f" {auc.max():.4f}."
    )
    # So few refits give no interval of their spread.
    return replace(judge(figure, options.threshold("pd_spread"), why), low=None, high=None)


def relative_spread(pd_hat: Array, *, rows: int, fitted_rows: int, share: float = 0.95) -> float:
    """Return the relative standard deviation of PDs that a share of the accounts stay below.

    Parameters
    ----------
    pd_hat : ndarray of shape (n_refits, n_accounts)
        PDs of models fitted on random subsets.
    rows, fitted_rows : int
        Rows of a subset, and of the model itself.
    share : float

    Returns
    -------
    float

    Notes
    -----
    With r of n rows in each subset, ``r / (n - r)`` times the variance between subsets estimates
    the variance of the model on n rows (delete-d jackknife). A variance from few refits is itself
    uncertain, which would stretch the upper end: logarithms of the variances are taken as normal
    with their known sampling variance removed (as in Smyth 2004).

    References
    ----------
    Shao and Wu (1989), Annals of Statistics 17, 1176-1197. Smyth (2004), Statistical Applications
    in Genetics and Molecular Biology 3(1), 3.
    """
    from scipy.stats import norm

    n_refits = len(pd_hat)
    half = (n_refits - 1) / 2
    factor = rows / max(fitted_rows - rows, 1)
    relative = pd_hat.var(axis=0, ddof=1) * factor / np.maximum(pd_hat.mean(axis=0), 1e-12) ** 2
    logs = np.log(np.maximum(relative, 1e-18))
    middle = logs.mean() - (digamma(half) - np.log(half))
    width = np.sqrt(max(logs.var(ddof=1) - polygamma(1, half), 0.0))
    return float(np.exp((middle + norm.ppf(share) * width) / 2))
