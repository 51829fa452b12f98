import numpy as np
import pandas as pd
from tests.panel.test_outcomes import panel

from delinquency.panel.roll_rates import (
    BUCKETS,
    LONGEST_STEP,
    impossible_steps,
    roll_rates,
    vintages,
    worse_later,
)


def test_roll_rates_count_every_move_between_known_months():
    table = roll_rates(panel({"a": [0, 10, 40, 0], "b": [0, 0, None, 10], "c": [10, 0, 0, 0]}))
    # From current: a -> 1-29, b -> current, c -> current twice: 1/4 and 3/4.
    assert table.loc["current", "1-29"] == 0.25
    assert table.loc["current", "current"] == 0.75
    assert table.loc["current", "accounts"] == 4
    # From 1-29: a -> 30-59, c -> current. b's gap hides its move.
    assert table.loc["1-29", "30-59"] == 0.5
    assert table.loc["30-59", "current"] == 1.0
    assert np.isnan(table.loc["60-89", "current"])


def test_roll_rates_of_each_bucket_add_up_to_one():
    random = np.random.default_rng(0)
    days = random.choice([0, 10, 40, 70, 100, 130, 160, 200], (30, 12))
    table = roll_rates(panel({f"a{i}": list(row) for i, row in enumerate(days)}))
    assert np.allclose(table[list(BUCKETS)].sum(axis=1), 1.0)


def test_moves_out_of_a_charge_off_are_not_counted():
    table = roll_rates(panel({"a": [170, 190, 190]}, charged_off={("a", 1)}))
    assert table.loc["150-179", "180+"] == 1.0
    assert table.loc["180+", "accounts"] == 0


def test_impossible_steps_are_those_of_a_join_of_every_month_with_the_next():
    random = np.random.default_rng(3)
    days = random.choice([0, 5, 29, 33, 36, 64, 66, 71, 120], (40, 9)).astype(object)
    days[random.random((40, 9)) < 0.2] = None
    rows = panel(
        {f"a{i}": list(row) for i, row in enumerate(days)},
        charged_off={(f"a{i}", 4) for i in range(5)},
    )
    # The second road: pandas joins each statement with that of the month after, by account.
    rows = rows.sample(frac=1.0, random_state=1)
    # Nobody counts the days of an account from its charge-off on.
    gone = rows[rows["charged_off"] == 1].groupby("account_id")["month"].min()
    known = rows[~(rows["month"] >= rows["account_id"].map(gone))]
    month = known["month"].dt.year * 12 + known["month"].dt.month
    here = known.assign(number=month)[["account_id", "number", "days_past_due"]]
    pairs = here.merge(here.assign(number=here["number"] - 1), on=["account_id", "number"])
    rise = pairs["days_past_due_y"] - pairs["days_past_due_x"]
    assert impossible_steps(rows) == (len(pairs), int((rise > LONGEST_STEP).sum()))
    assert 0 < (rise > LONGEST_STEP).sum() < len(pairs)


def test_a_step_of_thirty_five_days_is_possible_and_whole_months_are_codes():
    assert impossible_steps(panel({"a": [0, 35, 71]})) == (2, 1)
    assert impossible_steps(panel({"a": [0, 60, 120]})) == (0, 0)
    # A gap of a month hides what lies across it.
    assert impossible_steps(panel({"a": [5, None, 80]})) == (0, 0)


def test_worse_later_follows_each_account_from_its_first_mark():
    rows = panel({"lost": [0, 35, 95, 185, 185], "cured": [0, 35, 0, 0, 0], "never": [0] * 5})
    table = worse_later(rows, months=3, days=(30, 90)).set_index("days_past_due")
    # Two reach 30 days, one of them goes on to 185; the one at 90 has no three months after it.
    assert table.loc[30, "accounts"] == 2 and table.loc[30, "never_recover"] == 0.5
    assert table.loc[90, "accounts"] == 0


def test_vintages_follow_the_accounts_opened_within_the_data():
    rows = panel({"a": [0, 0, 65, 0, 0, 0], "b": [None, 0, 0, 0, 0, 0], "old": [65] * 6})
    accounts = pd.DataFrame(
        {
            "account_id": ["a", "b", "old"],
            "opened_month": pd.to_datetime(["2020-01-01", "2020-02-01", "2015-01-01"]),
        }
    )
    table = vintages(rows, accounts)
    # First quarter of 2020: a is bad two months after opening, b never: 0, 0, 1/2, 1/2. The
    # quarter ends in March and the data in June, so every account reaches 3 months on book.
    assert table["months_on_book"].tolist() == [0, 1, 2, 3]
    assert table["ever_bad"].tolist() == [0.0, 0.0, 0.5, 0.5]
    assert (table["accounts"] == 2).all()
