"""The shapes of ``conf/data/``: one dataclass for each kind of source.

``kind`` names the adapter that reads the data (``delinquency.sources.SOURCES``); everything else
says what the adapter cannot know: where the file lies, what its columns and codes mean, what
counts as bad.
"""

from dataclasses import dataclass, field
from typing import Any

from delinquency.errors import ChoiceError, unknown_name
from delinquency.panel.label_options import LabelOptions
from delinquency.sources.reading.contract_options import TableContract
from delinquency.sources.reading.mapping_options import (
    ID_RULES,
    FeatureColumn,
    LabelColumn,
    TableMapping,
    TextOptions,
    check_month_format,
    checked_special,
)

KEYS = ("account_id", "observation_month")
"""What names a row of features; no feature is called so."""


@dataclass(kw_only=True)
class DataOptions:
    """What every data set says about itself, whatever its kind."""

    # Name of the data set: its folder under data/interim, data/processed, models and reports.
    name: str
    # Which adapter reads it: taiwan, synthetic, panel, table or parts.
    kind: str
    # Full title, for reports and cards.
    title: str = ""
    # The same in Chinese; the title stands where there is none.
    title_zh: str = ""
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
class PanelData(DataOptions):
    """Any monthly panel: one mapping for each canonical table that the lender has."""

    kind: str = "panel"
    # How the text files are written.
    text: TextOptions = field(default_factory=TextOptions)
    # Canonical table -> how to read it; ``statements`` is required.
    tables: dict[str, TableMapping] = field(default_factory=dict)
    # File -> what it promises row by row, for stage=inspect; any file of the delivery.
    promises: dict[str, TableContract] = field(default_factory=dict)
    # Month of extraction (YYYY-MM), from which "offset" and "months_ago" are counted back; empty
    # when unknown: months are then counted back from a stand-in and reports say so.
    extraction_month: str = ""
    # Where a column writes an id in several ways (7 and 007, A1 and a1): "refuse", "as_stored" for
    # ids that are not one, or "joined" to join them, counted.
    ids: str = "refuse"
    # Columns of the accounts file that name a person when taken together; accounts of one person
    # stay on one side of every split. Empty: canonical person_id if mapped, else the account.
    person_columns: list[str] = field(default_factory=list)
    # Count lateness over all statements up to each observation too, not over the window alone.
    whole_history: bool = False
    # Put accounts whose observed values are all equal on one side of every split.
    group_equal_accounts: bool = False
    # Flag accounts whose every bill is zero (accounts.no_information). Refused when statements
    # reach past the only observation month: the flag would then speak of the future.
    flag_accounts_without_information: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.ids not in ID_RULES:
            raise unknown_name("data.ids", self.ids, ID_RULES)


@dataclass(kw_only=True)
class PartsData(DataOptions):
    """Canonical tables of a portfolio of any size, read part by part."""

    kind: str = "parts"
    # Folder of parts (part-*/statements.parquet and the other canonical tables beside it), each of
    # whole accounts; or one folder of tables, Parquet or CSV, which is brought into parts.
    path: str = ""
    # Accounts of a part, about, where parts are made.
    part_accounts: int = 5_000

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.path:
            raise ChoiceError("data.path: expected a folder of canonical tables. Got nothing.")
        if self.part_accounts < 1:
            raise ChoiceError(f"data.part_accounts must be at least 1. Got {self.part_accounts}.")


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
    # Where a column writes an id in several ways (7 and 007, A1 and a1): "refuse", "as_stored" for
    # ids that are not one, or "joined" to join them, counted.
    ids: str = "refuse"
    # Columns that name a person when taken together; empty: each account is its own.
    person_columns: list[str] = field(default_factory=list)
    # Put rows whose features are all equal on one side of every split.
    group_equal_rows: bool = False
    # Rows without account, month or label: "refuse", or "drop" and count them.
    unusable: str = "refuse"
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
        if self.ids not in ID_RULES:
            raise unknown_name("data.ids", self.ids, ID_RULES)
        check_month_format("data.month_format", self.month_format)
        if self.unusable not in ("refuse", "drop"):
            raise unknown_name("data.unusable", self.unusable, ("refuse", "drop"))
        for name in KEYS:
            if name in self.columns or name in self.protected:
                raise ChoiceError(
                    f"{name} is the name of a key that every table gets: a feature or a protected "
                    "attribute needs another. If it is the account or the month, name it in "
                    "data.account_column or data.month_column; else rename the column."
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
