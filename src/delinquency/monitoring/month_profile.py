"""What a month of accounts looks like, in counts and sums.

A profile holds no account: counts by bin, sums by trait, rows by table. Profiles of parts add up
to the profile of the whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.panel.schema import TABLES
from delinquency.panel.window_cells import NEVER, month_number
from delinquency.panel.windows import Array

BINS = 10
SCORES_KEPT = 5_000
"""Raw scores that are kept of a part, evenly spread, for what a shift would do to the PD."""
DATED = {"transactions": "date", "contacts": "date"}
RECENT_MONTHS = 3
"""Months whose rows are counted, so that a month that is still filling up is not all there is."""


@dataclass(frozen=True)
class TableProfile:
    """What is known of one table.

    Attributes
    ----------
    rows, late_rows : float
        Rows of the last three months, and those of them that arrived after their own month.
    accounts : float
        Accounts that the rows are counted over.
    categories : dict of str to dict of str to float
        Rows by value, for every column of names.
    """

    rows: float
    late_rows: float
    accounts: float
    categories: dict[str, dict[str, float]]

    def __add__(self, other: "TableProfile") -> "TableProfile":
        names = {
            column: _added(self.categories.get(column, {}), other.categories.get(column, {}))
            for column in {*self.categories, *other.categories}
        }
        return TableProfile(
            self.rows + other.rows,
            self.late_rows + other.late_rows,
            self.accounts + other.accounts,
            names,
        )


@dataclass(frozen=True, eq=False)
class MonthProfile:
    """What some accounts look like.

    Attributes
    ----------
    n_accounts : float
        Rows.
    accounts_per_month : float
        Accounts with a statement in a month, eligible or not.
    edges : dict of str to list of float
        By feature and for ``pd_hat``: upper edges of the bins, inclusive; of the reference.
    counts : dict of str to list of float
        Rows by bin; the last count is of missing values.
    trait_sums, trait_squares : dict of str to float
        Of the trait values.
    pd_sum : float
    raw_scores : list of float
        Some of them, evenly spread.
    tables : dict of str to TableProfile
    """

    n_accounts: float
    accounts_per_month: float
    edges: dict[str, list[float]]
    counts: dict[str, list[float]]
    trait_sums: dict[str, float]
    trait_squares: dict[str, float]
    pd_sum: float
    raw_scores: list[float]
    tables: dict[str, TableProfile]

    def __add__(self, other: "MonthProfile") -> "MonthProfile":
        return MonthProfile(
            n_accounts=self.n_accounts + other.n_accounts,
            accounts_per_month=self.accounts_per_month + other.accounts_per_month,
            edges=self.edges,
            counts={
                name: (np.array(own) + np.array(other.counts[name])).tolist()
                for name, own in self.counts.items()
            },
            trait_sums=_added(self.trait_sums, other.trait_sums),
            trait_squares=_added(self.trait_squares, other.trait_squares),
            pd_sum=self.pd_sum + other.pd_sum,
            raw_scores=self.raw_scores + other.raw_scores,
            tables={
                name: sum_of(self.tables.get(name), other.tables.get(name))
                for name in {*self.tables, *other.tables}
            },
        )

    def with_tables(
        self, tables: Mapping[str, TableProfile], *, accounts_per_month: float
    ) -> "MonthProfile":
        """Return the profile with what is known of the tables, and of the number of accounts."""
        return replace(self, tables=dict(tables), accounts_per_month=accounts_per_month)

    def to_plain(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "MonthProfile":
        """Return the profile that ``to_plain`` was called on."""
        known = {one.name: plain[one.name] for one in fields(cls)}
        known["tables"] = {n: TableProfile(**one) for n, one in plain["tables"].items()}
        return cls(**known)


def sum_of(one: TableProfile | None, other: TableProfile | None) -> TableProfile:
    """Return the sum of two tables' profiles, of which one may be missing."""
    given = [profile for profile in (one, other) if profile is not None]
    return given[0] if len(given) == 1 else given[0] + given[1]


def profile_of(
    features: Array,
    names: Sequence[str],
    pd_hat: Array,
    raw_score: Array,
    trait_values: Array,
    *,
    traits: Sequence[str],
    edges: Mapping[str, list[float]] | None = None,
) -> MonthProfile:
    """Return the profile of scored rows.

    Parameters
    ----------
    features : ndarray of shape (n_features, n_rows)
    names : sequence of str
    pd_hat, raw_score : ndarray of shape (n_rows,)
    trait_values : ndarray of shape (n_rows, n_traits)
    traits : sequence of str
    edges : mapping, optional
        Those of the reference; cut from these rows when absent.

    Returns
    -------
    MonthProfile
        Without tables.
    """
    columns = {"pd_hat": pd_hat, **dict(zip(names, features, strict=True))}
    cut = {name: _edges(values) for name, values in columns.items()} if edges is None else edges
    kept = np.unique(
        np.linspace(0, max(len(raw_score) - 1, 0), min(len(raw_score), SCORES_KEPT)).astype(int)
    )
    return MonthProfile(
        n_accounts=float(len(pd_hat)),
        accounts_per_month=0.0,
        edges={name: list(one) for name, one in cut.items()},
        counts={name: _counts(values, cut[name]).tolist() for name, values in columns.items()},
        trait_sums=dict(zip(traits, trait_values.sum(axis=0).tolist(), strict=True)),
        trait_squares=dict(zip(traits, (trait_values**2).sum(axis=0).tolist(), strict=True)),
        pd_sum=float(pd_hat.sum()),
        raw_scores=raw_score[kept].tolist() if len(raw_score) else [],
        tables={},
    )


def table_profiles(
    tables: Mapping[str, pd.DataFrame], *, month: int, n_accounts: int
) -> dict[str, TableProfile]:
    """Return what is known of the canonical tables up to a month.

    Parameters
    ----------
    tables : mapping of str to DataFrame
    month : int
        Observation month, as months since 1970-01; rows known by then count.
    n_accounts : int
        Accounts that are observed in it.
    """
    return {
        name: _table_profile(name, frame, month, n_accounts)
        for name, frame in tables.items()
        if name in TABLES
    }


def _table_profile(name: str, frame: pd.DataFrame, month: int, n_accounts: int) -> TableProfile:
    known = np.ones(len(frame), bool)
    late = np.zeros(len(frame), bool)
    dated = DATED.get(name, "month")
    if dated in frame.columns:
        number = month_number(frame[dated])
        arrival = number
        if "arrival_month" in frame.columns:
            given = month_number(frame["arrival_month"])
            arrival = np.where(given == NEVER, number, np.maximum(given, number))
        known = (number > month - RECENT_MONTHS) & (number <= month) & (arrival <= month)
        late = known & (arrival > number)
    text = [c.name for c in TABLES[name] if c.kind == "text" and not c.protected
            and c.name in frame and not c.name.endswith("_id")]  # fmt: skip
    return TableProfile(
        rows=float(known.sum()),
        late_rows=float(late.sum()),
        accounts=float(n_accounts),
        categories={
            column: {
                str(value): float(count)
                for value, count in frame.loc[known, column].value_counts().items()
                if count
            }
            for column in text
        },
    )


def _edges(values: Array) -> list[float]:
    """Return the inner edges of the bins: values that occur, so that equal ones stay together."""
    known = values[np.isfinite(values)]
    if not len(known):
        return []
    inner = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1], method="lower"))
    return [float(edge) for edge in inner[inner < known.max()]]


def _counts(values: Array, edges: Sequence[float]) -> NDArray[np.float64]:
    bins = np.searchsorted(np.asarray(edges, np.float64), values, side="left")
    bins[np.isnan(values)] = len(edges) + 1
    return np.bincount(bins, minlength=len(edges) + 2).astype(np.float64)


def _added(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    return {name: one.get(name, 0.0) + other.get(name, 0.0) for name in {**one, **other}}
