"""What a lender promises of its files, row by row: held by ``stage=inspect``."""

from dataclasses import dataclass, field
from typing import Any

from delinquency.errors import ChoiceError
from delinquency.sources.reading.mapping_options import refuse_switches

ENDS = ("lowest", "highest")


@dataclass(kw_only=True)
class HistoryContract:
    """What a table of months promises: columns of the file by the part they play."""

    # Account and month of a row; months follow each other without a gap.
    account: str
    month: str
    # Column of the stage of delay; its codes in ``codes`` stand in order, and it rises by one at
    # most from a month to the next.
    stage: str = ""
    # Amount paid: nothing, in a month in which the stage has risen.
    paid: str = ""
    # Column of the state of the account, and the states after which no month follows.
    state: str = ""
    last_states: list[str] = field(default_factory=list)
    # Amount owed, and the columns that bound it, as table.column: the first that is filled holds.
    balance: str = ""
    bounds: list[str] = field(default_factory=list)
    # table.column that says why an account ended -> {reason: last state}.
    reason: str = ""
    reasons: dict[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class TableContract:
    """What one file promises."""

    # File or folder, absolute or below paths.raw.
    path: str
    # Columns that make a row unique.
    key: list[str]
    # Columns that are filled in every row.
    required: list[str] = field(default_factory=list)
    # Column of numbers -> [lowest, highest], null for no end.
    numbers: dict[str, list[Any]] = field(default_factory=dict)
    # Column of days (YYYY-MM-DD) -> the latest day; empty for none.
    days: dict[str, str] = field(default_factory=dict)
    # Column -> all codes that it may hold.
    codes: dict[str, list[Any]] = field(default_factory=dict)
    # Column -> table.column in which each of its values stands.
    refers: dict[str, str] = field(default_factory=dict)
    # What its months promise, for a table of months.
    history: HistoryContract | None = None

    def __post_init__(self) -> None:
        if not self.key:
            raise ChoiceError("promises: each table needs the columns of its key.")
        for column, ends in self.numbers.items():
            if len(ends) != len(ENDS) or not all(isinstance(e, int | float | None) for e in ends):
                raise ChoiceError(
                    f"promises.numbers.{column}: expected [lowest, highest], null for no end. Got "
                    f"{ends}."
                )
        for column, codes in self.codes.items():
            refuse_switches(f"promises.codes.{column}", codes)
            self.codes[column] = [str(code) for code in codes]
        for place in self.refers.values():
            table_and_column(place)

    @property
    def columns(self) -> list[str]:
        """Return every column that a promise speaks of, once."""
        named = [*self.key, *self.required, *self.numbers, *self.days, *self.codes, *self.refers]
        if self.history is not None:
            one = self.history
            named += [one.account, one.month, one.stage, one.paid, one.state, one.balance]
        return [name for name in dict.fromkeys(named) if name]


def table_and_column(place: str) -> tuple[str, str]:
    """Return ``table.column`` as its two names.

    Raises
    ------
    ChoiceError
    """
    table, mark, column = place.partition(".")
    if not (table and mark and column):
        raise ChoiceError(
            f"promises: expected table.column, as in account.account_id. Got {place}."
        )
    return table, column
