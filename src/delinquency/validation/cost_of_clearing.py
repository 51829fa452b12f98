"""What it costs to forget: the model refitted under each rule of clearing, and measured.

Clearing a record helps the person and takes a fact from the model. What that costs is a number,
not an opinion: the same split, the same learner, the same accounts, with only the cured history
erased as each rule would have erased it at every observation month.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.features.catalogue import Feature
from delinquency.features.feature_matrix import build_features
from delinquency.panel.cleared_history import forget
from delinquency.panel.windows import Windows

Scores = NDArray[np.float64]
Predict = Callable[[pd.DataFrame], Scores]
Fit = Callable[[pd.DataFrame, Scores], Predict]
Measure = Callable[[Scores, Scores], float]

RULES: Mapping[str, int | None] = MappingProxyType(
    {"on_cure": 0, "12_months": 12, "24_months": 24, "5_years": 60, "never": None}
)
"""Rules of clearing by name: whole months from the cure to the clearing; None for never."""


def forgetting_curve(
    windows: Windows,
    bad: Scores,
    *,
    is_test: NDArray[np.bool_],
    selection: Sequence[Feature],
    learner: tuple[Fit, Mapping[str, Measure]],
    rules: Mapping[str, int | None] = RULES,
) -> pd.DataFrame:
    """Return the measures of a model that is fitted and tested under each rule of clearing.

    Parameters
    ----------
    windows : Windows
        With the whole history.
    bad : ndarray of shape (n_rows,), 0 or 1
    is_test : ndarray of shape (n_rows,), bool
        Rows that are measured; the model is fitted on the others.
    selection : sequence of Feature
        The same for every rule.
    learner : (fit, measures)
        ``fit`` takes features and outcomes and returns a function from features to PD;
        ``measures`` are functions of outcomes and PD, by name.
    rules : mapping of str to int or None
        Whole months from the cure to the clearing, by the name of the rule.

    Returns
    -------
    DataFrame
        One row a rule, in the order of ``rules``: ``rule``, ``months_after_cure`` (NaN for never),
        ``share_erased`` (of the known account-months), ``n_test``, and a column a measure.

    Notes
    -----
    A rule that keeps history for longer than the window has months is the same as never.
    """
    fit, measures = learner
    names = [feature.name for feature in selection]
    whole = _known(windows)
    rows = []
    measured: dict[int | None, dict[str, float]] = {}
    for rule, months in rules.items():
        seen = None if months is None or months >= windows.n_months else months
        if seen not in measured:
            kept = forget(windows, seen)
            matrix = build_features(kept, selection)[names]
            predict = fit(matrix[~is_test], bad[~is_test])
            pd_hat = predict(matrix[is_test])
            measured[seen] = {
                "share_erased": 1.0 - _known(kept) / whole if whole else 0.0,
                "n_test": int(is_test.sum()),
                **{name: measure(bad[is_test], pd_hat) for name, measure in measures.items()},
            }
        kept_for = np.nan if months is None else float(months)
        rows.append({"rule": rule, "months_after_cure": kept_for, **measured[seen]})
    return pd.DataFrame(rows)


def _known(windows: Windows) -> int:
    """Return how many account-months tell whether a bill was late."""
    for name in ("days_past_due", "repayment_status"):
        if name in windows:
            return int(np.isfinite(windows[name]).sum())
    return 0
