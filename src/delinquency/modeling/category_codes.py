"""Names as numbers: each by its bad rate, drawn to the mean where few rows hold it.

Trees find cut-offs only where values have an order. The order that serves them is that of the
names' own bad rates; but a rate that a row's own outcome is part of tells the outcome. So training
rows get the rates of other rows, and a rare name hardly differs from the mean.

The trees that are learnt on rates are then written back as splits by sets of names, LightGBM's
own, so that the model itself reads names and no table of rates goes with it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
PARTS = 5
"""Parts by group; the rows of each get the rates of the others."""
MOST_ROWS = 10_000.0
"""A name never needs more rows than this to count as much as the mean of all."""
LEAST_SPREAD = 1e-9
CATEGORICAL, WORD = 1, 32


@dataclass(frozen=True)
class NameRates:
    """The bad rates of one column's names.

    Attributes
    ----------
    by_code : ndarray of shape (n_names,)
    missing : float
        Of rows without a name; of all rows where there is none such.
    """

    by_code: Array
    missing: float

    def of(self, codes: Array) -> Array:
        """Return each row's rate; a code that was not seen counts as missing."""
        table = np.append(self.by_code, self.missing)
        place = np.where(np.isnan(codes), len(self.by_code), codes).astype(np.intp)
        return table[np.minimum(place, len(self.by_code))]


def name_rates(codes: Array, y: Array, n_names: int, weights: Array | None = None) -> NameRates:
    """Return the bad rate of every name, drawn to the mean of all.

    Parameters
    ----------
    codes : ndarray of shape (n_rows,)
        0 to ``n_names - 1``; NaN for missing, which is a name like another here.
    y : ndarray of shape (n_rows,), in [0, 1]
    n_names : int
    weights : ndarray of shape (n_rows,), optional
        How many rows each row stands for; rows are then counted by their share of all of these,
        as what is known of a name grows with the rows that were seen.

    Returns
    -------
    NameRates

    Notes
    -----
    With n_c rows and bad rate r_c of a name, p of all N rows, C names::

        rate = (n_c r_c + K p) / (n_c + K),  K = p (1 - p) / tau^2, at most 10,000
        tau^2 = (sum n_c (r_c - p)^2 - (C - 1) p (1 - p)) / (N - sum n_c^2 / N)

    so that names which differ by chance only share one rate. scikit-learn's ``TargetEncoder`` has
    the same form, but takes the spread inside each name for K: a name with three good rows then
    has a rate of exactly 0.
    """
    place = np.where(np.isnan(codes), n_names, codes).astype(np.intp)
    counted = np.ones(len(y)) if weights is None else weights * (len(y) / weights.sum())
    rows = np.bincount(place, weights=counted, minlength=n_names + 1)
    bads = np.bincount(place, weights=y * counted, minlength=n_names + 1)
    total, mean = rows.sum(), float(np.average(y, weights=weights))
    seen = rows > 0
    rate = np.divide(bads, rows, out=np.full(n_names + 1, mean), where=seen)
    noise = mean * (1 - mean)
    spread = float((rows * (rate - mean) ** 2).sum()) - (seen.sum() - 1) * noise
    weight = total - float((rows**2).sum()) / total
    tau2 = max(LEAST_SPREAD, spread / weight if weight > 0 else 0.0)
    k = min(noise / tau2, MOST_ROWS)
    drawn = (bads + k * mean) / (rows + k) if k > 0 else rate
    return NameRates(drawn[:-1], float(drawn[-1]))


def cross_fitted_rates(
    codes: Array,
    y: Array,
    groups: NDArray[np.intp],
    n_names: int,
    *,
    seed: int,
    weights: Array | None = None,
) -> Array:
    """Return each row's rate from the rows of other parts, groups kept together.

    Parameters
    ----------
    codes, y : ndarray of shape (n_rows,)
    groups : ndarray of int, shape (n_rows,)
        Number of each row's group.
    n_names : int
    seed : int
        Draws the parts.
    weights : ndarray of shape (n_rows,), optional
        As of ``name_rates``.
    """
    part = np.random.default_rng(seed).permutation(int(groups.max()) + 1)[groups] % PARTS
    out = np.empty(len(y))
    for one in range(PARTS):
        held = part == one
        if held.all() or not held.any():
            out[held] = float(np.average(y, weights=weights))
            continue
        others = None if weights is None else weights[~held]
        rates = name_rates(codes[~held], y[~held], n_names, others)
        out[held] = rates.of(codes[held])
    return out


def split_by_names(booster: lgb.Booster, rates: Mapping[int, NameRates]) -> lgb.Booster:
    """Return a booster that reads codes where the given one reads their rates.

    Parameters
    ----------
    booster : lightgbm.Booster
        Learnt on rates.
    rates : mapping of int to NameRates
        Place of a column -> rates of its names.

    Notes
    -----
    ``rate <= cut-off`` becomes "the name is one of ...". LightGBM sends what is not in the set,
    and a missing name, to the right: where a missing name belongs to the left the children are
    exchanged.
    """
    text = booster.model_to_string(num_iteration=-1)
    head, *trees = re.split(r"(?=^Tree=\d+$)", text, flags=re.MULTILINE)
    head = re.sub(r"^tree_sizes=.*\n", "", head, flags=re.MULTILINE)
    head = _name_columns(head, rates)
    tail = ""
    if trees:
        last, mark, rest = trees[-1].partition("end of trees")
        trees[-1], tail = last, mark + rest
    return lgb.Booster(model_str=head + "".join(_rewritten(t, rates) for t in trees) + tail)


def _name_columns(head: str, rates: Mapping[int, NameRates]) -> str:
    """Return the header with the columns of names told as such."""

    def told(found: re.Match[str]) -> str:
        infos = found.group(1).split(" ")
        for column, one in rates.items():
            infos[column] = ":".join(map(str, range(len(one.by_code))))
        return "feature_infos=" + " ".join(infos)

    return re.sub(r"^feature_infos=(.*)$", told, head, flags=re.MULTILINE)


def _rewritten(tree: str, rates: Mapping[int, NameRates]) -> str:
    """Return a tree's text with its splits by rate as splits by sets of names."""
    lines = [line.partition("=") for line in tree.split("\n")]
    at = {key: row for row, (key, _, _) in enumerate(lines)}
    if "split_feature" not in at:
        return tree
    fields = {
        key: lines[at[key]][2].split(" ")
        for key in ("split_feature", "threshold", "decision_type", "left_child", "right_child")
    }
    words: list[int] = []
    bounds = [0]
    for node, column in enumerate(map(int, fields["split_feature"])):
        if column not in rates:
            continue
        one, cut = rates[column], float(fields["threshold"][node])
        inside = one.by_code <= cut
        if one.missing <= cut:
            inside = ~inside
            left, right = fields["left_child"][node], fields["right_child"][node]
            fields["left_child"][node], fields["right_child"][node] = right, left
        fields["threshold"][node] = str(len(bounds) - 1)
        fields["decision_type"][node] = str(CATEGORICAL)
        words += _bits(np.flatnonzero(inside))
        bounds.append(len(words))
    if len(bounds) == 1:
        return tree
    for key, values in fields.items():
        lines[at[key]] = (key, "=", " ".join(values))
    lines[at["num_cat"]] = ("num_cat", "=", str(len(bounds) - 1))
    extra = [
        ("cat_boundaries", "=", " ".join(map(str, bounds))),
        ("cat_threshold", "=", " ".join(map(str, words))),
    ]
    lines[at["right_child"] + 1 : at["right_child"] + 1] = extra
    return "\n".join("".join(line) for line in lines)


def _bits(codes: Sequence[int] | NDArray[np.intp]) -> list[int]:
    """Return codes as the bits of words of 32."""
    n_words = int(max(codes, default=0)) // WORD + 1
    words = [0] * n_words
    for code in map(int, codes):
        words[code // WORD] |= 1 << (code % WORD)
    return words
