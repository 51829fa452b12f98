"""Reasons in words, English and Chinese, from the same numbers.

A reason has one headline (the trait), one fact with its value, one comparison and one date. It
says what the model associates with risk; it never judges, and never claims a cause.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, Protocol

import numpy as np

from delinquency.features.catalogue import SUMMARIES
from delinquency.panel.windows import Array
from delinquency.traits import Trait

Language = Literal["en", "zh"]
Audience = Literal["manager", "customer"]

MAX_WORDS = 25
"""English words of a reason; longer ones are read less (plain-language guidance)."""
MAX_CHARACTERS = 40
"""Chinese characters of a reason, punctuation and digits counted."""
LARGEST_MONEY = 1e12
RELATIVE_CEILING = 1_000.0
"""Per cent; a larger relative change starts from next to nothing and only says "much more"."""
_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SHORTER_ZH = (
    ("较平均变化", "较均值"), ("单月变化", "月变"), ("月均变化", "月变"), ("个月", "月"),
    ("比例", "比"), ("之比", "比"), ("还款额", "还款"), ("必要支出", "支出"), ("后的", "后"),
    ("在其他机构的", "他行"),
)  # fmt: skip
FORBIDDEN_WORDS = (
    "bad", "deliberate", "deliberately", "dishonest", "evade", "evasion", "fault", "fraud",
    "guilty", "irrational", "irresponsible", "lazy", "liar", "malicious", "reckless", "refuse",
    "refuses", "unwilling", "恶意", "老赖", "失信", "赖账", "欺诈", "逃避", "不负责", "不理性",
)  # fmt: skip
"""Words that judge a person; no text of this module may contain one."""


class Meaning(Protocol):
    """What a reason needs to know of a feature; ``Feature`` and ``FeatureMeaning`` both fit."""

    @property
    def name(self) -> str:
        """Name of the column."""

    @property
    def trait(self) -> Trait:
        """The one trait it belongs to."""

    @property
    def direction(self) -> int:
        """+1, -1 or 0."""

    @property
    def unit(self) -> str:
        """Unit of its values."""

    @property
    def phrase(self) -> str:
        """English words that stand before its value."""

    @property
    def phrase_zh(self) -> str:
        """Chinese words that stand before its value."""

    @property
    def actionable(self) -> bool:
        """Whether the customer can change it."""

    @property
    def categories(self) -> tuple[str, ...]:
        """For a column of names: the names in the order of their codes; else empty."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Canonical columns that it is made from, or its own name where it came ready-made."""


@dataclass(frozen=True)
class Style:
    """How the values of one feature are written.

    Attributes
    ----------
    unit : str
        A unit of the catalogue, "flag" for 0/1 columns, or any other word.
    change : {"level", "difference", "spread"}
        Whether the value is a level, a signed difference of levels, or their variation.
    currency : str
        ISO 4217 code; "" when not known.
    categories : tuple of str
        Names by code, for columns of names.
    """

    unit: str
    change: Literal["level", "difference", "spread"] = "level"
    currency: str = ""
    categories: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fact:
    """One fact of an account, ready to be worded.

    Attributes
    ----------
    meaning : Meaning
    style : Style
    value, reference : float
        The account's value and the reference population's; NaN when not known.
    month : datetime64
        Observation month; NaT where the data are not dated.
    evidence : str
        One of ``EVIDENCE_LEVELS``.
    """

    meaning: Meaning
    style: Style
    value: float
    reference: float
    month: np.datetime64
    evidence: str


def style_of(meaning: Meaning, *, currency: str = "", is_flag: bool = False) -> Style:
    """Return how the values of a feature are written.

    Parameters
    ----------
    meaning : Meaning
    currency : str
        ISO 4217 code of the portfolio.
    is_flag : bool
        Whether all of its values are 0 or 1, so that they read as no and yes.

    Returns
    -------
    Style
    """
    change: Literal["level", "difference", "spread"] = "level"
    for summary in SUMMARIES.values():
        if not summary.level and f", {summary.phrase}" in meaning.phrase:
            change = "spread" if summary.name == "std" else "difference"
    unit = "flag" if is_flag and meaning.unit in ("level", "", "flag") else meaning.unit
    return Style(unit, change, currency, meaning.categories)


def displayed(values: Array, style: Style) -> Array:
    """Return values rounded to what the wording shows, so that equal texts have equal values.

    Parameters
    ----------
    values : ndarray
    style : Style

    Returns
    -------
    ndarray
        Same shape; logarithms of money are turned into money, or into shares of change.
    """
    values = np.asarray(values, np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        if style.unit == "log money":
            values = np.clip(np.expm1(np.minimum(values, 700.0)), -LARGEST_MONEY, LARGEST_MONEY)
        if _is_percentage(style):
            percent = values * (1.0 if style.unit == "percent" else 100.0)
            if style.unit == "log money":
                percent = np.minimum(percent, RELATIVE_CEILING)
            rounded = np.where(np.abs(percent) < 9.95, np.round(percent, 1), np.round(percent))
        elif _is_money(style):
            rounded = np.round(np.clip(values, -LARGEST_MONEY, LARGEST_MONEY))
        elif style.unit in ("flag", "days") or style.categories:
            rounded = np.round(values)
        else:
            rounded = np.where(np.abs(values) < 99.95, np.round(values, 1), np.round(values))
    return rounded + 0.0  # no negative zero


def value_text(value: float, style: Style, *, language: Language = "en") -> str:
    """Return a value in words.

    Parameters
    ----------
    value : float
        As ``displayed`` returns it; NaN when not known.
    style : Style
    language : {"en", "zh"}

    Returns
    -------
    str
        "91%", "+12 pp", "3 months", "TWD 12,345".
    """
    chinese = language == "zh"
    if not math.isfinite(value):
        return "无数据" if chinese else "not known"
    if style.categories:
        inside = 0 <= value < len(style.categories)
        return style.categories[int(value)] if inside else ("其他" if chinese else "other")
    if style.unit == "flag":
        return ("否", "是")[int(value >= 0.5)] if chinese else ("no", "yes")[int(value >= 0.5)]
    sign = "+" if style.change == "difference" and value > 0 else ""
    if _is_percentage(style):
        if style.unit == "log money" and value >= RELATIVE_CEILING:
            return ">999%" if chinese else "over 999%"
        relative = style.unit == "log money" or style.change == "level"
        return f"{sign}{_number(value)}{'%' if relative else 'pp'}"
    if _is_money(style):
        return sign + _money(value, style.currency, chinese=chinese)
    return sign + _quantity(value, style.unit, chinese=chinese)


def reason_text(fact: Fact, *, language: Language = "en", audience: Audience = "manager") -> str:
    """Return one reason as a sentence.

    Parameters
    ----------
    fact : Fact
    language : {"en", "zh"}
    audience : {"manager", "customer"}
        The customer reads the softer headline, and only where evidence bears it out.

    Returns
    -------
    str
        At most 25 words or 40 characters. Where a phrase is too long for that, the headline is
        shortened and then left out (it stands beside the reason anyway), and last the phrase
        is cut; the numbers never are.

    Notes
    -----
    ReasonContext for content: 12 CFR 1002.9(b)(2), reasons are specific and relate to the factors
    actually scored; PIPL article 24 and GDPR article 15(1)(h), intelligible to the person.
    """
    variants = _variants_zh(fact, audience) if language == "zh" else _variants(fact, audience)
    fits = _fits_zh if language == "zh" else _fits
    for text in variants:
        if fits(text):
            return text
    return _cut(fact, language)


def month_text(month: np.datetime64, *, language: Language = "en") -> str:
    """Return a month as "Sep 2005" or "2005.9"; "" for NaT, where nobody knows it."""
    if np.isnat(month):
        return ""
    year, number = (int(part) for part in str(month.astype("datetime64[M]")).split("-"))
    return f"{year}.{number}" if language == "zh" else f"{_MONTH_NAMES[number - 1]} {year}"


def _variants(fact: Fact, audience: Audience) -> Sequence[str]:
    """Return the English sentence, the fullest first."""
    phrase, trait = fact.meaning.phrase, fact.meaning.trait
    value, reference, month = _parts(fact, "en")
    if audience == "manager":
        plain = f"{phrase}: {value} (reference {reference}){month}."
        return (f"{trait.label}. {plain}", f"{trait.short}. {plain}", plain)
    plain = f"{phrase}: {value} (usually {reference}){month}."
    if fact.evidence not in ("strong", "partial"):
        return (f"{plain} Limited data.", plain)
    return (f"{trait.customer_label}. {plain}", plain)


def _variants_zh(fact: Fact, audience: Audience) -> Sequence[str]:
    """Return the Chinese sentence, the fullest first."""
    phrase, trait = fact.meaning.phrase_zh, fact.meaning.trait
    short = phrase.removeprefix("近")
    for long, abbreviation in _SHORTER_ZH:
        short = short.replace(long, abbreviation)
    value, reference, month = _parts(fact, "zh")
    against = "参考" if audience == "manager" else "通常"
    tail = f"{_joint(phrase)}{value}，{against}{reference}{month}"
    if audience == "customer" and fact.evidence not in ("strong", "partial"):
        return (f"{phrase}{tail}（数据有限）", f"{phrase}{tail}", f"{short}{tail}")
    label = trait.label_zh if audience == "manager" else trait.customer_label_zh
    shorter = f"{trait.short_zh}：" if audience == "manager" else ""
    return (
        f"{label}：{phrase}{tail}", f"{label}：{short}{tail}", f"{shorter}{phrase}{tail}",
        f"{shorter}{short}{tail}", f"{phrase}{tail}", f"{short}{tail}",
        f"{short}{tail.replace('个月', '月')}",
    )  # fmt: skip


def _cut(fact: Fact, language: Language) -> str:
    """Return the shortest sentence with its phrase cut to what fits."""
    value, reference, month = _parts(fact, language)
    if language == "zh":
        tail = f"：{value}，参考{reference}{month}"
        return f"{fact.meaning.phrase_zh[: max(MAX_CHARACTERS - len(tail) - 1, 1)]}…{tail}"
    tail = f" {value} (reference {reference}){month}."
    room = max(MAX_WORDS - len(tail.split()), 1)
    return f"{' '.join(fact.meaning.phrase.split()[:room])}…:{tail}"


def _parts(fact: Fact, language: Language) -> tuple[str, str, str]:
    """Return value, reference and month in words; the month with the comma before it, if known."""
    month = month_text(fact.month, language=language)
    comma = "，" if language == "zh" else ", "
    return (
        value_text(fact.value, fact.style, language=language),
        value_text(fact.reference, fact.style, language=language),
        f"{comma}{month}" if month else "",
    )


def _fits(text: str) -> bool:
    return len(text.split()) <= MAX_WORDS


def _fits_zh(text: str) -> bool:
    return len(text) <= MAX_CHARACTERS


def _joint(phrase: str) -> str:
    """Return a colon where phrase and value would run together."""
    return "" if phrase.endswith((")", "）")) else "："


def _is_percentage(style: Style) -> bool:
    if style.unit == "log money":
        return style.change != "level"
    return style.unit in ("share", "ratio", "percent")


def _is_money(style: Style) -> bool:
    return style.unit in ("money", "log money") and not _is_percentage(style)


@lru_cache(maxsize=4096)
def _number(value: float) -> str:
    """Return a number with at most one decimal; very large ones with three digits."""
    if abs(value) >= 1e6:
        return f"{value:.3g}"
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"


def _money(value: float, currency: str, *, chinese: bool) -> str:
    """Return an amount with its currency: "TWD 12,345", "1.2m", "3.4万元"."""
    size, sign = abs(value), "-" if value < 0 else ""
    steps = ((1e8, "亿"), (1e4, "万")) if chinese else ((1e9, "bn"), (1e6, "m"))
    amount = f"{size:,.0f}"
    for step, name in steps:
        if size >= step:
            scaled = size / step
            amount = f"{scaled:,.0f}{name}" if scaled >= 100 else f"{scaled:.3g}{name}"
            break
    if chinese and currency in ("", "CNY"):
        return f"{sign}{amount}元"
    return f"{sign}{currency}{'' if chinese else ' '}{amount}" if currency else f"{sign}{amount}"


_UNITS = {
    "months": ("month", "months", "个月"),
    "days": ("day", "days", "天"),
    "years": ("year", "years", "年"),
    "count": ("", "", ""),
    "score": ("", "", ""),
    "level": ("", "", ""),
    "": ("", "", ""),
}  # fmt: skip


def _quantity(value: float, unit: str, *, chinese: bool) -> str:
    """Return a number with its unit."""
    singular, plural, name_zh = _UNITS.get(unit, (unit, unit, unit))
    number = _number(value)
    if chinese:
        return f"{number}{name_zh}"
    return re.sub(r"\s+$", "", f"{number} {singular if abs(value) == 1 else plural}")
