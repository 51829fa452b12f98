"""Any monthly panel by one YAML file: mapped tables, persons, gaps, and what it cannot support."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from delinquency.errors import ChoiceError, DataError, Fault
from delinquency.panel.statement_history import HISTORY_COLUMNS, with_history
from delinquency.panel.table_checks import require_tables, validate
from delinquency.sources.adapters import SOURCES, SourceTables, one_cohort
from delinquency.sources.data_options import PanelData
from delinquency.sources.reading.account_ids import identifiers
from delinquency.sources.reading.mapping_options import TableMapping
from delinquency.sources.reading.raw_table import RawTable
from delinquency.sources.reading.recast import (
    DAYS_PER_STATUS,
    STAND_IN_EXTRACTION,
    Reading,
    check_roles,
    recast,
    source_columns,
)
from delinquency.sources.reading.source_files import find, read_path, require_columns
from delinquency.sources.reading.sql_queries import read_query
from delinquency.sources.stated_persons import persons_of_rows
from delinquency.sources.table_joins import matched_counts

SOURCE_LABEL = "outcomes"


@SOURCES.named("panel")
def read_panel(options: PanelData, raw_dir: Path) -> SourceTables:
    """Read the tables that a mapping names.

    Parameters
    ----------
    options : PanelData
    raw_dir : Path
        Folder that relative paths start from.

    Returns
    -------
    SourceTables

    Raises
    ------
    ChoiceError
        If the mapping lacks what a panel needs, or names what does not exist.
    MissingArtifactError
        If a file is not there.
    DataError
        With every fault of the first table that has any.
    """
    check_mapping(options)
    raws = _read_raws(options, raw_dir)
    reading = Reading(options.text, options.currency, _extraction(options), options.ids)
    return assemble(options, raws, reading)


def assemble(options: PanelData, raws: Mapping[str, RawTable], reading: Reading) -> SourceTables:
    """Return the canonical tables of files that have been read.

    Parameters
    ----------
    options : PanelData
        Its mappings are applied; it is taken to be checked.
    raws : mapping of str to RawTable
        The cells behind each canonical table.
    reading : Reading

    Returns
    -------
    SourceTables
    """
    tables: dict[str, pd.DataFrame] = {}
    counts: dict[str, int] = {}
    for name, mapping in options.tables.items():
        tables[name], repairs = recast(raws[name], mapping, name, reading)
        for what, count in {**raws[name].repairs, **repairs}.items():
            counts[f"{name}_{what}"] = count
    counts |= matched_counts(tables, raws)
    outcomes = tables.pop(SOURCE_LABEL, None)
    if outcomes is not None:
        _refuse_constant_label(outcomes, raws[SOURCE_LABEL].where)
    statements = tables["statements"]
    if "days_past_due" not in statements and "repayment_status" in statements:
        late = DAYS_PER_STATUS * statements["repayment_status"].clip(lower=0)
        tables["statements"] = statements = statements.assign(days_past_due=late)
        counts["statements_days_past_due_derived_from_repayment_status"] = len(statements)
    if options.whole_history:
        if "days_past_due" not in statements:
            raise ChoiceError(
                "data.whole_history counts lateness: it needs statements.days_past_due or "
                "statements.repayment_status."
            )
        given = sorted(set(HISTORY_COLUMNS) & set(statements.columns))
        if given:
            raise ChoiceError(
                f"data.whole_history would replace {', '.join(given)}, which the file gives. "
                "Leave one of them out."
            )
        tables["statements"] = statements = with_history(statements)
    if options.flag_accounts_without_information:
        _refuse_flag_of_the_future(statements, outcomes)
        tables["accounts"] = flag_empty_accounts(tables)
    groups = group_accounts(options, tables, raws)
    facts = panel_facts(options, tables, outcomes, groups)
    facts["counts"] = {**counts, **facts["counts"]}
    facts["digests"] = {name: raw.digest for name, raw in raws.items()}
    digests = {raw.digest for raw in raws.values()}
    digest = digests.pop() if len(digests) == 1 else _digest_of(raws)
    return SourceTables(MappingProxyType(tables), groups, facts, digest, outcomes)


def check_mapping(options: PanelData) -> None:
    """Raise when a mapping cannot make a panel.

    Raises
    ------
    ChoiceError
    """
    require_tables(list(options.tables))
    if "statements" not in options.tables:
        raise ChoiceError(
            "data.tables.statements is required: account_id, month, and days_past_due or balance "
            f"and payment. Got tables: {', '.join(options.tables) or 'none'}."
        )
    for name, mapping in options.tables.items():
        check_roles(mapping, name)
    roles = _roles(options.tables["statements"])
    lacking = [role for role in ("account_id", "month") if role not in roles]
    late = {"days_past_due", "repayment_status"} & roles
    if lacking or not (late or {"balance", "payment"} <= roles):
        raise ChoiceError(
            "data.tables.statements must map account_id, month, and one of: days_past_due, "
            "repayment_status, balance and payment together. Got: "
            f"{', '.join(sorted(roles)) or 'nothing'}."
        )
    if SOURCE_LABEL not in options.tables and not late:
        raise ChoiceError(
            "Who fell behind cannot be told from balances and payments alone. Map "
            "statements.days_past_due, or a label: data.tables.outcomes with account_id, "
            "observation_month and bad."
        )
    if options.person_columns and "accounts" not in options.tables:
        raise ChoiceError(
            "data.person_columns names columns of the accounts file: map data.tables.accounts "
            "too (it may be the same file, with repeated: last)."
        )


def group_accounts(
    options: PanelData, tables: Mapping[str, pd.DataFrame], raws: Mapping[str, RawTable]
) -> pd.DataFrame:
    """Return ``account_id`` and ``group_id``: accounts that must stay on one side of a split.

    Accounts are joined when they belong to one person, and, when the options say so, when all
    that was observed of them is equal. A group is named by its first account.
    """
    accounts = pd.Index(tables["statements"]["account_id"].unique(), name="account_id")
    joins = []
    if options.person_columns:
        persons = _persons_by_columns(options, raws["accounts"])
        joins.append(persons[persons >= 0])
    elif "person_id" in tables.get("accounts", ()):
        persons = tables["accounts"].set_index("account_id")["person_id"]
        joins.append(persons.dropna())
    if options.group_equal_accounts:
        joins.append(_fingerprints(tables))
    group = pd.Series(accounts, index=accounts)
    if joins:
        number = _joined(accounts, joins)
        group = pd.Series(accounts.to_series().groupby(number).transform("first"), index=accounts)
    out = pd.DataFrame({"account_id": accounts, "group_id": group.to_numpy()})
    return out.sort_values("account_id", ignore_index=True)


def panel_facts(
    options: PanelData,
    tables: Mapping[str, pd.DataFrame],
    outcomes: pd.DataFrame | None,
    groups: pd.DataFrame,
) -> dict[str, Any]:
    """Return what was found in a panel, as plain values."""
    statements = tables["statements"]
    months = np.sort(statements["month"].unique()).astype("datetime64[M]")
    gaps = _gaps(statements)
    facts: dict[str, Any] = {
        "rows": len(groups),
        "statement_rows": len(statements),
        "positives": None if outcomes is None else int(outcomes["bad"].sum()),
        "months": [str(month) for month in months],
        "observation_months": [],
        "tables": sorted(tables),
        "dated": not _relative(options),
        "calendar": "dates" if not _relative(options) else "months before extraction",
        "counts": {
            "accounts": len(groups),
            "groups": int(groups["group_id"].nunique()),
            "accounts_with_gaps": int((gaps > 0).sum()),
            "months_missing_in_gaps": int(gaps.sum()),
        },
        "cannot": {},
    }
    if outcomes is not None:
        seen = np.sort(outcomes["observation_month"].unique()).astype("datetime64[M]")
        facts["observation_months"] = [str(month) for month in seen]
        if len(seen) == 1:
            facts["cannot"] = one_cohort(len(outcomes), str(seen[0]))
    if _relative(options):
        facts["cannot"]["calendar"] = (
            "Months are counted back from an unknown month of extraction: seasons and dates "
            f"have no meaning (extraction stands as {STAND_IN_EXTRACTION})."
        )
    return facts


def flag_empty_accounts(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the accounts table with ``no_information``: every bill is zero.

    The flag covers all statements, so it must be asked for only where none lies after the
    observation month.
    """
    statements = tables["statements"]
    empty = (statements["balance"] == 0).groupby(statements["account_id"]).all().astype(float)
    if "accounts" not in tables:
        return empty.rename("no_information").reset_index()
    accounts = tables["accounts"]
    flagged = accounts.assign(no_information=accounts["account_id"].map(empty))
    return validate("accounts", flagged, where="accounts")


def _refuse_flag_of_the_future(statements: pd.DataFrame, outcomes: pd.DataFrame | None) -> None:
    """Raise when a flag over all statements would reach past an observation month."""
    first = None if outcomes is None else outcomes["observation_month"].min()
    if first is None or statements["month"].max() > first or "balance" not in statements:
        raise ChoiceError(
            "data.flag_accounts_without_information needs balances and a label whose observation "
            "months lie after every statement: otherwise the flag would speak of the future."
        )


def _roles(mapping: TableMapping) -> set[str]:
    roles = {*mapping.columns, *mapping.wide, *mapping.constants}
    return roles | {"month"} if mapping.wide else roles


def _relative(options: PanelData) -> bool:
    """Return whether months are counted back from a month that nobody stated."""
    styles = {style for m in options.tables.values() for style in m.formats.values()}
    return bool(styles & {"offset", "months_ago"}) and not options.extraction_month


def _extraction(options: PanelData) -> np.datetime64:
    if not options.extraction_month:
        return STAND_IN_EXTRACTION
    try:
        return np.datetime64(options.extraction_month, "M")
    except ValueError as error:
        raise ChoiceError(
            f"data.extraction_month: expected YYYY-MM. Got {options.extraction_month!r}."
        ) from error


def _read_raws(options: PanelData, raw_dir: Path) -> dict[str, RawTable]:
    """Read each file once, with the columns that all mappings of it need."""
    needed: dict[tuple[str, str], list[str]] = {}
    for name, mapping in options.tables.items():
        names = source_columns(mapping)
        if name == "accounts":
            names += options.person_columns
        known = needed.setdefault((mapping.path, mapping.query), [])
        known += [column for column in dict.fromkeys(names) if column not in known]
    read: dict[tuple[str, str], RawTable] = {}
    raws = {}
    for name, mapping in options.tables.items():
        origin = (mapping.path, mapping.query)
        if origin not in read:
            read[origin] = _read_raw(mapping, options, raw_dir, needed[origin])
        raws[name] = read[origin]
    return raws


def _read_raw(
    mapping: TableMapping, options: PanelData, raw_dir: Path, columns: list[str]
) -> RawTable:
    if mapping.query:
        raw = read_query(mapping.query, mapping.database)
        require_columns(columns, raw.cells.column_names, raw.where)
        return raw
    return read_path(find(mapping.path, raw_dir), options.text, columns=columns)


def _refuse_constant_label(outcomes: pd.DataFrame, where: str) -> None:
    """Raise when every row has the same label."""
    if outcomes["bad"].nunique() < 2:
        only = outcomes["bad"].iloc[0]
        raise DataError(
            Fault(
                f"{where} as outcomes",
                "bad",
                "both good (0) and bad (1)",
                0,
                (f"{only:g} in all {len(outcomes):,} rows",),
                "Nothing can be learnt from one kind.",
            )
        )


def _persons_by_columns(options: PanelData, raw: RawTable) -> pd.Series:
    """Return a person number for each account, equal where all person columns are equal.

    It is -1 where all are empty.
    """
    account = options.tables["accounts"].columns.get("account_id")
    if account is None:
        raise ChoiceError("data.tables.accounts.columns.account_id is required.")
    number = persons_of_rows(raw, options.person_columns, options.text, options.ids)
    ids = identifiers(
        raw.cells[account], options.text, rule=options.ids, where=raw.where, name=account
    ).ids
    persons = pd.Series(number, index=pd.Index(ids, name="account_id"))
    return persons[~persons.index.duplicated(keep="last")]


def _fingerprints(tables: Mapping[str, pd.DataFrame]) -> pd.Series:
    """Return a number for each account that is equal where everything observed is equal."""
    total: pd.Series | None = None
    for name, table in tables.items():
        values = table.drop(columns=[c for c in ("account_id", "person_id") if c in table])
        hashed = pd.util.hash_pandas_object(values, index=False)
        salted = hashed * np.uint64(2 * len(name) + 1)
        part = salted.groupby(table["account_id"]).sum()
        total = part if total is None else total.add(part, fill_value=np.uint64(0))
    assert total is not None  # statements are always there
    return total


def _joined(accounts: pd.Index, joins: list[pd.Series]) -> np.ndarray:
    """Return a component number for each account; accounts that share any value are one."""
    rows, columns, offset = [], [], len(accounts)
    for join in joins:
        codes, distinct = pd.factorize(join.to_numpy())
        places = accounts.get_indexer(join.index)
        there = (places >= 0) & (codes >= 0)
        rows.append(places[there])
        columns.append(codes[there] + offset)
        offset += len(distinct)
    row, column = np.concatenate(rows), np.concatenate(columns)
    graph = coo_matrix((np.ones(len(row), dtype=np.int8), (row, column)), shape=(offset, offset))
    return np.asarray(connected_components(graph, directed=False)[1][: len(accounts)])


def _gaps(statements: pd.DataFrame) -> np.ndarray:
    """Return for each account how many months are missing between its first and last."""
    number = statements["month"].to_numpy().astype("datetime64[M]").astype(np.int64)
    codes = pd.factorize(statements["account_id"])[0]
    n_accounts = int(codes.max()) + 1
    first = np.full(n_accounts, np.iinfo(np.int64).max)
    last = np.full(n_accounts, np.iinfo(np.int64).min)
    np.minimum.at(first, codes, number)
    np.maximum.at(last, codes, number)
    return np.asarray(last - first + 1 - np.bincount(codes, minlength=n_accounts))


def _digest_of(raws: Mapping[str, RawTable]) -> str:
    joined = "".join(raws[name].digest for name in sorted(raws))
    return hashlib.sha256(joined.encode()).hexdigest()
