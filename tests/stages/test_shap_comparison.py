"""A trained model's feature values are those of shap, or the reason why shap has none."""

import numpy as np
import pandas as pd

from delinquency.modeling.boosting import fit_model
from delinquency.modeling.lightgbm_options import LightGBMOptions
from delinquency.pipeline.shap_comparison import against_shap

QUICK = LightGBMOptions(n_estimators=30, min_child_samples=5, shape="as_given")


def test_feature_values_are_shaps_to_single_precision():
    rng = np.random.default_rng(3)
    X = pd.DataFrame(rng.normal(size=(400, 4)), columns=list("abcd"))
    X.loc[::7, "b"] = np.nan
    bad = (X["a"] + X["b"].fillna(1.0) * X["c"] + rng.normal(size=400) > 0.5).astype(int)
    traits = {"a": "debt_burden", "b": "debt_burden", "c": "credit_record", "d": "credit_record"}
    model = fit_model(
        X, bad.to_numpy(), options=QUICK, traits=traits, directions=dict.fromkeys(X, 0),
        groups=np.arange(400).astype(str), seed=1, n_threads=1,
    )  # fmt: skip
    gap, cannot = against_shap(model, X, X, seed=1)
    assert cannot == "" and gap is not None
    assert gap[0] < 1e-5 and gap[1:] == (20, 100)
