import numpy as np
import pandas as pd
import pytest

from delinquency.metrics import METRICS, Resampling
from delinquency.modeling.comparison import Recipe
from delinquency.validation.table_ablation import FeatureSet, by_table, measure_ablation

READS = {
    "payment": frozenset({"statements"}),
    "income": frozenset({"accounts"}),
    "burden": frozenset({"statements", "bureau"}),
    "promises": frozenset({"contacts"}),
}


def mean_of_columns(X, y, seed):
    """Return what ranks by the mean of whatever columns there are."""
    return lambda other: 1 / (1 + np.exp(-other.mean(axis=1).to_numpy()))


def test_tables_are_added_one_by_one_and_left_out_one_by_one():
    order = ["statements", "accounts", "cashflows", "bureau", "contacts"]
    assert by_table(READS, order) == [
        FeatureSet("statements", ("payment",)),
        FeatureSet("+ accounts", ("payment", "income"), "statements"),
        # cashflows are read by no feature
        FeatureSet("+ bureau", ("payment", "income", "burden"), "+ accounts"),
        FeatureSet("+ contacts", ("payment", "income", "burden", "promises"), "+ bureau"),
        FeatureSet("all but accounts", ("payment", "burden", "promises"), "+ contacts"),
        FeatureSet("all but bureau", ("payment", "income", "promises"), "+ contacts"),
    ]


@pytest.fixture
def panel():
    rng = np.random.default_rng(2)
    signal = rng.normal(size=3000)
    X = pd.DataFrame({"signal": signal, "noise": rng.normal(size=3000)})
    y = (rng.random(3000) < 1 / (1 + np.exp(1 - 2 * signal))).astype(float)
    return X, y


def measured(sets, X, y, *, n_boot=100):
    test = np.arange(len(X)) >= 1000
    return measure_ablation(
        sets, X, y, train=~test, test=test, recipe=Recipe("mean", "model", "f", mean_of_columns),
        groups=np.arange(len(X)).astype(object), resampling=Resampling(n_boot, 0, 0.95),
        metrics=["roc_auc"],
    )  # fmt: skip


def test_worth_is_the_metric_on_the_test_rows_and_the_difference_to_the_other_set(panel):
    X, y = panel
    sets = [FeatureSet("both", ("signal", "noise")), FeatureSet("one", ("signal",), "both")]
    both, one = measured(sets, X, y)
    expected = METRICS["roc_auc"](y[1000:], X["signal"].to_numpy()[1000:] * 0.01 + 0.5)
    assert one.metrics["roc_auc"].estimate == pytest.approx(expected)
    gap = one.differences["roc_auc"]
    assert gap.estimate == pytest.approx(expected - both.metrics["roc_auc"].estimate)
    # Noise of the same size as the signal costs far more than 2,000 accounts leave in doubt.
    assert 0 < gap.low < gap.estimate < gap.high
    assert both.differences == {}


def test_a_set_against_its_equal_is_worth_nothing_with_certainty(panel):
    X, y = panel
    sets = [FeatureSet("one", ("signal",)), FeatureSet("same", ("signal",), "one")]
    gap = measured(sets, X, y)[1].differences["roc_auc"]
    assert (gap.low, gap.estimate, gap.high) == (0, 0, 0)
