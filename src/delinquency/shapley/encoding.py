"""Values to codes: every split of a model becomes one comparison of bytes.

A column of codes stands for up to 255 sorted thresholds of one feature; a value's code is the
number of them below it, so that ``value <= threshold[j]`` is ``code <= j``. A missing value gets
code 0 where it goes left and the highest code where it goes right, so missing values need no
test of their own. A feature has several columns where one is not enough: more than 255
thresholds, or splits that send missing values different ways. A set of categories is a column
with code 0 inside the set and 1 outside.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from delinquency.compiled import njit
from delinquency.shapley.forest import CATEGORICAL, MISSING_NAN, MISSING_ZERO, Forest
from delinquency.shapley.simd import BLOCK, WIDTH, load_row, pass_below, place_lanes, store_codes

MAX_THRESHOLDS = 255
"""Thresholds a column of bytes can hold: codes 0..255."""

ZERO_THRESHOLD = float(np.float32(1e-35))
"""LightGBM's kZeroThreshold: a value this near to zero is missing under zero_as_missing."""


@dataclass(frozen=True)
class Encoding:
    """How the values of a row become codes.

    Attributes
    ----------
    feature : ndarray of shape (n_columns,)
        Which value a column encodes.
    kind : ndarray of shape (n_columns,)
        ``MISSING_NONE``, ``MISSING_ZERO``, ``MISSING_NAN`` or ``CATEGORICAL``.
    missing_code : ndarray of shape (n_columns,), uint8
        Code of NaN, and of zero where zero is missing.
    threshold_start : ndarray of shape (n_columns + 1,)
        Where a column's thresholds begin.
    threshold : ndarray, float64
        Ascending within a column.
    word_start : ndarray of shape (n_columns + 1,)
        Where a column's category words begin.
    word : ndarray, uint32
        Categories inside the set, 32 a word.
    """

    feature: NDArray[np.int64]
    kind: NDArray[np.int64]
    missing_code: NDArray[np.uint8]
    threshold_start: NDArray[np.int64]
    threshold: NDArray[np.float64]
    word_start: NDArray[np.int64]
    word: NDArray[np.uint32]

    @property
    def n_columns(self) -> int:
        """Number of code columns."""
        return len(self.feature)


def build_encoding(forest: Forest) -> tuple[Encoding, NDArray[np.int64], NDArray[np.int64]]:
    """Lay out the code columns of a forest.

    Parameters
    ----------
    forest : Forest

    Returns
    -------
    encoding : Encoding
    column : ndarray of shape (n_nodes,)
        The code column each node compares.
    rank : ndarray of shape (n_nodes,)
        A row goes right at the node when its code is above this.
    """
    column = np.zeros(len(forest.feature), np.int64)
    rank = np.zeros(len(forest.feature), np.int64)
    columns = _Columns()
    numeric = np.flatnonzero(forest.kind != CATEGORICAL)
    # Without a missing type the default side is never taken, so it must not split a column.
    side = forest.default_left & ((forest.kind == MISSING_ZERO) | (forest.kind == MISSING_NAN))
    keys = np.stack([forest.feature, forest.kind, side], axis=1)[numeric]
    uniques, member = np.unique(keys, axis=0, return_inverse=True)
    for at, (feature, kind, left) in enumerate(uniques):
        nodes = numeric[member.ravel() == at]
        thresholds, order = np.unique(forest.threshold[nodes], return_inverse=True)
        first = len(columns.feature)
        for begin in range(0, len(thresholds), MAX_THRESHOLDS):
            columns.add_numeric(feature, kind, left, thresholds[begin : begin + MAX_THRESHOLDS])
        column[nodes] = first + order // MAX_THRESHOLDS
        rank[nodes] = order % MAX_THRESHOLDS
    sets: dict[tuple[int, bytes, bool], int] = {}
    for node, words in forest.bitsets.items():
        key = (int(forest.feature[node]), words.tobytes(), bool(forest.default_left[node]))
        if key not in sets:
            sets[key] = columns.add_categories(key[0], words, 0 if key[2] else 1)
        column[node] = sets[key]
    return columns.encoding(), column, rank


class _Columns:
    """Code columns under construction."""

    def __init__(self) -> None:
        self.feature: list[int] = []
        self.kind: list[int] = []
        self.missing: list[int] = []
        self.thresholds: list[NDArray[np.float64]] = []
        self.words: list[NDArray[np.uint32]] = []

    def add_numeric(
        self, feature: int, kind: int, left: int, thresholds: NDArray[np.float64]
    ) -> None:
        if kind in (MISSING_ZERO, MISSING_NAN):
            missing = 0 if left else len(thresholds)
        else:
            missing = int(np.sum(thresholds < 0.0))  # NaN counts as zero
        self._add(feature, kind, missing, thresholds, np.empty(0, np.uint32))

    def add_categories(self, feature: int, words: NDArray[np.uint32], missing: int) -> int:
        self._add(feature, CATEGORICAL, missing, np.empty(0), words)
        return len(self.feature) - 1

    def _add(
        self,
        feature: int,
        kind: int,
        missing: int,
        thresholds: NDArray[np.float64],
        words: NDArray[np.uint32],
    ) -> None:
        self.feature.append(int(feature))
        self.kind.append(int(kind))
        self.missing.append(missing)
        self.thresholds.append(thresholds)
        self.words.append(words)

    def encoding(self) -> Encoding:
        return Encoding(
            feature=np.array(self.feature, np.int64),
            kind=np.array(self.kind, np.int64),
            missing_code=np.array(self.missing, np.uint8),
            threshold_start=np.cumsum([0, *map(len, self.thresholds)]).astype(np.int64),
            threshold=np.concatenate([np.empty(0), *self.thresholds]),
            word_start=np.cumsum([0, *map(len, self.words)]).astype(np.int64),
            word=np.concatenate([np.empty(0, np.uint32), *self.words]),
        )


@njit(cache=True, nogil=True)
def category_code(value, words, missing):  # type: ignore[no-untyped-def]
    """Return 0 for a category inside the set, which goes left, else 1; ``missing`` for NaN.

    Negative and unseen categories go right; a fraction is cut toward zero.
    """
    if np.isnan(value):
        return missing
    if not (value > -1.0 and value < 32.0 * words.shape[0]):
        return np.uint8(1)
    category = np.int64(value)
    inside = (words[category >> 5] >> np.uint32(category & 31)) & np.uint32(1)
    return np.uint8(1) - np.uint8(inside)


@njit(cache=True, nogil=True)
def compare_row(values, encoding, above):  # type: ignore[no-untyped-def]
    """Compare one row with every threshold: no search is as quick as comparing them all.

    Parameters
    ----------
    values : ndarray of shape (n_features,), float64
    encoding : tuple of ndarray
        The fields of ``Encoding``.
    above : ndarray of shape (n_thresholds + n_columns,), int32, written
        -1 where the row goes right, else 0: by threshold, then by column for the categories.
    """
    feature, kind, missing, threshold_start, threshold, word_start, word = encoding
    for column in range(feature.shape[0]):
        value = values[feature[column]]
        start, stop = threshold_start[column], threshold_start[column + 1]
        if kind[column] == CATEGORICAL:
            words = word[word_start[column] : word_start[column + 1]]
            above[threshold.shape[0] + column] = -np.int32(
                category_code(value, words, missing[column])
            )
        elif np.isnan(value) or (kind[column] == MISSING_ZERO and abs(value) <= ZERO_THRESHOLD):
            for at in range(start, stop):
                above[at] = -np.int32(at - start < missing[column])
        else:
            for at in range(start, stop):
                above[at] = -np.int32(threshold[at] < value)


@njit(cache=True, nogil=True)
def encode_block(rows, encoding, codes):  # type: ignore[no-untyped-def]
    """Write the codes of up to ``BLOCK`` rows, column after column, ``BLOCK`` codes each."""
    feature, kind, missing, threshold_start, threshold, word_start, word = encoding
    values = np.zeros(BLOCK)
    for column in range(feature.shape[0]):
        at = column * BLOCK
        of = feature[column]
        for row in range(rows.shape[0]):
            values[row] = rows[row, of]
        if kind[column] == CATEGORICAL:
            words = word[word_start[column] : word_start[column + 1]]
            for row in range(rows.shape[0]):
                codes[at + row] = category_code(values[row], words, missing[column])
            continue
        tiny = ZERO_THRESHOLD if kind[column] == MISSING_ZERO else -1.0
        start = threshold_start[column]
        for lane in range(0, rows.shape[0], WIDTH):
            some = load_row(values, lane)
            places = place_lanes(0)
            length = threshold_start[column + 1] - start
            while length > 0:
                half = (length + 1) >> 1
                places = pass_below(places, some, half, threshold, start)
                length -= half
            store_codes(places, some, tiny, missing[column], codes, at + lane)
