"""The scorer as one Python file that needs nothing but Python."""

import json
from collections.abc import Mapping, Sequence

from delinquency.errors import UnsupportedModelError
from delinquency.scoring.exported_trees import ExportedTree
from delinquency.scoring.lookup_tables import UNITS, LookupTable, lookup_tables

_TEMPLATE = '''"""{title}

Needs Python 3.8 or newer and nothing else. In code:

    from scorer import score
    score({{"utilization_mean": 0.4, ...}})   # a missing value is None, NaN or left out

On the command line, CSV in and CSV out, an empty cell where a value is not known:

    python scorer.py features.csv > scores.csv
"""

import csv
import json
import math
import sys
from bisect import bisect_left
from itertools import accumulate
from operator import or_

FEATURES = json.loads({features!r})
TRAITS = json.loads({traits!r})
BASE_VALUE = {base!r}
SLOPE, INTERCEPT = {slope!r}, {intercept!r}
# What is asked of a feature: [feature, zero is missing, thresholds, categories, tests]; a test is
# [threshold, bit, whether its leaves lie left, whether a missing value goes left]. The bit is set
# when the account does not go where the leaves lie.
QUESTIONS = json.loads({questions!r})
# For each table [traits, for each of them the values by the table's eight bits], in whole units.
TABLES = json.loads({tables!r})
UNITS = {units!r}
WIDTH = 60  # bits of one trait where the values of all traits are one whole number
ZERO = 1.0000000180025095e-35


def _bits(question):
    """Return the bits of each interval between thresholds, and those of a missing value."""
    feature, zero_missing, thresholds, categories, tests = question
    above = [0] * (len(thresholds) + 1)  # set beyond the threshold
    up_to = [0] * (len(thresholds) + 1)  # set at the threshold and below
    missing = 0
    for place, bit, left, missing_left in tests:
        if left:
            above[place + 1] |= 1 << bit
        else:
            up_to[place] |= 1 << bit
        if left != missing_left:
            missing |= 1 << bit
    above = list(accumulate(above, or_))
    up_to = list(accumulate(reversed(up_to), or_))[::-1]
    held = [a | b for a, b in zip(above, up_to)]
    return feature, zero_missing, thresholds, frozenset(categories), held, missing


def _packed(traits, columns):
    """Return a table's rows, each with all its traits in one number: they add up at once."""
    shifts = [WIDTH * trait for trait in traits]
    return [sum([v << by for v, by in zip(row, shifts)]) for row in zip(*columns)]


def _unpacked(total):
    sums = []
    for _ in TRAITS:
        own = total & ((1 << WIDTH) - 1)
        own -= (own >> (WIDTH - 1)) << WIDTH  # the highest bit is the sign
        sums.append(own / UNITS)
        total = (total - own) >> WIDTH
    return sums


QUESTIONS = [_bits(question) for question in QUESTIONS]
TABLES = [_packed(traits, columns) for traits, columns in TABLES]


def score(features):
    """Return PD, raw score (log-odds) and the six traits of one account's features."""
    values = [features.get(name) for name in FEATURES]
    for name, value in zip(FEATURES, values):
        if value is not None and not isinstance(value, (int, float)):
            raise TypeError("%s must be a number or None. Got %r." % (name, value))
    rows = 0
    for feature, zero_missing, thresholds, categories, held, missing in QUESTIONS:
        value = values[feature]
        if value is None or value != value or (zero_missing and abs(value) <= ZERO):
            rows |= missing
        elif categories:
            inside = math.isfinite(value) and int(value) in categories
            rows |= held[0 if inside else 1]
        else:
            rows |= held[bisect_left(thresholds, value)]
    row = rows.to_bytes(len(TABLES), "little")
    sums = _unpacked(sum([table[bits] for table, bits in zip(TABLES, row)]))
    raw = BASE_VALUE + sum(sums)
    log_odds = max(-700.0, min(700.0, SLOPE * raw + INTERCEPT))
    out = {{"pd_hat": 1.0 / (1.0 + math.exp(-log_odds)), "raw_score": raw}}
    out.update(("trait_" + key, value) for key, value in zip(TRAITS, sums))
    return out


def _number(text, name, line):
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        sys.exit("Line %d: %s must be a number or empty. Got %r." % (line, name, text))


def main(path):
    """Score the rows of a CSV file."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        lacking = [name for name in FEATURES if name not in (rows.fieldnames or [])]
        if lacking:
            sys.exit("%d columns are missing: %s" % (len(lacking), ", ".join(lacking[:3])))
        keys = [name for name in rows.fieldnames if name not in FEATURES]
        names = ["pd_hat", "raw_score"] + ["trait_" + key for key in TRAITS]
        writer = csv.DictWriter(sys.stdout, keys + names)
        writer.writeheader()
        for row in rows:
            known = {{name: _number(row[name], name, rows.line_num) for name in FEATURES}}
            writer.writerow({{**{{key: row[key] for key in keys}}, **score(known)}})


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Usage: python scorer.py features.csv > scores.csv")
    main(sys.argv[1])
'''

BITS_A_TABLE = 8
"""Bits of a table's row number: a byte of the row of all tables."""


def python_scorer(
    trees: Sequence[ExportedTree],
    *,
    base_value: float,
    features: Sequence[str],
    traits: Sequence[str],
    calibration: Mapping[str, object],
    title: str,
) -> str:
    """Return the source of a file that scores features; parameters as of ``sql_scorer``.

    Raises
    ------
    UnsupportedModelError
        If the calibration has no formula.

    Notes
    -----
    Every interval of a feature between two thresholds has, worked out once, the bits of all tests
    that fail in it; the bits of an account are those of its features together (Lucchese et al.
    2015, QuickScorer), so that no tree is walked.
    """
    kind = calibration["kind"]
    if kind not in ("none", "sigmoid"):
        raise UnsupportedModelError(
            f"A model with calibration {kind!r} has no formula to export. Train with "
            "model.calibration=none or sigmoid."
        )
    tables = lookup_tables(trees)
    return _TEMPLATE.format(
        title=title,
        features=json.dumps(list(features), ensure_ascii=True),
        traits=json.dumps(list(traits)),
        base=float(base_value),
        slope=float(str(calibration.get("slope", 1.0))),
        intercept=float(str(calibration.get("intercept", 0.0))),
        questions=json.dumps(_questions(tables), separators=(",", ":")),
        tables=json.dumps(_values(tables), separators=(",", ":")),
        units=UNITS,
    )


def _questions(tables: Sequence[LookupTable]) -> list[list[object]]:
    """Return what is asked of each feature, or of a set of its categories."""
    tests: dict[tuple[int, bool, tuple[int, ...]], list[tuple[float, int, bool, bool]]] = {}
    for number, table in enumerate(tables):
        for place, sides in enumerate(table.conditions):
            for left, side in zip((True, False), sides, strict=True):
                for split in (table.splits[position] for position in side):
                    key = (split.feature, split.zero_missing, split.categories)
                    bit = number * BITS_A_TABLE + place
                    test = (split.threshold, bit, left, split.missing_left)
                    tests.setdefault(key, []).append(test)
    questions: list[list[object]] = []
    for (feature, zero_missing, categories), own in sorted(tests.items()):
        thresholds = sorted({threshold for threshold, *_ in own})
        places = {threshold: place for place, threshold in enumerate(thresholds)}
        numbered = [[places[threshold], *rest] for threshold, *rest in own]
        questions.append([feature, zero_missing, thresholds, list(categories), numbered])
    return questions


def _values(tables: Sequence[LookupTable]) -> list[list[object]]:
    """Return traits and numbers of each table, by the conditions that do not hold."""
    return [[list(table.traits), table.values[::-1].T.tolist()] for table in tables]
