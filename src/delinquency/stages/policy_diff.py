"""Stage ``policy_diff``: two policies side by side, rule by rule."""

from dataclasses import asdict
from pathlib import Path

import pandas as pd

from delinquency.casework.life_stories import LIFE_CASES
from delinquency.casework.played_lives import life_changes
from delinquency.casework.scan.portfolio_proposals import propose
from delinquency.config import Config
from delinquency.pipeline.policies import load_policy, policy_of
from delinquency.pipeline.saved_model import explanations_of
from delinquency.pipeline.treatments import (
    contact_moment,
    in_the_currency_of,
    portfolio_now,
    terms_of,
)
from delinquency.policy import Difference, Policy, compare
from delinquency.workspace.artifacts import write_csv, write_json
from delinquency.workspace.progress import say


def run(config: Config) -> None:
    """Compare the chosen policy with ``treatment.against``."""
    first, second = policy_of(config), load_policy(config.treatment.against)
    found = compare(first, second)
    say(f"{first.name}: {first.title}")
    say(f"{second.name}: {second.title}")
    say(f"{len(found)} of {len(first.rules)} rules differ:")
    for row in found:
        say(_line(row, first, second))
    changes = life_changes(first, second)
    say(f"What changes in {len(LIFE_CASES)} life cases:")
    for change in changes:
        say(f"  {change.life}, {change.what}")
        say(f"    {first.name:10s} {change.first}")
        say(f"    {second.name:10s} {change.second}")
    path = config.workspace.reports.parent / "policy_diff"
    file = path / f"{first.name}_{second.name}.json"
    write_json([asdict(row) for row in found], file)
    write_json(
        [asdict(change) for change in changes],
        path / f"{first.name}_{second.name}_life_cases.json",
    )
    _portfolio_changes(config, first, second, path)
    say(f"Written to {file}")


def _portfolio_changes(config: Config, first: Policy, second: Policy, folder: Path) -> None:
    """Write each plan and contact of the portfolio that another policy would change."""
    if not (config.workspace.processed / "explanations.parquet").exists():
        say("For the plans and contacts of a portfolio, run make train first.")
        return
    explained = explanations_of(config)
    at = contact_moment(config, explained)
    sides = []
    for policy in (first, second):
        applied, _ = in_the_currency_of(config, policy)
        now = portfolio_now(config, policy, explained, at)
        sides.append(propose(now.situation, applied, at, terms_of(config)).accounts)
    both = sides[0].merge(sides[1], on="account_id", suffixes=("_first", "_second"))
    changed = pd.Series(False, index=both.index)
    for name in CHANGES:
        one, other = both[f"{name}_first"], both[f"{name}_second"]
        differs = (one != other) & ~(one.isna() & other.isna())
        changed |= differs
        say(f"  accounts whose {name.replace('_', ' ')} changes: {differs.sum():,}")
    kept = ["account_id", *(f"{n}_{side}" for n in CHANGES for side in ("first", "second"))]
    file = folder / f"{first.name}_{second.name}_accounts.csv"
    table = both.loc[changed, kept]
    write_csv(table, file)
    say(f"{changed.sum():,} of {len(both):,} accounts change; each in {file}")


CHANGES = ("action", "plan_months", "plan_instalment", "allowed", "next_contact_at", "relief")
"""What of a proposal is compared."""


def _line(row: Difference, first: Policy, second: Policy) -> str:
    """Return one difference as text."""
    stricter = f"; {row.stricter} protects more" if row.stricter else ""
    return (
        f"  {row.key} ({row.unit}){stricter}\n"
        f"    {first.name:10s} {_value(row.first):28s} {row.first_source}\n"
        f"    {second.name:10s} {_value(row.second):28s} {row.second_source}"
    )


def _value(value: object) -> str:
    """Return a value as a person reads it."""
    if value is None:
        return "no limit"
    if isinstance(value, list):
        return ", ".join(map(str, value)) if len(value) <= 5 else f"{len(value)} entries"
    return str(value)
