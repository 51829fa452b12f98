"""Cleared overdue history: when a record is due to go, and how it leaves the tables and windows.

A cleared month is as if no statement had been written: the whole row goes, because a missed
payment, a late fee or a grown balance would tell the story again. In the month of the cure the
statement stays and the payment facts go, because the payment that settled the arrears is part of
the same story. Windows already read "no row" as "not known", so every feature, present or future,
is built without the erased months and no feature needs to know of erasure.

References
----------
Seed requirement R4; Regulation on the credit reporting industry (PRC, 2013), art. 16.
"""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.errors import DataError, Fault
from delinquency.panel.event_sums import EVENT_SUMS
from delinquency.panel.schema import MONTH_DTYPE, STATEMENTS
from delinquency.panel.statement_history import HISTORY_COLUMNS, LATENESS_SO_FAR, with_history
from delinquency.panel.windows import Windows
from delinquency.policy import Policy

CLEARANCE_COLUMNS = ("account_id", "month", "origin", "part")
"""Columns of a table of clearances: which month of which account is erased.

``origin`` is "own" or "elsewhere" (another lender's record); ``part`` is "spell" for the months
past due and "cure" for the month after them."""
PAYMENT_FACTS = ("payment", "payment_date", "interest", "fees")
"""Statement columns that tell of the settlement in the month of the cure."""
DAYS_IN_MONTH = 30
"""Days that a month of delay counts, rounded up, where only months are seen."""
MONTHS_IN_YEAR = 12
_STATEMENT_NAMES = {
    *STATEMENTS.column_names,
    *(f"{c.name}_days_before_month_end" for c in STATEMENTS if c.kind == "date"),
} - {"account_id", "month", "arrival_month"}
_CONTACT_SUMS = tuple(name for name, one in EVENT_SUMS.items() if one.table == "contacts")


@dataclass(frozen=True)
class Spell:
    """One time of being past due, as the clearing rule sees it.

    Attributes
    ----------
    opened_on : date
        First day past due.
    closed_on : date or None
        Day of the cure; None while it lasts.
    overdue_max : Decimal
        Largest overdue amount.
    currency : str
    """

    opened_on: date
    closed_on: date | None
    overdue_max: Decimal
    currency: str


def clearing_day(spell: Spell, policy: Policy) -> date | None:
    """Return the first day on which a record may no longer be kept, or None while it may.

    Parameters
    ----------
    spell : Spell
    policy : Policy

    Returns
    -------
    date or None
        None while the spell is open: arrears that last are not history. Where the one-off repair
        applies too, the earlier of the two days.

    Notes
    -----
    On cure: closed_on + delay. After years: the anniversary of the end or of the beginning, never
    before the cure; 29 February has its anniversary on 28 February. Repair: the end of the month
    after the repayment, not before the first day of the repair, when amount, beginning and
    repayment are within its bounds.
    """
    if spell.closed_on is None:
        return None
    rules = policy.records
    days = []
    if rules.clear_mode.value == "on_cure":
        days.append(spell.closed_on + timedelta(days=rules.clear_delay_days.value))
    elif rules.clear_mode.value == "after_years" and rules.clear_years.value is not None:
        from_end = rules.clear_counted_from.value == "event_end"
        start = spell.closed_on if from_end else spell.opened_on
        days.append(max(_add_years(start, rules.clear_years.value), spell.closed_on))
    if _is_repaired(spell, policy):
        days.append(_repair_day(spell.closed_on, policy))
    return min(days, default=None)


def _is_repaired(spell: Spell, policy: Policy) -> bool:
    """Whether the one-off repair of a policy covers a closed spell."""
    rules = policy.records
    amount, start = rules.repair_amount_max.value, rules.repair_overdue_from.value
    end, repaid_by = rules.repair_overdue_to.value, rules.repair_repaid_by.value
    if amount is None or start is None or end is None or repaid_by is None:
        return False
    return (
        spell.closed_on is not None
        and spell.currency == policy.currency
        and spell.overdue_max <= amount
        and start <= spell.opened_on <= end
        and spell.closed_on <= repaid_by
    )


def _repair_day(repaid: date, policy: Policy) -> date:
    """Return the day on which a repaired record is gone: the end of the month after repayment."""
    year, month = divmod(repaid.year * 12 + repaid.month, 12)
    last = date(year, month + 1, monthrange(year, month + 1)[1])
    first = policy.records.repair_shown_from.value
    return last if first is None else max(last, first)


def _add_years(day: date, years: int) -> date:
    """Return the anniversary of a day."""
    year = day.year + years
    return day.replace(year=year, day=min(day.day, monthrange(year, day.month)[1]))


def months_kept(policy: Policy) -> int | None:
    """Return how many whole months after the cure a policy keeps history; None for ever.

    Notes
    -----
    For windows, which see months only. Years counted from the beginning of the spell are counted
    from its end here, so at most a spell's length too long; the one-off repair is left out.
    """
    rules = policy.records
    if rules.clear_mode.value == "on_cure":
        return -(-int(rules.clear_delay_days.value) // DAYS_IN_MONTH)
    if rules.clear_mode.value == "after_years" and rules.clear_years.value is not None:
        return int(rules.clear_years.value) * MONTHS_IN_YEAR
    return None


def erase_history(
    tables: Mapping[str, pd.DataFrame], clearances: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Return the canonical tables without the overdue history that was cleared.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Canonical tables by name. They are not changed.
    clearances : DataFrame
        One row per erased account and month: the columns of ``CLEARANCE_COLUMNS``.

    Returns
    -------
    dict of str to DataFrame
        ``statements`` without the months past due and without the payment facts of the cure;
        ``contacts`` without those of either; ``bureau`` without the status of other lenders'
        cleared records, and with ``defaults_ever`` less what they had added. Others as they came.

    Raises
    ------
    DataError
        When a column of the clearances is missing.
    """
    missing = [name for name in CLEARANCE_COLUMNS if name not in clearances.columns]
    if missing:
        raise DataError(
            [Fault("clearances", name, "a column", mend="It is missing.") for name in missing]
        )
    out = dict(tables)
    if clearances.empty:
        return out
    own = clearances[clearances["origin"] == "own"]
    spell, cure = own[own["part"] == "spell"], own[own["part"] == "cure"]
    if "statements" in out:
        out["statements"] = _erase_statements(out["statements"], spell, cure)
    if "contacts" in out:
        contacts = out["contacts"]
        gone = _falls_in(contacts, own, "date")
        if "promise_resolved_month" in contacts.columns:
            gone |= _falls_in(contacts, own, "promise_resolved_month")
        out["contacts"] = contacts[~gone].reset_index(drop=True)
    if "bureau" in out:
        elsewhere = clearances[clearances["origin"] == "elsewhere"]
        out["bureau"] = _erase_bureau(out["bureau"], elsewhere[elsewhere["part"] == "spell"])
    return out


def _erase_statements(
    statements: pd.DataFrame, spell: pd.DataFrame, cure: pd.DataFrame
) -> pd.DataFrame:
    """Return statements without the months of a spell and the payment facts of its cure."""
    kept = statements[~_falls_in(statements, spell, "month")].reset_index(drop=True)
    settled = _falls_in(kept, cure, "month")
    blank = {name: kept[name].mask(settled) for name in PAYMENT_FACTS if name in kept.columns}
    kept = kept.assign(**blank)
    # What counts all statements counts those that are left.
    return with_history(kept) if set(HISTORY_COLUMNS) <= set(kept.columns) else kept


def _erase_bureau(bureau: pd.DataFrame, spell: pd.DataFrame) -> pd.DataFrame:
    """Return a bureau table without the cleared records of other lenders."""
    gone = _falls_in(bureau, spell, "month")
    if not gone.any():
        return bureau
    blank: dict[str, pd.Series] = {}
    if "worst_status_elsewhere" in bureau.columns:
        blank["worst_status_elsewhere"] = bureau["worst_status_elsewhere"].mask(gone)
    if "defaults_ever" in bureau.columns:
        # The count only grows: what grew in an erased month is taken off from there on.
        ordered = bureau.sort_values(["account_id", "month"], kind="stable")
        grown = ordered.groupby("account_id", sort=False)["defaults_ever"].diff().clip(lower=0)
        added = grown.where(pd.Series(gone, index=bureau.index)).fillna(0.0)
        erased = added.groupby(ordered["account_id"], sort=False).cumsum()
        blank["defaults_ever"] = bureau["defaults_ever"] - erased.reindex(bureau.index)
    return bureau.assign(**blank)


def _falls_in(frame: pd.DataFrame, erased: pd.DataFrame, column: str) -> NDArray[np.bool_]:
    """Return which rows fall, by the month of a date column, into an erased account and month."""
    inside = np.zeros(len(frame), np.bool_)
    concerned = np.flatnonzero(frame["account_id"].isin(erased["account_id"].unique()))
    if not len(concerned):
        return inside
    rows = frame.iloc[concerned]
    pairs = pd.MultiIndex.from_arrays([rows["account_id"], _month_start(rows[column])])
    wanted = pd.MultiIndex.from_arrays([erased["account_id"], _month_start(erased["month"])])
    inside[concerned] = pairs.isin(wanted)
    return inside


def _month_start(days: pd.Series) -> NDArray[np.datetime64]:
    """Return the first of the month of each day."""
    return days.to_numpy().astype("datetime64[M]").astype(MONTH_DTYPE)


def forget(windows: Windows, months_after_cure: int | None) -> Windows:
    """Return the windows as they would be had every cured spell been cleared by a policy.

    Training on history that will have been cleared when the model is used teaches it facts that
    it will never see; this lays the same rule over the windows of every observation month.

    Parameters
    ----------
    windows : Windows
        They are not changed.
    months_after_cure : int or None
        Whole months from the cure to the clearing (``months_kept``); None keeps everything.

    Returns
    -------
    Windows
        A spell that was cured ``months_after_cure`` months before the observation month, or
        earlier, is missing from the statements, event sums and status elsewhere.

    Notes
    -----
    A spell that began before the window is seen, and cleared, as far as the window reaches. A
    contact in a spell whose promise was resolved after the cure is kept. A window does not show
    what counts over all statements, nor what ``defaults_ever`` counts: the former are missing,
    the latter is kept.
    """
    if months_after_cure is None:
        return windows
    monthly = dict(windows.monthly)
    late = _late(windows)
    if late is not None:
        spell, cure = _cured(*late, months_after_cure)
        for name in monthly:
            if name in _STATEMENT_NAMES or name in EVENT_SUMS:
                monthly[name] = np.where(spell, np.nan, monthly[name])
            if name in LATENESS_SO_FAR:  # a window does not show what they count
                monthly[name] = np.full_like(monthly[name], np.nan)
            if name in PAYMENT_FACTS or name == "payment_date_days_before_month_end":
                monthly[name] = np.where(cure, np.nan, monthly[name])
            if name in _CONTACT_SUMS:
                monthly[name] = np.where(cure, 0.0, monthly[name])
    if "worst_status_elsewhere" in monthly:
        status = monthly["worst_status_elsewhere"]
        spell, _ = _cured(status >= 1, np.isfinite(status), months_after_cure)
        monthly["worst_status_elsewhere"] = np.where(spell, np.nan, status)
    return replace(windows, monthly=monthly, _derived={})


def _late(windows: Windows) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | None:
    """Return which months were past due and which were known at all; None when neither is."""
    if "days_past_due" in windows:
        days = windows["days_past_due"]
        return days > 0, np.isfinite(days)
    if "repayment_status" in windows:
        status = windows["repayment_status"]
        return status >= 1, np.isfinite(status)
    return None


def _cured(
    late: NDArray[np.bool_], known: NDArray[np.bool_], months_after_cure: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the months of the spells that are cleared, and the months of their cures."""
    n_rows, n_months = late.shape
    rows = np.arange(n_rows)
    spell, cure = np.zeros_like(late), np.zeros_like(late)
    # Walk back from the observation month: the last clean month seen is the cure of a late one.
    clean_at = np.full(n_rows, n_months)
    for month in reversed(range(n_months)):
        cleared = late[:, month] & (n_months - 1 - clean_at >= months_after_cure)
        cleared &= clean_at < n_months
        spell[:, month] = cleared
        cure[rows[cleared], clean_at[cleared]] = True
        clean_at = np.where(known[:, month] & ~late[:, month], month, clean_at)
    return spell, cure
