"""A ready-to-edit YAML for a file that has none: guesses, each marked as one."""

import re
from collections import Counter
from collections.abc import Sequence

from delinquency.sources.guess_titles import title_keys
from delinquency.sources.guesses import (
    QUESTION,
    column_lines,
    guess_label,
    guess_protected,
    guess_trait,
    is_account_name,
)
from delinquency.sources.inspect.column_profile import ColumnProfile
from delinquency.sources.inspect.file_profile import FileProfile
from delinquency.sources.inspect.label_suspicions import months_aside
from delinquency.sources.inspect.suspected_codes import code_text
from delinquency.sources.name_words import quoted, words_of

LEAST_WINDOW, MOST_WINDOW = 3, 12
MANY_COLUMNS = 3
"""Columns from which a negative code is asked about once for the whole table."""
CLEAR = 0.03
"""How far from 0.5 an AUC must lie to contradict a guessed direction."""
CODE_WORDS = "missing, not_applicable or capped"
GOOD_WORDS = {"good", "paid", "performing", "current", "non-default", "nondefault", "0"}
BAD_WORDS = {"bad", "default", "defaulted", "charged off", "non-performing", "delinquent"}
YES, NO = {"1", "yes", "y", "true", "t", "1.0"}, {"0", "no", "n", "false", "f", "0.0"}
GOOD_NAME = re.compile(
    r"\b(good|repaid|paid back|nondefault|no[nt]? default|on time|(?<!non )performing)\b"
)
"""Names of labels whose yes is good."""
MOSTLY_TWO, FEW_VALUES = 0.9, 6
"""Share of the rows that a label's two values hold at least, and the most values it has."""
MOST_MONTHS = 240
LENGTH_WORDS = {"in", "since", "residence", "employed", "job", "open", "opened", "tenure", "on"}
"""Words that speak of a length of time, not of a month."""
MONTH_WORDS = ("month", "months", "date", "period", "ym", "asof", "snapshot")
LATE_WORDS = ("dpd", "status", "overdue", "delinquency", "arrears", "bucket")
ROLE_WORDS = {
    "balance": ("balance", "bal", "bill", "owed"),
    "payment": ("payment", "paid", "pay", "pmt"),
    "credit_limit": ("limit",),
    "minimum_due": ("minimum", "due"),
    "purchases": ("purchase", "purchases", "spend"),
}


def draft_yaml(profile: FileProfile, name: str, path: str) -> str:
    """Return a draft of ``conf/data/<name>.yaml``.

    Parameters
    ----------
    profile : FileProfile
        Of a file without a mapping.
    name, path : str
        Name for the data set, and path of the file.

    Returns
    -------
    str
        A panel's mapping when accounts repeat and a column speaks of months, otherwise a
        table's.
    """
    by_name = {column.name: column for column in profile.columns}
    account = by_name.get(profile.key[0]) or _account(profile)
    month = by_name.get(profile.key[1]) or next(
        (c for c in profile.columns if _of_months(c)), None
    )
    repeats = account is not None and account.n_distinct < 0.9 * profile.n_rows
    head = [
        f"# A draft for {profile.where} ({profile.n_rows:,} rows), made by stage=inspect.",
        "# Every guess is marked: confirm or correct it, and delete the marks.",
    ]
    if repeats and month is not None and account is not None:
        return "\n".join([*head, *_panel(profile, account, month, name=name, path=path)]) + "\n"
    return "\n".join([*head, *_table(profile, account, name=name, path=path)]) + "\n"


def label_of(columns: Sequence[ColumnProfile], n_rows: int) -> str:
    """Return the column that may be the label: two values, or two and a few odd cells; "" if none.

    Good and bad in words are a label whatever the column is called.
    """
    for column in columns:
        words = {value.lower() for value, _ in column.top}
        if column.n_distinct == 2 and words <= GOOD_WORDS | BAD_WORDS and words & BAD_WORDS:
            return column.name
    binary = [column.name for column in columns if column.n_distinct == 2]
    label = guess_label([column.name for column in columns], binary)
    if label in binary:
        return label
    for column in columns:
        nearly = sum(count for _, count in column.top[:2]) >= MOSTLY_TWO * n_rows
        named = guess_label([column.name], [column.name]) and guess_label([column.name], [])
        told = set(words_of(column.name)) & {"default", "bad", "target", "label", "delinquent"}
        if nearly and 2 < column.n_distinct <= FEW_VALUES and (named or told):
            return column.name
    return ""


def _of_months(column: ColumnProfile) -> bool:
    """Return whether a column may hold the month of a row, not a length of time in months."""
    words = set(words_of(column.name))
    if not words & set(MONTH_WORDS) or words & LENGTH_WORDS:
        return False
    if column.kind == "date" or column.month_style:
        return True
    if column.kind != "number" or column.minimum is None or column.maximum is None:
        return False
    written = column.minimum >= 190_001 and column.maximum <= 220_012
    counted = column.maximum <= 0 or (column.minimum >= 0 and column.maximum <= MOST_MONTHS)
    return written or counted


def _account(profile: FileProfile) -> ColumnProfile | None:
    """Return the column that may name the account."""
    named = [c for c in profile.columns if is_account_name(c.name) and c.n_missing == 0]
    return max(named, key=lambda c: c.n_distinct, default=None)


def _panel(
    profile: FileProfile, account: ColumnProfile, month: ColumnProfile, *, name: str, path: str
) -> list[str]:
    """Return the lines of a panel's mapping."""
    roles = {"account_id": account.name, "month": month.name}
    others = [c for c in profile.columns if c.name not in (account.name, month.name)]
    late = next((c for c in others if set(words_of(c.name)) & set(LATE_WORDS)), None)
    if late is not None:
        roles["days_past_due"] = late.name
    for role, marks in ROLE_WORDS.items():
        found = next(
            (c for c in others if set(words_of(c.name)) & set(marks) and c.kind == "number"), None
        )
        if found is not None and found.name not in roles.values():
            roles[role] = found.name
    lines = [*_opening("panel", name), *_text_lines(profile)]
    lines += ["tables:", "  statements:", f"    path: {quoted(path)}", "    columns:  # guesses"]
    lines += [f"      {role}: {quoted(column)}" for role, column in roles.items()]
    lines += ["    formats:", f"      month: {_month_format(month)}  # guessed"]
    if late is not None and (late.kind == "text" or (late.maximum or 0) < 10):
        lines += [
            "    codes:  # days past due of each code: 0 also for 'nothing owed'; null = not known"
        ]
        values = ", ".join(f"{quoted(value)}: '???'" for value, _ in late.top)
        lines += [f"      days_past_due: {{{values}}}", "      # and any code not shown here"]
        if {"X", "C"} <= {value.upper() for value, _ in late.top}:
            lines += [
                "    # X (no loan) and C (paid off) both owe nothing: to keep them apart, map it",
                "    # to repayment_status too (-2 no use, -1 paid in full, k behind).",
            ]
    unused = [c.name for c in others if c.name not in roles.values()]
    if unused:
        lines += [f"    # not mapped: {', '.join(unused)}"]
    n_months = month.n_distinct
    window = min(MOST_WINDOW, max(LEAST_WINDOW, n_months // 2))
    ahead = min(MOST_WINDOW, max(1, n_months - window - 1))
    lines += [
        f"window_months: {window}  # of {n_months} months in the file",
        *(
            ["whole_history: true  # count lateness over all months up to an observation too"]
            if late is not None and n_months > window
            else []
        ),
        "label:",
        "  bad_days_past_due: 60",
        f"  performance_months: {ahead}  # what the history leaves; 12 is usual",
        f"  history_months: {min(LEAST_WINDOW, window)}",
    ]
    return lines


def _table(
    profile: FileProfile, account: ColumnProfile | None, *, name: str, path: str
) -> list[str]:
    """Return the lines of a ready-made table's mapping."""
    names = [column.name for column in profile.columns]
    label = label_of(profile.columns, profile.n_rows)
    lines = [*_opening("table", name), f"path: {quoted(path)}"]
    unique = account is not None and account.n_distinct == profile.n_rows
    if account is not None and unique and account.name and account.name != label:
        lines.append(f"account_column: {quoted(account.name)}  # guessed")
    by_name = {column.name: column for column in profile.columns}
    if label:
        values = [value for value, _ in by_name[label].top]
        bad = bad_value(values[:2], label)
        good = [value for value in values[:2] if value != bad]
        odd = ", ".join(quoted(v) for v in values[2:])
        doubt = "; ".join(f.text for f in profile.findings if "wrong way round" in f.text)
        lines.append(
            f"outcome: {{column: {quoted(label)}, bad: [{quoted(bad)}], "
            f"good: [{', '.join(quoted(v) for v in good)}]"
            f"{f', leave_out: [{odd}]' if odd else ''}}}  # guessed{f'; {doubt}' if doubt else ''}"
        )
    else:
        lines.append("outcome: {column: '???'}")
    lines += _text_lines(profile)
    shared = _shared_codes(profile)
    if shared:
        asked = ", ".join(f"{code_text(code)}: {QUESTION}" for code in shared)
        lines.append(f"special: {{{asked}}}  # {CODE_WORDS}; holds for every column")
    families = months_aside(names)
    if families:
        shown = "; ".join(", ".join(members) for members in families.values())
        lines += [
            f"# Months side by side? {shown}",
            "# As a panel they give trends: wide, wide_months (conf/data/taiwan_as_panel.yaml).",
        ]
    if repeated := profile.duplicates.get("rows_repeating_another", 0):
        lines.append(f"group_equal_rows: true  # {repeated:,} rows repeat another")
    used = {label, account.name if account is not None and unique else ""}
    empty = [c.name for c in profile.columns if not c.name]
    if empty:
        lines.append("ignored: {'': row number}")
    left = [n for n in names if n and n not in used]
    text = [n for n in left if by_name[n].kind == "text" and not guess_protected(n)]
    known = column_lines(
        [n for n in left if n not in text],
        extras={n: more for n in left if (more := _more(by_name[n], shared, profile))},
        doubts={n: doubt for n in left if (doubt := _doubt(by_name[n]))},
    )
    names_lines = [
        f"  {quoted(n)}: {{trait: {QUESTION}, categorical: true, {title_keys(n)}}}"
        "  # names, not quantities"
        for n in text
    ]
    columns, mark, protected = known.partition("protected:")
    lines += [columns.rstrip("\n") or "columns:", *names_lines]
    return [*lines, mark + protected] if mark else lines


def _text_lines(profile: FileProfile) -> list[str]:
    """Return the line that says how the file is written, where it is not the usual way."""
    keys, notes = [], []
    if profile.text.decimal != ".":
        keys.append(f"decimal: {quoted(profile.text.decimal)}")
    if profile.text.thousands:
        keys.append(f"thousands: {quoted(profile.text.thousands)}")
    if keys:
        notes.append("guessed from its numbers")
    if profile.header:
        keys.append(f"header: [{', '.join(quoted(name) for name in profile.header)}]")
        notes.append("the file has none: write the true names")
    return [f"text: {{{', '.join(keys)}}}  # {'; '.join(notes)}"] if keys else []


def _shared_codes(profile: FileProfile) -> list[float]:
    """Return the negative codes of many columns, which mean the same in all of them, as a rule."""
    counts = Counter(code for c in profile.columns for code, _ in c.codes if code < 0)
    return sorted(code for code, n in counts.items() if n >= MANY_COLUMNS)


def _more(column: ColumnProfile, shared: list[float], profile: FileProfile) -> str:
    """Return further keys of a column's entry: its own codes, and the base of a ratio."""
    keys = []
    own = [code for code, _ in column.codes if code not in shared]
    if own:
        listed = ", ".join(f"{code_text(code)}: {QUESTION}" for code in own)
        keys.append(f"special: {{{listed}}}")
    if base := profile.ratios.get(column.name):
        keys.append(f"ratio_to: {quoted(base)}")
    return ", ".join(keys)


def _doubt(column: ColumnProfile) -> str:
    """Return a remark when the file's own order contradicts the guessed direction."""
    direction = guess_trait(column.name).direction
    if column.auc is None or direction == 0 or (column.auc - 0.5) * direction > -CLEAR:
        return ""
    more = "more" if column.auc > 0.5 else "fewer"
    return f"but here higher values go with {more} bad accounts: check the direction"


def _opening(kind: str, name: str) -> list[str]:
    return [
        "defaults:",
        f"  - {kind}_data",
        "  - _self_",
        f"name: {name}",
        "title: ''",
        "currency: ''",
    ]


def bad_value(values: list[str], label: str = "") -> str:
    """Return which of two label values means bad: a telling word, else the rarer one.

    Parameters
    ----------
    values : list of str
        The more frequent one first.
    label : str
        Name of the column: a yes to ``repaid`` is good.
    """
    told = BAD_WORDS | (NO if GOOD_NAME.search(" ".join(words_of(label))) else YES)
    return next((value for value in values if value.lower() in told), values[-1])


def _month_format(month: ColumnProfile) -> str:
    """Return how a month column seems to be written."""
    if month.month_style:
        return "iso" if month.month_style == "iso" else f'"{month.month_style}"'
    if month.maximum is not None and month.minimum is not None:
        if month.maximum <= 0:
            return "offset"
        if month.maximum < 600:
            return "months_ago"
    return "iso"
