"""Card transactions and contacts: event tables that agree with the ledger."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.log_odds import probability
from delinquency.synthetic import parameters as p
from delinquency.synthetic.account_history import Life
from delinquency.synthetic.blocks import Block, block_random
from delinquency.synthetic.customers import LUXURY, PROMOTIONS, People
from delinquency.synthetic.ledger import PROMOTION_MONTHS, Ledger
from delinquency.synthetic.parameters import Array
from delinquency.synthetic.portfolio_options import SyntheticData

MORE_PURCHASES = 3.0
"""Mean number of transactions a month beyond the first."""
LUXURIES = np.array(["electronics", "luxury", "travel", "jewellery"])
ORDINARY = np.array(
    ["groceries", "utilities", "dining", "transport", "clothing", "household", "entertainment",
     "health"]
)  # fmt: skip
ORDINARY_SHARES = np.cumsum([0.30, 0.10, 0.18, 0.14, 0.10, 0.08, 0.07, 0.03])
CASH = "cash"
CATEGORIES = np.concatenate([LUXURIES, ORDINARY, [CASH]])
LUXURY_WEIGHT = 3.0
"""A luxury purchase is about four times an ordinary one."""
INSTALMENT_FROM = 1_500.0
LAST_DAY = 28
CHANNELS = np.array(["phone", "sms", "email", "letter"])
CHANNEL_SHARES = np.cumsum([0.60, 0.25, 0.11, 0.04])


def draw_transactions(
    options: SyntheticData, block: Block, life: Life, people: People, ledger: Ledger, *, start: int
) -> pd.DataFrame:
    """Draw the card transactions of a block.

    Parameters
    ----------
    options, block, life, people, ledger
        Of one block.
    start : int
        Column of the first reported month.

    Returns
    -------
    DataFrame
        The ``transactions`` table by account and day. Purchases of an account and month add up
        to its statement's, to the cent, and so do cash advances.
    """
    random = block_random(options, block, "transactions")
    bought = ledger.purchases[:, start:]
    cells = np.flatnonzero(bought > 0)
    width = bought.shape[1]
    count = 1 + random.poisson(MORE_PURCHASES, len(cells))
    cell = np.repeat(cells, count)
    traits = {
        k: np.ascontiguousarray(life.latent[k][:, start:]).ravel() for k in (p.ECONOMY, p.SPENDING)
    }
    z1, z6 = traits[p.ECONOMY][cell], traits[p.SPENDING][cell]
    habit = people.habits[:, life.holder[:, start:].ravel()]
    uniform = random.random((6, len(cell)))
    fancy = uniform[0] < probability(-1.8 + 0.6 * z6 + 0.8 * habit[LUXURY][cell])
    weight = -np.log1p(-uniform[1]) * (1.0 + LUXURY_WEIGHT * fancy)
    amount = _split(bought.ravel()[cells], count, weight)
    category = np.where(
        fancy,
        np.floor(len(LUXURIES) * uniform[2]).astype(np.int64),
        len(LUXURIES) + np.searchsorted(ORDINARY_SHARES[:-1], uniform[2], side="right"),
    )
    health = ~fancy & (uniform[3] < 0.03 * np.exp(0.45 * z1))
    category = np.where(health, list(CATEGORIES).index("health"), category)
    festival = np.isin(life.months[start:][cell % width] % 12 + 1, PROMOTION_MONTHS)
    pull = -1.4 + 0.6 * z6 + 0.7 * habit[PROMOTIONS][cell] + 0.4 * festival
    promotion = uniform[4] < probability(pull)
    instalment = (amount >= INSTALMENT_FROM) & (uniform[5] < probability(-1.0 + 0.6 * z6))
    day = random.integers(0, LAST_DAY, len(cell))
    advances = ledger.cash_advances[:, start:].ravel()
    taken = np.flatnonzero(advances > 0)
    none = np.zeros(len(taken), np.bool_)
    columns = {
        "cell": np.concatenate([cell, taken]),
        "day": np.concatenate([day, random.integers(0, LAST_DAY, len(taken))]),
        "amount": np.concatenate([amount, advances[taken]]),
        "category": np.concatenate([category, np.full(len(taken), len(CATEGORIES) - 1)]),
        "promotion": np.concatenate([promotion, none]),
        "instalment": np.concatenate([instalment, none]),
        "cash_advance": np.concatenate([np.zeros(len(cell), np.bool_), ~none]),
    }
    order = np.argsort(columns["cell"] * 32 + columns["day"], kind="stable")
    order = order[columns["amount"][order] > 0]
    columns = {name: values[order] for name, values in columns.items()}
    names = pd.array(CATEGORIES.tolist(), dtype="str")
    return pd.DataFrame(
        {
            **_when(people, life, columns["cell"], columns["day"], start),
            "amount": columns["amount"],
            "category": names.take(columns["category"]),
            **{
                n: columns[n].astype(np.float64)
                for n in ("promotion", "instalment", "cash_advance")
            },
        }
    )


def _split(total: Array, count: NDArray[np.int64], weight: Array) -> Array:
    """Split each total into ``count`` parts in proportion to the weights, to the cent."""
    first = np.cumsum(count) - count
    running = np.cumsum(weight)
    before = np.concatenate([[0.0], running[:-1]])[first]
    share = (running - np.repeat(before, count)) / np.repeat(
        running[first + count - 1] - before, count
    )
    cents = np.round(np.repeat(total, count) * 100 * share)
    parts = np.diff(cents, prepend=0.0)
    parts[first] = cents[first]
    return parts / 100


def _when(
    people: People, life: Life, cell: NDArray[np.int64], day: NDArray[np.int64], start: int
) -> dict[str, object]:
    """Return account ids and dates of events in cells of (place, reported month)."""
    width = life.holder.shape[1] - start
    holder = life.holder[:, start:].ravel()[cell]
    ids = pd.array(people.account_id.tolist(), dtype="str")
    first_day = life.months[start:].astype("datetime64[M]").astype("datetime64[D]")
    date = first_day[cell % width] + day.astype("timedelta64[D]")
    return {"account_id": ids.take(holder), "date": date.astype("datetime64[ms]")}


def draw_contacts(
    options: SyntheticData, block: Block, life: Life, people: People, ledger: Ledger, *, start: int
) -> pd.DataFrame:
    """Draw the contacts between lender and customers of a block.

    Parameters
    ----------
    options, block, life, people, ledger
        Of one block.
    start : int
        Column of the first reported month.

    Returns
    -------
    DataFrame
        The ``contacts`` table by account and day. A promise is found kept or broken a month
        later, never kept without a payment; one that the data do not reach stays open.

    Notes
    -----
    The lender calls only those who are behind, so that contacts are a selected sample.
    """
    random = block_random(options, block, "contacts")
    behind = life.state[:, start:].ravel()
    z4 = np.ascontiguousarray(life.latent[p.CAPACITY][:, start:]).ravel()
    z5 = np.ascontiguousarray(life.latent[p.WILLINGNESS][:, start:]).ravel()
    attempts = random.poisson(
        np.where((behind > 0) & (behind < p.CHARGED_OFF), 0.6 + 0.5 * np.minimum(behind, 4), 0.0)
    )
    cell = np.repeat(np.arange(len(behind)), attempts)
    uniform = random.random((5, len(cell)))
    channel = np.searchsorted(CHANNEL_SHARES[:-1], uniform[0], side="right")
    reached = (channel == 0) & (uniform[1] < probability(0.4 - 0.6 * z5[cell]))
    promise = reached & (uniform[2] < 0.45)
    kept, resolved = _resolve(life, ledger, cell, start)
    kept = kept & (uniform[3] < probability(1.6 - 0.8 * z5[cell] - 0.4 * z4[cell]))
    due_day = people.due_day[life.holder[:, start:].ravel()[cell]]
    day = due_day + np.floor((LAST_DAY - due_day) * uniform[4]).astype(np.int64)
    inbound = np.repeat(
        np.arange(len(behind)), random.poisson(0.18 * np.exp(0.1 * z4 - 0.55 * z5))
    )
    upset = life.grievance[:, start:].ravel()[inbound] > 0.6
    more = random.random((2, len(inbound)))
    dispute = more[0] < np.where(upset, 0.40, 0.01)
    n, m = len(cell), len(inbound)
    open_promise = ~promise | (resolved < 0)
    when = np.where(open_promise, np.datetime64("NaT", "M"), resolved.astype("datetime64[M]"))
    columns = {
        "cell": np.concatenate([cell, inbound]),
        "day": np.concatenate([day, random.integers(0, LAST_DAY, m)]),
        "channel": np.concatenate([CHANNELS[channel], np.where(more[1] < 0.7, "phone", "app")]),
        "inbound": np.repeat([0.0, 1.0], [n, m]),
        "right_party": np.concatenate([reached * 1.0, np.ones(m)]),
        "promise": np.concatenate([promise * 1.0, np.zeros(m)]),
        "promise_kept": np.concatenate([np.where(open_promise, np.nan, kept), np.full(m, np.nan)]),
        "promise_resolved_month": np.concatenate([when, np.full(m, np.datetime64("NaT", "M"))]),
        "dispute": np.concatenate([np.zeros(n), dispute * 1.0]),
    }
    order = np.argsort(columns["cell"] * 32 + columns["day"], kind="stable")
    columns = {name: values[order] for name, values in columns.items()}
    frame = _when(people, life, columns.pop("cell"), columns.pop("day"), start)
    columns["promise_resolved_month"] = columns["promise_resolved_month"].astype("datetime64[ms]")
    return pd.DataFrame({**frame, **columns})


def _resolve(
    life: Life, ledger: Ledger, cell: NDArray[np.int64], start: int
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return whether anything was paid a month after each contact, and that month or -1."""
    holder, payment = life.holder[:, start:], ledger.payment[:, start:]
    same = np.zeros(holder.shape, np.bool_)
    same[:, :-1] = holder[:, 1:] == holder[:, :-1]
    paid = np.zeros(holder.shape, np.bool_)
    paid[:, :-1] = payment[:, 1:] > 0
    following = np.broadcast_to(life.months[start:] + 1, holder.shape)
    return (paid & same).ravel()[cell], np.where(same, following, -1).ravel()[cell]
