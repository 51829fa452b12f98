import json

import numpy as np
import pytest

from delinquency.errors import ModelError
from delinquency.reasons.feature_effects import ContributionCurves, agreement, fit_curves


def test_a_curve_is_the_mean_contribution_at_each_value():
    features = np.array([[0.0], [0.0], [1.0], [2.0], [np.nan]])
    contributions = np.array([[-0.2], [-0.4], [0.1], [0.5], [0.9]])
    curves = fit_curves(features, contributions, names=["a"])
    # Edges half-way: 0.5 and 1.5; at 0 the mean of -0.2 and -0.4.
    assert curves.edges[0].tolist() == [0.5, 1.5]
    got = curves.contributions(np.array([[0.0], [0.4], [1.0], [7.0], [np.nan]]))
    assert got[:, 0] == pytest.approx([-0.3, -0.3, 0.1, 0.5, 0.9])


def test_an_additive_model_is_recovered_exactly():
    rng = np.random.default_rng(0)
    features = rng.integers(0, 10, size=(500, 3)).astype(float)
    contributions = np.column_stack(
        [np.sqrt(features[:, 0]), -features[:, 1], features[:, 2] ** 2]
    )
    curves = fit_curves(features, contributions, names=list("abc"))
    assert curves.contributions(features) == pytest.approx(contributions)
    exact = agreement(curves.contributions(features), contributions, traits=np.array([0, 0, 1]))
    assert exact == 1.0


def test_many_values_are_put_into_bins():
    values = np.random.default_rng(1).normal(size=(4_000, 1))
    curves = fit_curves(values, 2.0 * values, names=["a"], max_bins=20)
    assert len(curves.edges[0]) == 19
    assert np.corrcoef(curves.contributions(values)[:, 0], values[:, 0])[0, 1] > 0.98


def test_a_missing_value_that_the_sample_never_showed_takes_the_mean():
    curves = fit_curves(np.array([[1.0], [2.0]]), np.array([[0.1], [0.3]]), names=["a"])
    assert curves.contributions(np.array([[np.nan]]))[0, 0] == pytest.approx(0.2)


def test_a_feature_that_is_always_missing_has_a_flat_curve():
    curves = fit_curves(np.array([[np.nan], [np.nan]]), np.array([[0.1], [0.3]]), names=["a"])
    assert curves.contributions(np.array([[5.0], [np.nan]]))[:, 0] == pytest.approx([0.2, 0.2])


def test_agreement_counts_equal_choices():
    curves = np.array([[1.0, 2.0, 9.0], [2.0, 1.0, 9.0]])
    exact = np.array([[1.0, 2.0, 9.0], [1.0, 2.0, 9.0]])
    # Trait 0 has two facts: agrees in the first of two rows; trait 1 has one and is left out.
    assert agreement(curves, exact, traits=np.array([0, 0, 1])) == 0.5


def test_curves_survive_json():
    curves = fit_curves(np.array([[1.0], [2.0]]), np.array([[0.1], [0.3]]), names=["a"])
    again = ContributionCurves.from_plain(json.loads(json.dumps(curves.to_plain())))
    features = np.array([[1.0], [2.0], [np.nan]])
    assert (again.contributions(features) == curves.contributions(features)).all()


def test_a_base_value_column_is_refused():
    with pytest.raises(ModelError, match="base value"):
        fit_curves(np.zeros((2, 2)), np.zeros((2, 3)), names=["a", "b"])
    curves = fit_curves(np.zeros((2, 2)), np.zeros((2, 2)), names=["a", "b"])
    with pytest.raises(ModelError, match="2 columns"):
        curves.contributions(np.zeros((1, 3)))
