"""Values in words: the same digits in English and Chinese, and none that rounding turns round."""

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np

from delinquency.features.catalogue import SUMMARIES
from delinquency.features.feature_description import FeatureMeaning
from delinquency.panel.windows import Array
from delinquency.reasons.sentences.every_family import family_of, is_sum_of_codes

Language = Literal["en", "zh"]

LARGEST = 1e15
"""Beyond it a float has no cents and no reader."""
RELATIVE_CEILING = 1_000.0
"""Per cent; a larger relative change starts from next to nothing and only says "much more"."""
MOST_DECIMALS = 4
CENTS_BELOW = 1_000.0
"""Amounts below are written with two decimals, others without."""
CURRENCY_LETTERS = 3
CODE_UNITS = ("code", "level")
"""Units of columns whose numbers stand for something else."""
MARK_UNIT = "0/1"
_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UNITS = {
    "months": ("month", "months", "个月"), "month": ("month", "months", "个月"),
    "days": ("day", "days", "天"), "day": ("day", "days", "天"),
    "years": ("year", "years", "年"), "year": ("year", "years", "年"),
    "points": ("point", "points", "分"), "times": ("time", "times", "次"),
    "count": ("", "", ""), "score": ("", "", ""), "level": ("", "", ""),
    "code": ("", "", ""), MARK_UNIT: ("", "", ""), "": ("", "", ""),
}  # fmt: skip


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
    labels : tuple of (float, str, str)
        Codes with their English and Chinese words.
    counter_zh : str
        Chinese measure word of a count.
    or_more : float
        From here on a value says "or more": a capped code, a ceiling, the length of the window.
    never : bool
        Whether ``or_more`` is the window of a time since something: it says "not in 12 months",
        since nobody knows that it happened before.
    """

    unit: str
    change: Literal["level", "difference", "spread"] = "level"
    currency: str = ""
    categories: tuple[str, ...] = ()
    labels: tuple[tuple[float, str, str], ...] = ()
    counter_zh: str = ""
    or_more: float = math.inf
    never: bool = False

    @property
    def empty_from(self) -> float:
        """From here on a value may stand for nothing at all: the window of a time since it."""
        return self.or_more if self.never else math.inf

    @cached_property
    def shown_or_more(self) -> float:
        """``or_more`` as ``displayed`` returns values: a ratio in per cent."""
        if not math.isfinite(self.or_more):
            return math.inf
        return _displayed_once(self.or_more, self)

    @property
    def named(self) -> bool:
        """Whether values are names without an order, so that neither is high nor low."""
        return bool(self.categories) or (bool(self.labels) and self.unit in (*CODE_UNITS, ""))

    def label_of(self, value: float) -> tuple[str, str] | None:
        """Return the words of a code in both languages; None for a number."""
        for code, en, zh in self.labels:
            if code == value:
                return en, zh
        return None


def style_of(
    meaning: FeatureMeaning,
    *,
    currency: str = "",
    is_flag: bool = False,
    window_months: int | None = None,
) -> Style:
    """Return how the values of a feature are written.

    Parameters
    ----------
    meaning : FeatureMeaning
    currency : str
        ISO 4217 code of the portfolio.
    is_flag : bool
        Whether all of its values are 0 or 1, so that they read as no and yes.
    window_months : int or None
        Months that features see.

    Returns
    -------
    Style
    """
    family = None if meaning.from_table else family_of(meaning.name)
    change: Literal["level", "difference", "spread"] = "level"
    for summary in SUMMARIES.values():
        if family and not summary.level and f", {summary.phrase}" in meaning.phrase:
            change = "spread" if summary.name == "std" else "difference"
    unit = meaning.unit
    labels = meaning.labels
    if family and family.labels:
        labels = tuple((code, *words) for code, words in family.labels.items())
    if is_flag and not labels and unit in ("level", "", "flag", MARK_UNIT):
        unit = "flag"
    elif meaning.from_table and len(unit) == CURRENCY_LETTERS and unit.isupper():
        unit, currency = "money", unit
    elif unit == "%":
        unit = "percent"
    or_more = min(meaning.capped, default=math.inf) if change == "level" else math.inf
    never = family is not None and family.never_at_window and bool(window_months)
    if never and window_months:
        or_more = float(window_months)
    counter = ""
    if family and unit == "count":
        counter = "个月" if "months" in meaning.name else family.counter_zh
    return Style(unit, change, currency, meaning.categories, labels, counter, or_more, never)


def is_code_without_label(meaning: FeatureMeaning, style: Style) -> bool:
    """Return whether a column holds codes, or arithmetic on codes, that no words are known for."""
    if not meaning.from_table and is_sum_of_codes(meaning.name):
        return True
    return style.unit in CODE_UNITS and not style.labels and not style.categories


def displayed(values: Array, style: Style) -> Array:
    """Return values rounded to what the wording shows, so that equal texts have equal values.

    Parameters
    ----------
    values : ndarray
    style : Style

    Returns
    -------
    ndarray
        Same shape; logarithms of money are turned into money, or into shares of change. Rounding
        never turns a comparison round: it can only make two values equal.
    """
    values = np.asarray(values, np.float64)
    if values.shape == (1,):  # one account is asked for: most of its values were seen before
        return np.array([_displayed_once(float(values[0]), style)])
    return _displayed(values, style)


@lru_cache(maxsize=65_536)
def _displayed_once(value: float, style: Style) -> float:
    return float(_displayed(np.array([value]), style)[0])


def _displayed(values: Array, style: Style) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):
        if style.unit == "log money":
            values = np.expm1(np.minimum(values, 700.0))
        values = np.minimum(np.maximum(values, -LARGEST), LARGEST)
        if is_percentage(style):
            percent = values * (1.0 if style.unit == "percent" else 100.0)
            if style.unit == "log money":
                percent = np.minimum(percent, RELATIVE_CEILING)
            rounded = _rounded(percent, whole_from=9.95)
        elif is_money(style):
            cents = np.abs(values) < CENTS_BELOW
            rounded = np.where(cents, np.round(values, 2), np.round(values))
        elif style.unit == "flag" or style.categories:
            rounded = np.round(values)
        else:
            rounded = _rounded(values, whole_from=99.95)
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
        "91%", "+12 percentage points", "3 months", "CNY 640.00"; "none" for an English count of 0.
    """
    chinese = language == "zh"
    if not math.isfinite(value):
        return "无数据" if chinese else "not known"
    if style.categories:
        inside = 0 <= value < len(style.categories)
        return style.categories[int(value)] if inside else ("其他" if chinese else "other")
    label = style.label_of(value)
    if label is not None:
        return label[chinese]
    if style.unit == "flag":
        return ("否", "是")[int(value >= 0.5)] if chinese else ("no", "yes")[int(value >= 0.5)]
    if style.unit == "count" and value == 0 and style.change == "level" and not chinese:
        return "none"  # in Chinese "0次": a reference "无" would read as if there were none
    if style.never and value >= style.shown_or_more:
        months = f"{style.or_more:.0f}"
        plural = "" if style.or_more == 1 else "s"
        return f"近{months}个月未发生" if chinese else f"not in {months} month{plural}"
    text = _signed(value, style, chinese=chinese)
    if value >= style.shown_or_more:
        return f"{text}以上" if chinese else f"{text} or more"
    return text


def month_text(month: np.datetime64, *, language: Language = "en") -> str:
    """Return a month as "Sep 2005" or "2005年9月"; "" for NaT, where nobody knows it."""
    if np.isnat(month):
        return ""
    year, number = (int(part) for part in str(month.astype("datetime64[M]")).split("-"))
    return f"{year}年{number}月" if language == "zh" else f"{_MONTH_NAMES[number - 1]} {year}"


def is_percentage(style: Style) -> bool:
    """Return whether values are written in per cent."""
    if style.unit == "log money":
        return style.change != "level"
    return style.unit in ("share", "ratio", "percent")


def is_money(style: Style) -> bool:
    """Return whether values are written as amounts."""
    return style.unit in ("money", "log money") and not is_percentage(style)


def _signed(value: float, style: Style, *, chinese: bool) -> str:
    """Return a number with its unit, and with a sign where it is a difference."""
    sign = "+" if style.change == "difference" and value > 0 else ""
    if is_percentage(style):
        if style.unit == "log money" and value >= RELATIVE_CEILING:
            return "999%以上" if chinese else "over 999%"
        relative = style.unit == "log money" or style.change == "level"
        points = "个百分点" if chinese else " percentage points"
        return f"{sign}{_number(value)}{'%' if relative else points}"
    if is_money(style):
        return sign + _money(value, style.currency, chinese=chinese)
    singular, plural, name_zh = _UNITS.get(style.unit, (style.unit, style.unit, ""))
    number = sign + _number(value)
    if chinese:
        if style.unit not in _UNITS:
            return f"{number} {style.unit}"
        return f"{number}{style.counter_zh or name_zh}"
    return f"{number} {singular if abs(value) == 1 else plural}".rstrip()


def _rounded(values: Array, *, whole_from: float) -> Array:
    """Return whole numbers from a size on, one decimal from 1 on, two digits below."""
    size = np.abs(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        places = 1.0 - np.floor(np.log10(np.maximum(size, 1e-300)))
        places = np.minimum(np.maximum(places, 0), MOST_DECIMALS)
        factor = 10.0**places
        small = np.round(values * factor) / factor
    tenths = np.where(size < whole_from, np.round(values, 1), np.round(values))
    return np.where(size < 1.0, small, tenths)


@lru_cache(maxsize=4096)
def _number(value: float) -> str:
    """Return a rounded number in full."""
    return f"{value:,.{MOST_DECIMALS}f}".rstrip("0").rstrip(".")


def _money(value: float, currency: str, *, chinese: bool) -> str:
    """Return an amount with its currency: "TWD 12,345", "CNY 640.00", "640.00元"."""
    decimals = 2 if abs(value) < CENTS_BELOW else 0
    amount = f"{abs(value):,.{decimals}f}"
    sign = "-" if value < 0 else ""
    if chinese and currency == "CNY":
        return f"{sign}{amount}元"
    return f"{sign}{currency} {amount}" if currency else f"{sign}{amount}"
