"""Stage ``treat``: a lawful, helpful proposal for every account above the cut-off."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pandas as pd

from delinquency.atomic_files import write_text
from delinquency.casework.case_file import HOME_ZONES
from delinquency.casework.measured_chances import chances_of, value_words, with_measured
from delinquency.casework.scan.portfolio_proposals import Proposals
from delinquency.casework.scan.portfolio_with_cases import figures_of, propose_with_cases, withhold
from delinquency.casework.worklist import WorkItem, in_order, items_of_case, items_of_proposals
from delinquency.config import Config, as_yaml
from delinquency.pipeline import saved_model
from delinquency.pipeline.canonical_tables import describe
from delinquency.pipeline.policies import load_policies, policy_of
from delinquency.pipeline.stored_cases_of_accounts import cases_of_accounts
from delinquency.pipeline.training_runs import open_run_of
from delinquency.pipeline.treatments import (
    MOST_SHOWN,
    contact_moment,
    in_the_currency_of,
    portfolio_now,
    terms_of,
    zone_of_customers,
)
from delinquency.policy import Policy, policy_digest, rules_out_of_date
from delinquency.reporting.treatment_words import ACTION_WORDS, offers_zh, summary_lines
from delinquency.reporting.worklist_page import (
    WorklistFacts,
    on_the_clock,
    worklist_csv,
    worklist_page,
)
from delinquency.workspace.artifacts import digest, frame_digest, write_frame, write_json
from delinquency.workspace.progress import say, working


def run(config: Config) -> None:
    """Propose help for everyone at risk or past due, and write what was weighed."""
    policy = policy_of(config)
    space = config.workspace
    explained = saved_model.explanations_of(config)
    at = contact_moment(config, explained)
    stored = cases_of_accounts(config)
    policies = load_policies(config)
    cases = {
        account: (case, policies[stored.policies[account]])
        for account, case in stored.open_cases.items()
    }
    with working("proposing treatments"):
        now = portfolio_now(config, policy, explained, at)
        applied, _ = in_the_currency_of(config, policy)
        choices = terms_of(config)
        chances = chances_of(cases.values(), at, recovery_months=choices.terms.recovery_months)
        choices = replace(choices, terms=with_measured(choices.terms, chances))
        proposals = propose_with_cases(now.situation, applied, at, choices, cases)
    violations = now.violations
    for name in ("covered_by", "autopay"):
        proposals.accounts[name] = now.situation[name].to_numpy()
    proposals.accounts["facts_of"] = now.situation["observation_month"].to_numpy()
    withhold(proposals.accounts, config.treatment.hold_out_share, config.treatment.hold_out_seed)
    items = in_order(
        [
            *items_of_proposals(proposals.accounts, dict(ACTION_WORDS)),
            *(item for case, under in cases.values() for item in items_of_case(case, under, at)),
        ],
        config.treatment.capacity,
    )
    _write_worklist(config, policy, items, at)
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
        "cut_off": config.proposal_cut_off,
        "contact_at": at.isoformat(),
        "charge_violations": len(violations),
        **figures_of(proposals.accounts),
        "left_the_book": now.n_left,
        "held_out": int(proposals.accounts["hold_out"].sum()),
        "cases_in_the_store": stored.n_cases,
        "money_limits_left_out": not now.same_currency,
        "worklist": len(items),
        "values_are": value_words(choices.terms),
        "rules_outside_their_dates": [r.key for r in rules_out_of_date(policy, at.date())],
    }
    write_json(summary, space.reports / "treatment.json")
    _log(config, policy, summary)
    _report(config, policy, summary, proposals)
    say(f"Written to {space.processed / 'treatments.parquet'}")


def _log(config: Config, policy: Policy, summary: dict[str, Any]) -> None:
    """Keep what was proposed, in sum, and the policy, as a run; no account is in it."""
    with open_run_of(config, purpose="treat") as active:
        active.params({"policy": f"{policy.name}@{policy.version}",
                       "cut_off": config.proposal_cut_off})  # fmt: skip
        for name, column in (("by_action", "action"), ("refusals_by_rule", "refusal")):
            counts = pd.Series(summary[name], dtype="int64").rename_axis(column)
            active.table(counts.reset_index(name="accounts"), f"tables/{name}.json")
        active.metrics({name: summary[name] for name in ("n_accounts", "charge_violations")})
        active.file(config.workspace.reports / "treatment.json")
        active.text(as_yaml(config), "config.yaml")


def _write_worklist(
    config: Config, policy: Policy, items: tuple[WorkItem, ...], at: datetime
) -> None:
    """Write the worklist as page and CSV."""
    folder = config.workspace.reports
    applied, _ = in_the_currency_of(config, policy)
    facts = WorklistFacts(
        title=config.data.title or config.data.name,
        title_zh=config.data.title_zh,
        real=config.data.real,
        policy=f"{policy.name}@{policy.version}",
        as_of=on_the_clock(at),  # CST alone is China's time, or that of Chicago
        currency=applied.currency,
        words_zh=offers_zh(),
    )
    write_text(worklist_page(items, facts), folder / "worklist.html")
    write_text(worklist_csv(items), folder / "worklist.csv")


def _report(config: Config, policy: Policy, summary: dict[str, Any], proposals: Proposals) -> None:
    """Print what was proposed and what was refused."""
    say(f"{describe(config)}: proposals under {policy.title} ({policy.name})")
    total = summary["n_accounts"]
    offers, refused = summary_lines(summary, MOST_SHOWN)
    for line in offers:
        say(line)
    relief = proposals.accounts["relief"]
    for kind, count in relief[relief != ""].value_counts().items():
        say(f"    of it {str(kind).replace('_', ' ')}: {count:,}")
    say(
        f"Covered: {summary['covered_by_model']:,} by the model's cut-off,"
        f" {summary['covered_by_statement']:,} past due by their statements;"
        f" {summary['left_the_book']:,} accounts that were explained earlier have left the book"
    )
    say(f"Proposals on facts older than the last month: {summary['on_older_facts']:,}")
    say(
        f"Past due, income known, payment does not fit and a plan does:"
        f" {summary['unaffordable_with_plan']:,}; offered the plan first:"
        f" {summary['offered_plan_first']:,} ({summary['offered_plan_share']:.1%})"
    )
    say(f"Autopay offered to who has it: {summary['autopay_to_autopay']:,}")
    say(
        f"Cases in the store: {summary['cases_in_the_store']:,}; worklist: {summary['worklist']:,}"
    )
    if summary["money_limits_left_out"]:
        say(
            f"Note: the data are in {config.data.currency}, the policy in {policy.currency}: its"
            " limits in money were left out, and its limits by share were applied"
        )
    plans = proposals.accounts["plan_months"].dropna()
    if len(plans):
        say(f"Plans drawn up: {len(plans):,}, of {plans.median():.0f} months in the median")
        say(f"What plans and relief are worth to the bank rests on {summary['values_are']}")
    say(f"No dominant trait: {(proposals.accounts['dominant_trait'] == 'none').mean():.1%}")
    say(f"Help offered before step 4: {summary['help_offered_before_step_4']:.0%}")
    for line in refused:
        say(line)
    waiting = ~proposals.accounts["allowed"]
    say(f"May be contacted at {summary['contact_at']}: {(~waiting).sum():,} of {total:,}")
    if not config.treatment.time_zone and policy.jurisdiction in HOME_ZONES:
        say(
            f"Note: hours of contact are those of {zone_of_customers(config)}; where customers"
            " live elsewhere, say treatment.time_zone=..."
        )
    say(f"Charges above the policy's limits: {summary['charge_violations']:,}")
    stale = summary["rules_outside_their_dates"]
    if stale:
        say(f"Note: rules applied outside the dates of their sources: {len(stale)}")
