"""What turns a light on, on profiles made by hand and at random."""

import numpy as np
import pandas as pd
import pytest

from delinquency.features.feature_description import meanings_of
from delinquency.features.registered_features import FEATURES
from delinquency.monitoring.drift_checks import (
    drift_findings,
    missing_table_findings,
    stability,
    worst_light,
)
from delinquency.monitoring.monitor_options import MonitorOptions
from delinquency.monitoring.month_profile import MonthProfile, profile_of, table_profiles
from delinquency.traits import TRAITS

KEYS = tuple(TRAITS)
NAMES = tuple(list(FEATURES)[::6])
MEANINGS = meanings_of([FEATURES[name] for name in NAMES], window_months=12)
MONTH = 600


def _tables(rng, n=400, *, rate=3.0, late=0.1, names=("groceries", "travel")):
    count = rng.poisson(rate, n)
    ids = np.repeat(np.arange(n).astype(str), count)
    month = MONTH - rng.integers(0, 3, len(ids))
    delay = np.where((rng.random(len(ids)) < late) & (month < MONTH), 1, 0)
    stamp = lambda numbers: numbers.astype("datetime64[M]").astype("datetime64[ms]")  # noqa: E731
    return {
        "transactions": pd.DataFrame(
            {
                "account_id": ids, "date": stamp(month), "arrival_month": stamp(month + delay),
                "category": rng.choice(names, len(ids)),
            }
        )
    }  # fmt: skip


def _month(seed, reference=None, *, n=1500, shift=None, table=None, accounts=1500.0, **tables):
    """Return the profile of a month; a trait's values or a table's features may be shifted."""
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 0.6, (n, 6))
    if shift is not None:
        values[:, KEYS.index(shift)] += 0.7
    features = rng.lognormal(0, 1, (len(NAMES), n))
    features[rng.random(features.shape) < 0.1] = np.nan
    for place, name in enumerate(NAMES):
        if table is not None and table in FEATURES[name].tables:
            features[place] *= 100.0
    raw = -2.5 + values.sum(axis=1)
    profile = profile_of(
        features, NAMES, 1 / (1 + np.exp(-raw)), raw, values, traits=KEYS,
        edges=None if reference is None else reference.edges,
    )  # fmt: skip
    known = table_profiles(_tables(rng, **tables), month=MONTH, n_accounts=400)
    return profile.with_tables(known, accounts_per_month=accounts)


@pytest.fixture(scope="module")
def reference():
    return _month(0, n=4000)


def _findings(now, reference):
    return drift_findings(now, reference, MEANINGS, MonitorOptions())


def test_stable_months_raise_no_red_alert(reference):
    for seed in range(1, 41):
        findings = _findings(_month(seed, reference), reference)
        assert worst_light(findings) != "red", [f.words for f in findings if f.light == "red"]


@pytest.mark.parametrize("key", KEYS)
def test_a_trait_that_moves_the_pd_is_named(reference, key):
    red = {f.subject for f in _findings(_month(7, reference, shift=key), reference)
           if f.light == "red" and f.check == "trait"}  # fmt: skip
    assert red == {key}


@pytest.mark.parametrize("table", ["statements", "cashflows", "bureau", "transactions"])
def test_a_table_in_another_unit_is_named(reference, table):
    red = {f.subject for f in _findings(_month(8, reference, table=table), reference)
           if f.light == "red" and f.check == "table"}  # fmt: skip
    assert table in red


@pytest.mark.parametrize(
    ("check", "subject", "change"),
    [
        ("volume", "transactions", {"rate": 0.6}),
        ("volume", "transactions", {"rate": 9.0}),
        ("volume", "accounts", {"accounts": 600.0}),
        ("delay", "transactions", {"late": 0.9}),
        ("category", "transactions.category", {"names": ("groceries", "travel", "stamps")}),
    ],
)
def test_volume_delay_and_unseen_names_are_named(reference, check, subject, change):
    red = {(f.check, f.subject) for f in _findings(_month(9, reference, **change), reference)
           if f.light == "red"}  # fmt: skip
    assert (check, subject) in red


def test_a_large_shift_of_few_accounts_is_left_to_chance(reference):
    # PSI of 20 rows against 4,000 is about 9 degrees / 20 = 0.45 by chance alone.
    few = _month(3, reference, n=20)
    psi, chance = stability(few.counts["pd_hat"], reference.counts["pd_hat"])
    assert psi > 0.1 and chance > 0.001
    assert {f.light for f in _findings(few, reference) if f.check == "score"} == {"green"}


def test_the_index_equals_its_value_by_hand():
    # shares 0.25, 0.75 against 0.5, 0.5: (0.25-0.5) ln 0.5 + (0.75-0.5) ln 1.5 = 0.27465
    psi, _ = stability([25, 75], [50, 50])
    assert psi == pytest.approx(0.27465, abs=1e-5)


def test_a_missing_table_is_red():
    (found,) = missing_table_findings({"statements"}, {"statements", "bureau"})
    assert (found.subject, found.light) == ("bureau", "red")


def test_profiles_of_parts_add_up_and_survive_json(reference):
    import json

    one, other = _month(1, reference, n=500), _month(2, reference, n=700)
    whole = one + other
    assert whole.n_accounts == 1200 and whole.accounts_per_month == 3000
    for name, counts in whole.counts.items():
        assert sum(counts) == 1200, name
    plain = json.loads(json.dumps(whole.to_plain()))
    assert MonthProfile.from_plain(plain).to_plain() == whole.to_plain()
