"""From options to canonical tables, a bounded part of the portfolio at a time."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.panel.table_checks import validate
from delinquency.synthetic.account_history import Life, simulate_life
from delinquency.synthetic.blocks import BLOCK_SIZE, Block, blocks
from delinquency.synthetic.customers import People, accounts_table, draw_people
from delinquency.synthetic.event_tables import draw_contacts, draw_transactions
from delinquency.synthetic.household_finances import draw_bureau, draw_cashflows, draw_income
from delinquency.synthetic.ledger import Ledger, draw_ledger
from delinquency.synthetic.portfolio_options import SyntheticData

ALWAYS = ("statements", "accounts")
"""Tables that no choice leaves out."""
PARTS_AT_ONCE = 4 * BLOCK_SIZE
"""Accounts of one part, by default: about 300 MB while it is made."""


def table_names(options: SyntheticData) -> list[str]:
    """Return the tables that the options ask for, in a fixed order."""
    order = ("statements", "accounts", "cashflows", "bureau", "transactions", "contacts")
    return [name for name in order if name in ALWAYS or name in options.tables]


def generate_block(options: SyntheticData, block: Block) -> dict[str, pd.DataFrame]:
    """Make the tables of one block: the unit of randomness.

    Parameters
    ----------
    options : SyntheticData
    block : Block
        One of ``blocks(options)``.

    Returns
    -------
    dict of str to DataFrame
        Canonical columns, sorted by account and time; not yet validated.
    """
    life = simulate_life(options, block)
    people = draw_people(options, block, life)
    income = draw_income(options, block, life, people)
    ledger = draw_ledger(options, block, life, people, income)
    start = options.burn_in_months
    names = table_names(options)
    tables = {
        "statements": _statements(life, people, ledger, start),
        "accounts": accounts_table(people, _reported(life, start)),
    }
    if "cashflows" in names:
        columns = draw_cashflows(options, block, life, people, income)
        late = columns.pop("late").astype(np.int64)
        tables["cashflows"] = _monthly(life, people, columns, start, lag=late)
    if "bureau" in names:
        columns = draw_bureau(options, block, life, people)
        tables["bureau"] = _monthly(life, people, columns, start, lag=columns.pop("lag"))
    if "transactions" in names:
        tables["transactions"] = draw_transactions(
            options, block, life, people, ledger, start=start
        )
    if "contacts" in names:
        tables["contacts"] = draw_contacts(options, block, life, people, ledger, start=start)
    return {name: tables[name] for name in names}


def block_parts(
    options: SyntheticData, *, chunk: int = PARTS_AT_ONCE
) -> Iterator[tuple[Block, ...]]:
    """Yield the blocks of a portfolio some at a time, in account order.

    Parameters
    ----------
    options : SyntheticData
    chunk : int
        Accounts of one part, rounded up to whole blocks of 1,000. It bounds the memory and
        changes no value.

    Yields
    ------
    tuple of Block
    """
    left = blocks(options)
    while part := tuple(islice(left, max(1, -(-chunk // BLOCK_SIZE)))):
        yield part


def generate_part(options: SyntheticData, part: Sequence[Block]) -> dict[str, pd.DataFrame]:
    """Make the tables of some blocks: the unit that threads share out.

    Parameters
    ----------
    options : SyntheticData
    part : sequence of Block
        One of ``block_parts(options)``. Nothing is shared between parts, so they may be made in
        any order and at the same time.

    Returns
    -------
    dict of str to DataFrame
        Canonical tables, validated. All tables have the same accounts.
    """
    return join_parts([generate_block(options, block) for block in part])


def join_parts(parts: Sequence[dict[str, pd.DataFrame]]) -> dict[str, pd.DataFrame]:
    """Return the tables of several parts as one, validated.

    Parameters
    ----------
    parts : sequence of dict of str to DataFrame
        In account order.

    Returns
    -------
    dict of str to DataFrame
    """
    joined = {
        name: pd.concat([part[name] for part in parts], ignore_index=True) for name in parts[0]
    }
    return {
        name: validate(name, frame, where=f"synthetic portfolio, {name}")
        for name, frame in joined.items()
    }


def generate_portfolio(
    options: SyntheticData, *, chunk: int = PARTS_AT_ONCE
) -> dict[str, pd.DataFrame]:
    """Make the whole portfolio at once; ``block_parts`` bounds the memory.

    Parameters
    ----------
    options : SyntheticData
    chunk : int
        Accounts that are made at once.

    Returns
    -------
    dict of str to DataFrame
        Canonical tables by name, validated; the same bytes for the same seed, whatever the chunk.

    Examples
    --------
    >>> from delinquency import SyntheticData, generate_portfolio
    >>> tables = generate_portfolio(SyntheticData(n_accounts=200, n_months=30, seed=1))
    >>> list(tables)
    ['statements', 'accounts', 'cashflows', 'bureau', 'transactions', 'contacts']
    """
    parts = [generate_part(options, part) for part in block_parts(options, chunk=chunk)]
    return {
        name: pd.concat([part[name] for part in parts], ignore_index=True) for name in parts[0]
    }


def _reported(life: Life, start: int) -> NDArray[np.bool_]:
    """Return which accounts lived in a reported month."""
    kept = np.zeros(len(life.place), np.bool_)
    kept[life.holder[:, start:].ravel()] = True
    return kept


def _monthly(
    life: Life,
    people: People,
    columns: dict[str, NDArray[Any]],
    start: int,
    lag: NDArray[np.int64] | None = None,
) -> pd.DataFrame:
    """Return (n_places, n_months) columns as a table with one row per account and month."""
    holder = life.holder[:, start:]
    ids = pd.array(people.account_id.tolist(), dtype="str")
    month = np.broadcast_to(life.months[start:], holder.shape).ravel()
    frame: dict[str, object] = {
        "account_id": ids.take(holder.ravel()),
        "month": _as_months(month),
    }
    if lag is not None:
        frame["arrival_month"] = _as_months(month + lag[:, start:].ravel())
    for name, values in columns.items():
        frame[name] = values[:, start:].ravel().astype(np.float64)
    return pd.DataFrame(frame)


def _as_months(numbers: NDArray[np.int64]) -> NDArray[np.datetime64]:
    return numbers.astype("datetime64[M]").astype("datetime64[ms]")


def _statements(life: Life, people: People, ledger: Ledger, start: int) -> pd.DataFrame:
    """Return the statements table of a block."""
    columns = {
        name: getattr(ledger, name)
        for name in ledger.__dataclass_fields__
        if name != "payment_day"
    }
    frame = _monthly(life, people, columns, start)
    frame["payment_date"] = _as_dates(frame["month"], ledger.payment_day[:, start:].ravel())
    due_day = people.due_day[life.holder].astype(np.float64)
    # The first statement of an account follows none that could have fallen due.
    due_day = np.where(life.starts, np.nan, due_day)
    frame["due_date"] = _as_dates(frame["month"], due_day[:, start:].ravel())
    return frame


def _as_dates(month: pd.Series, day: NDArray[np.float64]) -> NDArray[np.datetime64]:
    """Return the given days of the months; not a time where the day is missing."""
    known = np.isfinite(day)
    date = month.to_numpy().astype("datetime64[D]")
    date = date + (np.where(known, day, 1.0).astype(np.int64) - 1).astype("timedelta64[D]")
    return np.where(known, date, np.datetime64("NaT", "D")).astype("datetime64[ms]")
