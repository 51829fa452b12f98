"""What a month of accounts looks like, in counts and sums.

A profile holds no account: counts by bin, sums by trait, rows by table. Profiles of parts add up
to the profile of the whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delinquency.monitoring.table_profile import TableProfile, added, table_sum
from delinquency.panel.windows import Array

BINS = 10
SCORES_KEPT = 5_000
"""Raw scores that are kept of a part, evenly spread, for what a shift would do to the PD."""


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
    previous : dict of str to TableProfile
        The same accounts a month before, as it was known then.
    scales : dict of str to float
        By ``table.column``: what its level is measured in; of the reference.
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
    previous: dict[str, TableProfile] = field(default_factory=dict)
    scales: dict[str, float] = field(default_factory=dict)

    def __add__(self, other: "MonthProfile") -> "MonthProfile":
        return MonthProfile(
            n_accounts=self.n_accounts + other.n_accounts,
            accounts_per_month=self.accounts_per_month + other.accounts_per_month,
            edges=self.edges,
            counts={
                name: (np.array(own) + np.array(other.counts[name])).tolist()
                for name, own in self.counts.items()
            },
            trait_sums=added(self.trait_sums, other.trait_sums),
            trait_squares=added(self.trait_squares, other.trait_squares),
            pd_sum=self.pd_sum + other.pd_sum,
            raw_scores=self.raw_scores + other.raw_scores,
            tables=table_sum((self.tables, other.tables)),
            previous=table_sum((self.previous, other.previous)),
            scales=self.scales,
        )

    def with_tables(
        self,
        tables: Mapping[str, TableProfile],
        *,
        accounts_per_month: float,
        previous: Mapping[str, TableProfile] | None = None,
    ) -> "MonthProfile":
        """Return the profile with what is known of the tables, and of the number of accounts."""
        return replace(
            self,
            tables=dict(tables),
            accounts_per_month=accounts_per_month,
            previous=dict(previous or {}),
        )

    def trait_mean(self, key: str) -> tuple[float, float]:
        """Return the mean contribution of a trait, and the variance of that by chance."""
        n = max(self.n_accounts, 1.0)
        mean = self.trait_sums[key] / n
        return mean, max(self.trait_squares[key] / n - mean**2, 0.0) / n

    def to_plain(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "MonthProfile":
        """Return the profile that ``to_plain`` was called on."""
        known = {one.name: plain[one.name] for one in fields(cls)}
        for name in ("tables", "previous"):
            known[name] = {n: TableProfile.from_plain(one) for n, one in plain[name].items()}
        return cls(**known)


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
        counts={name: binned(values, cut[name]).tolist() for name, values in columns.items()},
        trait_sums=dict(zip(traits, trait_values.sum(axis=0).tolist(), strict=True)),
        trait_squares=dict(zip(traits, (trait_values**2).sum(axis=0).tolist(), strict=True)),
        pd_sum=float(pd_hat.sum()),
        raw_scores=raw_score[kept].tolist() if len(raw_score) else [],
        tables={},
    )


def _edges(values: Array) -> list[float]:
    """Return the inner edges of the bins: values that occur, so that equal ones stay together."""
    known = values[np.isfinite(values)]
    if not len(known):
        return []
    inner = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1], method="lower"))
    return [float(edge) for edge in inner[inner < known.max()]]


def binned(values: Array, edges: Sequence[float]) -> NDArray[np.float64]:
    """Return how many values lie in each bin; the last count is of missing values."""
    bins = np.searchsorted(np.asarray(edges, np.float64), values, side="left")
    bins[np.isnan(values)] = len(edges) + 1
    return np.bincount(bins, minlength=len(edges) + 2).astype(np.float64)


def stability_index(now: Sequence[float], before: Sequence[float]) -> tuple[float, int]:
    """Return the stability index of two sets of counts by bin, and the bins that are filled.

    Notes
    -----
    PSI = sum (c - r) ln(c / r) over the shares c and r. An empty bin is half a row.
    """
    c, r = np.asarray(now, np.float64), np.asarray(before, np.float64)
    filled = (c + r) > 0
    if c.sum() == 0 or r.sum() == 0 or filled.sum() < 2:
        return 0.0, int(filled.sum() > 0)
    cs, rs = np.maximum(c[filled], 0.5) / c.sum(), np.maximum(r[filled], 0.5) / r.sum()
    return float(((cs - rs) * np.log(cs / rs)).sum()), int(filled.sum())
