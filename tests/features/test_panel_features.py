"""Values by hand of the features that rest on tables beyond the statements."""

import numpy as np
import pandas as pd
import pytest

from delinquency.features.registered_features import FEATURES
from delinquency.panel.observations import Observations
from delinquency.panel.windows import Windows

NAN = np.nan


def _windows(month: str = "2024-06", **columns) -> Windows:
    """Return windows of one account: lists are monthly values, numbers those of the account."""
    monthly = {n: np.array([v], float) for n, v in columns.items() if isinstance(v, list)}
    static = {n: np.array([v], float) for n, v in columns.items() if not isinstance(v, list)}
    n_months = len(next(iter(columns.values())))
    keys = pd.DataFrame({"account_id": ["a"], "observation_month": [pd.Timestamp(month)]})
    return Windows(Observations.of(keys), n_months, monthly, static, frozenset())


def _value(name: str, **columns) -> float:
    windows = _windows(**columns)
    lacking = [need for need in FEATURES[name].needs if need not in windows]
    assert not lacking, f"the test lacks {lacking}"
    return float(FEATURES[name].compute(windows)[0])


def test_a_value_at_its_ceiling_is_told_as_so_much_or_more():
    from delinquency.features.feature_description import meanings_of
    from delinquency.reasons.value_wording import displayed, style_of, value_text

    columns = {"balance": [100, 100, 30_000], "application_income": 2000}
    value = _value("balance_to_stated_income", **columns)
    meanings = meanings_of([FEATURES["balance_to_stated_income"]], window_months=3)
    style = style_of(meanings["balance_to_stated_income"])
    shown = displayed(np.array([value, 9.87]), style)

    assert value == 10.0  # 15 times the income, told as 10 or more
    assert value_text(shown[0], style) == "1,000% or more"
    assert value_text(shown[0], style, language="zh") == "1,000%以上"
    assert value_text(shown[1], style) == "987%"


def test_no_value_lies_beyond_its_ceiling_and_none_gathers_at_one_untold():
    """Ratios of wild amounts are clipped: where many rows end at one large number, it is told."""
    rng = np.random.default_rng(1)
    n, months = 400, 12
    needed = {name for one in FEATURES.values() for name in one.needs}
    wild = {name: np.exp(rng.normal(0, 4, (n, months))) for name in needed}
    static = {"application_income": np.exp(rng.normal(0, 4, n))}
    keys = pd.DataFrame({
        "account_id": [f"a{k}" for k in range(n)],
        "observation_month": pd.Timestamp("2024-06"),
    })  # fmt: skip
    monthly = {k: v for k, v in wild.items() if k not in static}
    windows = Windows(Observations.of(keys), months, monthly, static, frozenset())
    untold = {}
    for name, one in FEATURES.items():
        if one.unit not in ("ratio", "share"):
            continue
        values = one.compute(windows)
        known = values[np.isfinite(values)]
        assert not np.isfinite(one.ceiling) or known.max(initial=0.0) <= one.ceiling, name
        top = known.max(initial=0.0)
        changes = (", change", ", latest against", ", variation")
        level = not any(word in one.phrase for word in changes)
        if level and top > 1 and (known == top).sum() > 10 and top != one.ceiling:
            untold[name] = top
    assert not untold, untold


SALARY = [4000, 4000, 4000, 4000, 0, 0]
NO_BENEFITS = [0, 0, 0, 0, 0, 0]
BENEFITS = [0, 0, 0, 0, 1000, 1000]


@pytest.mark.parametrize(
    ("name", "columns", "expected"),
    [
        # (4000 + 1000 + 1000) / 3 = 2000 against 4000: half is lost
        ("income_drop", {"salary": SALARY, "benefits": BENEFITS}, 0.5),
        # an income that grows has not dropped
        ("income_drop", {"salary": SALARY[::-1], "benefits": NO_BENEFITS}, 0.0),
        ("salary_missed_months", {"salary": SALARY}, 2),
        ("salary_missed_streak", {"salary": [0, 4000, 0, 4000, 0, 0]}, 2),
        # 2000 / (16000 + 2000) = 1/9
        ("benefit_share", {"salary": SALARY, "benefits": BENEFITS}, 1 / 9),
        # three months' income 6000 / 3 = 2000 over 5000 stated
        ("income_to_stated",
         {"salary": SALARY, "benefits": BENEFITS, "application_income": 5000}, 0.4),
        # days 5 5 5 5 5 11: the mean is 6, the last 11
        ("salary_delay", {"salary_day": [5, 5, 5, 5, 5, 11]}, 5),
        # published two months late: the rate of April is what may be seen in June
        ("unemployment_rate", {"regional_unemployment": [4, 4, 4, 5, 9, 9]}, 5),
        ("unemployment_change", {"regional_unemployment": [4, 4, 4, 5, 9, 9]}, 1),
        # 1000 against (700 * 3 + 100 * 3) / 6 = 400, the spending that the household is used to
        ("income_to_usual_spending_last",
         {"salary": SALARY, "benefits": BENEFITS,
          "other_outgoings": [700, 700, 700, 100, 100, 100]}, 2.5),
        # 1 - 250/1000
        ("savings_drawdown", {"deposit_balance": [500, 1000, 800, 600, 400, 250]}, 0.75),
        ("application_income_log", {"application_income": 0.0, "salary": [1]}, 0.0),
    ],
)  # fmt: skip
def test_economic_condition_by_hand(name, columns, expected):
    columns = dict(sorted(columns.items(), key=lambda item: not isinstance(item[1], list)))
    assert _value(name, **columns) == pytest.approx(expected)


def test_the_history_before_this_account_is_what_the_oldest_line_has_beyond_it():
    known = {"oldest_trade_months": [50, 51, NAN], "months_on_book": 30}
    assert _value("history_before_account", **known) == 21
    # a line that the bureau does not know of yet makes no negative history
    assert _value("history_before_account", **known | {"months_on_book": 60}) == 0


def test_a_report_that_has_not_arrived_leaves_the_last_one_in_force():
    late = [0, 2, 1, 0, NAN, NAN]
    assert _value("status_elsewhere_last", worst_status_elsewhere=late) == 0
    # carried forward: 0 0 0 over the last three months; 0 2 1 0 0 0 over six: 3 / 6
    assert _value("status_elsewhere_mean_3m", worst_status_elsewhere=late) == 0
    assert _value("status_elsewhere_mean_6m", worst_status_elsewhere=late) == 0.5
    assert _value("late_months_elsewhere", worst_status_elsewhere=late) == 2
    # March was late: three months before June
    assert _value("months_since_late_elsewhere", worst_status_elsewhere=late) == 3


@pytest.mark.parametrize(
    ("name", "columns", "expected"),
    [
        # dues 100 + 900 here and elsewhere over a stated income of 4000
        ("debt_service_to_stated_income_last",
         {"minimum_due": [100, 100], "other_instalments": [900, NAN],
          "application_income": 4000}, 0.25),
        # (1000 + 11000) / (12 * 4000)
        ("debt_to_stated_income_last",
         {"balance": [500, 1000], "other_balance": [11000, NAN],
          "application_income": 4000}, 0.25),
        ("maxed_cards_max", {"maxed_cards": [1, 3, NAN]}, 3),
        ("enquiries_recent", {"enquiries": [5, 1, 0, 2]}, 3),
        # 2 -> 3 -> 3 -> 2 -> 4: rises of 1 and 2
        ("new_trades", {"open_trades": [2, 3, NAN, 2, 4]}, 3),
        # 6000 elsewhere, 2000 here
        ("share_owed_elsewhere", {"other_balance": [6000, NAN], "balance": [0, 2000]}, 0.75),
        # (1500 + 6000) - (500 + 5000) = 2000 over 4000
        ("debt_growth_to_stated_income",
         {"balance": [500, 1500], "other_balance": [5000, 6000],
          "application_income": 4000}, 0.5),
        # 30 + 30 of interest against 100 + 20 paid
        ("interest_to_payments", {"interest": [30, 30], "payment": [100, 20]}, 0.5),
        ("cash_advances_to_balance", {"cash_advances": [100, 150], "balance": [900, 1000]}, 0.25),
    ],
)  # fmt: skip
def test_debt_burden_by_hand(name, columns, expected):
    assert _value(name, **columns) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("salary", "benefits", "expected"),
    [
        # no three months known: (4000 + 0) / 2 = 2000, less essentials of 500
        ([4000, 0], [0, 0], 0.75),
        # the best three in a row, (3900 + 4000 + 4100) / 3 = 4000, whatever came after
        ([3900, 4000, 4100, 0, 0], [0, 0, 0, 0, 500], 0.875),
    ],
)
def test_the_usual_income_is_what_the_household_earns_while_it_earns(salary, benefits, expected):
    essentials = [500] * len(salary)
    known = {"salary": salary, "benefits": benefits, "essential_outgoings": essentials}
    assert _value("residual_income_last", **known) == pytest.approx(expected)


def test_a_fall_of_income_makes_no_debt_look_heavier():
    from delinquency.features.registered_features import FEATURES

    income = {"salary", "benefits"}
    heavy = [one for one in FEATURES.values() if one.trait.key == "debt_burden"]
    assert heavy
    assert not [one.name for one in heavy if income & set(one.needs)]


ABLE = {
    "salary": [3000, 3000, 3000, 3000],
    "benefits": [0, 0, 0, 0],
    "essential_outgoings": [2000, 2000, 2000, 2800],
    "minimum_due": [500, 500, 500, 500],
    "deposit_balance": [0, 0, 0, 0],
}


@pytest.mark.parametrize(
    ("name", "columns", "expected"),
    [
        # (3000 - 2800) / 3000
        ("residual_income_last", {}, 200 / 3000),
        # a lost salary does not change what the essentials leave of the usual one
        ("residual_income_last", {"salary": [3000, 3000, 3000, 0]}, 200 / 3000),
        # 6600 / (2800 + 500)
        ("buffer_last", {"deposit_balance": [0, 0, 0, 6600]}, 2.0),
        ("low_deposit_months", {"deposit_balance": [600, 500, 499, 0]}, 2),
        # 100 and 250 of the 500 due; 0 is no payment, 500 the whole
        ("partial_payment_months", {"payment": [400, 100, 500, 250]}, 2),
        # 500 and 550 of three months with 500 due
        ("minimum_payer_share", {"payment": [0, 500, 550, 600]}, 2 / 3),
        # salary on the 10th, due on day 30 - 5 = 25
        ("payday_gap",
         {"salary_day": [10, 10, 10, 10], "due_date_days_before_month_end": [5, 5, 5, 5]}, 15),
        # paid 8 days and due 5 days before the end of the month: 3 ahead
        ("days_before_due_last",
         {"payment_date_days_before_month_end": [9, 9, 9, 8],
          "due_date_days_before_month_end": [5, 5, 5, 5]}, 3),
    ],
)  # fmt: skip
def test_repayment_capacity_by_hand(name, columns, expected):
    assert _value(name, **{**ABLE, **columns}) == pytest.approx(expected)


def test_an_unsteady_salary_varies_by_its_standard_deviation_over_its_mean():
    # 1000, 3000: deviation sqrt(2 * 1000^2 / 1) = 1414.2, mean 2000
    assert _value("salary_variation", salary=[1000, 3000]) == pytest.approx(np.sqrt(2) / 2)
    # a month without a salary is a lost salary, not an unsteady one
    assert _value("salary_variation", salary=[1000, 0, 3000]) == pytest.approx(np.sqrt(2) / 2)


def test_not_paying_is_unwilling_only_in_months_in_which_the_minimum_was_affordable():
    # coverage 2, 2, .4: able in the second and third month only; 500 and then 0 of 500 paid
    assert _value("able_unpaid_months", **ABLE, payment=[0, 500, 0, 0]) == 1
    # with deposits of a month and more the last month is affordable too
    rich = {**ABLE, "deposit_balance": [0, 0, 2500, 0]}
    assert _value("able_unpaid_months", **rich, payment=[0, 500, 0, 0]) == 2


def test_an_account_that_never_could_pay_is_never_called_unwilling():
    poor = {**ABLE, "essential_outgoings": [2900] * 4}
    assert _value("able_unpaid_months", **poor, payment=[0, 0, 0, 0]) == 0


def test_other_instalments_take_away_ability():
    # 1000 left - 300 elsewhere = 700 over 500 = 1.4 < 1.5: not able, though it was without them
    debts = {**ABLE, "other_instalments": [300] * 4, "payment": [0, 0, 0, 0]}
    assert _value("able_after_debts_unpaid_months", **debts) == 0
    assert _value("able_unpaid_months", **debts) == 2
    # 1000 - 250 = 750 over 500 = 1.5: able, and nothing paid in two months of that kind
    less = {**ABLE, "other_instalments": [250] * 4, "payment": [0, 0, 0, 0]}
    assert _value("able_after_debts_unpaid_months", **less) == 2


@pytest.mark.parametrize(
    ("name", "columns", "expected"),
    [
        # (2 + 3) / (4 + 3 + 1)
        ("promises_kept_ratio",
         {"promises_kept": [1, 0, 2], "promises_broken": [0, 1, 0]}, 5 / 8),
        # without any promise nothing is said
        ("promises_kept_ratio",
         {"promises_kept": [0, 0, 0], "promises_broken": [0, 0, 0]}, NAN),
        ("promises_broken_recent", {"promises_broken": [9, 1, 0, 0, 1, 0, 0]}, 2),
        # reached 1 of 4 attempts
        ("right_party_rate",
         {"right_party_contacts": [1, 0, 0], "contact_attempts": [2, 1, 1]}, 0.25),
        ("right_party_rate",
         {"right_party_contacts": [0, 0, 0], "contact_attempts": [0, 0, 0]}, NAN),
        # reached in the first month: 1 + 1 attempts since
        ("unanswered_attempts",
         {"right_party_contacts": [1, 0, 0], "contact_attempts": [2, 1, 1]}, 2),
        ("inbound_recent", {"inbound_contacts": [5, 0, 0, 1, 0, 0, 1]}, 2),
        ("inbound_total", {"inbound_contacts": [5, 0, 0, 1, 0, 0, 1]}, 7),
        ("autopay_cancelled", {"autopay": [1, 1, 0]}, 1),
        ("autopay_cancelled", {"autopay": [0, 0, 0]}, 0),
        ("autopay_cancelled", {"autopay": [1, 0, 1]}, 0),
        # ages 2, 3, 4: the late month is the second, at age 3
        ("early_default", {"days_past_due": [0, 5, 0], "months_on_book": 4}, 1),
        ("early_default", {"days_past_due": [0, 5, 0], "months_on_book": 40}, 0),
        # late in two months, two lines elsewhere, late themselves in the second
        ("selective_payment_months",
         {"days_past_due": [0, 30, 60], "worst_status_elsewhere": [0, NAN, 1],
          "open_trades": [2, NAN, 2]}, 1),
        # one line elsewhere is too few to tell
        ("selective_payment_months",
         {"days_past_due": [0, 30], "worst_status_elsewhere": [0, NAN], "open_trades": [1, NAN]},
         0),
        # savings of 2 months held in the month with nothing paid
        ("buffer_while_unpaid",
         {**ABLE, "deposit_balance": [0, 0, 5000, 0], "payment": [0, 500, 0, 500]}, 2.0),
    ],
)  # fmt: skip
def test_repayment_willingness_by_hand(name, columns, expected):
    columns = dict(sorted(columns.items(), key=lambda item: not isinstance(item[1], list)))
    assert _value(name, **columns) == pytest.approx(expected, nan_ok=True)


SPEND = {"card_spend": [100, 100, 200]}


@pytest.mark.parametrize(
    ("name", "columns", "expected"),
    [
        # 100 of 400
        ("promotion_share", {**SPEND, "promotion_spend": [0, 0, 100]}, 0.25),
        ("luxury_share", {**SPEND, "luxury_spend": [40, 0, 0]}, 0.1),
        ("high_ticket_instalments",
         {"high_ticket_instalment_spend": [0, 2000, 0], "application_income": 4000}, 0.5),
        # 50 + 50 over 1000
        ("cash_advance_flow", {"cash_advances": [50, 0, 50], "credit_limit": [900, 900, 1000]},
         0.1),
        ("purchases_to_payments", {"purchases": [10, 20, 30], "payment": [20, 20, 0]}, 1.5),
        # paid 10 of 100 in the second month, all of it in the third: 50/1000 in the second
        ("purchases_while_revolving",
         {"purchases": [9, 50, 70], "payment": [0, 10, 100], "balance": [100, 100, 100],
          "credit_limit": [1000] * 3}, 0.05),
        # the limit rises by 1000 in month 3; 300 + 300 after, 100 + 100 before: 400/1000
        ("limit_rise_response",
         {"purchases": [100, 100, 300, 300], "credit_limit": [1000, 1000, 2000, 2000]}, 0.4),
        ("limit_rise_response",
         {"purchases": [100, 100, 300, 300], "credit_limit": [1000] * 4}, 0.0),
        # log1p(400 / 8)
        ("ticket_log", {**SPEND, "purchase_count": [2, 2, 4]}, np.log1p(50)),
    ],
)  # fmt: skip
def test_spending_behavior_by_hand(name, columns, expected):
    columns = dict(sorted(columns.items(), key=lambda item: not isinstance(item[1], list)))
    assert _value(name, **columns) == pytest.approx(expected)


def test_sales_seasons_are_told_apart_from_spikes():
    # July to December 2024: the sales are in November and December
    spend = [100, 100, 100, 140, 500, 600]
    columns = {"card_spend": spend, "month": "2024-12"}
    # ordinary months: 100 100 100 140, mean 110, deviation sqrt((3 * 100 + 900) / 3) = 20
    assert _value("spend_spike", **columns) == pytest.approx((140 - 110) / 20)
    assert _value("spend_variation", **columns) == pytest.approx(20 / 110)
    # (500 + 600) / 2 = 550 over 110, less 1
    assert _value("festival_uplift", **columns) == pytest.approx(4.0)
