"""How often monitoring errs: stable months that turn red, and planted drifts that do not.

Run: make train && make monitoring-power
     make monitoring-power ARGS="drift.runs=20 drift.seeds=1"

Every run makes a new small portfolio by the generator of the training, with another seed and
twelve months more than the training knew, and monitors those twelve, outcomes included; nothing
has changed but the season, the cycle and the age of the accounts, so each red light is a false
one. Then one thing is changed in the rows that arrive in the last month of some more portfolios,
a change at a time: that month should be red, and a red finding should name the trait or the
table. The reference is the trained model's own; only its number of accounts a month is set to
that of the portfolios, which are smaller on purpose.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from omegaconf import OmegaConf

from delinquency.monitoring.drift_checks import drift_findings, missing_table_findings
from delinquency.monitoring.monitor_options import MonitorOptions
from delinquency.monitoring.month_findings import RED, Finding
from delinquency.monitoring.usual_months import Reference
from delinquency.panel.label_options import LabelOptions
from delinquency.panel.window_cells import month_number
from delinquency.pipeline.monitored_month import matured_rows, outcome_findings
from delinquency.pipeline.monitoring_reference import reference_of
from delinquency.pipeline.observed_month import accounts_of, observed_profile
from delinquency.scoring.account_scorer import AccountScorer, load_scorer
from delinquency.scoring.part_tables import INPUT_TABLES
from delinquency.synthetic.generator import block_parts, generate_part
from delinquency.synthetic.portfolio_options import SyntheticData

BEGIN, END = "<!-- monitoring-power: begin -->", "<!-- monitoring-power: end -->"
PAGE = Path("docs/serving.md")
MONTHS = 12
Tables = dict[str, pd.DataFrame]
Change = Callable[[Tables, int], Tables]
"""Takes the tables up to a month, and the month; returns them with one thing changed in it."""


@dataclass
class Drift:
    """Choices of the harness."""

    model: str = "models/synthetic"
    runs: int = 100
    # Portfolios into which every change is planted.
    seeds: int = 3
    accounts: int = 1_500
    seed: int = 1_000
    report: str = "reports/bench/monitoring.json"


@dataclass(frozen=True)
class Watch:
    """What a month is held against: the trained model, its reference and its choices."""

    scorer: AccountScorer
    reference: Reference
    made: SyntheticData
    label: LabelOptions
    tested: float | None


def watch_of(folder: Path) -> Watch:
    """Return what a trained model of the synthetic portfolio is watched with."""
    chosen = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))["data"]
    known = {one.name for one in fields(SyntheticData)} - {"label"}
    label = LabelOptions(**chosen["label"])
    made = SyntheticData(**{k: v for k, v in chosen.items() if k in known}, label=label)
    later = np.datetime64(made.last_month, "M") + MONTHS
    made = replace(made, n_months=made.n_months + MONTHS, last_month=str(later))
    report = folder.parents[1] / "reports" / folder.name / "evaluation.json"
    tested = None
    if report.exists():
        tested = json.loads(report.read_text())["metrics"]["roc_auc"]["value"]
    return Watch(load_scorer(folder, n_threads=1), reference_of(folder), made, label, tested)


def portfolio(watch: Watch, accounts: int, seed: int) -> Tables:
    """Return the tables of a portfolio as the training's was made, with another seed."""
    made = replace(watch.made, n_accounts=accounts, seed=seed)
    parts = [generate_part(made, blocks) for blocks in block_parts(made, chunk=accounts)]
    return {
        name: pd.concat([part[name] for part in parts], ignore_index=True)
        for name in INPUT_TABLES
        if name in parts[0]
    }


def moment_of(frame: pd.DataFrame) -> str | None:
    return next((name for name in ("month", "date") if name in frame.columns), None)


def until(tables: Tables, month: int) -> Tables:
    """Return what was known by the end of a month."""
    out = {}
    for name, frame in tables.items():
        moment = moment_of(frame)
        kept = frame if moment is None else frame[month_number(frame[moment]) <= month]
        out[name] = kept.reset_index(drop=True)
    return out


def findings_of(tables: Tables, month: int, watch: Watch) -> list[Finding]:
    """Return what stage=monitor would find in a month, but for outcomes."""
    scorer = watch.scorer
    lacking = missing_table_findings(set(tables), set(scorer.trained_tables) - {"outcomes"})
    if lacking:
        return lacking
    observed = accounts_of(tables["statements"], month)
    profile = observed_profile(
        tables, observed,
        label=watch.label, scorer=scorer, reference=watch.reference.profile,
    )  # fmt: skip
    return drift_findings(profile, watch.reference, scorer.meanings, MonitorOptions())


def outcomes_of(tables: Tables, month: int, watch: Watch) -> list[Finding]:
    """Return what stage=monitor would find in the outcomes that have just become known."""
    rows = matured_rows(tables, watch.scorer, watch.label, month)
    return outcome_findings(rows, MonitorOptions(), seed=0, tested=watch.tested)[1]


def in_month(frame: pd.DataFrame, month: int) -> np.ndarray:
    """Return the rows that came to be known in a month, whatever month they tell of."""
    moment = "arrival_month" if "arrival_month" in frame.columns else moment_of(frame)
    assert moment is not None
    return month_number(frame[moment]) == month


def changed(table: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Change:
    """Return a change of the rows that a table has in the month."""

    def apply(tables: Tables, month: int) -> Tables:
        frame = tables[table]
        rows = in_month(frame, month)
        fresh = pd.concat([frame[~rows], change(frame[rows].copy())], ignore_index=True)
        return {**tables, table: fresh}

    return apply


def times(*names: str, factor: float) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda rows: rows.assign(**{name: rows[name] * factor for name in names})


def without(table: str) -> Change:
    return lambda tables, month: {name: one for name, one in tables.items() if name != table}


def fewer_accounts(tables: Tables, month: int) -> Tables:
    ids = tables["accounts"]["account_id"].iloc[::3]
    return {name: one[one["account_id"].isin(ids)].reset_index(drop=True)
            for name, one in tables.items()}  # fmt: skip


def later(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of three months of which half arrive a month after their own."""
    moment = moment_of(rows)
    assert moment is not None
    month = rows[moment].dt.to_period("M").dt.to_timestamp()
    late = np.random.default_rng(0).random(len(rows)) < 0.8
    shifted = month.where(~late, month + pd.DateOffset(months=1)).astype("datetime64[ms]")
    return rows.assign(arrival_month=shifted)


def delayed(table: str) -> Change:
    def apply(tables: Tables, month: int) -> Tables:
        frame = tables[table]
        numbers = month_number(frame[moment_of(frame) or ""])
        recent = (numbers > month - 3) & (numbers <= month)
        return {**tables, table: pd.concat([frame[~recent], later(frame[recent].copy())],
                                           ignore_index=True)}  # fmt: skip

    return apply


def behind(rows: pd.DataFrame) -> pd.DataFrame:
    """A share of the accounts falls days behind that are still before the border of "late"."""
    hit = np.random.default_rng(0).random(len(rows)) < 0.6
    own = rows["days_past_due"].to_numpy()
    return rows.assign(days_past_due=np.where(hit & (own == 0), 25.0, own))


def doubled(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([rows] * 4, ignore_index=True)


DRIFTS: dict[str, tuple[Change, tuple[str, ...]]] = {
    "table statements: bills in cents": (
        changed("statements", times("balance", "minimum_due", factor=100.0)),
        ("statements", "debt_burden")),
    "table accounts: absent": (without("accounts"), ("accounts",)),
    "table cashflows: no salary": (
        changed("cashflows", times("salary", "benefits", "deposit_balance", factor=0.0)),
        ("cashflows", "repayment_capacity")),
    "table bureau: counts tenfold": (
        changed("bureau", times("open_trades", "open_cards", "enquiries", "maxed_cards",
                                factor=10.0)), ("bureau",)),
    "table transactions: the month four times": (
        changed("transactions", doubled), ("transactions", "spending_behavior")),
    "table contacts: absent": (without("contacts"), ("contacts",)),
    "trait credit record: many behind": (
        changed("statements", behind), ("credit_record", "statements")),
    "trait debt burden: debt elsewhere six times": (
        changed("bureau", times("other_balance", "other_instalments", factor=6.0)),
        ("debt_burden", "bureau")),
    "trait capacity: income a fifth": (
        changed("cashflows", times("salary", "benefits", factor=0.2)),
        ("repayment_capacity", "cashflows")),
    "trait willingness: nothing paid": (
        changed("statements", times("payment", factor=0.0)),
        ("repayment_willingness", "statements")),
    "trait spending: amounts five times": (
        changed("transactions", times("amount", factor=5.0)),
        ("spending_behavior", "transactions")),
    "trait economy: unemployment doubled": (
        changed("cashflows", times("regional_unemployment", factor=2.0)),
        ("economic_condition", "cashflows")),
    "volume: two thirds of the accounts gone": (fewer_accounts, ("accounts",)),
    "unit: cash flows in thousands": (
        changed("cashflows", times("salary", "essential_outgoings", "other_outgoings",
                                   "deposit_balance", factor=0.001)),
        ("cashflows", "repayment_capacity")),
    "delay: four fifths of the purchases a month late": (
        delayed("transactions"), ("transactions",)),
    "category: new names": (
        changed("transactions", lambda rows: rows.assign(category="renamed")),
        ("transactions.category",)),
}  # fmt: skip


def months_of(tables: Tables) -> list[int]:
    last = int(month_number(tables["statements"]["month"]).max())
    return list(range(last - MONTHS + 1, last + 1))


def stable_run(chosen: Drift, watch: Watch, run: int) -> tuple[list[str], list[str]]:
    """Return the red findings of twelve months of one portfolio, and those of its outcomes."""
    tables = portfolio(watch, chosen.accounts, chosen.seed + run)
    red: list[str] = []
    outcomes: list[str] = []
    for month in months_of(tables):
        here = until(tables, month)
        held = sized(watch, here, month)
        stamp = np.datetime64(month, "M")
        found = findings_of(here, month, held)
        red += [f"{stamp} {one.check} {one.subject}" for one in found if one.light == RED]
        told = outcomes_of(here, month, held)
        outcomes += [f"{stamp} {one.words}" for one in told if one.light == RED]
    return red, outcomes


def planted_runs(chosen: Drift, watch: Watch) -> list[dict[str, object]]:
    """Return for every change in how many portfolios it was red, and named, in its month."""
    rows: list[dict[str, object]] = [
        {"drift": name, "red": 0, "named": 0, "subjects": []} for name in DRIFTS
    ]
    for seed in range(chosen.seeds):
        tables = portfolio(watch, chosen.accounts, chosen.seed - 1 - seed)
        month = months_of(tables)[-1]
        here = until(tables, month)
        held = sized(watch, here, month)
        for row, (change, subjects) in zip(rows, DRIFTS.values(), strict=True):
            found = findings_of(change(here, month), month, held)
            red = [one.subject for one in found if one.light == RED]
            named = [one for one in red if one in subjects or one.split(".")[0] in subjects]
            row["red"] += bool(red)  # type: ignore[operator]
            row["named"] += bool(named)  # type: ignore[operator]
            row["subjects"] = list(dict.fromkeys([*row["subjects"], *red]))  # type: ignore[misc]
            word = "named" if named else "red" if red else "missed"
            print(f"{row['drift']}: {word} ({', '.join(red[:4])})", flush=True)
    return rows


def sized(watch: Watch, tables: Tables, month: int) -> Watch:
    """Return the reference as of a portfolio of this size."""
    count = float(len(accounts_of(tables["statements"], month)))
    profile = replace(watch.reference.profile, accounts_per_month=count)
    return replace(watch, reference=replace(watch.reference, profile=profile))


def main(arguments: list[str]) -> None:
    given = OmegaConf.from_dotlist(arguments).get("drift", {})
    chosen = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(Drift), given))
    assert isinstance(chosen, Drift)
    watch = watch_of(Path(chosen.model))
    start = time.process_time()
    planted = planted_runs(chosen, watch)
    stable, outcomes = [], []
    for run in range(chosen.runs):
        red, told = stable_run(chosen, watch, run)
        stable.append(red)
        outcomes.append(told)
        print(f"stable run {run + 1}: {'; '.join(red) or 'no red'}; {len(told)} red outcomes",
              flush=True)  # fmt: skip
    result = {
        "accounts": chosen.accounts,
        "months_known_to_the_model": watch.reference.usual.months,
        "runs": len(stable),
        "runs_without_red": sum(not red for red in stable),
        "red_of_stable_months": [red for run in stable for red in run],
        "runs_with_red_outcomes": sum(bool(told) for told in outcomes),
        "red_outcomes": [one for told in outcomes for one in told],
        "seeds": chosen.seeds,
        "drifts": planted,
        "cpu_s": round(time.process_time() - start, 1),
    }
    Path(chosen.report).parent.mkdir(parents=True, exist_ok=True)
    Path(chosen.report).write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    write_page(result, planted)


def write_page(result: dict[str, object], planted: list[dict[str, object]]) -> None:
    """Set the measured table into the page, between its marks."""
    months = result["months_known_to_the_model"]
    assert isinstance(months, list)
    lines = [
        f"{result['runs_without_red']} of {result['runs']} portfolios of "
        f"{result['accounts']:,} accounts were watched for the twelve months after {months[-1]} "
        "without a red light; nothing had changed in them. Planted in the last month of "
        f"{result['seeds']} more portfolios:", "",
        "| Changed in the month | Red | Trait or table named | Red findings, of any portfolio |",
        "|---|---|---|---|",
    ]  # fmt: skip
    for one in planted:
        subjects = one["subjects"]
        assert isinstance(subjects, list)
        shown = ", ".join(subjects[:4]) + (", ..." if len(subjects) > 4 else "")
        lines.append(f"| {one['drift']} | {one['red']} | {one['named']} | {shown or 'nothing'} |")
    if PAGE.exists() and BEGIN in (page := PAGE.read_text(encoding="utf-8")):
        head, rest = page.split(BEGIN)
        PAGE.write_text(
            f"{head}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}{rest.split(END)[1]}",
            encoding="utf-8",
        )
    print("\n".join(lines))


if __name__ == "__main__":
    main(sys.argv[1:])
