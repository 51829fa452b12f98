"""What the canonical tables of a month look like: rows, late rows, names, levels of columns.

Sums only, so that profiles of parts add up. Rows of one account are alike; the sums by account
say how much, so that chance is reckoned over accounts and not over rows.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, astuple, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.panel.schema import TABLES, Column
from delinquency.panel.window_cells import NEVER, month_number, positions

RECENT_MONTHS = 3
"""Months whose rows are counted, so that a month that is still filling up is not all there is."""
_DATED = {"transactions": "date", "contacts": "date"}
_KEPT_OUT = ("account_id", "month", "arrival_month")


@dataclass(frozen=True)
class ColumnSums:
    """Sums of one column over the rows that became known in a month.

    The level of a value is asinh(value / scale): even around zero, like a logarithm beyond the
    scale, so that neither one large amount nor the unit hides what the others do.

    Attributes
    ----------
    rows, missing : float
    level : float
        Sum of the levels.
    account_rows, account_levels, account_both : float
        Over accounts: squares of their known rows, squares of their sums of levels, and products
        of the two; zero for what is not a number.
    """

    rows: float
    missing: float
    level: float
    account_rows: float
    account_levels: float
    account_both: float

    def __add__(self, other: "ColumnSums") -> "ColumnSums":
        return ColumnSums(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    @property
    def missing_share(self) -> float:
        """Share of the rows without a value."""
        return self.missing / self.rows if self.rows else 0.0

    def missing_variance(self) -> float:
        """Variance of that share by chance, were the rows of an account all missing together."""
        share = self.missing_share
        known = max(self.rows - self.missing, 1.0)
        alike = max(self.account_rows / known, 1.0)
        return max(share * (1 - share), 1 / max(self.rows, 1.0)) * alike / max(self.rows, 1.0)

    def mean_level(self) -> tuple[float, float]:
        """Return mean level and its variance by chance over accounts; NaN without values.

        Notes
        -----
        Ratio estimator: the sum over accounts of (s - r c)^2 over the squared number of rows,
        with s an account's levels, c its rows, r the mean (Cochran 1977, section 6.3).
        """
        known = self.rows - self.missing
        if known <= 0:
            return float("nan"), float("nan")
        mean = self.level / known
        squares = self.account_levels - 2 * mean * self.account_both + mean**2 * self.account_rows
        return mean, max(squares, 0.0) / known**2


@dataclass(frozen=True)
class TableProfile:
    """What is known of one table.

    Attributes
    ----------
    rows, late_rows : float
        Rows of the last three months, and those of them that arrived after their own month.
    accounts : float
        Accounts that the rows are counted over.
    account_rows : float
        Sum over accounts of their squared rows.
    fresh_rows, fresh_account_rows : float
        The same of the rows that became known in the month itself.
    categories : dict of str to dict of str to float
        Rows by value, for every column of names.
    columns : dict of str to ColumnSums
        Of the rows that became known in the month; of all rows of the accounts table.
    """

    rows: float
    late_rows: float
    accounts: float
    account_rows: float
    fresh_rows: float
    fresh_account_rows: float
    categories: dict[str, dict[str, float]]
    columns: dict[str, ColumnSums]

    def __add__(self, other: "TableProfile") -> "TableProfile":
        names = {
            column: added(self.categories.get(column, {}), other.categories.get(column, {}))
            for column in {*self.categories, *other.categories}
        }
        both = {*self.columns, *other.columns}
        return TableProfile(
            self.rows + other.rows,
            self.late_rows + other.late_rows,
            self.accounts + other.accounts,
            self.account_rows + other.account_rows,
            self.fresh_rows + other.fresh_rows,
            self.fresh_account_rows + other.fresh_account_rows,
            names,
            {name: _one_or_sum(self.columns.get(name), other.columns.get(name)) for name in both},
        )

    def rate(self) -> tuple[float, float]:
        """Return rows an account and the variance of that by chance."""
        return self._rate(self.rows, self.account_rows)

    def fresh_rate(self) -> tuple[float, float]:
        """Return the same of the rows that became known in the month itself."""
        return self._rate(self.fresh_rows, self.fresh_account_rows)

    def _rate(self, rows: float, squares: float) -> tuple[float, float]:
        accounts = max(self.accounts, 1.0)
        mean = rows / accounts
        return mean, max(squares / accounts - mean**2, 0.0) / accounts

    def late(self) -> tuple[float, float]:
        """Return the share of late rows and its variance, were an account's rows late together."""
        rows = max(self.rows, 1.0)
        share = self.late_rows / rows
        alike = max(self.account_rows / rows, 1.0)
        return share, max(share * (1 - share), 1 / rows) * alike / rows

    def to_plain(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "TableProfile":
        """Return the profile that ``to_plain`` was called on."""
        columns = {name: ColumnSums(**one) for name, one in plain["columns"].items()}
        return cls(**{**plain, "columns": columns})


def _one_or_sum(one: ColumnSums | None, other: ColumnSums | None) -> ColumnSums:
    given = [sums for sums in (one, other) if sums is not None]
    return given[0] if len(given) == 1 else given[0] + given[1]


def table_sum(profiles: Iterable[Mapping[str, TableProfile]]) -> dict[str, TableProfile]:
    """Return the sum of some profiles of all tables; a table may be missing in some."""
    out: dict[str, TableProfile] = {}
    for profile in profiles:
        for name, one in profile.items():
            out[name] = out[name] + one if name in out else one
    return out


def table_scales(tables: Mapping[str, pd.DataFrame]) -> dict[str, float]:
    """Return the scale of every number in some tables, by ``table.column``.

    Returns
    -------
    dict of str to float
        Median size of the values that are not zero; 1 where there are none.
    """
    scales = {}
    for name, frame in tables.items():
        for column in watched_columns(name, frame):
            if _is_number(column):
                values = np.abs(frame[column.name].to_numpy(np.float64))
                values = values[np.isfinite(values) & (values > 0)]
                scales[f"{name}.{column.name}"] = float(np.median(values)) if len(values) else 1.0
    return scales


def table_profiles(
    tables: Mapping[str, pd.DataFrame],
    *,
    month: int,
    observed: pd.Series,
    scales: Mapping[str, float],
) -> dict[str, TableProfile]:
    """Return what is known of the canonical tables up to a month.

    Parameters
    ----------
    tables : mapping of str to DataFrame
    month : int
        Observation month, as months since 1970-01; rows known by then count.
    observed : Series of str
        Accounts that are observed in it; the rows of others do not count.
    scales : mapping of str to float
        As ``table_scales`` returns them; a number without one has no level.

    Returns
    -------
    dict of str to TableProfile
    """
    ids = pd.Index(observed.astype("str"))
    return {
        name: _table_profile(name, frame, month, ids, scales)
        for name, frame in tables.items()
        if name in TABLES and name != "outcomes"
    }


def _table_profile(
    name: str, frame: pd.DataFrame, month: int, ids: pd.Index, scales: Mapping[str, float]
) -> TableProfile:
    recent, late, fresh = _moments(name, frame, month)
    rows = np.flatnonzero(recent)
    codes = positions(frame["account_id"].take(rows), ids)
    rows, codes = rows[codes >= 0], codes[codes >= 0]
    counts = np.bincount(codes, minlength=len(ids)).astype(np.float64)
    own = fresh[rows]
    new = np.bincount(codes[own], minlength=len(ids)).astype(np.float64)
    columns = watched_columns(name, frame)
    return TableProfile(
        rows=float(len(rows)),
        late_rows=float(late[rows].sum()),
        accounts=float(len(ids)),
        account_rows=float((counts**2).sum()),
        fresh_rows=float(own.sum()),
        fresh_account_rows=float((new**2).sum()),
        categories={
            column.name: {
                str(value): float(count)
                for value, count in frame[column.name].take(rows).value_counts().items()
                if count
            }
            for column in columns
            if column.kind == "text"
        },
        columns={
            column.name: _sums(
                frame[column.name].take(rows[own]), codes[own], len(ids),
                scales.get(f"{name}.{column.name}"),
            )
            for column in columns
        },
    )  # fmt: skip


def _moments(
    name: str, frame: pd.DataFrame, month: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which rows are recent and known, which of them were late, which became known now."""
    dated = _DATED.get(name, "month")
    everything = np.ones(len(frame), bool)
    if dated not in frame.columns:
        return everything, ~everything, everything
    number = month_number(frame[dated])
    arrival = number
    if "arrival_month" in frame.columns:
        given = month_number(frame["arrival_month"])
        arrival = np.where(given == NEVER, number, np.maximum(given, number))
    recent = (number > month - RECENT_MONTHS) & (number <= month) & (arrival <= month)
    return recent, recent & (arrival > number), recent & (arrival == month)


def watched_columns(name: str, frame: pd.DataFrame) -> list[Column]:
    """Return the columns of a table that are watched: no keys, no protected attribute."""
    return [
        c for c in TABLES[name]
        if c.name in frame.columns and not c.protected and c.name not in _KEPT_OUT
        and not c.name.endswith("_id") and c.name != _DATED.get(name)
    ]  # fmt: skip


def _is_number(column: Column) -> bool:
    return column.kind in ("number", "integer", "flag")


def _sums(
    column: pd.Series, codes: NDArray[np.intp], n_accounts: int, scale: float | None
) -> ColumnSums:
    missing = column.isna().to_numpy()
    known = codes[~missing]
    rows = np.bincount(known, minlength=n_accounts).astype(np.float64)
    squares = float((rows**2).sum())
    if scale is None:
        return ColumnSums(float(len(column)), float(missing.sum()), 0.0, squares, 0.0, 0.0)
    values = np.arcsinh(column.to_numpy(np.float64, na_value=np.nan)[~missing] / scale)
    levels = np.bincount(known, weights=values, minlength=n_accounts)
    return ColumnSums(
        float(len(column)), float(missing.sum()), float(levels.sum()),
        squares, float((levels**2).sum()), float((levels * rows).sum()),
    )  # fmt: skip


def added(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    """Return two sets of named sums added."""
    return {name: one.get(name, 0.0) + other.get(name, 0.0) for name in {**one, **other}}
