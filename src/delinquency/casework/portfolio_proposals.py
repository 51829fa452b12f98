"""The proposals of ``proposals`` for a whole portfolio, equal to them account by account.

Accounts that no rule can tell apart form a class; one of each class goes the exact way, and every
member takes its answer. There are two sets of classes: what may be offered depends on trait,
flags and what can be afforded, when one may call on zone and recent contacts. Only amounts differ
inside a class, and those are worked out in whole cents for all accounts at once.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from delinquency.casework.actions import Call
from delinquency.casework.check import check
from delinquency.casework.decision import Decision
from delinquency.casework.money import cents_of_column, from_cents
from delinquency.casework.plan_columns import (
    PlanColumns,
    affordable_cents,
    extension_columns,
    instalment_columns,
    multiply_down,
)
from delinquency.casework.plan_options import longest_plan
from delinquency.casework.plans import monthly_rate
from delinquency.casework.proposals import (
    AccountFacts,
    Considered,
    ProposalTerms,
    case_of,
    contact_purpose,
    refused_of,
    summarise,
    then_of,
    trait_of,
    weigh,
)
from delinquency.casework.routing import NO_TRAIT, PLAN_TREATMENTS, dominant_traits
from delinquency.errors import DataError, Fault
from delinquency.policy import Policy
from delinquency.traits import EVIDENCE_LEVELS, TRAITS

FLAGS = ("hardship", "dispute", "vulnerability", "running_plan", "plan_refused")
TEXTS = ("confirmed_cause", "tried", "recent_contacts")
STATED = "dominant_trait"
"""Column with the dominant trait that the explanation states, where there is one."""
NEEDED = (
    "account_id",
    "pd_hat",
    "balance",
    "overdue",
    "payment_due",
    "days_past_due",
    "time_zone",
    *(f"trait_{key}" for key in TRAITS),
    *(f"evidence_{key}" for key in TRAITS),
)
"""Columns that a portfolio must have; ``residual_income``, STATED, FLAGS, TEXTS are optional."""


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
    _require(frame)
    columns = _Columns(frame, policy, choices)
    groups, first = _classes(columns.offers(policy))
    models = [_model(facts, policy, at, choices) for facts in account_facts(frame, first)]
    purpose = np.array([contact_purpose(m.facts, m.head) for m in models], dtype=object)[groups]
    places, callers = _classes(columns.contacts(purpose))
    contacts = [
        check(Call(purpose=purpose[row]), case_of(facts, at), policy, at)
        for row, facts in zip(callers, account_facts(frame, callers), strict=True)
    ]
    accounts = _accounts(columns, policy, (groups, models), (places, contacts))
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


def account_facts(frame: pd.DataFrame, rows: np.ndarray) -> list[AccountFacts]:
    """Return rows of a portfolio as the facts that ``propose_one`` takes."""
    return [_facts(values) for values in frame.iloc[rows].to_dict("records")]


def _facts(values: Mapping[Hashable, Any]) -> AccountFacts:
    """Return one row as facts."""

    def money(name: str) -> Decimal:
        return from_cents(int(cents_of_column(np.array([values[name]]), name)[0]))

    optional: dict[str, Any] = {name: bool(values.get(name, 0) == 1) for name in FLAGS}
    optional |= {name: _text(values.get(name, "")) for name in TEXTS}
    unknown = pd.isna(values.get("residual_income", np.nan))
    return AccountFacts(
        account_id=str(values["account_id"]),
        pd_hat=float(values["pd_hat"]),
        contributions={key: _number(values[f"trait_{key}"]) for key in TRAITS},
        evidence={key: str(values[f"evidence_{key}"]) for key in TRAITS},
        balance=money("balance"),
        overdue=money("overdue"),
        payment_due=money("payment_due"),
        days_past_due=int(values["days_past_due"]),
        residual_income=None if unknown else money("residual_income"),
        time_zone=str(values["time_zone"]),
        stated_trait=_text(values.get(STATED, "")),
        **optional,
    )


def _number(value: Any) -> float:
    """Return a contribution; a missing one counts as 0."""
    return 0.0 if pd.isna(value) else float(value)


def _text(value: Any) -> str:
    """Return a text; a missing one is empty."""
    return "" if pd.isna(value) else str(value)


def _require(frame: pd.DataFrame) -> None:
    """Raise with every fault of a portfolio."""
    where = "treatment proposals"
    faults = [
        Fault(where, name, "a column", mend="It is missing.")
        for name in NEEDED
        if name not in frame.columns
    ]
    if not faults:
        for key in TRAITS:
            column = frame[f"evidence_{key}"]
            wrong = ~column.isin(EVIDENCE_LEVELS)
            if wrong.any():
                examples = tuple(str(value) for value in column[wrong].unique()[:3])
                expected = f"one of {', '.join(EVIDENCE_LEVELS)}"
                faults.append(
                    Fault(where, f"evidence_{key}", expected, int(wrong.sum()), examples)
                )
        for name in ("pd_hat", "balance", "overdue", "payment_due", "days_past_due"):
            wrong = ~np.isfinite(frame[name].to_numpy(dtype="float64"))
            if wrong.any():
                faults.append(Fault(where, name, "a number in every row", int(wrong.sum())))
        if STATED in frame:
            wrong = ~frame[STATED].isin([*TRAITS, NO_TRAIT])
            if wrong.any():
                examples = tuple(str(value) for value in frame[STATED][wrong].unique()[:3])
                faults.append(
                    Fault(where, STATED, f"a trait or {NO_TRAIT}", int(wrong.sum()), examples)
                )
        doubled = frame["account_id"].duplicated()
        if doubled.any():
            faults.append(
                Fault(where, "account_id", "one row for each account", int(doubled.sum()))
            )
    if faults:
        raise DataError(faults)


class _Columns:
    """The columns of a portfolio in whole cents, with the plans of every account."""

    def __init__(self, frame: pd.DataFrame, policy: Policy, choices: ProposalTerms):
        self.frame = frame
        self.balance = cents_of_column(frame["balance"].to_numpy(), "balance")
        self.overdue = cents_of_column(frame["overdue"].to_numpy(), "overdue")
        self.payment_due = cents_of_column(frame["payment_due"].to_numpy(), "payment_due")
        self.days_past_due = frame["days_past_due"].to_numpy(dtype="float64").astype("int64")
        residual = (
            frame["residual_income"].to_numpy(dtype="float64")
            if "residual_income" in frame
            else np.full(len(frame), np.nan)
        )
        self.known = ~np.isnan(residual)
        cents = cents_of_column(np.where(self.known, residual, 0.0), "residual_income")
        self.most = affordable_cents(cents, Fraction(policy.plan.affordability_share.value))
        terms = choices.terms
        rate = monthly_rate(terms.annual_rate)
        fee = multiply_down(np.maximum(self.balance, 0), Fraction(terms.fee_rate))
        self.instalments = instalment_columns(
            self.balance + fee, self.most, rate=rate, months_max=longest_plan(policy, terms)
        )
        self.extension = extension_columns(
            self.payment_due,
            self.most,
            rate=rate,
            months_max=policy.plan.extension_months_max.value,
        )
        values = np.column_stack(
            [frame[f"trait_{key}"].to_numpy(dtype="float64") for key in TRAITS]
        )
        rank = {level: place for place, level in enumerate(EVIDENCE_LEVELS)}
        levels = np.column_stack([frame[f"evidence_{key}"].map(rank).to_numpy() for key in TRAITS])
        self.trait = dominant_traits(values, levels, choices.dominance)
        self.texts = {
            name: frame[name].fillna("").astype(str).to_numpy(dtype=object)
            if name in frame
            else np.full(len(frame), "", dtype=object)
            for name in TEXTS
        }
        if STATED in frame:
            self.trait = frame[STATED].astype(str).to_numpy(dtype=object)
        confirmed = self.texts["confirmed_cause"] != ""
        self.trait = np.where(confirmed, self.texts["confirmed_cause"], self.trait)

    def flag(self, name: str) -> np.ndarray:
        """Return a flag of every account; unknown is no."""
        if name not in self.frame:
            return np.zeros(len(self.frame), bool)
        return np.asarray(self.frame[name] == 1)

    def offers(self, policy: Policy) -> pd.DataFrame:
        """Return what can change an answer on treatments and the legal step, one row an account.

        Notes
        -----
        What cannot change the answer of an account is blanked, so that more accounts share a
        class: the gate's further bars before the debt is old enough, and what can be afforded
        where no plan with amounts is weighed.
        """
        gate = max(policy.legal.days_past_due_min.value, 1)
        old = self.days_past_due >= gate
        settled = self.flag("dispute") | self.flag("running_plan")
        hardship = self.flag("hardship")
        with_plans = [
            key for key, trait in TRAITS.items() if set(PLAN_TREATMENTS) & set(trait.treatments)
        ]
        plans = ~settled & (hardship | np.isin(self.trait, with_plans))
        levels = self.frame["evidence_repayment_willingness"].to_numpy()
        asks = old | (self.trait == "repayment_willingness")
        return pd.DataFrame(
            {
                "trait": np.where(settled, "", self.trait),
                "tried": np.where(settled, "", self.texts["tried"]),
                "overdue": self.overdue > 0,
                "late": np.digitize(self.days_past_due, [1, gate]),
                "willingness": np.where(asks, levels, ""),
                "dispute": self.flag("dispute"),
                "running_plan": self.flag("running_plan"),
                "hardship": hardship & (old | ~settled),
                "vulnerability": self.flag("vulnerability") & old,
                "plan_refused": self.flag("plan_refused") & old,
                "recent_contacts": np.where(old, self.texts["recent_contacts"], ""),
                "owes": plans & (self.balance > 0),
                "due": plans & (self.payment_due > 0),
                "known": plans & self.known,
                # Without a known income no amount enters any answer.
                "unable": plans & self.known & (self.payment_due > self.most),
                "instalments": plans & self.known & self.instalments.affordable,
                "extension": plans & self.known & self.extension.affordable,
            }
        )

    def contacts(self, purpose: np.ndarray) -> pd.DataFrame:
        """Return what can change the answer on a call now, one row an account."""
        return pd.DataFrame(
            {
                "time_zone": self.frame["time_zone"].to_numpy(),
                "recent_contacts": self.texts["recent_contacts"],
                "running_plan": self.flag("running_plan"),
                "purpose": purpose,
            }
        )


def _accounts(
    columns: _Columns,
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
        columns.flag("hardship") | columns.flag("vulnerability") | columns.flag("dispute")
    )
    return out


def _plan_amounts(facts: _Columns, action: np.ndarray) -> dict[str, np.ndarray]:
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
        out["plan_instalment"][rows] = plan.instalment[rows] / 100.0
        out["plan_last"][rows] = plan.last[rows] / 100.0
        out["plan_total"][rows] = plan.total[rows] / 100.0
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
