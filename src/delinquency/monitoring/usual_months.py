"""What months usually differ by: the yardstick that tells a drift from a season or a cycle.

Two stable months of one portfolio differ by more than the chance of drawing accounts: purchases
have a season, unemployment a cycle, accounts grow older. How much is measured when the model is
trained, on the months that are known then; a new month has to stand out from that.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from scipy import stats

from delinquency.monitoring.month_profile import MonthProfile, stability_index
from delinquency.monitoring.table_profile import TableProfile, table_sum

FEW_MONTHS = 6
"""Months below which nothing is said of how months differ: the floors stand in for it."""
STABILITY_FLOOR = 0.005
"""Stability index by which months are taken to differ at least, beyond chance."""
LEVEL_FLOOR = 0.03
"""Standard deviation of a month's level (of a column, a trait, a rate) that is taken at least."""


@dataclass(frozen=True, eq=False)
class UsualMonths:
    """How stable months differed from the training rows and from each other.

    Attributes
    ----------
    months : list of str
        YYYY-MM, the months that were looked at; empty for data without months.
    stability : dict of str to float
        By feature and ``pd_hat``: mean stability index of a month against the training rows,
        less what chance makes of it.
    traits : dict of str to float
        Mean squared difference of a month's mean contribution from that of the training rows.
    tables : dict of str to float
        Variance between months, by ``table.rows`` (logarithm of rows an account),
        ``table.fresh`` (the same of the month's own rows), ``table.late`` (share),
        ``table.column`` (level), ``table.column.missing`` (share), and ``accounts`` (logarithm of
        their number).
    steps : dict of str to float
        By ``table.column``: mean squared difference of the levels of two months in a row.
    """

    months: list[str]
    stability: dict[str, float]
    traits: dict[str, float]
    tables: dict[str, float]
    steps: dict[str, float]

    @property
    def freedom(self) -> float:
        """Degrees of freedom of what was measured; infinite where the floors stand in."""
        n = len(self.months)
        return float(n - 1) if n >= FEW_MONTHS else math.inf

    def to_plain(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "UsualMonths":
        """Return what ``to_plain`` was called on."""
        return cls(**plain)

    def chance_of_index(self, name: str, index: float, bins: int, sampling: float) -> float:
        """Return the chance of a stability index so large in a stable month.

        Parameters
        ----------
        name : str
            Feature, or ``pd_hat``.
        index : float
        bins : int
            Filled bins.
        sampling : float
            1/n + 1/m, of the two numbers of accounts.

        Notes
        -----
        By chance alone the index is ``sampling`` times chi-squared with one degree less than bins
        (Yurdakul and Naranjo 2020). Months add what they usually differ by, taken as chi-squared
        with one degree, the widest. The sum is approximated by its first two moments
        (Satterthwaite 1946); as what months add was measured on few of them, F takes the place
        of chi-squared.
        """
        degrees = max(bins - 1, 1)
        months = max(self.stability.get(name, 0.0), STABILITY_FLOOR)
        mean = degrees * sampling + months
        variance = 2 * degrees * sampling**2 + 2 * months**2
        freedom = 2 * mean**2 / variance
        if math.isinf(self.freedom):
            return float(stats.chi2.sf(freedom * index / mean, freedom))
        return float(stats.f.sf(index / mean, freedom, self.freedom * (mean / months) ** 2))

    def chance_of_trait(self, key: str, shift: float, sampling: float) -> float:
        """Return the chance of so large a shift of a trait's mean in a stable month."""
        return self._chance(shift, sampling, self.traits.get(key, 0.0))

    def chance_of_level(self, name: str, shift: float, sampling: float) -> float:
        """Return the chance of so large a shift of what ``tables`` names in a stable month.

        Parameters
        ----------
        name : str
        shift : float
        sampling : float
            Variance of the shift by chance over accounts.
        """
        return self._chance(shift, sampling, self.tables.get(name, 0.0))

    def chance_of_step(self, name: str, step: float, sampling: float) -> float:
        """Return the chance of so large a step of a level from one stable month to the next."""
        return self._chance(step, sampling, self.steps.get(name, 0.0))

    def _chance(self, shift: float, sampling: float, between: float) -> float:
        months = max(between, LEVEL_FLOOR**2)
        total = sampling + months * (1 + 1 / max(len(self.months), 1))
        # Only the part that was measured on few months is uncertain (Satterthwaite 1946).
        freedom = self.freedom * (total / months) ** 2
        return float(2 * stats.t.sf(abs(shift) / math.sqrt(total), freedom))


NO_MONTHS = UsualMonths([], {}, {}, {}, {})


@dataclass(frozen=True, eq=False)
class Reference:
    """What a new month is held against.

    Attributes
    ----------
    profile : MonthProfile
        Scores, features and traits of the training rows; tables of the usual months, whose
        accounts are counted once a month.
    usual : UsualMonths
    """

    profile: MonthProfile
    usual: UsualMonths

    def to_plain(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {"profile": self.profile.to_plain(), "usual": self.usual.to_plain()}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Reference":
        """Return the reference that ``to_plain`` was called on."""
        return cls(
            MonthProfile.from_plain(plain["profile"]), UsualMonths.from_plain(plain["usual"])
        )


def reference_of_months(
    training: MonthProfile,
    months: Mapping[str, MonthProfile],
    *,
    accounts_per_month: float,
    scales: Mapping[str, float],
) -> Reference:
    """Return the reference of training rows and of stable months.

    Parameters
    ----------
    training : MonthProfile
        Without tables.
    months : mapping of str to MonthProfile
        By YYYY-MM, in the bins of ``training``, with tables, of the same sample of accounts.
    accounts_per_month : float
        Of the whole portfolio in the last of them.
    scales : mapping of str to float
        Those of the levels of ``months``.
    """
    profiles = list(months.values())
    pooled = table_sum([one.tables for one in profiles])
    usual = UsualMonths(
        months=list(months),
        stability={
            name: _mean([_excess(one.counts[name], before) for one in profiles])
            for name, before in training.counts.items()
        },
        traits={
            key: _mean(
                [(one.trait_mean(key)[0] - training.trait_mean(key)[0]) ** 2 for one in profiles]
            )
            for key in training.trait_sums
        },
        tables={
            "accounts": _variance([math.log(one.accounts_per_month) for one in profiles]),
            **_between([one.tables for one in profiles], pooled),
        },
        steps=_steps([one.tables for one in profiles], pooled),
    )
    kept = training.with_tables(pooled, accounts_per_month=accounts_per_month)
    return Reference(replace(kept, scales=dict(scales)), usual)


def _excess(now: list[float], before: list[float]) -> float:
    index, bins = stability_index(now, before)
    return max(index - (bins - 1) * (1 / max(sum(now), 1.0) + 1 / max(sum(before), 1.0)), 0.0)


def _between(
    months: Sequence[Mapping[str, TableProfile]], pooled: Mapping[str, TableProfile]
) -> dict[str, float]:
    """Return the variances between months of everything that is watched in the tables."""
    out = {}
    for name, whole in pooled.items():
        own = [one[name] for one in months if name in one]
        out[f"{name}.rows"] = _variance([math.log(max(t.rate()[0], 1e-6)) for t in own])
        fresh = [math.log(max(t.fresh_rate()[0], 1e-6)) for t in own]
        out[f"{name}.fresh"] = _variance(fresh)
        out[f"{name}.late"] = _variance([t.late()[0] for t in own])
        for column in whole.columns:
            sums = [t.columns[column] for t in own if column in t.columns]
            out[f"{name}.{column}"] = _variance([one.mean_level()[0] for one in sums])
            out[f"{name}.{column}.missing"] = _variance([one.missing_share for one in sums])
    return out


def _steps(
    months: Sequence[Mapping[str, TableProfile]], pooled: Mapping[str, TableProfile]
) -> dict[str, float]:
    """Return the mean squared steps of the levels of all columns."""
    out = {}
    for name, whole in pooled.items():
        own = [one[name] for one in months if name in one]
        for column in whole.columns:
            levels = [t.columns[column].mean_level()[0] for t in own if column in t.columns]
            squares = np.diff(np.asarray(levels, np.float64)) ** 2
            out[f"{name}.{column}"] = _mean(squares[np.isfinite(squares)].tolist())
    return out


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else 0.0


def _variance(values: Sequence[float]) -> float:
    known = np.asarray(values, np.float64)
    known = known[np.isfinite(known)]
    return float(known.var(ddof=1)) if len(known) > 1 else 0.0
