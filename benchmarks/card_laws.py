"""The laws of a case book's cards, read from the pages as a browser shows them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from law_findings import Findings
from lxml import html
from sentence_words import digits

ACCUSING = re.compile(
    r"\b(refus|unwilling|willing|fault|blame|dishonest|evad|evasi|ignor|broke|broken|fail|failed|"
    r"selective|deliberate|fraud|irrational|reckless|lazy|impulsive|careless|bad)\w*|"
    r"while other lenders were paid|within usual means|were not made|"
    r"拒|恶意|失信|赖|逃|躲|欺诈|不负责|不理性|冲动|意愿|有能力|他行正常|失约|违背",
    re.IGNORECASE,
)
"""Words that put blame on the person who reads them."""
FOREIGN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
AS_PRINTED = re.compile(
    r"[THC][1-6]|[A-Z]{3}|[A-Z][A-Za-z]+/[A-Za-z_/]+|[a-z]+\.[a-z_0-9]+|[a-z]+_[a-z_0-9]+|make|treat"
)
"""What a Chinese line holds as printed: traits, currencies, zones, keys of rules, commands."""
OF_FACTS = "ancestor::ol | ancestor::table | ancestor::details[contains(@class, 'wording')]"
DATED = re.compile(r",? ?[A-Z][a-z]{2} \d{4}\.?|，?\d{4}年\d{1,2}月")


def cards_of(path: Path) -> Iterator[Any]:
    """Yield the cards of a page."""
    yield from html.fromstring(path.read_text(encoding="utf-8")).xpath("//article")


def spoken(node: Any, language: str) -> str:
    """Return what a part of a page says in one language, and what both share."""
    other = {"en": "zh", "zh": "en"}[language]
    parts = node.xpath(f".//text()[not(ancestor::span[@lang='{other}'])]")
    return " ".join("".join(parts).split())


def check_cards(page: Path, found: Findings) -> int:
    """Check every card of a page: the customer's words, the table of facts, both languages."""
    n = 0
    for card in cards_of(page):
        n += 1
        name = " ".join(card.xpath(".//h2")[0].text_content().split())
        for row in card.xpath(".//table//tbody/tr/td[last()]//li"):
            en, zh = spoken(row, "en"), spoken(row, "zh")
            shown = re.search(r": (.*) \(([^()]*)\) [-+\u2212]", en)
            found.require("a card's fact can be read", shown is not None, f"{name}: {en}")
            if shown:
                held = shown[1] != shown[2]
                found.require("a card's fact differs from its reference", held, f"{name}: {en}")
            told, told_zh = (_figures(row, language) for language in ("en", "zh"))
            found.require("a card carries the same numbers", told == told_zh, f"{name}: {en}|{zh}")
        check_lines(card, found, name)
        manager = card.xpath(".//ol[contains(@class,'reasons')]/li")
        customer = card.xpath(".//details[contains(@class,'wording')]//li")
        found.require("a customer reads every reason", len(manager) == len(customer), name)
        for mine, theirs in zip(manager, customer, strict=False):
            for language in ("en", "zh"):
                words = spoken(theirs, language)
                found.require("nothing accuses a customer", not ACCUSING.search(words),
                              f"{name}: {words}")  # fmt: skip
            own, customers = (_figures(one, "en") for one in (mine, theirs))
            found.require("manager and customer read the same numbers", own == customers,
                          f"{name}: {own} {customers} {spoken(theirs, 'en')}")  # fmt: skip
            found.require(
                "a customer reads the same numbers in both languages",
                _figures(theirs, "en") == _figures(theirs, "zh"),
                f"{name}: {spoken(theirs, 'en')}|{spoken(theirs, 'zh')}",
            )
    return n


def check_lines(card: Any, found: Findings, name: str) -> None:
    """Check every line of a card: the same numbers in both languages, and Chinese in Chinese."""
    for line in card.xpath(".//p[span] | .//li[span][not(.//ul)]"):
        words = spoken(line, "en"), spoken(line, "zh")
        told, told_zh = (sorted(digits(DATED.sub("", one))) for one in words)
        found.require("each line carries the same numbers", told == told_zh,
                      f"{name}: {words[0]}|{words[1]}")  # fmt: skip
        chinese = " ".join(" ".join(one.text_content().split())
                           for one in line.xpath(".//span[@lang='zh']"))  # fmt: skip
        if line.xpath(OF_FACTS):
            continue  # a title of the user's own may stand in English; reasons have their law
        foreign = [one for one in FOREIGN.findall(chinese) if not AS_PRINTED.fullmatch(one)]
        found.require("a Chinese line is in Chinese", not foreign, f"{name}: {foreign} {chinese}")


def _figures(node: Any, language: str) -> list[str]:
    """Return the numbers of a reason on a card: those behind a colon or a comparison."""
    text = DATED.sub("", spoken(node, language))
    text = re.sub(r"\b(in|over|of|against) \d+ months|近\d+个月", "", text)
    return sorted(digits(text))
