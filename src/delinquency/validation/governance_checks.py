"""Checks of use and of the papers (items 38 to 40)."""

import pandas as pd
from scipy.stats import beta

from delinquency.validation.check_inputs import Evidence
from delinquency.validation.check_record import AMBER, RED, Finding, check, judge, not_applicable
from delinquency.validation.validation_options import ValidationOptions

USE = "Use, monitoring and papers"
RECORD = ("data_digest", "features_digest", "config_digest", "seed", "run_id", "git_commit")
"""What a rerun needs to give the same model."""


@check(
    38,
    "Overrides and use",
    section=USE,
    source="EBA/GL/2017/16, 8",
    what_to_do=(
        "Read the reasons of the overrides: where people are right more often, the model lacks a"
        " fact."
    ),
    needs="override_rate",
)
def overrides(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Measure how often people decided otherwise than proposed."""
    table = evidence.overrides
    if table is None or not len(table):
        return not_applicable(
            "No decisions by people are recorded: name them in validation.overrides (a CSV of"
            " account_id, proposed, decided, reason, bad)."
        )
    changed = table["proposed"].astype(str) != table["decided"].astype(str)
    k, n = float(changed.sum()), len(table)
    low, high = (float(beta.ppf(q, k + 0.5, n - k + 0.5)) for q in (0.025, 0.975))
    why = f"{int(k):,} of {n:,} proposals were decided otherwise."
    tables = {}
    if "reason" in table.columns and changed.any():
        tables["Reasons"] = (
            table.loc[changed, "reason"]
            .fillna("none given")
            .value_counts()
            .rename_axis("reason")
            .reset_index(name="overrides")
        )
    if "bad" in table.columns and table["bad"].notna().any():
        rate = table.assign(overridden=changed).dropna(subset="bad")
        rate = rate.groupby("overridden")["bad"].agg(["size", "mean"]).reset_index()
        tables["Outcome"] = rate.rename(columns={"size": "accounts", "mean": "bad rate"})
    return judge(k / n, options.threshold("override_rate"), why, low=low, high=high, tables=tables)


@check(
    39,
    "Monitoring plan, owner, way back",
    section=USE,
    source="SR 26-2; EBA/GL/2017/16, 8",
    what_to_do="Write validation.documents: owner, monitoring_plan, triggers and rollback.",
    needs="monitoring_plan",
)
def monitoring(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Look whether plan, triggers, owner and way back are written."""
    texts = options.documents
    parts = {
        "monitoring_plan": bool(texts.monitoring_plan),
        "triggers": bool(texts.triggers),
        "owner": bool(texts.owner),
        "rollback": bool(texts.rollback),
    }
    share = sum(parts.values()) / len(parts)
    absent = ", ".join(name for name, there in parts.items() if not there)
    why = f"Written: {sum(parts.values())} of {len(parts)}" + (
        f"; missing: {absent}." if absent else "."
    )
    return judge(share, options.threshold("monitoring_plan"), why)


@check(
    40,
    "Papers, and a run that can be repeated",
    section=USE,
    source="EU AI Act Annex IV; SR 26-2",
    what_to_do="Train with tracking on, from a checkout without changes, and keep the run's id.",
    needs="record",
)
def record(evidence: Evidence, options: ValidationOptions) -> Finding:
    """Look whether all that a rerun needs is recorded."""
    there = {name: str(evidence.record.get(name, "")) for name in RECORD}
    known = {name: value not in ("", "unknown", "None") for name, value in there.items()}
    share = sum(known.values()) / len(known)
    absent = ", ".join(name for name, ok in known.items() if not ok)
    why = f"Recorded: {sum(known.values())} of {len(known)}" + (
        f"; missing: {absent}." if absent else "."
    )
    table = pd.DataFrame({"what": list(there), "value": list(there.values())})
    found = judge(share, options.threshold("record"), why, tables={"What a rerun needs": table})
    if found.state == RED and known["data_digest"] and known["config_digest"]:
        why += " Data and choices are recorded, so the model can still be made again."
        return Finding(share, share, share, AMBER, why, found.threshold, found.tables)
    return found
