"""The one recipe of reasons, on models fitted elsewhere."""

import json

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

from delinquency.errors import ChoiceError, ModelError, UnsupportedModelError
from delinquency.features.feature_description import FeatureMeaning
from delinquency.reasons import explained_blocks
from delinquency.reasons.evidence import evidence_levels
from delinquency.reasons.reason_explainer import ReasonExplainer
from delinquency.reasons.reason_selection import select_reasons
from delinquency.reasons.reference_population import Contributions
from delinquency.traits import TRAITS

MEANINGS = {
    "late months": FeatureMeaning.of(
        "late months", "credit_record", phrase="Months paid late", phrase_zh="逾期还款的月数",
        unit="months", direction=1,
    ),
    "bill": "debt_burden", "salary": "economic_condition", "paid": "repayment_willingness",
    "spare": "repayment_capacity", "shop": "spending_behavior",
}  # fmt: skip


@pytest.fixture(scope="module")
def accounts():
    rng = np.random.default_rng(5)
    X = pd.DataFrame(
        {name: rng.normal(size=500) for name in MEANINGS if name != "shop"}
        | {"shop": pd.Categorical(rng.choice(["casino", "food", "rent"], 500))},
        index=np.arange(500) * 3,
    )
    X["late months"] = rng.poisson(1.0, 500).astype(float)
    risk = X["late months"] + 0.5 * X["bill"] + 2.0 * (X["shop"] == "casino")
    return X, (risk + rng.normal(size=500) > 2.5).to_numpy()


@pytest.fixture(scope="module")
def model(accounts):
    X, y = accounts
    return lgb.LGBMClassifier(
        n_estimators=40, num_leaves=6, verbose=-1, cat_smooth=1, min_data_per_group=5
    ).fit(X, y)


@pytest.fixture(scope="module")
def explainer(model, accounts):
    return ReasonExplainer(model, MEANINGS, currency="CNY").fit(accounts[0])


def test_an_own_model_is_explained_in_both_languages(explainer, model, accounts):
    X, _ = accounts
    explained = explainer.explain(X)
    assert explained.index.equals(X.index)
    assert np.allclose(explained["pd_hat"], model.predict_proba(X)[:, 1])
    total = explained["base_value"] + explained[[f"trait_{key}" for key in TRAITS]].sum(axis=1)
    assert np.abs(total - model.predict(X, raw_score=True)).max() < 1e-9
    late = explained[X["shop"] != "casino"].loc[lambda rows: rows["trait_credit_record"].idxmax()]
    assert late["dominant_trait"] == "credit_record"
    assert "Months paid late" in late["reason_1"]
    assert "逾期还款的月数" in late["reason_zh_1"]
    assert late["evidence_credit_record"] == "partial"


def test_facts_are_ranked_by_exact_values_in_blocks_of_any_size(
    explainer, model, accounts, monkeypatch
):
    X, _ = accounts
    whole = explainer.explain(X)
    monkeypatch.setattr(explained_blocks, "BLOCK_ROWS", 64)
    pd.testing.assert_frame_equal(explainer.explain(X), whole)
    again = ReasonExplainer(model, MEANINGS, currency="CNY").fit(X)
    reference = again.context.reference
    assert np.allclose(reference.fact_values, explainer.context.reference.fact_values, atol=1e-14)
    # A trait's facts add up to the trait, in the reference as in every account.
    added = np.zeros(len(TRAITS))
    np.add.at(added, again.context.fact_places.trait, reference.fact_values)
    assert np.abs(added - reference.trait_values).max() < 1e-12
    # One feature a trait: what the fact adds is what the trait adds.
    assert np.abs(added[again.context.fact_places.trait] - reference.fact_values).max() < 1e-12


def test_reasons_of_a_version_with_approximate_facts_are_refused(explainer, model):
    old = {**explainer.to_plain(), "curves": {}}
    with pytest.raises(ModelError, match="Train the model again"):
        ReasonExplainer(model, MEANINGS, explainer=explainer.explainer).restore(old)


def test_no_row_is_explained_as_no_row(explainer, accounts):
    assert explainer.explain(accounts[0].iloc[:0]).shape == (
        0,
        explainer.explain(accounts[0].iloc[:1]).shape[1],
    )


def test_many_accounts_are_told_the_facts_that_a_single_exact_explanation_names(accounts):
    X, _ = accounts
    X = X.drop(columns="shop")
    # Two facts that interact: the mean effect of a value tells little of a row.
    crossed = (X["bill"] > 0) ^ (X["salary"] > 0)
    model = lgb.LGBMClassifier(n_estimators=60, num_leaves=8, verbose=-1).fit(X, crossed)
    fitted = ReasonExplainer(model, dict.fromkeys(X.columns, "debt_burden")).fit(X)
    explained, context = fitted.explain(X), fitted.context
    exact = fitted.explainer.explain(X, features=True)
    accounts_of_one = Contributions(exact.values, exact.feature_values, X.to_numpy())  # noqa: PD011
    evidence = evidence_levels(
        X.to_numpy(), fitted.meanings, fitted.tables, silent=np.zeros(len(X), bool)
    )
    reasons = select_reasons(accounts_of_one, evidence, context)
    names = np.array([*X.columns, ""])
    assert (explained["reason_1_feature"] == names[reasons.fact[:, 0]]).all()
    gain = exact.feature_values - context.reference.fact_values
    named_first = names[gain.argmax(axis=1)] == explained["reason_1_feature"]
    assert named_first[explained["reason_1_feature"] != ""].mean() > 0.8


def test_a_column_of_names_is_stated_by_its_name(explainer, accounts):
    X, _ = accounts
    explained = explainer.explain(X[X["shop"] == "casino"])
    stated = explained["reason_1"][explained["reason_1_feature"] == "shop"]
    assert len(stated) > 10
    assert stated.str.contains("casino").all()


def test_what_fit_learnt_can_be_kept_as_json(explainer, model, accounts):
    X, _ = accounts
    plain = json.loads(json.dumps(explainer.to_plain(), allow_nan=False))
    again = ReasonExplainer(
        model, explainer.meanings, currency="CNY", explainer=explainer.explainer
    ).restore(plain)
    pd.testing.assert_frame_equal(again.explain(X), explainer.explain(X))


def test_a_model_steeper_than_log_odds_keeps_its_own_probability(accounts):
    X, y = accounts
    data = lgb.Dataset(X, y)
    booster = lgb.train({"objective": "binary", "sigmoid": 2.0, "verbose": -1}, data, 10)
    explained = ReasonExplainer(booster, MEANINGS).fit(X).explain(X)
    assert np.allclose(explained["pd_hat"], booster.predict(X))


def test_protected_attributes_are_never_stated(accounts):
    X, _ = accounts
    X = X.rename(columns={"late months": "age"}).drop(columns="shop")
    model = lgb.LGBMClassifier(n_estimators=20, verbose=-1).fit(X, X["age"] > 1)
    meanings = {"age" if name == "late months" else name: one for name, one in MEANINGS.items()}
    meanings["age"] = "credit_record"
    explained = ReasonExplainer(model, meanings).fit(X).explain(X)
    codes = explained.filter(regex=r"^reason_\d_feature").to_numpy()
    assert not (codes == "age").any()


def test_reasons_before_fit_and_of_unknown_traits_are_refused(model, accounts):
    X, y = accounts
    with pytest.raises(ModelError, match="Call fit"):
        ReasonExplainer(model, MEANINGS).explain(X)
    with pytest.raises(ChoiceError, match="Did you mean 'debt_burden'"):
        ReasonExplainer(model, {**MEANINGS, "bill": "debt_burdens"})
    with pytest.raises(ModelError, match="1 have none: bill"):
        ReasonExplainer(model, {k: v for k, v in MEANINGS.items() if k != "bill"})
    with pytest.raises(UnsupportedModelError, match=r"LinearRegression"):
        ReasonExplainer(LinearRegression(), MEANINGS)
    numbers = X.drop(columns="shop")
    regressor = lgb.LGBMRegressor(n_estimators=3, verbose=-1).fit(numbers, y.astype(float))
    with pytest.raises(UnsupportedModelError, match="probability.* Got regression"):
        ReasonExplainer(regressor, MEANINGS)
    pipe = make_pipeline(SimpleImputer(), lgb.LGBMClassifier(n_estimators=3, verbose=-1))
    with pytest.raises(UnsupportedModelError, match="steps of a Pipeline"):
        ReasonExplainer(pipe.fit(numbers, y), MEANINGS)
