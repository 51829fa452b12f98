# ruff: noqa: PD011
"""Models of other libraries: the score is theirs, and so are the values where they give any."""

import numpy as np
import pandas as pd
import pytest
from sklearn import ensemble, tree

from delinquency.errors import ModelError, UnsupportedModelError
from delinquency.shapley import TraitExplainer

SINGLE = 2e-6
"""Scores of a library that adds up in float32."""

EXACT = 1e-12


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(5)
    rows = rng.normal(size=(500, 6))
    rows[:, 5] = rng.integers(0, 7, 500)
    rows[rng.random(rows.shape) < 0.1] = np.nan
    known = np.nan_to_num(rows)
    score = known[:, 0] * known[:, 1] + known[:, 2] - 1.5 * (known[:, 5] == 2)
    return rows, score + rng.normal(size=500) / 3


def names(prefix):
    return [f"{prefix}{at}" for at in range(6)]


def assert_explains(model, rows, score, prefix, within, *, background=None, **options):
    traits = {name: f"group {at % 3}" for at, name in enumerate(names(prefix))}
    explainer = TraitExplainer(model, traits, background, 1, **options)
    found = explainer.explain(rows, features=True)
    assert np.abs(found.raw_score - score).max() <= within
    assert np.abs(found.values - explainer.explain(rows).values).max() <= EXACT
    return explainer


def features_alone(model, rows, prefix):
    return TraitExplainer(model, dict.fromkeys(names(prefix), "all")).explain(rows, features=True)


XGBOOST = {
    "logistic": ({}, "log-odds"),
    "poisson": ({"objective": "count:poisson"}, "log of the mean"),
    "squared error with a base score": (
        {"objective": "reg:squarederror", "base_score": 3.0},
        None,
    ),
    "dart": ({"booster": "dart", "rate_drop": 0.5, "objective": "reg:squarederror"}, None),
    "parallel trees": ({"num_parallel_tree": 3, "subsample": 0.5}, "log-odds"),
}


@pytest.mark.parametrize(("params", "scale"), XGBOOST.values(), ids=XGBOOST.keys())
def test_xgboost_models(data, params, scale):
    xgboost = pytest.importorskip("xgboost")
    rows, score = data
    target = (score > 0).astype(float)
    settings = {"objective": "binary:logistic", "max_depth": 4, "nthread": 1, **params}
    matrix = xgboost.DMatrix(rows, target)
    model = xgboost.train(settings, matrix, 8)
    raw = model.predict(matrix, output_margin=True)
    explainer = assert_explains(model, rows, raw, "f", SINGLE)
    assert explainer.scale == (scale or "raw score (margin)")
    assert_explains(model, rows, raw, "f", SINGLE, background=rows[:40])
    theirs = model.predict(matrix, pred_contribs=True)
    ours = features_alone(model, rows, "f")
    assert np.abs(ours.feature_values - theirs[:, :-1]).max() <= SINGLE
    assert abs(ours.base_value - theirs[0, -1]) <= SINGLE


def test_xgboost_classes_and_early_stopping(data):
    xgboost = pytest.importorskip("xgboost")
    rows, score = data
    classes = np.digitize(score, [-0.7, 0.7])
    model = xgboost.XGBClassifier(n_estimators=6, n_jobs=1).fit(rows, classes)
    raw = model.predict(rows, output_margin=True)
    for at in (0, 2):
        assert_explains(model, rows, raw[:, at], "f", SINGLE, class_index=at)
    with pytest.raises(ModelError, match=r"0\.\.2 for a model with 3 outputs"):
        TraitExplainer(model, dict.fromkeys(names("f"), "all"))
    stopped = xgboost.XGBRegressor(
        n_estimators=80, learning_rate=0.8, early_stopping_rounds=2, n_jobs=1
    ).fit(rows[:300], score[:300], eval_set=[(rows[300:], score[300:])], verbose=False)
    assert stopped.best_iteration < 79
    assert_explains(stopped, rows, stopped.predict(rows, output_margin=True), "f", SINGLE)


@pytest.mark.parametrize("one_against_the_rest", [20, 1])
def test_xgboost_categories_missing_and_unseen(data, one_against_the_rest):
    xgboost = pytest.importorskip("xgboost")
    rows, score = data
    kinds = ["q"] * 5 + ["c"]
    matrix = xgboost.DMatrix(rows, score, feature_types=kinds, enable_categorical=True)
    settings = {"max_cat_to_onehot": one_against_the_rest, "max_depth": 5, "nthread": 1}
    model = xgboost.train(settings, matrix, 8)
    odd = rows.copy()
    odd[:3, 5] = np.nan, 40.0, 31.0
    score = model.predict(
        xgboost.DMatrix(odd, feature_types=kinds, enable_categorical=True), output_margin=True
    )
    assert_explains(model, odd, score, "f", SINGLE)
    assert_explains(model, odd, score, "f", SINGLE, background=odd[:30])
    frame = pd.DataFrame(odd, columns=names("f")).astype({"f5": "category"})
    with pytest.raises(ModelError, match="Give their codes as numbers"):
        TraitExplainer(model, dict.fromkeys(names("f"), "all")).explain(frame)


def test_xgboost_models_that_are_no_sums_of_numbers_are_refused(data):
    xgboost = pytest.importorskip("xgboost")
    rows, score = data
    traits = dict.fromkeys(names("f"), "all")
    linear = xgboost.XGBRegressor(booster="gblinear", n_estimators=2, n_jobs=1)
    with pytest.raises(UnsupportedModelError, match="gblinear"):
        TraitExplainer(linear.fit(np.nan_to_num(rows), score), traits)
    several = xgboost.XGBRegressor(n_estimators=2, multi_strategy="multi_output_tree", n_jobs=1)
    with pytest.raises(UnsupportedModelError, match="one target"):
        TraitExplainer(several.fit(rows, np.c_[score, score]), traits)
    zero = xgboost.XGBRegressor(n_estimators=2, missing=0.0, n_jobs=1).fit(rows, score)
    with pytest.raises(UnsupportedModelError, match=r"missing=0\.0"):
        TraitExplainer(zero, traits)
    with pytest.raises(ModelError, match="XGBRegressor that is not: call fit"):
        TraitExplainer(xgboost.XGBRegressor(), traits)


QUIET = {"verbose": 0, "thread_count": 1, "allow_writing_files": False, "random_seed": 0}


@pytest.mark.parametrize("nan_mode", ["Min", "Max"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_catboost_models(data, nan_mode):
    catboost = pytest.importorskip("catboost")
    rows, score = data
    params = {"iterations": 8, "nan_mode": nan_mode, **QUIET}
    shallow = catboost.CatBoostRegressor(depth=2, **params).fit(rows, score)
    assert_explains(shallow, rows, shallow.predict(rows), "", EXACT)
    theirs = shallow.get_feature_importance(catboost.Pool(rows), "ShapValues")
    ours = features_alone(shallow, rows, "")
    assert np.abs(ours.feature_values - theirs[:, :-1]).max() <= EXACT
    deep = catboost.CatBoostClassifier(depth=6, **params).fit(rows, score > 0)
    raw = deep.predict(rows, prediction_type="RawFormulaVal")
    explainer = assert_explains(deep, rows, raw, "", EXACT, background=rows)
    assert explainer.scale == "log-odds"
    with pytest.raises(UnsupportedModelError, match="Give a background"):
        TraitExplainer(deep, dict.fromkeys(names(""), "all"))
    grown = catboost.CatBoostRegressor(grow_policy="Lossguide", **params).fit(rows, score)
    assert_explains(grown, rows, grown.predict(rows), "", EXACT, background=rows)
    params["loss_function"] = "MultiClass"
    several = catboost.CatBoostClassifier(depth=3, **params).fit(
        rows, np.digitize(score, [-0.7, 0.7])
    )
    raw = several.predict(rows, prediction_type="RawFormulaVal")[:, 2]
    assert_explains(several, rows, raw, "", EXACT, background=rows, class_index=2)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_catboost_categories_are_refused(data):
    catboost = pytest.importorskip("catboost")
    rows, score = data
    frame = pd.DataFrame(rows, columns=names(""))
    frame["5"] = frame["5"].fillna(9).astype(int).astype(str)
    model = catboost.CatBoostRegressor(iterations=8, cat_features=["5"], **QUIET)
    with pytest.raises(UnsupportedModelError, match="Got OnlineCtr"):
        TraitExplainer(model.fit(frame, score), dict.fromkeys(names(""), "all"), rows)
    with pytest.raises(ModelError, match="CatBoostRegressor that is not: call fit"):
        TraitExplainer(catboost.CatBoostRegressor(), dict.fromkeys(names(""), "all"))


def test_histogram_boosting_of_scikit_learn(data):
    rows, score = data
    model = ensemble.HistGradientBoostingClassifier(max_iter=6).fit(rows, score > 0)
    explainer = assert_explains(model, rows, model.decision_function(rows), "x", EXACT)
    assert explainer.scale == "log-odds"
    classes = np.digitize(score, [-0.7, 0.7])
    several = ensemble.HistGradientBoostingClassifier(max_iter=4).fit(rows, classes)
    raw = several.decision_function(rows)[:, 1]
    assert_explains(several, rows, raw, "x", EXACT, background=rows, class_index=1)
    counts = ensemble.HistGradientBoostingRegressor(max_iter=4, loss="poisson")
    counts.fit(rows, np.exp(score))
    found = assert_explains(counts, rows, np.log(counts.predict(rows)), "x", EXACT)
    assert found.scale == "log of the mean"
    sets = ensemble.HistGradientBoostingRegressor(max_iter=4, categorical_features=[5])
    with pytest.raises(UnsupportedModelError, match="categorical"):
        TraitExplainer(sets.fit(rows, score), dict.fromkeys(names("x"), "all"))


@pytest.mark.parametrize("kind", ["RandomForest", "ExtraTrees", "DecisionTree"])
def test_averaged_trees_of_scikit_learn(data, kind):
    rows, score = data
    home = tree if kind == "DecisionTree" else ensemble
    params = {"max_depth": 6, "random_state": 0}
    if kind != "DecisionTree":
        params["n_estimators"] = 6
    frame = pd.DataFrame(rows, columns=names("x"))
    classes = np.digitize(score, [-0.7, 0.7])
    several = getattr(home, f"{kind}Classifier")(**params).fit(frame, classes)
    chance = several.predict_proba(frame)[:, 2]
    explainer = assert_explains(several, frame, chance, "x", EXACT, class_index=2)
    assert explainer.scale == "chance of class 2"
    two = getattr(home, f"{kind}Classifier")(**params).fit(frame, score > 0)
    chance = two.predict_proba(frame)[:, 1]
    assert_explains(two, frame, chance, "x", EXACT, background=frame)
    mean = getattr(home, f"{kind}Regressor")(**params).fit(frame, score)
    assert_explains(mean, frame, mean.predict(frame), "x", 1e-11)
    pair = getattr(home, f"{kind}Regressor")(**params).fit(frame, np.c_[score, score])
    with pytest.raises(UnsupportedModelError, match="one target"):
        TraitExplainer(pair, dict.fromkeys(names("x"), "all"))


def test_a_saved_explainer_of_another_library_rounds_as_it_does(data, tmp_path):
    rows, score = data
    model = ensemble.RandomForestRegressor(5, random_state=0).fit(rows, score)
    explainer = assert_explains(model, rows, model.predict(rows), "x", 1e-11)
    explainer.save(tmp_path / "explainer.npz")
    again = TraitExplainer.load(tmp_path / "explainer.npz")
    assert np.array_equal(again.explain(rows).values, explainer.explain(rows).values)
    assert again.scale == "mean of the target"
