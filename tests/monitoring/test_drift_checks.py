"""What turns a light on, on profiles made by hand and at random."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from delinquency.features.feature_description import meanings_of
from delinquency.features.registered_features import FEATURES
from delinquency.monitoring.drift_checks import drift_findings, missing_table_findings, stability
from delinquency.monitoring.monitor_options import MonitorOptions
from delinquency.monitoring.month_findings import worst_light
from delinquency.monitoring.month_profile import profile_of, stability_index
from delinquency.monitoring.table_profile import table_profiles, table_scales
from delinquency.monitoring.usual_months import NO_MONTHS, Reference, reference_of_months
from delinquency.traits import TRAITS

KEYS = tuple(TRAITS)
NAMES = tuple(list(FEATURES)[::6])
MEANINGS = meanings_of([FEATURES[name] for name in NAMES], window_months=12)
SPENDING = [place for place, name in enumerate(NAMES) if "transactions" in FEATURES[name].tables]
MONTH = 600
MONTHS = 24


def _stamp(numbers):
    return numbers.astype("datetime64[M]").astype("datetime64[ms]")


def _tables(
    rng, n=400, *, rate=3.0, late=0.1, names=("groceries", "travel"), amount=100.0, jobless=5.0,
    jobless_before=5.0,
):  # fmt: skip
    count = rng.poisson(rate, n)
    ids = np.repeat(np.arange(n).astype(str), count)
    month = MONTH - rng.integers(0, 3, len(ids))
    delay = np.where((rng.random(len(ids)) < late) & (month < MONTH), 1, 0)
    both = np.repeat([MONTH - 1, MONTH], n)
    return {
        "transactions": pd.DataFrame(
            {
                "account_id": ids, "date": _stamp(month), "arrival_month": _stamp(month + delay),
                "amount": rng.lognormal(np.log(amount), 1, len(ids)),
                "category": rng.choice(names, len(ids)),
            }
        ),
        "cashflows": pd.DataFrame(
            {
                "account_id": np.tile(np.arange(n).astype(str), 2), "month": _stamp(both),
                "regional_unemployment": np.where(both == MONTH, jobless, jobless_before),
            }
        ),
    }  # fmt: skip


SCALES = table_scales(_tables(np.random.default_rng(0)))


def _month(
    seed, edges=None, *, n=1500, shift=None, table=None, accounts=1500.0, season=1.0, **tables
):
    """Return the profile of a month; a trait's values or a table's features may be shifted."""
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 0.6, (n, 6))
    if shift is not None:
        values[:, KEYS.index(shift)] += 0.7
    features = rng.lognormal(0, 1, (len(NAMES), n))
    features[rng.random(features.shape) < 0.1] = np.nan
    features[SPENDING] *= season
    for place, name in enumerate(NAMES):
        if table is not None and table in FEATURES[name].tables:
            features[place] *= 100.0
    raw = -2.5 + values.sum(axis=1)
    profile = profile_of(
        features, NAMES, 1 / (1 + np.exp(-raw)), raw, values, traits=KEYS, edges=edges
    )
    known = _tables(rng, **tables)
    ids = pd.Series(np.arange(400).astype(str))
    this, before = (
        table_profiles(known, month=at, observed=ids, scales=SCALES) for at in (MONTH, MONTH - 1)
    )
    return profile.with_tables(this, previous=before, accounts_per_month=accounts)


def _reference(**of_month):
    training = _month(0, n=4000)
    months = {
        f"month {place}": _month(
            500 + place, training.edges, **{name: value[place] for name, value in of_month.items()}
        )
        for place in range(MONTHS)
    }
    return reference_of_months(training, months, accounts_per_month=1500.0, scales=SCALES)


@pytest.fixture(scope="module")
def reference():
    return _reference()


def _findings(now, reference):
    return drift_findings(now, reference, MEANINGS, MonitorOptions())


def _red(reference, seed=9, **changed):
    now = _month(seed, reference.profile.edges, **changed)
    return {(f.check, f.subject) for f in _findings(now, reference) if f.light == "red"}


def test_stable_months_raise_no_red_alert(reference):
    for seed in range(1, 21):
        assert _red(reference, seed) == set()


@pytest.mark.parametrize("key", KEYS)
def test_a_trait_that_moves_the_pd_is_named(reference, key):
    assert {one for one in _red(reference, 7, shift=key) if one[0] == "trait"} == {("trait", key)}


@pytest.mark.parametrize("table", ["statements", "cashflows", "bureau", "transactions"])
def test_a_table_in_another_unit_is_named(reference, table):
    assert ("table", table) in _red(reference, 8, table=table)


@pytest.mark.parametrize(
    ("check", "subject", "change"),
    [
        ("volume", "transactions", {"rate": 0.6}),
        ("volume", "transactions", {"rate": 9.0}),
        ("volume", "accounts", {"accounts": 600.0}),
        ("delay", "transactions", {"late": 0.9}),
        ("category", "transactions.category", {"names": ("groceries", "travel", "stamps")}),
        ("column", "transactions.amount", {"amount": 10_000.0}),
        ("column", "cashflows.regional_unemployment", {"jobless": 10.0}),
    ],
)
def test_volume_delay_names_and_columns_are_named(reference, check, subject, change):
    assert (check, subject) in _red(reference, **change)


def test_twice_the_rows_of_the_month_itself_are_named_and_fewer_may_be_on_their_way(reference):
    now = _month(9, reference.profile.edges)
    own = now.tables["transactions"]
    for times, light in ((3.0, "red"), (1 / 3, "green")):
        rows = own.fresh_rows * times
        changed = replace(
            own, fresh_rows=rows, fresh_account_rows=own.fresh_account_rows * times**2
        )
        held = replace(now, tables={**now.tables, "transactions": changed})
        found = [f for f in _findings(held, reference) if "came in the month" in f.words]
        assert {f.subject: f.light for f in found}["transactions"] == light


def test_a_season_that_training_saw_is_no_alert_and_one_that_it_did_not_see_is(reference):
    # Every third month the features of the transactions stand three times as high.
    usual = [1.0, 1.0, 3.0] * 8
    assert ("table", "transactions") in _red(reference, season=3.0)
    assert _red(_reference(season=usual), season=3.0) == set()


def test_a_jump_out_of_a_slow_cycle_is_named_and_the_way_back_is_not():
    # Over two years unemployment rises from 3 to 8: twice the lowest is within what months were.
    cycle = np.linspace(3.0, 8.0, MONTHS)
    slow = {"jobless": cycle, "jobless_before": np.append(3.0, cycle[:-1])}
    known = _reference(**slow)
    subject = ("column", "cashflows.regional_unemployment")
    assert subject not in _red(known, jobless=8.2, jobless_before=8.0)
    assert subject in _red(known, jobless=16.0, jobless_before=8.0)
    assert subject not in _red(known, jobless=5.5, jobless_before=11.0)


def test_a_large_shift_of_few_accounts_is_left_to_chance(reference):
    # PSI of 20 rows against 4,000 is about 9 degrees / 20 = 0.45 by chance alone.
    few = _month(3, reference.profile.edges, n=20)
    psi, chance = stability(
        "pd_hat", few.counts["pd_hat"], reference.profile.counts["pd_hat"], reference
    )
    assert psi > 0.1 and chance > 0.001
    assert {f.light for f in _findings(few, reference) if f.check == "score"} == {"green"}


def test_one_late_row_of_three_is_left_to_chance_and_so_are_names_where_most_are_rare(reference):
    now = _month(3, reference.profile.edges)
    frame = pd.DataFrame(
        {
            "account_id": ["1", "2", "3"], "date": _stamp(np.array([MONTH - 1, MONTH, MONTH])),
            "arrival_month": _stamp(np.array([MONTH, MONTH, MONTH])),
            "amount": 100.0, "category": ["stamps", "coins", "medals"],
        }
    )  # fmt: skip
    tables = table_profiles(
        {"transactions": frame}, month=MONTH, observed=frame["account_id"], scales=SCALES
    )
    own = reference.profile.tables["transactions"]
    once = {**own.categories["category"], "kites": 1.0}
    known = replace(
        reference.profile,
        tables={"transactions": replace(own, categories={"category": once})},
    )
    found = _findings(
        now.with_tables(tables, accounts_per_month=1500.0), replace(reference, profile=known)
    )
    lights = {(f.check, f.subject): f.light for f in found}
    assert lights["delay", "transactions"] == "green"
    assert lights["category", "transactions.category"] == "red"  # 3 of 3; one name in 28,000 rows
    thousand = {**own.categories["category"], **{f"shop {k}": 1.0 for k in range(3_000)}}
    rare = replace(known, tables={"transactions": replace(own, categories={"category": thousand})})
    found = _findings(
        now.with_tables(tables, accounts_per_month=1500.0), replace(reference, profile=rare)
    )
    lights = {(f.check, f.subject): f.light for f in found}
    assert lights["category", "transactions.category"] == "amber"


def test_without_months_only_chance_and_the_floors_count(reference):
    alone = Reference(reference.profile, NO_MONTHS)
    assert _red(alone, 1) == set()
    assert ("trait", "credit_record") in _red(alone, shift="credit_record")
    assert ("table", "transactions") in _red(alone, season=3.0)


def test_the_index_equals_its_value_by_hand():
    # shares 0.25, 0.75 against 0.5, 0.5: (0.25-0.5) ln 0.5 + (0.75-0.5) ln 1.5 = 0.27465
    index, bins = stability_index([25, 75], [50, 50])
    assert index == pytest.approx(0.27465, abs=1e-5) and bins == 2


def test_levels_shares_and_their_variances_equal_those_by_hand():
    frame = pd.DataFrame(
        {
            "account_id": ["a", "a", "b", "b", "z"],
            "month": _stamp(np.array([MONTH, MONTH - 1, MONTH, MONTH - 3, MONTH])),
            "salary": [np.sinh(1.0) * 50, 0.0, np.nan, 7.0, 9.0],
        }
    )
    found = table_profiles(
        {"cashflows": frame}, month=MONTH, observed=pd.Series(["a", "b", "c"]),
        scales={"cashflows.salary": 50.0},
    )["cashflows"]  # fmt: skip
    # Three rows in three months: two of a, one of b, none of c; z is not observed.
    assert (found.rows, found.accounts, found.account_rows) == (3.0, 3.0, 5.0)
    assert found.rate() == pytest.approx((1.0, (5 / 3 - 1) / 3))
    assert found.fresh_rate() == pytest.approx((2 / 3, (2 / 3 - 4 / 9) / 3))
    # Of the month itself two rows, one without a value; the other has level 1.
    salary = found.columns["salary"]
    assert (salary.rows, salary.missing_share) == (2.0, 0.5)
    assert salary.mean_level() == pytest.approx((1.0, 0.0), abs=1e-12)
    two = salary + replace(salary, level=3.0, account_levels=9.0, account_both=3.0)
    # Levels 1 and 3 of one row each: mean 2, (1-2)^2 + (3-2)^2 = 2 over 2 rows squared.
    assert two.mean_level() == pytest.approx((2.0, 0.5))


def test_a_missing_table_is_red():
    (found,) = missing_table_findings({"statements"}, {"statements", "bureau"})
    assert (found.subject, found.light) == ("bureau", "red")
    assert worst_light([found]) == "red" and worst_light([]) == "green"


def test_profiles_of_parts_add_up_and_survive_json(reference):
    edges = reference.profile.edges
    one, other = _month(1, edges, n=500), _month(2, edges, n=700)
    whole = one + other
    assert whole.n_accounts == 1200 and whole.accounts_per_month == 3000
    for name, counts in whole.counts.items():
        assert sum(counts) == 1200, name
    level = whole.tables["transactions"].columns["amount"].level
    assert level == sum(p.tables["transactions"].columns["amount"].level for p in (one, other))
    plain = json.loads(json.dumps(reference.to_plain()))
    assert Reference.from_plain(plain).to_plain() == reference.to_plain()
