"""Which table of a month has moved: its volume, its columns, its late rows, its names."""

import math
from dataclasses import dataclass

from scipy import stats

from delinquency.monitoring.monitor_options import MonitorOptions
from delinquency.monitoring.month_findings import AMBER, GREEN, RED, Finding, light_of
from delinquency.monitoring.month_profile import MonthProfile
from delinquency.monitoring.table_profile import ColumnSums, TableProfile
from delinquency.monitoring.usual_months import Reference, UsualMonths

UNUSUAL = 0.01
"""Chance below which a level counts as unusual for a step to matter."""


@dataclass(frozen=True)
class _Yardstick:
    """What everything in the tables of a month is held against.

    Attributes
    ----------
    usual : UsualMonths
    options : MonitorOptions
    level : float
        Chance below which a stable month is not believed, for one check.
    """

    usual: UsualMonths
    options: MonitorOptions
    level: float

    @property
    def repeats(self) -> int:
        """How often the reference counts an account: once a month."""
        return max(len(self.usual.months), 1)

    def light(self, size: float, chance: float, amber: float, red: float) -> str:
        """Return the light of a difference of a size, and of its chance in a stable month."""
        return light_of(size, chance, amber, red, self.level)


def count_of_table_checks(reference: MonthProfile) -> int:
    """Return how many things are looked at in the tables."""
    return 1 + sum(
        3 + 3 * len(table.columns) + len(table.categories) for table in reference.tables.values()
    )


def table_findings(
    now: MonthProfile, reference: Reference, options: MonitorOptions, level: float
) -> list[Finding]:
    """Return what the tables of a month show.

    Parameters
    ----------
    now : MonthProfile
    reference : Reference
    options : MonitorOptions
    level : float
        Chance below which a stable month is not believed, for one check.
    """
    by = _Yardstick(reference.usual, options, level)
    usually = reference.profile.accounts_per_month
    findings = [_accounts(now.accounts_per_month, usually, by)]
    for name, before in reference.profile.tables.items():
        if name not in now.tables:
            continue
        own = now.tables[name]
        findings.append(_volume(name, own, before, by))
        if name != "accounts":
            findings.append(_fresh_volume(name, own, before, by))
        if name != "accounts" and own.rows and before.rows:
            findings.append(_delay(name, own, before, by))
        earlier = now.previous.get(name)
        for column, sums in before.columns.items():
            if column not in own.columns or not own.columns[column].rows:
                continue
            subject, seen = f"{name}.{column}", own.columns[column]
            findings.append(_missing(subject, seen, sums, by))
            findings += _level(subject, seen, sums, by)
            if earlier is not None and column in earlier.columns and name != "accounts":
                past = earlier.columns[column]
                findings += _step(subject, seen, past, sums, by)
        for column in before.categories:
            findings.append(_names(name, column, own, before, by))
    return findings


def _accounts(count: float, before: float, by: _Yardstick) -> Finding:
    ratio = max(count, 0.5) / max(before, 0.5)
    sampling = 1 / max(count, 0.5) + 1 / max(before, 0.5)
    chance = by.usual.chance_of_level("accounts", math.log(ratio), sampling)
    size = max(ratio, 1 / ratio)
    light = by.light(size, chance, by.options.volume_amber, by.options.volume_red)
    words = f"{count:,.0f} accounts, in a month of the reference {before:,.0f}."
    return Finding("volume", "accounts", size, chance, light, words)


def _volume(name: str, now: TableProfile, before: TableProfile, by: _Yardstick) -> Finding:
    (rate, _), (old, _) = now.rate(), before.rate()
    ratio, chance = _more(f"{name}.rows", now.rate(), before.rate(), now, before, by)
    size = max(ratio, 1 / ratio)
    light = by.light(size, chance, by.options.volume_amber, by.options.volume_red)
    words = f"{name}: {rate:.2f} rows an account in three months, in the reference {old:.2f}."
    if name == "accounts":
        words = f"{name}: {rate:.0%} of the accounts have a row, in the reference {old:.0%}."
    return Finding("volume", name, size, chance, light, words)


def _fresh_volume(name: str, now: TableProfile, before: TableProfile, by: _Yardstick) -> Finding:
    """Return whether far more rows came in the month itself; fewer may still be on their way."""
    (rate, _), (old, _) = now.fresh_rate(), before.fresh_rate()
    size, chance = _more(f"{name}.fresh", now.fresh_rate(), before.fresh_rate(), now, before, by)
    light = by.light(size, chance, by.options.volume_amber, by.options.volume_red)
    words = f"{name}: {rate:.2f} rows an account came in the month, in the reference {old:.2f}."
    return Finding("volume", name, size, chance, light, words)


def _more(
    what: str,
    rate: tuple[float, float],
    old: tuple[float, float],
    now: TableProfile,
    before: TableProfile,
    by: _Yardstick,
) -> tuple[float, float]:
    """Return how many times as many rows an account there are, and the chance of it."""
    (mean, variance), (usually, old_variance) = rate, old
    ratio = max(mean, 0.5 / max(now.accounts, 1.0))
    ratio /= max(usually, 0.5 / max(before.accounts, 1.0))
    # The reference counts an account once a month, which makes its chance no smaller.
    spread = _relative(variance, mean) + _relative(old_variance * by.repeats, usually)
    return ratio, by.usual.chance_of_level(what, math.log(ratio), spread)


def _relative(variance: float, mean: float) -> float:
    return variance / mean**2 if mean > 0 else 1.0


def _delay(name: str, now: TableProfile, before: TableProfile, by: _Yardstick) -> Finding:
    (late, variance), (old, old_variance) = now.late(), before.late()
    sampling = variance + old_variance * by.repeats
    chance = by.usual.chance_of_level(f"{name}.late", late - old, sampling)
    size = abs(late - old)
    light = by.light(size, chance, by.options.delay_amber, by.options.delay_red)
    words = f"{name}: {late:.0%} of the rows arrived after their month, before {old:.0%}."
    return Finding("delay", name, size, chance, light, words)


def _missing(subject: str, now: ColumnSums, before: ColumnSums, by: _Yardstick) -> Finding:
    share, old = now.missing_share, before.missing_share
    sampling = now.missing_variance() + before.missing_variance() * by.repeats
    chance = by.usual.chance_of_level(f"{subject}.missing", share - old, sampling)
    size = abs(share - old)
    light = by.light(size, chance, by.options.missing_amber, by.options.missing_red)
    words = f"{subject}: missing in {share:.0%} of the rows, before {old:.0%}."
    return Finding("column", subject, size, chance, light, words)


def _level(subject: str, now: ColumnSums, before: ColumnSums, by: _Yardstick) -> list[Finding]:
    """Return how the level stands against the reference; nothing for what is no number."""
    shift, chance = _shift(subject, now, before, by)
    if math.isnan(shift):
        return []
    light = by.light(abs(shift), chance, by.options.level_amber, by.options.level_red)
    spread = math.sqrt(by.usual.tables.get(subject, 0.0))
    words = (
        f"{subject}: level {_way(shift)} than in the reference by {abs(shift):.2f}; stable months "
        f"differ from it by {spread:.2f}."
    )
    return [Finding("column", subject, abs(shift), chance, light, words)]


def _step(
    subject: str, now: ColumnSums, earlier: ColumnSums, before: ColumnSums, by: _Yardstick
) -> list[Finding]:
    """Return how the level stands against the month before: what a slow cycle does not explain.

    A step back to what is usual is no drift.
    """
    (mean, variance), (old, old_variance) = now.mean_level(), earlier.mean_level()
    shift, chance_of_level = _shift(subject, now, before, by)
    if math.isnan(mean) or math.isnan(old) or math.isnan(shift):
        return []
    step = mean - old
    chance = by.usual.chance_of_step(subject, step, variance + old_variance)
    light = GREEN
    if chance_of_level < UNUSUAL:
        light = by.light(abs(step), chance, by.options.level_amber, by.options.level_red)
    spread = math.sqrt(by.usual.steps.get(subject, 0.0))
    words = (
        f"{subject}: level {_way(step)} than the month before by {abs(step):.2f}; from one stable "
        f"month to the next it moves by {spread:.2f}."
    )
    return [Finding("column", subject, abs(step), chance, light, words)]


def _shift(
    subject: str, now: ColumnSums, before: ColumnSums, by: _Yardstick
) -> tuple[float, float]:
    """Return the shift of a level and its chance in a stable month; NaN for what is no number."""
    (mean, variance), (old, old_variance) = now.mean_level(), before.mean_level()
    if math.isnan(mean) or math.isnan(old) or before.account_levels == now.account_levels == 0:
        return math.nan, 1.0
    shift = mean - old
    spread = variance + old_variance * by.repeats
    return shift, by.usual.chance_of_level(subject, shift, spread)


def _way(shift: float) -> str:
    return "higher" if shift > 0 else "lower"


def _names(
    name: str, column: str, now: TableProfile, before: TableProfile, by: _Yardstick
) -> Finding:
    known, counts = before.categories[column], now.categories.get(column, {})
    unseen = {value: count for value, count in counts.items() if value not in known}
    rows, fresh = sum(counts.values()), sum(unseen.values())
    share = fresh / max(rows, 1.0)
    # A next row has a name that was never seen with the share of names seen once (Good 1953);
    # an account's rows are alike, and count for fewer.
    seen = max(sum(known.values()), 1.0)
    rare = min((1 + sum(count == 1 for count in known.values())) / seen, 1.0)
    alike = max(now.account_rows / max(now.rows, 1.0), 1.0)
    chance = float(stats.binom.sf(math.ceil(fresh / alike) - 1, math.ceil(rows / alike), rare))
    light = AMBER if fresh else GREEN
    if share >= by.options.unseen_red and chance < by.level:
        light = RED
    words = f"{name}.{column}: {share:.1%} of the rows have a name that training never saw"
    words += f" ({', '.join(sorted(unseen)[:3])})." if unseen else "."
    return Finding("category", f"{name}.{column}", share, chance, light, words)
