"""Columns of new accounts that look nothing like training's: empty, or in another unit."""

import numpy as np
import pandas as pd

from delinquency.monitoring.month_profile import MonthProfile, binned

LEAST_ROWS = 30
"""Rows below which nothing is said: a few accounts may well be alike."""
NEARLY_ALL, SELDOM = 0.9, 0.25
"""Share of the new rows, and of training's, that make a column strange."""


def strange_columns(X: pd.DataFrame, trained: MonthProfile) -> list[str]:
    """Return in words each column that nearly all rows fill as hardly one of training did.

    Parameters
    ----------
    X : DataFrame of shape (n_rows, n_features)
        New accounts.
    trained : MonthProfile
        Of the training rows; its bins are tenths of training's values.

    Returns
    -------
    list of str
    """
    if len(X) < LEAST_ROWS:
        return []
    found = []
    for name, edges in trained.edges.items():
        if name not in X or len(edges) < 2:
            continue
        counts = binned(X[name].to_numpy(np.float64), edges)
        share = counts / counts.sum()
        usual = np.array(trained.counts[name]) / max(sum(trained.counts[name]), 1)
        where = (
            (-1, "are empty"),
            (-2, f"lie above {edges[-1]:,.6g}"),
            (0, f"lie at or below {edges[0]:,.6g}"),
        )
        for place, words in where:
            if share[place] >= NEARLY_ALL and usual[place] <= SELDOM:
                found.append(
                    f"{name}: {share[place]:.0%} of the rows {words}, {usual[place]:.0%} in "
                    "training. Another unit, or not filled?"
                )
    return found
