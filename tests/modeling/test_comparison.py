import json

import numpy as np
import pandas as pd
import pytest

from delinquency.errors import ChoiceError, LeakageError, ModelError
from delinquency.metrics import METRICS, metric_table
from delinquency.modeling.baselines import BASELINES
from delinquency.modeling.boosting import fit_model
from delinquency.modeling.comparison import (
    Recipe,
    baseline_recipes,
    cross_validate,
    guard_against_leakage,
    model_recipe,
    variant_recipes,
)
from delinquency.modeling.lightgbm_options import LightGBMOptions
from delinquency.modeling.splits import repeated_stratified_folds

QUICK = LightGBMOptions(
    n_estimators=40, learning_rate=0.1, colsample_bytree=0.7, min_child_samples=20
)
DIRECTIONS = {"arrears": 1, "income": -1}
NAMES = ["roc_auc", "brier"]


def folds_of(y, *, n_splits=3, n_repeats=2):
    frame = pd.DataFrame({"bad": y, "group_id": range(len(y))})
    return repeated_stratified_folds(frame, n_splits=n_splits, n_repeats=n_repeats, seed=1)


def constant(name, role, value):
    """Return a recipe that ranks by one column, turned by the value's sign."""

    def fit(X, y, seed):
        return lambda other: 1 / (1 + np.exp(-value * other["arrears"].to_numpy()))

    return Recipe(name, role, "features", fit)


def test_differences_are_model_less_the_other_by_fold(table):
    X, y = table
    found = cross_validate(
        {"features": X}, y, folds_of(y),
        recipes=[constant("model", "model", 1.0), constant("turned", "peers", -1.0)],
        metrics=NAMES,
    )  # fmt: skip
    report = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    model, turned = report["model"]["roc_auc"], report["peers"]["turned"]["roc_auc"]
    # Turning a ranking round gives 1 - AUC, so the difference is 2 * AUC - 1.
    assert turned["folds"] == pytest.approx([1 - auc for auc in model["folds"]])
    assert turned["difference"]["mean"] == pytest.approx(2 * model["mean"] - 1)
    assert turned["difference"]["low"] < turned["difference"]["mean"]
    assert turned["difference"]["folds_won"] == 6
    assert model["mean"] == pytest.approx(np.mean(model["folds"]))
    assert report["about"]["n_folds"] == 6
    assert report["about"]["test_share"] == pytest.approx(1 / 3)
    assert report["about"]["greater_is_better"] == ["roc_auc"]


def test_folds_are_measured_on_their_test_rows_and_pooled_by_repeat(table):
    X, y = table
    folds = folds_of(y)
    found = cross_validate(
        {"features": X}, y, folds, recipes=[constant("model", "model", 1.0)], metrics=NAMES
    )
    p = 1 / (1 + np.exp(-X["arrears"].to_numpy()))
    for number, (_, test) in enumerate(folds):
        expected = METRICS["roc_auc"](y[test], p[test])
        assert found.folds["model"]["roc_auc"][number] == pytest.approx(expected)
    assert found.out_of_fold["model"] == pytest.approx(np.array([p, p]))
    assert found.pooled["model"]["ece"] == pytest.approx(METRICS["ece"](y, p))


@pytest.mark.slow
def test_peers_and_variants_run_and_any_number_of_workers_agrees(table):
    X, y = table
    matrices = {
        "features": X,
        "raw": X[["arrears"]],
        "features_with_protected": X.assign(sex=1.0),
    }
    recipes = [
        model_recipe(QUICK, directions=DIRECTIONS),
        *baseline_recipes(list(BASELINES)),
        *variant_recipes(["with_protected", "without_monotone"], QUICK, directions=DIRECTIONS),
    ]
    seen = []
    found = [
        cross_validate(
            matrices, y, folds_of(y, n_repeats=1), recipes=recipes, metrics=NAMES,
            n_workers=workers, progress=lambda done, total: seen.append((done, total)),
        ).to_dict()
        for workers in (1, 2)
    ]  # fmt: skip
    assert found[0] == found[1]
    assert list(found[0]["peers"]) == list(BASELINES)
    assert list(found[0]["variants"]) == ["with_protected", "without_monotone"]
    # Every recipe on 3 folds, twice: ours, the peers and two variants.
    fits = 3 * (1 + len(BASELINES) + 2)
    assert seen == [(k, fits) for k in range(1, fits + 1)] * 2
    for name in ("logistic_regression", "scorecard"):
        # The truth is a line in arrears and income: neither may be far behind.
        assert found[0]["peers"][name]["roc_auc"]["mean"] > 0.75, name


def test_peers_predict_missing_values_and_values_out_of_range(table):
    X, y = table
    extreme = X.head(4) * 1e6
    extreme.iloc[0] = np.nan
    for name, peer in BASELINES.items():
        p = peer.fit(X, y.astype(float), 1)(extreme)
        assert ((p > 0) & (p < 1)).all(), name


def test_a_column_without_any_value_breaks_no_peer(table):
    X, y = table
    empty = X.assign(empty=np.nan)
    for peer in BASELINES.values():
        assert np.isfinite(peer.fit(empty, y.astype(float), 1)(empty)).all()


def test_a_group_stays_on_one_side_of_the_folds_of_a_calibration():
    # Every account twice, and nothing to learn but which account it is: scores of a booster that
    # saw the twin rise with the outcome (slope above 0); of one that did not, they cannot.
    rng = np.random.default_rng(4)
    account = np.repeat(np.arange(150), 2)
    X = pd.DataFrame({"arrears": rng.normal(size=150)[account]})
    y = (rng.random(150) < 0.5).astype(int)[account]
    options = LightGBMOptions(
        n_estimators=60, learning_rate=0.3, min_child_samples=2, num_leaves=60,
        lambda_l2=0.0, subsample=1.0, calibration="sigmoid", extra_trees=False,
    )  # fmt: skip

    def slope(labels):
        recipe = model_recipe(options, directions={}, labels=labels)
        p = recipe.fit(X, y.astype(float), 1)(X)
        return np.ptp(np.log(p / (1 - p)))

    twins_together = pd.DataFrame({"group_id": account})
    try:
        spread = slope(twins_together)
    except ModelError:
        spread = 0.0
    assert slope(None) > 3 * spread


def test_a_matrix_that_is_not_there_is_named(table):
    X, y = table
    with pytest.raises(ChoiceError, match="lightgbm_raw needs the matrix 'raw'.*features"):
        cross_validate(
            {"features": X}, y, folds_of(y),
            recipes=[constant("model", "model", 1.0), *baseline_recipes(["lightgbm_raw"])],
            metrics=NAMES,
        )  # fmt: skip
    with pytest.raises(ChoiceError, match="exactly one"):
        cross_validate({"features": X}, y, folds_of(y), recipes=[], metrics=NAMES)
    with pytest.raises(ChoiceError, match="Unknown variant"):
        variant_recipes(["with_sex"], QUICK, directions={})


def test_an_auc_above_the_ceiling_is_leakage():
    guard_against_leakage(0.80, 0.80)
    guard_against_leakage(0.99, None)
    with pytest.raises(LeakageError, match="must not exceed 0.800.*Got 0.8100"):
        guard_against_leakage(0.81, 0.80)


@pytest.mark.slow
def test_shuffled_labels_teach_nothing():
    # 4,500 rows out of fold, half bad: the AUC's standard error is 1/sqrt(3 * 4,500) = 0.0086,
    # so 0.02 is over two of them.
    rng = np.random.default_rng(11)
    X = pd.DataFrame(rng.normal(size=(4500, 20)), columns=[f"f{k}" for k in range(20)])
    y = (X["f0"] + rng.normal(size=4500) > 0).astype(int).to_numpy()
    found = {}
    for name, labels in (("true", y), ("shuffled", rng.permutation(y))):
        found[name] = cross_validate(
            {"features": X}, labels, folds_of(labels, n_repeats=1),
            recipes=[model_recipe(QUICK, directions={})], metrics=["roc_auc"],
        ).interval("model", "roc_auc").estimate  # fmt: skip
    assert found["true"] > 0.75
    assert found["shuffled"] == pytest.approx(0.5, abs=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("level", [-4.0, -1.5, 0.0])
def test_default_sizes_rank_as_well_as_fixed_ones_and_stay_calibrated(level):
    rng = np.random.default_rng(3)
    n = 12_000
    X = pd.DataFrame(rng.normal(size=(n, 15)), columns=[f"f{k}" for k in range(15)])
    risk = level + X["f0"] + 0.5 * X["f1"] * (X["f2"] > 0) - 0.5 * X["f3"].abs()
    y = (rng.random(n) < 1 / (1 + np.exp(-risk))).astype(int).to_numpy()
    train, test = slice(0, 6000), slice(6000, n)
    traits = dict.fromkeys(X.columns, "debt_burden")
    model = fit_model(X[train], y[train], options=LightGBMOptions(), traits=traits, directions={})
    ours = metric_table(y[test], model.pd_hat(X[test]))
    fixed = BASELINES["lightgbm_raw"].fit(X[train], y[train].astype(float), 0)(X[test])
    # 0.01 is the reach of chance: the paired difference of two good models on these rows.
    assert ours["roc_auc"] > METRICS["roc_auc"](y[test], fixed) - 0.01
    # With the 110 bads of the rarest case the slope's own standard error is about 0.1.
    assert 0.7 < ours["calibration_slope"] < 1.35
    assert 0.85 < ours["observed_expected"] < 1.15
