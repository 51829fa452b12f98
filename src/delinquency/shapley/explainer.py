"""Exact Shapley values of groups of features, for less than the cost of predicting."""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.errors import ModelError
from delinquency.shapley.archive import read_archive, write_archive
from delinquency.shapley.booster_matrix import MatrixReader, booster_name
from delinquency.shapley.compiling import Compiled, aligned, compile_forest, record_fields
from delinquency.shapley.forest import read_forest
from delinquency.shapley.kernel import SPAN, explain_blocks, explain_rows
from delinquency.shapley.program import row_program
from delinquency.shapley.simd import BLOCK, WIDTH
from delinquency.shapley.subtrees import Costs

PATH_DEPENDENT = "path-dependent"
INTERVENTIONAL = "interventional"

SMALL_BATCH = 10
"""Rows up to which one at a time is faster than a block (measured)."""

_ROWS_PER_THREAD = 2 * BLOCK


@dataclass(frozen=True)
class Explanation:
    """What each group of features adds to each row's raw score.

    Attributes
    ----------
    values : ndarray of shape (n_rows, n_groups), float64
        Shapley values on the scale of the raw score: log-odds for a binary objective.
    traits : tuple of str
        The groups, in the order of the columns.
    base_value : float
        Expected raw score when nothing is known of a row.
    raw_score : ndarray of shape (n_rows,)
        ``base_value`` plus the row's values: the booster's ``predict(raw_score=True)``.
    game : str
        ``"path-dependent"`` or ``"interventional"``.
    """

    values: NDArray[np.float64]
    traits: tuple[str, ...]
    base_value: float
    raw_score: NDArray[np.float64]
    game: str

    def to_frame(self, index: pd.Index | None = None) -> pd.DataFrame:
        """Return the values as a frame, one column a group.

        Parameters
        ----------
        index : Index or None
            Row labels, such as the explained frame's.
        """
        return pd.DataFrame(self.values, index=index, columns=list(self.traits))


class TraitExplainer:
    """Exact Shapley values of groups of features of a LightGBM booster.

    Parameters
    ----------
    booster : lightgbm.Booster
        Binary, regression or multiclass; used up to its best iteration.
    traits : mapping of str to str
        The group of each of the booster's features: 1 to 8 groups.
    background : DataFrame, ndarray or None
        Rows of the reference population for the interventional game, all of them counted.
        None for the path-dependent game. See docs/explanation.md for which answers what.
    n_threads : int or None
        Threads of a large batch; None for as many as the process may use. The values are the
        same bits for any number.
    order : sequence of str or None
        The groups in the order of the columns; one without features has the value 0. None for
        the order of first appearance in ``traits``.
    class_index : int or None
        Which class of a multiclass booster.
    costs : Costs
        How trees are cut into tables.

    Raises
    ------
    UnsupportedModelError
        For linear trees and averaged forests, whose values would not be exact.
    ModelError
        If a feature has no group, the groups are too many, or the background is empty.

    Examples
    --------
    >>> explainer = TraitExplainer(booster, {"age": "person", "debt": "money"})  # doctest: +SKIP
    >>> explainer.explain(frame).values.shape  # doctest: +SKIP
    (1000, 2)
    """

    def __init__(
        self,
        booster: Any,
        traits: Mapping[str, str],
        background: Any = None,
        n_threads: int | None = None,
        *,
        order: Sequence[str] | None = None,
        class_index: int | None = None,
        costs: Costs | None = None,
    ):
        forest = read_forest(booster, class_index=class_index)
        self.traits, groups = _grouping(forest.feature_names, traits, order)
        self.feature_names = forest.feature_names
        self.n_threads = n_threads
        self.game = PATH_DEPENDENT if background is None else INTERVENTIONAL
        self._read = MatrixReader(forest.feature_names, forest.pandas_categories)
        matrix = None
        if background is not None:
            matrix = self._read(background)
            if len(matrix) == 0:
                raise ModelError("A background must have at least one row. Got none.")
        self.n_background = 0 if matrix is None else len(matrix)
        self._use(compile_forest(forest, groups, background=matrix, costs=costs or Costs()))

    def _use(self, compiled: Compiled) -> None:
        self.base_value = compiled.base_value
        self._compiled = compiled
        self._encoding = record_fields(compiled.encoding)
        self._program = record_fields(compiled.program)
        self._row_program = record_fields(row_program(compiled.program, compiled.encoding))
        self._table = compiled.program.table

    def explain(self, rows: Any) -> Explanation:
        """Explain every row.

        Parameters
        ----------
        rows : DataFrame or ndarray of shape (n_rows, n_features)
            A frame's columns are matched by name.

        Returns
        -------
        Explanation

        Raises
        ------
        ModelError
            If features are missing or not numbers.
        """
        matrix = self._read(rows)
        values = np.empty((len(matrix), len(self.traits)))
        threads = min(self._usable_threads(), -(-len(matrix) // _ROWS_PER_THREAD))
        if threads <= 1:
            self._explain_part(matrix, values)
        else:
            # Whole blocks, as even as they go.
            step = -(-len(matrix) // (threads * BLOCK)) * BLOCK
            parts = [slice(at, at + step) for at in range(0, len(matrix), step)]
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(lambda part: self._explain_part(matrix[part], values[part]), parts))
        return Explanation(
            values=values,
            traits=self.traits,
            base_value=self.base_value,
            raw_score=self.base_value + values.sum(axis=1),
            game=self.game,
        )

    def _usable_threads(self) -> int:
        if self.n_threads:
            return self.n_threads
        # Not every system tells which of the machine's processors the process may use.
        allowed = getattr(os, "sched_getaffinity", None)
        return len(allowed(0)) if allowed else os.cpu_count() or 1

    def _explain_part(self, matrix: NDArray[np.float64], values: NDArray[np.float64]) -> None:
        """Explain rows in this thread."""
        if len(matrix) <= SMALL_BATCH:
            run, program, scratch = explain_rows, self._row_program, aligned(WIDTH)
        else:
            rows = min(SPAN * BLOCK, len(matrix))
            run, program, scratch = explain_blocks, self._program, aligned(rows * WIDTH)
        run(matrix, self._encoding, program, self._table, scratch, values)

    @property
    def table_bytes(self) -> int:
        """Memory of the tables."""
        return int(self._table.nbytes)

    @property
    def n_lookups(self) -> int:
        """Table rows added up for one explained row."""
        return int(self._program[0][-1])

    def save(self, path: str | Path) -> None:
        """Write the compiled explainer to one file, whole or not at all; no pickle.

        Parameters
        ----------
        path : path
        """
        header = {
            "traits": list(self.traits),
            "feature_names": list(self.feature_names),
            "pandas_categories": self._read.categories,
            "game": self.game,
            "n_background": self.n_background,
            "base_value": self.base_value,
        }
        write_archive(Path(path), header, self._compiled.arrays())

    @classmethod
    def load(cls, path: str | Path, n_threads: int | None = None) -> "TraitExplainer":
        """Read a saved explainer; no booster is needed.

        Parameters
        ----------
        path : path
        n_threads : int or None
            As for a new explainer.

        Raises
        ------
        MissingArtifactError
            If there is no such file.
        ModelError
            If it is not an explainer of this version.
        """
        header, arrays = read_archive(Path(path))
        explainer = cls.__new__(cls)
        explainer.traits = tuple(header["traits"])
        explainer.feature_names = tuple(header["feature_names"])
        explainer.n_threads = n_threads
        explainer.game = header["game"]
        explainer.n_background = header["n_background"]
        explainer._read = MatrixReader(explainer.feature_names, header["pandas_categories"])
        explainer._use(Compiled.from_arrays(arrays, header["base_value"]))
        return explainer


def _grouping(
    feature_names: Sequence[str], traits: Mapping[str, str], order: Sequence[str] | None
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Return the groups in order, and each feature's place among them."""
    named = {booster_name(feature): group for feature, group in traits.items()}
    missing = [name for name in feature_names if name not in named]
    if missing:
        raise ModelError(
            f"Every feature of the model needs a group. {len(missing)} have none: "
            f"{', '.join(missing[:3])}."
        )
    groups = tuple(dict.fromkeys(traits.values() if order is None else order))
    if not 1 <= len(groups) <= WIDTH:
        raise ModelError(f"Expected 1 to {WIDTH} groups of features. Got {len(groups)}.")
    place = {group: at for at, group in enumerate(groups)}
    unplaced = sorted({named[name] for name in feature_names} - set(groups))
    if unplaced:
        raise ModelError(f"`order` must name every group. Missing: {', '.join(unplaced)}.")
    return groups, np.array([place[named[name]] for name in feature_names], np.int64)
