"""Checks of discrimination and rank order (items 14 to 19)."""

import numpy as np
import pandas as pd

from delinquency.metrics import (
    Interval,
    Outcomes,
    Resampling,
    bads_among_riskiest,
    bootstrap_intervals,
    decile_table,
    delong,
    rank_inversions,
)
from delinquency.validation.check_inputs import Evidence
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
from delinquency.validation.validation_options import ValidationOptions, shown

RANK = "Discrimination and rank order"
ONE_SCORE = "All accounts of the test have the same score."


def usable(evidence: Evidence) -> str:
    """Return why nothing can be ranked, or "" where it can."""
    bads = int(evidence.test.bad.sum())
    goods = len(evidence.test) - bads
    return "" if min(bads, goods) >= 2 else f"Bads in the test: {bads:,}; goods: {goods:,}."


def resampling(evidence: Evidence, options: ValidationOptions) -> Resampling:
    """Return how the bootstrap of whole accounts draws."""
    return Resampling(options.n_boot, evidence.seed, 1 - options.significance)


@check(
    14,
    "AUC with its interval, and its drop from development to test",
    section=RANK,
    source="ECB 2019, 2.5.4; DeLong et al. 1988",
    what_to_do="Look at drift (27, 28) and at the challengers (19); retrain on newer months.",
    needs="auc",
)
def discrimination(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Measure the AUC by DeLong, and how far it fell from left-out development accounts."""
    if why_not := usable(evidence):
        return not_applicable(why_not)
    rows = evidence.test
    area = delong(rows.bad, [rows.pd_hat], groups=_groups(evidence)).interval()
    why = f"AUC {area.estimate:.4f}, Gini {2 * area.estimate - 1:.4f}, {evidence.how}."
    found = judge(area.estimate, options.threshold("auc"), why, low=area.low, high=area.high)
    if evidence.refits is None:
        return found
    gaps = evidence.refits.auc_left_out - evidence.refits.auc_test
    drop = float(gaps.mean())
    # One draw of development accounts left out has the sampling error of the area itself.
    error = (area.high - area.low) / 2
    around = Interval(drop, drop - error, drop + error)
    fall = judge(drop, options.threshold("auc_drop"), "", low=around.low, high=around.high)
    why = (
        f"{found.why} The AUC of models refitted on {evidence.refits.rows:,} rows, on left-out"
        f" development accounts less on the test: {drop:+.4f}{ends_in_words(around, '+.4f')}"
        f"{limit_of(fall)}."
    )
    return Finding(
        found.figure, found.low, found.high, worst(found.state, fall.state), why, found.threshold
    )


def _groups(evidence: Evidence) -> np.ndarray | None:
    """Return the groups where rows repeat them, for a variance by group."""
    rows = evidence.test
    return rows.groups if rows.n_groups < len(rows) else None


@check(
    15,
    "KS and capture",
    section=RANK,
    source="Siddiqi ch. 11",
    what_to_do="As for item 14.",
    needs="ks",
)
def separation(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Measure KS where the prediction changes, and the capture of the riskiest tenth."""
    if why_not := usable(evidence):
        return not_applicable(why_not)
    rows = evidence.test
    found = bootstrap_intervals(
        rows.bad,
        rows.pd_hat,
        groups=rows.groups,
        names=["ks", "capture_top_decile"],
        resampling=resampling(evidence, options),
    )
    ks, capture = found["ks"], found["capture_top_decile"]
    why = (
        f"KS {ks.estimate:.4f}; the riskiest tenth holds {capture.estimate:.1%}"
        f"{ends_in_words(capture, '.1%')} of the bads."
    )
    return judge(ks.estimate, options.threshold("ks"), why, low=ks.low, high=ks.high)


@check(
    16,
    "Precision at the capacity to act",
    section=RANK,
    source="Saito and Rehmsmeier 2015",
    what_to_do=(
        "Raise the capacity, or choose accounts by more than the PD (docs/validation.md,"
        " decisions)."
    ),
    needs="capacity_lift",
)
def at_capacity(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Measure the bad rate among the accounts that can be contacted, over that of all."""
    if why_not := usable(evidence):
        return not_applicable(why_not)
    rows = evidence.test
    n = max(round(options.capacity * len(rows)), 1)
    bads = bads_among_riskiest(Outcomes.of(rows.bad, rows.pd_hat), n)
    precision, base = bads / n, float(rows.bad.mean())
    from scipy.stats import beta

    low, high = (float(beta.ppf(q, bads + 0.5, n - bads + 0.5)) for q in (0.025, 0.975))
    area = bootstrap_intervals(
        rows.bad,
        rows.pd_hat,
        groups=rows.groups,
        names=["pr_auc"],
        resampling=resampling(evidence, options),
    )["pr_auc"]
    why = (
        f"Of the {n:,} riskiest accounts ({options.capacity:.0%}), {precision:.1%} turned bad, of"
        f" all {base:.1%}: lift {precision / base:.2f}. PR AUC {area.estimate:.4f}"
        f"{ends_in_words(area, '.4f')}."
    )
    return judge(
        precision / base, options.threshold("capacity_lift"), why, low=low / base, high=high / base
    )


@check(
    17,
    "Rank order over tenths",
    section=RANK,
    source="Siddiqi ch. 11",
    what_to_do="Look at the tenths in the wrong order: a segment is scored on another scale.",
    needs="inversions",
)
def rank_order(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Count tenths that are worse than the riskier one before, and test them."""
    if why_not := usable(evidence):
        return not_applicable(why_not)
    rows = evidence.test
    count, p, table = rank_inversions(rows.bad, rows.pd_hat)
    if len(table) < 2:
        return not_applicable(ONE_SCORE)
    found = judge(float(count), options.threshold("inversions"), "")
    state = RED if p < options.significance else AMBER if found.state == RED else PASS
    why = (
        f"{count} of {len(table) - 1} steps between tenths rise; the surest has p = {p:.3g} after"
        f" correction (red below {options.significance:g}, however few; amber where there are more"
        " than the limit, and none is sure)."
    )
    return Finding(
        float(count),
        None,
        None,
        state,
        why,
        found.threshold,
        {"Tenths of the test, riskiest first": decile_table(rows.bad, rows.pd_hat)},
    )


@check(
    18,
    "Every segment is ranked",
    section=RANK,
    source="EBA/GL/2017/16, 5.3",
    what_to_do=(
        "Look at the segment named: give it features of its own, or do not use the score there."
    ),
    needs="segment_auc",
)
def by_segment(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Measure the AUC of every segment with enough bads."""
    rows = evidence.test
    records = []
    for name in evidence.segments.columns:
        column = evidence.segments[name].astype(str).to_numpy()
        for value in np.unique(column):
            own = column == value
            bads = int(rows.bad[own].sum())
            if (
                own.sum() < options.fewest_rows
                or min(bads, own.sum() - bads) < options.fewest_bads
            ):
                continue
            records.append(
                {"segment": name, "value": value, "rows": int(own.sum()), "bads": bads, "own": own}
            )
    if not records:
        return not_applicable("No segment has enough rows and bads.")
    level = 1 - options.significance / len(records)
    for one in records:
        own = one.pop("own")
        area = delong(rows.bad[own], [rows.pd_hat[own]]).interval(level=level)
        one |= {
            "auc": area.estimate,
            "low": area.low,
            "high": area.high,
            "bads over expected": (
                float(rows.bad[own].sum() / rows.pd_hat[own].sum())
                if rows.pd_hat[own].any()
                else np.nan
            ),
        }
    table = pd.DataFrame(records).sort_values("high", ignore_index=True)
    least = table.loc[table["auc"].idxmin()]
    surest = table.iloc[0]
    limits = options.threshold("segment_auc")
    states = [
        judge(row["auc"], limits, "", low=row["low"], high=row["high"]).state
        for row in (least, surest)
    ]
    why = (
        f"The weakest of {len(table)} segments is {least['segment']} {least['value']}"
        f" ({least['bads']:,} bads); intervals are corrected for their number."
    )
    return Finding(
        float(least["auc"]),
        float(least["low"]),
        float(least["high"]),
        worst(*states),
        why,
        limits,
        {"Segments": table},
    )


@check(
    19,
    "Ahead of what is simpler",
    section=RANK,
    source="SR 26-2, challengers",
    what_to_do="If nothing is gained, use the simpler model.",
    needs="gain_on_challenger",
)
def incremental(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Measure the paired difference in AUC to every challenger on the same rows."""
    if why_not := usable(evidence):
        return not_applicable(why_not)
    if not evidence.challengers:
        return not_applicable("No challenger was fitted.")
    rows = evidence.test
    names = list(evidence.challengers)
    own, learnt = evidence.compared or (rows.pd_hat, len(evidence.train))
    areas = delong(
        rows.bad,
        [own, *(evidence.challengers[n] for n in names)],
        groups=_groups(evidence),
    )
    records = []
    for k, name in enumerate(names, start=1):
        gap = areas.difference(0, k)
        records.append(
            {
                "challenger": name,
                "auc": float(areas.value[k]),
                "model less it": gap.estimate,
                "low": gap.low,
                "high": gap.high,
            }
        )
    table = pd.DataFrame(records).sort_values("model less it", ignore_index=True)
    first = table.iloc[0]
    limits = options.threshold("gain_on_challenger")
    figure = float(first["model less it"])
    low, high = (float(end) if np.isfinite(end) else None for end in first[["low", "high"]])
    why = (
        f"The nearest challenger is {first['challenger']}, AUC {first['auc']:.4f}; model less it"
        f" {shown(figure)}. Each learnt from the same {learnt:,} rows"
        + (
            "."
            if learnt == len(evidence.train)
            else f" of {len(evidence.train):,}, the model's recipe too (AUC {areas.value[0]:.4f})."
        )
    )
    # A simple method that is level is no fault of the model; one that is ahead is.
    if low is None or high is None:
        why += " How sure it is is not known: the rows give no interval."
        return Finding(
            figure, low, high, AMBER, why, limits, {"Challengers on the same rows": table}
        )
    state = RED if high < 0 else AMBER if low <= 0 else PASS
    if state == AMBER:
        why += " The interval holds 0: which of the two is ahead is not known."
    return Finding(figure, low, high, state, why, limits, {"Challengers on the same rows": table})
