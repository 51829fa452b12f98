"""Shared fixtures: a 5-account panel that a reader can check by hand, and random portfolios."""

import os
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings

from delinquency.panel.schema import TABLES, Column, Table
from delinquency.panel.table_checks import validate

# A busy machine makes any example slow; time is not what the laws are about.
settings.register_profile("project", deadline=None)
settings.load_profile("project")


@pytest.fixture(autouse=True)
def tracking_address() -> Iterator[None]:
    """Take back the address that MLflow leaves in the environment when a test sets one."""
    before = os.environ.get("MLFLOW_TRACKING_URI")
    yield
    os.environ.pop("MLFLOW_TRACKING_URI", None)
    if before is not None:
        os.environ["MLFLOW_TRACKING_URI"] = before


MONTHS = pd.to_datetime([f"2024-{month:02d}-01" for month in range(1, 7)])
CATEGORIES = (
    "groceries", "utilities", "health", "luxury", "electronics", "travel", "dining", "games",
)  # fmt: skip
EVENT_TABLES = ("transactions", "contacts")


def _statements(account: str, limit: float, rows: list[tuple[float, float, float, float]]):
    """Return a statement a month from (balance, payment, days past due, status), None = a gap."""
    return [
        {
            "account_id": account, "month": month, "credit_limit": limit, "balance": row[0],
            "payment": row[1], "days_past_due": row[2], "repayment_status": row[3],
        }
        for month, row in zip(MONTHS, rows, strict=True)
        if row is not None
    ]  # fmt: skip


@pytest.fixture
def five_accounts() -> dict[str, pd.DataFrame]:
    """Return statements of January to June 2024 of five accounts.

    full: pays every bill of 200 in full. revolver: owes 100 more each month, pays 50.
    late: stops paying in April and ends 90 days behind. gap: opens in February, no statement in
    April. idle: never used.
    """
    rows = (
        _statements("full", 1000.0, [(200, 200, 0, -1)] * 6)
        + _statements("revolver", 1000.0, [(500 + 100 * k, 50, 0, 0) for k in range(6)])
        + _statements(
            "late", 2000.0,
            [(1000, 100, 0, 0), (1000, 100, 0, 0), (1000, 100, 0, 0),
             (1000, 0, 30, 1), (1000, 0, 60, 2), (1000, 0, 90, 3)],
        )
        + _statements(
            "gap", 500.0,
            [None, (100, 0, 0, 0), (300, 20, 30, 1), None, (250, 100, 0, 0), (400, 250, 0, -1)],
        )
        + _statements("idle", 800.0, [(0, 0, 0, -2)] * 6)
    )  # fmt: skip
    statements = pd.DataFrame(rows)
    return {"statements": validate("statements", statements, where="five accounts")}


@pytest.fixture
def five_observations() -> pd.DataFrame:
    """Return the June 2024 observation of each of the five accounts."""
    accounts = ["full", "revolver", "late", "gap", "idle"]
    return pd.DataFrame({"account_id": accounts, "observation_month": MONTHS[-1]})


@pytest.fixture(scope="session")
def random_tables() -> Callable[..., dict[str, pd.DataFrame]]:
    """Return a maker of every canonical table with random content, from the schema alone."""
    return make_random_tables


def make_random_tables(seed: int, n_accounts: int = 6, n_months: int = 20):
    """Return canonical tables with gaps, missing values and late arrivals, from January 2023."""
    rng = np.random.default_rng(seed)
    accounts = np.array([f"a{k}" for k in range(n_accounts)])
    months = np.datetime64("2023-01", "M") + np.arange(n_months)
    tables = {}
    for table in TABLES.values():
        if table.name == "outcomes":
            continue
        frame = _random_frame(table, rng, accounts, months)
        tables[table.name] = validate(table.name, frame, where=f"random {table.name}")
    return tables


def _random_frame(table: Table, rng: np.random.Generator, accounts, months) -> pd.DataFrame:
    if table.name == "accounts":
        account, month = accounts, np.repeat(months[:1], len(accounts))
    elif table.name in EVENT_TABLES:
        n = 10 * len(accounts) * len(months) // 4
        account, month = rng.choice(accounts, n), rng.choice(months, n)
    else:
        grid = np.stack(np.meshgrid(np.arange(len(accounts)), np.arange(len(months))), -1)
        grid = grid.reshape(-1, 2)
        if table.name == "statements":
            # The first month stays, so that every account has a statement.
            grid = grid[(rng.random(len(grid)) < 0.9) | (grid[:, 1] == 0)]
        else:
            grid = grid[rng.random(len(grid)) < 0.9]
        account, month = accounts[grid[:, 0]], months[grid[:, 1]]
    columns = {c.name: _random_column(c, rng, month) for c in table}
    columns["account_id"] = account
    return pd.DataFrame(columns)


def _random_column(column: Column, rng: np.random.Generator, month: np.ndarray) -> np.ndarray:
    n = len(month)
    if column.name == "month":
        return month.astype("datetime64[ms]")
    if column.name == "opened_month":
        return (month - rng.integers(0, 60, n)).astype("datetime64[ms]")
    if column.name == "arrival_month":
        return (month + rng.choice([0, 0, 0, 1, 2, 5], n)).astype("datetime64[ms]")
    if column.kind == "month":
        later = (month + rng.integers(0, 4, n)).astype("datetime64[ms]")
        return np.where(rng.random(n) < 0.3, np.datetime64("NaT"), later)
    if column.kind == "date":
        return month.astype("datetime64[D]") + rng.integers(0, 28, n)
    if column.kind == "text":
        return rng.choice(np.array(column.choices or CATEGORIES), n)
    low = -1000.0 if column.minimum is None else column.minimum
    if column.kind == "flag":
        values = rng.integers(0, 2, n).astype(float)
    elif column.kind == "integer":
        choices = 4 if column.maximum is None else min(4, int(column.maximum - low) + 1)
        values = low + rng.integers(0, choices, n).astype(float)
    elif column.name == "days_past_due":
        values = rng.choice([0.0, 0.0, 0.0, 12.0, 30.0, 60.0, 90.0], n)
    else:
        top = 10_000.0 if column.maximum is None else min(column.maximum, 10_000.0)
        values = np.round(rng.uniform(low, top, n), 2)
        values[rng.random(n) < 0.2] = max(low, 0.0)
    if not column.required:
        values[rng.random(n) < 0.05] = np.nan
    return values
