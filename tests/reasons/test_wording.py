import itertools
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from delinquency.features.feature_description import meanings_of
from delinquency.features.registered_features import FEATURES
from delinquency.reasons.sentences.every_family import family_of, is_sum_of_codes, kind_of
from delinquency.reasons.sentences.feature_family import FAMILIES, moved
from delinquency.reasons.value_wording import displayed, is_code_without_label, style_of
from delinquency.reasons.wording import (
    FORBIDDEN_WORDS,
    MAX_CHARACTERS,
    MAX_WORDS,
    Fact,
    headline_of,
    reason_text,
)
from delinquency.traits import EVIDENCE_LEVELS, TRAITS

SEPTEMBER = np.datetime64("2005-09")
MEANINGS = meanings_of(FEATURES.values(), window_months=12)
HALF_WIDTH = re.compile(r"[:;?()]|,(?!\d)|(?<!\d),")
"""Punctuation of English in a Chinese sentence; a comma between digits is a number's."""
ACCUSES = re.compile(
    r"the customer|promis|although|\bable to pay|refus|ignor|fail|客户|承诺|有能力|却",
    re.IGNORECASE,
)
"""What a customer must not read of themselves."""
EXTREMES = (0.0, 1.0, -1.0, 0.004, 0.5, 12.0, 99.5, 12_345.6, -9_999_999.4, 1e12)


def _fact(meaning, value, reference, **changes):
    style = style_of(meaning, currency=changes.pop("currency", "TWD"), window_months=12)
    shown = displayed(np.array([value, reference]), style)
    return Fact(
        meaning, style, float(shown[0]), float(shown[1]), changes.pop("month", SEPTEMBER),
        changes.pop("evidence", "strong"), **changes,
    )  # fmt: skip


def test_a_reason_says_family_fact_value_reference_and_date(column_meaning):
    fact = _fact(column_meaning(), 0.914, 0.221)
    assert reason_text(fact) == (
        "More of the credit limit is in use than is typical. "
        "Share of the credit limit in use: 91% (reference 22%), Sep 2005."
    )
    assert reason_text(fact, language="zh") == (
        "额度使用率高于通常：额度使用率91%，参考值22%，2005年9月。"
    )


def test_the_headline_is_the_familys_and_not_the_traits():
    enquiries = _fact(MEANINGS["enquiries_recent"], 3, 0)
    assert reason_text(enquiries) == (
        "Lenders looked up the credit report more often than is typical. "
        "Credit enquiries in 3 months: 3 (reference none), Sep 2005."
    )
    assert reason_text(enquiries, language="zh", audience="customer") == (
        "您的征信被查询的次数多于通常：近3个月征信查询次数3次，通常为0次，2005年9月。"
    )
    history = _fact(MEANINGS["oldest_trade_age"], 20, 70)
    assert reason_text(history, language="zh").startswith("信用历史短于通常：")


def test_the_customer_reads_what_is_typical_and_whether_data_are_thin(column_meaning):
    fact = _fact(column_meaning(), 0.914, 0.221, evidence="weak")
    assert reason_text(fact, audience="customer") == (
        "More of the credit limit is in use than is typical. "
        "Share of the credit limit in use: 91% (typically 22%), Sep 2005. Limited data."
    )
    chinese = reason_text(fact, language="zh", audience="customer")
    assert chinese.endswith("\uff08数据有限\uff09。") and not HALF_WIDTH.search(chinese)


def test_a_second_fact_says_its_own_side():
    second = _fact(MEANINGS["near_limit_months"], 4, 0)
    fact = _fact(MEANINGS["headroom_log"], np.log1p(640.0), np.log1p(19_688.0), second=second)
    assert reason_text(fact) == (
        "Less credit is still available than is typical. Credit still available: TWD 640.00 "
        "(reference TWD 19,688). Months close to the credit limit in 12 months: 4, "
        "above the reference (none), Sep 2005."
    )
    assert "；近12个月接近额度上限的月份数4个月，高于参考值（0个月）" in reason_text(
        fact, language="zh"
    )


def test_an_own_column_says_its_side_and_never_the_traits_headline(column_meaning):
    amount = column_meaning(
        name="Amount", direction=0, unit="EUR", phrase="Amount", phrase_zh="金额", from_table=True
    )
    low = _fact(amount, 640.0, 5_000.0)
    assert reason_text(low) == (
        "Debt. Amount: EUR 640.00, below the reference (EUR 5,000), Sep 2005."
    )
    assert reason_text(low, language="zh") == (
        "负债：金额：EUR 640.00，低于参考值（EUR 5,000），2005年9月。"
    )
    high = reason_text(_fact(amount, 9_000.0, 5_000.0))
    assert "above the reference" in high


def test_an_own_reason_is_said_on_the_adverse_side_only(column_meaning):
    income = column_meaning(
        name="Income", direction=-1, unit="EUR", phrase="Income", phrase_zh="收入",
        from_table=True, headline="Income is low", headline_zh="收入较低",
    )  # fmt: skip
    assert reason_text(_fact(income, 640.0, 5_000.0)).startswith("Income is low. Income: EUR")
    assert "Income is low" not in reason_text(_fact(income, 9_000.0, 5_000.0))


def test_a_value_that_was_not_given_is_said_to_be_so(column_meaning):
    income = column_meaning(
        name="Income", direction=-1, unit="EUR", phrase="Income", phrase_zh="收入", from_table=True
    )
    fact = _fact(income, np.nan, 5_000.0)
    assert reason_text(fact) == "Debt. Income: not stated (reference EUR 5,000), Sep 2005."
    assert reason_text(fact, language="zh") == "负债：收入未提供，参考值EUR 5,000，2005年9月。"


def test_a_missing_chinese_title_falls_back_whole(column_meaning):
    title = "Number of times that the applicant was sixty days late or more in the last two years"
    own = column_meaning(name="x", unit="times", phrase=title, phrase_zh=title, from_table=True)
    for language in ("en", "zh"):
        assert title in reason_text(_fact(own, 4, 1), language=language)


def test_every_feature_of_the_catalogue_has_a_family_with_the_sides_it_may_state():
    listed = [name for family in FAMILIES.values() for name in family.features]
    assert len(listed) == len(set(listed))
    for name, feature in FEATURES.items():
        family = family_of(name)
        assert family is not None, f"{name} needs a family in reasons/sentences"
        if family.labels:
            continue
        if kind_of(name) != "level":
            assert family.noun and family.noun_zh, name
            continue
        assert family.high or feature.direction < 0, name
        assert family.low or feature.direction > 0, name


@given(
    value=st.floats(-100, 100), reference=st.floats(-100, 100),
    kind=st.sampled_from(["change", "fall"]),
)  # fmt: skip
def test_a_change_is_said_as_what_it_is(value, reference, kind):
    if value == reference:
        return
    side = "high" if value > reference else "low"
    english, chinese = moved(FAMILIES["balance"], kind, value, side)
    upward = value > 0 if kind == "change" else value < 0
    if value == 0:
        assert "did not" in english and "未" in chinese
        return
    assert ("rose" in english) == upward == ("升幅" in chinese)
    assert ("fell" in english) == (not upward) == ("降幅" in chinese)
    # More of the same movement, or less of it.
    more = value > reference if value > 0 else value < reference
    assert ("more" in english) == more == ("大于" in chinese)


def _sides(meaning):
    """Return values below and above a reference that the feature may be stated with."""
    for value, share in itertools.product(EXTREMES, (-1 / 3, 0.5, 2.0)):
        size = value
        if meaning.unit not in ("money", "log money"):
            # Ratios are clipped at 5 where they are made; counts end with the window.
            largest = 5.0 if meaning.unit in ("share", "ratio") else 999.9
            size = float(np.clip(value, -largest, largest))
        if (size - size * share) * meaning.direction >= 0:
            yield size, size * share


@pytest.mark.parametrize("audience", ["manager", "customer"])
def test_every_possible_reason_of_the_catalogue_is_short_and_neutral(audience):
    for meaning in MEANINGS.values():
        if is_sum_of_codes(meaning.name):
            continue
        for value, reference in _sides(meaning):
            fact = _fact(meaning, value, reference, evidence="partial")
            fact = replace(fact, month=np.datetime64("2005-12"))  # the longest date
            english = reason_text(fact, audience=audience)
            chinese = reason_text(fact, language="zh", audience=audience)
            assert all(len(one.split()) <= MAX_WORDS for one in english.split(". ")), english
            assert all(len(one) <= MAX_CHARACTERS for one in re.split("[：，]", chinese)), chinese
            words = set(re.findall(r"[a-z]+", english.lower()))
            assert not words & set(FORBIDDEN_WORDS), english
            assert not any(word in chinese for word in FORBIDDEN_WORDS), chinese
            assert not HALF_WIDTH.search(chinese), chinese
            assert "window" not in english and "{" not in english + chinese
            if audience == "customer":
                assert not ACCUSES.search(english), english
                assert not ACCUSES.search(chinese), chinese


OPPOSITE = (
    "days_before_due",
    "months_since",
    "account_age",
    "low_deposit",
    "history_before",
    "oldest",
)
"""Families whose words turn the scale round: paid later means fewer days before the due date."""


@pytest.mark.parametrize(("language", "up", "down"), [
    ("en", ("more ", "higher", "larger", "longer"), ("less ", "lower", "smaller", "fewer")),
    ("zh", ("高于", "多于", "大于"), ("低于", "少于", "小于")),
])  # fmt: skip
def test_the_headline_names_the_side_that_the_number_is_on(language, up, down):
    seen = 0
    for meaning in MEANINGS.values():
        if kind_of(meaning.name) != "level" or meaning.name.startswith(OPPOSITE):
            continue
        for value, reference in ((3.0, 1.0), (1.0, 3.0)):
            fact = _fact(meaning, value, reference)
            text = headline_of(fact, language=language, audience="manager").lower()
            if not text or (value - reference) * meaning.direction < 0:
                continue
            # "Payments less new charges" is what is measured, not a side.
            text = text.removeprefix("payments less new charges")
            wrong = down if fact.side == "high" else up
            assert not [word for word in wrong if word in text], (meaning.name, text)
            seen += 1
    assert seen > 150


def test_codes_and_means_of_codes_have_no_number_to_state():
    for name in ("settled_status_mean_6m", "settled_status_trend_6m", "settled_status_step"):
        meaning = MEANINGS[name]
        assert is_code_without_label(meaning, style_of(meaning)), name
    last = MEANINGS["settled_status_last"]
    assert reason_text(_fact(last, -2.0, -1.0)) == (
        "Ability. How bills were settled, latest: the card was not used (reference paid in full), "
        "Sep 2005."
    )


def test_questions_and_labels_are_punctuated_in_their_own_language():
    for trait in TRAITS.values():
        assert all(text.endswith("\uff1f") for text in trait.questions_zh)
        for text in (*trait.questions_zh, trait.label_zh, trait.short_zh):
            assert not HALF_WIDTH.search(text), text
        # A trait's name says nothing of its side.
        both = trait.label + trait.label_zh
        assert not re.search("heavy|limited|pressure|不良|不足|较重|承压", both, re.IGNORECASE)


@given(
    value=st.floats(-1e12, 1e12), reference=st.floats(-1e12, 1e12),
    phrase=st.text(min_size=1, max_size=300),
    unit=st.sampled_from(["share", "money", "months", "days", "count", "EUR", "visits"]),
    evidence=st.sampled_from(EVIDENCE_LEVELS),
)  # fmt: skip
def test_no_value_and_no_phrase_is_cut(column_meaning, value, reference, phrase, unit, evidence):
    meaning = column_meaning(
        name="own", phrase=phrase, phrase_zh=phrase, unit=unit, direction=0, from_table=True
    )
    fact = _fact(meaning, value, reference, evidence=evidence)
    for language in ("en", "zh"):
        assert phrase in reason_text(fact, language=language)
    if fact.side is not None:
        place = {"high": ("above", "高于"), "low": ("below", "低于")}[fact.side]
        assert f", {place[0]} the reference" in reason_text(fact)
        assert f"，{place[1]}参考值" in reason_text(fact, language="zh")


def test_a_customer_never_reads_a_bare_trait(column_meaning):
    own = column_meaning(
        name="returned", trait_key="repayment_willingness", from_table=True, unit="0/1",
        phrase="Direct debit returned", phrase_zh="扣款被退回",
    )  # fmt: skip
    fact = Fact(own, style_of(own, is_flag=True), 1.0, 0.0, np.datetime64("NaT"), "strong")
    assert reason_text(fact) == "Willingness. Direct debit returned: yes (reference no)."
    assert reason_text(fact, audience="customer") == "Direct debit returned: yes (typically no)."
    assert reason_text(fact, language="zh", audience="customer") == "扣款被退回：是，通常为否。"
    assert reason_text(fact, language="zh") == "还款意愿：扣款被退回：是，参考值否。"


BLAMES = re.compile(
    r"\b(refus|unwilling|willing|fault|evad|ignor|broke|fail|selective)\w*|"
    r"\b((?<!been )able|afford|promise)\w*|not made|not kept|"
    r"while other lenders were paid|within usual means|though|"
    r"有能力|未兑现|拒|逃|躲|意愿|他行|失约|可承担"
)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_family_blames_a_customer(language):
    for meaning in MEANINGS.values():
        for value, reference in ((2.0, 1.0), (1.0, 2.0), (0.0, 1.0)):
            fact = _fact(meaning, value, reference)
            for one in (fact, replace(fact, second=fact)):
                words = reason_text(one, language=language, audience="customer")
                assert not BLAMES.search(words), f"{meaning.name}: {words}"


SINCE = re.compile(
    r"since|Days|Age| on file|open at|Cards at other lenders that are used up$|a month$|first"
)
"""Counts of a moment, or from a moment on: no period belongs to them."""


def test_every_count_says_over_what_time_in_the_words_of_both_audiences():
    for meaning in MEANINGS.values():
        if meaning.unit != "count" or SINCE.search(meaning.phrase):
            continue
        for value, reference in ((3.0, 1.0), (1.0, 3.0)):
            fact = _fact(meaning, value, reference)
            for audience in ("manager", "customer"):
                english = reason_text(fact, audience=audience)
                chinese = reason_text(fact, language="zh", audience=audience)
                assert re.search(r" in \d+ months?\b", english), english
                assert re.search(r"近\d+个月", chinese), chinese
                assert "{" not in english + chinese


def test_a_count_of_months_is_counted_in_months_and_one_of_times_in_times():
    for meaning in MEANINGS.values():
        measure = style_of(meaning, window_months=12).counter_zh
        if meaning.unit == "count":
            assert (measure == "个月") == bool(re.search("月份?数$", meaning.phrase_zh)), (
                meaning.name
            )


def test_a_model_saved_before_its_phrase_named_the_months_is_worded_without():
    older = replace(
        MEANINGS["inbound_total"],
        phrase="Contacts that the customer began",
        phrase_zh="客户主动联系",
    )
    text = reason_text(_fact(older, 0, 2), audience="customer")
    assert text.endswith("Contacts from you: none (typically 2), Sep 2005.")


def test_a_figure_says_what_it_is_measured_against():
    """45 % of what, 2.3 of what: a phrase that leaves it out says nothing, or something else."""
    ratio = re.compile(r"\b(against|share|swing|average|[Rr]ise|[Ff]all|[Gg]rowth)\b", re.I)
    ratio_zh = re.compile("之比|占|比例|幅度|平均|变化|增|降|率|比")
    for meaning in MEANINGS.values():
        if meaning.unit == "ratio":
            assert ratio.search(meaning.phrase), meaning.phrase
            assert ratio_zh.search(meaning.phrase_zh), meaning.phrase_zh
        if meaning.unit == "score":
            assert "standard deviations" in meaning.phrase, meaning.phrase
            assert "标准差" in meaning.phrase_zh, meaning.phrase_zh


def test_a_sum_is_not_told_as_days_late_nor_a_drawn_share_as_a_share():
    """Days late of all months added up are 172 for who never was 130 days late."""
    summed, kept = MEANINGS["lateness_weighted"], MEANINGS["promises_kept_ratio"]
    assert "added up" in summed.phrase and "合计" in summed.phrase_zh
    for audience in ("manager", "customer"):
        english = reason_text(_fact(kept, 0.4, 0.6), audience=audience)
        chinese = reason_text(_fact(kept, 0.4, 0.6), language="zh", audience=audience)
        assert "nearer to half" in english and "向一半调整" in chinese
