# ruff: noqa: PD011
import copy
import pickle

import lightgbm as lgb
import numpy as np
import pytest
from brute_force import trees_of
from brute_force_features import all_worths, group_worths, in_order, owen, owen_in_order
from hypothesis import given
from hypothesis import strategies as st
from test_trait_explainer import (
    EXACT,
    GROUPS,
    LAWS,
    MODELS,
    N_FEATURES,
    grouping,
    odd_rows,
    order_of,
    rows_of,
    small_models,
    train,
)

from delinquency.errors import ModelError
from delinquency.shapley import TraitExplainer
from delinquency.shapley.subtrees import Costs

ADDS_UP = 1e-12


def explained(booster, rows, background=None, *, groups=GROUPS, **options):
    order = order_of(int(max(groups)) + 1)
    explainer = TraitExplainer(booster, grouping(groups), background, 1, order=order, **options)
    return explainer.explain(rows, features=True)


def assert_exact(booster, rows, background=None, *, groups=GROUPS, class_index=None, **options):
    found = explained(booster, rows, background, groups=groups, class_index=class_index, **options)
    trees = trees_of(booster, class_index or 0)
    for at, row in enumerate(rows):
        value = all_worths(trees, row, len(groups), background)
        assert np.abs(found.feature_values[at] - owen(value, groups)).max() <= EXACT
        assert abs(found.base_value - value[frozenset()]) <= EXACT
    raw = booster.predict(rows, raw_score=True)
    raw = raw[:, class_index] if class_index is not None else raw
    assert np.abs(found.raw_score - raw).max() <= EXACT
    assert_adds_up(found, groups)


def assert_adds_up(found, groups):
    for group in range(found.values.shape[1]):
        features = found.feature_values[:, np.asarray(groups) == group].sum(axis=1)
        assert np.abs(features - found.values[:, group]).max() <= ADDS_UP


@pytest.mark.parametrize("params", MODELS.values(), ids=MODELS.keys())
@pytest.mark.parametrize("game", ["path-dependent", "interventional"])
def test_values_of_features_equal_those_over_all_coalitions(params, game):
    rows, target = rows_of(1)
    booster = train(rows, target, 3, **params)
    background = rows[40:50] if game == "interventional" else None
    rows = odd_rows(rows)[[0, 5, 9, 14]] if background is None else odd_rows(rows)[[3, 15]]
    assert_exact(booster, rows, background)


@pytest.mark.parametrize("class_index", [0, 2])
def test_features_of_every_class_are_exact(class_index):
    rows, target = rows_of(3)
    classes = np.digitize(target, [-0.5, 0.8])
    booster = train(rows, classes, 2, objective="multiclass", num_class=3)
    assert_exact(booster, rows[:2], class_index=class_index)


@pytest.fixture(scope="module")
def deep():
    """Paths of up to twelve different features."""
    rng = np.random.default_rng(20)
    rows = rng.normal(size=(4000, 12))
    target = np.abs(rows).sum(axis=1) + (rows > 0).prod(axis=1) * 9 + rows[:, 0] * rows[:, 1]
    booster = train(
        rows, target, 1, num_leaves=200, min_data_in_leaf=1, feature_fraction_bynode=0.3
    )
    groups = np.array([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2])
    rows = np.round(rows, 2)
    return booster, rows, groups, all_worths(trees_of(booster), rows[0], 12)


def test_leaves_with_many_features_are_exact_in_tables_and_row_by_row(deep):
    booster, rows, groups, value = deep
    expected = owen(value, groups)
    for costs in (Costs(), Costs(max_bytes=100_000), Costs(max_bytes=0)):
        found = explained(booster, rows[:300], groups=groups, costs=costs)
        assert np.abs(found.feature_values[0] - expected).max() <= EXACT
        assert_adds_up(found, groups)
        alone = explained(booster, rows[:1], groups=groups, costs=costs)
        assert np.array_equal(alone.feature_values[0], found.feature_values[0])


def test_one_group_over_all_features_gives_their_shapley_values(deep):
    booster, rows, _, _ = deep
    expected = booster.predict(rows[:50], pred_contrib=True)[:, :-1]
    for costs in (Costs(), Costs(max_bytes=1_000_000)):
        found = explained(booster, rows[:50], groups=np.zeros(12, int), costs=costs)
        assert np.abs(found.feature_values - expected).max() <= EXACT


def test_background_rows_of_deep_leaves_are_all_counted(deep):
    booster, rows, groups, _ = deep
    background = rows[1000:1003]
    value = all_worths(trees_of(booster), rows[1], 12, background)
    for costs in (Costs(), Costs(max_bytes=0)):
        found = explained(booster, rows[1:2], background, groups=groups, costs=costs)
        assert np.abs(found.feature_values[0] - owen(value, groups)).max() <= EXACT
    tabulated, row_by_row = (
        explained(booster, rows[:40], rows, groups=groups, costs=costs).feature_values
        for costs in (Costs(), Costs(max_bytes=0))
    )
    assert np.abs(tabulated - row_by_row).max() <= EXACT


def test_tables_stay_within_their_bound(deep):
    booster, _, groups, _ = deep
    for max_bytes in (0, 50_000, 400_000):
        explainer = TraitExplainer(booster, grouping(groups), costs=Costs(max_bytes=max_bytes))
        assert explainer.table_bytes("features") <= max_bytes


def test_features_have_the_same_bits_for_any_threads_alone_and_after_loading(tmp_path):
    rows, target = rows_of(13, 2000)
    booster = train(rows, target, 10, num_leaves=31)
    explainer = TraitExplainer(booster, grouping(GROUPS), rows[:500], 1)
    explainer.save(tmp_path / "explainer.npz")
    together = explainer.explain(rows, features=True).feature_values
    for n_threads in (2, 3, None):
        other = TraitExplainer.load(tmp_path / "explainer.npz", n_threads)
        found = other.explain(rows, features=True)
        assert np.array_equal(found.feature_values, together)
        assert found.feature_names == tuple(booster.feature_name())
    for at in (0, 99):
        alone = explainer.explain(rows[at : at + 1], features=True).feature_values
        assert np.array_equal(alone[0], together[at])


def test_an_explainer_saved_without_features_says_so(tmp_path):
    rows, target = rows_of(14)
    path = tmp_path / "explainer.npz"
    explainer = TraitExplainer(train(rows, target), grouping(GROUPS))
    explainer.save(path, kinds=[])
    with pytest.raises(ModelError, match="saved without the values of features"):
        TraitExplainer.load(path).explain(rows, features=True)
    explainer.save(path)
    loaded = TraitExplainer.load(path)
    TraitExplainer(train(rows, target, 2), grouping(GROUPS)).save(path)
    with pytest.raises(ModelError, match="written again"):
        loaded.explain(rows, features=True)


def test_a_copied_explainer_gives_the_same_values():
    rows, target = rows_of(14)
    explainer = TraitExplainer(train(rows, target), grouping(GROUPS), rows[:20])
    for copied in (copy.deepcopy(explainer), pickle.loads(pickle.dumps(explainer))):
        found = copied.explain(rows, features=True)
        expected = explainer.explain(rows, features=True)
        assert np.array_equal(found.feature_values, expected.feature_values)


def test_an_explanation_without_features_says_so():
    rows, target = rows_of(14)
    found = TraitExplainer(train(rows, target), grouping(GROUPS)).explain(rows)
    with pytest.raises(ModelError, match="features=True"):
        found.features_to_frame()


def test_one_feature_a_group_gives_the_values_of_the_groups():
    rows, target = rows_of(15)
    for background in (None, rows[:30]):
        found = explained(train(rows, target), rows, background, groups=range(N_FEATURES))
        assert np.abs(found.feature_values - found.values).max() <= ADDS_UP


PRECEDENCE = [(0, 1), (0, 3), (2, 3)]


@pytest.mark.parametrize("game", ["path-dependent", "interventional"])
def test_values_under_an_order_equal_the_mean_over_the_admitted_orders(game):
    rows, target = rows_of(21)
    booster = train(rows, target, 3)
    background = rows[40:50] if game == "interventional" else None
    named = [(f"group {one}", f"group {two}") for one, two in PRECEDENCE]
    found = explained(booster, rows[:3], background, precedence=named)
    for at, row in enumerate(rows[:3]):
        value = all_worths(trees_of(booster), row, N_FEATURES, background)
        expected = in_order(group_worths(value, GROUPS, 4), 4, PRECEDENCE)
        assert np.abs(found.values[at] - expected).max() <= EXACT
        inner = owen_in_order(value, GROUPS, 4, PRECEDENCE)
        assert np.abs(found.feature_values[at] - inner).max() <= EXACT
    plain = TraitExplainer(
        booster, grouping(GROUPS), background, 1, order=order_of(4), precedence=named
    )
    assert np.abs(plain.explain(rows[:3]).values - found.values).max() <= ADDS_UP


def test_an_order_that_runs_in_a_circle_is_refused():
    rows, target = rows_of(22)
    booster = train(rows, target)
    with pytest.raises(ModelError, match="circle: group 0 before group 1, group 1 before group 0"):
        TraitExplainer(
            booster,
            grouping(GROUPS),
            precedence=[("group 0", "group 1"), ("group 1", "group 0")],
        )
    with pytest.raises(ModelError, match="Got 'nobody'"):
        TraitExplainer(booster, grouping(GROUPS), precedence=[("group 0", "nobody")])


@LAWS
@given(small_models())
def test_law_features_are_exact_and_add_up_to_their_groups(model):
    booster, rows, groups, n_groups, background = model
    background = None if background is None else background[:4]
    found = explained(booster, rows, background, groups=groups)
    assert_adds_up(found, groups)
    unused = booster.feature_importance() == 0
    assert not found.feature_values[:, unused].any()
    value = all_worths(trees_of(booster), rows[0], N_FEATURES, background)
    assert np.abs(found.feature_values[0] - owen(value, groups)).max() <= EXACT
    raw = booster.predict(rows, raw_score=True)
    assert np.abs(found.raw_score - raw).max() <= EXACT


@LAWS
@given(small_models(), st.permutations(range(N_FEATURES)))
def test_law_renaming_features_within_their_groups_renames_the_values(model, turn):
    booster, rows, groups, _, background = model
    text = booster.model_to_string()
    if any(kind == "==" for kind in _decisions(booster)):
        return
    turn = np.array(turn)
    place = np.argsort(turn)
    renamed = "\n".join(
        "split_feature=" + " ".join(str(turn[int(word)]) for word in line[14:].split())
        if line.startswith("split_feature=")
        else line
        for line in text.split("\n")
    )
    one = explained(booster, rows, background, groups=groups)
    background = None if background is None else background[:, place]
    two = explained(
        lgb.Booster(model_str=renamed),
        rows[:, place],
        background,
        groups=np.asarray(groups)[place],
    )
    assert np.abs(two.feature_values[:, turn] - one.feature_values).max() <= ADDS_UP


def _decisions(booster):
    stack = trees_of(booster)
    while stack:
        node = stack.pop()
        if "split_feature" in node:
            yield node["decision_type"]
            stack += [node["left_child"], node["right_child"]]
