"""Challengers that an analyst would try first, registered beside the other peers.

Each is fitted on the same rows as the model: a regularised and a default LightGBM on the same
features, and the rule of thumb of every collections desk, days past due and utilization.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from delinquency.modeling.baselines import (
    Array,
    Predict,
    fit_default_lightgbm,
    fit_logistic_regression,
    fit_regularised_lightgbm,
    peer,
)

LATE_COLUMNS = ("days_past_due_0", "repayment_status_0")
"""How late an account is now, in the order of preference; of the raw columns."""
BALANCE, LIMIT = "balance_0", "credit_limit_0"
RULE, SCORECARD = "dpd_and_utilization", "scorecard"
VALIDATED_AGAINST = (SCORECARD, "logistic_regression", "lightgbm_regularised", "lightgbm", RULE)
"""Challengers of every validation."""


@peer("lightgbm", matrix="features", title="LightGBM, default, same features")
def fit_lightgbm(X: pd.DataFrame, y: Array, seed: int) -> Predict:
    """Return LightGBM with its own defaults on the features of the model."""
    return fit_default_lightgbm(X, y, seed)


@peer("lightgbm_regularised", matrix="features", title="LightGBM, regularised, same features")
def fit_lightgbm_regularised(X: pd.DataFrame, y: Array, seed: int) -> Predict:
    """Return LightGBM with fixed strong regularisation on the features of the model."""
    return fit_regularised_lightgbm(X, y, seed)


def rule_columns(raw: Sequence[str]) -> list[str]:
    """Return the raw columns that days past due and utilization are made from; [] if absent."""
    late = [name for name in LATE_COLUMNS if name in raw][:1]
    return late + [BALANCE, LIMIT] if late and {BALANCE, LIMIT} <= set(raw) else []


@peer(RULE, matrix="raw", title="Days past due and utilization")
def fit_dpd_and_utilization(X: pd.DataFrame, y: Array, seed: int) -> Predict:
    """Return a logistic regression on days past due now and balance over limit now.

    A column tells an account that is late at all, another how late, a third how used its limit
    is: what a collections desk sorts by without a model.
    """
    names = rule_columns([str(name) for name in X.columns])

    def table(frame: pd.DataFrame) -> pd.DataFrame:
        if not names:
            return pd.DataFrame({"nothing": np.zeros(len(frame))}, index=frame.index)
        late, balance, limit = (frame[name].to_numpy(np.float64) for name in names)
        with np.errstate(divide="ignore", invalid="ignore"):
            used = np.where(limit > 0, balance / limit, np.nan)
        return pd.DataFrame(
            {"late": late > 0, "how_late": late, "utilization": used}, index=frame.index
        ).astype(np.float64)

    predict = fit_logistic_regression(table(X), y, seed)
    return lambda other: predict(table(other))
