import itertools
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from delinquency.features.registered_features import FEATURES
from delinquency.reasons.wording import (
    FORBIDDEN_WORDS,
    MAX_CHARACTERS,
    MAX_WORDS,
    Fact,
    Style,
    displayed,
    month_text,
    reason_text,
    style_of,
    value_text,
)
from delinquency.traits import EVIDENCE_LEVELS, TRAITS

SEPTEMBER = np.datetime64("2005-09")
HALF_WIDTH = re.compile(r"[:;?()]|,(?!\d)|(?<!\d),")
"""Punctuation of English in a Chinese sentence; a comma between digits is a number's."""
EXTREMES = (0.0, 1.0, -1.0, 0.004, 0.5, 12.0, 99.5, 12_345.6, -9_999_999.4, 1e12, np.nan)


def _fact(meaning, value, reference, **changes):
    style = style_of(meaning, currency=changes.pop("currency", "TWD"))
    shown = displayed(np.array([value, reference]), style)
    evidence = changes.pop("evidence", "strong")
    return Fact(meaning, style, shown[0], shown[1], SEPTEMBER, evidence)


def test_a_reason_names_trait_fact_value_reference_and_date(column_meaning):
    fact = _fact(column_meaning(), 0.914, 0.221)
    assert reason_text(fact) == (
        "Heavy debts. Share of the credit limit in use, latest: 91% (reference 22%), Sep 2005."
    )
    assert reason_text(fact, language="zh") == "负债较重：额度使用率（最近）91%，参考22%，2005.9"


def test_the_customer_reads_a_softer_headline(column_meaning):
    fact = _fact(column_meaning(phrase="Credit limit in use"), 0.914, 0.221)
    assert reason_text(fact, audience="customer") == (
        "Balances are high relative to limits or income. "
        "Credit limit in use: 91% (usually 22%), Sep 2005."
    )


def test_the_customer_is_not_told_a_headline_on_weak_evidence(
    column_meaning,
):
    meaning = column_meaning(
        trait_key="economic_condition", phrase="Spending, latest against average"
    )
    fact = _fact(meaning, -0.2, 0.01, evidence="weak")
    assert reason_text(fact, audience="customer") == (
        "Spending, latest against average: -20pp (usually +1pp), Sep 2005. Limited data."
    )
    chinese = reason_text(fact, language="zh", audience="customer")
    assert chinese.endswith("\uff08数据有限\uff09") and not HALF_WIDTH.search(chinese)


@pytest.mark.parametrize(
    ("value", "unit", "change", "english", "chinese"),
    [
        (0.914, "share", "level", "91%", "91%"),
        (0.0312, "ratio", "level", "3.1%", "3.1%"),
        (0.124, "ratio", "difference", "+12pp", "+12pp"),
        (-0.124, "ratio", "difference", "-12pp", "-12pp"),
        (0.124, "ratio", "spread", "12pp", "12pp"),
        (5.25, "percent", "level", "5.2%", "5.2%"),
        (1.0, "months", "level", "1 month", "1个月"),
        (2.0, "months", "level", "2 months", "2个月"),
        (1.5, "months", "difference", "+1.5 months", "+1.5个月"),
        (30.0, "days", "level", "30 days", "30天"),
        (3.0, "count", "level", "3", "3"),
        (12_345.4, "money", "level", "TWD 12,345", "TWD1.23万"),
        (np.log1p(12_345.0), "log money", "level", "TWD 12,345", "TWD1.23万"),
        (np.log(1.5), "log money", "difference", "+50%", "+50%"),
        (12.0, "log money", "difference", "over 999%", ">999%"),
        (1_234_567.0, "money", "level", "TWD 1.23m", "TWD123万"),
        (np.nan, "money", "level", "not known", "无数据"),
        (1.0, "flag", "level", "yes", "是"),
        (4.0, "visits", "level", "4 visits", "4visits"),
    ],
)
def test_values_are_written_by_their_unit(value, unit, change, english, chinese):
    style = Style(unit, change, "TWD")
    shown = displayed(np.array([value]), style)[0]
    assert value_text(shown, style) == english
    assert value_text(shown, style, language="zh") == chinese


def test_renminbi_are_written_in_yuan():
    assert value_text(45_600.0, Style("money", currency="CNY"), language="zh") == "4.56万元"


def test_columns_of_names_show_the_name():
    style = Style("", categories=("owner", "tenant"))
    assert value_text(1.0, style) == "tenant"
    assert value_text(7.0, style) == "other"


def test_months_are_written_in_both_languages():
    assert month_text(SEPTEMBER) == "Sep 2005"
    assert month_text(SEPTEMBER, language="zh") == "2005.9"
    assert month_text(np.datetime64("NaT")) == ""


def test_every_possible_reason_of_the_catalogue_is_short_and_neutral():
    for meaning, value, currency in itertools.product(FEATURES.values(), EXTREMES, ("TWD", "")):
        if meaning.unit not in ("money", "log money"):
            if not currency:
                continue
            # Ratios are clipped at 5 where they are made; counts end with the window.
            largest = 5.0 if meaning.unit in ("share", "ratio") else 999.9
            value = float(np.clip(value, -largest, largest))
        fact = _fact(meaning, value, -value / 3, currency=currency, evidence="partial")
        fact = replace(fact, month=np.datetime64("2005-12"))  # the longest date
        for audience in ("manager", "customer"):
            english = reason_text(fact, audience=audience)
            chinese = reason_text(fact, language="zh", audience=audience)
            assert len(english.split()) <= MAX_WORDS, english
            assert len(chinese) <= MAX_CHARACTERS, chinese
            assert "…" not in english + chinese, "a phrase of the catalogue was cut"
            words = set(english.lower().replace(".", " ").replace(",", " ").split())
            assert not words & set(FORBIDDEN_WORDS)
            assert not any(word in chinese for word in FORBIDDEN_WORDS)
            assert not HALF_WIDTH.search(chinese), chinese


def test_questions_and_labels_are_punctuated_in_their_own_language():
    for trait in TRAITS.values():
        assert all(text.endswith("\uff1f") for text in trait.questions_zh)
        for text in (*trait.questions_zh, trait.label_zh, trait.customer_label_zh, trait.short_zh):
            assert not HALF_WIDTH.search(text), text


def test_the_manager_reads_the_full_headline_for_most_of_the_catalogue():
    texts = [reason_text(_fact(meaning, 0.5, 0.2)) for meaning in FEATURES.values()]
    with_headline = sum(
        text.startswith(meaning.trait.label)
        for text, meaning in zip(texts, FEATURES.values(), strict=True)
    )
    assert with_headline >= 0.9 * len(texts)


def test_a_headline_gives_way_before_the_numbers_do(column_meaning):
    long = "One two three four five six seven eight nine ten eleven twelve thirteen fourteen"
    long += " fifteen sixteen seventeen eighteen nineteen twenty one two three four"
    text = reason_text(_fact(column_meaning(phrase=long), 0.914, 0.221))
    assert text.endswith("…: 91% (reference 22%), Sep 2005.")
    assert len(text.split()) <= MAX_WORDS


@given(
    value=st.floats(allow_nan=True, allow_infinity=False),
    reference=st.floats(allow_nan=True, allow_infinity=False),
    phrase=st.text(min_size=1, max_size=300),
    unit=st.sampled_from(["share", "money", "log money", "months", "days", "count", "level"]),
    evidence=st.sampled_from(EVIDENCE_LEVELS),
)
def test_no_value_and_no_phrase_breaks_the_limits(
    column_meaning, value, reference, phrase, unit, evidence
):
    meaning = column_meaning(phrase=phrase, phrase_zh=phrase, unit=unit)
    fact = _fact(meaning, value, reference, evidence=evidence)
    assert len(reason_text(fact).split()) <= MAX_WORDS
    assert len(reason_text(fact, language="zh")) <= MAX_CHARACTERS
