"""Stage ``treat``: a lawful, helpful proposal for every account above the cut-off."""

from typing import Any

from delinquency.casework.scan.portfolio_proposals import Proposals, propose
from delinquency.casework.scan.situations import latest
from delinquency.config import Config
from delinquency.pipeline import saved_model
from delinquency.pipeline.canonical_tables import describe
from delinquency.pipeline.policies import policy_of
from delinquency.pipeline.treatments import (
    MOST_SHOWN,
    contact_moment,
    portfolio_situations,
    terms_of,
)
from delinquency.policy import Policy, policy_digest, rules_out_of_date
from delinquency.reporting.treatment_words import summary_lines
from delinquency.workspace.artifacts import digest, frame_digest, write_frame, write_json
from delinquency.workspace.progress import say, working


def run(config: Config) -> None:
    """Propose a treatment for every account above the cut-off, and write what was weighed."""
    policy = policy_of(config)
    space = config.workspace
    explained = saved_model.explanations_of(config)
    chosen = latest(explained, config.treatment.cut_off)
    at = contact_moment(config, explained)
    with working(f"proposing treatments for {len(chosen):,} accounts"):
        situation, violations = portfolio_situations(config, policy, chosen, at)
        proposals = propose(situation, policy, at, terms_of(config))
    frames = {
        "treatments": proposals.accounts,
        "treatments_considered": proposals.considered,
        "charge_violations": violations,
    }
    whole = digest([frame_digest(frame) for frame in frames.values()])
    for name, frame in frames.items():
        made_from = {"model": saved_model.explained_model(config), "proposals": whole}
        write_frame(frame, space.processed / f"{name}.parquet", made_from=made_from)
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
