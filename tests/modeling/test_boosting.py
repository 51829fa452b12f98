from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from delinquency.errors import ChoiceError, MissingArtifactError, ModelError
from delinquency.metrics import METRICS
from delinquency.modeling import boosting, regularization
from delinquency.modeling.boosting import fit_model
from delinquency.modeling.fitted_model import booster_names, load_model
from delinquency.modeling.lightgbm_options import LightGBMOptions
from delinquency.modeling.regularization import derive_size

QUICK = LightGBMOptions(
    n_estimators=40, learning_rate=0.1, colsample_bytree=0.7, min_child_samples=20
)
TRAITS = {"arrears": "credit_record", "income": "economic_condition", "noise": "debt_burden"}
DIRECTIONS = {"arrears": 1, "income": -1}


def fitted(table, **changes):
    X, y = table
    chosen = {"seed": 1, "options": QUICK} | changes
    return fit_model(X, y, traits=TRAITS, directions=DIRECTIONS, **chosen)


@pytest.fixture(scope="module")
def model(table):
    return fitted(table)


def test_a_model_ranks_and_adds_up(model, table):
    X, y = table
    assert METRICS["roc_auc"](y, model.pd_hat(X)) > 0.75
    raw = model.raw_score(X)
    assert model.pd_hat(X) == pytest.approx(1 / (1 + np.exp(-raw)))
    assert model.probability(raw) == pytest.approx(model.pd_hat(X))


def test_a_seed_and_any_number_of_threads_give_the_same_model(table):
    X, _ = table
    few = replace(QUICK, n_estimators=4)
    one, same, other = (
        fitted(table, options=few, n_threads=n_threads, seed=seed).raw_score(X, n_threads=1)
        for n_threads, seed in ((1, 1), (2, 1), (1, 2))
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_risk_never_falls_as_a_constrained_feature_worsens(model):
    grid = np.linspace(-3, 3, 50)
    flat = pd.DataFrame({"arrears": 0.0, "income": 0.3, "noise": 0.1}, index=range(50))
    assert (np.diff(model.raw_score(flat.assign(arrears=grid))) >= 0).all()
    assert (np.diff(model.raw_score(flat.assign(income=grid))) <= 0).all()


def test_missing_features_are_named_and_others_ignored_openly(model, table):
    X, _ = table
    with pytest.raises(ModelError, match="needs 3 features; 1 are missing: income"):
        model.pd_hat(X.drop(columns="income"))
    more = X.assign(extra=1.0)[["extra", "noise", "income", "arrears"]]
    assert np.array_equal(model.raw_score(more), model.raw_score(X))
    assert model.ignored_columns(more) == ["extra"]


def test_text_and_infinite_features_are_refused(model, table):
    X, _ = table
    with pytest.raises(ModelError, match="must be numbers. noise"):
        model.pd_hat(X.assign(noise="a"))
    with pytest.raises(ModelError, match="Infinite values in noise"):
        model.pd_hat(X.assign(noise=np.inf))


@pytest.mark.parametrize("calibration", ["none", "sigmoid", "beta", "isotonic"])
def test_a_saved_model_gives_the_same_numbers(table, tmp_path, calibration):
    X, _ = table
    model = fitted(table, options=replace(QUICK, calibration=calibration)).with_metadata(data="d")
    model.save(tmp_path / "m")
    loaded = load_model(tmp_path / "m")
    assert np.array_equal(loaded.pd_hat(X), model.pd_hat(X))
    assert loaded.calibration == model.calibration
    assert loaded.traits == TRAITS
    assert loaded.metadata["data"] == "d"
    assert sorted(p.name for p in (tmp_path / "m").iterdir()) == ["model.json", "model.txt"]


def test_a_damaged_or_missing_model_is_refused(model, tmp_path):
    with pytest.raises(MissingArtifactError, match="stage=train"):
        load_model(tmp_path / "none")
    model.save(tmp_path)
    text = (tmp_path / "model.txt").read_text()
    (tmp_path / "model.txt").write_text(text.replace("leaf_value=", "leaf_value=9", 1))
    with pytest.raises(ModelError, match="changed or half replaced"):
        load_model(tmp_path)
    (tmp_path / "model.json").write_text("{")
    with pytest.raises(ModelError, match="damaged"):
        load_model(tmp_path)


def test_progress_counts_every_tree_of_every_fit(table):
    seen = []
    options = replace(QUICK, calibration="sigmoid", calibration_folds=2, n_estimators=5)
    fitted(table, options=options, progress=lambda done, total: seen.append((done, total)))
    # 1 model and 2 folds of 5 trees.
    assert seen == [(k, 15) for k in range(1, 16)]


def test_names_that_lightgbm_refuses_keep_their_traits(table):
    X, y = table
    odd = X.rename(columns={"noise": 'a,b: "c"', "income": "a b", "arrears": "a_b"})
    traits = {'a,b: "c"': "debt_burden", "a b": "economic_condition", "a_b": "credit_record"}
    model = fit_model(odd, y, options=QUICK, traits=traits, directions={"a_b": 1}, seed=1)
    assert model.booster_traits == {
        "a_b": "credit_record", "a_b_2": "economic_condition", "a_b___c_": "debt_burden",
    }  # fmt: skip
    assert model.pd_hat(odd).shape == (len(y),)


def test_booster_names_are_never_taken_twice():
    assert booster_names(["a b", "a_b", "a,b"]) == ["a_b", "a_b_2", "a_b_3"]


def test_labels_and_traits_that_cannot_be_learnt_from_are_refused(table):
    X, y = table
    with pytest.raises(ModelError, match="All 1,500 labels are 0"):
        fitted((X, np.zeros(len(X))))
    with pytest.raises(ModelError, match="Labels must be 0 or 1"):
        fitted((X, y * 2))
    with pytest.raises(ModelError, match="need.* a trait. 1 have none, e.g. extra"):
        fitted((X.assign(extra=1.0), y))


@pytest.mark.parametrize(
    ("n_rows", "n_bads", "leaf"),
    [
        # 2 / 5 % = 40 rows expect two bads; at 22 % 9 rows would, and 20 are the fewest.
        (20_000, 1_000, 40),
        (20_000, 4_400, 20),
        # 2 / 0.5 % = 400; 2 / 0.1 % = 2,000, and 1,000 are the most.
        (150_000, 750, 400),
        (150_000, 150, 1000),
        # 10 bads of 2,000 would ask for 400 rows: a tenth of all is the most.
        (2_000, 10, 200),
    ],
)
def test_the_smallest_leaf_follows_the_rarer_outcome(n_rows, n_bads, leaf):
    for bads in (n_bads, n_rows - n_bads):
        size = derive_size(LightGBMOptions(), n_rows=n_rows, n_bads=bads, n_features=20)
        assert size.min_child_samples == leaf


def test_a_tree_draws_at_least_twelve_features_and_three_tenths():
    # 12 of 20; all of 5; three tenths of 160; what is given is taken.
    for n_features, share in ((20, 0.6), (5, 1.0), (160, 0.3)):
        size = derive_size(LightGBMOptions(), n_rows=100, n_bads=9, n_features=n_features)
        assert size.colsample_bytree == share
    given = LightGBMOptions(min_child_samples=5, colsample_bytree=0.9)
    size = derive_size(given, n_rows=100, n_bads=9, n_features=160)
    assert (size.min_child_samples, size.colsample_bytree) == (5, 0.9)


def test_steps_grow_with_the_root_of_the_rows_within_their_ends():
    # .02 up to 20,000 rows; four times the rows, twice the step; .05 at most.
    for n_rows, rate in ((500, 0.02), (20_000, 0.02), (80_000, 0.04), (3_000_000, 0.05)):
        size = derive_size(LightGBMOptions(), n_rows=n_rows, n_bads=400, n_features=20)
        assert size.learning_rate == pytest.approx(rate)
    given = LightGBMOptions(learning_rate=0.3)
    assert derive_size(given, n_rows=100, n_bads=9, n_features=20).learning_rate == 0.3


def test_every_fit_of_a_model_takes_the_same_steps(table, monkeypatch):
    # A calibration fits the same number of trees on two thirds of the rows: with shorter steps
    # it would see scores that lie closer together than the model's.
    monkeypatch.setattr(regularization, "RATE_ROWS", 100)
    rates = []

    def seen(params, *args, **kwargs):
        rates.append(params["learning_rate"])
        return train(params, *args, **kwargs)

    train = boosting.lgb.train
    monkeypatch.setattr(boosting.lgb, "train", seen)
    options = replace(QUICK, n_estimators=3, learning_rate=None, calibration="sigmoid")
    model = fitted(table, options=options)
    assert len(rates) == 1 + options.calibration_folds
    assert set(rates) == {model.metadata["size"]["learning_rate"]}
    assert rates[0] > 0.02


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"calibration": "sigmiod"}, "Did you mean 'sigmoid'"),
        ({"num_leaves": 1}, "num_leaves must be at least 2"),
        ({"subsample": 0.0}, "subsample"),
        ({"lambda_l2": -1.0}, "lambda_l2"),
    ],
)
def test_impossible_model_options_are_refused(wrong, words):
    with pytest.raises(ChoiceError, match=words):
        LightGBMOptions(**wrong)
