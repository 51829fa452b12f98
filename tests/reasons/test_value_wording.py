import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from delinquency.features.feature_description import FeatureMeaning
from delinquency.reasons.value_wording import Style, displayed, month_text, style_of, value_text

SEPTEMBER = np.datetime64("2005-09")
UNITS = ["share", "money", "log money", "months", "days", "count", "level", "ratio", "visits"]


@pytest.mark.parametrize(
    ("value", "unit", "change", "english", "chinese"),
    [
        (0.914, "share", "level", "91%", "91%"),
        (0.0312, "ratio", "level", "3.1%", "3.1%"),
        (0.124, "ratio", "difference", "+12 percentage points", "+12个百分点"),
        (-0.124, "ratio", "difference", "-12 percentage points", "-12个百分点"),
        (0.124, "ratio", "spread", "12 percentage points", "12个百分点"),
        (5.25, "percent", "level", "5.2%", "5.2%"),
        (1.0, "months", "level", "1 month", "1个月"),
        (2.0, "months", "level", "2 months", "2个月"),
        (1.5, "months", "difference", "+1.5 months", "+1.5个月"),
        (30.0, "days", "level", "30 days", "30天"),
        (3.0, "count", "level", "3", "3"),
        (0.0, "count", "level", "none", "0"),
        (12_345.4, "money", "level", "TWD 12,345", "TWD 12,345"),
        (np.log1p(640.0), "log money", "level", "TWD 640.00", "TWD 640.00"),
        (np.log(1.5), "log money", "difference", "+50%", "+50%"),
        (12.0, "log money", "difference", "over 999%", "999%以上"),
        (1_234_567.0, "money", "level", "TWD 1,234,567", "TWD 1,234,567"),
        (np.nan, "money", "level", "not known", "无数据"),
        (1.0, "flag", "level", "yes", "是"),
        (4.0, "visits", "level", "4 visits", "4 visits"),
    ],
)
def test_values_are_written_by_their_unit(value, unit, change, english, chinese):
    style = Style(unit, change, "TWD")
    shown = displayed(np.array([value]), style)[0]
    assert value_text(shown, style) == english
    assert value_text(shown, style, language="zh") == chinese


def test_a_capped_code_of_a_ratio_is_compared_as_it_is_shown():
    own = FeatureMeaning.of("load", "debt_burden", phrase="Load", unit="ratio")
    style = style_of(replace(own, capped=(9.98,)))
    shown = displayed(np.array([1.5, 9.97, 9.98]), style)
    assert [value_text(one, style) for one in shown] == ["150%", "997%", "998% or more"]


def test_renminbi_are_written_in_yuan_to_the_cent():
    style = Style("money", currency="CNY")
    assert value_text(640.0, style, language="zh") == "640.00元"
    assert value_text(45_600.0, style, language="zh") == "45,600元"
    # Nobody knows the currency: no word for it.
    assert value_text(640.0, Style("money"), language="zh") == "640.00"


def test_counts_take_the_measure_word_of_what_is_counted(column_meaning):
    enquiries = column_meaning(name="enquiries_total", unit="count")
    assert value_text(3.0, style_of(enquiries), language="zh") == "3次"
    late = column_meaning(name="late_months", unit="count")
    assert value_text(3.0, style_of(late), language="zh") == "3个月"


def test_a_small_number_never_reads_as_nothing():
    # The issue's own case: 0.43 against 0.02 must not become 0.4 against 0.
    style = Style("months")
    assert displayed(np.array([0.43, 0.02, 0.0]), style).tolist() == [0.43, 0.02, 0.0]
    assert value_text(0.02, style) == "0.02 months"


@given(
    a=st.floats(-1e9, 1e9), b=st.floats(-1e9, 1e9), unit=st.sampled_from(UNITS),
    change=st.sampled_from(["level", "difference", "spread"]),
)  # fmt: skip
def test_rounding_never_turns_a_comparison_round(a, b, unit, change):
    low, high = displayed(np.array([min(a, b), max(a, b)]), Style(unit, change, "CNY"))
    assert low <= high


@given(value=st.floats(-1e12, 1e12), unit=st.sampled_from(UNITS))
def test_both_languages_write_the_same_digits(value, unit):
    style = Style(unit, currency="CNY")
    shown = float(displayed(np.array([value]), style)[0])
    digits = [
        re.sub(r"[^0-9.,-]", "", value_text(shown, style, language=language).replace("none", "0"))
        for language in ("en", "zh")
    ]
    assert digits[0] == digits[1]


@given(
    a=st.floats(0, 1e7), b=st.floats(0, 1e7), unit=st.sampled_from(UNITS),
)  # fmt: skip
def test_values_that_differ_as_displayed_differ_in_words(a, b, unit):
    style = Style(unit, currency="CNY")
    one, two = displayed(np.array([a, b]), style).tolist()
    assert (value_text(one, style) == value_text(two, style)) == (one == two)


def test_what_did_not_happen_in_the_window_is_not_said_to_have_happened_before(column_meaning):
    since = style_of(column_meaning(name="months_since_payment", unit="months"), window_months=12)
    assert value_text(12.0, since) == "not in 12 months"
    assert value_text(12.0, since, language="zh") == "近12个月未发生"
    assert value_text(11.0, since) == "11 months"


def test_a_capped_code_says_or_more(column_meaning):
    capped = style_of(column_meaning(name="late", unit="times", from_table=True, capped=(98.0,)))
    assert value_text(98.0, capped) == "98 times or more"
    assert value_text(98.0, capped, language="zh") == "98次以上"


def test_columns_of_names_and_codes_show_words(column_meaning):
    style = Style("", categories=("owner", "tenant"))
    assert value_text(1.0, style) == "tenant"
    assert value_text(7.0, style) == "other"
    settled = style_of(column_meaning(name="settled_status_last", unit="level"))
    assert settled.named
    assert value_text(-1.0, settled) == "paid in full"
    assert value_text(-1.0, settled, language="zh") == "全额还清"


def test_a_unit_that_is_a_currency_makes_an_amount(column_meaning):
    style = style_of(column_meaning(name="income", unit="EUR", from_table=True), currency="USD")
    assert value_text(640.0, style) == "EUR 640.00"


def test_months_are_written_in_both_languages():
    assert month_text(SEPTEMBER) == "Sep 2005"
    assert month_text(SEPTEMBER, language="zh") == "2005年9月"
    assert month_text(np.datetime64("NaT")) == ""
