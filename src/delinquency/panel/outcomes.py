"""Who fell behind: good and bad accounts of a monthly panel, and why the others are left out.

An observation is an account at the end of an observation month. Its outcome is looked for in the
performance window that follows, and nothing of the window is looked at for anything else.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.errors import ChoiceError, DataError, Fault
from delinquency.panel.label_options import LabelOptions
from delinquency.panel.schema import DAYS_A_MONTH, MONTH_DTYPE
from delinquency.panel.window_cells import month_number
from delinquency.panel.windows import Array

NO_STATEMENT = "no days past due known for the observation month"
CHARGED_OFF = "charged off by the observation month"
TOO_LATE = "too late to be scored at the observation month"
SHORT_HISTORY = "history too short"
INCOMPLETE = "performance window incomplete, not bad so far"
INDETERMINATE = "indeterminate: late, but short of bad"
REASONS = (CHARGED_OFF, NO_STATEMENT, TOO_LATE, SHORT_HISTORY, INCOMPLETE, INDETERMINATE)
"""Reasons for leaving an observation out, in the order in which they are looked for."""
KEPT_GOOD, KEPT_BAD = "kept: good", "kept: bad"
LATE_NOW, LATE_SPELLS = "late_now", "late_spells"
SPELLS = (LATE_NOW, LATE_SPELLS)
"""Columns of the labels that tell the late spells around an outcome; known as late as it is."""


@dataclass(frozen=True, eq=False)
class Labels:
    """The outcomes of a panel, and an account of what was left out.

    Attributes
    ----------
    frame : DataFrame
        One row per observation that can be learnt from, sorted by account and month:
        ``account_id, observation_month, bad`` (0 or 1) and ``group_id``; rows of one group never
        straddle a split. ``late_now`` (0 or 1: days past due at the observation) and
        ``late_spells`` (spells of days past due that began afterwards, up to the one that turned
        bad, and early enough to turn bad within the window at a month a month).
    exclusions : DataFrame
        ``reason, rows, accounts, share, known, bad_rate``: every observation under exactly one
        reason, those kept included, so that the rows add up. ``bad_rate`` is the share of bad
        among the ``known`` rows, whose outcome is known all the same; NaN when none is.
    """

    frame: pd.DataFrame
    exclusions: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Panel:
    """Days past due of a panel as a dense array.

    Attributes
    ----------
    accounts : Index of length n_accounts
        Sorted.
    first : int
        First month, as months since 1970-01.
    days : ndarray of shape (n_accounts, n_months)
        Days past due; infinite once charged off; NaN where not known.
    seen : ndarray of shape (n_accounts, n_months), bool
        Whether there is a statement.
    """

    accounts: pd.Index
    first: int
    days: Array
    seen: NDArray[np.bool_]


def month_span(statements: pd.DataFrame) -> tuple[int, int]:
    """Return the first and last month with a statement, as months since 1970-01."""
    month = month_number(statements["month"])
    return int(month.min()), int(month.max())


def dense_panel(statements: pd.DataFrame, *, span: tuple[int, int] | None = None) -> Panel:
    """Return the days past due of all accounts and months as one array.

    Parameters
    ----------
    statements : DataFrame
        Canonical table; ``days_past_due`` is needed, ``charged_off`` is used where present.
    span : tuple of int, optional
        First and last month of the array (``month_span``); those of the statements by default.

    Returns
    -------
    Panel

    Raises
    ------
    DataError
        If the table is empty or has no ``days_past_due``.
    """
    if "days_past_due" not in statements.columns or not len(statements):
        raise DataError(
            Fault(
                "statements", "days_past_due", "a column and at least one row",
                mend="Labels of a panel are made from days past due; map that column.",
            )
        )  # fmt: skip
    codes, names = pd.factorize(statements["account_id"], sort=True)
    month = month_number(statements["month"]).astype(np.int64)
    first, last = span or month_span(statements)
    shape = (len(names), last - first + 1)
    days, seen = np.full(shape, np.nan), np.zeros(shape, np.bool_)
    value = statements["days_past_due"].to_numpy(np.float64)
    if "charged_off" in statements.columns:
        value = np.where(statements["charged_off"].to_numpy(np.float64) == 1, np.inf, value)
    days[codes, month - first] = value
    seen[codes, month - first] = True
    # Once charged off, always charged off: months without a statement afterwards tell nothing new.
    gone = np.logical_or.accumulate(np.isposinf(days), axis=1)
    days[gone] = np.inf
    return Panel(pd.Index(names), first, days, seen)


def observation_months(panel: Panel, options: LabelOptions) -> list[int]:
    """Return the observation months, as months since 1970-01, oldest first.

    Parameters
    ----------
    panel : Panel
    options : LabelOptions
        ``observation_months`` if given, otherwise every ``observation_every``-th month with a
        complete performance window and history, counted back from the last; with
        ``known_by_last`` the last and those whose performance window ends before it.

    Returns
    -------
    list of int

    Raises
    ------
    ChoiceError
        If a month's performance window reaches beyond the data, or no month is left.
    """
    length = panel.days.shape[1]
    earliest = panel.first + options.history_months - 1
    latest = panel.first + length - 1 - options.performance_months
    if options.observation_months:
        given = sorted(
            int(np.datetime64(month, "M").astype(np.int64))
            for month in dict.fromkeys(options.observation_months)
        )
        wrong = [month for month in given if not panel.first <= month <= latest]
        if wrong:
            raise ChoiceError(
                f"data.label.observation_months must lie between {_name(panel.first)} and "
                f"{_name(latest)}, so that {options.performance_months} months follow. "
                f"Got {', '.join(map(_name, wrong))}."
            )
        return given
    if latest < earliest:
        raise ChoiceError(
            f"The statements cover {length} months, from {_name(panel.first)}; labels need at "
            f"least data.label.history_months + data.label.performance_months = "
            f"{options.history_months} + {options.performance_months}. Shorten one of them."
        )
    possible = list(range(latest, earliest - 1, -options.observation_every))[::-1]
    if options.known_by_last:
        known = latest - options.performance_months
        return [month for month in possible if month < known or month == latest]
    return possible


def label_outcomes(
    statements: pd.DataFrame,
    accounts: pd.DataFrame | None = None,
    options: LabelOptions | None = None,
    *,
    span: tuple[int, int] | None = None,
) -> Labels:
    """Tell good and bad accounts apart at every observation month, and count the rest by reason.

    Parameters
    ----------
    statements : DataFrame
        Canonical table, one row per account and month. It is not changed.
    accounts : DataFrame or None
        Canonical table; its ``person_id``, where present, becomes the group.
    options : LabelOptions, optional
        What counts as bad, and when; None for its defaults: 60 days past due within 12 months.
    span : tuple of int, optional
        First and last month of the whole panel (``month_span``) when ``statements`` are only a
        part of it; join the parts with ``join_labels``.

    Returns
    -------
    Labels

    Raises
    ------
    DataError
        If there are no days past due.
    ChoiceError
        If no observation month is possible.

    Notes
    -----
    bad = worst days past due in the months o+1 to o+n reach ``bad_days_past_due``, or charged
    off. good = every month of the window is known and none reaches it (with an indeterminate
    band: none reaches the band). An account whose window breaks off before it turned bad is
    neither. An account counts at o when o lies between its first and last statement.

    Examples
    --------
    >>> import pandas as pd
    >>> from delinquency import LabelOptions, label_outcomes
    >>> months = pd.to_datetime(["2024-01", "2024-02", "2024-03"])
    >>> statements = pd.DataFrame(
    ...     {"account_id": ["a"] * 3 + ["b"] * 3, "month": [*months, *months],
    ...      "days_past_due": [0, 30, 60, 0, 0, 0]}
    ... )
    >>> labels = label_outcomes(statements, options=LabelOptions(performance_months=2))
    >>> labels.frame[["account_id", "bad"]].to_numpy().tolist()
    [['a', 1], ['b', 0]]
    """
    options = options or LabelOptions()
    panel = dense_panel(statements, span=span)
    first_seen, last_seen = _span(panel.seen)
    pieces = []
    for month in observation_months(panel, options):
        at = month - panel.first
        rows = np.flatnonzero((first_seen <= at) & (at <= last_seen))
        pieces.append(_label_month(panel, rows, at, options))
    stacked = pd.concat(pieces, ignore_index=True)
    kept = stacked[stacked["reason"] == ""].sort_values(["account", "month"], kind="stable")
    months = (kept["month"].to_numpy() + panel.first).astype("datetime64[M]").astype(MONTH_DTYPE)
    names = panel.accounts.take(kept["account"])
    frame = pd.DataFrame(
        {
            "account_id": names.astype("str"),
            "observation_month": months,
            "bad": kept["bad"].to_numpy().astype(np.int64),
            "group_id": _groups(names, accounts),
            **{name: kept[name].to_numpy().astype(np.int64) for name in SPELLS},
        }
    )
    return Labels(frame, _exclusions(stacked))


def join_labels(parts: Sequence[Labels]) -> Labels:
    """Return the labels of account-complete parts of a panel as one.

    Parameters
    ----------
    parts : sequence of Labels
        Made with the same options and span; no account is in two of them.

    Returns
    -------
    Labels
        Sorted by account and month.
    """
    frame = pd.concat([part.frame for part in parts], ignore_index=True)
    frame = frame.sort_values(["account_id", "observation_month"], ignore_index=True)
    bad = sum((part.exclusions["bad_rate"] * part.exclusions["known"]).fillna(0) for part in parts)
    total = parts[0].exclusions[["reason"]].copy()
    for name in ("rows", "accounts", "known"):
        total[name] = sum(part.exclusions[name] for part in parts)
    total["share"] = total["rows"] / max(int(total["rows"].sum()), 1)
    total["bad_rate"] = bad / total["known"].where(total["known"] > 0)
    return Labels(frame, total[list(parts[0].exclusions.columns)])


def account_order(account_ids: pd.Series) -> NDArray[np.intp]:
    """Return the positions that put rows in the order of their accounts.

    Numbered accounts come by number (2 before 10), others by text; rows of one account keep
    their order. A numbered file's own order is then kept, so folds drawn with a seed are those
    that anybody else draws from that file with that seed.

    Parameters
    ----------
    account_ids : Series of str, shape (n_rows,)

    Returns
    -------
    ndarray of int, shape (n_rows,)
    """
    order = account_ids.argsort(kind="stable").to_numpy()
    if not account_ids.str.fullmatch("[1-9][0-9]*").all():
        return order
    # Without leading zeros, fewer digits mean a smaller number: no limit of 64 bits applies.
    return order[account_ids.str.len().to_numpy()[order].argsort(kind="stable")]


def _name(month: int) -> str:
    return str(np.datetime64(month, "M"))


def _span(seen: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the first and last month with a statement of every account."""
    return seen.argmax(axis=1), seen.shape[1] - 1 - seen[:, ::-1].argmax(axis=1)


def _label_month(
    panel: Panel, rows: NDArray[np.intp], at: int, options: LabelOptions
) -> pd.DataFrame:
    """Return account, month, outcome (NaN unknown) and reason ("" kept) at one month."""
    now = panel.days[rows, at]
    window = panel.days[rows, at + 1 : at + 1 + options.performance_months]
    worst = np.where(np.isnan(window), -np.inf, window).max(axis=1)
    complete = ~np.isnan(window).any(axis=1)
    bad = worst >= options.bad_days_past_due
    band = options.indeterminate_days_past_due
    between = ~bad & (worst >= band) if band is not None else np.zeros(len(rows), np.bool_)
    outcome = np.where(bad, 1.0, np.where(complete & ~between, 0.0, np.nan))
    charged_off = np.isposinf(now)
    history = panel.seen[rows, : at + 1].sum(axis=1)
    tests = {
        CHARGED_OFF: charged_off,
        NO_STATEMENT: np.isnan(now),
        TOO_LATE: now >= options.eligible_below_days_past_due,
        SHORT_HISTORY: history < options.history_months,
        INCOMPLETE: ~bad & ~complete,
        INDETERMINATE: between,
    }
    reason = np.select(list(tests.values()), list(tests), default="")
    return pd.DataFrame(
        {
            "account": rows,
            "month": at,
            "bad": np.where(charged_off, np.nan, outcome),
            "reason": reason,
            LATE_NOW: now > 0,
            LATE_SPELLS: _late_spells(now, window, options.bad_days_past_due),
        }
    )


def _late_spells(now: Array, window: Array, bad_days: float) -> NDArray[np.intp]:
    """Return how many late spells began in the window, early enough, up to the one turned bad.

    A spell begins with a month past due after one that was not, and needs a month for each 30
    days that bad takes.
    """
    late = window > 0
    before = np.concatenate([(now > 0)[:, None], late[:, :-1]], axis=1)
    begins = late & ~before
    begins[:, max(window.shape[1] - int(bad_days // DAYS_A_MONTH), 0) :] = False
    over = np.zeros(window.shape, np.bool_)
    over[:, 1:] = np.logical_or.accumulate(window >= bad_days, axis=1)[:, :-1]
    return (begins & ~over).sum(axis=1)


def _groups(names: pd.Index, accounts: pd.DataFrame | None) -> pd.Series:
    """Return the person of each row where one is known, otherwise the account."""
    own = pd.Series(names.astype("str"))
    if accounts is None or "person_id" not in accounts.columns:
        return own
    person = accounts.set_index("account_id")["person_id"].reindex(names).reset_index(drop=True)
    return person.where(person.notna(), own).astype("str")


def _exclusions(stacked: pd.DataFrame) -> pd.DataFrame:
    """Return how many observations and accounts each reason took, and their known outcomes."""
    kept = np.where(stacked["bad"] == 1, KEPT_BAD, KEPT_GOOD)
    reason = stacked["reason"].where(stacked["reason"] != "", pd.Series(kept))
    found: Sequence[str] = (*REASONS, KEPT_GOOD, KEPT_BAD)
    records = []
    for name in found:
        chosen = stacked[reason == name]
        outcome = chosen["bad"].to_numpy()
        known = outcome[~np.isnan(outcome)]
        records.append(
            {
                "reason": name,
                "rows": len(chosen),
                "accounts": int(chosen["account"].nunique()),
                "share": len(chosen) / max(len(stacked), 1),
                "known": len(known),
                "bad_rate": float(known.mean()) if len(known) else np.nan,
            }
        )
    return pd.DataFrame(records)
