# ruff: noqa: PD011
import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
from brute_force import shapley, trees_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delinquency.errors import MissingArtifactError, ModelError, UnsupportedModelError
from delinquency.shapley import TraitExplainer
from delinquency.shapley.subtrees import Costs

EXACT = 1e-10
N_FEATURES = 8
GROUPS = np.array([0, 1, 2, 0, 3, 1, 2, 3])
QUIET = {"verbose": -1, "num_threads": 1, "min_data_in_leaf": 3, "deterministic": True, "seed": 7}


def rows_of(seed, n_rows=250, *, missing=0.1):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n_rows, N_FEATURES))
    rows[:, 3] = rng.integers(0, 9, n_rows)
    rows[:, 4] = np.round(rows[:, 4])
    rows[rng.random(rows.shape) < missing] = np.nan
    filled = np.nan_to_num(rows)
    score = filled[:, 0] * filled[:, 1] + filled[:, 2] - (filled[:, 3] == 2) + filled[:, 4]
    return rows, score + np.sin(3 * filled[:, 5]) + rng.normal(size=n_rows) / 2


def train(rows, target, n_trees=4, categorical=(), **params):
    settings_ = {**QUIET, "objective": "regression", "num_leaves": 12, **params}
    data = lgb.Dataset(rows, target, categorical_feature=list(categorical))
    return lgb.train(settings_, data, n_trees)


def grouping(groups, names=None):
    names = names or [f"Column_{at}" for at in range(len(groups))]
    return {name: f"group {group}" for name, group in zip(names, groups, strict=True)}


def order_of(n_groups):
    return [f"group {group}" for group in range(n_groups)]


def assert_exact(booster, rows, background=None, *, groups=GROUPS, class_index=None, **options):
    n_groups = int(max(groups)) + 1
    explainer = TraitExplainer(
        booster,
        grouping(groups),
        background,
        1,
        order=order_of(n_groups),
        class_index=class_index,
        **options,
    )
    found = explainer.explain(rows)
    trees = trees_of(booster, class_index or 0)
    for at, row in enumerate(rows):
        expected, base = shapley(trees, row, groups, n_groups, background)
        assert np.abs(found.values[at] - expected).max() <= EXACT
        assert abs(found.base_value - base) <= EXACT
    raw = booster.predict(rows, raw_score=True)
    raw = raw[:, class_index] if class_index is not None else raw
    assert np.abs(found.raw_score - raw).max() <= EXACT
    assert np.abs(found.base_value + found.values.sum(axis=1) - raw).max() <= EXACT
    return explainer


ODD = [np.nan, 0.0, -0.0, 1e-36, -1e-36, 2e-35, -0.5, -1.0, 2.7, 77.0, 1e12, np.inf, -np.inf]
"""Values at the edges of LightGBM's rules: missing, tiny, negative, fractional, unseen, huge."""


def odd_rows(rows):
    out = rows[: len(ODD) + 4].copy()
    for at, value in enumerate(ODD):
        out[at, [0, 3, 4]] = value
    return out


MODELS = {
    "missing values as such": {},
    "missing values left out": {"use_missing": False},
    "zero as missing": {"zero_as_missing": True},
    "categories": {"categorical": [3], "min_data_per_group": 1, "cat_smooth": 1},
    "categories one against the rest": {"categorical": [3], "max_cat_to_onehot": 20},
    "bagging": {"bagging_fraction": 0.5, "bagging_freq": 1, "feature_fraction": 0.6},
    "goss": {"data_sample_strategy": "goss"},
    "dart": {"boosting": "dart", "drop_rate": 0.5},
    "monotone": {"monotone_constraints": [1, -1, 1, 0, 0, 0, 0, 0]},
    "stumps": {"num_leaves": 2},
}


@pytest.mark.parametrize("params", MODELS.values(), ids=MODELS.keys())
@pytest.mark.parametrize("game", ["path-dependent", "interventional"])
def test_values_equal_those_over_all_coalitions(params, game):
    rows, target = rows_of(1)
    booster = train(rows, target, **params)
    background = rows[40:70] if game == "interventional" else None
    explainer = assert_exact(booster, odd_rows(rows), background)
    assert explainer.game == game


def test_zeros_are_told_from_missing_values_near_zero():
    rows, target = rows_of(2, missing=0.0)
    rows[::3, 0] = 0.0
    rows[1::3, 1] = np.nan
    booster = train(rows, target, zero_as_missing=True)
    assert_exact(booster, odd_rows(rows))


@pytest.mark.parametrize("class_index", [0, 1, 2])
def test_every_class_of_a_multiclass_model_is_exact(class_index):
    rows, target = rows_of(3)
    classes = np.digitize(target, [-0.5, 0.8])
    booster = train(rows, classes, objective="multiclass", num_class=3)
    assert_exact(booster, rows[:6], class_index=class_index)
    assert_exact(booster, rows[:3], rows[50:60], class_index=class_index)


def test_a_binary_model_is_explained_in_log_odds_up_to_its_best_iteration():
    rows, target = rows_of(4, 600)
    label = (target > 0).astype(float)
    data = lgb.Dataset(rows[:400], label[:400])
    booster = lgb.train(
        {**QUIET, "objective": "binary", "learning_rate": 0.3},
        data,
        40,
        valid_sets=[data.create_valid(rows[400:], label[400:])],
        callbacks=[lgb.early_stopping(2, verbose=False)],
        keep_training_booster=True,
    )
    assert 1 < booster.best_iteration < booster.current_iteration()
    assert_exact(booster, rows[:5])


def test_trees_without_a_split_only_move_the_base():
    rows, target = rows_of(5)
    booster = train(rows, target, min_data_in_leaf=200)
    explainer = assert_exact(booster, rows[:20])
    found = explainer.explain(rows[:20])
    assert not found.values.any()
    # boost_from_average: the only leaf is the mean of the target.
    assert found.base_value == pytest.approx(target.mean(), abs=1e-6)


@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_a_feature_may_have_more_than_255_thresholds(missing):
    rng = np.random.default_rng(6)
    rows = rng.normal(size=(3000, 2))
    rows[rng.random(rows.shape) < missing] = np.nan
    target = np.sin(40 * np.nan_to_num(rows[:, 0])) + np.nan_to_num(rows[:, 1])
    booster = train(rows, target, 3, num_leaves=400, max_bin=2000, min_data_in_bin=1)
    edges = {tree["split_feature"] for tree in trees_of(booster)}
    assert edges
    explainer = assert_exact(booster, rows[:12], groups=[0, 1])
    longest = np.diff(explainer._encoding.threshold_start)
    assert longest.max() == 255
    raw = booster.predict(rows, raw_score=True)
    assert np.abs(explainer.explain(rows).raw_score - raw).max() <= EXACT


def test_missing_values_may_go_left_at_one_split_and_right_at_another():
    rows, target = rows_of(7, 400, missing=0.3)
    booster = train(rows, target, 12, num_leaves=20)
    explainer = assert_exact(booster, odd_rows(rows))
    columns = explainer._encoding.feature
    assert len(columns) > len(set(columns))


@pytest.mark.parametrize("n_groups", [1, 2, 5, 8])
def test_one_to_eight_groups_are_exact(n_groups):
    rows, target = rows_of(8)
    booster = train(rows, target, 3, num_leaves=20)
    groups = np.arange(N_FEATURES) % n_groups
    assert_exact(booster, rows[:4], groups=groups)
    assert_exact(booster, rows[:2], rows[30:40], groups=groups)


@pytest.mark.parametrize(
    "costs", [Costs(max_leaves=1), Costs(max_states=4), Costs(state=0.0, max_states=4096)]
)
def test_values_do_not_depend_on_how_trees_are_cut(costs):
    rows, target = rows_of(9)
    booster = train(rows, target, 5, num_leaves=31)
    plain = TraitExplainer(booster, grouping(GROUPS)).explain(rows)
    other = TraitExplainer(booster, grouping(GROUPS), costs=costs).explain(rows)
    assert np.abs(plain.values - other.values).max() <= 1e-12


def test_groups_with_one_feature_each_have_the_values_of_pred_contrib():
    rows, target = rows_of(10)
    booster = train(rows, target, 10)
    found = TraitExplainer(booster, grouping(range(N_FEATURES))).explain(rows)
    expected = booster.predict(rows, pred_contrib=True)
    assert np.abs(found.values - expected[:, :-1]).max() <= EXACT
    assert abs(found.base_value - expected[0, -1]) <= EXACT


@pytest.mark.filterwarnings("ignore")
def test_groups_with_one_feature_each_have_shaps_interventional_values():
    # Imported here, where its imports' own warnings are ignored.
    import shap

    rows, target = rows_of(11)
    background = rows[:120]
    booster = train(rows, target, 6)
    masker = shap.maskers.Independent(background, max_samples=len(background))
    expected = shap.TreeExplainer(booster, masker).shap_values(rows[120:150])
    found = TraitExplainer(booster, grouping(range(N_FEATURES)), background)
    # shap computes in single precision in part; the brute force above holds 1e-10.
    assert np.abs(found.explain(rows[120:150]).values - expected).max() <= 1e-6


def test_the_mean_interventional_value_over_the_background_is_zero_for_an_additive_model():
    rows, target = rows_of(12)
    booster = train(rows, target, 20, num_leaves=2)
    found = TraitExplainer(booster, grouping(GROUPS), rows).explain(rows)
    assert np.abs(found.values.mean(axis=0)).max() <= EXACT
    assert abs(found.base_value - booster.predict(rows, raw_score=True).mean()) <= EXACT


@pytest.fixture(scope="module")
def medium():
    rows, target = rows_of(13, 2000)
    booster = train(rows, target, 20, num_leaves=31)
    return booster, rows, TraitExplainer(booster, grouping(GROUPS), rows[:500], 1)


def test_any_number_of_threads_gives_the_same_bits(medium):
    booster, rows, one = medium
    for n_threads in (2, 3, 7, None):
        other = TraitExplainer(booster, grouping(GROUPS), rows[:500], n_threads)
        assert np.array_equal(one.explain(rows).values, other.explain(rows).values)


def test_a_row_has_the_same_bits_alone_and_in_a_batch(medium):
    _, rows, explainer = medium
    together = explainer.explain(rows).values
    for size in (1, 3, 10, 11, 255, 256, 257, 600):
        assert np.array_equal(explainer.explain(rows[:size]).values, together[:size])
    assert np.array_equal(explainer.explain(rows[1999:]).values, together[1999:])


def test_no_rows_have_no_values(medium):
    _, rows, explainer = medium
    assert explainer.explain(rows[:0]).values.shape == (0, 4)


def test_a_batch_longer_than_a_span_is_explained_whole(medium):
    _, rows, explainer = medium
    together = explainer.explain(np.tile(rows, (5, 1))).values
    assert np.array_equal(together, np.tile(explainer.explain(rows).values, (5, 1)))


def test_explaining_changes_no_input(medium):
    _, rows, explainer = medium
    kept = rows.copy()
    explainer.explain(rows)
    assert np.array_equal(kept, rows, equal_nan=True)


def test_layout_and_number_type_of_an_array_do_not_matter(medium):
    _, rows, explainer = medium
    whole = np.nan_to_num(np.round(rows * 4))
    expected = explainer.explain(whole).values
    for same in (np.asfortranarray(whole), whole.astype(np.float32), whole.astype(np.int64)):
        assert np.array_equal(explainer.explain(same).values, expected)
    assert np.array_equal(explainer.explain(np.repeat(whole, 2, axis=0)[::2]).values, expected)


def test_a_frame_is_matched_by_name(medium):
    _, rows, explainer = medium
    frame = pd.DataFrame(rows, columns=explainer.feature_names)
    expected = explainer.explain(rows).values
    mixed = frame[frame.columns[::-1]].assign(other=1).astype({"Column_1": "Float64"})
    assert np.array_equal(explainer.explain(frame).values, expected)
    assert np.array_equal(explainer.explain(mixed).values, expected)
    labelled = explainer.explain(frame).to_frame()
    assert list(labelled.columns) == ["group 0", "group 1", "group 2", "group 3"]


def test_a_frame_without_a_feature_is_refused(medium):
    _, rows, explainer = medium
    frame = pd.DataFrame(rows, columns=explainer.feature_names)
    with pytest.raises(ModelError, match="Missing 1: Column_2"):
        explainer.explain(frame.drop(columns="Column_2"))
    with pytest.raises(ModelError, match=r"shape \(n_rows, 8\). Got shape \(2000, 7\)"):
        explainer.explain(rows[:, 1:])
    with pytest.raises(ModelError, match="must be numbers"):
        explainer.explain(frame.assign(Column_0="many"))


def test_pandas_categories_are_read_as_at_training():
    rng = np.random.default_rng(14)
    frame = pd.DataFrame(
        {
            "colour of card": pd.Categorical(rng.choice(["red", "green", "blue", "grey"], 300)),
            "age": rng.normal(size=300),
        }
    )
    target = (frame["colour of card"] == "blue") * 2 + frame["age"] + rng.normal(size=300)
    booster = lgb.train(
        {**QUIET, "objective": "regression", "min_data_per_group": 1},
        lgb.Dataset(frame, target),
        5,
    )
    explainer = TraitExplainer(booster, {"colour of card": "card", "age": "person"})
    raw = booster.predict(frame, raw_score=True)
    assert np.abs(explainer.explain(frame).raw_score - raw).max() <= EXACT
    # Other categories, other codes, and one never seen.
    other = pd.DataFrame(
        {
            "colour of card": pd.Categorical(["blue", "grey", "violet", None]),
            "age": [0.0, 1.0, 2.0, 3.0],
        }
    )
    raw = booster.predict(other, raw_score=True)
    assert np.abs(explainer.explain(other).raw_score - raw).max() <= EXACT
    with pytest.raises(ModelError, match="trained with 1 categorical columns. The frame has 0"):
        explainer.explain(other.assign(**{"colour of card": 1.0}))


def test_a_group_without_features_has_the_value_zero_at_its_place():
    rows, target = rows_of(15)
    booster = train(rows, target)
    order = ["group 3", "nobody", "group 2", "group 1", "group 0"]
    found = TraitExplainer(booster, grouping(GROUPS), order=order).explain(rows)
    plain = TraitExplainer(booster, grouping(GROUPS)).explain(rows)
    assert found.traits == tuple(order)
    assert not found.values[:, 1].any()
    assert np.abs(found.values[:, [4, 3, 2, 0]] - plain.values).max() <= 1e-12


def test_groups_come_in_the_order_of_their_first_feature():
    rows, target = rows_of(15)
    traits = grouping([2, 1, 2, 0, 1, 1, 0, 0])
    found = TraitExplainer(train(rows, target), traits)
    assert found.traits == ("group 2", "group 1", "group 0")


def test_a_wrong_grouping_is_refused():
    rows, target = rows_of(16)
    booster = train(rows, target)
    with pytest.raises(ModelError, match="1 have none: Column_7"):
        TraitExplainer(booster, grouping(GROUPS[:7]))
    with pytest.raises(ModelError, match="1 to 8 groups of features. Got 9"):
        TraitExplainer(booster, grouping(range(8)), order=order_of(9))
    with pytest.raises(ModelError, match="Missing: group 3"):
        TraitExplainer(booster, grouping(GROUPS), order=order_of(3))
    with pytest.raises(ModelError, match="at least one row"):
        TraitExplainer(booster, grouping(GROUPS), rows[:0])
    with pytest.raises(ModelError, match=r"class_index must be 0\.\.0"):
        TraitExplainer(booster, grouping(GROUPS), class_index=1)


def test_linear_trees_whose_values_would_not_be_exact_are_refused():
    rows, target = rows_of(17, missing=0.0)
    with pytest.raises(UnsupportedModelError, match="linear tree"):
        TraitExplainer(train(rows, target, linear_tree=True), grouping(GROUPS))


@pytest.mark.parametrize("game", ["path-dependent", "interventional"])
def test_a_random_forest_is_explained_as_the_mean_of_its_trees(game):
    rows, target = rows_of(17)
    params = {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}
    booster = train(rows, target, 5, **params)
    background = rows[40:50] if game == "interventional" else None
    explainer = TraitExplainer(booster, grouping(GROUPS), background, order=order_of(4))
    found = explainer.explain(rows)
    assert np.abs(found.raw_score - booster.predict(rows)).max() <= EXACT
    trees = trees_of(booster)
    for at in (0, 9):
        expected, base = shapley(trees, rows[at], GROUPS, 4, background)
        assert np.abs(found.values[at] - expected / len(trees)).max() <= EXACT
        assert abs(found.base_value - base / len(trees)) <= EXACT


def test_a_saved_explainer_gives_the_same_bits_without_its_model(medium, tmp_path):
    _, rows, explainer = medium
    path = tmp_path / "deep" / "explainer.npz"
    explainer.save(path)
    again = TraitExplainer.load(path, n_threads=1)
    one, two = explainer.explain(rows), again.explain(rows)
    assert np.array_equal(one.values, two.values)
    assert (one.traits, one.base_value, one.game) == (two.traits, two.base_value, two.game)
    assert again.n_background == 500
    assert [file.name for file in path.parent.iterdir()] == ["explainer.npz"]


def test_a_file_that_is_no_explainer_is_refused(tmp_path):
    with pytest.raises(MissingArtifactError, match="no such file"):
        TraitExplainer.load(tmp_path / "none.npz")
    path = tmp_path / "other.npz"
    path.write_bytes(b"something else")
    with pytest.raises(ModelError, match="Expected a saved explainer"):
        TraitExplainer.load(path)
    np.savez(path, header=np.frombuffer(b'{"format": "x", "version": 9}', np.uint8))
    with pytest.raises(ModelError, match="version 9"):
        TraitExplainer.load(path)


LAWS = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@st.composite
def small_models(draw):
    rows, target = rows_of(draw(st.integers(0, 10_000)), draw(st.integers(60, 200)))
    booster = train(
        rows,
        target,
        draw(st.integers(1, 4)),
        draw(st.sampled_from([(), (3,)])),
        num_leaves=draw(st.integers(2, 16)),
        max_bin=draw(st.sampled_from([3, 15, 255])),
        use_missing=draw(st.booleans()),
        min_data_per_group=1,
    )
    n_groups = draw(st.integers(1, 4))
    groups = np.array(draw(st.lists(st.integers(0, n_groups - 1), min_size=8, max_size=8)))
    background = rows[20 : 20 + draw(st.integers(1, 20))] if draw(st.booleans()) else None
    return booster, rows, groups, n_groups, background


@LAWS
@given(small_models())
def test_law_values_are_exact_and_add_up(model):
    booster, rows, groups, n_groups, background = model
    explainer = TraitExplainer(booster, grouping(groups), background, 1, order=order_of(n_groups))
    found = explainer.explain(rows)
    raw = booster.predict(rows, raw_score=True)
    assert np.abs(found.base_value + found.values.sum(axis=1) - raw).max() <= EXACT
    trees = trees_of(booster)
    for at in (0, 7):
        expected, base = shapley(trees, rows[at], groups, n_groups, background)
        assert np.abs(found.values[at] - expected).max() <= EXACT
        assert abs(found.base_value - base) <= EXACT


@LAWS
@given(small_models())
def test_law_a_group_that_no_split_uses_has_the_value_zero(model):
    booster, rows, groups, _, background = model
    unused = booster.feature_importance() == 0
    groups = np.where(unused, 4, groups)
    found = TraitExplainer(booster, grouping(groups), background, 1, order=order_of(5))
    assert not found.explain(rows).values[:, 4].any()


@LAWS
@given(small_models(), st.permutations(range(4)))
def test_law_renaming_the_groups_renames_the_values(model, other):
    booster, rows, groups, _, background = model
    one = TraitExplainer(booster, grouping(groups), background, 1, order=order_of(4))
    renamed = grouping(np.array(other)[groups])
    two = TraitExplainer(booster, renamed, background, 1, order=order_of(4))
    expected = one.explain(rows).values
    assert np.abs(two.explain(rows).values[:, list(other)] - expected).max() <= 1e-12


@LAWS
@given(small_models(), st.lists(st.booleans(), min_size=200, max_size=200))
def test_law_splitting_a_feature_into_two_equal_halves_of_its_group_changes_nothing(model, coin):
    """Each split on feature 0 or 3 moves by chance to a copy of it, feature 7's place."""
    booster, rows, groups, n_groups, background = model
    twin_of = 0
    groups = np.where(np.arange(8) == 7, groups[twin_of], groups)
    rows = rows.copy()
    rows[:, 7] = rows[:, twin_of]
    if background is not None:
        background = rows[20 : 20 + len(background)]
    text = booster.model_to_string()
    if booster.feature_importance()[7]:
        return
    flips = iter(coin)
    lines = [
        " ".join(
            "7" if word == str(twin_of) and next(flips, False) else word
            for word in line.removeprefix("split_feature=").split()
        )
        if line.startswith("split_feature=")
        else None
        for line in text.split("\n")
    ]
    halved = "\n".join(
        line if new is None else f"split_feature={new}"
        for line, new in zip(text.split("\n"), lines, strict=True)
    )
    one, two = (
        TraitExplainer(one, grouping(groups), background, 1, order=order_of(n_groups))
        for one in (booster, lgb.Booster(model_str=halved))
    )
    assert np.abs(one.explain(rows).values - two.explain(rows).values).max() <= 1e-12
    assert abs(one.base_value - two.base_value) <= 1e-12


@LAWS
@given(small_models())
def test_law_groups_that_play_alike_have_the_same_value(model):
    """Two groups that hold the same splits, mirrored tree by tree, share equally."""
    booster, rows, _, _, background = model
    used = int(np.argmax(booster.feature_importance()))
    twin = (used + 1) % 8
    if used == 3 or twin == 3:
        return
    text = booster.model_to_string()
    swap = {str(used): str(twin), str(twin): str(used)}
    head, *trees = text.split("\nTree=")
    body, tail = trees[-1].split("\nend of trees")
    trees[-1] = body
    mirrored = [
        "\n".join(
            "split_feature=" + " ".join(swap.get(word, word) for word in line[14:].split())
            if line.startswith("split_feature=")
            else line
            for line in tree.split("\n")
        )
        for tree in trees
    ]
    both = [tree.partition("\n")[2] for tree in [*trees, *mirrored]]
    joined = "".join(f"\nTree={at}\n{tree}" for at, tree in enumerate(both))
    head = "\n".join(line for line in head.split("\n") if not line.startswith("tree_sizes"))
    symmetric = lgb.Booster(model_str=f"{head}{joined}\nend of trees{tail}")
    rows = rows.copy()
    rows[:, twin] = rows[:, used]
    groups = np.full(8, 2)
    groups[used], groups[twin] = 0, 1
    if background is not None:
        background = rows[20 : 20 + len(background)]
    found = TraitExplainer(symmetric, grouping(groups), background, 1, order=order_of(3))
    values = found.explain(rows).values
    assert np.abs(values[:, 0] - values[:, 1]).max() <= 1e-12
