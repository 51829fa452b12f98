# ruff: noqa: PD011
"""What a TraitExplainer takes: boosters, estimators, pipelines; and what it gives to shap."""

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from delinquency.errors import ModelError, UnsupportedModelError
from delinquency.shapley import TraitExplainer

TRAITS = {"late days": "record", "bill": "debt", "limit": "debt", "job": "income"}


@pytest.fixture(scope="module")
def accounts():
    rng = np.random.default_rng(3)
    X = pd.DataFrame(rng.normal(size=(300, 3)), columns=["late days", "bill", "limit"])
    X["job"] = rng.integers(0, 3, 300)
    X.loc[::7, "bill"] = np.nan
    risk = X["late days"] * X["bill"].fillna(0) + X["limit"] + (X["job"] == 1)
    return X.set_index(pd.Index([f"a{at}" for at in range(300)])), (risk > 0.5).to_numpy()


def small(kind, **params):
    return kind(n_estimators=12, num_leaves=6, min_child_samples=4, verbose=-1, **params)


def test_an_estimator_has_the_values_of_its_booster(accounts):
    X, y = accounts
    for model in (
        small(lgb.LGBMClassifier).fit(X, y),
        small(lgb.LGBMRegressor).fit(X, y.astype(float)),
    ):
        by_model = TraitExplainer(model, TRAITS, background=X).explain(X)
        by_booster = TraitExplainer(model.booster_, TRAITS, background=X).explain(X)
        assert np.array_equal(by_model.to_frame(), by_booster.to_frame())
        raw = model.predict(X, raw_score=True)
        assert np.abs(by_model.base_value + by_model.to_frame().sum(axis=1) - raw).max() < 1e-10


def test_a_pipeline_is_explained_from_the_rows_that_it_was_fitted_on(accounts):
    X, y = accounts
    for frames in ("default", "pandas"):
        pipe = make_pipeline(
            SimpleImputer(), StandardScaler(), small(lgb.LGBMClassifier)
        ).set_output(transform=frames)
        pipe.fit(X, y)
        explanation = TraitExplainer(pipe, TRAITS, background=X).explain(X)
        raw = pipe[-1].predict(pipe[:-1].transform(X), raw_score=True)
        assert np.abs(explanation.raw_score - raw).max() < 1e-10
        assert explanation.to_frame().index.equals(X.index)


def test_columns_that_a_pipeline_makes_take_their_own_traits(accounts):
    X, y = accounts
    columns = ColumnTransformer(
        [("job", OneHotEncoder(), ["job"])], remainder="passthrough", sparse_threshold=1.0
    )
    pipe = make_pipeline(columns, small(lgb.LGBMClassifier)).fit(X.fillna(0.0), y)
    with pytest.raises(ModelError, match="4 have none: |need.* a group"):
        TraitExplainer(pipe, TRAITS)
    made = {f"job__job_{code}": "income" for code in range(3)}
    made |= {f"remainder__{name}": TRAITS[name] for name in ("late days", "bill", "limit")}
    explanation = TraitExplainer(pipe, made, background=X.fillna(0.0)).explain(X.fillna(0.0))
    raw = pipe[-1].predict(pipe[:-1].transform(X.fillna(0.0)), raw_score=True)
    assert np.abs(explanation.raw_score - raw).max() < 1e-10
    assert explanation.traits == ("income", "record", "debt")


def test_an_explainer_of_a_pipeline_is_not_saved_with_pickle(accounts, tmp_path):
    X, y = accounts
    pipe = make_pipeline(SimpleImputer(), small(lgb.LGBMClassifier)).fit(X, y)
    with pytest.raises(ModelError, match="without pickle"):
        TraitExplainer(pipe, TRAITS).save(tmp_path / "explainer.npz")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "model", [LogisticRegression(), make_pipeline(SimpleImputer(), LogisticRegression()), "model"]
)
def test_another_model_is_refused_with_what_is_taken(model):
    with pytest.raises(UnsupportedModelError, match=r"lightgbm\.Booster.* Got (sklearn|builtins)"):
        TraitExplainer(model, TRAITS)


def test_a_model_that_is_not_fitted_is_refused():
    with pytest.raises(ModelError, match=r"LGBMClassifier that is not: call fit"):
        TraitExplainer(lgb.LGBMClassifier(), TRAITS)


def test_shap_gets_the_groups_as_features(accounts):
    X, y = accounts
    explanation = TraitExplainer(small(lgb.LGBMClassifier).fit(X, y), TRAITS).explain(X[:9])
    given = explanation.to_shap()
    assert given.feature_names == ["record", "debt", "income"]
    assert np.array_equal(given.values, explanation.to_frame())
    assert np.allclose(given.base_values + given.values.sum(axis=1), explanation.raw_score)
    shown = explanation.to_shap(X[["late days", "bill", "job"]][:9])
    assert shown[2].data[0] == X["late days"].iloc[2]
    with pytest.raises(ModelError, match=r"shape \(9, 3\)\. Got shape \(9, 4\)"):
        explanation.to_shap(X[:9])
