"""Checks of purpose, definition of bad, sample, split and data (items 1 to 9, 11, 25, 26)."""

import numpy as np
import pandas as pd
from scipy.stats import beta

from delinquency.metrics import level_p_value
from delinquency.validation.check_inputs import Evidence, Rows
from delinquency.validation.check_record import (
    AMBER,
    PASS,
    RED,
    Finding,
    check,
    judge,
    not_applicable,
)
from delinquency.validation.feature_movement import moved_most
from delinquency.validation.validation_options import ValidationOptions

DESIGN = "Purpose, sample and data"
DEVELOPMENT_BADS, TEST_BADS = 1500, 500
"""Bads that the trade asks for; Siddiqi (2017), Intelligent Credit Scoring, 2nd ed., ch. 4."""
TOP_DRIVERS = 10
ENOUGH = 100
"""Accounts from which the share that worsens is known to about a tenth."""
SURE = 1.645
"""Standard errors that 95 of 100 figures stay below."""


@check(
    1,
    "Purpose, uses out of scope, materiality tier",
    section=DESIGN,
    source="SR 26-2",
    what_to_do="Write validation.documents: purpose, out_of_scope and materiality_tier.",
    needs="purpose",
)
def purpose_written(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Look whether purpose, uses out of scope and tier are written."""
    texts = options.documents
    parts = {
        "purpose": bool(texts.purpose),
        "out_of_scope": bool(texts.out_of_scope),
        "materiality_tier": bool(texts.materiality_tier),
    }
    share = sum(parts.values()) / len(parts)
    absent = ", ".join(name for name, there in parts.items() if not there)
    why = f"Written: {sum(parts.values())} of {len(parts)}" + (
        f"; missing: {absent}." if absent else "."
    )
    found = judge(share, options.threshold("purpose"), why)
    if found.state == RED and parts["purpose"]:
        why += " The model can be judged without; a person has to write it before it is used."
        return Finding(share, share, share, AMBER, why, found.threshold)
    return found


@check(
    2,
    "Definition of bad, borne out by roll rates",
    section=DESIGN,
    source="Siddiqi ch. 4; IFRS 9 B5.5.37",
    what_to_do="Choose the days past due from which most do not recover (page of roll rates).",
    needs="worse_later",
)
def bad_by_roll_rates(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Look how many accounts at the mark that makes them bad go on to 180 or a charge-off."""
    if evidence.panel is None:
        return not_applicable("The data give an outcome, not the months that led to it.")
    table = evidence.panel.worse_later
    if table.empty:
        return not_applicable("The data do not follow an account for a year after the mark.")
    mark = evidence.panel.mark
    row = table[table["days_past_due"] == mark]
    n = int(row["accounts"].iloc[0]) if len(row) else 0
    if n < ENOUGH:
        return not_applicable(
            f"Only {n} accounts reached {mark:g} days past due a year before the end."
        )
    share = float(row["never_recover"].iloc[0])
    k = share * n
    low, high = (float(beta.ppf(q, k + 0.5, n - k + 0.5)) for q in (0.025, 0.975))
    why = (
        f"Of {n:,} accounts that reached {mark:g} days past due, {share:.1%} went on to 180 or a"
        " charge-off within 12 months."
    )
    return judge(
        share,
        options.threshold("worse_later"),
        why,
        low=low,
        high=high,
        tables={"From a mark to 180 days past due": table},
    )


@check(
    3,
    "Days past due are counted rightly",
    section=DESIGN,
    source="EBA/GL/2016/07 (DoD)",
    what_to_do=(
        "Look at the months named: a day past due takes a day. Correct the source's counting."
    ),
    needs="impossible_dpd",
)
def days_counted(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Look for days past due that rise by more days than have passed."""
    if evidence.panel is None or not evidence.panel.late_steps:
        return not_applicable("No days past due by month, or counted in whole months only.")
    wrong, steps = evidence.panel.impossible_steps, evidence.panel.late_steps
    why = (
        f"{wrong:,} of {steps:,} monthly steps raise days past due by more days than lie between"
        " the statements."
    )
    return judge(wrong / steps, options.threshold("impossible_dpd"), why)


@check(
    4,
    "Observation and performance windows",
    section=DESIGN,
    source="Siddiqi ch. 4",
    what_to_do=(
        "Lengthen the performance window until the vintage curves flatten, or say why a short one"
        " serves."
    ),
    needs="performance_months",
)
def windows_mature(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Look how long outcomes were waited for."""
    months = evidence.performance_months
    if months is None:
        why = (
            "The outcome came with the data, which do not say over how many months it was looked"
            " for: write it as a comment."
        )
        return Finding(None, None, None, AMBER, why, options.threshold("performance_months"))
    tables = {}
    if evidence.panel is not None and len(evidence.panel.vintages):
        tables["Ever bad by quarter of opening"] = evidence.panel.vintages
    why = f"Outcomes were looked for in {months} months, complete for every row that is used."
    return judge(float(months), options.threshold("performance_months"), why, tables=tables)


@check(
    5,
    "Exclusions and indeterminates counted",
    section=DESIGN,
    source="SR 26-2",
    what_to_do="Find the observations that have no reason: rows were dropped in silence.",
    needs="unaccounted",
)
def exclusions_add_up(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Look whether the kept rows and the split have the same number, each reason counted."""
    table = evidence.exclusions
    if table is None:
        return not_applicable(
            "The data came with an outcome for every row; nothing was left out here."
        )
    kept = int(table.loc[table["reason"].str.startswith("kept"), "rows"].sum())
    astray = abs(kept - len(evidence.split))
    out = table[~table["reason"].str.startswith("kept")]
    why = (
        f"{int(table['rows'].sum()):,} observations, {kept:,} kept, {int(out['rows'].sum()):,}"
        f" left out under {int((out['rows'] > 0).sum())} reasons; {len(evidence.split):,} rows"
        " went into the split."
    )
    return judge(
        float(astray),
        options.threshold("unaccounted"),
        why,
        tables={"Why observations were left out": table},
    )


@check(
    6,
    "Enough bads",
    section=DESIGN,
    source="Siddiqi ch. 4",
    what_to_do=(
        "Take more months or accounts, or widen the definition of bad; read every interval."
    ),
    needs="sample_size",
)
def enough_bads(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Look whether development and test hold enough bads."""
    learnt, tested = int(evidence.train.bad.sum()), int(evidence.test.bad.sum())
    ratio = min(learnt / DEVELOPMENT_BADS, tested / TEST_BADS)
    limits = options.threshold("sample_size")
    least = limits.least or 0.0
    why = (
        f"{learnt:,} bads in development (asked for: {DEVELOPMENT_BADS:,}), {tested:,} in the test"
        f" ({TEST_BADS:,}); the figure is the smaller of the two shares. Fewer than"
        f" {np.ceil(least * DEVELOPMENT_BADS):,.0f} or {np.ceil(least * TEST_BADS):,.0f} are red:"
        " they tell little."
    )
    table = pd.DataFrame([_counts("development", evidence.train), _counts("test", evidence.test)])
    return judge(ratio, limits, why, tables={"Sample design": table})


def _counts(part: str, rows: Rows) -> dict[str, object]:
    months = rows.months[~np.isnat(rows.months)]
    return {
        "part": part,
        "rows": len(rows),
        "accounts": len(np.unique(rows.accounts)),
        "bads": int(rows.bad.sum()),
        "bad rate": float(rows.bad.mean()),
        "first month": str(months.min()) if len(months) else "undated",
        "last month": str(months.max()) if len(months) else "undated",
    }


@check(
    7,
    "Split without overlap",
    section=DESIGN,
    source="SR 26-2; ECB 2019",
    what_to_do="Split again: whole accounts by group, or with the performance window between.",
    needs="overlap",
)
def split_clean(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Count groups on both sides, rows that came twice, and outcomes that reach the test."""
    split = evidence.split
    train, test = split[split["part"] == "train"], split[split["part"] == "test"]
    twice = int(split.duplicated(["account_id", "observation_month"]).sum())
    shared = late = 0
    found = []  # what this way to split must keep apart, and no more: the rest was not looked at
    if "account" in evidence.split_by:
        shared = len(set(train["group_id"]) & set(test["group_id"]))
        found.append(f"{shared:,} groups on both sides")
    if "time" in evidence.split_by and evidence.performance_months is not None:
        begin = test["observation_month"].min()
        known = train["observation_month"] + pd.DateOffset(months=evidence.performance_months)
        late = int((known >= begin).sum())
        found.append(f"{late:,} training outcomes that reach into the test")
    found.append(f"{twice:,} rows twice")
    why = f"Split by {evidence.split_by.replace('_', ' ')}: {', '.join(found)}."
    if "account" not in evidence.split_by:
        seen = test["group_id"].isin(set(train["group_id"]))
        why += (
            f" Out of time {seen.mean():.0%} of the test rows are of accounts seen earlier, as in "
            "use; evaluation=new_accounts measures what that is worth."
        )
    return judge(float(shared + late + twice), options.threshold("overlap"), why)


@check(
    8,
    "Development resembles the current book",
    section=DESIGN,
    source="EBA/GL/2017/16",
    what_to_do="Look at the drivers named; learn from newer months, or recalibrate.",
    needs="driver_psi",
)
def representative(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Look how far the ten strongest drivers have moved from development to test."""
    names = evidence.importance.sort_values(ascending=False).index[:TOP_DRIVERS]
    return moved_most(
        evidence, list(names), options, threshold="driver_psi", words="strongest drivers"
    )


@check(
    9,
    "Data quality",
    section=DESIGN,
    source="BCBS 239",
    what_to_do=(
        "Find the feed that went missing or changed its meaning; score again when it is back."
    ),
    needs="missing_rise",
)
def quality(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Look for values that are missing more often, or not finite, in the test."""
    old, new = evidence.train.X, evidence.test.X
    gap = new.isna().mean() - old.isna().mean()
    infinite = int(np.isinf(new.to_numpy(np.float64)).sum())
    n = len(new)
    share = float(gap.max())
    name = str(gap.idxmax())
    p1, p0 = float(new[name].isna().mean()), float(old[name].isna().mean())
    spread = np.sqrt(p1 * (1 - p1) / n + p0 * (1 - p0) / len(old))
    reach = float(3.5 * spread)  # the largest of a few hundred
    why = (
        f"{name} is missing in {p1:.1%} of the test rows, {p0:.1%} in development: the largest"
        " rise."
        if share > 0
        else "No feature is missing more often in the test than in development."
    )
    why += f" Values that are not finite: {infinite:,}."
    table = pd.DataFrame(
        {"development": old.isna().mean(), "test": new.isna().mean(), "rise": gap}
    )
    table = table.rename_axis("feature").sort_values("rise", ascending=False).reset_index()
    found = judge(
        share,
        options.threshold("missing_rise"),
        why,
        low=share - reach,
        high=share + reach,
        tables={"Missing values": table},
    )
    if infinite:
        return Finding(
            found.figure, found.low, found.high, RED, why, found.threshold, found.tables
        )
    return found


@check(
    11,
    "Every variable has a trait, a sign and a reason",
    section=DESIGN,
    source="SR 26-2, conceptual soundness",
    what_to_do="Describe the features named, or leave them out.",
    needs="documented",
)
def documented(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Look whether every feature is described."""
    table = pd.DataFrame(
        [
            {
                "feature": one.name,
                "trait": one.trait_key,
                "sign": one.direction,
                "unit": one.unit,
                "what it is": one.phrase,
                "gain share": float(evidence.importance.get(name, 0.0)),
            }
            for name, one in evidence.meanings.items()
        ]
    )
    total = table["gain share"].sum()
    table["gain share"] = table["gain share"] / total if total else 0.0
    known = (table["trait"] != "") & (table["what it is"] != "")
    share = float(known.mean()) if len(table) else np.nan
    why = f"{int(known.sum())} of {len(table)} features have a trait and words."
    table = table.sort_values("gain share", ascending=False, ignore_index=True)
    return judge(share, options.threshold("documented"), why, tables={"Features": table})


@check(
    25,
    "Long-run average; point in time or through the cycle",
    section="Calibration",
    source="EBA/GL/2017/16; CRR 180",
    what_to_do="Anchor the level to a long-run bad rate, or recalibrate it as months mature.",
    needs="outcome_years",
)
def philosophy(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Look how many years of outcomes stand behind the level, and whether that is stated."""
    months = np.concatenate([evidence.train.months, evidence.test.months])
    months = months[~np.isnat(months)]
    if not len(months):
        return not_applicable("The observations have no dates.")
    reach = evidence.performance_months or 1
    years = float((months.max() - months.min()).astype(int) + reach) / 12
    stated = options.documents.pd_philosophy
    least = "" if evidence.performance_months else " at least: the months of each are not known"
    why = f"Outcomes of {years:.1f} years{least}. "
    why += stated or "Nobody has stated the philosophy."
    found = judge(years, options.threshold("outcome_years"), why)
    if not stated:
        return Finding(years, years, years, RED, why, found.threshold)
    return found


@check(
    26,
    "Margin of conservatism",
    section="Calibration",
    source="EBA/GL/2017/16, 4.4.3",
    what_to_do=(
        "Add the margin to PDs used for money until the deficiencies are closed, or recalibrate."
    ),
    needs="conservatism",
)
def conservatism(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Return by how much PDs would have to rise to cover the upper end of bads over expected."""
    rows = evidence.test
    expected = float(rows.pd_hat.sum())
    if expected <= 0 or not rows.bad.sum():
        return not_applicable("No bads were seen or expected.")
    error = SURE * float(np.sqrt((rows.pd_hat * (1 - rows.pd_hat)).sum())) / expected
    ratio = float(rows.bad.sum()) / expected
    figure = max(0.0, ratio - 1.0) + error
    limits = options.threshold("conservatism")
    why = (
        f"Bads over expected {ratio:.3f}: what PDs are too low by, plus {SURE} standard errors of"
        " the level, is the margin of general estimation error. Deficiencies: all items that are"
        " not a pass."
    )
    found = judge(figure, limits, why)
    p = level_p_value(rows.bad, rows.pd_hat, groups=rows.groups)
    if found.state == PASS or judge(error, limits, "").state != PASS or p < options.significance:
        return found
    why = (
        f"{why} It lies beyond the mark for amber by bads that chance alone puts as far off in"
        f" {p:.0%} of right models."
    )
    return Finding(figure, figure, figure, PASS, why, limits)
