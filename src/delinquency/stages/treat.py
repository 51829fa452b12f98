"""Stage ``treat``: a lawful, helpful proposal for every account above the cut-off."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd

from delinquency.casework.case import zone_of
from delinquency.casework.charges import scan_charges
from delinquency.casework.plan_options import Terms
from delinquency.casework.portfolio_proposals import Proposals, propose
from delinquency.casework.proposals import ProposalTerms
from delinquency.casework.situations import charge_frame, latest, situations
from delinquency.config import Config
from delinquency.errors import ChoiceError
from delinquency.policy import Policy, policy_digest, rules_out_of_date
from delinquency.reporting.cards import Treatment
from delinquency.reporting.treatments import card_treatments, summary_lines
from delinquency.stages.data import describe, part_folders
from delinquency.stages.policies import policy_of
from delinquency.stages.progress import say, working
from delinquency.store import read_frame, workspace, write_frame, write_json

TABLES = ("statements", "cashflows", "bureau", "contacts")
"""What a proposal reads, as far as a source has it."""
MOST_SHOWN = 8
"""Lines of refusals that are printed; the summary file has all."""


def run(config: Config) -> None:
    """Propose a treatment for every account above the cut-off, and write what was weighed."""
    policy = policy_of(config)
    space = workspace(config.paths, config.data.name)
    explained = read_frame(space.processed / "explanations.parquet", made_by="explain")
    chosen = latest(explained, config.treatment.cut_off)
    at = contact_moment(config, explained)
    with working(f"proposing treatments for {len(chosen):,} accounts"):
        situation, violations = _situations(config, policy, chosen, at)
        proposals = propose(situation, policy, at, terms_of(config))
    write_frame(proposals.accounts, space.processed / "treatments.parquet")
    write_frame(proposals.considered, space.processed / "treatments_considered.parquet")
    write_frame(violations, space.processed / "charge_violations.parquet")
    summary = {
        **proposals.summary,
        "data": config.data.name,
        "real_accounts": config.data.real,
        "policy": f"{policy.name}@{policy.version}",
        "policy_digest": policy_digest(policy),
        "cut_off": config.treatment.cut_off,
        "contact_at": at.isoformat(),
        "charge_violations": len(violations),
        "rules_outside_their_dates": [r.key for r in rules_out_of_date(policy, at.date())],
    }
    write_json(summary, space.reports / "treatment.json")
    _report(config, policy, summary, proposals)
    say(f"Written to {space.processed / 'treatments.parquet'}")


def terms_of(config: Config) -> ProposalTerms:
    """Return the lender's terms in exact numbers."""
    options = config.treatment
    return ProposalTerms(
        Terms(
            annual_rate=Decimal(options.plan_annual_rate),
            fee_rate=Decimal(options.plan_fee_rate),
            months_max=options.plan_months_max,
            discount_rate=options.discount_rate,
            keep_probability=options.keep_probability,
            recovery_without_plan=options.recovery_without_plan,
            recovery_months=options.recovery_months,
        )
    )


def contact_moment(config: Config, explained: pd.DataFrame) -> datetime:
    """Return the moment for which "may I contact now" is answered."""
    options = config.treatment
    zone = zone_of(options.time_zone)
    if options.contact_at:
        try:
            moment = datetime.fromisoformat(options.contact_at)
        except ValueError as error:
            raise ChoiceError(f"treatment.contact_at: {error}.") from error
        return moment if moment.tzinfo else moment.replace(tzinfo=zone)
    month = pd.Timestamp(explained["observation_month"].max())
    day = (month + pd.offsets.MonthEnd(0) + timedelta(days=1)).date()
    return datetime(day.year, day.month, day.day, 10, tzinfo=zone)


def proposed(config: Config) -> dict[str, Treatment]:
    """Return the treatment part of the customer cards; empty before stage ``treat`` has run."""
    folder = workspace(config.paths, config.data.name).processed
    files = [folder / "treatments.parquet", folder / "treatments_considered.parquet"]
    if not all(file.exists() for file in files):
        return {}
    accounts, considered = (read_frame(file, made_by="treat") for file in files)
    return card_treatments(accounts, considered)


def _situations(
    config: Config, policy: Policy, chosen: pd.DataFrame, at: datetime
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return situation and charge violations, part by part of the tables."""
    folders = part_folders(config)
    if not folders:
        raise ChoiceError(
            f"stage=treat needs monthly statements. data={config.data.name} comes with ready-made"
            " features only: describe its statements as a panel."
        )
    frames, broken = [], []
    for folder in folders:
        tables = {
            name: read_frame(folder / f"{name}.parquet", made_by="data")
            for name in TABLES
            if (folder / f"{name}.parquet").exists()
        }
        here = chosen[chosen["account_id"].isin(tables["statements"]["account_id"].unique())]
        if len(here) == 0:
            continue
        frames.append(situations(here, tables, at=at, time_zone=config.treatment.time_zone))
        broken.append(scan_charges(charge_frame(here, tables["statements"]), policy))
    if not frames:
        raise ChoiceError(
            f"No account has a PD of at least treatment.cut_off={config.treatment.cut_off}."
        )
    together = pd.concat(frames, ignore_index=True)
    order = together["pd_hat"].sort_values(ascending=False, kind="stable").index
    together = together.loc[order].reset_index(drop=True)
    return together, pd.concat(broken, ignore_index=True)


def _report(config: Config, policy: Policy, summary: dict[str, Any], proposals: Proposals) -> None:
    """Print what was proposed and what was refused."""
    say(f"{describe(config)}: proposals under {policy.title} ({policy.name})")
    total = summary["n_accounts"]
    offers, refused = summary_lines(summary, MOST_SHOWN)
    for line in offers:
        say(line)
    plans = proposals.accounts["plan_months"].dropna()
    if len(plans):
        say(f"Plans drawn up: {len(plans):,}, of {plans.median():.0f} months in the median")
    say(f"No dominant trait: {(proposals.accounts['dominant_trait'] == 'none').mean():.1%}")
    say(f"Help offered before step 4: {summary['help_offered_before_step_4']:.0%}")
    for line in refused:
        say(line)
    waiting = ~proposals.accounts["allowed"]
    say(f"May be contacted at {summary['contact_at']}: {(~waiting).sum():,} of {total:,}")
    say(f"Charges above the policy's limits: {summary['charge_violations']:,}")
    stale = summary["rules_outside_their_dates"]
    if stale:
        say(f"Note: rules applied outside the dates of their sources: {len(stale)}")
