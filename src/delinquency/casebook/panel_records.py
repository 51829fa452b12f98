"""Between overdue records and the canonical tables: what a portfolio reports, what a bureau shows.

Pure: frames and records in, frames and records out.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from delinquency.casebook.overdue_records import CENTS, Bucket, OverdueRecord
from delinquency.errors import DataError, Fault
from delinquency.panel.schema import DAYS_A_MONTH, MONTH_DTYPE

_NEEDS = ("account_id", "month", "days_past_due", "minimum_due", "balance")


@dataclass(frozen=True)
class Reporter:
    """Who reports records, and on what terms.

    Attributes
    ----------
    lender : str
        Code of the lender.
    currency : str
        ISO 4217 code of the statements.
    source_name : str
        Name of the system or data set, for the lineage.
    received_on : date
    consent : bool
        Whether the customers agreed to sharing.
    """

    lender: str
    currency: str
    source_name: str
    received_on: date
    consent: bool


def records_from_statements(
    statements: pd.DataFrame, reporter: Reporter
) -> tuple[OverdueRecord, ...]:
    """Return the overdue records that a statements table tells of.

    Parameters
    ----------
    statements : DataFrame
        Canonical table with ``days_past_due``, ``minimum_due`` and ``balance``.
    reporter : Reporter

    Returns
    -------
    tuple of OverdueRecord
        One for each run of months past due, by account and month.

    Raises
    ------
    DataError
        When a column is missing, or an amount of a month past due.

    Notes
    -----
    Statements know months, so a record opens on the first day of its first month past due and
    closes on the first day of the first later month that is not. The overdue amount is the
    minimum that the statement asks for.
    """
    missing = [name for name in _NEEDS if name not in statements.columns]
    if missing:
        raise DataError(
            [Fault("statements", name, "a column", mend="It is missing.") for name in missing]
        )
    ordered = statements.sort_values(["account_id", "month"], kind="stable")
    late = (ordered["days_past_due"] > 0).to_numpy()
    lacking = late & ordered[["minimum_due", "balance"]].isna().any(axis=1).to_numpy()
    if lacking.any():
        examples = tuple(
            f"account_id={row.account_id}, {str(row.month)[:7]}"
            for row in ordered[lacking].head(3).itertuples()
        )
        raise DataError(
            Fault(
                "statements",
                "minimum_due, balance",
                "an amount in every month past due",
                int(lacking.sum()),
                examples,
            )
        )
    account = ordered["account_id"].to_numpy()
    known = ordered["days_past_due"].notna().to_numpy()
    ordered = ordered[known]
    late, account = late[known], account[known]
    if not len(late):
        return ()
    # A run begins where lateness or the account changes.
    edge = np.append(True, (late[1:] != late[:-1]) | (account[1:] != account[:-1]))
    starts = np.flatnonzero(edge)
    ends = np.append(starts[1:], len(late))
    return tuple(_runs(ordered, starts, ends, late, reporter))


def _runs(
    ordered: pd.DataFrame,
    starts: "np.ndarray[tuple[int], np.dtype[np.intp]]",
    ends: "np.ndarray[tuple[int], np.dtype[np.intp]]",
    late: "np.ndarray[tuple[int], np.dtype[np.bool_]]",
    reporter: Reporter,
) -> Iterator[OverdueRecord]:
    """Yield a record for each run of late months."""
    account = ordered["account_id"].to_numpy()
    month = ordered["month"].to_numpy().astype("datetime64[M]")
    days = ordered["days_past_due"].to_numpy()
    cents = {
        name: np.rint(ordered[name].clip(lower=0).fillna(0).to_numpy() * CENTS).astype(np.int64)
        for name in ("minimum_due", "balance")
    }
    for start, end in zip(starts, ends, strict=True):
        if not late[start]:
            continue
        cured = end < len(late) and account[end] == account[start]
        buckets = tuple(
            Bucket(
                str(month[k]),
                int(np.ceil(days[k])),
                int(cents["minimum_due"][k]),
                int(cents["balance"][k]),
            )
            for k in range(start, end)
        )
        yield OverdueRecord(
            account_id=str(account[start]),
            lender=reporter.lender,
            currency=reporter.currency,
            opened_on=date.fromisoformat(f"{month[start]}-01"),
            closed_on=date.fromisoformat(f"{month[end]}-01") if cured else None,
            buckets=buckets,
            disputed=False,
            dispute_note="",
            consent=reporter.consent,
            source_name=reporter.source_name,
            source_id="",
            received_on=reporter.received_on,
        )


def bureau_rows(records: Iterable[OverdueRecord]) -> pd.DataFrame:
    """Return what other lenders' records add to the canonical ``bureau`` table.

    Parameters
    ----------
    records : iterable of OverdueRecord
        Of other lenders.

    Returns
    -------
    DataFrame
        One row per account and month: ``worst_status_elsewhere`` (months behind, rounded up, on
        the worst record) and ``arrival_month``, the month in which the last of them was received,
        so that features see a row no earlier than the lender did.
    """
    rows = [
        {
            "account_id": record.account_id,
            "month": bucket.month,
            "arrival_month": f"{max(record.received_on.isoformat()[:7], bucket.month)}",
            "worst_status_elsewhere": -(-bucket.days_past_due // DAYS_A_MONTH),
        }
        for record in records
        for bucket in record.buckets
    ]
    columns = ["account_id", "month", "arrival_month", "worst_status_elsewhere"]
    frame = pd.DataFrame(rows, columns=columns)
    worst = frame.groupby(["account_id", "month"], as_index=False, sort=True).max()
    for name in ("month", "arrival_month"):
        worst[name] = pd.to_datetime(worst[name]).astype(MONTH_DTYPE)
    return worst.astype({"worst_status_elsewhere": "float64", "account_id": "str"})
