"""Blocks of accounts: the unit of randomness, so that no chunking changes a byte.

Each block of ``BLOCK_SIZE`` places has its own counter-based random streams, keyed by the seed,
the number of the block and the purpose. A purpose that is left out does not shift the others.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from delinquency.synthetic.portfolio_options import SyntheticData

BLOCK_SIZE = 1_000
Stream = Literal[
    "life", "renewal", "people", "income", "ledger", "cashflows", "bureau", "transactions",
    "contacts", "futures",
]  # fmt: skip
STREAMS: tuple[Stream, ...] = (
    "life", "renewal", "people", "income", "ledger", "cashflows", "bureau", "transactions",
    "contacts", "futures",
)  # fmt: skip


@dataclass(frozen=True)
class Block:
    """Places ``first`` to ``first + size - 1``; each holds one account at a time."""

    number: int
    first: int
    size: int


def blocks(options: SyntheticData) -> Iterator[Block]:
    """Yield the blocks of a portfolio in order."""
    for number, first in enumerate(range(0, options.n_accounts, BLOCK_SIZE)):
        yield Block(number, first, min(BLOCK_SIZE, options.n_accounts - first))


def block_random(options: SyntheticData, block: Block, stream: Stream) -> np.random.Generator:
    """Return the random stream of a block for one purpose."""
    key = (block.number, STREAMS.index(stream))
    return np.random.Generator(
        np.random.Philox(np.random.SeedSequence(options.seed, spawn_key=key))
    )


def world_random(options: SyntheticData) -> np.random.Generator:
    """Return the random stream of what all accounts share."""
    return np.random.Generator(
        np.random.Philox(np.random.SeedSequence(options.seed, spawn_key=(0,)))
    )


def months_simulated(options: SyntheticData) -> np.ndarray:
    """Return the months of burn-in and report, as whole months since 1970-01."""
    last = int(np.datetime64(options.last_month, "M").astype(np.int64))
    length = options.burn_in_months + options.n_months
    return np.arange(last - length + 1, last + 1, dtype=np.int64)
