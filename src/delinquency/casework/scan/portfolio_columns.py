"""A portfolio as columns in whole cents, and what of it can change an answer of the policy."""

from collections.abc import Hashable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from delinquency.casework.account_facts import AccountFacts
from delinquency.casework.money import cents_of_column, digits_of, from_units
from delinquency.casework.plan_options import longest_plan
from delinquency.casework.plans import monthly_rate
from delinquency.casework.proposals import ProposalTerms
from delinquency.casework.routing import NO_TRAIT, PLAN_TREATMENTS, dominant_traits
from delinquency.casework.scan.plan_columns import (
    affordable_cents,
    extension_columns,
    instalment_columns,
    multiply_down,
)
from delinquency.errors import DataError, Fault
from delinquency.policy import Policy
from delinquency.traits import EVIDENCE_LEVELS, TRAITS

FLAGS = (
    *("hardship", "dispute", "vulnerability", "running_plan", "plan_refused"),
    *("autopay", "promised"),
)
TEXTS = ("confirmed_cause", "tried", "recent_contacts", "stopped_by")
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


def account_facts(frame: pd.DataFrame, rows: np.ndarray, *, digits: int = 2) -> list[AccountFacts]:
    """Return rows of a portfolio as the facts that ``propose_one`` takes.

    Parameters
    ----------
    frame : DataFrame
    rows : ndarray of int
    digits : int
        Decimals of the currency.
    """
    return [_facts(values, digits) for values in frame.iloc[rows].to_dict("records")]


def _facts(values: Mapping[Hashable, Any], digits: int) -> AccountFacts:
    """Return one row as facts."""

    def money(name: str) -> Decimal:
        return from_units(int(cents_of_column(np.array([values[name]]), name, digits)[0]), digits)

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


def require_columns(frame: pd.DataFrame) -> None:
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
        # An account that is past due is covered by its facts, also where no model has scored it.
        for name in ("balance", "overdue", "payment_due", "days_past_due"):
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


class PortfolioColumns:
    """The columns of a portfolio in whole cents, with the plans of every account."""

    def __init__(self, frame: pd.DataFrame, policy: Policy, choices: ProposalTerms):
        self.frame = frame
        self.digits = digits_of(policy.currency)
        self.balance, self.overdue, self.payment_due = (
            cents_of_column(frame[name].to_numpy(), name, self.digits)
            for name in ("balance", "overdue", "payment_due")
        )
        self.days_past_due = frame["days_past_due"].to_numpy(dtype="float64").astype("int64")
        residual = (
            frame["residual_income"].to_numpy(dtype="float64")
            if "residual_income" in frame
            else np.full(len(frame), np.nan)
        )
        self.known = ~np.isnan(residual)
        cents = cents_of_column(
            np.where(self.known, residual, 0.0), "residual_income", self.digits
        )
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
        nothing = (self.balance <= 0) & (self.overdue <= 0)
        stopped = self.texts["stopped_by"] != ""
        settled = (
            stopped
            | self.flag("dispute")
            | self.flag("running_plan")
            | self.flag("promised")
            | nothing
        )
        hardship = self.flag("hardship")
        unable = self.known & (self.payment_due > self.most)
        # Plans are weighed for whoever cannot pay, and where the trait itself names one.
        with_plans = [
            key for key, trait in TRAITS.items() if set(PLAN_TREATMENTS) & set(trait.treatments)
        ]
        plans = ~settled & (hardship | unable | np.isin(self.trait, with_plans))
        return pd.DataFrame(
            {
                "trait": np.where(settled, "", self.trait),
                "tried": np.where(settled, "", self.texts["tried"]),
                "stopped_by": self.texts["stopped_by"],
                "overdue": self.overdue > 0,
                "late": np.digitize(self.days_past_due, [1, gate]),
                "dispute": self.flag("dispute"),
                "running_plan": self.flag("running_plan"),
                "promised": self.flag("promised"),
                "nothing": nothing,
                "autopay": self.flag("autopay") & ~settled,
                "hardship": hardship & (old | ~settled),
                "vulnerability": self.flag("vulnerability") & old,
                "plan_refused": self.flag("plan_refused") & old,
                "recent_contacts": np.where(old, self.texts["recent_contacts"], ""),
                "owes": plans & (self.balance > 0),
                "due": plans & (self.payment_due > 0),
                "known": self.known & ~settled,
                # Without a known income no amount enters any answer.
                "unable": unable & ~settled,
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
                "dispute": self.flag("dispute"),
                "hardship": self.flag("hardship"),
                "vulnerability": self.flag("vulnerability"),
                "purpose": purpose,
            }
        )
