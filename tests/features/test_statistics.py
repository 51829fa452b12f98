import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from delinquency.features import statistics

NAN = np.nan
# A full row, a row with gaps, a row with one known month, and an unknown row.
VALUES = np.array(
    [
        [1.0, 2.0, 3.0, 6.0],
        [4.0, NAN, 2.0, NAN],
        [NAN, 5.0, NAN, NAN],
        [NAN, NAN, NAN, NAN],
    ]
)
HELD = np.array(
    [
        [True, True, False, True],
        [False, True, True, True],
        [True, True, False, False],
        [False, False, False, False],
        [True, True, True, True],
    ]
)


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [
        (statistics.last, [6, 2, 5, NAN]),
        (statistics.count, [4, 2, 1, 0]),
        # 1 + 2 + 3 + 6 = 12; 4 + 2 = 6
        (statistics.total, [12, 6, 5, NAN]),
        # 12 / 4 = 3; 6 / 2 = 3
        (statistics.mean, [3, 3, 5, NAN]),
        (statistics.maximum, [6, 4, 5, NAN]),
        (statistics.minimum, [1, 2, 5, NAN]),
        # sqrt(((-2)^2 + (-1)^2 + 0 + 3^2) / 3) = sqrt(14/3); sqrt((1 + 1) / 1) = sqrt 2
        (statistics.deviation, [np.sqrt(14 / 3), np.sqrt(2), NAN, NAN]),
        # months -1.5 -0.5 0.5 1.5 times -2 -1 0 3: 3 + 0.5 + 0 + 4.5 = 8; over 5 = 1.6
        # months -1 1 times 1 -1: -2; over 2 = -1
        (statistics.trend, [1.6, -1, NAN, NAN]),
        # 6 - 3 = 3; 2 - 3 = -1; 5 - 5 = 0
        (statistics.change, [3, -1, 0, NAN]),
        # 6 - 3 = 3; the last month of the others is not known
        (statistics.step, [3, NAN, NAN, NAN]),
    ],
)
def test_a_statistic_equals_its_value_by_hand(statistic, expected):
    np.testing.assert_allclose(statistic(VALUES), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [
        (statistics.months_with, [3, 3, 2, 0, 4]),
        (statistics.streak, [1, 3, 0, 0, 4]),
        (statistics.longest_streak, [2, 3, 2, 0, 4]),
        # months since it last held; 4, the window's length, if it never did
        (statistics.months_since, [0, 0, 2, 4, 0]),
    ],
)
def test_a_statistic_of_a_condition_equals_its_value_by_hand(statistic, expected):
    assert statistic(HELD).tolist() == expected


def test_the_step_of_a_single_month_is_not_known():
    assert np.isnan(statistics.step(np.array([[1.0]]))).all()


def test_an_earlier_month_is_counted_back_from_the_last_and_unknown_beyond_the_window():
    values = np.array([[5.0, NAN, 7.0]])
    assert [float(statistics.before(values, k)[0]) for k in (0, 2)] == [7.0, 5.0]
    assert np.isnan(statistics.before(values, 1)).all()
    assert np.isnan(statistics.before(values, 3)).all()


def test_a_ratio_is_missing_without_a_positive_denominator_and_clipped_at_the_ceiling():
    out = statistics.ratio(
        np.array([1.0, 1.0, 1.0, -9.0, NAN]), np.array([4.0, 0.0, -1.0, 1.0, 1.0]), ceiling=5.0
    )
    # 1/4; a denominator of 0; below 0; -9 clipped to -5; nothing known
    np.testing.assert_array_equal(out, [0.25, NAN, NAN, -5.0, NAN])


def test_a_share_counts_eligible_months_only():
    condition = np.array([[True, True, False], [True, False, False], [True, True, True]])
    eligible = np.array([[True, False, True], [True, True, True], [False, False, False]])
    # 1 of 2; 1 of 3; none eligible
    np.testing.assert_allclose(statistics.share(condition, eligible), [1 / 2, 1 / 3, NAN])


MATRICES = arrays(
    np.float64,
    st.tuples(st.integers(1, 5), st.integers(2, 7)),
    elements=st.one_of(st.just(NAN), st.floats(-1e6, 1e6, allow_subnormal=False)),
)


@given(MATRICES)
def test_leading_unknown_months_change_no_statistic(values):
    padded = np.concatenate([np.full((len(values), 2), NAN), values], axis=1)
    for statistic in (
        statistics.last, statistics.total, statistics.mean, statistics.maximum,
        statistics.minimum, statistics.deviation, statistics.trend, statistics.change,
    ):  # fmt: skip
        np.testing.assert_allclose(statistic(padded), statistic(values), rtol=1e-6, atol=1e-6)


@given(MATRICES)
def test_minimum_mean_and_maximum_are_in_order(values):
    low, middle, high = (
        statistics.minimum(values), statistics.mean(values), statistics.maximum(values),
    )  # fmt: skip
    known = np.isfinite(middle)
    assert (low[known] <= middle[known] + 1e-6).all()
    assert (middle[known] <= high[known] + 1e-6).all()


def _slope_by_numpy(values):
    """Return the slope of rows without gaps, its sums in NumPy's own order."""
    month = np.arange(values.shape[1]) - (values.shape[1] - 1) / 2
    return (month * (values - values.mean(axis=1, keepdims=True))).sum(axis=1) / (month**2).sum()


@given(arrays(np.int64, st.tuples(st.integers(1, 4), st.integers(3, 12)),
              elements=st.integers(-2, 400)), st.sampled_from([1.0, 30.0]))  # fmt: skip
def test_the_order_of_summation_moves_no_slope_of_whole_days_or_months(days, unit):
    values = days / unit
    rounded = np.rint(_slope_by_numpy(values) * 1e12) / 1e12
    backwards = -statistics.trend(values[:, ::-1])
    np.testing.assert_array_equal(statistics.trend(values), rounded)
    np.testing.assert_array_equal(statistics.trend(values), backwards)


@given(MATRICES, st.integers(0, 4))
def test_a_row_has_the_same_bits_alone_among_others_and_in_any_layout(values, row):
    row %= len(values)
    alone = values[row : row + 1]
    for statistic in (
        statistics.last, statistics.first, statistics.count, statistics.total, statistics.mean,
        statistics.maximum, statistics.minimum, statistics.deviation, statistics.trend,
    ):  # fmt: skip
        expected = statistic(alone)
        np.testing.assert_array_equal(statistic(values)[row : row + 1], expected)
        np.testing.assert_array_equal(
            statistic(np.asfortranarray(values))[row : row + 1], expected
        )
