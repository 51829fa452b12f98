"""Check every sentence of a run from its own words, without the code that wrote it.

    make sentence-laws ARGS="--data taiwan"
    python benchmarks/sentence_laws.py [--root FOLDER] [--data NAME]

Read back are `explanations.parquet`, the features, the meanings kept with the model, and the case
books, as a reader outside the project would read them. Each law is counted with the sentences
that break it; the exit code is 1 where one is broken. Nothing of the package is imported.
"""

import argparse
import json
import math
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from card_laws import check_cards
from law_findings import Findings
from lxml import html
from sentence_words import (
    ABOVE,
    COMPARES,
    DOWNWARD,
    MOVES,
    NONE_WORDS,
    Told,
    agrees,
    digits,
    facts_of,
    in_print,
    month_words,
    number_of,
)

RANKS = range(1, 7)
EXAMPLES = 3
COMMON = 0.25
"""Share of the accounts at risk beyond which a first sentence needs a second fact beside it."""
PROTECTED = ("sex", "gender", "age", "marital_status", "marriage", "region", "ethnic", "religio",
             "nationality", "disab")  # fmt: skip
ALWAYS_UNKNOWN_AT_ZERO = (
    "purchases_contraction", "buffer_while_unpaid", "discretionary_while_late",
    "purchases_while_revolving", "spend_spike", "limit_rise_response",
)  # fmt: skip
"""Features whose 0 says that there was nothing to measure."""


class Run:
    """What a run left behind, read as files.

    Parameters
    ----------
    root : Path
    data : str
    """

    def __init__(self, root: Path, data: str, *, rows: int = 0) -> None:
        self.reports = root / "reports" / data
        folder = root / "data" / "processed" / data
        self.told = pd.read_parquet(folder / "explanations.parquet")
        model = root / "models" / data
        kept = json.loads((model / "reasons.json").read_text(encoding="utf-8"))
        self.cut_off = float(kept["options"]["cut_off"])
        self.outcomes = [name for name in self.told if name.startswith("outcome_")]
        self.causes = {name: self.told[name].value_counts() for name in self.outcomes}
        self.accounts = len(self.told)
        if rows:
            spread = np.arange(self.accounts) % max(self.accounts // rows, 1) == 0
            self.told = self.told[spread | (self.told["pd_hat"] >= self.cut_off)]
            self.told = self.told.reset_index(drop=True)
        features = pd.read_parquet(folder / "features.parquet")
        keys = ["account_id", "observation_month"]
        order = self.told[keys].merge(
            features[keys].assign(place=range(len(features))), on=keys, how="left"
        )["place"]
        self.features = features.iloc[order.to_numpy()].reset_index(drop=True)
        meanings = json.loads((model / "meanings.json").read_text(encoding="utf-8"))
        self.meanings = {one["name"]: one for one in meanings}
        reference = kept["reference"]
        self.medians = dict(zip(reference["facts"], reference["medians"], strict=True))
        self.ranks = [k for k in RANKS if f"reason_{k}" in self.told]
        self.marks: dict[str, list[str]] = {}
        for one in meanings:
            self.marks.setdefault(one["mark_of"], []).append(one["name"])
        self._columns: dict[str, tuple[Any, Any]] = {}

    def raw(self, name: str, row: int) -> tuple[float, bool]:
        """Return an account's own value of a feature, and whether it is missing."""
        if name not in self._columns:
            column = self.features[name]
            number = pd.api.types.is_numeric_dtype(column)
            values = (
                column.to_numpy(float, na_value=np.nan) if number else [math.nan] * len(column)
            )
            self._columns[name] = (values, column.isna().to_numpy())
        values, missing = self._columns[name]
        return float(values[row]), bool(missing[row])


def check_fact(
    run: Run, found: Findings, row: int, name: str, told: Told, told_zh: Told, text: str
) -> None:
    """Check one fact of one reason against the account's own raw value."""
    meaning = run.meanings[name]
    raw, unknown = run.raw(name, row)
    found.require("what is missing is said to be not stated", told.stated != unknown, text)
    if not told.stated:
        return
    applies = not any(run.raw(one, row)[0] == 1 for one in run.marks.get(name, ()))
    found.require("what does not apply is not stated as a value", applies, text)
    found.require("a mark is not stated as a value", not meaning["mark_of"], text)
    if name in ALWAYS_UNKNOWN_AT_ZERO:
        found.require("0 for unknown is not stated as a value", raw != 0, text)
    codes = meaning["labels"] or meaning["unit"] in ("code", "level")
    if meaning["categories"] or codes:
        words = number_of(told.value) is None or told.value in NONE_WORDS
        named = [pair[1] for pair in meaning["labels"]] + list(meaning["categories"])
        found.require("a code is shown as words", words or told.value in named, text)
        found.require("a name differs from its reference", told.value != told.reference, text)
        return
    value, reference = number_of(told.value), number_of(told.reference)
    found.require("the value is the account's own", _same(told.value, raw, meaning), text)
    median = run.medians.get(name, math.nan)
    found.require("the reference is the reference's", _same(told.reference, median, meaning), text)
    if value is None or reference is None:
        found.require("a value and its reference are numbers", False, text)
        return
    found.require("a fact differs from its reference", value != reference, text)
    found.require("rounding keeps the comparison", (value > reference) == (raw > median), text)
    for words, side in ((told, told.side), (told_zh, told_zh.side)):
        if side:
            held = (value > reference) == (side in ABOVE)
            found.require("above and below are true", held, f"{words} | {text}")
    known = meaning["direction"]
    found.require("a stated fact is adverse", (value - reference) * known >= 0, text)


def _same(printed: str, raw: float, meaning: dict[str, Any]) -> bool:
    return agrees(printed, in_print(raw, printed, meaning))


def check_headline(headline: str, told: Told, text: str, found: Findings) -> None:
    """Check that a headline's comparison is that of its numbers, where it compares."""
    value, reference = number_of(told.value), number_of(told.reference)
    compares = COMPARES.findall(headline.lower())
    if value is None or reference is None or not compares:
        return
    up = compares[-1] not in DOWNWARD
    if MOVES.search(headline.lower()):
        # What rose or fell is farther from 0 than the reference, or nearer to it.
        up = up == (value > 0)
    found.require("a headline compares truly", (value > reference) == up, text)


def check_reasons(run: Run, found: Findings) -> None:
    """Check every reason of `explanations.parquet`."""
    columns = {name: run.told[name].to_numpy() for name in run.told.columns}
    for k in run.ranks:
        seen: set[tuple[Any, ...]] = set()
        for row in np.flatnonzero(columns[f"reason_{k}"] != ""):
            text, text_zh = columns[f"reason_{k}"][row], columns[f"reason_zh_{k}"][row]
            trait = columns[f"reason_{k}_trait"][row]
            evidence = columns[f"evidence_{trait}"][row]
            found.require("a reason rests on evidence", evidence != "none", text)
            if trait == "repayment_willingness":
                held = evidence in ("partial", "strong")
                found.require("willingness rests on more than weak evidence", held, text)
            names = [columns[f"reason_{k}_feature{end}"][row] for end in ("", "_2")]
            names = [name for name in names if name]
            # The account's raw values are compared each time; the words only once.
            check_one(run, found, row, k, names, text, text_zh, columns, seen)


def check_one(
    run: Run,
    found: Findings,
    row: int,
    k: int,
    names: list[str],
    text: str,
    text_zh: str,
    columns: dict[str, Any],
    seen: set[tuple[Any, ...]],
) -> None:
    """Check one reason in both languages against its columns and the account's values."""
    for name in names:
        meaning = run.meanings[name]
        of_trait = meaning["trait_key"] == columns[f"reason_{k}_trait"][row]
        found.require("a fact belongs to its trait", of_trait, f"{name}: {text}")
        rests_on = [one.lower() for one in (name, *meaning["needs"])]
        held = not any(one == word for one in rests_on for word in PROTECTED)
        found.require("no protected fact", held, f"{name}: {text}")
    try:
        phrases = [run.meanings[name]["phrase"] for name in names]
        headline, told, month = facts_of(text, phrases, chinese=False)
        phrases = [run.meanings[name]["phrase_zh"] for name in names]
        headline_zh, told_zh, month_zh = facts_of(text_zh, phrases, chinese=True)
    except ValueError as problem:
        found.require("a reason can be read", False, f"{problem}: {text} | {text_zh}")
        return
    found.require("a reason can be read", True, "")
    for end, name, one, other in zip(("", "_2"), names, told, told_zh, strict=False):
        check_fact(run, found, row, name, one, other, text)
        value = columns[f"reason_{k}_value{end}"][row]
        reference = columns[f"reason_{k}_reference{end}"][row]
        side = columns[f"reason_{k}_direction{end}"][row]
        if number_of(one.value) is not None and side:
            held = agrees(one.value, value) and agrees(one.reference, reference)
            found.require("columns agree with the text", held, f"{value} {reference}: {text}")
            held = side == ("high" if value > reference else "low")
            found.require("the direction is that of the numbers", held, f"{side}: {text}")
    key = (text, text_zh)
    if key in seen:
        return
    seen.add(key)
    wanted = month_words(columns["observation_month"][row]) if month or month_zh else (month, "")
    found.require("the month is the observation month", (month, month_zh) == wanted, text)
    if told[0].stated:
        check_headline(headline, told[0], text, found)
    check_words(found, text, text_zh)
    shown = [digits(f"{one.value} | {one.reference}") for one in told]
    shown_zh = [digits(f"{one.value} | {one.reference}") for one in told_zh]
    found.require("both languages carry the same numbers", shown == shown_zh, f"{text}|{text_zh}")
    found.require(
        "a reason has a headline in both languages", bool(headline and headline_zh), text
    )


def check_words(found: Findings, text: str, text_zh: str) -> None:
    """Check what no sentence may hold: traces of the program."""
    for one in (text, text_zh):
        held = not re.search(r"\bnan\b|\bNone\b|\binf\b|[a-z]_[a-z]|\{|\}|  |\(\)|（）", one)
        found.require("no trace of the program in a sentence", held, one)
    cut = re.search(r"[A-Za-z]{2,}", re.sub(r"[A-Z]{3} [-\d]", "", text_zh))
    held = cut is None or cut[0] in text
    found.require("no English word is cut in a Chinese sentence", held, text_zh)


def check_common(run: Run, found: Findings) -> dict[str, float]:
    """Check that a first sentence which many at risk are told has a second fact beside it."""
    at_risk = run.told[run.told["pd_hat"] >= run.cut_off]
    if not len(at_risk):
        return {}
    # A trait with one fact that can be stated has no second one to set beside it.
    told = {
        name for k in run.ranks for end in ("", "_2")
        for name in run.told[f"reason_{k}_feature{end}"].unique() if name
    }  # fmt: skip
    facts = Counter(run.meanings[name]["trait_key"] for name in told)
    first = at_risk["reason_1"].str.partition(". ")[0]
    first = first.where(at_risk["reason_1_trait"].map(facts).fillna(0) > 1, "")
    shares = first[first != ""].value_counts() / len(at_risk)
    out = {}
    for sentence, share in shares.items():
        rows = at_risk[first == sentence]
        alone = float((rows["reason_1_feature_2"] == "").sum() / len(at_risk))
        out[str(sentence)] = alone
        told = f"{sentence}: {share:.1%}, without a second fact {alone:.1%}"
        found.require(
            "no first sentence of more than a quarter stands alone", alone <= COMMON, told
        )
    return out


def check_report(run: Run, found: Findings) -> None:
    """Check that the run's page counts the withheld reasons as the file does."""
    path = run.reports / "index.html"
    if not path.exists():
        return
    page = html.fromstring(path.read_text(encoding="utf-8"))
    shown = " ".join(page.text_content().split())
    for column, counts in run.causes.items():
        for cause, n in counts.items():
            if cause:
                held = f"{n:,}" in shown
                found.require("the report counts what was withheld", held, f"{column} {cause} {n}")


def main() -> int:
    """Check one run, print what was found, and return the exit code."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--root", type=Path, default=Path())
    asked.add_argument("--data", default="synthetic")
    asked.add_argument("--rows", type=int, default=0, help="of those below the cut-off; 0 for all")
    choices = asked.parse_args()
    found = Findings()
    run = Run(choices.root, choices.data, rows=choices.rows)
    check_reasons(run, found)
    alone = check_common(run, found)
    check_report(run, found)
    pages = [page for name in ("cards", "cards_scored")
             for page in sorted((run.reports / name).glob("**/*.html"))]  # fmt: skip
    cards = sum(check_cards(page, found) for page in pages)
    report(run, found, alone, cards)
    return 1 if found.broken else 0


def report(run: Run, found: Findings, alone: dict[str, float], cards: int) -> None:
    """Print how often each law was looked at, what breaks it, and what was withheld."""
    stated = sum(int((run.told[f"reason_{k}"] != "").sum()) for k in run.ranks)
    print(
        f"{len(run.told):,} of {run.accounts:,} observations, {stated:,} reasons, {cards:,} cards"
    )
    for law, n in sorted(found.looked.items()):
        broken = found.broken.get(law, [])
        word = "BROKEN" if broken else "held"
        print(f"{word:>8}  {law}: {n:,} looked at, {len(broken):,} broken")
        for what in broken[:EXAMPLES]:
            print(f"          {what}")
    if alone:
        sentence = max(alone, key=lambda one: alone[one])
        print(f"Most often first without a second fact: {sentence} ({alone[sentence]:.1%})")
    causes = Counter[str]()
    for counts in run.causes.values():
        causes.update({cause: int(n) for cause, n in counts.items() if cause})
    for cause, n in causes.most_common():
        print(f"{n:>10,}  {cause}")


if __name__ == "__main__":
    sys.exit(main())
