"""Stage ``monitor``: a month of accounts held against the reference stored with the model."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from delinquency.config import Config
from delinquency.errors import ChoiceError
from delinquency.log_odds import probability
from delinquency.metrics import Resampling, bootstrap_intervals
from delinquency.monitoring.drift_checks import drift_findings, missing_table_findings
from delinquency.monitoring.monitor_options import MonitorOptions
from delinquency.monitoring.month_findings import AMBER, GREEN, RED, Finding, worst_light
from delinquency.monitoring.month_profile import MonthProfile
from delinquency.monitoring.usual_months import Reference
from delinquency.panel.label_options import LabelOptions
from delinquency.panel.outcomes import label_outcomes
from delinquency.panel.roll_rates import roll_rates
from delinquency.panel.schema import TABLES
from delinquency.panel.window_cells import month_number
from delinquency.pipeline.canonical_tables import ensure_tables, part_folders
from delinquency.pipeline.cleared_records import without_cleared
from delinquency.pipeline.observed_month import accounts_of, observed_profile
from delinquency.scoring.account_scorer import AccountScorer
from delinquency.scoring.part_tables import INPUT_TABLES, read_table
from delinquency.workspace.artifacts import read_json
from delinquency.workspace.progress import Tick

FEW_BAD = 20
"""Bads below which no outcome is judged."""


@dataclass(frozen=True)
class Monitored:
    """What a month shows.

    Attributes
    ----------
    month : str
        YYYY-MM.
    n_accounts : int
        With a statement in the month.
    findings : list of Finding
        The worst first.
    estimate : dict
        Before outcomes are known: expected bad rate and AUC, if the PDs are right.
    outcomes : dict
        Of the latest month whose outcomes are known: observed, expected, AUC; empty without one.
    rolls : DataFrame or None
        Roll rates of the last year.
    triggers : list of str
        Reasons to review the model again; empty without one.
    """

    month: str
    n_accounts: int
    findings: list[Finding]
    estimate: dict[str, Any]
    outcomes: dict[str, Any]
    rolls: pd.DataFrame | None
    triggers: list[str]

    @property
    def light(self) -> str:
        """The worst light."""
        return worst_light(self.findings)


def monitor_month(
    config: Config, scorer: AccountScorer, reference: Reference, tick: Tick
) -> Monitored:
    """Hold a month against the reference.

    Parameters
    ----------
    config : Config
    scorer : AccountScorer
    reference : Reference
    tick : callable
        Called with the parts that are done, and those there will be.

    Returns
    -------
    Monitored
    """
    folders = _folders(config)
    present = {n for n in INPUT_TABLES if (folders[0] / f"{n}.parquet").exists()}
    lacking = missing_table_findings(present, set(scorer.trained_tables) - {"outcomes"})
    month = _month(config, folders)
    profile: MonthProfile | None = None
    matured: list[pd.DataFrame] = []
    statements: list[pd.DataFrame] = []
    accounts = 0
    for number, folder in enumerate(folders, start=1):
        tables = without_cleared(config, _tables_until(folder, present, month))
        observed = accounts_of(tables["statements"], month)
        accounts += len(observed)
        if lacking or observed.empty:
            tick(number, len(folders))
            continue
        part = observed_profile(
            tables, observed,
            label=config.data.label, scorer=scorer, reference=reference.profile,
        )  # fmt: skip
        profile = part if profile is None else profile + part
        matured += matured_rows(tables, scorer, config.data.label, month)
        statements.append(tables["statements"])
        tick(number, len(folders))
    findings = lacking
    estimate: dict[str, Any] = {}
    if profile is not None:
        findings = drift_findings(profile, reference, scorer.meanings, config.monitor)
        estimate = estimated(profile)
    outcomes, told = outcome_findings(
        matured, config.monitor, seed=config.seed, tested=_tested_auc(config)
    )
    findings = sorted([*told, *findings], key=lambda one: {RED: 0, AMBER: 1, GREEN: 2}[one.light])
    rolls = None
    if statements:
        recent = pd.concat(statements, ignore_index=True)
        rolls = roll_rates(recent.astype({"account_id": "str"}))
    return Monitored(
        month=str(np.datetime64(month, "M")),
        n_accounts=accounts,
        findings=findings,
        estimate=estimate,
        outcomes=outcomes,
        rolls=rolls,
        triggers=review_triggers(findings),
    )


def matured_rows(
    tables: Mapping[str, pd.DataFrame], scorer: AccountScorer, label: LabelOptions, month: int
) -> list[pd.DataFrame]:
    """Return PD and outcome of the accounts observed a performance window before a month."""
    then = month - label.performance_months
    statements = tables["statements"]
    first = month_number(statements["month"]).min()
    if "days_past_due" not in statements or then - max(label.history_months, 1) + 1 < first:
        return []
    options = replace(
        label, observation_months=[str(np.datetime64(then, "M"))], known_by_last=False
    )
    plain = statements.astype({"account_id": "str"})
    frame = label_outcomes(plain, None, options).frame
    if frame.empty:
        return []
    scored = scorer.score(tables, observed=frame[["account_id", "observation_month"]])
    return [frame.assign(pd_hat=scored.pd_hat)]


def outcome_findings(
    matured: list[pd.DataFrame],
    options: MonitorOptions,
    *,
    seed: int,
    tested: float | None,
) -> tuple[dict[str, Any], list[Finding]]:
    """Return what became of the accounts whose outcome is known, and what to say of it.

    Parameters
    ----------
    matured : list of DataFrame
        As ``matured_rows`` returns them.
    options : MonitorOptions
    seed : int
        Of the bootstrap of the AUC.
    tested : float or None
        AUC of the test; None where it is not known.
    """
    if not matured:
        return {}, []
    rows = pd.concat(matured, ignore_index=True)
    bad, expected = int(rows["bad"].sum()), float(rows["pd_hat"].sum())
    moment = str(rows["observation_month"].iloc[0])[:7]
    facts: dict[str, Any] = {
        "observed_in": moment, "accounts": len(rows), "bad": bad, "expected": expected,
    }  # fmt: skip
    if bad < FEW_BAD or len(rows) - bad < FEW_BAD:
        facts["note"] = f"Fewer than {FEW_BAD} of one outcome: nothing is judged."
        return facts, []
    intervals = bootstrap_intervals(
        rows["bad"].to_numpy(np.float64), rows["pd_hat"].to_numpy(), names=("roc_auc",),
        resampling=Resampling(200, seed, 0.99),
    )  # fmt: skip
    auc = intervals["roc_auc"]
    facts["roc_auc"] = auc.to_dict()
    variance = float((rows["pd_hat"] * (1 - rows["pd_hat"])).sum())
    ratio = bad / expected
    beyond = abs(bad - expected) > 3.29 * np.sqrt(variance)  # one in a thousand
    far = max(ratio, 1 / ratio) >= options.calibration_red
    light = RED if far and beyond else AMBER if beyond else GREEN
    findings = [
        Finding("outcome", "calibration", ratio, None, light,
                f"Of the accounts of {moment} {bad:,} turned bad where {expected:,.0f} were "
                f"expected: {ratio:.2f} times.")
    ]  # fmt: skip
    if tested is not None:
        fell = tested - auc.high
        light = RED if fell >= options.auc_red else AMBER if fell > 0 else GREEN
        findings.append(
            Finding("outcome", "roc_auc", tested - auc.estimate, None, light,
                    f"AUC of {moment} {auc.estimate:.3f} [{auc.low:.3f}, {auc.high:.3f}], in the "
                    f"test {tested:.3f}.")
        )  # fmt: skip
    return facts, findings


def _tested_auc(config: Config) -> float | None:
    path = config.workspace.reports / "evaluation.json"
    if not path.exists():
        return None
    found = read_json(path, made_by="evaluate").get("metrics", {}).get("roc_auc")
    return None if found is None else float(found["value"])


def estimated(profile: MonthProfile) -> dict[str, Any]:
    """Return what the month should show if its PDs are right; an estimate, and named as one."""
    pds = probability(np.sort(np.asarray(profile.raw_scores, np.float64)))
    below = np.concatenate([[0.0], np.cumsum(1 - pds)[:-1]])
    pairs = float(pds.sum() * (1 - pds).sum() - (pds * (1 - pds)).sum())
    return {
        "note": "Estimates that hold only if the PDs are right; outcomes replace them.",
        "expected_bad_rate": profile.pd_sum / profile.n_accounts,
        "expected_roc_auc": float((pds * below).sum() / pairs) if pairs > 0 else None,
    }


def review_triggers(findings: list[Finding]) -> list[str]:
    """Return why the model should be reviewed before its date (SR 26-2, ongoing monitoring)."""
    asked = {
        "outcome": "outcomes differ from what the model expected",
        "score": "the scores have moved",
        "trait": "a trait's effect on the PD has moved",
        "table": "a table's features have moved",
        "column": "a table's column has moved",
        "schema": "a table is missing",
        "category": "names appear that training never saw",
        "volume": "volumes have changed",
        "delay": "rows arrive later than in training",
    }
    red = dict.fromkeys(one.check for one in findings if one.light == RED)
    return [asked[check] for check in red if check in asked]


def _folders(config: Config) -> list[Path]:
    if not config.monitor.input:
        ensure_tables(config)
        folders = part_folders(config)
    else:
        path = Path(config.monitor.input).expanduser().resolve()
        found = sorted(folder.parent for folder in path.glob("*/statements.parquet"))
        folders = [path] if (path / "statements.parquet").exists() else found
    if not folders:
        raise ChoiceError(
            f"monitor.input={config.monitor.input or config.data.name} holds no canonical tables. "
            "Expected a folder with statements.parquet, or of parts that hold it."
        )
    return folders


def _month(config: Config, folders: list[Path]) -> int:
    if config.monitor.month:
        return int(np.datetime64(config.monitor.month, "M").astype(np.int64))
    months = (pd.read_parquet(f / "statements.parquet", columns=["month"]) for f in folders)
    return max(int(month_number(frame["month"]).max()) for frame in months)


def _tables_until(folder: Path, present: set[str], month: int) -> dict[str, pd.DataFrame]:
    """Return the canonical tables of a part, without anything of a later month."""
    tables = {}
    for name in INPUT_TABLES:
        if name in present:
            everything = {column.name for column in TABLES[name]}
            frame = read_table(folder / f"{name}.parquet", TABLES[name], everything)
            moment = next((c for c in ("month", "date") if c in frame.columns), None)
            if moment is not None:
                frame = frame[month_number(frame[moment]) <= month].reset_index(drop=True)
            tables[name] = frame
    return tables
