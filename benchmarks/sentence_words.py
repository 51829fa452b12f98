"""Read a reason's words back: headline, facts, numbers and month, without the code of it."""

import math
import re
from dataclasses import dataclass
from typing import Any

import pandas as pd

ABOVE, BELOW = ("above", "高于"), ("below", "低于")
COMPARES = re.compile(
    r"\b(more recently|more|higher|longer|larger|less|lower|shorter|smaller|fewer|newer)\b"
    r"(?=.*than is typical)"
)
DOWNWARD = ("more recently", "less", "lower", "shorter", "smaller", "fewer", "newer")
MOVES = re.compile(r"\b(rose|fell)\b")
NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?")
NONE_WORDS = {"none": 0.0, "no": 0.0, "yes": 1.0, "无": 0.0, "否": 0.0, "是": 1.0}
ANSWER = re.compile(
    r"(?:(?<=^)|(?<=[:(|] )|(?<=\()|(?<=typically )|(?<=reference ))(?:none|no|yes)(?=[ ,)]|$)"
    r"|(?:(?<=^)|(?<=[：（值为])|(?<=\| ))(?:无|否|是)(?=[ ，（）；。]|$)"
)
"""Words that stand for a number where they are a whole value."""
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
END = re.compile(r"(?:, (?P<en>[A-Z][a-z]{2} \d{4}))?\.(?P<limited> Limited data\.)?$")
END_ZH = re.compile(r"(?:，(?P<zh>\d{4}年\d{1,2}月))?(?P<limited>（数据有限）)?。$")
FACT = re.compile(
    r"^: (?:(?P<unstated>not stated) \((?:reference|typically) (?P<r0>.*)\)"
    r"|(?P<value>.*?), (?P<side>above|below) (?:the reference|what is typical) \((?P<r1>.*)\)"
    r"|(?P<alone>.*?) \((?:reference|typically) (?P<r2>.*)\))$"
)
FACT_ZH = re.compile(
    r"^：?(?:(?P<unstated>未提供)，(?:参考值|通常为)(?P<r0>.*)"
    r"|(?P<value>.*?)，(?P<side>高于|低于)(?:参考值|通常)（(?P<r1>.*)）"
    r"|(?P<alone>.*?)，(?:参考值|通常为)(?P<r2>.*))$"
)


@dataclass(frozen=True)
class Told:
    """One fact as its words tell it: what is printed, and on which side."""

    value: str
    reference: str
    side: str
    stated: bool


def facts_of(text: str, phrases: list[str], *, chinese: bool) -> tuple[str, list[Told], str]:
    """Return a reason's headline, its facts and its month, read from the words alone.

    Raises
    ------
    ValueError
        If the words do not follow the form of a reason.
    """
    end = (END_ZH if chinese else END).search(text)
    if end is None:
        raise ValueError("no end")
    month, rest = end["zh" if chinese else "en"] or "", text[: end.start()]
    places = []
    for phrase in phrases:
        # A headline may hold the phrase too: a fact stands behind the mark that ends one.
        before = ("；" if places else "：") if chinese else ". "
        at = rest.find(before + phrase, places[-1][1] if places else 0)
        if at < 0:
            raise ValueError(f"{phrase!r} is not named")
        places.append((at, at + len(before) + len(phrase)))
    out = []
    for (_, start), following in zip(places, [*places[1:], (len(rest), 0)], strict=True):
        part = rest[start : following[0]]
        found = (FACT_ZH if chinese else FACT).match(part)
        if found is None:
            raise ValueError(f"{part!r} is no fact")
        reference = next(found[name] for name in ("r0", "r1", "r2") if found[name] is not None)
        value = found["value"] or found["alone"] or ""
        out.append(Told(value, reference, found["side"] or "", found["unstated"] is None))
    return rest[: places[0][0]].rstrip("：. "), out, month


def number_of(text: str) -> float | None:
    """Return the number that a value's words print; None for a name."""
    if text in NONE_WORDS:
        return NONE_WORDS[text]
    if text in ("over 999%", "999%以上"):
        return 1000.0
    found = NUMBER.search(text)
    return float(found[0].replace(",", "")) if found else None


def digits(text: str) -> list[str]:
    """Return the numbers that are printed, so that two languages can be compared."""
    text = ANSWER.sub(lambda found: str(int(NONE_WORDS[found[0]])), text)
    return [one.replace(",", "") for one in NUMBER.findall(text)]


def agrees(printed: str, value: float) -> bool:
    """Return whether a printed number is a value, to the last printed digit."""
    shown = number_of(printed)
    if shown is None:
        return False
    found = NUMBER.search(printed)
    places = len(found[0].partition(".")[2]) if found else 0
    if shown >= 1000 and "999%" in printed:
        return value >= 999
    return abs(shown - value) <= 0.5 * 10.0**-places + 1e-9 * max(abs(value), 1.0)


def in_print(raw: float, printed: str, meaning: dict[str, Any]) -> float:
    """Return a raw value on the scale that its print has: per cent, money, or as it is."""
    relative = "%" in printed or "percentage point" in printed or "个百分点" in printed
    if meaning["unit"] == "log money":
        return math.expm1(raw) * (100.0 if relative else 1.0)
    return raw * 100.0 if relative and meaning["unit"] not in ("percent", "%") else raw


def month_words(month: Any) -> tuple[str, str]:
    """Return an observation month in both languages' words; "" where it is not known."""
    stamp = pd.Timestamp(month)
    if pd.isna(stamp):
        return "", ""
    return f"{MONTHS[stamp.month - 1]} {stamp.year}", f"{stamp.year}年{stamp.month}月"
