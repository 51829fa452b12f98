"""Rows of a frame or an array as the float64 matrix that a model sees."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.errors import ModelError


def booster_name(name: object) -> str:
    """Return a column's name as LightGBM keeps it: a string, blanks as underscores."""
    return str(name).replace(" ", "_")


class MatrixReader:
    """Reads rows as the model's own prediction would see them.

    Parameters
    ----------
    feature_names : sequence of str
        The model's features.
    categories : sequence of sequence
        Categories at training of each categorical column, in column order.
    renames_blanks : bool
        Whether the model knows its features with underscores for blanks.
    single_precision : bool
        Whether the model compares values as float32.
    """

    def __init__(
        self,
        feature_names: Sequence[str],
        categories: Sequence[Sequence[Any]] = (),
        *,
        renames_blanks: bool = True,
        single_precision: bool = False,
    ):
        self.feature_names = tuple(feature_names)
        self.categories = [list(values) for values in categories]
        self.renames_blanks = renames_blanks
        self.single_precision = single_precision
        # The last columns found to be the booster's: a request's names are not compared again.
        self._known: pd.Index | None = None

    def __call__(self, rows: Any) -> NDArray[np.float64]:
        """Return the rows as a matrix.

        Parameters
        ----------
        rows : DataFrame or ndarray of shape (n_rows, n_features)
            A frame's columns are matched by name, an array's by position.

        Returns
        -------
        ndarray of shape (n_rows, n_features), float64
            Categories as their place at training, unseen ones as NaN.

        Raises
        ------
        ModelError
            If features are missing, or the rows are not two-dimensional numbers.
        """
        if self.single_precision:
            with np.errstate(over="ignore"):  # beyond float32 is infinite there, too
                return self._matrix(rows).astype(np.float32).astype(np.float64)
        return self._matrix(rows)

    def _matrix(self, rows: Any) -> NDArray[np.float64]:
        if isinstance(rows, pd.DataFrame):
            return self._from_frame(rows)
        matrix = np.asarray(rows)
        if matrix.ndim != 2 or matrix.shape[1] != len(self.feature_names):
            raise ModelError(
                f"Rows to explain must have shape (n_rows, {len(self.feature_names)}). "
                f"Got shape {matrix.shape}."
            )
        return _as_float(matrix)

    def known_name(self, name: object) -> str:
        """Return a column's name as the model keeps it."""
        return booster_name(name) if self.renames_blanks else str(name)

    def _from_frame(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        columns = frame.columns
        if self._known is None or not (columns is self._known or columns.is_(self._known)):
            names = [self.known_name(name) for name in columns]
            if names == list(self.feature_names):
                self._known = columns
            else:
                frame = self._reordered(frame, names)
        if self.categories or any(isinstance(one, pd.CategoricalDtype) for one in frame.dtypes):
            frame = _with_codes(frame, self.categories)
        values: NDArray[Any] = frame.to_numpy()
        if values.dtype == object:
            values = _without_objects(frame)
        return _as_float(values)

    def _reordered(self, frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
        place = {name: at for at, name in enumerate(names)}
        missing = [name for name in self.feature_names if name not in place]
        if missing:
            raise ModelError(
                f"The frame to explain must have the model's {len(self.feature_names)} features. "
                f"Missing {len(missing)}: {', '.join(missing[:3])}."
            )
        return frame.iloc[:, [place[name] for name in self.feature_names]]


def _as_float(matrix: NDArray[Any]) -> NDArray[np.float64]:
    if matrix.dtype == np.float64:
        return matrix
    try:
        return matrix.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"Rows to explain must be numbers. Got dtype {matrix.dtype}: {error}."
        ) from error


def _without_objects(frame: pd.DataFrame) -> NDArray[Any]:
    """Return a frame of mixed or nullable columns as floats."""
    try:
        values: NDArray[Any] = frame.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        text = [str(name) for name, kind in frame.dtypes.items() if kind.kind == "O"]
        raise ModelError(
            f"Rows to explain must be numbers. Got other columns ({', '.join(text[:3]) or error})."
        ) from error
    return values


def _with_codes(frame: pd.DataFrame, pandas_categories: Sequence[Sequence[Any]]) -> pd.DataFrame:
    """Replace categorical columns by the places of their categories at training."""
    found = [at for at, kind in enumerate(frame.dtypes) if isinstance(kind, pd.CategoricalDtype)]
    if len(found) != len(pandas_categories):
        raise ModelError(
            f"The model was trained with {len(pandas_categories)} categorical columns. "
            f"The frame has {len(found)}. "
            + (
                "Give them the dtype 'category'."
                if len(found) < len(pandas_categories)
                else "Give their codes as numbers."
            )
        )
    columns = {name: frame.iloc[:, at] for at, name in enumerate(frame.columns)}
    for at, categories in zip(found, pandas_categories, strict=True):
        values = columns[frame.columns[at]].cat
        if list(values.categories) != list(categories):
            values = values.set_categories(categories).cat
        codes = values.codes.astype(np.float64)
        columns[frame.columns[at]] = codes.where(codes >= 0)
    return pd.DataFrame(columns, index=frame.index)
