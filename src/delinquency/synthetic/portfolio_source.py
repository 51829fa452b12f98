"""The made portfolio as an adapter like any other: options in, canonical tables out."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path

import pandas as pd

from delinquency.sources.adapters import SOURCE_PARTS, SOURCES, SourceTables
from delinquency.synthetic.blocks import Block
from delinquency.synthetic.generator import block_parts, generate_part, generate_portfolio
from delinquency.synthetic.portfolio_options import SyntheticData

PART_ACCOUNTS = 5_000
"""Accounts of one part of a generated portfolio: what bounds the memory."""


@SOURCES.named("synthetic")
def make_portfolio(options: SyntheticData, raw_dir: Path) -> SourceTables:
    """Return the whole portfolio; nothing is read below ``raw_dir``."""
    return _as_source(generate_portfolio(options), options)


@SOURCE_PARTS.named("synthetic")
def portfolio_parts(options: SyntheticData, raw_dir: Path) -> list[Callable[[], SourceTables]]:
    """Return what makes each account-complete part of the portfolio, in account order."""
    return [partial(_make, options, part) for part in block_parts(options, chunk=PART_ACCOUNTS)]


def _make(options: SyntheticData, part: tuple[Block, ...]) -> SourceTables:
    return _as_source(generate_part(options, part), options, first=part[0].number)


def _as_source(
    tables: Mapping[str, pd.DataFrame], options: SyntheticData, *, first: int | None = None
) -> SourceTables:
    """Return generated tables as a source; accounts of one person are one group."""
    accounts = tables["accounts"]
    person = accounts["person_id" if "person_id" in accounts.columns else "account_id"]
    made = json.dumps([asdict(options), first], sort_keys=True, default=str)
    return SourceTables(
        tables=tables,
        groups=accounts[["account_id"]].assign(group_id=person.to_numpy()),
        facts={"rows": len(tables["statements"]), "positives": None, "counts": {}},
        digest=hashlib.sha256(made.encode()).hexdigest(),
    )
