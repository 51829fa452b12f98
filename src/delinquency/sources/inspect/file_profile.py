"""The profile of one file against its mapping: columns, duplicates, label rates, suspects."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from delinquency.sources.inspect.column_profile import (
    RATIO_JUMP,
    ColumnProfile,
    ColumnValues,
    column_values,
    describe,
    orders_the_file,
    rank_auc,
)
from delinquency.sources.inspect.findings import Finding, Roles
from delinquency.sources.inspect.label_suspicions import (
    aside_findings,
    direction_findings,
    only_of_bad_rows,
    together_findings,
)
from delinquency.sources.inspect.number_marks import mark_findings
from delinquency.sources.inspect.panel_shape import panel_key
from delinquency.sources.inspect.suspected_codes import code_text
from delinquency.sources.reading.mapping_options import TextOptions
from delinquency.sources.reading.raw_table import RawTable

LEAK_AUC = 0.9
"""A single column that ranks this well knows the outcome."""
LEAK_ROWS = 20
NEAR_UNIQUE = 0.95
DRIFT = 0.15
"""Difference between the first and last third of a file that is worth a look."""
MAX_SEGMENTS = 12
AFTER_LABEL_AUC = 0.85
AFTER_LABEL_WORDS = ("recover", "collection", "chargeoff", "writtenoff", "writeoff", "closure")
UNKNOWN_MONTHS = 0.02
"""Share of a panel's rows without known lateness that is worth a look."""
SEVERITIES = ("stop", "look", "note")


@dataclass(frozen=True)
class Rate:
    """How many rows a month or segment has, and which share of them is bad."""

    of: str
    value: str
    n_rows: int
    bad_rate: float


@dataclass(frozen=True)
class FileProfile:
    """All that was found in one file.

    Attributes
    ----------
    where, digest : str
    n_rows, n_columns : int
    n_bad : int or None
    bad_rate : float or None
    columns : tuple of ColumnProfile
    duplicates : dict of str to int
    rates : tuple of Rate
    findings : tuple of Finding
    repairs : dict of str to int
    ratios : dict of str to str
        Column that seems to turn into an amount -> column that is missing where it does.
    header : tuple of str
        Stand-in names of the columns of a file without a header.
    key : tuple of str and str
        Columns that may be account and month of a panel; empty texts where the file is none.
    text : TextOptions
        How its numbers are written.
    """

    where: str
    digest: str
    n_rows: int
    n_columns: int
    n_bad: int | None
    bad_rate: float | None
    columns: tuple[ColumnProfile, ...]
    duplicates: dict[str, int]
    rates: tuple[Rate, ...]
    findings: tuple[Finding, ...]
    repairs: dict[str, int]
    ratios: dict[str, str] = field(default_factory=dict)
    header: tuple[str, ...] = ()
    key: tuple[str, str] = ("", "")
    text: TextOptions = field(default_factory=TextOptions)


def profile_file(
    raw: RawTable, roles: Roles | None = None, text: TextOptions | None = None
) -> FileProfile:
    """Return the profile of a file.

    Parameters
    ----------
    raw : RawTable
    roles : Roles, optional
        What the mapping makes of the columns.
    text : TextOptions, optional
        How numbers are written.

    Returns
    -------
    FileProfile
    """
    roles = roles or Roles()
    text = text or TextOptions()
    names = raw.cells.column_names
    values = {name: column_values(raw.cells[name], text) for name in names}
    columns = tuple(
        describe(name, roles.by_column.get(name, ""), values[name], _label_for(name, roles))
        for name in names
    )
    duplicates, repeated = _duplicates(values, roles)
    ratios, turning = _ratio_findings([c for c in columns if c.name not in roles.ratios], values)
    findings = [
        *_role_findings(columns, roles),
        *_unknown_months(roles),
        *(leaks := _leak_findings(columns, values, roles)),
        *direction_findings(columns, values, roles),
        *(
            []
            if any(one.severity == "stop" for one in leaks)
            else together_findings(columns, values, roles)
        ),
        *aside_findings(names, roles),
        *_column_findings(columns, values, roles),
        *mark_findings(columns, values, text),
        *turning,
        *repeated,
        *_order_findings(values, roles, raw.cells.num_rows),
    ]
    findings.sort(key=lambda one: SEVERITIES.index(one.severity))
    known = None if roles.bad is None else roles.bad[~np.isnan(roles.bad)]
    return FileProfile(
        where=raw.where,
        digest=raw.digest,
        n_rows=raw.cells.num_rows,
        n_columns=len(names),
        n_bad=None if known is None else int(known.sum()),
        bad_rate=None if known is None or not len(known) else float(known.mean()),
        columns=columns,
        duplicates=duplicates,
        rates=_rates(values, columns, roles),
        findings=tuple(findings),
        repairs=dict(raw.repairs),
        ratios=ratios,
        key=panel_key(columns, values, raw.cells.num_rows),
        text=text,
    )


def _label_for(name: str, roles: Roles) -> np.ndarray | None:
    """Return the label to rank a column against; none for the label itself and for keys."""
    if roles.by_column.get(name) in ("label", "account", "month", "person", "ignored"):
        return None
    return roles.bad


def _role_findings(columns: tuple[ColumnProfile, ...], roles: Roles) -> list[Finding]:
    """Find columns without a role, and roles without a column."""
    found = []
    if roles.by_column and roles.complete:
        loose = [column.name for column in columns if not column.role]
        if loose:
            text = f"{len(loose)} without a role: {', '.join(loose[:20])}"
            mend = "Give each a trait, or name it in 'protected' or 'ignored'."
            found.append(Finding("stop", "", text, mend))
    present = {column.name for column in columns}
    for name, role in roles.by_column.items():
        if name not in present:
            found.append(
                Finding("stop", name, f"mapped as {role}, but the file has no such column")
            )
    known = None if roles.bad is None else roles.bad[~np.isnan(roles.bad)]
    if known is not None and len(set(known.tolist())) < 2:
        found.append(Finding("stop", roles.column("label"), "the label is the same in every row"))
    if known is not None and 0 < min(known.sum(), len(known) - known.sum()) < 100:
        n_fewer = int(min(known.sum(), len(known) - known.sum()))
        text = f"only {n_fewer} rows of the rarer kind: estimates will be wide"
        found.append(Finding("look", roles.column("label"), text))
    return found


def _unknown_months(roles: Roles) -> list[Finding]:
    """Find months of a panel whose lateness is not known: they cannot prove an account good."""
    if roles.bad is None or roles.complete or roles.month is None:
        return []
    share = float(np.isnan(roles.bad).mean())
    if share <= UNKNOWN_MONTHS:
        return []
    text = (
        f"lateness is not known in {share:.1%} of rows: such a month cannot prove an account good"
    )
    mend = "Give a code for 'nothing owed' the value 0; null only where nothing is known."
    return [Finding("look", roles.column("label"), text, mend)]


def _leak_findings(
    columns: tuple[ColumnProfile, ...], values: dict[str, ColumnValues], roles: Roles
) -> list[Finding]:
    """Find columns that may know the outcome."""
    if roles.of_the_month:
        return []
    found = []
    for column in columns:
        if column.auc is not None and max(column.auc, 1 - column.auc) > LEAK_AUC:
            text = f"alone ranks bad and good with AUC {column.auc:.3f}: it may know the outcome"
            found.append(
                Finding("stop", column.name, text, "Ignore it unless it is known before.")
            )
        if roles.bad is None or column.role in ("label", "account", "month", "ignored"):
            continue
        known = ~np.isnan(roles.bad)
        filled = (values[column.name].ids >= 0)[known]
        bad = roles.bad[known] == 1
        in_bad, in_good = int(filled[bad].sum()), int(filled[~bad].sum())
        one_sided = min(in_bad, in_good) == 0 and max(in_bad, in_good) >= LEAK_ROWS
        auc = rank_auc(filled.astype(float), bad.astype(float))
        telling = auc is not None and max(auc, 1 - auc) > AFTER_LABEL_AUC
        if one_sided or telling:
            text = f"filled in {in_bad:,} bad and {in_good:,} good rows: it may exist only after"
            found.append(Finding("stop", column.name, text + " the outcome", "Ignore it."))
        elif told := only_of_bad_rows(values[column.name], roles.bad):
            found.append(Finding("stop", column.name, told, "Ignore it."))
        joined = "".join(c for c in column.name.lower() if c.isalpha())
        if any(word in joined for word in AFTER_LABEL_WORDS):
            text = "its name speaks of what follows an outcome"
            found.append(Finding("look", column.name, text))
    return found


def _column_findings(
    columns: tuple[ColumnProfile, ...], values: dict[str, ColumnValues], roles: Roles
) -> list[Finding]:
    """Find constant, near-unique, half-numeric and coded columns, and drift along the file."""
    found = []
    for column in columns:
        n_rows = len(values[column.name].ids)
        key = column.role in ("account", "account_id", "month", "person", "ignored", "person_id")
        if column.kind == "empty":
            found.append(Finding("look", column.name, "every cell is empty"))
        elif column.n_distinct == 1 and column.role not in ("month", "observation_month"):
            text = f"the same value in every filled row: {column.top[0][0]!r}"
            found.append(Finding("look", column.name, text))
        numbers = values[column.name].numbers
        whole = numbers is None or bool(np.all(np.nan_to_num(numbers) % 1 == 0))
        ordering = orders_the_file(numbers)
        if ordering and not key:
            text = "different in every row and ordered like the file: a row number or a date?"
            found.append(Finding("look", column.name, text, "Ignore it, or use it as account."))
        elif column.n_distinct > NEAR_UNIQUE * n_rows and whole and n_rows >= 50 and not key:
            text = f"nearly every row has its own value ({column.n_distinct:,})"
            found.append(Finding("look", column.name, text, "Identifiers are no features."))
        if column.n_not_numbers and column.name not in roles.coded and column.role != "label":
            text = f"{column.n_not_numbers:,} cells of a column of numbers are none"
            mend = "State how numbers are written (text.decimal, text.thousands), or the codes."
            found.append(Finding("stop" if column.role else "look", column.name, text, mend))
        stated = roles.stated.get(column.name, frozenset())
        if codes := [(code, count) for code, count in column.codes if code not in stated]:
            listed = ", ".join(f"{code_text(code)} ({count:,} rows)" for code, count in codes)
            mend = "Say what they mean in 'special': missing, not_applicable or capped."
            found.append(Finding("look", column.name, f"may hold codes: {listed}", mend))
        if column.drift is not None and column.drift > DRIFT and not ordering and not key:
            text = f"its distribution moves along the file (distance {column.drift:.2f})"
            found.append(Finding("look", column.name, text))
    return found


def _ratio_findings(
    columns: list[ColumnProfile], values: dict[str, ColumnValues]
) -> tuple[dict[str, str], list[Finding]]:
    """Find ratios that turn into amounts where another column is missing."""
    numeric = {c.name: v for c in columns if (v := values[c.name].numbers) is not None}
    partly = [c.name for c in columns if c.name in numeric and c.n_missing > 0]
    bases: dict[str, str] = {}
    found = []
    for base in partly:
        gone = np.isnan(numeric[base])
        for name, numbers in numeric.items():
            if name == base:
                continue
            without, with_base = numbers[gone & ~np.isnan(numbers)], numbers[~gone]
            with_base = with_base[~np.isnan(with_base)]
            if len(without) < LEAK_ROWS or len(with_base) < LEAK_ROWS:
                continue
            usual = float(np.median(np.abs(with_base)))
            if usual > 0 and np.median(np.abs(without)) > RATIO_JUMP * usual:
                text = (
                    f"median {np.median(without):,.6g} where {base} is missing, "
                    f"{np.median(with_base):,.6g} elsewhere: a ratio that turns into an amount?"
                )
                found.append(Finding("look", name, text, f"State ratio_to: {base}."))
                bases.setdefault(name, base)
    return bases, found


def _duplicates(
    values: dict[str, ColumnValues], roles: Roles
) -> tuple[dict[str, int], list[Finding]]:
    """Count repeated rows and accounts, and equal features that carry both labels."""
    codes = pd.DataFrame({name: one.ids for name, one in values.items()})
    keys = [n for n, role in roles.by_column.items() if role in ("account", "account_id")]
    label = roles.column("label")
    body = codes.drop(columns=[c for c in keys if c in codes])
    months = [n for n, role in roles.by_column.items() if role in ("month", "observation_month")]
    # Months of a panel are alike by nature, and their keys are what must differ.
    counts = {} if months and keys else {"rows_repeating_another": int(body.duplicated().sum())}
    found = []
    key = [name for name in [*keys, *months] if name in codes]
    if keys and key:
        counts["rows_repeating_a_key"] = int(codes.duplicated(key).sum())
        if counts["rows_repeating_a_key"]:
            text = f"{counts['rows_repeating_a_key']:,} rows repeat their key ({', '.join(key)})"
            found.append(Finding("stop", key[0], text))
    features = [n for n in body if n != label and roles.by_column.get(n) != "ignored"]
    once = not counts.get("rows_repeating_a_key") and not months
    if roles.bad is not None and label in codes and features and once:
        group = body.groupby(features, sort=False).ngroup()
        spread = pd.Series(roles.bad).groupby(group.to_numpy()).agg(["min", "max"])
        counts["rows_repeating_features"] = int(len(group) - group.max() - 1)
        counts["feature_vectors_with_both_labels"] = int((spread["min"] < spread["max"]).sum())
        if counts["rows_repeating_features"]:
            text = (
                f"{counts['rows_repeating_features']:,} rows repeat the features of another; "
                f"{counts['feature_vectors_with_both_labels']:,} such sets carry both labels"
            )
            mend = "data.group_equal_rows=true keeps them on one side of every split."
            found.append(Finding("note", "", text, mend))
    return counts, found


def _order_findings(values: dict[str, ColumnValues], roles: Roles, n_rows: int) -> list[Finding]:
    """Find a label rate that moves along the file."""
    if roles.bad is None or n_rows < 300:
        return []
    third = n_rows // 3
    first, last = np.nanmean(roles.bad[:third]), np.nanmean(roles.bad[-third:])
    spread = np.sqrt(np.nanmean(roles.bad) * (1 - np.nanmean(roles.bad)) * 2 / third)
    if abs(first - last) <= 4 * spread:
        return []
    text = f"the bad rate moves along the file: first third {first:.2%}, last third {last:.2%}"
    return [Finding("look", roles.column("label"), text, "Never split by file order.")]


def _rates(
    values: dict[str, ColumnValues], columns: tuple[ColumnProfile, ...], roles: Roles
) -> tuple[Rate, ...]:
    """Return the bad rate by month and by the segments of columns with few names."""
    if roles.bad is None:
        return ()
    rates = []
    if roles.month is not None:
        rates += _rates_of("month", pd.Series(roles.month), roles.bad)
    for column in columns:
        few = 1 < column.n_distinct <= MAX_SEGMENTS
        wanted = column.kind == "text" or column.role in ("protected", "sex", "marital_status")
        if not few or not wanted or column.role in ("label", "account", "month", "ignored"):
            continue
        one = values[column.name]
        names = np.array([*one.distinct, "(missing)"], dtype=object)[one.ids]
        rates += _rates_of(column.name, pd.Series(names), roles.bad)
    return tuple(rates)


def _rates_of(of: str, segments: pd.Series, bad: np.ndarray) -> list[Rate]:
    table = pd.Series(bad).groupby(segments.to_numpy()).agg(["size", "mean"])
    return [
        Rate(of, str(value), int(row["size"]), float(row["mean"]))
        for value, row in table.iterrows()
        if not np.isnan(row["mean"])
    ]
