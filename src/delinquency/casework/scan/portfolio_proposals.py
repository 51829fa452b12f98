"""The proposals of ``proposals`` for a whole portfolio, equal to them account by account.

Accounts that no rule can tell apart form a class; one of each class goes the exact way, and every
member takes its answer. There are two sets of classes: what may be offered depends on trait,
flags and what can be afforded, when one may call on zone and recent contacts. Only amounts differ
inside a class, and those are worked out in whole cents for all accounts at once.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from delinquency.casework.account_facts import AccountFacts, case_of
from delinquency.casework.actions import Call
from delinquency.casework.check import check
from delinquency.casework.decision import Decision
from delinquency.casework.proposals import (
    RELIEF,
    Considered,
    ProposalTerms,
    contact_purpose,
    refused_of,
    relief_for,
    summarise,
    then_of,
    trait_of,
    weigh,
)
from delinquency.casework.scan.plan_columns import PlanColumns
from delinquency.casework.scan.portfolio_columns import (
    PortfolioColumns,
    account_facts,
    require_columns,
)
from delinquency.policy import Policy


@dataclass(frozen=True)
class Proposals:
    """The proposals of a portfolio.

    Attributes
    ----------
    accounts : DataFrame, one row per account, in the order of the input
    considered : DataFrame, one row per account and action weighed, in order
    summary : dict
    """

    accounts: pd.DataFrame
    considered: pd.DataFrame
    summary: dict[str, Any]


def propose(
    frame: pd.DataFrame, policy: Policy, at: datetime, choices: ProposalTerms
) -> Proposals:
    """Return a lawful, helpful proposal for every account of a portfolio.

    Parameters
    ----------
    frame : DataFrame, one row per account
        ``NEEDED`` columns, and as far as known ``residual_income`` (NaN = unknown), ``FLAGS``
        (0/1) and ``TEXTS``. Money in account currency. It is not changed.
    policy : Policy
    at : datetime
        With time zone.
    choices : ProposalTerms

    Returns
    -------
    Proposals

    Raises
    ------
    DataError
        If columns are missing, evidence is no level, or a number is missing.
    """
    require_columns(frame)
    columns = PortfolioColumns(frame, policy, choices)
    groups, first = _classes(columns.offers(policy))
    models = [
        _model(facts, policy, at, choices)
        for facts in account_facts(frame, first, digits=columns.digits)
    ]
    purpose = np.array([contact_purpose(m.facts, m.head) for m in models], dtype=object)[groups]
    places, callers = _classes(columns.contacts(purpose))
    contacts = [
        check(Call(purpose=purpose[row]), case_of(facts, at), policy, at)
        for row, facts in zip(
            callers, account_facts(frame, callers, digits=columns.digits), strict=True
        )
    ]
    accounts = _accounts(columns, policy, (groups, models), (places, contacts))
    accounts["payment_fits"] = columns.known & (columns.payment_due <= columns.most)
    accounts["plan_fits"] = columns.known & (
        columns.instalments.affordable | columns.extension.affordable & (columns.balance > 0)
    )
    _draw_up_relief(accounts, columns, policy, at, choices)
    considered = _considered(accounts["account_id"].to_numpy(), groups, models)
    return Proposals(accounts, considered, _summary(groups, models))


def _summary(groups: np.ndarray, models: list["_Model"]) -> dict[str, Any]:
    """Return the counts over all accounts."""
    counts: dict[tuple[str, str, str, bool, str], int] = {}
    sizes = np.bincount(groups, minlength=len(models))
    for model, size in zip(models, sizes, strict=True):
        head = ("proposed", model.head.step, model.head.action, True, "")
        counts[head] = counts.get(head, 0) + int(size)
        for item in model.considered:
            decision = item.decision
            key = ("weighed", item.step, item.action, decision.allowed, decision.rule)
            counts[key] = counts.get(key, 0) + int(size)
    return summarise(counts, len(groups))


@dataclass(frozen=True)
class _Model:
    """The account that stands for its class, and what was weighed for it."""

    facts: AccountFacts
    considered: tuple[Considered, ...]
    head: Considered


def _model(facts: AccountFacts, policy: Policy, at: datetime, choices: ProposalTerms) -> _Model:
    """Return what is weighed for the account that stands for a class."""
    trait = trait_of(facts, choices.dominance)
    considered, head = weigh(
        facts, trait, case=case_of(facts, at), policy=policy, at=at, choices=choices
    )
    return _Model(facts, considered, head)


def _classes(columns: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the class of each row, and the first row of each class."""
    groups = columns.groupby(list(columns.columns), sort=False, dropna=False).ngroup().to_numpy()
    return groups, np.unique(groups, return_index=True)[1]


def _accounts(
    columns: PortfolioColumns,
    policy: Policy,
    offers: tuple[np.ndarray, list[_Model]],
    contacts: tuple[np.ndarray, list[Decision]],
) -> pd.DataFrame:
    """Return one row per account: the answers of its two classes, and its own amounts."""
    groups, models = offers
    places, decisions = contacts
    offered = pd.DataFrame(
        {
            "step": [model.head.step for model in models],
            "action": [model.head.action for model in models],
            "then": ["; ".join(then_of(m.considered, m.head.action)) for m in models],
            "refused": ["; ".join(refused_of(m.considered)) for m in models],
        }
    )
    called = pd.DataFrame(
        {
            "allowed": [decision.allowed for decision in decisions],
            "rule": [decision.rule for decision in decisions],
            "rule_source": [decision.rule_source for decision in decisions],
            "reason": [decision.reason for decision in decisions],
            "next_contact_at": pd.to_datetime(
                pd.Series([decision.next_allowed_at for decision in decisions]), utc=True
            ).astype("datetime64[ms, UTC]"),
        }
    )
    out = pd.DataFrame(
        {
            "account_id": columns.frame["account_id"].to_numpy(),
            "policy": policy.name,
            "pd_hat": columns.frame["pd_hat"].to_numpy(dtype="float64"),
            "dominant_trait": columns.trait,
        }
    )
    offered = offered.iloc[groups].reset_index(drop=True)
    called = called.iloc[places].reset_index(drop=True)
    out = pd.concat([out, offered[["step", "action"]], called], axis=1)
    action = out["action"].to_numpy()
    for name, amounts in _plan_amounts(columns, action).items():
        out[name] = amounts
    out["then"], out["refused"] = offered["then"], offered["refused"]
    out["no_new_credit"] = (columns.trait == "debt_burden") | (action == "instalments")
    out["needs_person"] = (
        columns.flag("hardship")
        | columns.flag("vulnerability")
        | columns.flag("dispute")
        | (columns.texts["stopped_by"] != "")
    )
    return out


RELIEF_COLUMNS = ("relief", "relief_until", "relief_monthly", "relief_cost")


def _draw_up_relief(
    accounts: pd.DataFrame,
    columns: PortfolioColumns,
    policy: Policy,
    at: datetime,
    choices: ProposalTerms,
) -> None:
    """Put the relief that is offered into the accounts: its kind, end, payment and cost.

    Notes
    -----
    Few accounts need relief, and each has its own amounts: they go the exact way one by one.
    """
    accounts["relief"] = ""
    accounts["relief_until"] = pd.Series(pd.NaT, index=accounts.index, dtype="datetime64[ms]")
    accounts["relief_monthly"] = accounts["relief_cost"] = np.nan
    rows = np.flatnonzero((accounts["action"] == RELIEF).to_numpy())
    drawn = [
        relief_for(facts, RELIEF, policy, at, choices)
        for facts in account_facts(columns.frame, rows, digits=columns.digits)
    ]
    there = [(row, one) for row, one in zip(rows, drawn, strict=True) if one is not None]
    if not there:
        return
    index = accounts.index[[row for row, _ in there]]
    accounts.loc[index, "relief"] = [one.kind for _, one in there]
    accounts.loc[index, "relief_until"] = pd.to_datetime([one.until for _, one in there]).as_unit(
        "ms"
    )
    accounts.loc[index, "relief_monthly"] = [float(one.monthly) for _, one in there]
    accounts.loc[index, "relief_cost"] = [float(one.cost) for _, one in there]


def _plan_amounts(facts: PortfolioColumns, action: np.ndarray) -> dict[str, np.ndarray]:
    """Return length and amounts of the plan where one is proposed, NaN elsewhere."""
    names = ("plan_months", "plan_instalment", "plan_last", "plan_total")
    out = {name: np.full(len(action), np.nan) for name in names}
    plans: dict[str, PlanColumns] = {
        "instalments": facts.instalments,
        "extension": facts.extension,
    }
    for name, plan in plans.items():
        rows = np.flatnonzero(action == name)
        out["plan_months"][rows] = plan.months[rows]
        unit = 10.0**facts.digits
        out["plan_instalment"][rows] = plan.instalment[rows] / unit
        out["plan_last"][rows] = plan.last[rows] / unit
        out["plan_total"][rows] = plan.total[rows] / unit
    return out


def _considered(account_ids: np.ndarray, groups: np.ndarray, models: list[_Model]) -> pd.DataFrame:
    """Return one row per account and action that was weighed."""
    rows = [
        (
            place,
            rank,
            item.step,
            item.action,
            item.decision.allowed,
            item.decision.rule,
            item.decision.rule_source,
        )
        for place, model in enumerate(models)
        for rank, item in enumerate(model.considered, start=1)
    ]
    columns = ["class", "rank", "step", "action", "allowed", "rule", "rule_source"]
    weighed = pd.DataFrame(rows, columns=columns)
    counts = np.array([len(model.considered) for model in models])
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    repeats = counts[groups]
    offsets = np.arange(repeats.sum()) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    out = weighed.iloc[np.repeat(starts[groups], repeats) + offsets].reset_index(drop=True)
    out.insert(0, "account_id", np.repeat(account_ids, repeats))
    return out.drop(columns="class")
