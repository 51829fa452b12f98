"""How trees are grown on a table: the options, how names are read, and the number of trees."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from delinquency.errors import ModelError
from delinquency.modeling.category_codes import NameRates, cross_fitted_rates, name_rates
from delinquency.modeling.lightgbm_options import LightGBMOptions

Array = NDArray[np.float64]
UNCHOSEN = "as given"
"""The title of a recipe in which nothing was chosen."""
SMALLEST = 1e-15
EVERY = slice(None)


@dataclass(frozen=True)
class Rows:
    """The training rows.

    Attributes
    ----------
    matrix : ndarray of shape (n_rows, n_features)
    happened, learnt : ndarray of shape (n_rows,)
        What is predicted, 0 or 1, and what the trees learn from.
    groups : ndarray of int, shape (n_rows,)
    names : mapping of int to int
        Place of a column of names -> how many there are.
    weights : ndarray of shape (n_rows,), or None
        How many rows of the portfolio each row stands for; None for one each.
    """

    matrix: Array
    happened: Array
    learnt: Array
    groups: NDArray[np.intp]
    names: Mapping[int, int] = field(default_factory=dict)
    weights: Array | None = None

    def weighted(self, values: Array, places: NDArray[np.intp] | slice = EVERY) -> Array:
        """Return values of all rows or some, each times the rows that it stands for."""
        return values if self.weights is None else values * self.weights[places]

    def part(self, places: NDArray[np.intp]) -> "Rows":
        """Return some of the rows."""
        return Rows(
            self.matrix[places],
            self.happened[places],
            self.learnt[places],
            self.groups[places],
            self.names,
            None if self.weights is None else self.weights[places],
        )


@dataclass(frozen=True)
class Recipe:
    """How trees are grown, and whether names are ordered by their bad rates.

    Attributes
    ----------
    title : str
        In words, for reports.
    options : LightGBMOptions
    by_rates : bool
    """

    title: str
    options: LightGBMOptions
    by_rates: bool = False

    def learnt_on(self, rows: Rows, *, seed: int) -> tuple[Array, dict[int, NameRates]]:
        """Return the matrix to learn from, and the rates that other rows are read with."""
        if not self.by_rates:
            return rows.matrix, {}
        matrix = rows.matrix.copy()
        rates = {}
        _, groups = np.unique(rows.groups, return_inverse=True)
        for column, n_names in rows.names.items():
            codes = rows.matrix[:, column]
            rates[column] = name_rates(codes, rows.learnt, n_names, rows.weights)
            matrix[:, column] = cross_fitted_rates(
                codes, rows.learnt, groups, n_names, seed=seed, weights=rows.weights
            )
        return matrix, rates


@dataclass(frozen=True)
class Chosen:
    """A recipe with its number of trees: all that another fit needs to be the same model.

    Attributes
    ----------
    recipe : Recipe
        Its options name the learning rate: a number of trees means nothing without it.
    n_trees : int
    """

    recipe: Recipe
    n_trees: int

    def to_plain(self) -> dict[str, Any]:
        """Return the choice as plain values, for the record of a model."""
        return {**asdict(self.recipe), "n_trees": self.n_trees}

    @classmethod
    def of(cls, metadata: Mapping[str, Any]) -> Self:
        """Return the choice that a fitted model was grown by.

        Parameters
        ----------
        metadata : mapping
            Of a ``DelinquencyModel``.

        Raises
        ------
        ModelError
            If the model was fitted before the choice was kept with it.
        """
        if "recipe" in metadata:
            kept = dict(metadata["recipe"])
            n_trees = kept.pop("n_trees")
            return cls(Recipe(**{**kept, "options": LightGBMOptions(**kept["options"])}), n_trees)
        if metadata.get("shape") != UNCHOSEN:
            raise ModelError(
                "The model was trained before its recipe was kept with it, so that no other fit "
                "can be the same. Train it again with stage=train."
            )
        size = metadata["size"]
        options = LightGBMOptions(**metadata["options"])
        steps = replace(options, learning_rate=size["learning_rate"])
        return cls(Recipe(UNCHOSEN, steps), size["n_estimators"])

    def in_steps(self, longer: float, **held: Any) -> "Chosen":
        """Return the choice with longer steps and as many fewer trees.

        Parameters
        ----------
        longer : float
            How many times as long a step is.
        **held : int or float
            Options to be held besides.
        """
        options = self.recipe.options
        if options.learning_rate is None:
            raise ModelError("A recipe without a learning rate has no steps to lengthen.")
        steps = replace(options, learning_rate=options.learning_rate * longer, **held)
        n_trees = max(round(self.n_trees / longer), 1)
        return Chosen(replace(self.recipe, options=steps), n_trees)


def read_by(matrix: Array, rates: Mapping[int, NameRates]) -> Array:
    """Return rows with their names as rates."""
    if not rates:
        return matrix
    other = matrix.copy()
    for column, one in rates.items():
        other[:, column] = one.of(matrix[:, column])
    return other


def log_loss(happened: Array, chance: Array) -> Array:
    """Return the log loss of every row."""
    p = np.clip(chance, SMALLEST, 1 - SMALLEST)
    return -(happened * np.log(p) + (1 - happened) * np.log1p(-p))
