"""How files become columns that the project knows: text, tables, labels, features."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from delinquency.errors import ChoiceError


def refuse_switches(key: str, codes: Iterable[Any]) -> None:
    """Raise for codes that YAML has read as true or false: Y, N, yes, no, on, off.

    Raises
    ------
    ChoiceError
    """
    if any(isinstance(code, bool) for code in codes):
        raise ChoiceError(
            f"{key}: YAML reads yes, no, on, off, true and false without quotes as a switch. "
            "Write such a code in quotes: 'no'."
        )


COUNTED = ("offset", "months_ago")
"""Months counted back from the month of extraction."""
WITH_YEAR, WITH_MONTH = (
    ("%Y", "%y", "%G", "%c", "%x"),
    ("%m", "%b", "%B", "%j", "%c", "%x", "%U", "%W", "%V"),
)


def check_month_format(key: str, style: str) -> None:
    """Raise for a way to write months that does not tell which month of which year it is.

    Parameters
    ----------
    key : str
        Where it is stated, for the error.
    style : str
        A strftime format, "iso", "offset" or "months_ago".

    Raises
    ------
    ChoiceError
    """
    if style in ("iso", *COUNTED):
        return
    parts = re.findall("%.", style)
    if set(parts) & set(WITH_YEAR) and set(parts) & set(WITH_MONTH):
        return
    mend = (
        ""
        if style not in ("%m", "%Y")
        else (" Folders such as year=2024/month=1 are read as one column, year_month.")
    )
    raise ChoiceError(
        f"{key}: expected iso, offset, months_ago, or a format that tells year and month, such as "
        f"%Y%m or %d.%m.%Y. Got {style!r}.{mend}"
    )


USUAL_GAPS = ("NA", "N/A", "NaN", "nan", "null", "NULL")
"""How programs write "no value" in numbers and dates."""
AS_STORED, JOINED = "as_stored", "joined"
ID_RULES = ("refuse", AS_STORED, JOINED)
"""What to do where one id is written in several ways: 7 and 007, A1 and a1, 7 and 7.0."""


@dataclass(kw_only=True)
class TextOptions:
    """How a text file is written; Parquet and databases need none of it."""

    # Encoding of the file; a byte order mark is always understood.
    encoding: str = "utf-8"
    # Character between two cells; empty to find it from the header.
    delimiter: str = ""
    # Decimal mark of numbers: "." or ",".
    decimal: str = "."
    # Mark between thousands inside a number, e.g. "," or "." or " "; empty for none.
    thousands: str = ""
    # Cells that stand for "no value", besides the empty cell; null for NA, N/A, NaN and null in
    # numbers, dates, codes and ids. A list given here holds for categories too, where NA is
    # otherwise a name.
    missing: list[str] | None = None
    # Column names in order, for a file that has no header line; empty when it has one.
    header: list[str] = field(default_factory=list)

    @property
    def gaps(self) -> tuple[str, ...]:
        """Cells that stand for "no value" where no names are expected."""
        return USUAL_GAPS if self.missing is None else tuple(self.missing)

    def __post_init__(self) -> None:
        if self.decimal not in (".", ","):
            raise ChoiceError(f"decimal must be '.' or ','. Got {self.decimal!r}.")
        if self.thousands and self.thousands == self.decimal:
            raise ChoiceError(f"thousands and decimal are both {self.decimal!r}: give two marks.")
        if len(self.delimiter) > 1:
            raise ChoiceError(f"delimiter must be one character. Got {self.delimiter!r}.")
        if len(set(self.header)) != len(self.header):
            twice = sorted({n for n in self.header if self.header.count(n) > 1})
            raise ChoiceError(f"header names a column twice: {', '.join(twice)}.")


@dataclass(kw_only=True)
class TableMapping:
    """How one file, folder or query becomes one canonical table."""

    # File or folder (CSV or Parquet), absolute or below paths.raw; empty when ``query`` is given.
    path: str = ""
    # SQL text to run instead of reading a file.
    query: str = ""
    # SQLAlchemy address of the database; ${oc.env:NAME} keeps passwords out of the file.
    database: str = ""
    # Canonical column -> column of the file.
    columns: dict[str, str] = field(default_factory=dict)
    # Canonical column -> {code in the file: value, or null for missing}; a code without a meaning
    # is an error.
    codes: dict[str, dict[Any, Any]] = field(default_factory=dict)
    # Canonical column -> number to multiply by (cents to units: 0.01).
    factors: dict[str, float] = field(default_factory=dict)
    # Canonical month or date column -> how it is written: a strftime format ("%Y%m"), "iso",
    # "offset" (0, -1, -2: months before extraction), "months_ago" (0, 1, 2).
    formats: dict[str, str] = field(default_factory=dict)
    # Canonical column -> one value for every row.
    constants: dict[str, Any] = field(default_factory=dict)
    # Canonical column -> columns of the file, one for each month of ``wide_months``: for files
    # that keep one row per account and the months side by side.
    wide: dict[str, list[str]] = field(default_factory=dict)
    # The months (YYYY-MM) of the columns in ``wide``, in their order.
    wide_months: list[str] = field(default_factory=list)
    # Column of the file that holds each row's currency; every row must equal data.currency.
    currency_column: str = ""
    # Rows that repeat a key: "refuse", or keep the "first" or "last" and count the others.
    repeated: str = "refuse"
    # Rows without a usable key or month: "refuse", or "drop" and count them.
    unusable: str = "refuse"

    def __post_init__(self) -> None:
        if bool(self.path) == bool(self.query):
            raise ChoiceError(
                "Each table of data.tables needs either a path or a query. "
                f"Got path={self.path!r}, query={self.query!r}."
            )
        if self.query and not self.database:
            raise ChoiceError("A query needs the SQLAlchemy address of its database.")
        for name, allowed in (
            ("repeated", ("refuse", "first", "last")),
            ("unusable", ("refuse", "drop")),
        ):
            if getattr(self, name) not in allowed:
                raise ChoiceError(
                    f"{name} must be one of {', '.join(allowed)}. Got {getattr(self, name)!r}."
                )
        for role, style in self.formats.items():
            check_month_format(f"formats.{role}", style)
        for role, meanings in self.codes.items():
            refuse_switches(f"codes.{role}", meanings)
            self.codes[role] = {str(code): meaning for code, meaning in meanings.items()}
        several = [role for role, name in self.columns.items() if not isinstance(name, str)]
        if several:
            raise ChoiceError(
                f"columns.{several[0]}: expected the name of one column. Got "
                f"{self.columns[several[0]]!r}. Months side by side are mapped in wide."
            )
        roles = [*self.columns, *self.wide, *self.constants]
        twice = sorted({role for role in roles if roles.count(role) > 1})
        if twice:
            raise ChoiceError(
                f"Mapped twice: {', '.join(twice)}. Give each canonical column one origin, in "
                "columns, wide or constants."
            )
        for role, names in self.wide.items():
            if len(names) != len(self.wide_months):
                raise ChoiceError(
                    f"wide.{role} names {len(names)} columns for {len(self.wide_months)} "
                    "wide_months: give one for each month."
                )


@dataclass(kw_only=True)
class LabelColumn:
    """The column that says who fell behind, and what its values mean."""

    # Column of the file.
    column: str
    # Values that mean bad, and values that mean good, as written in the file.
    bad: list[Any] = field(default_factory=lambda: ["1"])
    good: list[Any] = field(default_factory=lambda: ["0"])
    # Values to leave out, counted (indeterminate, pending).
    leave_out: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        values = [*self.bad, *self.good, *self.leave_out]
        refuse_switches("outcome", values)
        texts = [str(value) for value in values]
        if len(set(texts)) != len(texts):
            raise ChoiceError(f"outcome: a value has two meanings. Got {', '.join(texts)}.")


LANGUAGES = 2


def _is_number(code: Any) -> bool:
    try:
        float(code)
    except (TypeError, ValueError):
        return False
    return True


SPECIAL_MEANINGS = ("missing", "not_applicable", "capped")
"""What a special code can mean. A capped code stays the number it is, above all others; the
others become missing, and "not applicable" is also marked in a column of its own."""


def checked_special(special: dict[Any, str]) -> dict[Any, str]:
    """Return special codes as text with their meanings, each one of ``SPECIAL_MEANINGS``.

    Raises
    ------
    ChoiceError
    """
    for code, meaning in special.items():
        if meaning not in SPECIAL_MEANINGS:
            raise ChoiceError(
                f"special code {code} must mean one of {', '.join(SPECIAL_MEANINGS)}. "
                f"Got {meaning!r}."
            )
    return {str(code): meaning for code, meaning in special.items()}


@dataclass(kw_only=True)
class FeatureColumn:
    """What one column of a ready-made table means."""

    # Key of the trait that the column speaks of.
    trait: str
    # +1: a higher value never lowers the risk; -1: never raises it; 0: free.
    direction: int = 0
    # What the column holds, in a few words, for reasons and tables; in English and in Chinese.
    title: str = ""
    title_zh: str = ""
    # Unit of its values; an ISO currency code for amounts, "code" where numbers stand for words.
    unit: str = ""
    # What it means when the column speaks against the account, said before the fact; needs a
    # direction. Empty: the fact is stated alone, as above or below the reference.
    reason: str = ""
    reason_zh: str = ""
    # Code -> [English words, Chinese words]: a code is never shown as a number.
    labels: dict[Any, list[str]] = field(default_factory=dict)
    # Special code -> "missing", "not_applicable" or "capped".
    special: dict[Any, str] = field(default_factory=dict)
    # Lowest and highest value that mean what the title says, null for no end; values outside are
    # another thing: they become missing, are counted, and are marked in a column of their own.
    valid: list[float | None] | None = None
    # Values are names, not quantities; the codes seen in training are frozen.
    categorical: bool = False
    # Column that this one is a ratio to: where that one is missing or 0 the values are amounts,
    # and move to a column of their own.
    ratio_to: str = ""

    def __post_init__(self) -> None:
        if self.direction not in (-1, 0, 1):
            raise ChoiceError(f"direction must be +1, -1 or 0. Got {self.direction}.")
        if self.valid is not None:
            low, high = (*self.valid, None, None)[:2]
            wrong = low is not None and high is not None and low >= high
            if len(self.valid) != len(("low", "high")) or wrong or self.categorical:
                raise ChoiceError(
                    f"valid: expected [lowest, highest] of a column of numbers, null for no end. "
                    f"Got {self.valid}."
                )
        if self.categorical and self.direction:
            raise ChoiceError("A categorical column has no order: its direction must be 0.")
        for code, words in self.labels.items():
            if len(words) != LANGUAGES or not all(str(one).strip() for one in words):
                raise ChoiceError(
                    f"labels.{code}: expected English and Chinese words, as in "
                    f"[paid in full, 全额还清]. "
                    f"Got {words!r}."
                )
            if not self.categorical and not _is_number(code):
                raise ChoiceError(
                    f"labels: expected a number as code, as in the file. Got {code!r}. For a "
                    "column of names say categorical: true."
                )
        if self.reason and not self.direction:
            raise ChoiceError(
                f"reason {self.reason!r} speaks of one side only: it needs a direction of +1 or "
                "-1. Without a direction leave it out; the fact is then stated as above or below "
                "the reference."
            )
        self.special = checked_special(self.special)
