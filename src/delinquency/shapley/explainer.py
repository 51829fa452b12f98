"""Exact Shapley values of groups of features, and of the features within them."""

import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from itertools import combinations
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
from delinquency.shapley.kernel import add_up
from delinquency.shapley.model_reading import last_step, read_trees
from delinquency.shapley.precedence import order_weights, predecessors
from delinquency.shapley.simd import BLOCK
from delinquency.shapley.subtrees import Costs
from delinquency.shapley.value_tables import ValueTables

PATH_DEPENDENT = "path-dependent"
INTERVENTIONAL = "interventional"

MAX_GROUPS = 8
"""Groups of features: their coalitions are numbered in a byte."""

TRAITS, FEATURES, PAIRS = "traits", "features", "pairs"
"""Kinds of values, as they are named in a saved explainer."""

_ROWS_PER_THREAD = 2 * BLOCK

_MAKING = threading.Lock()
"""Tables are made once, whichever threads ask. No attribute: explainers can be copied."""


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
    scale : str
        What the raw score and so every value is: ``"log-odds"``, ``"chance of class 1"``, ...
    index : Index or None
        Row labels of the explained frame; None when an array was explained.
    feature_names : tuple of str
        The model's features, in the order of the columns of ``feature_values``.

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
    scale: str = "raw score"
    index: pd.Index | None = None
    feature_names: tuple[str, ...] = ()
    _feature_values: NDArray[np.float64] | None = None
    _pair_values: NDArray[np.float64] | None = None

    @property
    def feature_values(self) -> NDArray[np.float64]:
        """Owen values of shape (n_rows, n_features): what each feature adds within its group.

        A group's features add up to the group's value.

        Raises
        ------
        ModelError
            If they were not asked for.
        """
        if self._feature_values is None:
            raise ModelError(
                "This explanation has no values of features. Call explain(rows, features=True)."
            )
        return self._feature_values

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Every two groups, in the order of the columns of ``pair_values``."""
        return tuple(combinations(self.traits, 2))

    @property
    def pair_values(self) -> NDArray[np.float64]:
        """Interaction of every two groups, of shape (n_rows, n_pairs).

        Shapley's interaction index: what two groups add together beyond what each adds alone.
        A group's value is its main value plus half of each of its pairs.

        Raises
        ------
        ModelError
            If they were not asked for.
        """
        return self._mains_and_pairs()[:, len(self.traits) :]

    @property
    def main_values(self) -> NDArray[np.float64]:
        """What each group adds without its pairs, of shape (n_rows, n_groups).

        Mains, pairs and the base value add up to the raw score.

        Raises
        ------
        ModelError
            If they were not asked for.
        """
        return self._mains_and_pairs()[:, : len(self.traits)]

    def _mains_and_pairs(self) -> NDArray[np.float64]:
        if self._pair_values is None:
            raise ModelError(
                "This explanation has no values of pairs. Call explain(rows, pairs=True)."
            )
        return self._pair_values

    def pairs_to_frame(self) -> pd.DataFrame:
        """Return mains and pairs as a frame: a column a group, then a column a pair."""
        names = [*self.traits, *(f"{one} x {two}" for one, two in self.pairs)]
        return pd.DataFrame(self._mains_and_pairs(), index=self.index, columns=names)

    def to_frame(self) -> pd.DataFrame:
        """Return the values as a frame, one column a group, with the explained frame's index."""
        return pd.DataFrame(self.values, index=self.index, columns=list(self.traits))

    def features_to_frame(self) -> pd.DataFrame:
        """Return the features' values as a frame, one column a feature, indexed likewise."""
        return pd.DataFrame(
            self.feature_values, index=self.index, columns=list(self.feature_names)
        )

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
        keep to them. Read docs/explanation-order.md first: it moves interactions to the later
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
        self.traits, self._groups = _grouping(self.feature_names, named, order)
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
        return compile_values(self._source, players, self._costs)

    def _load(self, kind: str) -> Compiled:
        assert self._archive is not None
        if kind not in self._archive.header["kinds"]:
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
            values = _with_half_pairs(pair_values, len(self.traits))
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


def _with_half_pairs(pair_values: NDArray[np.float64], n_traits: int) -> NDArray[np.float64]:
    """Return the groups' values: the mains, and half of each of their pairs."""
    values = pair_values[:, :n_traits].copy()
    for at, (one, two) in enumerate(combinations(range(n_traits), 2)):
        half = pair_values[:, n_traits + at] / 2.0
        values[:, one] += half
        values[:, two] += half
    return values


def _grouping(
    feature_names: Sequence[str], traits: Mapping[str, str], order: Sequence[str] | None
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Return the groups in order, and each feature's place among them."""
    missing = [name for name in feature_names if name not in traits]
    if missing:
        raise ModelError(
            f"Every feature of the model needs a group. {len(missing)} have none: "
            f"{', '.join(missing[:3])}."
        )
    groups = tuple(dict.fromkeys(traits.values() if order is None else order))
    if not 1 <= len(groups) <= MAX_GROUPS:
        raise ModelError(f"Expected 1 to {MAX_GROUPS} groups of features. Got {len(groups)}.")
    place = {group: at for at, group in enumerate(groups)}
    unplaced = sorted({traits[name] for name in feature_names} - set(groups))
    if unplaced:
        raise ModelError(f"`order` must name every group. Missing: {', '.join(unplaced)}.")
    return groups, np.array([place[traits[name]] for name in feature_names], np.int64)
