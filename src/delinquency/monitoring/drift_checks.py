"""A month's profile held against the reference: which table, trait or feature has moved, how far.

Every finding has a size, and a chance of so much without a cause. Amber and red need both: at ten
million accounts chance explains nothing, and at three hundred it explains a lot.
"""

from collections.abc import Mapping

import numpy as np

from delinquency.features.feature_description import FeatureMeaning
from delinquency.features.registered_features import FEATURES
from delinquency.log_odds import probability
from delinquency.monitoring.monitor_options import MonitorOptions
from delinquency.monitoring.month_findings import AMBER, GREEN, RED, WORST, Finding, light_of
from delinquency.monitoring.month_profile import MonthProfile, stability_index
from delinquency.monitoring.table_drift import count_of_table_checks, table_findings
from delinquency.monitoring.usual_months import Reference
from delinquency.traits import TRAITS

MONTHS_A_YEAR = 12


def drift_findings(
    now: MonthProfile,
    reference: Reference,
    meanings: Mapping[str, FeatureMeaning],
    options: MonitorOptions,
) -> list[Finding]:
    """Return what a month shows against the reference, the worst first.

    Parameters
    ----------
    now : MonthProfile
        In the bins of the reference.
    reference : Reference
    meanings : mapping of str to FeatureMeaning
        The model's features.
    options : MonitorOptions

    Notes
    -----
    ``options.false_alarm`` is the chance that a year of monthly looks at stable months lights
    anything at all. Half of it is shared by the features, half by everything else, evenly
    (Bonferroni), so that many features do not hide what a single table shows.
    """
    share = options.false_alarm / MONTHS_A_YEAR / 2
    rest = 1 + len(reference.profile.trait_sums) + count_of_table_checks(reference.profile)
    findings = [_score(now, reference, options, share / rest)]
    findings += _traits(now, reference, options, share / rest)
    features = _features(now, reference, meanings, options, share / max(len(meanings), 1))
    findings += _tables_of(features, options)
    findings += features
    findings += table_findings(now, reference, options, share / rest)
    return sorted(findings, key=lambda one: -WORST[one.light])


def missing_table_findings(given: set[str], needed: set[str]) -> list[Finding]:
    """Return a red finding for every table that the model needs and the month lacks."""
    return [
        Finding("schema", name, None, None, RED,
                f"The table {name} is missing: accounts cannot be scored as in training.")
        for name in sorted(needed - given)
    ]  # fmt: skip


def stability(
    name: str, now: list[float], before: list[float], reference: Reference
) -> tuple[float, float]:
    """Return the stability index of two sets of counts, and its chance in a stable month."""
    index, bins = stability_index(now, before)
    if bins < 2:
        return 0.0, 1.0
    sampling = 1 / sum(now) + 1 / sum(before)
    return index, reference.usual.chance_of_index(name, index, bins, sampling)


def _score(
    now: MonthProfile, reference: Reference, options: MonitorOptions, level: float
) -> Finding:
    old = reference.profile
    psi, chance = stability("pd_hat", now.counts["pd_hat"], old.counts["pd_hat"], reference)
    mean, before = now.pd_sum / max(now.n_accounts, 1), old.pd_sum / old.n_accounts
    light = light_of(psi, chance, options.psi_amber, options.psi_red, level)
    usual = reference.usual.stability.get("pd_hat", 0.0)
    words = (
        f"PSI of the PD {psi:.3f} (stable months {usual:.3f}); mean PD {mean:.2%}, in the "
        f"reference {before:.2%}."
    )
    return Finding("score", "pd_hat", psi, chance, light, words)


def _traits(
    now: MonthProfile, reference: Reference, options: MonitorOptions, level: float
) -> list[Finding]:
    findings = []
    old = reference.profile
    raw = np.asarray(now.raw_scores, np.float64)
    before = old.pd_sum / old.n_accounts
    for key in old.trait_sums:
        (mean, variance), (usual, old_variance) = now.trait_mean(key), old.trait_mean(key)
        sampling = variance + old_variance
        chance = reference.usual.chance_of_trait(key, mean - usual, sampling)
        effect = 0.0
        if len(raw):
            effect = float((probability(raw) - probability(raw - (mean - usual))).mean())
        size = abs(effect) / before if before > 0 else 0.0
        light = light_of(size, chance, options.trait_amber, options.trait_red, level)
        way = "raised" if effect >= 0 else "lowered"
        words = (
            f"{TRAITS[key].label}: {way} the mean PD by {abs(effect) * 100:.2f} percentage points "
            f"against the reference."
        )
        findings.append(Finding("trait", key, size, chance, light, words))
    return findings


def _features(
    now: MonthProfile,
    reference: Reference,
    meanings: Mapping[str, FeatureMeaning],
    options: MonitorOptions,
    level: float,
) -> list[Finding]:
    findings = []
    for name, meaning in meanings.items():
        own, old = now.counts[name], reference.profile.counts[name]
        psi, chance = stability(name, own, old, reference)
        missing, before = own[-1] / max(sum(own), 1), old[-1] / max(sum(old), 1)
        moved = light_of(psi, chance, options.psi_amber, options.psi_red, level)
        usual = reference.usual.stability.get(name, 0.0)
        words = f"{meaning.phrase} ({TRAITS[meaning.trait_key].short}): CSI {psi:.3f}"
        words += f", in stable months {usual:.3f}"
        words += (
            f"; missing {missing:.0%}, before {before:.0%}."
            if abs(missing - before) > 0.01
            else "."
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
