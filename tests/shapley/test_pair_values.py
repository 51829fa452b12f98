# ruff: noqa: PD011
import numpy as np
import pytest
from brute_force import trees_of
from brute_force_features import all_worths, group_worths, pairs
from hypothesis import given
from test_feature_values import ADDS_UP
from test_trait_explainer import (
    EXACT,
    GROUPS,
    LAWS,
    N_FEATURES,
    grouping,
    order_of,
    rows_of,
    small_models,
    train,
)

from delinquency.errors import ModelError
from delinquency.shapley import TraitExplainer


def explained(booster, rows, background=None, *, groups=GROUPS, **options):
    order = order_of(int(max(groups)) + 1)
    explainer = TraitExplainer(booster, grouping(groups), background, 1, order=order, **options)
    return explainer, explainer.explain(rows, pairs=True)


def assert_exact(booster, rows, background, groups):
    n_groups = int(max(groups)) + 1
    explainer, found = explained(booster, rows, background, groups=groups)
    plain = explainer.explain(rows)
    for at in (0, 3):
        value = all_worths(trees_of(booster), rows[at], N_FEATURES, background)
        expected = pairs(group_worths(value, groups, n_groups), n_groups)
        main = plain.values[at].copy()
        for place, ((one, two), size) in enumerate(expected.items()):
            assert abs(found.pair_values[at, place] - size) <= EXACT
            main[[one, two]] -= size / 2
        assert np.abs(found.main_values[at] - main).max() <= EXACT
    assert np.abs(found.values - plain.values).max() <= ADDS_UP
    total = found.main_values.sum(axis=1) + found.pair_values.sum(axis=1) + found.base_value
    assert np.abs(total - booster.predict(rows, raw_score=True)).max() <= EXACT


@pytest.mark.parametrize("game", ["path-dependent", "interventional"])
def test_pairs_equal_those_over_all_coalitions_and_add_up(game):
    rows, target = rows_of(31)
    booster = train(rows, target, 3, (3,), min_data_per_group=1)
    background = rows[40:50] if game == "interventional" else None
    assert_exact(booster, rows, background, GROUPS)


@LAWS
@given(small_models())
def test_law_pairs_are_exact_and_add_up(model):
    booster, rows, groups, _, background = model
    background = None if background is None else background[:4]
    assert_exact(booster, rows, background, groups)


def test_a_model_without_interaction_has_no_pairs():
    rows, target = rows_of(32)
    _, found = explained(train(rows, target, 10, num_leaves=2), rows)
    assert np.abs(found.pair_values).max() <= ADDS_UP
    assert np.abs(found.main_values - found.values).max() <= ADDS_UP


def test_pairs_are_saved_when_asked_for_and_named(tmp_path):
    rows, target = rows_of(33)
    explainer, found = explained(train(rows, target), rows)
    explainer.save(tmp_path / "explainer.npz", kinds=["pairs"])
    loaded = TraitExplainer.load(tmp_path / "explainer.npz")
    assert [loaded.can_give(kind) for kind in ("traits", "features", "pairs")] == [
        True,
        False,
        True,
    ]
    again = loaded.explain(rows, pairs=True)
    assert np.array_equal(again.pairs_to_frame(), found.pairs_to_frame())
    assert list(found.pairs_to_frame().columns[:5]) == [*order_of(4), "group 0 x group 1"]
    with pytest.raises(ModelError, match="saved without the values of features"):
        TraitExplainer.load(tmp_path / "explainer.npz").explain(rows, features=True)


def test_pairs_are_refused_where_they_are_not_there():
    rows, target = rows_of(33)
    booster = train(rows, target)
    with pytest.raises(ModelError, match="pairs=True"):
        TraitExplainer(booster, grouping(GROUPS)).explain(rows).pairs_to_frame()
    with pytest.raises(ModelError, match="without `precedence`"):
        explained(booster, rows, precedence=[("group 0", "group 1")])


def test_pictures_show_every_pair_and_all_of_a_row():
    rows, target = rows_of(34)
    _, found = explained(train(rows, target), rows)
    heat = found.plot_pairs()
    assert sum(bool(text.get_text()) for text in heat.texts) == 4 + 6
    bars = found.plot_row(2, most=5)
    drawn = sum(bar.get_width() for bar in bars.patches)
    assert drawn == pytest.approx(found.raw_score[2] - found.base_value)
    assert bars.get_yticklabels()[-1].get_text() == "5 others"
