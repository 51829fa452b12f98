"""Does a feature know the outcome? (item 10)."""

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from delinquency.validation.check_inputs import Array, Evidence
from delinquency.validation.check_record import (
    AMBER,
    PASS,
    RED,
    Finding,
    check,
    judge,
    not_applicable,
    worst,
)
from delinquency.validation.ranking_checks import usable
from delinquency.validation.validation_options import ValidationOptions

ODD = 3.0
"""Standard errors by which the AUC of permuted labels may miss 0.5."""
SHIFT_DROP = 0.05
"""AUC that one month may be worth: newer facts do tell more, but not this much."""


def feature_areas(X: pd.DataFrame, bad: Array) -> pd.Series:
    """Return every feature's own AUC, whichever way it points; missing values are a value.

    Parameters
    ----------
    X : DataFrame of shape (n_rows, n_features)
    bad : ndarray of shape (n_rows,)

    Returns
    -------
    Series, 0.5 to 1, by feature
        A missing value ranks below all others or above, whichever tells more.
    """
    is_bad = bad == 1
    n_bad, n_good = int(is_bad.sum()), int((~is_bad).sum())
    values = X.to_numpy(np.float64)
    out = np.full(values.shape[1], 0.5)
    if not min(n_bad, n_good):
        return pd.Series(out, index=X.columns)
    for k in range(values.shape[1]):
        column = values[:, k]
        fills = [np.inf, -np.inf] if np.isnan(column).any() else [0.0]
        for fill in fills:
            ranks = rankdata(np.where(np.isnan(column), fill, column))
            area = (ranks[is_bad].sum() - n_bad * (n_bad + 1) / 2) / (n_bad * n_good)
            out[k] = max(out[k], area, 1 - area)
    return pd.Series(out, index=X.columns)


def null_error(bad: Array) -> float:
    """Return the standard error of the AUC of scores that know nothing (Hanley and McNeil)."""
    n_bad, n = float(bad.sum()), len(bad)
    return float(np.sqrt((n + 1) / (12 * max(n_bad * (n - n_bad), 1.0))))


@check(
    10,
    "Leakage: single feature, permuted labels, a month's shift",
    section="Leakage",
    source="SR 26-2; Kaufman et al. 2012",
    what_to_do=(
        "Leave out the features named until it is proved that they were known at the observation"
        " month."
    ),
    needs="single_feature_auc",
)
def leakage(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Look for a feature that ranks too well alone, random labels that can be ranked, a jump."""
    rows = evidence.test
    if why_not := usable(evidence):
        return not_applicable(why_not)
    areas = feature_areas(rows.X, rows.bad).sort_values(ascending=False)
    figure, name = float(areas.iloc[0]), str(areas.index[0])
    n_bad, n_good = rows.bad.sum(), (1 - rows.bad).sum()
    q1, q2 = figure / (2 - figure), 2 * figure**2 / (1 + figure)
    variance = (
        figure * (1 - figure) + (n_bad - 1) * (q1 - figure**2) + (n_good - 1) * (q2 - figure**2)
    )
    spread = 1.96 * np.sqrt(max(variance, 0.0) / max(n_bad * n_good, 1))
    why = f"The strongest single feature is {name}, AUC {figure:.4f} on the test."
    found = judge(
        figure,
        options.threshold("single_feature_auc"),
        why,
        low=max(figure - spread, 0.0),
        high=min(figure + spread, 1.0),
    )
    states, words = [found.state], [found.why]
    if evidence.placebo_auc is not None:
        area, error = evidence.placebo_auc
        states.append(PASS if abs(area - 0.5) <= ODD * error else RED)
        words.append(f"Learnt from permuted labels: AUC {area:.4f}, standard error {error:.4f}.")
    if evidence.shift_auc is not None:
        now, before, error = evidence.shift_auc
        drop = now - before
        jump = RED if drop - 1.96 * error > SHIFT_DROP else AMBER if drop > SHIFT_DROP else PASS
        states.append(jump)
        words.append(
            f"With facts a month older AUC is {before:.4f} against {now:.4f} "
            f"(difference {drop:.4f}; more than {SHIFT_DROP} would be a fact from the future)."
        )
    table = areas.rename("AUC alone").rename_axis("feature").reset_index().head(25)
    return Finding(
        figure,
        found.low,
        found.high,
        worst(*states),
        " ".join(words),
        found.threshold,
        {"Strongest single features": table},
    )
