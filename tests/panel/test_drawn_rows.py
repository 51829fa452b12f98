"""A sample by outcome: the same in every run, and weights that restore the whole."""

import numpy as np
import pytest

from delinquency.errors import ChoiceError
from delinquency.panel.drawn_rows import drawn_rows, rows_stood_for
from delinquency.panel.sample_options import SampleOptions

N = 40_000
IDS = np.array([f"p{number}" for number in range(N)])


def test_a_person_is_drawn_or_not_whoever_else_is_there():
    all_of_them = drawn_rows(IDS, 0.3)
    some = np.arange(0, N, 7)[::-1]
    assert (drawn_rows(IDS[some], 0.3) == all_of_them[some]).all()


def test_a_smaller_share_is_a_part_of_a_larger_one():
    assert not (drawn_rows(IDS, 0.1) & ~drawn_rows(IDS, 0.25)).any()


def test_the_share_is_met_within_chance():
    for share in (0.1, 0.25, 0.5):
        error = (share * (1 - share) / N) ** 0.5
        assert abs(drawn_rows(IDS, share).mean() - share) < 4 * error


def test_share_one_draws_everybody_and_each_row_stands_for_itself():
    assert drawn_rows(IDS, 1.0).all()
    assert rows_stood_for([0, 1, 1], 1.0, trained_share=0.7).tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(("share", "trained"), [(0.1, 1.0), (0.25, 0.7), (0.5, 0.4)])
def test_weights_restore_the_totals_of_the_training_part_in_expectation(share, trained):
    rng = np.random.default_rng(3)
    bad = (rng.random(N) < 0.08).astype(int)
    value = rng.normal(2.0, 1.0, N)  # any sum, not the counts alone
    goods, bads = [], []
    for draw in range(40):
        drawn = drawn_rows(np.char.add(IDS, f"/{draw}"), share)
        # Held out are persons that are drawn; nobody else is in a test.
        trains = drawn & (rng.random(N) < trained) | ~drawn & (bad == 1)
        weight = rows_stood_for(bad[trains], share, trained_share=trained)
        counted = weight * value[trains]
        goods.append(counted[bad[trains] == 0].sum())
        bads.append(counted[bad[trains] == 1].sum())
    for sums, whole in ((goods, value[bad == 0].sum()), (bads, value[bad == 1].sum())):
        error = np.std(sums, ddof=1) / len(sums) ** 0.5
        assert abs(np.mean(sums) - trained * whole) < 4 * error + 1e-9 * abs(whole)


def test_a_share_of_nothing_is_refused():
    for share in (0.0, -0.1, 1.5):
        with pytest.raises(ChoiceError, match=r"sample.share must be above 0 and at most 1. Got"):
            SampleOptions(share=share)
