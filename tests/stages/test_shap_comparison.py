"""A trained model's feature values are those of shap, or the reason why shap has none."""

from dataclasses import replace

import lightgbm as lgb
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


def test_where_shap_misreads_splits_on_names_it_is_no_measure():
    """shap takes a category for a number; our values are right, and no light turns red."""
    rng = np.random.default_rng(3)
    X = pd.DataFrame({"a": rng.normal(size=600), "c": rng.integers(0, 9, 600).astype(float)})
    bad = (X["a"] + 2 * X["c"].isin([1, 4, 7]) + rng.normal(size=600) > 1).astype(int).to_numpy()
    model = fit_model(
        X, bad, options=QUICK, traits={"a": "debt_burden", "c": "credit_record"},
        directions=dict.fromkeys(X, 0), groups=np.arange(600).astype(str), seed=1, n_threads=1,
    )  # fmt: skip
    named = lgb.train(
        {"objective": "binary", "num_leaves": 8, "verbose": -1, "min_data_per_group": 5},
        lgb.Dataset(X, bad, categorical_feature=["c"], free_raw_data=False),
        num_boost_round=10,
    )
    assert "num_cat=0" not in named.model_to_string().split("tree_sizes")[1].split("Tree=1")[0]
    gap, cannot = against_shap(replace(model, booster=named), X, X, seed=1)
    assert gap is None and "splits on names" in cannot
