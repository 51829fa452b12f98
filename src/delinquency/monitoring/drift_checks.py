"""A month's profile held against the reference: which table, trait or feature has moved, how far.

Every finding has a size, and a chance of so much without a cause. Amber and red need both: at ten
million accounts chance explains nothing, and at three hundred it explains a lot.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import chi2, norm

from delinquency.features.feature_description import FeatureMeaning
from delinquency.features.registered_features import FEATURES
from delinquency.log_odds import probability
from delinquency.monitoring.monitor_options import MonitorOptions
from delinquency.monitoring.month_profile import MonthProfile, TableProfile
from delinquency.traits import TRAITS

GREEN, AMBER, RED = "green", "amber", "red"
_WORST = {GREEN: 0, AMBER: 1, RED: 2}
EXTRA_SPREAD = 4.0
"""How much wider than of independent rows the spread of table counts is: a household's months are
alike, and holidays move all of them."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    check : str
        "score", "feature", "trait", "table", "volume", "delay", "category", "schema", "outcome".
    subject : str
        What it is about: a trait key, a table, a feature.
    size : float or None
        How far it moved, in the check's own unit.
    chance : float or None
        Chance of so much without a cause.
    light : str
        "green", "amber" or "red".
    words : str
        What was seen, for people.
    """

    check: str
    subject: str
    size: float | None
    chance: float | None
    light: str
    words: str

    def to_plain(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        finite = {
            name: value if value is None or math.isfinite(value) else None
            for name, value in (("size", self.size), ("chance", self.chance))
        }
        return {**self.__dict__, **finite}


def worst_light(findings: list[Finding]) -> str:
    """Return the worst light among findings; green where there is none."""
    return max((one.light for one in findings), key=_WORST.__getitem__, default=GREEN)


def drift_findings(
    now: MonthProfile,
    reference: MonthProfile,
    meanings: Mapping[str, FeatureMeaning],
    options: MonitorOptions,
) -> list[Finding]:
    """Return what a month shows against the reference, the worst first.

    Parameters
    ----------
    now, reference : MonthProfile
        With the same edges.
    meanings : mapping of str to FeatureMeaning
        The model's features.
    options : MonitorOptions
    """
    findings = [_score(now, reference, options)]
    findings += _traits(now, reference, options)
    features = _features(now, reference, meanings, options)
    findings += _tables_of(features, options)
    findings += features
    findings += _volume(now, reference, options)
    for name, table in reference.tables.items():
        if name in now.tables:
            findings += _table(name, now.tables[name], table, options)
    return sorted(findings, key=lambda one: -_WORST[one.light])


def missing_table_findings(given: set[str], needed: set[str]) -> list[Finding]:
    """Return a red finding for every table that the model needs and the month lacks."""
    return [
        Finding("schema", name, None, None, RED,
                f"The table {name} is missing: accounts cannot be scored as in training.")
        for name in sorted(needed - given)
    ]  # fmt: skip


def stability(now: list[float], reference: list[float]) -> tuple[float, float]:
    """Return PSI of two sets of counts by bin, and the chance of so much without a cause.

    Notes
    -----
    PSI = sum (c - r) ln(c / r); without a cause it is (1/n + 1/m) times chi-squared with one
    degree of freedom less than bins (Yurdakul and Naranjo 2020). An empty bin is half a row.
    """
    c, r = np.asarray(now, np.float64), np.asarray(reference, np.float64)
    filled = (c + r) > 0
    if c.sum() == 0 or r.sum() == 0 or filled.sum() < 2:
        return 0.0, 1.0
    cs, rs = np.maximum(c[filled], 0.5) / c.sum(), np.maximum(r[filled], 0.5) / r.sum()
    psi = float(((cs - rs) * np.log(cs / rs)).sum())
    return psi, float(chi2.sf(psi / (1 / c.sum() + 1 / r.sum()), filled.sum() - 1))


def _light(size: float, chance: float, amber: float, red: float, level: float) -> str:
    if not chance < level:
        return GREEN
    return RED if size >= red else AMBER if size >= amber else GREEN


def _score(now: MonthProfile, reference: MonthProfile, options: MonitorOptions) -> Finding:
    psi, chance = stability(now.counts["pd_hat"], reference.counts["pd_hat"])
    mean, before = now.pd_sum / max(now.n_accounts, 1), reference.pd_sum / reference.n_accounts
    light = _light(psi, chance, options.psi_amber, options.psi_red, options.false_alarm)
    words = f"PSI of the PD {psi:.3f}; mean PD {mean:.2%}, in the reference {before:.2%}."
    return Finding("score", "pd_hat", psi, chance, light, words)


def _traits(now: MonthProfile, reference: MonthProfile, options: MonitorOptions) -> list[Finding]:
    findings = []
    raw = np.asarray(now.raw_scores, np.float64)
    before = reference.pd_sum / reference.n_accounts
    for key in reference.trait_sums:
        mean, variance = _moments(now, key)
        old, old_variance = _moments(reference, key)
        spread = math.sqrt(variance / now.n_accounts + old_variance / reference.n_accounts)
        chance = float(2 * norm.sf(abs(mean - old) / spread)) if spread > 0 else 1.0
        effect = (
            float((probability(raw) - probability(raw - (mean - old))).mean()) if len(raw) else 0.0
        )
        size = abs(effect) / before if before > 0 else 0.0
        light = _light(size, chance * len(TRAITS), options.trait_amber, options.trait_red,
                       options.false_alarm)  # fmt: skip
        way = "raised" if effect >= 0 else "lowered"
        words = (
            f"{TRAITS[key].label}: {way} the mean PD by {abs(effect) * 100:.2f} percentage points "
            f"against the reference."
        )
        findings.append(Finding("trait", key, size, chance, light, words))
    return findings


def _moments(profile: MonthProfile, key: str) -> tuple[float, float]:
    n = profile.n_accounts
    mean = profile.trait_sums[key] / n
    return mean, max(profile.trait_squares[key] / n - mean**2, 0.0)


def _features(
    now: MonthProfile,
    reference: MonthProfile,
    meanings: Mapping[str, FeatureMeaning],
    options: MonitorOptions,
) -> list[Finding]:
    findings = []
    for name, meaning in meanings.items():
        psi, chance = stability(now.counts[name], reference.counts[name])
        missing = now.counts[name][-1] / max(sum(now.counts[name]), 1)
        old = reference.counts[name][-1] / max(sum(reference.counts[name]), 1)
        moved = _light(psi, chance * len(meanings), options.psi_amber, options.psi_red,
                       options.false_alarm)  # fmt: skip
        words = f"{meaning.phrase} ({TRAITS[meaning.trait_key].short}): CSI {psi:.3f}"
        words += (
            f"; missing {missing:.0%}, before {old:.0%}." if abs(missing - old) > 0.01 else "."
        )
        # One feature alone is amber: a table, a trait or the score that moves is red.
        findings.append(
            Finding("feature", name, psi, chance, AMBER if moved == RED else GREEN, words)
        )
    return findings


def _tables_of(features: list[Finding], options: MonitorOptions) -> list[Finding]:
    """Return for every table whether many of the features that rest on it have moved."""
    of_table: dict[str, list[Finding]] = {}
    for one in features:
        for table in FEATURES[one.subject].tables if one.subject in FEATURES else ():
            of_table.setdefault(table, []).append(one)
    findings = []
    for table, own in sorted(of_table.items()):
        moved = [one for one in own if one.light != GREEN]
        share = len(moved) / len(own)
        light = RED if share >= options.share_of_features else AMBER if moved else GREEN
        worst = sorted(moved, key=lambda one: -(one.size or 0.0))[:3]
        words = f"{table}: {len(moved)} of {len(own)} features that rest on it have moved"
        words += f", most {', '.join(one.subject for one in worst)}." if worst else "."
        findings.append(Finding("table", table, share, None, light, words))
    return findings


def _volume(now: MonthProfile, reference: MonthProfile, options: MonitorOptions) -> list[Finding]:
    before = reference.accounts_per_month
    size, chance = _ratio(now.accounts_per_month, before, 1.0)
    light = _light(size, chance, options.volume_amber, options.volume_red, options.false_alarm)
    words = f"{now.accounts_per_month:,.0f} accounts, in a month of the reference {before:,.0f}."
    return [Finding("volume", "accounts", size, chance, light, words)]


def _ratio(count: float, expected: float, per: float) -> tuple[float, float]:
    """Return how many times more or fewer, at least 1, and the chance of it by counts alone."""
    size = max(count, 0.5) / max(expected, 0.5)
    spread = math.sqrt(EXTRA_SPREAD * max(expected, 1.0) * per)
    return max(size, 1 / size), float(2 * norm.sf(abs(count - expected) / spread))


def _table(
    name: str, now: TableProfile, before: TableProfile, options: MonitorOptions
) -> list[Finding]:
    findings = []
    rate = before.rows / max(before.accounts, 1)
    expected = rate * now.accounts
    size, chance = _ratio(now.rows, expected, 1 + now.accounts / max(before.accounts, 1))
    light = _light(size, chance, options.volume_amber, options.volume_red, options.false_alarm)
    own = now.rows / max(now.accounts, 1)
    words = f"{name}: {own:.2f} rows an account in three months, in the reference {rate:.2f}."
    findings.append(Finding("volume", name, size, chance, light, words))
    if name != "accounts" and now.rows and before.rows:
        late, old = now.late_rows / now.rows, before.late_rows / before.rows
        light = _light(abs(late - old), 0.0, options.delay_amber, options.delay_red, 1.0)
        words = f"{name}: {late:.0%} of the rows arrived after their month, before {old:.0%}."
        findings.append(Finding("delay", name, abs(late - old), None, light, words))
    for column, known in before.categories.items():
        counts = now.categories.get(column, {})
        unseen = {value: count for value, count in counts.items() if value not in known}
        share = sum(unseen.values()) / max(sum(counts.values()), 1)
        light = RED if share >= options.unseen_red else AMBER if unseen else GREEN
        words = f"{name}.{column}: {share:.1%} of the rows have a name that training never saw"
        words += f" ({', '.join(sorted(unseen)[:3])})." if unseen else "."
        findings.append(Finding("category", f"{name}.{column}", share, None, light, words))
    return findings
