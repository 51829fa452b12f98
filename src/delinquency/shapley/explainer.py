"""Exact Shapley values of groups of features, and of the features within them."""

import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import issparse

from delinquency.errors import ModelError
from delinquency.shapley.archive import ArchiveReader, write_archive
from delinquency.shapley.booster_matrix import MatrixReader
from delinquency.shapley.compiling import (
    Compiled,
    Source,
    compile_values,
    encode_source,
    feature_players,
    pair_players,
    trait_players,
)
from delinquency.shapley.encoding import Encoding
from delinquency.shapley.explanation import (
    FEATURES,
    PAIRS,
    TRAITS,
    Explanation,
    with_half_pairs,
)
from delinquency.shapley.grouping import group_features
from delinquency.shapley.kernel import add_up
from delinquency.shapley.model_reading import last_step, read_trees
from delinquency.shapley.precedence import order_weights, predecessors
from delinquency.shapley.simd import BLOCK
from delinquency.shapley.subtrees import Costs
from delinquency.shapley.value_tables import ValueTables

PATH_DEPENDENT = "path-dependent"
INTERVENTIONAL = "interventional"

_ROWS_PER_THREAD = 2 * BLOCK

_MAKING = threading.Lock()
"""Tables are made once, whichever threads ask. No attribute: explainers can be copied."""


class TraitExplainer:
    """Exact Shapley values of groups of features of a model of trees, and of single features.

    Parameters
    ----------
    model : Booster, estimator or Pipeline
        Of LightGBM, XGBoost, CatBoost (numbers only) or scikit-learn (histogram boosting, forests
        and trees), or a DelinquencyClassifier: binary, regression or multiclass, the trees that
        its ``predict`` uses. A Pipeline ends in one of the others, and gets its rows as ``fit``
        got them. docs/explanation.md says what each library's values are.
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
    precedence : iterable of (str, str)
        Pairs of groups (earlier, later): the values are means over the orders of joining that
        keep to them. Read docs/explanation.md first: it moves interactions to the later
        group, and does not credit a cause for what flows through another.
    class_index : int or None
        Which class of a multiclass booster.
    costs : Costs
        How trees are cut into tables.

    Raises
    ------
    UnsupportedModelError
        For any other model, and for what would not be exact: linear trees, linear boosters, leaves
        with several values, CatBoost's categories.
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
    >>> TraitExplainer(model, traits).explain(X, features=True).feature_values.shape
    (300, 3)
    """

    def __init__(
        self,
        model: Any,
        traits: Mapping[str, str],
        background: Any = None,
        n_threads: int | None = None,
        *,
        order: Sequence[str] | None = None,
        precedence: Iterable[tuple[str, str]] = (),
        class_index: int | None = None,
        costs: Costs | None = None,
    ):
        inside = last_step(model)
        forest = read_trees(inside.model, class_index=class_index)
        self.scale = forest.scale
        self._read = MatrixReader(
            forest.feature_names,
            forest.pandas_categories,
            renames_blanks=forest.renames_blanks,
            single_precision=forest.single_precision,
        )
        names = inside.feature_names or forest.feature_names
        self.feature_names = tuple(self._read.known_name(name) for name in names)
        named = {self._read.known_name(feature): group for feature, group in traits.items()}
        self.traits, self._groups = group_features(self.feature_names, named, order)
        self._prepare = inside.prepare
        self.precedence = tuple((str(one), str(two)) for one, two in precedence)
        self.n_threads = n_threads
        self.game = PATH_DEPENDENT if background is None else INTERVENTIONAL
        matrix = None
        if background is not None:
            matrix = self._matrix(background)
            if len(matrix) == 0:
                raise ModelError("A background must have at least one row. Got none.")
        self.n_background = 0 if matrix is None else len(matrix)
        self._costs = costs or Costs()
        self._start(encode_source(forest, matrix), None)

    def _start(self, source: Source | None, archive: ArchiveReader | None) -> None:
        """Take what the tables are made of, a model or a file, and make the traits' ones."""
        self._source, self._archive = source, archive
        self._tables: dict[str, ValueTables] = {}
        if source is not None:
            self._encoding = source.encoding
        else:
            assert archive is not None
            arrays = archive.arrays("encoding")
            self._encoding = Encoding(
                **{field.name: arrays[f"encoding.{field.name}"] for field in fields(Encoding)}
            )
        self.base_value = self._values(TRAITS).compiled.base_value

    def _values(self, kind: str) -> ValueTables:
        """Return the tables of a kind of values, made or read when they are first needed."""
        with _MAKING:
            if kind not in self._tables:
                compiled = self._compile(kind) if self._source else self._load(kind)
                self._tables[kind] = ValueTables(compiled, self._encoding, self._n_values(kind))
            return self._tables[kind]

    def _n_values(self, kind: str) -> int:
        n_traits = len(self.traits)
        known = {TRAITS: n_traits, FEATURES: len(self.feature_names)}
        return known.get(kind, n_traits * (n_traits + 1) // 2)

    def _compile(self, kind: str) -> Compiled:
        assert self._source is not None
        order = np.empty((0, 0, 0))
        if self.precedence:
            order = order_weights(predecessors(self.traits, self.precedence))
        if kind == TRAITS:
            players = trait_players(self._groups, len(self.traits), order)
        elif kind == FEATURES:
            players = feature_players(self._groups, order)
        else:
            players = pair_players(self._groups, len(self.traits))
        n_threads = self._usable_threads()
        return compile_values(self._source, players, self._costs, n_threads=n_threads)

    def _load(self, kind: str) -> Compiled:
        assert self._archive is not None
        if not self.can_give(kind):
            raise ModelError(
                f"The explainer was saved without the values of {kind}. Save it again with "
                f"explainer.save(path, kinds=[{kind!r}])."
            )
        base_value = self._archive.header["base_value"]
        return Compiled.from_arrays(self._archive.arrays(kind), kind, base_value)

    def explain(self, rows: Any, *, features: bool = False, pairs: bool = False) -> Explanation:
        """Explain every row.

        Parameters
        ----------
        rows : DataFrame or ndarray of shape (n_rows, n_features)
            A frame's columns are matched by name.
        features : bool
            Whether to give the values of the features within their groups, too. Their tables are
            made at the first call.
        pairs : bool
            Whether to give the interactions of every two groups, likewise.

        Returns
        -------
        Explanation

        Raises
        ------
        ModelError
            If features are missing or not numbers, or pairs are asked for under an order.
        """
        if pairs and self.precedence:
            raise ModelError(
                "Pairs are defined for all orders of joining. Build the explainer without "
                "`precedence` to get them."
            )
        matrix = self._matrix(rows)
        feature_values = self._looked_up(FEATURES, matrix) if features else None
        pair_values = self._looked_up(PAIRS, matrix) if pairs else None
        if feature_values is not None:
            values = np.zeros((len(matrix), len(self.traits)))
            add_up(feature_values, self._groups, values)
        elif pair_values is not None:
            values = with_half_pairs(pair_values, len(self.traits))
        else:
            values = self._looked_up(TRAITS, matrix)
        return Explanation(
            values=values,
            traits=self.traits,
            base_value=self.base_value,
            raw_score=self.base_value + values.sum(axis=1),
            game=self.game,
            scale=self.scale,
            index=rows.index if isinstance(rows, pd.DataFrame) else None,
            feature_names=self.feature_names,
            _feature_values=feature_values,
            _pair_values=pair_values,
        )

    def _matrix(self, rows: Any) -> NDArray[np.float64]:
        """Return rows as the booster sees them, after the pipeline's steps if there are any."""
        if self._prepare is None:
            return self._read(rows)
        prepared = self._prepare(rows)
        return self._read(prepared.toarray() if issparse(prepared) else prepared)

    def _looked_up(self, kind: str, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return one kind of values of every row, in as many threads as pay."""
        tables = self._values(kind)
        out = np.zeros((len(matrix), tables.n_values))
        threads = min(self._usable_threads(), -(-len(matrix) // _ROWS_PER_THREAD))
        if threads <= 1:
            tables.add(matrix, out)
            return out
        # Whole blocks, as even as they go.
        step = -(-len(matrix) // (threads * BLOCK)) * BLOCK
        parts = [slice(at, at + step) for at in range(0, len(matrix), step)]
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda part: tables.add(matrix[part], out[part]), parts))
        return out

    def _usable_threads(self) -> int:
        if self.n_threads:
            return self.n_threads
        # Not every system tells which of the machine's processors the process may use.
        allowed = getattr(os, "sched_getaffinity", None)
        return len(allowed(0)) if allowed else os.cpu_count() or 1

    def can_give(self, kind: str) -> bool:
        """Tell whether ``explain`` gives a kind of values: when loaded, those it was saved with.

        Parameters
        ----------
        kind : str
            ``"traits"``, ``"features"`` or ``"pairs"``.
        """
        if kind == PAIRS and self.precedence:
            return False
        return self._archive is None or kind in self._archive.header["kinds"]

    def table_bytes(self, kind: str = TRAITS) -> int:
        """Return the memory of the tables of a kind of values.

        Parameters
        ----------
        kind : str
            ``"traits"``, ``"features"`` or ``"pairs"``.
        """
        return self._values(kind).table_bytes

    def n_lookups(self, kind: str = TRAITS) -> int:
        """Return how many numbers are added up for one explained row.

        Parameters
        ----------
        kind : str
            ``"traits"``, ``"features"`` or ``"pairs"``.
        """
        return self._values(kind).n_lookups

    def save(self, path: str | Path, *, kinds: Iterable[str] = (FEATURES,)) -> None:
        """Write the compiled explainer to one file, whole or not at all; no pickle.

        Parameters
        ----------
        path : path
        kinds : iterable of str
            Which values the loaded explainer shall give, those of the traits apart.

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
        kinds = tuple(dict.fromkeys([TRAITS, *kinds]))
        header = {
            "traits": list(self.traits),
            "groups": self._groups.tolist(),
            "precedence": [list(pair) for pair in self.precedence],
            "feature_names": list(self.feature_names),
            "scale": self.scale,
            "pandas_categories": self._read.categories,
            "renames_blanks": self._read.renames_blanks,
            "single_precision": self._read.single_precision,
            "game": self.game,
            "n_background": self.n_background,
            "base_value": self.base_value,
            "kinds": list(kinds),
        }
        arrays = {
            f"encoding.{field.name}": getattr(self._encoding, field.name)
            for field in fields(Encoding)
        }
        for kind in kinds:
            arrays |= self._values(kind).compiled.arrays(kind)
        write_archive(Path(path), header, arrays)

    @classmethod
    def load(cls, path: str | Path, n_threads: int | None = None) -> "TraitExplainer":
        """Read a saved explainer; no booster is needed.

        The tables of other values than the traits' are read when they are first asked for.

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
        archive = ArchiveReader(Path(path))
        header = archive.header
        explainer = cls.__new__(cls)
        explainer.traits = tuple(header["traits"])
        explainer._groups = np.array(header["groups"], np.int64)
        explainer.precedence = tuple((one, two) for one, two in header["precedence"])
        explainer.feature_names = tuple(header["feature_names"])
        explainer.n_threads = n_threads
        explainer._prepare = None
        explainer.game = header["game"]
        explainer.n_background = header["n_background"]
        explainer.scale = header["scale"]
        explainer._read = MatrixReader(
            explainer.feature_names,
            header["pandas_categories"],
            renames_blanks=header["renames_blanks"],
            single_precision=header["single_precision"],
        )
        explainer._start(None, archive)
        return explainer
