import numpy as np
import pandas as pd

from delinquency.panel.observations import Observations
from delinquency.panel.windows import Windows
from delinquency.reasons.monthly_margin import monthly_margins

NAN = float("nan")


def _margin(salary, essentials, **monthly):
    keys = pd.DataFrame({"account_id": ["a"], "observation_month": pd.to_datetime(["2023-12-01"])})
    rows = {"salary": salary, "essential_outgoings": essentials, **monthly}
    arrays = {name: np.array([values]) for name, values in rows.items()}
    return monthly_margins(Windows(Observations.of(keys), len(salary), arrays, {}, frozenset()))[0]


def test_three_known_months_are_counted_although_the_latest_is_not_there_yet():
    # September to November: 1,650.59 - 3,257.72 + 618.82 = -988.31; a third is -329.44.
    margin = _margin(
        [9_000.0, 5_499.27, 625.67, 4_352.50, NAN], [0.0, 3_848.68, 3_883.39, 3_733.68, NAN]
    )
    assert round(margin.amount, 2) == -329.44
    assert (margin.months, str(margin.until)) == (3, "2023-11")
    told, told_zh = margin.sentence("CNY")
    assert (
        told == "Essentials exceed income by CNY 329.44 a month (mean of 3 months up to Nov 2023)."
    )
    assert told_zh == "必要支出每月超过收入329.44元（截至2023年11月的3个月平均）。"


def test_payments_to_other_lenders_are_taken_off_as_the_casework_does():
    margin = _margin(
        [1_000.0] * 3, [400.0] * 3, benefits=[NAN, 30.0, NAN], other_instalments=[90.0, 100.0, NAN]
    )
    assert round(margin.amount, 2) == 510.0  # 600 + 30 / 3 - 100
    assert margin.sentence("")[0].startswith("Left after essentials and debts elsewhere: 510.00 a")
    assert margin.fits(510.0) and not margin.fits(510.01)


def test_nothing_is_said_where_no_month_is_known():
    assert not _margin([NAN, NAN], [100.0, NAN]).known
    one = _margin([NAN, 100.0], [NAN, 40.0])
    assert one.sentence("")[0].endswith("(mean of 1 month up to Dec 2023).")


def test_payments_to_other_lenders_that_nobody_knows_are_not_said_to_be_taken_off():
    margin = _margin([1_000.0] * 3, [400.0] * 3, other_instalments=[NAN, NAN, NAN])
    assert margin.amount == 600.0 and not margin.with_debts
    assert margin.sentence("")[0].startswith("Left after essentials: 600.00 a month")
