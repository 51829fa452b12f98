"""The scorer as one Python file that needs nothing but Python."""

import json
from collections.abc import Mapping, Sequence

from delinquency.errors import UnsupportedModelError
from delinquency.scoring.exported_trees import ExportedTree

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

FEATURES = json.loads({features!r})
TRAITS = json.loads({traits!r})
BASE_VALUE = {base!r}
SLOPE, INTERCEPT = {slope!r}, {intercept!r}
# A tree: its splits [feature, threshold, missing goes left, zero is missing, categories], and its
# leaves [traits, [splits to go left, splits to go right] by trait as bits, values by the set of
# agreeing traits].
TREES = json.loads({trees!r})
ZERO = 1.0000000180025095e-35


def _left(split, values):
    value = values[split[0]]
    missing = value is None or value != value
    if split[4]:
        return not missing and int(value) in split[4]
    if split[3] and not missing and abs(value) <= ZERO:
        missing = True
    return split[2] if missing else value <= split[1]


def score(features):
    """Return PD, raw score (log-odds) and the six traits of one account's features."""
    values = [features.get(name) for name in FEATURES]
    for name, value in zip(FEATURES, values):
        if value is not None and not isinstance(value, (int, float)):
            raise TypeError("%s must be a number or None. Got %r." % (name, value))
    added = [[] for _ in TRAITS]
    for splits, leaves in TREES:
        went = 0
        for place, split in enumerate(splits):
            if _left(split, values):
                went |= 1 << place
        for traits, conditions, table in leaves:
            agreeing = 0
            for bit, (left, right) in enumerate(conditions):
                if went & left == left and not went & right:
                    agreeing |= 1 << bit
            for trait, value in zip(traits, table[agreeing]):
                added[trait].append(value)
    sums = [math.fsum(one) for one in added]
    raw = BASE_VALUE + sum(sums)
    log_odds = max(-700.0, min(700.0, SLOPE * raw + INTERCEPT))
    out = {{"pd_hat": 1.0 / (1.0 + math.exp(-log_odds)), "raw_score": raw}}
    out.update(("trait_" + key, value) for key, value in zip(TRAITS, sums))
    return out


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
            known = {{name: float(row[name]) if row[name] else None for name in FEATURES}}
            writer.writerow({{**{{key: row[key] for key in keys}}, **score(known)}})


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Usage: python scorer.py features.csv > scores.csv")
    main(sys.argv[1])
'''


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
    """
    kind = calibration["kind"]
    if kind not in ("none", "sigmoid"):
        raise UnsupportedModelError(
            f"A model with calibration {kind!r} has no formula to export. Train with "
            "model.calibration=none or sigmoid."
        )
    plain = [
        [
            [
                [s.feature, s.threshold, s.missing_left, s.zero_missing, list(s.categories)]
                for s in tree.splits
            ],
            [
                [
                    list(leaf.traits),
                    [[_bits(left), _bits(right)] for left, right in leaf.conditions],
                    leaf.values.tolist(),
                ]
                for leaf in tree.leaves
            ],
        ]
        for tree in trees
    ]
    return _TEMPLATE.format(
        title=title,
        features=json.dumps(list(features), ensure_ascii=True),
        traits=json.dumps(list(traits)),
        base=float(base_value),
        slope=float(str(calibration.get("slope", 1.0))),
        intercept=float(str(calibration.get("intercept", 0.0))),
        trees=json.dumps(plain, separators=(",", ":")),
    )


def _bits(places: Sequence[int]) -> int:
    return sum(1 << place for place in places)
