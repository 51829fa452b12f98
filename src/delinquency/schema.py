"""The canonical tables: every source is recast into these, and only these are read further on.

A table is declared once, as ``Column`` facts; pandera does the checking, and every fault of every
column is collected before one ``DataError`` is raised.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
import pandas as pd

from delinquency.errors import ChoiceError, DataError, Fault
from delinquency.registry import Registry

Kind = Literal["text", "month", "date", "number", "integer", "flag"]

MONTH_DTYPE = "datetime64[ms]"
"""Months and dates; milliseconds are what Parquet keeps, so that a round trip changes nothing."""
FIRST_MONTH, LAST_MONTH = np.datetime64("1970-01"), np.datetime64("2100-12")
EXAMPLES = 3


@dataclass(frozen=True)
class Column:
    """One column of a canonical table.

    Attributes
    ----------
    name : str
    kind : {"text", "month", "date", "number", "integer", "flag"}
        A month is its first day. An integer or flag with missing values is a float with NaN.
    meaning : str
        What the column holds, for the docs.
    unit : str
        "account currency", "days", "count", "0/1", ...
    required : bool
        Must be present, and must not be missing in any row.
    minimum, maximum : float or None
        Inclusive bounds of numbers.
    choices : tuple of str
        For text: the values allowed; empty for any.
    protected : bool
        A protected attribute: never enters a model or a reason; kept for fairness checks.
    """

    name: str
    kind: Kind
    meaning: str
    unit: str = ""
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    protected: bool = False


@dataclass(frozen=True)
class Table:
    """A canonical table: its columns, and the columns that make a row unique."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __getitem__(self, name: str) -> Column:
        return {column.name: column for column in self.columns}[name]

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of all columns, present or not."""
        return tuple(column.name for column in self.columns)


def _account() -> Column:
    return Column("account_id", "text", "Pseudonymous account number", required=True)


def _month(meaning: str) -> Column:
    return Column("month", "month", meaning, "month", required=True)


def _arrival() -> Column:
    return Column(
        "arrival_month",
        "month",
        "Month at whose end the row was known to the lender; the row's own month if absent",
        "month",
    )


def _money(name: str, meaning: str, *, minimum: float | None = 0.0) -> Column:
    return Column(name, "number", meaning, "account currency", minimum=minimum)


def _count(name: str, meaning: str) -> Column:
    return Column(name, "integer", meaning, "count", minimum=0)


def _flag(name: str, meaning: str) -> Column:
    return Column(name, "flag", meaning, "0/1", minimum=0, maximum=1)


STATEMENTS = Table(
    "statements",
    "One row per account and month: the card statement.",
    (
        _account(),
        _month("Month of the statement"),
        _arrival(),
        _money("credit_limit", "Credit limit at the statement date"),
        _money("balance", "Statement balance; below 0 when overpaid", minimum=None),
        _money("minimum_due", "Minimum payment that this statement asks for"),
        _money("payment", "Paid since the previous statement, and so towards that one"),
        Column("payment_date", "date", "Day of the first payment since the previous statement"),
        Column("due_date", "date", "Day by which the statement before had to be paid"),
        _money("purchases", "Purchases since the previous statement"),
        _money("cash_advances", "Cash advances since the previous statement"),
        _money("interest", "Interest charged on this statement"),
        _money("fees", "Fees charged on this statement"),
        Column(
            "days_past_due",
            "number",
            "Days since the earliest unpaid minimum fell due",
            "days",
            minimum=0,
            maximum=36_500,
        ),
        Column(
            "repayment_status",
            "integer",
            "-2 no use, -1 paid in full, 0 revolving, k = k months behind",
            "months",
            minimum=-2,
            maximum=120,
        ),
        _flag("autopay", "Whether autopay was on"),
        _flag("charged_off", "Whether the account has been charged off"),
    ),
    key=("account_id", "month"),
)
ACCOUNTS = Table(
    "accounts",
    "One row per account: what is known from the application, and protected attributes.",
    (
        _account(),
        Column("person_id", "text", "Pseudonymous person, when one holds several accounts"),
        Column("opened_month", "month", "Month in which the account was opened", "month"),
        _money("application_income", "Monthly income stated at application"),
        Column(
            "education_level",
            "integer",
            "1 high school, 2 university, 3 graduate school; missing = other or not documented",
            "level",
            minimum=1,
            maximum=3,
        ),
        _flag("no_information", "Every bill is zero: the account says next to nothing"),
        Column("sex", "text", "Sex, as the source codes it", protected=True),
        Column("age", "number", "Age", "years", minimum=0, maximum=130, protected=True),
        Column("marital_status", "text", "Marital status", protected=True),
        Column("region", "text", "Region of residence", protected=True),
    ),
    key=("account_id",),
)
CASHFLOWS = Table(
    "cashflows",
    "One row per account and month: the current account beside the card.",
    (
        _account(),
        _month("Month of the flows"),
        _arrival(),
        _money("salary", "Salary credits"),
        _money("benefits", "Benefit credits"),
        _money("deposit_balance", "Deposit balance at the end of the month", minimum=None),
        _money("essential_outgoings", "Rent, food, utilities, health and transport"),
        _money("other_outgoings", "All other outgoings"),
        Column(
            "salary_day", "integer", "Day of the month of the salary credit", minimum=1, maximum=31
        ),
        Column(
            "regional_unemployment",
            "number",
            "Published unemployment rate of the region",
            "percent",
            minimum=0,
            maximum=100,
        ),
    ),
    key=("account_id", "month"),
)
BUREAU = Table(
    "bureau",
    "One row per account and month: the person's credit elsewhere, as a bureau reports it.",
    (
        _account(),
        _month("Month that the report describes"),
        _arrival(),
        _count("open_trades", "Open credit lines at other lenders"),
        _count("open_cards", "Of these, revolving"),
        _count("maxed_cards", "Of these, used to 95 % of the limit and more"),
        _money("other_balance", "Balances at other lenders"),
        _money("other_instalments", "Monthly instalments and minimum payments elsewhere"),
        Column(
            "worst_status_elsewhere",
            "integer",
            "Months behind on the worst other line",
            "months",
            minimum=0,
            maximum=120,
        ),
        _count("enquiries", "Credit enquiries in the month"),
        _count("defaults_ever", "Defaults and write-offs on file"),
        Column("oldest_trade_months", "number", "Age of the oldest line", "months", minimum=0),
    ),
    key=("account_id", "month"),
)
TRANSACTIONS = Table(
    "transactions",
    "One row per card transaction.",
    (
        _account(),
        Column("date", "date", "Day of the transaction", required=True),
        _arrival(),
        Column("amount", "number", "Amount", "account currency", required=True, minimum=0),
        Column("category", "text", "Merchant category", required=True),
        _flag("promotion", "Bought under a promotion"),
        _flag("instalment", "Bought on instalments"),
        _flag("cash_advance", "A cash advance"),
    ),
)
CONTACTS = Table(
    "contacts",
    "One row per contact between lender and customer.",
    (
        _account(),
        Column("date", "date", "Day of the contact", required=True),
        _arrival(),
        Column(
            "channel",
            "text",
            "How",
            required=True,
            choices=("phone", "email", "letter", "sms", "app", "visit"),
        ),
        _flag("inbound", "The customer began it"),
        _flag("right_party", "The customer was reached"),
        _flag("promise", "A payment was promised"),
        Column(
            "promise_kept",
            "flag",
            "Whether the promise was kept; missing while open",
            "0/1",
            minimum=0,
            maximum=1,
        ),
        Column(
            "promise_resolved_month",
            "month",
            "Month in which the promise was found kept or broken",
            "month",
        ),
        _flag("dispute", "A dispute or complaint; routes to resolution, never scored"),
    ),
)
OUTCOMES = Table(
    "outcomes",
    "One row per account and observation month: what came after, when the source itself says so.",
    (
        _account(),
        Column(
            "observation_month",
            "month",
            "Last month that features may see",
            "month",
            required=True,
        ),
        Column(
            "bad",
            "flag",
            "Fell behind in the performance window",
            "0/1",
            required=True,
            minimum=0,
            maximum=1,
        ),
    ),
    key=("account_id", "observation_month"),
)

TABLES = MappingProxyType(
    {
        table.name: table
        for table in (STATEMENTS, ACCOUNTS, CASHFLOWS, BUREAU, TRANSACTIONS, CONTACTS, OUTCOMES)
    }
)
"""The canonical tables by name."""


def protected_columns() -> tuple[str, ...]:
    """Return the names of all protected columns of all tables."""
    return tuple(c.name for table in TABLES.values() for c in table if c.protected)


def validate(name: str, frame: pd.DataFrame, *, where: str) -> pd.DataFrame:
    """Return ``frame`` as canonical table ``name``, or raise with every fault found.

    Parameters
    ----------
    name : str
        Name of a canonical table.
    frame : DataFrame
        One row per key of the table; columns in any order. It is not changed.
    where : str
        What the frame was read from, for error texts.

    Returns
    -------
    DataFrame
        Canonical columns that were present, in canonical order and dtypes, rows sorted by the
        table's key (rows of one key never exist twice).

    Raises
    ------
    DataError
        With every fault: missing or unknown columns, values that do not convert, values out of
        bounds, missing values in required columns, and repeated keys.
    """
    table = _TABLE_REGISTRY[name]
    faults = [
        Fault(where, column.name, f"a column ({column.meaning})", mend="It is missing.")
        for column in table
        if column.required and column.name not in frame.columns
    ]
    faults += [
        Fault(
            where,
            str(unknown),
            f"only columns of {name!r}: {', '.join(table.column_names)}",
            mend="Rename it or leave it out.",
        )
        for unknown in frame.columns
        if unknown not in table.column_names
    ]
    if faults:
        raise DataError(faults)
    converted: dict[str, pd.Series] = {}
    for column in table:
        if column.name in frame.columns:
            converted[column.name], more = _convert(frame, column, where)
            faults += more
    if faults:
        raise DataError(faults)
    canonical = pd.DataFrame(converted)
    faults = _check(table, canonical, where)
    if faults:
        raise DataError(faults)
    if table.key:
        canonical = canonical.sort_values(list(table.key), kind="stable", ignore_index=True)
    return canonical


def _convert(frame: pd.DataFrame, column: Column, where: str) -> tuple[pd.Series, list[Fault]]:
    """Return one column in its canonical dtype, and the faults of values that do not convert."""
    raw = frame[column.name]
    if column.kind == "text":
        out = raw.astype("str").where(raw.notna())
        return out.astype("str"), []
    if column.kind in ("month", "date"):
        out = pd.to_datetime(raw, errors="coerce")
        expected = "a month (YYYY-MM)" if column.kind == "month" else "a date (YYYY-MM-DD)"
        if column.kind == "month":
            out = pd.Series(
                out.to_numpy().astype("datetime64[M]").astype(MONTH_DTYPE), index=raw.index
            )
        out = out.astype(MONTH_DTYPE)
    else:
        out = pd.to_numeric(raw, errors="coerce").astype("float64")
        expected = "a number"
    wrong = out.isna() & raw.notna()
    if not wrong.any():
        return out, []
    return out, [_fault(frame, wrong, column.name, expected, where)]


def _check(table: Table, frame: pd.DataFrame, where: str) -> list[Fault]:
    """Return the faults that pandera finds in a converted table."""
    import pandera.pandas as pa
    from pandera.errors import SchemaErrors

    checks: dict[str, pa.Column] = {}
    for column in table:
        if column.name not in frame.columns:
            continue
        rules = []
        if column.kind in ("number", "integer", "flag"):
            rules.append(pa.Check(np.isfinite, error="a finite number"))
        if column.minimum is not None:
            rules.append(pa.Check.ge(column.minimum, error=f"at least {column.minimum:g}"))
        if column.maximum is not None:
            rules.append(pa.Check.le(column.maximum, error=f"at most {column.maximum:g}"))
        if column.kind in ("integer", "flag"):
            rules.append(pa.Check(lambda s: s == np.floor(s), error="a whole number"))
        if column.choices:
            error = f"one of {', '.join(column.choices)}"
            rules.append(pa.Check.isin(column.choices, error=error))
        if column.kind in ("month", "date"):
            low, high = pd.Timestamp(FIRST_MONTH), pd.Timestamp(LAST_MONTH)
            error = f"a date from {FIRST_MONTH} to {LAST_MONTH}"
            rules.append(pa.Check.in_range(low, high, error=error))
        checks[column.name] = pa.Column(
            checks=rules, nullable=not column.required, required=column.required
        )
    faults: list[Fault] = []
    try:
        pa.DataFrameSchema(checks).validate(frame, lazy=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases
        for (name, check), group in cases.groupby(["column", "check"], sort=False):
            wrong = pd.Series(False, index=frame.index)
            wrong.loc[group["index"].to_numpy()] = True
            expected = "a value in every row" if check == "not_nullable" else str(check)
            faults.append(_fault(frame, wrong, str(name), expected, where))
    if table.key and not faults:
        doubled = frame.duplicated(list(table.key), keep=False)
        if doubled.any():
            faults.append(
                _fault(
                    frame,
                    doubled,
                    " + ".join(table.key),
                    "one row for each key",
                    where,
                    mend="Remove the repeated rows, or say which one is right.",
                )
            )
    return faults


def _fault(
    frame: pd.DataFrame, wrong: pd.Series, column: str, expected: str, where: str, mend: str = ""
) -> Fault:
    """Return a fault with the count and up to three examples of the rows that are wrong."""
    rows = frame.loc[wrong]
    examples = []
    for position, (_, row) in zip(
        np.flatnonzero(wrong.to_numpy()), rows.head(EXAMPLES).iterrows(), strict=False
    ):
        place = f"row {position + 1}"
        if "account_id" in frame.columns:
            place += f", account_id={row['account_id']}"
        moment = next((k for k in ("month", "date") if k in frame.columns), None)
        if moment is not None:
            place += f", {str(row[moment])[:7] if moment == 'month' else str(row[moment])[:10]}"
        names = column.split(" + ")
        value = ", ".join(repr(row[n]) if isinstance(row[n], str) else f"{row[n]}" for n in names)
        examples.append(f"{value} ({place})")
    return Fault(where, column, expected, len(rows), tuple(examples), mend)


def require_tables(names: list[str]) -> None:
    """Raise when a name is not that of a canonical table.

    Raises
    ------
    ChoiceError
    """
    for name in names:
        _TABLE_REGISTRY[name]
    if len(set(names)) != len(names):
        raise ChoiceError(f"Each table may be named once. Got: {', '.join(names)}.")


_TABLE_REGISTRY: Registry[Table] = Registry("table")
for _table in TABLES.values():
    _TABLE_REGISTRY.add(_table.name, _table)
