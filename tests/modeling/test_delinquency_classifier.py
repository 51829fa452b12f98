"""The model under scikit-learn's own contract."""

import copy
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from delinquency.errors import ChoiceError, MissingArtifactError, ModelError
from delinquency.modeling.boosting import fit_model
from delinquency.modeling.delinquency_classifier import DelinquencyClassifier
from delinquency.modeling.lightgbm_options import LightGBMOptions
from delinquency.reasons.reason_explainer import ReasonExplainer
from delinquency.shapley import TraitExplainer

TRAITS = {
    "arrears": "credit_record", "income": "economic_condition", "noise": "spending_behavior"
}  # fmt: skip
DIRECTIONS = {"arrears": 1, "income": -1}
QUICK = {"n_estimators": 30, "learning_rate": 0.1}
EXPECTED_FAILURES: dict[str, str] = {}
"""Check of scikit-learn -> why this classifier does not pass it: there is none."""


@pytest.fixture(scope="module")
def fitted(table):
    return DelinquencyClassifier(TRAITS, DIRECTIONS, **QUICK).fit(*table)


@parametrize_with_checks(
    [DelinquencyClassifier(n_estimators=30)],
    expected_failed_checks=lambda estimator: EXPECTED_FAILURES,
)
def test_scikit_learns_contract_holds(estimator, check):
    assert check(estimator) is None, "a check says nothing, and raises where the contract breaks"


def test_every_option_of_the_recipe_is_a_parameter_and_its_default_stands_in_one_place():
    params = DelinquencyClassifier().get_params()
    names = {field.name for field in fields(LightGBMOptions)}
    assert set(params) == names | {"traits", "directions", "random_state", "n_jobs"}
    assert all(params[name] is None for name in names)
    assert DelinquencyClassifier().options == LightGBMOptions()
    options = LightGBMOptions(num_leaves=4, calibration="sigmoid", monotone=False)
    assert DelinquencyClassifier.of_options(options).options == options
    with pytest.raises(ChoiceError, match="num_leaves must be at least 2"):
        _ = DelinquencyClassifier(num_leaves=1).options


def test_it_is_the_recipe_of_the_command_line(table, fitted):
    X, y = table
    model = fit_model(X, y, options=LightGBMOptions(**QUICK), traits=TRAITS, directions=DIRECTIONS)
    assert np.array_equal(fitted.predict_proba(X)[:, 1], model.pd_hat(X))
    assert fitted.booster_.model_to_string() == model.booster.model_to_string()


def test_risk_never_falls_as_a_feature_with_a_direction_worsens(table, fitted):
    X, _ = table
    worse = X.assign(arrears=X["arrears"] + 1, income=X["income"] - 1)
    assert (fitted.predict_proba(worse)[:, 1] >= fitted.predict_proba(X)[:, 1]).all()


def test_classes_may_be_words(table):
    X, y = table
    words = np.where(y == 1, "late", "fine")
    model = DelinquencyClassifier(n_estimators=30).fit(X, words)
    assert model.classes_.tolist() == ["fine", "late"]
    agree = model.predict(X) == np.where(model.predict_proba(X)[:, 1] > 0.5, "late", "fine")
    assert agree.all()


def test_it_works_inside_scikit_learns_tools(table):
    X, y = table
    model = DelinquencyClassifier(TRAITS, DIRECTIONS, **QUICK)
    assert clone(model).get_params() == model.get_params()
    assert cross_val_score(model, X, y, cv=3, scoring="roc_auc").min() > 0.7
    search = GridSearchCV(model, {"num_leaves": [2, 6]}, cv=2, scoring="neg_log_loss").fit(X, y)
    assert search.best_params_["num_leaves"] in (2, 6)
    calibrated = CalibratedClassifierCV(model, cv=2).fit(X, y).predict_proba(X)[:, 1]
    assert abs(calibrated.mean() - y.mean()) < 0.02
    filled = SimpleImputer().set_output(transform="pandas")
    pipe = make_pipeline(filled, model).fit(X, y)
    by_trait = TraitExplainer(pipe, TRAITS, background=X).explain(X)
    raw = pipe[-1].model_.raw_score(filled.transform(X))
    assert np.abs(by_trait.raw_score - raw).max() < 1e-10


def test_it_explains_itself_by_trait_against_its_training_rows(table, fitted):
    X, _ = table
    explanation = fitted.explain(X[:50])
    expected = TraitExplainer(fitted, TRAITS, background=X, order=explanation.traits).explain(
        X[:50]
    )
    pd.testing.assert_frame_equal(explanation.to_frame(), expected.to_frame())
    assert np.allclose(explanation.raw_score, fitted.decision_function(X[:50]))
    with pytest.raises(ModelError, match="traits={feature: trait"):
        DelinquencyClassifier(**QUICK).fit(*table).explain(X)


def test_reasons_need_no_more_than_the_classifier(table, fitted):
    X, _ = table
    explained = ReasonExplainer(fitted).fit(X).explain(X)
    assert np.allclose(explained["pd_hat"], fitted.predict_proba(X)[:, 1])
    assert explained["reason_1"].str.contains("arrears").any()


def test_a_saved_classifier_is_the_same_and_no_pickle(table, fitted, tmp_path):
    X, _ = table
    fitted.save(tmp_path)
    again = DelinquencyClassifier.load(tmp_path)
    assert again.get_params() == fitted.get_params()
    assert np.array_equal(again.predict_proba(X), fitted.predict_proba(X))
    assert np.array_equal(again.explain(X).to_frame(), fitted.explain(X).to_frame())
    assert again.classes_.tolist() == [0, 1]
    assert not [path for path in tmp_path.iterdir() if path.suffix in (".pkl", ".joblib")]
    with pytest.raises(ValueError, match="feature names should match"):
        again.predict_proba(X[["income", "noise", "arrears"]])


def test_a_folder_without_a_classifier_is_refused(fitted, tmp_path):
    with pytest.raises(MissingArtifactError):
        DelinquencyClassifier.load(tmp_path / "none")
    fitted.model_.save(tmp_path)
    with pytest.raises(ModelError, match="no saved DelinquencyClassifier"):
        DelinquencyClassifier.load(tmp_path)


def test_a_copy_still_explains(table, fitted, tmp_path):
    X, _ = table
    fitted.save(tmp_path)
    for model in (fitted, DelinquencyClassifier.load(tmp_path)):
        copied = copy.deepcopy(model)  # by the state that other processes are sent too
        assert np.array_equal(copied.explain(X[:5]).to_frame(), fitted.explain(X[:5]).to_frame())
