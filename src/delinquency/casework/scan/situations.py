"""From the canonical tables to what a proposal rests on: amounts due, means, recent contacts."""

from collections.abc import Mapping
from datetime import datetime

import numpy as np
import pandas as pd

from delinquency.casework.case_file import zone_of
from delinquency.casework.routing import NO_TRAIT
from delinquency.casework.scan.portfolio_columns import NEEDED
from delinquency.panel.schema import DAYS_A_MONTH
from delinquency.traits import EVIDENCE_LEVELS

INCOME_MONTHS = 3
"""Months over which the residual income is averaged: one salary more or less decides nothing."""
CONTACT_DAYS = 8
"""Days of contacts that can still hold a call back: a week, and the day it began on."""
DISPUTE_DAYS = 90
"""How long a dispute is taken as open where a table says when it was made and not how it ended."""


def situations(
    explained: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    *,
    at: datetime,
    time_zone: str,
) -> pd.DataFrame:
    """Return the portfolio frame that ``propose`` takes.

    Parameters
    ----------
    explained : DataFrame, one row per account
        account_id, observation_month, pd_hat, dominant_trait, trait_<key>, evidence_<key>.
    tables : mapping of str to DataFrame
        Canonical tables of the same accounts; ``statements`` is needed, ``cashflows``,
        ``bureau`` and ``contacts`` are used as far as they are there.
    at : datetime
        With time zone; contacts after it are not seen.
    time_zone : str
        Zone of customers.

    Returns
    -------
    DataFrame, one row per account in ``explained``, in its order

    Notes
    -----
    What is overdue is the last minimum payment less what was paid towards it. Where the source
    states no minimum, the whole balance of an account that is behind counts as overdue: an upper
    bound, told by the column ``overdue_is_bound``. An unknown income stays unknown. Only rows
    up to the observation month are read.
    """
    zone_of(time_zone)
    kept = [
        name
        for name in (*NEEDED, "dominant_trait", "observation_month", "covered_by")
        if name in explained.columns
    ]
    out = explained[kept].reset_index(drop=True)
    keys = out[["account_id", "observation_month"]]
    due = _due(keys, tables["statements"])
    for name in due.columns:
        out[name] = due[name].to_numpy()
    out["residual_income"] = _residual_income(keys, tables)
    out["time_zone"] = time_zone
    contacts = tables.get("contacts")
    if contacts is not None and len(contacts):
        recent, dispute = _contacts(keys, contacts, at.astimezone(zone_of(time_zone)))
        out["recent_contacts"], out["dispute"] = recent, dispute
    return out


def _column(frame: pd.DataFrame, name: str) -> np.ndarray:
    """Return a column as floats, NaN throughout where the source does not have it."""
    if name in frame:
        return frame[name].to_numpy(dtype="float64")
    return np.full(len(frame), np.nan)


def _rows_at(keys: pd.DataFrame, table: pd.DataFrame, months_back: int) -> pd.DataFrame:
    """Return each account's row of a monthly table so many months before its observation."""
    wanted = keys.copy()
    month = wanted["observation_month"].to_numpy().astype("datetime64[M]") - months_back
    wanted["month"] = month.astype("datetime64[ms]")
    return wanted[["account_id", "month"]].merge(table, on=["account_id", "month"], how="left")


def _due(keys: pd.DataFrame, statements: pd.DataFrame) -> pd.DataFrame:
    """Return balance, overdue amount, payment due and days past due at the observation."""
    now, before = _rows_at(keys, statements, 0), _rows_at(keys, statements, 1)
    balance = np.nan_to_num(_column(now, "balance"))
    days = _days_late(now)
    late = days > 0
    unpaid = np.maximum(_column(before, "minimum_due") - _column(now, "payment"), 0.0)
    minimum = _column(now, "minimum_due")
    overdue = np.where(unpaid > 0, unpaid, minimum)
    bound = late & np.isnan(overdue)
    overdue = np.where(np.isnan(overdue), np.maximum(balance, 0.0), overdue)
    overdue = np.where(late, np.minimum(overdue, np.maximum(balance, 0.0)), 0.0)
    return pd.DataFrame(
        {
            "balance": np.round(balance, 2),
            "overdue": np.round(overdue, 2),
            "payment_due": np.round(np.where(np.isnan(minimum), overdue, minimum), 2),
            "days_past_due": np.floor(days),
            "overdue_is_bound": bound,
            "autopay": (_column(now, "autopay") == 1.0).astype(float),
        }
    )


def _residual_income(keys: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> np.ndarray:
    """Return what is left each month after essentials and debts elsewhere; NaN while unknown."""
    cashflows = tables.get("cashflows")
    if cashflows is None or not {"salary", "essential_outgoings"} <= set(cashflows.columns):
        return np.full(len(keys), np.nan)
    total, known = np.zeros(len(keys)), np.zeros(len(keys))
    for back in range(INCOME_MONTHS):
        rows = _rows_at(keys, cashflows, back)
        left = (
            _column(rows, "salary")
            + np.nan_to_num(_column(rows, "benefits"))
            - _column(rows, "essential_outgoings")
        )
        there = ~np.isnan(left)
        total += np.where(there, left, 0.0)
        known += there
    residual = np.where(known > 0, total / np.maximum(known, 1), np.nan)
    bureau = tables.get("bureau")
    if bureau is not None and "other_instalments" in bureau:
        residual = residual - np.nan_to_num(
            _column(_rows_at(keys, bureau, 0), "other_instalments")
        )
    return np.round(residual, 2)


def _contacts(
    keys: pd.DataFrame, contacts: pd.DataFrame, at: datetime
) -> tuple[np.ndarray, np.ndarray]:
    """Return recent contacts as text, and whether a dispute is open, for each account."""
    today = np.datetime64(at.date())
    known = contacts[contacts["account_id"].isin(keys["account_id"])]
    days = known["date"].to_numpy().astype("datetime64[D]")
    past = days <= today
    disputed = np.zeros(len(known), bool)
    if "dispute" in known:
        disputed = (known["dispute"] == 1).to_numpy()
    with_dispute = set(known["account_id"][past & disputed & (days > today - DISPUTE_DAYS)])
    recent = known[past & (days > today - CONTACT_DAYS)]
    reached = (recent["right_party"] == 1).to_numpy() if "right_party" in recent else False
    written = ~recent["channel"].isin(["phone", "visit"]).to_numpy()
    kind = np.where(written, "message", np.where(reached, "conversation", "attempt"))
    text = pd.Series(
        recent["date"].dt.strftime("%Y-%m-%d").to_numpy() + " " + kind.astype(object),
        index=recent["account_id"].to_numpy(),
        dtype=object,
    )
    joined = text.sort_values(kind="stable").groupby(level=0).agg(";".join)
    entries = keys["account_id"].map(joined).fillna("").astype(str).to_numpy(dtype=object)
    return entries, keys["account_id"].isin(with_dispute).to_numpy()


def _days_late(now: pd.DataFrame) -> np.ndarray:
    """Return whole days past due of statements, from days or from months behind."""
    days = _column(now, "days_past_due")
    months = np.maximum(np.nan_to_num(_column(now, "repayment_status")), 0.0)
    return np.floor(np.where(np.isnan(days), months * DAYS_A_MONTH, days))


def charge_frame(explained: pd.DataFrame, statements: pd.DataFrame) -> pd.DataFrame:
    """Return each account's last late fee beside what was overdue, for ``scan_charges``.

    Parameters
    ----------
    explained : DataFrame, one row per account
    statements : DataFrame
        The canonical table.

    Returns
    -------
    DataFrame
        Only accounts whose statement tells fee and overdue amount. Interest on a statement is that
        of the whole balance, which no rule on overdue principal limits, so it is not scanned.
    """
    keys = explained[["account_id", "observation_month"]]
    now, before = _rows_at(keys, statements, 0), _rows_at(keys, statements, 1)
    unpaid = np.maximum(_column(before, "minimum_due") - _column(now, "payment"), 0.0)
    fee = _column(now, "fees")
    out = pd.DataFrame(
        {
            "account_id": keys["account_id"].to_numpy(),
            "overdue_principal": np.round(unpaid, 2),
            "late_fee": np.round(fee, 2),
            "interest": 0.0,
            "days": _days_late(now),
        }
    )
    return out[~np.isnan(unpaid) & ~np.isnan(fee)].reset_index(drop=True)


def latest(explained: pd.DataFrame, cut_off: float) -> pd.DataFrame:
    """Return the explanations of the last observed month, of those at or above the cut-off.

    Parameters
    ----------
    explained : DataFrame, one row per account and observation month
    cut_off : float
        Probability from which an account gets a proposal.

    Returns
    -------
    DataFrame
        Most at risk first. Who was last observed earlier has left: nothing is proposed on facts
        that are older than the last month.
    """
    last = explained[explained["observation_month"] == explained["observation_month"].max()]
    chosen = last[last["pd_hat"] >= cut_off]
    return chosen.sort_values("pd_hat", ascending=False, kind="stable", ignore_index=True)


def covered(explained: pd.DataFrame, statements: pd.DataFrame, cut_off: float) -> pd.DataFrame:
    """Return everyone who gets a proposal: at risk by the model, or past due by the statements.

    Parameters
    ----------
    explained : DataFrame, one row per account and observation month
    statements : DataFrame
        The canonical table of the same accounts, or of a part of them.
    cut_off : float

    Returns
    -------
    DataFrame
        Rows of the last observed month only; ``covered_by`` is "model" or "statement". Accounts
        that no model scored (30 days past due and more, say) have no PD and no trait: they are
        covered by their facts.
    """
    month = explained["observation_month"].max()
    now = statements[statements["month"] == month]
    late = set(now["account_id"][_days_late(now) > 0])
    here = set(statements["account_id"].unique())
    last = explained[
        (explained["observation_month"] == month) & explained["account_id"].isin(here)
    ]
    by_model = last["pd_hat"] >= cut_off
    chosen = last[by_model | last["account_id"].isin(late)]
    chosen = chosen.assign(covered_by=np.where(by_model[chosen.index], "model", "statement"))
    rest = sorted(late - set(last["account_id"]))
    facts_only = pd.DataFrame({"account_id": rest})
    facts_only["observation_month"] = month
    facts_only["pd_hat"] = np.nan
    facts_only["covered_by"] = "statement"
    for name in explained.columns:
        if name.startswith("trait_"):
            facts_only[name] = np.nan
        elif name.startswith("evidence_"):
            facts_only[name] = EVIDENCE_LEVELS[0]
        elif name == "dominant_trait":
            facts_only[name] = NO_TRAIT
    if not rest:
        return chosen.reset_index(drop=True)
    facts_only = facts_only.astype(
        {name: chosen[name].dtype for name in ("account_id", "observation_month")}
    )
    return pd.concat([chosen, facts_only], ignore_index=True) if len(chosen) else facts_only
