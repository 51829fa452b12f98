"""How often monitoring errs: stable months that turn red, and planted drifts that do not.

Run: make train && make monitoring-power
     make monitoring-power ARGS="drift.runs=100 drift.accounts=1500"

Every run makes a new small portfolio by the generator of the training and monitors its last
twelve months; nothing has changed, so each red light is a false one. Then one thing is changed in
the last month of one more portfolio, a change at a time: it should be red in that month, and the
red finding should name the trait or the table. The reference is the trained model's own; only its
number of accounts a month is set to that of the portfolios, which are smaller on purpose.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from omegaconf import OmegaConf

from delinquency.monitoring.drift_checks import (
    RED,
    Finding,
    drift_findings,
    missing_table_findings,
    worst_light,
)
from delinquency.monitoring.monitor_options import MonitorOptions
from delinquency.monitoring.month_profile import MonthProfile, table_profiles
from delinquency.panel.label_options import LabelOptions
from delinquency.panel.window_cells import month_number
from delinquency.pipeline.monitored_month import (
    accounts_of,
    eligible_of,
    part_profile,
    reference_of,
)
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
    accounts: int = 1_500
    seed: int = 1_000
    report: str = "reports/bench/monitoring.json"


def portfolio(accounts: int, seed: int) -> Tables:
    """Return the tables of a portfolio as the training's was made, with another seed."""
    made = SyntheticData(
        name="monitored", title="Monitored", currency="CNY", real=False,
        n_accounts=accounts, seed=seed,
    )  # fmt: skip
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


def findings_of(
    tables: Tables, month: int, scorer: AccountScorer, reference: MonthProfile
) -> list[Finding]:
    """Return what stage=monitor would find in a month."""
    lacking = missing_table_findings(set(tables), set(scorer.trained_tables) - {"outcomes"})
    if lacking:
        return lacking
    observed = accounts_of(tables["statements"], month)
    eligible = eligible_of(tables["statements"], observed, LabelOptions())
    scored = scorer.score(tables, observed=eligible)
    profile = part_profile(scored, scorer, reference).with_tables(
        table_profiles(tables, month=month, n_accounts=len(observed)),
        accounts_per_month=float(len(observed)),
    )
    return drift_findings(profile, reference, scorer.meanings, MonitorOptions())


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


def stable_runs(
    chosen: Drift, scorer: AccountScorer, reference: MonthProfile
) -> Iterator[list[tuple[str, str]]]:
    """Yield the red findings of each run of twelve months."""
    for run in range(chosen.runs):
        tables = portfolio(chosen.accounts, chosen.seed + run)
        red = []
        for month in months_of(tables):
            here = until(tables, month)
            found = findings_of(here, month, scorer, sized(reference, here, month))
            red += [(one.check, one.subject) for one in found if one.light == RED]
        yield red


def sized(reference: MonthProfile, tables: Tables, month: int) -> MonthProfile:
    """Return the reference as of a portfolio of this size."""
    observed = accounts_of(tables["statements"], month)
    return replace(reference, accounts_per_month=float(len(observed)))


def main(arguments: list[str]) -> None:
    given = OmegaConf.from_dotlist(arguments).get("drift", {})
    chosen = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(Drift), given))
    assert isinstance(chosen, Drift)
    scorer = load_scorer(Path(chosen.model), n_threads=1)
    reference = reference_of(Path(chosen.model))
    tables = portfolio(chosen.accounts, chosen.seed - 1)
    month = months_of(tables)[-1]
    here = until(tables, month)
    own = sized(reference, here, month)
    untouched = worst_light(findings_of(here, month, scorer, own))
    rows = []
    for name, (change, subjects) in DRIFTS.items():
        found = findings_of(change(here, month), month, scorer, own)
        red = [one.subject for one in found if one.light == RED]
        named = [one for one in red if one in subjects]
        rows.append({"drift": name, "red": red, "named": bool(named)})
        print(f"{name}: {'named' if named else 'red' if red else 'missed'} ({', '.join(red[:4])})",
              flush=True)  # fmt: skip
    start, stable = time.process_time(), []
    for red in stable_runs(chosen, scorer, reference):
        stable.append(red)
        print(f"stable run {len(stable)}: {'; '.join(' '.join(one) for one in red) or 'no red'}",
              flush=True)  # fmt: skip
    quiet = sum(not red for red in stable)
    result = {
        "accounts": chosen.accounts, "runs": len(stable), "runs_without_red": quiet,
        "red_of_stable_months": sorted({" ".join(one) for red in stable for one in red}),
        "untouched_month": untouched, "drifts": rows,
        "cpu_s_of_stable_runs": round(time.process_time() - start, 1),
    }  # fmt: skip
    Path(chosen.report).parent.mkdir(parents=True, exist_ok=True)
    Path(chosen.report).write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    write_page(result, chosen)


def write_page(result: dict[str, object], chosen: Drift) -> None:
    """Set the measured table into the page, between its marks."""
    drifts = result["drifts"]
    assert isinstance(drifts, list)
    lines = [
        f"{result['runs_without_red']} of {result['runs']} portfolios of {chosen.accounts:,} "
        "accounts were watched for twelve months in which nothing had changed, without a red "
        "light. Planted in one month of one more portfolio:", "",
        "| Changed in the month | Red | Trait or table named |", "|---|---|---|",
    ]  # fmt: skip
    for one in drifts:
        red = ", ".join(one["red"][:4]) or "nothing"
        lines.append(f"| {one['drift']} | {red} | {'yes' if one['named'] else 'no'} |")
    if PAGE.exists() and BEGIN in (page := PAGE.read_text(encoding="utf-8")):
        head, rest = page.split(BEGIN)
        PAGE.write_text(
            f"{head}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}{rest.split(END)[1]}",
            encoding="utf-8",
        )
    print("\n".join(lines))


if __name__ == "__main__":
    main(sys.argv[1:])
