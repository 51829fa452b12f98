"""The proposals of a portfolio in which some accounts have a case of their own in the store."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from delinquency.casework.account_facts import AccountFacts
from delinquency.casework.case_file import Case
from delinquency.casework.money import digits_of
from delinquency.casework.proposals import Proposal, ProposalTerms, propose_one, summarise
from delinquency.casework.scan.portfolio_columns import account_facts
from delinquency.casework.scan.portfolio_proposals import Proposals, propose
from delinquency.casework.treatment_outcomes import in_hold_out
from delinquency.policy import Policy


def propose_with_cases(
    frame: pd.DataFrame,
    policy: Policy,
    at: datetime,
    choices: ProposalTerms,
    cases: Mapping[str, tuple[Case, Policy]],
) -> Proposals:
    """Return the proposals of a portfolio; what a case says goes before the tables.

    Parameters
    ----------
    frame : DataFrame, one row per account
        As ``propose`` takes it.
    policy : Policy
        Of accounts without a case.
    at : datetime
    choices : ProposalTerms
    cases : mapping of account id to (Case, Policy)
        Each case under the policy that it was opened under.

    Returns
    -------
    Proposals
        In the order of the frame. Its accounts hold what the proposals rest on: what is overdue,
        since when, and where the customer lives.
    """
    stored = frame["account_id"].isin(list(cases)).to_numpy()
    # All of them by the tables first, which gives every column its type, whatever has a case.
    rest = propose(frame, policy, at, choices)
    if not stored.any():
        return replace(rest, accounts=_with_facts(rest.accounts, frame, {}))
    rows = np.flatnonzero(stored)
    own = []
    for facts in account_facts(frame, rows, digits=digits_of(policy.currency)):
        case, under = cases[facts.account_id]
        own.append(propose_one(facts, under, at, choices, case=case))
    place = {account: number for number, account in enumerate(frame["account_id"])}
    own_accounts = pd.DataFrame([_row(p) for p in own]).reindex(columns=rest.accounts.columns)
    for name in rest.accounts.columns:
        own_accounts[name] = _typed(own_accounts[name], rest.accounts[name].dtype)
    own_considered = pd.DataFrame([entry for p in own for entry in _considered(p)])
    accounts = _in_place(pd.concat([rest.accounts[~stored], own_accounts]), place)
    others = rest.considered[~rest.considered["account_id"].isin(list(cases))]
    accounts = _with_facts(accounts, frame, {one.account_id: one.facts for one in own})
    considered = _in_place(pd.concat([others, own_considered]), place)
    return Proposals(accounts, considered, _summary(accounts, considered))


def _typed(values: pd.Series, dtype: Any) -> pd.Series:
    """Return a column in the type that the portfolio's has; no moment at all has no zone yet."""
    if isinstance(dtype, pd.DatetimeTZDtype):
        values = pd.to_datetime(values, utc=True)
    return values.astype(dtype)


def _with_facts(
    accounts: pd.DataFrame, frame: pd.DataFrame, own: Mapping[str, AccountFacts]
) -> pd.DataFrame:
    """Return proposals with their facts: of the tables, or of the case where there is one."""
    told = [own.get(account) for account in accounts["account_id"]]

    def facts(name: str, of_case: Callable[[AccountFacts], float | str]) -> list[float | str]:
        pairs = zip(frame[name], told, strict=True)
        return [value if case is None else of_case(case) for value, case in pairs]

    return accounts.assign(
        overdue=facts("overdue", lambda one: float(one.overdue)),
        days_past_due=facts("days_past_due", lambda one: one.days_past_due),
        time_zone=facts("time_zone", lambda one: one.time_zone),
    )


def _in_place(frame: pd.DataFrame, place: Mapping[str, int]) -> pd.DataFrame:
    """Return rows in the order of the portfolio, those of one account as they were."""
    order = frame["account_id"].map(place).to_numpy().argsort(kind="stable")
    return frame.iloc[order].reset_index(drop=True)


def _row(proposal: Proposal) -> dict[str, Any]:
    """Return one proposal as a row of the accounts."""
    contact, option, relief = proposal.contact, proposal.plan, proposal.relief
    plan = None if option is None else option.plan
    following = contact.next_allowed_at
    facts = proposal.facts
    return {
        "account_id": proposal.account_id,
        "policy": proposal.policy,
        "pd_hat": proposal.pd_hat,
        "dominant_trait": proposal.dominant_trait,
        "step": proposal.step,
        "action": proposal.action,
        "allowed": contact.allowed,
        "rule": contact.rule,
        "rule_source": contact.rule_source,
        "reason": contact.reason,
        "next_contact_at": pd.NaT if following is None else pd.Timestamp(following),
        "plan_months": np.nan if plan is None else float(plan.months),
        "plan_instalment": np.nan if plan is None else float(plan.instalment),
        "plan_last": np.nan if plan is None else float(plan.last_instalment),
        "plan_total": np.nan if plan is None else float(plan.total),
        "then": "; ".join(proposal.then),
        "refused": "; ".join(proposal.refused),
        "no_new_credit": proposal.dominant_trait == "debt_burden"
        or proposal.action == "instalments",
        "needs_person": facts.hardship
        or facts.vulnerability
        or facts.dispute
        or bool(facts.stopped_by),
        "payment_fits": proposal.payment_fits,
        "plan_fits": proposal.plan_fits,
        "relief": "" if relief is None else relief.kind,
        "relief_until": pd.NaT if relief is None else pd.Timestamp(relief.until),
        "relief_monthly": np.nan if relief is None else float(relief.monthly),
        "relief_cost": np.nan if relief is None else float(relief.cost),
    }


def _considered(proposal: Proposal) -> list[dict[str, Any]]:
    """Return what was weighed for one account as rows."""
    return [
        {
            "account_id": proposal.account_id,
            "rank": rank,
            "step": item.step,
            "action": item.action,
            "allowed": item.decision.allowed,
            "rule": item.decision.rule,
            "rule_source": item.decision.rule_source,
        }
        for rank, item in enumerate(proposal.considered, start=1)
    ]


def _summary(accounts: pd.DataFrame, considered: pd.DataFrame) -> dict[str, Any]:
    """Return the counts over all accounts."""
    counts: dict[tuple[str, str, str, bool, str], int] = {}
    for (step, action), size in accounts.groupby(["step", "action"]).size().items():
        counts["proposed", str(step), str(action), True, ""] = int(size)
    keys = ["step", "action", "allowed", "rule"]
    for (step, action, allowed, rule), size in considered.groupby(keys).size().items():
        counts["weighed", str(step), str(action), bool(allowed), str(rule)] = int(size)
    return summarise(counts, len(accounts))


def figures_of(accounts: pd.DataFrame) -> dict[str, Any]:
    """Return how well the proposals keep what they promise.

    Parameters
    ----------
    accounts : DataFrame
        Of ``Proposals``, with overdue, days_past_due, covered_by, autopay and facts_of.

    Returns
    -------
    dict
        Proposals on facts older than the last month; past-due customers whose payment does not fit
        and whose plan does, and how many of them are offered a plan first, left out those whose
        dispute, running plan, promise or other stop comes first; autopay to who has it.
    """
    settled = ("grievance_resolution", "document_pack", "await_promise", "special_care")
    unable = (
        (accounts["days_past_due"] > 0)
        & ~accounts["payment_fits"]
        & accounts["plan_fits"]
        & ~accounts["action"].isin(settled)
    )
    offered = unable & accounts["action"].isin(["instalments", "extension"])
    old = accounts["facts_of"] < accounts["facts_of"].max()
    share = float(offered.sum() / unable.sum()) if unable.any() else 1.0
    return {
        "covered_by_model": int((accounts["covered_by"] == "model").sum()),
        "covered_by_statement": int((accounts["covered_by"] == "statement").sum()),
        "on_older_facts": int(old.sum()),
        "unaffordable_with_plan": int(unable.sum()),
        "offered_plan_first": int(offered.sum()),
        "offered_plan_share": share,
        "autopay_to_autopay": int(
            ((accounts["action"] == "autopay") & (accounts["autopay"] == 1)).sum()
        ),
    }


SMALL_HELP = ("autopay", "due_date_move", "voluntary_limit", "promotion_opt_out", "consolidation")
"""Help whose effect a hold-out may measure: nobody who cannot pay is without a plan for it."""


def withhold(accounts: pd.DataFrame, share: float, seed: int) -> None:
    """Mark the random hold-out, and offer it a talk in the place of small help.

    Parameters
    ----------
    accounts : DataFrame
        Of ``Proposals``; it is changed: ``hold_out`` says from whom something was withheld.
    share : float
    seed : int

    Notes
    -----
    Only those who can pay are held out, and only small help: a plan, relief, an answer to a
    dispute or special care is never withheld.
    """
    drawn = np.array(
        [in_hold_out(str(a), share, seed) for a in accounts["account_id"]], dtype=bool
    )
    small = accounts["action"].isin(SMALL_HELP).to_numpy()
    held = drawn & small & accounts["payment_fits"].to_numpy(dtype=bool)
    accounts["hold_out"] = held
    accounts.loc[held, "action"] = "friendly_talk"
    accounts.loc[held & (accounts["step"] == "H3").to_numpy(), "step"] = "H2"
