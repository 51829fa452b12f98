"""The canonical tables: every source is recast into these, and only these are read further on.

A table is declared once, as ``Column`` facts; ``table_checks`` holds frames against them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

Kind = Literal["text", "month", "date", "number", "integer", "flag"]

MONTH_DTYPE = "datetime64[ms]"
"""Months and dates; milliseconds are what Parquet keeps, so that a round trip changes nothing."""

FIRST_MONTH, LAST_MONTH = np.datetime64("1970-01"), np.datetime64("2100-12")
"""Months and dates outside are taken for mistakes."""

DAYS_A_MONTH = 30
"""Days past due that one missed monthly payment makes, by the custom of the trade."""


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
    published : bool
        A figure that is published for a place and month: the same for all accounts there.
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
    published: bool = False


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
        _count("months_known_so_far", "Statements up to this one whose lateness is known"),
        _count("first_statement_age", "Months since the account's first statement"),
        _count("past_due_months_so_far", "Statements up to this one that were past due at all"),
        _count("late_months_so_far", "Statements up to this one that were a payment behind"),
        _count("late_months_60_so_far", "Statements up to this one that were two payments behind"),
        Column(
            "worst_months_behind_so_far",
            "number",
            "Days past due of the worst statement up to this one, in months of 30 days",
            "months",
            minimum=0,
        ),
        _count("worst_so_far_age", "Months since the last statement that was as bad as the worst"),
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
            published=True,
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


def published_columns() -> frozenset[str]:
    """Return the names of all columns that are published for a place and month."""
    return frozenset(c.name for table in TABLES.values() for c in table if c.published)


def protected_columns() -> tuple[str, ...]:
    """Return the names of all protected columns of all tables."""
    return tuple(c.name for table in TABLES.values() for c in table if c.protected)
