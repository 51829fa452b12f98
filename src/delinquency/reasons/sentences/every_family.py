"""All families by feature: importing this module registers those of every trait."""

import re
from functools import lru_cache

from delinquency.features.catalogue import SUMMARIES
from delinquency.reasons.sentences import (  # noqa: F401  (importing a module registers it)
    capacity_sentences,
    debt_sentences,
    economic_sentences,
    record_sentences,
    spending_sentences,
    willingness_sentences,
)
from delinquency.reasons.sentences.feature_family import EMPTY_UNLESS_KNOWN, FAMILIES, Family, Kind

_SUMMARY = re.compile(rf"_(?P<summary>{'|'.join(SUMMARIES)})(_\d+m)?$")
_EARLIER = re.compile(r"_\d+m_ago$")
_KINDS: dict[str, Kind] = {"step": "change", "trend": "change", "change": "change",
                           "std": "spread"}  # fmt: skip
CODE_SUMMARIES = ("last", "max", "min")
"""Summaries of a code that are a code again."""


@lru_cache(maxsize=1)
def _by_feature() -> dict[str, Family]:
    return {name: family for family in FAMILIES.values() for name in family.features}


@lru_cache(maxsize=4096)
def family_of(feature: str) -> Family | None:
    """Return the family that a feature of the catalogue belongs to; None for other columns."""
    families = _by_feature()
    if feature in families:
        return families[feature]
    return families.get(_EARLIER.sub("", _SUMMARY.sub("", feature)))


@lru_cache(maxsize=4096)
def kind_of(feature: str) -> Kind:
    """Return whether a feature's values are a level, a change, a fall or a variation."""
    family = family_of(feature)
    if family is None:
        return "level"
    if feature in family.features:
        return family.kind
    match = _SUMMARY.search(feature)
    return _KINDS.get(match["summary"], "level") if match else "level"


@lru_cache(maxsize=4096)
def is_sum_of_codes(feature: str) -> bool:
    """Return whether a feature is a mean, a change or a variation of codes: no figure to state."""
    family = family_of(feature)
    if family is None or not family.labels or feature in family.features:
        return False
    match = _SUMMARY.search(feature)
    return match is not None and match["summary"] not in CODE_SUMMARIES


@lru_cache(maxsize=4096)
def witnesses_of(feature: str) -> tuple[str, ...] | None:
    """Return the quantities that tell a feature's 0 from "nothing to measure"; None if it is 0."""
    return EMPTY_UNLESS_KNOWN.get(feature)


def is_summary_of(feature: str, quantity: str) -> bool:
    """Return whether a feature is the quantity itself, or a summary or an earlier month of it."""
    return feature == quantity or (
        feature.startswith(quantity) and _EARLIER.sub("", _SUMMARY.sub("", feature)) == quantity
    )
