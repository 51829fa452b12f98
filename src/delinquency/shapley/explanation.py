"""What an explainer says of some rows: values of groups, features and pairs; frames and plots."""

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.errors import ModelError

TRAITS, FEATURES, PAIRS = "traits", "features", "pairs"
"""Kinds of values, as they are named in a saved explainer."""


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

    def plot_pairs(self, *, ax: Any = None) -> Any:
        """Draw the mean size of every pair, and of the mains on the diagonal.

        Parameters
        ----------
        ax : matplotlib Axes or None
            None for a figure of its own.

        Returns
        -------
        matplotlib Axes

        Raises
        ------
        ModelError
            If pairs were not asked for.
        """
        from delinquency.shapley.pictures import pair_heatmap  # draws, and so imports slowly

        return pair_heatmap(self, ax=ax)

    def plot_row(self, row: int, *, most: int = 10, ax: Any = None) -> Any:
        """Draw the mains and pairs of one row, the largest first.

        Parameters
        ----------
        row : int
            Place of the row.
        most : int
            Bars to draw; the others are added up in a last one.
        ax : matplotlib Axes or None
            None for a figure of its own.

        Returns
        -------
        matplotlib Axes

        Raises
        ------
        ModelError
            If pairs were not asked for.
        """
        from delinquency.shapley.pictures import pair_bars

        return pair_bars(self, row, most=most, ax=ax)


def with_half_pairs(pair_values: NDArray[np.float64], n_traits: int) -> NDArray[np.float64]:
    """Return the groups' values: the mains, and half of each of their pairs.

    Parameters
    ----------
    pair_values : ndarray of shape (n_rows, n_traits + n_pairs)
        Mains, then pairs.
    n_traits : int
    """
    values = pair_values[:, :n_traits].copy()
    for at, (one, two) in enumerate(combinations(range(n_traits), 2)):
        half = pair_values[:, n_traits + at] / 2.0
        values[:, one] += half
        values[:, two] += half
    return values
