"""Reasons in words, English and Chinese, from the same numbers.

A reason has a headline of its feature's family, one fact with its value, one comparison and one
date, and where the first fact is shared by many a second one. It says what the model associates
with risk; it never judges, and never claims a cause.
"""

import math
import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from delinquency.features.catalogue import WINDOW
from delinquency.features.feature_description import FeatureMeaning
from delinquency.reasons.sentences.every_family import family_of, kind_of
from delinquency.reasons.sentences.feature_family import Side, moved
from delinquency.reasons.value_wording import Language, Style, month_text, value_text

Audience = Literal["manager", "customer"]

MAX_WORDS = 25
"""English words of a sentence; longer ones are read less (plain-language guidance)."""
MAX_CHARACTERS = 40
"""Chinese characters of a sentence, punctuation and digits counted."""
FORBIDDEN_WORDS = (
    "bad", "deliberate", "deliberately", "dishonest", "evade", "evasion", "fault", "fraud",
    "guilty", "irrational", "irresponsible", "lazy", "liar", "malicious", "reckless", "refuse",
    "refuses", "unwilling", "恶意", "老赖", "失信", "赖账", "欺诈", "逃避", "不负责", "不理性",
)  # fmt: skip
"""Words that judge a person; no text of this module may contain one."""


@dataclass(frozen=True)
class Fact:
    """One fact of an account, ready to be worded.

    Attributes
    ----------
    meaning : FeatureMeaning
    style : Style
    value, reference : float
        The account's value and the reference population's, as displayed. A value that is NaN is
        said to be not stated.
    month : datetime64
        Observation month; NaT where the data are not dated.
    evidence : str
        One of ``EVIDENCE_LEVELS``.
    second : Fact or None
        A further fact of the same trait.
    """

    meaning: FeatureMeaning
    style: Style
    value: float
    reference: float
    month: np.datetime64
    evidence: str
    second: "Fact | None" = None

    @property
    def side(self) -> Side | None:
        """Which side of the reference the value lies on; None for names and unknown values."""
        return side_of(self.value, self.reference, self.style)


def side_of(value: float, reference: float, style: Style) -> Side | None:
    """Return which side of the reference a displayed value lies on; None where there is none."""
    if style.named or not (math.isfinite(value) and math.isfinite(reference)):
        return None
    if value == reference:
        return None
    return "high" if value > reference else "low"


def reason_text(fact: Fact, *, language: Language = "en", audience: Audience = "manager") -> str:
    """Return one reason in words.

    Parameters
    ----------
    fact : Fact
    language : {"en", "zh"}
    audience : {"manager", "customer"}

    Returns
    -------
    str
        A headline that is true of every value on this side of the reference, and the fact. Where
        the feature has no headline, the side is said beside the reference; a manager reads the
        trait's name before it, a customer does not: "Willingness" alone would accuse.

    Notes
    -----
    12 CFR 1002.9(b)(2): reasons are specific and relate to the factors actually scored; PIPL
    article 24 and GDPR article 15(1)(h): intelligible to the person.
    """
    further = "" if fact.second is None else further_text(fact.second, language, audience)
    ending = ending_text(fact.month, fact.evidence, language, audience)
    return opening_text(fact, language, audience) + further + ending


def opening_text(fact: Fact, language: Language, audience: Audience) -> str:
    """Return how a reason begins: its headline, or the trait's name, and its first fact."""
    title = headline_of(fact, language=language, audience=audience)
    trait, chinese = fact.meaning.trait, language == "zh"
    before = title
    if not title and audience == "manager":
        before = trait.short_zh if chinese else trait.short
    if before:
        before += "：" if chinese else ". "
    return before + _fact_text(fact, language, audience, with_side=not title)


def further_text(fact: Fact, language: Language, audience: Audience) -> str:
    """Return how a reason goes on: a second fact, with the side on which it lies."""
    mark = "；" if language == "zh" else ". "
    return mark + _fact_text(fact, language, audience, with_side=True)


def ending_text(
    month: np.datetime64, evidence: str, language: Language, audience: Audience
) -> str:
    """Return how a reason ends: its month, and to a customer whether the data are thin."""
    limited = audience == "customer" and evidence not in ("strong", "partial")
    told = month_text(month, language=language)
    if language == "zh":
        return (f"，{told}" if told else "") + ("（数据有限）。" if limited else "。")
    return (f", {told}." if told else ".") + (" Limited data." if limited else "")


def headline_of(fact: Fact, *, language: Language, audience: Audience) -> str:
    """Return what a fact's family says on its side; "" where there is no such headline."""
    side, meaning, chinese = fact.side, fact.meaning, language == "zh"
    if meaning.from_table:
        # A user's own words speak of the adverse side, which is known by the direction only.
        known = side is not None and meaning.direction == (1 if side == "high" else -1)
        return (meaning.headline_zh if chinese else meaning.headline) if known else ""
    family = family_of(meaning.name)
    if family is None or side is None:
        return ""
    kind = kind_of(meaning.name)
    if kind != "level":
        return moved(family, kind, fact.value, side)[chinese]
    words = family.high if side == "high" else family.low
    if words is None:
        return ""
    if audience == "customer":
        return words.customer_zh if chinese else words.customer
    return words.manager_zh if chinese else words.manager


def _fact_text(fact: Fact, language: Language, audience: Audience, *, with_side: bool) -> str:
    """Return one fact with its comparison."""
    worded = _fact_zh if language == "zh" else _fact_en
    return worded(fact, audience, with_side=with_side)


def _fact_en(fact: Fact, audience: Audience, *, with_side: bool) -> str:
    """Return one fact with its comparison, without a full stop."""
    phrase, reference = _phrase(fact, "en", audience), value_text(fact.reference, fact.style)
    against = "reference" if audience == "manager" else "typically"
    if not math.isfinite(fact.value):
        return f"{phrase}: not stated ({against} {reference})"
    value = value_text(fact.value, fact.style)
    if with_side and fact.side is not None and fact.style.unit != "flag":
        place = "above" if fact.side == "high" else "below"
        typical = "the reference" if audience == "manager" else "what is typical"
        return f"{phrase}: {value}, {place} {typical} ({reference})"
    return f"{phrase}: {value} ({against} {reference})"


def _fact_zh(fact: Fact, audience: Audience, *, with_side: bool) -> str:
    """Return one fact with its comparison."""
    phrase = _phrase(fact, "zh", audience)
    reference = value_text(fact.reference, fact.style, language="zh")
    against = "参考值" if audience == "manager" else "通常为"
    if not math.isfinite(fact.value):
        return f"{phrase}未提供，{against}{reference}"
    value = value_text(fact.value, fact.style, language="zh")
    # A title without a Chinese one ends in a letter or digit, which must not touch a number.
    plain = phrase[-1:].isascii() or not value.startswith(tuple("0123456789+-"))
    value = f"：{value}" if plain else value
    if with_side and fact.side is not None and fact.style.unit != "flag":
        place = "高于" if fact.side == "high" else "低于"
        typical = "参考值" if audience == "manager" else "通常"
        return f"{phrase}{value}，{place}{typical}（{reference}）"
    return f"{phrase}{value}，{against}{reference}"


def _phrase(fact: Fact, language: Language, audience: Audience) -> str:
    """Return what is measured, in the audience's words."""
    meaning, chinese = fact.meaning, language == "zh"
    family = None if meaning.from_table else family_of(meaning.name)
    if audience == "customer" and family is not None and meaning.name in family.customer_phrase:
        return _with_window(family.customer_phrase[meaning.name][chinese], meaning, language)
    return meaning.phrase_zh if chinese else meaning.phrase


def _with_window(words: str, meaning: FeatureMeaning, language: Language) -> str:
    """Return a customer's phrase with the months that the feature's own phrase names.

    A model that was saved before its phrase named them is worded without.
    """
    if language == "zh":
        named = re.search(r"近\d+个月", meaning.phrase_zh)
        return words.replace(WINDOW, named[0] if named else "")
    named = re.search(r" in (\d+ months?)", meaning.phrase)
    return words.replace(f" in {WINDOW}", named[0] if named else "")
