"""The shapes of ``conf/data/``: one dataclass for each kind of source.

``kind`` names the adapter that reads the data (``delinquency.sources.SOURCES``); everything else
says what the adapter cannot know: where the file lies, what its columns and codes mean, what
counts as bad.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from delinquency.errors import ChoiceError, unknown_name
from delinquency.options.mapping import (
    FeatureColumn,
    LabelColumn,
    TableMapping,
    TextOptions,
    checked_special,
)


@dataclass(kw_only=True)
class LabelOptions:
    """How good and bad are told apart in a monthly panel.

    An account is bad when its worst days past due within the performance window reach
    ``bad_days_past_due``; indeterminate when they reach ``indeterminate_days_past_due`` only.
    A source that carries its own label (table ``outcomes``) needs none of this.
    """

    # Months after the observation month in which the outcome is looked for.
    performance_months: int = 12
    # Days past due that make an account bad; a charge-off always does.
    bad_days_past_due: float = 60.0
    # Worst days past due from here to bad count as neither good nor bad; null for no such band.
    indeterminate_days_past_due: float | None = None
    # Accounts this late or later at the observation month are not scored.
    eligible_below_days_past_due: float = 30.0
    # Months of statements that an account needs up to the observation month.
    history_months: int = 1
    # Observation months as YYYY-MM; empty for every month whose performance window is complete.
    observation_months: list[str] = field(default_factory=list)
    # Of the possible observation months, keep every n-th counted back from the last.
    observation_every: int = 1
    # Of these, leave out those whose outcome was not known yet when the last was observed: no
    # model that is tested in the last month may learn from them.
    known_by_last: bool = False

    def __post_init__(self) -> None:
        for name in ("performance_months", "history_months", "observation_every"):
            if getattr(self, name) < 1:
                raise ChoiceError(
                    f"data.label.{name} must be at least 1. Got {getattr(self, name)}."
                )
        if self.bad_days_past_due <= 0:
            raise ChoiceError(
                f"data.label.bad_days_past_due must be above 0. Got {self.bad_days_past_due:g}."
            )
        band = self.indeterminate_days_past_due
        if band is not None and not 0 < band < self.bad_days_past_due:
            raise ChoiceError(
                "data.label.indeterminate_days_past_due must lie between 0 and "
                f"bad_days_past_due = {self.bad_days_past_due:g}. Got {band:g}."
            )


@dataclass(kw_only=True)
class DataOptions:
    """What every data set says about itself, whatever its kind."""

    # Name of the data set: its folder under data/interim, data/processed, models and reports.
    name: str
    # Which adapter reads it: taiwan, synthetic, panel or table.
    kind: str
    # Full title, for reports and cards.
    title: str = ""
    # Where the data come from, and their licence.
    citation: str = ""
    # ISO code of the currency of all amounts, e.g. TWD.
    currency: str = ""
    # Real accounts (true) or made by a generator (false); reports say which.
    real: bool = True
    # Cross-validated ROC AUC that only leakage can exceed; null when nobody knows.
    leakage_ceiling_auc: float | None = None
    # Months up to and with the observation month that features may see.
    window_months: int = 6
    # How good and bad are told apart when the source does not say so itself.
    label: LabelOptions = field(default_factory=LabelOptions)

    def __post_init__(self) -> None:
        if not self.name or any(mark in self.name for mark in r"/\. "):
            raise ChoiceError(
                "data.name must be a plain folder name without spaces, dots or slashes. "
                f"Got {self.name!r}."
            )
        ceiling = self.leakage_ceiling_auc
        if ceiling is not None and not 0.5 < ceiling <= 1:
            raise ChoiceError(
                f"data.leakage_ceiling_auc must lie between 0.5 and 1. Got {ceiling:g}."
            )


@dataclass(kw_only=True)
class TaiwanData(DataOptions):
    """UCI "Default of Credit Card Clients": one file whose meaning is known."""

    kind: str = "taiwan"
    # Path of the file; empty to look in the folder ``taiwan`` of paths.raw.
    path: str = ""
    # Fetch the file from OpenML when it is not on disk.
    download: bool = True
    # The file is the whole published one, whose rows and sums are known; false for a part of it,
    # or for other accounts in the same shape, which need no label.
    complete: bool = True


@dataclass(kw_only=True)
class SyntheticData(DataOptions):
    """The shipped portfolio, made by a generator whose causes are known."""

    kind: str = "synthetic"
    real: bool = False
    # Accounts alive in every month; one that is charged off or closed is replaced by a new one.
    n_accounts: int = 80_000
    # Months that are reported.
    n_months: int = 48
    # Last month that is reported, YYYY-MM.
    last_month: str = "2024-12"
    # Months that are simulated before the first reported one, so that records have a past.
    burn_in_months: int = 24
    # Seed of the portfolio; the same seed gives the same bytes.
    seed: int = 20_241
    # Tables that the lender is taken to have; statements and accounts always.
    tables: list[str] = field(
        default_factory=lambda: [
            "statements",
            "accounts",
            "cashflows",
            "bureau",
            "transactions",
            "contacts",
        ]
    )
    # Trait whose true effect is set to zero, to test for false blame; empty for none.
    placebo: str = ""
    # Trait -> factor on its true effect; a trait that is not named has 1.
    weights: dict[str, float] = field(default_factory=dict)
    # Added to the log-odds of missing a payment when current: -0.3 for a prime book.
    stress: float = 0.0
    # Accounts of the audit sample, for which the causal 12-month truth is computed.
    audit_accounts: int = 2_000
    # Simulated futures for each account of the audit sample.
    audit_paths: int = 400

    def __post_init__(self) -> None:
        super().__post_init__()
        floors = {
            "n_accounts": 1,
            "n_months": 2,
            "burn_in_months": 1,
            "seed": 0,
            "audit_accounts": 1,
            "audit_paths": 1,
        }
        for name, floor in floors.items():
            if getattr(self, name) < floor:
                raise ChoiceError(
                    f"data.{name} must be at least {floor}. Got {getattr(self, name)}."
                )
        if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", self.last_month):
            raise ChoiceError(f"data.last_month must be YYYY-MM. Got {self.last_month!r}.")
        known = ("statements", "accounts", "cashflows", "bureau", "transactions", "contacts")
        for name in self.tables:
            if name not in known:
                raise unknown_name("table in data.tables", name, known)


@dataclass(kw_only=True)
class PanelData(DataOptions):
    """Any monthly panel: one mapping for each canonical table that the lender has."""

    kind: str = "panel"
    # How the text files are written.
    text: TextOptions = field(default_factory=TextOptions)
    # Canonical table -> how to read it; ``statements`` is required.
    tables: dict[str, TableMapping] = field(default_factory=dict)
    # Month of extraction (YYYY-MM), from which "offset" and "months_ago" are counted back; empty
    # when unknown: months are then counted back from a stand-in and reports say so.
    extraction_month: str = ""
    # Columns of the accounts file that name a person when taken together; accounts of one person
    # stay on one side of every split. Empty: canonical person_id if mapped, else the account.
    person_columns: list[str] = field(default_factory=list)
    # Put accounts whose observed values are all equal on one side of every split.
    group_equal_accounts: bool = False
    # Flag accounts whose every bill is zero (accounts.no_information). Refused when statements
    # reach past the only observation month: the flag would then speak of the future.
    flag_accounts_without_information: bool = False


@dataclass(kw_only=True)
class TableData(DataOptions):
    """One row per account with features that were made elsewhere."""

    kind: str = "table"
    # File, folder, or query with the address of its database, as in a panel's tables.
    path: str = ""
    query: str = ""
    database: str = ""
    # How the text file is written.
    text: TextOptions = field(default_factory=TextOptions)
    # Column that names the account; empty to number the rows.
    account_column: str = ""
    # Columns that name a person when taken together; empty: each account is its own.
    person_columns: list[str] = field(default_factory=list)
    # Put rows whose features are all equal on one side of every split.
    group_equal_rows: bool = False
    # Column with the observation month, and how it is written; empty when the file has none.
    month_column: str = ""
    month_format: str = "iso"
    # Whether the file says who fell behind; false for new accounts to score.
    labelled: bool = True
    # The column that says who fell behind.
    outcome: LabelColumn = field(default_factory=lambda: LabelColumn(column=""))
    # Column -> trait, direction and meaning. Every column of the file is named here, or below.
    columns: dict[str, FeatureColumn] = field(default_factory=dict)
    # Special codes of every column in ``columns``: code -> meaning.
    special: dict[Any, str] = field(default_factory=dict)
    # Protected attribute -> column: never in a model, kept for fairness checks.
    protected: dict[str, str] = field(default_factory=dict)
    # Column to leave out -> why.
    ignored: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        if bool(self.path) == bool(self.query):
            raise ChoiceError(
                f"data.path or data.query must be given, not both. Got path={self.path!r}, "
                f"query={self.query!r}."
            )
        self.special = checked_special(self.special)
        uses = [*self.columns, *self.ignored, *self.protected.values(), self.outcome.column]
        keys = {self.account_column, self.month_column} - {""}
        uses += sorted(keys & {*self.columns, self.outcome.column})
        twice = sorted({name for name in uses if uses.count(name) > 1})
        if twice:
            raise ChoiceError(
                f"Named in two roles: {', '.join(twice)}. A column is a feature, the label, "
                "the account, the month, protected, or ignored."
            )
