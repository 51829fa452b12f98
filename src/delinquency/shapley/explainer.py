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
from scipy.sparse import issparse

from delinquency.errors import ModelError
from delinquency.shapley.archive import read_archive, write_archive
from delinquency.shapley.booster_matrix import MatrixReader, booster_name
from delinquency.shapley.compiling import Compiled, aligned, compile_forest, record_fields
from delinquency.shapley.forest import read_forest
from delinquency.shapley.kernel import SPAN, explain_blocks, explain_rows
from delinquency.shapley.model_reading import booster_inside
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
    index : Index or None
        Row labels of the explained frame; None when an array was explained.

    Examples
    --------
    >>> import numpy as np
    >>> from delinquency import Explanation
    >>> values = np.array([[0.5, -0.2]])
    >>> e = Explanation(values, ("debt", "record"), -1.0, np.array([-0.7]), "path-dependent")
    >>> e.to_frame().to_numpy().tolist(), e.to_shap().feature_names
    ([[0.5, -0.2]], ['debt', 'record'])
    """

    values: NDArray[np.float64]
    traits: tuple[str, ...]
    base_value: float
    raw_score: NDArray[np.float64]
    game: str
    index: pd.Index | None = None

    def to_frame(self) -> pd.DataFrame:
        """Return the values as a frame, one column a group, with the explained frame's index."""
        return pd.DataFrame(self.values, index=self.index, columns=list(self.traits))

    def to_shap(self, data: pd.DataFrame | NDArray[Any] | None = None) -> Any:
        """Return a ``shap.Explanation`` whose features are the groups, for shap's own plots.

        Parameters
        ----------
        data : DataFrame or ndarray of shape (n_rows, n_groups), optional
            A number for each group and row that plots write beside the group's name and colour
            its points by, such as its most important feature. None leaves it out.

        Returns
        -------
        shap.Explanation
            ``shap.plots.waterfall(e[0])``, ``shap.plots.beeswarm(e)``, ``bar`` and ``heatmap``
            draw it.

        Raises
        ------
        ModelError
            If ``data`` has another shape than the values.
        """
        from shap import Explanation as ShapExplanation  # slow to import, and only needed here

        shown = None if data is None else np.asarray(data)
        if shown is not None and shown.shape != self.values.shape:
            raise ModelError(
                f"`data` must have one number a row and group, shape {self.values.shape}. "
                f"Got shape {shown.shape}."
            )
        return ShapExplanation(
            values=self.values,
            base_values=np.full(len(self.values), self.base_value),
            data=shown,
            feature_names=list(self.traits),
        )


class TraitExplainer:
    """Exact Shapley values of groups of features of a LightGBM model.

    Parameters
    ----------
    model : lightgbm.Booster, LGBMClassifier, LGBMRegressor, DelinquencyClassifier or Pipeline
        Binary, regression or multiclass; used up to its best iteration. A Pipeline ends in one
        of the others, and gets its rows as ``fit`` got them.
    traits : mapping of str to str
        The group of each of the model's features: 1 to 8 groups. Of a Pipeline: of each column
        that reaches the model, by the name its steps give out.
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
        For any other model, and for linear trees and averaged forests, whose values would not be
        exact.
    ModelError
        If the model is not fitted, a feature has no group, the groups are too many, or the
        background is empty.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from lightgbm import LGBMClassifier
    >>> from delinquency import TraitExplainer
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame(rng.normal(size=(300, 3)), columns=["bill", "late_days", "limit"])
    >>> model = LGBMClassifier(n_estimators=20, verbose=-1).fit(X, X["bill"] + X["late_days"] > 1)
    >>> traits = {"bill": "debt", "limit": "debt", "late_days": "record"}
    >>> explanation = TraitExplainer(model, traits, background=X).explain(X)
    >>> explanation.to_frame().columns.tolist()
    ['debt', 'record']
    >>> bool(np.allclose(explanation.raw_score, model.predict(X, raw_score=True)))
    True
    """

    def __init__(
        self,
        model: Any,
        traits: Mapping[str, str],
        background: Any = None,
        n_threads: int | None = None,
        *,
        order: Sequence[str] | None = None,
        class_index: int | None = None,
        costs: Costs | None = None,
    ):
        inside = booster_inside(model)
        forest = read_forest(inside.booster, class_index=class_index)
        self.feature_names = inside.feature_names or forest.feature_names
        self.traits, groups = _grouping(self.feature_names, traits, order)
        self._prepare = inside.prepare
        self.n_threads = n_threads
        self.game = PATH_DEPENDENT if background is None else INTERVENTIONAL
        self._read = MatrixReader(forest.feature_names, forest.pandas_categories)
        matrix = None
        if background is not None:
            matrix = self._matrix(background)
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
        matrix = self._matrix(rows)
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
            index=rows.index if isinstance(rows, pd.DataFrame) else None,
        )

    def _matrix(self, rows: Any) -> NDArray[np.float64]:
        """Return rows as the booster sees them, after the pipeline's steps if there are any."""
        if self._prepare is None:
            return self._read(rows)
        prepared = self._prepare(rows)
        return self._read(prepared.toarray() if issparse(prepared) else prepared)

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

        Raises
        ------
        ModelError
            If the model was a pipeline: its steps could be kept by pickle only.
        """
        if self._prepare is not None:
            raise ModelError(
                "An explainer of a Pipeline cannot be saved without pickle, which runs what it "
                "reads. Build the explainer on the pipeline's last step, save that, and transform "
                "the rows before explaining them."
            )
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
        explainer._prepare = None
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
