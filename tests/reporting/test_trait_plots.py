import numpy as np
import pytest

from delinquency.reporting.trait_plots import trait_bars, trait_beeswarm, trait_waterfall
from delinquency.traits import TRAITS

KEYS = tuple(TRAITS)


def test_bars_show_mean_sizes_largest_on_top():
    values = np.array([[1.0, -2.0, 0, 0, 0, 0], [-3.0, 2.0, 0, 0, 0, 0.5]])
    axes = trait_bars(values, traits=KEYS, title="made").axes[0]
    # Sizes: (1 + 3) / 2 = 2, (2 + 2) / 2 = 2, and 0.25; the top bar is drawn last.
    assert axes.patches[-1].get_width() == 2.0
    assert sorted(bar.get_width() for bar in axes.patches) == [0, 0, 0, 0.25, 2.0, 2.0]


def test_a_beeswarm_shows_every_account_once_a_trait():
    values = np.random.default_rng(0).normal(size=(50, 6))
    axes = trait_beeswarm(values, np.linspace(0, 1, 50), traits=KEYS, title="made", seed=0).axes[0]
    assert [len(one.get_offsets()) for one in axes.collections] == [50] * 6
    for one in axes.collections:
        heights = one.get_offsets()[:, 1]
        assert np.abs(heights - heights.mean().round()).max() <= 0.41


def test_a_waterfall_ends_at_the_raw_score():
    values = np.array([0.5, -0.25, 0.0, 1.0, 0.0, 0.0])
    axes = trait_waterfall(values, base_value=-2.0, traits=KEYS, title="made").axes[0]
    last = axes.patches[-1]
    assert last.get_x() + last.get_width() == pytest.approx(-0.75)  # -2 + 0.5 - 0.25 + 1
