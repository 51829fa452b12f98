"""Checks of the level (items 20 to 24)."""

from dataclasses import replace

import numpy as np
import pandas as pd

from delinquency.metrics import (
    METRICS,
    Outcomes,
    bootstrap_intervals,
    calibration_table,
    grade_table,
    hosmer_lemeshow,
    level_p_value,
    metric_table,
)
from delinquency.validation.check_inputs import Evidence, Rows
from delinquency.validation.check_record import (
    AMBER,
    PASS,
    RED,
    Finding,
    check,
    ends_in_words,
    judge,
    limit_of,
    not_applicable,
    worst,
)
from delinquency.validation.ranking_checks import ONE_SCORE, resampling, usable
from delinquency.validation.validation_options import ValidationOptions

LEVEL = "Calibration"
OVERPOWERED = 10_000
"""Rows from which Hosmer-Lemeshow rejects what nobody would call wrong."""
DRAWS = 400


@check(
    20,
    "Calibration in the large",
    section=LEVEL,
    source="EBA/GL/2017/16, central tendency",
    what_to_do=(
        "Retrain with newer months, or add the dated shift of level.json to every score, and judge"
        " that on the months that follow."
    ),
    needs="observed_expected",
)
def in_the_large(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Measure bads over expected, with an interval by account."""
    rows = evidence.test
    ratio = bootstrap_intervals(
        rows.bad,
        rows.pd_hat,
        groups=rows.groups,
        names=["observed_expected"],
        resampling=resampling(evidence, options),
    )["observed_expected"]
    why = (
        f"{int(rows.bad.sum()):,} bads were seen, {rows.pd_hat.sum():,.1f} expected"
        f" ({rows.bad.mean():.2%} against {rows.pd_hat.mean():.2%})."
    )
    found = judge(
        ratio.estimate, options.threshold("observed_expected"), why, low=ratio.low, high=ratio.high
    )
    if found.state == PASS and (ratio.low > 1 or ratio.high < 1):
        p = level_p_value(rows.bad, rows.pd_hat, groups=rows.groups)
        judged = judge(p, options.threshold("level_chance"), "")
        why = (
            f"{why} The interval excludes 1: the level is off, inside the limit. Chance alone puts"
            f" it as far off in {p:.2%} of right models{limit_of(judged)}."
        )
        return replace(found, state=judged.state, why=why)
    return found


@check(
    21,
    "Calibration slope and intercept",
    section=LEVEL,
    source="Cox 1958; Van Calster 2019",
    what_to_do=(
        "Slope below 1: overfitted, hold the model back more; above 1: calibrate with a slope."
    ),
    needs="calibration_slope",
)
def slope(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Measure the recalibration line, with an interval by account."""
    if why_not := usable(evidence):
        return not_applicable(why_not)
    rows = evidence.test
    found = bootstrap_intervals(
        rows.bad,
        rows.pd_hat,
        groups=rows.groups,
        names=["calibration_slope", "calibration_intercept"],
        resampling=resampling(evidence, options),
    )
    line, level = found["calibration_slope"], found["calibration_intercept"]
    if not np.isfinite(line.estimate):
        return not_applicable(
            ONE_SCORE
            if np.ptp(rows.pd_hat) == 0
            else "No line can be laid: the scores part bads and goods without overlap."
        )
    why = (
        f"Slope {line.estimate:.4f}; intercept with the slope held at 1: {level.estimate:+.4f}"
        f"{ends_in_words(level, '+.4f')}."
    )
    return judge(
        line.estimate, options.threshold("calibration_slope"), why, low=line.low, high=line.high
    )


@check(
    22,
    "Hosmer-Lemeshow",
    section=LEVEL,
    source="Hosmer et al. 2013, 5.2.2",
    what_to_do=(
        "Look at the tenths below, and at items 20 and 21, which say how large the fault is."
    ),
    needs="hosmer_lemeshow",
)
def goodness_of_fit(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Test the tenths together; with many rows the p-value is told, not judged."""
    rows = evidence.test
    statistic, p, bins = hosmer_lemeshow(rows.bad, rows.pd_hat)
    if not bins:
        return not_applicable("Every PD is 0 or 1: no bads are left to chance.")
    limits = options.threshold("hosmer_lemeshow")
    found = judge(p, limits, "")
    table = calibration_table(rows.bad, rows.pd_hat, n_bins=10)
    why = f"Statistic {statistic:.1f} on {bins} degrees of freedom, p = {p:.3g}."
    state = found.state
    if len(rows) > OVERPOWERED:
        why += (
            f" With more than {OVERPOWERED:,} rows it rejects what is too small to matter: read"
            " items 20 and 21."
        )
        state = AMBER if state == RED else state
    return Finding(p, None, None, state, why, limits, {"Predicted and observed by tenth": table})


@check(
    23,
    "Brier skill and expected calibration error",
    section=LEVEL,
    source="Brier 1950; Nixon et al. 2019",
    what_to_do="Look at the bins; recalibrate where the gap has one sign throughout.",
    needs="ece",
)
def calibration_error(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Measure ECE against what chance alone gives a right model, and Brier skill above zero."""
    rows = evidence.test
    own = metric_table(rows.bad, rows.pd_hat, ["ece", "brier_skill"])
    draws = chance_of_ece(rows, seed=evidence.seed)
    middle, floor = np.quantile(draws, [0.5, 0.99])
    limits = options.threshold("ece")
    found = judge(own["ece"], limits, "")
    state = found.state if own["ece"] > floor else PASS
    skill = own["brier_skill"]
    why = (
        f"ECE {own['ece']:.4f}; a right model of these rows has {middle:.4f} by chance, below "
        f"{floor:.4f} in 99 of 100 cases."
    )
    if state != found.state:
        why += " It lies beyond the limit, and chance alone may give as much."
    if np.isfinite(skill):
        ahead = judge(skill, options.threshold("brier_skill"), "")
        why += f" Brier skill {skill:.4f}{limit_of(ahead)}."
        state = worst(state, ahead.state)
    table = calibration_table(rows.bad, rows.pd_hat)
    return Finding(own["ece"], None, None, state, why, limits, {"Fifteen bins": table})


def chance_of_ece(rows: Rows, *, seed: int, draws: int = DRAWS) -> np.ndarray:
    """Return the ECE of outcomes drawn from the PDs themselves: what chance alone gives."""
    rng = np.random.default_rng(seed)
    order = np.argsort(-rows.pd_hat, kind="stable")
    pd_hat = rows.pd_hat[order]
    base = Outcomes.of(np.zeros(len(pd_hat)), pd_hat)
    compute = METRICS["ece"].compute
    return np.array(
        [
            compute(replace(base, bad=(rng.random(len(pd_hat)) < base.pd_hat).astype(np.float64)))
            for _ in range(draws)
        ]
    )


@check(
    24,
    "Jeffreys test by grade of the master scale",
    section=LEVEL,
    source="ECB 2019, 2.5.3.1",
    what_to_do="Recalibrate: raise PDs that are too low, or add a margin; lower those too high.",
    needs="jeffreys",
)
def by_grade(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Test every grade for a PD below the true rate; too high is told, and amber."""
    rows = evidence.test
    table = grade_table(
        rows.bad, rows.pd_hat, options.master_scale, correlation=options.default_correlation
    )
    n = len(table)
    tests = 2 * n  # every grade, too low and too high
    low, high = (
        min(1.0, float(table[name].min()) * tests) for name in ("p_too_low", "p_too_high")
    )
    limits = options.threshold("jeffreys")
    surest = table.loc[table["p_too_low"].idxmin()]
    state = RED if limits.beyond(low) else PASS
    why = (
        f"Smallest p-value of {n} grades, corrected for their number and for both directions:"
        f" {low:.3g} (grade {surest['grade']:.0f}: PD {surest['pd_mean']:.2%}, seen"
        f" {surest['bad_rate']:.2%}; with a shared bad year p ="
        f" {surest['p_with_correlation']:.3g})."
    )
    if state == RED and not limits.beyond(float(table["p_binomial"].min()) * tests):
        state = AMBER
        why += (
            " The exact binomial tail does not bear it out: with so few bads Jeffreys' p-value is"
            " small by chance more often than it says."
        )
    if state == PASS and limits.beyond(high):
        highest = table.loc[table["p_too_high"].idxmin()]
        why = (
            f"Smallest p-value of {n} grades, corrected for their number and for both directions,"
            f" that a PD is too high: {high:.3g} (grade {highest['grade']:.0f}: PD"
            f" {highest['pd_mean']:.2%}, seen {highest['bad_rate']:.2%}): prudent, and wrong all"
            f" the same. That one is too low: {low:.3g} (pass)."
        )
        return Finding(high, None, None, AMBER, why, limits, {"Grades": table})
    return Finding(low, None, None, state, why, limits, {"Grades": table})


def level_by_month(rows: Rows) -> pd.DataFrame:
    """Return bads, expected bads and their ratio by observation month."""
    frame = pd.DataFrame({"month": rows.months.astype(str), "bad": rows.bad, "pd": rows.pd_hat})
    table = frame.groupby("month").agg(
        rows=("bad", "size"), bads=("bad", "sum"), expected=("pd", "sum")
    )
    table["bads over expected"] = table["bads"] / table["expected"]
    return table.reset_index()
