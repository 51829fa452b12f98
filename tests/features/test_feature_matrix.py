import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delinquency.errors import ChoiceError
from delinquency.features.feature_matrix import build_features, coverage, select_features
from delinquency.features.feature_options import FeatureOptions
from delinquency.features.registered_features import FEATURES
from delinquency.panel.schema import TABLES, protected_columns
from delinquency.panel.windows import build_windows
from delinquency.traits import TRAITS

ALL = FeatureOptions(windows=[3, 6, 12])
OBSERVED = pd.Timestamp("2024-02-01")
ACCOUNTS = [f"a{k}" for k in range(6)]


def _observed(*months) -> pd.DataFrame:
    one = pd.DataFrame({"account_id": ACCOUNTS})
    parts = [one.assign(observation_month=pd.Timestamp(month)) for month in months]
    return pd.concat(parts, ignore_index=True)


def _features(tables, observed, *, n_months=12) -> pd.DataFrame:
    windows = build_windows(tables, observed, n_months=n_months)
    return build_features(windows, select_features(windows, ALL))


def _as_known_at(tables, month) -> dict[str, pd.DataFrame]:
    """Return the tables as the lender held them at the end of a month."""
    known = {}
    for name, frame in tables.items():
        kept = frame
        for column in ("month", "arrival_month"):
            if column in frame.columns:
                kept = kept[~(kept[column] > month)]
        if "date" in frame.columns:
            kept = kept[kept["date"] <= month + pd.offsets.MonthEnd(1)]
        if "promise_resolved_month" in frame.columns:
            kept = kept.copy()
            open_still = kept["promise_resolved_month"] > month
            kept.loc[open_still, "promise_kept"] = np.nan
            kept.loc[open_still, "promise_resolved_month"] = pd.NaT
        known[name] = kept
    return known


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_no_feature_looks_ahead(random_tables, seed):
    """Later rows of every table, and late rows about earlier months, change nothing."""
    tables = random_tables(seed)
    known = _as_known_at(tables, OBSERVED)
    assert all(len(known[n]) < len(tables[n]) for n in tables if n != "accounts")
    with_later = _features(tables, _observed(OBSERVED))
    pd.testing.assert_frame_equal(_features(known, _observed(OBSERVED)), with_later)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_order_of_rows_and_accounts_changes_nothing(random_tables, seed):
    rng = np.random.default_rng(seed)
    tables = random_tables(seed)
    order = rng.permutation(len(ACCOUNTS))
    mixed = {n: f.iloc[rng.permutation(len(f))].reset_index(drop=True) for n, f in tables.items()}
    straight = _features(tables, _observed(OBSERVED))
    shuffled = _features(mixed, _observed(OBSERVED).iloc[order])
    expected = straight.iloc[order].reset_index(drop=True)
    pd.testing.assert_frame_equal(shuffled, expected, rtol=1e-9, atol=1e-9)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_stacked_observation_months_equal_single_ones(random_tables, seed):
    tables = random_tables(seed)
    months = ("2023-05-01", "2023-12-01", "2024-07-01")
    stacked = _features(tables, _observed(*months))
    for number, month in enumerate(months):
        alone = _features(tables, _observed(month))
        part = stacked.iloc[6 * number : 6 * number + 6].reset_index(drop=True)
        pd.testing.assert_frame_equal(part, alone)


def test_a_part_of_the_accounts_gives_the_same_features_as_all_of_them(random_tables):
    tables = random_tables(7)
    some = {n: f[f["account_id"].isin(["a2", "a3"])] for n, f in tables.items()}
    whole = _features(tables, _observed(OBSERVED)).iloc[2:4].reset_index(drop=True)
    part = _features(some, _observed(OBSERVED).iloc[2:4].reset_index(drop=True))
    pd.testing.assert_frame_equal(part, whole)


def test_protected_attributes_change_no_feature(random_tables):
    tables = random_tables(3)
    changed = dict(tables)
    names = [c for c in protected_columns() if c in tables["accounts"].columns]
    changed["accounts"] = tables["accounts"].drop(columns=names)
    pd.testing.assert_frame_equal(
        _features(changed, _observed(OBSERVED)), _features(tables, _observed(OBSERVED))
    )


def test_disputes_change_no_feature(random_tables):
    tables = random_tables(3)
    changed = {**tables, "contacts": tables["contacts"].assign(dispute=1.0)}
    pd.testing.assert_frame_equal(
        _features(changed, _observed(OBSERVED)), _features(tables, _observed(OBSERVED))
    )


def test_inputs_are_not_changed(random_tables):
    tables = random_tables(5)
    before = {name: frame.copy(deep=True) for name, frame in tables.items()}
    windows = build_windows(tables, _observed(OBSERVED), n_months=12)
    cut = {name: values.copy() for name, values in windows.monthly.items()}
    build_features(windows, select_features(windows, ALL))
    for name, frame in tables.items():
        pd.testing.assert_frame_equal(frame, before[name])
    for name, values in cut.items():
        np.testing.assert_array_equal(windows[name], values, err_msg=name)


def test_all_tables_together_support_every_feature(random_tables):
    windows = build_windows(random_tables(1), _observed(OBSERVED), n_months=12)
    report = coverage(windows, ALL)
    assert report[~report["used"]].empty
    assert len(select_features(windows, ALL)) == len(FEATURES)


def test_features_stand_in_trait_order(random_tables):
    windows = build_windows(random_tables(1), _observed(OBSERVED), n_months=12)
    order = [list(TRAITS).index(one.trait.key) for one in select_features(windows, ALL)]
    assert order == sorted(order)


def test_each_table_that_is_left_out_takes_its_features_with_it(random_tables):
    tables = random_tables(1)
    for left_out in tables:
        if left_out == "statements":
            continue
        kept = {n: f for n, f in tables.items() if n != left_out}
        windows = build_windows(kept, _observed(OBSERVED), n_months=12)
        report = coverage(windows, ALL)
        missing = report[~report["used"]]
        assert not missing.empty, left_out
        assert missing["why_not"].str.startswith("the source lacks").all()


def test_the_coverage_table_says_why_a_feature_is_absent(five_accounts, five_observations):
    windows = build_windows(five_accounts, five_observations, n_months=6)
    options = FeatureOptions(
        traits=["economic_condition", "debt_burden", "repayment_capacity"],
        windows=[3, 6, 12],
        exclude=["payment_to_limit_mean_3m"],
    )
    why = coverage(windows, options).set_index("feature")["why_not"]
    assert why["payment_to_limit_mean_3m"] == "excluded by choice"
    assert why["payment_to_limit_mean_6m"] == ""
    assert why["payment_to_limit_mean_12m"] == "the observation window has 6 months"
    assert why["payment_to_limit_5m_ago"] == ""
    assert why["education_level"] == "the source lacks education_level"
    assert why["late_months"] == "its trait is not chosen"
    short = build_windows(five_accounts, five_observations, n_months=3)
    of_three = coverage(short, options).set_index("feature")["why_not"]
    assert of_three["payment_to_limit_2m_ago"] == ""
    assert of_three["payment_to_limit_3m_ago"] == "the observation window has 3 months"
    fewer = coverage(windows, FeatureOptions(windows=[6])).set_index("feature")["why_not"]
    assert fewer["payment_to_limit_mean_3m"] == "windows of 3 months are not chosen"


def test_an_unknown_trait_or_feature_is_an_error_with_the_nearest_name(
    five_accounts, five_observations
):
    windows = build_windows(five_accounts, five_observations, n_months=6)
    with pytest.raises(ChoiceError, match="Did you mean 'debt_burden'"):
        select_features(windows, FeatureOptions(traits=["debt_burdn"]))
    with pytest.raises(ChoiceError, match="Did you mean 'utilization_mean'"):
        select_features(windows, FeatureOptions(exclude=["utilisation_mean"]))


def test_a_choice_that_leaves_nothing_is_an_error(five_accounts, five_observations):
    windows = build_windows(five_accounts, five_observations, n_months=6)
    with pytest.raises(ChoiceError, match="No feature is left"):
        select_features(windows, FeatureOptions(traits=[]))


def test_features_never_hold_infinity_whatever_is_missing(random_tables):
    tables = random_tables(11)
    statements = tables["statements"]
    numbers = [c.name for c in TABLES["statements"] if c.kind in ("number", "integer", "flag")]
    for name in numbers:
        broken = {**tables, "statements": statements.assign(**{name: 0.0 * statements[name]})}
        values = _features(broken, _observed(OBSERVED)).iloc[:, 2:].to_numpy()
        assert not np.isinf(values).any(), name


def test_a_feature_needs_the_tables_that_it_names_and_reads_no_other(random_tables):
    """With them its value is the one with all tables; without one of them, it is absent."""
    tables = random_tables(3)
    observed = _observed(OBSERVED)
    full = _features(tables, observed)
    combinations = {one.tables | {"statements"} for one in FEATURES.values()}
    for names in combinations:
        known = _features({name: tables[name] for name in names}, observed)
        for one in FEATURES.values():
            assert (one.name in known) == (one.tables <= names), one.name
        pd.testing.assert_frame_equal(known, full[known.columns])
