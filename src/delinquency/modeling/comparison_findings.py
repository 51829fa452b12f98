"""To whom the model loses by more than chance, in words, and what to try."""

from collections.abc import Mapping, Sequence
from typing import Any

FREE_OF_DIRECTIONS = "without_monotone"
LINEAR = ("logistic_regression", "scorecard")
TWIN = "_without_protected"
"""Ends the name of a peer that sees the raw columns without the protected ones."""
METRIC = "roc_auc"
SHOWN = 3


def losses(
    result: Mapping[str, Any], *, sees_protected: Sequence[str], raw: Sequence[str]
) -> list[dict[str, Any]]:
    """Return the peers and variants that rank better than the model by more than chance.

    Parameters
    ----------
    result : mapping
        Report of a comparison (``Comparison.to_dict``), with ``directions`` where they were held
        against the rows left out.
    sees_protected : sequence of str
        Peers and variants that are fitted on protected columns too.
    raw : sequence of str
        Peers that are fitted on the columns as they came.

    Returns
    -------
    list of dict
        ``name``; ``difference`` (model less it, with ``mean, low, high``); ``words``; ``to_try``.
    """
    rivals = {**result["peers"], **result["variants"]}
    ahead = [name for name, one in rivals.items() if _loses(one)]
    found = []
    for name in ahead:
        gap = rivals[name][METRIC]["difference"]
        words = (
            f"{name} ranks better by more than chance: AUC {-gap['mean']:+.4f} "
            f"[{-gap['high']:+.4f}, {-gap['low']:+.4f}]"
        )
        tries = _tries(name, ahead, rivals, result.get("directions", {}), sees_protected, raw)
        found.append({"name": name, "difference": gap, "words": words, "to_try": tries})
    return found


def _loses(one: Mapping[str, Any]) -> bool:
    """Return whether the model loses: the whole interval of model less the other is below 0."""
    high = one[METRIC].get("difference", {}).get("high")
    return high is not None and high < 0


def _tries(
    name: str,
    ahead: Sequence[str],
    rivals: Mapping[str, Any],
    directions: Mapping[str, Any],
    sees_protected: Sequence[str],
    raw: Sequence[str],
) -> list[str]:
    """Return what may be the cause, the likeliest first."""
    if name in sees_protected:
        twin = name + TWIN
        alone = twin in rivals and twin not in ahead
        told = "and without them it is not ahead: nothing to try" if alone else "so compare twins"
        seen = f"it sees protected columns, which the model must not use, {told}"
        if alone or twin not in rivals:
            return [seen]
    tries = []
    if FREE_OF_DIRECTIONS in ahead:
        costly = sorted(directions, key=lambda one: -directions[one]["standard_errors"])
        costly = [one for one in costly if directions[one]["low"] > 0][:SHOWN]
        which = f" ({', '.join(costly)} first)" if costly else ""
        tries.append(f"the held directions cost rank: look at their bad rates by bin{which}")
    if name == FREE_OF_DIRECTIONS:
        return tries
    if name in raw and not any(one in ahead for one in rivals if one not in raw):
        tries.append(
            "it reads the columns as they came, and no rival on the features is ahead: something "
            "is lost in the features (a longer data.window_months, columns not yet mapped)"
        )
    if name in LINEAR:
        tries.append("effects add up and bads are few: more months or accounts, or fewer columns")
    return tries or ["another shape of trees: make tune, or model.num_leaves and model.lambda_l2"]
