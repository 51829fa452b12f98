import numpy as np
import pytest

from delinquency.reasons.mean_effects import MOST_BINS, mean_effect, spread_rows


def test_a_value_that_stands_twice_has_the_mean_of_both_and_missing_ones_are_left_out():
    values = np.array([2.0, 0.0, 0.0, np.nan, 1.0])
    exact = np.array([0.5, -0.2, -0.4, 0.9, 0.1])
    # (-0.2 - 0.4) / 2 at 0, then 0.1 at 1 and 0.5 at 2.
    assert mean_effect(values, exact) == pytest.approx([-0.3, 0.1, 0.5])


def test_many_values_are_put_into_bins_in_their_order():
    values = np.random.default_rng(1).permutation(1_200).astype(float)
    found = mean_effect(values, 2.0 * values)
    assert len(found) == MOST_BINS and found == sorted(found)
    # 1,200 / 24 = 50 rows a bin, to within the one on the edge: the mean of 0 to 49 is 24.5.
    assert found[0] == pytest.approx(2 * 24.5, abs=2)


def test_a_feature_that_is_never_known_has_no_effect():
    assert mean_effect(np.full(3, np.nan), np.ones(3)) == []


def test_rows_are_spread_over_all():
    rows = spread_rows(10_000)
    assert (len(rows), rows[0], rows[-1]) == (2_000, 0, 9_999)
    assert len(spread_rows(0)) == 0
