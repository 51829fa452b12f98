import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from delinquency.errors import ModelError
from delinquency.metrics import (
    METRICS,
    calibration_table,
    decile_table,
    population_stability,
    stability_table,
)


def test_deciles_give_bad_rate_lift_capture_and_ks():
    # Two halves of 2: bads 1 of 2, then 0 of 2. Overall 1/4.
    table = decile_table([1, 0, 0, 0], [0.9, 0.3, 0.2, 0.1], n_bins=2)
    assert table["decile"].tolist() == [1, 2]
    assert table["accounts"].tolist() == [2, 2]
    assert table["bads"].tolist() == [1, 0]
    assert table["bad_rate"].tolist() == [0.5, 0.0]
    assert table["pd_mean"].tolist() == pytest.approx([(0.9 + 0.3) / 2, (0.2 + 0.1) / 2])
    assert table["pd_low"].tolist() == [0.3, 0.1]
    assert table["pd_high"].tolist() == [0.9, 0.2]
    assert table["lift"].tolist() == [0.5 / 0.25, 0.0]
    assert table["capture"].tolist() == [1.0, 1.0]
    # All bads against 1 of 3 goods, then everything against everything.
    assert table["ks"].tolist() == pytest.approx([1 - 1 / 3, 0.0])


def test_equal_predictions_share_a_decile_and_empty_ones_are_absent():
    table = decile_table([1, 0, 1, 0], [0.4, 0.4, 0.4, 0.1], n_bins=4)
    assert table["accounts"].tolist() == [3, 1]
    assert table["decile"].tolist() == [2, 4]


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 6)), min_size=2, max_size=80))
def test_decile_tables_lose_nobody(rows):
    bad, grade = np.array(rows).T
    table = decile_table(bad, grade / 6)
    assert table["accounts"].sum() == len(bad)
    assert table["bads"].sum() == bad.sum()
    if bad.any():
        assert table["capture"].iloc[-1] == pytest.approx(1.0)
    if 0 < bad.sum() < len(bad):
        assert table["ks"].max() <= METRICS["ks"](bad, grade / 6) + 1e-12


def test_calibration_bins_show_the_gap_and_an_interval():
    table = calibration_table([1, 0, 0, 0], [0.6, 0.6, 0.2, 0.2], n_bins=2)
    assert table["gap"].tolist() == pytest.approx([0.6 - 0.5, 0.2 - 0.0])
    # Jeffreys for 1 of 2 is Beta(1.5, 1.5), symmetric around 1/2.
    assert table["bad_rate_low"][0] + table["bad_rate_high"][0] == pytest.approx(1.0)
    assert (table["bad_rate_low"] <= table["bad_rate"] + 1e-2).all()


def test_psi_adds_up_the_bins_by_hand():
    # Reference halves (<= 2, > 2) of 1/2 each; current 1/4 and 3/4:
    # (1/4 - 1/2) ln(1/2) + (3/4 - 1/2) ln(3/2) = 1/4 ln 3.
    reference, current = [1, 2, 3, 4], [1, 3, 3, 4]
    assert population_stability(reference, current, n_bins=2) == pytest.approx(np.log(3) / 4)


def test_psi_of_a_bin_that_one_sample_never_reaches_counts_half_a_row():
    # Reference 1/2 and 1/2; current all above: 0 becomes 0.5/4.
    expected = (0.125 - 0.5) * np.log(0.125 / 0.5) + (1 - 0.5) * np.log(1 / 0.5)
    assert population_stability([1, 1, 2, 2], [2, 2, 2, 2], n_bins=2) == pytest.approx(expected)


def test_missing_values_are_a_bin_of_their_own():
    # Reference 1/2 missing, current 1/4 missing.
    table = stability_table([np.nan, np.nan, 1, 1], [np.nan, 1, 1, 1], n_bins=4)
    # Below 1, 1 itself, above 1, missing: the reference has one value, so what differs is seen.
    assert table["reference_share"].tolist() == [0, 0.5, 0, 0.5]
    assert table["current_share"].tolist() == [0, 0.75, 0, 0.25]
    expected = (0.75 - 0.5) * np.log(0.75 / 0.5) + (0.25 - 0.5) * np.log(0.25 / 0.5)
    assert table["psi"].sum() == pytest.approx(expected)


def test_equal_values_never_straddle_two_bins():
    # Nine tenths are zero: every quantile is 0, so the bins are "0" and "above".
    reference = [0.0] * 9 + [5.0]
    table = stability_table(reference, reference, n_bins=10)
    assert table["reference_share"].tolist() == [0.9, 0.1, 0.0]
    assert table["psi"].sum() == 0


@given(
    st.lists(st.floats(-5, 5), min_size=1, max_size=40),
    st.lists(st.floats(-5, 5), min_size=1, max_size=40),
)
def test_psi_is_never_negative_and_zero_for_the_same_sample(reference, current):
    assert population_stability(reference, current) >= -1e-12
    assert population_stability(reference, reference[::-1]) == 0


def test_psi_of_nothing_is_refused():
    with pytest.raises(ModelError, match="Got 0 reference and 1 current"):
        population_stability([], [1.0])
